/* claims_check.c - does a row of a claims file keep to the format? bench/claims/README.md describes it */
#include "claims_parts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct field {
	const char *name;
	char kind; /* s text, o object, a list, h [lo, hi], p point(s), v variant, x anything */
	bool required;
};

static const struct field claim_fields[] = {
	{"id", 's', true},
	{"text", 's', true},
	{"line", 's', false},
	{"published", 's', false},
	{"topic", 's', true},
	{"needs", 's', false},
	{"verdict", 's', false},
	{"why", 's', false},
	{"border", 's', false},
	{"note", 's', false},
	{"rows", 'a', false},
	{"subjects", 'a', false},
	{NULL, 0, false},
};

static const struct field subject_fields[] = {
	{"subject", 's', true},
	{"cases", 'a', false},
	{"explain", 'o', false},
	{"show", 'o', false},
	{NULL, 0, false},
};

static const struct field bench_case_fields[] = {
	{"when", 's', false},
	{"bench", 's', true},
	{"point", 'p', false},
	{"plus", 'p', false},
	{"a", 'v', true},
	{"b", 'v', false},
	{"stat", 's', true},
	{"over", 's', false},
	{"over_text", 's', false},
	{"per", 's', false},
	{"unit", 's', false},
	{"holds", 'h', true},
	{"needs", 's', false},
	{NULL, 0, false},
};

static const struct field demo_case_fields[] = {
	{"when", 's', false},
	{"demo", 's', true},
	{"exit0", 's', true},
	{"needs", 's', false},
	{NULL, 0, false},
};

static const struct field show_fields[] = {
	{"bench", 's', true},
	{"point", 'p', false},
	{"variant", 's', true},
	{"judged_by", 's', true},
	{NULL, 0, false},
};

static const struct field side_fields[] = {
	{"variant", 's', true},
	{"point", 'p', false},
	{NULL, 0, false},
};

static const struct field explain_fields[] = {
	{"holds", 's', false},
	{"holds only when", 's', false},
	{"does not hold", 's', false},
	{NULL, 0, false},
};

