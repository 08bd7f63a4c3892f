/* pool_feed.c - between jobs and channels: hand out, collect, take back, ask to be rung for */
#include "mp/pool_impl.h"
#include <errno.h>
#include <string.h>

#define SHOW_EVERY 64u /* orders: so that the worker begins while we still write */

/* What stands in its channel cannot be: some task has written where it should not. Its end is that of any worker
 * that dies (a thread can only be asked to end). */
static void give_up(struct mp_worker *w)
{
	if (w->broken)
		return;
	w->broken = true;
	atomic_store(&w->channel->stop, MP_STOP_NOW);
	mp_process_kill(w->process);
}

static bool usable(const struct mp_worker *w)
{
	return w->process && w->ready && !w->broken && !w->condemned;
}

/* ---- collect ---- */

static void free_order(struct mp_worker *w, const struct mp_message *m)
{
	if (m->job->map.timeout_ms)
		w->timed--;
	w->items_head = m->items_end;
	w->data_head = m->data_end;
	w->head++;
	w->full = false;
}

void mp_feed_collect(struct mp_pool *p, struct mp_worker *w)
{
	uint64_t finished = atomic_load_explicit(&w->channel->step, memory_order_acquire) / 2;

	if (w->broken)
		return;
	if (finished < w->items_head || finished > w->items_tail) {
		give_up(w);
		return;
	}
	while (w->head < w->tail) {
		const struct mp_message *m = mp_worker_message(p, w, w->head);

		if (m->items_end > finished)
			break;
		mp_job_deliver(m->job, m->first, m->count, w->data + m->at, m->count,
			mp_process_pid(w->process));
		free_order(w, m);
	}
}

/* ---- hand out ---- */

static bool has_work(const struct mp_pool *p)
{
	return p->nback > 0 || p->waiting.first;
}

static struct mp_range next_work(const struct mp_pool *p)
{
	struct mp_async *a = p->waiting.first;
	size_t left;

	if (p->nback > 0)
		return p->back[p->nback - 1];
	left = a->map.n - a->handed;
	return (struct mp_range){
		a, a->handed, (uint32_t)(left < a->map.chunk ? left : a->map.chunk)};
}

static void took_work(struct mp_pool *p, const struct mp_range *r)
{
	if (p->nback > 0) {
		p->nback--;
		return;
	}
	r->job->handed += r->count;
	if (r->job->handed == r->job->map.n)
		mp_job_all_handed(r->job);
}

/* Room for need bytes in one piece: where its data begins, counted from the worker's start. false: there is none. */
static bool find_room(const struct mp_pool *p, struct mp_worker *w, uint64_t need, uint64_t *at)
{
	uint64_t size = p->shared.data_bytes, offset;

	if (mp_worker_load(w) == p->shared.norders)
		return false;
	if (w->head == w->tail) /* empty: from the beginning of the data again */
		w->data_head = w->data_tail = (w->data_tail + size - 1) & ~(size - 1);
	offset = w->data_tail & (size - 1);
	*at = offset + need > size ? w->data_tail + size - offset : w->data_tail;
	return *at + need - w->data_head <= size;
}

static void write_order(struct mp_pool *p, struct mp_worker *w, const struct mp_range *r,
	uint64_t at, uint64_t need)
{
	const struct mp_map *m = &r->job->map;
	uint32_t offset = (uint32_t)(at & (p->shared.data_bytes - 1));

	w->items_tail += r->count;
	w->data_tail = at + need;
	*mp_worker_message(p, w, w->tail) = (struct mp_message){
		r->job, r->first, r->count, offset, w->items_tail, w->data_tail};
	w->channel->orders[w->tail & (p->shared.norders - 1)] =
		(struct mp_order){offset, r->job->task, r->count, (uint32_t)m->item_bytes,
			(uint32_t)m->result_bytes, m->timeout_ms};
	if (m->item_bytes)
		memcpy(w->data + offset, (const char *)m->items + r->first * m->item_bytes,
			r->count * m->item_bytes);
	w->tail++;
	if (m->timeout_ms && (w->timed++ == 0 || m->timeout_ms < w->least_timeout_ms))
		w->least_timeout_ms = m->timeout_ms;
}

/* Lets w claim what has been written. */
static void show(struct mp_worker *w)
{
	uint64_t seen = atomic_load(&w->channel->claim);

	if (w->shown == w->tail || w->broken)
		return;
	do {
		if (mp_limit(seen) != (uint32_t)w->shown ||
			(uint32_t)(w->shown - mp_claimed(seen)) > w->shown - w->head) {
			give_up(w);
			return;
		}
	} while (!atomic_compare_exchange_weak(
		&w->channel->claim, &seen, mp_claim_word(mp_claimed(seen), (uint32_t)w->tail)));
	w->shown = w->tail;
	mp_gate_open(&w->channel->gate);
}

/* The next work to w. false: it does not fit. */
static bool put(struct mp_pool *p, struct mp_worker *w)
{
	struct mp_range r = next_work(p);
	uint64_t need = mp_order_bytes(r.count, r.job->map.item_bytes, r.job->map.result_bytes), at;

	if (!find_room(p, w, need, &at)) {
		w->full = true;
		return false;
	}
	write_order(p, w, &r, at, need);
	took_work(p, &r);
	if (w->tail - w->shown >= SHOW_EVERY)
		show(w);
	return true;
}

