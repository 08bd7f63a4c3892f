/* test_stats.c - medians and their intervals against known answers */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/ensure.h"
#include "harness/stats.h"
#include "suite.h"

#define NEAR(a, b) ck_assert_double_eq_tol((double)(a), (double)(b), 1e-9 * (1 + fabs((double)(b))))

static struct stats_summary summary(const double *x, const unsigned *launch, size_t n)
{
	struct stats_summary s;

	ck_assert_int_eq(stats_summarise(x, launch, n, 0.95, &s), 0);
	return s;
}

/* ---- ranks ---- */

static const struct {
	size_t n, low, high;
} known_ranks[] = {
	{6, 1, 6},
	{8, 1, 8},
	{9, 2, 8},
	{12, 3, 10},
	{20, 6, 15},
	{30, 10, 21},
	{50, 18, 33},
	{100, 40, 61},
	{1000, 469, 532},
};

START_TEST(ranks_of_the_median_are_the_tabled_ones)
{
	size_t k = stats_median_rank(known_ranks[_i].n, 0.95, NULL);

	ck_assert_uint_eq(k, known_ranks[_i].low);
	ck_assert_uint_eq(known_ranks[_i].n + 1 - k, known_ranks[_i].high);
}
END_TEST

START_TEST(five_samples_have_no_95_percent_interval)
{
	for (size_t n = 0; n <= 5; n++)
		ck_assert_uint_eq(stats_median_rank(n, 0.95, NULL), 0);
}
END_TEST

START_TEST(level_of_the_ranks_is_exact)
{
	double level;

	stats_median_rank(6, 0.95, &level);
	NEAR(level, 1 - 2.0 / 64);
	stats_median_rank(9, 0.95, &level);
	NEAR(level, 1 - 2 * 10.0 / 512);
	/* A level that is met exactly counts as met. */
	ck_assert_uint_eq(stats_median_rank(5, 0.9375, &level), 1);
	NEAR(level, 0.9375);
	ck_assert_uint_eq(stats_median_rank(5, 0.94, &level), 0);
	NEAR(level, 0);
}
END_TEST

/* At large n the binomial is normal: rank n/2 - z sqrt(n)/2, within one. */
START_TEST(ranks_of_many_samples_neither_overflow_nor_drift)
{
	static const size_t sizes[] = {1023, 1100, 100000, 1000000, 1000000000};

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		double n = (double)sizes[i], level;
		size_t k = stats_median_rank(sizes[i], 0.95, &level);

		ck_assert_double_eq_tol((double)k, n / 2 - 1.959964 * sqrt(n) / 2, 1);
		ck_assert_double_ge(level, 0.95);
		ck_assert_double_lt(level, 0.956);
	}
}
END_TEST

START_TEST(ranks_refuse_a_level_outside_zero_and_one)
{
	ck_assert_uint_eq(stats_median_rank(100, 0, NULL), 0);
	ck_assert_uint_eq(stats_median_rank(100, 1, NULL), 0);
	ck_assert_uint_eq(stats_median_rank(100, nan(""), NULL), 0);
}
END_TEST

/* ---- autocorrelation ---- */

/* The definition, summed plainly. */
static double plain_tau(const double *x, size_t n, double median)
{
	double *s = calloc(n, sizeof(*s)), mean = 0, var = 0, tau = 1;

	CHECK(s);
	for (size_t i = 0; i < n; i++)
		mean += (s[i] = (x[i] > median) - (x[i] < median)) / (double)n;
	for (size_t i = 0; i < n; i++)
		var += (s[i] - mean) * (s[i] - mean);
	for (size_t k = 1; k <= n / 4; k++) {
		double c = 0;

		for (size_t i = 0; i + k < n; i++)
			c += (s[i] - mean) * (s[i + k] - mean);
		c = c / var + 1 / (double)n;
		if (c <= 0)
			break;
		tau += 2 * c;
	}
	free(s);
	return tau;
}

START_TEST(tau_of_a_step_is_long_and_of_an_alternation_one)
{
	double step[40], turns[40];

	for (int i = 0; i < 40; i++) {
		step[i] = i < 20 ? 1 : 2;
		turns[i] = i % 2;
	}
	NEAR(stats_tau(step, 40, 1.5), 13.25);
	NEAR(stats_tau(turns, 40, 0.5), 1);
}
END_TEST

