/* report_slice.c - the axes of a sweep, and the part of it that a chart or a sentence is about */
#include "report.h"

#include <math.h>
#include <string.h>

static void add_value(struct report_axis *a, const char *text)
{
	bool unit = false;

	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->values[i], text))
			return;
	if (a->n == REPORT_VALUES)
		return;
	a->is_number[a->n] = report_value(text, &a->numbers[a->n], &unit);
	a->numeric = a->numeric || a->is_number[a->n];
	a->with_unit = a->with_unit || unit;
	a->values[a->n++] = text;
}

/* What a reader would do who thinks of nothing comes first: all CPUs, memory that is in use. */
static void put_first(struct report_axis *a)
{
	for (size_t k = 1; k < a->n && !a->numeric; k++)
		if (!strcmp(a->values[k], "all") || !strcmp(a->values[k], "touched")) {
			const char *word = a->values[k];

			memmove(&a->values[1], &a->values[0], k * sizeof(a->values[0]));
			a->values[0] = word;
		}
}

void report_axes(const struct report_bench *b, struct report_slice *s)
{
	memset(s, 0, sizeof(*s));
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		json_t *params = json_object_get(json_array_get(b->results, i), "params"), *value;
		const char *name;

		json_object_foreach(params, name, value)
		{
			size_t k = report_axis(s, name);

			if (!json_is_string(value) || k == REPORT_AXES)
				continue;
			if (k == s->naxes) {
				s->axis[k].name = name;
				s->naxes++;
			}
			add_value(&s->axis[k], json_string_value(value));
		}
	}
	for (size_t i = 0; i < s->naxes; i++)
		put_first(&s->axis[i]);
}

size_t report_axis(const struct report_slice *s, const char *name)
{
	for (size_t i = 0; i < s->naxes; i++)
		if (!strcmp(s->axis[i].name, name))
			return i;
	return s->naxes;
}

/* How much was measured at a value: places along free, or results where nothing is free. */
static size_t measured_at(const struct report_bench *b, const struct report_slice *fixed,
	size_t axis, size_t value, size_t free, bool over)
{
	struct report_slice s = *fixed;
	bool seen[REPORT_VALUES] = {false};
	size_t n = 0;

	s.fixed[axis] = s.axis[axis].values[value];
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);
		const char *at = report_text(
			json_object_get(r, "params"), free < s.naxes ? s.axis[free].name : "");

		/* More workers than CPUs is another experiment: never the one that stands for all. */
		if (!report_ok(r) || !report_in_slice(&s, r) ||
			(!over && !strcmp(s.axis[axis].name, "workers") &&
				json_is_true(json_object_get(r, "oversubscribed"))))
			continue;
		n += free >= s.naxes;
		for (size_t k = 0; free < s.naxes && k < s.axis[free].n; k++)
			if (!seen[k] && s.axis[free].is_number[k] &&
				!strcmp(s.axis[free].values[k], at)) {
				seen[k] = true;
				n++;
			}
	}
	return n;
}

static const char *best_number(
	const struct report_bench *b, const struct report_slice *s, size_t axis, size_t free)
{
	const struct report_axis *a = &s->axis[axis];
	size_t most = 0, best = 0;

	for (int over = 0; over < 2 && !most; over++)
		for (size_t k = 0; k < a->n; k++) {
			size_t n = a->is_number[k] ? measured_at(b, s, axis, k, free, over) : 0;

			if (n > most || (n && n == most && a->numbers[k] > a->numbers[best])) {
				most = n;
				best = k;
			}
		}
	return a->values[best];
}

void report_slice_fix(const struct report_bench *b, struct report_slice *s, size_t free)
{
	for (size_t i = 0; i < s->naxes; i++)
		if (!s->fixed[i] && i != free && !s->axis[i].numeric)
			s->fixed[i] = s->axis[i].values[0];
	for (size_t i = 0; i < s->naxes; i++)
		if (!s->fixed[i] && i != free)
			s->fixed[i] = best_number(b, s, i, free);
}

void report_free_words(struct report_slice *s)
{
	for (size_t i = 0; i < s->naxes; i++)
		if (!s->axis[i].numeric)
			s->fixed[i] = NULL;
}

bool report_in_slice(const struct report_slice *s, const json_t *result)
{
	const json_t *params = json_object_get(result, "params");

	for (size_t i = 0; i < s->naxes; i++)
		if (s->fixed[i] && strcmp(report_text(params, s->axis[i].name), s->fixed[i]))
			return false;
	return true;
}

const json_t *report_find(
	const struct report_bench *b, const struct report_slice *s, const char *variant)
{
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);

		if (!strcmp(report_text(r, "variant"), variant) && report_in_slice(s, r) &&
			report_ok(r))
			return r;
	}
	return NULL;
}

static const char *place_on(const struct report_slice *s, size_t axis, const json_t *result)
{
	return report_text(json_object_get(result, "params"), s->axis[axis].name);
}

