/*
 * who_waits - workers that compute wait for nobody, until they share one lock
 *
 * listings: none, for the lesson on threads and processes
 * claims: 001-C003 001-C018 001-C019 002-C001
 *
 * Watch for: all rows take the same CPU time, since the work is the same. With two CPUs the free threads and the
 * processes spread it over both; behind one lock only one is at work at a time, and all together are as slow as one
 * thread. `waits` tells why: how often a worker gave up its CPU because it had to wait. `put off` is another matter:
 * it could have gone on, but the kernel gave its CPU to somebody else.
 *
 * The Python it re-creates:
 *     for Worker in (threading.Thread, multiprocessing.Process):
 *         ws = [Worker(target=compute) for _ in range(4)]
 *         for w in ws: w.start()
 *         for w in ws: w.join()
 * There threads give the third row, as they share the interpreter's lock, and processes the last.
 *
 * expect:
 *     workers              CPU ms  elapsed ms  CPUs at work    waits  put off
 *     1 thread does all       <x>         <x>           <x>      <n>      <n>
 *     4 threads               <x>         <x>           <x>      <n>      <n>
 *     4 threads, one lock     <x>         <x>           <x>      <n>      <n>
 *     4 processes             <x>         <x>           <x>      <n>      <n>
 *     behind the lock they waited <n> times, else never more than <n>
 */
#include "demo.h"
#include "workers.h"
#include <stdint.h>

enum { WORKERS = 4, PIECES = 40, STEPS = 1000000 };
enum kind { ALONE, THREADS, ONE_LOCK, PROCESSES, KINDS };

/* In memory that all see, be they threads or processes; each on cache lines of its own. */
struct worker {
	_Alignas(64) int number, pieces;
	long waits, put_off;
	double cpu_ms;
	uint64_t result; /* else the compiler may leave the computing out */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t my_turn[WORKERS] = {PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER,
	PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER};
static int turn;

/* [part count-waits] */
/* What the kernel has counted for this thread: taken away before the work, added after it. */
static void count(struct worker *me, int sign)
{
	struct rusage u;

	getrusage(RUSAGE_THREAD, &u);
	me->waits += sign * u.ru_nvcsw;    /* "voluntary": it left its CPU to wait */
	me->put_off += sign * u.ru_nivcsw; /* "involuntary": it was sent away */
	me->cpu_ms += sign * ((double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
				     (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3);
}
/* [end] */

static void compute(struct worker *me)
{
	for (int i = 0; i < STEPS; i++)
		me->result = me->result * 6364136223846793005u + 1;
}

static void *work(void *arg)
{
	struct worker *me = arg;

	count(me, -1);
	for (int i = 0; i < me->pieces; i++)
		compute(me);
	count(me, 1);
	return NULL;
}

/* [part one-lock] */
/* One worker computes, the others wait; after each piece it is the next one's turn. */
static void *work_in_turn(void *arg)
{
	struct worker *me = arg;

	count(me, -1);
	for (int i = 0; i < me->pieces; i++) {
		pthread_mutex_lock(&lock);
		while (turn != me->number)
			pthread_cond_wait(&my_turn[me->number], &lock);
		compute(me);
		turn = (turn + 1) % WORKERS;
		pthread_cond_signal(&my_turn[turn]);
		pthread_mutex_unlock(&lock);
	}
	count(me, 1);
	return NULL;
}
/* [end] */

/* One line of the table. Returns how often its workers waited, all together. */
static long show(enum kind kind)
{
	static const char *const names[] = {
		"1 thread does all", "4 threads", "4 threads, one lock", "4 processes"};
	struct worker *w = demo_shared(WORKERS * sizeof(*w)), all = {0};
	int n = kind == ALONE ? 1 : WORKERS;
	double elapsed_ms, start_ms = (double)demo_now_ns() / 1e6;

	for (int i = 0; i < n; i++)
		w[i] = (struct worker){.number = i, .pieces = WORKERS * PIECES / n};
	workers_run(kind == PROCESSES, kind == ONE_LOCK ? work_in_turn : work, w, sizeof(*w), n);
	elapsed_ms = (double)demo_now_ns() / 1e6 - start_ms;
	for (int i = 0; i < n; i++) {
		all.waits += w[i].waits;
		all.put_off += w[i].put_off;
		all.cpu_ms += w[i].cpu_ms;
	}
	demo_line("%-19s %7.1f %11.1f %13.2f %8ld %8ld\n", names[kind], all.cpu_ms, elapsed_ms,
		all.cpu_ms / elapsed_ms, all.waits, all.put_off);
	return all.waits;
}

int main(int argc, char **argv)
{
	long waits[KINDS], most = 0;

	demo_start(argc, argv, "who_waits",
		"workers that compute wait for nobody, until they share one lock");
	demo_line("workers              CPU ms  elapsed ms  CPUs at work    waits  put off\n");
	for (enum kind kind = ALONE; kind < KINDS; kind++) {
		waits[kind] = show(kind);
		if (kind != ONE_LOCK && waits[kind] > most)
			most = waits[kind];
	}
	if (waits[ONE_LOCK] == 0)
		demo_end(DEMO_CANNOT, "this system does not count who waits");
	demo_line("behind the lock they waited %ld times, else never more than %ld\n",
		waits[ONE_LOCK], most);
	/* Who was put off while the others had their turns need not wait for its own: rare, far from half of them. */
	return most <= WORKERS && waits[ONE_LOCK] >= WORKERS * PIECES / 2 ? DEMO_SHOWN
									  : DEMO_NOT_SHOWN;
}
