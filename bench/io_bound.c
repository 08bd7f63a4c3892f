/*
 * io_bound - what helps work that waits, threads, processes, a pool or one loop?
 *
 * A task waits for some milliseconds: by sleeping, or for the answer of a server on 127.0.0.1 that takes so
 * long; or it sleeps and then computes for a tenth of that. The tasks are done one after the other, by a
 * thread each, by a process each, by a pool that is there already, or by one thread that waits for all of them
 * at once. The server is this program started anew: it answers each request by a timer of its own, and
 * computes nothing. An op counts only if it took as long as its waits must take at least.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/peer.h"
#include "harness/tools.h"
#include "harness/workers.h"
#include "mp/pool.h"
#include "peers/waiting_task.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define SERVER_ARG "--latency-server"
#define SERVER_ENV "IO_BOUND_SERVER" /* the peer starts one of its own */
#define TASKS_MOST 1000
#define SERIAL     20 /* tasks, up to which one after the other is measured */

#define MORE_BUDGET_S      20  /* a thousand tasks, and those that compute too */
#define PYTHON_BUDGET_S    45  /* 12 rounds of each kind with 20 ms */
#define PUBLISHED_BUDGET_S 150 /* 8 rounds of each kind with 100 ms */

struct load {
	struct task *tasks;
	unsigned n;
	struct workers_slot *slots; /* in the arena */
	uint64_t *results;
	struct peer server;
	bool serves;
};

/* ---- our pool: what a worker runs ---- */

static int run_task(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	(void)item_bytes;
	(void)result_bytes;
	*(uint64_t *)result = do_task(item);
	return 0;
}

static const struct mp_task pool_tasks[] = {{"task", run_task}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, pool_tasks);
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

static int early(int argc, char **argv)
{
	char path[PATH_MAX];
	ssize_t n;

	mp_init(argc, argv, entries);
	if (argc == 2 && !strcmp(argv[1], SERVER_ARG))
		_exit(latency_serve() ? EXIT_FAILURE : EXIT_SUCCESS);
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n > 0) {
		path[n] = '\0';
		setenv(SERVER_ENV, path, 1);
	}
	return 0;
}

/* ---- one point ---- */

static int start_server(struct load *l, uint16_t *port)
{
	char *argv[] = {getenv(SERVER_ENV), (char[]){SERVER_ARG}, NULL};
	uint64_t none, answer;
	int err = argv[0] ? peer_start(argv, &l->server) : -ENOENT;

	if (err)
		return err;
	l->serves = true;
	err = peer_run(&l->server, "PORT", 5000, &none, &answer, NULL, 0);
	*port = (uint16_t)answer;
	return err;
}

static void free_load(struct load *l)
{
	if (l->serves)
		peer_stop(&l->server);
	free(l->tasks);
	free(l->results);
	free(l);
}

static int fill_load(struct bench_run *r, struct load *l)
{
	enum kind kind = bench_is(r, "kind", "request") ? REQUEST
			 : bench_is(r, "kind", "mixed") ? MIXED
							: SLEEP;
	uint64_t wait_ns = strtoull(bench_word(r, "wait"), NULL, 10) * 1000000u;
	uint16_t port = 0;
	int err = kind == REQUEST ? start_server(l, &port) : 0;

	l->tasks = calloc(l->n, sizeof(*l->tasks));
	l->results = calloc(l->n, sizeof(*l->results));
	l->slots = bench_arena(r, l->n * sizeof(*l->slots));
	if (!l->tasks || !l->results || !l->slots)
		return -ENOMEM;
	for (unsigned i = 0; i < l->n; i++)
		l->tasks[i] = (struct task){i, kind, wait_ns, port};
	return err;
}

static int setup_point(struct bench_run *r)
{
	struct load *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->n = (unsigned)bench_number(r, "tasks");
	err = fill_load(r, l);
	if (err)
		free_load(l);
	else
		bench_set_point_state(r, l);
	return err;
}

static void teardown_point(struct bench_run *r)
{
	free_load(bench_point_state(r));
}

/* ---- all tasks of an op ---- */

/* turns: how many waits must follow one another at least. Returns how many ops were right. */
static uint64_t run_ops(struct bench_run *r, uint64_t iters, unsigned turns,
	int (*do_all)(struct bench_run *r, struct load *l))
{
	struct load *l = bench_point_state(r);
	uint64_t right = 0, elapsed = 0;

	for (; iters > 0; iters--) {
		uint64_t begin = clock_now_ns(), took;
		unsigned good = 0;
		int err;

		err = do_all(r, l);
		took = clock_now_ns() - begin;
		if (err) {
			bench_fail(r, err, "do all tasks");
			break;
		}
		for (unsigned i = 0; i < l->n; i++)
			good += l->results[i] == value_of(&l->tasks[i]);
		right += good == l->n && took >= turns * l->tasks[0].wait_ns;
		elapsed += took;
		memset(l->results, 0, l->n * sizeof(*l->results));
	}
	bench_elapsed(r, elapsed);
	return right;
}

