/* report_sweeps.c - figures along an axis: time, speedup, and where two times cross */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"

static void add_sentence(struct figure *f, const char *text)
{
	size_t used = strlen(f->caption);

	snprintf(f->caption + used, sizeof(f->caption) - used, "%s%s", used ? " " : "", text);
}

/* "parent_mib" reads "parent, MiB". */
static void axis_label(char *buf, size_t len, const char *name)
{
	size_t n = strlen(name);
	bool mib = n > 4 && !strcmp(name + n - 4, "_mib");

	snprintf(buf, len, "%.*s%s", (int)(mib ? n - 4 : n), name, mib ? ", MiB" : "");
	for (char *p = buf; *p; p++)
		if (*p == '_')
			*p = ' ';
}

/* A place on the axis for people, in the way its values are written. */
static char *axis_text(const struct report_axis *a, double x, char *buf, size_t len)
{
	size_t n = strlen(a->values[0]);

	if (a->with_unit && n > 1 && a->values[0][n - 1] == 's')
		return table_time(buf, len, x);
	if (a->with_unit)
		return table_bytes(buf, len, x);
	return table_number(buf, len, x);
}

static int by_x(const void *va, const void *vb)
{
	const struct figure_point *a = va, *b = vb;

	return a->x < b->x ? -1 : a->x > b->x;
}

static void sort(struct figure *f)
{
	for (size_t i = 0; i < f->nseries; i++)
		if (f->series[i].n)
			qsort(f->series[i].at, f->series[i].n, sizeof(*f->series[i].at), by_x);
	if (f->limit.n)
		qsort(f->limit.at, f->limit.n, sizeof(*f->limit.at), by_x);
}

/* Where a result lies on the axis. False: not in the slice, not counted, or no number there. */
static bool place(const struct report_bench *b, const struct report_slice *s, size_t axis,
	const json_t *result, struct figure_point *p)
{
	const char *text = report_text(json_object_get(result, "params"), s->axis[axis].name);
	bool unit;

	if (!report_on_axis(b, s, axis, result) || !report_ok(result) ||
		!report_value(text, &p->x, &unit))
		return false;
	if (unit)
		axis_text(&s->axis[axis], p->x, p->label, sizeof(p->label));
	else
		snprintf(p->label, sizeof(p->label), "%s", text);
	return true;
}

/* The same variant looks the same in all figures of a benchmark: its place among the variants decides. */
static struct figure_series *series_of(
	const struct report_bench *b, struct figure *f, const char *variant)
{
	const char *seen[24];
	struct figure_series *s = figure_series(f, variant);
	size_t n = 0;

	for (size_t i = 0; s && !s->style && i < json_array_size(b->results); i++) {
		const char *name = report_text(json_array_get(b->results, i), "variant");
		size_t k = 0;

		while (k < n && strcmp(seen[k], name))
			k++;
		if (k == n && n < 24)
			seen[n++] = name;
		if (!strcmp(name, variant))
			s->style = (unsigned)k % 24 + 1;
	}
	return s;
}

/* CPUs that the sample could use; 0: not recorded. */
static double cpus(const json_t *result)
{
	return (double)json_array_size(json_object_get(json_object_get(result, "binding"), "cpus"));
}

/* One limit point for each x. */
static void add_limit(struct figure *f, double x, double y)
{
	const struct figure_point p = {.x = x, .y = y};

	for (size_t i = 0; i < f->limit.n; i++)
		if (f->limit.at[i].x >= x && f->limit.at[i].x <= x)
			return;
	figure_add(&f->limit, &p);
}

/* The best time that workers could reach: the serial work, shared by the CPUs that there are. */
static void limit_of(struct figure *f, const json_t *result, const struct figure_point *p)
{
	double at_once = fmin(p->x, cpus(result));

	if (!json_is_null(json_object_get(result, "base")) || at_once < 1 ||
		strcmp(report_text(result, "variant"), "serial"))
		return;
	snprintf(f->limit.name, sizeof(f->limit.name), "serial / CPUs used");
	add_limit(f, p->x, p->y / at_once);
}

struct span {
	double xlo, xhi, ylo, yhi;
};

static void span_of(const struct figure *f, struct span *at)
{
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			const struct figure_point *p = &f->series[i].at[k];

			at->xlo = fmin(at->xlo, p->x);
			at->xhi = fmax(at->xhi, p->x);
			at->ylo = fmin(at->ylo, p->known ? fmin(p->y, p->lo) : p->y);
			at->yhi = fmax(at->yhi, p->known ? fmax(p->y, p->hi) : p->y);
		}
	for (size_t k = 0; k < f->limit.n; k++) {
		at->ylo = fmin(at->ylo, f->limit.at[k].y);
		at->yhi = fmax(at->yhi, f->limit.at[k].y);
	}
}

/* Zero and less have no logarithm; small ratios need none. Lines keep both axes linear: there, and only
 * there, a cost that grows in proportion is a straight line, and one that does not grow is a flat one. */
