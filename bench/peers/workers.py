"""workers.py - what the processes of a peer have in common: a place each, and an end with their parent"""
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
