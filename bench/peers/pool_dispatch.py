"""pool_dispatch.py - the same question to CPython: multiprocessing.Pool.map over small integers, chunksize 1

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_pool ITERS tasks=1000 ...   ->   ELAPSED_NS CHECK
"""
import multiprocessing
import os
import signal
import sys
import time

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps  # noqa: E402


def task(x):
    return (x * 1664525 + 1013904223) & 0xFFFFFFFF


def run(pool, request, variant, iters, *params):
    if (request, variant) != ("RUN", "python_pool"):
        raise ValueError(f"no {request} {variant} here")
    n = int(dict(param.split("=", 1) for param in params)["tasks"])
    wanted = [task(x) for x in range(n)]
    right = elapsed = 0
    for _ in range(int(iters)):
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        results = pool.map(task, range(n), chunksize=1)
        elapsed += time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin
        right += results == wanted
    return elapsed, right


def main():
    # Python would answer Ctrl-C with a traceback of each process, and complain when who asked is gone.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    with multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0))) as pool:
        for line in sys.stdin:
            try:
                answer = "%d %d" % run(pool, *line.split())
            except (TypeError, KeyError, ValueError, OSError, RuntimeError) as error:
                answer = f"ERROR {error}".replace("\n", " ")
            print(answer, flush=True)


if __name__ == "__main__":
    main()
