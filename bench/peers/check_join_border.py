"""
check_join_border.py - a child of CPython that has put more than the pipe holds is joined for ever

listings: 001-L11 002-L04
claims: 001-C037 001-C079 002-C025

Watch for: the size. A Queue hands what is put to a thread, which pickles it and writes it to a pipe with
4 bytes for its length; the child's exit waits for that thread. The largest item whose child ends is the
one that just fits into the pipe; one byte more, and the child waits for a reader, who waits for the
child. Once the item is got, the child ends: nothing was lost, only the order was wrong.

expect:
    joined before get, an item of <n> bytes: the child ends, <n:room> bytes are in the pipe of <n:room>
    joined before get, an item of 1 byte more: the child does not end within 500 ms
    joined after get, the same item: it ends
"""
import fcntl
import multiprocessing
import pickle
import select
import sys
import time

PATIENCE_S = 0.1  # at each size; the result is looked at once more, for longer
SURE_S = 0.5
TIMEOUT_S = 5
F_GETPIPE_SZ = 1032  # fcntl names it since Python 3.10
LENGTH_BYTES = 4
CANNOT = 77
CONTEXT = multiprocessing.get_context()


def put(queue, nbytes):
    queue.put(bytes(nbytes))


def is_full(queue):
    """No page of the pipe is free. There is no public way to its descriptor."""
    return not select.select([], [queue._writer], [], 0)[1]


class Child:
    """One that has put nbytes. ended: it came to its end before anybody had got them."""

    def __init__(self, nbytes, patience_s):
        self.queue = CONTEXT.Queue()
        self.process = CONTEXT.Process(target=put, args=(self.queue, nbytes), daemon=True)
        self.process.start()
        until, was_full = time.monotonic() + TIMEOUT_S, False
        self.process.join(patience_s)
        while self.process.is_alive() and not was_full and time.monotonic() < until:
            was_full = is_full(self.queue)  # it may have become so just now: once more
            self.process.join(patience_s)
        self.ended = not self.process.is_alive()

    def ends_after_get(self, nbytes):
        whole = self.queue.get(timeout=TIMEOUT_S) == bytes(nbytes)
        self.process.join(TIMEOUT_S)
        return whole and self.process.exitcode == 0


def largest_that_ends(room):
    ends, hangs = 1, room
    while hangs - ends > 1:
        nbytes = (ends + hangs) // 2
        child = Child(nbytes, PATIENCE_S)
        if not child.ends_after_get(nbytes):
            raise RuntimeError(f"{nbytes} bytes did not come")
        if child.ended:
            ends = nbytes
        else:
            hangs = nbytes
    return ends


def main():
    if not sys.platform.startswith("linux"):
        print("check_join_border.py: the size of a pipe can be asked on Linux alone", file=sys.stderr)
        return CANNOT
    queue = CONTEXT.Queue()
    room = fcntl.fcntl(queue._writer.fileno(), F_GETPIPE_SZ)
    nbytes = largest_that_ends(room)
    fits, hangs = Child(nbytes, SURE_S), Child(nbytes + 1, SURE_S)
    in_pipe = len(pickle.dumps(bytes(nbytes))) + LENGTH_BYTES
    print(f"joined before get, an item of {nbytes} bytes: the child {'ends' if fits.ended else 'stands'}, "
          f"{in_pipe} bytes are in the pipe of {room}", flush=True)
    print(f"joined before get, an item of 1 byte more: the child {'ends' if hangs.ended else 'does not end'} "
          f"within {SURE_S * 1000:.0f} ms", flush=True)
    cured = hangs.ends_after_get(nbytes + 1)
    print(f"joined after get, the same item: it {'ends' if cured else 'stands'}", flush=True)
    shown = fits.ended and fits.ends_after_get(nbytes) and not hangs.ended and cured
    return 0 if shown and in_pipe == room else 1


if __name__ == "__main__":
    sys.exit(main())
