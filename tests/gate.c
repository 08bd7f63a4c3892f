/* gate.c - the leak gate: pictures of a process before and after a test, and what differs */
#include "gate.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/ensure.h"
#include "suite.h"

#define LINE_MOST 512
#define SETTLE_NS 1000000000u

__attribute__((format(printf, 2, 3))) static void add(struct gate_picture *p, const char *fmt, ...)
{
	char line[LINE_MOST];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 64;
		p->lines = realloc(p->lines, p->cap * sizeof(*p->lines));
		CHECK(p->lines != NULL);
	}
	p->lines[p->n] = strdup(line);
	CHECK(p->lines[p->n] != NULL);
	p->n++;
}

static void read_word(const char *path, char *buf, size_t len)
{
	FILE *f = fopen(path, "re");

	if (f == NULL || fgets(buf, (int)len, f) == NULL)
		snprintf(buf, len, "gone");
	if (f != NULL)
		fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
}

static void look_at_descriptors(struct gate_picture *p)
{
	DIR *d = opendir("/proc/self/fd");
	char target[LINE_MOST / 2];

	CHECK(d != NULL);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		ssize_t n;

		if (e->d_name[0] == '.' || atoi(e->d_name) == dirfd(d))
			continue;
		n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		add(p, "descriptor %s: %s", e->d_name, target);
	}
	closedir(d);
}

static void look_at_children(struct gate_picture *p, const char *tid)
{
	char path[64], comm[64];
	int child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%.16s/children", tid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	while (fscanf(f, "%d", &child) == 1) {
		siginfo_t si = {.si_pid = 0};
		bool ended;

		snprintf(path, sizeof(path), "/proc/%d/comm", child);
		read_word(path, comm, sizeof(comm));
		/* WNOWAIT: looking must not reap what a test may still want to wait for. */
		ended = waitid(P_PID, (id_t)child, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
			si.si_pid != 0;
		add(p, "child %d (%s): %s", child, comm,
			ended ? "ended, never waited for" : "still there");
	}
	fclose(f);
}

static void look_at_threads(struct gate_picture *p)
{
	DIR *d = opendir("/proc/self/task");
	char path[64], comm[64];

	CHECK(d != NULL);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm", e->d_name);
		read_word(path, comm, sizeof(comm));
		add(p, "thread %s (%s)", e->d_name, comm);
		look_at_children(p, e->d_name);
	}
	closedir(d);
}

static void look_at_mappings(struct gate_picture *p)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[LINE_MOST], range[64], perms[8];

	CHECK(f != NULL);
	while (fgets(line, sizeof(line), f) != NULL) {
		int name = 0;

		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%63s %7s %*s %*s %*s %n", range, perms, &name) < 2 ||
			perms[3] != 's')
			continue;
		add(p, "shared mapping %s %.400s", range, name ? line + name : "");
	}
	fclose(f);
}

static void look_at_names(struct gate_picture *p, const char *dir)
{
	DIR *d = opendir(dir);

	if (d == NULL) /* not mounted here: then nobody can leave a name there */
		return;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		struct stat st;

		/* Other users of the machine come and go there. */
		if (e->d_name[0] != '.' &&
			fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			st.st_uid == geteuid())
			add(p, "name %s/%s", dir, e->d_name);
	}
	closedir(d);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void gate_take(struct gate_picture *out)
{
	siginfo_t si = {.si_pid = 0};

	*out = (struct gate_picture){.n = 0};
	look_at_descriptors(out);
	look_at_threads(out);
	look_at_mappings(out);
	look_at_names(out, "/dev/shm");
	look_at_names(out, "/dev/mqueue");
	/* Kernels without CONFIG_PROC_CHILDREN have no list, but wait(2) always knows whether there
	 * are any. */
	if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) == 0)
		add(out, "children: wait(2) does not say ECHILD");
	if (out->n > 0)
		qsort(out->lines, out->n, sizeof(*out->lines), by_text);
}

void gate_free(struct gate_picture *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->lines[i]);
	free(p->lines);
	*p = (struct gate_picture){.n = 0};
}

static size_t say_difference(
	char *report, size_t at, size_t len, const char *what, const char *line)
{
	int n;

	if (at >= len)
		return at;
	n = snprintf(report + at, len - at, "%s%s: %s", at ? "\n" : "", what, line);
	return n < 0 ? at : at + (size_t)n;
}

/* Both lists are sorted: one walk along both finds what only one of them has. */
static void compare(
	const struct gate_picture *a, const struct gate_picture *b, char *report, size_t len)
{
	size_t i = 0, j = 0, at = 0;

	report[0] = '\0';
	while (i < a->n || j < b->n) {
		int c = i == a->n ? 1 : j == b->n ? -1 : strcmp(a->lines[i], b->lines[j]);

		/* A name of the machine that is gone was another program's: ours all came later. */
		if (c < 0 && !strncmp(a->lines[i], "name ", 5))
			i++;
		else if (c < 0)
			at = say_difference(report, at, len, "gone after the test", a->lines[i++]);
		else if (c > 0)
			at = say_difference(report, at, len, "left by the test", b->lines[j++]);
		else
			i++, j++;
	}
}

void gate_compare(const struct gate_picture *before, char *report, size_t len)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	uint64_t end = clock_now_ns() + SETTLE_NS;

	/* pthread_join returns when the kernel clears the thread's word, a moment before /proc
	 * loses it. */
	for (;;) {
		struct gate_picture now;

		gate_take(&now);
		compare(before, &now, report, len);
		gate_free(&now);
		if (report[0] == '\0' || clock_now_ns() >= end)
			return;
		nanosleep(&pause, NULL);
	}
}

static struct gate_picture picture_before;

#ifdef __SANITIZE_THREAD__
static void *end_at_once(void *arg)
{
	return arg;
}
#endif

static void gate_before(void)
{
#ifdef __SANITIZE_THREAD__
	/* In a forked process ThreadSanitizer starts a thread of its own along with the first one. */
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, end_at_once, NULL), 0);
	pthread_join(t, NULL);
#endif
	gate_take(&picture_before);
}

static void gate_after(void)
{
	char report[4096];

	gate_compare(&picture_before, report, sizeof(report));
	gate_free(&picture_before);
	ck_assert_msg(report[0] == '\0', "leak gate: %s", report);
}

TCase *gated_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, gate_before, gate_after);
	suite_add_tcase(s, tc);
	return tc;
}
