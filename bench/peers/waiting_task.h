/*
 * waiting_task.h - a task that waits: by a sleep, for a server's answer, or by a sleep before it computes
 *
 * One thread does it from begin to end, or a loop begins it and ends it when its descriptor is readable.
 */
#ifndef FORKLAB_WAITING_TASK_H
#define FORKLAB_WAITING_TASK_H

#include "peers/latency_server.h"
#include <errno.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define COMPUTE 10 /* a mixed task computes for a tenth of its wait */

enum kind { SLEEP, REQUEST, MIXED };

struct task {
	uint32_t number;
	enum kind kind;
	uint64_t wait_ns;
	uint16_t port;
};

static inline struct timespec as_timespec(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
}

static inline void sleep_for(uint64_t ns)
{
	struct timespec left = as_timespec(ns);

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
}

static inline uint64_t thread_cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* By our own CPU time: as much work whoever else runs. */
static inline void compute_for(uint64_t ns)
{
	uint64_t end = thread_cpu_ns() + ns;

	while (thread_cpu_ns() < end)
		;
}

/* What a task that was done right returns: no two tasks the same, and none 0. */
static inline uint64_t value_of(const struct task *t)
{
	return (uint64_t)t->number + 1;
}

static inline uint64_t do_task(const struct task *t)
{
	if (t->kind == REQUEST) {
		uint32_t number = 0;
		int fd = latency_connect(t->port, t->wait_ns, t->number);
		int err = fd < 0 ? fd : latency_finish(fd, &number);

		return err ? 0 : (uint64_t)number + 1;
	}
	sleep_for(t->wait_ns);
	if (t->kind == MIXED)
		compute_for(t->wait_ns / COMPUTE);
	return value_of(t);
}

static inline int begin_wait(const struct task *t)
{
	struct itimerspec when = {.it_value = as_timespec(t->wait_ns)};
	int fd;

	if (t->kind == REQUEST)
		return latency_connect(t->port, t->wait_ns, t->number);
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (fd < 0 || timerfd_settime(fd, 0, &when, NULL)) {
		int err = -errno;

		if (fd >= 0)
			close(fd);
		return err;
	}
	return fd;
}

static inline int end_wait(const struct task *t, int fd, uint64_t *result)
{
	uint32_t number = 0;
	int err = 0;

	if (t->kind == REQUEST)
		err = latency_finish(fd, &number);
	else
		close(fd);
	*result = err ? 0 : t->kind == REQUEST ? (uint64_t)number + 1 : value_of(t);
	return err;
}

#endif
