/* pool_kit.c - pools and maps for the tests of demos/mp/pool.h */
#include "pool_kit.h"
#include <check.h>
#include <string.h>

uint64_t pool_items[POOL_ITEMS], pool_results[POOL_ITEMS];
struct mp_outcome pool_outcomes[POOL_ITEMS];

int kit_try_pool(const char *entry, const struct mp_task *tasks, enum mp_method method,
	uint32_t workers, struct mp_pool **p)
{
	struct mp_handle handle = mp_memory_handle(kit_memory);
	int number = POOL_NUMBER;
	struct mp_pool_options o = {.entry = entry,
		.tasks = tasks,
		.workers = workers,
		.method = method,
		.argument = &number,
		.nbytes = sizeof(number),
		.handles = &handle,
		.nhandles = 1,
		.ring_bytes = POOL_RING};

	return mp_pool_create(&o, p);
}

struct mp_pool *kit_pool(
	const char *entry, const struct mp_task *tasks, enum mp_method method, uint32_t workers)
{
	struct mp_pool *p = NULL;
	int err = kit_try_pool(entry, tasks, method, workers, &p);

	ck_assert_msg(err == 0, "create: %s", strerror(-err));
	return p;
}

struct mp_map kit_map(const char *task, size_t n, size_t chunk)
{
	for (size_t i = 0; i < POOL_ITEMS; i++) {
		pool_items[i] = i;
		pool_results[i] = POOL_UNTOUCHED;
		pool_outcomes[i] = (struct mp_outcome){MP_OUTCOME_LOST, POOL_UNTOUCHED, -1};
	}
	return (struct mp_map){.task = task,
		.items = pool_items,
		.item_bytes = sizeof(pool_items[0]),
		.n = n,
		.results = pool_results,
		.result_bytes = sizeof(pool_results[0]),
		.outcomes = pool_outcomes,
		.chunk = chunk};
}
