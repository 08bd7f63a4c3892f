/*
 * page_touch - do threads that use fresh memory stand in each other's way, where processes do not?
 *
 * Each worker again and again maps an area of its own, writes to each of its pages, and unmaps it. Nothing is
 * shared but what the kernel keeps for an address space: its list of areas with a lock, its page tables, and
 * the other CPUs' memory of them, which an unmap must clear. Threads have one address space for all of them, a
 * process has one to itself. With small areas most of the time is mapping and unmapping, with large ones it is
 * the touch. Every page must have been a fault of the worker that touched it, or the op does not count.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/workers.h"
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define START_NS  5000000000u /* a worker that does not come in that time will not come */
#define YIELD     1000        /* looks between two yields: who is awaited may need our CPU */
#define MAPS_WARM 2

struct worker {
	_Alignas(64) uint64_t begin_ns, end_ns;
};

/* In the arena: threads and processes see the same. */
struct shared {
	_Alignas(64) _Atomic unsigned there;
	struct worker worker[];
};

struct load {
	unsigned workers;
	size_t area;    /* bytes */
	uint64_t pages; /* of one area */
	size_t page;
	uint64_t maps; /* of one worker in this sample */
	struct workers_slot *slots;
	struct shared *shared;
};

/* A place for each where there are as many: two that share one would be measured instead. */
static void take_place(const struct load *l, unsigned i)
{
	cpu_set_t all, mine;

	if (sched_getaffinity(0, sizeof(all), &all) || CPU_COUNT(&all) != (int)l->workers)
		return;
	CPU_ZERO(&mine);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && i-- == 0)
			CPU_SET(cpu, &mine);
	(void)sched_setaffinity(0, sizeof(mine), &mine);
}

/* Until all are there, by looking: a sleeper would come late. False: one has not come. */
static bool meet(struct shared *s, unsigned workers)
{
	uint64_t end = clock_now_ns() + START_NS;

	atomic_fetch_add(&s->there, 1);
	for (unsigned looks = 1; atomic_load(&s->there) < workers; looks++) {
		if (looks % YIELD)
			continue;
		if (clock_now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

static uint64_t faults(void)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	return (uint64_t)u.ru_minflt;
}

/* Maps, touches and unmaps an area. Returns how many pages were touched. */
static uint64_t use_area(const struct load *l)
{
	char *at = mmap(NULL, l->area, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return 0;
	for (uint64_t i = 0; i < l->pages; i++)
		((volatile char *)at)[i * l->page] = 1;
	return munmap(at, l->area) ? 0 : l->pages;
}

/* Returns how many pages were touched, 0 where they were not all faults. */
static uint64_t body(void *arg, unsigned i)
{
	const struct load *l = arg;
	struct worker *me = &l->shared->worker[i];
	uint64_t before, touched = 0;

	take_place(l, i);
	for (int k = 0; k < MAPS_WARM; k++)
		use_area(l);
	if (!meet(l->shared, l->workers))
		return 0;
	before = faults();
	me->begin_ns = clock_now_ns();
	for (uint64_t k = 0; k < l->maps; k++)
		touched += use_area(l);
	me->end_ns = clock_now_ns();
	return faults() - before >= touched ? touched : 0;
}

/* From the first begin to the last end. Starting and joining is the question of start_cost. */
static uint64_t elapsed(const struct load *l)
{
	uint64_t begin = UINT64_MAX, end = 0;

	for (unsigned i = 0; i < l->workers; i++) {
		const struct worker *w = &l->shared->worker[i];

		begin = w->begin_ns < begin ? w->begin_ns : begin;
		end = w->end_ns > end ? w->end_ns : end;
	}
	return end - begin;
}

/* iters pages in each worker, rounded up to whole areas; told as the time that iters pages take of it. */
static uint64_t run(struct bench_run *r, uint64_t iters, enum workers_kind kind)
{
	struct load *l = bench_point_state(r);
	uint64_t all, right = 0;
	int err;

	l->maps = (iters + l->pages - 1) / l->pages;
	all = l->maps * l->pages;
	l->shared->there = 0;
	for (unsigned i = 0; i < l->workers; i++)
		l->slots[i].value = 0;
	err = workers_run(kind, l->workers, body, l, l->slots);
	if (err) {
		bench_fail(r, err, "run the workers");
		return 0;
	}
	for (unsigned i = 0; i < l->workers; i++)
		right += l->slots[i].value == all;
	bench_elapsed(r, (uint64_t)((double)elapsed(l) * (double)iters / (double)all));
	return right == l->workers ? iters : 0;
}

static uint64_t run_threads(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, WORKERS_THREADS);
}

static uint64_t run_processes(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, WORKERS_PROCESSES);
}

/* ---- one point ---- */

static int setup_point(struct bench_run *r)
{
	struct load *l = calloc(1, sizeof(*l));
	unsigned n = (unsigned)bench_number(r, "workers");

	if (!l)
		return -ENOMEM;
	l->workers = n;
	l->page = (size_t)sysconf(_SC_PAGESIZE);
	l->pages = (uint64_t)bench_number(r, "pages");
	l->area = (size_t)l->pages * l->page;
	l->slots = bench_arena(r, n * sizeof(*l->slots));
	l->shared = bench_arena(r, sizeof(*l->shared) + n * sizeof(l->shared->worker[0]));
	/* Larger pages, where the system gives them unasked, would be fewer faults. Of this process alone. */
	if (!l->slots || !l->shared || prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0)) {
		free(l);
		return -ENOMEM;
	}
	bench_set_point_state(r, l);
	return 0;
}

static void teardown_point(struct bench_run *r)
{
	free(bench_point_state(r));
}

static const char *skip(const struct bench_run *r)
{
	if (bench_number(r, "workers") < 1 || bench_number(r, "workers") > WORKERS_MAX)
		return "1 to 4096 workers";
	if (bench_number(r, "pages") < 1)
		return "at least one page";
	return NULL;
}

static const struct bench_variant variants[] = {
	{.name = "threads", .text = "threads of one process", .run = run_threads},
	{.name = "processes",
		.text = "forked processes, an address space each",
		.base = "threads",
		.run = run_processes},
	{.name = NULL},
};

const struct bench bench = {
	.question = "Do threads that use fresh memory stand in each other's way?",
	.topic = "threads-vs-processes",
	.op = "one page in each worker: mapped, touched, unmapped with its area",
	.variants = variants,
	.axes = {{"workers", "1..max", NULL, "threads or processes at a time"},
		{"pages", "1,16,256", "1,256", "of an area that is mapped at once", 1u << 16}},
	.round_axis = "workers",
	.share = 0.015,
	.chart = "scaling",
	.chart_axis = "workers",
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = teardown_point,
};
