/*
 * stop.h - SIGINT, SIGTERM and SIGHUP while another program runs for us
 *
 * They are noted, and end a ppoll(2) with s->mask, outside of which they are blocked: none falls between the
 * look and the wait. Ignored ones stay ignored: nohup and shells that start us in the background mean it.
 * One at a time, not thread-safe.
 */
#ifndef FORKLAB_STOP_H
#define FORKLAB_STOP_H

#include <signal.h>
#include <spawn.h>

#define STOP_SIGNALS 3

struct stop {
	struct sigaction before[STOP_SIGNALS];
	sigset_t mask; /* as it was, for ppoll */
};

void stop_take(struct stop *s);
void stop_give_back(const struct stop *s);
/* The signal that has come since stop_take, also after give_back; 0: none. */
int stop_asked(void);

/*
 * For the program: a process group of its own (else ^C on a terminal would reach it twice, from the terminal
 * and from us), the signals as they were before stop_take. The caller destroys attr. Errors: posix_spawnattr_init's.
 */
int stop_attributes(const struct stop *s, posix_spawnattr_t *attr);

#endif
