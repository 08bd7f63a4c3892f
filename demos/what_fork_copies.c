/*
 * what_fork_copies - fork copies the tables of the memory in use, not the memory itself
 *
 * listings: none, for the lesson on what a start costs
 * claims: 000-C003 001-C148 001-C149
 *
 * Watch for: a thread causes a few page faults, a process many, one for each page that parent or
 * child writes after the fork. 64 MiB that nobody touched add nothing. Once touched they add 8 bytes
 * of page table for each page of 4 KiB (128 KiB), but no faults. Only a child that writes to all of
 * it pays for all of it: 16384 more faults, each with a copy of a page.
 *
 * The Python it re-creates:
 *     big = bytearray(64 << 20)
 *     for Start in (threading.Thread, multiprocessing.Process):
 *         w = Start(target=nothing); w.start(); w.join()
 *
 * expect:
 *     parent                  start                   page faults    page tables
 *     small                   thread                  <x>            the parent's
 *     small                   fork                    <x>            <n> KiB
 *     + 64 MiB, not touched   fork                    <x>            <n> KiB
 *     + 64 MiB, touched       fork                    <x>            <n> KiB
 *     + 64 MiB, touched       fork, child writes all  <x>            <n> KiB
 *     touched: <n> KiB more of tables; a child that only ended copied no page of it
 */
#include "demo.h"
#include <pthread.h>
#include <sys/resource.h>

enum { STARTS = 20, BIG_MIB = 64, BIG_BYTES = BIG_MIB << 20, PAGE_BYTES = 4096, TIMEOUT_MS = 5000 };
enum start { THREAD, FORK, FORK_WRITES };

static const char *const start_name[] = {"thread", "fork", "fork, child writes all"};
static char *big;

/* [part count-faults] */
/* Page faults that needed no disk, of this process and of the children it has waited for. */
static long minor_faults(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return self.ru_minflt + children.ru_minflt;
}
/* [end] */

/* KiB of this process's page tables. */
static long page_tables_kib(void)
{
	return demo_proc("/proc/self/status", "VmPTE:");
}

static void *nothing(void *arg)
{
	return arg;
}

/* tables_kib: the child tells its tables there. That causes faults: not where they are counted. */
static void start(enum start how, long *tables_kib)
{
	pthread_t t;
	pid_t pid;

	if (how == THREAD) {
		demo_must(-pthread_create(&t, NULL, nothing, NULL), "thread");
		demo_must(-pthread_join(t, NULL), "join");
		return;
	}
	pid = demo_fork();
	if (pid == 0) {
		if (how == FORK_WRITES)
			memset(big, 1, BIG_BYTES);
		if (tables_kib != NULL)
			*tables_kib = page_tables_kib();
		_exit(0);
	}
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "a child did not end well");
}

/* Faults of parent and child, per start; and the page tables of one more child. */
static double show(const char *parent, enum start how, long *tables_kib)
{
	int starts = how == FORK_WRITES ? 1 : STARTS;
	long before = minor_faults();
	double faults;

	for (int i = 0; i < starts; i++)
		start(how, NULL);
	faults = (double)(minor_faults() - before) / starts;
	start(FORK, tables_kib);
	demo_line(how == THREAD ? "%-23s %-23s %11.1f   the parent's\n"
				: "%-23s %-23s %11.1f %10ld KiB\n",
		parent, start_name[how], faults, *tables_kib);
	return faults;
}

int main(int argc, char **argv)
{
	long *kib, pages = BIG_BYTES / PAGE_BYTES, half = pages * 8 / 1024 / 2;
	double thread, small, touched, written;

	demo_start(argc, argv, "what_fork_copies",
		"fork copies the tables of the memory in use, not the memory itself");
	if (sysconf(_SC_PAGESIZE) != PAGE_BYTES || page_tables_kib() == 0)
		demo_end(DEMO_CANNOT, "a page has not 4096 bytes here, or tables are not counted");
	kib = demo_shared(5 * sizeof(*kib));
	demo_line("parent                  start                   page faults    page tables\n");
	thread = show("small", THREAD, &kib[0]);
	small = show("small", FORK, &kib[1]);
	big = mmap(NULL, BIG_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* Huge pages need no page table of their own, so that there would be nothing to see. */
	if (big == MAP_FAILED || (madvise(big, BIG_BYTES, MADV_NOHUGEPAGE) < 0 && errno != EINVAL))
		demo_end(DEMO_NO_RESOURCE, "mmap: 64 MiB: %s", strerror(errno));
	show("+ 64 MiB, not touched", FORK, &kib[2]);
	memset(big, 1, BIG_BYTES);
	touched = show("+ 64 MiB, touched", FORK, &kib[3]);
	written = show("+ 64 MiB, touched", FORK_WRITES, &kib[4]);
	demo_line("touched: %ld KiB more of tables; a child that only ended copied no page of it\n",
		kib[3] - kib[2]);
	if (thread < small && kib[2] - kib[1] < half && kib[3] - kib[2] >= half &&
		touched < (double)pages / 8 && written >= (double)pages)
		return DEMO_SHOWN;
	return DEMO_NOT_SHOWN;
}
