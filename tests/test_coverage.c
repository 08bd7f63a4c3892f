/* test_coverage.c - do the intervals hold what they promise? Thousands of series with a known
 * median deadline: 240
 *
 * Data are skewed like times: the exponential of normal noise, so that the median is known exactly.
 * Neighbours are related as asked (lag-1 correlation rho of the logarithm), launches differ as
 * asked (effect: their standard deviation in units of the noise). The table goes to standard error.
 */
#include <math.h>
#include <stdio.h>

#include "harness/ensure.h"
#include "harness/stats.h"
#include "suite.h"

#define SERIES 4000 /* a cell; the standard error of a coverage of 95 % is then 0.34 % */
#define MOST   240
#define NOISE                                                                                      \
	0.5 /* of the logarithm: the upper quartile is 1.4, the 99th percentile 3.2 medians \
		    */

static double normal(struct stats_rng *rng)
{
	double radius = sqrt(-2 * log(stats_rng_unit(rng)));

	return radius * cos(2 * M_PI * stats_rng_unit(rng));
}

/* True median 1. */
static void fill(struct stats_rng *rng, double *x, size_t n, double rho)
{
	double state = normal(rng);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			state = rho * state + sqrt(1 - rho * rho) * normal(rng);
		x[i] = exp(NOISE * state);
	}
}

static double percent(unsigned part, unsigned whole)
{
	return 100.0 * part / whole;
}

static bool holds(const struct stats_interval *ci)
{
	return ci->lo <= 1 && ci->hi >= 1;
}

/* ---- the median ---- */

/*
 * The first four and the last row are promises of the project; the others show what becomes of the
 * promise between them. Few related samples are the weak spot: their tau cannot be known well.
 */
static const struct {
	double rho;
	size_t n;
	double least, most;
} medians[] = {
	{0, 20, 93, 98.5},
	{0, 30, 93, 98.5},
	{0, 60, 93, 98.5},
	{0, 120, 93, 98.5},
	{0.3, 20, 93, 98.5},
	{0.3, 120, 93, 98.5},
	{0.6, 20, 87, 98.5},
	{0.6, 60, 91, 98.5},
	{0.6, 120, 91, 98.5},
};

START_TEST(interval_of_the_median_covers_it)
{
	struct stats_rng rng;
	unsigned covered = 0, known = 0, unsteady = 0;
	double x[MOST], rate;

	stats_rng_seed(&rng, 100 + (unsigned)_i);
	for (int i = 0; i < SERIES; i++) {
		struct stats_summary s;

		fill(&rng, x, medians[_i].n, medians[_i].rho);
		ck_assert_int_eq(stats_summarise(x, NULL, medians[_i].n, 0.95, &s), 0);
		known += s.ci.known;
		covered += s.ci.known && holds(&s.ci);
		unsteady += s.no_steady_state;
	}
	rate = percent(covered, known);
	fprintf(stderr, "median      n %3zu  rho %.1f   covered %.1f %% (%.4g to %.4g)",
		medians[_i].n, medians[_i].rho, rate, medians[_i].least, medians[_i].most);
	fprintf(stderr, "  no interval %.1f %%  called unsteady %.1f %%\n",
		100 - percent(known, SERIES), percent(unsteady, SERIES));
	ck_assert_double_ge(rate, medians[_i].least);
	ck_assert_double_le(rate, medians[_i].most);
	if (medians[_i].rho == 0) {
		ck_assert_double_ge(percent(known, SERIES), 98);
		ck_assert_double_le(percent(unsteady, SERIES), 2);
	}
	if (medians[_i].n >= 120)
		ck_assert_double_ge(percent(known, SERIES), 99.5);
}
END_TEST

/* ---- the comparison of a thing with itself ---- */

static const struct {
	double rho;
	size_t n;
	unsigned family;
	double least, most;
} alarms[] = {
	{0, 20, 1, 1.5, 7},
	{0, 30, 1, 1.5, 7},
	{0, 60, 1, 1.5, 7},
	{0, 120, 1, 1.5, 7},
	{0.6, 120, 1, 1.5, 9},
	{0, 60, 10, 0, 0.7},
};

START_TEST(two_equal_things_are_seldom_told_apart)
{
	struct stats_rng rng;
	unsigned apart = 0, faster = 0, slower = 0;
	double a[MOST], b[MOST], rate;

	stats_rng_seed(&rng, 200 + (unsigned)_i);
	for (int i = 0; i < SERIES; i++) {
		struct stats_comparison c;

		fill(&rng, a, alarms[_i].n, alarms[_i].rho);
		fill(&rng, b, alarms[_i].n, alarms[_i].rho);
		ck_assert_int_eq(
			stats_compare(a, b, NULL, alarms[_i].n, 0.95, 0, alarms[_i].family, &c), 0);
		apart += c.measurable;
		faster += c.verdict == STATS_FASTER;
		slower += c.verdict == STATS_SLOWER;
	}
	rate = percent(apart, SERIES);
	fprintf(stderr,
		"comparison  n %3zu  rho %.1f   family %2u   told apart %.2f %% (%.4g to %.4g)",
		alarms[_i].n, alarms[_i].rho, alarms[_i].family, rate, alarms[_i].least,
		alarms[_i].most);
	fprintf(stderr, "  faster %u, slower %u of %d\n", faster, slower, SERIES);
	/* Without a margin every measurable difference is a verdict. */
	ck_assert_uint_eq(faster + slower, apart);
	ck_assert_double_ge(rate, alarms[_i].least);
	ck_assert_double_le(rate, alarms[_i].most);
}
END_TEST

