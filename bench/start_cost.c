/*
 * start_cost - what does it cost to start a thread, a process?
 *
 * One child at a time does nothing but say when it began. Three times are taken from the call: when
 * the call returned in the parent, when the child's first instruction ran, and when the child was
 * waited for. The *_bare twins are the same calls without any of this; they show what the
 * instrument itself costs. The mp_* variants are the library in demos/mp, which also ties the child's life
 * to the parent's and reports a start that failed.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/peer.h"
#include "harness/tools.h"
#include "mp/process.h"
#include "peers/raw_clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define REPORT_FD  3 /* as in bench/peers/true_static.c */
#define REPORT_ARG "--report-start"

enum mark { MARK_RETURNED, MARK_STARTED, MARK_REAPED };

extern char **environ;

/* Filled in by a child that shares memory with us: a thread, or a fork that has not called exec. */
struct handover {
	_Alignas(64) volatile uint64_t started_ns;
};

/* What a child needs that goes through exec, which drops all memory: its time comes by pipe. */
struct program {
	char path[PATH_MAX];
	char *argv[3];
	int pipe[2];
	posix_spawn_file_actions_t actions;
};

static int nothing_to_do(struct mp_child *self)
{
	(void)self;
	return 0;
}

static const struct mp_entry entries[] = {{"nothing_to_do", nothing_to_do}, {NULL, NULL}};

