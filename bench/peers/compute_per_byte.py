"""compute_per_byte.py - the same question to CPython: hand 64 KiB to another process, or compute oneself?

The work is zlib.crc32, as many times round a payload as it takes. Talks with the harness by lines
(bench/harness/peer.h):
    RUN python_serial|python_pipe|python_queue|python_shared ITERS workers=2 work=20us ...   ->   ELAPSED_NS CHECK
"""
import mmap
import multiprocessing
import os
import signal
import sys
import time
import zlib

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import CPUS, end_between_steps, end_with_parent, take_place  # noqa: E402

NBYTES = 65536
PAYLOADS = 4  # an op takes two of them, the next op the other two
READINGS = 9
UNITS = {"us": 1e3, "ms": 1e6}


def now():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


# Anonymous and shared: forked helpers see the same pages.
SHARED = mmap.mmap(-1, PAYLOADS * NBYTES)
SHARED[:] = bytes((i * 2654435761 >> 13) & 0xFF for i in range(PAYLOADS * NBYTES))
IN_PLACE = [memoryview(SHARED)[i * NBYTES : (i + 1) * NBYTES] for i in range(PAYLOADS)]
COPIES = [bytes(view) for view in IN_PLACE]  # what is sent: bytes, as in a program that has them


def compute(payload, nbytes):
    x = 0
    for _ in range(nbytes // NBYTES):
        x = zlib.crc32(payload, x)
    return zlib.crc32(memoryview(payload)[: nbytes % NBYTES], x)


def measure_byte():
    """ns of one byte: the shortest of several readings, since noise only adds."""
    shortest = None
    for _ in range(READINGS):
        begin = now()
        compute(COPIES[0], 16 * NBYTES)
        took = now() - begin
        shortest = took if shortest is None else min(took, shortest)
    return shortest / (16 * NBYTES)


def plan(work):
    """Turns "20us" into bytes to go over."""
    return int(float(work[:-2]) * UNITS[work[-2:]] / BYTE_NS) + 1


BYTE_NS = measure_byte()


def helper(get, put, in_place):
    """Gets how much to do and a payload or its number; gives the result back."""
    end_with_parent()
    while True:
        nbytes, payload = get()
        put(compute(IN_PLACE[payload] if in_place else payload, nbytes))
        take_place(1, 2)


class Serial:
    """No helper: what was given is computed when its result is wanted."""

    def __init__(self, variant):
        self.pending = None

    def give(self, nbytes, number):
        self.pending = nbytes, number

    def take_back(self):
        nbytes, number = self.pending
        return compute(COPIES[number], nbytes)


class Helper:
    """The process that helps: made once, then used by every sample.

    A Queue's thread is started by the first put, and takes over the CPUs that the putter has then: both. On the
    CPU of its owner alone it would wait until that has computed, and a program does not bind its threads.
    """

    def __init__(self, variant):
        # By name, since the default start method is no longer fork everywhere from CPython 3.14 on.
        context = multiprocessing.get_context("fork")
        self.in_place = variant == "python_shared"
        if variant == "python_queue":
            there, back = context.Queue(), context.Queue()
            self.put, self.take_back = there.put, back.get
            ways = there.get, back.put
        else:
            ours, theirs = context.Pipe()
            self.put, self.take_back = ours.send, ours.recv
            ways = theirs.recv, theirs.send
        os.sched_setaffinity(0, CPUS)
        context.Process(target=helper, args=(*ways, self.in_place), daemon=True).start()
        self.give(1, 0)
        self.take_back()

    def give(self, nbytes, number):
        self.put((nbytes, number if self.in_place else COPIES[number]))


KINDS = {"python_serial": Serial}
KINDS.update((name, Helper) for name in ("python_pipe", "python_queue", "python_shared"))
MADE = {}
WANTED = {}  # of each work: what the payloads give


def run(request, variant, iters, *params):
    if request != "RUN" or variant not in KINDS:
        raise ValueError(f"no {request} {variant} here")
    work = dict(param.split("=", 1) for param in params)["work"]
    nbytes = plan(work)
    if work not in WANTED:
        WANTED[work] = [compute(payload, nbytes) for payload in COPIES]
    if variant not in MADE:
        MADE[variant] = KINDS[variant](variant)
    wanted, kind = WANTED[work], MADE[variant]
    take_place(0, 2)
    right = 0
    begin = now()
    for i in range(int(iters)):
        number = 2 * i % PAYLOADS
        kind.give(nbytes, number)
        ours = compute(COPIES[number + 1], nbytes)
        right += kind.take_back() == wanted[number] and ours == wanted[number + 1]
    return now() - begin, right


def main():
    # Python would answer Ctrl-C with a traceback of each process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    # Nor complain when the program that asked is gone.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in sys.stdin:
        try:
            answer = "%d %d" % run(*line.split())
        except (TypeError, KeyError, ValueError, OSError, RuntimeError) as error:
            answer = f"ERROR {error}".replace("\n", " ")
        print(answer, flush=True)


if __name__ == "__main__":
    main()
