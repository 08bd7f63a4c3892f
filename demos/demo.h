/*
 * demo.h - the few lines that every demo needs: its command line, memory that children share,
 * bounded waits
 *
 * Only libc. Include it first: `gcc -pthread -o x demos/NAME.c` then builds with the GNU extensions
 * too. A demo that includes mp/ headers takes -D_GNU_SOURCE, -Idemos and all of demos/mp beside it.
 */
#ifndef DEMO_H
#define DEMO_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* make tells it; a demo that was built by one line of gcc has none. */
#ifndef FORKLAB_VERSION
#define FORKLAB_VERSION "(version not known: it was not built by make)"
#endif

enum { DEMO_SHOWN = 0, DEMO_NOT_SHOWN = 1, DEMO_USAGE = 2, DEMO_NO_RESOURCE = 3, DEMO_CANNOT = 77 };

/* A spawned child, in which mp_init does not come back to demo_start, keeps this one. */
static const char *demo_name = "a child";

/* Ends the demo with one line on standard error, "NAME: why". */
static inline void __attribute__((noreturn, format(printf, 2, 3)))
demo_end(int code, const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fprintf(stderr, "%s: ", demo_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(code);
}

/* Ends the demo where a call of mp, which returns 0 or a negative errno, has failed. */
static inline void demo_must(int err, const char *what)
{
	if (err != 0)
		demo_end(err == -ETIMEDOUT ? DEMO_NOT_SHOWN : DEMO_NO_RESOURCE, "%s: %s", what,
			strerror(-err));
}

/* First call in main (after mp_init, where there is one): demos take no arguments but --help,
 * --version and --describe (one JSON line for the runner). phenomenon: one line, as in the header comment. */
static inline void demo_start(int argc, char **argv, const char *name, const char *phenomenon)
{
	demo_name = name;
	if (argc < 2)
		return;
	if (strcmp(argv[1], "--describe") == 0) {
		printf("{\"type\":\"demo\",\"name\":\"%s\",\"question\":\"%s\"}\n", name,
			phenomenon);
		exit(fflush(stdout) == 0 ? DEMO_SHOWN : DEMO_NO_RESOURCE);
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("%s %s\n", name, FORKLAB_VERSION);
		exit(fflush(stdout) == 0 ? DEMO_SHOWN : DEMO_NO_RESOURCE);
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		printf("%s - %s\nusage: %s (no arguments); what to watch for stands in "
		       "demos/%s.c\n",
			name, phenomenon, name, name);
		exit(fflush(stdout) == 0 ? DEMO_SHOWN : DEMO_NO_RESOURCE);
	}
	demo_end(DEMO_USAGE, "%s: no such argument (allowed --help, --version, --describe)",
		argv[1]);
}

/* One write(2) for the whole line: no buffer that fork could duplicate, and no line in another's
 * middle. */
static inline void __attribute__((format(printf, 1, 2))) demo_line(const char *fmt, ...)
{
	char buf[256];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(buf))
		n = sizeof(buf) - 1;
	if (n > 0 && write(STDOUT_FILENO, buf, (size_t)n) != n)
		_exit(DEMO_NO_RESOURCE);
}

/* Zeroed memory that this process, its threads and its children all see. */
static inline void *demo_shared(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		demo_end(DEMO_NO_RESOURCE, "mmap: %zu bytes: %s", size, strerror(errno));
	return at;
}

static inline long long demo_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ll + ts.tv_nsec;
}

/* fork(2), or the end of the demo. 0: this is the child. */
static inline pid_t demo_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		demo_end(DEMO_NO_RESOURCE, "fork: %s", strerror(errno));
	return pid;
}

/* Waits for a child until the time is up, then kills it: its wait status. A demo never hangs. */
static inline int demo_wait(pid_t pid, int timeout_ms)
{
	long long left, until = demo_now_ns() + timeout_ms * 1000000ll;
	int status = 0, ready = 0, fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {fd, POLLIN, 0};

	while (fd >= 0 && ready <= 0 && (left = until - demo_now_ns()) > 0)
		ready = poll(&p, 1, (int)(left / 1000000) + 1);
	if (ready <= 0)
		kill(pid, SIGKILL);
	if (fd >= 0)
		close(fd);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

/* The first CPUs that this process may use, at most cap: how many there are, at least 1. */
static inline int demo_cpus(int *cpus, int cap)
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		demo_end(DEMO_CANNOT, "sched_getaffinity: %s", strerror(errno));
	for (int i = 0; i < CPU_SETSIZE && n < cap; i++)
		if (CPU_ISSET(i, &set))
			cpus[n++] = i;
	return n;
}

/* Keeps the calling thread, and whom it starts from now on, on n CPUs. */
static inline void demo_bind(const int *cpus, int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = 0; i < n; i++)
		CPU_SET(cpus[i], &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		demo_end(DEMO_CANNOT, "sched_setaffinity: %s", strerror(errno));
}

/* How many of n numbers no earlier one equals. */
static inline int demo_different(const long *numbers, int n)
{
	int different = 0;

	for (int i = 0; i < n; i++) {
		int earlier = 0;

		while (earlier < i && numbers[earlier] != numbers[i])
			earlier++;
		different += earlier == i;
	}
	return different;
}

/* The number behind a word in a file of /proc: of KiB, for most. Ends the demo where there is none. */
static inline long demo_proc(const char *path, const char *word)
{
	FILE *f = fopen(path, "re");
	size_t n = strlen(word);
	char line[128], *number = NULL;
	long value = 0;

	while (f != NULL && number == NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, word, n) == 0)
			value = strtol(line + n, &number, 10);
	if (f != NULL)
		fclose(f);
	if (number == NULL)
		demo_end(DEMO_CANNOT, "%s: no %s the kernel does not tell", path, word);
	return value;
}

#endif
