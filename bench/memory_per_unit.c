/*
 * memory_per_unit - how much memory does an idle thread cost, and how much an idle process?
 *
 * A sample is a program of its own, this one started anew as a stage. It reads what its family has, starts the
 * units, waits until each of them sleeps, and reads again. The value is the family's growth in PSS for each
 * unit: a page that k processes map counts as a k-th for each, so that what is shared counts once. To the
 * family belong the programs that the stage comes from, since they map the same files. Kernel memory is not in
 * these figures but for the page tables, which stand beside them: a kernel stack (16 KiB on x86-64) and
 * the kernel's records come on top for threads and processes alike.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/ensure.h"
#include "harness/host.h"
#include "harness/life.h"
#include "harness/quota.h"
#include "harness/table.h"
#include "harness/tools.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STAGE_ARG                                                                                  \
	"--memory-stage" /* KIND UNITS, and the process that started the one that starts it */
#define UNIT_ARG        "--idle-unit"
#define UNITS_MOST      4096
#define READY_MS        10000
#define SELF            "/proc/self/exe"
#define MANY_BUDGET_S   20
#define PYTHON_BUDGET_S 60
/* Of one unit, as it must be free: an interpreter has 13 MiB of its own, a C program far less. */
#define NEEDS_PYTHON_KIB 16384
#define NEEDS_KIB        1024

enum { RESULT_FD = 3, LIFE_FD, READY_FD = 3, HOLD_FD }; /* of a stage; of a spawned unit */
enum mark { MARK_PRIVATE, MARK_RSS, MARK_TABLES };

extern char **environ;

struct memory {
	uint64_t pss, own, rss, tables; /* bytes; own: no other process maps it */
};

/* What the stage tells the launch. */
struct report {
	int err; /* 0 or -errno of what */
	char what[48];
	unsigned ready;
	struct memory each;
};

/* ---- reading ---- */

/* Bytes behind "key:" in a text of the kernel's; 0: it is not there. */
static uint64_t field(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) * 1024 : 0;
}

/* By read(2) into our stack: stdio would allocate in the process that is measured. */
static int read_text(pid_t pid, const char *name, char *buf, size_t len)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = tools_read(fd, buf, len - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n < 0 ? (int)n : n == 0 ? -ESRCH : 0;
}

static int add_memory(pid_t pid, struct memory *m)
{
	char text[4096];
	int err = read_text(pid, "smaps_rollup", text, sizeof(text));

	if (err)
		return err;
	m->rss += field(text, "\nRss:");
	m->pss += field(text, "\nPss:");
	m->own += field(text, "\nPrivate_Clean:") + field(text, "\nPrivate_Dirty:");
	err = read_text(pid, "status", text, sizeof(text));
	m->tables += field(text, "\nVmPTE:");
	return err;
}

/* ---- the stage ---- */

struct stage {
	char kind; /* 't', 'f', 's': thread, fork, spawn */
	unsigned units, started;
	pid_t family[3]; /* this process, who started it, and who started that one */
	int ready[2], hold[2];
	pid_t pids[UNITS_MOST];
};

/* What a unit is: it says that it is there, and sleeps until the stage has gone, in whatever way. */
static void idle(int ready, int hold)
{
	char byte = '.';

	if (tools_write(ready, &byte, 1) == 0)
		(void)tools_read(hold, &byte, 1);
}

static void *idle_thread(void *arg)
{
	const struct stage *s = arg;

	idle(s->ready[1], s->hold[0]);
	return NULL;
}

static int start_thread(struct stage *s)
{
	pthread_t thread;

	return -pthread_create(&thread, NULL, idle_thread, s);
}

static int start_fork(struct stage *s)
{
	pid_t pid = fork();

	if (pid == 0) {
		close(s->hold[1]); /* else it would wait for its own end */
		idle(s->ready[1], s->hold[0]);
		_exit(0);
	}
	s->pids[s->started] = pid;
	return pid < 0 ? -errno : 0;
}

static int start_spawn(struct stage *s)
{
	char *argv[] = {(char[]){SELF}, (char[]){UNIT_ARG}, NULL};
	posix_spawn_file_actions_t a;
	int err = posix_spawn_file_actions_init(&a);

	if (err)
		return -err;
	err = posix_spawn_file_actions_adddup2(&a, s->ready[1], READY_FD);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&a, s->hold[0], HOLD_FD);
	if (!err)
		err = posix_spawn(&s->pids[s->started], SELF, &a, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&a);
	return -err;
}

/* Until each has said that it is there, or has ended, or the time is up. */
static unsigned count_ready(const struct stage *s)
{
	struct pollfd p = {.fd = s->ready[0], .events = POLLIN};
	uint64_t end = clock_now_ns() + READY_MS * 1000000ull, now;
	unsigned n = 0;
	char byte;

	while (n < s->started && (now = clock_now_ns()) < end)
		if (poll(&p, 1, (int)((end - now) / 1000000) + 1) > 0 && read(p.fd, &byte, 1) == 1)
			n++;
	return n;
}