START_TEST(tau_of_equal_values_is_one)
{
	double x[20] = {0};

	NEAR(stats_tau(x, 20, 0), 1);
	NEAR(stats_tau(x, 0, 0), 1);
	NEAR(stats_tau(x, 1, 0), 1);
}
END_TEST

/* Two thirds of the values at the clock's step: lags without correlation must not add up. */
START_TEST(tau_of_independent_ties_stays_near_one)
{
	struct stats_rng rng;
	double x[3000];

	stats_rng_seed(&rng, 5);
	for (size_t i = 0; i < ARRAY_LEN(x); i++)
		x[i] = stats_rng_below(&rng, 3) == 0 ? 2 : 1;
	ck_assert_double_lt(stats_tau(x, ARRAY_LEN(x), 1), 1.5);
}
END_TEST

/* A memory of hundreds of lags goes through the Fourier transform. */
START_TEST(tau_by_transform_equals_the_plain_sum)
{
	struct stats_rng rng;
	double x[4000], state = 0;

	stats_rng_seed(&rng, 3);
	for (size_t i = 0; i < ARRAY_LEN(x); i++) {
		state = 0.995 * state + stats_rng_unit(&rng) - 0.5;
		x[i] = state;
	}
	ck_assert_double_gt(stats_tau(x, ARRAY_LEN(x), 0), 100);
	NEAR(stats_tau(x, ARRAY_LEN(x), 0), plain_tau(x, ARRAY_LEN(x), 0));
	NEAR(stats_tau(x, 3001, 0.5), plain_tau(x, 3001, 0.5));
}
END_TEST

/* Summed lag by lag, a step this long takes minutes. */
START_TEST(tau_of_a_long_step_takes_n_log_n)
{
	size_t n = 800000, lags = n / 4;
	double *x = calloc(n, sizeof(*x)), tau;

	ck_assert_ptr_nonnull(x);
	for (size_t i = n / 2; i < n; i++)
		x[i] = 1;
	tau = 1 + 2 * ((double)lags * (1 + 1 / (double)n) -
			      1.5 * (double)lags * (double)(lags + 1) / (double)n);
	NEAR(stats_tau(x, n, 0.5), tau);
	free(x);
}
END_TEST

/* ---- summary ---- */

START_TEST(median_of_even_count_is_the_mean_of_the_two_middle_values)
{
	const double even[] = {10, 1, 3, 2}, odd[] = {10, 1, 3};

	NEAR(summary(even, NULL, 4).median, 2.5);
	NEAR(summary(odd, NULL, 3).median, 3);
}
END_TEST

START_TEST(quantiles_lie_linearly_between_order_statistics)
{
	const double x[] = {5, 1, 4, 2, 3, 6};
	struct stats_summary s = summary(x, NULL, 6);

	NEAR(s.min, 1);
	NEAR(s.p25, 2.25);
	NEAR(s.median, 3.5);
	NEAR(s.p75, 4.75);
	NEAR(s.max, 6);
}
END_TEST

START_TEST(one_sample_is_its_own_summary)
{
	const double x[] = {7};
	struct stats_summary s = summary(x, NULL, 1);

	ck_assert_uint_eq(s.n, 1);
	ck_assert(!s.ci.known && !s.p90.known && !s.p99.known);
	NEAR(s.min, 7);
	NEAR(s.p25, 7);
	NEAR(s.median, 7);
	NEAR(s.max, 7);
	NEAR(s.tau, 1);
}
END_TEST

/* 0, n/2, 1, n/2 + 1, ...: neighbours on opposite sides of the median. */
static void fill_alternating(double *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t rank = i / 2 + (i % 2 ? (n + 1) / 2 : 0);

		x[i] = (double)rank;
	}
}

START_TEST(interval_of_unrelated_samples_is_the_exact_one)
{
	double x[100];
	struct stats_summary s;

	fill_alternating(x, 100);
	s = summary(x, NULL, 100);
	ck_assert(s.ci.known && !s.autocorrelated && !s.no_steady_state);
	NEAR(s.tau, 1);
	NEAR(s.n_eff, 100);
	NEAR(s.ci.lo, 39); /* ranks 40 and 61 of 0, 1, 2 ... */
	NEAR(s.ci.hi, 60);
	NEAR(s.level, 1 - 2 * 0.01760010010885238);
}
END_TEST

