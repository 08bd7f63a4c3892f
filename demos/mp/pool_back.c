/* pool_back.c - orders that come back: taken from a busy worker for an idle one, and left by the dead */
#include "mp/pool_impl.h"

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
			mp_feed_give_up(w);
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

		if (mp_worker_usable(w) && mp_worker_load(w) >= 2 &&
			(!found || mp_worker_load(w) > mp_worker_load(found)))
			found = w;
	}
	return found;
}

void mp_back_round(struct mp_pool *p)
{
	struct mp_worker *busy;

	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];

		if (!mp_worker_usable(w) || mp_worker_load(w) > 0)
			continue;
		busy = busiest(p);
		if (!busy)
			return;
		take_back(p, busy);
		while (p->nback > 0 && mp_feed_put(p, w))
			;
		mp_feed_show(w);
	}
}

/* ---- deaths ---- */

void mp_back_from_dead(struct mp_pool *p, struct mp_worker *w, struct mp_outcome lost)
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
