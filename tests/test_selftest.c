/* test_selftest.c - blocks of pairs, judged: false alarms and the smallest ratio that can be told apart */
#include <errno.h>

#include "forklab/selftest.h"
#include "suite.h"

START_TEST(equal_series_give_no_alarm_and_the_finest_ratio)
{
	double a[400];
	struct selftest t;

	for (size_t i = 0; i < 400; i++)
		a[i] = 100 + (double)(i * 7 % 13);
	ck_assert_int_eq(selftest_judge(a, a, NULL, 400, SELFTEST_QUICK_BLOCKS, &t), 0);
	ck_assert_uint_eq(t.verdicts, 20);
	ck_assert_uint_eq(t.false_alarms, 0);
	ck_assert_uint_eq(t.excluded, 0);
	ck_assert_uint_eq(t.known, 20);
	ck_assert_double_eq_tol(t.resolvable, 1, 1e-12);
	ck_assert_double_eq(t.alarm_rate.lo, 0);
	ck_assert_double_eq_tol(t.alarm_rate.hi, 0.1684, 1e-3);
}
END_TEST

START_TEST(a_real_difference_is_an_alarm_in_each_block)
{
	double a[400], b[400];
	struct selftest t;

	for (size_t i = 0; i < 400; i++) {
		b[i] = 100 + (double)(i * 7 % 13);
		a[i] = b[i] * 1.2;
	}
	ck_assert_int_eq(selftest_judge(a, b, NULL, 400, SELFTEST_QUICK_BLOCKS, &t), 0);
	ck_assert_uint_eq(t.false_alarms, 20);
	ck_assert_uint_eq(t.excluded, 20);
	ck_assert_double_eq_tol(t.resolvable, 1.2, 1e-9);
}
END_TEST

START_TEST(the_resolvable_ratio_is_that_of_19_of_20_blocks)
{
	double a[400], b[400];
	struct selftest t;

	for (size_t i = 0; i < 400; i++) {
		size_t block = i / SELFTEST_ROUNDS;

		b[i] = 100;
		a[i] = block == 0 ? 300 : 100 + (double)block; /* one block is far off */
	}
	ck_assert_int_eq(selftest_judge(a, b, NULL, 400, SELFTEST_QUICK_BLOCKS, &t), 0);
	ck_assert_double_eq_tol(t.resolvable, 1.19, 1e-9);
}
END_TEST

START_TEST(fewer_pairs_than_a_block_are_no_selftest)
{
	double a[19] = {0};
	struct selftest t;

	ck_assert_int_eq(selftest_judge(a, a, NULL, 19, 20, &t), -ENODATA);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("selftest");
	TCase *tests = gated_case(s, "selftest");

	tcase_add_test(tests, equal_series_give_no_alarm_and_the_finest_ratio);
	tcase_add_test(tests, a_real_difference_is_an_alarm_in_each_block);
	tcase_add_test(tests, the_resolvable_ratio_is_that_of_19_of_20_blocks);
	tcase_add_test(tests, fewer_pairs_than_a_block_are_no_selftest);
	return s;
}
