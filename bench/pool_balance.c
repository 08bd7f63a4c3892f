/*
 * pool_balance - uneven tasks: a block for each worker, or a queue that all of them take from?
 *
 * Sixteen tasks, one of which takes as long as eight of the others. In blocks each worker has its part from the
 * beginning; from the queue whoever is free takes the next one. Both are compared with the ideal, which no order of
 * the tasks can beat: the longest task alone, or an equal share for each worker where that takes longer. (As many
 * tasks of the longest as workers would be no ideal: they all end at once, and the workers wait for each other to
 * hand their results in.) Where the long task comes last even the queue leaves one worker alone with it.
 *
 * The published case stands beside it, at a smaller scale: four tasks that only wait, for pools of 1, 2 and 4.
 */
#include "pool_work.h"
#include <time.h>
#include <unistd.h>

/* Some 20 ms a map: in less the kernel now and then keeps two workers on one CPU to the end. */
#define TASKS    16
#define SHORT_NS 2000000u
#define LONG     8 /* short tasks */

/* 5, 2, 1 and 3 s were published; 2 ms stand for a second. */
static const uint64_t published_ns[] = {10000000, 4000000, 2000000, 6000000};

#define PUBLISHED (sizeof(published_ns) / sizeof(published_ns[0]))

enum mark { MARK_FIRST_IDLE };

struct task {
	uint64_t x, steps, wait_ns; /* one of the two last is 0 */
};

struct span {
	uint64_t value, begin_ns, end_ns;
	int64_t worker;
};

