/*
 * futex.h - wait on a word of memory until another process changes it (inside mp)
 *
 * The kernel sleeps only while the word still has the value that the caller saw, so a change between
 * the look and the sleep is not missed. A killed waiter leaves nothing behind in the word: that is why
 * the primitives are built on this and not on pthread_cond_t, whose signal hangs after the death of
 * a waiter (glibc 2.36). Source: futex(2).
 */
#ifndef MP_FUTEX_H
#define MP_FUTEX_H

#include "mp/time.h"
#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Sleeps while *word is seen, until a wake or the deadline. 0: look again (woken, changed, or a signal
 * came); -ETIMEDOUT. FUTEX_WAIT_BITSET is the wait whose deadline is absolute and CLOCK_MONOTONIC.
 */
static inline int mp_futex_wait(_Atomic uint32_t *word, uint32_t seen, uint64_t deadline_ns)
{
	struct timespec ts = mp_timespec(deadline_ns == MP_NO_END ? 0 : deadline_ns);
	long rc = syscall(SYS_futex, word, FUTEX_WAIT_BITSET, seen,
		deadline_ns == MP_NO_END ? NULL : &ts, NULL, FUTEX_BITSET_MATCH_ANY);

	return rc < 0 && errno == ETIMEDOUT ? -ETIMEDOUT : 0;
}

static inline void mp_futex_wake_all(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

#endif
