/*
 * queue_empty_race - a consumer that asks whether the queue is empty ends too early, or never
 *
 * listings: 004-L07 003-L10
 * claims: 003-C042 004-C029
 *
 * Watch for: what empty means. Once it said "now", not "for good": the consumer looked before the producer had put
 * anything, and ended with 0 of 6. And once it said the truth, which was old by the time of the get: two
 * consumers saw the last item, one got it, the other waits for one that never comes. Here the worst case is made
 * certain: the producer begins after the first look, and consumers look together before they get. In the tutorials
 * the scheduler decides: 0 of 6 in 47 of 60 runs of the one, stuck in 20 of 20 of the other (with 4 consumers
 * and 1 ms between the two calls).
 *
 * Then look at: diff -u demos/queue_empty_race.c demos/queue_sentinel.c
 *
 * The Python it re-creates:
 *     def consume(queue):
 *         while not queue.empty():
 *             work(queue.get())
 *
 * expect:
 *     one consumer: 6 put, 0 got
 *     two consumers: 5 put, 5 got
 *     two consumers: 1 is stuck in get, though it saw an item before
 */
#include "demo.h"
#include "pipe_queue.h"

enum { LOOK_MS = 100 };

/* Looks, waits for the other's look, gets, waits for the other's get. */
static int consume(int consumers)
{
	for (int turn = 1, item, more;; turn++) {
		more = !empty(0);
		shared->looks++;
		if (!more)
			return ENDED;
		meet(&shared->looks, turn * consumers);
		more = get(&item, LOOK_MS);
		shared->got += more;
		shared->gets++;
		if (!more)
			return STUCK;
		meet(&shared->gets, turn * consumers);
	}
}

static void put_all(int items, int consumers)
{
	(void)consumers;
	for (int i = 1; i <= items; i++)
		put(i);
}

int main(int argc, char **argv)
{
	int stuck;

	demo_start(argc, argv, "queue_empty_race",
		"a consumer that asks whether the queue is empty ends too early, or never");
	stuck = run(1, 6, false, consume, put_all);
	if (stuck || shared->got != 0)
		return DEMO_NOT_SHOWN;
	stuck = run(2, 5, true, consume, put_all);
	if (stuck != 1 || shared->got != 5)
		return DEMO_NOT_SHOWN;
	demo_line("two consumers: 1 is stuck in get, though it saw an item before\n");
	return DEMO_SHOWN;
}
