/*
 * queue.h - a bounded queue of messages: several producers, several consumers, in shared memory
 *
 * Each producer has a ring of bytes of its own in the queue's memory. So no lock stands between producers, a
 * producer killed in the middle of a message tears nothing (a message counts once its ring's end has moved
 * past it), and what was put stays when its producer ends: a child may put, end and be joined before anybody
 * gets (with Python's multiprocessing.Queue that is a deadlock). Messages of one producer come in their
 * order; between producers there is none. Several consumers take turns under a robust lock; one alone needs
 * no lock.
 *
 * How many producers and consumers take part is said when the queue is made. It has come to its end when it
 * is closed, or when all of its producers have been there and are gone; and everything has been got.
 *
 * A struct mp_queue belongs to the thread that made or attached it.
 */
#ifndef MP_QUEUE_H
#define MP_QUEUE_H

#include "mp/handle.h"
#include "mp/time.h"
#include <stddef.h>

#define MP_QUEUE_PLACES_MAX 64
#define MP_QUEUE_RING_MAX   ((size_t)1 << 32)

struct mp_queue;

enum mp_queue_role { MP_QUEUE_PUT = 1, MP_QUEUE_GET = 2 };

struct mp_queue_options {
	uint32_t producers, consumers; /* how many at a time, 1..MP_QUEUE_PLACES_MAX each */
	/* Bytes of each producer's ring, rounded up to a power of 2; the longest message is 8 bytes less. A message
	 * takes its length and 8 bytes, rounded up to a multiple of 8. 0: 64 KiB. */
	size_t ring_bytes;
};

/*
 * Makes a queue. The maker has no role in it yet (mp_queue_open). The caller owns *out and gives it back with
 * mp_queue_destroy.
 * -EINVAL  no options, producers or consumers out of range, ring_bytes above MP_QUEUE_RING_MAX
 * -ENOMEM, -ENOSPC, -EFBIG, -EMFILE, -ENFILE  as mp_memory_create
 */
int mp_queue_create(const struct mp_queue_options *o, struct mp_queue **out);

/*
 * Takes a place as producer, as consumer or both (MP_QUEUE_PUT | MP_QUEUE_GET), for the calling thread. A dead
 * one's place serves again.
 * -EAGAIN  all places of that role are taken by the living
 * -EINVAL  no role, or the caller has it already
 */
int mp_queue_open(struct mp_queue *q, uint32_t roles);

/* For the options of mp_process_start: what the child may do with it. */
struct mp_handle mp_queue_handle(const struct mp_queue *q, uint32_t roles);

/*
 * In a child: the queue of a handle, opened for its roles. The child gives it back with mp_queue_destroy.
 * -EINVAL  no handle, or of another kind, or its memory holds no queue, or it has no role
 * -EAGAIN  as mp_queue_open; the handle is used up
 * -EBADF, -EACCES, -ENOMEM  as mp_memory_attach
 */
int mp_queue_attach(struct mp_handle *h, struct mp_queue **out);

/*
 * Puts a message of nbytes (0 is one too).
 * 0
 * -ETIMEDOUT  no room (time.h)
 * -EPIPE      the queue is closed; or it is full and all consumers have been there and are gone
 * -EMSGSIZE   longer than a ring can hold
 * -EBADF      the caller is no producer
 */
int mp_queue_put(struct mp_queue *q, const void *message, size_t nbytes, int64_t timeout_ms);

/*
 * Gets a message into buffer (size bytes); *nbytes is its length. One that was got by a consumer who died on
 * its way out of here may come again; none is lost.
 * 0
 * -ETIMEDOUT   none there (time.h)
 * -ENODATA     the end
 * -EOWNERDEAD  the end, and one of the producers died and nobody has its place: what it had not put is missing
 * -EMSGSIZE    the next message has *nbytes, more than size; it stays
 * -EBADF       the caller is no consumer
 */
int mp_queue_get(struct mp_queue *q, void *buffer, size_t size, size_t *nbytes, int64_t timeout_ms);

/* Nobody may put any more, from now on; what is in it can be got. */
void mp_queue_close(struct mp_queue *q);

/* The caller leaves its places; its memory of the queue goes. Others keep theirs. NULL is allowed. */
void mp_queue_destroy(struct mp_queue *q);

#endif
