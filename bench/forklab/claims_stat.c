/* claims_stat.c - ratios, and how a figure with its interval becomes true, false or undecided */
#include "claims_parts.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats.h"
#include "harness/table.h"

/* "[1.90, 2.01]", "(no interval yet)" */
void claim_interval_text(char *buf, size_t len, const struct stats_interval *ci, double factor)
{
	char lo[32], hi[32];

	if (!ci->known)
		snprintf(buf, len, "(no interval yet)");
	else
		snprintf(buf, len, "[%s, %s]", table_number(lo, sizeof(lo), ci->lo * factor),
			table_number(hi, sizeof(hi), ci->hi * factor));
}

static bool border(const json_t *c, size_t i, double *out)
{
	const json_t *v = json_array_get(json_object_get(c, "holds"), i);

	*out = json_number_value(v);
	return json_is_number(v);
}

static double distance(double from, double to, bool log_scale)
{
	return log_scale && from > 0 && to > 0 ? fabs(log(to / from)) : fabs(to - from);
}

/* The rounds that would bring the interval clear of a border at b: its width falls with their root. */
static double rounds_for(
	double est, double b, const struct stats_interval *ci, size_t n, bool log_scale)
{
	double gap = distance(est, b, log_scale);
	double width = distance(est, b < est ? ci->lo : ci->hi, log_scale);

	return gap > 0 ? (double)n * (width / gap) * (width / gap) : HUGE_VAL;
}

static void say_undecided(double est, const double *borders, const bool *is,
	const struct stats_interval *ci, bool log_scale, struct case_result *out)
{
	double needed = 0, at = 0, more;
	char text[32];

	for (size_t i = 0; i < 2; i++)
		if (is[i] && ci->lo <= borders[i] && borders[i] <= ci->hi) {
			double n = rounds_for(est, borders[i], ci, out->rounds, log_scale);

			if (n > needed) {
				needed = n;
				at = borders[i];
			}
		}
	more = ceil(needed - (double)out->rounds);
	table_number(text, sizeof(text), at);
	if (!(more <= 100 * (double)out->rounds)) {
		snprintf(out->why, sizeof(out->why),
			"too near to the border at %s: more rounds than one can take would be "
			"needed",
			text);
		return;
	}
	out->times = needed / (double)out->rounds;
	snprintf(out->why, sizeof(out->why),
		"the interval is too wide, it reaches across the border at %s: about %.0f more "
		"rounds",
		text, more < 1 ? 1 : more);
}

/* The fewest rounds that can have an interval at this level. */
static size_t fewest_rounds(double conf)
{
	size_t n = 1;

	while (!stats_median_rank(n, conf, NULL))
		n++;
	return n;
}

double claim_level(unsigned family)
{
	return 1 - 0.05 / family;
}

/* Too few rounds, or enough that are too much like their neighbours to count as so many. */
void claim_say_no_interval(unsigned family, struct case_result *out)
{
	size_t fewest = fewest_rounds(claim_level(family));

	out->times = out->rounds ? fmax(2, 2.0 * (double)fewest / (double)out->rounds) : 2;
	if (out->rounds < fewest)
		snprintf(out->why, sizeof(out->why),
			"%zu rounds are too few for an interval: %zu or more", out->rounds, fewest);
	else
		snprintf(out->why, sizeof(out->why),
			"%zu rounds are too few for an interval, as each resembles the one before: "
			"more",
			out->rounds);
}

void claim_decide(const json_t *c, double est, const struct stats_interval *ci, bool log_scale,
	unsigned family, struct case_result *out)
{
	double borders[2];
	bool is[2] = {border(c, 0, &borders[0]), border(c, 1, &borders[1])};

	out->truth = CASE_UNKNOWN;
	if (!ci->known)
		claim_say_no_interval(family, out);
	else if ((!is[0] || ci->lo >= borders[0]) && (!is[1] || ci->hi <= borders[1]))
		out->truth = CASE_TRUE;
	else if ((is[0] && ci->hi < borders[0]) || (is[1] && ci->lo > borders[1]))
		out->truth = CASE_FALSE;
	else
		say_undecided(est, borders, is, ci, log_scale, out);
}

void claim_say_error(int err, struct case_result *out)
{
	snprintf(out->why, sizeof(out->why), "its records cannot be used: %s",
		err == -ENODATA  ? "no rounds in common"
		: err == -EPROTO ? "the raw samples are not there"
				 : strerror(-err));
}

/* A speedup over what is possible: all workers, or all CPUs, at work. */
static double ideal(const json_t *c, const struct case_sides *sides)
{
	unsigned effective = claim_effective(sides->run);
	double workers = effective;
	char unit;

	if (strcmp(claim_text(c, "per"), "ideal"))
		return 1;
	claim_axis_number(
		claim_text(json_object_get(sides->a, "params"), "workers"), &workers, &unit);
	if (effective && workers > effective)
		workers = effective;
	return workers >= 1 ? workers : 1;
}

void claim_ratio(
	const json_t *c, const struct case_sides *sides, unsigned family, struct case_result *out)
{
	double share = 1 / ideal(c, sides);
	struct stats_comparison cmp;
	char number[32], interval[64];
	int err = store_compare(sides->a, sides->b, 0.03, family, &cmp);

	if (err) {
		claim_say_error(err, out);
		return;
	}
	out->rounds = cmp.rounds;
	if (!cmp.rounds) {
		snprintf(
			out->why, sizeof(out->why), "no round has a time above zero on both sides");
		return;
	}
	table_number(number, sizeof(number), cmp.ratio * share);
	claim_interval_text(interval, sizeof(interval), &cmp.ci, share);
	snprintf(out->figure, sizeof(out->figure), "%s %s", number, interval);
	claim_ratio_words(c, out->figure, !strcmp(claim_text(sides->a, "unit"), "B/op"), out->said,
		sizeof(out->said));
	cmp.ci.lo *= share;
	cmp.ci.hi *= share;
	claim_decide(c, cmp.ratio * share, &cmp.ci, true, family, out);
}
