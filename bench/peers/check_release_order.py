"""
check_release_order.py - CPython's locks: the order of acquiring makes deadlocks, that of releasing none

listings: none, for an advice that 001 gives without a listing
claims: 001-C082

Watch for: the deadlocks follow the first column and not the second. A deadlock is counted where both
give up on their second lock, and neither drops its first before both have: one alone would be slow.

expect:
    acquire in       release in      meetings  deadlocks
    one order        opposite order  5         0
    one order        same order      5         0
    opposite orders  opposite order  5         5
    opposite orders  same order      5         5
"""
import sys

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from two_locks import Meeting, run  # noqa: E402

MEETINGS = 5
GIVE_UP_S = 0.05
DEADLOCK = 3  # exit code


def meet(me, meeting, opposite, same_release):
    first = me if opposite else 0
    first, second = meeting.locks[first], meeting.locks[1 - first]
    meeting.acquire_first(me, first)
    if not second.acquire(timeout=GIVE_UP_S):
        sys.exit(DEADLOCK if meeting.both_give_up(me) else 1)
    for lock in (first, second) if same_release else (second, first):
        lock.release()


def main():
    shown = True
    print("acquire in       release in      meetings  deadlocks", flush=True)
    for opposite in (False, True):
        for same_release in (False, True):
            codes = [run(meet, Meeting(), opposite, same_release) for _ in range(MEETINGS)]
            deadlocks = codes.count([DEADLOCK, DEADLOCK])
            shown = shown and deadlocks == (MEETINGS if opposite else 0)
            shown = shown and deadlocks + codes.count([0, 0]) == MEETINGS
            print(f"{'opposite orders' if opposite else 'one order':16} "
                  f"{'same order' if same_release else 'opposite order':15} {MEETINGS:<9} {deadlocks}", flush=True)
    return 0 if shown else 1


if __name__ == "__main__":
    sys.exit(main())
