/*
 * pool_work.h - what the benchmarks of pools have in common: work of a known length, and checked maps
 *
 * A header alone: each bench/pool_*.c that includes it is still one file that the Makefile finds. A benchmark has one
 * struct work_load a point; its variants map the load's task over the load's items, each in its own way, and every
 * single result is compared.
 */
#ifndef FORKLAB_POOL_WORK_H
#define FORKLAB_POOL_WORK_H

#include "harness/bench.h"
#include "harness/clock.h"
#include "mp/pool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WORK_READINGS      9
#define WORK_READING_STEPS 200000

typedef int work_task(const void *item, size_t item_bytes, void *result, size_t result_bytes);

/* ---- work as long as is asked for ---- */

/* x -> WORK_A x + WORK_C modulo 2^64 (Knuth's MMIX): each step needs the one before it. */
#define WORK_A 6364136223846793005u
#define WORK_C 1442695040888963407u

static inline uint64_t work_walk(uint64_t x, uint64_t steps)
{
	for (; steps > 0; steps--)
		x = WORK_A * x + WORK_C;
	return x;
}

/* The same end in log2(steps) turns, to check it by. Source: F. Brown, Random Number Generation with Arbitrary
 * Strides, 1994. */
static inline uint64_t work_jump(uint64_t x, uint64_t steps)
{
	uint64_t a = WORK_A, c = WORK_C;

	for (; steps > 0; steps >>= 1) {
		if (steps & 1)
			x = a * x + c;
		c = a * c + c;
		a *= a;
	}
	return x;
}

/* How long a step takes here: the shortest of several readings, since noise only adds. */
static inline double work_read_step(void)
{
	double shortest = 0.0;
	uint64_t x = 1;

	for (int i = 0; i < WORK_READINGS; i++) {
		uint64_t begin = clock_now_ns();
		double ns;

		/* Between these two, so that the walk cannot move across a clock read. */
		__asm__ volatile("" : "+r"(x));
		x = work_walk(x, WORK_READING_STEPS);
		__asm__ volatile("" : "+r"(x));
		ns = (double)(clock_now_ns() - begin) / WORK_READING_STEPS;
		if (i == 0 || ns < shortest)
			shortest = ns;
	}
	return shortest;
}

/* How many steps take ns, at least 1. -EPROTO: no machine is that fast, the compiler has left the work out. */
static inline int work_steps(double ns, uint64_t *steps)
{
	static double step_ns; /* read once a launch: all its points then agree */

	if (step_ns == 0.0)
		step_ns = work_read_step();
	if (!(step_ns > 0.01))
		return -EPROTO;
	*steps = (uint64_t)(ns / step_ns + 0.5);
	*steps += *steps == 0;
	return 0;
}

/* "100ns", "10us", "1ms" in ns. -EINVAL. */
static inline int work_ns(const char *word, double *ns)
{
	char *unit;
	double x = strtod(word, &unit);

	*ns = x * (!strcmp(unit, "ns")          ? 1
			  : !strcmp(unit, "us") ? 1e3
			  : !strcmp(unit, "ms") ? 1e6
						: 0);
	return *ns > 0 && *ns <= 1e9 ? 0 : -EINVAL;
}

/* ---- one map, and what it must come to ---- */

struct work_item {
	uint64_t x, steps;
};

/* The task: a walk. */
static inline int work_task_walk(
	const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const struct work_item *it = item;

	(void)item_bytes, (void)result_bytes;
	*(uint64_t *)result = work_walk(it->x, it->steps);
	return 0;
}

struct work_load {
	const char *name; /* of the task in the pool's table */
	/* The same task, which the compiler cannot look through. */
	work_task *volatile task;
	size_t n, chunk; /* chunk 0: the default */
	struct work_item *items;
	uint64_t *results, *wanted;
};

static inline void work_free(struct work_load *l)
{
	if (!l)
		return;
	free(l->items);
	free(l->results);
	free(l->wanted);
	free(l);
}

/* n items of the task: its items and what is wanted are left to the caller. NULL: no memory. */
static inline struct work_load *work_new(const char *name, work_task *task, size_t n)
{
	struct work_load *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->name = name;
	l->task = task;
	l->n = n;
	l->items = calloc(n, sizeof(*l->items));
	l->results = calloc(n, sizeof(*l->results));
	l->wanted = calloc(n, sizeof(*l->wanted));
	if (l->items && l->results && l->wanted)
		return l;
	work_free(l);
	return NULL;
}

/* n walks of steps each becomes the point's load. */
static inline int work_set_walks(struct bench_run *r, size_t n, uint64_t steps)
{
	struct work_load *l = work_new("walk", work_task_walk, n);

	if (!l)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		l->items[i] = (struct work_item){i + 1, steps};
		l->wanted[i] = work_jump(i + 1, steps);
	}
	bench_set_point_state(r, l);
	return 0;
}

static inline void work_teardown_point(struct bench_run *r)
{
	work_free(bench_point_state(r));
}

/* Whether all results are there and right; they are wiped, so that a map that does nothing is found. */
static inline bool work_right(struct work_load *l)
{
	bool right = !memcmp(l->results, l->wanted, l->n * sizeof(*l->results));

	memset(l->results, 0, l->n * sizeof(*l->results));
	return right;
}

/* Times maps one by one; between them the results are looked at. Returns how many maps were right. */
static inline uint64_t work_run(
	struct bench_run *r, uint64_t iters, int (*map)(struct bench_run *r, struct work_load *l))
{
	struct work_load *l = bench_point_state(r);
	uint64_t right = 0, elapsed = 0;

	for (; iters > 0; iters--) {
		uint64_t begin = clock_now_ns();
		int err = map(r, l);

		elapsed += clock_now_ns() - begin;
		if (err) {
			bench_fail(r, err, "map");
			return 0;
		}
		right += work_right(l);
	}
	bench_elapsed(r, elapsed);
	return right;
}

/* ---- the two ways that all of them know ---- */

static inline int work_map_serial(struct bench_run *r, struct work_load *l)
{
	work_task *task = l->task;

	(void)r;
	for (size_t i = 0; i < l->n; i++)
		task(&l->items[i], sizeof(l->items[i]), &l->results[i], sizeof(l->results[i]));
	return 0;
}

static inline int work_map_by(struct mp_pool *pool, struct work_load *l, size_t chunk)
{
	const struct mp_map m = {.task = l->name,
		.items = l->items,
		.item_bytes = sizeof(*l->items),
		.n = l->n,
		.results = l->results,
		.result_bytes = sizeof(*l->results),
		.chunk = chunk};
	size_t failed = 0;
	int err = mp_pool_map(pool, &m, &failed);

	return err ? err : failed ? -EREMOTEIO : 0;
}

/* By the pool that is the variant's state. */
static inline int work_map_pool(struct bench_run *r, struct work_load *l)
{
	return work_map_by(bench_state(r), l, l->chunk);
}

/* A pool whose workers run the entry "worker", as the variant's state. */
static inline int work_open_pool(
	struct bench_run *r, const struct mp_task *tasks, uint32_t workers, enum mp_method method)
{
	const struct mp_pool_options o = {
		.entry = "worker", .tasks = tasks, .workers = workers, .method = method};
	struct mp_pool *pool;
	int err = mp_pool_create(&o, &pool);

	if (!err)
		bench_set_state(r, pool);
	return err;
}

static inline void work_close_pool(struct bench_run *r)
{
	mp_pool_destroy(bench_state(r));
}

#endif
