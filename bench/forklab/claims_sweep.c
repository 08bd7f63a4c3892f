/* claims_sweep.c - slopes and crossings: what the points along an axis say together */
#include "claims_parts.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"
#include "harness/table.h"

#define POINTS_MAX STORE_POINTS

/* The points of one run along an axis, ascending; b is NULL with a slope. */
struct sweep {
	double x[POINTS_MAX];
	const json_t *a[POINTS_MAX], *b[POINTS_MAX];
	size_t n;
	char unit;
};

static void insert(struct sweep *sw, double x, const json_t *a, const json_t *b)
{
	size_t i = sw->n;

	for (size_t k = 0; k < sw->n; k++)
		if (sw->x[k] == x)
			return;
	if (sw->n == POINTS_MAX)
		return;
	for (; i > 0 && sw->x[i - 1] > x; i--) {
		sw->x[i] = sw->x[i - 1];
		sw->a[i] = sw->a[i - 1];
		sw->b[i] = sw->b[i - 1];
	}
	sw->x[i] = x;
	sw->a[i] = a;
	sw->b[i] = b;
	sw->n++;
}

/* Adds all points that match base: where base does not name the axis itself, at all its values. Counts
 * ("1e6inc") are no times, and are left out of a sweep over times. */
static void gather(const struct store *s, const json_t *c, const struct case_sides *sides,
	const json_t *base, struct sweep *sw)
{
	const json_t *all = store_variant(s, sides->bench, sides->va);
	const char *over = claim_text(c, "over"), *only = claim_text(base, over);
	json_t *want = json_copy((json_t *)(uintptr_t)base);

	for (size_t i = 0; want && i < json_array_size(all); i++) {
		const json_t *r = json_array_get(all, i), *rb = NULL;
		const char *text = claim_text(json_object_get(r, "params"), over);
		char unit;
		double x;

		if (!claim_axis_number(text, &x, &unit) || (unit != ' ' && unit != 't'))
			continue;
		if (*only && strcmp(only, text))
			continue;
		json_object_set_new(want, over, json_string(text));
		if (store_result(s, sides->bench, sides->va, want, sides->run_id) != r)
			continue;
		if (sides->vb)
			rb = store_result(s, sides->bench, sides->vb, want, sides->run_id);
		if (sides->vb && !rb)
			continue;
		sw->unit = unit;
		insert(sw, x, r, rb);
	}
	json_decref(want);
}

/* What the statistic needs to say anything. */
static size_t least_points(const json_t *c)
{
	return strcmp(claim_text(c, "stat"), "slope") ? 2 : 3;
}

static void sweep_gather(
	const struct store *s, const json_t *c, const struct case_sides *sides, struct sweep *sw)
{
	const json_t *plus = json_object_get(c, "plus");
	json_t *base = json_copy(sides->point);

	memset(sw, 0, sizeof(*sw));
	if (base)
		json_object_del(base, claim_text(c, "over"));
	gather(s, c, sides, base, sw);
	json_decref(base);
	if (json_is_object(plus))
		gather(s, c, sides, plus, sw);
	for (size_t i = 0; i < json_array_size(plus); i++)
		gather(s, c, sides, json_array_get(plus, i), sw);
}

enum claim_rank claim_sweep_rank(
	const struct store *s, const json_t *c, const struct case_sides *sides)
{
	enum claim_rank worst = RANK_WHOLE, r;
	struct sweep sw;

	sweep_gather(s, c, sides, &sw);
	if (sw.n < least_points(c))
		worst = RANK_EMPTY;
	for (size_t i = 0; i < sw.n; i++) {
		r = claim_rank(sw.a[i], sides->run);
		worst = r < worst ? r : worst;
		r = sw.b[i] ? claim_rank(sw.b[i], sides->run) : RANK_WHOLE;
		worst = r < worst ? r : worst;
	}
	return worst;
}

static bool sweep_find(const struct store *s, const json_t *c, const struct case_sides *sides,
	struct sweep *sw, struct case_result *out)
{
	sweep_gather(s, c, sides, sw);
	for (size_t i = 0; i < sw->n; i++)
		if (!claim_valid(sw->a[i], out) || (sw->b[i] && !claim_valid(sw->b[i], out)))
			return false;
	if (sw->n >= least_points(c))
		return true;
	out->times = 1;
	snprintf(out->why, sizeof(out->why), "needs at least %zu points along %s, has %zu",
		least_points(c), claim_text(c, "over"), sw->n);
	return false;
}

