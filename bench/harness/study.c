/* study.c - from axes to points, from variants to cells, from comparisons to blocks */
#include "harness/study.h"
#include "harness/ensure.h"
#include "harness/options.h"
#include "harness/tools.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX    64
#define WORKER_COUNTS 12 /* of a range: a curve needs no more, and a round takes them all */

struct values {
	char text[VALUES_MAX][STUDY_VALUE];
	size_t n;
};

size_t study_axis(const struct bench *b, const char *name)
{
	for (size_t i = 0; i < BENCH_AXES && b->axes[i].name; i++)
		if (!strcmp(b->axes[i].name, name))
			return i;
	return BENCH_AXES;
}

size_t study_variants(const struct bench *b)
{
	size_t n = 0;

	while (b->variants[n].name)
		n++;
	return n;
}

size_t study_variant(const struct bench *b, const char *name)
{
	size_t n = study_variants(b);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(b->variants[i].name, name))
			return i;
	return n;
}

static int add_value(struct values *v, const char *text)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->text[i], text))
			return 0;
	if (v->n == VALUES_MAX)
		return -EINVAL;
	snprintf(v->text[v->n++], STUDY_VALUE, "%s", text);
	return 0;
}

static int add_number(struct values *v, uint64_t number)
{
	char text[STUDY_VALUE];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	return add_value(v, text);
}

/* "max" is the number of places that can run at once. */
static int range_end(const struct place *p, const char *text, uint64_t *out)
{
	if (!strcmp(text, "max")) {
		*out = place_machine(p)->effective;
		return 0;
	}
	return parse_count(text, 0, 1u << 30, out);
}

/* Worker counts between lo and hi: thinned on a big machine, borders kept as far as they fit. */
static int add_workers(struct values *v, const struct place *p, uint64_t lo, uint64_t hi)
{
	unsigned counts[WORKER_COUNTS];
	size_t n = place_sweep(p, (size_t)hi, counts, WORKER_COUNTS);
	int err = add_number(v, lo);

	for (size_t i = 0; !err && i < n; i++)
		if (counts[i] > lo && counts[i] <= hi)
			err = add_number(v, counts[i]);
	return err;
}

/* "A..B", "A..B*F" with F >= 2, and for workers "A..max". */
static int add_range(struct values *v, const struct place *p, bool workers, char *item, char *dots)
{
	char *times = strchr(dots + 2, '*');
	uint64_t lo, hi, factor = 0;

	*dots = '\0';
	if (times) {
		*times = '\0';
		if (parse_count(times + 1, 2, 1u << 20, &factor))
			return -EINVAL;
	}
	if (range_end(p, item, &lo) || range_end(p, dots + 2, &hi) || hi < lo || (factor && !lo))
		return -EINVAL;
	if (workers && (lo < 1 || hi > STUDY_CPUS_MAX))
		return -EINVAL;
	if (workers && !factor)
		return add_workers(v, p, lo, hi);
	if (!factor && hi - lo >= VALUES_MAX)
		return -EINVAL;
	for (uint64_t x = lo; x <= hi; x = factor ? x * factor : x + 1)
		if (add_number(v, x))
			return -EINVAL;
	return 0;
}

static bool numeric(const char *list)
{
	return list[strspn(list, "0123456789,.*")] == '\0';
}

static bool listed(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *s = list; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
		if (!strncmp(s, word, len) && (s[len] == ',' || s[len] == '\0'))
			return true;
	return false;
}

static int add_item(
	struct values *v, const struct bench_axis *axis, const struct place *p, char *item)
{
	bool workers = !strcmp(axis->name, "workers");
	char *dots = strstr(item, "..");
	uint64_t number;

	if (!*item || strlen(item) >= STUDY_VALUE)
		return -EINVAL;
	if (dots)
		return workers || numeric(axis->values) ? add_range(v, p, workers, item, dots)
							: -EINVAL;
	if (workers || numeric(axis->values)) {
		if (range_end(p, item, &number) ||
			(workers && (number < 1 || number > STUDY_CPUS_MAX)))
			return -EINVAL;
		return add_number(v, number);
	}
	return listed(axis->values, item) ? add_value(v, item) : -EINVAL;
}

static int expand(struct values *v, const struct bench_axis *axis, const char *list,
	const struct place *p, char *why, size_t whylen)
{
	char *copy = strdup(list), *rest = copy, *item;

	if (!copy)
		return -ENOMEM;
	v->n = 0;
	while ((item = strsep(&rest, ","))) {
		char shown[64];

		snprintf(shown, sizeof(shown), "%s", item);
		if (add_item(v, axis, p, item)) {
			snprintf(why, whylen, "%s: %s: no such value (allowed: %s)", axis->name,
				shown,
				!strcmp(axis->name, "workers") ? "1..4096, max, ranges as 1..max"
				: numeric(axis->values) ? "whole numbers, ranges as 1..8 or 1..64*2"
							: axis->values);
			free(copy);
			return -EINVAL;
		}
	}
	free(copy);
	return 0;
}

static void point_facts(struct study *s, struct study_point *p)
{
	size_t w = study_axis(s->bench, "workers"), c = study_axis(s->bench, "cpus");
	unsigned effective = place_machine(s->place)->effective;

	p->workers = w < BENCH_AXES ? (unsigned)strtoul(p->values[w], NULL, 10) : 1;
	p->cpus = w < BENCH_AXES && p->workers < effective ? p->workers : effective;
	if (c < BENCH_AXES && !strcmp(p->values[c], "one"))
		p->cpus = 1;
	p->oversubscribed = p->workers > p->cpus;
}

