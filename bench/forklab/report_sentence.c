/* report_sentence.c - the question of a benchmark, answered in one sentence from its records */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"

#define SAID 3 /* comparisons in one sentence: more is a table */

struct pair {
	char a[48], b[48], ratio[TABLE_CELL], interval[96], ma[TABLE_CELL], mb[TABLE_CELL];
	double lo, hi; /* of the ratio; both 0: no interval */
};

/* Names of variants as a reader says them; names of calls stay whole. */
static void spaced(char *buf, size_t len, const char *name)
{
	static const char *const said[][2] = {
		{"serial", "serial work"},
		{"threads_one_lock", "threads behind one lock"},
		{"python_serial", "CPython's serial work"},
		{"python_threads", "threads"},
		{"python_processes", "processes"},
		{"posix_spawn", "posix_spawn"},
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		if (!strcmp(name, said[i][0])) {
			snprintf(buf, len, "%s", said[i][1]);
			return;
		}
	snprintf(buf, len, "%s", name);
	for (char *p = buf; *p; p++)
		if (*p == '_')
			*p = ' ';
}

/* A variant against its base. False: not measured, or no comparison. */
static bool pair(const struct report_bench *b, const struct report_slice *s, const json_t *result,
	struct pair *out)
{
	const json_t *c = report_compare(b, result), *base;

	if (!c || !report_ok(result))
		return false;
	base = report_find(b, s, report_text(c, "b"));
	spaced(out->a, sizeof(out->a), report_text(c, "a"));
	spaced(out->b, sizeof(out->b), report_text(c, "b"));
	report_ratio(out->ratio, sizeof(out->ratio), report_number(c, "ratio", 0));
	out->lo = json_number_value(json_array_get(json_object_get(c, "ci95"), 0));
	out->hi = json_number_value(json_array_get(json_object_get(c, "ci95"), 1));
	if (!*report_ratio_interval(c, out->interval, sizeof(out->interval)))
		snprintf(out->interval, sizeof(out->interval), "(too few rounds for an interval)");
	else if (!strcmp(report_text(c, "verdict"), "inconclusive"))
		strncat(out->interval, " (cannot be told from 1)",
			sizeof(out->interval) - strlen(out->interval) - 1);
	table_value(out->ma, sizeof(out->ma), report_text(result, "unit"),
		report_number(result, "median", 0));
	table_value(out->mb, sizeof(out->mb), report_text(base, "unit"),
		report_number(base, "median", 0));
	return base != NULL;
}

/* Up to SAID pairs of the slice: those of prefer, else in the order of the records. */
static size_t pairs(const struct report_bench *b, const struct report_slice *s,
	const char *const *prefer, struct pair *out)
{
	size_t n = 0;

	for (; prefer && *prefer && n < SAID; prefer++)
		n += report_find(b, s, *prefer) && pair(b, s, report_find(b, s, *prefer), &out[n]);
	if (n)
		return n;
	for (size_t i = 0; n < SAID && i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);

		if (report_in_slice(s, r))
			n += pair(b, s, r, &out[n]);
	}
	return n;
}

/* Who takes less of the same base's time: only where the intervals do not meet. */
static const char *winner(const struct pair *a, const struct pair *b)
{
	if (a->hi == 0 || b->hi == 0)
		return "it cannot be told";
	return a->hi < b->lo ? a->a : b->hi < a->lo ? b->a : "neither";
}

static void say_workers(FILE *f, const struct report_slice *s, const struct pair *p, size_t n)
{
	size_t w = report_axis(s, "workers"), g = report_axis(s, "work");

	if (n > 1)
		fprintf(f, "In C %s: ", winner(&p[0], &p[1]));
	if (w < s->naxes)
		fprintf(f, "with %s worker%s%s%s%s, ", s->fixed[w],
			strcmp(s->fixed[w], "1") ? "s" : "", g < s->naxes ? " of " : "",
			g < s->naxes ? s->fixed[g] : "", g < s->naxes ? " of computing each" : "");
	fprintf(f, "%s take %s %s of the time of %s by one thread (%s against %s)", p->a, p->ratio,
		p->interval, p->b, p->ma, p->mb);
	for (size_t i = 1; i < n; i++)
		fprintf(f, "; %s %s %s", p[i].a, p[i].ratio, p[i].interval);
}

static void say_any(FILE *f, const struct report_bench *b, const struct report_slice *s,
	const struct pair *p, size_t n)
{
	const char *as = report_bytes(b) ? "as much as" : "as long as";
	char at[200];

	report_slice_text(s, at, sizeof(at));
	if (*at)
		fprintf(f, "At %s: ", at);
	fprintf(f, "%s takes %s times %s %s %s (%s against %s)", p->a, p->ratio, p->interval, as,
		p->b, p->ma, p->mb);
	for (size_t i = 1; i < n; i++)
		fprintf(f, "; %s %s times %s%s%s%s%s", p[i].a, p[i].ratio, p[i].interval,
			strcmp(p[i].b, p->b) ? " " : "", strcmp(p[i].b, p->b) ? as : "",
			strcmp(p[i].b, p->b) ? " " : "", strcmp(p[i].b, p->b) ? p[i].b : "");
}

/* Slope of a variant's time over an axis, with one slope a round. False: cannot be told. */
static bool slope(const struct report_bench *b, const struct report_slice *s, size_t axis,
	const char *variant, struct stats_summary *out)
{
	const json_t *results[REPORT_VALUES];
	double x[REPORT_VALUES], *t, *slopes;
	size_t n = report_along(b, s, axis, variant, results, x), rounds;
	unsigned *launch;
	bool ok = false;

	if (n < 2 || store_weave(results, NULL, n, &t, &launch, &rounds))
		return false;
	slopes = calloc(rounds, sizeof(*slopes));
	if (slopes) {
		ok = true;
		for (size_t r = 0; r < rounds; r++)
			ok = ok && !stats_slope(x, t + r * n, n, &slopes[r]);
		ok = ok && !stats_summarise(slopes, launch, rounds, 0.95, out);
	}
	free(slopes);
	free(t);
	free(launch);
	return ok;
}

