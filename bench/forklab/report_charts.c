/* report_charts.c - which figures a benchmark gets, in reading order, and their drawing */
#include "report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/chart.h"

#define COMBINATIONS 3 /* of word axes, a figure each; the table has all */

struct list {
	struct figure *at;
	size_t n;
};

/* The place for the next figure; NULL: a benchmark has enough. */
static struct figure *next(struct list *l)
{
	return l->n < REPORT_FIGURES ? &l->at[l->n] : NULL;
}

/* Of the same rows: a value that has rows of its own may be all that was measured. */
static bool is_there(const struct list *l, const struct figure *f)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->at[i].kind, f->kind) && !strcmp(l->at[i].title, f->title))
			return true;
	return false;
}

/* Keeps the figure where a series has at least that many points. */
static void keep(struct list *l, struct figure *f, size_t least)
{
	for (size_t i = 0; i < f->nseries && !is_there(l, f); i++)
		if (f->series[i].n >= least) {
			l->n++;
			return;
		}
	figure_free(f);
}

/* Fixes the word axes at their combination number c. False: there are not so many. */
static bool combination(struct report_slice *s, size_t c, char *name, size_t len)
{
	size_t used = 0;

	name[0] = '\0';
	for (size_t i = 0; i < s->naxes; i++) {
		if (s->axis[i].numeric || s->axis[i].n < 2)
			continue;
		s->fixed[i] = s->axis[i].values[c % s->axis[i].n];
		c /= s->axis[i].n;
		if (used < len)
			used += (size_t)snprintf(
				name + used, len - used, "%s%s", used ? "-" : "", s->fixed[i]);
	}
	return c == 0;
}

/* The axis, other than workers, that becomes x: the benchmark's wish, else the first with a sweep. */
static size_t sweep_axis(const struct report_bench *b, const struct report_slice *s)
{
	size_t best = s->naxes;

	for (size_t i = 0; i < s->naxes; i++) {
		const struct report_axis *a = &s->axis[i];

		if (!a->numeric || a->n < 2 || !strcmp(a->name, "workers"))
			continue;
		if (best == s->naxes || !strcmp(a->name, b->chart_axis))
			best = i;
	}
	return best;
}

/* Both axes of a grain chart are logarithmic: for sizes with units, and where workers are swept too. */
static const char *sweep_kind(const struct report_bench *b, const struct report_slice *s, size_t x)
{
	bool grain = report_axis(s, "workers") < s->naxes || s->axis[x].with_unit ||
		     !strcmp(b->chart, "grain");

	for (size_t k = 0; k < s->axis[x].n; k++)
		grain = grain && (s->axis[x].numbers[k] > 0 || !s->axis[x].is_number[k]);
	return grain ? "grain" : "line";
}

static void add_scaling(struct list *l, const struct report_bench *b, struct report_slice s,
	size_t w, const char *name)
{
	char what[96];
	struct figure *f;

	report_slice_fix(b, &s, w);
	f = next(l);
	if (f) {
		figure_start(f, "scaling", b->name, name);
		report_over_axis(b, &s, w, f);
		keep(l, f, 2);
	}
	f = next(l);
	snprintf(what, sizeof(what), "%s%sspeedup", name, *name ? "-" : "");
	if (f) {
		figure_start(f, "scaling", b->name, what);
		report_speedup(b, &s, w, f);
		keep(l, f, 2);
	}
}

static void add_sweeps(
	struct list *l, const struct report_bench *b, const struct report_slice *axes)
{
	struct report_slice s = *axes;
	size_t w = report_axis(&s, "workers"), x = sweep_axis(b, &s);
	char name[64];

	for (size_t c = 0; c < COMBINATIONS && combination(&s, c, name, sizeof(name)); c++) {
		struct report_slice at = s;
		struct figure *f;

		if (w < s.naxes && s.axis[w].numeric && s.axis[w].n > 1)
			add_scaling(l, b, s, w, name);
		f = x < s.naxes ? next(l) : NULL;
		if (!f)
			continue;
		report_slice_fix(b, &at, x);
		figure_start(f, sweep_kind(b, &s, x), b->name, name);
		report_over_axis(b, &at, x, f);
		keep(l, f, 2);
	}
}

static size_t rows_in(const struct report_bench *b, const struct report_slice *s)
{
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(b->results); i++)
		n += report_in_slice(s, json_array_get(b->results, i));
	return n;
}

struct row_kinds {
	bool ladder, marks, forest;
};

static void add_rows_at(struct list *l, const struct report_bench *b, const struct report_slice *s,
	const char *name, struct row_kinds kinds)
{
	static void (*const draw[])(const struct report_bench *, const struct report_slice *,
		const char *, struct figure *) = {report_ladder, report_marks, report_forest};
	const bool wanted[] = {kinds.ladder, kinds.marks, kinds.forest};

	for (size_t i = 0; i < 3; i++) {
		struct figure *f = wanted[i] ? next(l) : NULL;

		if (!f)
			continue;
		draw[i](b, s, name, f);
		keep(l, f, 1);
	}
}

