"""io_bound.py - the same question to CPython: 20 tasks that wait, by serial, threads, processes, a Pool

Talks with the harness by lines (bench/harness/peer.h):
    RUN python_serial|python_threads|python_processes|python_pool ITERS tasks=20 wait=20ms kind=sleep
        ->   ELAPSED_NS CHECK
"""
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps  # noqa: E402

COMPUTE = 10  # a mixed task computes for a tenth of its wait


class Server:
    """The benchmark's own server (bench/peers/latency_server.h), one for all requests; it ends with us."""

    started = None

    def __init__(self):
        command = [os.environ["IO_BOUND_SERVER"], "--latency-server"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.process.stdin.write(b"PORT\n")
        self.process.stdin.flush()
        self.port = int(self.process.stdout.readline().split()[1])

    @classmethod
    def get_port(cls):
        if cls.started is None:
            cls.started = cls()
        return cls.started.port


def request(port, wait_ns, number):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /%d/%d HTTP/1.0\r\n\r\n" % (wait_ns, number))
        with connection.makefile("rb") as answer:
            return int(answer.read().partition(b"\r\n\r\n")[2])


def do_task(task):
    number, kind, wait_ns, port = task
    if kind == "request":
        return request(port, wait_ns, number)
    time.sleep(wait_ns / 1e9)
    if kind == "mixed":
        end = time.thread_time_ns() + wait_ns // COMPUTE
        while time.thread_time_ns() < end:
            pass
    return number


def serial(tasks):
    return [do_task(task) for task in tasks] == [task[0] for task in tasks]


def threads(tasks):
    results = []
    started = [threading.Thread(target=lambda task=task: results.append(do_task(task))) for task in tasks]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return sorted(results) == [task[0] for task in tasks]


def do_and_exit(task):
    sys.exit(0 if do_task(task) == task[0] else 1)


def processes(tasks):
    # By name, since the default start method is no longer fork everywhere from CPython 3.14 on.
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=do_and_exit, args=(task,)) for task in tasks]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return all(process.exitcode == 0 for process in started)


def pool(tasks):
    with multiprocessing.get_context("fork").Pool(len(os.sched_getaffinity(0))) as workers:
        return workers.map(do_task, tasks, chunksize=1) == [task[0] for task in tasks]


VARIANTS = {"python_serial": serial, "python_threads": threads, "python_processes": processes, "python_pool": pool}


def run(order, variant, iters, *params):
    if order != "RUN" or variant not in VARIANTS:
        raise ValueError(f"no {order} {variant} here")
    named = dict(param.split("=", 1) for param in params)
    wait_ns = int(named["wait"].removesuffix("ms")) * 1_000_000
    port = Server.get_port() if named["kind"] == "request" else 0
    tasks = [(number, named["kind"], wait_ns, port) for number in range(int(named["tasks"]))]
    turns = len(tasks) if variant == "python_serial" else 1
    check = elapsed = 0
    for _ in range(int(iters)):
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        right = VARIANTS[variant](tasks)
        took = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin
        check += right and took >= turns * wait_ns
        elapsed += took
    return elapsed, check


def main():
    # Python would answer Ctrl-C with a traceback of each process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    # Nor complain when the program that asked is gone.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in sys.stdin:
        try:
            answer = "%d %d" % run(*line.split())
        except (TypeError, KeyError, ValueError, IndexError, OSError, RuntimeError) as error:
            answer = f"ERROR {error}".replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
