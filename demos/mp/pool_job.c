/* pool_job.c - jobs: how they are submitted, how their items get outcomes, how they end */
#include "mp/pool_impl.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- lists ---- */

static void append(struct mp_jobs *l, struct mp_async *a)
{
	a->prev = l->last;
	a->next = NULL;
	*(l->last ? &l->last->next : &l->first) = a;
	l->last = a;
}

static void take(struct mp_jobs *l, struct mp_async *a)
{
	*(a->prev ? &a->prev->next : &l->first) = a->next;
	*(a->next ? &a->next->prev : &l->last) = a->prev;
}

static struct mp_async *take_first(struct mp_jobs *l)
{
	struct mp_async *a = l->first;

	if (!a)
		return NULL;
	l->first = a->next;
	*(a->next ? &a->next->prev : &l->last) = NULL;
	return a;
}

bool mp_job_any(const struct mp_pool *p)
{
	return p->waiting.first || p->running.first || p->finished.first;
}

void mp_job_all_handed(struct mp_async *a)
{
	a->handed = a->map.n;
	take(&a->pool->waiting, a);
	append(&a->pool->running, a);
}

/* ---- outcomes ---- */

static void count(struct mp_async *a, size_t items)
{
	a->done += items;
	if (a->done < a->map.n)
		return;
	take(&a->pool->running, a);
	append(&a->pool->finished, a);
}

static void note(struct mp_async *a, size_t item, struct mp_outcome outcome)
{
	if (outcome.kind != MP_OUTCOME_OK && a->failed++ == 0)
		a->first_failure = outcome;
	if (a->map.outcomes)
		a->map.outcomes[item] = outcome;
}

void mp_job_settle(struct mp_async *a, size_t first, size_t n, struct mp_outcome outcome)
{
	for (size_t i = 0; i < n; i++)
		note(a, first + i, outcome);
	if (n)
		count(a, n);
}

void mp_job_deliver(struct mp_async *a, size_t first, size_t n, const unsigned char *items,
	size_t total, pid_t pid)
{
	const struct mp_map *m = &a->map;
	const int32_t *codes = (const void *)(items + mp_order_codes(total, m->item_bytes));
	const unsigned char *results = items + mp_order_results(total, m->item_bytes);

	if (n == 0)
		return;
	if (m->result_bytes)
		memcpy((char *)m->results + first * m->result_bytes, results, n * m->result_bytes);
	for (size_t i = 0; i < n; i++) {
		int code = codes[i];

		if (code || m->outcomes)
			note(a, first + i,
				(struct mp_outcome){
					code ? MP_OUTCOME_ERROR : MP_OUTCOME_OK, code, pid});
	}
	count(a, n);
}

void mp_job_cancel(struct mp_pool *p, int code)
{
	const struct mp_outcome cancelled = {MP_OUTCOME_CANCELLED, code, 0};
	struct mp_async *a;

	while (p->nback > 0) {
		struct mp_range r = p->back[--p->nback];

		mp_job_settle(r.job, r.first, r.count, cancelled);
	}
	while ((a = p->waiting.first)) {
		size_t first = a->handed;

		mp_job_all_handed(a);
		mp_job_settle(a, first, a->map.n - first, cancelled);
	}
}

/* A callback may submit, wait, close the pool: the list is looked at anew after each. */
void mp_job_callbacks(struct mp_pool *p)
{
	struct mp_async *a;

	while ((a = take_first(&p->finished))) {
		a->state = MP_ASYNC_CALLING;
		p->calling++;
		if (a->map.callback)
			a->map.callback(a, a->map.context);
		p->calling--;
		a->state = MP_ASYNC_READY;
		p->nfinished++;
		if (a->detached)
			free(a);
	}
}

/* ---- submitting ---- */

static int find_task(const struct mp_pool *p, const char *name, uint32_t *task)
{
	for (*task = 0; name && p->tasks[*task].name; ++*task)
		if (!strcmp(p->tasks[*task].name, name))
			return 0;
	return -ENOENT;
}

