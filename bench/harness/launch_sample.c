/* launch_sample.c - one timed interval: bind, look, run, look again, compare the count */
#include "harness/bind.h"
#include "harness/clock.h"
#include "harness/launch_child.h"
#include "harness/noise.h"
#include "harness/workers.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PEER_TIMEOUT_MS 50000 /* below what main waits for a launch */

int launch_bind(struct launch_child *l, const struct study_point *p)
{
	unsigned n = p->cpus < l->ncpus ? p->cpus : (unsigned)l->ncpus;
	int err;

	if (!l->bind || l->bound == n)
		return 0;
	err = bind_cpus(l->cpus, n);
	l->bound = err ? 0 : n;
	return err;
}

static int find_peer(struct launch_child *l, const struct launch_cell *c, struct launch_peer **out)
{
	const struct bench_variant *v = c->run.variant;
	unsigned cpus = c->run.point->cpus;
	char script[PATH_MAX + 64], program[32];
	char *argv[] = {program, script, NULL};
	int err;

	for (size_t i = 0; i < l->npeers; i++) {
		*out = &l->peers[i];
		if (!strcmp((*out)->script, v->peer) && (*out)->cpus == cpus)
			return 0;
	}
	if (l->npeers == LAUNCH_PEERS)
		return -EMFILE;
	snprintf(program, sizeof(program), "%s", v->needs);
	snprintf(script, sizeof(script), "%s/%s", l->peers_dir, v->peer);
	*out = &l->peers[l->npeers];
	err = peer_start(argv, &(*out)->peer);
	if (err)
		return err;
	(*out)->script = v->peer;
	(*out)->cpus = cpus;
	l->npeers++;
	return 0;
}

/* "RUN variant iters axis=value ...": the peer times itself, with the same clock. */
static void take_peer(
	struct launch_child *l, struct launch_cell *c, uint64_t iters, struct launch_sample *out)
{
	struct launch_peer *p;
	char request[512];
	int at;

	out->err = find_peer(l, c, &p);
	if (out->err) {
		snprintf(out->what, sizeof(out->what), "start %s %s", c->run.variant->needs,
			c->run.variant->peer);
		return;
	}
	at = snprintf(request, sizeof(request), "RUN %s %llu", c->run.variant->name,
		(unsigned long long)iters);
	for (size_t a = 0; a < BENCH_AXES && l->bench->axes[a].name; a++)
		at += snprintf(request + at, sizeof(request) - (size_t)at, " %s=%s",
			l->bench->axes[a].name, c->run.point->values[a]);
	out->err = peer_run(&p->peer, request, PEER_TIMEOUT_MS, &out->t_ns, &out->check, out->what,
		sizeof(out->what));
	if (out->err && !out->what[0])
		snprintf(out->what, sizeof(out->what), "%s", c->run.variant->peer);
}

static void take_here(struct launch_cell *c, uint64_t iters, struct launch_sample *out)
{
	struct noise_reading before, after, worker;
	struct bench_run *r = &c->run;
	uint64_t begin, end;
	unsigned n, of;

	r->err = 0;
	r->told = false;
	memset(r->marks, 0, sizeof(r->marks));
	r->spans.n = 0;
	workers_watch();
	noise_read(&before);
	begin = clock_now_ns();
	out->check = r->variant->run(r, iters);
	end = clock_now_ns();
	noise_read(&after);
	/* Between its workers' starts and ends our thread waits for them, and for a CPU that they have: what was
	 * done to the workers is what counts. */
	if (workers_worst(&worker)) {
		after.wait_ns = before.wait_ns + worker.wait_ns;
		after.preempted = before.preempted + worker.preempted;
	}
	out->t_ns = r->told ? r->elapsed_ns : end - begin;
	/* What costs time costs no bytes. */
	out->tags = r->bench->unit ? 0 : noise_tags(&before, &after, end - begin);
	if (r->bench->crowded)
		out->tags &= ~(unsigned)(TAG_WAITED | TAG_PREEMPTED);
	if (r->point->cpus > 1)
		out->tags &= ~(unsigned)TAG_MIGRATED; /* it may move among its CPUs */
	out->err = r->err;
	if (r->err && workers_short(&n, &of))
		snprintf(out->what, sizeof(out->what), "%s, %u of %u fitted", r->what, n, of);
	else if (r->err)
		snprintf(out->what, sizeof(out->what), "%s", r->what);
}

void launch_take(
	struct launch_child *l, struct launch_cell *c, uint64_t iters, struct launch_sample *out)
{
	uint64_t want = l->bench->expected ? l->bench->expected(&c->run, iters) : iters;

	memset(out, 0, sizeof(*out));
	out->err = launch_bind(l, c->run.point);
	if (out->err) {
		snprintf(out->what, sizeof(out->what), "bind to %u CPUs", c->run.point->cpus);
		return;
	}
	if (c->run.variant->peer)
		take_peer(l, c, iters, out);
	else
		take_here(c, iters, out);
	if (!out->err && c->run.variant->peer)
		want = iters;
	if (!out->err && out->check != want) {
		out->err = -EBADMSG;
		snprintf(out->what, sizeof(out->what), "counted %llu instead of %llu",
			(unsigned long long)out->check, (unsigned long long)want);
	}
}

void launch_stop_peers(struct launch_child *l)
{
	while (l->npeers)
		peer_stop(&l->peers[--l->npeers].peer);
}
