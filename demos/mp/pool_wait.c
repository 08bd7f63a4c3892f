/* pool_wait.c - the waits of a pool's owner, in which everything happens */
#include "mp/pool_impl.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static void greet(struct mp_pool *p, struct mp_worker *w)
{
	if (w->ready || !atomic_load(&w->channel->ready))
		return;
	w->ready = true;
	p->failures = 0;
}

void mp_pool_step(struct mp_pool *p)
{
	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];

		if (!w->process)
			continue;
		greet(p, w);
		mp_feed_collect(p, w);
	}
	mp_feed(p);
	mp_job_callbacks(p);
}

/* Whether w has come, before it could know what is asked, to where it is asked to ring. Less than that is no news:
 * collected one by one, its orders would cost more than they are. */
static bool has_news(const struct mp_pool *p, const struct mp_worker *w)
{
	if (!w->ready && atomic_load(&w->channel->ready))
		return true;
	return w->head < w->tail && !w->broken &&
	       atomic_load(&w->channel->step) / 2 >=
		       mp_worker_message(p, w, w->ring_at - 1)->items_end;
}

static bool ask(struct mp_pool *p, const struct mp_async *awaited)
{
	bool news = false;

	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];

		if (!w->process)
			continue;
		mp_feed_ask(p, w, awaited);
		news |= has_news(p, w);
	}
	return news;
}

void mp_pool_sleep(struct mp_pool *p, const struct mp_async *awaited, uint64_t deadline_ns)
{
	uint64_t ns = mp_lives_replace(p), rings;
	int n;

	deadline_ns = ns < deadline_ns ? ns : deadline_ns;
	ns = mp_lives_deadlines(p);
	deadline_ns = ns < deadline_ns ? ns : deadline_ns;
	if (ask(p, awaited) || p->finished.first)
		deadline_ns = 0;
	n = poll(p->polled, 1 + p->shared.nworkers, mp_poll_ms(deadline_ns));
	if (n <= 0)
		return; /* time is up, or a signal came: the caller looks */
	if (p->polled[0].revents) {
		ssize_t ignored = read(p->bell, &rings, sizeof(rings));

		(void)ignored; /* it was readable, and nobody else reads */
	}
	mp_lives_reap(p);
}

/* ---- what is waited for ---- */

struct until {
	bool (*met)(struct mp_pool *p, const struct until *u);
	const struct mp_async *awaited;
	uint64_t nfinished;
};

static int wait_until(struct mp_pool *p, const struct until *u, int64_t timeout_ms)
{
	uint64_t deadline_ns = mp_deadline_ns(timeout_ms);

	for (;;) {
		bool last = mp_poll_ms(deadline_ns) == 0;

		/* Once also where there is no time: deaths are seen only there. */
		if (last)
			mp_pool_sleep(p, u->awaited, 0);
		mp_pool_step(p);
		if (u->met(p, u))
			return 0;
		if (last)
			return -ETIMEDOUT;
		mp_pool_sleep(p, u->awaited, deadline_ns);
	}
}

static bool is_done(struct mp_pool *p, const struct until *u)
{
	(void)p;
	return u->awaited->state != MP_ASYNC_RUNNING;
}

int mp_async_wait(struct mp_async *a, int64_t timeout_ms)
{
	struct until u = {.met = is_done, .awaited = a};

	if (a->state != MP_ASYNC_RUNNING)
		return 0;
	return a->pool->owner == getpid() ? wait_until(a->pool, &u, timeout_ms) : -EPERM;
}

static bool is_one_more(struct mp_pool *p, const struct until *u)
{
	return p->nfinished > u->nfinished;
}

int mp_pool_poll(struct mp_pool *p, int64_t timeout_ms)
{
	struct until u = {.met = is_one_more, .nfinished = p->nfinished};

	if (p->owner != getpid())
		return -EPERM;
	return wait_until(p, &u, mp_job_any(p) ? timeout_ms : 0) == 0 ? 0
	       : mp_job_any(p)                                        ? -ETIMEDOUT
								      : -ENODATA;
}

static bool is_over(struct mp_pool *p, const struct until *u)
{
	(void)u;
	if (mp_job_any(p) || p->calling > 0)
		return false;
	if (!p->terminated)
		mp_lives_stop(p, MP_STOP_IDLE);
	return mp_lives_count(p) == 0;
}

int mp_pool_join(struct mp_pool *p, int64_t timeout_ms)
{
	struct until u = {.met = is_over};

	if (p->owner != getpid())
		return -EPERM;
	return p->closed ? wait_until(p, &u, timeout_ms) : -EINVAL;
}

/* ---- waits that hand something out ---- */

int mp_async_get(struct mp_async *a, void *result, struct mp_outcome *outcome, int64_t timeout_ms)
{
	int err = mp_async_wait(a, timeout_ms);

	if (err)
		return err;
	if (result && a->map.results == a->bytes + mp_pool_align(a->map.item_bytes))
		memcpy(result, a->map.results, a->map.result_bytes);
	if (outcome)
		*outcome = a->first_failure;
	return 0;
}

int mp_pool_map(struct mp_pool *p, const struct mp_map *m, size_t *nfailed)
{
	struct mp_async *a;
	int err = mp_pool_map_async(p, m, &a);

	if (err)
		return err;
	mp_async_wait(a, MP_FOREVER);
	if (nfailed)
		*nfailed = a->failed;
	return mp_async_close(a);
}

int mp_pool_apply(
	struct mp_pool *p, const struct mp_call *c, void *result, struct mp_outcome *outcome)
{
	struct mp_async *a;
	int err = mp_pool_apply_async(p, c, &a);

	if (err)
		return err;
	mp_async_get(a, result, outcome, MP_FOREVER);
	return mp_async_close(a);
}
