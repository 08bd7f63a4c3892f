"""queue_throughput.py - the same question to CPython: messages from one process to others, one behind the other

One process puts, the others get; each message bears its number at both ends. Talks with the harness by lines
(bench/harness/peer.h):
    RUN VARIANT ITERS workers=2 bytes=8 ...   ->   ELAPSED_NS CHECK
"""
import asyncio
import multiprocessing
import queue
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True  # the folder of the sources stays as it is
from workers import end_between_steps, end_with_parent, take_place  # noqa: E402

LAST = 2**64 - 1


def message(nbytes, number):
    ends = number.to_bytes(8, "little")
    return ends if nbytes == 8 else ends + bytes(nbytes - 16) + ends


def consume(get, parent, number, workers):
    """For each sample: gets until the last message, then tells how many came whole and in order."""
    end_with_parent()
    take_place(number, workers)
    while parent.recv():
        got, before = 0, -1
        while True:
            data = get()
            number = int.from_bytes(data[:8], "little")
            if number == LAST:
                break
            got += number > before and data[-8:] == data[:8]
            before = number
        parent.send(got)


class Channel:
    """The way the messages go, and the processes that get them: made once, then used by every sample."""

    def __init__(self, variant, consumers):
        # By name, since the default start method is no longer fork everywhere from CPython 3.14 on.
        context = multiprocessing.get_context("fork")
        if variant == "python_pipe":
            reader, writer = context.Pipe(duplex=False)
            get, self.put = reader.recv_bytes, writer.send_bytes
        elif variant == "python_pipe_send":
            writer, reader = context.Pipe()  # both ways, as a plain Pipe() is, though one way would do
            get, self.put = reader.recv, writer.send
        else:
            messages = context.Queue()
            get, self.put = messages.get, messages.put
        self.consumers = []
        take_place(0, 1 + consumers)
        for i in range(consumers):
            ours, theirs = context.Pipe()
            arguments = get, theirs, 1 + i, 1 + consumers
            context.Process(target=consume, args=arguments, daemon=True).start()
            self.consumers.append(ours)

    def sample(self, nbytes, iters):
        # None begins the next sample before all have ended this one: else it might get two last messages.
        for consumer in self.consumers:
            consumer.send(True)
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        for number in range(iters):
            self.put(message(nbytes, number))
        for _ in self.consumers:
            self.put(message(nbytes, LAST))
        got = sum(consumer.recv() for consumer in self.consumers)
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin, got


class ThreadQueue:
    """queue.Queue between this thread and another, which is started for each sample and not timed."""

    def __init__(self, variant, consumers):
        if consumers != 1:
            raise ValueError(f"{variant}: one who gets")
        self.queue = queue.Queue()

    def consume(self, ready, nbytes, iters):
        take_place(1, 2)
        ready.wait()
        self.got = 0
        for number in range(iters):
            self.got += self.queue.get() == message(nbytes, number)
        self.end = time.clock_gettime_ns(time.CLOCK_MONOTONIC)

    def sample(self, nbytes, iters):
        take_place(0, 2)
        ready = threading.Barrier(2)
        consumer = threading.Thread(target=self.consume, args=(ready, nbytes, iters), daemon=True)
        consumer.start()
        ready.wait()
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        for number in range(iters):
            self.queue.put(message(nbytes, number))
        consumer.join()
        return self.end - begin, self.got


class AsyncioQueue:
    """asyncio.Queue between two tasks of this thread."""

    def __init__(self, variant, consumers):
        if consumers != 1:
            raise ValueError(f"{variant}: one who gets")

    async def consume(self, messages, nbytes, iters):
        got = 0
        for number in range(iters):
            got += await messages.get() == message(nbytes, number)
        return got

    async def pass_on(self, nbytes, iters):
        messages = asyncio.Queue()
        begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        consumer = asyncio.create_task(self.consume(messages, nbytes, iters))
        for number in range(iters):
            await messages.put(message(nbytes, number))
        got = await consumer
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) - begin, got

    def sample(self, nbytes, iters):
        take_place(0, 2)
        return asyncio.run(self.pass_on(nbytes, iters))


KINDS = {
    "python_pipe": Channel,
    "python_pipe_send": Channel,
    "python_queue": Channel,
    "python_thread_queue": ThreadQueue,
    "python_asyncio_queue": AsyncioQueue,
}
CHANNELS = {}


def run(request, variant, iters, *params):
    if request != "RUN" or variant not in KINDS:
        raise ValueError(f"no {request} {variant} here")
    named = dict(param.split("=", 1) for param in params)
    nbytes, consumers = int(named["bytes"]), int(named["workers"]) - 1
    if nbytes != 8 and nbytes < 16:
        raise ValueError(f"bytes={nbytes}: 8, or at least 16")
    key = variant, consumers
    if key not in CHANNELS:
        CHANNELS[key] = KINDS[variant](*key)
    return CHANNELS[key].sample(nbytes, int(iters))


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
