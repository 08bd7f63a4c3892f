"""squares.py - 1000 squares by one process, and by a pool of 4 that is made for them; then both again"""
import multiprocessing
import time

NUMBERS = 1000
WORKERS = 4


def square(x):
    return x * x


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) / 1e6


def show(which):
    begin = now_ms()
    alone = [square(x) for x in range(NUMBERS)]
    single = now_ms() - begin

    begin = now_ms()
    pool = multiprocessing.get_context("fork").Pool(WORKERS)
    made = now_ms()
    together = pool.map(square, range(NUMBERS))
    mapped = now_ms()
    pool.close()
    pool.join()
    ended = now_ms()

    if alone != together:
        raise SystemExit("squares.py: the pool's squares are wrong")
    print(f"{which:6} {single:12.3f} ms {ended - begin:8.3f} ms {(ended - begin) / single:6.0f} x"
          f" {made - begin:8.3f} ms {mapped - made:8.3f} ms {ended - mapped:8.3f} ms")


def main():
    print("        one process   pool of 4    ratio      made      mapped       ended")
    show("first")
    show("second")


if __name__ == "__main__":
    main()
