/* clock.c - what one read of CLOCK_MONOTONIC costs, and how finely it steps */
#include "harness/clock.h"

#include "harness/host_internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH       64      /* reads timed together: one read is near the clock's own step */
#define BATCHES     255     /* odd, so that the median is one of them */
#define BUDGET_NS   800000u /* for each half; a clock that is a system call gets fewer batches */
#define STEP_READS  16384
#define COARSE_READ 4000000u /* a clock fed by the timer tick steps every 1 to 10 ms */

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double read_cost_ns(void)
{
	uint64_t took[BATCHES];
	size_t n = 0, middle;
	const uint64_t begin = clock_now_ns();
	uint64_t from = begin, now = begin;

	while (n < BATCHES && (n == 0 || now - begin < BUDGET_NS)) {
		for (int i = 0; i < BATCH; i++)
			now = clock_now_ns();
		took[n++] = now - from;
		from = now;
	}
	/* The median: a batch that was interrupted must not count. */
	qsort(took, n, sizeof(took[0]), by_value);
	middle = n / 2;
	return (double)took[middle] / BATCH;
}

/* 0 where the clock never moved. clock_getres says 1 ns whatever the hardware does, so we look. */
static uint64_t smallest_step_ns(void)
{
	const uint64_t begin = clock_now_ns();
	uint64_t last = begin, least = 0;

	for (unsigned i = 0; i < COARSE_READ; i++) {
		const uint64_t now = clock_now_ns();

		if (now != last && (least == 0 || now - last < least))
			least = now - last;
		if (least != 0 && (i >= STEP_READS || now - begin >= BUDGET_NS))
			break;
		last = now;
	}
	return least;
}

void clock_measure(struct clock_info *out)
{
	struct timespec res = {0, 0};

	memset(out, 0, sizeof(*out));
	clock_getres(CLOCK_MONOTONIC, &res);
	out->getres_ns = (uint64_t)res.tv_sec * 1000000000u + (uint64_t)res.tv_nsec;
	out->cost_ns = read_cost_ns();
	out->step_ns = smallest_step_ns();
	if (out->step_ns == 0)
		out->step_ns = out->getres_ns;
	if (host_read("", HOST_CLOCKSOURCE, out->source, sizeof(out->source)) <= 0)
		snprintf(out->source, sizeof(out->source), "unknown");
}
