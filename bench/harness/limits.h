/* limits.h - which limit stands behind an error of fork, pthread_create, open and their like */
#ifndef FORKLAB_LIMITS_H
#define FORKLAB_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether err (-errno) means that a resource ran out: nothing is wrong with what was tried, this machine, user or
 * cgroup does not allow so much. */
bool limits_is(int err);

/* "pids.max is 5", "RLIMIT_NOFILE is 16": what bounds this process; "" where err is of no limit that can be
 * named. Returns buf. */
const char *limits_name(int err, char *buf, size_t len);

/* "Too many open files (RLIMIT_NOFILE is 16)". Returns buf. */
const char *limits_text(int err, char *buf, size_t len);

#endif
