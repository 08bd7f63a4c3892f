/* test_report.c - records made by hand become sentences and figures */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "make_records.h"
#include "make_report.h"
#include "suite.h"

/* ---- values and figures ---- */

START_TEST(values_of_an_axis_are_numbers_with_known_units_or_words)
{
	static const struct {
		const char *text;
		bool number;
		double value;
		bool unit;
	} rows[] = {{"0", true, 0, false}, {"16", true, 16, false}, {"10ms", true, 1e7, true},
		{"1us", true, 1e3, true}, {"64KiB", true, 65536, true}, {"1e6inc", false, 0, false},
		{"all", false, 0, false}, {"", false, 0, false}, {"-1", false, 0, false},
		{" 1", false, 0, false}, {"inf", false, 0, false}, {"1 ms", false, 0, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double x = 0;
		bool unit = false;

		ck_assert_msg(report_value(rows[i].text, &x, &unit) == rows[i].number, "%s",
			rows[i].text);
		ck_assert_double_eq(x, rows[i].value);
		ck_assert_int_eq(unit, rows[i].unit);
	}
}
END_TEST

START_TEST(ratios_have_three_digits_and_four_near_1)
{
	static const struct {
		double x;
		const char *text;
	} rows[] = {{4.1234, "4.12"}, {0.49876, "0.499"}, {1.0034, "1.003"}, {1284, "1280"},
		{0.98765, "0.9877"}};
	char buf[48];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(report_ratio(buf, sizeof(buf), rows[i].x), rows[i].text);
}
END_TEST

/* ---- from records to figures and sentences ---- */

START_TEST(the_answer_names_ratio_interval_and_both_times)
{
	char buf[700];

	put_start_cost();
	open_report(NULL);
	ck_assert_uint_eq(made_report.nbenches, 1);
	ck_assert_str_eq(report_sentence(&made_report.benches[0], buf, sizeof(buf)),
		"At cpus all: vfork takes 2 times [1.9, 2.1] as long as thread (20 \xc2\xb5s "
		"against "
		"10 \xc2\xb5s); fork 4.1 times [3.89, 4.3].");
	close_report();
}
END_TEST

START_TEST(a_benchmarks_own_answer_is_filled_in)
{
	char buf[700];

	put_start_cost();
	open_report(NULL);
	made_report.benches[0].answer = "a process costs {fork/thread} threads, "
					"{fork/thread@cpus=one} on one CPU; a thread "
					"takes {thread}";
	report_sentence(&made_report.benches[0], buf, sizeof(buf));
	ck_assert_msg(strstr(buf, "a process costs 4.1 [3.89, 4.3] threads, ") == buf, "%s", buf);
	ck_assert_msg(strstr(buf, "a thread takes 10 \xc2\xb5s") != NULL, "%s", buf);
	ck_assert_ptr_null(strchr(buf, '{'));
	close_report();
}
END_TEST

/* Not half a sentence, and not the figure of another point. */
START_TEST(an_answer_with_a_blank_that_was_not_measured_is_said_by_rule)
{
	static const char *const bad[] = {"{spawn}", "{fork/spawn}", "{fork@cpus=seven}",
		"{fork@bytes=8}", "{fork@cpus}", "{fork", "{}"};
	char plain[700], buf[700];

	put_start_cost();
	open_report(NULL);
	report_sentence(&made_report.benches[0], plain, sizeof(plain));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		made_report.benches[0].answer = bad[i];
		ck_assert_str_eq(report_sentence(&made_report.benches[0], buf, sizeof(buf)), plain);
	}
	close_report();
}
END_TEST

/* CPython at one size: processes take `ratio` of what serial work takes, threads as long as it. */
static void put_python(const char *params, double ratio)
{
	const struct made_point p = {
		"threads_vs_processes", "threads-vs-processes", params, 2, true};

	put_alone(&p, "python_serial", 100e6);
	put_compared(&p, "python_threads", "python_serial", 101e6, 1.01);
	put_compared(&p, "python_processes", "python_serial", ratio * 100e6, ratio);
}

START_TEST(cpython_is_answered_for_at_the_published_size_where_it_was_measured)
{
	char buf[900];

	put_scaling();
	put_python("workers=10,work=1e6inc,cpus=all", 0.6);
	put_python("workers=10,work=1e6inc,cpus=one", 1.1);
	open_report(NULL);
	report_sentence(&made_report.benches[0], buf, sizeof(buf));
	ck_assert_msg(strstr(buf, "10 workers, 1e6 increments each, take 1.01") != NULL, "%s", buf);
	ck_assert_msg(strstr(buf, ", 0.6 [") != NULL, "%s", buf);
	close_report();
	put_python("workers=10,work=1e7inc,cpus=all", 0.5);
	rmdir(in_folder("/page"));
	open_report(NULL);
	report_sentence(&made_report.benches[0], buf, sizeof(buf));
	ck_assert_msg(strstr(buf, "In CPython processes: 10 workers, 1e7 increments each") != NULL,
		"%s", buf);
	ck_assert_msg(strstr(buf, ", 0.5 [") != NULL, "%s", buf);
	close_report();
}
END_TEST

