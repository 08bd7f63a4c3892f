/*
 * time.h - timeouts of the primitives: relative milliseconds outside, one deadline inside
 *
 * Every call that may wait takes `int64_t timeout_ms`. MP_FOREVER waits without a limit, as does any
 * time too long for the clock (292 years); 0 looks once; a negative time is 0, as in Python's
 * multiprocessing. No call returns -ETIMEDOUT before its time is up.
 *
 * CLOCK_MONOTONIC alone: it is not moved when somebody sets the clock, and all processes of a machine
 * read the same value from it, so that a deadline may be handed to another process.
 */
#ifndef MP_TIME_H
#define MP_TIME_H

#include <stdint.h>
#include <time.h>

#define MP_FOREVER    INT64_MAX
#define MP_NO_END     UINT64_MAX /* the deadline of MP_FOREVER */
#define MP_NS_PER_MS  UINT64_C(1000000)
#define MP_NS_PER_SEC UINT64_C(1000000000)

static inline uint64_t mp_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * MP_NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* When a wait that begins now and may last timeout_ms ends, in ns of CLOCK_MONOTONIC. */
static inline uint64_t mp_deadline_ns(int64_t timeout_ms)
{
	if (timeout_ms <= 0)
		return 0; /* long past: looks once, without asking the clock */
	if (timeout_ms > INT64_MAX / (int64_t)MP_NS_PER_MS)
		return MP_NO_END;
	return mp_now_ns() + (uint64_t)timeout_ms * MP_NS_PER_MS;
}

static inline struct timespec mp_timespec(uint64_t ns)
{
	return (struct timespec){
		.tv_sec = (time_t)(ns / MP_NS_PER_SEC), .tv_nsec = (long)(ns % MP_NS_PER_SEC)};
}

/* Milliseconds until the deadline for poll(2): rounded up, so that it never ends early; -1: no end. */
static inline int mp_poll_ms(uint64_t deadline_ns)
{
	uint64_t now, ms;

	if (deadline_ns == MP_NO_END)
		return -1;
	now = deadline_ns ? mp_now_ns() : 0;
	if (deadline_ns <= now)
		return 0;
	ms = (deadline_ns - now + MP_NS_PER_MS - 1) / MP_NS_PER_MS;
	return ms < INT32_MAX ? (int)ms : INT32_MAX;
}

#endif