static bool sweep_calm(const struct sweep *sw, struct case_result *out)
{
	double n = 0, bad = 0;

	for (size_t i = 0; i < sw->n; i++) {
		n += json_number_value(json_object_get(sw->a[i], "n"));
		bad += json_number_value(
			json_object_get(json_object_get(sw->a[i], "disturbed"), "n"));
	}
	if (n <= 0 || bad / n <= 0.2)
		return true;
	snprintf(out->why, sizeof(out->why),
		"%.0f %% of the samples were disturbed: measure again while "
		"nothing else runs",
		100 * bad / n);
	out->times = 1;
	return false;
}

/* ns per unit of the axis, in the unit that the case names. */
static double slope_factor(const json_t *c)
{
	const char *over = claim_text(c, "over");
	size_t n = strlen(over);

	if (strcmp(claim_text(c, "unit"), "ms/GiB"))
		return 1;
	if (n > 4 && !strcmp(over + n - 4, "_mib"))
		return 1024 * 1e-6;
	if (n > 4 && !strcmp(over + n - 4, "_kib"))
		return 1024 * 1024 * 1e-6;
	return 1e-6; /* _gib */
}

/* One slope a round: the spread of the rounds is then the spread of the slope. */
static int slopes(const struct sweep *sw, double factor, double **out, unsigned **launch, size_t *n)
{
	double *rows;
	int err = store_weave(sw->a, sw->b, sw->n, &rows, launch, n);

	if (err)
		return err;
	*out = calloc(*n, sizeof(**out));
	for (size_t r = 0; *out && !err && r < *n; r++) {
		err = stats_slope(sw->x, rows + r * sw->n, sw->n, &(*out)[r]);
		(*out)[r] *= factor;
	}
	free(rows);
	if (*out && !err)
		return 0;
	free(*out);
	free(*launch);
	return err ? err : -ENOMEM;
}

void claim_slope(const struct store *s, const json_t *c, const struct case_sides *sides,
	unsigned family, struct case_result *out)
{
	const char *unit = claim_text(c, "unit");
	char number[32], interval[64];
	struct stats_summary sum;
	struct sweep sw;
	unsigned *launch;
	double *y;
	size_t n;
	int err;

	if (!sweep_find(s, c, sides, &sw, out) || !sweep_calm(&sw, out))
		return;
	err = slopes(&sw, slope_factor(c), &y, &launch, &n);
	if (!err) {
		err = stats_summarise(y, launch, n, claim_level(family), &sum);
		free(y);
		free(launch);
	}
	if (err) {
		claim_say_error(err, out);
		return;
	}
	out->rounds = n;
	claim_interval_text(interval, sizeof(interval), &sum.ci, 1);
	snprintf(out->figure, sizeof(out->figure), "%s %s %s",
		table_number(number, sizeof(number), sum.median), interval,
		*unit ? unit : "ns per step");
	memcpy(out->said, out->figure, sizeof(out->figure));
	claim_decide(c, sum.median, &sum.ci, false, family, out);
}

/* Whether a is cheaper (-1) or dearer (1) than b at a point; 0: not told apart. */
static int side_at(const struct sweep *sw, size_t i, unsigned family)
{
	struct stats_comparison cmp;

	if (store_compare(sw->a[i], sw->b[i], 0, family * (unsigned)sw->n, &cmp) || !cmp.ci.known)
		return 0;
	return cmp.ci.hi < 1 ? -1 : cmp.ci.lo > 1 ? 1 : 0;
}

/* What the points say for sure, all of them together. */
struct sides_seen {
	size_t changes, unclear;
	int first, last; /* the sides that are clear, along the axis; 0: none is */
	double before_x,
		after_x;  /* where it is clear for the last time before a change, and after it */
	double unclear_x; /* a point that is not clear */
};

static struct sides_seen look_along(const struct sweep *sw, unsigned family)
{
	struct sides_seen seen = {0};
	double clear_x = 0;

