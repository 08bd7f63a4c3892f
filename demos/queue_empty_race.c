/*
 * queue_empty_race - a consumer that asks whether the queue is empty ends too early, or never
 *
 * listings: 004-L07 003-L10
 * claims: 003-C042 004-C029
 *
 * Watch for: what empty means. Once it said "now", not "for good": the consumer looked before the producer had put
 * anything, and ended with 0 of 6. And once it said the truth, which was old by the time of the get: two
 * consumers saw the last item, one got it, the other waits for one that never comes. Here the worst case is made
 * certain: the producer begins after the first look, and consumers look together before they get. In the tutorials
 * the scheduler decides: 0 of 6 in 47 of 60 runs of the one, stuck in 20 of 20 of the other (with 4 consumers
 * and 1 ms between the two calls).
 *
 * Then look at: diff -u demos/queue_empty_race.c demos/queue_sentinel.c
 *
 * The Python it re-creates:
 *     def consume(queue):
 *         while not queue.empty():
 *             work(queue.get())
 *
 * expect:
 *     one consumer: 6 put, 0 got
 *     two consumers: 5 put, 5 got
 *     two consumers: 1 is stuck in get, though it saw an item before
 */
#include "demo.h"
#include <fcntl.h>
#include <stdatomic.h>

enum { LOOK_MS = 100, TIMEOUT_MS = 5000 };
enum { ENDED, TIME_UP, STUCK }; /* a consumer's exit code */

struct shared {
	atomic_int got;
	atomic_int looks, gets; /* how often consumers have done that */
};

static struct shared *shared;
static int reading, writing; /* the queue: a pipe, as in multiprocessing */

static void put(int item)
{
	if (write(writing, &item, sizeof(item)) != sizeof(item))
		_exit(TIME_UP);
}

static int empty(int timeout_ms)
{
	struct pollfd p = {reading, POLLIN, 0};

	return poll(&p, 1, timeout_ms) <= 0;
}

/* 0: none came in time. Of two who wait for one item, the second reads nothing: the end is O_NONBLOCK. */
static int get(int *item, int timeout_ms)
{
	long long until = demo_now_ns() + timeout_ms * 1000000ll;

	do
		if (!empty(10) && read(reading, item, sizeof(*item)) == sizeof(*item))
			return 1;
	while (demo_now_ns() < until);
	return 0;
}

/* Until so many have come so far. */
static void meet(const atomic_int *count, int wanted)
{
	long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;

	while (*count < wanted)
		if (sched_yield(), demo_now_ns() > until)
			_exit(TIME_UP);
}

/* Looks, waits for the other's look, gets, waits for the other's get. */
static int consume(int consumers)
{
	for (int turn = 1, item, more;; turn++) {
		more = !empty(0);
		shared->looks++;
		if (!more)
			return ENDED;
		meet(&shared->looks, turn * consumers);
		more = get(&item, LOOK_MS);
		shared->got += more;
		shared->gets++;
		if (!more)
			return STUCK;
		meet(&shared->gets, turn * consumers);
	}
}

static void put_all(int items, int consumers)
{
	(void)consumers;
	for (int i = 1; i <= items; i++)
		put(i);
}

/* How many consumers did not end by themselves; first: the items are there before the consumers. */
static int run(int consumers, int items, int first)
{
	int ends[2], stuck = 0;
	pid_t pids[2];

	*shared = (struct shared){0};
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK))
		demo_end(DEMO_NO_RESOURCE, "pipe2: %s", strerror(errno));
	reading = ends[0];
	writing = ends[1];
	if (first)
		put_all(items, consumers);
	for (int i = 0; i < consumers; i++)
		if ((pids[i] = demo_fork()) == 0)
			_exit(consume(consumers));
	if (!first) {
		meet(&shared->looks, consumers);
		put_all(items, consumers);
	}
	for (int i = 0; i < consumers; i++) {
		int status = demo_wait(pids[i], 2 * TIMEOUT_MS);

		if (status != 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != STUCK))
			demo_end(DEMO_NOT_SHOWN, "a consumer was killed, or its time was up");
		stuck += status != 0;
	}
	demo_line("%s: %d put, %d got\n", consumers == 1 ? "one consumer" : "two consumers", items,
		(int)shared->got);
	close(reading);
	close(writing);
	return stuck;
}

int main(int argc, char **argv)
{
	int stuck, got;

	demo_start(argc, argv, "queue_empty_race",
		"a consumer that asks whether the queue is empty ends too early, or never");
	shared = demo_shared(sizeof(*shared));
	stuck = run(1, 6, 0);
	got = shared->got;
	if (stuck || got != 0)
		return DEMO_NOT_SHOWN;
	stuck = run(2, 5, 1);
	if (stuck != 1 || shared->got != 5)
		return DEMO_NOT_SHOWN;
	demo_line("two consumers: 1 is stuck in get, though it saw an item before\n");
	return DEMO_SHOWN;
}
