/* plan.c - forklab plan: where workers would run, on this machine or on one that is only described
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "harness/ensure.h"
#include "harness/options.h"
#include "harness/place.h"
#include "harness/say.h"
#include "harness/table.h"

#define WORKERS_MOST 1000000u
#define POINTS_MOST  40 /* more points than that, nobody measures */

/* A table longer than this is shortened: its beginning, the borders while there is room, its end.
 */
#define ROWS_ALL    40
#define ROWS_FIRST  8
#define ROWS_BORDER 24
#define ROWS_LAST   2

struct plan {
	struct place_options place;
	const char *workers;
};

static const struct options_text about = {
	.usage = "[options]",
	.about = "Shows where workers would run: the order of places, the borders it crosses, and "
		 "the "
		 "points of a sweep. With --topology for a machine you do not have; such a plan is "
		 "never "
		 "measured.",
	.after =
		"Example: forklab plan --topology \"pack:2 numa:2 core:8 pu:2\" --proc-bind spread",
};

static void read_line(int argc, char **argv, struct plan *plan)
{
	int places = PLACE_CORES, bind = PLACE_CLOSE, pair = 0, rest;
	bool given_pair = false;
	const struct option_spec specs[] = {
		{.name = "topology",
			.type = OPTION_TEXT,
			.out = &plan->place.synthetic,
			.arg = "TEXT",
			.help = "hwloc's description, outside in, \"pack:2 core:4 pu:2\" (default "
				"this machine)"},
		{.name = "workers",
			.type = OPTION_TEXT,
			.out = &plan->workers,
			.arg = "N|1..N",
			.help = "points to plan: one, or a sweep; N may be max (default 1..max)"},
		{.name = "places",
			.type = OPTION_WORD,
			.out = &places,
			.words = "cores|threads",
			.arg = "KIND",
			.help = "one place a core, or a hardware thread (default cores)"},
		{.name = "proc-bind",
			.type = OPTION_WORD,
			.out = &bind,
			.words = "close|spread|primary|none",
			.arg = "POLICY",
			.help = "neighbours first, far apart first, all on the first, not bound "
				"(default close)"},
		{.name = "no-smt",
			.type = OPTION_FLAG,
			.out = &plan->place.no_smt,
			.help = "one hardware thread of each core"},
		{.name = "cpus",
			.type = OPTION_TEXT,
			.out = &plan->place.cpus,
			.arg = "LIST",
			.help = "only these: 0,2-3 (the kernel's CPU numbers) or core:0-1 "
				"(hwloc's)"},
		{.name = "pair",
			.type = OPTION_WORD,
			.out = &pair,
			.words = "same-core|same-llc",
			.arg = "KIND",
			.help = "two CPUs that are related so; exit code 77 where there are none",
			.given = &given_pair},
		{0},
	};

	rest = options_read(argc, argv, specs, &about, false);
	if (rest < argc)
		options_refuse("plan", argv[rest], "takes no operand");
	plan->place.kind = (enum place_kind)places;
	plan->place.bind = (enum place_bind)bind;
	/* As the benchmarks do: one worker a core means its first hardware thread. */
	plan->place.no_smt |= !places && !given_pair;
	if (given_pair)
		plan->place.pair = pair ? PLACE_SAME_LLC : PLACE_SAME_CORE;
}

/* Which option a malformed value came from: the first that is refused when options are added one by
 * one. */
static const char *blame(const struct place_options *opt)
{
	struct place_options some = {.synthetic = opt->synthetic};
	struct place *p = NULL;
	int err = place_open(&some, &p, NULL, 0);

	place_close(p);
	if (err == -EINVAL)
		return "--topology";
	some.cpus = opt->cpus;
	p = NULL;
	err = place_open(&some, &p, NULL, 0);
	place_close(p);
	return err == -EINVAL ? "--cpus" : "--pair";
}

static __attribute__((noreturn)) void refuse(
	const struct place_options *opt, int err, const char *why)
{
	switch (err) {
	case -EINVAL:
		say_exit(EXIT_USAGE, "%s: %s", options_shown(blame(opt)), why);
	case -E2BIG:
		say_exit(opt->synthetic ? EXIT_USAGE : EXIT_ENVIRONMENT, "%s: %s",
			opt->synthetic ? options_shown("--topology") : "topology", why);
	case -ENOENT:
		say_exit(EXIT_ENVIRONMENT, "%s: %s", options_shown("--cpus"), why);
	case -ENODEV:
		say_exit(EXIT_SKIPPED, "%s: %s", options_shown("--pair"), why);
	default:
		say_exit(EXIT_ENVIRONMENT, "placement: %s", *why ? why : strerror(-err));
	}
}

static const char *border_name(enum place_border b)
{
	switch (b) {
	case PLACE_BORDER_SMT:
		return "SMT";
	case PLACE_BORDER_LLC:
		return "last-level cache";
	case PLACE_BORDER_NUMA:
		return "NUMA node";
	case PLACE_BORDER_PACKAGE:
		return "package";
	case PLACE_BORDER_NONE:
		break;
	}
	return "";
}

