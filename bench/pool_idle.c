/*
 * pool_idle - between two jobs, should a pool's threads end, spin or sleep?
 *
 * Batches of 64 small tasks, one after the other, as in a published course assignment: by one thread; by threads that are
 * started for each batch; by threads that stay and look for the next batch all the time; by threads that stay and
 * are woken. In all of them the caller does tasks too, so there are as many threads as CPUs, and tasks are taken one
 * by one from a common count. Threads of a benchmark alone: demos/mp/pool.h looks for some 10 us, then sleeps.
 */
#include "harness/ensure.h"
#include "mp/futex.h"
#include "mp/spin.h"
#include "pool_work.h"
#include <pthread.h>
#include <stdatomic.h>

#define TASKS       64
#define HELPERS_MAX 255

struct crew {
	_Alignas(64) _Atomic size_t next;   /* the task that nobody has taken yet */
	_Alignas(64) _Atomic uint32_t done; /* tasks of this batch */
	_Alignas(64) _Atomic uint32_t batch;
	_Atomic bool end;
	/* Not even the spinning ones spin while other variants are measured, which have the same CPUs. */
	_Atomic bool measured;
	bool sleeps;
	unsigned nhelpers;
	struct work_load *load;
	pthread_t helpers[HELPERS_MAX];
};

/* Who comes late, when all are taken, gets a number beyond them. A batch begins when next becomes 0, after done. */
static void take_tasks(struct crew *c)
{
	struct work_load *l = c->load;
	size_t i;

	while ((i = atomic_fetch_add(&c->next, 1)) < l->n) {
		l->task(&l->items[i], sizeof(l->items[i]), &l->results[i], sizeof(l->results[i]));
		if (atomic_fetch_add(&c->done, 1) + 1 == l->n && c->sleeps)
			mp_futex_wake_all(&c->done);
	}
}

static void begin_batch(struct crew *c)
{
	atomic_store(&c->done, 0);
	atomic_store(&c->next, 0);
}

static void await_done(struct crew *c)
{
	uint32_t seen;

	while ((seen = atomic_load(&c->done)) < c->load->n)
		if (c->sleeps)
			mp_futex_wait(&c->done, seen, MP_NO_END);
		else
			mp_relax();
}

/* ---- threads that stay ---- */

static void *help(void *arg)
{
	struct crew *c = arg;

	for (uint32_t seen = 0;; seen++) {
		while (atomic_load(&c->batch) == seen)
			if (c->sleeps || !atomic_load(&c->measured))
				mp_futex_wait(&c->batch, seen, MP_NO_END);
			else
				mp_relax();
		if (atomic_load(&c->end))
			return NULL;
		take_tasks(c);
	}
}

static int map_crew(struct bench_run *r, struct work_load *l)
{
	struct crew *c = bench_state(r);

	(void)l;
	begin_batch(c);
	atomic_fetch_add(&c->batch, 1);
	if (c->sleeps)
		mp_futex_wake_all(&c->batch);
	take_tasks(c);
	await_done(c);
	return 0;
}

static void close_crew(struct bench_run *r)
{
	struct crew *c = bench_state(r);

	atomic_store(&c->end, true);
	atomic_fetch_add(&c->batch, 1);
	mp_futex_wake_all(&c->batch);
	for (unsigned i = 0; i < c->nhelpers; i++)
		CHECK(!pthread_join(c->helpers[i], NULL));
	free(c);
}

/* With one CPU there is a helper too: what it costs there is part of the answer. */
static unsigned helpers(const struct bench_run *r)
{
	unsigned n = bench_effective(r) > 1 ? bench_effective(r) - 1 : 1;

	return n < HELPERS_MAX ? n : HELPERS_MAX;
}

static int open_crew(struct bench_run *r, bool sleeps, bool stay)
{
	struct crew *c = aligned_alloc(_Alignof(struct crew), sizeof(*c));
	int err = 0;

	if (!c)
		return -ENOMEM;
	memset(c, 0, sizeof(*c));
	c->sleeps = sleeps;
	c->load = bench_point_state(r);
	bench_set_state(r, c);
	atomic_store(&c->next, c->load->n); /* nothing to take before the first batch */
	for (; stay && !err && c->nhelpers < helpers(r); c->nhelpers += !err)
		err = -pthread_create(&c->helpers[c->nhelpers], NULL, help, c);
	if (err)
		close_crew(r);
	return err;
}

static int open_spinning(struct bench_run *r)
{
	return open_crew(r, false, true);
}

static int open_sleeping(struct bench_run *r)
{
	return open_crew(r, true, true);
}

static uint64_t run_crew(struct bench_run *r, uint64_t iters)
{
	struct crew *c = bench_state(r);
	uint64_t right;

	atomic_store(&c->measured, true);
	mp_futex_wake_all(&c->batch);
	right = work_run(r, iters, map_crew);
	atomic_store(&c->measured, false);
	return right;
}

/* ---- threads for one batch ---- */

static void *help_once(void *arg)
{
	take_tasks(arg);
	return NULL;
}

static int open_none(struct bench_run *r)
{
	return open_crew(r, false, false);
}

static int map_spawn(struct bench_run *r, struct work_load *l)
{
	struct crew *c = bench_state(r);
	unsigned n = 0;
	int err = 0;

	(void)l;
	begin_batch(c);
	for (; !err && n < helpers(r); n += !err)
		err = -pthread_create(&c->helpers[n], NULL, help_once, c);
	take_tasks(c);
	for (unsigned i = 0; i < n; i++)
		CHECK(!pthread_join(c->helpers[i], NULL));
	return err;
}

static uint64_t run_spawn(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_spawn);
}

/* ---- the sweep ---- */

static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_serial);
}

static int setup_point(struct bench_run *r)
{
	uint64_t steps = 0;
	double ns;
	int err = work_ns(bench_word(r, "grain"), &ns);

	if (!err)
		err = work_steps(ns, &steps);
	return err ? err : work_set_walks(r, TASKS, steps);
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one thread does one task after the other", .run = run_serial},
	{.name = "spawn",
		.text = "threads are started for each batch, and joined",
		.base = "serial",
		.run = run_spawn,
		.setup = open_none,
		.teardown = close_crew},
	{.name = "spin",
		.text = "threads stay, and look for the next batch all the time",
		.base = "serial",
		.run = run_crew,
		.setup = open_spinning,
		.teardown = close_crew},
	{.name = "sleep",
		.text = "threads stay, and sleep until they are woken",
		.base = "serial",
		.run = run_crew,
		.setup = open_sleeping,
		.teardown = close_crew},
	{.name = NULL},
};

const struct bench bench = {
	.question = "Between two jobs, should a pool's threads end, spin or sleep?",
	.topic = "pool-overhead",
	.op = "one batch of 64 tasks",
	.variants = variants,
	.axes = {{"grain", "300ns,3us,30us", NULL, "how long a task takes alone"}},
	.share = 0.01,
	.quick_share = 0.02,
	.chart = "grain",
	.chart_axis = "grain",
	.point_setup = setup_point,
	.point_teardown = work_teardown_point,
};
