/*
 * fork_promises - fork asks for the parent's memory a second time, though it copies none of it
 *
 * listings: none, for the lesson on spawn and fork
 * claims: hotos19-overcommit
 *
 * Watch for: 1 GiB is mapped and never touched, so no page of it is there. The kernel counts it as
 * promised all the same (Committed_AS in /proc/meminfo), and once more for a forked child, which
 * could write to all of it. A child begun anew adds a few MiB. Who lets the kernel promise no more
 * than there is (vm.overcommit_memory=2) cannot fork from a parent that has more than half of it;
 * who lets it promise more may have processes killed when they use what they were promised.
 *
 * The Python it re-creates:
 *     big = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
 *     subprocess.Popen(["cat"])                   # begins anew
 *     multiprocessing.Process(target=wait).start()
 *
 * expect:
 *     what is done                      promised more   pages of it that are there
 *     1 GiB is mapped                   <n> MiB         0
 *     a child is begun by posix_spawn   <x> MiB         0
 *     a child is begun by fork          <n> MiB         0
 */
#include "demo.h"
#include "mp/process.h"

enum { MIB = 1 << 20, BIG_MIB = 1024, TIMEOUT_MS = 5000 };

static char *big;

static long promised_mib(void)
{
	return demo_proc("/proc/meminfo", "Committed_AS:") / 1024;
}

static int pages_there(void)
{
	const size_t pages = (size_t)BIG_MIB * MIB / (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *there = malloc(pages);
	int n = 0;

	if (there == NULL || mincore(big, (size_t)BIG_MIB * MIB, there) < 0)
		demo_end(DEMO_CANNOT, "mincore: %s", strerror(errno));
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	free(there);
	return n;
}

/* A child is there until it is killed. */
static int stay(struct mp_child *self)
{
	(void)self;
	while (pause() < 0)
		;
	return 0;
}

static long show_child(const char *what, enum mp_method method)
{
	const struct mp_process_options o = {.entry = "stay", .method = method};
	long more, before = promised_mib();
	struct mp_process *p;
	int err = mp_process_start(&o, &p);

	if (err == -ENOMEM)
		demo_end(DEMO_CANNOT, "%s: here no more is promised than there is", what);
	demo_must(err, what);
	more = promised_mib() - before;
	demo_must(mp_process_kill(p), "kill");
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	mp_process_close(p);
	demo_line("%-33s %-4ld MiB        %d\n", what, more, pages_there());
	return more;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"stay", stay}, {NULL, NULL}};
	long before, mapped, spawned, forked;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "fork_promises",
		"fork asks for the parent's memory a second time, though it copies none of it");
	before = promised_mib();
	big = mmap(NULL, (size_t)BIG_MIB * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	if (big == MAP_FAILED)
		demo_end(DEMO_CANNOT, "mmap: 1 GiB: %s", strerror(errno));
	mapped = promised_mib() - before;
	demo_line("what is done                      promised more   pages of it that are there\n");
	demo_line("%-33s %-4ld MiB        %d\n", "1 GiB is mapped", mapped, pages_there());
	spawned = show_child("a child is begun by posix_spawn", MP_SPAWN);
	forked = show_child("a child is begun by fork", MP_FORK);
	/* All processes of the machine count: what they do meanwhile stands in the figures. */
	return mapped > BIG_MIB / 2 && forked > BIG_MIB / 2 && spawned < BIG_MIB / 2
		       ? DEMO_SHOWN
		       : DEMO_NOT_SHOWN;
}