/* "0", "0,1", or "0,1,2 and 5 more" for the CPUs of a place. */
static void cell_cpus(struct table *t, const struct place *p, size_t i)
{
	const unsigned *cpus = place_cpus(p, i), n = place_slot(p, i)->ncpus;
	char text[TABLE_CELL];
	int at = 0;

	for (unsigned k = 0; k < n && k < 4; k++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%u", k ? "," : "", cpus[k]);
	if (n > 4)
		snprintf(text + at, sizeof(text) - (size_t)at, " and %u more", n - 4);
	table_cell(t, text);
}

/* A level that the machine does not have is no number. */
static void cell_level(struct table *t, unsigned levels, unsigned number)
{
	if (levels)
		table_cellf(t, "%u", number);
	else
		table_cell(t, "-");
}

static void row(struct table *t, const struct place *p, size_t i)
{
	const struct place_machine *m = place_machine(p);
	const struct place_slot *s = place_slot(p, i);

	table_cellf(t, "%zu", i + 1);
	cell_cpus(t, p, i);
	table_cellf(t, "%u", s->core);
	if (s->ncpus > 1)
		table_cell(t, "all");
	else
		table_cellf(t, "%u", s->thread);
	cell_level(t, m->llcs, s->llc);
	cell_level(t, m->numa_nodes, s->numa);
	cell_level(t, m->packages, s->package);
	table_cell(t, border_name(s->border));
}

/* Whether place i stands in a shortened table; *borders counts rows given to borders. */
static bool shown(const struct place *p, size_t i, size_t *borders)
{
	const size_t n = place_count(p);

	if (n <= ROWS_ALL || i < ROWS_FIRST || i + ROWS_LAST >= n)
		return true;
	if (place_slot(p, i)->border == PLACE_BORDER_NONE || *borders == ROWS_BORDER)
		return false;
	++*borders;
	return true;
}

static void print_order(const struct place *p)
{
	static const char *const head[] = {
		">place", "CPUs", ">core", ">thread", ">LLC", ">NUMA", ">package", "enters", NULL};
	struct table *t = table_new(head);
	size_t borders = 0, left_out = 0, total = 0;
	char note[64];

	for (size_t i = 0; i < place_count(p); i++) {
		if (!shown(p, i, &borders)) {
			left_out++;
			continue;
		}
		if (left_out) {
			snprintf(note, sizeof(note), "  ... %zu more", left_out);
			table_note(t, note);
		}
		total += left_out;
		left_out = 0;
		row(t, p, i);
	}
	table_print(t, stdout, table_colour(stdout));
	table_free(t);
	if (total)
		printf("%zu of %zu places are left out here.\n", total, place_count(p));
}

static size_t read_number(const char *text, const struct place *p)
{
	uint64_t n;

	if (!strcmp(text, "max"))
		return place_machine(p)->effective;
	return parse_count(text, 1, WORKERS_MOST, &n) ? 0 : (size_t)n;
}

/* The points asked for; *sweep is the upper end, 0 for a single point. */
static size_t find_points(
	const struct plan *plan, const struct place *p, unsigned *counts, size_t *sweep)
{
	const char *text = plan->workers ? plan->workers : "1..max";
	bool range = !strncmp(text, "1..", 3);
	size_t n = read_number(range ? text + 3 : text, p);

	/* Benchmarks take lists too: an exported FORKLAB_WORKERS=1,2 is meant for them. */
	if (!n && options_inherited("--workers")) {
		range = true;
		n = place_machine(p)->effective;
	}
	if (!n)
		options_refuse("--workers", text,
			"not a number of workers (allowed 1..1000000, max, 1..N, 1..max)");
	*sweep = range ? n : 0;
	if (range)
		return place_sweep(p, n, counts, POINTS_MOST);
	counts[0] = (unsigned)n;
	return 1;
}

/* What one worker more would meet. */
static void cell_next(struct table *t, const struct place *p, unsigned workers)
{
	const enum place_border b =
		workers < place_count(p) ? place_slot(p, workers)->border : PLACE_BORDER_NONE;

	if (workers > place_machine(p)->effective)
		table_cell(t, "(more workers than can run at once)");
	else if (b == PLACE_BORDER_NONE)
		table_cell(t, "");
	else if (b == PLACE_BORDER_SMT)
		table_cell(t, "shares a core");
	else
		table_cellf(t, "enters another %s", border_name(b));
}

static void print_points(const struct place *p, const unsigned *counts, size_t n)
{
	static const char *const head[] = {">workers", "their CPUs are", "the next worker", NULL};
	struct table *t = table_new(head);

	for (size_t i = 0; i < n; i++) {
		table_cellf(t, "%u", counts[i]);
		table_cell(t, place_relation(p, counts[i]));
		cell_next(t, p, counts[i]);
	}
	table_print(t, stdout, table_colour(stdout));
	table_free(t);
}

static void print_plan(const struct place *p, const unsigned *counts, size_t n, size_t sweep)
{
	const struct place_machine *m = place_machine(p);

	/* "described machine: 4 cores, ..." says itself that it is none of ours. */
	printf("%s%s\n", m->real ? "Machine: " : "", m->text);
	if (*place_synthetic(p))
		printf("hwloc:   %s\n", place_synthetic(p));
	printf("Order:   %s; %zu place%s, %u can run at once (bounded by: %s)\n\n", place_policy(p),
		place_count(p), place_count(p) == 1 ? "" : "s", m->effective, m->limit_by);
	print_order(p);
	if (sweep)
		printf("\nPoints of a sweep 1..%zu:\n", sweep);
	else
		printf("\nThe point:\n");
	print_points(p, counts, n);
	if (!m->real)
		printf("\nThis machine is only described: forklab plans for it and never measures "
		       "on it.\n");
}

int cmd_plan(int argc, char **argv)
{
	struct plan plan = {.workers = NULL};
	unsigned counts[POINTS_MOST];
	size_t n, sweep;
	struct place *p;
	char why[256];
	int err;

	read_line(argc, argv, &plan);
	err = place_open(&plan.place, &p, why, sizeof(why));
	if (err)
		refuse(&plan.place, err, why);
	if (*why)
		say("%s: %s", options_shown("--cpus"), why);
	n = find_points(&plan, p, counts, &sweep);
	print_plan(p, counts, n, sweep);
	place_close(p);
	return EXIT_DONE;
}
