/* test_stats_tools.c - crossings, slopes, proportions, random numbers and orders */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "harness/ensure.h"
#include "harness/stats.h"
#include "suite.h"

#define NEAR(a, b) ck_assert_double_eq_tol((double)(a), (double)(b), 1e-9 * (1 + fabs((double)(b))))

/* ---- crossing ---- */

static const double sweep[] = {1, 10, 100, 1000};

START_TEST(somewhat_dependent_few_samples_have_their_range_as_interval)
{
	const double x[] = {1, 2, 8, 7, 3, 4, 6, 5};
	struct stats_summary s;

	ck_assert_int_eq(stats_summarise(x, NULL, 8, 0.95, &s), 0);
	ck_assert_double_eq_tol(s.tau, 1.5, 1e-12); /* 5.3 effective samples: below 6, above 4 */
	ck_assert(s.ci.known);
	ck_assert_double_eq_tol(s.ci.lo, 1, 1e-12);
	ck_assert_double_eq_tol(s.ci.hi, 8, 1e-12);
	ck_assert_double_eq_tol(s.level, 1 - 2 * 1.0 / 256, 1e-12);
}
END_TEST

START_TEST(crossing_is_interpolated_on_the_logarithm)
{
	double ratio[8 * 4];
	struct stats_summary s;
	bool below;

	/* ln(a/b) falls from 1 to -1 between 10 and 100: it crosses half way, at sqrt(1000). */
	for (int r = 0; r < 8; r++) {
		const double row[] = {4, exp(1), exp(-1), 0.2};

		memcpy(ratio + r * 4, row, sizeof(row));
	}
	ck_assert_int_eq(stats_crossing(sweep, ratio, 4, 8, 0.95, &s, &below), 0);
	ck_assert_uint_eq(s.n, 8);
	ck_assert(!below && s.ci.known);
	NEAR(s.median, sqrt(1000));
	NEAR(s.ci.lo, sqrt(1000));
}
END_TEST

START_TEST(a_sweep_that_never_crosses_says_on_which_side_it_stays)
{
	double under[6 * 4], over[6 * 4];
	struct stats_summary s;
	bool below;

	for (int i = 0; i < 6 * 4; i++) {
		under[i] = 0.5;
		over[i] = 2;
	}
	ck_assert_int_eq(stats_crossing(sweep, under, 4, 6, 0.95, &s, &below), 0);
	ck_assert(s.n == 0 && below);
	ck_assert_int_eq(stats_crossing(sweep, over, 4, 6, 0.95, &s, &below), 0);
	ck_assert(s.n == 0 && !below);
}
END_TEST

/* Rounds 0 and 1 cross earlier than the pair of the medians, round 2 later, round 3 never. */
START_TEST(rounds_that_cross_elsewhere_keep_their_rank)
{
	double ratio[9][4] = {
		{2, 0.5, 0.5, 0.5}, {0.5, 0.5, 0.5, 0.5}, {2, 2, 2, 0.5}, {2, 2, 2, 2}};
	struct stats_summary s;
	bool below;

	for (int r = 4; r < 9; r++) {
		const double row[] = {2, 2, 0.5, 0.5};

		memcpy(ratio[r], row, sizeof(row));
	}
	ck_assert_int_eq(stats_crossing(sweep, ratio[0], 4, 9, 0.95, &s, &below), 0);
	ck_assert_uint_eq(s.n, 9);
	NEAR(s.median, sqrt(1000));
	NEAR(s.min, 1);
	NEAR(s.max, 1000);
}
END_TEST

START_TEST(crossing_refuses_what_is_no_sweep)
{
	const double backwards[] = {10, 1}, zero[] = {0, 1}, good[] = {1, 10}, bad[] = {2, 0};
	struct stats_summary s;
	bool below;

	ck_assert_int_eq(stats_crossing(good, good, 1, 1, 0.95, &s, &below), -EINVAL);
	ck_assert_int_eq(stats_crossing(good, good, 2, 0, 0.95, &s, &below), -EINVAL);
	ck_assert_int_eq(stats_crossing(backwards, good, 2, 1, 0.95, &s, &below), -EINVAL);
	ck_assert_int_eq(stats_crossing(zero, good, 2, 1, 0.95, &s, &below), -EINVAL);
	ck_assert_int_eq(stats_crossing(good, bad, 2, 1, 0.95, &s, &below), -EINVAL);
	ck_assert_int_eq(stats_crossing(good, good, 2, 1, 1, &s, &below), -EINVAL);
}
END_TEST

