/*
 * channel.h - one message from one process to another, by each of the ways there are
 *
 * All ways have the same five calls, so that one benchmark's loop serves them all. A channel is opened before
 * its users are forked; each of them then joins it as one who puts or one who gets, and leaves it. All
 * messages of a channel have the same length. Calls return 0 or -errno.
 */
#ifndef FORKLAB_CHANNEL_H
#define FORKLAB_CHANNEL_H

#include "harness/bench.h"
#include "mp/queue.h"
#include "peers/python_queue.h"
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHANNEL_MEMORY   65536u /* of a ring, as much as a pipe holds; at least ... */
#define CHANNEL_MESSAGES 4u     /* ... so many messages */

#define CHANNEL_TORN (UINT64_MAX - 1) /* no message's number: its ends differ */

struct channel_ring;

struct channel {
	size_t nbytes; /* of each message: at least 8 */
	union {
		int fd[2]; /* what is put into the second is got from the first */
		mqd_t mq;
		struct mp_queue *queue;
		struct python_queue python;
		struct {
			struct channel_ring *ring;
			uint64_t nslots;      /* a power of 2 */
			uint64_t mine, other; /* a worker's own count, the other's as last seen */
		};
	};
};

/* How a channel is made and given back by who forks the workers. */
struct channel_way {
	int (*open)(struct bench_run *r, struct channel *c, unsigned readers);
	void (*close)(struct channel *c);
	/* In a worker, after the fork; NULL: nothing to do. role: MP_QUEUE_PUT or MP_QUEUE_GET. */
	int (*join)(struct channel *c, uint32_t role);
	void (*leave)(struct channel *c);
};

/* A message bears its number at both ends: what came can be compared with what was sent. */
static inline void channel_number(unsigned char *message, size_t nbytes, uint64_t number)
{
	memcpy(message, &number, sizeof(number));
	memcpy(message + nbytes - sizeof(number), &number, sizeof(number));
}

static inline uint64_t channel_number_of(const unsigned char *message, size_t nbytes)
{
	uint64_t front, back;

	memcpy(&front, message, sizeof(front));
	memcpy(&back, message + nbytes - sizeof(back), sizeof(back));
	return front == back ? front : CHANNEL_TORN;
}

static inline size_t channel_memory(const struct channel *c)
{
	size_t least = CHANNEL_MESSAGES * c->nbytes;

	return least > CHANNEL_MEMORY ? least : CHANNEL_MEMORY;
}

/* ---- by descriptor: a pipe, a pair of connected sockets ---- */

static inline int channel_open_pipe(struct bench_run *r, struct channel *c, unsigned readers)
{
	(void)r;
	(void)readers;
	return pipe2(c->fd, O_CLOEXEC) ? -errno : 0;
}

static inline int channel_open_socketpair(struct bench_run *r, struct channel *c, unsigned readers)
{
	(void)r;
	(void)readers;
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->fd) ? -errno : 0;
}

static inline void channel_close_fds(struct channel *c)
{
	close(c->fd[0]);
	close(c->fd[1]);
}

