"""
check_pool_not_closed.py - a program of CPython that leaves its pool as it is loses lines that its workers printed

listings: 002-L02 004-L06
claims: 001-C088

Watch for: the number of lines. The output is a pipe, so that each worker's lines wait in a buffer of its own. At
the program's end the workers are told to end, and get SIGTERM right after: some are quick enough to write
their lines, some are not. So the program is run again until lines are missing. After close and join none ever are.

expect:
    not closed: run <n> printed <n> of 3 lines, with exit code 0
    closed and joined: 5 runs printed 3 of 3 lines
"""
import os
import subprocess
import sys

PROGRAM = """
import multiprocessing

def power(x):
    print(x ** x)

if __name__ == "__main__":
    pool = multiprocessing.get_context("fork").Pool(2)
    pool.map(power, [4, 2, 3])
"""
CLOSED = PROGRAM + """
    pool.close()
    pool.join()
"""
LINES = 3
RUNS = 40        # seen: lines are missing in one run of two
CLOSED_RUNS = 5
TIMEOUT_S = 4    # a program that hangs is ended, and nothing was shown
# With this set Python writes each line at once, as on a terminal.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def run(program):
    """Exit code and number of lines."""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, env=BUFFERED, timeout=TIMEOUT_S,
                          check=False)
    return done.returncode, len(done.stdout.splitlines())


def main():
    for number in range(1, RUNS + 1):
        code, lines = run(PROGRAM)
        if code != 0 or lines < LINES:
            break
    if code != 0 or lines == LINES:
        print(f"check_pool_not_closed.py: {RUNS} runs lost no line", file=sys.stderr)
        return 1
    print(f"not closed: run {number} printed {lines} of {LINES} lines, with exit code {code}", flush=True)
    runs = [run(CLOSED) for _ in range(CLOSED_RUNS)]
    if runs != [(0, LINES)] * CLOSED_RUNS:
        print(f"check_pool_not_closed.py: closed and joined: {runs}", file=sys.stderr)
        return 1
    print(f"closed and joined: {CLOSED_RUNS} runs printed {LINES} of {LINES} lines")
    return 0


if __name__ == "__main__":
    sys.exit(main())