static int add_family(const struct stage *s, struct memory *m)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(s->family) / sizeof(s->family[0]); i++)
		err = add_memory(s->family[i], m);
	return err;
}

/* What each unit has: of threads, by what their process grew. */
static int measure(const struct stage *s, const struct memory *before, struct memory *each)
{
	struct memory family = {0}, units = {0};
	int err = add_family(s, &family);

	CHECK(s->units > 0);
	for (unsigned i = 0; !err && s->kind != 't' && i < s->units; i++)
		err = add_memory(s->pids[i], &units);
	if (s->kind == 't')
		units = (struct memory){.own = family.own - before->own,
			.rss = family.rss - before->rss,
			.tables = family.tables - before->tables};
	*each = (struct memory){.pss = (family.pss + units.pss - before->pss) / s->units,
		.own = units.own / s->units,
		.rss = units.rss / s->units,
		.tables = units.tables / s->units};
	return err;
}

static void fail(struct report *out, int err, const char *what)
{
	if (err && !out->err) {
		out->err = err;
		snprintf(out->what, sizeof(out->what), "%s", what);
	}
}

static void play(struct stage *s, struct report *out)
{
	struct memory before = {0};
	int err = 0;

	add_family(s, &before); /* once for nothing: the first reading touches pages of ours */
	before = (struct memory){0};
	fail(out, add_family(s, &before), "read /proc/PID/smaps_rollup");
	for (; !out->err && !err && s->started < s->units; s->started += !err)
		err = s->kind == 't'   ? start_thread(s)
		      : s->kind == 'f' ? start_fork(s)
				       : start_spawn(s);
	if (err) {
		char what[48];

		snprintf(what, sizeof(what), "start the units, %u of %u fitted", s->started,
			s->units);
		fail(out, err, what);
	}
	out->ready = count_ready(s);
	if (!out->err && out->ready == s->units)
		fail(out, measure(s, &before, &out->each), "read the units' memory");
}

static __attribute__((noreturn)) void be_stage(char **argv)
{
	static struct stage s;
	struct report out = {0};

	s.kind = argv[0][0];
	s.units = (unsigned)strtoul(argv[1], NULL, 10);
	s.family[0] = getpid();
	s.family[1] = getppid();
	s.family[2] = (pid_t)strtol(argv[2], NULL, 10);
	if (s.units < 1 || s.units > UNITS_MOST)
		_exit(EXIT_FAILURE);
	fail(&out, life_bind(LIFE_FD), "tie the stage's life to the launch's");
	if (!out.err && (pipe2(s.ready, O_CLOEXEC) || pipe2(s.hold, O_CLOEXEC)))
		fail(&out, -errno, "pipe2");
	if (!out.err)
		play(&s, &out);
	(void)tools_write(RESULT_FD, &out, sizeof(out));
	close(s.hold[1]); /* the processes among them end; the threads end with us */
	while (s.kind != 't' && (wait(NULL) > 0 || errno == EINTR))
		;
	_exit(0);
}

static int early(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], UNIT_ARG)) {
		idle(READY_FD, HOLD_FD);
		_exit(0);
	}
	if (argc == 5 && !strcmp(argv[1], STAGE_ARG))
		be_stage(argv + 2);
	return 0;
}

/* ---- a sample ---- */

static int spawn_stage(char kind, const char *units, int result, int life, pid_t *pid)
{
	char parent[16], word[2] = {kind, '\0'};
	char *argv[] = {
		(char[]){SELF}, (char[]){STAGE_ARG}, word, (char *)(uintptr_t)units, parent, NULL};
	posix_spawn_file_actions_t a;
	int err = posix_spawn_file_actions_init(&a);

	if (err)
		return -err;
	snprintf(parent, sizeof(parent), "%d", (int)getppid());
	err = posix_spawn_file_actions_adddup2(&a, result, RESULT_FD);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&a, life, LIFE_FD);
	if (!err)
		err = posix_spawn(pid, SELF, &a, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&a);
	return -err;
}

/* Both ends above the numbers that the stage gets them at: a dup2 to itself would leave O_CLOEXEC on. */
static int open_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	for (int i = 0; i < 2; i++) {
		int high = fcntl(fds[i], F_DUPFD_CLOEXEC, 16);

		if (high < 0)
			return -errno;
		close(fds[i]);
		fds[i] = high;
	}
	return 0;
}

