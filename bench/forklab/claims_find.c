/* claims_find.c - finds the records that decide a case of a claim: of all runs the one to go by */
#include "claims_parts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *claim_variant(const json_t *side)
{
	return json_is_string(side) ? json_string_value(side) : claim_text(side, "variant");
}

/* The point of the case with what one side has of its own. New reference; NULL: no memory. */
static json_t *side_point(const json_t *point, const json_t *side)
{
	json_t *p = point ? json_copy((json_t *)(uintptr_t)point) : json_object();
	json_t *own = json_is_object(side) ? json_object_get(side, "point") : NULL;

	if (p && own)
		json_object_update(p, own);
	return p;
}

unsigned claim_effective(const json_t *run)
{
	json_int_t n =
		json_integer_value(json_object_get(json_object_get(run, "machine"), "effective"));

	return n > 0 && n < 1000000 ? (unsigned)n : 0;
}

bool claim_axis_number(const char *text, double *out, char *unit)
{
	static const struct {
		const char *name;
		double factor;
		char unit;
	} units[] = {{"", 1, ' '}, {"ns", 1, 't'}, {"us", 1e3, 't'}, {"ms", 1e6, 't'},
		{"s", 1e9, 't'}, {"inc", 1, 'i'}};
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*out = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name))
			continue;
		*out *= units[i].factor;
		*unit = units[i].unit;
		return true;
	}
	return false;
}

/* The largest value of an axis in this run that is not beyond the CPUs there were, matching p elsewhere. */
static const char *largest(
	const struct store *s, const struct case_sides *sides, const json_t *p, const char *axis)
{
	const json_t *all = store_variant(s, sides->bench, sides->va);
	unsigned effective = claim_effective(store_run(s, sides->run_id, sides->bench));
	const char *best = NULL;
	double most = 0;
	json_t *want = json_copy((json_t *)(uintptr_t)p);

	for (size_t i = 0; want && i < json_array_size(all); i++) {
		const json_t *r = json_array_get(all, i);
		const char *text = claim_text(json_object_get(r, "params"), axis);
		char unit;
		double x;

		if (strcmp(claim_text(r, "run_id"), sides->run_id) ||
			json_is_true(json_object_get(r, "oversubscribed")) ||
			!claim_axis_number(text, &x, &unit) || x <= most)
			continue;
		if (effective && x > effective)
			continue;
		json_object_set_new(want, axis, json_string(text));
		if (store_result(s, sides->bench, sides->va, want, sides->run_id)) {
			best = text;
			most = x;
		}
	}
	json_decref(want);
	return best;
}

/* Puts numbers in the place of "max". False: this run has none that fits. */
static bool resolve(const struct store *s, const struct case_sides *sides, json_t *p)
{
	const char *axis;
	json_t *value;
	void *next;

	json_object_foreach_safe(p, next, axis, value)
	{
		const char *best;
		json_t *rest;

		if (strcmp(json_is_string(value) ? json_string_value(value) : "", "max"))
			continue;
		rest = json_copy(p);
		json_object_del(rest, axis);
		best = largest(s, sides, rest, axis);
		json_decref(rest);
		if (!best || json_object_set_new(p, axis, json_string(best)))
			return false;
	}
	return true;
}

/* Both sides at this point in this run. On success sides->point is the resolved point of side a. */
static bool in_run(const struct store *s, const json_t *c, const json_t *point, const char *run_id,
	struct case_sides *sides)
{
	json_t *pa = side_point(point, json_object_get(c, "a"));
	json_t *pb = NULL;
	json_t *own = json_object_get(json_object_get(c, "b"), "point");

	sides->run_id = run_id;
	sides->a = sides->b = NULL;
	if (pa && resolve(s, sides, pa))
		sides->a = store_result(s, sides->bench, sides->va, pa, run_id);
	if (sides->a && sides->vb) {
		/* b stands at a's point, but where it has one of its own */
		pb = json_copy(pa);
		if (pb && own)
			json_object_update(pb, own);
		if (pb && resolve(s, sides, pb))
			sides->b = store_result(s, sides->bench, sides->vb, pb, run_id);
	}
	json_decref(pb);
	if (!sides->a || (sides->vb && !sides->b)) {
		json_decref(pa);
		return false;
	}
	sides->point = pa;
	sides->run = store_run(s, run_id, sides->bench);
	return true;
}

