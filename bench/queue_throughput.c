/*
 * queue_throughput - how many messages go from one process to another, by each way?
 *
 * One process puts, the others get, as fast as they can. Each message bears its number at both ends, and each
 * consumer looks whether the numbers come in order, and none torn; together they must have got all. Two lower
 * bounds stand beside: the same bytes copied in and out by one process that waits for nobody, and the bare
 * ring, which can do nothing but pass messages on. A sample begins when all are ready and ends with the last
 * message got; the workers are there before and stay. What threads, and tasks of one thread, pay for the same
 * stands beside with 8 bytes.
 */
#include "harness/bench.h"
#include "harness/bind.h"
#include "harness/clock.h"
#include "harness/team.h"
#include "harness/workers.h"
#include "peers/channel.h"
#include "peers/thread_queue.h"
#include <stdlib.h>

#define LAST         UINT64_MAX /* number of the message that tells a consumer to stop */
#define SEVERAL_SIZE 8          /* bytes with which several consumers are measured, and threads */

struct load {
	const struct channel_way *way;
	struct channel channel;
	unsigned consumers;
	struct team *team;
	struct team_count counts[TEAM_MAX];
};

static uint64_t sum_of_numbers(uint64_t iters)
{
	return iters * (iters - 1) / 2;
}

/* ---- the workers ---- */

typedef int put_call(struct channel *c, const void *message);
typedef int get_call(struct channel *c, void *buffer);

/* Inlined with the calls they are given: a bare ring costs less than a call through a pointer. */
#define INLINE static inline __attribute__((always_inline))

INLINE int produce(struct load *l, struct team_member *me, unsigned char *message, put_call *put)
{
	struct channel *c = &l->channel;
	uint64_t iters;
	int err = 0;

	while (!err && team_turn(me, &iters)) {
		for (uint64_t i = 0; !err && i < iters; i++) {
			channel_number(message, c->nbytes, i);
			err = put(c, message);
		}
		channel_number(message, c->nbytes, LAST);
		for (unsigned i = 0; !err && l->consumers > 1 && i < l->consumers; i++)
			err = put(c, message);
		if (!err)
			team_done(me, 0, 0);
	}
	return err;
}

/* One consumer knows how many will come; several do not know who gets how many. */
INLINE int consume(struct load *l, struct team_member *me, unsigned char *buffer, get_call *get)
{
	struct channel *c = &l->channel;
	uint64_t iters;
	int err = 0;

	while (!err && team_turn(me, &iters)) {
		uint64_t next = 0, got = 0, sum = 0;
		uint64_t most = l->consumers > 1 ? UINT64_MAX : iters;

		while (got < most) {
			uint64_t number;

			err = get(c, buffer);
			number = channel_number_of(buffer, c->nbytes);
			if (err || number == LAST)
				break;
			if (number < next || number >= iters)
				return -EBADMSG;
			next = number + 1;
			sum += number;
			got++;
		}
		if (!err)
			team_done(me, got, sum);
	}
	return err;
}

INLINE int work(struct load *l, struct team_member *me, put_call *put, get_call *get)
{
	unsigned char *message = calloc(1, l->channel.nbytes);
	bool producer = team_number(me) == 0;
	int err = message ? 0 : -ENOMEM;

	if (!err && l->way->join)
		err = l->way->join(&l->channel, producer ? MP_QUEUE_PUT : MP_QUEUE_GET);
	if (!err)
		err = producer ? produce(l, me, message, put) : consume(l, me, message, get);
	if (l->way->leave)
		l->way->leave(&l->channel);
	free(message);
	return err;
}

/* ---- a sample ---- */

static int setup(struct bench_run *r, const struct channel_way *way,
	int (*body)(void *arg, struct team_member *me))
{
	struct load *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->way = way;
	l->consumers = (unsigned)bench_number(r, "workers") - 1;
	l->channel.nbytes = (size_t)bench_number(r, "bytes");
	err = way->open(r, &l->channel, l->consumers);
	if (err)
		goto memory;
	err = team_start(r, l->consumers + 1, body, l, &l->team);
	if (err)
		goto channel;
	bench_set_state(r, l);
	return 0;
channel:
	if (way->close)
		way->close(&l->channel);
memory:
	free(l);
	return err;
}

static void teardown(struct bench_run *r)
{
	struct load *l = bench_state(r);

	team_stop(l->team);
	if (l->way->close)
		l->way->close(&l->channel);
	free(l);
}

