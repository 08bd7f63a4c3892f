/*
 * worker_killed - a worker is killed in the middle of a map: its task is lost, nothing else
 *
 * listings: none, for what CPython's Pool does not survive
 * claims: none
 *
 * Watch for: the map comes back. 19 results are there, and the lost one is told with its signal and
 * the worker's pid; what else that worker had before it went to another. A new worker takes its
 * place, and the next map is as good as ever.
 *
 * CPython's Pool starts a new worker too, but nobody knows which task the old one was in, so map
 * waits for its result for ever. (The kernel kills workers like this where memory is short.)
 *
 * The Python it re-creates:
 *     def square(x):
 *         if x == 7: os.kill(os.getpid(), signal.SIGKILL)
 *         return x * x
 *     print(pool.map(square, range(20)))    # never comes back
 *
 * expect:
 *     map 1: 19 of 20 results are right
 *     item 7: lost, its worker with pid <pid:dead> was ended by signal 9
 *     map 2: 20 of 20 results are right, none by pid <pid:dead>
 */
#include "demo.h"
#include "mp/pool.h"

enum { ITEMS = 20, DEADLY = 7, WORKERS = 2 };

struct item {
	int x;
	bool kills;
};

static int square(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const struct item *it = item;

	(void)item_bytes, (void)result_bytes;
	if (it->kills)
		raise(SIGKILL);
	*(int *)result = it->x * it->x;
	return 0;
}

static const struct mp_task tasks[] = {{"square", square}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

/* How many results are right. */
static int map(struct mp_pool *pool, bool kills, struct mp_outcome *outcomes)
{
	struct item items[ITEMS] = {{0}};
	int results[ITEMS], right = 0;
	const struct mp_map m = {.task = "square",
		.items = items,
		.item_bytes = sizeof(items[0]),
		.n = ITEMS,
		.results = results,
		.result_bytes = sizeof(results[0]),
		.outcomes = outcomes};

	for (int i = 0; i < ITEMS; i++)
		items[i] = (struct item){.x = i, .kills = kills && i == DEADLY};
	demo_must(mp_pool_map(pool, &m, NULL), "map");
	for (int i = 0; i < ITEMS; i++)
		right += outcomes[i].kind == MP_OUTCOME_OK && results[i] == i * i;
	return right;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};
	const struct mp_pool_options o = {.entry = "worker", .tasks = tasks, .workers = WORKERS};
	struct mp_outcome outcomes[ITEMS], lost;
	int right, right_again, by_the_dead = 0;
	struct mp_pool *pool;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "worker_killed",
		"a worker is killed in the middle of a map: its task is lost, nothing else");
	demo_must(mp_pool_create(&o, &pool), "pool");
	right = map(pool, true, outcomes);
	demo_line("map 1: %d of %d results are right\n", right, ITEMS);
	lost = outcomes[DEADLY];
	if (lost.kind != MP_OUTCOME_LOST)
		demo_end(DEMO_NOT_SHOWN, "item %d is not lost", DEADLY);
	demo_line("item %d: lost, its worker with pid %d was ended by signal %d\n", DEADLY,
		(int)lost.pid, -lost.code);

	right_again = map(pool, false, outcomes);
	for (int i = 0; i < ITEMS; i++)
		by_the_dead += outcomes[i].pid == lost.pid;
	demo_line("map 2: %d of %d results are right, %s by pid %d\n", right_again, ITEMS,
		by_the_dead == 0 ? "none" : "some", (int)lost.pid);
	demo_must(mp_pool_destroy(pool), "destroy");
	return right == ITEMS - 1 && right_again == ITEMS && by_the_dead == 0 ? DEMO_SHOWN
									      : DEMO_NOT_SHOWN;
}
