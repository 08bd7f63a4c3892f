/*
 * python_queue.h - what Python's multiprocessing.Queue is made of, in C: a pipe, two locks, a buffer, a thread
 *
 * One pipe for all; a lock for those who read it and one for those who write it, so that messages stay whole.
 * Whoever puts does not write: put copies the message into a buffer of its process, which has no limit, and a
 * thread of that process, started by its first put, feeds the pipe from it. Hence what it is known for:
 * - a process that has put cannot end before the pipe has taken all of it: close waits for the thread. Who
 *   waits for that process instead of getting waits for ever;
 * - what nobody gets grows without limit;
 * - it has no end: each process has both ends of the pipe, so that a reader never sees an end of file.
 * Left out: the count that a limit needs, pickling, and the timeouts of get.
 * Source: CPython 3.11, Lib/multiprocessing/queues.py and connection.py, for the construction and the sizes.
 *
 * Calls return 0 or -errno. A struct python_queue does not move from its first put on.
 */
#ifndef FORKLAB_PYTHON_QUEUE_H
#define FORKLAB_PYTHON_QUEUE_H

#include "mp/lock.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PYTHON_QUEUE_LENGTH 4u /* bytes before each message: its length */
#define PYTHON_QUEUE_JOINED                                                                        \
	16384u /* up to so many bytes go out with their length in one write(2) */

struct python_queue_item {
	struct python_queue_item *next;
	uint32_t nbytes; /* goes into the pipe, with the bytes behind it */
	unsigned char bytes[];
};

struct python_queue {
	/* Of all processes. */
	int reading, writing;
	size_t most; /* bytes of the longest message */
	struct {
		struct mp_lock readers, writers;
	} * locks;
	/* Of this process. */
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* there is something to feed, or there will be no more */
	struct python_queue_item *first, **last;
	pthread_t feeder;
	bool feeding, closing;
	int err; /* the feeder's */
};

/* In a child, before its first call: the buffer and the thread are its parent's, it begins with none. */
static inline void python_queue_forked(struct python_queue *q)
{
	pthread_mutex_init(&q->mutex, NULL);
	pthread_cond_init(&q->changed, NULL);
	q->first = NULL;
	q->last = &q->first;
	q->feeding = q->closing = false;
	q->err = 0;
}

