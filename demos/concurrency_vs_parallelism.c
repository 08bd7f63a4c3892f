/*
 * concurrency_vs_parallelism - workers take turns on one CPU; on two CPUs they run at once
 *
 * listings: 003-L01 003-L02
 * claims: 001-C011 003-C006 003-C007
 *
 * Watch for: the last two columns. Each worker computes, and often looks whether the other has
 * moved on. On one CPU the other can only move while I am switched out, so I never see it move more
 * often than I was switched. On two CPUs I see it move thousands of times between two switches:
 * both ran at once. Threads and processes do not differ in this. Two sleeping workers would look
 * the same everywhere, because sleeping needs no CPU.
 *
 * The Python it re-creates:
 *     def work(name):
 *         for i in range(5): print(name); time.sleep(1)
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
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

enum { TOTAL_LOOKS = 300000, STEPS_PER_LOOK = 256, TIMEOUT_MS = 3000, TRIES = 3 };

/* What the workers share, one cache line each: the same memory for threads and for processes. */
struct worker {
	_Alignas(64) atomic_int looks; /* how often it has looked: its progress */
	long switched, saw_move;
	double cpu_ms;
	uint64_t result; /* else the compiler may leave the computing out */
};

struct pair {
	atomic_int inside; /* both must be in before either starts: else one ends before the other
			      begins */
	struct worker w[2];
};

enum kind { ALONE, THREADS, PROCESSES };
static const char *const kind_name[] = {"1 alone", "2 threads", "2 processes"};

struct job {
	struct pair *pair;
	int me, workers, cpu;
};

static uint64_t compute(uint64_t x)
{
	for (int i = 0; i < STEPS_PER_LOOK; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
	}
	return x;
}

static bool meet(struct pair *p, int workers)
{
	long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;

	atomic_fetch_add(&p->inside, 1);
	while (atomic_load(&p->inside) < workers)
		if (sched_yield() < 0 || demo_now_ns() > until)
			return false;
	return true;
}

static double cpu_ms(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e3 +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e3;
}

/* The work, the same for a thread and for a process: half of it where there are two. */
static void *work(void *arg)
{
	const struct job *job = arg;
	struct worker *me = &job->pair->w[job->me], *other = &job->pair->w[!job->me];
	struct rusage before, after;
	int looks = TOTAL_LOOKS / job->workers, last;

	demo_bind(job->cpu);
	if (!meet(job->pair, job->workers))
		return NULL;
	getrusage(RUSAGE_THREAD, &before);
	last = atomic_load_explicit(&other->looks, memory_order_relaxed);
	me->result = (uint64_t)job->me + 1;
	for (int i = 0; i < looks; i++) {
		int now = atomic_load_explicit(&other->looks, memory_order_relaxed);

		me->saw_move += now != last;
		last = now;
		me->result = compute(me->result);
		atomic_store_explicit(&me->looks, i + 1, memory_order_relaxed);
	}
	getrusage(RUSAGE_THREAD, &after);
	me->switched = after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw;
	me->cpu_ms = cpu_ms(&after) - cpu_ms(&before);
	return NULL;
}

static void run_threads(struct job *jobs, int n)
{
	pthread_t t[2];

	for (int i = 0; i < n; i++)
		if (pthread_create(&t[i], NULL, work, &jobs[i]) != 0)
			demo_end(DEMO_NO_RESOURCE, "pthread_create failed");
	for (int i = 0; i < n; i++)
		if (pthread_join(t[i], NULL) != 0)
			demo_end(DEMO_NOT_SHOWN, "pthread_join failed");
}

static void run_processes(struct job *jobs, int n)
{
	pid_t pids[2];

	for (int i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			demo_end(DEMO_NO_RESOURCE, "fork: %s", strerror(errno));
		if (pids[i] == 0) {
			work(&jobs[i]);
			_exit(0);
		}
	}
	for (int i = 0; i < n; i++)
		demo_wait(pids[i], 2 * TIMEOUT_MS);
}

/* One row of the table: the numbers of all its workers together. */
struct row {
	enum kind kind;
	int ncpus;
	double wall_ms, cpu_ms;
	long switched, saw_move;
};

static struct row run(enum kind kind, const int *cpus, int ncpus)
{
	struct pair *pair = demo_shared(sizeof(*pair));
	int n = kind == ALONE ? 1 : 2;
	struct job jobs[] = {{pair, 0, n, cpus[0]}, {pair, 1, n, cpus[ncpus - 1]}};
	struct row row = {.kind = kind, .ncpus = ncpus};
	long long start = demo_now_ns();

	if (kind == PROCESSES)
		run_processes(jobs, n);
	else
		run_threads(jobs, n);
	row.wall_ms = (double)(demo_now_ns() - start) / 1e6;
	for (int i = 0; i < n; i++) {
		if (pair->w[i].looks != TOTAL_LOOKS / n)
			demo_end(DEMO_NOT_SHOWN, "worker %d did not end its work", i + 1);
		row.cpu_ms += pair->w[i].cpu_ms;
		row.switched += pair->w[i].switched;
		row.saw_move += pair->w[i].saw_move;
	}
	munmap(pair, sizeof(*pair));
	return row;
}

static void show(const struct row *r)
{
	demo_line("%-4d %-16s %9.1f %7.1f %9ld %19ld\n", r->ncpus, kind_name[r->kind], r->wall_ms,
		r->cpu_ms, r->switched, r->saw_move);
}

static bool concurrency(const int *cpus)
{
	bool turns = true, never_at_once = true;

	for (enum kind k = ALONE; k <= PROCESSES; k++) {
		struct row r = run(k, cpus, 1);

		show(&r);
		turns = turns && (k == ALONE || r.saw_move > 0);
		never_at_once = never_at_once && r.saw_move <= r.switched;
	}
	if (!never_at_once)
		demo_end(DEMO_CANNOT,
			"this system does not keep two workers on one CPU, or does not "
			"count its switches");
	if (turns)
		demo_line(
			"one CPU: they took turns, and were never at work at once (concurrency)\n");
	return turns;
}

/* A busy machine may keep the two apart for a while: then once more. */
static bool parallelism(enum kind kind, const int *cpus)
{
	struct row r = run(kind, cpus, 2);

	for (int i = 1; i < TRIES && r.saw_move <= r.switched; i++)
		r = run(kind, cpus, 2);
	show(&r);
	return r.saw_move > r.switched;
}

int main(int argc, char **argv)
{
	int cpus[2], ncpus;

	demo_start(argc, argv, "concurrency_vs_parallelism",
		"workers take turns on one CPU; on two CPUs they run at once");
	ncpus = demo_cpus(cpus, 2);
	demo_line("cpus workers            wall ms  CPU ms  switched  saw the other move\n");
	if (!concurrency(cpus))
		return DEMO_NOT_SHOWN;
	if (ncpus < 2)
		demo_end(DEMO_CANNOT, "only one CPU here: parallelism needs two");
	if (!parallelism(THREADS, cpus) || !parallelism(PROCESSES, cpus))
		return DEMO_NOT_SHOWN;
	demo_line("two CPUs: they were at work at once (parallelism)\n");
	return DEMO_SHOWN;
}
