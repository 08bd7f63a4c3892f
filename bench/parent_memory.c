/*
 * parent_memory - does a big parent make starting a process slow?
 *
 * fork copies the parent's page tables, so what counts is how many pages the parent has touched,
 * not how much memory it has asked for; huge pages need fewer entries. vfork and posix_spawn copy
 * nothing. The children touch none of the memory, and the parent writes to it once, before the
 * first sample: a parent that goes on writing pays again, page by page.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/host.h"
#include "harness/peer.h"
#include "harness/table.h"
#include "harness/tools.h"
#include "mp/process.h"
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB ((size_t)1 << 20)
/* 64 TiB: what x86-64 can address with page tables of four levels. */
#define PARENT_MIB_MOST ((uint64_t)1 << 26)
/* To align by; where huge pages are larger, setup sees too few of them. */
#define HUGE_PAGE (2 * MIB)
#define THP       "/sys/kernel/mm/transparent_hugepage/enabled"

enum mark { MARK_RETURNED };

extern char **environ;

struct memory {
	char *map;
	size_t map_len;
};

/* ---- what this machine can show ---- */

static bool huge_pages_possible(void)
{
	char line[128] = "";
	FILE *f = fopen(THP, "re");

	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return line[0] && !strstr(line, "[never]");
}

static const char *skip(const struct bench_run *r)
{
	size_t size = (size_t)bench_number(r, "parent_mib") * MIB;
	static size_t available; /* one figure for all that is left out */
	char needs[TABLE_CELL], has[TABLE_CELL];
	static char text[120]; /* the harness copies it at once */

	if (available == 0)
		available = host_memory_available();
	if (size == 0)
		return bench_is(r, "memory", "untouched") ? NULL : " ";
	if (bench_is(r, "memory", "huge") && !huge_pages_possible())
		return "transparent huge pages are off or not there (" THP ")";
	if (available == 0 && size > 64 * MIB)
		return "how much memory is free is not known here; only parents up to 64 MiB are "
		       "measured";
	if (available / 2 >= size || available == 0)
		return NULL;
	snprintf(text, sizeof(text), "needs %s of free memory, twice the parent's size; has %s",
		table_bytes(needs, sizeof(needs), 2 * (double)size),
		table_bytes(has, sizeof(has), (double)available));
	return text;
}

/* ---- the parent's memory ---- */

/* Bytes of this process in huge pages. Errors: fopen(3)'s, -ENODATA. */
static int huge_bytes(size_t *out)
{
	char line[128];
	size_t kib = 0;
	int found = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "re");

	if (!f)
		return -errno;
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "AnonHugePages: %zu kB", &kib) == 1;
	fclose(f);
	*out = kib * 1024;
	return found ? 0 : -ENODATA;
}

static void touch(char *from, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (size_t at = 0; at < len; at += page)
		((volatile char *)from)[at] = 1;
}

/* Touches len bytes from where a huge page may begin. -ENOMEM: most became small pages. */
static int touch_huge(char *map, size_t len)
{
	size_t skip_len = (HUGE_PAGE - (uintptr_t)map % HUGE_PAGE) % HUGE_PAGE;
	size_t before = 0, after = 0;
	int err = huge_bytes(&before);

	if (err)
		return err;
	if (madvise(map + skip_len, len, MADV_HUGEPAGE))
		return -errno;
	touch(map + skip_len, len);
	err = huge_bytes(&after);
	if (err)
		return err;
	return after > before && after - before >= len / 2 ? 0 : -ENOMEM;
}

static int fill(struct bench_run *r, struct memory *m, size_t size)
{
	m->map_len = size + HUGE_PAGE;
	m->map = mmap(NULL, m->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->map == MAP_FAILED)
		return -errno;
	if (bench_is(r, "memory", "huge"))
		return touch_huge(m->map, size);
	/* Where huge pages come unasked, "touched" would be "huge". -EINVAL: there are none. */
	if (madvise(m->map, m->map_len, MADV_NOHUGEPAGE) && errno != EINVAL)
		return -errno;
	if (bench_is(r, "memory", "touched"))
		touch(m->map, size);
	return 0;
}

static void release(struct memory *m)
{
	if (m->map != MAP_FAILED)
		munmap(m->map, m->map_len);
	free(m);
}

static int grow_parent(struct bench_run *r)
{
	size_t size = (size_t)bench_number(r, "parent_mib") * MIB;
	struct memory *m = malloc(sizeof(*m));
	int err = 0;

	if (!m)
		return -ENOMEM;
	m->map = MAP_FAILED;
	if (size > 0)
		err = fill(r, m, size);
	if (err)
		release(m);
	else
		bench_set_point_state(r, m);
	return err;
}

static void shrink_parent(struct bench_run *r)
{
	release(bench_point_state(r));
}

/* ---- the three ways to start ---- */

static int find_helper(struct bench_run *r)
{
	char *path = malloc(PATH_MAX);
	int err = path ? peer_program("true_static", path, PATH_MAX) : -ENOMEM;

	if (err)
		free(path);
	else
		bench_set_state(r, path);
	return err;
}