enum claim_rank claim_rank(const json_t *result, const json_t *run)
{
	if (!json_is_true(json_object_get(result, "check_ok")))
		return RANK_WRONG;
	if (json_number_value(json_object_get(result, "n")) < 1)
		return RANK_EMPTY;
	if (!strcmp(claim_text(result, "stop_reason"), "interrupted") ||
		json_is_true(json_object_get(run, "quick")))
		return RANK_HASTY;
	return RANK_WHOLE;
}

/* A run is worth as much as the worst record that the case needs. */
static enum claim_rank rank_of(
	const struct store *s, const json_t *c, const struct case_sides *sides)
{
	enum claim_rank a, b;

	if (*claim_text(c, "over"))
		return claim_sweep_rank(s, c, sides);
	a = claim_rank(sides->a, sides->run);
	b = sides->b ? claim_rank(sides->b, sides->run) : RANK_WHOLE;
	return a < b ? a : b;
}

/* Of all runs that have both sides the one that is worth most, and of those the newest. */
static bool in_any_run(
	const struct store *s, const json_t *c, const json_t *point, struct case_sides *sides)
{
	const json_t *all = store_variant(s, sides->bench, sides->va);
	struct case_sides best = {0};
	enum claim_rank most = RANK_WRONG;
	json_t *tried = json_object();

	for (size_t i = json_array_size(all); tried && most < RANK_WHOLE && i-- > 0;) {
		const char *run_id = claim_text(json_array_get(all, i), "run_id");
		enum claim_rank rank;

		if (json_object_get(tried, run_id))
			continue;
		json_object_set_new(tried, run_id, json_true());
		if (!in_run(s, c, point, run_id, sides))
			continue;
		rank = rank_of(s, c, sides);
		if (best.a && rank <= most) {
			json_decref(sides->point);
			continue;
		}
		json_decref(best.point);
		best = *sides;
		most = rank;
	}
	json_decref(tried);
	if (best.a)
		*sides = best;
	return best.a;
}

static void name_sides(const json_t *c, struct case_sides *sides)
{
	const json_t *b = json_object_get(c, "b");

	memset(sides, 0, sizeof(*sides));
	sides->bench = claim_text(c, "bench");
	sides->va = json_object_get(c, "a") ? claim_variant(json_object_get(c, "a"))
					    : claim_text(c, "variant");
	sides->vb = b ? claim_variant(b) : NULL;
}

/* The points that the case lists; one without a list. */
static size_t count_points(const json_t *c)
{
	const json_t *points = json_object_get(c, "point");

	return json_is_array(points) ? json_array_size(points) : 1;
}

static const json_t *nth_point(const json_t *c, size_t i)
{
	const json_t *points = json_object_get(c, "point");

	return json_is_array(points) ? json_array_get(points, i) : points;
}

bool claim_sides_look(const struct store *s, const json_t *c, struct case_sides *sides)
{
	name_sides(c, sides);
	for (size_t i = 0; i < count_points(c); i++) {
		if (in_any_run(s, c, nth_point(c, i), sides)) {
			sides->alternative = i;
			return true;
		}
	}
	return false;
}

bool claim_sides_find(
	const struct store *s, const json_t *c, struct case_sides *sides, struct case_result *out)
{
	if (claim_sides_look(s, c, sides))
		return true;
	claim_say_missing(s, c, out);
	return false;
}

/* The newest word on why one side was not measured at a point; NULL: nobody says. */
static const json_t *skip_at(
	const struct store *s, const struct case_sides *sides, const json_t *point, const json_t *c)
{
	const char *names[2] = {sides->va, sides->vb}, *keys[2] = {"a", "b"};
	const json_t *skip = NULL;

	for (size_t i = 0; i < 2 && !skip; i++) {
		json_t *p = names[i] ? side_point(point, json_object_get(c, keys[i])) : NULL;
		const char *axis;
		json_t *value;
		void *next;

		if (!p)
			continue;
		json_object_foreach_safe(
			p, next, axis, value) if (json_is_string(value) &&
						  !strcmp(json_string_value(value), "max"))
			json_object_del(p, axis);
		skip = store_skip(s, sides->bench, names[i], p);
		json_decref(p);
	}
	return skip;
}

const json_t *claim_skip(const struct store *s, const json_t *c, bool first)
{
	struct case_sides sides;
	const json_t *skip = NULL;

	name_sides(c, &sides);
	/* The last point that has one: that is measured soonest. */
	for (size_t i = first ? 1 : count_points(c); !skip && i-- > 0;)
		skip = skip_at(s, &sides, nth_point(c, i), c);
	return skip;
}

const json_t *claim_first_point(const json_t *c)
{
	return nth_point(c, 0);
}
