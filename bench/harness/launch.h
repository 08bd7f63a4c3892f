/*
 * launch.h - a launch: a fresh process that takes samples when told to (inside the harness)
 *
 * The main process starts /proc/self/exe as `PROGRAM --launch` with two inherited descriptors and talks to it in lines over a socketpair; it sends "go" only between rounds and waits while they run, so it
 * never prints or computes during a timed interval. The lines, main to launch:
 *     quick 0|1 | effective N | seed N | peers FOLDER | bind 0|1 | cpus N N ...     (once, in this order)
 *     point WORKERS CPUS VALUE ...            (each point, in order)
 *     cell POINT VARIANT                      (each cell to be measured, numbered from 0)
 *     open C | close C | calibrate C | warm C | iters C N
 *     rounds FIRST COUNT C C C ...            (one sample of each cell a round, in random order)
 * and back: `s C ROUND T_NS TAGS MARK...` a sample, `iters C N EST_NS`, `fail C ERRNO WHY`, `spans C T_NS`
 * and WORKER TASK BEGIN END of each span as a cell is closed, `done` after each command, and `end ERRNO WHAT` where the launch itself cannot go on. The launch ends at end of file, and is killed by the kernel when main dies (life.h).
 */
#ifndef FORKLAB_LAUNCH_H
#define FORKLAB_LAUNCH_H

#include "harness/study.h"
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

struct launch {
	pid_t pid; /* leader of a process group of its own: whatever it starts can be ended with it */
	int fd;    /* our end of the socketpair */
	int life; /* our end of its life pipe */
	unsigned number;
	struct study *study;
	const volatile sig_atomic_t *stop;
	int end_err;        /* what the launch said of its own end, -errno; 0: nothing */
	char end_what[120]; /* what it could not do */
	char buf[16384];    /* what was read and not yet taken: [at, len) */
	size_t at, len;
};

/* What a launch may have to say between two "done": kept in its memory until then, because a line sent
 * earlier would wake main during a timed interval. */
#define LAUNCH_ANSWERS (128 * 1024)
#define LAUNCH_SAMPLES 1000 /* so many samples fit: a line is at most 120 bytes */

enum { LAUNCH_CONTROL = 3, LAUNCH_LIFE = 4 }; /* the descriptors a launch inherits */

/* Starts launch number of the study and tells it points and cells. Errors: pipe, posix_spawn, -EPIPE. */
int launch_start(
	struct study *s, unsigned number, const volatile sig_atomic_t *stop, struct launch *out);

/*
 * Sends one command and reads answers until done; samples go into the study's cells, fails mark a cell as
 * failed. timeout_ms bounds the wait.
 * Errors: -EINTR *stop was set; -ETIMEDOUT; -EPIPE the launch ended; -EPROTO; -ENOMEM.
 */
int launch_command(struct launch *l, int timeout_ms, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* After -EPIPE: "the launch was killed by SIGSEGV", "the launch could not ...: Too many open files (...)".
 * Waits up to 1 s for its end. Returns buf. */
const char *launch_how(const struct launch *l, char *buf, size_t len);

/* Ends the launch and everything it started: politely (end of file, up to 1 s) or by SIGKILL to its group. */
void launch_end(struct launch *l, bool kill_it);

/* main() of the launched process: returns its exit code. */
int launch_main(const struct bench *b);

/*
 * Ends all processes of a launch's group, whose leader must not be reaped yet. They are asked by SIGTERM first, and
 * have 0.3 s: a CPython that is killed while it makes a semaphore leaves a file in /dev/shm, so our peers answer
 * SIGTERM between two steps of the interpreter.
 */
void launch_group_end(pid_t group);

#endif