static int do_task(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const struct task *t = item;
	struct timespec left = {.tv_nsec = (long)t->wait_ns};
	struct span *s = result;

	(void)item_bytes, (void)result_bytes;
	s->begin_ns = clock_now_ns();
	while (t->wait_ns > 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
	s->value = work_walk(t->x, t->steps);
	s->end_ns = clock_now_ns();
	s->worker = getpid();
	return 0;
}

static const struct mp_task tasks[] = {{"task", do_task}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

static int early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
	return 0;
}

/* ---- one point: the tasks, and what the ideal does ---- */

struct job {
	size_t n, chunk;
	struct task *tasks;
	struct span *spans;
};

struct balance {
	unsigned workers;
	struct job uneven, ideal;
};

static unsigned pool_size(const struct bench_run *r)
{
	return bench_is(r, "size", "cpus") ? bench_effective(r) : (unsigned)bench_number(r, "size");
}

static void free_balance(struct balance *b)
{
	free(b->uneven.tasks);
	free(b->uneven.spans);
	free(b->ideal.tasks);
	free(b->ideal.spans);
	free(b);
}

static struct balance *new_balance(size_t n, unsigned workers)
{
	struct balance *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	*b = (struct balance){workers, {.n = n}, {.n = workers}};
	b->uneven.tasks = calloc(n, sizeof(*b->uneven.tasks));
	b->uneven.spans = calloc(n, sizeof(*b->uneven.spans));
	b->ideal.tasks = calloc(workers, sizeof(*b->ideal.tasks));
	b->ideal.spans = calloc(workers, sizeof(*b->ideal.spans));
	if (b->uneven.tasks && b->uneven.spans && b->ideal.tasks && b->ideal.spans)
		return b;
	free_balance(b);
	return NULL;
}

static int fill(struct balance *b, const uint64_t *ns, bool wait)
{
	uint64_t sum = 0, most = 0, share;
	int err = 0;

	for (size_t i = 0; i < b->uneven.n; i++) {
		sum += ns[i];
		most = ns[i] > most ? ns[i] : most;
		b->uneven.tasks[i] = (struct task){.x = i + 1, .wait_ns = wait ? ns[i] : 0};
		if (!wait && !err)
			err = work_steps((double)ns[i], &b->uneven.tasks[i].steps);
	}
	share = sum / b->workers;
	if (share <= most) {
		b->ideal.n = 1;
		share = most;
	}
	for (size_t i = 0; i < b->ideal.n; i++) {
		b->ideal.tasks[i] = (struct task){.x = i + 1, .wait_ns = wait ? share : 0};
		if (!wait && !err)
			err = work_steps((double)share, &b->ideal.tasks[i].steps);
	}
	return err;
}

static int setup_point(struct bench_run *r)
{
	bool wait = bench_is(r, "tasks", "waits");
	uint64_t ns[TASKS];
	struct balance *b = new_balance(wait ? PUBLISHED : TASKS, pool_size(r));
	int err;

	if (!b)
		return -ENOMEM;
	for (size_t i = 0; i < b->uneven.n; i++)
		ns[i] = wait ? published_ns[i] : SHORT_NS;
	if (!wait)
		ns[bench_is(r, "tasks", "long_first") ? 0 : TASKS - 1] *= LONG;
	b->uneven.chunk = (b->uneven.n + b->workers - 1) / b->workers;
	b->ideal.chunk = 1;
	err = fill(b, ns, wait);
	if (err)
		free_balance(b);
	else
		bench_set_point_state(r, b);
	return err;
}

static void teardown_point(struct bench_run *r)
{
	free_balance(bench_point_state(r));
}

/* ---- one map ---- */

/* Every value is right, and each chunk was one worker's: else it was not this way of sharing out. */
static bool right(const struct job *j, size_t chunk)
{
	for (size_t i = 0; i < j->n; i++)
		if (j->spans[i].value != work_jump(j->tasks[i].x, j->tasks[i].steps) ||
			(i % chunk && j->spans[i].worker != j->spans[i - 1].worker))
			return false;
	return true;
}

/* When the first worker's last task had ended; where one got no task at all, that is the beginning. */
static uint64_t first_idle(const struct job *j, unsigned workers, uint64_t begin_ns)
{
	uint64_t first = UINT64_MAX;
	unsigned seen = 0;

	for (size_t i = 0; i < j->n; i++) {
		uint64_t last = 0;
		size_t k = 0;

		while (k < i && j->spans[k].worker != j->spans[i].worker)
			k++;
		if (k < i)
			continue;
		seen++;
		for (; k < j->n; k++)
			if (j->spans[k].worker == j->spans[i].worker && j->spans[k].end_ns > last)
				last = j->spans[k].end_ns;
		first = last < first ? last : first;
	}
	return seen < workers ? 0 : first - begin_ns;
}

/* Workers are numbered by their first task. */
static void tell_spans(struct bench_run *r, const struct job *j)
{
	int64_t workers[TASKS];
	unsigned n = 0;

	for (size_t i = 0; i < j->n && i < TASKS; i++) {
		unsigned w = 0;

		while (w < n && workers[w] != j->spans[i].worker)
			w++;
		if (w == n)
			workers[n++] = j->spans[i].worker;
		bench_span(r, w, (unsigned)i, j->spans[i].begin_ns, j->spans[i].end_ns);
	}
}

static uint64_t run_job(struct bench_run *r, uint64_t iters, const struct job *j, size_t chunk)
{
	const struct balance *b = bench_point_state(r);
	uint64_t done = 0, elapsed = 0;

	for (; iters > 0; iters--) {
		uint64_t begin;
		size_t failed = 0;
		int err;

		memset(j->spans, 0, j->n * sizeof(*j->spans));
		begin = clock_now_ns();
		err = mp_pool_map(bench_state(r),
			&(struct mp_map){.task = "task",
				.items = j->tasks,
				.item_bytes = sizeof(*j->tasks),
				.n = j->n,
				.results = j->spans,
				.result_bytes = sizeof(*j->spans),
				.chunk = chunk},
			&failed);
		elapsed += clock_now_ns() - begin;
		if (err || failed) {
			bench_fail(r, err ? err : -EREMOTEIO, "map");
			return 0;
		}
		done += right(j, chunk);
		bench_mark(r, MARK_FIRST_IDLE, first_idle(j, b->workers, begin));
		if (iters == 1)
			tell_spans(r, j);
	}
	bench_elapsed(r, elapsed);
	return done;
}

static uint64_t run_ideal(struct bench_run *r, uint64_t iters)
{
	const struct balance *b = bench_point_state(r);

	return run_job(r, iters, &b->ideal, b->ideal.chunk);
}

static uint64_t run_blocks(struct bench_run *r, uint64_t iters)
{
	const struct balance *b = bench_point_state(r);

	return run_job(r, iters, &b->uneven, b->uneven.chunk);
}

static uint64_t run_queue(struct bench_run *r, uint64_t iters)
{
	const struct balance *b = bench_point_state(r);

	return run_job(r, iters, &b->uneven, 1);
}

static int open_pool(struct bench_run *r)
{
	return work_open_pool(r, tasks, pool_size(r), MP_SPAWN);
}

/* ---- the sweep ---- */

static const char *skip(const struct bench_run *r)
{
	bool wait = bench_is(r, "tasks", "waits"), cpus = bench_is(r, "size", "cpus");

	/* Who computes needs a CPU each; who waits needs none. */
	if (wait == cpus)
		return " ";
	if (cpus && bench_effective(r) == 1)
		return "one CPU is all there is: nothing to share out";
	/* With a worker for each the ideal is the longest task, which the others are compared with; and blocks
	 * would show what those that compute show. */
	if (wait && strstr(bench_variant_name(r), "ideal") && !bench_is(r, "size", "4"))
		return " ";
	if (wait && strstr(bench_variant_name(r), "blocks"))
		return " ";
	return NULL;
}

static const struct bench_variant variants[] = {
	{.name = "ideal",
		.text = "an equal share for each worker, or the longest task alone where that is "
			"more",
		.run = run_ideal,
		.setup = open_pool,
		.teardown = work_close_pool},
	{.name = "blocks",
		.text = "mp_pool_map in blocks, one for each worker",
		.base = "ideal",
		.run = run_blocks,
		.setup = open_pool,
		.teardown = work_close_pool},
	{.name = "queue",
		.text = "mp_pool_map with chunk 1: whoever is free takes the next one",
		.base = "ideal",
		.run = run_queue,
		.setup = open_pool,
		.teardown = work_close_pool},
	{.name = "python_ideal",
		.text = "CPython: the ideal's shares by Pool.map",
		.peer = "pool_balance.py",
		.needs = "python3"},
	{.name = "python_blocks",
		.text = "CPython: Pool.map with a chunk for each worker",
		.base = "python_ideal",
		.peer = "pool_balance.py",
		.needs = "python3"},
	{.name = "python_queue",
		.text = "CPython: Pool.map with chunksize 1",
		.base = "python_ideal",
		.peer = "pool_balance.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "Uneven tasks: a block for each worker, or a queue that all take from?",
	.topic = "pool-overhead",
	.op = "one map of all tasks",
	.variants = variants,
	.axes = {{"tasks", "long_first,long_last,waits", "long_first,waits",
			 "15 short ones and one of 8 times their length; or 4 that wait"},
		{"size", "cpus,4,2,1", "cpus,4,1", "workers in the pool", MP_POOL_WORKERS_MAX}},
	.marks = {"first_idle"},
	.answer =
		"Uneven tasks, the long one first, take {blocks/ideal@tasks=long_first,size=cpus} "
		"times the ideal in a block for each worker, "
		"{queue/ideal@tasks=long_first,size=cpus} times from a queue that all take from",
	.share = 0.055,
	.chart = "line",
	.early = early,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = teardown_point,
};