static uint64_t run(struct bench_run *r, uint64_t iters)
{
	struct load *l = bench_state(r);
	uint64_t elapsed_ns, got = 0, sum = 0;
	int err = team_run(l->team, iters, l->counts, &elapsed_ns);

	if (err) {
		bench_fail(r, err, "pass messages on");
		return 0;
	}
	for (unsigned i = 1; i <= l->consumers; i++) {
		got += l->counts[i].ops;
		sum += l->counts[i].sum;
	}
	bench_elapsed(r, elapsed_ns);
	return sum == sum_of_numbers(iters) ? got : 0;
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

/* ---- the copies alone ---- */

struct copies {
	size_t nbytes, nslots;
	unsigned char *slots, *message;
};

static int setup_memcpy(struct bench_run *r)
{
	struct copies *m = calloc(1, sizeof(*m));
	struct channel c = {.nbytes = (size_t)bench_number(r, "bytes")};
	int err;

	if (!m)
		return -ENOMEM;
	err = channel_open_ring(r, &c, 1);
	m->nbytes = c.nbytes;
	m->nslots = c.nslots;
	m->slots = err ? NULL : c.ring->slots;
	m->message = calloc(2, m->nbytes);
	if (!err && !m->message)
		err = -ENOMEM;
	if (err)
		free(m->message);
	if (err)
		free(m);
	else
		bench_set_state(r, m);
	return err;
}

static void teardown_memcpy(struct bench_run *r)
{
	struct copies *m = bench_state(r);

	free(m->message);
	free(m);
}

/* Into a slot of a ring as large as the others', and out of it. */
static uint64_t run_memcpy(struct bench_run *r, uint64_t iters)
{
	struct copies *m = bench_state(r);
	unsigned char *buffer = m->message + m->nbytes;
	uint64_t got = 0;

	for (uint64_t i = 0; i < iters; i++) {
		unsigned char *slot = m->slots + (i & (m->nslots - 1)) * m->nbytes;

		channel_number(m->message, m->nbytes, i);
		memcpy(slot, m->message, m->nbytes);
		__asm__ volatile("" : : "r"(slot) : "memory");
		memcpy(buffer, slot, m->nbytes);
		got += channel_number_of(buffer, m->nbytes) == i;
	}
	return got;
}

/* ---- two threads of one process ---- */

struct two_threads {
	struct thread_queue *queue;
	struct workers_slot *slots;
	uint64_t iters, begin_ns, end_ns;
	_Atomic unsigned here;
};

static int setup_threads(struct bench_run *r)
{
	struct two_threads *t = calloc(1, sizeof(*t));
	struct channel c = {.nbytes = (size_t)bench_number(r, "bytes")};

	if (!t)
		return -ENOMEM;
	t->slots = bench_arena(r, 2 * sizeof(*t->slots));
	t->queue = thread_queue_new(c.nbytes, channel_memory(&c) / c.nbytes);
	if (!t->slots || !t->queue) {
		free(t->queue);
		free(t);
		return -ENOMEM;
	}
	bench_set_state(r, t);
	return 0;
}

static void teardown_threads(struct bench_run *r)
{
	struct two_threads *t = bench_state(r);

	thread_queue_free(t->queue);
	free(t);
}

/* Each on its own CPU where the two have two, as the team's workers are: no harm where that fails. */
static void take_place(unsigned i)
{
	unsigned cpus[2], n = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) != 2)
		return;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpus[n++] = cpu;
	bind_cpus(&cpus[i], 1);
}

/* Thread 0 puts, thread 1 gets; who comes late to the start delays it, not the measured time. */
static uint64_t pass_on(void *arg, unsigned i)
{
	struct two_threads *t = arg;
	uint64_t message[SEVERAL_SIZE / sizeof(uint64_t)] = {0}, got = 0;

	take_place(i);
	atomic_fetch_add(&t->here, 1);
	while (atomic_load(&t->here) < 2)
		sched_yield();
	if (i == 0)
		t->begin_ns = clock_now_ns();
	for (uint64_t number = 0; number < t->iters; number++) {
		message[0] = number;
		if (i == 0) {
			thread_queue_put(t->queue, message);
			continue;
		}
		thread_queue_get(t->queue, message);
		got += message[0] == number;
	}
	if (i == 1)
		t->end_ns = clock_now_ns();
	return got;
}

static uint64_t run_threads(struct bench_run *r, uint64_t iters)
{
	struct two_threads *t = bench_state(r);
	int err;

	t->iters = iters;
	t->here = 0;
	err = workers_run(WORKERS_THREADS, 2, pass_on, t, t->slots);
	if (err) {
		bench_fail(r, err, "run the threads");
		return 0;
	}
	bench_elapsed(r, t->end_ns - t->begin_ns);
	return t->slots[1].value;
}

/* ---- the sweep ---- */

#define NO_SUCH_POINT " "

/* More processes than CPUs make long samples: a queue and a pipe among several are enough. */
static bool serves_several(const char *name)
{
	return !strcmp(name, "mp_queue") || !strcmp(name, "pipe");
}

