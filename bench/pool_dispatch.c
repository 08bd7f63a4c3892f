/*
 * pool_dispatch - what does it cost to hand a task to a waiting pool, and to get its result back?
 *
 * One map over items of 8 bytes with results of 8 bytes, by a pool that is there already, with as many workers
 * as CPUs. With 0 steps of work a task is nearly nothing, and what is left is the pool; with 100 steps (about
 * 100 ns) and the default chunk the question is how much of the CPUs the work gets. Beside it stand what else
 * one would take, and a futex's round trip: what two sleepers need at least to wake each other.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "mp/futex.h"
#include "mp/pool.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif
#ifdef HAVE_LIBUV
#include <uv.h>
#endif

#define PYTHON_TASKS 1000 /* 15 ms a map; a million would take 15 s */
#define UV_WINDOW    1000 /* requests under way at a time */

/* ---- the task ---- */

struct item {
	uint32_t x, steps;
};

/* x -> a x + c modulo 2^32 (Numerical Recipes' constants), steps times, and once more. */
static uint64_t value_of(struct item it)
{
	uint64_t x = it.x;

	for (uint32_t i = 0; i <= it.steps; i++)
		x = (x * 1664525u + 1013904223u) & UINT32_MAX;
	return x;
}

static int run_task(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	(void)item_bytes;
	(void)result_bytes;
	*(uint64_t *)result = value_of(*(const struct item *)item);
	return 0;
}

static const struct mp_task tasks[] = {{"task", run_task}, {NULL, NULL}};

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

/* ---- one point: the items, and what their results add up to ---- */

struct load {
	size_t n, chunk; /* chunk 0: the default */
	struct item *items;
	uint64_t *results;
	uint64_t sum;
};

static int setup_point(struct bench_run *r)
{
	struct load *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->n = (size_t)bench_number(r, "tasks");
	l->chunk = bench_is(r, "chunk", "1");
	l->items = calloc(l->n, sizeof(*l->items));
	l->results = calloc(l->n, sizeof(*l->results));
	if (!l->items || !l->results) {
		free(l->items);
		free(l->results);
		free(l);
		return -ENOMEM;
	}
	for (size_t i = 0; i < l->n; i++) {
		l->items[i] = (struct item){(uint32_t)i, (uint32_t)bench_number(r, "steps")};
		l->sum += value_of(l->items[i]);
	}
	bench_set_point_state(r, l);
	return 0;
}

static void teardown_point(struct bench_run *r)
{
	struct load *l = bench_point_state(r);

	free(l->items);
	free(l->results);
	free(l);
}

/* Times maps one by one; between them the results are added up, and wiped. */
static uint64_t run_maps(
	struct bench_run *r, uint64_t iters, int (*map)(struct bench_run *r, struct load *l))
{
	struct load *l = bench_point_state(r);
	uint64_t right = 0, elapsed = 0;

	for (; iters > 0; iters--) {
		uint64_t begin = clock_now_ns(), sum = 0;
		int err = map(r, l);

		elapsed += clock_now_ns() - begin;
		if (err) {
			bench_fail(r, err, "map");
			return 0;
		}
		for (size_t i = 0; i < l->n; i++)
			sum += l->results[i];
		right += sum == l->sum;
		memset(l->results, 0, l->n * sizeof(*l->results));
	}
	bench_elapsed(r, elapsed);
	return right;
}

/* ---- serial: the same calls, through a pointer that the compiler cannot look through ---- */

static int (*volatile task_pointer)(const void *, size_t, void *, size_t) = run_task;

static int map_serial(struct bench_run *r, struct load *l)
{
	int (*task)(const void *, size_t, void *, size_t) = task_pointer;

	(void)r;
	for (size_t i = 0; i < l->n; i++)
		task(&l->items[i], sizeof(l->items[i]), &l->results[i], sizeof(l->results[i]));
	return 0;
}

static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	return run_maps(r, iters, map_serial);
}

/* ---- our pool, of processes and of threads ---- */

static int open_pool(struct bench_run *r, enum mp_method method)
{
	struct mp_pool *pool;
	int err = mp_pool_create(&(struct mp_pool_options){.entry = "worker",
					 .tasks = tasks,
					 .workers = bench_effective(r),
					 .method = method},
		&pool);

	if (!err)
		bench_set_state(r, pool);
	return err;
}

static int open_processes(struct bench_run *r)
{
	return open_pool(r, MP_SPAWN);
}

static int open_threads(struct bench_run *r)
{
	return open_pool(r, MP_THREAD);
}

