/* store_pairs.c - brings the raw samples of several results together, round by round */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One sample: where it belongs, and its time. seq keeps the order of equals. */
struct sample {
	json_int_t launch, round;
	size_t seq;
	double ns_per_op;
};

struct series {
	struct sample *at;
	size_t n, next;
};

static int by_place(const void *va, const void *vb)
{
	const struct sample *a = va, *b = vb;

	if (a->launch != b->launch)
		return a->launch < b->launch ? -1 : 1;
	if (a->round != b->round)
		return a->round < b->round ? -1 : 1;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

static bool has_rounds(const json_t *result)
{
	const json_t *raw = json_object_get(result, "raw");

	return json_is_array(json_object_get(raw, "launch")) &&
	       json_is_array(json_object_get(raw, "round"));
}

/* Both have rounds, and are of one run: rounds of two runs have nothing in common but a number. */
static bool are_paired(const json_t *a, const json_t *b)
{
	const char *run_a = json_string_value(json_object_get(a, "run_id"));
	const char *run_b = json_string_value(json_object_get(b, "run_id"));

	return has_rounds(a) && has_rounds(b) && run_a && run_b && !strcmp(run_a, run_b);
}

static int check_raw(const json_t *result, const json_t **t, const json_t **launch,
	const json_t **round, double *iters)
{
	const json_t *raw = json_object_get(result, "raw");

	*t = json_object_get(raw, "t_ns");
	*launch = json_object_get(raw, "launch");
	*round = json_object_get(raw, "round");
	*iters = json_number_value(json_object_get(result, "iters"));
	if (!json_is_array(*t) || !(*iters >= 1))
		return -EPROTO;
	if (*launch && json_array_size(*launch) != json_array_size(*t))
		return -EPROTO;
	if (*round && json_array_size(*round) != json_array_size(*t))
		return -EPROTO;
	return 0;
}

static int load(const json_t *result, bool by_round, struct series *out)
{
	const json_t *t, *launch, *round;
	json_int_t place = 0, last = -1;
	double iters;
	int err = check_raw(result, &t, &launch, &round, &iters);

	if (err)
		return err;
	out->n = json_array_size(t);
	out->at = calloc(out->n ? out->n : 1, sizeof(*out->at));
	if (!out->at)
		return -ENOMEM;
	for (size_t i = 0; i < out->n; i++) {
		json_int_t l = json_integer_value(json_array_get(launch, i));

		place = l == last ? place + 1 : 0;
		last = l;
		out->at[i] = (struct sample){
			.launch = l,
			.round = by_round ? json_integer_value(json_array_get(round, i)) : place,
			.seq = i,
			.ns_per_op = json_number_value(json_array_get(t, i)) / iters,
		};
	}
	qsort(out->at, out->n, sizeof(*out->at), by_place);
	return 0;
}

/* Moves both on to the next place that each has; false: one is at its end. */
static bool meet(struct series *a, struct series *b)
{
	while (a->next < a->n && b->next < b->n) {
		const struct sample *x = &a->at[a->next], *y = &b->at[b->next];

		if (x->launch == y->launch && x->round == y->round)
			return true;
		if (x->launch < y->launch || (x->launch == y->launch && x->round < y->round))
			a->next++;
		else
			b->next++;
	}
	return false;
}

/* The harness numbers a block's rounds through all its launches. */
static bool runs_through(const struct series *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (s->at[i].round <= s->at[i - 1].round)
			return false;
	return true;
}

/*
 * Whether no round lies in one launch here and in another there: points that were not measured side by side have
 * each their own rounds, and what bears the same number in two of them was not taken together.
 */
static bool same_rounds(const struct series *a, const struct series *b)
{
	if (!runs_through(a) || !runs_through(b))
		return true;
	for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
		const struct sample *x = &a->at[i], *y = &b->at[k];

		if (x->round == y->round && x->launch != y->launch)
			return false;
		i += x->round <= y->round;
		k += y->round <= x->round;
	}
	return true;
}

static int load_both(
	const json_t *ra, const json_t *rb, bool by_round, struct series *sa, struct series *sb)
{
	int err = load(ra, by_round, sa);

	return err ? err : load(rb, by_round, sb);
}

static void forget(struct series *sa, struct series *sb)
{
	free(sa->at);
	free(sb->at);
	*sa = *sb = (struct series){0};
}

static size_t match(struct series *sa, struct series *sb, double *a, double *b, unsigned *launch)
{
	size_t n = 0;

	for (; meet(sa, sb); n++) {
		launch[n] = (unsigned)sa->at[sa->next].launch;
		a[n] = sa->at[sa->next++].ns_per_op;
		b[n] = sb->at[sb->next++].ns_per_op;
	}
	return n;
}

int store_pairs(const json_t *ra, const json_t *rb, double **a, double **b, unsigned **launch,
	size_t *n, bool *paired)
{
	struct series sa = {0}, sb = {0};
	int err;

	*a = *b = NULL;
	*launch = NULL;
	*paired = are_paired(ra, rb);
	err = load_both(ra, rb, *paired, &sa, &sb);
	if (!err && *paired && !same_rounds(&sa, &sb)) {
		*paired = false;
		forget(&sa, &sb);
		err = load_both(ra, rb, false, &sa, &sb);
	}
	if (!err) {
		*a = calloc(sa.n + 1, sizeof(**a));
		*b = calloc(sa.n + 1, sizeof(**b));
		*launch = calloc(sa.n + 1, sizeof(**launch));
		err = *a && *b && *launch ? 0 : -ENOMEM;
	}
	if (!err) {
		*n = match(&sa, &sb, *a, *b, *launch);
		err = *n ? 0 : -ENODATA;
	}
	forget(&sa, &sb);
	if (err) {
		free(*a);
		free(*b);
		free(*launch);
	}
	return err;
}

int store_compare(const json_t *ra, const json_t *rb, double margin, unsigned family,
	struct stats_comparison *out)
{
	double *a, *b;
	unsigned *launch;
	size_t n;
	bool paired;
	int err = store_pairs(ra, rb, &a, &b, &launch, &n, &paired);

	if (err)
		return err;
	err = stats_compare(a, b, launch, n, 0.95, margin, family, out);
	free(a);
	free(b);
	free(launch);
	return err;
}
