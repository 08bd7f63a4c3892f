/*
 * queue_roundtrip - how long does one message take there and back, by each way?
 *
 * One process sends a message and waits for it; the other sends back what it gets. So each of the two waits
 * half of the time, and what counts is how soon who waits learns that there is something: by looking, or by
 * the kernel, which has to wake a sleeper. There and back are two channels of the same kind. Each message
 * bears its number at both ends, and must come back whole before the next one is sent.
 */
#include "harness/bench.h"
#include "harness/team.h"
#include "peers/channel.h"
#include <stdlib.h>

struct pair {
	const struct channel_way *way;
	struct channel there, back;
	struct team *team;
};

/* ---- the two workers ---- */

typedef int put_call(struct channel *c, const void *message);
typedef int get_call(struct channel *c, void *buffer);

/* Inlined with the calls they are given: a bare ring costs less than a call through a pointer. */
#define INLINE static inline __attribute__((always_inline))

INLINE int ask(
	struct pair *p, struct team_member *me, unsigned char *bytes, put_call *put, get_call *get)
{
	size_t n = p->there.nbytes;
	uint64_t iters;
	int err = 0;

	while (!err && team_turn(me, &iters)) {
		uint64_t done = 0;

		for (; done < iters; done++) {
			channel_number(bytes, n, done);
			err = put(&p->there, bytes);
			if (!err)
				err = get(&p->back, bytes);
			if (!err && channel_number_of(bytes, n) != done)
				err = -EBADMSG;
			if (err)
				break;
		}
		if (!err)
			team_done(me, done, 0);
	}
	return err;
}

INLINE int answer(
	struct pair *p, struct team_member *me, unsigned char *bytes, put_call *put, get_call *get)
{
	uint64_t iters;
	int err = 0;

	while (!err && team_turn(me, &iters)) {
		for (uint64_t i = 0; !err && i < iters; i++) {
			err = get(&p->there, bytes);
			if (!err)
				err = put(&p->back, bytes);
		}
		if (!err)
			team_done(me, iters, 0);
	}
	return err;
}

static int join(struct pair *p, bool asks)
{
	int err;

	if (!p->way->join)
		return 0;
	err = p->way->join(&p->there, asks ? MP_QUEUE_PUT : MP_QUEUE_GET);
	return err ? err : p->way->join(&p->back, asks ? MP_QUEUE_GET : MP_QUEUE_PUT);
}

INLINE int work(struct pair *p, struct team_member *me, put_call *put, get_call *get)
{
	unsigned char *bytes = calloc(1, p->there.nbytes);
	bool asks = team_number(me) == 0;
	int err = bytes ? join(p, asks) : -ENOMEM;

	if (!err)
		err = asks ? ask(p, me, bytes, put, get) : answer(p, me, bytes, put, get);
	if (!err && p->way->leave) {
		p->way->leave(&p->there);
		p->way->leave(&p->back);
	}
	free(bytes);
	return err;
}

/* ---- a sample ---- */

static void close_channel(const struct channel_way *way, struct channel *c)
{
	if (way->close)
		way->close(c);
}

static int setup(struct bench_run *r, const struct channel_way *way,
	int (*body)(void *arg, struct team_member *me))
{
	struct pair *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->way = way;
	p->there.nbytes = p->back.nbytes = (size_t)bench_number(r, "bytes");
	err = way->open(r, &p->there, 1);
	if (err)
		goto memory;
	err = way->open(r, &p->back, 1);
	if (err)
		goto there;
	err = team_start(r, 2, body, p, &p->team);
	if (err)
		goto back;
	bench_set_state(r, p);
	return 0;
back:
	close_channel(way, &p->back);
there:
	close_channel(way, &p->there);
memory:
	free(p);
	return err;
}

static void teardown(struct bench_run *r)
{
	struct pair *p = bench_state(r);

	team_stop(p->team);
	close_channel(p->way, &p->back);
	close_channel(p->way, &p->there);
	free(p);
}

