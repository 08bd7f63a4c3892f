/*
 * fork_huge_page - a byte written to a huge page after a fork copies 4 KiB of it, not all 2 MiB
 *
 * listings: none, for the lesson on spawn and fork
 * claims: redis-huge-pages
 *
 * Watch for: 32 huge pages, and a child that writes one byte to each while the parent has them too.
 * Each write could copy 2 MiB: Linux did so before 5.8, and the advice to turn huge pages off where
 * a server forks still says so. Now the child's huge page is broken up, and only the 4 KiB with
 * that byte are copied. The price: what was one page are 512, each with a fault of its own for the
 * first write. cow_cost measures it: after a fork huge pages are no cheaper to write than small.
 *
 * The Python it re-creates:
 *     m = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
 *     m.madvise(mmap.MADV_HUGEPAGE); fill(m)
 *     if os.fork() == 0:
 *         write_to(m); print(private_memory())
 *
 * expect:
 *     32 huge pages, filled before the fork
 *     the child writes             writes  copied      for each write
 *     one byte in each huge page   32      <n> KiB     4 KiB
 *     one byte in each 4 KiB       16384   <n> KiB     4 KiB
 */
#include "demo.h"
#include <stdbool.h>
#include <stdint.h>

enum { HUGE_PAGES = 32, KIB = 1024, HUGE_BYTES = 2048 * KIB, PAGE_BYTES = 4 * KIB };
enum { BYTES = HUGE_PAGES * HUGE_BYTES, TIMEOUT_MS = 5000 };

static volatile char *memory; /* begins where a huge page does */

/* KiB of this process: in huge pages, or written and in no other process. */
static long kib_of(const char *name)
{
	return demo_proc("/proc/self/smaps_rollup", name);
}

static void fill(void)
{
	char *map = mmap(NULL, BYTES + HUGE_BYTES, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t skip = (HUGE_BYTES - (uintptr_t)map % HUGE_BYTES) % HUGE_BYTES;

	if (map == MAP_FAILED)
		demo_end(DEMO_NO_RESOURCE, "mmap: %d bytes: %s", BYTES, strerror(errno));
	if (madvise(map + skip, BYTES, MADV_HUGEPAGE) < 0)
		demo_end(DEMO_CANNOT, "MADV_HUGEPAGE: %s: this kernel has no huge pages",
			strerror(errno));
	memset(map + skip, 1, BYTES);
	memory = map + skip;
	/* Where they are off, or memory is in pieces, small pages come instead. */
	if (kib_of("AnonHugePages:") < BYTES / KIB)
		demo_end(DEMO_CANNOT, "the memory is not in huge pages (see "
				      "/sys/kernel/mm/transparent_hugepage/enabled)");
}

/* True where each write copied the 4 KiB around it. */
static bool show(const char *what, int step, long *copied_kib)
{
	long writes = BYTES / step, each;
	pid_t pid = demo_fork();

	if (pid == 0) {
		long before;

		kib_of("Private_Dirty:"); /* what reading itself writes to is written now */
		before = kib_of("Private_Dirty:");
		for (size_t at = 0; at < BYTES; at += (size_t)step)
			memory[at] = 2;
		*copied_kib = kib_of("Private_Dirty:") - before;
		_exit(0);
	}
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "the child did not end well");
	each = (*copied_kib + writes / 2) / writes;
	demo_line("%-28s %-7ld %-5ld KiB   %ld KiB\n", what, writes, *copied_kib, each);
	return each == PAGE_BYTES / KIB;
}

int main(int argc, char **argv)
{
	long *copied_kib;
	bool shown;

	demo_start(argc, argv, "fork_huge_page",
		"a byte written to a huge page after a fork copies 4 KiB of it, not all 2 MiB");
	if (sysconf(_SC_PAGESIZE) != PAGE_BYTES)
		demo_end(DEMO_CANNOT, "a page has %ld bytes here, not 4096", sysconf(_SC_PAGESIZE));
	copied_kib = demo_shared(sizeof(*copied_kib));
	fill();
	demo_line("%d huge pages, filled before the fork\n", HUGE_PAGES);
	demo_line("the child writes             writes  copied      for each write\n");
	shown = show("one byte in each huge page", HUGE_BYTES, copied_kib);
	shown &= show("one byte in each 4 KiB", PAGE_BYTES, copied_kib);
	return shown ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
