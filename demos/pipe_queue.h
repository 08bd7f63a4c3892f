/*
 * pipe_queue.h - a queue made of a pipe, and consumers that are watched until they end or are stuck
 *
 * For queue_empty_race and its mended twin queue_sentinel, beside demo.h. Only libc.
 */
#ifndef PIPE_QUEUE_H
#define PIPE_QUEUE_H

#include "demo.h"
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { TIMEOUT_MS = 5000 };
enum { ENDED, TIME_UP, STUCK }; /* a consumer's exit code */

struct shared {
	atomic_int got;
	atomic_int looks, gets; /* how often consumers have begun to get, and have done it */
};

static struct shared *shared;
static int reading, writing; /* the queue: a pipe, as in multiprocessing */

static inline void put(int item)
{
	if (write(writing, &item, sizeof(item)) != sizeof(item))
		_exit(TIME_UP);
}

static inline int empty(int timeout_ms)
{
	struct pollfd p = {reading, POLLIN, 0};

	return poll(&p, 1, timeout_ms) <= 0;
}

/* 0: none came in time. Of two who wait for one item, the second reads nothing: the end is O_NONBLOCK. */
static inline int get(int *item, int timeout_ms)
{
	long long until = demo_now_ns() + timeout_ms * 1000000ll;

	do
		if (!empty(10) && read(reading, item, sizeof(*item)) == sizeof(*item))
			return 1;
	while (demo_now_ns() < until);
	return 0;
}

/* Until so many have come so far. */
static inline void meet(const atomic_int *count, int wanted)
{
	long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;

	while (*count < wanted)
		if (sched_yield(), demo_now_ns() > until)
			_exit(TIME_UP);
}

/* How many consumers did not end by themselves; first: the items are there before the consumers. */
static inline int run(int consumers, int items, bool first, int (*consume)(int consumers),
	void (*put_all)(int items, int consumers))
{
	int ends[2], stuck = 0;
	pid_t pids[2];

	shared = demo_shared(sizeof(*shared));
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

#endif
