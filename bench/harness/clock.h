/*
 * clock.h - the one clock of the project, and what reading it costs
 *
 * CLOCK_MONOTONIC everywhere: it never jumps, all processes of the machine share it, and its read is
 * a vDSO call (no kernel entry). Any thread or process may call these at any time.
 */
#ifndef FORKLAB_CLOCK_H
#define FORKLAB_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Now, in nanoseconds since an arbitrary start. Async-signal-safe. Source: clock_gettime(2). */
static inline uint64_t clock_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

struct clock_info {
	double cost_ns;   /* one read, median of many batches */
	uint64_t step_ns; /* the smallest non-zero difference seen: measured, since getres says 1 */
	uint64_t getres_ns; /* what clock_getres(2) claims */
	char source[32];    /* the kernel's clocksource, "unknown" where sysfs does not say */
};

/* Measures the clock in about 2 ms. Never fails. */
void clock_measure(struct clock_info *out);

#endif
