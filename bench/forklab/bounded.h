/*
 * bounded.h - runs a program that may hang, crash or leave children behind, and always comes back
 *
 * The program becomes the leader of a process group of its own. When its time is up, or a signal
 * asks forklab to end, the whole group is killed; also after a normal end, so that nothing it
 * started stays. (A child that left the group with setsid is out of reach: it is only noticed, by
 * the pipe it holds.)
 */
#ifndef FORKLAB_BOUNDED_H
#define FORKLAB_BOUNDED_H

#include <stdbool.h>
#include <stddef.h>

struct bounded_call {
	char *const *argv; /* argv[0] is looked up in PATH */
	const char *dir;   /* working folder; NULL: ours */
	int deadline_ms;
	bool merge;   /* standard error into the same text */
	int pass_out; /* descriptors that get the output at once, too; -1: none */
	int pass_err;
	size_t most; /* bytes kept of each text; more is passed on and counted, not kept */
};

struct bounded_text {
	char *at; /* always ends with a 0 that len does not count */
	size_t len;
	bool cut;
};

struct bounded_end {
	struct bounded_text out, err;
	int exit;   /* its exit status; -1 where signal says what ended it */
	int signal; /* 0: none */
	bool timed_out;
	bool left_behind; /* something it started still held its output after it had ended */
	int interrupted; /* SIGINT, SIGTERM or SIGHUP came to us: the caller tidies up and re-raises
			  */
};

/*
 * Runs it to its end. The caller frees *end with bounded_free, also after an error. Its standard
 * input is /dev/null. Errors: -ENOENT, -EACCES and others of posix_spawn(3); -EMFILE; -ENOMEM.
 * Nothing is left running. Not thread-safe: the handlers of the three signals are ours while it
 * runs.
 */
int bounded_run(const struct bounded_call *call, struct bounded_end *end);
void bounded_free(struct bounded_end *end);

/* "ended with status 3", "was killed by SIGSEGV", "did not end within 10 s". Returns buf. */
const char *bounded_how(const struct bounded_end *end, int deadline_ms, char *buf, size_t len);
/* Gives the signal its default action and raises it: a calling script must see what ended us. */
void bounded_reraise(int signo);

#endif
