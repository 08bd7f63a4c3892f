/* a_vs_a - how often does a comparison see a difference where there is none? */
#include "harness/bench.h"
#include <stddef.h>

/* Both variants are this very function: whatever differs between them is the machine, or the statistics. */
static uint64_t run(struct bench_run *r, uint64_t iters)
{
	uint64_t x = 1;

	(void)r;
	for (uint64_t i = 0; i < iters; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(x));
	}
	return iters;
}

static const struct bench_variant variants[] = {
	{.name = "a", .text = "dependent multiply-adds", .run = run},
	{.name = "b", .text = "the same function once more", .base = "a", .run = run},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How often does a comparison see a difference where there is none?",
	.topic = "instrument",
	.op = "one multiply-add",
	.variants = variants,
	.axes = {{.name = "cpus", .values = "one", .text = "the CPUs it may use"}},
	.rounds = 4000,
	.rounds_quick = 400,
	.chart = "ladder",
};
