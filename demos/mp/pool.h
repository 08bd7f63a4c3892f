/*
 * pool.h - workers that wait for tasks: map a function over items, or hand out single calls
 *
 *     static int square(const void *item, size_t item_bytes, void *result, size_t result_bytes)
 *     {
 *             double x = *(const double *)item;
 *
 *             *(double *)result = x * x;
 *             return 0;
 *     }
 *     static const struct mp_task tasks[] = {{"square", square}, {NULL, NULL}};
 *
 *     static int worker(struct mp_child *self)
 *     {
 *             // what each worker needs is made here, once: Python's initializer
 *             return mp_pool_work(self, tasks);
 *     }
 *     static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};
 *
 *     main, after mp_init(argc, argv, entries):
 *             mp_pool_create(&(struct mp_pool_options){.entry = "worker", .tasks = tasks}, &pool);
 *             mp_pool_map(pool, &(struct mp_map){.task = "square", .items = in, .item_bytes = 8,
 *                     .n = 1000, .results = out, .result_bytes = 8}, &failed);
 *             mp_pool_destroy(pool);
 *
 * Every task gets exactly one outcome, whatever its worker does. A worker that dies costs the one task that it
 * was in; what it had finished counts, what it had not begun goes to others, and a new worker takes its place.
 * One task's error touches no other task.
 *
 * There is no hidden thread. Handing out, collecting, callbacks, deaths and deadlines all happen in the
 * caller's own waits: mp_pool_map, mp_async_wait, mp_async_get, mp_pool_poll, mp_pool_join. Between
 * those calls workers go on with what lies before them, and nothing else happens.
 *
 * A pool belongs to one thread of the process that made it. Workers are daemons (process.h): they end with this
 * process and start no children of their own. Python: multiprocessing.Pool, with MP_THREAD multiprocessing.pool.
 * ThreadPool.
 */
#ifndef MP_POOL_H
#define MP_POOL_H

#include "mp/process.h"
#include "mp/time.h"
#include <limits.h>
#include <stdint.h>

#define MP_POOL_WORKERS_MAX 1000
#define MP_POOL_RING_MAX    ((size_t)1 << 30)
#define MP_POOL_HANDLES_MAX (MP_HANDLES_MAX - 2)

struct mp_pool;
struct mp_async;

struct mp_task {
	const char *name;
	/*
	 * In a worker. result is zeroed before. Items and results lie as in arrays that begin at a multiple of 16
	 * bytes. Returns 0, or a code of its own, which is the outcome's; what it wrote to result counts in both
	 * cases.
	 */
	int (*run)(const void *item, size_t item_bytes, void *result, size_t result_bytes);
};

/* What is left out is 0: the default. */
struct mp_pool_options {
	const char *entry; /* of the table given to mp_init; it calls mp_pool_work */
	const struct mp_task
		*tasks;   /* the table that entry hands to mp_pool_work; ends with a NULL name */
	uint32_t workers; /* at most MP_POOL_WORKERS_MAX; 0: as many as there are CPUs for us */
	enum mp_method method;
	const void *argument; /* for each worker, as in mp_process_start */
	size_t nbytes;
	const struct mp_handle
		*handles; /* for each worker: handles 0.. there; valid as long as the pool */
	size_t nhandles;  /* at most MP_POOL_HANDLES_MAX */
	/* Bytes for what lies before each worker, rounded up to a power of 2. An item with its result may have half
	 * of it less 64 bytes. 0: 128 KiB. */
	size_t ring_bytes;
};

enum mp_outcome_kind {
	MP_OUTCOME_OK,
	MP_OUTCOME_ERROR,     /* the task returned code, which is not 0 */
	MP_OUTCOME_LOST,      /* its worker ended in it; code is the exit code: -9 by signal 9 */
	MP_OUTCOME_TIMED_OUT, /* it took longer than allowed, and its worker was killed */
	MP_OUTCOME_CANCELLED /* the pool was terminated, or is broken: code is 0, or why (-errno) */
};

#define MP_CODE_UNKNOWN INT_MIN /* LOST, and nobody knows the exit code: SIGCHLD is ignored here */

struct mp_outcome {
	enum mp_outcome_kind kind;
	int code;
	pid_t pid; /* of the worker; 0 for CANCELLED, and for OK by mp_async_get, which does not keep it */
};

/* Called once, in the waits of the pool's owner, when all outcomes of a are there: mp_async_get does not wait any
 * more. It may call everything but mp_pool_destroy, and close a. */
typedef void (*mp_callback)(struct mp_async *a, void *context);

/* One task over n items. What is left out is 0: the default. */
struct mp_map {
	const char *task;
	const void *items; /* n items of item_bytes each; NULL where item_bytes is 0 */
	size_t item_bytes;
	size_t n;
	void *results; /* n results of result_bytes each, in the order of the items; NULL where that is 0 */
	size_t result_bytes;
	struct mp_outcome *outcomes; /* n of them; NULL: not asked for */
	size_t chunk; /* items that are handed to a worker at once; 0: a quarter of a worker's share. At most what a
		       * quarter of its ring has room for: 1,600 of 8 bytes with results of 8 bytes */
	uint32_t timeout_ms; /* for each item, from its begin; 0: none */
	mp_callback callback;
	void *context;
};

/* One call. The item is copied. */
struct mp_call {
	const char *task;
	const void *item;
	size_t item_bytes;
	size_t result_bytes;
	uint32_t timeout_ms; /* 0: none */
	mp_callback callback;
	void *context;
};

