/*
 * sleep_is_not_work - ten that sleep take as long as one, ten that compute do not
 *
 * listings: 003-L01 003-L02 004-L04
 * claims: 003-C011 004-C017
 *
 * Watch for: the last two columns. A sleeper needs no CPU, so ten of them need no more time than one,
 * be they threads or processes, and be there one CPU or many: sleeps cannot show how two ways of
 * running differ. A computer needs a CPU for all of its time, and ten share the CPUs that there are.
 * Here that is one CPU, or two: more are not used, so that the ten are always too many.
 *
 * The Python it re-creates:
 *     for Worker in (threading.Thread, multiprocessing.Process):
 *         ws = [Worker(target=time.sleep, args=(0.1,)) for _ in range(10)]
 *         for w in ws: w.start()
 *         for w in ws: w.join()
 *
 * expect:
 *     10 at a time, against one alone; CPUs that are used: <n>
 *     they        as            took as long as    used the CPU as long as
 *     sleep       threads       one                none
 *     sleep       processes     one                none
 *     compute     threads       several            ten
 *     compute     processes     several            ten
 *     ten sleepers wait side by side; ten computers share the CPUs
 */
#include "demo.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/resource.h>

enum { WORKERS = 10, CPUS = 2, ONE_MS = 50, TIMEOUT_MS = 10000, TRIES = 5 };
enum what { SLEEP, COMPUTE };
enum as { THREADS, PROCESSES };

struct took {
	double wall, cpu; /* as a multiple of what one needs alone */
};

static long long clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* One sleeps for as long as another computes. By its own CPU time: as much, whoever else runs. */
static void *work(void *arg)
{
	enum what what = *(enum what *)arg;
	long long end = clock_ns(CLOCK_THREAD_CPUTIME_ID) + ONE_MS * 1000000ll;
	struct timespec left = {.tv_nsec = ONE_MS * 1000000l};

	while (what == SLEEP && clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
		;
	while (what == COMPUTE && clock_ns(CLOCK_THREAD_CPUTIME_ID) < end)
		;
	return NULL;
}

/* CPU time of this process and its ended children. */
static double used_ms(void)
{
	double ms = 0;

	for (int i = 0; i < 2; i++) {
		struct rusage u;

		getrusage(i == 0 ? RUSAGE_SELF : RUSAGE_CHILDREN, &u);
		ms += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e3 +
		      (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e3;
	}
	return ms;
}

static void run_all(enum what what, enum as as)
{
	pthread_t threads[WORKERS];
	pid_t pids[WORKERS];

	for (int i = 0; i < WORKERS; i++) {
		if (as == THREADS)
			demo_must(-pthread_create(&threads[i], NULL, work, &what), "thread");
		else if ((pids[i] = demo_fork()) == 0)
			_exit(work(&what) != NULL);
	}
	for (int i = 0; i < WORKERS; i++) {
		if (as == THREADS)
			demo_must(-pthread_join(threads[i], NULL), "join");
		else if (demo_wait(pids[i], TIMEOUT_MS) != 0)
			demo_end(DEMO_NOT_SHOWN, "worker %d did not end its work", i + 1);
	}
}

static struct took measure(enum what what, enum as as)
{
	double cpu_ms = used_ms();
	long long begin = demo_now_ns();
	struct took t;

	run_all(what, as);
	t.wall = (double)(demo_now_ns() - begin) / 1e6 / ONE_MS;
	t.cpu = (used_ms() - cpu_ms) / ONE_MS;
	return t;
}

/*
 * In classes, with much room between them. Below: by no machine, be it busy, since ten that compute need
 * ten times the CPU, and there are two. Above: sleepers take longer where others hold the CPUs when
 * they wake; then once more.
 */
static bool show(enum what what, enum as as, int ncpus)
{
	struct took t;
	bool one, none, several, ten;
	int tries = TRIES;

	do {
		t = measure(what, as);
		one = t.wall < 2;
		several = t.wall > 0.9 * WORKERS / ncpus;
		none = t.cpu < 1;
		ten = t.cpu > 0.9 * WORKERS;
	} while (what == SLEEP && !(one && none) && --tries > 0);
	demo_line("%-11s %-13s %-18s %s\n", what == SLEEP ? "sleep" : "compute",
		as == THREADS ? "threads" : "processes",
		one       ? "one"
		: several ? "several"
			  : "between",
		none  ? "none"
		: ten ? "ten"
		      : "some");
	return what == SLEEP ? one && none : several && ten;
}

int main(int argc, char **argv)
{
	cpu_set_t set;
	int cpus[CPUS], ncpus;
	bool shown = true;

	demo_start(argc, argv, "sleep_is_not_work",
		"ten that sleep take as long as one, ten that compute do not");
	ncpus = demo_cpus(cpus, CPUS);
	CPU_ZERO(&set);
	for (int i = 0; i < ncpus; i++)
		CPU_SET(cpus[i], &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		demo_end(DEMO_CANNOT, "sched_setaffinity: %s", strerror(errno));
	demo_line("%d at a time, against one alone; CPUs that are used: %d\n", WORKERS, ncpus);
	demo_line("they        as            took as long as    used the CPU as long as\n");
	for (enum what what = SLEEP; what <= COMPUTE; what++)
		for (enum as as = THREADS; as <= PROCESSES; as++)
			shown &= show(what, as, ncpus);
	if (!shown)
		demo_end(DEMO_NOT_SHOWN,
			"a busy machine woke the sleepers late, or counts CPU time "
			"in its own way");
	demo_line("ten sleepers wait side by side; ten computers share the CPUs\n");
	return DEMO_SHOWN;
}
