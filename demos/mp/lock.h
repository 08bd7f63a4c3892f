/*
 * lock.h - a lock between processes that survives the death of its owner
 *
 * It lies in memory that all its users share (memory.h) and belongs to the thread that acquired it:
 * only that thread may release it (a semaphore may be released by anyone; so may Python's
 * multiprocessing.Lock). Where the owner ends or is killed, the next one gets the lock together with
 * -EOWNERDEAD: what the lock protects may be half written. Who can repair it does so and calls
 * mp_lock_recover; who releases without that makes the lock unusable for all, for good.
 *
 * Any thread of any process that has the memory may call everything but create and destroy.
 * Source: pthread_mutexattr_setrobust(3).
 */
#ifndef MP_LOCK_H
#define MP_LOCK_H

#include "mp/time.h"
#include <pthread.h>

/* Fields are lock.c's; the struct is here so that it can stand in a struct of yours. */
struct mp_lock {
	uint32_t magic;
	uint32_t
		state; /* whole, suspect since an owner's death, or lost; changed by the owner alone */
	pthread_mutex_t mutex;
};

/*
 * Makes a lock of the bytes at l, free. Once, by one process, before others use it.
 * -ENOMEM  the system refused
 */
int mp_lock_create(struct mp_lock *l);

/*
 * The bytes are no lock any more; later calls return -EINVAL.
 * -EBUSY   somebody has it
 * -EINVAL  not a lock
 */
int mp_lock_destroy(struct mp_lock *l);

/*
 * Waits until the lock is the caller's. timeout_ms: time.h.
 * 0            it is
 * -EOWNERDEAD  it is, and the last owner ended while having it: see above
 * -ETIMEDOUT   it is not
 * -EDEADLK     the caller has it already
 * -ENOTRECOVERABLE  released without recover after a death
 * -EINVAL      not a lock
 */
int mp_lock_acquire(struct mp_lock *l, int64_t timeout_ms);

/*
 * -EPERM   the caller does not have it
 * -EINVAL  not a lock
 */
int mp_lock_release(struct mp_lock *l);

/*
 * After -EOWNERDEAD, by the new owner: what it protects is whole again. Where the new owner dies before
 * this, the next one gets -EOWNERDEAD again.
 * -EINVAL  not a lock, or there is nothing to recover
 * -EPERM   the caller does not have it
 */
int mp_lock_recover(struct mp_lock *l);

#endif
