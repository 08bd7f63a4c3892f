/* pool_impl.h - what the files of pool.h share on the parent's side (inside mp) */
#ifndef MP_POOL_IMPL_H
#define MP_POOL_IMPL_H

#include "mp/memory.h"
#include "mp/pool.h"
#include "mp/pool_channel.h"
#include <poll.h>

enum mp_async_state { MP_ASYNC_RUNNING, MP_ASYNC_CALLING, MP_ASYNC_READY };

/* A job: a map, or a call, which is a map of one item whose memory is the job's own. */
struct mp_async {
	struct mp_async *prev, *next; /* in one of the pool's lists */
	struct mp_pool *pool;
	struct mp_map map; /* with the chunk as it is used */
	uint32_t task;
	enum mp_async_state state;
	bool detached; /* nobody has it: freed after its callback */
	size_t handed; /* nobody has had the items from here on yet */
	size_t done, failed;
	struct mp_outcome first_failure;
	_Alignas(16) unsigned char bytes[]; /* of a call: its item and its result */
};

struct mp_jobs {
	struct mp_async *first, *last;
};

/* Items that were handed out and came back: their worker died, or another one had nothing to do. */
struct mp_range {
	struct mp_async *job;
	size_t first;
	uint32_t count;
};

/* Our own copy of what we must know of an order: what a worker can write is not believed. */
struct mp_message {
	struct mp_async *job;
	size_t first;
	uint32_t count;
	uint32_t at;        /* where its items begin in the data */
	uint64_t items_end; /* items from the worker's start up to its end */
	uint64_t data_end;  /* bytes likewise, with those left out at the ring's end */
};

/* A place for a worker. Numbers count from the start of the one that has it. */
struct mp_worker {
	struct mp_process *process; /* NULL: none */
	struct mp_channel *channel;
	unsigned char *data;
	struct mp_message *messages; /* of orders head..tail, at the number modulo norders */
	uint64_t head, tail;         /* orders collected; written */
	uint64_t shown;              /* orders that the worker may claim */
	uint64_t items_head, items_tail;
	uint64_t data_head, data_tail;
	uint32_t timed;            /* how many orders in head..tail have a deadline */
	uint32_t least_timeout_ms; /* of them */
	bool ready;                /* it has reported */
	bool full;                 /* the next order did not fit */
	bool condemned;            /* killed because of a task's deadline */
	bool broken;               /* killed because of what stands in its channel */
};

struct mp_pool {
	struct mp_process_options start; /* of each worker */
	struct mp_handle handles[MP_HANDLES_MAX];
	const struct mp_task *tasks;
	pid_t owner;
	struct mp_memory *memory;
	struct mp_pool_shared shared; /* our own copy */
	int bell;                     /* eventfd: a worker has something to say */
	struct mp_worker *workers;
	struct mp_message *messages;
	struct pollfd *polled; /* the bell, then each worker's sentinel */
	/* Jobs: with items that nobody has had yet; all handed out; finished, the callback still to come. */
	struct mp_jobs waiting, running, finished;
	struct mp_range *back; /* a stack, with room for every order that can be under way */
	size_t nback;
	uint64_t nfinished; /* jobs, ever */
	unsigned failures;  /* starts in a row that failed or ended before they were ready */
	uint64_t retry_ns;  /* no start before */
	int broken;         /* 0, or why no worker is started any more: -errno */
	unsigned calling;   /* callbacks */
	bool closed, terminated;
};

static inline uint64_t mp_worker_load(const struct mp_worker *w)
{
	return w->tail - w->head;
}

static inline struct mp_message *mp_worker_message(
	const struct mp_pool *p, const struct mp_worker *w, uint64_t number)
{
	return &w->messages[number & (p->shared.norders - 1)];
}

/* ---- pool_job.c: jobs and their outcomes ---- */

/* All items of a up to n have been handed out. */
void mp_job_all_handed(struct mp_async *a);
/* The outcome of count items of a, from first on. */
void mp_job_settle(struct mp_async *a, size_t first, size_t count, struct mp_outcome outcome);
/* The same from the codes and results that lie behind the items of an order of total items. */
void mp_job_deliver(struct mp_async *a, size_t first, size_t count, const unsigned char *items,
	size_t total, pid_t pid);
/* CANCELLED for everything that is in no worker's channel. */
void mp_job_cancel(struct mp_pool *p, int code);
/* Calls the callbacks of what is finished. */
void mp_job_callbacks(struct mp_pool *p);
bool mp_job_any(const struct mp_pool *p);

/* ---- pool_feed.c: between jobs and channels ---- */

/* Takes over what w has finished. */
void mp_feed_collect(struct mp_pool *p, struct mp_worker *w);
/* Hands out what waits; gives an idle worker what lies unclaimed with a busy one. */
void mp_feed(struct mp_pool *p);
/* Asks w to ring when there will be something to do. awaited: the job that is waited for; NULL: any. */
void mp_feed_ask(struct mp_pool *p, struct mp_worker *w, const struct mp_async *awaited);
/* After the end of w: what it had finished counts, the item that it was in gets the outcome lost, all others go
 * back to their jobs. */
void mp_feed_settle_dead(struct mp_pool *p, struct mp_worker *w, struct mp_outcome lost);

/* ---- pool_lives.c: workers that begin and end ---- */

int mp_lives_start(struct mp_pool *p, uint32_t place);
/* Starts who is missing and may be started now. Returns when to look again. */
uint64_t mp_lives_replace(struct mp_pool *p);
/* After poll: who has ended. */
void mp_lives_reap(struct mp_pool *p);
/* Kills those whose item has taken too long. Returns when to look again. */
uint64_t mp_lives_deadlines(struct mp_pool *p);
void mp_lives_stop(struct mp_pool *p, enum mp_stop how);
uint32_t mp_lives_count(const struct mp_pool *p);

/* ---- pool_wait.c ---- */

/* Everything that can be done now. */
void mp_pool_step(struct mp_pool *p);
/* Waits until there may be more to do, or the deadline. */
void mp_pool_sleep(struct mp_pool *p, const struct mp_async *awaited, uint64_t deadline_ns);

#endif