/*
 * Makes a pool and starts its workers. Of many workers the first eight are started at once; the others as soon
 * as one has reported ready, in the waits: so a worker that cannot start is noticed before there are hundreds. The
 * caller owns *out and gives it back with mp_pool_destroy.
 * -EINVAL   no options, no entry, no tasks, an option out of range; or this process is a daemon
 * -EDEADLK  method fork in a process with other threads
 * -ENOENT, -E2BIG, -EAGAIN, -ENOMEM, -ENOSPC, -EMFILE, -ENFILE, -ECHILD, -ETIMEDOUT  as mp_process_start and
 *           mp_memory_create; nothing is left
 */
int mp_pool_create(const struct mp_pool_options *o, struct mp_pool **out);

/*
 * In a worker: reports ready, does tasks until the pool is closed or terminated. The entry returns what this
 * returns. tasks is the table that is in the pool's options.
 * 0
 * -EINVAL  the caller is no pool's worker, or tasks is NULL or has another number of tasks than the pool's table
 * -EBADF   called a second time
 * -ENOMEM
 */
int mp_pool_work(struct mp_child *self, const struct mp_task *tasks);

/*
 * Does a task over all items and waits until each of them has its outcome. *failed (NULL: not asked for) is how
 * many are not OK.
 * 0           also where all have failed
 * -ENOENT     no such task
 * -EINVAL     no items, no results, though they have a size, or more of them than memory has room for
 * -EMSGSIZE   an item with its result is too big for the ring
 * -ENOTSUP    timeout_ms, but threads cannot be killed
 * -EPIPE      closed or terminated
 * -EPERM      another process's pool: the caller is a forked child
 * -ENOMEM
 * -ECHILD     the pool is broken: five workers in a row ended before they were ready, and none is left
 * other       the pool is broken: no worker could be started, and this is why (mp_process_start)
 */
int mp_pool_map(struct mp_pool *p, const struct mp_map *m, size_t *failed);

/*
 * The same without waiting. Items, results and outcomes stay with the pool until all outcomes are there. The
 * caller owns *out and gives it back with mp_async_close; out NULL: nobody waits, the callback tells.
 * Errors as mp_pool_map.
 */
int mp_pool_map_async(struct mp_pool *p, const struct mp_map *m, struct mp_async **out);

/* One call; as mp_pool_map_async. */
int mp_pool_apply_async(struct mp_pool *p, const struct mp_call *c, struct mp_async **out);

/* One call, and its outcome and result (result_bytes of it). 0 whatever the outcome is; errors as mp_pool_map. */
int mp_pool_apply(
	struct mp_pool *p, const struct mp_call *c, void *result, struct mp_outcome *outcome);

/*
 * Waits until all outcomes are there and the callback has been called.
 * 0
 * -ETIMEDOUT  not yet (time.h)
 * -EPERM      not yet, and the caller is a forked child, in which nothing will come
 */
int mp_async_wait(struct mp_async *a, int64_t timeout_ms);

/*
 * The same, and hands out: of a call its result (NULL: not asked for) and outcome; of a map, whose results are
 * where they were asked for, the outcome of the first item that is not OK. May be asked again. Errors as
 * mp_async_wait.
 */
int mp_async_get(struct mp_async *a, void *result, struct mp_outcome *outcome, int64_t timeout_ms);

bool mp_async_is_ready(
	const struct mp_async *a); /* all outcomes are there, as far as has been looked */
size_t mp_async_failed(
	const struct mp_async *a); /* how many are not OK, as far as they are there */

/* -EBUSY: not ready. Outlives its pool. NULL is allowed. */
int mp_async_close(struct mp_async *a);

/*
 * Does what there is to do, and waits until a map or call is finished, so that callbacks run.
 * 0           one is, or several
 * -ETIMEDOUT  none is (time.h)
 * -ENODATA    none is under way
 * -EPERM      as mp_pool_map
 */
int mp_pool_poll(struct mp_pool *p, int64_t timeout_ms);

/* The numbers of up to max living workers go to list; how many there are is returned. */
size_t mp_pool_pids(const struct mp_pool *p, pid_t *list, size_t max);

/* Nothing new is taken any more (-EPIPE); what is under way goes on. 0; -EPERM. */
int mp_pool_close(struct mp_pool *p);

/*
 * After close: waits until all outcomes are there and all workers have ended.
 * 0
 * -ETIMEDOUT  not yet (time.h)
 * -EINVAL     neither closed nor terminated
 * -EPERM
 */
int mp_pool_join(struct mp_pool *p, int64_t timeout_ms);

/*
 * Ends the workers, whatever they do: SIGTERM, and to those who live after grace_ms SIGKILL. What they had finished
 * counts; the rest is CANCELLED. Threads end after the task that they are in.
 * 0           no worker is left
 * -ETIMEDOUT  a thread is still in its task after grace_ms (or a process in the kernel, 5 s after SIGKILL): join
 *             or call again
 * -EPERM
 */
int mp_pool_terminate(struct mp_pool *p, int64_t grace_ms);

/*
 * Terminates (grace 2 s) if there are workers left, and gives everything back. NULL is allowed.
 * 0
 * -EBUSY  called by a callback; or a worker is left, as -ETIMEDOUT of terminate: the pool is as it was then
 * -EPERM
 */
int mp_pool_destroy(struct mp_pool *p);

#endif
