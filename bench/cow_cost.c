/*
 * cow_cost - what does fork leave to be paid for later, page by page?
 *
 * fork copies no page: it makes all of them read-only in parent and child, and who writes to one first pays. One
 * op writes one byte to each of 1,000 pages of 4 KiB, so that a microsecond here is a nanosecond a page. Each
 * sample has memory and a child of its own; mapping, fork, wait and unmapping are not timed. A sample counts only
 * if the faults were as many as there must be, and if no write was seen on the other side.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/tools.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGES     1000
#define PAGE      ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)
/* Huge pages that 1,000 pages of 4 KiB lie in, and with it the memory of a sample. */
#define HUGE_PAGES 2
#define MEMORY     (HUGE_PAGES * HUGE_PAGE)
#define STRAY      16 /* faults of the few instructions around the writes, of a stack or a library */
#define THP        "/sys/kernel/mm/transparent_hugepage/enabled"

enum { BEFORE = 1, AFTER = 2 }; /* what a byte of each page holds */

/* Filled in by whoever does the work, seen by both sides. */
struct told {
	uint64_t ns, faults, done;
};

/* One sample's memory: at is aligned to a huge page. */
struct memory {
	char *map, *at;
	struct told *told;
	bool huge;
};

static const char *skip(const struct bench_run *r)
{
	char line[128] = "";
	FILE *f;

	if (sysconf(_SC_PAGESIZE) != (long)PAGE)
		return "the pages of this machine are not of 4 KiB, which the figures are made for";
	if (!bench_is(r, "memory", "huge"))
		return NULL;
	f = fopen(THP, "re");
	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	return line[0] && !strstr(line, "[never]")
		       ? NULL
		       : "transparent huge pages are off or not there (" THP ")";
}

static uint64_t faults_now(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (uint64_t)u.ru_minflt;
}

/* ---- what is timed ---- */

/* How many pages hold this byte, the at-th of each? */
static uint64_t look(const struct memory *m, size_t at, char byte)
{
	uint64_t n = 0;

	for (size_t i = 0; i < PAGES; i++)
		n += ((const volatile char *)m->at)[i * PAGE + at] == byte;
	return n;
}

static uint64_t read_all(const struct memory *m)
{
	return look(m, 0, BEFORE);
}

static uint64_t write_all(const struct memory *m)
{
	for (size_t i = 0; i < PAGES; i++)
		((volatile char *)m->at)[i * PAGE] = AFTER;
	return PAGES;
}

/* The one place where the time is taken. */
static void timed(const struct memory *m, uint64_t (*work)(const struct memory *))
{
	uint64_t faults = faults_now(), begin = clock_now_ns(), done = work(m);

	m->told->ns = clock_now_ns() - begin;
	m->told->faults = faults_now() - faults;
	m->told->done = done;
}

/* ---- a sample's memory ---- */

static int map_memory(struct bench_run *r, struct memory *m, bool fresh)
{
	uint64_t faults = faults_now();

	m->told = bench_point_state(r);
	m->huge = bench_is(r, "memory", "huge");
	m->map = mmap(NULL, MEMORY + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		-1, 0);
	if (m->map == MAP_FAILED)
		return -errno;
	m->at = m->map + (HUGE_PAGE - (uintptr_t)m->map % HUGE_PAGE) % HUGE_PAGE;
	memset(m->told, 0, sizeof(*m->told));
	/* -EINVAL: this kernel has no huge pages, so that small ones come anyway. */
	if (madvise(m->at, MEMORY, m->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
		(m->huge || errno != EINVAL)) {
		int err = -errno;

		munmap(m->map, MEMORY + HUGE_PAGE);
		return err;
	}
	if (fresh)
		return 0;
	memset(m->at, BEFORE, MEMORY);
	/* Where memory is in pieces the kernel gives small pages instead, and says nothing. */
	if (m->huge && faults_now() - faults >= PAGES / 2) {
		munmap(m->map, MEMORY + HUGE_PAGE);
		return -ENOMEM;
	}
	return 0;
}

static void unmap_memory(const struct memory *m)
{
	munmap(m->map, MEMORY + HUGE_PAGE);
}

/* ---- the child: does its work, or lives until the parent closes its end ---- */

struct child {
	pid_t pid;
	int alive; /* the parent's end of a pipe; closed: the child ends, also when the parent is killed */
};

static void be_child(
	const struct memory *m, uint64_t (*work)(const struct memory *), const int *ends)
{
	char byte;

	close(ends[1]);
	if (work)
		timed(m, work);
	else
		while (read(ends[0], &byte, 1) < 0 && errno == EINTR)
			;
	_exit(0);
}

static int start_child(
	const struct memory *m, uint64_t (*work)(const struct memory *), struct child *out)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	out->pid = fork();
	if (out->pid == 0)
		be_child(m, work, ends);
	out->alive = ends[1];
	close(ends[0]);
	if (out->pid < 0) {
		int err = -errno;

		close(ends[1]);
		return err;
	}
	return 0;
}