static void set_scale(struct figure *f, const struct span *at)
{
	bool grain = !strcmp(f->kind, "grain"), scaling = !strcmp(f->kind, "scaling");
	bool line = !strcmp(f->kind, "line");
	bool xlog = at->xlo > 0 && (grain || (scaling && at->xhi > 16 * at->xlo));
	bool ylog = at->ylo > 0 && !line && (grain || at->yhi > 30 * at->ylo);

	snprintf(f->log, sizeof(f->log), "%s", xlog && ylog ? "xy" : xlog ? "x" : ylog ? "y" : "-");
	f->ylo = ylog ? at->ylo / 1.3 : 0;
	f->yhi = ylog ? at->yhi * 1.3 : at->yhi * 1.06;
}

void report_share_scale(struct figure *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct span at = {HUGE_VAL, 0, HUGE_VAL, 0};

		for (size_t k = 0; k < n; k++)
			if (!strcmp(f[k].kind, f[i].kind) && !strcmp(f[k].ylabel, f[i].ylabel))
				span_of(&f[k], &at);
		set_scale(&f[i], &at);
	}
}

/* The last place before the first with more workers than CPUs; serial work is never too much. */
static void set_border(struct figure *f)
{
	double first = HUGE_VAL;

	f->border = 0;
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++)
			if (f->series[i].at[k].over)
				first = fmin(first, f->series[i].at[k].x);
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++)
			if (f->series[i].at[k].x < first && first < HUGE_VAL)
				f->border = fmax(f->border, f->series[i].at[k].x);
}

/* Where the times of va and its base cross along the axis. False: cannot be told. */
static bool crossing(const struct report_bench *b, const struct report_slice *s, size_t axis,
	const char *va, const char *vb, struct stats_summary *out, bool *below)
{
	const json_t *a[REPORT_VALUES], *base[REPORT_VALUES];
	double xa[REPORT_VALUES], xb[REPORT_VALUES], *ratio;
	size_t na = report_along(b, s, axis, va, a, xa),
	       nb = report_along(b, s, axis, vb, base, xb);
	size_t k = 0, rounds;
	unsigned *launch;
	bool ok;

	/* Both ascend: keep the places that both have. A logarithmic axis has no 0. */
	for (size_t i = 0, j = 0; i < na && j < nb;) {
		if (xa[i] < xb[j]) {
			i++;
		} else if (xa[i] > xb[j]) {
			j++;
		} else {
			if (xa[i] > 0) {
				xa[k] = xa[i];
				a[k] = a[i];
				base[k++] = base[j];
			}
			i++;
			j++;
		}
	}
	if (k < 2 || store_weave(a, base, k, &ratio, &launch, &rounds))
		return false;
	ok = !stats_crossing(xa, ratio, k, rounds, 0.95, out, below);
	free(ratio);
	free(launch);
	return ok;
}

/* "449 µs [434 µs, 459 µs]" */
static void crossing_place(
	char *buf, size_t len, const struct report_axis *a, const struct stats_summary *at)
{
	char x[TABLE_CELL], lo[TABLE_CELL], hi[TABLE_CELL];

	axis_text(a, at->median, x, sizeof(x));
	if (!at->ci.known)
		snprintf(buf, len, "%s", x);
	else
		snprintf(buf, len, "%.20s [%.20s, %.20s]", x,
			axis_text(a, at->ci.lo, lo, sizeof(lo)),
			axis_text(a, at->ci.hi, hi, sizeof(hi)));
}

/* where is "" if noise may have made the crossing. */
static void say_crossing(struct figure *f, const char *va, const char *vb,
	const struct stats_summary *at, bool below, const char *where)
{
	char text[320];

	if (!at->n)
		snprintf(text, sizeof(text),
			"The times of %s and %s do not meet here: %s is %s throughout.", va, vb, va,
			below ? "faster" : "slower");
	else if (*where)
		snprintf(text, sizeof(text), "The times of %s and %s meet at %s.", va, vb, where);
	else
		snprintf(text, sizeof(text), "Where the times of %s and %s meet cannot be told.",
			va, vb);
	add_sentence(f, text);
}

/* Whether the intervals of the comparisons are clear of 1 on both sides of x, and on opposite ones: else
 * the crossing is one of noise. */
static bool sides_differ(const struct report_bench *b, const struct report_slice *s, size_t axis,
	const char *variant, double x)
{
	const json_t *results[REPORT_VALUES];
	double at[REPORT_VALUES];
	size_t n = report_along(b, s, axis, variant, results, at);
	bool faster[2] = {false}, slower[2] = {false};

	for (size_t i = 0; i < n; i++) {
		const json_t *ci = json_object_get(report_compare(b, results[i]), "ci95");

		if (json_array_size(ci) != 2)
			continue;
		slower[at[i] > x] |= json_number_value(json_array_get(ci, 0)) > 1;
		faster[at[i] > x] |= json_number_value(json_array_get(ci, 1)) < 1;
	}
	return (slower[0] && faster[1]) || (faster[0] && slower[1]);
}