START_TEST(a_true_difference_of_a_tenth_is_found)
{
	struct stats_rng rng;
	unsigned found = 0, wrong = 0;
	double a[60], b[60];

	stats_rng_seed(&rng, 300);
	for (int i = 0; i < SERIES; i++) {
		struct stats_comparison c;

		for (int k = 0; k < 60; k++) {
			b[k] = exp(0.05 * normal(&rng));
			a[k] = 1.1 * exp(0.05 * normal(&rng));
		}
		ck_assert_int_eq(stats_compare(a, b, NULL, 60, 0.95, 0.03, 1, &c), 0);
		found += c.verdict == STATS_SLOWER;
		wrong += c.verdict == STATS_FASTER || c.verdict == STATS_EQUIVALENT;
	}
	fprintf(stderr, "comparison  n  60  a 10 %% slower, noise 5 %%: found %.1f %%, wrong %u\n",
		percent(found, SERIES), wrong);
	ck_assert_double_ge(percent(found, SERIES), 99);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

/* ---- launches ---- */

static const struct {
	unsigned launches;
	size_t each;
	double effect;
	double least;            /* coverage */
	double flag_lo, flag_hi; /* how often launches_differ is set */
} launches[] = {
	{3, 8, 0, 95, 0, 6},
	{5, 12, 0, 95, 0, 6},
	{8, 12, 0, 95, 0, 8},
	{3, 12, 0.3, 93, 0, 100},
	{5, 24, 0.3, 93, 0, 100},
	{8, 24, 0.3, 95, 0, 100},
	{5, 24, 3, 90, 95, 100},
	{8, 24, 3, 95, 95, 100},
};

START_TEST(launches_only_ever_widen_the_interval)
{
	struct stats_rng rng;
	unsigned covered = 0, plain = 0, known = 0, flagged = 0, launch[MOST];
	size_t each = launches[_i].each, n = launches[_i].launches * each;
	double x[MOST];

	stats_rng_seed(&rng, 400 + (unsigned)_i);
	for (int i = 0; i < SERIES; i++) {
		struct stats_summary with, without;
		double luck = 0;

		fill(&rng, x, n, 0);
		for (size_t k = 0; k < n; k++) {
			launch[k] = (unsigned)(k / each);
			if (k % each == 0)
				luck = exp(NOISE * launches[_i].effect * normal(&rng));
			x[k] *= luck;
		}
		ck_assert_int_eq(stats_summarise(x, launch, n, 0.95, &with), 0);
		ck_assert_int_eq(stats_summarise(x, NULL, n, 0.95, &without), 0);
		ck_assert(!without.ci.known || (with.ci.known && with.ci.lo <= without.ci.lo &&
						       with.ci.hi >= without.ci.hi));
		known += with.ci.known;
		covered += with.ci.known && holds(&with.ci);
		plain += with.ci.known && without.ci.known && holds(&without.ci);
		flagged += with.launches_differ;
	}
	fprintf(stderr, "launches    %u of %2zu  effect %.1f  covered %.1f %% (least %.4g), ",
		launches[_i].launches, each, launches[_i].effect, percent(covered, known),
		launches[_i].least);
	fprintf(stderr, "launches ignored %.1f %%  no interval %.1f %%  flagged %.1f %%\n",
		percent(plain, known), 100 - percent(known, SERIES), percent(flagged, SERIES));
	ck_assert_double_ge(percent(covered, known), launches[_i].least);
	ck_assert_double_ge(percent(flagged, SERIES), launches[_i].flag_lo);
	ck_assert_double_le(percent(flagged, SERIES), launches[_i].flag_hi);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("coverage");
	TCase *tc = tcase_create("coverage");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, interval_of_the_median_covers_it, 0, (int)ARRAY_LEN(medians));
	tcase_add_loop_test(tc, two_equal_things_are_seldom_told_apart, 0, (int)ARRAY_LEN(alarms));
	tcase_add_test(tc, a_true_difference_of_a_tenth_is_found);
	tcase_add_loop_test(tc, launches_only_ever_widen_the_interval, 0, (int)ARRAY_LEN(launches));
	suite_add_tcase(s, tc);
	return s;
}