	for (size_t i = 0; i < sw->n; i++) {
		int side = side_at(sw, i, family);

		if (!side) {
			seen.unclear++;
			seen.unclear_x = sw->x[i];
			continue;
		}
		if (seen.last && side != seen.last) {
			seen.changes++;
			seen.before_x = clear_x;
			seen.after_x = sw->x[i];
		}
		seen.first = seen.first ? seen.first : side;
		seen.last = side;
		clear_x = sw->x[i];
	}
	return seen;
}

static void axis_value(const struct sweep *sw, double x, char *buf, size_t len)
{
	if (sw->unit == 't')
		table_time(buf, len, x);
	else
		table_number(buf, len, x);
}

static int crossing_of(
	const struct sweep *sw, unsigned family, struct stats_summary *sum, size_t *n, bool *below)
{
	unsigned *launch;
	double *ratios;
	int err = store_weave(sw->a, sw->b, sw->n, &ratios, &launch, n);

	if (err)
		return err;
	err = stats_crossing(sw->x, ratios, sw->n, *n, claim_level(family), sum, below);
	free(ratios);
	free(launch);
	return err;
}

/*
 * "the work of each is above 210 us" behind the condition that the case has anyway. The border lies
 * between the points where it is clear who is cheaper; its own interval may say it closer. Half of the
 * error that is allowed goes to the points, half to the interval.
 */
static void say_border(const json_t *c, const struct sweep *sw, const struct stats_summary *sum,
	const struct sides_seen *seen, bool above, struct case_result *out)
{
	const char *text = claim_text(c, "over_text"), *when = claim_text(c, "when");
	double lo = seen->before_x, hi = seen->after_x, x;
	char at[32], from[32], to[32];

	if (sum->ci.known && sum->ci.lo < hi && sum->ci.hi > lo) {
		lo = fmax(lo, sum->ci.lo);
		hi = fmin(hi, sum->ci.hi);
	}
	x = fmin(fmax(sum->median, lo), hi);
	axis_value(sw, x, at, sizeof(at));
	axis_value(sw, lo, from, sizeof(from));
	axis_value(sw, hi, to, sizeof(to));
	snprintf(out->figure, sizeof(out->figure), "border at %s, %s to %s", at, from, to);
	snprintf(out->said, sizeof(out->said), "the border lies between %s and %s, right in 95 %%",
		from, to);
	snprintf(out->when, sizeof(out->when), "%s%s%s is %s %s", when, *when ? " and " : "",
		*text ? text : claim_text(c, "over"), above ? "above" : "below", at);
	out->truth = CASE_PARTLY;
}

static void say_unclear(
	const struct sweep *sw, const struct sides_seen *seen, struct case_result *out)
{
	char at[32];

	axis_value(sw, seen->unclear_x, at, sizeof(at));
	out->times = 2;
	snprintf(out->why, sizeof(out->why), "at %s the two are not told apart: more rounds", at);
}

void claim_crossing(const struct store *s, const json_t *c, const struct case_sides *sides,
	unsigned family, struct case_result *out)
{
	bool below_1 = json_is_null(json_array_get(json_object_get(c, "holds"), 0)), below;
	struct stats_summary sum;
	struct sides_seen seen;
	struct sweep sw;
	char lo[32], hi[32];
	int err;

	if (!sweep_find(s, c, sides, &sw, out))
		return;
	err = crossing_of(&sw, 2 * family, &sum, &out->rounds, &below);
	if (err) {
		claim_say_error(err, out);
		return;
	}
	seen = look_along(&sw, 2 * family);
	if (seen.changes > 1) {
		snprintf(out->why, sizeof(out->why), "the two change places %zu times along %s",
			seen.changes, claim_text(c, "over"));
		return;
	}
	/* A crossing counts only where both its sides are more than noise. */
	if (sum.n && seen.changes) {
		say_border(c, &sw, &sum, &seen, (seen.first > 0) == below_1, out);
		return;
	}
	if (seen.unclear || sum.n) {
		say_unclear(&sw, &seen, out);
		return;
	}
	axis_value(&sw, sw.x[0], lo, sizeof(lo));
	axis_value(&sw, sw.x[sw.n - 1], hi, sizeof(hi));
	snprintf(out->figure, sizeof(out->figure), "no border from %s to %s", lo, hi);
	memcpy(out->said, out->figure, sizeof(out->figure));
	out->truth = below == below_1 ? CASE_TRUE : CASE_FALSE;
}