/* CPython's ways, and the one in C that is made as CPython's. */
static bool is_as_python(const char *name)
{
	return !strncmp(name, "python_", strlen("python_")) || !strcmp(name, "feeder_queue");
}

/* One length shows what the queue costs; more bytes cost more copying, as everywhere. */
static bool stays_in_a_process(const char *name)
{
	return !strcmp(name, "thread_queue") || !strcmp(name, "python_thread_queue") ||
	       !strcmp(name, "python_asyncio_queue");
}

static const char *skip(const struct bench_run *r)
{
	const char *name = bench_variant_name(r);
	int64_t workers = bench_number(r, "workers"), nbytes = bench_number(r, "bytes");

	if (workers < 2 || workers > TEAM_MAX)
		return "takes one who puts and one who gets, and at most 64 workers";
	if (nbytes < 8)
		return "a message bears its number: at least 8 bytes";
	if (workers > 2 && (nbytes != SEVERAL_SIZE || !serves_several(name)))
		return NO_SUCH_POINT;
	if (nbytes != SEVERAL_SIZE && stays_in_a_process(name))
		return NO_SUCH_POINT;
	if (is_as_python(name) && nbytes == 65536)
		return NO_SUCH_POINT; /* three lengths show what each byte adds to so much per message */
	if (!strcmp(name, "python_pipe_send") && nbytes > 8192)
		return NO_SUCH_POINT; /* what pickling adds shows with short messages */
	return strcmp(name, "mq") ? NULL : channel_mq_skip(nbytes);
}

static const struct bench_variant variants[] = {
	{.name = "memcpy",
		.text = "the same bytes copied in and out by one process",
		.run = run_memcpy,
		.setup = setup_memcpy,
		.teardown = teardown_memcpy},
	{.name = "bare_ring",
		.text = "slots in shared memory and two counts; never sleeps, never ends",
		.base = "memcpy",
		.run = run,
		.setup = setup_ring,
		.teardown = teardown},
	{.name = "mp_queue",
		.text = "mp_queue_put and mp_queue_get",
		.base = "memcpy",
		.run = run,
		.setup = setup_queue,
		.teardown = teardown},
	{.name = "locked_ring",
		.text = "slots in shared memory under a robust mutex; never sleeps, never ends",
		.run = run,
		.setup = setup_locked,
		.teardown = teardown},
	{.name = "pipe",
		.text = "write and read",
		.run = run,
		.setup = setup_pipe,
		.teardown = teardown},
	{.name = "socketpair",
		.text = "write and read, a pair of Unix sockets",
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
		.text = "mq_send and mq_receive, POSIX",
		.base = "pipe",
		.run = run,
		.setup = setup_mq,
		.teardown = teardown},
	{.name = "thread_queue",
		.text = "slots under a mutex and two conditions, between two threads",
		.base = "pipe",
		.run = run_threads,
		.setup = setup_threads,
		.teardown = teardown_threads},
	{.name = "python_pipe",
		.text = "multiprocessing.Pipe: send_bytes and recv_bytes",
		.peer = "queue_throughput.py",
		.needs = "python3"},
	{.name = "python_pipe_send",
		.text = "multiprocessing.Pipe: send and recv, which pickle",
		.base = "python_pipe",
		.peer = "queue_throughput.py",
		.needs = "python3"},
	{.name = "python_queue",
		.text = "multiprocessing.Queue: put and get",
		.base = "python_pipe",
		.peer = "queue_throughput.py",
		.needs = "python3"},
	{.name = "python_thread_queue",
		.text = "queue.Queue: put and get, between two threads",
		.base = "python_pipe",
		.peer = "queue_throughput.py",
		.needs = "python3"},
	{.name = "python_asyncio_queue",
		.text = "asyncio.Queue: put and get, two tasks of one thread",
		.base = "python_pipe",
		.peer = "queue_throughput.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How long does a message take from process to process, one behind the other?",
	.topic = "queues-vs-pipes",
	.op = "one message put by one process and got by another",
	.variants = variants,
	.axes = {{"workers", "2,3", "2", "one that puts, and the others get"},
		{"bytes", "8,8192,65536,1048576", "8,1048576", "length of a message"}},
	.answer = "A message of 8 bytes takes {mp_queue@workers=2,bytes=8} by our queue, "
		  "{pipe@workers=2,bytes=8} by a "
		  "pipe; in CPython {python_pipe@workers=2,bytes=8} by its Pipe, and by its Queue "
		  "{python_queue/python_pipe@workers=2,bytes=8} times that",
	.share = 0.065,
	.quick_share = 0.06,
	.chart = "line",
	.chart_axis = "bytes",
	.skip = skip,
};
