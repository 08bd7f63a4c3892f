/* figure.c - charts as numbers: data file, alt text, text twin; see figure.h */
#include "figure.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"

#define BAR_FITS   20 /* with the longest names and verdicts a line has 80 columns */
#define ALT_POINTS 14

void figure_start(struct figure *f, const char *kind, const char *bench, const char *what)
{
	snprintf(f->kind, sizeof(f->kind), "%s", kind);
	snprintf(f->log, sizeof(f->log), "-");
	snprintf(f->stem, sizeof(f->stem), "%s-%s%s%s", bench, kind, *what ? "-" : "", what);
	for (char *p = f->stem; *p; p++) {
		if (isupper((unsigned char)*p))
			*p = (char)tolower((unsigned char)*p);
		else if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_-", *p))
			*p = '-';
	}
}

void figure_free(struct figure *f)
{
	for (size_t i = 0; i < f->nseries; i++)
		free(f->series[i].at);
	free(f->limit.at);
	memset(f, 0, sizeof(*f));
}

struct figure_series *figure_series(struct figure *f, const char *name)
{
	struct figure_series *s;

	for (size_t i = 0; i < f->nseries; i++)
		if (!strcmp(f->series[i].name, name))
			return &f->series[i];
	if (f->nseries == FIGURE_SERIES) {
		f->left_out++;
		return NULL;
	}
	s = &f->series[f->nseries++];
	snprintf(s->name, sizeof(s->name), "%s", name);
	return s;
}

int figure_add(struct figure_series *s, const struct figure_point *p)
{
	struct figure_point *at = realloc(s->at, (s->n + 1) * sizeof(*at));

	if (!at)
		return -ENOMEM;
	s->at = at;
	s->at[s->n++] = *p;
	return 0;
}

size_t figure_points(const struct figure *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->nseries; i++)
		n += f->series[i].n;
	return n;
}

static bool is_timeline(const struct figure *f)
{
	return !strcmp(f->kind, "timeline");
}

static bool rows(const struct figure *f)
{
	return !strcmp(f->log, "v") || !strcmp(f->log, "r");
}

/* One field of the data file: quoted; what would end the quotes or the line is replaced. At most
 * most columns, cut with an ellipsis. */
static void put_text(FILE *out, const char *text, size_t most)
{
	size_t columns = table_width(text), used = 0;

	fputc('"', out);
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if ((*p & 0xc0) != 0x80 && columns > most && ++used == most) {
			fputs("\xe2\x80\xa6", out);
			break;
		}
		fputc(*p == '"'                   ? '\''
			: *p == '\\'              ? '/'
			: *p < 0x20 || *p == 0x7f ? ' '
						  : *p,
			out);
	}
	fputs("\" ", out);
}

static void put_setting(FILE *out, double x)
{
	if (x > 0)
		fprintf(out, "%.9g ", x);
	else
		fputs("- ", out);
}

/* Lines that the key needs below the chart: as many columns as the longest name allows. */
static size_t key_rows(const struct figure *f)
{
	size_t n = f->nseries + (f->limit.n > 0), longest = table_width(f->limit.name), columns;

	for (size_t i = 0; i < f->nseries; i++)
		if (table_width(f->series[i].name) > longest)
			longest = table_width(f->series[i].name);
	columns = 360 / (8 * longest + 60);
	return columns > 1 ? (n + columns - 1) / columns : n;
}

/* Of rows: how many there are, in one series or in all. */
static double last_row(const struct figure *f)
{
	double last = 0;

	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++)
			last = fmax(last, f->series[i].at[k].x);
	return last;
}

/* Height in pixels: a share for each row, and for the key what it needs. A timeline's rows say whose they are. */
static double height(const struct figure *f)
{
	if (!rows(f))
		return 330 + 20 * (double)key_rows(f);
	return 115 + 26 * last_row(f) +
	       (f->nseries > 1 && !is_timeline(f) ? 20 * (double)f->nseries : 0);
}

static void put_head(FILE *out, const struct figure *f)
{
	fprintf(out,
		"# %s.dat - drawn by plots/%s.gp; texts and settings, then one block a series:\n",
		f->stem, f->kind);
	fputs("# x value low high over label value-as-text; ? is: there is no interval\n", out);
	put_text(out, f->title, FIGURE_TITLE_FITS);
	put_text(out, f->note, FIGURE_NOTE_FITS);
	put_text(out, f->xlabel, 50);
	put_text(out, f->ylabel, 36);
	fprintf(out, "%zu %.0f \"%s\" ", f->nseries, height(f), f->log);
	put_setting(out, f->border);
	put_setting(out, f->margin);
	put_text(out, f->limit.n ? f->limit.name : "-", 30);
	put_setting(out, f->cross);
	put_setting(out, f->cross_lo);
	put_setting(out, f->cross_hi);
	put_text(out, *f->cross_text ? f->cross_text : " ", 64);
	put_setting(out, f->ylo);
	put_setting(out, f->yhi);
	fputc('"', out);
	for (size_t i = 0; i < f->nseries; i++)
		fprintf(out, "%s%zu", i ? " " : "",
			f->series[i].style ? (size_t)f->series[i].style : i + 1);
	fputs("\"", out);
	fputc('\n', out);
}

