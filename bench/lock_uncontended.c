/*
 * lock_uncontended - what does a lock cost that nobody else wants?
 *
 * One process acquires and releases; the number that it protects goes up by one each time. What a lock
 * between processes may cost is seen against the two mutexes of the C library: the plain one, which stays
 * locked for ever when its owner is killed, and the robust one, which does not.
 */
#include "harness/bench.h"
#include "mp/lock.h"
#include <errno.h>
#include <pthread.h>
#include <stddef.h>

struct guarded {
	_Alignas(64) union {
		struct mp_lock lock;
		pthread_mutex_t mutex;
	};
	uint64_t number;
};

static int make(struct bench_run *r, struct guarded **out)
{
	*out = bench_arena(r, sizeof(**out));
	bench_set_state(r, *out);
	return *out ? 0 : -ENOMEM;
}

static int make_mutex(struct bench_run *r, int robust)
{
	struct guarded *g;
	pthread_mutexattr_t attr;
	int err = make(r, &g);

	if (!err)
		err = -pthread_mutexattr_init(&attr);
	if (err)
		return err;
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, robust);
	err = -pthread_mutex_init(&g->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

static int make_robust(struct bench_run *r)
{
	return make_mutex(r, PTHREAD_MUTEX_ROBUST);
}

static int make_plain(struct bench_run *r)
{
	return make_mutex(r, PTHREAD_MUTEX_STALLED);
}

static void drop_mutex(struct bench_run *r)
{
	struct guarded *g = bench_state(r);

	pthread_mutex_destroy(&g->mutex);
}

static int make_lock(struct bench_run *r)
{
	struct guarded *g;
	int err = make(r, &g);

	return err ? err : mp_lock_create(&g->lock);
}

static void drop_lock(struct bench_run *r)
{
	struct guarded *g = bench_state(r);

	mp_lock_destroy(&g->lock);
}

/* Volatile: each time the number is read and written in memory, as other processes would need it. */
static uint64_t run_mutex(struct bench_run *r, uint64_t iters)
{
	struct guarded *g = bench_state(r);
	volatile uint64_t *number = &g->number;
	uint64_t before = *number;

	for (; iters > 0; iters--) {
		int err = pthread_mutex_lock(&g->mutex);

		if (err) {
			bench_fail(r, -err, "pthread_mutex_lock");
			break;
		}
		*number += 1;
		pthread_mutex_unlock(&g->mutex);
	}
	return *number - before;
}

static uint64_t run_lock(struct bench_run *r, uint64_t iters)
{
	struct guarded *g = bench_state(r);
	volatile uint64_t *number = &g->number;
	uint64_t before = *number;

	for (; iters > 0; iters--) {
		int err = mp_lock_acquire(&g->lock, MP_FOREVER);

		if (err) {
			bench_fail(r, err, "mp_lock_acquire");
			break;
		}
		*number += 1;
		mp_lock_release(&g->lock);
	}
	return *number - before;
}

static const struct bench_variant variants[] = {
	{.name = "robust_mutex",
		.text = "pthread_mutex_lock and _unlock, process-shared and robust",
		.run = run_mutex,
		.setup = make_robust,
		.teardown = drop_mutex},
	{.name = "plain_mutex",
		.text = "the same, process-shared but not robust",
		.base = "robust_mutex",
		.run = run_mutex,
		.setup = make_plain,
		.teardown = drop_mutex},
	{.name = "mp_lock",
		.text = "mp_lock_acquire and mp_lock_release",
		.base = "robust_mutex",
		.run = run_lock,
		.setup = make_lock,
		.teardown = drop_lock},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What does a lock cost that nobody else wants?",
	.topic = "deadlock-timeouts",
	.op = "acquire + release",
	.variants = variants,
	.axes = {{.name = "cpus", .values = "one", .text = "the CPUs it may use"}},
	.answer = "Our lock, which outlives its owner's death, costs {mp_lock/robust_mutex} times "
		  "the C library's robust "
		  "mutex ({robust_mutex})",
	.share = 0.01,
	.chart = "ladder",
};
