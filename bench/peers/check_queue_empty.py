"""
check_queue_empty.py - in CPython too, empty() tells neither that all is done nor that get will find something

listings: 004-L07 003-L10
claims: 003-C042 004-C029

Watch for: a consumer that looks before the producer has put anything, and ends with nothing; and two consumers
that both see the one item there is, of which one waits in vain. As in demos/queue_empty_race.c the worst case is
made certain: the producer begins after the first look, and the two look before either gets.

expect:
    one consumer: 6 put, 0 got
    two consumers: 1 put, 2 saw it, 1 got it
"""
import multiprocessing
import queue
import sys

ITEMS = 6
LOOK_S = 0.2
TIMEOUT_S = 4  # who hangs is ended, and nothing was shown
CANNOT = 77


def consume(messages, looked, results):
    got = 0
    while True:
        empty = messages.empty()
        looked.set()
        if empty:
            break
        messages.get()
        got += 1
    results.put(got)


def end(children):
    for child in children:
        child.join(TIMEOUT_S)
        if child.is_alive():
            child.terminate()
            child.join()


def too_early(context):
    messages, results, looked = context.Queue(), context.Queue(), context.Event()
    child = context.Process(target=consume, args=(messages, looked, results), daemon=True)
    child.start()
    if not looked.wait(TIMEOUT_S):
        raise queue.Empty
    for i in range(ITEMS):
        messages.put(i)
    got = results.get(timeout=TIMEOUT_S)
    end([child])
    for _ in range(ITEMS - got):  # what nobody got would keep this process from its end
        messages.get(timeout=TIMEOUT_S)
    return got


def take(messages, both, results):
    seen, got = not messages.empty(), False
    both.wait(TIMEOUT_S)
    try:
        messages.get(timeout=LOOK_S)
        got = True
    except queue.Empty:
        pass
    results.put((seen, got))


def too_late(context):
    messages, results, both = context.Queue(), context.Queue(), context.Barrier(2)
    messages.put(1)
    messages._reader.poll(TIMEOUT_S)  # put is back before the item is in the pipe
    children = [context.Process(target=take, args=(messages, both, results), daemon=True) for _ in range(2)]
    for child in children:
        child.start()
    told = [results.get(timeout=TIMEOUT_S) for _ in children]
    end(children)
    return sum(seen for seen, _ in told), sum(got for _, got in told)


def main():
    if "fork" not in multiprocessing.get_all_start_methods():
        print("check_queue_empty.py: no fork here", file=sys.stderr)
        return CANNOT
    context = multiprocessing.get_context("fork")
    try:
        early = too_early(context)
        print(f"one consumer: {ITEMS} put, {early} got", flush=True)
        seen, got = too_late(context)
        print(f"two consumers: 1 put, {seen} saw it, {got} got it", flush=True)
    except queue.Empty:
        print("check_queue_empty.py: a process did not come so far in time", file=sys.stderr)
        return 1
    return 0 if (early, seen, got) == (0, 2, 1) else 1


if __name__ == "__main__":
    sys.exit(main())
