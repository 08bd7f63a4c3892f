/* test_claims.c - claims and verdicts: hand-made records must give each of the six verdicts */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "make_claims.h"
#include "suite.h"

#define RATIO CLAIM_RATIO

START_TEST(an_interval_within_the_range_holds)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{'n': '1'}", "[1.5, null]"));
	put_run("R1", 2);
	put_pair("n=1", 2, 0.02, 20);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	ck_assert_str_eq(j.subject, "C");
	ck_assert_str_eq(j.program, "study");
	ck_assert_msg(!strncmp(j.why, "a takes ", 8), "%s", j.why);
	assert_says(j.why, "] times as long as b: it is so");
	ck_assert_msg(
		!strncmp(j.measured, "2.0", 3) || !strncmp(j.measured, "1.9", 3), "%s", j.measured);
	assert_says(j.measured, " [");
}
END_TEST

START_TEST(a_ratio_of_bytes_is_told_as_much_and_not_as_long)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{'n': '1'}", "[1.5, null]"));
	put_run("R1", 2);
	put_result((struct result_plan){
		.variant = "a", .params = "n=1", .ns = 8192, .unit = "B/op", .seed = 1});
	put_result((struct result_plan){
		.variant = "b", .params = "n=1", .ns = 4096, .unit = "B/op", .seed = 2});
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	ck_assert_str_eq(j.why, "a takes 2 [2, 2] times as much as b: it is so");
}
END_TEST

START_TEST(an_interval_outside_of_the_range_does_not_hold)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{'n': '1'}", "[0.5, 1.5]"));
	put_run("R1", 2);
	put_pair("n=1", 2, 0.02, 20);
	j = judge();
	assert_verdict(j, CLAIM_DOES_NOT_HOLD);
	assert_says(j.why, " times as long as b: it is not");
}
END_TEST

START_TEST(some_cases_true_and_others_false_holds_only_when_the_true_ones)
{
	struct claim_judgement j;

	put_cases(RATIO("one CPU", "{'cpus': 'one'}", "[1.5, null]") ", " RATIO(
		"several CPUs", "{'cpus': 'all'}", "[1.5, null]"));
	put_run("R1", 2);
	put_pair("cpus=one", 1, 0.02, 20);
	put_pair("cpus=all", 2, 0, 20);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS_ONLY);
	ck_assert_str_eq(j.measured, "2 [2, 2]");
	ck_assert_msg(!strncmp(j.why, "several CPUs (a takes 2 [2, 2] times as long as b); ", 52),
		"%s", j.why);
	assert_says(j.why, "; not when one CPU (a takes ");
	assert_says(j.why, " times as long as b): it depends");
}
END_TEST

START_TEST(an_interval_across_the_border_cannot_tell_and_says_how_many_more_rounds)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{'n': '1'}", "[1.02, null]"));
	put_run("R1", 2);
	put_pair("n=1", 1, 0.2, 20);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	assert_says(j.why, "border at 1.02");
	assert_says(j.why, "more rounds");
	assert_says(j.why, "study");
	assert_says(j.measured, "[");
}
END_TEST

START_TEST(without_a_record_cannot_tell_and_names_the_command)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{'n': '1'}", "[1.5, null]"));
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.why, "not measured yet: forklab run study --sweep n=1 --budget 60");
	ck_assert_str_eq(j.measured, "");
	put_run("R1", 2);
	put_pair("n=2", 2, 0.02, 20);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(
		j.why, "no run has a and b at n=1: forklab run study --sweep n=1 --budget 60");
}
END_TEST

START_TEST(what_was_skipped_cannot_be_told_and_says_why)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{'n': '1'}", "[1.5, null]"));
	put_run("R1", 2);
	put_record("/r.jsonl", make_skip("R1", "study", "b", "n=1", "python3 is not there"));
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.why, "skipped: python3 is not there");
	put_record("/r.jsonl", make_skip("R2", "study", "b", "n=1", "not measured with --quick"));
	j = judge();
	ck_assert_str_eq(
		j.why, "not measured with --quick: forklab run study --sweep n=1 --budget 60");
}
END_TEST

START_TEST(a_need_that_the_machine_does_not_meet_cannot_tell)
{
	struct claim_judgement j;

	put_cases("{'when': 'x', 'bench': 'study', 'a': 'a', 'b': 'b', 'stat': 'ratio', "
		  "'holds': [1.5, null], 'needs': 'cores>=8'}");
	put_run("R1", 2);
	put_pair("n=1", 2, 0.02, 20);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.why, "needs cores>=8, has 2");
	put_record("/r.jsonl", make_run("R1", 8)); /* the later record of a run counts */
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
}
END_TEST

