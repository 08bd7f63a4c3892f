"""
check_own_memory.py - what a child process of CPython does to its memory, files and folder stays with it

listings: none
claims: 000-C002

Watch for: the parent finds everything as it was, whether the child came from fork or from spawn: the
child changes copies, or things of a new interpreter.

expect:
    fork: the child had a pid of its own and changed variable, file and folder; the parent's are as they were
    spawn: the child had a pid of its own and changed variable, file and folder; the parent's are as they were
"""
import multiprocessing
import os
import sys

TIMEOUT_S = 4
HIGH_FD = 100
CANNOT = 77
variable = 1


def change(connection):
    global variable
    os.dup2(1, HIGH_FD)  # a spawned child has no such file of its own
    variable = 99
    os.close(HIGH_FD)
    os.chdir("/proc")
    connection.send((os.getpid(), variable, os.getcwd()))


def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def shown(context):
    ours, theirs = context.Pipe(duplex=False)
    folder = os.getcwd()
    child = context.Process(target=change, args=(theirs,), daemon=True)
    child.start()
    pid, changed, there = ours.recv() if ours.poll(TIMEOUT_S) else (os.getpid(), variable, folder)
    child.join(TIMEOUT_S)
    own = pid == child.pid != os.getpid()
    return own and (changed, there) == (99, "/proc") and (variable, os.getcwd()) == (1, folder) and is_open(HIGH_FD)


def main():
    os.chdir("/")
    os.dup2(1, HIGH_FD)
    for method in ("fork", "spawn"):
        if method not in multiprocessing.get_all_start_methods():
            print(f"check_own_memory.py: no {method} here", file=sys.stderr)
            return CANNOT
        if not shown(multiprocessing.get_context(method)):
            print(f"{method}: something of the parent's is not as it was")
            return 1
        print(f"{method}: the child had a pid of its own and changed variable, file and folder;"
              " the parent's are as they were", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
