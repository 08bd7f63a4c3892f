/*
 * pool_map - two workers do all tasks of two maps, and each result stands where its item stood
 *
 * listings: 000-L06 001-L10 002-L03
 * claims: none
 *
 * Watch for: the pids. The workers are started once and do the tasks of both maps: a start costs
 * far more than such a task. The results come in the order of the items, no matter which worker
 * did which, and when. How many tasks each of them did is left to chance: it may be all on one
 * side, as who is free takes the next ones.
 *
 * The Python it re-creates:
 *     with Pool(2) as pool:
 *         print(pool.map(square, [1, 2, 3, 4, 5]))
 *         print(pool.map(cube, [1, 2, 3, 4, 5]))
 *
 * expect:
 *     2 workers, pid <pid:a> and pid <pid:b>
 *     square: 1 4 9 16 25
 *     cube: 1 8 27 64 125
 *     pid <pid:a> did <n> tasks, pid <pid:b> did <n>, others 0
 */
#include "demo.h"
#include "mp/pool.h"

enum { ITEMS = 5, WORKERS = 2 };

static int square(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const int x = *(const int *)item;

	(void)item_bytes, (void)result_bytes;
	*(int *)result = x * x;
	return 0;
}

static int cube(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const int x = *(const int *)item;

	(void)item_bytes, (void)result_bytes;
	*(int *)result = x * x * x;
	return 0;
}

static const struct mp_task tasks[] = {{"square", square}, {"cube", cube}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

/* Counts in done[w] the tasks of worker pids[w], in done[WORKERS] those of others. */
static void map(struct mp_pool *pool, const char *task, int *results, const pid_t *pids, int *done)
{
	static const int items[ITEMS] = {1, 2, 3, 4, 5};
	struct mp_outcome outcomes[ITEMS] = {{0}};
	const struct mp_map m = {.task = task,
		.items = items,
		.item_bytes = sizeof(items[0]),
		.n = ITEMS,
		.results = results,
		.result_bytes = sizeof(results[0]),
		.outcomes = outcomes};
	size_t failed;

	demo_must(mp_pool_map(pool, &m, &failed), "map");
	if (failed > 0)
		demo_end(DEMO_NOT_SHOWN, "%zu tasks failed", failed);
	for (int i = 0; i < ITEMS; i++)
		done[outcomes[i].pid == pids[0] ? 0 : outcomes[i].pid == pids[1] ? 1 : WORKERS]++;
	demo_line("%s: %d %d %d %d %d\n", task, results[0], results[1], results[2], results[3],
		results[4]);
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};
	const struct mp_pool_options o = {.entry = "worker", .tasks = tasks, .workers = WORKERS};
	int squares[ITEMS], cubes[ITEMS], done[WORKERS + 1] = {0}, right = 0;
	pid_t pids[WORKERS] = {0};
	struct mp_pool *pool;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "pool_map",
		"two workers do all tasks of two maps, and each result stands where its item "
		"stood");
	demo_must(mp_pool_create(&o, &pool), "pool");
	mp_pool_pids(pool, pids, WORKERS);
	demo_line("%d workers, pid %d and pid %d\n", WORKERS, (int)pids[0], (int)pids[1]);
	map(pool, "square", squares, pids, done);
	map(pool, "cube", cubes, pids, done);
	demo_must(mp_pool_destroy(pool), "destroy");
	demo_line("pid %d did %d tasks, pid %d did %d, others %d\n", (int)pids[0], done[0],
		(int)pids[1], done[1], done[WORKERS]);
	for (int i = 0; i < ITEMS; i++)
		right += squares[i] == (i + 1) * (i + 1) && cubes[i] == squares[i] * (i + 1);
	return right == ITEMS && done[WORKERS] == 0 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
