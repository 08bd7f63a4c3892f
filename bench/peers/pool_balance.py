"""pool_balance.py - the same question to CPython: uneven tasks by Pool.map, in blocks and one by one

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_ideal|python_blocks|python_queue ITERS tasks=long_first|long_last|waits size=cpus|4 ...
        ->   ELAPSED_NS CHECK
"""
import functools
import time

import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
import pool_work  # noqa: E402

TASKS, SHORT_NS, LONG = 16, 2e6, 8
PUBLISHED_NS = [10e6, 4e6, 2e6, 6e6]  # as in bench/pool_balance.c


def wait(ns):
    time.sleep(ns / 1e9)
    return ns


def lengths(tasks):
    if tasks == "waits":
        return PUBLISHED_NS
    ns = [SHORT_NS] * TASKS
    ns[{"long_first": 0, "long_last": -1}[tasks]] *= LONG
    return ns


@functools.lru_cache(None)
def job(tasks, workers, ideal):
    """What is to be done, by which function, and what it must come to."""
    ns = lengths(tasks)
    if ideal:
        share = sum(ns) / workers
        ns = [share] * workers if share > max(ns) else [max(ns)]
    if tasks == "waits":
        return wait, ns, ns
    items = [(i + 1, pool_work.steps_of(length)) for i, length in enumerate(ns)]
    return pool_work.walk, items, [pool_work.jump(*item) for item in items]


def run(variant, iters, axes):
    workers = pool_work.WORKERS if axes["size"] == "cpus" else int(axes["size"])
    function, items, wanted = job(axes["tasks"], workers, variant == "python_ideal")
    chunk = {"python_ideal": 1, "python_queue": 1, "python_blocks": -(-len(items) // workers)}[variant]
    pool = pool_work.pool(workers)
    return pool_work.timed(iters, lambda: pool.map(function, items, chunk), wanted)


if __name__ == "__main__":
    pool_work.serve(run)