START_TEST(interval_of_related_samples_is_wider)
{
	double x[120];
	struct stats_summary s;

	/* Six below, six above: r falls from 1 to 0 within three lags. */
	for (int i = 0; i < 120; i++)
		x[i] = (i / 6) % 2 ? 1000 + i : i;
	s = summary(x, NULL, 120);
	ck_assert(s.autocorrelated && s.ci.known);
	ck_assert_double_gt(s.tau, 3);
	NEAR(s.n_eff, 120 / s.tau);
	ck_assert_double_lt(s.ci.lo, 90); /* exact rank 49 of those below: 97 or more */
	ck_assert_double_gt(s.ci.hi, 1020);
}
END_TEST

START_TEST(too_few_effective_samples_have_no_interval)
{
	double x[40];

	for (int i = 0; i < 40; i++)
		x[i] = i < 20 ? 1 : 2;
	ck_assert(!summary(x, NULL, 40).ci.known);
	NEAR(summary(x, NULL, 40).level, 0);
}
END_TEST

START_TEST(quantiles_are_shown_only_where_n_supports_them)
{
	double x[299];

	fill_alternating(x, 299);
	ck_assert(!summary(x, NULL, 28).p90.known);
	ck_assert(summary(x, NULL, 29).p90.known);
	ck_assert(!summary(x, NULL, 298).p99.known);
	ck_assert(summary(x, NULL, 299).p99.known);
	NEAR(summary(x, NULL, 299).p90.value, 0.9 * 298);
	NEAR(summary(x, NULL, 299).p99.value, 0.99 * 298);
}
END_TEST

START_TEST(outliers_are_counted_by_fence_and_kept)
{
	double x[21];
	struct stats_summary s;

	for (int i = 0; i < 21; i++)
		x[i] = i; /* p25 5, p75 15: fences at 30 and 45, -10 and -25 */
	x[20] = 44;
	x[19] = 46;
	x[0] = -11;
	s = summary(x, NULL, 21);
	ck_assert_uint_eq(s.mild, 2);
	ck_assert_uint_eq(s.severe, 1);
	NEAR(s.max, 46);
	ck_assert_uint_eq(s.n, 21);
}
END_TEST

START_TEST(a_step_or_a_slope_has_no_steady_state)
{
	double step[12], slope[40], steady[40];

	for (int i = 0; i < 40; i++)
		slope[i] = i;
	for (int i = 0; i < 12; i++)
		step[i] = (i < 6 ? 10 : 20) + (i * 7 % 5) * 0.1;
	fill_alternating(steady, 40);
	ck_assert(summary(slope, NULL, 40).no_steady_state);
	ck_assert(summary(step, NULL, 12).no_steady_state);
	ck_assert(!summary(step, NULL, 11).no_steady_state);
	ck_assert(!summary(steady, NULL, 40).no_steady_state);
}
END_TEST

START_TEST(values_and_levels_that_are_no_numbers_are_refused)
{
	double x[] = {1, 2, 3};
	const unsigned backwards[] = {0, 1, 0};
	struct stats_summary s;

	ck_assert_int_eq(stats_summarise(x, NULL, 0, 0.95, &s), -EINVAL);
	ck_assert_int_eq(stats_summarise(x, NULL, 3, 0, &s), -EINVAL);
	ck_assert_int_eq(stats_summarise(x, NULL, 3, 1, &s), -EINVAL);
	ck_assert_int_eq(stats_summarise(x, NULL, 3, nan(""), &s), -EINVAL);
	ck_assert_int_eq(stats_summarise(x, backwards, 3, 0.95, &s), -EINVAL);
	x[1] = nan("");
	ck_assert_int_eq(stats_summarise(x, NULL, 3, 0.95, &s), -EINVAL);
	x[1] = HUGE_VAL;
	ck_assert_int_eq(stats_summarise(x, NULL, 3, 0.95, &s), -EINVAL);
}
END_TEST

START_TEST(huge_values_do_not_overflow)
{
	const double x[] = {-1e308, 1e308, -1e308, 1e308, 1e308, 1e308};
	struct stats_summary s = summary(x, NULL, 6);

	ck_assert(isfinite(s.p25) && isfinite(s.median) && isfinite(s.p75));
	NEAR(s.median, 1e308);
}
END_TEST

/* ---- launches ---- */

static void fill_launches(double *x, unsigned *launch, unsigned launches, size_t each, double apart)
{
	for (size_t i = 0; i < launches * each; i++) {
		launch[i] = (unsigned)(i / each) * 3; /* numbers may have gaps */
		x[i] = 100 + apart * (double)(launch[i] % 5) + (double)(i * 7 % each);
	}
}