static uint64_t body(void *arg, unsigned i)
{
	const struct load *l = arg;

	return do_task(&l->tasks[i]);
}

static int by_workers(struct load *l, enum workers_kind kind)
{
	int err;

	/* A worker that does nothing must not pass with the value of the op before. */
	for (unsigned i = 0; i < l->n; i++)
		l->slots[i].value = 0;
	err = workers_run(kind, l->n, body, l, l->slots);
	for (unsigned i = 0; !err && i < l->n; i++)
		l->results[i] = l->slots[i].value;
	return err;
}

static int all_serial(struct bench_run *r, struct load *l)
{
	(void)r;
	return by_workers(l, WORKERS_SERIAL);
}

static int all_threads(struct bench_run *r, struct load *l)
{
	(void)r;
	return by_workers(l, WORKERS_THREADS);
}

static int all_processes(struct bench_run *r, struct load *l)
{
	(void)r;
	return by_workers(l, WORKERS_PROCESSES);
}

static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	return run_ops(r, iters, (unsigned)bench_number(r, "tasks"), all_serial);
}

static uint64_t run_threads(struct bench_run *r, uint64_t iters)
{
	return run_ops(r, iters, 1, all_threads);
}

static uint64_t run_processes(struct bench_run *r, uint64_t iters)
{
	return run_ops(r, iters, 1, all_processes);
}

/* ---- the pool ---- */

static int all_pool(struct bench_run *r, struct load *l)
{
	size_t failed = 0;
	int err = mp_pool_map(bench_state(r),
		&(struct mp_map){.task = "task",
			.items = l->tasks,
			.item_bytes = sizeof(l->tasks[0]),
			.n = l->n,
			.results = l->results,
			.result_bytes = sizeof(l->results[0]),
			.chunk = 1},
		&failed);

	return err ? err : failed ? -EIO : 0;
}

static int open_pool(struct bench_run *r, unsigned workers)
{
	struct mp_pool *pool;
	int err = mp_pool_create(
		&(struct mp_pool_options){
			.entry = "worker", .tasks = pool_tasks, .workers = workers},
		&pool);

	if (err)
		return err;
	bench_set_state(r, pool);
	/* Of many workers most are started in the first waits (pool.h): by the second map all are there. */
	for (int i = 0; !err && i < 2; i++)
		err = all_pool(r, bench_point_state(r));
	if (err)
		mp_pool_destroy(pool);
	return err;
}

static int open_small_pool(struct bench_run *r)
{
	return open_pool(r, bench_effective(r));
}

static int open_big_pool(struct bench_run *r)
{
	return open_pool(r, (unsigned)bench_number(r, "tasks"));
}

static void close_pool(struct bench_run *r)
{
	mp_pool_destroy(bench_state(r));
}

static uint64_t run_small_pool(struct bench_run *r, uint64_t iters)
{
	unsigned n = (unsigned)bench_number(r, "tasks"), workers = bench_effective(r);

	return run_ops(r, iters, (n + workers - 1) / workers, all_pool);
}

static uint64_t run_big_pool(struct bench_run *r, uint64_t iters)
{
	return run_ops(r, iters, 1, all_pool);
}

/* ---- one thread and one loop ---- */

/* Begins all waits. fds: those that have begun, -1 behind them. */
static int begin_all(const struct load *l, int epoll, int *fds)
{
	for (unsigned i = 0; i < l->n; i++)
		fds[i] = -1;
	for (unsigned i = 0; i < l->n; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

		fds[i] = begin_wait(&l->tasks[i]);
		if (fds[i] < 0)
			return fds[i];
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &e))
			return -errno;
	}
	return 0;
}

static int end_all(const struct load *l, int epoll, int *fds)
{
	struct epoll_event e[64];

	for (unsigned done = 0; done < l->n;) {
		int n = epoll_wait(epoll, e, 64, -1);

		if (n < 0 && errno != EINTR)
			return -errno;
		for (int k = 0; k < n; k++, done++) {
			uint32_t i = e[k].data.u32;
			int err = end_wait(&l->tasks[i], fds[i], &l->results[i]);

			fds[i] = -1; /* it is closed */
			if (err)
				return err;
		}
	}
	return 0;
}

