/*
 * queue_results - four children put large results into a queue and end, before anybody gets them
 *
 * listings: 001-L11 002-L04
 * claims: 001-C037 002-C025
 *
 * Watch for: all children have ended, and main has not got anything yet. Each result has 100,000
 * bytes. With Python's Queue this order, join before get, never comes back: there a child may not
 * end until what it has put has gone through a pipe that holds 64 KiB, and main, who should empty
 * it, waits for the child. Here what was put lies in the queue's own memory, which outlives the
 * child, and which was given room for it (room is never endless: where there is none, put waits).
 * Results come in any order, so each says whose it is.
 *
 * The Python it re-creates:
 *     def work(queue, i): queue.put((i, [x * x for x in range(i * 12500, (i + 1) * 12500)]))
 *     ps = [Process(target=work, args=(queue, i)) for i in range(4)]
 *     for p in ps: p.start()
 *     for p in ps: p.join()                    # waits for ever
 *     results = [queue.get() for p in ps]
 *
 * expect:
 *     4 children have put and ended, nothing is got yet
 *     [unordered]
 *     squares 0 to 12499: 100008 bytes
 *     squares 12500 to 24999: 100008 bytes
 *     squares 25000 to 37499: 100008 bytes
 *     squares 37500 to 49999: 100008 bytes
 *     [end]
 *     all 50000 squares are right, and the queue has come to its end
 */
#include "demo.h"
#include "mp/process.h"
#include "mp/queue.h"

enum { CHILDREN = 4, PART = 12500, RING_BYTES = 128 * 1024, TIMEOUT_MS = 5000 };

struct result {
	long first;
	long squares[PART];
};

static int work(struct mp_child *self)
{
	static struct result r; /* static: large for a stack */
	struct mp_queue *queue;

	r.first = *(const long *)mp_child_argument(self, NULL);
	for (long i = 0; i < PART; i++)
		r.squares[i] = (r.first + i) * (r.first + i);
	demo_must(mp_queue_attach(mp_child_handle(self, 0), &queue), "attach");
	demo_must(mp_queue_put(queue, &r, sizeof(r), TIMEOUT_MS), "put");
	mp_queue_destroy(queue);
	return 0;
}

static void run_all(const struct mp_queue *queue)
{
	struct mp_handle handle = mp_queue_handle(queue, MP_QUEUE_PUT);
	struct mp_process *children[CHILDREN];

	for (long i = 0; i < CHILDREN; i++) {
		long first = i * PART;
		const struct mp_process_options o = {.entry = "work",
			.argument = &first,
			.nbytes = sizeof(first),
			.handles = &handle,
			.nhandles = 1};

		demo_must(mp_process_start(&o, &children[i]), "start");
	}
	for (int i = 0; i < CHILDREN; i++) {
		demo_must(mp_process_join(children[i], TIMEOUT_MS), "join");
		mp_process_close(children[i]);
	}
}

/* How many squares came and are right, until the queue ends. */
static long get_all(struct mp_queue *queue)
{
	static struct result r;
	long right = 0;
	size_t n;
	int err;

	while ((err = mp_queue_get(queue, &r, sizeof(r), &n, TIMEOUT_MS)) == 0) {
		demo_line("squares %ld to %ld: %zu bytes\n", r.first, r.first + PART - 1, n);
		for (long i = 0; i < PART; i++)
			right += r.squares[i] == (r.first + i) * (r.first + i);
	}
	if (err != -ENODATA)
		demo_end(DEMO_NOT_SHOWN, "get: %s", strerror(-err));
	return right;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"work", work}, {NULL, NULL}};
	const struct mp_queue_options o = {
		.producers = CHILDREN, .consumers = 1, .ring_bytes = RING_BYTES};
	struct mp_queue *queue;
	long right;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "queue_results",
		"four children put large results into a queue and end, before anybody gets them");
	demo_must(mp_queue_create(&o, &queue), "queue");
	run_all(queue);
	demo_line("%d children have put and ended, nothing is got yet\n", CHILDREN);
	demo_must(mp_queue_open(queue, MP_QUEUE_GET), "open");
	right = get_all(queue);
	mp_queue_destroy(queue);
	if (right != (long)CHILDREN * PART)
		return DEMO_NOT_SHOWN;
	demo_line("all %ld squares are right, and the queue has come to its end\n", right);
	return DEMO_SHOWN;
}
