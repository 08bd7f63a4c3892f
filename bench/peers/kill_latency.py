"""kill_latency.py - the same question to CPython: concurrent.futures.ProcessPoolExecutor

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_executor ITERS workers_per_cpu=1 ...   ->   ELAPSED_NS CHECK
"""
import multiprocessing
import os
import random
import signal
import sys
import time
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps  # noqa: E402

TASK_NS = 10_000
PER_WORKER = 16


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def busy():
    end = now() + TASK_NS
    while now() < end:
        pass


def until_killed():
    while True:
        busy()


def kill_one(workers):
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(workers, mp_context=context) as executor:
        futures = [executor.submit(until_killed) for _ in range(PER_WORKER * workers)]
        while not all(future.running() for future in futures[:workers]):
            pass
        pids = list(executor._processes)  # there is no public way to ask
        begin = now()
        os.kill(random.choice(pids), signal.SIGKILL)
        done = wait(futures, return_when=FIRST_EXCEPTION).done
        elapsed = now() - begin
        return elapsed, any(isinstance(future.exception(), BrokenProcessPool) for future in done)


def run(request, variant, iters, *params):
    if (request, variant) != ("RUN", "python_executor"):
        raise ValueError(f"no {request} {variant} here")
    per_cpu = int(dict(param.split("=", 1) for param in params)["workers_per_cpu"])
    workers = per_cpu * len(os.sched_getaffinity(0))
    told = [kill_one(workers) for _ in range(int(iters))]
    return sum(elapsed for elapsed, _ in told), sum(broken for _, broken in told)


def main():
    # Python would answer Ctrl-C with a traceback of each process. SIGPIPE stays ignored: a broken executor
    # writes to pipes that nobody reads any more.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    for line in sys.stdin:
        try:
            answer = "%d %d" % run(*line.split())
        except (TypeError, KeyError, ValueError, OSError, RuntimeError) as error:
            answer = f"ERROR {error}".replace("\n", " ")
        try:
            print(answer, flush=True)
        except BrokenPipeError:
            os._exit(1)  # who asked is gone


if __name__ == "__main__":
    main()
