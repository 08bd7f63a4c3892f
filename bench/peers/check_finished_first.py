"""
check_finished_first.py - "finished" is printed before the started processes have slept

listings: 004-L02
claims: 004-C014 004-C015

Watch for: the first line. start() comes back as soon as the child is there, so what is printed right
after it tells how long two starts take, and nothing of the sleeps. Python waits for the children all
the same, but only at the end of the program. With join() before the line, both have slept, side by
side. The children begin their sleep when the line is out: so that a slow machine cannot hide it.

expect:
    finished after <ms> ms: 0 of 2 have slept
    joined after <ms> ms: 2 of 2 have slept
"""
import multiprocessing
import sys
import time

CHILDREN = 2
SLEEP_S = 0.2
TIMEOUT_S = 5  # a child that hangs is ended, and nothing was shown
CANNOT = 77


def sleeper(may_begin, slept):
    if may_begin.wait(TIMEOUT_S):
        time.sleep(SLEEP_S)
        slept.release()


def count(slept):
    counted = 0
    while slept.acquire(block=False):
        counted += 1
    for _ in range(counted):
        slept.release()
    return counted


def say(what, began, slept):
    counted = count(slept)
    print(f"{what} after {(time.perf_counter() - began) * 1e3:.1f} ms: {counted} of {CHILDREN} have slept", flush=True)
    return counted


def main():
    if "fork" not in multiprocessing.get_all_start_methods():
        print("check_finished_first.py: no fork here", file=sys.stderr)
        return CANNOT
    context = multiprocessing.get_context("fork")
    may_begin, slept = context.Event(), context.Semaphore(0)
    children = [context.Process(target=sleeper, args=(may_begin, slept), daemon=True) for _ in range(CHILDREN)]
    began = time.perf_counter()
    for child in children:
        child.start()
    at_finish = say("finished", began, slept)
    may_begin.set()
    for child in children:
        child.join(TIMEOUT_S)
    at_join = say("joined", began, slept)
    return 0 if at_finish == 0 and at_join == CHILDREN else 1


if __name__ == "__main__":
    sys.exit(main())