/* The last crossing is marked: from there on all that cross are worth it. The others stand below. */
static void find_crossings(
	const struct report_bench *b, const struct report_slice *s, size_t axis, struct figure *f)
{
	for (size_t i = 0; i < f->nseries; i++) {
		const char *name = f->series[i].name;
		const char *base = report_text(report_find(b, s, name), "base");
		struct stats_summary at = {0};
		bool below = false, told;
		char where[72] = "";

		if (!*base || !crossing(b, s, axis, name, base, &at, &below))
			continue;
		told = at.n && sides_differ(b, s, axis, name, at.median);
		if (told)
			crossing_place(where, sizeof(where), &s->axis[axis], &at);
		say_crossing(f, name, base, &at, below, where);
		if (!told || at.median < f->cross)
			continue;
		f->cross = at.median;
		f->cross_lo = at.ci.known ? at.ci.lo : 0;
		f->cross_hi = at.ci.known ? at.ci.hi : 0;
		snprintf(f->cross_text, sizeof(f->cross_text), "%.24s = %.24s at %s", name, base,
			where);
	}
}

static void set_texts(const struct report_bench *b, const struct report_slice *s, struct figure *f,
	const char *what, size_t axis)
{
	char at[160];

	axis_label(f->xlabel, sizeof(f->xlabel), s->axis[axis].name);
	report_slice_text(s, at, sizeof(at));
	snprintf(f->title, sizeof(f->title), "%.40s over %.40s%s%.60s", what, f->xlabel,
		*at ? "; " : "", at);
	report_note(b, s, f->note, sizeof(f->note));
}

void report_over_axis(const struct report_bench *b, const struct report_slice *fixed, size_t axis,
	struct figure *f)
{
	struct report_slice s = *fixed, words;
	bool scaling = !strcmp(f->kind, "scaling");
	const char *name;
	double unit;

	s.fixed[axis] = NULL;
	words = s;
	report_free_words(&words); /* the same unit for all figures that stand side by side */
	name = report_unit(b, &words, !strcmp(f->kind, "line"), &unit);
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);
		struct figure_point p = {0};
		struct figure_series *to;

		if (!place(b, &s, axis, r, &p))
			continue;
		report_point(r, unit, &p);
		to = series_of(b, f, report_text(r, "variant"));
		if (to)
			figure_add(to, &p);
		if (scaling)
			limit_of(f, r, &p);
	}
	sort(f);
	if (scaling)
		set_border(f);
	set_texts(b, &s, f, "Time", axis);
	snprintf(f->ylabel, sizeof(f->ylabel), "%s per op, %s", report_bytes(b) ? "memory" : "time",
		name);
	if (f->limit.n)
		add_sentence(f,
			"Dashed: the serial work shared by the CPUs that there are, nothing lost.");
	if (f->border > 0)
		add_sentence(f, "Hollow points have more workers than CPUs.");
	if (!strcmp(f->kind, "line"))
		add_sentence(f,
			"A straight rising line is a cost in proportion. Charts side by side have "
			"the same scale.");
	if (!strcmp(f->kind, "grain"))
		find_crossings(b, &s, axis, f);
}

void report_speedup(const struct report_bench *b, const struct report_slice *fixed, size_t axis,
	struct figure *f)
{
	struct report_slice s = *fixed;
	const char *base = "";

	s.fixed[axis] = NULL;
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i), *c = report_compare(b, r), *ci;
		struct figure_point p = {.y = 1 / fmax(report_number(c, "ratio", 1), 1e-12)};
		char ratio[TABLE_CELL];
		struct figure_series *to;

		if (!c || !place(b, &s, axis, r, &p))
			continue;
		ci = json_object_get(c, "ci95");
		p.known = json_array_size(ci) == 2 && json_number_value(json_array_get(ci, 0)) > 0;
		if (p.known) {
			char lo[TABLE_CELL], hi[TABLE_CELL];

			p.lo = 1 / json_number_value(json_array_get(ci, 1));
			p.hi = 1 / json_number_value(json_array_get(ci, 0));
			snprintf(p.interval, sizeof(p.interval), "[%s, %s]",
				report_ratio(lo, sizeof(lo), p.lo),
				report_ratio(hi, sizeof(hi), p.hi));
		}
		p.over = json_is_true(json_object_get(r, "oversubscribed"));
		report_ratio(ratio, sizeof(ratio), p.y);
		snprintf(p.value, sizeof(p.value), "%.16s times", ratio);
		to = series_of(b, f, report_text(r, "variant"));
		if (to)
			figure_add(to, &p);
		base = report_text(c, "b");
		if (cpus(r) >= 1)
			add_limit(f, p.x, fmin(p.x, cpus(r)));
	}
	snprintf(f->limit.name, sizeof(f->limit.name), "ideal");
	sort(f);
	set_border(f);
	set_texts(b, &s, f, "Speedup", axis);
	snprintf(f->ylabel, sizeof(f->ylabel), "times as fast as %.20s", base);
	snprintf(f->caption, sizeof(f->caption),
		"How many times as fast as %s: its time divided by the other's, both measured in "
		"the "
		"same rounds. Dashed: every CPU used, no time lost.%s",
		base, f->border > 0 ? " Hollow points have more workers than CPUs." : "");
}
