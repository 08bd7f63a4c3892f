/*
 * spawn_fifty - starts 50 programs, one after the other, and works between the starts
 *
 * Usage: spawn_fifty [MIB]. Its work is to write to MIB MiB of memory, 64 if not said. With a minus
 * sign before the number, program 17 is one that is not there.
 *
 * Each of the 50 is this program again, in another role: it prints how many descriptors are open in
 * it, and that comes back through a pipe. A solution: posix_spawn is given a list of
 * what a child of fork would do before exec, and returns why it could not be done.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 50, MISSING = 17, DESCRIPTORS = 256 };

static unsigned char *memory;
static size_t pages, page;

static int descriptors(void)
{
	int open = 0;

	for (int fd = 0; fd < DESCRIPTORS; fd++)
		open += fcntl(fd, F_GETFD) >= 0;
	return open;
}

/* Writes to each page. Returns how many page faults that took. */
static long work(void)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (size_t i = 0; i < pages; i++)
		memory[i * page]++;
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/* Starts the program at path, with its standard output into fd[1]. 0 or the number of the error. */
static int start(const char *path, const int fd[2], pid_t *pid)
{
	char *argv[] = {"spawn_fifty", "program", NULL};
	posix_spawn_file_actions_t actions;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawn_file_actions_adddup2(&actions, fd[1], STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addclose(&actions, fd[0]);
	if (error == 0)
		error = posix_spawn_file_actions_addclose(&actions, fd[1]);
	/* It returns the number of the error, and leaves errno alone. */
	if (error == 0)
		error = posix_spawn(pid, path, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Starts program `number`, reads what it prints, waits for its end. Returns whether all went well. */
static bool run(int number, const char *path)
{
	char said[64] = "nothing\n";
	int fd[2], error, status = 0;
	size_t used = 0;
	ssize_t n;
	pid_t pid = 0;

	if (pipe(fd) < 0)
		return false;
	error = start(path, fd, &pid);
	/* Only when the last one that could write has gone, does read say 0: the end. */
	close(fd[1]);
	while ((n = read(fd[0], said + used, sizeof(said) - 1 - used)) > 0)
		used += (size_t)n;
	close(fd[0]);
	if (error != 0)
		printf("program %d was not started: %s\n", number, strerror(error));
	else if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		printf("program %d did not end well\n", number);
	else
		return printf("program %d says: %s", number, said) > 0;
	return false;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool get_memory(size_t bytes)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	pages = bytes / page;
	bytes += page; /* mmap wants more than nothing */
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* A huge page would be one fault instead of 512. EINVAL: there are none here. */
	return memory != MAP_FAILED &&
	       (madvise(memory, bytes, MADV_NOHUGEPAGE) == 0 || errno == EINVAL);
}

int main(int argc, char **argv)
{
	long mib = argc > 1 ? atol(argv[1]) : 64, faults = 0;
	double running = 0, working = 0, at[3];
	char self[4096] = "";
	size_t written = 0;
	int well = 0;

	if (argc > 1 && strcmp(argv[1], "program") == 0)
		return printf("%d descriptors\n", descriptors()) < 0;
	printf("here are %d descriptors\n", descriptors());
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 ||
		!get_memory((size_t)labs(mib) << 20))
		return 2;
	work();
	for (int i = 1; i <= COUNT; i++) {
		at[0] = now_ms();
		well += run(i, mib < 0 && i == MISSING ? "/not/there" : self);
		at[1] = now_ms();
		faults += work();
		at[2] = now_ms();
		running += at[1] - at[0];
		working += at[2] - at[1];
	}
	for (size_t i = 0; i < pages; i++)
		written += memory[i * page] == COUNT + 1;
	printf("%d of %d programs ended well\n", well, COUNT);
	printf("%zu of %zu pages were written %d times\n", written, pages, COUNT + 1);
	printf("%ld page faults in %d times of work\n", faults, COUNT);
	printf("%.1f ms for %d programs, %.1f ms for %d times of work\n", running, COUNT, working,
		COUNT);
	return well == COUNT ? 0 : 1;
}
