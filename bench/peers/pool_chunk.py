"""pool_chunk.py - the same question to CPython: Pool.map and Pool.imap with a chunksize

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_map_default|python_map|python_imap ITERS chunk=16   ->   ELAPSED_NS CHECK
"""
import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
import pool_work  # noqa: E402

TASKS, GRAIN_NS = 4000, 1000
WAYS = {
    "python_map_default": lambda pool, items, chunk: pool.map(pool_work.walk, items),
    "python_map": lambda pool, items, chunk: pool.map(pool_work.walk, items, chunk),
    "python_imap": lambda pool, items, chunk: list(pool.imap(pool_work.walk, items, chunk)),
}


def run(variant, iters, axes):
    items, wanted = pool_work.walks(TASKS, GRAIN_NS)
    pool, chunk = pool_work.pool(), int(axes["chunk"])
    return pool_work.timed(iters, lambda: WAYS[variant](pool, items, chunk), wanted)


if __name__ == "__main__":
    pool_work.serve(run)
