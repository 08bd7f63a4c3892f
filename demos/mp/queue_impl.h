/* queue_impl.h - what lies in a queue's memory, and what each process knows of it (inside mp) */
#ifndef MP_QUEUE_IMPL_H
#define MP_QUEUE_IMPL_H

#include "mp/gate.h"
#include "mp/lock.h"
#include "mp/memory.h"
#include "mp/presence.h"
#include "mp/queue.h"
#include "mp/ring.h"

/* Behind it: the table of producers, that of consumers, the rings. */
struct mp_queue_shared {
	uint32_t magic;
	uint32_t nproducers, nconsumers;
	uint64_t capacity;                                          /* of each ring */
	uint64_t producers_at, consumers_at, rings_at, ring_stride; /* bytes from here */
	_Alignas(64) _Atomic uint32_t closed;
	_Alignas(64) struct mp_gate filled;  /* consumers sleep here */
	_Alignas(64) struct mp_gate emptied; /* producers sleep here */
	_Alignas(64) struct mp_lock getting; /* of several consumers */
};

/* What one side has learned about waiting for the other (queue_move.c). */
struct mp_patience {
	uint64_t back_ns; /* how long not to look at first */
	uint64_t look_ns; /* how long to wait awake, before a sleep */
};

void mp_patience_init(struct mp_patience *p);

struct mp_queue {
	struct mp_memory *memory;
	struct mp_queue_shared *shared;
	struct mp_presence *producers, *consumers;
	uint32_t roles;
	uint32_t put_place, get_place;
	struct mp_patience to_put, to_get;
	uint32_t next, last;     /* ring to look into first: all get their turn; ring taken from */
	struct mp_ring_end out;  /* the producer's */
	struct mp_ring_end in[]; /* the consumer's, one for each producer */
};

#endif
