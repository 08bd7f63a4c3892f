/*
 * pool_chunk - how many tasks should a worker be handed at once?
 *
 * The same tasks of 1 us, mapped by a pool in chunks of 1 up to all. Small chunks are handed over often, each for
 * its price; with large ones too few are there to share, and with all in one a single worker does everything. The
 * default is that of Python's map, a quarter of a worker's share; it stands beside each chunk as a variant of its
 * own, which does not care for the axis. Python's imap has 1 as default.
 */
#include "pool_work.h"

#define TASKS    4000
#define GRAIN_NS 1000

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
	int64_t chunk = bench_number(r, "chunk");
	struct work_load *l;
	int err = work_steps(GRAIN_NS, &steps);

	if (!err && (chunk < 1 || chunk > TASKS))
		err = -EINVAL;
	if (!err)
		err = work_set_walks(r, TASKS, steps);
	if (err)
		return err;
	l = bench_point_state(r);
	l->chunk = (size_t)chunk;
	return 0;
}

static int open_pool(struct bench_run *r)
{
	return work_open_pool(r, tasks, bench_effective(r), MP_SPAWN);
}

static int map_default(struct bench_run *r, struct work_load *l)
{
	return work_map_by(bench_state(r), l, 0);
}

static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_serial);
}

static uint64_t run_default(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_default);
}

static uint64_t run_pool(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_pool);
}

static const char *skip(const struct bench_run *r)
{
	/* It has no chunks: once is enough. */
	return !strcmp(bench_variant_name(r), "serial") && !bench_is(r, "chunk", "1") ? " " : NULL;
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one thread does one task after the other", .run = run_serial},
	{.name = "pool_default",
		.text = "mp_pool_map with the default chunk, whatever chunk is",
		.base = "serial",
		.run = run_default,
		.setup = open_pool,
		.teardown = work_close_pool},
	{.name = "pool",
		.text = "mp_pool_map with that chunk",
		.base = "pool_default",
		.run = run_pool,
		.setup = open_pool,
		.teardown = work_close_pool},
	{.name = "python_map_default",
		.text = "CPython: Pool.map with its default, whatever chunk is",
		.peer = "pool_chunk.py",
		.needs = "python3"},
	{.name = "python_map",
		.text = "CPython: Pool.map with that chunksize",
		.base = "python_map_default",
		.peer = "pool_chunk.py",
		.needs = "python3"},
	{.name = "python_imap",
		.text = "CPython: list(Pool.imap) with that chunksize",
		.base = "python_map_default",
		.peer = "pool_chunk.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How many tasks should a worker be handed at once?",
	.topic = "pool-overhead",
	.op = "one map of 4000 tasks of 1 us",
	.variants = variants,
	.axes = {{"chunk", "1,4,16,64,250,1000,4000", "1,16,250,4000",
		"tasks that are handed to a worker at once", TASKS}},
	.answer = "Handed over one by one, the tasks take {pool/pool_default@chunk=1} times as "
		  "long as by multiprocessing's default chunk; in CPython "
		  "{python_map/python_map_default@chunk=1} times",
	.share = 0.025,
	.round_axis = "chunk",
	.chart = "grain",
	.chart_axis = "chunk",
	.early = early,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = work_teardown_point,
};
