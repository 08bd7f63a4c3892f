/* test_claims_sweeps.c - claims about slopes and crossings: what holds along an axis, and where not */
#include "folder.h"
#include "make_claims.h"
#include "suite.h"

#define SLOPE(holds)                                                                               \
	"{'when': 'touched', 'bench': 'study', 'point': {'memory': 'touched'}, 'plus': "           \
	"[{'size_mib': "                                                                           \
	"'0', 'memory': 'untouched'}], 'a': 'a', 'stat': 'slope', 'over': 'size_mib', 'unit': "    \
	"'ms/GiB', 'holds': " holds "}"

/* 10 ms per GiB over 100 us, exactly. */
static void put_sizes(double ms_per_gib)
{
	static const struct {
		const char *params;
		double gib;
	} points[] = {{"size_mib=0,memory=untouched", 0}, {"size_mib=1024,memory=untouched", 0},
		{"size_mib=256,memory=touched", 0.25}, {"size_mib=1024,memory=touched", 1}};

	put_run("R1", 2);
	for (size_t i = 0; i < 4; i++)
		put_result((struct result_plan){.variant = "a",
			.params = points[i].params,
			.ns = 1e5 + ms_per_gib * 1e6 * points[i].gib});
}

START_TEST(a_slope_is_judged_in_its_unit_with_the_point_that_is_added)
{
	struct claim_judgement j;

	put_cases(SLOPE("[9, 424]"));
	put_sizes(10);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	ck_assert_str_eq(j.measured, "10 [10, 10] ms/GiB");
	put_cases(SLOPE("[-0.5, 0.5]"));
	assert_verdict(judge(), CLAIM_DOES_NOT_HOLD);
}
END_TEST

START_TEST(a_slope_over_too_few_points_cannot_tell)
{
	struct claim_judgement j;

	put_cases(SLOPE("[9, 424]"));
	put_run("R1", 2);
	put_result((struct result_plan){.variant = "a", .params = "size_mib=64,memory=touched"});
	put_result((struct result_plan){.variant = "a", .params = "size_mib=256,memory=touched"});
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	assert_says(j.why, "needs at least 3 points along size_mib, has 2");
}
END_TEST

#define CROSSING(holds)                                                                            \
	"{'when': '', 'bench': 'study', 'point': {'workers': 'max'}, 'a': 'a', 'b': 'b', 'stat': " \
	"'crossing', 'over': 'work', 'over_text': 'the work of each', 'holds': " holds "}"

static void put_sweep(double at_10us, double at_100us, double at_1ms, double spread)
{
	put_run("R1", 2);
	put_pair("workers=2,work=10us", at_10us, spread, 20);
	put_pair("workers=2,work=1ms", at_1ms, spread, 20);
	put_pair("workers=2,work=100us", at_100us, spread, 20);
	put_pair("workers=2,work=1e6inc", 9, spread, 20); /* not a time: not on this axis */
}

START_TEST(a_crossing_holds_only_on_its_side_of_the_border)
{
	struct claim_judgement j;

	put_cases(CROSSING("[null, 1]"));
	put_sweep(4, 2, 0.5, 0.02);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS_ONLY);
	assert_says(
		j.measured, "border at 3"); /* half way between 100 us and 1 ms, on a log axis */
	assert_says(j.why, "the work of each is above 3");
	assert_says(j.why, " \xc2\xb5s");
	put_cases(CROSSING("[1, null]"));
	j = judge();
	assert_verdict(j, CLAIM_HOLDS_ONLY);
	assert_says(j.why, "is below 3");
}
END_TEST

START_TEST(a_border_lies_between_the_points_that_are_clear_and_each_end_has_its_unit)
{
	struct claim_judgement j;

	put_cases(CROSSING("[null, 1]"));
	put_run("R1", 2);
	put_pair("workers=2,work=10us", 4, 0, 20);
	put_pair("workers=2,work=100us", 1, 0.9, 20); /* anything */
	put_pair("workers=2,work=1ms", 0.5, 0, 20);
	put_pair("workers=2,work=100ms", 0.5, 0, 20);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS_ONLY);
	assert_says(j.measured, " \xc2\xb5s to ");
	assert_says(j.why, "the border lies between ");
	assert_says(j.why, ", right in 95 %");
	ck_assert_ptr_null(strstr(j.measured, "100 ms"));
}
END_TEST

START_TEST(two_that_change_places_twice_have_no_border)
{
	put_cases(CROSSING("[null, 1]"));
	put_sweep(2, 0.5, 2, 0);
	assert_verdict(judge(), CLAIM_CANNOT_TELL);
	assert_says(judge().why, "change places 2 times along work");
}
END_TEST

START_TEST(a_newer_run_of_one_point_does_not_hide_the_sweep)
{
	put_cases(CROSSING("[null, 1]"));
	put_sweep(4, 2, 0.5, 0.02);
	put_run("R2", 2);
	for (int i = 0; i < 2; i++)
		put_result((struct result_plan){
			.run = "R2", .variant = i ? "b" : "a", .params = "workers=2,work=10us"});
	assert_verdict(judge(), CLAIM_HOLDS_ONLY);
}
END_TEST

START_TEST(the_command_of_a_sweep_leaves_its_axis_free)
{
	put_cases(SLOPE("[9, 424]"));
	assert_says(judge().why, "forklab run study --sweep memory=touched,untouched --budget 60");
}
END_TEST

START_TEST(without_a_crossing_the_claim_holds_or_not_along_the_whole_sweep)
{
	struct claim_judgement j;

	put_cases(CROSSING("[null, 1]"));
	put_sweep(0.8, 0.7, 0.5, 0.02);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	ck_assert_str_eq(j.measured, "no border from 10 \xc2\xb5s to 1 ms");
	put_cases(CROSSING("[1, null]"));
	assert_verdict(judge(), CLAIM_DOES_NOT_HOLD);
}
END_TEST

START_TEST(a_crossing_that_is_only_noise_cannot_tell)
{
	struct claim_judgement j;

	put_cases(CROSSING("[null, 1]"));
	put_sweep(4, 1.001, 0.999, 0.1);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	assert_says(j.why, "not told apart");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("claims_sweeps");
	TCase *c = folder_case(s, "sweeps");

	tcase_add_test(c, a_slope_is_judged_in_its_unit_with_the_point_that_is_added);
	tcase_add_test(c, a_slope_over_too_few_points_cannot_tell);
	tcase_add_test(c, a_crossing_holds_only_on_its_side_of_the_border);
	tcase_add_test(
		c, a_border_lies_between_the_points_that_are_clear_and_each_end_has_its_unit);
	tcase_add_test(c, two_that_change_places_twice_have_no_border);
	tcase_add_test(c, a_newer_run_of_one_point_does_not_hide_the_sweep);
	tcase_add_test(c, the_command_of_a_sweep_leaves_its_axis_free);
	tcase_add_test(c, without_a_crossing_the_claim_holds_or_not_along_the_whole_sweep);
	tcase_add_test(c, a_crossing_that_is_only_noise_cannot_tell);
	return s;
}
