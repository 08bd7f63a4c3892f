/*
 * thread_queue.h - a queue between threads of one process: slots under a mutex, and two conditions
 *
 * What one writes first, and what Python's queue.Queue is inside. Slots have one length; put waits where all
 * are taken. Not for processes: glibc's conditions do not survive the death of who waits in them.
 */
#ifndef FORKLAB_THREAD_QUEUE_H
#define FORKLAB_THREAD_QUEUE_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct thread_queue {
	pthread_mutex_t mutex;
	pthread_cond_t not_empty, not_full;
	size_t nbytes, nslots;
	uint64_t head, tail;
	unsigned char slots[];
};

/* NULL: no memory. */
static inline struct thread_queue *thread_queue_new(size_t nbytes, size_t nslots)
{
	struct thread_queue *q = malloc(sizeof(*q) + nslots * nbytes);

	if (!q)
		return NULL;
	pthread_mutex_init(&q->mutex, NULL);
	pthread_cond_init(&q->not_empty, NULL);
	pthread_cond_init(&q->not_full, NULL);
	q->nbytes = nbytes;
	q->nslots = nslots;
	q->head = q->tail = 0;
	return q;
}

static inline void thread_queue_free(struct thread_queue *q)
{
	pthread_cond_destroy(&q->not_full);
	pthread_cond_destroy(&q->not_empty);
	pthread_mutex_destroy(&q->mutex);
	free(q);
}

static inline unsigned char *thread_queue_slot(struct thread_queue *q, uint64_t count)
{
	return q->slots + count % q->nslots * q->nbytes;
}

static inline void thread_queue_put(struct thread_queue *q, const void *message)
{
	pthread_mutex_lock(&q->mutex);
	while (q->tail - q->head == q->nslots)
		pthread_cond_wait(&q->not_full, &q->mutex);
	memcpy(thread_queue_slot(q, q->tail++), message, q->nbytes);
	pthread_cond_signal(&q->not_empty);
	pthread_mutex_unlock(&q->mutex);
}

static inline void thread_queue_get(struct thread_queue *q, void *buffer)
{
	pthread_mutex_lock(&q->mutex);
	while (q->tail == q->head)
		pthread_cond_wait(&q->not_empty, &q->mutex);
	memcpy(buffer, thread_queue_slot(q, q->head++), q->nbytes);
	pthread_cond_signal(&q->not_full);
	pthread_mutex_unlock(&q->mutex);
}

#endif