static inline int python_queue_make_locks(struct python_queue *q)
{
	int err;

	q->locks = mmap(
		NULL, sizeof(*q->locks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (q->locks == MAP_FAILED)
		return -errno;
	err = mp_lock_create(&q->locks->readers);
	if (!err)
		err = mp_lock_create(&q->locks->writers);
	if (err)
		munmap(q->locks, sizeof(*q->locks));
	return err;
}

/*
 * Makes a queue for this process and those that it forks; each of them closes it.
 * -EINVAL  most is 0 or above UINT32_MAX
 * -ENOMEM, -EMFILE, -ENFILE
 */
static inline int python_queue_open(struct python_queue *q, size_t most)
{
	int ends[2], err;

	if (most == 0 || most > UINT32_MAX)
		return -EINVAL;
	*q = (struct python_queue){.most = most};
	err = python_queue_make_locks(q);
	if (err)
		return err;
	if (pipe2(ends, O_CLOEXEC)) {
		err = -errno;
		munmap(q->locks, sizeof(*q->locks));
		return err;
	}
	q->reading = ends[0];
	q->writing = ends[1];
	python_queue_forked(q);
	return 0;
}

/* Who ended with the lock in hand may have left half a message: without recovery it is no lock any more. */
static inline int python_queue_lock(struct mp_lock *l)
{
	int err = mp_lock_acquire(l, MP_FOREVER);

	if (err == -EOWNERDEAD)
		mp_lock_release(l);
	return err;
}

/* ---- put, and the thread behind it ---- */

static inline int python_queue_write(int fd, const void *bytes, size_t nbytes)
{
	for (size_t done = 0; done < nbytes;) {
		ssize_t n = write(fd, (const char *)bytes + done, nbytes - done);

		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static inline int python_queue_feed_one(
	const struct python_queue *q, const struct python_queue_item *item)
{
	const char *length = (const char *)item + offsetof(struct python_queue_item, nbytes);
	size_t first = PYTHON_QUEUE_LENGTH;
	int err = python_queue_lock(&q->locks->writers);

	if (err)
		return err;
	if (item->nbytes <= PYTHON_QUEUE_JOINED)
		first += item->nbytes;
	err = python_queue_write(q->writing, length, first);
	if (!err && item->nbytes > PYTHON_QUEUE_JOINED)
		err = python_queue_write(q->writing, item->bytes, item->nbytes);
	mp_lock_release(&q->locks->writers);
	return err;
}

/* All that is there; NULL: nothing, and nothing more will come. */
static inline struct python_queue_item *python_queue_take(struct python_queue *q)
{
	struct python_queue_item *items;

	pthread_mutex_lock(&q->mutex);
	while (!q->first && !q->closing)
		pthread_cond_wait(&q->changed, &q->mutex);
	items = q->first;
	q->first = NULL;
	q->last = &q->first;
	pthread_mutex_unlock(&q->mutex);
	return items;
}

/* After an error nothing more is fed, and the next put tells it. */
static inline void *python_queue_feed(void *arg)
{
	struct python_queue *q = arg;
	struct python_queue_item *item, *next;
	int err = 0;

	while ((item = python_queue_take(q)) != NULL) {
		for (; item; item = next) {
			next = item->next;
			if (!err)
				err = python_queue_feed_one(q, item);
			free(item);
		}
		pthread_mutex_lock(&q->mutex);
		q->err = err;
		pthread_mutex_unlock(&q->mutex);
	}
	return NULL;
}

/* With the mutex. */
static inline int python_queue_append(struct python_queue *q, struct python_queue_item *item)
{
	int err = q->err;

	if (!err && !q->feeding) {
		err = -pthread_create(&q->feeder, NULL, python_queue_feed, q);
		q->feeding = err == 0;
	}
	if (err)
		return err;
	*q->last = item;
	q->last = &item->next;
	pthread_cond_signal(&q->changed);
	return 0;
}

/*
 * Never waits: the message is copied, and goes into the pipe when that has room for it.
 * -EMSGSIZE  longer than most
 * -ENOMEM
 * -EAGAIN    no thread could be started
 * -EOWNERDEAD, -ENOTRECOVERABLE  a message before it was not fed: a writer has ended in the middle of its own
 */
static inline int python_queue_put(struct python_queue *q, const void *message, size_t nbytes)
{
	struct python_queue_item *item;
	int err;

	if (nbytes > q->most)
		return -EMSGSIZE;
	item = malloc(sizeof(*item) + nbytes);
	if (!item)
		return -ENOMEM;
	item->next = NULL;
	item->nbytes = (uint32_t)nbytes;
	memcpy(item->bytes, message, nbytes);
	pthread_mutex_lock(&q->mutex);
	err = python_queue_append(q, item);
	pthread_mutex_unlock(&q->mutex);
	if (err)
		free(item);
	return err;
}

/* ---- get ---- */

static inline int python_queue_read(int fd, void *buffer, size_t nbytes)
{
	for (size_t done = 0; done < nbytes;) {
		ssize_t n = read(fd, (char *)buffer + done, nbytes - done);

		if (n == 0)
			return -EPIPE; /* not while this process has the writing end too */
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/*
 * Waits for a message, for ever where none comes. buffer has room for the longest one.
 * -EOWNERDEAD, -ENOTRECOVERABLE  a reader has ended in the middle of a message
 */
static inline int python_queue_get(struct python_queue *q, void *buffer, size_t *nbytes)
{
	uint32_t length = 0;
	int err = python_queue_lock(&q->locks->readers);

	if (err)
		return err;
	err = python_queue_read(q->reading, &length, sizeof(length));
	if (!err && length > q->most)
		err = -EBADMSG;
	if (!err)
		err = python_queue_read(q->reading, buffer, length);
	mp_lock_release(&q->locks->readers);
	*nbytes = length;
	return err;
}

/* ---- the end of a process's part ---- */

/*
 * Waits until the pipe has taken all that this process has put, for ever where nobody gets it.
 * 0, or what kept the thread from feeding it all: as python_queue_put
 */
static inline int python_queue_close(struct python_queue *q)
{
	if (q->feeding) {
		pthread_mutex_lock(&q->mutex);
		q->closing = true;
		pthread_cond_signal(&q->changed);
		pthread_mutex_unlock(&q->mutex);
		(void)pthread_join(q->feeder, NULL);
	}
	pthread_cond_destroy(&q->changed);
	pthread_mutex_destroy(&q->mutex);
	close(q->reading);
	close(q->writing);
	munmap(q->locks, sizeof(*q->locks));
	return q->err;
}

#endif
