/*
 * check.h - what the checker of an exercise needs: it runs the student's program and looks at what
 * is left
 *
 * A checker judges what the program did, never how fast: lines, counts, exit status, children that
 * were not waited for. It prints one line for each thing that it looks at, and a hint where one
 * helps:
 *
 *     ok 2 of 2 points  50 different children greeted
 *     not ok 0 of 3 points  each child was waited for
 *         hint last_child_only: ...
 *
 * It ends with 0 where all points were given, else with 1. Only libc.
 */
#ifndef LESSON_CHECK_H
#define LESSON_CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHECK_DEADLINE_MS = 5000, CHECK_TEXT_MOST = 1 << 16, CHECK_TASKS_MOST = 1500 };

struct student_run {
	char text[CHECK_TEXT_MOST + 1]; /* its standard output */
	pid_t pid;
	int exit; /* -1: it was killed by `signal`, or by us: see the next two */
	int signal;
	bool timed_out;
	bool flood;       /* too much text, or too many new tasks: it was stopped at once */
	int left_running; /* children that it left behind, still running */
	int left_dead;    /* ... ended, but never waited for */
};

static inline long long check_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ll + ts.tv_nsec / 1000000;
}

/* Threads and processes of the whole machine; -1 where /proc does not say. */
static inline long check_tasks(void)
{
	FILE *f = fopen("/proc/loadavg", "re");
	long tasks = -1;

	if (f != NULL && fscanf(f, "%*f %*f %*f %*d/%ld", &tasks) != 1)
		tasks = -1;
	if (f != NULL)
		fclose(f);
	return tasks;
}

/* In the child: a group of its own, so that all that it starts can be ended at once. */
static inline void check_exec(const char *program, const char *argument, int out)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0)
		_exit(126);
	execl(program, program, argument, (char *)NULL);
	_exit(127);
}

/* Without taking its status: check_run does. */
static inline bool check_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid != 0;
}

/* Reads until the last writer has gone and the program has ended: it may close its output and go on.
 * A child that forgets to leave the loop doubles each round: it is stopped long before the machine
 * is full. */
static inline void check_follow(struct student_run *r, int in)
{
	long long until = check_now_ms() + CHECK_DEADLINE_MS;
	struct pollfd p = {in, POLLIN, 0};
	long tasks = check_tasks();
	size_t used = 0;

	while (p.fd >= 0 || !check_ended(r->pid)) {
		/* poll leaves out a negative descriptor: then it is a pause. */
		int ready = poll(&p, 1, p.fd < 0 ? 1 : 20);
		ssize_t n = ready > 0 ? read(in, r->text + used, CHECK_TEXT_MOST - used) : -1;

		if (n == 0)
			p.fd = -1;
		used += n > 0 ? (size_t)n : 0;
		r->flood = used == CHECK_TEXT_MOST ||
			   (tasks > 0 && check_tasks() > tasks + CHECK_TASKS_MOST);
		r->timed_out = check_now_ms() > until;
		if (r->flood || r->timed_out)
			break;
	}
	r->text[used] = '\0';
}

/* Its orphans have become ours: count them, and end those that still run. */
static inline void check_orphans(struct student_run *r)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		r->left_dead++;
	if (pid < 0)
		return;
	kill(-r->pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		r->left_running++;
}

/* Runs program with one argument to its end, at most CHECK_DEADLINE_MS. False: it could not be
 * started. */
static inline bool check_run(const char *program, const char *argument, struct student_run *r)
{
	int fd[2], status = 0;

	memset(r, 0, sizeof(*r));
	/* A subreaper gets the orphans of its descendants, as init would. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || pipe2(fd, O_CLOEXEC) < 0)
		return false;
	fflush(stdout);
	r->pid = fork();
	if (r->pid == 0)
		check_exec(program, argument, fd[1]);
	close(fd[1]);
	if (r->pid > 0) {
		setpgid(r->pid, r->pid); /* whoever of the two is first */
		check_follow(r, fd[0]);
		if (r->timed_out || r->flood)
			kill(-r->pid, SIGKILL);
		while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
			;
		check_orphans(r);
		r->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	}
	close(fd[0]);
	return r->pid > 0 && r->exit != 126 && r->exit != 127;
}

static unsigned check_lost;

static inline bool __attribute__((format(printf, 3, 4)))
check_item(bool passed, unsigned points, const char *what, ...)
{
	va_list ap;

	printf("%s %u of %u points  ", passed ? "ok" : "not ok", passed ? points : 0, points);
	va_start(ap, what);
	vprintf(what, ap);
	va_end(ap);
	putchar('\n');
	check_lost += passed ? 0 : points;
	return passed;
}

/* For the item before, where it failed: what to look at, never the answer in code. */
static inline void check_hint(bool passed, const char *id, const char *text)
{
	if (!passed)
		printf("    hint %s: %s\n", id, text);
}

static inline int check_finish(void)
{
	return fflush(stdout) == 0 && check_lost == 0 ? 0 : 1;
}

/* How many lines of text are exactly `line`. */
static inline int check_count_line(const char *text, const char *line)
{
	size_t n = strlen(line);
	int count = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		count += len == n && memcmp(text, line, n) == 0;
		text += len + (text[len] == '\n');
	}
	return count;
}

#endif
