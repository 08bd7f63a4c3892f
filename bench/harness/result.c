/* result.c - from samples to result and skip records */
#include "harness/result.h"
#include "harness/result_parts.h"
#include "harness/stats.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	unsigned bit;
	const char *name;
} tags[] = {{TAG_WAITED, "waited"}, {TAG_PREEMPTED, "preempted"}, {TAG_MIGRATED, "migrated"},
	{TAG_THROTTLED, "throttled"}, {TAG_STOLEN, "stolen"}, {TAG_STOPPED, "stopped"}};

json_t *result_interval(const struct stats_interval *i)
{
	return i->known ? json_pack("[f,f]", i->lo, i->hi) : json_null();
}

static json_t *quantile(const struct stats_quantile *q)
{
	return q->known ? json_real(q->value) : json_null();
}

json_t *result_params(const struct study *s, size_t point)
{
	json_t *params = json_object();

	for (size_t a = 0; a < s->naxes; a++)
		json_object_set_new(
			params, s->bench->axes[a].name, json_string(s->points[point].values[a]));
	return params;
}

static json_t *binding(const struct study *s, const struct study_point *p, const char *policy)
{
	json_t *cpus = json_array();

	for (unsigned i = 0; s->limits.bind && i < p->cpus; i++)
		json_array_append_new(cpus, json_integer(place_slot(s->place, i)->os_cpu));
	/* A launch refuses to measure what it could not bind and verify: here it is a fact. */
	return json_pack("{s:s,s:o,s:s,s:b}", "policy", policy, "cpus", cpus, "relation",
		place_relation(s->place, p->cpus), "verified", (int)s->limits.bind);
}

static json_t *head(const struct study *s, const struct study_cell *c, const struct result_run *run,
	const char *type)
{
	const struct bench_variant *v = &s->bench->variants[c->variant];

	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s?,s:s,s:o}", "type", type, "run_id", run->run_id,
		"bench", run->program, "topic", s->bench->topic, "variant", v->name, "base",
		v->base, "text", v->text, "params", result_params(s, c->point));
}

static size_t count_tagged(const struct study_cell *c, unsigned mask)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += (c->samples[i].tags & mask) != 0;
	return n;
}

static json_t *disturbed(const struct study_cell *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "n", json_integer((json_int_t)count_tagged(c, ~0u)));
	for (size_t t = 0; t < sizeof(tags) / sizeof(*tags); t++)
		json_object_set_new(
			o, tags[t].name, json_integer((json_int_t)count_tagged(c, tags[t].bit)));
	return o;
}

/* Per op, in the order of time; launch of each. The caller frees both. */
static int series(const struct study_cell *c, int mark, double **x, unsigned **launch)
{
	*x = malloc(c->n * sizeof(**x));
	*launch = malloc(c->n * sizeof(**launch));
	if (!*x || !*launch) {
		free(*x);
		free(*launch);
		return -ENOMEM;
	}
	for (size_t i = 0; i < c->n; i++) {
		uint64_t t = mark < 0 ? c->samples[i].t_ns : c->samples[i].marks[mark];

		(*x)[i] = (double)t / (double)c->iters;
		(*launch)[i] = c->samples[i].launch;
	}
	return 0;
}

static int summarise(const struct study_cell *c, int mark, struct stats_summary *out)
{
	unsigned *launch;
	double *x;
	int err = series(c, mark, &x, &launch);

	if (err)
		return err;
	err = stats_summarise(x, launch, c->n, 0.95, out);
	free(x);
	free(launch);
	return err;
}

static json_t *marks(const struct study *s, const struct study_cell *c)
{
	json_t *o = json_object();

	for (int m = 0; m < BENCH_MARKS && s->bench->marks[m]; m++) {
		struct stats_summary sum;

		if (summarise(c, m, &sum) || sum.max <= 0)
			continue; /* this variant has no such moment */
		json_object_set_new(o, s->bench->marks[m],
			json_pack("{s:f,s:o,s:I}", "median", sum.median, "ci95",
				result_interval(&sum.ci), "n", (json_int_t)sum.n));
	}
	return o;
}

static json_t *raw(const struct study *s, const struct study_cell *c)
{
	json_t *launch = json_array(), *round = json_array(), *t = json_array(),
	       *tag = json_array();
	json_t *all = json_object();

	for (size_t i = 0; i < c->n; i++) {
		json_array_append_new(launch, json_integer(c->samples[i].launch));
		json_array_append_new(round, json_integer(c->samples[i].round));
		json_array_append_new(t, json_integer((json_int_t)c->samples[i].t_ns));
		json_array_append_new(tag, json_integer(c->samples[i].tags));
	}
	for (int m = 0; m < BENCH_MARKS && s->bench->marks[m]; m++) {
		json_t *values = json_array();

		for (size_t i = 0; i < c->n; i++)
			json_array_append_new(
				values, json_integer((json_int_t)c->samples[i].marks[m]));
		json_object_set_new(all, s->bench->marks[m], values);
	}
	return json_pack("{s:o,s:o,s:o,s:o,s:o}", "launch", launch, "round", round, "t_ns", t,
		"tags", tag, "marks", all);
}

static unsigned launches(const struct study_cell *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += i == 0 || c->samples[i].launch != c->samples[i - 1].launch;
	return n;
}

static void add_flag(json_t *list, enum result_flag flag)
{
	json_array_append_new(list, json_string(result_flag_name(flag)));
}

/*
 * What disturbed more than a fifth of the samples: the most frequent cause gives the flag its name, and with it
 * what to do. In a tie it is what also makes samples wait. That workers wait for each other is no disturbance
 * where they are more than the CPUs.
 */
