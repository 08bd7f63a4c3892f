/* test_claims_runs.c - which run a verdict goes by, and the command that would decide an open one */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "forklab/claims_show.h"
#include "make_claims.h"
#include "suite.h"

#define RATIO CLAIM_RATIO

static void put_quick_run(const char *run)
{
	json_t *record = make_run(run, 2);

	json_object_set_new(record, "quick", json_true());
	put_record("/r.jsonl", record);
}

/* A result of a run that was interrupted: with samples or without. */
static void put_cut(struct result_plan plan, bool samples)
{
	json_t *record = make_result(&plan);

	json_object_set_new(record, "stop_reason", json_string("interrupted"));
	if (!samples) {
		json_object_set_new(record, "n", json_integer(0));
		json_object_set_new(record, "median", json_null());
		json_object_set_new(
			record, "raw", json_pack("{s:[], s:[], s:[]}", "launch", "round", "t_ns"));
	}
	put_record("/r.jsonl", record);
}

START_TEST(both_sides_come_from_one_run_and_it_is_the_newest_that_has_both)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "{}", "[1.5, null]"));
	put_run("R1", 2);
	put_pair("", 2, 0, 20);
	put_run("R2", 2);
	put_result((struct result_plan){.run = "R2", .variant = "a", .ns = 1});
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	ck_assert_str_eq(j.measured, "2 [2, 2]");
}
END_TEST

START_TEST(a_quick_or_interrupted_run_stands_in_only_where_there_is_no_whole_one)
{
	struct result_plan b = {.run = "R2", .variant = "b"}, a = b, cut = b;

	a.variant = "a";
	cut.run = "R3";
	put_cases(RATIO("always", "{}", "[1.5, null]"));
	put_quick_run("R2");
	put_result(a);
	put_result(b);
	ck_assert_str_eq(judge().measured, "1 [1, 1]");
	put_run("R1", 2);
	put_pair("", 2, 0, 20);
	put_run("R3", 2);
	put_result(cut);
	cut.variant = "a";
	put_cut(cut, true);
	put_quick_run("R4");
	a.run = b.run = "R4";
	put_result(a);
	put_result(b);
	ck_assert_str_eq(judge().measured, "2 [2, 2]");
}
END_TEST

START_TEST(an_empty_run_never_hides_one_with_numbers)
{
	struct result_plan a = {.run = "R2", .variant = "a"}, b = a;

	b.variant = "b";
	put_cases(RATIO("always", "{}", "[1.5, null]"));
	put_quick_run("R1");
	put_pair("", 2, 0, 20);
	put_run("R2", 2);
	put_cut(a, 0);
	put_cut(b, 0);
	ck_assert_str_eq(judge().measured, "2 [2, 2]");
	/* Of two that were cut off the one with numbers counts, the newer first. */
	put_run("R3", 2);
	a.run = b.run = "R3";
	a.ns = 3000;
	put_cut(a, 1);
	put_cut(b, 1);
	put_run("R4", 2);
	a.run = b.run = "R4";
	put_cut(a, 0);
	put_cut(b, 0);
	ck_assert_str_eq(judge().measured, "3 [3, 3]");
}
END_TEST

START_TEST(a_record_that_is_not_valid_is_passed_over_while_there_are_others)
{
	put_cases(RATIO("always", "{}", "[1.5, null]"));
	put_quick_run("R1");
	put_pair("", 2, 0, 20);
	put_run("R2", 2);
	put_result((struct result_plan){.run = "R2", .variant = "a", .ns = 9000});
	put_result((struct result_plan){.run = "R2", .variant = "b", .wrong = "9 of 10"});
	assert_verdict(judge(), CLAIM_HOLDS);
	ck_assert_str_eq(judge().measured, "2 [2, 2]");
}
END_TEST

START_TEST(the_command_names_the_whole_point_and_asks_for_time_where_it_is_dear)
{
	put_cases("{'when': 'x', 'bench': 'study', 'point': {'n': '1', 'cpus': 'all'}, 'a': 'a', "
		  "'b': 'b', 'stat': 'ratio', 'holds': [1.02, null]}");
	ck_assert_str_eq(judge().why, "not measured yet: forklab run study --sweep "
				      "'n=1;cpus=all' --budget 60");
	put_run("R1", 2);
	put_pair("n=1,cpus=all", 1, 0.2, 20); /* 20 rounds of 20 ms */
	assert_says(judge().why, "more rounds (forklab run study --sweep 'n=1;cpus=all')");
	put_run("R2", 2);
	for (unsigned i = 0; i < 2; i++) /* the same, five times as long */
		put_result((struct result_plan){.run = "R2",
			.variant = i ? "b" : "a",
			.params = "n=1,cpus=all",
			.ns = 5e6,
			.spread = 0.2,
			.seed = i + 1});
	assert_says(judge().why, "more rounds (forklab run study --sweep 'n=1;cpus=all' --budget ");
}
END_TEST

