"""pool_create.py - the same question to CPython: squares by a pool that is made for them, by one that stays, without

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_serial|python_pool|python_threads|python_reused|python_process_each ITERS tasks=1000 ...
        ->   ELAPSED_NS CHECK
"""
import multiprocessing.pool

import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
import pool_work  # noqa: E402

WORKERS = 4
SHORTEST = 10000  # squares of a serial sample: a few are over before the clock steps
TIMEOUT_S = 10


def square(x):
    return x * x


def serial(items):
    return [square(x) for x in items]


def by_pool(made, items):
    results = made.map(square, items)
    made.close()
    made.join()
    return results


def one_square(x, results, place):
    results[place] = square(x)


def by_processes(items):
    results = pool_work.CONTEXT.RawArray("Q", len(items))
    for first in range(0, len(items), WORKERS):
        group = [pool_work.CONTEXT.Process(target=one_square, args=(items[i], results, i))
                 for i in range(first, min(first + WORKERS, len(items)))]
        for process in group:
            process.start()
        for process in group:
            process.join(TIMEOUT_S)
    return list(results)


def many_times(items, wanted, iters):
    """Often enough that the clock can see it; the time of one is told."""
    times = SHORTEST // len(items) + 1
    right = elapsed = 0
    for _ in range(iters):
        begin = pool_work.now_ns()
        for _ in range(times):
            results = serial(items)
        elapsed += (pool_work.now_ns() - begin) // times
        right += results == wanted
    return elapsed, right


WAYS = {
    "python_pool": lambda items: by_pool(pool_work.CONTEXT.Pool(WORKERS), items),
    "python_threads": lambda items: by_pool(multiprocessing.pool.ThreadPool(WORKERS), items),
    "python_reused": lambda items: pool_work.pool(WORKERS).map(square, items),
    "python_process_each": by_processes,
}


def run(variant, iters, axes):
    items = range(1, int(axes["tasks"]) + 1)
    wanted = [x * x for x in items]
    if variant == "python_serial":
        return many_times(items, wanted, iters)
    if variant == "python_reused":
        pool_work.pool(WORKERS)
    return pool_work.timed(iters, lambda: WAYS[variant](items), wanted)


if __name__ == "__main__":
    pool_work.serve(run)
