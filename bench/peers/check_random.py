"""
check_random.py - four processes of CPython draw a random number each, and all four differ

listings: 002-L01 001-L08
claims: 002-C005

Watch for: as many different numbers as processes, whether they come from fork or from spawn. After
a fork the module random seeds its generator again in the child (os.register_at_fork), which rand()
of C does not; a spawned child is a new interpreter, which seeds its own. A random.Random of one's
own is not seeded again: it is a piece of memory as any other, and fork copies it.

expect:
    fork: 4 processes drew 4 different numbers
    spawn: 4 processes drew 4 different numbers
    fork, from a random.Random of main's: 4 processes drew 1 different number
"""
import multiprocessing
import random
import sys

PROCESSES = 4
TIMEOUT_S = 4  # a child that hangs is ended, and nothing was shown
CANNOT = 77


own_random = random.Random()


def draw(connection):
    connection.send(random.random())


def draw_own(connection):
    connection.send(own_random.random())


def numbers_of(context, draw_one=draw):
    ends = [context.Pipe(duplex=False) for _ in range(PROCESSES)]
    children = [context.Process(target=draw_one, args=(to,), daemon=True) for _, to in ends]
    for child in children:
        child.start()
    numbers = [ours.recv() for ours, _ in ends if ours.poll(TIMEOUT_S)]
    for child in children:
        child.join(TIMEOUT_S)
    return numbers


def main():
    random.seed(1)  # that the parent has drawn before must not matter
    random.random()
    shown = True
    for method in ("fork", "spawn"):
        if method not in multiprocessing.get_all_start_methods():
            print(f"check_random.py: no {method} here", file=sys.stderr)
            return CANNOT
        numbers = numbers_of(multiprocessing.get_context(method))
        print(f"{method}: {len(numbers)} processes drew {len(set(numbers))} different numbers", flush=True)
        shown = shown and len(numbers) == PROCESSES == len(set(numbers))
    numbers = numbers_of(multiprocessing.get_context("fork"), draw_own)
    different = len(set(numbers))
    print(f"fork, from a random.Random of main's: {len(numbers)} processes drew {different} different number", flush=True)
    return 0 if shown and (len(numbers), different) == (PROCESSES, 1) else 1


if __name__ == "__main__":
    sys.exit(main())