/* MiB as the axis: told for each GiB. False: there is nothing to tell. */
static bool say_memory(FILE *f, const struct report_bench *b, const struct report_slice *s)
{
	static const char *const variants[] = {"fork", "vfork", "posix_spawn"};
	size_t axis = report_axis(s, "parent_mib"), said = 0;
	double first = 0;

	for (size_t i = 0; axis < s->naxes && i < 3; i++) {
		char at[TABLE_CELL], interval[64];
		struct stats_summary sum;

		if (!slope(b, s, axis, variants[i], &sum))
			continue;
		table_time(at, sizeof(at), sum.median * 1024);
		table_time_interval(interval, sizeof(interval), sum.median * 1024, sum.ci.known,
			sum.ci.lo * 1024, sum.ci.hi * 1024);
		if (!said++) {
			fprintf(f,
				"Each GiB that the parent has written to makes %s slower by %s %s",
				variants[i], at, interval);
			first = sum.median;
		} else if (sum.ci.known && fmax(-sum.ci.lo, sum.ci.hi) < first / 100) {
			fprintf(f, ", %s by less than a hundredth of that (at most %s either way)",
				variants[i],
				table_time(at, sizeof(at), fmax(-sum.ci.lo, sum.ci.hi) * 1024));
		} else if (sum.ci.known && sum.ci.lo <= 0 && sum.ci.hi >= 0) {
			fprintf(f, ", %s by nothing that can be measured (at most %s either way)",
				variants[i],
				table_time(at, sizeof(at), fmax(-sum.ci.lo, sum.ci.hi) * 1024));
		} else {
			fprintf(f, ", %s by %s %s", variants[i], at, interval);
		}
	}
	return said > 0;
}

/* "1e6inc" reads "1e6 increments". */
static char *amount(char *buf, size_t len, const char *work)
{
	size_t n = strlen(work);
	bool inc = n > 3 && !strcmp(work + n - 3, "inc");

	snprintf(buf, len, "%.*s%s", (int)(inc ? n - 3 : n), work, inc ? " increments" : "");
	return buf;
}

static const char *const python[] = {"python_threads", "python_processes"};

/* Both kinds against serial work at the point of a result. */
static bool python_pairs(const struct report_bench *b, const json_t *params, struct pair *out)
{
	struct report_slice s;

	report_axes(b, &s);
	for (size_t k = 0; k < s.naxes; k++)
		s.fixed[k] = report_text(params, s.axis[k].name);
	for (size_t k = 0; k < 2; k++)
		if (!report_find(b, &s, python[k]) ||
			!pair(b, &s, report_find(b, &s, python[k]), &out[k]))
			return false;
	return true;
}

/* What the published figures are about: CPython, at the published size; that is the largest of those
 * that are measured, and all CPUs come first. */
static void say_python(FILE *f, const struct report_bench *b)
{
	const json_t *said = NULL;
	double most = 0;
	struct pair p[2];
	char work[48];

	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i),
			     *params = json_object_get(r, "params");
		double size = strtod(report_text(params, "work"), NULL);

		if (strcmp(report_text(r, "variant"), python[0]) || !report_ok(r) || size <= most ||
			!python_pairs(b, params, p))
			continue;
		most = size;
		said = params;
	}
	if (!said || !python_pairs(b, said, p))
		return;
	fprintf(f, ". In CPython %s: %s workers, %s each, take %s %s as threads, %s %s as ",
		winner(&p[0], &p[1]), report_text(said, "workers"),
		amount(work, sizeof(work), report_text(said, "work")), p[0].ratio, p[0].interval,
		p[1].ratio, p[1].interval);
	fputs("processes, of the time of serial work", f);
}

static void say_nothing(FILE *f, const struct report_bench *b)
{
	char median[TABLE_CELL], interval[64];

	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);

		if (!report_ok(r))
			continue;
		report_time(r, median, sizeof(median), interval, sizeof(interval));
		fprintf(f, "%s takes %s %s", report_text(r, "variant"), median, interval);
		return;
	}
	fputs("Not measured here", f);
	if (json_array_size(b->skips))
		fprintf(f, ": %s", report_text(json_array_get(b->skips, 0), "text"));
}

static void put_sentence(FILE *f, const struct report_bench *b)
{
	static const char *const workers[] = {"processes", "threads", "threads_one_lock", NULL};
	const bool work = !strcmp(b->name, "threads_vs_processes");
	struct report_slice s;
	struct pair p[SAID];
	size_t n;

	report_axes(b, &s);
	report_slice_fix(b, &s, s.naxes);
	if (report_answer(f, b, &s))
		return;
	if (!strcmp(b->name, "parent_memory") && say_memory(f, b, &s))
		return;
	n = pairs(b, &s, work ? workers : NULL, p);
	if (!n)
		say_nothing(f, b);
	else if (work)
		say_workers(f, &s, p, n);
	else
		say_any(f, b, &s, p, n);
	if (work)
		say_python(f, b);
}

char *report_sentence(const struct report_bench *b, char *buf, size_t len)
{
	FILE *f = fmemopen(buf, len - 1, "w");
	size_t n;

	memset(buf, 0, len);
	if (!f)
		return buf;
	put_sentence(f, b);
	fclose(f);
	buf[len - 2] = '\0';
	n = strlen(buf);
	if (n && buf[n - 1] != '.')
		memcpy(buf + n, ".", 2);
	return buf;
}