/* Two results of one variant at 0 are of different kinds: then the words matter there, too. */
static bool zero_is_shared(const struct report_bench *b, const struct report_slice *any,
	size_t axis, const json_t *result)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);

		n += report_in_slice(any, r) && !strcmp(place_on(any, axis, r), "0") &&
		     !strcmp(report_text(r, "variant"), report_text(result, "variant"));
	}
	return n == 1;
}

bool report_on_axis(const struct report_bench *b, const struct report_slice *s, size_t axis,
	const json_t *result)
{
	struct report_slice any = *s;

	if (report_in_slice(s, result))
		return true;
	if (strcmp(place_on(s, axis, result), "0"))
		return false;
	report_free_words(&any);
	return report_in_slice(&any, result) && zero_is_shared(b, &any, axis, result);
}

size_t report_along(const struct report_bench *b, const struct report_slice *fixed, size_t axis,
	const char *variant, const json_t **out, double *x)
{
	struct report_slice s = *fixed;
	size_t n = 0;

	s.fixed[axis] = NULL;
	for (size_t i = 0; i < json_array_size(b->results) && n < REPORT_VALUES; i++) {
		const json_t *r = json_array_get(b->results, i);
		size_t k = n;
		double at;
		bool unit;

		if (strcmp(report_text(r, "variant"), variant) || !report_ok(r) ||
			!report_on_axis(b, &s, axis, r) ||
			!report_value(place_on(&s, axis, r), &at, &unit))
			continue;
		for (; k > 0 && x[k - 1] > at; k--) {
			x[k] = x[k - 1];
			out[k] = out[k - 1];
		}
		x[k] = at;
		out[k] = r;
		n++;
	}
	return n;
}

const char *report_word(const char *value)
{
	return !strcmp(value, "huge") ? "huge pages" : value;
}

/* "work 100ms"; where name and value alone read badly, "parent 64 MiB" and "touched memory". */
static size_t put_fixed(char *buf, size_t len, const char *name, const char *value)
{
	size_t n = strlen(name);

	if (n > 4 && !strcmp(name + n - 4, "_mib"))
		return (size_t)snprintf(buf, len, "%.*s %s MiB", (int)(n - 4), name, value);
	if (strcmp(name, "memory"))
		return (size_t)snprintf(buf, len, "%s %s", name, value);
	if (strcmp(report_word(value), value))
		return (size_t)snprintf(buf, len, "%s", report_word(value));
	return (size_t)snprintf(buf, len, "%s %s", value, name);
}

char *report_slice_text(const struct report_slice *s, char *buf, size_t len)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < s->naxes && used < len; i++) {
		if (!s->fixed[i] || s->axis[i].n < 2)
			continue;
		if (used)
			used += (size_t)snprintf(buf + used, len - used, ", ");
		if (used < len)
			used += put_fixed(buf + used, len - used, s->axis[i].name, s->fixed[i]);
	}
	return buf;
}

struct noted {
	double n_lo, n_hi, launches;
	const char *policy, *relation;
	bool relations_differ;
};

static void note_one(struct noted *at, const json_t *result)
{
	const json_t *binding = json_object_get(result, "binding");
	const char *relation = report_text(binding, "relation");
	double n = report_number(result, "n", 0);

	at->n_lo = fmin(at->n_lo, n);
	at->n_hi = fmax(at->n_hi, n);
	at->launches = fmax(at->launches, report_number(result, "launches", 0));
	if (*report_text(binding, "policy"))
		at->policy = report_text(binding, "policy");
	if (*at->relation && strcmp(at->relation, relation))
		at->relations_differ = true;
	at->relation = relation;
}

/* What the CPUs share, as place_relation() tells it, for people. */
static const char *relation_text(const char *relation)
{
	static const char *const words[][2] = {{"same-cpu", "one CPU"}, {"same-core", "one core"},
		{"same-llc", "one cache"}, {"same-numa", "one memory node"},
		{"same-package", "one package"}, {"cross-package", "several packages"},
		{"unbound", "not bound to CPUs"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(relation, words[i][0]))
			return words[i][1];
	return relation;
}

char *report_note(const struct report_bench *b, const struct report_slice *s, char *buf, size_t len)
{
	struct noted at = {.n_lo = HUGE_VAL, .policy = "", .relation = ""};
	char n[48];

	buf[0] = '\0';
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);

		if (report_in_slice(s, r) && report_ok(r))
			note_one(&at, r);
	}
	if (!isfinite(at.n_lo))
		return buf;
	if (at.n_lo < at.n_hi)
		snprintf(n, sizeof(n), "%.0f to %.0f", at.n_lo, at.n_hi);
	else
		snprintf(n, sizeof(n), "%.0f", at.n_lo);
	if (!*at.policy)
		at.policy = "placement not recorded";
	snprintf(buf, len, "%s times in %.0f launch%s; %s%s%s", n, at.launches,
		at.launches == 1 ? "" : "es", at.policy,
		at.relations_differ || !*at.relation ? "" : ", ",
		at.relations_differ ? "" : relation_text(at.relation));
	return buf;
}