/* An order of several items takes at most a quarter of the ring, one item half of it. */
static int plan_chunk(const struct mp_pool *p, const struct mp_map *m, size_t *chunk)
{
	uint64_t most = p->shared.data_bytes / 2, quarter = most / 2, each;

	if (m->item_bytes > most || m->result_bytes > most ||
		mp_order_bytes(1, m->item_bytes, m->result_bytes) > most)
		return -EMSGSIZE;
	*chunk = m->chunk;
	if (*chunk == 0)
		*chunk = m->n / (4 * (size_t)p->shared.nworkers) +
			 (m->n % (4 * (size_t)p->shared.nworkers) != 0);
	each = m->item_bytes + sizeof(int32_t) + m->result_bytes;
	/* 16 bytes for the padding of each of the three arrays. */
	if (*chunk > (quarter - 3 * MP_POOL_ALIGN) / each)
		*chunk = (quarter - 3 * MP_POOL_ALIGN) / each;
	if (*chunk == 0)
		*chunk = 1;
	return 0;
}

/* Arrays that memory can hold, and that are there. */
static bool has_arrays(const struct mp_map *m)
{
	size_t widest = m->item_bytes > m->result_bytes ? m->item_bytes : m->result_bytes;

	if (m->outcomes && widest < sizeof(*m->outcomes))
		widest = sizeof(*m->outcomes);
	if (m->n == 0)
		return true;
	return (widest == 0 || m->n <= SIZE_MAX / widest) && (m->item_bytes == 0 || m->items) &&
	       (m->result_bytes == 0 || m->results);
}

static int check(const struct mp_pool *p, const struct mp_map *m)
{
	if (p->owner != getpid())
		return -EPERM;
	if (p->closed)
		return -EPIPE;
	if (p->broken)
		return p->broken;
	if (!has_arrays(m))
		return -EINVAL;
	return m->timeout_ms && p->start.method == MP_THREAD ? -ENOTSUP : 0;
}

static int make(struct mp_pool *p, const struct mp_map *m, size_t bytes, struct mp_async **out)
{
	uint32_t task;
	size_t chunk;
	int err = find_task(p, m->task, &task);

	if (!err)
		err = check(p, m);
	if (!err)
		err = plan_chunk(p, m, &chunk);
	if (err)
		return err;
	*out = calloc(1, sizeof(**out) + bytes);
	if (!*out)
		return -ENOMEM;
	(*out)->pool = p;
	(*out)->map = *m;
	(*out)->map.chunk = chunk;
	(*out)->task = task;
	return 0;
}

static void submit(struct mp_pool *p, struct mp_async *a, struct mp_async **out)
{
	append(a->map.n ? &p->waiting : &p->finished, a);
	a->detached = !out;
	if (out)
		*out = a;
}

int mp_pool_map_async(struct mp_pool *p, const struct mp_map *m, struct mp_async **out)
{
	struct mp_async *a;
	int err = make(p, m, 0, &a);

	if (!err)
		submit(p, a, out);
	return err;
}

int mp_pool_apply_async(struct mp_pool *p, const struct mp_call *c, struct mp_async **out)
{
	struct mp_map m = {.task = c->task,
		.items = c->item,
		.item_bytes = c->item_bytes,
		.n = 1,
		.results = p, /* some address, for the check; the right one below */
		.result_bytes = c->result_bytes,
		.timeout_ms = c->timeout_ms,
		.callback = c->callback,
		.context = c->context};
	size_t room = mp_pool_align(c->item_bytes);
	struct mp_async *a;
	int err = make(p, &m, room + c->result_bytes, &a);

	if (err)
		return err;
	if (c->item_bytes)
		memcpy(a->bytes, c->item, c->item_bytes);
	a->map.items = a->bytes;
	a->map.results = a->bytes + room;
	submit(p, a, out);
	return 0;
}

/* ---- what a job has come to ---- */

bool mp_async_is_ready(const struct mp_async *a)
{
	return a->state != MP_ASYNC_RUNNING;
}

size_t mp_async_failed(const struct mp_async *a)
{
	return a->failed;
}

int mp_async_close(struct mp_async *a)
{
	if (a && a->state != MP_ASYNC_READY)
		return -EBUSY;
	free(a);
	return 0;
}
