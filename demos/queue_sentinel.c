/*
 * queue_sentinel - consumers end when they are told so, neither too early nor never
 *
 * listings: 004-L07 003-L10
 * claims: none
 *
 * Watch for: all items are got, and all consumers end, though the producer begins after the first look here too,
 * and though two consumers wait for one item. Nobody asks whether the queue is empty. get waits, and the producer
 * says when there is no more: with one last item for each consumer, since who gets it takes it away.
 *
 * The Python it re-creates:
 *     def consume(queue):
 *         while (item := queue.get()) is not None:
 *             work(item)
 *     # the producer, at its end, for each consumer: queue.put(None)
 *
 * expect:
 *     one consumer: 6 put, 6 got
 *     two consumers: 5 put, 5 got
 *     two consumers: both have ended
 */
#include "demo.h"
#include "pipe_queue.h"

enum { LAST = 0 };

/* Gets until it is told that there is no more. */
static int consume(int consumers)
{
	(void)consumers;
	for (int item;;) {
		shared->looks++;
		if (!get(&item, TIMEOUT_MS))
			return STUCK;
		if (item == LAST)
			return ENDED;
		shared->got++;
	}
}

/* Each consumer takes one of the last items with it. */
static void put_all(int items, int consumers)
{
	for (int i = 1; i <= items; i++)
		put(i);
	for (int i = 0; i < consumers; i++)
		put(LAST);
}

int main(int argc, char **argv)
{
	int stuck;

	demo_start(argc, argv, "queue_sentinel",
		"consumers end when they are told so, neither too early nor never");
	stuck = run(1, 6, false, consume, put_all);
	if (stuck || shared->got != 6)
		return DEMO_NOT_SHOWN;
	stuck = run(2, 5, true, consume, put_all);
	if (stuck || shared->got != 5)
		return DEMO_NOT_SHOWN;
	demo_line("two consumers: both have ended\n");
	return DEMO_SHOWN;
}
