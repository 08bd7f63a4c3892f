/*
 * pool_self_wait - tasks that wait for tasks of their own pool: all workers wait, none is left to work
 *
 * listings: none, for a form of 001's deadlock that it names and does not show
 * claims: 001-C079
 *
 * Watch for: no lock is in sight. What is held are the workers: each by a task that waits for another task, and that
 * one waits for a worker. With a worker to spare the same tasks are done, so it works in every test with few tasks,
 * and stands still on the day there are as many as workers. Who submits tasks from tasks must not wait in them: let
 * main wait, or let the task hand back what is still to be done. Here a limit for each task gets the pool out: what
 * takes too long is ended together with its worker, and a new worker finds what had waited.
 *
 * The Python it re-creates:
 *     def outer(): return pool.apply_async(inner).get()    # waits for ever where no worker is free
 *     pool = ThreadPool(2)                                 # a Pool does not even hand itself over
 *     pool.apply_async(outer); pool.apply_async(outer)
 *
 * expect:
 *     2 workers, 1 task that waits for another: 1 got it
 *     2 workers, 2 tasks that wait for others: 0 got it within 500 ms
 *     the workers with pid <pid> and pid <pid> were ended with them
 *     what was waited for is done in the end: 3 of 3
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/pool.h"

enum { WORKERS = 2, PAIRS = 3, GIVE_UP_MS = 500, TIMEOUT_MS = 5000 };

/* A pair is an outer task and the inner one that it waits for. The workers are forked, and so have this too. */
static struct {
	atomic_int outers_run;
	struct mp_event inner_done[PAIRS];
} * shared;

static int outer(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	(void)item_bytes, (void)result, (void)result_bytes;
	shared->outers_run++;
	return mp_event_wait(&shared->inner_done[*(const int *)item], MP_FOREVER);
}

static int inner(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	(void)item_bytes, (void)result, (void)result_bytes;
	return mp_event_set(&shared->inner_done[*(const int *)item]);
}

static const struct mp_task tasks[] = {{"outer", outer}, {"inner", inner}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

static struct mp_async *submit(struct mp_pool *pool, const char *task, int pair, int timeout_ms)
{
	const struct mp_call c = {.task = task,
		.item = &pair,
		.item_bytes = sizeof(pair),
		.timeout_ms = (uint32_t)timeout_ms};
	struct mp_async *a;

	demo_must(mp_pool_apply_async(pool, &c, &a), task);
	return a;
}

static bool is_ok(struct mp_async *a, pid_t *pid)
{
	struct mp_outcome o;

	demo_must(mp_async_get(a, NULL, &o, TIMEOUT_MS), "get");
	mp_async_close(a);
	*pid = o.pid;
	return o.kind == MP_OUTCOME_OK;
}

/* All outer tasks run before the first inner one is submitted. got: whether an outer task got what it waited for;
 * else pids has the worker that was ended with it. How many of the inner ones were done in the end. */
static int run_pairs(struct mp_pool *pool, int first, int n, int *got, pid_t *pids)
{
	const long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;
	struct mp_async *outers[WORKERS], *inners[WORKERS];
	int done = 0;
	pid_t any;

	for (int i = 0; i < n; i++)
		outers[i] = submit(pool, "outer", first + i, GIVE_UP_MS);
	while (shared->outers_run < first + n && demo_now_ns() < until)
		mp_pool_poll(pool, 1);
	if (shared->outers_run < first + n)
		demo_end(DEMO_NOT_SHOWN, "a task did not begin");
	for (int i = 0; i < n; i++)
		inners[i] = submit(pool, "inner", first + i, 0);
	*got = 0;
	for (int i = 0; i < n; i++)
		*got += is_ok(outers[i], &pids[i]);
	for (int i = 0; i < n; i++)
		done += is_ok(inners[i], &any);
	return done;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};
	const struct mp_pool_options o = {
		.entry = "worker", .tasks = tasks, .workers = WORKERS, .method = MP_FORK};
	pid_t pids[WORKERS];
	struct mp_pool *pool;
	int one, all, done;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "pool_self_wait",
		"tasks that wait for tasks of their own pool: all workers wait, none is left to "
		"work");
	shared = demo_shared(sizeof(*shared));
	for (int i = 0; i < PAIRS; i++)
		mp_event_create(&shared->inner_done[i]);
	demo_must(mp_pool_create(&o, &pool), "pool");
	done = run_pairs(pool, 0, 1, &one, pids);
	demo_line("%d workers, 1 task that waits for another: %d got it\n", WORKERS, one);
	done += run_pairs(pool, 1, WORKERS, &all, pids);
	demo_line("%d workers, %d tasks that wait for others: %d got it within %d ms\n", WORKERS,
		WORKERS, all, GIVE_UP_MS);
	demo_line("the workers with pid %d and pid %d were ended with them\n", (int)pids[0],
		(int)pids[1]);
	demo_line("what was waited for is done in the end: %d of %d\n", done, PAIRS);
	demo_must(mp_pool_destroy(pool), "destroy");
	return one == 1 && all == 0 && done == PAIRS ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
