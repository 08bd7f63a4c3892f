/*
 * concurrency_vs_parallelism - workers take turns on one CPU; on two CPUs they run at once
 *
 * listings: 003-L01 003-L02
 * claims: 001-C011 003-C006 003-C007
 *
 * Watch for: the last two columns. Each worker computes, and often looks whether the other has moved on. On one CPU
 * the other can only move while I am switched out, so I never see it move more often than I was switched. On two CPUs
 * I see it move thousands of times between two switches. Threads and processes do not differ in this. Workers that
 * sleep would look the same everywhere.
 *
 * The Python it re-creates:
 *     for Worker in (threading.Thread, multiprocessing.Process):
 *         ws = [Worker(target=work, args=(n,)) for n in "AB"]
 *         for w in ws: w.start()
 *
 * expect:
 *     cpus workers            wall ms  CPU ms  switched  saw the other move
 *     1    1 alone              <ms>    <ms>       <n>          0
 *     1    2 threads            <ms>    <ms>       <n>          <n>
 *     1    2 processes          <ms>    <ms>       <n>          <n>
 *     one CPU: they took turns, and were never at work at once (concurrency)
 *     2    2 threads            <ms>    <ms>       <n>          <n>
 *     2    2 processes          <ms>    <ms>       <n>          <n>
 *     two CPUs: they were at work at once (parallelism)
 */
#include "demo.h"
#include "workers.h"
#include <stdatomic.h>
#include <stdint.h>

enum { TOTAL_LOOKS = 300000, STEPS_PER_LOOK = 256, TIMEOUT_MS = 3000, TRIES = 3 };
enum kind { ALONE, THREADS, PROCESSES };

/* In memory that both see, be they threads or processes; each on cache lines of its own. */
struct worker {
	_Alignas(64) atomic_int progress; /* 1: it is there; then one more for each look */
	struct worker *other;
	int cpu, looks;
	long switched, saw_move;
	double cpu_ms;
	uint64_t result; /* else the compiler may leave the computing out */
};

static void count(struct worker *me, int sign)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	me->switched += sign * (u.ru_nvcsw + u.ru_nivcsw);
	me->cpu_ms += sign * workers_cpu_ms(&u);
}

/* The work, the same for a thread and for a process. */
static void *work(void *arg)
{
	long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;
	struct worker *me = arg;
	int last, now;

	demo_bind(&me->cpu, 1);
	atomic_store(&me->progress, 1);
	/* Both must be there before either starts: else one is done before the other begins. */
	while (atomic_load(&me->other->progress) == 0 && demo_now_ns() < until)
		sched_yield();
	count(me, -1);
	last = atomic_load(&me->other->progress);
	for (int i = 0; i < me->looks; i++) {
		now = atomic_load_explicit(&me->other->progress, memory_order_relaxed);
		me->saw_move += now != last;
		last = now;
		for (int k = 0; k < STEPS_PER_LOOK; k++)
			me->result = me->result * 6364136223846793005u + 1;
		atomic_fetch_add_explicit(&me->progress, 1, memory_order_relaxed);
	}
	count(me, 1);
	return NULL;
}

/* One line of the table, the numbers of both together. True: they were at work at once. */
static bool show(enum kind kind, const int *cpus, int ncpus)
{
	static const char *const names[] = {"1 alone", "2 threads", "2 processes"};
	int n = kind == ALONE ? 1 : 2, tries = ncpus == 1 ? 1 : TRIES;
	struct worker *w = demo_shared(2 * sizeof(*w));
	long switched, saw_move;
	double start_ms;

	do { /* a busy machine may keep the two apart for a while: then once more */
		for (int i = 0; i < 2; i++)
			w[i] = (struct worker){.other = &w[!i], .looks = TOTAL_LOOKS / n};
		w[1].progress = n == 1; /* the one alone need not wait for it */
		w[0].cpu = cpus[0];
		w[1].cpu = cpus[ncpus - 1];
		start_ms = (double)demo_now_ns() / 1e6;
		workers_run(kind == PROCESSES, work, w, sizeof(*w), n);
		switched = w[0].switched + w[1].switched;
		saw_move = w[0].saw_move + w[1].saw_move;
	} while (saw_move <= switched && --tries > 0);
	demo_line("%-4d %-16s %9.1f %7.1f %9ld %19ld\n", ncpus, names[kind],
		(double)demo_now_ns() / 1e6 - start_ms, w[0].cpu_ms + w[1].cpu_ms, switched,
		saw_move);
	if (n == 2 && saw_move == 0)
		demo_end(DEMO_NOT_SHOWN, "one was done before the other began");
	return saw_move > switched;
}

int main(int argc, char **argv)
{
	int cpus[2], ncpus;

	demo_start(argc, argv, "concurrency_vs_parallelism",
		"workers take turns on one CPU; on two CPUs they run at once");
	ncpus = demo_cpus(cpus, 2);
	demo_line("cpus workers            wall ms  CPU ms  switched  saw the other move\n");
	if (show(ALONE, cpus, 1) || show(THREADS, cpus, 1) || show(PROCESSES, cpus, 1))
		demo_end(DEMO_CANNOT,
			"no two are kept on one CPU here, or switches are not counted");
	demo_line("one CPU: they took turns, and were never at work at once (concurrency)\n");
	if (ncpus < 2)
		demo_end(DEMO_CANNOT, "only one CPU here: parallelism needs two");
	if (!show(THREADS, cpus, 2) || !show(PROCESSES, cpus, 2))
		return DEMO_NOT_SHOWN;
	demo_line("two CPUs: they were at work at once (parallelism)\n");
	return DEMO_SHOWN;
}