/* A byte stream knows no messages: as many calls as it takes, most often one. */
static inline int channel_write(struct channel *c, const void *message)
{
	for (size_t done = 0; done < c->nbytes;) {
		ssize_t n = write(c->fd[1], (const char *)message + done, c->nbytes - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static inline int channel_read(struct channel *c, void *buffer)
{
	for (size_t done = 0; done < c->nbytes;) {
		ssize_t n = read(c->fd[0], (char *)buffer + done, c->nbytes - done);

		if (n == 0)
			return -EPIPE;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* ---- a POSIX message queue ---- */

/* A number of /proc/sys/fs/mqueue; 0: there is none. */
static inline long channel_mq_limit(const char *name)
{
	char path[64];
	long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%ld", &n) != 1)
		n = 0;
	fclose(f);
	return n;
}

/* Why a message of nbytes has no such queue here, or NULL. */
static inline const char *channel_mq_skip(int64_t nbytes)
{
	if (channel_mq_limit("msgsize_max") == 0)
		return "POSIX message queues are not there (/proc/sys/fs/mqueue)";
	if (nbytes > channel_mq_limit("msgsize_max"))
		return "longer than a message of POSIX may be here "
		       "(/proc/sys/fs/mqueue/msgsize_max)";
	return NULL;
}

/* Its name goes at once, so that nothing is left whatever is killed; it lives as long as it is open. */
static inline int channel_open_mq(struct bench_run *r, struct channel *c, unsigned readers)
{
	struct mq_attr attr = {
		.mq_maxmsg = channel_mq_limit("msg_max"), .mq_msgsize = (long)c->nbytes};
	char name[32];

	(void)r;
	(void)readers;
	snprintf(name, sizeof(name), "/forklab-%ld", (long)getpid());
	c->mq = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	if (c->mq == (mqd_t)-1)
		return -errno;
	mq_unlink(name);
	return 0;
}

static inline void channel_close_mq(struct channel *c)
{
	mq_close(c->mq);
}

static inline int channel_send(struct channel *c, const void *message)
{
	while (mq_send(c->mq, message, c->nbytes, 0))
		if (errno != EINTR)
			return -errno;
	return 0;
}

static inline int channel_receive(struct channel *c, void *buffer)
{
	ssize_t n;

	do
		n = mq_receive(c->mq, buffer, c->nbytes, NULL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : (size_t)n == c->nbytes ? 0 : -EMSGSIZE;
}

/* ---- our queue ---- */

static inline int channel_open_queue(struct bench_run *r, struct channel *c, unsigned readers)
{
	/* Each message has 8 bytes before it. */
	struct mp_queue_options o = {
		.producers = 1, .consumers = readers, .ring_bytes = channel_memory(c)};

	(void)r;
	return mp_queue_create(&o, &c->queue);
}

static inline void channel_close_queue(struct channel *c)
{
	mp_queue_destroy(c->queue);
}

static inline int channel_join_queue(struct channel *c, uint32_t role)
{
	struct mp_handle h = mp_queue_handle(c->queue, role);

	return mp_queue_attach(&h, &c->queue);
}

static inline int channel_put(struct channel *c, const void *message)
{
	return mp_queue_put(c->queue, message, c->nbytes, MP_FOREVER);
}

static inline int channel_get(struct channel *c, void *buffer)
{
	size_t n;
	int err = mp_queue_get(c->queue, buffer, c->nbytes, &n, MP_FOREVER);

	return err ? err : n == c->nbytes ? 0 : -EMSGSIZE;
}

/* ---- as Python's queue is made ---- */

static inline int channel_open_python(struct bench_run *r, struct channel *c, unsigned readers)
{
	(void)r;
	(void)readers;
	return python_queue_open(&c->python, c->nbytes);
}

/* In a worker this waits until all that it has put is in the pipe. */
static inline void channel_close_python(struct channel *c)
{
	python_queue_close(&c->python);
}

static inline int channel_join_python(struct channel *c, uint32_t role)
{
	(void)role;
	python_queue_forked(&c->python);
	return 0;
}

static inline int channel_buffer(struct channel *c, const void *message)
{
	return python_queue_put(&c->python, message, c->nbytes);
}

static inline int channel_unbuffer(struct channel *c, void *buffer)
{
	size_t n;
	int err = python_queue_get(&c->python, buffer, &n);

	return err ? err : n == c->nbytes ? 0 : -EMSGSIZE;
}

/* ---- the least: slots in shared memory, and two counts ---- */

/* It does not sleep, does not end, and knows nobody's death: what a queue may not do. */
struct channel_ring {
	pthread_mutex_t mutex; /* of the ring under a mutex */
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) unsigned char slots[];
};

static inline int channel_open_ring(struct bench_run *r, struct channel *c, unsigned readers)
{
	(void)readers;
	for (c->nslots = CHANNEL_MESSAGES; 2 * c->nslots * c->nbytes <= CHANNEL_MEMORY;)
		c->nslots *= 2;
	c->ring = bench_arena(r, sizeof(*c->ring) + c->nslots * c->nbytes);
	return c->ring ? 0 : -ENOMEM;
}

static inline unsigned char *channel_slot(const struct channel *c, uint64_t count)
{
	return c->ring->slots + (count & (c->nslots - 1)) * c->nbytes;
}

/* Now and then the CPU goes to others: the one we wait for may have none. */
static inline void channel_pause(unsigned *looks)
{
	if (++*looks % 1000 == 0)
		sched_yield();
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static inline int channel_ring_put(struct channel *c, const void *message)
{
	unsigned looks = 0;

	while (c->mine - c->other == c->nslots) {
		c->other = atomic_load_explicit(&c->ring->head, memory_order_acquire);
		if (c->mine - c->other == c->nslots)
			channel_pause(&looks);
	}
	memcpy(channel_slot(c, c->mine), message, c->nbytes);
	atomic_store_explicit(&c->ring->tail, ++c->mine, memory_order_release);
	return 0;
}

static inline int channel_ring_get(struct channel *c, void *buffer)
{
	unsigned looks = 0;

	while (c->mine == c->other) {
		c->other = atomic_load_explicit(&c->ring->tail, memory_order_acquire);
		if (c->mine == c->other)
			channel_pause(&looks);
	}
	memcpy(buffer, channel_slot(c, c->mine), c->nbytes);
	atomic_store_explicit(&c->ring->head, ++c->mine, memory_order_release);
	return 0;
}

/* ---- the same slots under a robust mutex: what one writes who wants to survive a death, and no more ---- */

static inline int channel_open_locked(struct bench_run *r, struct channel *c, unsigned readers)
{
	pthread_mutexattr_t attr;
	int err = channel_open_ring(r, c, readers);

	if (!err)
		err = -pthread_mutexattr_init(&attr);
	if (err)
		return err;
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	err = -pthread_mutex_init(&c->ring->mutex, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

static inline uint64_t channel_count(const _Atomic uint64_t *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

/* A robust mutex tells of its owner's death by an error, which ends the sample here. */
static inline int channel_locked_put(struct channel *c, const void *message)
{
	for (unsigned looks = 0;; channel_pause(&looks)) {
		int err = pthread_mutex_lock(&c->ring->mutex);
		uint64_t tail = channel_count(&c->ring->tail);
		bool room = !err && tail - channel_count(&c->ring->head) < c->nslots;

		if (err)
			return -err;
		if (room) {
			memcpy(channel_slot(c, tail), message, c->nbytes);
			atomic_store_explicit(&c->ring->tail, tail + 1, memory_order_relaxed);
		}
		pthread_mutex_unlock(&c->ring->mutex);
		if (room)
			return 0;
	}
}

static inline int channel_locked_get(struct channel *c, void *buffer)
{
	for (unsigned looks = 0;; channel_pause(&looks)) {
		int err = pthread_mutex_lock(&c->ring->mutex);
		uint64_t head = channel_count(&c->ring->head);
		bool there = !err && channel_count(&c->ring->tail) != head;

		if (err)
			return -err;
		if (there) {
			memcpy(buffer, channel_slot(c, head), c->nbytes);
			atomic_store_explicit(&c->ring->head, head + 1, memory_order_relaxed);
		}
		pthread_mutex_unlock(&c->ring->mutex);
		if (there)
			return 0;
	}
}

/* ---- all of them ---- */

static const struct channel_way channel_pipe_way = {
	.open = channel_open_pipe, .close = channel_close_fds};
static const struct channel_way channel_socket_way = {
	.open = channel_open_socketpair, .close = channel_close_fds};
static const struct channel_way channel_mq_way = {
	.open = channel_open_mq, .close = channel_close_mq};
static const struct channel_way channel_queue_way = {.open = channel_open_queue,
	.close = channel_close_queue,
	.join = channel_join_queue,
	.leave = channel_close_queue};
static const struct channel_way channel_python_way = {.open = channel_open_python,
	.close = channel_close_python,
	.join = channel_join_python,
	.leave = channel_close_python};
static const struct channel_way channel_ring_way = {.open = channel_open_ring};
static const struct channel_way channel_locked_way = {.open = channel_open_locked};

/* WAY(name, its struct channel_way, how it puts, how it gets): what a benchmark writes once for each. */
#define CHANNEL_WAYS(WAY)                                                                          \
	WAY(pipe, channel_pipe_way, channel_write, channel_read)                                   \
	WAY(socketpair, channel_socket_way, channel_write, channel_read)                           \
	WAY(mq, channel_mq_way, channel_send, channel_receive)                                     \
	WAY(queue, channel_queue_way, channel_put, channel_get)                                    \
	WAY(python, channel_python_way, channel_buffer, channel_unbuffer)                          \
	WAY(ring, channel_ring_way, channel_ring_put, channel_ring_get)                            \
	WAY(locked, channel_locked_way, channel_locked_put, channel_locked_get)

#endif