static uint64_t run(struct bench_run *r, uint64_t iters)
{
	struct pair *p = bench_state(r);
	struct team_count counts[2];
	uint64_t elapsed_ns;
	int err = team_run(p->team, iters, counts, &elapsed_ns);

	if (err) {
		bench_fail(r, err, "send there and back");
		return 0;
	}
	bench_elapsed(r, elapsed_ns);
	return counts[0].ops;
}

/* The body and the setup of each way. */
#define WAY(name, way, put, get)                                                                   \
	static int work_##name(void *arg, struct team_member *me)                                  \
	{                                                                                          \
		return work(arg, me, put, get);                                                    \
	}                                                                                          \
                                                                                                   \
	static int setup_##name(struct bench_run *r)                                               \
	{                                                                                          \
		return setup(r, &(way), work_##name);                                              \
	}
CHANNEL_WAYS(WAY)

/* ---- the sweep ---- */

static const char *skip(const struct bench_run *r)
{
	int64_t nbytes = bench_number(r, "bytes");

	if (bench_number(r, "workers") != 2)
		return "there and back are two workers";
	if (nbytes < 8)
		return "a message bears its number: at least 8 bytes";
	/* Two lengths show what pickling adds. A space: that there is no such point is no news. */
	if (!strcmp(bench_variant_name(r), "python_pipe_send") && nbytes > 8 && nbytes < 1048576)
		return " ";
	return strcmp(bench_variant_name(r), "mq") ? NULL : channel_mq_skip(nbytes);
}

static const struct bench_variant variants[] = {
	{.name = "bare_ring",
		.text = "slots in shared memory and two counts; never sleeps, never ends",
		.run = run,
		.setup = setup_ring,
		.teardown = teardown},
	{.name = "mp_queue",
		.text = "mp_queue_put and mp_queue_get",
		.base = "bare_ring",
		.run = run,
		.setup = setup_queue,
		.teardown = teardown},
	{.name = "locked_ring",
		.text = "slots in shared memory under a robust mutex; never sleeps, never ends",
		.base = "bare_ring",
		.run = run,
		.setup = setup_locked,
		.teardown = teardown},
	{.name = "pipe",
		.text = "write and read, a pipe each way",
		.run = run,
		.setup = setup_pipe,
		.teardown = teardown},
	{.name = "socketpair",
		.text = "write and read, a pair of Unix sockets each way",
		.base = "pipe",
		.run = run,
		.setup = setup_socketpair,
		.teardown = teardown},
	{.name = "feeder_queue",
		.text = "multiprocessing.Queue's construction in C: buffer, thread, pipe, locks",
		.base = "pipe",
		.run = run,
		.setup = setup_python,
		.teardown = teardown},
	{.name = "mq",
		.text = "mq_send and mq_receive, a POSIX queue each way",
		.base = "pipe",
		.run = run,
		.setup = setup_mq,
		.teardown = teardown},
	{.name = "python_pipe",
		.text = "multiprocessing.Pipe: send_bytes and recv_bytes",
		.peer = "queue_roundtrip.py",
		.needs = "python3"},
	{.name = "python_pipe_send",
		.text = "multiprocessing.Pipe: send and recv, which pickle",
		.base = "python_pipe",
		.peer = "queue_roundtrip.py",
		.needs = "python3"},
	{.name = "python_queue",
		.text = "multiprocessing.Queue: put and get, a queue each way",
		.base = "python_pipe",
		.peer = "queue_roundtrip.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How long does one message take there and back?",
	.topic = "queues-vs-pipes",
	.op = "one message sent, got by another process, sent back and got",
	.variants = variants,
	.axes = {{"workers", "2", NULL, "one that asks and one that answers"},
		{"bytes", "8,1024,8192,65536,1048576", "8,8192,1048576", "length of a message"}},
	.share = 0.03,
	.quick_share = 0.04,
	.chart = "line",
	.chart_axis = "bytes",
	.answer = "There and back a message of 8 bytes takes {mp_queue@bytes=8} by our queue, "
		  "{pipe@bytes=8} by two "
		  "pipes, and in CPython {python_queue/python_pipe@bytes=8} times as long by two "
		  "Queues as by a Pipe",
	.skip = skip,
};
