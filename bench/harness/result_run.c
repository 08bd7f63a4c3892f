/* result_run.c - comparisons, and the records that open and close a run */
#include "harness/clock.h"
#include "harness/host.h"
#include "harness/peer.h"
#include "harness/record.h"
#include "harness/result_parts.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static json_t *machine(const struct place *p)
{
	const struct place_machine *m = place_machine(p);

	return json_pack("{s:i,s:i,s:i,s:s,s:o,s:i,s:i,s:i,s:i,s:b,s:I,s:I,s:I,s:s,s:s}", "cores",
		(int)m->cores, "pus", (int)m->pus, "effective", (int)m->effective, "limit_by",
		m->limit_by, "quota_cores",
		m->quota_cores > 0 ? json_real(m->quota_cores) : json_null(), "packages",
		(int)m->packages, "numa", (int)m->numa_nodes, "llc", (int)m->llcs, "smt",
		(int)m->smt, "mixed_cores", (int)m->mixed_cores, "l1d_bytes",
		(json_int_t)m->l1d_bytes, "l2_bytes", (json_int_t)m->l2_bytes, "l3_bytes",
		(json_int_t)m->l3_bytes, "text", m->text, "topology", place_synthetic(p));
}

static json_t *clock_record(void)
{
	struct clock_info c;

	clock_measure(&c);
	return json_pack("{s:s,s:s,s:f,s:I,s:I}", "id", "MONOTONIC", "source", c.source, "cost_ns",
		c.cost_ns, "step_ns", (json_int_t)c.step_ns, "getres_ns", (json_int_t)c.getres_ns);
}

/* A verdict on CPython names its version: it is this run's, not this minute's. */
static void put_python(json_t *host, const struct bench *b)
{
	const struct bench_variant *v = b->variants;
	char line[64];

	while (v->name && !(v->needs && !strcmp(v->needs, "python3")))
		v++;
	if (v->name && !peer_version("python3", line, sizeof(line)) && !strncmp(line, "Python ", 7))
		json_object_set_new(host, "python", json_string(line + 7));
}

json_t *result_run(const struct study *s, const struct result_run *run)
{
	struct host_check checks[HOST_CHECKS_MAX];
	size_t n = host_checks(checks, HOST_CHECKS_MAX);
	json_t *argv = json_array(), *o;
	char utc[24];

	record_utc(utc, sizeof(utc));
	for (int i = 0; i < run->argc; i++)
		json_array_append_new(argv, json_string(run->argv[i]));
	o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:I,s:b}", "type", "run", "schema",
		RECORD_SCHEMA, "run_id", run->run_id, "program", run->program, "topic",
		s->bench->topic, "question", s->bench->question, "started", utc, "version",
		FORKLAB_VERSION, "argv", argv, "seed", (json_int_t)s->limits.seed, "quick",
		(int)s->limits.quick);
	if (!o)
		return NULL;
	json_object_set_new(o, "host", host_provenance());
	put_python(json_object_get(o, "host"), s->bench);
	json_object_set_new(o, "machine", machine(s->place));
	json_object_set_new(o, "checks", host_checks_json(checks, n));
	json_object_set_new(o, "clock", clock_record());
	json_object_set_new(o, "placement", json_string(run->binding));
	json_object_set_new(o, "limits",
		json_pack("{s:f,s:f,s:i,s:f}", "precision", s->limits.precision, "budget_s",
			s->limits.budget_s, "launches", (int)s->limits.launches, "margin",
			s->limits.margin));
	return o;
}

struct pairs {
	double *a, *b;
	unsigned *launch;
	size_t n;
};

static void pairs_free(struct pairs *p)
{
	free(p->a);
	free(p->b);
	free(p->launch);
}

/* Samples of the same launch and round; both series are in the order of time. */
static int make_pairs(const struct study_cell *a, const struct study_cell *b, struct pairs *p)
{
	size_t cap = a->n < b->n ? a->n : b->n;

	*p = (struct pairs){.a = malloc((cap + 1) * sizeof(double)),
		.b = malloc((cap + 1) * sizeof(double)),
		.launch = malloc((cap + 1) * sizeof(unsigned))};
	if (!p->a || !p->b || !p->launch)
		return -ENOMEM;
	for (size_t i = 0, j = 0; i < a->n && j < b->n;) {
		const struct study_sample *x = &a->samples[i], *y = &b->samples[j];

		if (x->round == y->round) {
			p->a[p->n] = (double)x->t_ns / (double)a->iters;
			p->b[p->n] = (double)y->t_ns / (double)b->iters;
			p->launch[p->n++] = x->launch;
		}
		i += x->round <= y->round;
		j += y->round <= x->round;
	}
	return p->n ? 0 : -ENODATA;
}

