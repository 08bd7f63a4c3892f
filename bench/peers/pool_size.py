"""pool_size.py - the same question to CPython: 64 tasks that compute or wait, by pools of different sizes

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_pool ITERS tasks=compute|wait size=2x   ->   ELAPSED_NS CHECK
"""
import time

import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
import pool_work  # noqa: E402

TASKS, COMPUTE_NS, WAIT_NS = 64, 300e3, 300e3  # as in bench/pool_size.c


def wait(x):
    time.sleep(WAIT_NS / 1e9)
    return x


def run(variant, iters, axes):
    if variant != "python_pool":
        raise ValueError(f"no {variant} here")
    size = axes["size"]
    pool = pool_work.pool(int(size[:-1]) * pool_work.WORKERS if size.endswith("x") else int(size))
    if axes["tasks"] == "wait":
        function, items = wait, list(range(TASKS))
        wanted = items
    else:
        function = pool_work.walk
        items, wanted = pool_work.walks(TASKS, COMPUTE_NS)
    return pool_work.timed(iters, lambda: pool.map(function, items, 1), wanted)


if __name__ == "__main__":
    pool_work.serve(run)
