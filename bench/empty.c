/* empty - what does the instrument itself cost? */
#include "harness/bench.h"
#include "harness/clock.h"
#include <stddef.h>

/*
 * The loops stand here twice on purpose: once run and timed by the harness, once with the clock read by
 * hand around the same loop. What they differ by is the harness. An asm barrier keeps the compiler from
 * deleting a loop whose result nobody needs.
 */
#define BODY_STEPS 96 /* dependent multiply-adds: about 100 ns on a processor of 2015 to 2025 */

static inline __attribute__((always_inline)) uint64_t loop_empty(uint64_t iters)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < iters; i++) {
		n++;
		__asm__ volatile("" : "+r"(n));
	}
	return n;
}

static inline __attribute__((always_inline)) uint64_t loop_body(uint64_t iters)
{
	uint64_t n = 0, x = 1;

	for (uint64_t i = 0; i < iters; i++) {
		for (int k = 0; k < BODY_STEPS; k++) {
			x = x * 6364136223846793005u + 1442695040888963407u;
			__asm__ volatile("" : "+r"(x));
		}
		n++;
	}
	return n;
}

static uint64_t run_empty(struct bench_run *r, uint64_t iters)
{
	(void)r;
	return loop_empty(iters);
}

static uint64_t run_empty_by_hand(struct bench_run *r, uint64_t iters)
{
	uint64_t begin = clock_now_ns();
	uint64_t n = loop_empty(iters);

	bench_elapsed(r, clock_now_ns() - begin);
	return n;
}

static uint64_t run_body(struct bench_run *r, uint64_t iters)
{
	(void)r;
	return loop_body(iters);
}

static uint64_t run_body_by_hand(struct bench_run *r, uint64_t iters)
{
	uint64_t begin = clock_now_ns();
	uint64_t n = loop_body(iters);

	bench_elapsed(r, clock_now_ns() - begin);
	return n;
}

static uint64_t run_clock(struct bench_run *r, uint64_t iters)
{
	uint64_t n = 0, last = 0;

	(void)r;
	for (uint64_t i = 0; i < iters; i++) {
		uint64_t now = clock_now_ns();

		n += now >= last; /* the clock never runs backwards: checked by the count */
		last = now;
	}
	return n;
}

static const struct bench_variant variants[] = {
	{.name = "empty_by_hand",
		.text = "an empty loop, the clock read by hand",
		.run = run_empty_by_hand},
	{.name = "empty",
		.text = "the same loop, timed by the harness",
		.base = "empty_by_hand",
		.run = run_empty},
	{.name = "clock_read", .text = "one read of CLOCK_MONOTONIC", .run = run_clock},
	{.name = "body_by_hand",
		.text = "96 dependent multiply-adds, the clock read by hand",
		.run = run_body_by_hand},
	{.name = "body",
		.text = "the same work, timed by the harness",
		.base = "body_by_hand",
		.run = run_body},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What does the instrument itself cost?",
	.topic = "instrument",
	.op = "one pass of the loop",
	.variants = variants,
	.axes = {{.name = "cpus", .values = "one", .text = "the CPUs it may use"}},
	.chart = "ladder",
	.share = 0.015,
};
