"""pool_grain.py - the same question to CPython: a map over equal tasks, serial and by a Pool that is there already

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_serial|python_pool ITERS grain=10us tasks=64   ->   ELAPSED_NS CHECK
"""
import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
import pool_work  # noqa: E402

WAYS = {
    "python_serial": lambda items: [pool_work.walk(item) for item in items],
    "python_pool": lambda items: pool_work.pool().map(pool_work.walk, items),
}


def run(variant, iters, axes):
    items, wanted = pool_work.walks(int(axes["tasks"]), pool_work.ns_of(axes["grain"]))
    if variant == "python_pool":
        pool_work.pool()
    return pool_work.timed(iters, lambda: WAYS[variant](items), wanted)


if __name__ == "__main__":
    pool_work.serve(run)
