/*
 * pool_channel.h - what lies between a pool and one of its workers (inside mp)
 *
 * The parent writes orders: a task, its items, and room for each result. The worker claims one order after the
 * other, works in place, and counts. The parent copies results out and only then uses the room again. So there is
 * one ring of bytes, which the parent alone manages, and nothing that a death could tear:
 *
 *   claim  how many orders the worker has claimed, and how many it may claim. Both sides change it by compare and
 *          swap, so the parent can take orders back that are not claimed yet.
 *   step   twice the items that the worker has finished, plus one while it is in one. After its death this says
 *          which items are done, which one it was in, and which it had not begun.
 *
 * Numbers count from the worker's start. Items and results of an order lie as arrays:
 * items, pad to 16, codes (int32_t each), pad to 16, results, pad to 16.
 */
#ifndef MP_POOL_CHANNEL_H
#define MP_POOL_CHANNEL_H

#include "mp/gate.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_POOL_MAGIC 0x6c6f6f70u /* "pool" */
#define MP_POOL_ALIGN 16u

/* At the beginning of the pool's memory; behind it the channels. */
struct mp_pool_shared {
	uint32_t magic;
	uint32_t nworkers, ntasks;
	uint32_t norders;    /* places of each channel, a power of 2 */
	uint64_t data_bytes; /* of each channel, a power of 2 */
};

struct mp_order {
	uint32_t at; /* where its items begin in the data */
	uint32_t task, count, item_bytes, result_bytes;
	uint32_t timeout_ms; /* 0: none */
};

#define MP_CONDEMNED 1u /* in ends_ns: the parent is killing us because of it */

struct mp_channel {
	_Alignas(64) _Atomic uint64_t claim; /* low half: claimed, high half: limit */
	/* The worker's. */
	_Alignas(64) _Atomic uint64_t step;
	_Atomic uint64_t ends_ns; /* when the time of the item that it is in is up; 0: never */
	_Atomic uint32_t ready;
	/* The parent's. */
	_Alignas(
		64) _Atomic uint64_t ring_at; /* ring when so many orders are finished; 0: do not */
	_Atomic uint32_t stop;
	_Alignas(64) struct mp_gate gate; /* the worker sleeps here */
	_Alignas(64) struct mp_order orders[];
};

enum mp_stop { MP_STOP_NOT, MP_STOP_IDLE, MP_STOP_NOW };

static inline uint64_t mp_pool_align(uint64_t n)
{
	return (n + MP_POOL_ALIGN - 1) & ~(uint64_t)(MP_POOL_ALIGN - 1);
}

static inline uint64_t mp_channel_bytes(const struct mp_pool_shared *s)
{
	return sizeof(struct mp_channel) + s->norders * sizeof(struct mp_order) + s->data_bytes;
}

static inline uint64_t mp_channel_stride(const struct mp_pool_shared *s)
{
	return (mp_channel_bytes(s) + 63) & ~UINT64_C(63);
}

static inline uint64_t mp_pool_bytes(const struct mp_pool_shared *s)
{
	return 64 + s->nworkers * mp_channel_stride(s);
}

static inline struct mp_channel *mp_channel_of(struct mp_pool_shared *s, uint32_t worker)
{
	return (void *)((char *)s + 64 + worker * mp_channel_stride(s));
}

static inline unsigned char *mp_channel_data(const struct mp_pool_shared *s, struct mp_channel *c)
{
	return (unsigned char *)(c->orders + s->norders);
}

/* ---- claim ---- */

static inline uint32_t mp_claimed(uint64_t claim)
{
	return (uint32_t)claim;
}

static inline uint32_t mp_limit(uint64_t claim)
{
	return (uint32_t)(claim >> 32);
}

static inline uint64_t mp_claim_word(uint32_t claimed, uint32_t limit)
{
	return (uint64_t)limit << 32 | claimed;
}

/* The worker's: claims one order. false: there is none. */
static inline bool mp_channel_claim(struct mp_channel *c)
{
	uint64_t seen = atomic_load(&c->claim);

	while (mp_claimed(seen) != mp_limit(seen))
		if (atomic_compare_exchange_weak(
			    &c->claim, &seen, mp_claim_word(mp_claimed(seen) + 1, mp_limit(seen))))
			return true;
	return false;
}

/* ---- an order's parts, from where its items begin ---- */

static inline uint64_t mp_order_codes(uint64_t count, uint64_t item_bytes)
{
	return mp_pool_align(count * item_bytes);
}

static inline uint64_t mp_order_results(uint64_t count, uint64_t item_bytes)
{
	return mp_order_codes(count, item_bytes) + mp_pool_align(count * sizeof(int32_t));
}

static inline uint64_t mp_order_bytes(uint64_t count, uint64_t item_bytes, uint64_t result_bytes)
{
	return mp_order_results(count, item_bytes) + mp_pool_align(count * result_bytes);
}

#endif