static void close_pool(struct bench_run *r)
{
	mp_pool_destroy(bench_state(r));
}

static int map_pool(struct bench_run *r, struct load *l)
{
	size_t failed = 0;
	int err = mp_pool_map(bench_state(r),
		&(struct mp_map){.task = "task",
			.items = l->items,
			.item_bytes = sizeof(*l->items),
			.n = l->n,
			.results = l->results,
			.result_bytes = sizeof(*l->results),
			.chunk = l->chunk},
		&failed);

	return err ? err : failed ? -EREMOTEIO : 0;
}

static uint64_t run_pool(struct bench_run *r, uint64_t iters)
{
	return run_maps(r, iters, map_pool);
}

/* ---- OpenMP ---- */

#ifdef _OPENMP
static int map_openmp(struct bench_run *r, struct load *l)
{
	int (*task)(const void *, size_t, void *, size_t) = task_pointer;
	unsigned workers = bench_effective(r);
	size_t chunk = l->chunk ? l->chunk : (l->n + 4 * workers - 1) / (4 * workers);

#pragma omp parallel for schedule(dynamic, chunk) num_threads(workers)
	for (size_t i = 0; i < l->n; i++)
		task(&l->items[i], sizeof(l->items[i]), &l->results[i], sizeof(l->results[i]));
	return 0;
}

static uint64_t run_openmp(struct bench_run *r, uint64_t iters)
{
	return run_maps(r, iters, map_openmp);
}
#else
#define run_openmp run_serial /* skip() refuses it */
#endif

/* ---- libuv's thread pool ---- */

#ifdef HAVE_LIBUV
struct uv_state {
	uv_loop_t loop;
	struct load *load;
	size_t next;
	struct uv_request {
		uv_work_t work;
		struct uv_state *state;
		size_t i;
	} requests[UV_WINDOW];
};

static int open_uv(struct bench_run *r)
{
	struct uv_state *s = calloc(1, sizeof(*s));
	char workers[16];
	int err;

	if (!s)
		return -ENOMEM;
	/* Read once, when the first request comes. */
	snprintf(workers, sizeof(workers), "%u", bench_effective(r));
	setenv("UV_THREADPOOL_SIZE", workers, 1);
	err = uv_loop_init(&s->loop);
	if (err)
		free(s);
	else
		bench_set_state(r, s);
	return err;
}

static void close_uv(struct bench_run *r)
{
	struct uv_state *s = bench_state(r);

	uv_loop_close(&s->loop);
	free(s);
}

static void uv_task(uv_work_t *w)
{
	struct uv_request *q = w->data;
	struct load *l = q->state->load;

	run_task(&l->items[q->i], sizeof(l->items[0]), &l->results[q->i], sizeof(l->results[0]));
}

static void uv_done(uv_work_t *w, int status)
{
	struct uv_request *q = w->data;

	if (status || q->state->next == q->state->load->n)
		return;
	q->i = q->state->next++;
	uv_queue_work(&q->state->loop, w, uv_task, uv_done);
}

static int map_uv(struct bench_run *r, struct load *l)
{
	struct uv_state *s = bench_state(r);
	size_t window = l->n < UV_WINDOW ? l->n : UV_WINDOW;

	s->load = l;
	s->next = window;
	for (size_t i = 0; i < window; i++) {
		s->requests[i].state = s;
		s->requests[i].i = i;
		s->requests[i].work.data = &s->requests[i];
		uv_queue_work(&s->loop, &s->requests[i].work, uv_task, uv_done);
	}
	return uv_run(&s->loop, UV_RUN_DEFAULT);
}

static uint64_t run_uv(struct bench_run *r, uint64_t iters)
{
	return run_maps(r, iters, map_uv);
}
#else
#define open_uv  NULL
#define close_uv NULL
#define run_uv   run_serial /* skip() refuses it */
#endif

/* ---- the bound: two threads that wake each other ---- */

struct futexes {
	_Alignas(64) _Atomic uint32_t there;
	_Alignas(64) _Atomic uint32_t back;
	pthread_t thread;
	_Atomic bool end;
};

static void await_change(_Atomic uint32_t *word, uint32_t seen)
{
	while (atomic_load(word) == seen)
		mp_futex_wait(word, seen, MP_NO_END);
}

static void *answer(void *arg)
{
	struct futexes *f = arg;

	for (uint32_t seen = 0;; seen++) {
		await_change(&f->there, seen);
		if (atomic_load(&f->end))
			return NULL;
		atomic_fetch_add(&f->back, 1);
		mp_futex_wake_all(&f->back);
	}
}