const char *claim_text(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static bool wrong(char *why, size_t len, const char *where, const char *what)
{
	snprintf(why, len, "%s: %s", where, what);
	return false;
}

static bool one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

static bool fields_check(const json_t *obj, const struct field *fields, char *why, size_t len);

/* {"workers": "10", "cpus": "all"}: texts, or whole numbers. */
static bool point_check(const json_t *point)
{
	const char *name;
	json_t *value;

	if (!json_is_object(point))
		return false;
	json_object_foreach((json_t *)(uintptr_t)point, name,
		value) if (!json_is_string(value) && !json_is_integer(value)) return false;
	return true;
}

static bool points_check(const json_t *points)
{
	if (!json_is_array(points))
		return point_check(points);
	for (size_t i = 0; i < json_array_size(points); i++)
		if (!point_check(json_array_get(points, i)))
			return false;
	return json_array_size(points) > 0;
}

static bool holds_check(const json_t *holds)
{
	const json_t *lo = json_array_get(holds, 0), *hi = json_array_get(holds, 1);

	if (json_array_size(holds) != 2)
		return false;
	if (!(json_is_null(lo) || json_is_number(lo)) || !(json_is_null(hi) || json_is_number(hi)))
		return false;
	if (json_is_null(lo) && json_is_null(hi))
		return false;
	return json_is_null(lo) || json_is_null(hi) ||
	       json_number_value(lo) < json_number_value(hi);
}

static bool field_check(const json_t *value, const struct field *f, char *why, size_t len)
{
	switch (f->kind) {
	case 's':
		if (json_string_length(value) || (json_is_string(value) && !f->required))
			return true;
		return wrong(why, len, f->name, "must be a text that is not empty");
	case 'a':
		return json_array_size(value) || wrong(why, len, f->name, "must be a list");
	case 'o':
		return json_is_object(value) || wrong(why, len, f->name, "must be an object");
	case 'h':
		return holds_check(value) ||
		       wrong(why, len, f->name, "must be [lo, hi], null for an open end, lo < hi");
	case 'p':
		return points_check(value) ||
		       wrong(why, len, f->name, "must be {axis: value, ...}, or a list of such");
	default: /* v */
		if (json_string_length(value))
			return true;
		if (!json_is_object(value))
			return wrong(why, len, f->name, "must be a variant's name, or an object");
		return fields_check(value, side_fields, why, len);
	}
}

/* All that must be there is there, nothing else is, and each is of its kind. */
static bool fields_check(const json_t *obj, const struct field *fields, char *why, size_t len)
{
	const char *name;
	json_t *value;

	if (!json_is_object(obj)) {
		snprintf(why, len, "must be an object");
		return false;
	}
	for (const struct field *f = fields; f->name; f++) {
		const json_t *v = json_object_get(obj, f->name);

		if (!v && f->required)
			return wrong(why, len, f->name, "is missing");
		if (v && !field_check(v, f, why, len))
			return false;
	}
	json_object_foreach((json_t *)(uintptr_t)obj, name, value)
	{
		const struct field *f = fields;

		while (f->name && strcmp(f->name, name))
			f++;
		if (!f->name)
			return wrong(why, len, name, "no such field here");
	}
	return true;
}

/* "cores>=2": one of three names and a count. */
static bool needs_check(const json_t *obj, char *why, size_t len)
{
	static const char *const names[] = {"cores>=", "pus>=", "effective>=", NULL};
	const char *needs = claim_text(obj, "needs");

	if (!*needs)
		return true;
	for (size_t i = 0; names[i]; i++) {
		size_t n = strlen(names[i]);

		if (!strncmp(needs, names[i], n) && needs[n] >= '1' && needs[n] <= '9' &&
			strspn(needs + n, "0123456789") == strlen(needs + n) &&
			strlen(needs + n) < 7)
			return true;
	}
	return wrong(why, len, "needs", "must be cores>=N, pus>=N or effective>=N");
}

static bool one_side_of_1(const json_t *holds)
{
	const json_t *lo = json_array_get(holds, 0), *hi = json_array_get(holds, 1);

	return (json_is_null(lo) && json_number_value(hi) == 1.0) ||
	       (json_is_null(hi) && json_number_value(lo) == 1.0);
}

static bool bench_case_check(const json_t *c, char *why, size_t len)
{
	static const char *const stats[] = {"ratio", "slope", "crossing", NULL};
	static const char *const units[] = {"", "ms/GiB", NULL};
	const char *stat = claim_text(c, "stat"), *per = claim_text(c, "per");
	bool ratio = !strcmp(stat, "ratio"), slope = !strcmp(stat, "slope");

	if (!one_of(stat, stats))
		return wrong(why, len, "stat", "must be ratio, slope or crossing");
	if (slope != !json_object_get(c, "b"))
		return wrong(why, len, "b", slope ? "a slope has none" : "is missing");
	if (ratio == (*claim_text(c, "over") != '\0'))
		return wrong(why, len, "over", ratio ? "a ratio has none" : "is missing");
	if (*per && (!ratio || strcmp(per, "ideal")))
		return wrong(why, len, "per", "must be ideal, and only with a ratio");
	if (!one_of(claim_text(c, "unit"), units) || (*claim_text(c, "unit") && !slope))
		return wrong(why, len, "unit", "must be ms/GiB, and only with a slope");
	/* A crossing is where a and b cost the same; the claim is about one side of it. */
	if (!ratio && !slope && !one_side_of_1(json_object_get(c, "holds")))
		return wrong(why, len, "holds", "with a crossing must be [null, 1] or [1, null]");
	return true;
}

static bool case_check(const json_t *c, char *why, size_t len)
{
	const char *exit0 = claim_text(c, "exit0");

	if (json_object_get(c, "demo")) {
		if (!fields_check(c, demo_case_fields, why, len))
			return false;
		if (strcmp(exit0, "holds") && strcmp(exit0, "refutes"))
			return wrong(why, len, "exit0", "must be holds or refutes");
		return needs_check(c, why, len);
	}
	return fields_check(c, bench_case_fields, why, len) && bench_case_check(c, why, len) &&
	       needs_check(c, why, len);
}

static bool subject_check(const json_t *s, char *why, size_t len)
{
	const json_t *cases = json_object_get(s, "cases"), *show = json_object_get(s, "show");
	const json_t *explain = json_object_get(s, "explain");
	char inner[200];

	if (!fields_check(s, subject_fields, why, len))
		return false;
	if (strcmp(claim_text(s, "subject"), "CPython") && strcmp(claim_text(s, "subject"), "C"))
		return wrong(why, len, "subject", "must be CPython or C");
	if (!cases == !show)
		return wrong(why, len, "cases", "either cases or show must be there");
	if (show && !fields_check(show, show_fields, inner, sizeof(inner)))
		return wrong(why, len, "show", inner);
	if (explain && !fields_check(explain, explain_fields, inner, sizeof(inner)))
		return wrong(why, len, "explain", inner);
	if (json_array_size(cases) > CASES_MAX)
		return wrong(why, len, "cases", "at most 3: each makes the others less certain");
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *c = json_array_get(cases, i);

		if (!case_check(c, inner, sizeof(inner)))
			;
		else if (json_array_size(cases) > 1 && !*claim_text(c, "when"))
			snprintf(inner, sizeof(inner), "when: is missing, with several cases");
		else
			continue;
		snprintf(why, len, "case %zu: %s", i + 1, inner);
		return false;
	}
	return true;
}

bool claim_row_check(const json_t *row, char *why, size_t len)
{
	const char *verdict = claim_text(row, "verdict");
	const json_t *subjects = json_object_get(row, "subjects");
	char inner[240];

	if (!fields_check(row, claim_fields, why, len) || !needs_check(row, why, len))
		return false;
	if (*verdict) {
		if (strcmp(verdict, "opinion") && strcmp(verdict, "slip"))
			return wrong(why, len, "verdict",
				"must be opinion or slip: records decide the rest");
		return *claim_text(row, "why") || wrong(why, len, "why", "is missing");
	}
	if (!subjects)
		return wrong(why, len, "subjects", "is missing");
	if (json_array_size(subjects) > CLAIM_SUBJECTS)
		return wrong(why, len, "subjects", "at most 3");
	for (size_t i = 0; i < json_array_size(subjects); i++) {
		if (subject_check(json_array_get(subjects, i), inner, sizeof(inner)))
			continue;
		snprintf(why, len, "subject %zu: %s", i + 1, inner);
		return false;
	}
	return true;
}
