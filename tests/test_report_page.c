/* test_report_page.c - the page of records made by hand: what stands in it, how large it gets, escaping */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "forklab/selftest.h"
#include "harness/record.h"
#include "harness/result.h"
#include "make_records.h"
#include "make_report.h"
#include "suite.h"

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		n++;
	return n;
}

START_TEST(the_page_has_answers_numbers_and_what_is_missing)
{
	char *text;

	put_start_cost();
	put_record(MADE_FILE,
		make_skip("R1", "start_cost", "posix_spawn", "cpus=one", "the reason why"));
	open_report(NULL);
	text = made_page();
	ck_assert_ptr_nonnull(strstr(text, "What does it cost?"));
	ck_assert_ptr_nonnull(strstr(text, "; fork 4.1 times [3.89, 4.3]."));
	ck_assert_ptr_nonnull(strstr(text, "gnuplot is not installed"));
	ck_assert_ptr_nonnull(strstr(text, "4.1 [3.89, 4.3] of thread"));
	ck_assert_ptr_nonnull(strstr(text, "the reason why"));
	ck_assert_ptr_nonnull(strstr(text, "build/forklab selftest")); /* none was done yet */
	ck_assert_ptr_null(strstr(text, "interrupted"));
	ck_assert_uint_eq(count(text, "<script"), 1); /* the search of the claims */
	ck_assert_ptr_null(strstr(text, "src="));
	ck_assert_ptr_nonnull(strstr(text, "</html>"));
	free(text);
	close_report();
}
END_TEST

/* What a median and an interval are is no business of each caption. */
START_TEST(how_to_read_the_numbers_is_said_once)
{
	char *text;

	put_start_cost();
	put_scaling();
	open_report(NULL);
	text = made_page();
	ck_assert_uint_gt(count(text, "<figcaption>"), 3);
	ck_assert_uint_eq(count(text, "How to read"), 1);
	ck_assert_uint_eq(count(text, "median, which half"), 1);
	ck_assert_uint_eq(count(text, "about 95"), 1);
	ck_assert_uint_eq(count(text, "autocorrelation"), 0);
	free(text);
	close_report();
}
END_TEST

START_TEST(a_run_without_a_complete_end_is_called_interrupted)
{
	const struct made_point p = {"b", "t", "cpus=all", 1, false};
	char *text;

	if (_i)
		put_program("b", "q", false);
	put_alone(&p, "a", 100);
	open_report(NULL);
	text = made_page();
	ck_assert_ptr_nonnull(strstr(text, "This measurement was interrupted"));
	free(text);
	close_report();
}
END_TEST

static void put_timeline(const char *variant, const char *timeline)
{
	const struct made_point p = {"b", "t", "cpus=all", 1, false};
	json_t *r = made_result(&p, variant, NULL, 100), *t = json_loads(timeline, 0, NULL);

	ck_assert_ptr_nonnull(t);
	json_object_set_new(r, "timeline", t);
	put_record(MADE_FILE, r);
}

START_TEST(a_timeline_gets_a_figure_and_nonsense_in_it_is_left_out)
{
	char *text;

	put_program("b", "q", true);
	put_timeline(
		"good", "{\"task\":[0,1],\"worker\":[0,5],\"begin_ns\":[0,2],\"end_ns\":[4,9]}");
	put_timeline("bad", "{\"task\":[0,-1,2,3,4,5,6],\"worker\":[-1,0,1e300,99999999999],"
			    "\"begin_ns\":[0,0,0,0,-5,9,\"x\"],\"end_ns\":[1,1,1,1,1,8]}");
	put_timeline("worse", "{\"task\":7,\"worker\":null}");
	open_report(NULL);
	text = made_page();
	ck_assert_uint_eq(count(text, "<figcaption>Each box is a task"), 1);
	ck_assert_ptr_nonnull(strstr(text, "The first 4 of 6 workers are shown."));
	ck_assert_ptr_nonnull(strstr(text, "b-timeline"));
	free(text);
	close_report();
}
END_TEST

START_TEST(whatever_a_record_says_is_text_in_the_page)
{
	static const char evil[] = "<script>alert(1)</script>\" onload='x' &amp; `id` $(id)";
	struct made_point p = {evil, evil, "cpus=all", 1, false};
	char *text;
	json_t *r;

	put_program(evil, evil, true);
	r = made_result(&p, evil, NULL, 100);
	json_object_set_new(json_object_get(r, "params"), evil, json_string(evil));
	json_object_set_new(r, "op", json_string(evil));
	json_object_set_new(r, "flags", json_pack("[s]", evil));
	put_record(MADE_FILE, r);
	r = make_result(&(struct result_plan){.bench = evil, .variant = "v", .wrong = evil});
	json_object_set_new(json_object_get(r, "params"), evil, json_string("other"));
	put_record(MADE_FILE, r);
	put_record(MADE_FILE, make_skip("R1", evil, evil, "a=1", evil));
	open_report(NULL);
	text = made_page();
	ck_assert_uint_eq(count(text, "<script"), 1); /* the page's own */
	ck_assert_ptr_null(strstr(text, "alert(1)</script"));
	ck_assert_ptr_null(strstr(text, "onload='"));
	ck_assert_ptr_nonnull(strstr(text, "&lt;script&gt;"));
	ck_assert_ptr_nonnull(strstr(text, "no number: &lt;script&gt;"));
	free(text);
	close_report();
}
END_TEST

