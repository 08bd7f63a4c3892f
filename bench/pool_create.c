/*
 * pool_create - what does a pool cost that is made for one job, and what does it cost to keep it?
 *
 * The job is a published one: 1000 squares, by one thread and by a pool of 4. A pool that is made for it is timed
 * whole, and in three times from its beginning: when it was created, when the map was done, when it was closed and its
 * workers had ended. Beside it stands a pool that was there before, and a process for each task, 4 at a time.
 *
 * The size goes from 5 squares to very many: no number of squares is enough where a square costs less than to hand
 * it over.
 */
#include "harness/tools.h"
#include "mp/memory.h"
#include "pool_work.h"
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS    4
#define PUBLISHED  1000
#define FEW        40     /* a process for each of 1000 would take seconds */
#define SHORTEST   10000  /* squares of a serial sample: a few are over before the clock steps */
#define LONG_S     60     /* processes for 1000 tasks, a million squares in CPython */
#define MANY       100000 /* more than that is long */
#define TIMEOUT_MS 10000

enum mark { MARK_CREATED, MARK_MAPPED, MARK_CLOSED };

/* ---- the task, in a pool and in a process of its own ---- */

static int square(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const struct work_item *it = item;

	(void)item_bytes, (void)result_bytes;
	*(uint64_t *)result = it->x * it->x;
	return 0;
}

static const struct mp_task tasks[] = {{"square", square}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

struct errand {
	struct work_item item;
	size_t place; /* of its result, in the memory that is handle 0 */
};

static int one_square(struct mp_child *self)
{
	const struct errand *e = mp_child_argument(self, NULL);
	struct mp_memory *memory;
	int err = mp_memory_attach(mp_child_handle(self, 0), &memory);

	if (err)
		return 1;
	square(&e->item, sizeof(e->item), (uint64_t *)mp_memory_base(memory) + e->place,
		sizeof(uint64_t));
	mp_memory_destroy(memory);
	return 0;
}

static const struct mp_entry entries[] = {
	{"worker", worker}, {"one_square", one_square}, {NULL, NULL}};

static int early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
	return 0;
}

static int setup_point(struct bench_run *r)
{
	struct work_load *l = work_new("square", square, (size_t)bench_number(r, "tasks"));

	if (!l)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		l->items[i].x = i + 1;
		l->wanted[i] = (uint64_t)(i + 1) * (i + 1);
	}
	bench_set_point_state(r, l);
	return 0;
}

/* ---- serial ---- */

/* Often enough that the clock can see it; the time of one is told. */
static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	struct work_load *l = bench_point_state(r);
	uint64_t right = 0, elapsed = 0;

	for (; iters > 0; iters--) {
		uint64_t begin = clock_now_ns(), times = 0;

		do {
			work_map_serial(r, l);
			times++;
		} while (times * l->n < SHORTEST);
		elapsed += (clock_now_ns() - begin) / times;
		right += work_right(l);
	}
	bench_elapsed(r, elapsed);
	return right;
}

/* ---- a pool for one job ---- */

static int end_pool(struct mp_pool *pool)
{
	int err = mp_pool_close(pool), destroyed;

	if (!err)
		err = mp_pool_join(pool, TIMEOUT_MS);
	destroyed = mp_pool_destroy(pool);
	return err ? err : destroyed;
}

static int map_once(struct bench_run *r, struct work_load *l, enum mp_method method)
{
	const struct mp_pool_options o = {
		.entry = "worker", .tasks = tasks, .workers = WORKERS, .method = method};
	uint64_t begin = clock_now_ns();
	struct mp_pool *pool;
	int err = mp_pool_create(&o, &pool), ended;

	if (err)
		return err;
	bench_mark(r, MARK_CREATED, clock_now_ns() - begin);
	err = work_map_by(pool, l, 0);
	bench_mark(r, MARK_MAPPED, clock_now_ns() - begin);
	ended = end_pool(pool);
	bench_mark(r, MARK_CLOSED, clock_now_ns() - begin);
	return err ? err : ended;
}

static int map_forked(struct bench_run *r, struct work_load *l)
{
	return map_once(r, l, MP_FORK);
}

static int map_spawned(struct bench_run *r, struct work_load *l)
{
	return map_once(r, l, MP_SPAWN);
}

