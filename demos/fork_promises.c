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
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>

enum { MIB = 1 << 20, BIG_MIB = 1024, TIMEOUT_MS = 5000, PAGE_BYTES = 4096 };
#define WAIT_ARG "--wait" /* of the child begun anew: ends when its standard input does */

extern char **environ;

static char *big;

static long promised_mib(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	long kib = 0;
	char line[128];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Committed_AS:", 13) == 0)
			kib = strtol(line + 13, NULL, 10);
	if (f != NULL)
		fclose(f);
	if (kib == 0)
		demo_end(DEMO_CANNOT, "/proc/meminfo: no Committed_AS: the kernel does not tell");
	return kib / 1024;
}

static int pages_there(void)
{
	static unsigned char there[(size_t)BIG_MIB * MIB / PAGE_BYTES];
	size_t pages = (size_t)BIG_MIB * MIB / (size_t)sysconf(_SC_PAGESIZE);
	int n = 0;

	if (mincore(big, (size_t)BIG_MIB * MIB, there) < 0)
		demo_end(DEMO_CANNOT, "mincore: %s", strerror(errno));
	for (size_t i = 0; i < pages; i++)
		n += there[i] & 1;
	return n;
}

static int wait_for_end(int fd)
{
	char byte;

	while (read(fd, &byte, 1) < 0 && errno == EINTR)
		;
	return 0;
}

static pid_t by_spawn(int life)
{
	static char wait_arg[] = WAIT_ARG;
	char *argv[] = {program_invocation_name, wait_arg, NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, life, STDIN_FILENO);
	demo_must(-posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ), "spawn");
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* Its copy of the parent's end is closed first of all: else the end of file would never come. */
static pid_t by_fork(const int *life)
{
	pid_t pid = fork();

	if (pid < 0)
		demo_end(DEMO_CANNOT, "fork: %s: here no more is promised than there is",
			strerror(errno));
	if (pid == 0) {
		close(life[1]);
		_exit(wait_for_end(life[0]));
	}
	return pid;
}

static long show_child(const char *what, bool spawned)
{
	long before, more;
	int life[2];
	pid_t pid;

	if (pipe2(life, O_CLOEXEC) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	before = promised_mib();
	pid = spawned ? by_spawn(life[0]) : by_fork(life);
	more = promised_mib() - before;
	close(life[0]);
	close(life[1]);
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "a child did not end well");
	demo_line("%-33s %-4ld MiB        %d\n", what, more, pages_there());
	return more;
}

int main(int argc, char **argv)
{
	long before, mapped, spawned, forked;

	if (argc == 2 && strcmp(argv[1], WAIT_ARG) == 0)
		return wait_for_end(STDIN_FILENO);
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
	spawned = show_child("a child is begun by posix_spawn", true);
	forked = show_child("a child is begun by fork", false);
	/* All processes of the machine count: what they do meanwhile stands in the figures. */
	return mapped > BIG_MIB / 2 && forked > BIG_MIB / 2 && spawned < BIG_MIB / 2
		       ? DEMO_SHOWN
		       : DEMO_NOT_SHOWN;
}
