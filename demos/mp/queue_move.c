/* queue_move.c - put and get: the quick way, and the waits */
#include "mp/queue_impl.h"
#include "mp/spin.h"

/* All places have been taken once, and nobody is there any more. died: one of them did not leave, but died. */
static bool all_gone(struct mp_presence *p, bool *died)
{
	uint32_t place;

	/* A ring is whole whatever its producer was doing: there is nothing to repair. */
	while (mp_presence_take_back(p, &place) == 0)
		mp_presence_taken_back(p, place);
	*died = mp_presence_count(p, MP_PRESENCE_DEAD) > 0;
	return mp_presence_count(p, MP_PRESENCE_DEAD) + mp_presence_count(p, MP_PRESENCE_LEFT) ==
	       p->nplaces;
}

/* ---- put ---- */

static int put_when_room(struct mp_queue *q, const void *message, size_t nbytes, int64_t timeout_ms)
{
	uint64_t deadline_ns = mp_deadline_ns(timeout_ms);
	struct mp_gate *gate = &q->shared->emptied;

	for (unsigned looks = 0;; looks++) {
		uint32_t seen = 0;
		bool sleeps = looks >= q->spins || deadline_ns == 0, died, gone = false;

		if (sleeps) {
			gone = all_gone(q->consumers, &died);
			seen = mp_gate_enter(gate);
		}
		if (atomic_load(&q->shared->closed))
			return -EPIPE;
		if (mp_ring_put(&q->out, message, nbytes))
			return 0;
		if (gone)
			return -EPIPE;
		if (sleeps && mp_poll_ms(deadline_ns) == 0)
			return -ETIMEDOUT;
		if (sleeps)
			mp_gate_sleep(gate, seen, deadline_ns);
		else
			mp_relax();
	}
}

int mp_queue_put(struct mp_queue *q, const void *message, size_t nbytes, int64_t timeout_ms)
{
	int err;

	if (!(q->roles & MP_QUEUE_PUT))
		return -EBADF;
	if (nbytes > q->out.capacity - MP_RING_ALIGN)
		return -EMSGSIZE;
	if (atomic_load_explicit(&q->shared->closed, memory_order_relaxed))
		return -EPIPE;
	if (!mp_ring_put(&q->out, message, nbytes)) {
		err = put_when_room(q, message, nbytes, timeout_ms);
		if (err)
			return err;
	}
	mp_gate_open(&q->shared->filled);
	return 0;
}

/* ---- get ---- */

/* 0; -EMSGSIZE; -EAGAIN: all rings are empty. The caller is the only consumer at this moment. */
static int take(struct mp_queue *q, void *buffer, size_t size, size_t *nbytes)
{
	uint32_t n = q->shared->nproducers;

	for (uint32_t i = 0; i < n; i++) {
		struct mp_ring_end *e = &q->in[q->next];

		if (!mp_ring_peek(e, nbytes)) {
			q->next = q->next + 1 < n ? q->next + 1 : 0;
			continue;
		}
		if (*nbytes > size)
			return -EMSGSIZE;
		mp_ring_take(e, buffer, *nbytes);
		q->next = q->next + 1 < n ? q->next + 1 : 0;
		return 0;
	}
	return -EAGAIN;
}

/* A look without the lock, so that consumers who wait do not stand in each other's way. */
static bool some_there(const struct mp_queue *q)
{
	for (uint32_t i = 0; i < q->shared->nproducers; i++)
		if (atomic_load(&q->in[i].ring->tail) != atomic_load(&q->in[i].ring->head))
			return true;
	return false;
}

static int take_in_turn(
	struct mp_queue *q, void *buffer, size_t size, size_t *nbytes, int64_t timeout_ms)
{
	int err;

	if (q->shared->nconsumers == 1)
		return take(q, buffer, size, nbytes);
	if (!some_there(q))
		return -EAGAIN;
	err = mp_lock_acquire(&q->shared->getting, timeout_ms);
	/* The dead consumer's message was taken out as a whole, or not at all. */
	if (err == -EOWNERDEAD)
		mp_lock_recover(&q->shared->getting);
	else if (err)
		return err == -ETIMEDOUT ? -EAGAIN : err;
	err = take(q, buffer, size, nbytes);
	mp_lock_release(&q->shared->getting);
	return err;
}

static int get_when_there(
	struct mp_queue *q, void *buffer, size_t size, size_t *nbytes, int64_t timeout_ms)
{
	uint64_t deadline_ns = mp_deadline_ns(timeout_ms);
	struct mp_gate *gate = &q->shared->filled;

	for (unsigned looks = 0;; looks++) {
		uint32_t seen = 0;
		bool sleeps = looks >= q->spins || deadline_ns == 0, died = false, gone = false;
		int err;

		/* Before the look into the rings: what the last producer put before it left is found there. */
		if (sleeps) {
			gone = atomic_load(&q->shared->closed);
			gone = all_gone(q->producers, &died) || gone;
			seen = mp_gate_enter(gate);
		}
		err = take_in_turn(q, buffer, size, nbytes, MP_GATE_SLICE_MS);
		if (err != -EAGAIN)
			return err;
		if (gone)
			return died ? -EOWNERDEAD : -ENODATA;
		if (sleeps && mp_poll_ms(deadline_ns) == 0)
			return -ETIMEDOUT;
		if (sleeps)
			mp_gate_sleep(gate, seen, deadline_ns);
		else
			mp_relax();
	}
}

int mp_queue_get(struct mp_queue *q, void *buffer, size_t size, size_t *nbytes, int64_t timeout_ms)
{
	int err;

	if (!(q->roles & MP_QUEUE_GET))
		return -EBADF;
	err = take_in_turn(q, buffer, size, nbytes, 0);
	if (err == -EAGAIN)
		err = get_when_there(q, buffer, size, nbytes, timeout_ms);
	if (!err)
		mp_gate_open(&q->shared->emptied);
	return err;
}
