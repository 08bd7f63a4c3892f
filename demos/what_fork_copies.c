/*
 * what_fork_copies - fork copies the tables of the memory in use, not the memory itself
 *
 * listings: none, for the lesson on what a start costs
 * claims: 000-C003 001-C148 001-C149
 *
 * Watch for: a thread causes a few page faults, a process many: each page that parent or child
 * writes after the fork costs one. 64 MiB that nobody touched add nothing. 64 MiB that were touched
 * add 8 bytes of page table for each page of 4 KiB (128 KiB), but no more faults. Only a child that
 * writes to all of it pays for all of it: 16384 more faults, each with a copy of a page.
 *
 * The Python it re-creates:
 *     big = bytearray(64 << 20)
 *     for Start in (threading.Thread, multiprocessing.Process):
 *         w = Start(target=nothing)
 *         w.start(); w.join()
 *
 * expect:
 *     parent                  start                   page faults    page tables
 *     small                   thread                  <x>            the parent's
 *     small                   fork                    <x>            <n> KiB
 *     + 64 MiB, not touched   fork                    <x>            <n> KiB
 *     + 64 MiB, touched       fork                    <x>            <n> KiB
 *     + 64 MiB, touched       fork, child writes all  <x>            <n> KiB
 *     touched memory: <n> KiB more of tables; a child that only ended copied no page of it
 */
#include "demo.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/resource.h>

enum { STARTS = 20, BIG_MIB = 64, PAGE_BYTES = 4096, TIMEOUT_MS = 5000 };

static const size_t big_bytes = (size_t)BIG_MIB << 20;
static const long big_pages = ((long)BIG_MIB << 20) / PAGE_BYTES;

struct row {
	double faults; /* of parent and child, per start */
	long tables_kib;
};

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

/* The line VmPTE of /proc/self/status in KiB: the page tables of the calling process. -1: not told.
 */
static long page_table_kib(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	long kib = -1;
	char line[128];

	while (f != NULL && kib < 0 && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmPTE: %ld kB", &kib) != 1)
			kib = -1;
	if (f != NULL)
		fclose(f);
	return kib;
}

static void write_every_page(char *big)
{
	for (long i = 0; i < big_pages; i++)
		((volatile char *)big)[i * PAGE_BYTES] = 1;
}

static void *nothing(void *arg)
{
	return arg;
}

static void start_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, nothing, NULL) != 0 || pthread_join(t, NULL) != 0)
		demo_end(DEMO_NO_RESOURCE, "pthread_create failed");
}

/* tables: where the child leaves its VmPTE, NULL: it ends at once. written: what it writes to. */
static void start_process(long *tables, char *written)
{
	pid_t pid = fork();

	if (pid < 0)
		demo_end(DEMO_NO_RESOURCE, "fork: %s", strerror(errno));
	if (pid == 0) {
		if (written != NULL)
			write_every_page(written);
		if (tables != NULL)
			*tables = page_table_kib();
		_exit(0);
	}
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "a child did not end well");
}

static struct row by_thread(void)
{
	long before = minor_faults();

	for (int i = 0; i < STARTS; i++)
		start_thread();
	return (struct row){(double)(minor_faults() - before) / STARTS, 0};
}

static struct row by_fork(int starts, long *tables, char *written)
{
	long before = minor_faults();
	struct row r;

	for (int i = 0; i < starts; i++)
		start_process(NULL, written);
	r.faults = (double)(minor_faults() - before) / starts;
	start_process(tables, NULL);
	r.tables_kib = *tables;
	if (r.tables_kib < 0)
		demo_end(DEMO_CANNOT, "/proc/self/status: no VmPTE: the kernel does not tell");
	return r;
}

static void show(const char *parent, const char *start, struct row r)
{
	demo_line("%-23s %-23s %11.1f %10ld KiB\n", parent, start, r.faults, r.tables_kib);
}

static bool judge(struct row thread, struct row small, struct row untouched, struct row touched,
	struct row written)
{
	long expected_kib = big_pages * 8 / 1024, grew = touched.tables_kib - untouched.tables_kib;

	demo_line("touched memory: %ld KiB more of tables; a child that only ended copied no page "
		  "of it\n",
		grew);
	return thread.faults < small.faults && grew >= expected_kib / 2 &&
	       untouched.tables_kib - small.tables_kib < expected_kib / 2 &&
	       touched.faults < (double)big_pages / 8 && written.faults >= (double)big_pages;
}

int main(int argc, char **argv)
{
	long *tables;
	struct row thread, small, untouched, touched, written;
	char *big;

	demo_start(argc, argv, "what_fork_copies",
		"fork copies the tables of the memory in use, not the memory itself");
	if (sysconf(_SC_PAGESIZE) != PAGE_BYTES)
		demo_end(DEMO_CANNOT, "a page has %ld bytes here, not 4096", sysconf(_SC_PAGESIZE));
	tables = demo_shared(sizeof(*tables));
	demo_line("parent                  start                   page faults    page tables\n");
	thread = by_thread();
	demo_line("%-23s %-23s %11.1f   the parent's\n", "small", "thread", thread.faults);
	show("small", "fork", small = by_fork(STARTS, tables, NULL));
	big = mmap(NULL, big_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* Huge pages need no page table of their own, so that there would be nothing to see. */
	if (big == MAP_FAILED || (madvise(big, big_bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL))
		demo_end(DEMO_NO_RESOURCE, "mmap: 64 MiB: %s", strerror(errno));
	show("+ 64 MiB, not touched", "fork", untouched = by_fork(STARTS, tables, NULL));
	write_every_page(big);
	show("+ 64 MiB, touched", "fork", touched = by_fork(STARTS, tables, NULL));
	show("+ 64 MiB, touched", "fork, child writes all", written = by_fork(1, tables, big));
	return judge(thread, small, untouched, touched, written) ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