static int map_threads(struct bench_run *r, struct work_load *l)
{
	return map_once(r, l, MP_THREAD);
}

static uint64_t run_forked(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_forked);
}

static uint64_t run_spawned(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_spawned);
}

static uint64_t run_threads(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_threads);
}

/* ---- a pool that stays ---- */

static int open_reused(struct bench_run *r)
{
	return work_open_pool(r, tasks, WORKERS, MP_SPAWN);
}

static uint64_t run_reused(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, work_map_pool);
}

/* ---- a process for each task, as many at a time as the pool has workers ---- */

static int start_errand(const struct work_load *l, size_t i, struct mp_handle *memory,
	enum mp_method method, struct mp_process **out)
{
	const struct errand e = {l->items[i], i};

	return mp_process_start(&(struct mp_process_options){.entry = "one_square",
					.argument = &e,
					.nbytes = sizeof(e),
					.handles = memory,
					.nhandles = 1,
					.method = method},
		out);
}

static int end_errand(struct mp_process *p)
{
	int code = 0, err = mp_process_join(p, TIMEOUT_MS);

	if (err)
		mp_process_kill(p);
	if (err)
		mp_process_join(p, MP_FOREVER);
	if (!err)
		err = mp_process_exit_code(p, &code);
	mp_process_close(p);
	return err ? err : code ? -ECHILD : 0;
}

static int run_errands(struct work_load *l, struct mp_memory *memory, enum mp_method method)
{
	struct mp_handle handle = mp_memory_handle(memory);
	struct mp_process *running[WORKERS];
	int err = 0;

	for (size_t first = 0; !err && first < l->n; first += WORKERS) {
		size_t started = 0;

		for (; !err && started < WORKERS && first + started < l->n; started += !err)
			err = start_errand(l, first + started, &handle, method, &running[started]);
		for (size_t i = 0; i < started; i++) {
			int ended = end_errand(running[i]);

			err = err ? err : ended;
		}
	}
	memcpy(l->results, mp_memory_base(memory), l->n * sizeof(*l->results));
	memset(mp_memory_base(memory), 0, l->n * sizeof(*l->results));
	return err;
}

static int open_memory(struct bench_run *r)
{
	const struct work_load *l = bench_point_state(r);
	struct mp_memory *memory;
	int err = mp_memory_create(l->n * sizeof(*l->results), &memory);

	if (!err)
		bench_set_state(r, memory);
	return err;
}

static void close_memory(struct bench_run *r)
{
	mp_memory_destroy(bench_state(r));
}

static int map_fork_each(struct bench_run *r, struct work_load *l)
{
	return run_errands(l, bench_state(r), MP_FORK);
}

static int map_spawn_each(struct bench_run *r, struct work_load *l)
{
	return run_errands(l, bench_state(r), MP_SPAWN);
}

static uint64_t run_fork_each(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_fork_each);
}

static uint64_t run_spawn_each(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_spawn_each);
}

/* ---- the same with nothing but fork and waitpid ---- */

static int open_arena(struct bench_run *r)
{
	const struct work_load *l = bench_point_state(r);
	uint64_t *results = bench_arena(r, l->n * sizeof(*results));

	bench_set_state(r, results);
	return results ? 0 : -ENOMEM;
}

