/* event.c - one futex word */
#include "mp/event.h"
#include "mp/futex.h"

#define MAGIC 0x746e7665u /* "evnt" */

static bool valid(const struct mp_event *e)
{
	return e && e->magic == MAGIC;
}

void mp_event_create(struct mp_event *e)
{
	atomic_init(&e->set, 0);
	e->magic = MAGIC;
}

int mp_event_destroy(struct mp_event *e)
{
	if (!valid(e))
		return -EINVAL;
	e->magic = 0;
	return 0;
}

int mp_event_set(struct mp_event *e)
{
	if (!valid(e))
		return -EINVAL;
	if (atomic_exchange(&e->set, 1) == 0)
		mp_futex_wake_all(&e->set);
	return 0;
}

int mp_event_clear(struct mp_event *e)
{
	if (!valid(e))
		return -EINVAL;
	atomic_store(&e->set, 0);
	return 0;
}

bool mp_event_is_set(const struct mp_event *e)
{
	return valid(e) && atomic_load(&e->set);
}

int mp_event_wait(struct mp_event *e, int64_t timeout_ms)
{
	uint64_t deadline_ns;
	int err = 0;

	if (!valid(e))
		return -EINVAL;
	if (atomic_load(&e->set))
		return 0;
	deadline_ns = mp_deadline_ns(timeout_ms);
	while (!atomic_load(&e->set)) {
		if (err)
			return err;
		err = mp_futex_wait(&e->set, 0, deadline_ns);
	}
	return 0;
}