static int run_stage(char kind, const char *units, struct report *out)
{
	int result[2], life[2], status = 0;
	pid_t pid = 0;
	int err = open_pipe(result);

	if (!err)
		err = open_pipe(life);
	if (!err)
		err = spawn_stage(kind, units, result[1], life[0], &pid);
	if (err)
		return err; /* the sample fails, and with it this launch */
	close(result[1]);
	close(life[0]);
	if (tools_read(result[0], out, sizeof(*out)) != (ssize_t)sizeof(*out))
		err = -ECHILD;
	tools_wait(pid, &status);
	close(result[0]);
	close(life[1]);
	return err ? err : status ? -ECHILD : 0;
}

static uint64_t run(struct bench_run *r, uint64_t iters, char kind)
{
	uint64_t ready = 0, bytes = 0;

	for (; iters > 0; iters--) {
		struct report out = {0};
		int err = run_stage(kind, bench_word(r, "units"), &out);

		if (err || out.err) {
			bench_fail(r, err ? err : out.err, err ? "run the stage" : out.what);
			break;
		}
		ready += out.ready;
		bytes += out.each.pss;
		bench_mark(r, MARK_PRIVATE, out.each.own);
		bench_mark(r, MARK_RSS, out.each.rss);
		bench_mark(r, MARK_TABLES, out.each.tables);
	}
	bench_elapsed(r, bytes);
	return ready;
}

static uint64_t run_thread(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, 't');
}

static uint64_t run_fork(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, 'f');
}

static uint64_t run_spawn(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, 's');
}

static uint64_t expected(const struct bench_run *r, uint64_t iters)
{
	return iters * (uint64_t)bench_number(r, "units");
}

/* ---- what this machine has room for ---- */

static const char *say_room(uint64_t units, const char *limit, uint64_t most)
{
	static char text[120]; /* the harness copies it at once */

	snprintf(text, sizeof(text), "needs %llu more tasks than run; %s is %llu",
		(unsigned long long)units, limit, (unsigned long long)most);
	return text;
}

static const char *skip(const struct bench_run *r)
{
	uint64_t units = (uint64_t)bench_number(r, "units"), most;
	bool python = !strncmp(bench_variant_name(r), "python_", 7);
	size_t free_bytes = host_memory_available();
	struct rlimit limit;

	if (units > UNITS_MOST)
		return "at most 4096 units";
	if (access("/proc/self/smaps_rollup", R_OK))
		return "this kernel has no /proc/PID/smaps_rollup";
	if (python && units > 100)
		return " ";
	if (python && units > 1 && bench_budget_s(r) < PYTHON_BUDGET_S)
		return "a hundred interpreters take a while: give --budget 80";
	if (units > 100 && bench_budget_s(r) < MANY_BUDGET_S)
		return "a thousand processes take a while: give --budget 30";
	if (units > 1 && free_bytes / 1024 < units * (python ? NEEDS_PYTHON_KIB : NEEDS_KIB))
		return "not enough free memory for so many";
	if (units > 100 && !quota_pids("", &most) && most < 2 * units)
		return say_room(units, "pids.max", most);
	if (units > 100 && geteuid() != 0 && !getrlimit(RLIMIT_NPROC, &limit) &&
		limit.rlim_cur < 2 * units)
		return say_room(units, "RLIMIT_NPROC", limit.rlim_cur);
	return NULL;
}

static const struct bench_variant variants[] = {
	{.name = "thread", .text = "pthread_create with the default stack", .run = run_thread},
	{.name = "fork",
		.text = "fork: a copy of a small program",
		.base = "thread",
		.run = run_fork},
	{.name = "spawn",
		.text = "posix_spawn of this program with its libraries",
		.base = "thread",
		.run = run_spawn},
	{.name = "python_thread",
		.text = "CPython: threading.Thread",
		.peer = "memory_per_unit.py",
		.needs = "python3"},
	{.name = "python_fork",
		.text = "CPython: multiprocessing.Process by fork",
		.base = "python_thread",
		.peer = "memory_per_unit.py",
		.needs = "python3"},
	{.name = "python_spawn",
		.text = "CPython: multiprocessing.Process by spawn",
		.base = "python_thread",
		.peer = "memory_per_unit.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How much memory does an idle thread cost, an idle process?",
	.topic = "threads-vs-processes",
	.op = "one idle unit: by how much the PSS of all grows",
	.variants = variants,
	.axes = {{"units", "1,100,1000", "1,100", "threads or processes that are idle at a time",
		UNITS_MOST}},
	.marks = {"private", "rss", "page_tables"},
	.unit = "bytes",
	.single = true,
	.answer =
		"An idle thread costs {thread@units=100}, a forked process {fork/thread@units=100} "
		"times that, a spawned one {spawn/thread@units=100} times",
	.share = 0.02,
	.quick_share = 0.025,
	.chart = "line",
	.chart_axis = "units",
	.rounds = 10,
	.rounds_quick = 8,
	.early = early,
	.skip = skip,
	.expected = expected,
};
