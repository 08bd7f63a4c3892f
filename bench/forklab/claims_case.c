/* claims_case.c - finds the records that decide a case of a claim, and looks whether they may decide */
#include "claims_parts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISTURBED_MAX 0.2 /* method.md R31 */

static const char *variant_of(const json_t *side)
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

/* Measured to its end, and not in a hurry. */
static bool is_whole(const struct case_sides *sides)
{
	const json_t *both[] = {sides->a, sides->b};

	for (size_t i = 0; i < 2; i++)
		if (both[i] && !strcmp(claim_text(both[i], "stop_reason"), "interrupted"))
			return false;
	return !json_is_true(json_object_get(sides->run, "quick"));
}

/* The newest whole run that has both sides; only where there is none the newest that has them. */
static bool in_any_run(
	const struct store *s, const json_t *c, const json_t *point, struct case_sides *sides)
{
	const json_t *all = store_variant(s, sides->bench, sides->va);
	struct case_sides newest = {0};
	json_t *tried = json_object();
	bool whole = false;

	for (size_t i = json_array_size(all); tried && !whole && i-- > 0;) {
		const char *run_id = claim_text(json_array_get(all, i), "run_id");

		if (json_object_get(tried, run_id))
			continue;
		json_object_set_new(tried, run_id, json_true());
		if (!in_run(s, c, point, run_id, sides))
			continue;
		whole = is_whole(sides);
		if (!whole && newest.a)
			json_decref(sides->point);
		else if (!whole)
			newest = *sides;
	}
	json_decref(tried);
	if (whole)
		json_decref(newest.point);
	else if (newest.a)
		*sides = newest;
	return whole || newest.a;
}

/* The newest word on why this was not measured; NULL: nobody says. */
static const char *skipped(
	const struct store *s, const json_t *c, const json_t *point, const struct case_sides *sides)
{
	const char *names[2] = {sides->va, sides->vb}, *keys[2] = {"a", "b"}, *text = NULL;

	for (size_t i = 0; i < 2 && !text; i++) {
		json_t *p = names[i] ? side_point(point, json_object_get(c, keys[i])) : NULL;
		const json_t *skip;
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
		if (skip)
			text = claim_text(skip, "text");
		json_decref(p);
	}
	return text;
}

static void point_words(const json_t *point, char *buf, size_t len)
{
	const char *axis;
	json_t *value;
	size_t used = 0;

	buf[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)point, axis, value)
	{
		char text[64];
		int n;

		if (json_is_integer(value))
			snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
				json_integer_value(value));
		else
			snprintf(text, sizeof(text), "%s", json_string_value(value));
		n = snprintf(buf + used, len - used, "%s%s=%s", used ? ", " : "", axis, text);
		if (n < 0 || (size_t)n >= len - used)
			return;
		used += (size_t)n;
	}
}

static const json_t *first_point(const json_t *c)
{
	const json_t *points = json_object_get(c, "point");

	return json_is_array(points) ? json_array_get(points, 0) : points;
}

/* "fork / thread at cpus=all" */
static void case_words(const json_t *c, const json_t *point, char *buf, size_t len)
{
	const char *stat = claim_text(c, "stat"), *over = claim_text(c, "over");
	const char *a = variant_of(json_object_get(c, "a")), *b = "";
	char at[120];

	point_words(point, at, sizeof(at));
	if (json_object_get(c, "b"))
		b = variant_of(json_object_get(c, "b"));
	if (!strcmp(stat, "slope"))
		snprintf(buf, len, "slope of %s over %s", a, over);
	else
		snprintf(buf, len, "%s / %s%s%s", a, b, *over ? " along " : "", over);
	if (*at)
		snprintf(buf + strlen(buf), len - strlen(buf), " at %s", at);
}

static void say_missing(const struct store *s, const struct case_sides *sides, const json_t *point,
	const char *skip, struct case_result *out)
{
	char words[120];

	if (skip && strstr(skip, "quick"))
		snprintf(out->why, sizeof(out->why), "not measured with --quick: forklab run %s",
			sides->bench);
	else if (skip)
		snprintf(out->why, sizeof(out->why), "%s%s",
			strncmp(skip, "not measured", 12) ? "skipped: " : "", skip);
	else if (!json_array_size(store_variant(s, sides->bench, sides->va)))
		snprintf(out->why, sizeof(out->why), "not measured yet: forklab run %s",
			sides->bench);
	else {
		point_words(point, words, sizeof(words));
		snprintf(out->why, sizeof(out->why), "no run has %s%s%s at %s: forklab run %s",
			sides->va, sides->vb ? " and " : "", sides->vb ? sides->vb : "",
			*words ? words : "this point", sides->bench);
	}
}

bool claim_sides_find(
	const struct store *s, const json_t *c, struct case_sides *sides, struct case_result *out)
{
	const json_t *points = json_object_get(c, "point"), *b = json_object_get(c, "b");
	size_t n = json_is_array(points) ? json_array_size(points) : 1;
	const char *skip = NULL;

	memset(sides, 0, sizeof(*sides));
	sides->bench = claim_text(c, "bench");
	sides->va = json_object_get(c, "a") ? variant_of(json_object_get(c, "a"))
					    : claim_text(c, "variant");
	sides->vb = b ? variant_of(b) : NULL;
	for (size_t i = 0; i < n; i++) {
		const json_t *p = json_is_array(points) ? json_array_get(points, i) : points;
		const char *text;

		if (in_any_run(s, c, p, sides)) {
			sides->alternative = i;
			return true;
		}
		text = skipped(s, c, p, sides);
		if (text)
			skip = text; /* of the last point: the one that is measured soonest */
	}
	say_missing(s, sides, first_point(c), skip, out);
	return false;
}

