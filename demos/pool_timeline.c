/*
 * pool_timeline - one long and fifteen short tasks: in blocks one worker stands idle, from a queue both work on
 *
 * listings: 003-L10
 * claims: 003-C037
 *
 * Watch for: the dots, when a worker has nothing to do. Task A takes as long as eight of the others. In blocks the
 * worker that has A also has seven others behind it, and they wait, though its neighbour has long been done. From a
 * queue whoever is free takes the next task, so the others go around A. (Where the long task comes last, a queue does
 * not help either: try LONG_AT = TASKS - 1.) The tasks wait, as for an answer: so it comes out on any number of CPUs.
 *
 * The Python it re-creates:
 *     tasks = [8] + 15 * [1]
 *     with Pool(2) as pool:
 *         pool.map(wait, tasks, chunksize=8)   # a block for each
 *         pool.map(wait, tasks, chunksize=1)   # a queue
 *
 * expect:
 *     in blocks:
 *     worker 1 |<word>|
 *     worker 2 |<word>|
 *     0 <n> ms
 *     worker 1 did 8 tasks, worker 2 did 8; one of them stood idle for <ms> ms
 *     from a queue:
 *     worker 1 |<word>|
 *     worker 2 |<word>|
 *     0 <n> ms
 *     worker 1 did <n> tasks, worker 2 did <n>; one of them stood idle for <ms> ms
 *     the queue has done the same in less time
 */
#include "demo.h"
#include "mp/pool.h"
#include "timeline.h"

enum { TASKS = 16, WORKERS = 2, LONG_AT = 0, LONG = 8, UNIT_MS = 20 };

struct span {
	long long begin_ns, end_ns;
};

static int wait_some(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const long ns = *(const int *)item * UNIT_MS * 1000000l;
	struct timespec left = {.tv_nsec = ns};
	struct span *s = result;

	(void)item_bytes, (void)result_bytes;
	s->begin_ns = demo_now_ns();
	while (nanosleep(&left, &left) != 0)
		;
	s->end_ns = demo_now_ns();
	return 0;
}

static const struct mp_task tasks[] = {{"wait_some", wait_some}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

/* Worker 1 is the one that does the first task. */
static void map(struct mp_pool *pool, size_t chunk, struct timeline_bar *bars)
{
	int lengths[TASKS];
	struct span spans[TASKS];
	struct mp_outcome outcomes[TASKS] = {{0}};
	const struct mp_map m = {.task = "wait_some",
		.items = lengths,
		.item_bytes = sizeof(lengths[0]),
		.n = TASKS,
		.results = spans,
		.result_bytes = sizeof(spans[0]),
		.outcomes = outcomes,
		.chunk = chunk};
	size_t failed;

	for (int i = 0; i < TASKS; i++)
		lengths[i] = i == LONG_AT ? LONG : 1;
	demo_must(mp_pool_map(pool, &m, &failed), "map");
	if (failed > 0)
		demo_end(DEMO_NOT_SHOWN, "%zu tasks failed", failed);
	for (int i = 0; i < TASKS; i++)
		bars[i] = (struct timeline_bar){outcomes[i].pid != outcomes[0].pid, (char)('A' + i),
			spans[i].begin_ns, spans[i].end_ns};
}

/* Draws it, says who did how much, and who stood idle at the end. Returns how many tasks worker 2 did. */
static int show(const char *how, const struct timeline_bar *bars, long long length_ns)
{
	int done[WORKERS] = {0};
	long long end[WORKERS] = {0};

	for (int i = 0; i < TASKS; i++) {
		done[bars[i].worker]++;
		if (bars[i].end_ns > end[bars[i].worker])
			end[bars[i].worker] = bars[i].end_ns;
	}
	demo_line("%s:\n", how);
	timeline_draw(bars, TASKS, WORKERS, length_ns);
	demo_line("worker 1 did %d tasks, worker 2 did %d; one of them stood idle for %.0f ms\n",
		done[0], done[1], (double)llabs(end[0] - end[1]) / 1e6);
	return done[1];
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};
	const struct mp_pool_options o = {.entry = "worker", .tasks = tasks, .workers = WORKERS};
	struct timeline_bar blocks[TASKS], queue[TASKS];
	long long length, queued, begin;
	struct mp_pool *pool;
	int more;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "pool_timeline",
		"one long and fifteen short tasks: in blocks one worker stands idle, from a queue "
		"both work on");
	demo_must(mp_pool_create(&o, &pool), "pool");
	map(pool, TASKS / WORKERS, blocks);
	map(pool, 1, queue);
	demo_must(mp_pool_destroy(pool), "destroy");
	length = timeline_length(blocks, TASKS, &begin);
	queued = timeline_length(queue, TASKS, &begin);
	if (show("in blocks", blocks, length) != TASKS / WORKERS)
		demo_end(DEMO_NOT_SHOWN, "one worker did both blocks");
	more = show("from a queue", queue, length);
	if (queued >= length || more <= TASKS / WORKERS)
		demo_end(DEMO_NOT_SHOWN, "the queue was no quicker: is the machine busy?");
	demo_line("the queue has done the same in less time\n");
	return DEMO_SHOWN;
}
