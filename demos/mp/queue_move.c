/* queue_move.c - put and get: the quick way, and the waits */
#include "mp/queue_impl.h"
#include "mp/spin.h"

#define LOOK_MIN_NS 1000u
#define LOOK_MAX_NS 50000u /* about what going to sleep and being woken costs */
#define BACK_MIN_NS 50u
#define BACK_MAX_NS 1000u

/*
 * Before it sleeps, a waiting one looks; how long it looks, and when first, it learns.
 *
 * Who looks for the next message the moment it has got the last one takes the cache line from who is writing
 * it, each time, and both crawl at the speed of that line (60 ns a message, and 10 without). So who finds more
 * than one after a wait has followed too closely, and stands back longer the next time; who finds one alone
 * waits for an answer, and must not lose time.
 *
 * Whether looking is of use is not known beforehand: who is awaited may have no other CPU than ours to run on.
 */
void mp_patience_init(struct mp_patience *p)
{
	*p = (struct mp_patience){.look_ns = LOOK_MAX_NS};
}

/* Stands back, and returns when to stop looking. */
static uint64_t stand_back(const struct mp_patience *p, uint64_t deadline_ns)
{
	uint64_t now = deadline_ns ? mp_now_ns() : 0, until = now + p->back_ns;

	if (now == 0)
		return 0; /* one look is all that was asked for */
	while (p->back_ns && mp_now_ns() < until)
		mp_relax();
	return now + p->look_ns;
}

static void learn(struct mp_patience *p, bool slept, bool more)
{
	if (slept && p->look_ns > LOOK_MIN_NS)
		p->look_ns /= 2;
	if (!slept && p->look_ns < LOOK_MAX_NS)
		p->look_ns *= 2;
	if (!more)
		p->back_ns /= 2;
	else if (p->back_ns < BACK_MAX_NS)
		p->back_ns = 2 * p->back_ns + BACK_MIN_NS;
}

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
	uint64_t sleep_ns = stand_back(&q->to_put, deadline_ns);
	struct mp_gate *gate = &q->shared->emptied;
	bool slept = false;

	for (;;) {
		uint32_t seen = 0;
		bool sleeps = mp_now_ns() >= sleep_ns, died, gone = false;

		if (sleeps) {
			gone = all_gone(q->consumers, &died);
			seen = mp_gate_enter(gate);
		}
		if (atomic_load(&q->shared->closed))
			return -EPIPE;
		if (mp_ring_put(&q->out, message, nbytes)) {
			learn(&q->to_put, slept, mp_ring_room(&q->out) >= mp_ring_need(nbytes));
			return 0;
		}
		if (gone)
			return -EPIPE;
		if (sleeps && mp_poll_ms(deadline_ns) == 0)
			return -ETIMEDOUT;
		if (sleeps)
			mp_gate_sleep(gate, seen, deadline_ns);
		else
			mp_relax();
		slept = slept || sleeps;
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
		q->last = q->next;
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
	uint64_t sleep_ns = stand_back(&q->to_get, deadline_ns);
	struct mp_gate *gate = &q->shared->filled;
	bool slept = false;

	for (;;) {
		uint32_t seen = 0;
		bool sleeps = mp_now_ns() >= sleep_ns, died = false, gone = false;
		int err;

		/* Before the look into the rings: what the last producer put before it left is found there. */
		if (sleeps) {
			gone = atomic_load(&q->shared->closed);
			gone = all_gone(q->producers, &died) || gone;
			seen = mp_gate_enter(gate);
		}
		err = take_in_turn(q, buffer, size, nbytes, MP_GATE_SLICE_MS);
		if (err == 0)
			learn(&q->to_get, slept, mp_ring_filled(&q->in[q->last]));
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
		slept = slept || sleeps;
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