/* First statement of main: what a child that is this benchmark, started anew, does. */
static int report_start(int argc, char **argv)
{
	uint64_t now = clock_now_ns();

	mp_init(argc, argv, entries);
	if (argc != 2 || strcmp(argv[1], REPORT_ARG) != 0)
		return 0;
	_exit(tools_write(REPORT_FD, &now, sizeof(now)) ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- set up ---- */

static int open_handover(struct bench_run *r)
{
	struct handover *h = bench_arena(r, sizeof(*h));

	bench_set_point_state(r, h);
	return h ? 0 : -ENOMEM;
}

static int open_actions(struct program *p)
{
	int err = posix_spawn_file_actions_init(&p->actions);

	if (err)
		return -err;
	/* Where the pipe is REPORT_FD already, this clears its close-on-exec flag, by POSIX. */
	err = posix_spawn_file_actions_adddup2(&p->actions, p->pipe[1], REPORT_FD);
	if (err)
		posix_spawn_file_actions_destroy(&p->actions);
	return -err;
}

static int open_program(struct bench_run *r, const char *path)
{
	static char report_arg[] = REPORT_ARG;
	struct program *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->argv[0] = p->path;
	p->argv[1] = report_arg;
	err = pipe2(p->pipe, O_CLOEXEC | O_NONBLOCK) ? -errno : 0;
	if (err)
		goto memory;
	err = open_actions(p);
	if (err)
		goto ends;
	bench_set_state(r, p);
	return 0;
ends:
	close(p->pipe[0]);
	close(p->pipe[1]);
memory:
	free(p);
	return err;
}

static void close_program(struct bench_run *r)
{
	struct program *p = bench_state(r);

	posix_spawn_file_actions_destroy(&p->actions);
	close(p->pipe[0]);
	close(p->pipe[1]);
	free(p);
}

static int open_self(struct bench_run *r)
{
	return open_program(r, "/proc/self/exe");
}

static int open_static(struct bench_run *r)
{
	char path[PATH_MAX];
	int err = peer_program("true_static", path, sizeof(path));

	return err ? err : open_program(r, path);
}

/* ---- the ways to start a child: its pid, or -errno ---- */

static pid_t start_fork(const struct bench_run *r)
{
	struct handover *h = bench_point_state(r);
	pid_t pid = fork();

	if (pid == 0) {
		h->started_ns = raw_clock_ns();
		_exit(0);
	}
	return pid < 0 ? -errno : pid;
}

/* Never inlined: the child runs on our stack while we stand still, and must leave it as it is. */
static __attribute__((noinline)) pid_t start_vfork(const struct bench_run *r)
{
	struct handover *h = bench_point_state(r);
	pid_t pid = vfork();

	if (pid == 0) {
		/* POSIX allows exec and _exit alone; Linux does not mind these two. */
		h->started_ns = raw_clock_ns(); /* NOLINT(clang-analyzer-unix.Vfork) */
		_exit(0);
	}
	return pid < 0 ? -errno : pid;
}

static pid_t start_exec(const struct bench_run *r)
{
	const struct program *p = bench_state(r);
	pid_t pid = fork();

	if (pid == 0) {
		int fd = p->pipe[1];

		if (fd == REPORT_FD ? !fcntl(fd, F_SETFD, 0) : dup2(fd, REPORT_FD) == REPORT_FD)
			execve(p->path, p->argv, environ);
		_exit(127);
	}
	return pid < 0 ? -errno : pid;
}

static pid_t start_spawn(const struct bench_run *r)
{
	const struct program *p = bench_state(r);
	pid_t pid;
	int err = posix_spawn(&pid, p->path, &p->actions, NULL, p->argv, environ);

	return err ? -err : pid;
}

/* ---- when the child's first instruction ran; 0: it did not say ---- */

static uint64_t began_in_memory(const struct bench_run *r)
{
	struct handover *h = bench_point_state(r);
	uint64_t ns = h->started_ns;

	h->started_ns = 0;
	return ns;
}

/* Never waits. The child's write stands in the measured time, this read does not. */
static uint64_t began_by_pipe(const struct bench_run *r)
{
	const struct program *p = bench_state(r);
	uint64_t ns = 0;

	return read(p->pipe[0], &ns, sizeof(ns)) == (ssize_t)sizeof(ns) ? ns : 0;
}

/* ---- one child and its three times ---- */

struct times {
	uint64_t called, returned, started, reaped;
};

/* A child that began between our first and last clock read is one op; anything else is none. */
static unsigned tell(struct bench_run *r, const struct times *t)
{
	if (t->started < t->called || t->started > t->reaped)
		return 0;
	bench_mark(r, MARK_RETURNED, t->returned - t->called);
	bench_mark(r, MARK_STARTED, t->started - t->called);
	bench_mark(r, MARK_REAPED, t->reaped - t->called);
	return 1;
}

static int reap(pid_t pid)
{
	int status;
	int err = tools_wait(pid, &status);

	if (err)
		return err;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static uint64_t run_process(struct bench_run *r, uint64_t iters, const char *what,
	pid_t (*start)(const struct bench_run *), uint64_t (*began)(const struct bench_run *))
{
	uint64_t done = 0;

	for (; iters > 0; iters--) {
		struct times t;
		pid_t pid;
		int err;

		t.called = clock_now_ns();
		pid = start(r);
		t.returned = clock_now_ns();
		err = pid < 0 ? pid : reap(pid);
		t.reaped = clock_now_ns();
		if (err) {
			bench_fail(r, err, what);
			break;
		}
		t.started = began(r);
		done += tell(r, &t);
	}
	return done;
}

static uint64_t run_fork(struct bench_run *r, uint64_t iters)
{
	return run_process(r, iters, "fork", start_fork, began_in_memory);
}

static uint64_t run_vfork(struct bench_run *r, uint64_t iters)
{
	return run_process(r, iters, "vfork", start_vfork, began_in_memory);
}

static uint64_t run_exec(struct bench_run *r, uint64_t iters)
{
	return run_process(r, iters, "fork and exec", start_exec, began_by_pipe);
}

static uint64_t run_spawn(struct bench_run *r, uint64_t iters)
{
	return run_process(r, iters, "posix_spawn", start_spawn, began_by_pipe);
}

static void *note_start(void *arg)
{
	struct handover *h = arg;

	h->started_ns = clock_now_ns();
	return NULL;
}

static uint64_t run_thread(struct bench_run *r, uint64_t iters)
{
	uint64_t done = 0;

	for (; iters > 0; iters--) {
		struct times t;
		pthread_t thread;
		int err;

		t.called = clock_now_ns();
		err = pthread_create(&thread, NULL, note_start, bench_point_state(r));
		t.returned = clock_now_ns();
		if (!err)
			err = pthread_join(thread, NULL);
		t.reaped = clock_now_ns();
		if (err) {
			bench_fail(r, -err, "pthread_create");
			break;
		}
		t.started = began_in_memory(r);
		done += tell(r, &t);
	}
	return done;
}

/* ---- the twins: what a student would write by hand ---- */

static void *nothing(void *arg)
{
	return arg;
}

static uint64_t run_thread_bare(struct bench_run *r, uint64_t iters)
{
	uint64_t done;

	for (done = 0; done < iters; done++) {
		pthread_t thread;
		int err = pthread_create(&thread, NULL, nothing, NULL);

		if (!err)
			err = pthread_join(thread, NULL);
		if (err) {
			bench_fail(r, -err, "pthread_create");
			break;
		}
	}
	return done;
}

static uint64_t run_fork_bare(struct bench_run *r, uint64_t iters)
{
	uint64_t done;

	for (done = 0; done < iters; done++) {
		int status = 0;
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
			bench_fail(r, pid < 0 || !status ? -errno : -ECHILD, "fork");
			break;
		}
	}
	return done;
}

/* ---- the library's ways, from start to close ---- */

static uint64_t run_library(struct bench_run *r, uint64_t iters, enum mp_method method)
{
	const struct mp_process_options o = {.entry = "nothing_to_do", .method = method};
	uint64_t done;

	for (done = 0; done < iters; done++) {
		uint64_t called = clock_now_ns();
		struct mp_process *p;
		int code = 0, err = mp_process_start(&o, &p);

		bench_mark(r, MARK_RETURNED, clock_now_ns() - called);
		if (!err) {
			err = mp_process_join(p, MP_FOREVER);
			bench_mark(r, MARK_REAPED, clock_now_ns() - called);
			if (!err)
				err = mp_process_exit_code(p, &code);
			mp_process_close(p);
		}
		if (err || code) {
			bench_fail(r, err ? err : -ECHILD, "mp_process_start");
			break;
		}
	}
	return done;
}

static uint64_t run_mp_fork(struct bench_run *r, uint64_t iters)
{
	return run_library(r, iters, MP_FORK);
}

static uint64_t run_mp_spawn(struct bench_run *r, uint64_t iters)
{
	return run_library(r, iters, MP_SPAWN);
}

static uint64_t run_mp_forkserver(struct bench_run *r, uint64_t iters)
{
	return run_library(r, iters, MP_FORKSERVER);
}

static const struct bench_variant variants[] = {
	{.name = "thread", .text = "pthread_create and pthread_join", .run = run_thread},
	{.name = "vfork", .text = "vfork, _exit, waitpid", .base = "thread", .run = run_vfork},
	{.name = "fork", .text = "fork, _exit, waitpid", .base = "thread", .run = run_fork},
	{.name = "posix_spawn",
		.text = "posix_spawn of a program that links nothing, waitpid",
		.base = "thread",
		.run = run_spawn,
		.setup = open_static,
		.teardown = close_program},
	{.name = "fork_exec_static",
		.text = "fork and exec of a program that links nothing, waitpid",
		.base = "thread",
		.run = run_exec,
		.setup = open_static,
		.teardown = close_program},
	{.name = "fork_exec_self",
		.text = "fork and exec of this benchmark with its libraries, waitpid",
		.base = "thread",
		.run = run_exec,
		.setup = open_self,
		.teardown = close_program},
	{.name = "spawn_self",
		.text = "posix_spawn of this benchmark with its libraries, waitpid",
		.base = "thread",
		.run = run_spawn,
		.setup = open_self,
		.teardown = close_program},
	{.name = "thread_bare",
		.text = "thread by a hand-written loop, without marks",
		.base = "thread",
		.run = run_thread_bare},
	{.name = "fork_bare",
		.text = "fork by a hand-written loop, without marks",
		.base = "fork",
		.run = run_fork_bare},
	{.name = "mp_fork",
		.text = "mp_process_start by fork, join, close",
		.base = "fork_bare",
		.run = run_mp_fork},
	{.name = "mp_spawn",
		.text = "mp_process_start by spawn, join, close",
		.base = "spawn_self",
		.run = run_mp_spawn},
	{.name = "mp_forkserver",
		.text = "mp_process_start by forkserver, join, close",
		.base = "fork_bare",
		.run = run_mp_forkserver},
	{.name = "python_thread",
		.text = "threading.Thread: start and join",
		.peer = "start_cost.py",
		.needs = "python3"},
	{.name = "python_fork",
		.text = "multiprocessing.Process by fork: start and join",
		.base = "python_thread",
		.peer = "start_cost.py",
		.needs = "python3"},
	{.name = "python_spawn",
		.text = "multiprocessing.Process by spawn: start and join",
		.base = "python_thread",
		.peer = "start_cost.py",
		.needs = "python3"},
	{.name = "python_forkserver",
		.text = "multiprocessing.Process by forkserver: start and join",
		.base = "python_thread",
		.peer = "start_cost.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What does it cost to start a thread, a process?",
	.topic = "spawn-vs-fork",
	.op = "start + exit + wait of one child",
	.variants = variants,
	.axes = {{"cpus", "one,all", NULL, "parent and child share one CPU, or may use all"}},
	.answer = "Starting and ending a process by fork costs {fork/thread} times a thread here "
		  "({fork} against "
		  "{thread}); by posix_spawn {posix_spawn/thread} times, by vfork {vfork/thread} "
		  "times",
	.marks = {"call_returned", "child_started", "reaped"},
	.single = true,
	.chart = "ladder",
	.share = 0.065,
	.quick_share = 0.055,
	.early = report_start,
	.point_setup = open_handover,
};