START_TEST(what_the_whole_claim_needs_is_asked_too)
{
	struct claim_judgement j;

	put_claim("'needs': 'cores>=8', 'subjects': [{'subject': 'C', 'cases': [" RATIO(
		"x", "{}", "[1.5, null]") "]}]");
	put_run("R1", 4);
	put_pair("n=1", 2, 0.02, 20);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	assert_says(j.why, "needs cores>=8, has 4");
}
END_TEST

START_TEST(an_invalid_record_cannot_tell)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{}", "[1.5, null]"));
	put_run("R1", 2);
	put_result((struct result_plan){.variant = "a"});
	put_result((struct result_plan){.variant = "b", .wrong = "9 of 10 additions"});
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.why, "the record of b is not valid: 9 of 10 additions");
}
END_TEST

START_TEST(too_few_rounds_for_an_interval_cannot_tell)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{}", "[1.5, null]"));
	put_run("R1", 2);
	put_pair("", 2, 0.02, 5);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	assert_says(j.measured, "(no interval yet)");
	assert_says(j.why, "5 rounds are too few for an interval: 6 or more");
}
END_TEST

START_TEST(several_cases_share_the_five_percent)
{
	struct claim_judgement j;

	put_cases(RATIO("p", "{'n': '1'}", "[1.5, null]") ", " RATIO(
		"q", "{'n': '2'}", "[1.5, null]"));
	put_run("R1", 2);
	put_pair("n=1", 2, 0, 6);
	put_pair("n=2", 2, 0, 6);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL); /* 6 rounds are enough for one case alone */
	assert_says(j.why, "6 rounds are too few for an interval: 7 or more");
}
END_TEST

/* A result whose samples bear no round: nothing says which of another's they belong to. */
static void put_unpaired(const char *variant, double ns, size_t disturbed)
{
	json_t *r = make_result(
		&(struct result_plan){.variant = variant, .ns = ns, .disturbed = disturbed});

	json_object_del(json_object_get(r, "raw"), "round");
	put_record("/r.jsonl", r);
}

START_TEST(many_disturbed_samples_cannot_tell_unless_they_are_paired)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{}", "[1.5, null]"));
	put_run("R1", 2);
	put_unpaired("a", 2000, 5);
	put_unpaired("b", 1000, 0);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	assert_says(j.why, "25 % of the samples of a were disturbed");
	put_run("R2", 2);
	put_result((struct result_plan){.run = "R2", .variant = "a", .ns = 2000, .disturbed = 5});
	put_result((struct result_plan){.run = "R2", .variant = "b", .ns = 1000});
	assert_verdict(judge(), CLAIM_HOLDS);
}
END_TEST

START_TEST(an_opinion_and_a_slip_are_what_the_file_says)
{
	struct claim_judgement j;

	put_claim("'verdict': 'opinion', 'why': 'nobody can measure beauty'");
	j = judge();
	assert_verdict(j, CLAIM_OPINION);
	ck_assert_str_eq(j.why, "nobody can measure beauty");
	put_claim("'verdict': 'slip', 'why': '100 / 4 is 25'");
	assert_verdict(judge(), CLAIM_SLIP);
}
END_TEST

START_TEST(with_an_open_verdict_the_figure_is_that_of_the_open_case)
{
	struct claim_judgement j;

	put_cases(RATIO("p", "{'n': '1'}", "[1.5, null]") ", " RATIO(
		"q", "{'n': '2'}", "[1.5, null]"));
	put_run("R1", 2);
	put_pair("n=1", 2, 0, 20);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.measured, "");
	put_pair("n=2", 3, 0, 5);
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.measured, "3 (no interval yet)");
	assert_says(j.why, "q: 5 rounds are too few");
}
END_TEST

START_TEST(max_is_the_most_workers_that_had_a_cpu_each)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{'workers': 'max'}", "[1.5, null]"));
	put_run("R1", 4);
	put_pair("workers=2", 5, 0, 20);
	put_pair("workers=4", 2, 0, 20);
	put_pair("workers=10", 7, 0, 20);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	ck_assert_str_eq(j.measured, "2 [2, 2]");
}
END_TEST

START_TEST(a_speedup_can_be_judged_as_a_share_of_what_the_cpus_can_give)
{
	struct claim_judgement j;

	put_cases("{'when': 'x', 'bench': 'study', 'point': {'workers': '10'}, 'a': 'a', 'b': 'b', "
		  "'stat': 'ratio', 'per': 'ideal', 'holds': [0.8, null]}");
	put_run("R1", 4);
	put_pair("workers=10", 3.6, 0, 20);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	ck_assert_str_eq(j.measured, "0.9 [0.9, 0.9]");
}
END_TEST

