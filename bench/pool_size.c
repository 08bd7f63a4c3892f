/*
 * pool_size - how many workers should a pool have?
 *
 * The same 64 tasks by pools of one worker, of as many as CPUs, and of two and four times as many. Tasks that
 * compute need a CPU each; tasks that wait, as for a disk or another machine, need none, so that the best number is
 * another one. The pools are there before: what more workers cost to start is another question (pool_create).
 */
#include "pool_work.h"
#include <stdio.h>
#include <time.h>

#define TASKS      64
#define COMPUTE_NS 300000u
#define WAIT_NS    300000u

/* steps is the time to wait. */
static int task_wait(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const struct work_item *it = item;
	struct timespec left = {.tv_nsec = (long)it->steps};

	(void)item_bytes, (void)result_bytes;
	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
	*(uint64_t *)result = it->x;
	return 0;
}

static const struct mp_task tasks[] = {{"walk", work_task_walk}, {"wait", task_wait}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

static int early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
	return 0;
}

/* "4x" is four times the CPUs, "1" one. */
static unsigned pool_size(const struct bench_run *r)
{
	unsigned n = 0;
	char unit = '\0';

	if (sscanf(bench_word(r, "size"), "%u%c", &n, &unit) < 1 || n < 1 || n > 1000)
		return 0;
	return unit == 'x' ? n * bench_effective(r) : n;
}

static int setup_waits(struct bench_run *r)
{
	struct work_load *l = work_new("wait", task_wait, TASKS);

	if (!l)
		return -ENOMEM;
	for (size_t i = 0; i < TASKS; i++) {
		l->items[i] = (struct work_item){i + 1, WAIT_NS};
		l->wanted[i] = i + 1;
	}
	bench_set_point_state(r, l);
	return 0;
}

static int setup_point(struct bench_run *r)
{
	uint64_t steps = 0;
	struct work_load *l;
	int err = bench_is(r, "tasks", "wait") ? setup_waits(r) : work_steps(COMPUTE_NS, &steps);

	if (!err && steps)
		err = work_set_walks(r, TASKS, steps);
	if (err)
		return err;
	l = bench_point_state(r);
	l->chunk = 1;
	return 0;
}

static int open_pool(struct bench_run *r)
{
	return work_open_pool(r, tasks, pool_size(r), MP_SPAWN);
}

static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_serial);
}

static uint64_t run_pool(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_pool);
}

static const char *skip(const struct bench_run *r)
{
	unsigned n = pool_size(r);

	if (n < 1 || n > MP_POOL_WORKERS_MAX)
		return "a pool has 1 to 1000 workers";
	if (!strcmp(bench_variant_name(r), "serial") && !bench_is(r, "size", "1"))
		return " ";
	if (n > TASKS && !bench_asked(r, "size"))
		return "more workers than tasks";
	return NULL;
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one task after the other, without a pool", .run = run_serial},
	{.name = "pool",
		.text = "mp_pool_map with chunk 1 by spawned processes",
		.base = "serial",
		.run = run_pool,
		.setup = open_pool,
		.teardown = work_close_pool},
	{.name = "python_pool",
		.text = "CPython: Pool.map with chunksize 1 by forked processes",
		.peer = "pool_size.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How many workers should a pool have?",
	.topic = "pool-overhead",
	.op = "one map of 64 tasks that compute or wait for 300 us",
	.variants = variants,
	.axes = {{"tasks", "compute,wait", NULL, "what the tasks do"},
		{"size", "1,1x,2x,4x", "1x,4x", "workers in the pool; 2x: twice as many as CPUs"}},
	.round_axis = "size",
	.share = 0.045,
	.chart = "line",
	.early = early,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = work_teardown_point,
};