START_TEST(a_benchmark_without_a_valid_number_answers_with_the_reason)
{
	char buf[700];
	json_t *skip = make_skip("R1", "start_cost", "fork", "cpus=all", "there is no CPU");

	json_object_set_new(skip, "topic", json_string("spawn-vs-fork"));
	put_program("start_cost", "q", true);
	put_record(MADE_FILE, skip);
	open_report(NULL);
	ck_assert_uint_eq(made_report.nbenches, 1);
	ck_assert_str_eq(report_sentence(&made_report.benches[0], buf, sizeof(buf)),
		"Not measured here: there is no CPU.");
	close_report();
}
END_TEST

START_TEST(programs_that_share_a_run_id_keep_their_own_run)
{
	put_start_cost();
	put_scaling();
	open_report(NULL);
	ck_assert_uint_eq(made_report.nbenches, 2);
	/* In reading order, whatever was measured first. */
	ck_assert_str_eq(made_report.benches[0].question, "who wins?");
	ck_assert_str_eq(made_report.benches[1].question, "what does it cost?");
	ck_assert_uint_eq(json_array_size(made_report.topics), 2);
	close_report();
}
END_TEST

START_TEST(only_takes_a_topic_or_a_benchmark)
{
	static const char *const only[] = {"spawn-vs-fork", "start_cost"};

	put_start_cost();
	put_scaling();
	open_report(only[_i]);
	ck_assert_uint_eq(made_report.nbenches, 1);
	ck_assert_str_eq(made_report.benches[0].name, "start_cost");
	close_report();
}
END_TEST

static const struct figure *find(const struct figure *f, size_t n, const char *stem)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(f[i].stem, stem))
			return &f[i];
	ck_abort_msg("no figure %s", stem);
	return NULL;
}

static const struct figure_series *series(const struct figure *f, const char *name)
{
	for (size_t i = 0; i < f->nseries; i++)
		if (!strcmp(f->series[i].name, name))
			return &f->series[i];
	ck_abort_msg("no series %s", name);
	return NULL;
}

static void free_all(struct figure *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		figure_free(&f[i]);
}

START_TEST(speedup_is_base_over_variant_with_the_limit_of_the_cpus)
{
	struct figure f[REPORT_FIGURES];
	const struct figure *at;
	const struct figure_series *s;
	size_t n;

	put_scaling();
	open_report(NULL);
	n = report_figures(&made_report.benches[0], f);
	at = find(f, n, "threads_vs_processes-scaling-speedup");
	s = series(at, "processes");
	ck_assert_uint_eq(s->n, 3);
	ck_assert_double_eq_tol(s->at[1].y, 20 / 10.2, 1e-9);
	ck_assert_double_eq_tol(s->at[1].lo, 20 / 10.2 / 1.05, 1e-9);
	ck_assert_double_eq_tol(s->at[1].hi, 20 / 10.2 / 0.95, 1e-9);
	ck_assert(!s->at[1].over && s->at[2].over);
	ck_assert_double_eq(at->border, 2);
	ck_assert_uint_eq(at->limit.n, 3);
	ck_assert_double_eq(at->limit.at[2].y, 2); /* ten workers on two CPUs */
	free_all(f, n);
	close_report();
}
END_TEST

START_TEST(the_grain_chart_marks_where_times_cross)
{
	struct figure f[REPORT_FIGURES];
	const struct figure *at;
	size_t n;

	put_scaling();
	open_report(NULL);
	n = report_figures(&made_report.benches[0], f);
	at = find(f, n, "threads_vs_processes-grain");
	ck_assert_uint_eq(series(at, "serial")->n, 3); /* 1e6inc is no time */
	ck_assert_double_gt(at->cross, 10e3);
	ck_assert_double_lt(at->cross, 1e6);
	ck_assert_ptr_nonnull(strstr(at->cross_text, "processes = serial at"));
	ck_assert_ptr_nonnull(strstr(at->caption, "The times of processes and serial meet at "));
	ck_assert(at->caption[0] == 'T');
	ck_assert_ptr_null(strstr(at->caption, ". processes"));
	ck_assert_str_eq(at->note, "20 times in 2 launches; close over cores, one cache");
	free_all(f, n);
	close_report();
}
END_TEST

