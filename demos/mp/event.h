/*
 * event.h - a flag that processes wait for: not yet, or set
 *
 * As multiprocessing.Event, in one word: no lock to be left behind by the dead, neither by a waiter nor
 * by who sets it. Lies in shared memory; every call by any thread of any process that has the memory.
 */
#ifndef MP_EVENT_H
#define MP_EVENT_H

#include "mp/time.h"
#include <stdatomic.h>
#include <stdbool.h>

struct mp_event {
	uint32_t magic;
	_Atomic uint32_t set;
};

/* Makes an event of the bytes at e, not set. Once, by one process, before others use it. */
void mp_event_create(struct mp_event *e);

/* The bytes are no event any more. -EINVAL: not an event. */
int mp_event_destroy(struct mp_event *e);

/* All who wait go, and who comes later does not wait, until it is cleared. -EINVAL: not an event. */
int mp_event_set(struct mp_event *e);
int mp_event_clear(struct mp_event *e);

/* false also where e is no event. */
bool mp_event_is_set(const struct mp_event *e);

/*
 * Waits until it is seen set. Who clears it again at once may be faster than those whom set has woken: they
 * then wait on.
 * 0           it was set
 * -ETIMEDOUT  it was not, all the time (time.h)
 * -EINVAL     not an event
 */
int mp_event_wait(struct mp_event *e, int64_t timeout_ms);

#endif