static void put_series(FILE *out, const struct figure_series *s)
{
	fputs("\n\n", out);
	put_text(out, s->name, 28);
	fputc('\n', out);
	for (size_t i = 0; i < s->n; i++) {
		const struct figure_point *p = &s->at[i];
		char value[sizeof(p->value) + sizeof(p->verdict)];

		fprintf(out, "%.9g %.9g ", p->x, p->y);
		if (p->known)
			fprintf(out, "%.9g %.9g ", p->lo, p->hi);
		else
			fputs("? ? ", out);
		fprintf(out, "%d ", p->over);
		put_text(out, p->label, 30);
		snprintf(value, sizeof(value), "%s%s%s", p->value, *p->verdict ? " " : "",
			p->verdict);
		put_text(out, value, 40);
		fputc('\n', out);
	}
}

int figure_write(const struct figure *f, const char *path)
{
	FILE *out = fopen(path, "we");
	bool bad;

	if (!out)
		return -errno;
	put_head(out, f);
	for (size_t i = 0; i < f->nseries; i++)
		put_series(out, &f->series[i]);
	if (f->limit.n)
		put_series(out, &f->limit);
	bad = ferror(out);
	return fclose(out) || bad ? -EIO : 0;
}

/* "41 µs [40, 42]"; of a ratio "4.1 times, slower [3.9, 4.3]". */
static void put_value(FILE *out, const struct figure_point *p)
{
	fprintf(out, "%s%s%s%s%s", p->value, *p->verdict ? " times, " : "", p->verdict,
		*p->interval ? " " : "", p->interval);
}

/* At most ALT_POINTS points are spelled out; of longer lines the first and the last. */
static void put_points_alt(FILE *out, const struct figure *f)
{
	const bool all = figure_points(f) <= ALT_POINTS;
	/* Labels of rows may have commas themselves. */
	const char *between = rows(f) && f->nseries == 1 ? "; " : ", ";

	for (size_t i = 0; i < f->nseries; i++) {
		const struct figure_series *s = &f->series[i];

		if (f->nseries > 1)
			fprintf(out, "%s%s: ", i ? "; " : "", s->name);
		for (size_t k = 0; k < s->n; k++) {
			const struct figure_point *p = &s->at[k];

			if (!all && k && k + 1 < s->n)
				continue;
			fprintf(out, "%s%s%s ", k ? between : "", rows(f) ? "" : "at ", p->label);
			put_value(out, p);
		}
	}
}

static void put_alt(FILE *out, const struct figure *f)
{
	fprintf(out, "%s. ", f->title);
	if (!rows(f))
		fprintf(out, "%s over %s: ", f->ylabel, f->xlabel);
	else
		fprintf(out, "%s: ", f->xlabel);
	if (is_timeline(f))
		figure_timeline_alt(f, out);
	else
		put_points_alt(out, f);
	fprintf(out, ". %s%s", f->cross_text, *f->cross_text ? ". " : "");
	if (*f->note)
		fprintf(out, "Measured %s.", f->note);
}

char *figure_alt(const struct figure *f, char *buf, size_t len)
{
	FILE *out = fmemopen(buf, len, "w");

	*buf = '\0';
	if (!out)
		return buf;
	put_alt(out, f);
	fclose(out);
	buf[len - 1] = '\0';
	/* A cut may have split a character: back to the last whole one. */
	for (size_t n = strlen(buf); n == len - 1 && n > 0 && (buf[n - 1] & 0x80); n--)
		buf[n - 1] = '\0';
	return buf;
}

/* Largest and smallest value, for the bars. */
static void range(const struct figure *f, double *lo, double *hi)
{
	*lo = HUGE_VAL;
	*hi = 0;
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			*lo = fmin(*lo, f->series[i].at[k].y);
			*hi = fmax(*hi, f->series[i].at[k].y);
		}
}

static int bar(double y, double lo, double hi)
{
	double share;

	if (!(hi > 0) || !(y > 0))
		return 0;
	/* Over more than a factor of 50 a linear bar shows nothing but the largest. */
	if (lo > 0 && hi > 50 * lo)
		share = (log(y / lo) + 1) / (log(hi / lo) + 1);
	else
		share = y / hi;
	return (int)lround(share * BAR_FITS);
}

static void print_points(const struct figure *f, FILE *out)
{
	static const char full[] = "####################";
	double lo, hi;
	int label = 1;

	range(f, &lo, &hi);
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++)
			label = (int)fmax(label, (double)table_width(f->series[i].at[k].label));
	for (size_t i = 0; i < f->nseries; i++) {
		if (f->nseries > 1 || !rows(f))
			fprintf(out, "%s, by %s\n", f->series[i].name,
				rows(f) ? "variant" : f->xlabel);
		for (size_t k = 0; k < f->series[i].n; k++) {
			const struct figure_point *p = &f->series[i].at[k];
			int pad = label - (int)table_width(p->label);

			fprintf(out, "  %*s%s %-*.*s ", pad, "", p->label, BAR_FITS,
				bar(p->y, lo, hi), full);
			put_value(out, p);
			fputs(p->over ? "  more workers than CPUs\n" : "\n", out);
		}
	}
	if (lo > 0 && hi > 50 * lo)
		fputs("  (bars are logarithmic)\n", out);
}

void figure_print(const struct figure *f, FILE *out)
{
	fprintf(out, "%s\n", f->title);
	if (is_timeline(f))
		figure_timeline_print(f, out);
	else
		print_points(f, out);
	if (*f->cross_text)
		fprintf(out, "  %s\n", f->cross_text);
	if (*f->note)
		fprintf(out, "  measured %s\n", f->note);
}
