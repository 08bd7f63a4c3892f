/*
 * kill_latency - how long after a worker was killed does the caller know which task is lost?
 *
 * The pool is kept busy with tasks of 10 us; a worker chosen at random is killed by SIGKILL, and the time ends
 * when the caller's callback is told that a task is lost. The pool goes on: the next sample kills the next one.
 * A kill that falls between two tasks loses none, and is done again. CPython's ProcessPoolExecutor gives up all
 * that was handed to it; its time ends when the first future says so, and a new executor is made for the next.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "mp/pool.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TASK_NS    10000
#define PER_WORKER 16 /* tasks handed out and not done, so that none of the workers waits */
#define WORKERS    1000

/* Computes until its time is over: as long on a slow machine as on a fast one. */
static int busy(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t end = clock_now_ns() + TASK_NS;

	(void)item;
	(void)item_bytes;
	(void)result;
	(void)result_bytes;
	while (clock_now_ns() < end)
		;
	return 0;
}

static const struct mp_task tasks[] = {{"busy", busy}, {NULL, NULL}};

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

struct state {
	struct mp_pool *pool;
	unsigned workers;
	bool ending;
	int err;
	pid_t lost;       /* the worker that the last lost task was with; 0: none since the kill */
	uint64_t lost_ns; /* when that was told */
};

static void on_end(struct mp_async *a, void *context);

static void submit(struct state *s)
{
	int err = mp_pool_apply_async(
		s->pool, &(struct mp_call){.task = "busy", .callback = on_end, .context = s}, NULL);

	if (err && !s->err)
		s->err = err;
}

static void on_end(struct mp_async *a, void *context)
{
	struct state *s = context;
	struct mp_outcome o;

	if (mp_async_get(a, NULL, &o, 0) == 0 && o.kind == MP_OUTCOME_LOST) {
		s->lost_ns = clock_now_ns();
		s->lost = o.pid;
	}
	if (!s->ending)
		submit(s);
}

static int open_pool(struct bench_run *r)
{
	struct state *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->workers = bench_effective(r) * (unsigned)bench_number(r, "workers_per_cpu");
	err = mp_pool_create(
		&(struct mp_pool_options){.entry = "worker", .tasks = tasks, .workers = s->workers},
		&s->pool);
	if (err) {
		free(s);
		return err;
	}
	for (unsigned i = 0; i < PER_WORKER * s->workers; i++)
		submit(s);
	bench_set_state(r, s);
	return 0;
}

static void close_pool(struct bench_run *r)
{
	struct state *s = bench_state(r);

	s->ending = true;
	while (mp_pool_poll(s->pool, MP_FOREVER) == 0)
		;
	mp_pool_destroy(s->pool);
	free(s);
}

static bool lives(const struct state *s, pid_t pid)
{
	pid_t pids[WORKERS];
	size_t n = mp_pool_pids(s->pool, pids, WORKERS);

	for (size_t i = 0; i < n && i < WORKERS; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* A worker of a pool that is complete, at random, some tasks after the last kill. */
static pid_t choose(struct state *s)
{
	pid_t pids[WORKERS];
	unsigned which = 0;

	while (mp_pool_pids(s->pool, pids, WORKERS) < s->workers && !s->err)
		mp_pool_poll(s->pool, MP_FOREVER);
	if (getrandom(&which, sizeof(which), 0) != sizeof(which))
		s->err = -EIO;
	for (unsigned i = 0; i < which % 64 && !s->err; i++)
		mp_pool_poll(s->pool, MP_FOREVER);
	return pids[which % s->workers];
}

/* From the kill to the report, in ns; 0: it was between two tasks. */
static uint64_t kill_one(struct state *s)
{
	pid_t pid = choose(s);
	uint64_t begin;

	s->lost = 0;
	begin = clock_now_ns();
	if (s->err || kill(pid, SIGKILL)) {
		s->err = s->err ? s->err : -errno;
		return 0;
	}
	while (s->lost != pid && !s->err && lives(s, pid))
		mp_pool_poll(s->pool, MP_FOREVER);
	return s->lost == pid ? s->lost_ns - begin : 0;
}

static uint64_t run_pool(struct bench_run *r, uint64_t iters)
{
	struct state *s = bench_state(r);
	uint64_t told = 0, elapsed = 0;

	while (told < iters && !s->err) {
		uint64_t ns = kill_one(s);

		elapsed += ns;
		told += ns > 0;
	}
	if (s->err)
		bench_fail(r, s->err, "kill a worker");
	bench_elapsed(r, elapsed);
	return told;
}

static const struct bench_variant variants[] = {
	{.name = "pool",
		.text = "our pool: from the kill to the callback of the lost task",
		.run = run_pool,
		.setup = open_pool,
		.teardown = close_pool},
	{.name = "python_executor",
		.text = "CPython: from the kill to the first BrokenProcessPool",
		.base = "pool",
		.peer = "kill_latency.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How long after a worker was killed does the caller know?",
	.topic = "pool-overhead",
	.op = "one worker killed and reported",
	.variants = variants,
	.axes = {{"workers_per_cpu", "1,4", NULL, "workers for each CPU"}},
	.answer = "Who waits for a pool's task learns {pool@workers_per_cpu=1} after the kill that "
		  "its worker is gone; "
		  "in CPython after {python_executor/pool@workers_per_cpu=1} times that",
	.single = true,
	.share = 0.01,
	.chart = "ladder",
	.early = early,
};
