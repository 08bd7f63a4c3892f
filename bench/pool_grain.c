/*
 * pool_grain - how much work must a task be before a pool pays?
 *
 * One map over equal tasks, by one thread and by workers that are there already, as many as CPUs. The grain, how
 * long a task takes, goes from next to nothing to what is worth any pool; at one grain the number of tasks goes up
 * as well, since what a map costs once is shared by all its tasks. Where serial work and a pool take equal time is the
 * break-even.
 */
#include "pool_work.h"

#define TASKS       64
#define MANY        32768
#define MOST        50000
#define SWEPT_GRAIN "1us" /* the number of tasks is swept here */
#define MOST_S      12    /* 50000 tasks in CPython, beside all the others */
#define LONG_S      40    /* a round of 64 tasks of 10 ms takes 2.5 s with CPython's */

static const struct mp_task tasks[] = {{"walk", work_task_walk}, {NULL, NULL}};

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

static int setup_point(struct bench_run *r)
{
	uint64_t steps = 0;
	double ns;
	int err = work_ns(bench_word(r, "grain"), &ns);

	if (!err)
		err = work_steps(ns, &steps);
	return err ? err : work_set_walks(r, (size_t)bench_number(r, "tasks"), steps);
}

static int open_processes(struct bench_run *r)
{
	return work_open_pool(r, tasks, bench_effective(r), MP_SPAWN);
}

static int open_threads(struct bench_run *r)
{
	return work_open_pool(r, tasks, bench_effective(r), MP_THREAD);
}

static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_serial);
}

static uint64_t run_pool(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_pool);
}

/*
 * Maps of 16384 such tasks are over before the kernel has spread the workers over the CPUs, in a part of the rounds:
 * C is told apart from serial work with twice as many, CPython's pool, which gains less, with three times as many.
 */
static const char *skip_many(const struct bench_run *r, bool python)
{
	bool most = bench_number(r, "tasks") == MOST, many = bench_number(r, "tasks") == MANY;

	if (bench_asked(r, "tasks") || (!most && !many))
		return NULL;
	if (most && !python)
		return " ";
	if (most)
		return bench_budget_s(r) < MOST_S ? "takes seconds: give --budget 15" : NULL;
	return python && bench_budget_s(r) >= MOST_S ? " " : NULL;
}

static const char *skip(const struct bench_run *r)
{
	bool python = !strncmp(bench_variant_name(r), "python_", strlen("python_"));

	if (bench_number(r, "tasks") < 1)
		return "a map has at least one task";
	if (bench_number(r, "tasks") != TASKS && !bench_is(r, "grain", SWEPT_GRAIN) &&
		!bench_asked(r, "tasks"))
		return " ";
	/* A call that long costs a pool of CPython's half a millisecond all the same: shown with more tasks. */
	if (python && bench_number(r, "tasks") < TASKS && !bench_asked(r, "tasks"))
		return " ";
	if (python && bench_is(r, "grain", "100ns"))
		return "a call of a Python function takes as long as that";
	if (bench_is(r, "grain", "10ms") && !bench_asked(r, "grain") && bench_budget_s(r) < LONG_S)
		return "takes tens of seconds: give --budget 40";
	return skip_many(r, python);
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one thread does one task after the other", .run = run_serial},
	{.name = "pool",
		.text = "mp_pool_map by spawned processes",
		.base = "serial",
		.run = run_pool,
		.setup = open_processes,
		.teardown = work_close_pool},
	{.name = "pool_threads",
		.text = "mp_pool_map by threads",
		.base = "serial",
		.run = run_pool,
		.setup = open_threads,
		.teardown = work_close_pool},
	{.name = "python_serial",
		.text = "CPython: a list of calls, one after the other",
		.peer = "pool_grain.py",
		.needs = "python3"},
	{.name = "python_pool",
		.text = "CPython: Pool.map by forked processes",
		.base = "python_serial",
		.peer = "pool_grain.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How much work must a task be before a pool pays?",
	.topic = "pool-overhead",
	.op = "one map of that many tasks",
	.variants = variants,
	.axes = {{"grain", "100ns,1us,10us,100us,1ms,10ms", "1us,10us,100us",
			 "how long a task takes alone"},
		{"tasks", "64,8,512,32768,50000", "64,8,512,16384", "tasks of one map"}},
	.answer =
		"A waiting pool takes {pool/serial@grain=1us,tasks=64} of the time of one process "
		"for 64 tasks of 1 \xc2\xb5s, {pool/serial@grain=100us,tasks=64} for tasks of 100 "
		"\xc2\xb5s; in CPython {python_pool/python_serial@grain=10us,tasks=64} at 10 "
		"\xc2\xb5s, {python_pool/python_serial@grain=100us,tasks=64} at 100 \xc2\xb5s",
	.share = 0.06,
	.quick_share = 0.045,
	.chart = "grain",
	.chart_axis = "grain",
	.early = early,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = work_teardown_point,
};