START_TEST(launches_of_one_median_change_nothing)
{
	double x[60];
	unsigned launch[60];
	struct stats_summary with, without;

	fill_launches(x, launch, 5, 12, 0);
	with = summary(x, launch, 60);
	without = summary(x, NULL, 60);
	ck_assert(!with.launches_differ);
	NEAR(with.ci.lo, without.ci.lo);
	NEAR(with.ci.hi, without.ci.hi);
	NEAR(with.launch_lo, with.launch_hi);
}
END_TEST

START_TEST(few_launches_that_differ_widen_the_interval_to_their_range)
{
	double x[60];
	unsigned launch[60];
	struct stats_summary s;

	fill_launches(x, launch, 5, 12, 4);
	s = summary(x, launch, 60);
	ck_assert(s.launches_differ && s.ci.known);
	NEAR(s.launch_lo, 105.5);
	NEAR(s.launch_hi, 105.5 + 16);
	ck_assert_double_le(s.ci.lo, s.launch_lo);
	ck_assert_double_ge(s.ci.hi, s.launch_hi);
}
END_TEST

/* Sixteen samples of three launches that lie worlds apart are three samples. */
START_TEST(three_launches_worlds_apart_have_no_interval)
{
	double x[48];
	unsigned launch[48];
	struct stats_summary s;

	for (int i = 0; i < 48; i++) {
		launch[i] = (unsigned)i / 16;
		x[i] = 1000.0 * launch[i] + i % 16;
	}
	s = summary(x, launch, 48);
	ck_assert(s.launches_differ);
	ck_assert(!s.ci.known);
	NEAR(s.launch_lo, 7.5);
	NEAR(s.launch_hi, 2007.5);
}
END_TEST

START_TEST(nine_launches_have_an_interval_of_their_own)
{
	double x[90];
	unsigned launch[90];
	struct stats_summary s;

	for (int i = 0; i < 90; i++) {
		launch[i] = (unsigned)i / 10;
		x[i] = 1000.0 * launch[i] + i % 10;
	}
	s = summary(x, launch, 90);
	ck_assert(s.launches_differ && s.ci.known);
	NEAR(s.ci.lo, 1004.5); /* ranks 2 and 8 of nine */
	NEAR(s.ci.hi, 7004.5);
	NEAR(s.level, 1 - 2 * 10.0 / 512);
}
END_TEST

static void add_all(TCase *tc, const TTest *const *tests, size_t n)
{
	for (size_t i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
}

static TCase *ranks_case(void)
{
	TCase *tc = tcase_create("ranks and tau");
	const TTest *const tests[] = {
		five_samples_have_no_95_percent_interval,
		level_of_the_ranks_is_exact,
		ranks_of_many_samples_neither_overflow_nor_drift,
		ranks_refuse_a_level_outside_zero_and_one,
		tau_of_a_step_is_long_and_of_an_alternation_one,
		tau_of_equal_values_is_one,
		tau_of_independent_ties_stays_near_one,
		tau_by_transform_equals_the_plain_sum,
		tau_of_a_long_step_takes_n_log_n,
	};

	tcase_add_loop_test(
		tc, ranks_of_the_median_are_the_tabled_ones, 0, (int)ARRAY_LEN(known_ranks));
	add_all(tc, tests, ARRAY_LEN(tests));
	return tc;
}

static TCase *summary_case(void)
{
	TCase *tc = tcase_create("summary");
	const TTest *const tests[] = {
		median_of_even_count_is_the_mean_of_the_two_middle_values,
		quantiles_lie_linearly_between_order_statistics,
		one_sample_is_its_own_summary,
		interval_of_unrelated_samples_is_the_exact_one,
		interval_of_related_samples_is_wider,
		too_few_effective_samples_have_no_interval,
		quantiles_are_shown_only_where_n_supports_them,
		outliers_are_counted_by_fence_and_kept,
		a_step_or_a_slope_has_no_steady_state,
		values_and_levels_that_are_no_numbers_are_refused,
		huge_values_do_not_overflow,
		launches_of_one_median_change_nothing,
		few_launches_that_differ_widen_the_interval_to_their_range,
		three_launches_worlds_apart_have_no_interval,
		nine_launches_have_an_interval_of_their_own,
	};

	add_all(tc, tests, ARRAY_LEN(tests));
	return tc;
}

Suite *suite(void)
{
	Suite *s = suite_create("stats");

	suite_add_tcase(s, ranks_case());
	suite_add_tcase(s, summary_case());
	return s;
}
