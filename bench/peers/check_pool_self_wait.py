"""
check_pool_self_wait.py - tasks of CPython's pools that wait for tasks of their own pool

listings: none, for a form of 001's deadlock that it names and does not show
claims: 001-C079

Watch for: a Pool does not let itself be handed to a task; threads share it whether they should or not.
With a thread to spare the inner task is done, with none it does not even begin: the worker is what is
held, and who holds it waits.

expect:
    Pool: a task that is handed its own pool: NotImplementedError
    ThreadPool of 2, 1 task that waits for another: 1 got it
    ThreadPool of 2, 2 tasks that wait for others: 0 got it within 500 ms, 0 of 2 others had begun
    then the others are done: 2 of 2
"""
import multiprocessing
import sys
import threading
from multiprocessing.pool import ThreadPool

WORKERS = 2
GIVE_UP_S = 0.5
TIMEOUT_S = 5


def use(pool):
    return pool


class Pairs:
    """Outer tasks, each of which waits for an inner one. All run before the first inner one is submitted."""

    def __init__(self, pool, n):
        self.pool, self.running, self.gave_up = pool, threading.Barrier(n), threading.Barrier(n)
        self.begun, self.inners = [], []
        outers = [pool.apply_async(self.outer) for _ in range(n)]
        self.got = sum(outer.get(TIMEOUT_S) for outer in outers)
        self.done = sum(inner.get(TIMEOUT_S) for inner in self.inners)

    def inner(self):
        self.begun.append(1)
        return 1

    def outer(self):
        self.running.wait(TIMEOUT_S)
        inner = self.pool.apply_async(self.inner)
        self.inners.append(inner)
        try:
            return inner.get(GIVE_UP_S)
        except multiprocessing.TimeoutError:
            self.gave_up.wait(TIMEOUT_S)  # a worker that is free too early would do the other's
            self.begun_in_time = len(self.begun)
            self.gave_up.wait(TIMEOUT_S)
            return 0


def main():
    with multiprocessing.Pool(1) as pool:
        try:
            pool.apply_async(use, (pool,)).get(TIMEOUT_S)
            error = "none"
        except NotImplementedError as refused:
            error = type(refused).__name__
    print(f"Pool: a task that is handed its own pool: {error}", flush=True)
    with ThreadPool(WORKERS) as pool:
        one = Pairs(pool, 1)
        print(f"ThreadPool of {WORKERS}, 1 task that waits for another: {one.got} got it", flush=True)
        all_ = Pairs(pool, WORKERS)
    print(f"ThreadPool of {WORKERS}, {WORKERS} tasks that wait for others: {all_.got} got it within "
          f"{GIVE_UP_S * 1000:.0f} ms, {all_.begun_in_time} of {WORKERS} others had begun", flush=True)
    print(f"then the others are done: {all_.done} of {WORKERS}", flush=True)
    shown = error == "NotImplementedError" and one.got == 1 and all_.got == 0
    return 0 if shown and all_.begun_in_time == 0 and all_.done == WORKERS else 1


if __name__ == "__main__":
    sys.exit(main())