/* One figure where all rows fit, else one for each combination of words. */
static void add_rows(struct list *l, const struct report_bench *b,
	const struct report_slice *numbers, const char *name, struct row_kinds kinds)
{
	struct report_slice s = *numbers;
	char words[64], both[160];

	report_slice_fix(b, &s, s.naxes);
	report_free_words(&s);
	if (rows_in(b, &s) <= FIGURE_ROWS) {
		add_rows_at(l, b, &s, name, kinds);
		return;
	}
	for (size_t c = 0; c < COMBINATIONS && combination(&s, c, words, sizeof(words)); c++) {
		snprintf(both, sizeof(both), "%s%s%s", name, *name && *words ? "-" : "", words);
		add_rows_at(l, b, &s, both, kinds);
	}
}

/* Values that fit no scale, as the published "1e6inc" among times, get rows of their own. */
static void add_odd(struct list *l, const struct report_bench *b, const struct report_slice *axes)
{
	for (size_t i = 0; i < axes->naxes; i++)
		for (size_t k = 0; axes->axis[i].numeric && k < axes->axis[i].n; k++) {
			struct report_slice s = *axes;

			if (axes->axis[i].is_number[k])
				continue;
			s.fixed[i] = axes->axis[i].values[k];
			add_rows(l, b, &s, s.fixed[i],
				(struct row_kinds){.ladder = true, .forest = true});
		}
}

/* Fixes all axes at the result's point, whose values with a choice name it. */
static void fix_at(struct report_slice *s, const json_t *result, char *name, size_t len)
{
	const json_t *params = json_object_get(result, "params");
	size_t used = 0;

	name[0] = '\0';
	for (size_t i = 0; i < s->naxes; i++) {
		s->fixed[i] = report_text(params, s->axis[i].name);
		if (s->axis[i].n > 1 && used < len)
			used += (size_t)snprintf(
				name + used, len - used, "%s%s", used ? "-" : "", s->fixed[i]);
	}
}

/* Whether result number i told who did what when, at these parameters. */
static bool told_at(const struct report_bench *b, size_t i, const json_t *params)
{
	const json_t *r = json_array_get(b->results, i);

	return json_object_get(r, "timeline") && json_equal(json_object_get(r, "params"), params);
}

/* A figure for each point at which a variant told who did what when. */
static void add_timelines(
	struct list *l, const struct report_bench *b, const struct report_slice *axes)
{
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);
		const json_t *params = json_object_get(r, "params");
		struct report_slice s = *axes;
		struct figure *f = next(l);
		char name[64];
		size_t k = 0;

		/* Not for the second variant of a point again: all of them stand in the first one's. */
		while (k < i && !told_at(b, k, params))
			k++;
		if (!f || k < i || !told_at(b, i, params))
			continue;
		fix_at(&s, r, name, sizeof(name));
		report_timeline(b, &s, name, f);
		keep(l, f, 1);
	}
}

size_t report_figures(const struct report_bench *b, struct figure out[REPORT_FIGURES])
{
	struct list l = {.at = out};
	struct report_slice axes;
	size_t timelines;
	bool swept;

	memset(out, 0, REPORT_FIGURES * sizeof(*out));
	report_axes(b, &axes);
	add_timelines(&l, b, &axes);
	timelines = l.n;
	add_sweeps(&l, b, &axes);
	report_share_scale(out + timelines, l.n - timelines);
	swept = l.n > timelines;
	add_odd(&l, b, &axes);
	add_rows(&l, b, &axes, "",
		(struct row_kinds){.ladder = !swept, .marks = !swept, .forest = true});
	return l.n;
}

/* Without gnuplot, or where it hangs, the script to draw it elsewhere is left beside the data. Each chart would
 * wait for the deadline anew: after the first, none is tried. */
static void draw_one(struct report *r, struct figure *f)
{
	char alt[1600];
	int err;

	if (*r->charts_why || r->charts_stopped) {
		chart_script(r->paths->plots, f->kind, f->data, f->svg);
		err = r->charts_stopped ? -ETIMEDOUT : -ENOENT;
	} else {
		err = chart_draw(r->paths->plots, f->kind, f->data, f->svg,
			figure_alt(f, alt, sizeof(alt)), f->why, sizeof(f->why));
	}
	f->drawn = !err;
	if (err == -ETIMEDOUT) {
		r->charts_stopped = true;
		snprintf(f->why, sizeof(f->why), "gnuplot did not answer");
	} else if (err && !*f->why && !*r->charts_why) {
		snprintf(f->why, sizeof(f->why), "gnuplot did not draw it");
	}
}

int report_draw(struct report *r, struct figure *figures, size_t n)
{
	char dir[PATH_MAX];
	int err = 0;

	if ((size_t)snprintf(dir, sizeof(dir), "%s/charts", r->dir) >= sizeof(dir))
		return -ENAMETOOLONG;
	if (mkdir(dir, 0777) && errno != EEXIST)
		return -errno;
	for (size_t i = 0; i < n && !err; i++) {
		struct figure *f = &figures[i];

		if ((size_t)snprintf(f->svg, sizeof(f->svg), "%s/%s.svg", dir, f->stem) >=
			sizeof(f->svg))
			return -ENAMETOOLONG;
		memcpy(f->data, f->svg, sizeof(f->data));
		memcpy(f->data + strlen(f->data) - 4, ".dat", 4);
		err = figure_write(f, f->data);
		if (err)
			break;
		if (!r->charts_left) {
			snprintf(f->why, sizeof(f->why), "a page has at most %d charts",
				REPORT_CHARTS);
			continue;
		}
		r->charts_left--;
		draw_one(r, f);
	}
	return err;
}
