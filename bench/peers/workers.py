"""workers.py - what peers have in common: a place for each process, an end with their parent, and by SIGTERM"""
import fcntl
import multiprocessing
import os
import select
import signal

CPUS = sorted(os.sched_getaffinity(0))


def take_place(number, workers):
    """Each process on a CPU of its own where there are enough, as the C workers are (bench/harness/team.h)."""
    os.sched_setaffinity(0, {CPUS[number]} if workers <= len(CPUS) else CPUS)


def end_with_parent():
    """As bench/harness/life.h: what the parent holds open makes a signal when the parent is gone."""
    life = multiprocessing.parent_process().sentinel
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([life], [], [], 0)[0]:
        os.kill(os.getpid(), signal.SIGKILL)


def end_between_steps():
    """SIGTERM, with which a launch ends, is answered between two steps of the interpreter.

    Ended inside of one, while it makes a semaphore, CPython leaves the file of that in /dev/shm. Only the peer itself
    makes any: its children end as always.
    """
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    os.register_at_fork(after_in_child=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
