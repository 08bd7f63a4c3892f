"""queue_roundtrip.py - the same question to CPython: one message to another process and back

Each message bears its number at both ends and must come back whole. Talks with the harness by lines
(bench/harness/peer.h):
    RUN python_pipe|python_pipe_send|python_queue ITERS bytes=8 ...   ->   ELAPSED_NS CHECK
"""
import multiprocessing
import signal
import sys
import time

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps, end_with_parent, take_place  # noqa: E402


def answer(get, put):
    end_with_parent()
    take_place(1, 2)
    while True:
        put(get())


class Pair:
    """The two ways and the process that answers: made once, then used by every sample."""

    def __init__(self, variant):
        # By name, since the default start method is no longer fork everywhere from CPython 3.14 on.
        context = multiprocessing.get_context("fork")
        take_place(0, 2)
        if variant == "python_pipe":
            ours, theirs = context.Pipe()
            self.put, self.get = ours.send_bytes, ours.recv_bytes
            ways = theirs.recv_bytes, theirs.send_bytes
        elif variant == "python_pipe_send":
            ours, theirs = context.Pipe()
            self.put, self.get = ours.send, ours.recv
            ways = theirs.recv, theirs.send
        else:
            there, back = context.Queue(), context.Queue()
            self.put, self.get = there.put, back.get
            ways = there.get, back.put
        context.Process(target=answer, args=ways, daemon=True).start()

    def sample(self, nbytes, iters):
        middle = bytes(max(nbytes - 16, 0))
        whole = 0
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        for number in range(iters):
            ends = number.to_bytes(8, "little")
            self.put(ends if nbytes == 8 else ends + middle + ends)
            data = self.get()
            whole += len(data) == nbytes and data[:8] == ends and data[-8:] == ends
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin, whole


PAIRS = {}


def run(request, variant, iters, *params):
    if request != "RUN" or variant not in ("python_pipe", "python_pipe_send", "python_queue"):
        raise ValueError(f"no {request} {variant} here")
    nbytes = int(dict(param.split("=", 1) for param in params)["bytes"])
    if nbytes != 8 and nbytes < 16:
        raise ValueError(f"bytes={nbytes}: 8, or at least 16")
    if variant not in PAIRS:
        PAIRS[variant] = Pair(variant)
    return PAIRS[variant].sample(nbytes, int(iters))


def main():
    # Python would answer Ctrl-C with a traceback of each process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_between_steps()
    # Nor complain when the program that asked is gone.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in sys.stdin:
        try:
            answer_line = "%d %d" % run(*line.split())
        except (TypeError, KeyError, ValueError, OSError, RuntimeError) as error:
            answer_line = f"ERROR {error}".replace("\n", " ")
        print(answer_line, flush=True)


if __name__ == "__main__":
    main()