/* A hundred times as much memory costs fork a hundred times as much: that is seen on linear axes alone. */
START_TEST(a_line_chart_is_linear_and_its_title_is_read_as_words)
{
	static const char *const memory[] = {"touched", "huge"};
	static const char *const titles[] = {
		"Time over parent, MiB; touched memory", "Time over parent, MiB; huge pages"};
	struct figure f[REPORT_FIGURES];
	char params[48], stem[48];
	size_t n;

	for (size_t i = 0; i < 6; i++) {
		const int mib = i % 3 == 0 ? 1 : i % 3 == 1 ? 10 : 100;
		const struct made_point p = {"parent_memory", "spawn-vs-fork", params, 2, false};

		snprintf(params, sizeof(params), "parent_mib=%d,memory=%s", mib, memory[i / 3]);
		put_alone(&p, "fork", i < 3 ? mib * 100e3 : 150e3);
	}
	open_report(NULL);
	n = report_figures(&made_report.benches[0], f);
	for (size_t i = 0; i < 2; i++) {
		const struct figure *at;

		snprintf(stem, sizeof(stem), "parent_memory-line-%s", memory[i]);
		at = find(f, n, stem);
		ck_assert_str_eq(at->title, titles[i]);
		ck_assert_str_eq(at->log, "-");
		ck_assert_str_eq(at->ylabel, "time per op, ms");
		ck_assert_double_eq_tol(at->yhi, 10.1 * 1.06, 1e-9);
	}
	free_all(f, n);
	close_report();
}
END_TEST

START_TEST(a_value_of_another_kind_gets_rows_of_its_own)
{
	struct figure f[REPORT_FIGURES];
	const struct figure *at;
	size_t n;

	put_scaling();
	open_report(NULL);
	n = report_figures(&made_report.benches[0], f);
	at = find(f, n, "threads_vs_processes-ladder-1e6inc");
	ck_assert_uint_eq(figure_points(at), 2);
	ck_assert_ptr_nonnull(strstr(at->title, "workers 10, work 1e6inc"));
	free_all(f, n);
	close_report();
}
END_TEST

START_TEST(a_variant_looks_the_same_in_all_figures)
{
	struct figure f[REPORT_FIGURES];
	size_t n;

	put_scaling();
	open_report(NULL);
	n = report_figures(&made_report.benches[0], f);
	ck_assert_uint_eq(
		series(find(f, n, "threads_vs_processes-scaling"), "processes")->style, 2);
	ck_assert_uint_eq(
		series(find(f, n, "threads_vs_processes-scaling-speedup"), "processes")->style, 2);
	free_all(f, n);
	close_report();
}
END_TEST

START_TEST(rounds_of_several_points_meet_by_launch)
{
	const struct made_point p = {"b", "t", "x=1", 1, false};
	const json_t *both[2];
	json_t *a = made_result(&p, "a", NULL, 100), *b = made_result(&p, "a", NULL, 300);
	double *rows;
	unsigned *launch;
	size_t n;

	/* b lacks one sample of the first launch: the second launch must still meet the second. */
	json_array_remove(json_object_get(json_object_get(b, "raw"), "t_ns"), 0);
	json_array_remove(json_object_get(json_object_get(b, "raw"), "launch"), 0);
	json_array_remove(json_object_get(json_object_get(b, "raw"), "round"), 0);
	both[0] = a;
	both[1] = b;
	ck_assert_int_eq(store_weave(both, NULL, 2, &rows, &launch, &n), 0);
	ck_assert_uint_eq(n, 19);
	ck_assert_uint_eq(launch[8], 0);
	ck_assert_uint_eq(launch[9], 1);
	ck_assert_double_eq(rows[2 * 9 + 1], 300);
	free(rows);
	free(launch);
	json_decref(a);
	json_decref(b);
}
END_TEST

static void add_figures(Suite *s)
{
	TCase *values = gated_case(s, "values"), *figures = folder_case(s, "figures");

	tcase_add_test(values, values_of_an_axis_are_numbers_with_known_units_or_words);
	tcase_add_test(values, ratios_have_three_digits_and_four_near_1);
	tcase_add_test(values, rounds_of_several_points_meet_by_launch);
	tcase_add_test(figures, speedup_is_base_over_variant_with_the_limit_of_the_cpus);
	tcase_add_test(figures, a_line_chart_is_linear_and_its_title_is_read_as_words);
	tcase_add_test(figures, the_grain_chart_marks_where_times_cross);
	tcase_add_test(figures, a_value_of_another_kind_gets_rows_of_its_own);
	tcase_add_test(figures, a_variant_looks_the_same_in_all_figures);
}

static void add_model(Suite *s)
{
	TCase *model = folder_case(s, "model");

	tcase_add_test(model, the_answer_names_ratio_interval_and_both_times);

	tcase_add_test(model, a_benchmarks_own_answer_is_filled_in);

	tcase_add_test(model, an_answer_with_a_blank_that_was_not_measured_is_said_by_rule);
	tcase_add_test(model, cpython_is_answered_for_at_the_published_size_where_it_was_measured);
	tcase_add_test(model, a_benchmark_without_a_valid_number_answers_with_the_reason);
	tcase_add_test(model, programs_that_share_a_run_id_keep_their_own_run);
	tcase_add_loop_test(model, only_takes_a_topic_or_a_benchmark, 0, 2);
}

Suite *suite(void)
{
	Suite *s = suite_create("report");

	add_figures(s);
	add_model(s);
	return s;
}
