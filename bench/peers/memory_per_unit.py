"""memory_per_unit.py - the same question to CPython: what do idle threads and processes add to PSS?

Each sample is an interpreter of its own, started anew, so that nothing is left of the sample before.
Talks with the harness by lines (bench/harness/peer.h); the answer is in bytes for one unit:
    RUN python_thread|python_fork|python_spawn ITERS units=100 ...   ->   BYTES CHECK
"""
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from multiprocessing import resource_tracker

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps  # noqa: E402

READY_S = 20  # a hundred interpreters on one CPU need some of it


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
        return 1024 * sum(int(line.split()[1]) for line in file if line.startswith(b"Pss:"))


def idle(ready, hold, not_ours):
    """Says that it is there, and sleeps until the stage has gone, in whatever way."""
    if not_ours is not None:
        not_ours.close()
    ready.send_bytes(b".")
    try:
        hold.recv_bytes()
    except EOFError:
        pass


def start_units(kind, units, ready, hold, holder):
    """The pids of what was started; none for threads."""
    if kind == "thread":
        for _ in range(units):
            threading.Thread(target=idle, args=(ready, hold, None), daemon=True).start()
        return []
    context = multiprocessing.get_context(kind)
    # A forked unit has a copy of our end too, and must close it: else it would wait for itself.
    args = (ready, hold, holder if kind == "fork" else None)
    processes = [context.Process(target=idle, args=args, daemon=True) for _ in range(units)]
    for process in processes:
        process.start()
    return [process.pid for process in processes]


def stage(kind, units):
    heard, ready = multiprocessing.Pipe(duplex=False)
    hold, holder = multiprocessing.Pipe(duplex=False)
    family = [os.getpid(), os.getppid()]
    if kind == "spawn":
        resource_tracker.ensure_running()  # a helper that the first start brings with it, once
        family.append(resource_tracker._resource_tracker._pid)  # there is no public way to ask
    sum(map(pss, family))  # once for nothing: it may allocate
    before = sum(map(pss, family))
    pids = start_units(kind, units, ready, hold, holder)
    there = 0
    while there < units and heard.poll(READY_S):
        heard.recv_bytes()
        there += 1
    print(there, (sum(map(pss, family + pids)) - before) // units, flush=True)
    holder.close()
    for process in multiprocessing.active_children():
        process.join()
    os._exit(0)  # threads that hold the pipe's other end would be waited for


def run(request, variant, iters, *params):
    kind = variant.removeprefix("python_")
    if request != "RUN" or kind not in ("thread", "fork", "spawn"):
        raise ValueError(f"no {request} {variant} here")
    units = dict(param.split("=", 1) for param in params)["units"]
    size = check = 0
    for _ in range(int(iters)):
        command = [sys.executable, __file__, "--stage", kind, units]
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout
        there, each = map(int, answer.split())
        size += each
        check += there == int(units)
    return size, check


def main():
    # Python would answer Ctrl-C with a traceback of each process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    if sys.argv[1:2] == ["--stage"]:
        return stage(sys.argv[2], int(sys.argv[3]))
    # Nor complain when the program that asked is gone.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in sys.stdin:
        try:
            answer = "%d %d" % run(*line.split())
        except (TypeError, KeyError, ValueError, OSError, subprocess.SubprocessError) as error:
            answer = f"ERROR {error}".replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
