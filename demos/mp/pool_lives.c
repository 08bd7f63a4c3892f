/* pool_lives.c - workers that begin, end, are replaced, or take too long */
#include "mp/pool_impl.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define UNREADY_MAX                                                                                \
	8u /* at a time, until one has reported ready: with FAILURES at most 13 starts in vain */
#define FAILURES     5u
#define RETRY_MS     10u /* after the first failure; twice as long after each further one */
#define RETRY_SHIFTS 6u  /* at most 640 ms */

uint32_t mp_lives_count(const struct mp_pool *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->shared.nworkers; i++)
		n += p->workers[i].process != NULL;
	return n;
}

static uint32_t count_ready(const struct mp_pool *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->shared.nworkers; i++)
		n += p->workers[i].process && p->workers[i].ready;
	return n;
}

/* ---- begin ---- */

static void reset(struct mp_worker *w)
{
	struct mp_channel *c = w->channel;

	*w = (struct mp_worker){.channel = c, .data = w->data, .messages = w->messages};
	atomic_store(&c->claim, 0);
	atomic_store(&c->step, 0);
	atomic_store(&c->ends_ns, 0);
	atomic_store(&c->ready, 0);
	atomic_store(&c->ring_at, 0);
	atomic_store(&c->stop, MP_STOP_NOT);
	atomic_store(&c->gate.sleeping, 0);
}

int mp_lives_start(struct mp_pool *p, uint32_t place)
{
	struct mp_worker *w = &p->workers[place];
	struct mp_process_options o = p->start;
	int err;

	reset(w);
	p->handles[o.nhandles - 2].what = place;
	err = mp_process_start(&o, &w->process);
	if (err)
		w->process = NULL;
	p->polled[1 + place].fd = err ? -1 : mp_process_sentinel(w->process);
	return err;
}

/* A worker did not begin, or ended before it was ready. */
static void failed(struct mp_pool *p, int why)
{
	unsigned shifts = p->failures < RETRY_SHIFTS ? p->failures : RETRY_SHIFTS;

	p->failures++;
	p->retry_ns = mp_deadline_ns((int64_t)RETRY_MS << shifts);
	/* Those who still begin may bring the turn; as long as one works, the pool does. */
	if (p->failures < FAILURES || mp_lives_count(p) > 0)
		return;
	p->broken = why;
	mp_job_cancel(p, why);
}

static bool may_start(const struct mp_pool *p)
{
	uint32_t ready = count_ready(p);

	if (p->terminated || p->broken || (p->closed && !mp_job_any(p)))
		return false;
	if (ready > 0)
		return true;
	return p->failures < FAILURES && mp_lives_count(p) < UNREADY_MAX;
}

uint64_t mp_lives_replace(struct mp_pool *p)
{
	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		int err;

		if (p->workers[i].process)
			continue;
		if (!may_start(p))
			return MP_NO_END;
		if (p->failures > 0 && mp_now_ns() < p->retry_ns)
			return p->retry_ns;
		err = mp_lives_start(p, i);
		if (err)
			failed(p, err);
	}
	return MP_NO_END;
}

/* ---- end ---- */

static struct mp_outcome outcome_of(const struct mp_pool *p, struct mp_worker *w)
{
	struct mp_outcome o = {MP_OUTCOME_LOST, MP_CODE_UNKNOWN, mp_process_pid(w->process)};

	if (p->terminated)
		return (struct mp_outcome){MP_OUTCOME_CANCELLED, 0, 0};
	if (w->condemned)
		o.kind = MP_OUTCOME_TIMED_OUT;
	if (mp_process_exit_code(w->process, &o.code))
		o.code = MP_CODE_UNKNOWN;
	return o;
}

static void bury(struct mp_pool *p, uint32_t place)
{
	struct mp_worker *w = &p->workers[place];
	bool ready = w->ready || atomic_load(&w->channel->ready);

	mp_feed_settle_dead(p, w, outcome_of(p, w));
	mp_process_close(w->process);
	w->process = NULL;
	p->polled[1 + place].fd = -1;
	if (p->terminated)
		mp_job_cancel(p, 0);
	else if (!ready && !atomic_load(&w->channel->stop))
		failed(p, -ECHILD);
	else if (p->failures >= FAILURES && mp_lives_count(p) == 0)
		failed(p, -ECHILD);
}

void mp_lives_reap(struct mp_pool *p)
{
	for (uint32_t i = 0; i < p->shared.nworkers; i++)
		if (p->polled[1 + i].fd >= 0 && p->polled[1 + i].revents &&
			mp_process_join(p->workers[i].process, 0) == 0)
			bury(p, i);
}

void mp_lives_stop(struct mp_pool *p, enum mp_stop how)
{
	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];

		if (!w->process)
			continue;
		atomic_store(&w->channel->stop, how);
		mp_gate_open(&w->channel->gate);
	}
}

/* ---- deadlines of tasks ---- */

static uint64_t look_at_deadline(struct mp_worker *w)
{
	uint64_t ends_ns = atomic_load(&w->channel->ends_ns), now_ns = mp_now_ns();

	/* It is between two items: what it begins next may not end before this. */
	if (ends_ns == 0)
		return now_ns + w->least_timeout_ms * MP_NS_PER_MS;
	if (ends_ns > now_ns)
		return ends_ns;
	/* If it has just finished the item after all, it lives. */
	if (!atomic_compare_exchange_strong(&w->channel->ends_ns, &ends_ns, MP_CONDEMNED))
		return now_ns;
	w->condemned = true;
	mp_process_kill(w->process);
	return MP_NO_END;
}

uint64_t mp_lives_deadlines(struct mp_pool *p)
{
	uint64_t next_ns = MP_NO_END;

	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];
		uint64_t ns;

		if (!w->process || w->timed == 0 || w->condemned || w->broken)
			continue;
		ns = look_at_deadline(w);
		next_ns = ns < next_ns ? ns : next_ns;
	}
	return next_ns;
}
