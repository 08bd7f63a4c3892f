"""
check_child_state.py - what a child of CPython finds of its parent's, by start method

listings: 001-L21
claims: 001-C067 001-C068

Watch for: fork copies all but the other threads; a lock that one of them holds stays locked. A file
is closed in a program begun anew: spawn passes none but its own, O_CLOEXEC or not. forkserver's
children are copies of a server that began before the parent changed itself; but Python hands its
folder over. The module random seeds itself again after a fork, a random.Random of one's own does not.

expect:
    does the child find ...        fork  spawn  forkserver
    a variable as it was set       yes   no     no
    an inheritable file            yes   no     no
    a file that is not             yes   no     no
    the other thread               no    no     no
    the lock which that one holds  yes   no     no
    the state of random            no    no     no
    the state of its own Random    yes   no     no
    an environment variable        yes   yes    no
    the working folder             yes   yes    yes
    a signal's handler             yes   no     no
    an ignored signal              yes   yes    no
    a blocked signal               yes   yes    no
    the niceness                   yes   yes    no
    the CPUs it may use            yes   yes    no
"""
import multiprocessing
import os
import random
import signal
import sys
import threading

TIMEOUT_S = 4
CANNOT = 77
INHERITABLE_FD, OTHER_FD = 100, 101
METHODS = ("fork", "spawn", "forkserver")
EXPECTED = {
    "a variable as it was set": "ynn",
    "an inheritable file": "ynn",
    "a file that is not": "ynn",
    "the other thread": "nnn",
    "the lock which that one holds": "ynn",
    "the state of random": "nnn",
    "the state of its own Random": "ynn",
    "an environment variable": "yyn",
    "the working folder": "yyy",
    "a signal's handler": "ynn",
    "an ignored signal": "yyn",
    "a blocked signal": "yyn",
    "the niceness": "yyn",
    "the CPUs it may use": "yyn",
}

variable = 0
lock = threading.Lock()
own_random = random.Random()  # seeded by the system: another in each interpreter


def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def is_locked():
    free = lock.acquire(blocking=False)
    if free:
        lock.release()
    return not free


def threads():
    """Of the process, as the kernel counts them: a folder's links are two of its own and one a thread."""
    return os.stat("/proc/self/task").st_nlink - 2


def look_around():
    """In the order of EXPECTED. The same in the parent and in a child: the child has found it."""
    return (variable, is_open(INHERITABLE_FD), is_open(OTHER_FD), threads() > 1, is_locked(), hash(random.getstate()),
            hash(own_random.getstate()), "CHILD_STATE" in os.environ, os.getcwd(),
            signal.getsignal(signal.SIGUSR1) is not signal.SIG_DFL, signal.getsignal(signal.SIGUSR2) is signal.SIG_IGN,
            signal.SIGWINCH in signal.pthread_sigmask(signal.SIG_BLOCK, ()), os.nice(0), len(os.sched_getaffinity(0)))


def child(connection):
    connection.send(look_around())


def start(method):
    context = multiprocessing.get_context(method)
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=child, args=(theirs,), daemon=True)
    process.start()
    seen = ours.recv() if ours.poll(TIMEOUT_S) else None
    process.join(TIMEOUT_S)
    return seen


def hold(came, over):
    with lock:
        came.set()
        over.wait()


def change_everything():
    global variable
    variable = 1
    os.dup2(1, INHERITABLE_FD, inheritable=True)
    os.dup2(1, OTHER_FD, inheritable=False)
    os.environ["CHILD_STATE"] = "set"
    os.chdir("/proc")
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])
    os.nice(1)
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])


def table(parent, seen):
    print("does the child find ...        fork  spawn  forkserver")
    shown = True
    for i, (name, expected) in enumerate(EXPECTED.items()):
        found = ["y" if seen[method] and seen[method][i] == parent[i] else "n" for method in METHODS]
        shown = shown and "".join(found) == expected
        words = ["yes" if is_found == "y" else "no" for is_found in found]
        print("%-30s %-5s %-6s %s" % (name, *words), flush=True)
    return shown


def main():
    start("forkserver")  # the server begins here
    before = look_around()
    change_everything()
    came, over = threading.Event(), threading.Event()
    threading.Thread(target=hold, args=(came, over)).start()
    came.wait()
    seen = {method: start(method) for method in METHODS}
    parent = look_around()
    over.set()
    for name, was, now in zip(EXPECTED, before, parent):
        if was == now and "random" not in name.lower():
            print(f"check_child_state.py: {name}: this process has it from its own parent", file=sys.stderr)
            return CANNOT
    return 0 if table(parent, seen) and None not in seen.values() else 1


if __name__ == "__main__":
    sys.exit(main())
