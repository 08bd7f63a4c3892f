"""threads_vs_processes.py - the same question to CPython, with the work of the published comparison

Each of `workers` workers adds 1 to a local variable as often as `work` says. Talks with the harness by
lines (bench/harness/peer.h):
    RUN python_serial|python_threads|python_processes ITERS workers=10 work=1e7inc ...   ->   ELAPSED_NS CHECK
"""
import multiprocessing
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps  # noqa: E402


def count_up(times):
    x = 0
    for _ in range(times):
        x += 1
    return x


def serial(workers, times):
    return all(count_up(times) == times for _ in range(workers))


def threads(workers, times):
    counts = []
    started = [threading.Thread(target=lambda: counts.append(count_up(times))) for _ in range(workers)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return counts == [times] * workers


def count_and_exit(times):
    sys.exit(0 if count_up(times) == times else 1)


def processes(workers, times):
    # By name, since the default start method is no longer fork everywhere from CPython 3.14 on.
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=count_and_exit, args=(times,)) for _ in range(workers)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return all(process.exitcode == 0 for process in started)


VARIANTS = {"python_serial": serial, "python_threads": threads, "python_processes": processes}


def run(request, variant, iters, *params):
    if request != "RUN" or variant not in VARIANTS:
        raise ValueError(f"no {request} {variant} here")
    named = dict(param.split("=", 1) for param in params)
    workers = int(named["workers"])
    if not named["work"].endswith("inc"):
        raise ValueError(f"work={named['work']} is not counted in increments")
    times = int(float(named["work"][:-len("inc")]))
    check = 0
    begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    for _ in range(int(iters)):
        check += VARIANTS[variant](workers, times)
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
        except (TypeError, KeyError, ValueError, OSError, RuntimeError) as error:
            answer = f"ERROR {error}".replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
