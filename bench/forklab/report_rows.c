/* report_rows.c - figures with a row for each variant: costs, ratios, times within an operation */
#include "report.h"

#include <math.h>
#include <string.h>

#include "harness/table.h"

bool report_bytes(const struct report_bench *b)
{
	return !strcmp(report_text(json_array_get(b->results, 0), "unit"), "B/op");
}

const char *report_unit(
	const struct report_bench *b, const struct report_slice *s, bool linear, double *unit_ns)
{
	static const char *const times[] = {"ns", "\xc2\xb5s", "ms", "s"};
	static const char *const bytes[] = {"B", "KiB", "MiB", "GiB"};
	bool is_bytes = report_bytes(b);
	double step = is_bytes ? 1024 : 1000;
	double lo = HUGE_VAL, hi = 0, middle;
	size_t i = 0;

	for (size_t k = 0; k < json_array_size(b->results); k++) {
		const json_t *r = json_array_get(b->results, k);
		double t =
			report_ok(r) && report_in_slice(s, r) ? report_number(r, "median", 0) : 0;

		if (t > 0) {
			lo = fmin(lo, t);
			hi = fmax(hi, t);
		}
	}
	middle = !(hi > 0) ? 0 : linear ? hi : sqrt(lo * hi);
	for (*unit_ns = 1; i < 3 && middle >= step * *unit_ns; i++)
		*unit_ns *= step;
	return is_bytes ? bytes[i] : times[i];
}

void report_point(const json_t *result, double unit_ns, struct figure_point *p)
{
	const json_t *ci = json_object_get(result, "ci95");

	p->y = report_number(result, "median", 0) / unit_ns;
	p->known = json_array_size(ci) == 2;
	if (p->known) {
		p->lo = json_number_value(json_array_get(ci, 0)) / unit_ns;
		p->hi = json_number_value(json_array_get(ci, 1)) / unit_ns;
	}
	p->over = json_is_true(json_object_get(result, "oversubscribed"));
	report_time(result, p->value, sizeof(p->value), p->interval, sizeof(p->interval));
}

/* The name of a row: the variant, and the words that tell it from others of that variant. */
static void row_label(const struct report_slice *s, const json_t *result, char *buf, size_t len)
{
	const json_t *params = json_object_get(result, "params");
	size_t used = (size_t)snprintf(buf, len, "%s", report_text(result, "variant"));

	for (size_t i = 0; i < s->naxes && used < len; i++)
		if (!s->fixed[i] && s->axis[i].n > 1)
			used += (size_t)snprintf(buf + used, len - used, ", %s",
				report_word(report_text(params, s->axis[i].name)));
}

static void add_row(struct figure *f, struct figure_series *s, struct figure_point *p)
{
	if (!s || s->n >= FIGURE_ROWS) {
		f->left_out++;
		return;
	}
	p->x = (double)s->n + 1;
	figure_add(s, p);
}

/* The value axis: with room beside the outermost interval, and logarithmic beyond a factor of 4;
 * of ratios earlier, because twice as long and half as long are equally far from 1. */
static void set_range(struct figure *f)
{
	const bool forest = !strcmp(f->kind, "forest");
	const double share = 0.05; /* of the width, on each side */
	double lo = HUGE_VAL, hi = 0, room;
	bool is_log;

	if (forest) { /* the line that says what is faster, and the band around it */
		lo = 1 / (1 + f->margin);
		hi = 1 + f->margin;
	}
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			const struct figure_point *p = &f->series[i].at[k];

			lo = fmin(lo, p->known && p->lo > 0 ? p->lo : p->y);
			hi = fmax(hi, p->known ? p->hi : p->y);
		}
	if (!(lo > 0) || !(hi >= lo))
		return;
	is_log = hi > (forest ? 1.4 : 4) * lo;
	room = is_log ? pow(hi / lo, share) : fmax((hi - lo) * share, hi * 0.01);
	f->ylo = is_log ? lo / room : fmax(lo - room, lo * 0.01);
	f->yhi = is_log ? hi * room : hi + room;
	snprintf(f->log, sizeof(f->log), "%s", is_log ? "v" : "r");
}

static void finish(const struct report_bench *b, const struct report_slice *s, struct figure *f,
	const char *title)
{
	char at[160];

	report_slice_text(s, at, sizeof(at));
	snprintf(f->title, sizeof(f->title), "%.90s%s%.60s", title, *at ? "; " : "", at);
	report_note(b, s, f->note, sizeof(f->note));
	set_range(f);
}

void report_ladder(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f)
{
	double unit;
	const char *name = report_unit(b, s, false, &unit);
	struct figure_series *series;

	figure_start(f, "ladder", b->name, what);
	snprintf(f->log, sizeof(f->log), "v");
	snprintf(f->xlabel, sizeof(f->xlabel), "%s per op, %s", report_bytes(b) ? "memory" : "time",
		name);
	series = figure_series(f, "median");
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);
		struct figure_point p = {0};

		if (!report_in_slice(s, r) || !report_ok(r) || !(report_number(r, "median", 0) > 0))
			continue;
		report_point(r, unit, &p);
		row_label(s, r, p.label, sizeof(p.label));
		add_row(f, series, &p);
	}
	finish(b, s, f, "What one operation costs");
	snprintf(f->caption, sizeof(f->caption), "Further right is slower.%s",
		strcmp(f->log, "v") ? "" : " The scale is logarithmic.");
}