START_TEST(a_demo_that_shows_its_phenomenon_decides)
{
	struct claim_judgement j;

	put_cases("{'when': 'x', 'demo': 'lost', 'exit0': 'refutes'}");
	j = judge();
	ck_assert_str_eq(j.why, "not watched yet: forklab watch lost");
	put_record("/r.jsonl", make_demo("R1", "lost", 0, ""));
	j = judge();
	assert_verdict(j, CLAIM_DOES_NOT_HOLD);
	ck_assert_str_eq(j.program, "lost");
	ck_assert_str_eq(j.measured, ""); /* a demo shows, it does not measure */
	ck_assert_str_eq(j.why, "seen in demo lost: it is not");
	put_record("/r.jsonl", make_demo("R2", "lost", 77, "one CPU"));
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.why, "demo lost: one CPU");
}
END_TEST

START_TEST(a_time_of_other_hardware_is_shown_and_never_judged)
{
	struct claim_judgement j;

	put_claim("'published': '6.19 s', 'subjects': [{'subject': 'CPython', 'show': {'bench': "
		  "'study', "
		  "'point': {'n': '1'}, 'variant': 'a', 'judged_by': 'X2'}}]");
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	assert_says(j.why, "in X2; not measured yet: forklab run study --sweep n=1 ");
	put_run("R1", 2);
	put_result((struct result_plan){.variant = "a", .params = "n=1", .ns = 2e9});
	j = judge();
	assert_verdict(j, CLAIM_CANNOT_TELL);
	ck_assert_str_eq(j.measured, "2 s [1.98, 2.02]");
	ck_assert_str_eq(
		j.why, "a time of other hardware is shown, not judged: its ratio is, in X2");
}
END_TEST

START_TEST(the_python_that_was_measured_is_named)
{
	struct claim_judgement j;
	json_t *run = make_run("R1", 2);

	put_claim("'subjects': [{'subject': 'CPython', 'cases': [" RATIO(
		"x", "{}", "[1.5, null]") "]}]");
	json_object_set_new(json_object_get(run, "host"), "python", json_string("3.11.2"));
	put_record("/r.jsonl", run);
	put_pair("", 2, 0, 20);
	j = judge();
	ck_assert_str_eq(j.subject, "CPython 3.11.2");
}
END_TEST

START_TEST(a_why_that_is_too_long_ends_in_dots_at_a_whole_character)
{
	struct claim_judgement j;
	char fields[4096] = "'verdict': 'opinion', 'why': 'x", *end = fields + strlen(fields);

	for (int i = 0; i < 600; i++)
		end = stpcpy(end, "\xc3\xa4"); /* a umlaut, two bytes */
	stpcpy(end, "'");
	put_claim(fields);
	j = judge();
	ck_assert_uint_lt(strlen(j.why), sizeof(j.why));
	ck_assert_str_eq(j.why + strlen(j.why) - 3, "...");
	ck_assert_int_eq((unsigned char)j.why[strlen(j.why) - 4], 0xa4);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("claims");
	TCase *c = folder_case(s, "verdicts");

	tcase_add_test(c, an_interval_within_the_range_holds);
	tcase_add_test(c, a_ratio_of_bytes_is_told_as_much_and_not_as_long);
	tcase_add_test(c, an_interval_outside_of_the_range_does_not_hold);
	tcase_add_test(c, some_cases_true_and_others_false_holds_only_when_the_true_ones);
	tcase_add_test(c, an_interval_across_the_border_cannot_tell_and_says_how_many_more_rounds);
	tcase_add_test(c, without_a_record_cannot_tell_and_names_the_command);
	tcase_add_test(c, what_was_skipped_cannot_be_told_and_says_why);
	tcase_add_test(c, a_need_that_the_machine_does_not_meet_cannot_tell);
	tcase_add_test(c, what_the_whole_claim_needs_is_asked_too);
	tcase_add_test(c, an_invalid_record_cannot_tell);
	tcase_add_test(c, too_few_rounds_for_an_interval_cannot_tell);
	tcase_add_test(c, several_cases_share_the_five_percent);
	tcase_add_test(c, many_disturbed_samples_cannot_tell_unless_they_are_paired);
	tcase_add_test(c, an_opinion_and_a_slip_are_what_the_file_says);
	tcase_add_test(c, with_an_open_verdict_the_figure_is_that_of_the_open_case);
	tcase_add_test(c, max_is_the_most_workers_that_had_a_cpu_each);
	tcase_add_test(c, a_speedup_can_be_judged_as_a_share_of_what_the_cpus_can_give);
	tcase_add_test(c, a_demo_that_shows_its_phenomenon_decides);
	tcase_add_test(c, a_time_of_other_hardware_is_shown_and_never_judged);
	tcase_add_test(c, the_python_that_was_measured_is_named);
	tcase_add_test(c, a_why_that_is_too_long_ends_in_dots_at_a_whole_character);
	return s;
}