START_TEST(each_flag_that_occurs_is_explained_and_no_other)
{
	const struct made_point p = {"b", "t", "cpus=all", 1, false};
	enum result_flag flag = (enum result_flag)_i;
	json_t *r = made_result(&p, "a", NULL, 100);
	char *text;

	put_program("b", "q", true);
	json_object_set_new(r, "flags", json_pack("[s]", result_flag_name(flag)));
	put_record(MADE_FILE, r);
	open_report(NULL);
	text = made_page();
	for (int i = 0; i < RESULT_FLAGS; i++)
		ck_assert_int_eq(
			i == _i, strstr(text, result_flag_text((enum result_flag)i)) != NULL);
	free(text);
	close_report();
}
END_TEST

START_TEST(records_without_their_fields_make_a_page_too)
{
	put_quoted(MADE_FILE, "{'type':'result'}\n{'type':'result','bench':'b','variant':'v','"
			      "params':{},'check_ok':true,"
			      "'median':1}\n{'type':'result','bench':'b','variant':3,'params':{'x':"
			      "4},'check_ok':true}\n"
			      "{'type':'compare','bench':'b','a':'v','b':'w'}\n{'type':'run'}\n{'"
			      "type':'selftest'}\n"
			      "{'type':'skip','bench':'c'}\n{'type':'end'}\n");
	open_report(NULL);
	free(made_page());
	close_report();
}
END_TEST

START_TEST(the_last_selftest_stands_in_the_page)
{
	struct selftest t = {
		.verdicts = 20, .false_alarms = 3, .excluded = 1, .known = 20, .resolvable = 1.07};
	char *text;

	put_start_cost();
	t.false_alarms = 1;
	put_record(MADE_FILE, selftest_record(&t, "R0", true));
	t.false_alarms = 3;
	put_record(MADE_FILE, selftest_record(&t, "R1", false));
	open_report(NULL);
	text = made_page();
	ck_assert_ptr_nonnull(strstr(text, "3 saw a difference where there is none"));
	ck_assert_ptr_nonnull(strstr(
		text, "A difference of less than 7 % cannot be seen on this machine in 20 rounds"));
	free(text);
	close_report();
}
END_TEST

START_TEST(ten_thousand_records_make_a_bounded_page)
{
	struct record_writer w;
	char params[64], variant[16], *text;

	ck_assert_int_eq(record_open(in_folder(MADE_FILE), &w), 0);
	for (int i = 0; i < 10000; i++) {
		struct made_point p = {i < 5000 ? "big" : "other", "t", params, 2, false};

		snprintf(params, sizeof(params), "workers=%d,work=%dus,cpus=%s", i / 8 % 80 + 1,
			i / 640 + 1, i % 2 ? "all" : "one");
		snprintf(variant, sizeof(variant), "v%d", i / 2 % 4);
		ck_assert_int_eq(record_write(&w, made_result(&p, variant, i / 2 % 4 ? "v0" : NULL,
							  100 + i)),
			0);
	}
	ck_assert_int_eq(record_close(&w), 0);
	open_report(NULL);
	text = made_page();
	ck_assert_uint_eq(made_report.nbenches, 2);
	ck_assert_uint_le(count(text, "<tr>"), 2 * REPORT_ROWS + 200);
	ck_assert_ptr_nonnull(strstr(text, "4000 more rows are in the records"));
	ck_assert_uint_le(count(text, "<figure"), 2 * REPORT_FIGURES);
	ck_assert_uint_gt(count(text, "<figure"), 3);
	ck_assert_uint_le(strlen(text), 4u << 20);
	free(text);
	close_report();
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("report_page");
	TCase *pages = folder_case(s, "page");

	tcase_add_loop_test(
		pages, each_flag_that_occurs_is_explained_and_no_other, 0, RESULT_FLAGS);
	tcase_add_test(pages, a_timeline_gets_a_figure_and_nonsense_in_it_is_left_out);
	tcase_add_test(pages, the_page_has_answers_numbers_and_what_is_missing);
	tcase_add_test(pages, how_to_read_the_numbers_is_said_once);
	tcase_add_loop_test(pages, a_run_without_a_complete_end_is_called_interrupted, 0, 2);
	tcase_add_test(pages, whatever_a_record_says_is_text_in_the_page);
	tcase_add_test(pages, records_without_their_fields_make_a_page_too);
	tcase_add_test(pages, the_last_selftest_stands_in_the_page);
	tcase_add_test(pages, ten_thousand_records_make_a_bounded_page);
	return s;
}
