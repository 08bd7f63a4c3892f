"""
check_default_method.py - this CPython on Linux starts its processes by fork if nothing else is said

listings: none
claims: 001-C073

Watch for: the child finds a variable as main has set it: it is a copy. From 3.14 on the default on
Linux is forkserver; there this check says so, and shows nothing.

expect:
    the default is fork, and the child is a copy
"""
import multiprocessing
import sys

TIMEOUT_S = 4
CANNOT = 77
variable = 0


def child(connection):
    connection.send("a copy" if variable else "begun anew")


def main():
    global variable
    variable = 1
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=child, args=(theirs,), daemon=True)
    process.start()
    answer = ours.recv() if ours.poll(TIMEOUT_S) else "silent"
    process.join(TIMEOUT_S)
    method = multiprocessing.get_start_method()
    print(f"the default is {method}, and the child is {answer}", flush=True)
    if method != "fork":
        print(f"check_default_method.py: the default of this Python is {method}", file=sys.stderr)
        return CANNOT
    return 0 if answer == "a copy" else 1


if __name__ == "__main__":
    sys.exit(main())
