/* queue.c - a queue's memory, and who takes part */
#include "mp/queue_impl.h"
#include <sched.h>
#include <stdlib.h>

#define MAGIC        0x75657571u /* "queu" */
#define DEFAULT_RING 65536u
#define LEAST_RING   64u

static uint64_t align64(uint64_t n)
{
	return (n + 63) & ~UINT64_C(63);
}

static int plan(const struct mp_queue_options *o, struct mp_queue_shared *s)
{
	size_t want;

	if (!o)
		return -EINVAL;
	want = o->ring_bytes ? o->ring_bytes : DEFAULT_RING;
	if (o->producers == 0 || o->producers > MP_QUEUE_PLACES_MAX || o->consumers == 0 ||
		o->consumers > MP_QUEUE_PLACES_MAX || want > MP_QUEUE_RING_MAX)
		return -EINVAL;
	s->nproducers = o->producers;
	s->nconsumers = o->consumers;
	s->capacity = LEAST_RING;
	while (s->capacity < want)
		s->capacity *= 2;
	s->producers_at = align64(sizeof(*s));
	s->consumers_at = align64(s->producers_at + mp_presence_bytes(o->producers));
	s->rings_at = align64(s->consumers_at + mp_presence_bytes(o->consumers));
	s->ring_stride = align64(sizeof(struct mp_ring) + s->capacity);
	return 0;
}

static void *at(struct mp_queue_shared *s, uint64_t offset)
{
	return (char *)s + offset;
}

static struct mp_ring *ring(struct mp_queue_shared *s, uint32_t place)
{
	return at(s, s->rings_at + place * s->ring_stride);
}

/* This process's view of the queue in m, which is the view's from now on. */
static int look(struct mp_memory *m, struct mp_queue **out)
{
	struct mp_queue_shared *s = mp_memory_base(m);
	struct mp_queue *q = calloc(1, sizeof(*q) + s->nproducers * sizeof(q->in[0]));

	if (!q)
		return -ENOMEM;
	q->memory = m;
	q->shared = s;
	q->producers = at(s, s->producers_at);
	q->consumers = at(s, s->consumers_at);
	mp_patience_init(&q->to_put);
	mp_patience_init(&q->to_get);
	for (uint32_t i = 0; i < s->nproducers; i++)
		q->in[i] = (struct mp_ring_end){.ring = ring(s, i), .capacity = s->capacity};
	*out = q;
	return 0;
}

static int fill(const struct mp_queue_shared *planned, struct mp_memory *m)
{
	struct mp_queue_shared *s = mp_memory_base(m);
	int err;

	*s = *planned;
	err = mp_presence_create(at(s, s->producers_at), s->nproducers);
	if (!err)
		err = mp_presence_create(at(s, s->consumers_at), s->nconsumers);
	if (!err)
		err = mp_lock_create(&s->getting);
	if (!err)
		s->magic = MAGIC;
	return err;
}

int mp_queue_create(const struct mp_queue_options *o, struct mp_queue **out)
{
	struct mp_queue_shared planned = {0};
	struct mp_memory *m;
	int err = plan(o, &planned);

	if (err)
		return err;
	err = mp_memory_create(planned.rings_at + planned.nproducers * planned.ring_stride, &m);
	if (err)
		return err;
	err = fill(&planned, m);
	if (!err)
		err = look(m, out);
	if (err)
		mp_memory_destroy(m);
	return err;
}

/* The dead leave nothing to repair, so a place found dead may be had at once. But for a moment it may be held by
 * somebody who has found it too. */
static int join(struct mp_presence *p, uint32_t *place)
{
	uint64_t deadline_ns = mp_deadline_ns(MP_GATE_SLICE_MS);

	while (mp_presence_join(p, place) && mp_presence_take_back(p, place)) {
		if (mp_now_ns() >= deadline_ns)
			return -EAGAIN;
		sched_yield();
	}
	return 0;
}

int mp_queue_open(struct mp_queue *q, uint32_t roles)
{
	int err = 0;

	if (roles == 0 || roles & ~(uint32_t)(MP_QUEUE_PUT | MP_QUEUE_GET) || roles & q->roles)
		return -EINVAL;
	if (roles & MP_QUEUE_PUT)
		err = join(q->producers, &q->put_place);
	if (err)
		return err;
	if (roles & MP_QUEUE_GET)
		err = join(q->consumers, &q->get_place);
	if (err && roles & MP_QUEUE_PUT)
		mp_presence_leave(q->producers, q->put_place);
	if (err)
		return err;
	q->roles |= roles;
	if (roles & MP_QUEUE_PUT) {
		/* The ring goes on where the place's last producer stopped. */
		q->out = q->in[q->put_place];
		q->out.other = atomic_load(&q->out.ring->head);
	}
	return 0;
}

struct mp_handle mp_queue_handle(const struct mp_queue *q, uint32_t roles)
{
	struct mp_handle h = mp_memory_handle(q->memory);

	h.kind = MP_HANDLE_QUEUE;
	h.what = roles;
	return h;
}

static bool holds_queue(struct mp_memory *m)
{
	const struct mp_queue_shared *s = mp_memory_base(m);

	return mp_memory_size(m) >= sizeof(*s) && s->magic == MAGIC &&
	       s->rings_at + s->nproducers * s->ring_stride <= mp_memory_size(m);
}

int mp_queue_attach(struct mp_handle *h, struct mp_queue **out)
{
	struct mp_memory *m;
	int err;

	if (!h || h->kind != MP_HANDLE_QUEUE)
		return -EINVAL;
	err = mp_memory_open(h, &m);
	if (err)
		return err;
	err = holds_queue(m) ? look(m, out) : -EINVAL;
	if (err) {
		mp_memory_destroy(m);
		return err;
	}
	err = mp_queue_open(*out, h->what);
	if (err)
		mp_queue_destroy(*out);
	return err;
}

void mp_queue_close(struct mp_queue *q)
{
	atomic_store(&q->shared->closed, 1);
	mp_gate_open(&q->shared->filled);
	mp_gate_open(&q->shared->emptied);
}

void mp_queue_destroy(struct mp_queue *q)
{
	if (!q)
		return;
	if (q->roles & MP_QUEUE_PUT)
		mp_presence_leave(q->producers, q->put_place);
	if (q->roles & MP_QUEUE_GET)
		mp_presence_leave(q->consumers, q->get_place);
	/* The last producer's end is what its consumers may be waiting for. */
	mp_gate_open(&q->shared->filled);
	mp_gate_open(&q->shared->emptied);
	mp_memory_destroy(q->memory);
	free(q);
}