bool claim_valid(const json_t *result, struct case_result *out)
{
	const char *why = claim_text(result, "why");

	if (json_is_true(json_object_get(result, "check_ok")))
		return true;
	snprintf(out->why, sizeof(out->why), "the record of %s is not valid: %s",
		claim_text(result, "variant"), *why ? why : "its count was wrong");
	return false;
}

bool claim_needs_met(
	const struct store *s, const char *needs, const json_t *run, char *why, size_t len)
{
	const json_t *all = store_all(s, "run"), *machine;
	size_t n = strcspn(needs, ">");
	char name[16];
	json_int_t have, want, can;

	if (!*needs || n >= sizeof(name))
		return true;
	if (!run)
		run = json_array_get(all, json_array_size(all) - 1);
	machine = json_object_get(run, "machine");
	memcpy(name, needs, n);
	name[n] = '\0';
	have = json_integer_value(json_object_get(machine, name));
	can = json_integer_value(json_object_get(machine, "effective"));
	if (!strcmp(name, "cores") && can > 0 && can < have)
		have = can; /* a CPU quota leaves fewer than there are */
	want = strtoll(needs + n + 2, NULL, 10);
	if (have >= want)
		return true;
	if (have > 0)
		snprintf(why, len, "needs %s, has %" JSON_INTEGER_FORMAT, needs, have);
	else
		snprintf(why, len, "needs %s, and no record says what is there", needs);
	return false;
}

static bool calm(const json_t *result, struct case_result *out)
{
	double n = json_number_value(json_object_get(result, "n"));
	double bad = json_number_value(json_object_get(json_object_get(result, "disturbed"), "n"));

	if (n <= 0 || bad / n <= DISTURBED_MAX)
		return true;
	snprintf(out->why, sizeof(out->why),
		"%.0f %% of the samples of %s were disturbed: measure again while nothing else "
		"runs",
		100 * bad / n, claim_text(result, "variant"));
	return false;
}

/* Samples of the same rounds met the same trouble: a ratio of pairs bears it, nothing else does. */
static bool calm_enough(const struct case_sides *sides, struct case_result *out)
{
	double *a, *b;
	unsigned *launch;
	size_t n;
	bool paired = false;

	if (sides->b && !store_pairs(sides->a, sides->b, &a, &b, &launch, &n, &paired)) {
		free(a);
		free(b);
		free(launch);
	}
	return paired || (calm(sides->a, out) && (!sides->b || calm(sides->b, out)));
}

/* A demo shows its phenomenon with exit 0; 77 says that it cannot be shown here. */
static void demo_case(const struct store *s, const json_t *c, struct case_result *out)
{
	const json_t *all = store_all(s, "demo"), *last = NULL;
	const char *name = claim_text(c, "demo");
	json_int_t code;

	snprintf(out->program, sizeof(out->program), "%s", name);
	snprintf(out->what, sizeof(out->what), "demo %s", name);
	for (size_t i = json_array_size(all); !last && i-- > 0;)
		if (!strcmp(claim_text(json_array_get(all, i), "name"), name))
			last = json_array_get(all, i);
	if (!last) {
		snprintf(out->why, sizeof(out->why), "not watched yet: forklab watch %s", name);
		return;
	}
	code = json_integer_value(json_object_get(last, "exit"));
	if (code) {
		snprintf(out->why, sizeof(out->why), "the demo did not show it here: %s",
			*claim_text(last, "reason") ? claim_text(last, "reason") : "forklab watch");
		return;
	}
	out->truth = !strcmp(claim_text(c, "exit0"), "holds") ? CASE_TRUE : CASE_FALSE;
	snprintf(out->figure, sizeof(out->figure), "shown by %s", name);
}

static void bench_case(
	const struct store *s, const json_t *c, unsigned family, struct case_result *out)
{
	const char *stat = claim_text(c, "stat");
	struct case_sides sides;
	char words[120];

	snprintf(out->program, sizeof(out->program), "%s", claim_text(c, "bench"));
	case_words(c, first_point(c), out->what, sizeof(out->what));
	if (!claim_sides_find(s, c, &sides, out)) {
		char why[sizeof(out->why)];

		/* What the machine lacks says more than that it was not measured. */
		if (!claim_needs_met(s, claim_text(c, "needs"), NULL, why, sizeof(why)) &&
			json_array_size(store_all(s, "run")))
			memcpy(out->why, why, sizeof(why));
		return;
	}
	out->run = sides.run;
	case_words(c, *claim_text(c, "over") ? first_point(c) : sides.point, out->what,
		sizeof(out->what));
	if (claim_needs_met(s, claim_text(c, "needs"), sides.run, out->why, sizeof(out->why))) {
		if (!strcmp(stat, "slope"))
			claim_slope(s, c, &sides, family, out);
		else if (!strcmp(stat, "crossing"))
			claim_crossing(s, c, &sides, family, out);
		else if (claim_valid(sides.a, out) && claim_valid(sides.b, out) &&
			 calm_enough(&sides, out))
			claim_ratio(c, &sides, family, out);
	}
	if (out->truth != CASE_UNKNOWN && sides.alternative) {
		point_words(sides.point, words, sizeof(words));
		snprintf(out->why, sizeof(out->why), "measured at %s, as the first choice was not",
			words);
	}
	json_decref(sides.point);
}

void claim_case(const struct store *s, const json_t *c, unsigned family, struct case_result *out)
{
	memset(out, 0, sizeof(*out));
	out->truth = CASE_UNKNOWN;
	snprintf(out->when, sizeof(out->when), "%s", claim_text(c, "when"));
	if (json_object_get(c, "demo"))
		demo_case(s, c, out);
	else
		bench_case(s, c, family, out);
}
