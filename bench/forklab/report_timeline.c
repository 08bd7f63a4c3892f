/* report_timeline.c - figures of who did what when: a row for each worker, a box for each task */
#include "report.h"

#include <math.h>
#include <string.h>

#define LANES        4 /* workers of one variant that are shown; the others are counted */
#define WORKERS_MOST 100000
#define TASKS_MOST   100000

struct unit {
	const char *name;
	double ns;
};

static struct unit unit_of(double longest_ns)
{
	static const struct unit units[] = {{"s", 1e9}, {"ms", 1e6}, {"\xc2\xb5s", 1e3}, {"ns", 1}};
	size_t i = 0;

	while (i < 3 && longest_ns < units[i].ns)
		i++;
	return units[i];
}

struct span {
	size_t worker, task;
	double begin_ns, end_ns;
};

static size_t spans_of(const json_t *timeline)
{
	return json_array_size(json_object_get(timeline, "task"));
}

static json_int_t number_at(const json_t *timeline, const char *key, size_t i)
{
	return json_integer_value(json_array_get(json_object_get(timeline, key), i));
}

/* False: the record, which may be anybody's, says nonsense there. */
static bool span_at(const json_t *timeline, size_t i, struct span *out)
{
	json_int_t worker = number_at(timeline, "worker", i), task = number_at(timeline, "task", i);

	out->begin_ns = (double)number_at(timeline, "begin_ns", i);
	out->end_ns = (double)number_at(timeline, "end_ns", i);
	if (worker < 0 || worker > WORKERS_MOST || task < 0 || task > TASKS_MOST ||
		out->begin_ns < 0 || out->end_ns < out->begin_ns)
		return false;
	out->worker = (size_t)worker;
	out->task = (size_t)task;
	return true;
}

/* The last end of all timelines in the slice: all rows get the same axis. */
static double longest_ns(const struct report_bench *b, const struct report_slice *s)
{
	double longest = 0;

	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);
		const json_t *t = json_object_get(r, "timeline");
		struct span at;

		for (size_t k = 0; report_in_slice(s, r) && k < spans_of(t); k++)
			if (span_at(t, k, &at))
				longest = fmax(longest, at.end_ns);
	}
	return longest;
}

/* Rows are counted from 1; each variant's workers begin behind the last variant's. Returns its workers. */
static size_t add_variant(
	struct figure *f, const char *variant, const json_t *t, size_t row, const struct unit *unit)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t workers = 0;

	for (size_t i = 0; i < spans_of(t); i++) {
		struct figure_series *series;
		struct figure_point p = {.known = true};
		struct span at;

		if (!span_at(t, i, &at))
			continue;
		workers = at.worker + 1 > workers ? at.worker + 1 : workers;
		if (at.worker >= LANES)
			continue;
		series = figure_series(f, variant);
		if (!series)
			break;
		p.x = (double)(row + at.worker);
		p.lo = at.begin_ns / unit->ns;
		p.hi = at.end_ns / unit->ns;
		p.y = (p.lo + p.hi) / 2;
		snprintf(p.label, sizeof(p.label), "%.24s, worker %zu", variant, at.worker + 1);
		snprintf(p.value, sizeof(p.value), "%c", letters[at.task % strlen(letters)]);
		figure_add(series, &p);
	}
	return workers;
}

static void caption(struct figure *f, size_t most_workers)
{
	int used = snprintf(f->caption, sizeof(f->caption),
		"Each box is a task, in the order of its letters; a gap is a worker that has "
		"nothing to do. The fastest sample of each variant in the last launch, in which "
		"least stood in its way; the times of all samples are in the other charts.");

	if (most_workers > LANES && used > 0)
		snprintf(f->caption + used, sizeof(f->caption) - (size_t)used,
			" The first %d of %zu workers are shown.", LANES, most_workers);
}

void report_timeline(const struct report_bench *b, const struct report_slice *s, const char *what,
	struct figure *f)
{
	struct unit unit = unit_of(longest_ns(b, s));
	size_t row = 1, most = 0;
	char at[160], note[200];

	figure_start(f, "timeline", b->name, what);
	snprintf(f->log, sizeof(f->log), "r");
	for (size_t i = 0; i < json_array_size(b->results); i++) {
		const json_t *r = json_array_get(b->results, i);
		const json_t *t = json_object_get(r, "timeline");
		size_t workers;

		if (!t || !report_in_slice(s, r) || row + LANES > FIGURE_ROWS + 1)
			continue;
		workers = add_variant(f, report_text(r, "variant"), t, row, &unit);
		row += workers < LANES ? workers : LANES;
		most = workers > most ? workers : most;
	}
	f->yhi = longest_ns(b, s) / unit.ns;
	snprintf(f->xlabel, sizeof(f->xlabel), "time, %s", unit.name);
	snprintf(f->title, sizeof(f->title), "Who did what when; %.100s",
		report_slice_text(s, at, sizeof(at)));
	/* Behind how often each was measured, which says nothing of one sample. */
	report_note(b, s, note, sizeof(note));
	snprintf(f->note, sizeof(f->note), "in the fastest sample of each%s",
		note + strcspn(note, ";"));
	caption(f, most);
}