static int all_loop(struct bench_run *r, struct load *l)
{
	static int fds[TASKS_MOST];
	int epoll = epoll_create1(EPOLL_CLOEXEC), err;

	(void)r;
	if (epoll < 0)
		return -errno;
	err = begin_all(l, epoll, fds);
	if (!err)
		err = end_all(l, epoll, fds);
	for (unsigned i = 0; err && i < l->n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	close(epoll);
	return err;
}

static uint64_t run_loop(struct bench_run *r, uint64_t iters)
{
	return run_ops(r, iters, 1, all_loop);
}

/* ---- the sweep: what of the product answers a question ---- */

#define NO_SUCH_POINT " "

static bool named(const struct bench_run *r, const char *part)
{
	return strstr(bench_variant_name(r), part) != NULL;
}

/* With 5 ms: C alone, whose threads and processes start in a small part of that. */
static const char *skip_short(const struct bench_run *r, unsigned tasks)
{
	bool sleeps = bench_is(r, "kind", "sleep");

	if (named(r, "python_") || (!sleeps && tasks != SERIAL))
		return NO_SUCH_POINT;
	if ((tasks > 100 || bench_is(r, "kind", "mixed")) && bench_budget_s(r) < MORE_BUDGET_S)
		return "takes a while: give --budget 30";
	return NULL;
}

/* With 20 ms: CPython alone. */
static const char *skip_long(const struct bench_run *r, unsigned tasks)
{
	if (!named(r, "python_") || tasks > 100 ||
		(named(r, "pool") && !bench_is(r, "kind", "sleep")))
		return NO_SUCH_POINT;
	if (tasks != SERIAL && !bench_is(r, "kind", "sleep"))
		return NO_SUCH_POINT;
	if (bench_quick(r))
		return "not measured with --quick";
	return bench_asked(r, "wait") || bench_budget_s(r) >= PYTHON_BUDGET_S
		       ? NULL
		       : "CPython takes half a minute: give --budget 60";
}

static const char *skip_published(const struct bench_run *r, unsigned tasks)
{
	if (tasks != SERIAL)
		return NO_SUCH_POINT;
	if (bench_quick(r))
		return "not measured with --quick";
	return bench_asked(r, "wait") || bench_budget_s(r) >= PUBLISHED_BUDGET_S
		       ? NULL
		       : "takes minutes: give --budget 300";
}

static const char *skip(const struct bench_run *r)
{
	unsigned tasks = (unsigned)bench_number(r, "tasks");

	if (tasks < 1 || tasks > TASKS_MOST)
		return "1 to 1000 tasks";
	if (tasks > SERIAL && (named(r, "serial") || named(r, "pool")))
		return NO_SUCH_POINT; /* as long as so many waits, or as the workers take turns */
	if (tasks < SERIAL && (named(r, "pool") || named(r, "loop")))
		return NO_SUCH_POINT;
	/* What computes needs workers: how many at once is the question of threads_vs_processes. */
	if (bench_is(r, "kind", "mixed") && (named(r, "pool") || named(r, "loop")))
		return NO_SUCH_POINT;
	if (bench_is(r, "wait", "5ms"))
		return skip_short(r, tasks);
	return bench_is(r, "wait", "20ms") ? skip_long(r, tasks) : skip_published(r, tasks);
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one task after the other", .run = run_serial},
	{.name = "threads",
		.text = "start a thread for each task, join all",
		.base = "serial",
		.run = run_threads},
	{.name = "processes",
		.text = "fork a process for each task, wait for all",
		.base = "serial",
		.run = run_processes},
	{.name = "pool_of_cpus",
		.text = "mp_pool_map by as many processes as CPUs, there already",
		.base = "serial",
		.run = run_small_pool,
		.setup = open_small_pool,
		.teardown = close_pool},
	{.name = "pool_of_tasks",
		.text = "mp_pool_map by as many processes as tasks, there already",
		.base = "serial",
		.run = run_big_pool,
		.setup = open_big_pool,
		.teardown = close_pool},
	{.name = "loop",
		.text = "one thread waits for all of them with epoll",
		.base = "serial",
		.run = run_loop},
	{.name = "python_serial",
		.text = "CPython: one task after the other",
		.peer = "io_bound.py",
		.needs = "python3"},
	{.name = "python_threads",
		.text = "CPython: a threading.Thread for each task",
		.base = "python_serial",
		.peer = "io_bound.py",
		.needs = "python3"},
	{.name = "python_processes",
		.text = "CPython: a multiprocessing.Process by fork for each task",
		.base = "python_serial",
		.peer = "io_bound.py",
		.needs = "python3"},
	{.name = "python_pool",
		.text = "CPython: a new Pool of as many processes as CPUs, map",
		.base = "python_serial",
		.peer = "io_bound.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What helps work that waits: threads, processes, a pool, one loop?",
	.topic = "threads-vs-processes",
	.op = "all tasks, from the first start to the last end",
	.variants = variants,
	.axes = {{"tasks", "2,20,100,1000", "2,20,100", "that many, each with one wait",
			 TASKS_MOST},
		{"wait", "5ms,20ms,100ms", "5ms", "of one task; 100 ms are the published size"},
		{"kind", "sleep,request,mixed", "sleep",
			"a sleep, a server's answer, or a sleep and a tenth of it of computing"}},
	.crowded = true,
	.answer = "20 waits of 5 ms take {threads/serial@tasks=20,wait=5ms,kind=sleep} of the time "
		  "of one after the other when threads wait for them, "
		  "{processes/serial@tasks=20,wait=5ms,kind=sleep} by processes, "
		  "{loop/serial@tasks=20,wait=5ms,kind=sleep} by one loop",
	.share = 0.18,
	.quick_share = 0.11,
	.chart = "line",
	.chart_axis = "tasks",
	.early = early,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = teardown_point,
};
