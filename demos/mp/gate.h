/*
 * gate.h - sleep until somebody has changed something, at next to no cost where nobody sleeps (inside mp)
 *
 * The sleeper says that it is going to sleep, looks once more, and sleeps; the other side changes, then looks
 * whether somebody sleeps. As both do their two steps in sequentially consistent order, one sees the other.
 * A killed sleeper leaves the flag set, which costs the next change one useless wake. The flag goes down with
 * the wake: sleepers who must go on sleeping put it up again.
 */
#ifndef MP_GATE_H
#define MP_GATE_H

#include "mp/futex.h"

#define MP_GATE_SLICE_MS 20 /* after so long a sleeper looks whether those it waits for are alive */

struct mp_gate {
	_Atomic uint32_t sleeping;
	_Atomic uint32_t wakes;
};

/* After a change. */
static inline void mp_gate_open(struct mp_gate *g)
{
	if (!atomic_load(&g->sleeping))
		return;
	atomic_store(&g->sleeping, 0);
	atomic_fetch_add(&g->wakes, 1);
	mp_futex_wake_all(&g->wakes);
}

/* Before the last look: what mp_gate_sleep wants to know. */
static inline uint32_t mp_gate_enter(struct mp_gate *g)
{
	uint32_t seen = atomic_load(&g->wakes);

	atomic_store(&g->sleeping, 1);
	return seen;
}

/* Sleeps until a change after enter, the deadline, or a slice: look again. */
static inline void mp_gate_sleep(struct mp_gate *g, uint32_t seen, uint64_t deadline_ns)
{
	uint64_t slice = mp_deadline_ns(MP_GATE_SLICE_MS);

	mp_futex_wait(&g->wakes, seen, deadline_ns < slice ? deadline_ns : slice);
}

#endif