/* ---- slope ---- */

START_TEST(slope_of_a_line_is_its_slope)
{
	const double x[] = {0, 16, 64, 256, 1024}, y[] = {5, 13, 37, 133, 517};
	double slope;

	ck_assert_int_eq(stats_slope(x, y, 5, &slope), 0);
	NEAR(slope, 0.5);
}
END_TEST

START_TEST(slope_needs_two_different_x)
{
	const double same[] = {0.1, 0.1, 0.1}, y[] = {1, 2, 3}, gap[] = {1, nan(""), 3};
	double slope;

	ck_assert_int_eq(stats_slope(same, y, 3, &slope), -EINVAL);
	ck_assert_int_eq(stats_slope(y, y, 1, &slope), -EINVAL);
	ck_assert_int_eq(stats_slope(y, y, 0, &slope), -EINVAL);
	ck_assert_int_eq(stats_slope(y, gap, 3, &slope), -EINVAL);
}
END_TEST

/* ---- proportion ---- */

/* Closed forms where they exist: 0 of n ends at 1 - (alpha/2)^(1/n). */
START_TEST(proportion_at_the_ends_has_the_closed_form)
{
	struct stats_interval none, all;

	ck_assert_int_eq(stats_proportion(0, 20, 0.95, &none), 0);
	ck_assert_int_eq(stats_proportion(20, 20, 0.95, &all), 0);
	NEAR(none.lo, 0);
	NEAR(none.hi, 1 - pow(0.025, 1.0 / 20));
	NEAR(all.lo, pow(0.025, 1.0 / 20));
	NEAR(all.hi, 1);
}
END_TEST

START_TEST(proportion_agrees_with_another_program)
{
	struct stats_interval ci;

	/* Exact sums and bisection in Python. */
	ck_assert_int_eq(stats_proportion(10, 200, 0.95, &ci), 0);
	ck_assert_double_eq_tol(ci.lo, 0.0242342, 1e-7);
	ck_assert_double_eq_tol(ci.hi, 0.0900275, 1e-7);
}
END_TEST

/* The definition itself: k or fewer at the upper end, k or more at the lower, have 2.5 % each. */
START_TEST(tails_of_the_proportion_hold_what_the_level_leaves)
{
	struct stats_interval ci;
	double upper = 0, lower = 0, t;

	ck_assert_int_eq(stats_proportion(3, 12, 0.95, &ci), 0);
	for (int k = 0; k <= 12; k++) {
		t = exp(lgamma(13) - lgamma(k + 1.0) - lgamma(13.0 - k));
		if (k <= 3)
			upper += t * pow(ci.hi, k) * pow(1 - ci.hi, 12 - k);
		if (k >= 3)
			lower += t * pow(ci.lo, k) * pow(1 - ci.lo, 12 - k);
	}
	ck_assert_double_eq_tol(upper, 0.025, 1e-9);
	ck_assert_double_eq_tol(lower, 0.025, 1e-9);
}
END_TEST

START_TEST(proportion_of_a_million_does_not_underflow)
{
	struct stats_interval ci;

	ck_assert_int_eq(stats_proportion(500000, 1000000, 0.95, &ci), 0);
	ck_assert_double_eq_tol(ci.lo, 0.5 - 0.00098, 1e-5);
	ck_assert_double_eq_tol(ci.hi, 0.5 + 0.00098, 1e-5);
	ck_assert_int_eq(stats_proportion(0, 0, 0.95, &ci), -EINVAL);
	ck_assert_int_eq(stats_proportion(3, 2, 0.95, &ci), -EINVAL);
	ck_assert_int_eq(stats_proportion(1, 2, 1, &ci), -EINVAL);
}
END_TEST

/* ---- random numbers and orders ---- */

/* Computed in Python from the published algorithm, seeded by splitmix64. */
static const uint64_t from_seed_42[] = {UINT64_C(1546998764402558742),
	UINT64_C(6990951692964543102), UINT64_C(12544586762248559009),
	UINT64_C(17057574109182124193)};

START_TEST(a_seed_gives_the_same_numbers_everywhere)
{
	struct stats_rng rng;

	stats_rng_seed(&rng, 42);
	for (size_t i = 0; i < ARRAY_LEN(from_seed_42); i++)
		ck_assert_uint_eq(stats_rng_next(&rng), from_seed_42[i]);
}
END_TEST