static int build_points(struct study *s, const struct study_sweep *sweep, char *why, size_t whylen)
{
	struct values *v = calloc(BENCH_AXES, sizeof(*v));
	size_t total = 1;
	int err = v ? 0 : -ENOMEM;

	for (s->naxes = 0; !err && s->naxes < BENCH_AXES && s->bench->axes[s->naxes].name;
		s->naxes++) {
		const struct bench_axis *axis = &s->bench->axes[s->naxes];

		err = expand(&v[s->naxes], axis, sweep->values[s->naxes], s->place, why, whylen);
		total *= v[s->naxes].n;
	}
	s->points = err ? NULL : calloc(total, sizeof(*s->points));
	if (!err && !s->points)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < total; i++) {
		size_t rest = i;

		for (size_t a = s->naxes; a-- > 0; rest /= v[a].n)
			memcpy(s->points[i].values[a], v[a].text[rest % v[a].n], STUDY_VALUE);
		point_facts(s, &s->points[i]);
	}
	s->npoints = err ? 0 : total;
	free(v);
	return err;
}

struct bench_run study_probe(const struct study *s, size_t point, size_t variant)
{
	return (struct bench_run){
		.bench = s->bench,
		.variant = &s->bench->variants[variant],
		.point = &s->points[point],
		.quick = s->limits.quick,
		.budget_s = s->limits.budget_s,
		.asked = s->asked,
		.effective = place_machine(s->place)->effective,
	};
}

static void add_cell(struct study *s, size_t point, size_t variant)
{
	struct bench_run probe = study_probe(s, point, variant);
	const char *skip = s->bench->skip ? s->bench->skip(&probe) : NULL;
	struct study_cell *c = &s->cells[s->ncells];

	if (skip && skip[0] == ' ')
		return;
	c->point = point;
	c->variant = variant;
	if (skip)
		snprintf(c->skip, sizeof(c->skip), "%s", skip);
	else if (probe.variant->needs && !tools_find(probe.variant->needs, NULL, 0))
		snprintf(c->skip, sizeof(c->skip), "needs %s, which is not in PATH",
			probe.variant->needs);
	s->ncells++;
}

/* The first variant of a chain of bases: those that share it are compared, and so share rounds. */
static size_t root_variant(const struct bench *b, size_t v)
{
	for (size_t hops = 0; b->variants[v].base && hops < study_variants(b); hops++) {
		size_t base = study_variant(b, b->variants[v].base);

		CHECK(b->variants[base]
				.name); /* a base that is not there is a mistake in the benchmark */
		v = base;
	}
	return v;
}

static bool same_block(
	const struct study *s, const struct study_cell *a, const struct study_cell *b)
{
	if (root_variant(s->bench, a->variant) != root_variant(s->bench, b->variant))
		return false;
	for (size_t i = 0; i < s->naxes; i++) {
		if (s->bench->round_axis && !strcmp(s->bench->axes[i].name, s->bench->round_axis))
			continue;
		if (strcmp(s->points[a->point].values[i], s->points[b->point].values[i]))
			return false;
	}
	return true;
}

static bool in_block(const struct study *s, const struct study_block *b, const struct study_cell *c)
{
	CHECK(b->cells); /* a block is made with its first cell */
	return same_block(s, &s->cells[b->cells[0]], c);
}

static int block_add(struct study *s, size_t block, size_t cell)
{
	struct study_block *b = &s->blocks[block];
	size_t *cells = realloc(b->cells, (b->ncells + 1) * sizeof(*cells));

	if (!cells)
		return -ENOMEM;
	b->cells = cells;
	b->cells[b->ncells++] = cell;
	s->cells[cell].block = block;
	if (block == s->nblocks)
		s->nblocks++;
	return 0;
}

static int build_cells(struct study *s)
{
	size_t nvariants = study_variants(s->bench);

	s->cells = calloc(s->npoints * nvariants, sizeof(*s->cells));
	s->blocks = calloc(s->npoints * nvariants, sizeof(*s->blocks));
	if (!s->cells || !s->blocks)
		return -ENOMEM;
	for (size_t p = 0; p < s->npoints; p++)
		for (size_t v = 0; v < nvariants; v++)
			add_cell(s, p, v);
	for (size_t c = 0; c < s->ncells; c++) {
		size_t b = 0;

		if (s->cells[c].skip[0])
			continue;
		while (b < s->nblocks && !in_block(s, &s->blocks[b], &s->cells[c]))
			b++;
		if (block_add(s, b, c))
			return -ENOMEM;
	}
	return 0;
}

int study_build(struct study *s, const struct bench *b, const struct place *p,
	const struct study_limits *limits, const struct study_sweep *sweep, char *why,
	size_t whylen)
{
	int err;

	memset(s, 0, sizeof(*s));
	s->bench = b;
	s->place = p;
	s->limits = *limits;
	memcpy(s->asked, sweep->asked, sizeof(s->asked));
	s->steal_share = -1.0;
	err = build_points(s, sweep, why, whylen);
	if (!err)
		err = build_cells(s);
	if (err)
		study_free(s);
	return err;
}

int study_add(struct study_cell *c, const struct study_sample *sample)
{
	if (c->n == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct study_sample *more = realloc(c->samples, cap * sizeof(*more));

		if (!more)
			return -ENOMEM;
		c->samples = more;
		c->cap = cap;
	}
	c->samples[c->n++] = *sample;
	return 0;
}

void study_free(struct study *s)
{
	for (size_t i = 0; s->cells && i < s->ncells; i++)
		free(s->cells[i].samples);
	for (size_t i = 0; s->blocks && i < s->nblocks; i++)
		free(s->blocks[i].cells);
	free(s->points);
	free(s->cells);
	free(s->blocks);
	memset(s, 0, sizeof(*s));
}
