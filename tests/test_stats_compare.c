/* test_stats_compare.c - paired comparisons: verdicts, margins, families, what is counted */
#include <errno.h>
#include <math.h>

#include "harness/ensure.h"
#include "harness/stats.h"
#include "suite.h"

#define NEAR(a, b) ck_assert_double_eq_tol((double)(a), (double)(b), 1e-9 * (1 + fabs((double)(b))))

static struct stats_comparison comparison(
	const double *a, const double *b, size_t n, double margin, unsigned family)
{
	struct stats_comparison c;

	ck_assert_int_eq(stats_compare(a, b, NULL, n, 0.95, margin, family, &c), 0);
	return c;
}

/* b: 100 with a common wave; a: b times ratio, give or take spread, independent of the wave. */
static void fill_pairs(double *a, double *b, size_t n, double ratio, double spread)
{
	for (size_t i = 0; i < n; i++) {
		/* 0, n/2, 1, n/2 + 1, ...: neighbours on opposite sides of the median. */
		size_t rank = i / 2 + (i % 2 ? (n + 1) / 2 : 0);
		double at = (double)rank;

		b[i] = 100 + 50 * sin((double)i);
		a[i] = b[i] * ratio * exp(spread * (2 * at / (double)(n - 1) - 1));
	}
}

static const struct {
	double ratio, spread;
	enum stats_verdict verdict;
	bool measurable;
} verdicts[] = {
	{0.90, 0.02, STATS_FASTER, true},
	{1.10, 0.02, STATS_SLOWER, true},
	{1.00, 0.02, STATS_EQUIVALENT, false},
	{1.015, 0.02, STATS_EQUIVALENT, true},
	{1.00, 0.50, STATS_INCONCLUSIVE, false},
	{1.05, 0.30, STATS_INCONCLUSIVE, false},
	{1.04, 0.10, STATS_INCONCLUSIVE, true},
};

START_TEST(verdict_follows_from_interval_and_margin)
{
	double a[60], b[60];
	struct stats_comparison c;

	fill_pairs(a, b, 60, verdicts[_i].ratio, verdicts[_i].spread);
	c = comparison(a, b, 60, 0.03, 1);
	ck_assert_str_eq(stats_verdict_name(c.verdict), stats_verdict_name(verdicts[_i].verdict));
	ck_assert_int_eq(c.measurable, verdicts[_i].measurable);
	ck_assert_double_eq_tol(c.ratio, verdicts[_i].ratio, 1e-6);
	ck_assert(c.ci.known && c.ci.lo <= c.ratio && c.ratio <= c.ci.hi);
	ck_assert_int_eq(c.rounds_needed > 0, c.verdict == STATS_INCONCLUSIVE);
}
END_TEST

START_TEST(swapped_sides_give_the_mirrored_verdict)
{
	double a[60], b[60];
	struct stats_comparison ab, ba;

	fill_pairs(a, b, 60, 1.06, 0.05);
	ab = comparison(a, b, 60, 0.03, 1);
	ba = comparison(b, a, 60, 0.03, 1);
	ck_assert_int_eq(ab.verdict, STATS_SLOWER);
	ck_assert_int_eq(ba.verdict, STATS_FASTER);
	NEAR(ab.ratio * ba.ratio, 1);
	NEAR(ab.ci.lo * ba.ci.hi, 1);
}
END_TEST

/* Pairing: the wave of both sides is fifty times the difference and must not be seen. */
START_TEST(a_wave_common_to_both_sides_cancels)
{
	double a[40], b[40];
	struct stats_comparison c;

	fill_pairs(a, b, 40, 1.01, 0);
	c = comparison(a, b, 40, 0, 1);
	ck_assert_int_eq(c.verdict, STATS_SLOWER);
	NEAR(c.ci.lo, 1.01);
	NEAR(c.ci.hi, 1.01);
}
END_TEST

START_TEST(a_larger_family_needs_a_wider_interval)
{
	double a[60], b[60];
	struct stats_comparison one, ten;

	fill_pairs(a, b, 60, 1, 0.1);
	one = comparison(a, b, 60, 0.03, 1);
	ten = comparison(a, b, 60, 0.03, 10);
	ck_assert_double_lt(ten.ci.lo, one.ci.lo);
	ck_assert_double_gt(ten.ci.hi, one.ci.hi);
	ck_assert_double_ge(one.level, 0.95);
	ck_assert_double_ge(ten.level, 0.995);
}
END_TEST

