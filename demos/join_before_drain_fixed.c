/*
 * join_before_drain_fixed - the child ends as soon as main has got what it put: get comes before join
 *
 * listings: 001-L11 002-L04
 * claims: none
 *
 * Watch for: the same child, the same 100,000 bytes, the same pipe, and no wait that has no end. Main reads, so
 * the child's thread can write the rest, and the child can end. With many children: get as many messages as they
 * put, then join them all. Where a queue has memory of its own, join may come first (queue_results).
 *
 * The Python it re-creates:
 *     def work(queue): queue.put("x" * 100000)
 *     p = Process(target=work, args=(queue,)); p.start()
 *     print(len(queue.get()))
 *     p.join()
 *
 * expect:
 *     child: put is back, 100000 bytes are to go
 *     get: 100000 bytes
 *     join: the child has ended
 */
#include "demo.h"
#include "mp/process.h"
#include <fcntl.h>
#include <pthread.h>

enum { BYTES = 100000, LOOK_MS = 200, TIMEOUT_MS = 5000 };

/* The child's, and only that: fork copies the variables, and the descriptors behind them. */
static int reading, writing;
static char message[BYTES];

/* The child's thread, as Python's Queue has one. */
static void *feed(void *unused)
{
	(void)unused;
	for (size_t done = 0; done < BYTES;) {
		ssize_t n = write(writing, message + done, BYTES - done);

		if (n <= 0)
			demo_end(DEMO_NO_RESOURCE, "write: %s", strerror(errno));
		done += (size_t)n;
	}
	return NULL;
}

static int work(struct mp_child *self)
{
	pthread_t feeder;

	(void)self;
	demo_must(-pthread_create(&feeder, NULL, feed, NULL), "thread");
	demo_line("child: put is back, %d bytes are to go\n", BYTES);
	demo_must(-pthread_join(feeder, NULL), "join the thread");
	return 0;
}

/* Nobody can write into it now. */
static int is_full(void)
{
	struct pollfd p = {writing, POLLOUT, 0};

	return poll(&p, 1, 0) == 0;
}

/* Python's join has no limit. This one ends where it is certain that there is nothing to wait for. */
static int join(struct mp_process *child)
{
	long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;
	int err;

	do
		err = mp_process_join(child, LOOK_MS);
	while (err == -ETIMEDOUT && !is_full() && demo_now_ns() < until);
	demo_line("join: the child has %s\n",
		err == 0 ? "ended" : "not ended, and cannot: the pipe is full");
	return err == 0;
}

static int get(void)
{
	struct pollfd p = {reading, POLLIN, 0};
	size_t done = 0;
	ssize_t n = 1;

	while (done < BYTES && n > 0 && poll(&p, 1, TIMEOUT_MS) > 0) {
		n = read(reading, message + done, BYTES - done);
		done += n > 0 ? (size_t)n : 0;
	}
	demo_line("get: %zu bytes\n", done);
	return done == BYTES;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"work", work}, {NULL, NULL}};
	const struct mp_process_options o = {.entry = "work", .method = MP_FORK};
	struct mp_process *child;
	int ends[2], joined, got;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "join_before_drain_fixed",
		"the child ends as soon as main has got what it put: get comes before join");
	demo_must(pipe2(ends, O_CLOEXEC) ? -errno : 0, "pipe");
	reading = ends[0];
	writing = ends[1];
	demo_must(mp_process_start(&o, &child), "start");
	got = get();
	joined = join(child);
	if (!joined || !got)
		return DEMO_NOT_SHOWN;
	mp_process_close(child);
	return DEMO_SHOWN;
}