START_TEST(random_numbers_stay_in_their_range_and_fill_it)
{
	struct stats_rng rng;
	unsigned count[7] = {0};

	stats_rng_seed(&rng, 0);
	for (int i = 0; i < 70000; i++) {
		uint64_t v = stats_rng_below(&rng, 7);
		double u = stats_rng_unit(&rng);

		ck_assert_uint_lt(v, 7);
		ck_assert(u > 0 && u < 1);
		count[v]++;
	}
	for (int i = 0; i < 7; i++) /* 10,000 expected, standard deviation 93 */
		ck_assert(count[i] > 9500 && count[i] < 10500);
	ck_assert_uint_eq(stats_rng_below(&rng, 1), 0);
}
END_TEST

START_TEST(the_unit_interval_is_open_at_both_ends)
{
	/* The next word is rotl(5 s[1], 7) * 9: here it is the smallest and the largest there is.
	 */
	struct stats_rng low = {{1, 0, 0, 0}}, high = {{1, UINT64_C(0x4fc71c71c71c71c7), 0, 0}};
	struct stats_rng copy = high;

	ck_assert_uint_eq(stats_rng_next(&copy), UINT64_MAX);
	ck_assert(stats_rng_unit(&low) > 0);
	ck_assert(stats_rng_unit(&high) < 1);
}
END_TEST

START_TEST(each_alternative_stands_once_in_each_place)
{
	static unsigned order[256 * 256];
	static const size_t sizes[] = {1, 2, 3, 7, 16, 256};
	struct stats_rng rng;

	stats_rng_seed(&rng, 9);
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		size_t n = sizes[s];

		stats_latin_square(&rng, n, order);
		for (size_t a = 0; a < n; a++) {
			bool in_row[256] = {false}, in_column[256] = {false};

			for (size_t b = 0; b < n; b++) {
				ck_assert_uint_lt(order[a * n + b], n);
				in_row[order[a * n + b]] = true;
				in_column[order[b * n + a]] = true;
			}
			for (size_t v = 0; v < n; v++)
				ck_assert(in_row[v] && in_column[v]);
		}
	}
}
END_TEST

START_TEST(both_orders_of_two_come_first_equally_often)
{
	struct stats_rng rng;
	unsigned order[4], first = 0;

	stats_rng_seed(&rng, 1);
	for (int i = 0; i < 1000; i++) {
		stats_latin_square(&rng, 2, order);
		first += order[0] == 0;
	}
	ck_assert(first > 420 && first < 580);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("stats_tools");
	TCase *sweeps = tcase_create("sweep"), *rate = tcase_create("proportion");
	TCase *orders = tcase_create("random"), *few = tcase_create("few samples");

	tcase_add_test(sweeps, crossing_is_interpolated_on_the_logarithm);
	tcase_add_test(sweeps, a_sweep_that_never_crosses_says_on_which_side_it_stays);
	tcase_add_test(sweeps, rounds_that_cross_elsewhere_keep_their_rank);
	tcase_add_test(sweeps, crossing_refuses_what_is_no_sweep);
	tcase_add_test(sweeps, slope_of_a_line_is_its_slope);
	tcase_add_test(sweeps, slope_needs_two_different_x);
	tcase_add_test(few, somewhat_dependent_few_samples_have_their_range_as_interval);
	tcase_add_test(rate, proportion_at_the_ends_has_the_closed_form);
	tcase_add_test(rate, proportion_agrees_with_another_program);
	tcase_add_test(rate, tails_of_the_proportion_hold_what_the_level_leaves);
	tcase_add_test(rate, proportion_of_a_million_does_not_underflow);
	tcase_add_test(orders, a_seed_gives_the_same_numbers_everywhere);
	tcase_add_test(orders, random_numbers_stay_in_their_range_and_fill_it);
	tcase_add_test(orders, the_unit_interval_is_open_at_both_ends);
	tcase_add_test(orders, each_alternative_stands_once_in_each_place);
	tcase_add_test(orders, both_orders_of_two_come_first_equally_often);
	suite_add_tcase(s, sweeps);
	suite_add_tcase(s, rate);
	suite_add_tcase(s, few);
	suite_add_tcase(s, orders);
	return s;
}
