"""calls.py - what messages cost the kernel, by CPython's Pipe and Queue; counted, not timed

First a child puts 20,000 numbers, one behind the other, and this process gets them. Then each of 5,000 numbers
goes to the child and comes back before the next one goes. Printed is, for one number and both processes together:
how often they called read and write (/proc/self/io), and how often one of them gave its CPU away to wait.
"""
import multiprocessing
import resource
import sys

ONE_WAY, ROUNDS = 20_000, 5_000


def count():
    """Reads, writes, waits: this process's, and those of the children that it has waited for."""
    try:
        with open("/proc/self/io") as f:
            io = dict(line.split(": ") for line in f)
    except OSError as error:
        print(f"calls.py: /proc/self/io: {error.strerror}: this machine does not count", file=sys.stderr)
        sys.exit(77)
    waits = sum(resource.getrusage(who).ru_nvcsw for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return int(io["syscr"]), int(io["syscw"]), waits


def child_puts(get, put):
    for number in range(ONE_WAY):
        put(number)


def parent_gets(get, put):
    return all(get() == number for number in range(ONE_WAY))


def child_answers(get, put):
    for _ in range(ROUNDS):
        put(get())


def parent_asks(get, put):
    for number in range(ROUNDS):
        put(number)
        if get() != number:
            return False
    return True


def run(name, child, parent, numbers):
    """A Pipe has both directions; of Queues it takes one for each."""
    if name == "Pipe":
        here, there = context.Pipe()
        ours, theirs = (here.recv, here.send), (there.recv, there.send)
    else:
        to_child, to_parent = context.Queue(), context.Queue()
        ours, theirs = (to_parent.get, to_child.put), (to_child.get, to_parent.put)
    before = count()
    process = context.Process(target=child, args=theirs)
    process.start()
    if not parent(*ours):
        sys.exit(f"calls.py: {name}: a number was lost, or not in its order")
    process.join()
    reads, writes, waits = ((after - was) / numbers for after, was in zip(count(), before))
    print(f"{name:24} {reads:5.2f} {writes:6.2f} {waits:6.2f}")


if __name__ == "__main__":
    # By name, since fork is no longer the default everywhere from CPython 3.14 on.
    context = multiprocessing.get_context("fork")
    print("one behind the other     reads writes  waits")
    for name in "Pipe", "Queue":
        run(name, child_puts, parent_gets, ONE_WAY)
    print("there and back           reads writes  waits", flush=True)
    for name in "Pipe", "Queue":
        run(name, child_answers, parent_asks, ROUNDS)
