"""start_cost.py - the same question to CPython: start and join one thread or one process

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_thread|python_fork|python_spawn|python_forkserver ITERS ...   ->   ELAPSED_NS CHECK
"""
import multiprocessing
import signal
import sys
import threading
import time
from multiprocessing import forkserver, resource_tracker

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps  # noqa: E402


def nothing():
    pass


def start_threads(iters):
    ended = 0
    for _ in range(iters):
        thread = threading.Thread(target=nothing)
        thread.start()
        thread.join()
        ended += not thread.is_alive()
    return ended


def start_processes(iters, method):
    context = multiprocessing.get_context(method)
    ended = 0
    for _ in range(iters):
        process = context.Process(target=nothing)
        process.start()
        process.join()
        ended += process.exitcode == 0
    return ended


VARIANTS = {
    "python_thread": start_threads,
    "python_fork": lambda iters: start_processes(iters, "fork"),
    "python_spawn": lambda iters: start_processes(iters, "spawn"),
    "python_forkserver": lambda iters: start_processes(iters, "forkserver"),
}


def run(request, variant, iters, *_):
    if request != "RUN" or variant not in VARIANTS:
        raise ValueError(f"no {request} {variant} here")
    count = int(iters)
    # A program's first start by these also starts helper processes, which are no part of one start.
    if variant in ("python_spawn", "python_forkserver"):
        resource_tracker.ensure_running()
    if variant == "python_forkserver":
        forkserver.ensure_running()
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    check = VARIANTS[variant](count)
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin, check


def main():
    # Python would answer Ctrl-C with a traceback of each process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    # Nor complain when the program that asked is gone.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in sys.stdin:
        try:
            answer = "%d %d" % run(*line.split())
        except (TypeError, ValueError, OSError, RuntimeError) as error:
            answer = f"ERROR {error}".replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