START_TEST(ties_and_zero_times_are_counted)
{
	double a[12], b[12];
	struct stats_comparison c;

	for (int i = 0; i < 12; i++)
		a[i] = b[i] = 10 + i;
	a[3] = 0;
	b[7] = 0;
	a[9] = -1;
	c = comparison(a, b, 12, 0.03, 1);
	ck_assert_uint_eq(c.dropped, 3);
	ck_assert_uint_eq(c.rounds, 9);
	ck_assert_uint_eq(c.ties, 9);
	ck_assert_int_eq(c.verdict, STATS_EQUIVALENT);
	ck_assert(!c.measurable);
}
END_TEST

START_TEST(too_few_rounds_are_inconclusive_whatever_they_say)
{
	double a[] = {1, 1, 1, 1, 1}, b[] = {9, 9, 9, 9, 9}, zero[5] = {0};
	struct stats_comparison c = comparison(a, b, 5, 0.03, 1);

	ck_assert(!c.ci.known && !c.measurable);
	ck_assert_int_eq(c.verdict, STATS_INCONCLUSIVE);
	NEAR(c.rounds_needed, 6);
	c = comparison(zero, b, 5, 0.03, 1);
	ck_assert_uint_eq(c.rounds, 0);
	ck_assert_uint_eq(c.dropped, 5);
	ck_assert_int_eq(c.verdict, STATS_INCONCLUSIVE);
	ck_assert(isfinite(c.ratio) && c.rounds_needed > 0);
}
END_TEST

START_TEST(rounds_needed_grows_with_the_square_of_the_width)
{
	double a[60], b[60], narrow, wide;

	fill_pairs(a, b, 60, 1, 0.2);
	narrow = comparison(a, b, 60, 0.03, 1).rounds_needed;
	fill_pairs(a, b, 60, 1, 0.4);
	wide = comparison(a, b, 60, 0.03, 1).rounds_needed;
	ck_assert_double_gt(narrow, 60);
	ck_assert_double_eq_tol(wide / narrow, 4, 0.1);
}
END_TEST

START_TEST(rounds_needed_is_finite_on_the_margin_and_without_one)
{
	double a[60], b[60], needed;

	fill_pairs(a, b, 60, 1.03, 0.1);
	needed = comparison(a, b, 60, 0.03, 1).rounds_needed;
	ck_assert(isfinite(needed) && needed > 60);
	fill_pairs(a, b, 60, 1, 0.1);
	needed = comparison(a, b, 60, 0, 1).rounds_needed;
	ck_assert(isfinite(needed) && needed > 60);
}
END_TEST

START_TEST(comparison_refuses_what_it_cannot_judge)
{
	double a[] = {1, 2, 3}, b[] = {1, 2, nan("")};
	struct stats_comparison c;

	ck_assert_int_eq(stats_compare(a, a, NULL, 0, 0.95, 0.03, 1, &c), -EINVAL);
	ck_assert_int_eq(stats_compare(a, a, NULL, 3, 0.95, 0.03, 0, &c), -EINVAL);
	ck_assert_int_eq(stats_compare(a, a, NULL, 3, 0.95, 1, 1, &c), -EINVAL);
	ck_assert_int_eq(stats_compare(a, a, NULL, 3, 0.95, -0.01, 1, &c), -EINVAL);
	ck_assert_int_eq(stats_compare(a, a, NULL, 3, 0.95, nan(""), 1, &c), -EINVAL);
	ck_assert_int_eq(stats_compare(a, b, NULL, 3, 0.95, 0.03, 1, &c), -EINVAL);
	ck_assert_int_eq(stats_compare(b, a, NULL, 3, 0.95, 0.03, 1, &c), -EINVAL);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("stats_compare");
	TCase *tc = tcase_create("comparison");

	tcase_add_loop_test(
		tc, verdict_follows_from_interval_and_margin, 0, (int)ARRAY_LEN(verdicts));
	tcase_add_test(tc, swapped_sides_give_the_mirrored_verdict);
	tcase_add_test(tc, a_wave_common_to_both_sides_cancels);
	tcase_add_test(tc, a_larger_family_needs_a_wider_interval);
	tcase_add_test(tc, ties_and_zero_times_are_counted);
	tcase_add_test(tc, too_few_rounds_are_inconclusive_whatever_they_say);
	tcase_add_test(tc, rounds_needed_grows_with_the_square_of_the_width);
	tcase_add_test(tc, rounds_needed_is_finite_on_the_margin_and_without_one);
	tcase_add_test(tc, comparison_refuses_what_it_cannot_judge);
	suite_add_tcase(s, tc);
	return s;
}