static uint64_t least_load(const struct mp_pool *p)
{
	uint64_t least = UINT64_MAX;

	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		const struct mp_worker *w = &p->workers[i];

		if (usable(w) && !w->full && mp_worker_load(w) < least)
			least = mp_worker_load(w);
	}
	return least;
}

/* Each round one order to each of those who have least, until nothing is left or nothing fits. */
static void hand_out(struct mp_pool *p)
{
	while (has_work(p)) {
		uint64_t least = least_load(p);

		if (least == UINT64_MAX)
			return;
		for (uint32_t i = 0; i < p->shared.nworkers && has_work(p); i++) {
			struct mp_worker *w = &p->workers[i];

			if (usable(w) && !w->full && mp_worker_load(w) <= least)
				put(p, w);
		}
	}
}

/* ---- hand round ---- */

static void push_back(struct mp_pool *p, const struct mp_message *m, uint32_t done)
{
	if (done < m->count)
		p->back[p->nback++] = (struct mp_range){m->job, m->first + done, m->count - done};
}

static void unwrite_order(struct mp_pool *p, struct mp_worker *w)
{
	const struct mp_message *m = mp_worker_message(p, w, --w->tail);

	push_back(p, m, 0);
	if (m->job->map.timeout_ms)
		w->timed--;
	w->items_tail -= m->count;
	w->data_tail = mp_worker_message(p, w, w->tail - 1)->data_end;
}

/* Half of what lies with w, as far as it has not claimed it. One order stays, so that nothing goes to and fro. */
static void take_back(struct mp_pool *p, struct mp_worker *w)
{
	uint64_t seen = atomic_load(&w->channel->claim);
	uint32_t n;

	do {
		uint32_t unclaimed = (uint32_t)w->shown - mp_claimed(seen);

		if (mp_limit(seen) != (uint32_t)w->shown || unclaimed > w->shown - w->head) {
			give_up(w);
			return;
		}
		n = (uint32_t)(mp_worker_load(w) / 2);
		n = n < unclaimed ? n : unclaimed;
		if (n == 0)
			return;
	} while (!atomic_compare_exchange_weak(
		&w->channel->claim, &seen, mp_claim_word(mp_claimed(seen), mp_limit(seen) - n)));
	while (n-- > 0)
		unwrite_order(p, w);
	w->shown = w->tail;
	w->full = false;
}

static struct mp_worker *busiest(const struct mp_pool *p)
{
	struct mp_worker *found = NULL;

	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];

		if (usable(w) && mp_worker_load(w) >= 2 &&
			(!found || mp_worker_load(w) > mp_worker_load(found)))
			found = w;
	}
	return found;
}

static void hand_round(struct mp_pool *p)
{
	struct mp_worker *busy;

	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];

		if (!usable(w) || mp_worker_load(w) > 0)
			continue;
		busy = busiest(p);
		if (!busy)
			return;
		take_back(p, busy);
		while (p->nback > 0 && put(p, w))
			;
		show(w);
	}
}

void mp_feed(struct mp_pool *p)
{
	if (p->terminated)
		return;
	hand_out(p);
	for (uint32_t i = 0; i < p->shared.nworkers; i++)
		if (usable(&p->workers[i]))
			show(&p->workers[i]);
	if (!has_work(p))
		hand_round(p);
}

/* ---- ask to be rung for ---- */

/* How many orders w has to finish until a job that is awaited has none left with it. */
static uint64_t end_of_job(
	const struct mp_pool *p, const struct mp_worker *w, const struct mp_async *awaited)
{
	uint64_t i;

	if (awaited) {
		for (i = w->tail; i > w->head; i--)
			if (mp_worker_message(p, w, i - 1)->job == awaited)
				return i;
		return w->tail;
	}
	for (i = w->head + 1; i < w->tail; i++)
		if (mp_worker_message(p, w, i)->job != mp_worker_message(p, w, i - 1)->job)
			return i;
	return w->tail;
}

void mp_feed_ask(struct mp_pool *p, struct mp_worker *w, const struct mp_async *awaited)
{
	uint64_t at, half = w->head + (mp_worker_load(w) + 1) / 2;

	if (w->head == w->tail)
		return;
	at = end_of_job(p, w, awaited);
	/* With more to hand out it should never run dry. */
	if (has_work(p) && half < at)
		at = half;
	atomic_store(&w->channel->ring_at, at);
}

/* ---- deaths ---- */

void mp_feed_settle_dead(struct mp_pool *p, struct mp_worker *w, struct mp_outcome lost)
{
	uint64_t step = atomic_load_explicit(&w->channel->step, memory_order_acquire);
	bool started;

	mp_feed_collect(p, w);
	/* Where the numbers cannot be believed, it was in the first item that is not collected. */
	started = w->broken || step & 1;
	if (w->broken)
		step = 2 * w->items_head;
	/* The last order first: the first one will then lie on top. */
	while (w->tail > w->head + 1)
		unwrite_order(p, w);
	if (w->tail > w->head) {
		const struct mp_message *m = mp_worker_message(p, w, w->head);
		uint32_t done = (uint32_t)(step / 2 - w->items_head);

		mp_job_deliver(m->job, m->first, done, w->data + m->at, m->count, lost.pid);
		push_back(p, m, done + started);
		if (started)
			mp_job_settle(m->job, m->first + done, 1, lost);
	}
}
