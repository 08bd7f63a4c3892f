/*
 * ring.h - a ring of bytes with one writer and one reader at a time (inside mp)
 *
 * head and tail count all bytes ever read and written; their difference is what is in the ring. Only the
 * writer moves tail, only the reader head, each on a cache line of its own: the two cores then exchange a
 * line only where one has to look how far the other is, and each remembers what it saw (struct mp_ring_end).
 * A message is there once tail has moved past it. A writer killed before that has written nothing.
 *
 * Source: L. Lamport, Proving the Correctness of Multiprocess Programs, 1977; the remembered counter as in
 * the "FastForward" and "MCRingBuffer" papers (2008, 2010).
 */
#ifndef MP_RING_H
#define MP_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MP_RING_ALIGN 8u     /* lengths start at multiples of this */
#define MP_RING_PIECE 65536u /* bytes copied in one go */
#define MP_RING_AHEAD 1024u  /* bytes between the line asked for and the line written */

struct mp_ring {
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) unsigned char bytes[];
};

/* One side's own: where the ring is, its capacity (a power of 2), how far the other side was last seen. */
struct mp_ring_end {
	struct mp_ring *ring;
	size_t capacity;
	uint64_t other;
};

static inline size_t mp_ring_need(size_t nbytes)
{
	return MP_RING_ALIGN + (nbytes + MP_RING_ALIGN - 1) / MP_RING_ALIGN * MP_RING_ALIGN;
}

/*
 * From the size of a core's cache on, glibc's memcpy stores line by line, and each line is first read from the
 * other core that has it: 1 MiB takes 110 us, in pieces 18 us (measured on an AMD EPYC).
 */
static inline void mp_ring_copy(void *to, const void *from, size_t n)
{
	for (; n > MP_RING_PIECE; n -= MP_RING_PIECE) {
		memcpy(to, from, MP_RING_PIECE);
		to = (char *)to + MP_RING_PIECE;
		from = (const char *)from + MP_RING_PIECE;
	}
	memcpy(to, from, n);
}

/* Bytes of a message at a place in the ring, the second part at its beginning where it goes round the end. */
static inline void mp_ring_copy_in(struct mp_ring_end *e, uint64_t at, const void *from, size_t n)
{
	size_t offset = at & (e->capacity - 1), first = e->capacity - offset;

	first = n < first ? n : first;
	mp_ring_copy(e->ring->bytes + offset, from, first);
	if (first < n)
		mp_ring_copy(e->ring->bytes, (const char *)from + first, n - first);
}

static inline void mp_ring_copy_out(const struct mp_ring_end *e, uint64_t at, void *to, size_t n)
{
	size_t offset = at & (e->capacity - 1), first = e->capacity - offset;

	first = n < first ? n : first;
	mp_ring_copy(to, e->ring->bytes + offset, first);
	if (first < n)
		mp_ring_copy((char *)to + first, e->ring->bytes, n - first);
}

/* The writer's: bytes free, as far as it has looked. */
static inline size_t mp_ring_room(const struct mp_ring_end *e)
{
	return e->capacity -
	       (atomic_load_explicit(&e->ring->tail, memory_order_relaxed) - e->other);
}

/* The reader's: whether, as far as it has looked, there is more. */
static inline bool mp_ring_filled(const struct mp_ring_end *e)
{
	return (int64_t)(e->other - atomic_load_explicit(&e->ring->head, memory_order_relaxed)) > 0;
}

/*
 * The writer's lines were last in the reader's cache, and a store waits for its line, 110 ns each between
 * distant cores: so a line is asked for a while before it is written, where it is known to be free. gcc's
 * prefetch for writing is one for reading on x86-64, unless it may assume a processor of after 2014; older
 * ones take prefetchw too, and do nothing.
 */
static inline void mp_ring_ask_ahead(const struct mp_ring_end *e, uint64_t tail)
{
	const unsigned char *line = e->ring->bytes + ((tail + MP_RING_AHEAD) & (e->capacity - 1));

	if (mp_ring_room(e) <= MP_RING_AHEAD)
		return;
#if defined(__x86_64__)
	__asm__ volatile("prefetchw %0" : : "m"(*line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/* The writer's: false where there is no room. n fits the ring at all. */
static inline bool mp_ring_put(struct mp_ring_end *e, const void *message, size_t n)
{
	uint64_t tail = atomic_load_explicit(&e->ring->tail, memory_order_relaxed);
	size_t need = mp_ring_need(n);
	uint64_t length = n;

	if (e->capacity - (tail - e->other) < need) {
		e->other = atomic_load(&e->ring->head);
		if (e->capacity - (tail - e->other) < need)
			return false;
	}
	mp_ring_ask_ahead(e, tail);
	memcpy(e->ring->bytes + (tail & (e->capacity - 1)), &length, sizeof(length));
	mp_ring_copy_in(e, tail + MP_RING_ALIGN, message, n);
	/* Sequentially consistent: the writer looks next whether the reader sleeps, and one of the two must see
	 * the other. */
	atomic_store(&e->ring->tail, tail + need);
	return true;
}

/* The reader's: false where the ring is empty; else the length of the next message. */
static inline bool mp_ring_peek(struct mp_ring_end *e, size_t *nbytes)
{
	uint64_t head = atomic_load_explicit(&e->ring->head, memory_order_relaxed);
	uint64_t length;

	/* Another reader may have passed what was seen last. */
	if ((int64_t)(e->other - head) <= 0) {
		e->other = atomic_load(&e->ring->tail);
		if (e->other == head)
			return false;
	}
	memcpy(&length, e->ring->bytes + (head & (e->capacity - 1)), sizeof(length));
	*nbytes = length;
	return true;
}

/* After a peek that found one: takes it out. */
static inline void mp_ring_take(struct mp_ring_end *e, void *to, size_t nbytes)
{
	uint64_t head = atomic_load_explicit(&e->ring->head, memory_order_relaxed);

	mp_ring_copy_out(e, head + MP_RING_ALIGN, to, nbytes);
	atomic_store(&e->ring->head, head + mp_ring_need(nbytes));
}

#endif
