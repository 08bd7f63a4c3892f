"""
check_fork_with_threads.py - in CPython too a lock held by another thread at the fork stays locked in the child

listings: none
claims: 001-C068

Watch for: a thread holds the lock while the children are started, and then lets go. A forked child
never gets it: its copy of the lock was locked, and who would unlock it was not copied. A spawned
child has a lock of its own.

expect:
    fork: 5 of 5 children did not get the lock, though the parent's thread has let go
    spawn: 0 of 5 children did not get the lock
"""
import multiprocessing
import sys
import threading

CHILDREN = 5
PATIENCE_S = 0.5  # a free lock is got at once
TIMEOUT_S = 4
CANNOT = 77
lock = threading.Lock()


def child(go, connection):
    go.wait(TIMEOUT_S)  # until the parent's thread has let go
    connection.send(lock.acquire(timeout=PATIENCE_S))


def hold(came, over):
    with lock:
        came.set()
        over.wait()


def count_stuck(context):
    came, over, go = threading.Event(), threading.Event(), context.Event()
    thread = threading.Thread(target=hold, args=(came, over))
    thread.start()
    came.wait()
    ends = [context.Pipe(duplex=False) for _ in range(CHILDREN)]
    children = [context.Process(target=child, args=(go, to), daemon=True) for _, to in ends]
    for process in children:
        process.start()
    over.set()
    thread.join()
    go.set()
    got = [ours.recv() for ours, _ in ends if ours.poll(TIMEOUT_S)]
    for process in children:
        process.join(TIMEOUT_S)
    return got.count(False) if len(got) == CHILDREN else None


def main():
    for method in ("fork", "spawn"):
        if method not in multiprocessing.get_all_start_methods():
            print(f"check_fork_with_threads.py: no {method} here", file=sys.stderr)
            return CANNOT
    forked = count_stuck(multiprocessing.get_context("fork"))
    print(f"fork: {forked} of {CHILDREN} children did not get the lock, though the parent's thread has let go", flush=True)
    spawned = count_stuck(multiprocessing.get_context("spawn"))
    print(f"spawn: {spawned} of {CHILDREN} children did not get the lock", flush=True)
    return 0 if (forked, spawned) == (CHILDREN, 0) else 1


if __name__ == "__main__":
    sys.exit(main())