static void forget_helper(struct bench_run *r)
{
	free(bench_state(r));
}

static pid_t start_fork(const struct bench_run *r)
{
	pid_t pid = fork();

	(void)r;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : pid;
}

/* Never inlined: the child runs on our stack while we stand still, and must leave it as it is. */
static __attribute__((noinline)) pid_t start_vfork(const struct bench_run *r)
{
	pid_t pid = vfork();

	(void)r;
	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : pid;
}

static pid_t start_spawn(const struct bench_run *r)
{
	char *path = bench_state(r);
	char *argv[] = {path, NULL};
	pid_t pid;
	int err = posix_spawn(&pid, path, NULL, NULL, argv, environ);

	return err ? -err : pid;
}

/* One child from start to end; *returned_ns is when the call came back. 0 or -errno. */
static int start_and_wait(
	const struct bench_run *r, pid_t (*start)(const struct bench_run *), uint64_t *returned_ns)
{
	pid_t pid = start(r);
	int status = 0, err;

	*returned_ns = clock_now_ns();
	err = pid < 0 ? pid : tools_wait(pid, &status);
	return !err && (!WIFEXITED(status) || WEXITSTATUS(status) != 0) ? -ECHILD : err;
}

/*
 * Each sample begins with one child that is not timed. In a round the variants take turns, and the fork of
 * a gigabyte sweeps the caches: without it a vfork that happens to come next looks twice as slow, and a
 * cost that does not depend on memory seems to.
 */
static uint64_t run(struct bench_run *r, uint64_t iters, pid_t (*start)(const struct bench_run *),
	const char *what)
{
	uint64_t begin, returned, done = 0;
	int err = start_and_wait(r, start, &returned);

	begin = clock_now_ns();
	for (; !err && done < iters; done++) {
		uint64_t called = clock_now_ns();

		err = start_and_wait(r, start, &returned);
		bench_mark(r, MARK_RETURNED, returned - called);
	}
	bench_elapsed(r, clock_now_ns() - begin);
	if (err)
		bench_fail(r, err, what);
	return done;
}

static uint64_t run_fork(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, start_fork, "fork");
}

static uint64_t run_vfork(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, start_vfork, "vfork");
}

static uint64_t run_spawn(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, start_spawn, "posix_spawn");
}

/* ---- our forkserver: a small process that forks in the parent's place ---- */

static int nothing_to_do(struct mp_child *self)
{
	(void)self;
	return 0;
}

static const struct mp_entry entries[] = {{"nothing_to_do", nothing_to_do}, {NULL, NULL}};

static int early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
	return 0;
}

static int start_by_server(uint64_t *returned_ns)
{
	struct mp_process *p;
	int code = 0, err = mp_process_start(&(struct mp_process_options){.entry = "nothing_to_do",
						     .method = MP_FORKSERVER},
			      &p);

	*returned_ns = clock_now_ns();
	if (err)
		return err;
	err = mp_process_join(p, MP_FOREVER);
	if (!err)
		err = mp_process_exit_code(p, &code);
	mp_process_close(p);
	return err ? err : code ? -ECHILD : 0;
}

static uint64_t run_forkserver(struct bench_run *r, uint64_t iters)
{
	uint64_t begin, returned, done = 0;
	int err = start_by_server(&returned);

	begin = clock_now_ns();
	for (; !err && done < iters; done++) {
		uint64_t called = clock_now_ns();

		err = start_by_server(&returned);
		bench_mark(r, MARK_RETURNED, returned - called);
	}
	bench_elapsed(r, clock_now_ns() - begin);
	if (err)
		bench_fail(r, err, "mp_process_start");
	return done;
}

static const struct bench_variant variants[] = {
	{.name = "fork", .text = "fork, _exit, waitpid", .run = run_fork},
	{.name = "vfork", .text = "vfork, _exit, waitpid", .base = "fork", .run = run_vfork},
	{.name = "posix_spawn",
		.text = "posix_spawn of a program that links nothing, waitpid",
		.base = "fork",
		.run = run_spawn,
		.setup = find_helper,
		.teardown = forget_helper},
	{.name = "forkserver",
		.text = "mp_process_start by forkserver, join",
		.base = "fork",
		.run = run_forkserver},
	{.name = NULL},
};

const struct bench bench = {
	.question = "Does a big parent make starting a process slow?",
	.topic = "spawn-vs-fork",
	.op = "start + exit + wait of one child",
	.variants = variants,
	.axes = {{"parent_mib", "0,16,64,256,1024", "0,64,256",
			 "memory that the parent has, in MiB", PARENT_MIB_MOST},
		{"memory", "untouched,touched,huge", NULL,
			"only mapped; every page written; the same in huge pages"}},
	.marks = {"call_returned"},
	.single = true,
	.chart = "line",
	.chart_axis = "parent_mib",
	.share = 0.085,
	.quick_share = 0.07,
	.early = early,
	.skip = skip,
	.point_setup = grow_parent,
	.point_teardown = shrink_parent,
};