static int open_futexes(struct bench_run *r)
{
	struct futexes *f = bench_arena(r, sizeof(*f));
	int err;

	if (!f)
		return -ENOMEM;
	memset(f, 0, sizeof(*f));
	err = -pthread_create(&f->thread, NULL, answer, f);
	bench_set_state(r, f);
	return err;
}

static void close_futexes(struct bench_run *r)
{
	struct futexes *f = bench_state(r);

	atomic_store(&f->end, true);
	atomic_fetch_add(&f->there, 1);
	mp_futex_wake_all(&f->there);
	(void)pthread_join(f->thread, NULL);
}

static uint64_t run_futexes(struct bench_run *r, uint64_t iters)
{
	struct futexes *f = bench_state(r);
	uint32_t before = atomic_load(&f->back);

	for (uint64_t i = 0; i < iters; i++) {
		uint32_t seen = atomic_load(&f->back);

		atomic_fetch_add(&f->there, 1);
		mp_futex_wake_all(&f->there);
		await_change(&f->back, seen);
	}
	return (uint32_t)(atomic_load(&f->back) - before);
}

/* ---- the sweep ---- */

static const char *skip(const struct bench_run *r)
{
	const char *name = bench_variant_name(r);
	bool small = bench_number(r, "tasks") == PYTHON_TASKS;
	bool one_by_one = bench_is(r, "chunk", "1"), work = bench_number(r, "steps") > 0;

	/* Nothing to do goes one by one; what is worth doing goes in chunks, and is much of it. */
	if (one_by_one == work || (work && bench_number(r, "tasks") < 1000000))
		return " ";
	if ((!strcmp(name, "futex_roundtrip") || !strncmp(name, "python_", 7)) &&
		(!small || !one_by_one))
		return " ";
	if (!strcmp(name, "libuv") && !one_by_one)
		return " "; /* it has no chunks */
#ifndef _OPENMP
	if (!strcmp(name, "openmp"))
		return "this build has no OpenMP (gcc has it, clang needs libomp-dev)";
#endif
#ifndef HAVE_LIBUV
	if (!strcmp(name, "libuv"))
		return "this build has no libuv (libuv1-dev)";
#endif
	return NULL;
}

/* Those without a base are a hundred times as slow or as fast: what is compared takes equal iters. */
static const struct bench_variant variants[] = {
	{.name = "serial", .text = "the same calls one after the other", .run = run_serial},
	{.name = "pool",
		.text = "mp_pool_map by spawned processes",
		.base = "serial",
		.run = run_pool,
		.setup = open_processes,
		.teardown = close_pool},
	{.name = "pool_threads",
		.text = "mp_pool_map by threads",
		.base = "serial",
		.run = run_pool,
		.setup = open_threads,
		.teardown = close_pool},
	{.name = "openmp",
		.text = "OpenMP: parallel for, schedule(dynamic, chunk)",
		.base = "serial",
		.run = run_openmp},
	{.name = "libuv",
		.text = "libuv: uv_queue_work for each task",
		.run = run_uv,
		.setup = open_uv,
		.teardown = close_uv},
	{.name = "python_pool",
		.text = "CPython: multiprocessing.Pool.map with chunksize 1",
		.peer = "pool_dispatch.py",
		.needs = "python3"},
	{.name = "futex_roundtrip",
		.text = "no task: one thread wakes another, which wakes it",
		.run = run_futexes,
		.setup = open_futexes,
		.teardown = close_futexes},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What does it cost to hand a task to a pool and to get its result?",
	.topic = "pool-overhead",
	.op = "one map of that many tasks",
	.variants = variants,
	.axes = {{"tasks", "1000,100000,1000000", NULL, "items of one map"},
		{"chunk", "1,default", NULL,
			"items handed over at once; default: a quarter of a worker's share, at "
			"most 1,600"},
		{"steps", "0,100", NULL, "of computing in a task, about 1 ns each"}},
	.answer = "A task that does nothing costs {pool/serial@tasks=1000000,chunk=1,steps=0} "
		  "times the bare call when "
		  "it is handed to a pool of processes one by one; a million tasks of about 100 ns "
		  "each take "
		  "{pool/serial@tasks=1000000,chunk=default,steps=100} of the time of one process "
		  "with the default "
		  "chunk",
	.share = 0.045,
	.chart = "line",
	.chart_axis = "tasks",
	.early = early,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = teardown_point,
};