static void add_ratio(
	const struct report_slice *s, const json_t *result, const json_t *compare, struct figure *f)
{
	const json_t *ci = json_object_get(compare, "ci95");
	struct figure_point p = {.y = report_number(compare, "ratio", 0)};
	char ratio[TABLE_CELL];

	if (!(p.y > 0))
		return;
	p.known = json_array_size(ci) == 2;
	if (p.known) {
		p.lo = json_number_value(json_array_get(ci, 0));
		p.hi = json_number_value(json_array_get(ci, 1));
		p.known = p.lo > 0;
	}
	row_label(s, result, p.label, sizeof(p.label));
	report_ratio(ratio, sizeof(ratio), p.y);
	snprintf(p.value, sizeof(p.value), "%.16s", ratio);
	snprintf(p.verdict, sizeof(p.verdict), "%s", report_text(compare, "verdict"));
	report_ratio_interval(compare, p.interval, sizeof(p.interval));
	add_row(f, figure_series(f, "ratio"), &p);
	f->margin = report_number(compare, "margin", 0);
}

/* "The base is thread, but of python_fork python_thread." False: all have the first one's base. */
static bool tell_bases(const struct report_bench *b, const struct report_slice *s,
	const char *first, char *buf, size_t len)
{
	size_t used = (size_t)snprintf(buf, len, "The base is %s", first), n = 0;

	for (size_t i = 0; i < json_array_size(b->results) && used < len; i++) {
		const json_t *r = json_array_get(b->results, i);
		const char *base = report_text(r, "base"), *variant = report_text(r, "variant");

		/* one mention a variant, also where it has rows at several words */
		if (!report_in_slice(s, r) || !report_compare(b, r) || !strcmp(base, first) ||
			report_find(b, s, variant) != r)
			continue;
		used += (size_t)snprintf(
			buf + used, len - used, "%s of %s %s", n++ ? "," : ", but", variant, base);
	}
	return n > 0;
}

void report_forest(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f)
{
	const bool bytes = report_bytes(b);
	const char *first = NULL;
	char title[96], bases[300] = "";
	bool several;

	figure_start(f, "forest", b->name, what);
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);
		const json_t *c = report_in_slice(s, r) ? report_compare(b, r) : NULL;

		if (!c)
			continue;
		first = first ? first : report_text(c, "b");
		add_ratio(s, r, c, f);
	}
	several = first && tell_bases(b, s, first, bases, sizeof(bases));
	snprintf(title, sizeof(title), "Times as %s as %.40s", bytes ? "much" : "long",
		several || !first ? "its base" : first);
	snprintf(f->xlabel, sizeof(f->xlabel), "ratio of %s", bytes ? "bytes" : "times");
	finish(b, s, f, title);
	snprintf(f->caption, sizeof(f->caption),
		"The %s of each row divided by the %s of %.40s in the same rounds; left of 1 "
		"is "
		"%s. Grey band: %.3g %% to either side of 1, too little to be called a "
		"difference.%s%s%s",
		bytes ? "memory" : "time", bytes ? "memory" : "time",
		several || !first ? "its base" : first, bytes ? "less" : "faster", f->margin * 100,
		several ? " " : "", several ? bases : "", several ? "." : "");
}

static void spaced(char *buf, size_t len, const char *name)
{
	snprintf(buf, len, "%s", name);
	for (char *p = buf; *p; p++)
		if (*p == '_')
			*p = ' ';
}

static void add_marks(
	const struct report_slice *s, const json_t *result, double unit, struct figure *f)
{
	json_t *marks = json_object_get(result, "marks"), *mark;
	struct figure_point whole = {0};
	const char *name;
	char text[64];

	json_object_foreach(marks, name, mark)
	{
		struct figure_point p = {0};

		report_point(mark, unit, &p);
		row_label(s, result, p.label, sizeof(p.label));
		p.x = whole.x = (double)f->border + 1;
		spaced(text, sizeof(text), name);
		if (p.y > 0 && figure_series(f, text))
			figure_add(figure_series(f, text), &p);
	}
	report_point(result, unit, &whole);
	row_label(s, result, whole.label, sizeof(whole.label));
	if (!json_object_get(marks, "reaped") && figure_series(f, "whole op"))
		figure_add(figure_series(f, "whole op"), &whole);
	f->border += 1; /* rows so far; taken back by the caller */
}

void report_marks(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f)
{
	double unit;
	const char *name = report_unit(b, s, false, &unit);

	figure_start(f, "marks", b->name, what);
	snprintf(f->log, sizeof(f->log), "v");
	snprintf(f->xlabel, sizeof(f->xlabel), "time since the call, %s", name);
	for (size_t i = 0; i < json_array_size(b->results) && f->border < FIGURE_ROWS; i++) {
		const json_t *r = json_array_get(b->results, i);

		if (report_in_slice(s, r) && report_ok(r) &&
			json_object_size(json_object_get(r, "marks")))
			add_marks(s, r, unit, f);
	}
	f->border = 0;
	finish(b, s, f, "When each step is done");
	snprintf(f->caption, sizeof(f->caption),
		"Each mark is a moment of the same operation, counted from the start of the call.");
}
