/*
 * condition.h - wait, under a lock, until somebody says that something has changed
 *
 * The waiter holds a lock, sees that what it needs is not there, and waits: that releases the lock and
 * acquires it again before it returns. Who changes something holds the same lock and notifies. As in
 * POSIX, and other than in Python, wait may return without a notify (where a notified waiter was killed):
 * so it stands in a loop that looks at the thing itself.
 *
 *     mp_lock_acquire(&s->lock, MP_FOREVER);
 *     while (s->count == 0)
 *         mp_condition_wait(&s->filled, &s->lock, MP_FOREVER);
 *
 * pthread_cond_t between processes is not killable: after the death of a waiter a later signal hangs,
 * with the lock held. Here a dead waiter leaves a number that is one too high, and no more.
 *
 * Lies in shared memory beside its lock; every call by any thread of any process that has the memory.
 */
#ifndef MP_CONDITION_H
#define MP_CONDITION_H

#include "mp/lock.h"
#include <stdatomic.h>

struct mp_condition {
	uint32_t magic;
	_Atomic uint32_t notifies; /* the futex: goes up with each notify */
	_Atomic uint32_t waiting;  /* changed under the lock alone, as is: */
	_Atomic uint32_t tickets;  /* how many of them may still go */
};

/* Makes a condition of the bytes at c. Once, by one process, before others use it. */
void mp_condition_create(struct mp_condition *c);

/* The bytes are no condition any more. Nobody may be waiting. -EINVAL: not a condition. */
int mp_condition_destroy(struct mp_condition *c);

/*
 * Releases l, waits for a notify, acquires l again: without limit, so that it comes back with the lock
 * whatever it returns, but for -EINVAL, -EPERM and -ENOTRECOVERABLE.
 * 0            notified (or a dead waiter was): look whether it is there
 * -ETIMEDOUT   time is up (time.h)
 * -EOWNERDEAD  as mp_lock_acquire: the lock is the caller's, what it protects is suspect
 * -ENOTRECOVERABLE  as mp_lock_acquire: the lock is lost
 * -EPERM       the caller does not have l
 * -EINVAL      not a condition, or not a lock
 */
int mp_condition_wait(struct mp_condition *c, struct mp_lock *l, int64_t timeout_ms);

/*
 * Lets up to n of those go that are waiting now. The caller holds their lock.
 * -EINVAL  not a condition
 */
int mp_condition_notify(struct mp_condition *c, uint32_t n);
int mp_condition_notify_all(struct mp_condition *c);

#endif
