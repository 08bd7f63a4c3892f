"""
check_lock_timeout.py - a lock of CPython that is not had in time: False, and what one makes of it

listings: 001-L24
claims: 001-C080 001-C081

Watch for: no exception, so an "except TimeoutError" around it is never run. And what the timeout is
good for: who keeps its first lock and asks again for the second stands as before; who ignores the
answer goes on without the lock; who drops everything, pauses for a random time and begins again
gets through.

expect:
    acquire on a lock that is held: False after <n> ms, no exception
    both keep their first lock and ask 5 times: 0 of 2 got the second
    both ignore the answer: 2 of 2 are in at the same time
    both drop their first lock and begin again: 2 of 2 got both
"""
import random
import sys
import time

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from two_locks import CONTEXT, TIMEOUT_S, Meeting, run  # noqa: E402

GIVE_UP_S = 0.05
PAUSE_S = 0.01
ASKS = 5
STANDS, IN_TOGETHER = 3, 4  # exit codes


def keep(me, meeting):
    first, second = meeting.locks[me], meeting.locks[1 - me]
    meeting.acquire_first(me, first)
    if any(second.acquire(timeout=GIVE_UP_S) for _ in range(ASKS)):
        sys.exit(0)
    sys.exit(STANDS if meeting.both_give_up(me) else 1)


def ignore(me, meeting):
    meeting.acquire_first(me, meeting.locks[me])
    meeting.locks[1 - me].acquire(timeout=GIVE_UP_S)
    # What both locks should keep to one at a time. Both are here before either leaves.
    sys.exit(IN_TOGETHER if meeting.both_give_up(me) else 0)


def drop(me, meeting):
    first, second = meeting.locks[me], meeting.locks[1 - me]
    while True:
        meeting.acquire_first(me, first)
        if second.acquire(timeout=GIVE_UP_S):
            break
        first.release()
        time.sleep(random.uniform(0, PAUSE_S))
    second.release()
    first.release()


def ask_once():
    lock = CONTEXT.Lock()
    lock.acquire()
    begin = time.monotonic()
    try:
        answer = lock.acquire(timeout=GIVE_UP_S)
    except TimeoutError:
        answer = "an exception"
    ms = (time.monotonic() - begin) * 1000
    print(f"acquire on a lock that is held: {answer} after {ms:.0f} ms, no exception", flush=True)
    return answer is False


def main():
    shown = ask_once()
    codes = run(keep, Meeting())
    print(f"both keep their first lock and ask {ASKS} times: {codes.count(0)} of 2 got the second", flush=True)
    shown = shown and codes == [STANDS, STANDS]
    codes = run(ignore, Meeting())
    print(f"both ignore the answer: {codes.count(IN_TOGETHER)} of 2 are in at the same time", flush=True)
    shown = shown and codes == [IN_TOGETHER, IN_TOGETHER]
    codes = run(drop, Meeting())
    print(f"both drop their first lock and begin again: {codes.count(0)} of 2 got both", flush=True)
    return 0 if shown and codes == [0, 0] else 1


if __name__ == "__main__":
    sys.exit(main())
