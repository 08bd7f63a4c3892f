/*
 * peer.h - work done by another program (a CPython script) inside our rounds
 *
 * Started once a launch as `PROGRAM SCRIPT`, it waits on its stdin. In its turn it gets the line
 *     RUN variant iters axis=value ...
 * and answers `elapsed_ns check`, timed by itself with the same CLOCK_MONOTONIC, check being the ops that
 * it verified (iters when all is right). On a line it cannot do it answers `ERROR text`. EOF ends it.
 */
#ifndef FORKLAB_PEER_H
#define FORKLAB_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct peer {
	pid_t pid;
	int to, from; /* our ends, O_CLOEXEC */
	bool group;   /* it leads a process group, which is ended with it */
};

/* Starts argv[0] (looked up in PATH) with argv. Errors: posix_spawn's; -ENOMEM. */
int peer_start(char *const argv[], struct peer *out);
/* One request and its answer; why (size whylen) gets an ERROR's text. timeout_ms is at least 0.
 * After -EPROTO and -ETIMEDOUT the two are out of step: nothing more is asked, later calls give -EPIPE.
 * Errors: -EPIPE it has ended; -EPROTO no valid answer; -EREMOTEIO it answered ERROR; -ETIMEDOUT;
 * -EINVAL request holds a line end or has more than 1000 bytes. */
int peer_run(struct peer *p, const char *request, int timeout_ms, uint64_t *elapsed_ns,
	uint64_t *check, char *why, size_t whylen);
/* Closes its stdin, waits up to 1 s, then kills. */
void peer_stop(struct peer *p);

/* Path of a small program that a benchmark starts: build/peers/NAME, beside the running build/bench/ or
 * build/tests/ program. Errors: -ENOENT it is not there or may not be run; -ENAMETOOLONG; readlink(2)'s. */
int peer_program(const char *name, char *path, size_t len);

/* The line that `program --version` prints ("Python 3.11.2"), within 2 s. Errors: as peer_start and
 * peer_run. */
int peer_version(const char *program, char *buf, size_t len);

#endif
