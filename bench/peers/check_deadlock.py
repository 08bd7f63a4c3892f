"""
check_deadlock.py - two processes of CPython take two locks in opposite order, and both stand

listings: 001-L24
claims: 001-C079

Watch for: who has what and waits for what, and that a second later neither has ended. One of them
killed does not help the other, other than with the robust locks of the demo deadlock: a lock of
multiprocessing is a semaphore, which does not know who has it.

expect:
    worker 0 holds A and waits for B
    worker 1 holds B and waits for A
    1 s later 0 of 2 have ended
    worker 0 is killed: worker 1 does not get A
"""
import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from two_locks import CONTEXT, TIMEOUT_S, Meeting  # noqa: E402

PATIENCE_S = 1


def work(me, meeting, waits):
    meeting.acquire_first(me, meeting.locks[me])
    waits[me].set()
    meeting.locks[1 - me].acquire()


def main():
    meeting = Meeting()
    waits = CONTEXT.Event(), CONTEXT.Event()
    workers = [CONTEXT.Process(target=work, args=(me, meeting, waits), daemon=True) for me in (0, 1)]
    for worker in workers:
        worker.start()
    for me in (0, 1):
        if not waits[me].wait(TIMEOUT_S):
            return 1
        print(f"worker {me} holds {'AB'[me]} and waits for {'BA'[me]}", flush=True)
    workers[0].join(PATIENCE_S)
    ended = sum(not worker.is_alive() for worker in workers)
    print(f"{PATIENCE_S} s later {ended} of 2 have ended", flush=True)
    workers[0].kill()
    workers[0].join()
    workers[1].join(PATIENCE_S)
    stands = workers[1].is_alive()
    print(f"worker 0 is killed: worker 1 {'does not get' if stands else 'gets'} A", flush=True)
    workers[1].kill()
    workers[1].join()
    return 0 if ended == 0 and stands else 1


if __name__ == "__main__":
    sys.exit(main())