START_TEST(what_a_run_without_samples_would_have_taken_is_not_known)
{
	struct result_plan a = {.variant = "a", .params = "n=1"}, b = a;

	b.variant = "b";
	put_cases(RATIO("always", "{'n': '1'}", "[1.5, null]"));
	put_run("R1", 2);
	put_cut(a, false);
	put_cut(b, false);
	assert_verdict(judge(), CLAIM_CANNOT_TELL);
	ck_assert_str_eq(judge().measured, "");
	ck_assert_str_eq(judge().why, "the run ended before it had measured a (forklab run study "
				      "--sweep n=1 --budget 60)");
}
END_TEST

START_TEST(what_was_skipped_for_time_is_asked_for_with_twice_the_time)
{
	json_t *run = make_run("R1", 2);

	put_cases(RATIO("always", "{'n': '1'}", "[1.5, null]"));
	json_object_set_new(run, "limits", json_pack("{s:f}", "budget_s", 116.0));
	put_record("/r.jsonl", run);
	put_record("/r.jsonl",
		make_skip("R1", "study", "a", "n=1", "it alone needs about 99 s more (--budget)"));
	ck_assert_str_eq(judge().why, "not measured in the time that was given: forklab run study "
				      "--sweep n=1 --budget 240");
}
END_TEST

START_TEST(a_short_list_gives_the_reason_where_one_cannot_tell_and_nowhere_else)
{
	const struct claim *one;
	struct claims *c;
	struct store *s;
	char *text = NULL;
	size_t len = 0;
	FILE *f;

	put_cases(RATIO("always", "{}", "[1.5, null]"));
	ck_assert_int_eq(claims_load(in_folder("/claims"), &c, (char[99]){""}, 99), 0);
	ck_assert_int_eq(store_new(&s), 0);
	one = claims_find(c, "X1");
	for (int i = 0; i < 2; i++) {
		f = open_memstream(&text, &len);
		ck_assert_ptr_nonnull(f);
		claims_show_list(f, &one, 1, s, false);
		fclose(f);
		ck_assert_msg((strstr(text, "not measured yet: forklab run study") == NULL) == i,
			"%s", text);
		ck_assert_msg(!strstr(text, "it is so"), "%s", text);
		free(text);
		put_run("R1", 2);
		put_pair("", 2, 0, 20);
		ck_assert_int_eq(store_add_file(s, in_folder("/r.jsonl"), NULL, NULL), 0);
	}
	store_free(s);
	claims_free(c);
}
END_TEST

START_TEST(a_command_stands_in_one_line_however_narrow_it_is)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(f);
	claims_wrap(f, "more rounds (forklab run study --sweep 'n=1;cpus=all' --budget 60) or so",
		0, 2, 30);
	fclose(f);
	ck_assert_str_eq(text, "more rounds\n  (forklab run study --sweep 'n=1;cpus=all' "
			       "--budget 60)\n  or so\n");
	free(text);
}
END_TEST

START_TEST(of_several_points_the_first_that_was_measured_counts_and_it_is_told)
{
	struct claim_judgement j;

	put_cases(RATIO("always", "[{'n': '9'}, {'n': '1'}]", "[1.5, null]"));
	put_run("R1", 2);
	put_pair("n=1", 3, 0, 20);
	j = judge();
	assert_verdict(j, CLAIM_HOLDS);
	assert_says(j.why,
		"measured at n=1: the preferred size, 9, was not measured within the budget");
	put_pair("n=9", 2, 0, 20);
	j = judge();
	ck_assert_str_eq(j.measured, "2 [2, 2]");
	ck_assert_str_eq(j.why, "a takes 2 [2, 2] times as long as b: it is so");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("claims_runs");
	TCase *c = folder_case(s, "runs");

	tcase_add_test(c, both_sides_come_from_one_run_and_it_is_the_newest_that_has_both);
	tcase_add_test(c, a_quick_or_interrupted_run_stands_in_only_where_there_is_no_whole_one);
	tcase_add_test(c, an_empty_run_never_hides_one_with_numbers);
	tcase_add_test(c, a_record_that_is_not_valid_is_passed_over_while_there_are_others);
	tcase_add_test(c, the_command_names_the_whole_point_and_asks_for_time_where_it_is_dear);
	tcase_add_test(c, what_a_run_without_samples_would_have_taken_is_not_known);
	tcase_add_test(c, what_was_skipped_for_time_is_asked_for_with_twice_the_time);
	tcase_add_test(c, a_short_list_gives_the_reason_where_one_cannot_tell_and_nowhere_else);
	tcase_add_test(c, a_command_stands_in_one_line_however_narrow_it_is);
	tcase_add_test(c, of_several_points_the_first_that_was_measured_counts_and_it_is_told);
	return s;
}