static int end_child(const struct child *c)
{
	int status = 0, err;

	close(c->alive);
	err = tools_wait(c->pid, &status);
	return err ? err : status ? -ECHILD : 0;
}

/* ---- the variants ---- */

enum who { NOBODY, CHILD, PARENT, PARENT_AFTERWARDS };

struct plan {
	enum who forked; /* who works after a fork; NOBODY: there is none */
	uint64_t (*work)(const struct memory *);
	bool fresh; /* memory that nobody has touched yet */
};

/* How many faults there must be. Huge pages after a fork are split or not, as the kernel likes. */
static bool faults_fit(const struct memory *m, const struct plan *p)
{
	uint64_t faults = m->told->faults, least = m->huge ? HUGE_PAGES : PAGES, most = least;

	if (p->work == read_all || (p->forked == NOBODY && !p->fresh))
		least = most = 0;
	else if (p->forked != NOBODY)
		most = PAGES;
	return faults >= least && faults <= most + STRAY;
}

/* The child's writes must not be in our memory, and what nobody wrote to must be as it was. */
static bool is_right(const struct memory *m, const struct plan *p)
{
	char mine = p->work == write_all && p->forked != CHILD ? AFTER : BEFORE;

	return m->told->done == PAGES && look(m, 0, mine) == PAGES &&
	       look(m, 1, p->fresh ? 0 : BEFORE) == PAGES && faults_fit(m, p);
}

static int work(const struct memory *m, const struct plan *p)
{
	struct child c = {0};
	int err = 0;

	if (p->forked != NOBODY)
		err = start_child(m, p->forked == CHILD ? p->work : NULL, &c);
	if (!err && p->forked == PARENT_AFTERWARDS)
		err = end_child(&c);
	if (!err && p->forked != CHILD)
		timed(m, p->work);
	if (!err && (p->forked == CHILD || p->forked == PARENT))
		err = end_child(&c);
	return err;
}

static uint64_t run(struct bench_run *r, uint64_t iters, const struct plan *p)
{
	uint64_t done = 0, elapsed = 0;

	while (iters-- > 0) {
		struct memory m;
		int err = map_memory(r, &m, p->fresh);

		if (err) {
			bench_fail(r, err, bench_is(r, "memory", "huge") ? "huge pages" : "memory");
			break;
		}
		err = work(&m, p);
		elapsed += m.told->ns;
		done += !err && is_right(&m, p);
		unmap_memory(&m);
		if (err) {
			bench_fail(r, err, "fork and wait");
			break;
		}
	}
	bench_elapsed(r, elapsed);
	return done;
}

static uint64_t run_write(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, &(struct plan){NOBODY, write_all, false});
}

static uint64_t run_first_touch(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, &(struct plan){NOBODY, write_all, true});
}

static uint64_t run_child_reads(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, &(struct plan){CHILD, read_all, false});
}

static uint64_t run_child_writes(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, &(struct plan){CHILD, write_all, false});
}

static uint64_t run_parent_writes(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, &(struct plan){PARENT, write_all, false});
}

static uint64_t run_parent_afterwards(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, &(struct plan){PARENT_AFTERWARDS, write_all, false});
}

static int open_told(struct bench_run *r)
{
	struct told *t = bench_arena(r, sizeof(*t));

	bench_set_point_state(r, t);
	return t ? 0 : -ENOMEM;
}

static const struct bench_variant variants[] = {
	{.name = "write", .text = "no fork: the pages were written before", .run = run_write},
	{.name = "first_touch",
		.text = "no fork: the first write to new memory, which the kernel clears",
		.base = "write",
		.run = run_first_touch},
	{.name = "child_reads",
		.text = "after a fork: the child reads",
		.base = "write",
		.run = run_child_reads},
	{.name = "child_writes",
		.text = "after a fork: the child writes",
		.base = "write",
		.run = run_child_writes},
	{.name = "parent_writes",
		.text = "after a fork: the parent writes while the child lives",
		.base = "write",
		.run = run_parent_writes},
	{.name = "parent_writes_afterwards",
		.text = "after a fork: the parent writes once the child has ended",
		.base = "write",
		.run = run_parent_afterwards},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What does fork leave to be paid for later, page by page?",
	.topic = "spawn-vs-fork",
	.op = "one byte written (read) in each of 1,000 pages of 4 KiB",
	.variants = variants,
	.axes = {{"memory", "small,huge", NULL,
		"in pages of 4 KiB; in huge pages of 2 MiB, of which each 4 KiB are written"}},
	.single = true,
	.answer = "After a fork the child's first write to a page costs "
		  "{child_writes/write@memory=small} times a usual one, as fresh memory does "
		  "({first_touch/write@memory=small}); the parent pays "
		  "{parent_writes/write@memory=small} while the child lives, "
		  "{parent_writes_afterwards/write@memory=small} after its end",
	.share = 0.02,
	.chart = "ladder",
	.skip = skip,
	.point_setup = open_told,
};
