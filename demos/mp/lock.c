/* lock.c - a robust, error-checking mutex shared between processes */
#include "mp/lock.h"
#include <errno.h>
#include <stdbool.h>

#define MAGIC 0x6b636f6cu /* "lock" */

/*
 * glibc knows these states too, but its pthread_mutex_trylock of a lost mutex keeps it, and the next unlock
 * crashes (2.36). So the mutex itself is made consistent at once, and the state is kept here.
 */
enum { WHOLE, SUSPECT, LOST };

int mp_lock_create(struct mp_lock *l)
{
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);

	if (err)
		return -err;
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	/* The kernel walks a dying thread's list of held robust mutexes and marks each one. */
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	err = pthread_mutex_init(&l->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	l->state = WHOLE;
	l->magic = err ? 0 : MAGIC;
	return -err;
}

int mp_lock_destroy(struct mp_lock *l)
{
	int err = mp_lock_acquire(l, 0);

	if (err == -ETIMEDOUT || err == -EDEADLK)
		return -EBUSY;
	if (err && err != -EOWNERDEAD && err != -ENOTRECOVERABLE)
		return err;
	l->magic = 0;
	if (err != -ENOTRECOVERABLE)
		pthread_mutex_unlock(&l->mutex);
	pthread_mutex_destroy(&l->mutex);
	return 0;
}

/*
 * ThreadSanitizer of gcc 12 and clang 14 does not know pthread_mutex_clocklock and would see races in
 * all that the lock protects. Under it, and only there, a wait with a limit asks again and again.
 */
#ifdef __SANITIZE_THREAD__
static int lock_until(pthread_mutex_t *mutex, uint64_t deadline_ns)
{
	const struct timespec nap = {.tv_nsec = 200000};

	for (;;) {
		int err = pthread_mutex_trylock(mutex);

		if (err != EBUSY)
			return err;
		if (mp_now_ns() >= deadline_ns)
			return ETIMEDOUT;
		nanosleep(&nap, NULL);
	}
}
#else
static int lock_until(pthread_mutex_t *mutex, uint64_t deadline_ns)
{
	struct timespec ts = mp_timespec(deadline_ns);

	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &ts);
}
#endif

/* The caller has the mutex. */
static int look_at_state(struct mp_lock *l, int err)
{
	if (err == EOWNERDEAD) {
		pthread_mutex_consistent(&l->mutex);
		if (l->state == WHOLE)
			l->state = SUSPECT;
	}
	if (l->state == WHOLE)
		return 0;
	if (l->state == SUSPECT)
		return -EOWNERDEAD;
	pthread_mutex_unlock(&l->mutex);
	return -ENOTRECOVERABLE;
}

int mp_lock_acquire(struct mp_lock *l, int64_t timeout_ms)
{
	uint64_t deadline_ns;
	int err;

	if (!l || l->magic != MAGIC)
		return -EINVAL;
	err = pthread_mutex_trylock(&l->mutex);
	if (err == EBUSY) {
		deadline_ns = mp_deadline_ns(timeout_ms);
		if (deadline_ns == 0)
			return -ETIMEDOUT;
		err = deadline_ns == MP_NO_END ? pthread_mutex_lock(&l->mutex)
					       : lock_until(&l->mutex, deadline_ns);
	}
	return err && err != EOWNERDEAD ? -err : look_at_state(l, err);
}

/* An error-checking mutex tells its owner so at once; to others a deadline in the past says no. */
static bool is_mine(struct mp_lock *l)
{
	const struct timespec past = {0};
	int err = pthread_mutex_clocklock(&l->mutex, CLOCK_MONOTONIC, &past);

	if (err == EOWNERDEAD)
		pthread_mutex_consistent(&l->mutex);
	if (err == 0 || err == EOWNERDEAD)
		pthread_mutex_unlock(&l->mutex);
	return err == EDEADLK;
}

int mp_lock_release(struct mp_lock *l)
{
	if (!l || l->magic != MAGIC)
		return -EINVAL;
	if (l->state == SUSPECT && is_mine(l))
		l->state = LOST;
	return -pthread_mutex_unlock(&l->mutex);
}

int mp_lock_recover(struct mp_lock *l)
{
	if (!l || l->magic != MAGIC || l->state != SUSPECT)
		return -EINVAL;
	if (!is_mine(l))
		return -EPERM;
	l->state = WHOLE;
	return 0;
}