static int reap(pid_t pid)
{
	int status, err = tools_wait(pid, &status);

	return err ? err : WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int map_bare(struct bench_run *r, struct work_load *l)
{
	uint64_t *results = bench_state(r);
	int err = 0;

	for (size_t first = 0; !err && first < l->n; first += WORKERS) {
		pid_t running[WORKERS];
		size_t started = 0;

		for (; !err && started < WORKERS && first + started < l->n; started += !err) {
			size_t i = first + started;
			pid_t pid = fork();

			if (pid == 0)
				_exit(square(&l->items[i], sizeof(l->items[i]), &results[i],
					sizeof(results[i])));
			err = pid < 0 ? -errno : 0;
			running[started] = pid;
		}
		for (size_t i = 0; i < started; i++) {
			int reaped = reap(running[i]);

			err = err ? err : reaped;
		}
	}
	memcpy(l->results, results, l->n * sizeof(*results));
	memset(results, 0, l->n * sizeof(*results));
	return err;
}

static uint64_t run_bare(struct bench_run *r, uint64_t iters)
{
	return work_run(r, iters, map_bare);
}

/* ---- the sweep ---- */

static const char *skip(const struct bench_run *r)
{
	static const char *const each[] = {
		"fork_each", "fork_each_bare", "spawn_each", "python_process_each", NULL};
	static const char *const published[] = {
		"pool_spawn", "pool_threads", "python_threads", NULL};
	const char *name = bench_variant_name(r);
	int64_t n = bench_number(r, "tasks");

	if (n < 1)
		return "a map has at least one task";
	for (size_t i = 0; published[i]; i++)
		if (!strcmp(name, published[i]) && n != PUBLISHED)
			return " ";
	if (n > MANY && !bench_asked(r, "tasks") && bench_budget_s(r) < LONG_S)
		return "takes tens of seconds in CPython: give --budget 60";
	for (size_t i = 0; each[i]; i++) {
		if (strcmp(name, each[i]) || n == FEW)
			continue;
		if (n != PUBLISHED)
			return " ";
		if (bench_quick(r))
			return "not measured with --quick";
		if (strcmp(name, "fork_each_bare") && bench_budget_s(r) < LONG_S)
			return "takes seconds, with 40 tasks it is measured: give --budget 60";
	}
	return NULL;
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one thread, one square after the other", .run = run_serial},
	{.name = "pool_fork",
		.text = "create a pool of 4 by fork, map, close, join, destroy",
		.base = "serial",
		.run = run_forked},
	{.name = "pool_spawn",
		.text = "create a pool of 4 by spawn, map, close, join, destroy",
		.base = "serial",
		.run = run_spawned},
	{.name = "pool_threads",
		.text = "create a pool of 4 threads, map, close, join, destroy",
		.base = "serial",
		.run = run_threads},
	{.name = "pool_reused",
		.text = "map by a pool of 4 that was there before",
		.base = "serial",
		.run = run_reused,
		.setup = open_reused,
		.teardown = work_close_pool},
	{.name = "fork_each",
		.text = "mp_process_start by fork for each task, 4 at a time",
		.base = "pool_fork",
		.run = run_fork_each,
		.setup = open_memory,
		.teardown = close_memory},
	{.name = "spawn_each",
		.text = "mp_process_start by spawn for each task, 4 at a time",
		.base = "pool_fork",
		.run = run_spawn_each,
		.setup = open_memory,
		.teardown = close_memory},
	{.name = "fork_each_bare",
		.text = "fork and waitpid for each task, 4 at a time",
		.base = "pool_fork",
		.run = run_bare,
		.setup = open_arena},
	{.name = "python_serial",
		.text = "CPython: a list of calls, one after the other",
		.peer = "pool_create.py",
		.needs = "python3"},
	{.name = "python_pool",
		.text = "CPython: Pool(4) by fork, map, close, join",
		.base = "python_serial",
		.peer = "pool_create.py",
		.needs = "python3"},
	{.name = "python_threads",
		.text = "CPython: ThreadPool(4), map, close, join",
		.base = "python_serial",
		.peer = "pool_create.py",
		.needs = "python3"},
	{.name = "python_reused",
		.text = "CPython: map by a Pool(4) that was there before",
		.base = "python_serial",
		.peer = "pool_create.py",
		.needs = "python3"},
	{.name = "python_process_each",
		.text = "CPython: a Process by fork for each task, 4 at a time",
		.base = "python_pool",
		.peer = "pool_create.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What does a pool cost that is made for one job, and what if it is kept?",
	.topic = "pool-overhead",
	.op = "that many squares",
	.variants = variants,
	.axes = {{"tasks", "1000,40,5,100000,1000000", "1000,40,5", "squares of one job"}},
	.marks = {"created", "mapped", "closed"},
	.single = true,
	.answer = "1000 squares take {pool_fork/serial@tasks=1000} times as long by a pool that is "
		  "made for them as by one process, {pool_reused/serial@tasks=1000} times by one "
		  "that is there; in CPython {python_pool/python_serial@tasks=1000} and "
		  "{python_reused/python_serial@tasks=1000} times",
	.share = 0.03,
	.quick_share = 0.06,
	.chart = "line",
	.chart_axis = "tasks",
	.early = early,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = work_teardown_point,
};
