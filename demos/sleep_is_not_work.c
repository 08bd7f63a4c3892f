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
#include "workers.h"

enum { WORKERS = 10, CPUS = 2, ONE_MS = 50, TRIES = 5 };
enum what { SLEEP, COMPUTE };
enum as { THREADS, PROCESSES };

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
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return workers_cpu_ms(&self) + workers_cpu_ms(&children);
}

/*
 * In classes, with much room between them: by no machine, be it busy, can ten that compute come near to one. Sleepers
 * take longer where others hold the CPUs when they wake; then once more.
 */
static bool show(enum what what, enum as as, int ncpus)
{
	int tries = TRIES;
	bool one, none, several, ten;

	do {
		double cpu = used_ms(), wall = (double)demo_now_ns() / 1e6;

		workers_run(as == PROCESSES, work, &what, 0, WORKERS);
		wall = ((double)demo_now_ns() / 1e6 - wall) / ONE_MS;
		cpu = (used_ms() - cpu) / ONE_MS;
		one = wall < 2;
		several = wall > 0.9 * WORKERS / ncpus;
		none = cpu < 1;
		ten = cpu > 0.9 * WORKERS;
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
	int cpus[CPUS], ncpus;
	bool shown = true;

	demo_start(argc, argv, "sleep_is_not_work",
		"ten that sleep take as long as one, ten that compute do not");
	ncpus = demo_cpus(cpus, CPUS);
	demo_bind(cpus, ncpus);
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
