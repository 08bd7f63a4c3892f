"""pool_work.py - what the pool peers have in common: work of a known length, pools that stay, the talk with the harness

The work is that of bench/pool_work.h: x -> a x + c modulo 2^64, so many steps.
"""
import functools
import multiprocessing
import multiprocessing.pool
import os
import signal
import sys
import time

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps  # noqa: E402

A, C, MASK = 6364136223846793005, 1442695040888963407, (1 << 64) - 1
UNITS = {"ns": 1, "us": 1e3, "ms": 1e6}
WORKERS = len(os.sched_getaffinity(0))
CONTEXT = multiprocessing.get_context("fork")  # by name: no longer the default everywhere from CPython 3.14 on


def now_ns():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def walk(item):
    x, steps = item
    for _ in range(steps):
        x = (A * x + C) & MASK
    return x


def jump(x, steps):
    """The end of a walk in log2(steps) turns."""
    a, c = A, C
    while steps:
        if steps & 1:
            x = (a * x + c) & MASK
        c = (a * c + c) & MASK
        a = (a * a) & MASK
        steps >>= 1
    return x


@functools.lru_cache(None)
def call_and_step_ns():
    """What a call without steps takes, and a step: the shortest of several readings, since noise only adds."""
    def shortest(item, calls):
        times = []
        for _ in range(9):
            begin = now_ns()
            for _ in range(calls):
                walk(item)
            times.append((now_ns() - begin) / calls)
        return min(times)
    call = shortest((1, 0), 2000)
    return call, (shortest((1, 20000), 1) - call) / 20000


def ns_of(word):
    return float(word[:-2]) * UNITS[word[-2:]]


def steps_of(ns):
    call, step = call_and_step_ns()
    return max(0, round((ns - call) / step))


POOLS = {}


def pool(workers=WORKERS):
    """Made at its first use, which is not timed."""
    if workers not in POOLS:
        POOLS[workers] = CONTEXT.Pool(workers)
        POOLS[workers].map(walk, [(1, 1)] * workers, 1)
    return POOLS[workers]


@functools.lru_cache(None)
def walks(n, ns):
    """n items that take ns each, and their results."""
    steps = steps_of(ns)
    return [(i + 1, steps) for i in range(n)], [jump(i + 1, steps) for i in range(n)]


def timed(iters, do, wanted):
    """Calls do so often, and tells the time of the calls alone, and how many returned what is wanted."""
    elapsed = right = 0
    for _ in range(iters):
        begin = now_ns()
        result = do()
        elapsed += now_ns() - begin
        right += result == wanted
    return elapsed, right


def serve(run):
    """Answers each request line of the harness by run(variant, iters, axes), until there are no more."""
    # Python would answer Ctrl-C with a traceback of each process, and complain when who asked is gone.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in sys.stdin:
        try:
            request, variant, iters, *params = line.split()
            if request != "RUN":
                raise ValueError(f"no {request} here")
            answer = "%d %d" % run(variant, int(iters), dict(param.split("=", 1) for param in params))
        except (TypeError, KeyError, ValueError, OSError, RuntimeError) as error:
            answer = f"ERROR {error!r}".replace("\n", " ")
        print(answer, flush=True)
    for made in POOLS.values():
        made.terminate()
        made.join()
