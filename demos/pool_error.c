/*
 * pool_error - one of five tasks fails; the other four have their results all the same
 *
 * listings: 000-L07
 * claims: none
 *
 * Watch for: the third line. Each task has an outcome of its own, and the error of one touches no
 * other task, and no worker.
 *
 * What the tutorial gets wrong: it says that the exception is caught inside, and that the list
 * holds the other results. In Python get() raises the task's exception again, so the list is
 * never made: each get() needs a try of its own. And multiprocessing has no ExceptionPool.
 *
 * The Python it re-creates:
 *     calls = [pool.apply_async(twice, (x,)) for x in (1, 2, 0, 4, 5)]
 *     for call in calls:
 *         try: print(call.get())
 *         except ValueError as error: print(error)
 *
 * expect:
 *     twice 1: 2
 *     twice 2: 4
 *     twice 0: error: Invalid argument
 *     twice 4: 8
 *     twice 5: 10
 *     4 results and 1 error, and no worker was lost
 */
#include "demo.h"
#include "mp/pool.h"

enum { ITEMS = 5, WORKERS = 2, TIMEOUT_MS = 5000 };

static int twice(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const int x = *(const int *)item;

	(void)item_bytes, (void)result_bytes;
	if (x == 0)
		return EINVAL; /* a code of the task's own: any but 0 */
	*(int *)result = 2 * x;
	return 0;
}

static const struct mp_task tasks[] = {{"twice", twice}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

/* Waits for a call and shows it: its outcome. */
static struct mp_outcome show(struct mp_async *call, int item)
{
	struct mp_outcome outcome;
	int result;

	demo_must(mp_async_get(call, &result, &outcome, TIMEOUT_MS), "get");
	mp_async_close(call);
	if (outcome.kind == MP_OUTCOME_OK)
		demo_line("twice %d: %d\n", item, result);
	else if (outcome.kind == MP_OUTCOME_ERROR)
		demo_line("twice %d: error: %s\n", item, strerror(outcome.code));
	else
		demo_end(DEMO_NOT_SHOWN, "the worker of %d did not survive", item);
	return outcome;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};
	const struct mp_pool_options o = {.entry = "worker", .tasks = tasks, .workers = WORKERS};
	static const int items[ITEMS] = {1, 2, 0, 4, 5};
	struct mp_async *calls[ITEMS];
	struct mp_pool *pool;
	int results = 0, errors = 0;
	pid_t before[WORKERS] = {0}, after[WORKERS] = {0};

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "pool_error",
		"one of five tasks fails; the other four have their results all the same");
	demo_must(mp_pool_create(&o, &pool), "pool");
	mp_pool_pids(pool, before, WORKERS);
	for (int i = 0; i < ITEMS; i++) {
		const struct mp_call c = {.task = "twice",
			.item = &items[i],
			.item_bytes = sizeof(items[i]),
			.result_bytes = sizeof(int)};

		demo_must(mp_pool_apply_async(pool, &c, &calls[i]), "apply");
	}
	for (int i = 0; i < ITEMS; i++)
		if (show(calls[i], items[i]).kind == MP_OUTCOME_OK)
			results++;
		else
			errors++;
	mp_pool_pids(pool, after, WORKERS);
	demo_must(mp_pool_destroy(pool), "destroy");
	if (memcmp(before, after, sizeof(before)) != 0)
		demo_end(DEMO_NOT_SHOWN, "a worker was lost");
	demo_line("%d results and %d error, and no worker was lost\n", results, errors);
	return results == ITEMS - 1 && errors == 1 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
