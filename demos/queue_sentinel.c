/*
 * queue_sentinel - consumers end when they are told so, neither too early nor never
 *
 * listings: 004-L07 003-L10
 * claims: none
 *
 * Watch for: all items are got, and all consumers end, though the producer begins after the first look here too,
 * and though two consumers wait for one item. Nobody asks whether the queue is empty. get waits, and the producer
 * says when there is no more: with one last item for each consumer, since who gets it takes it away.
 *
 * The Python it re-creates:
 *     def consume(queue):
 *         while (item := queue.get()) is not None:
 *             work(item)
 *     # the producer, at its end, for each consumer: queue.put(None)
 *
 * expect:
 *     one consumer: 6 put, 6 got
 *     two consumers: 5 put, 5 got
 *     two consumers: both have ended
 */
#include "demo.h"
#include <fcntl.h>
#include <stdatomic.h>

enum { LAST = 0, TIMEOUT_MS = 5000 };
enum { ENDED, TIME_UP, STUCK }; /* a consumer's exit code */

struct shared {
	atomic_int got;
	atomic_int looks; /* how often consumers have begun to get */
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

/* Gets until it is told that there is no more. */
static int consume(int consumers)
{
	(void)consumers;
	for (int item;;) {
		shared->looks++;
		if (!get(&item, TIMEOUT_MS))
			return STUCK;
		if (item == LAST)
			return ENDED;
		shared->got++;
	}
}

/* Each consumer takes one of the last items with it. */
static void put_all(int items, int consumers)
{
	for (int i = 1; i <= items; i++)
		put(i);
	for (int i = 0; i < consumers; i++)
		put(LAST);
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

	demo_start(argc, argv, "queue_sentinel",
		"consumers end when they are told so, neither too early nor never");
	shared = demo_shared(sizeof(*shared));
	stuck = run(1, 6, 0);
	got = shared->got;
	if (stuck || got != 6)
		return DEMO_NOT_SHOWN;
	stuck = run(2, 5, 1);
	if (stuck || shared->got != 5)
		return DEMO_NOT_SHOWN;
	demo_line("two consumers: both have ended\n");
	return DEMO_SHOWN;
}