static bool usable(const struct study_cell *c)
{
	return !c->skip[0] && !c->failed[0] && c->n;
}

static const struct study_cell *base_cell(const struct study *s, const struct study_cell *c)
{
	const char *base = s->bench->variants[c->variant].base;
	size_t v = base ? study_variant(s->bench, base) : 0;

	for (size_t i = 0; base && i < s->ncells; i++)
		if (s->cells[i].point == c->point && s->cells[i].variant == v &&
			usable(&s->cells[i]))
			return &s->cells[i];
	return NULL;
}

/* How many comparisons are shown together: those of one point. */
static unsigned family(const struct study *s, size_t point)
{
	unsigned n = 0;

	for (size_t i = 0; i < s->ncells; i++)
		if (s->cells[i].point == point && usable(&s->cells[i]) &&
			base_cell(s, &s->cells[i]))
			n++;
	return n ? n : 1;
}

static json_t *compare(const struct study *s, const struct study_cell *a,
	const struct study_cell *b, const struct result_run *run)
{
	struct stats_comparison c;
	struct pairs p;
	int err = make_pairs(a, b, &p);
	unsigned f = family(s, a->point);
	json_t *flags = json_array();

	if (!err)
		err = stats_compare(p.a, p.b, p.launch, p.n, 0.95, s->limits.margin, f, &c);
	pairs_free(&p);
	if (err) {
		json_decref(flags);
		return NULL;
	}
	if (c.launches_differ)
		json_array_append_new(flags, json_string(result_flag_name(FLAG_LAUNCHES_DIFFER)));
	return json_pack(
		"{s:s,s:s,s:s,s:s,s:o,s:s,s:s,s:f,s:o,s:f,s:I,s:I,s:I,s:f,s:i,s:s,s:b,s:f,s:o}",
		"type", "compare", "run_id", run->run_id, "bench", run->program, "topic",
		s->bench->topic, "params", result_params(s, a->point), "a",
		s->bench->variants[a->variant].name, "b", s->bench->variants[b->variant].name,
		"ratio", c.ratio, "ci95", result_interval(&c.ci), "level", c.level, "rounds",
		(json_int_t)c.rounds, "dropped", (json_int_t)c.dropped, "ties", (json_int_t)c.ties,
		"margin", s->limits.margin, "family", (int)f, "verdict",
		stats_verdict_name(c.verdict), "measurable", (int)c.measurable, "rounds_needed",
		c.rounds_needed, "flags", flags);
}

json_t *result_records(const struct study *s, const struct result_run *run)
{
	json_t *all = json_array();

	for (size_t i = 0; all && i < s->ncells; i++)
		json_array_append_new(all, result_cell(s, &s->cells[i], run));
	for (size_t i = 0; all && i < s->ncells; i++) {
		const struct study_cell *c = &s->cells[i],
					*base = usable(c) ? base_cell(s, c) : NULL;
		json_t *o = base ? compare(s, c, base, run) : NULL;

		if (o)
			json_array_append_new(all, o);
	}
	return all;
}

json_t *result_end(
	const struct study *s, const struct result_run *run, const json_t *records, double wall_s)
{
	json_int_t ok = 0, bad = 0, skipped = 0;
	json_t *o;
	size_t i;

	json_array_foreach(records, i, o)
	{
		const char *type = json_string_value(json_object_get(o, "type"));

		if (!strcmp(type, "skip"))
			skipped++;
		else if (!strcmp(type, "result"))
			*(json_is_true(json_object_get(o, "check_ok")) ? &ok : &bad) += 1;
	}
	return json_pack("{s:s,s:s,s:s,s:b,s:I,s:I,s:I,s:f,s:o}", "type", "end", "run_id",
		run->run_id, "program", run->program, "complete", (int)!s->interrupted, "ok", ok,
		"invalid", bad, "skipped", skipped, "wall_s", wall_s, "steal_share",
		s->steal_share >= 0 ? json_real(s->steal_share) : json_null());
}