static void flag_disturbance(const struct study *s, const struct study_cell *c, json_t *f)
{
	static const struct {
		unsigned mask;
		enum result_flag flag;
	} causes[] = {{TAG_THROTTLED, FLAG_THROTTLED}, {TAG_STOLEN, FLAG_STOLEN},
		{TAG_WAITED | TAG_PREEMPTED | TAG_MIGRATED, FLAG_DISTURBED}};
	unsigned own = s->points[c->point].oversubscribed ? TAG_WAITED | TAG_PREEMPTED : 0;
	size_t most = 0, cause = 0;

	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		size_t n = count_tagged(c, causes[i].mask & ~own);

		if (n > most) {
			most = n;
			cause = i;
		}
	}
	if (5 * count_tagged(c, ~(own | TAG_STOPPED)) > c->n)
		add_flag(f, causes[cause].flag);
	if (count_tagged(c, TAG_STOPPED))
		add_flag(f, FLAG_STOPPED);
}

static json_t *flags(
	const struct study *s, const struct study_cell *c, const struct stats_summary *sum)
{
	json_t *f = json_array();

	if (sum->autocorrelated)
		add_flag(f, FLAG_AUTOCORRELATED);
	if (sum->no_steady_state)
		add_flag(f, FLAG_NO_STEADY_STATE);
	if (sum->launches_differ)
		add_flag(f, FLAG_LAUNCHES_DIFFER);
	flag_disturbance(s, c, f);
	if (s->points[c->point].oversubscribed)
		add_flag(f, FLAG_OVERSUBSCRIBED);
	if (!s->bench->single && sum->median * (double)c->iters < 5e5)
		add_flag(f, FLAG_SHORT_INTERVAL);
	return f;
}

static void put(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

static void put_numbers(json_t *o, const struct stats_summary *sum)
{
	put(o, "n", json_integer((json_int_t)sum->n));
	put(o, "median", json_real(sum->median));
	put(o, "ci95", result_interval(&sum->ci));
	if (!sum->ci.known)
		put(o, "ci95_why",
			json_string("fewer than 6 samples, or too dependent on each other"));
	put(o, "level", json_real(sum->level));
	put(o, "tau", json_real(sum->tau));
	put(o, "n_eff", json_real(sum->n_eff));
	put(o, "min", json_real(sum->min));
	put(o, "p25", json_real(sum->p25));
	put(o, "p75", json_real(sum->p75));
	put(o, "max", json_real(sum->max));
	put(o, "p90", quantile(&sum->p90));
	put(o, "p99", quantile(&sum->p99));
	put(o, "outliers",
		json_pack("{s:I,s:I}", "mild", (json_int_t)sum->mild, "severe",
			(json_int_t)sum->severe));
}

static void put_fixed(
	json_t *o, const struct study *s, const struct study_cell *c, const struct result_run *run)
{
	const struct study_point *p = &s->points[c->point];
	const struct study_block *b = &s->blocks[c->block];

	put(o, "op", json_string(s->bench->op));
	put(o, "unit", json_string(s->bench->unit ? "B/op" : "ns/op"));
	put(o, "better", json_string("lower"));
	put(o, "binding", binding(s, p, run->binding));
	put(o, "oversubscribed", json_boolean(p->oversubscribed));
	put(o, "iters", json_integer((json_int_t)c->iters));
	put(o, "launches", json_integer(launches(c)));
	put(o, "stop_reason", json_string(b->stop_reason ? b->stop_reason : "interrupted"));
	put(o, "precision", b->precision > 0 ? json_real(b->precision) : json_null());
}

/* A wrong count or a failed call leaves no number at all, only the reason. */
static json_t *invalid(
	const struct study *s, const struct study_cell *c, const struct result_run *run)
{
	json_t *o = head(s, c, run, "result");

	put_fixed(o, s, c, run);
	put(o, "check_ok", json_false());
	put(o, "why", json_string(c->failed[0] ? c->failed : "no sample was taken before the end"));
	put(o, "n", json_integer(0));
	put(o, "median", json_null());
	put(o, "ci95", json_null());
	return o;
}

static json_t *timeline(const struct study_spans *s)
{
	json_t *worker = json_array(), *task = json_array(), *begin = json_array(),
	       *end = json_array();

	for (size_t i = 0; i < s->n; i++) {
		json_array_append_new(worker, json_integer(s->at[i].worker));
		json_array_append_new(task, json_integer(s->at[i].task));
		json_array_append_new(begin, json_integer((json_int_t)s->at[i].begin_ns));
		json_array_append_new(end, json_integer((json_int_t)s->at[i].end_ns));
	}
	return json_pack("{s:i,s:I,s:o,s:o,s:o,s:o}", "launch", (int)s->launch, "t_ns",
		(json_int_t)s->t_ns, "worker", worker, "task", task, "begin_ns", begin, "end_ns",
		end);
}

json_t *result_cell(const struct study *s, const struct study_cell *c, const struct result_run *run)
{
	struct stats_summary sum;
	json_t *o;

	if (c->skip[0]) {
		o = head(s, c, run, "skip");
		put(o, "text", json_string(c->skip));
		return o;
	}
	if (c->failed[0] || c->n == 0 || summarise(c, -1, &sum))
		return invalid(s, c, run);
	o = head(s, c, run, "result");
	put_fixed(o, s, c, run);
	put(o, "check_ok", json_true());
	put_numbers(o, &sum);
	put(o, "disturbed", disturbed(c));
	if (s->bench->variants[c->variant].peer) {
		put(o, "disturbed", json_null());
		put(o, "disturbed_why", json_string("another program: nobody looks into it"));
	}
	put(o, "flags", flags(s, c, &sum));
	put(o, "marks", marks(s, c));
	if (c->spans.n > 0)
		put(o, "timeline", timeline(&c->spans));
	put(o, "raw", raw(s, c));
	return o;
}
