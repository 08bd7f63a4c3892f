/* condition.c - a number that goes up, and a count of those who may go */
#include "mp/condition.h"
#include "mp/futex.h"
#include <stdbool.h>

#define MAGIC 0x646e6f63u /* "cond" */

static bool valid(const struct mp_condition *c)
{
	return c && c->magic == MAGIC;
}

void mp_condition_create(struct mp_condition *c)
{
	atomic_init(&c->notifies, 0);
	atomic_init(&c->waiting, 0);
	atomic_init(&c->tickets, 0);
	c->magic = MAGIC;
}

int mp_condition_destroy(struct mp_condition *c)
{
	if (!valid(c))
		return -EINVAL;
	c->magic = 0;
	return 0;
}

/* Both under the lock. A ticket without a waiter would let a later one through for nothing. */
static void leave(struct mp_condition *c)
{
	uint32_t waiting = atomic_load(&c->waiting) - 1;

	atomic_store(&c->waiting, waiting);
	if (atomic_load(&c->tickets) > waiting)
		atomic_store(&c->tickets, waiting);
}

/* Only a notify that came after the waiter can have meant it. */
static bool take_ticket(struct mp_condition *c, uint32_t arrived_at)
{
	uint32_t tickets = atomic_load(&c->tickets);

	if (tickets == 0 || atomic_load(&c->notifies) == arrived_at)
		return false;
	atomic_store(&c->tickets, tickets - 1);
	return true;
}

int mp_condition_wait(struct mp_condition *c, struct mp_lock *l, int64_t timeout_ms)
{
	uint64_t deadline_ns = mp_deadline_ns(timeout_ms);
	uint32_t arrived_at, seen;
	bool ticket = false;
	int err, waited = 0;

	if (!valid(c))
		return -EINVAL;
	arrived_at = seen = atomic_load(&c->notifies);
	atomic_fetch_add(&c->waiting, 1);
	while (!ticket && waited != -ETIMEDOUT) {
		err = mp_lock_release(l);
		if (err) {
			atomic_fetch_sub(&c->waiting, 1);
			return err;
		}
		/* After a notify since the release the number is another: the kernel does not sleep. */
		waited = mp_futex_wait(&c->notifies, seen, deadline_ns);
		err = mp_lock_acquire(l, MP_FOREVER);
		if (err) {
			if (err == -EOWNERDEAD)
				leave(c);
			return err;
		}
		ticket = take_ticket(c, arrived_at);
		seen = atomic_load(&c->notifies);
	}
	leave(c);
	return ticket ? 0 : -ETIMEDOUT;
}

int mp_condition_notify(struct mp_condition *c, uint32_t n)
{
	uint32_t waiting, tickets;

	if (!valid(c))
		return -EINVAL;
	waiting = atomic_load(&c->waiting);
	tickets = atomic_load(&c->tickets);
	if (n == 0 || waiting == 0)
		return 0;
	atomic_store(&c->tickets, n > waiting - tickets ? waiting : tickets + n);
	atomic_fetch_add(&c->notifies, 1);
	/* All, not n: the one that the kernel would choose may be killed on its way. The tickets count. */
	mp_futex_wake_all(&c->notifies);
	return 0;
}

int mp_condition_notify_all(struct mp_condition *c)
{
	return mp_condition_notify(c, UINT32_MAX);
}
