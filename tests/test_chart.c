/* test_chart.c - gnuplot is run with data that cannot become code, under a deadline, or is missing */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "harness/chart.h"
#include "harness/chart_svg.h"
#include "suite.h"

#define PLOTS "plots" /* tests/run starts the tests in the source tree */

static const char *const kinds[] = {
	"ladder", "line", "scaling", "grain", "forest", "marks", "timeline"};

/* A data file that suits every kind: three points a series, all positive. */
static const char *const sample = "\"%s\" \"n 60, 3 launches\" \"workers\" \"time per op, us\" 2 "
				  "400 \"%s\" 2 0.03 \"limit\" 4 3 5 "
				  "\"a = b at 4\" 1 100 \"1 2\"\n\n\n"
				  "\"%s\"\n1 10 9 11 0 \"1\" \"10 us\"\n2 6 ? ? 0 \"2\" \"6 "
				  "us\"\n4 5 4 6 1 \"4\" \"5 us\"\n\n\n"
				  "\"second\"\n1 20 19 21 0 \"1\" \"20 us\"\n2 30 29 31 0 \"2\" "
				  "\"30 us\"\n4 25 24 26 1 \"4\" \"25 us\"\n\n\n"
				  "\"limit\"\n1 10 ? ? 0 \"\" \"\"\n4 2.5 ? ? 0 \"\" \"\"\n";

static const char *scale_of(const char *kind)
{
	if (!strcmp(kind, "grain"))
		return "xy";
	if (!strcmp(kind, "timeline"))
		return "r";
	return !strcmp(kind, "line") || !strcmp(kind, "scaling") ? "-" : "v";
}

static void put_sample(const char *path, const char *title, const char *scale, const char *name)
{
	char *text;

	/* the format is the constant above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	ck_assert_int_gt(asprintf(&text, sample, title, scale, name), 0);
#pragma GCC diagnostic pop
	put(path, text);
	free(text);
}

static char *read_all(const char *path)
{
	char *text = NULL;
	size_t cap = 0;
	FILE *f = fopen(path, "re");

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	ck_assert_int_gt(getdelim(&text, &cap, '\0', f), 0);
	fclose(f);
	return text;
}

static bool there(const char *path)
{
	return !access(path, F_OK);
}

/* A program called gnuplot that comes first in PATH. */
static void put_stub(const char *script)
{
	char *path;

	put("/bin/gnuplot", script);
	ck_assert_int_eq(chmod(in_folder("/bin/gnuplot"), 0755), 0);
	ck_assert_int_gt(asprintf(&path, "%s:%s", in_folder("/bin"), getenv("PATH")), 0);
	setenv("PATH", path, 1);
	free(path);
}

static int draw(const char *kind, char *why, size_t len)
{
	return chart_draw(PLOTS, kind, in_folder("/c.dat"), in_folder("/c.svg"), "alt", why, len);
}

static const char svg[] =
	"<?xml version=\"1.0\"?>\n<svg \n viewBox=\"0 0 1 "
	"1\"\n>\n<title>Gnuplot</title>\n<desc>Produced</desc>\n"
	"<g id=\"gnuplot_canvas\"><circle id='gpDot' r='1'/><use xlink:href='#gpDot'/>"
	"<rect fill=\"url(#pattern)\"/><text> id='gpDot' stays</text></g>\n</svg>\n";

static char *fix(const char *stem, const char *title)
{
	size_t len;
	char *out = chart_svg_fix(svg, sizeof(svg) - 1, stem, title, &len);

	ck_assert_ptr_nonnull(out);
	ck_assert_uint_eq(len, strlen(out));
	return out;
}

START_TEST(ids_and_references_get_the_stem_and_text_stays)
{
	char *out = fix("start_cost", "t");

	ck_assert_ptr_nonnull(strstr(out, "id=\"c-start_cost-gnuplot_canvas\""));
	ck_assert_ptr_nonnull(strstr(out, "id='c-start_cost-gpDot'"));
	ck_assert_ptr_nonnull(strstr(out, "href='#c-start_cost-gpDot'"));
	ck_assert_ptr_nonnull(strstr(out, "url(#c-start_cost-pattern)"));
	ck_assert_ptr_nonnull(strstr(out, "<text> id='gpDot' stays</text>"));
	free(out);
}
END_TEST

START_TEST(title_is_escaped_and_stands_as_title_and_label)
{
	char *out = fix("a", "x < \"y\" & <script>\n");

	ck_assert_ptr_nonnull(
		strstr(out, "<title>x &lt; &quot;y&quot; &amp; &lt;script&gt; </title>"));
	ck_assert_ptr_nonnull(
		strstr(out, "aria-label=\"x &lt; &quot;y&quot; &amp; &lt;script&gt; \""));
	ck_assert_ptr_nonnull(strstr(out, "role=\"img\""));
	ck_assert_ptr_null(strstr(out, "Gnuplot</title>"));
	free(out);
}
END_TEST

START_TEST(a_stem_with_odd_characters_makes_a_valid_id)
{
	char *out = fix("9 a\"/>", "t");

	ck_assert_ptr_nonnull(strstr(out, "id='c-9-a----gpDot'"));
	free(out);
}
END_TEST

START_TEST(what_is_no_svg_is_refused)
{
	size_t len;

	ck_assert_ptr_null(chart_svg_fix("", 0, "a", "t", &len));
	ck_assert_ptr_null(chart_svg_fix("<svg >", 6, "a", "t", &len));
	ck_assert_ptr_null(chart_svg_fix("no picture", 10, "a", "t", &len));
}
END_TEST

START_TEST(each_kind_draws_a_picture_with_its_alt_text)
{
	const char *kind = kinds[_i];
	char why[200], *text;

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	put_sample("/c.dat", "a title", scale_of(kind), "first_series");
	ck_assert_msg(!draw(kind, why, sizeof(why)), "%s: %s", kind, why);
	text = read_all(in_folder("/c.svg"));
	ck_assert_ptr_nonnull(strstr(text, "aria-label=\"alt\""));
	ck_assert_ptr_nonnull(strstr(text, "</svg>"));
	ck_assert_ptr_nonnull(strstr(text, "a title"));
	ck_assert_ptr_nonnull(strstr(text, "n 60, 3 launches"));
	ck_assert_ptr_null(strstr(text, " id='gp"));
	ck_assert(!there(in_folder("/c.svg.part")));
	free(text);
}
END_TEST

/* Where a text begins in a picture, in pixels from the left. */
static double left_of(const char *picture, const char *text)
{
	static const char move[] = "translate(";
	const char *at, *from = NULL;
	char *mark;

	ck_assert_int_gt(asprintf(&mark, ">%s<", text), 0);
	at = strstr(picture, mark);
	ck_assert_msg(at != NULL, "no text %s", text);
	free(mark);
	for (const char *p = strstr(picture, move); p && p < at; p = strstr(p + 1, move))
		from = p;
	ck_assert_ptr_nonnull(from);
	return strtod(from + strlen(move), NULL);
}

static bool same(double a, double b)
{
	return a <= b && a >= b;
}

START_TEST(values_of_rows_stand_in_one_column_right_of_the_axis)
{
	static const char *const with_values[] = {"ladder", "forest"};
	char why[200], *text;
	double column;

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	put_sample("/c.dat", "t", "v", "s");
	ck_assert_msg(!draw(with_values[_i], why, sizeof(why)), "%s", why);
	text = read_all(in_folder("/c.svg"));
	column = left_of(text, "10 us");
	ck_assert(same(left_of(text, "6 us"), column) && same(left_of(text, "25 us"), column));
	ck_assert_double_gt(column, left_of(text, "100")); /* the last tick of the axis */
	free(text);
}
END_TEST

START_TEST(a_logarithmic_axis_has_as_many_labels_as_fit)
{
	static const struct {
		const char *range, *there[4], *not_there;
	} cases[] = {{"0.9 8", {"1", "1.5", "3", "7"}, "1.2"}, {"1 60", {"1", "2", "5", "20"}, "7"},
		{"1 10000", {"1", "10", "100", "10000"}, "30"}};
	char why[200], *data, *text, *mark;

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	ck_assert_int_gt(asprintf(&data,
				 "\"t\" \"n\" \"x\" \"\" 1 200 \"v\" - 0.03 \"-\" - - - \" \" "
				 "%s \"1\"\n\n\n\"s\"\n1 2 ? ? 0 \"name\" \"value\"\n"
				 "2 4 ? ? 0 \"posix_spawn\" \"1.022 inconclusive\"\n",
				 cases[_i].range),
		0);
	put("/c.dat", data);
	free(data);
	ck_assert_msg(!draw("forest", why, sizeof(why)), "%s", why);
	text = read_all(in_folder("/c.svg"));
	for (size_t i = 0; i < 4; i++)
		left_of(text, cases[_i].there[i]);
	ck_assert_int_gt(asprintf(&mark, ">%s<", cases[_i].not_there), 0);
	ck_assert_ptr_null(strstr(text, mark));
	free(mark);
	free(text);
}
END_TEST

/* gnuplot counts marks from 1 and its SVG from 0: pt 4 and 5 are the square, 6 and 7 the circle. */
START_TEST(more_workers_than_cpus_are_the_hollow_form_of_the_series_own_mark)
{
	static const char *const marks[] = {"gpPt4", "gpPt6", "gpPt3", "gpPt5"};
	char why[200], use[80], *text;

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	put_sample("/c.dat", "t", "-", "s");
	ck_assert_msg(!draw("scaling", why, sizeof(why)), "%s", why);
	text = read_all(in_folder("/c.svg"));
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		snprintf(use, sizeof(use), "<use xlink:href='#c-c-%s' transform='translate",
			marks[i]);
		ck_assert_msg(strstr(text, use) != NULL, "no mark %s", marks[i]);
	}
	free(text);
}
END_TEST

START_TEST(each_kind_refuses_data_that_it_cannot_draw)
{
	static const char no_points[] =
		"\"t\" \"n\" \"x\" \"y\" 1 400 \"-\" - - \"-\" - - - \" \" - - \"1\"\n"
		"\n\n\"no points\"\n";
	static const char *const bad[] = {
		"", "one line\n", "\"t\" \"n\" \"x\" \"y\" 2 400\n", no_points};
	char why[200];

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put("/c.dat", bad[i]);
		put("/c.svg", "the picture of other data"); /* must not be taken for theirs */
		ck_assert_int_eq(draw(kinds[_i], why, sizeof(why)), -EIO);
		ck_assert_msg(*why, "%s says nothing about data %zu", kinds[_i], i);
		ck_assert(!there(in_folder("/c.svg")));
	}
}
END_TEST

START_TEST(zero_on_a_logarithmic_axis_is_told)
{
	char why[200];

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	put("/c.dat",
		"\"t\" \"n\" \"x\" \"y\" 1 400 \"xy\" - - \"-\" - - - \" \" - - \"1\"\n\n\n\"s\"\n"
		"0 1 ? ? 0 \"\" \"\"\n1 2 ? ? 0 \"\" \"\"\n");
	ck_assert_int_eq(draw("grain", why, sizeof(why)), -EIO);
	ck_assert_ptr_nonnull(strstr(why, "logarithmic"));
}
END_TEST

START_TEST(texts_of_a_data_file_never_run_as_commands)
{
	char why[200], title[PATH_MAX + 200], *text;

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	snprintf(title, sizeof(title),
		"`touch %s` $(touch %s) '.system('touch %s').' {/Bold x}_y^z @a", in_folder("/ran"),
		in_folder("/ran"), in_folder("/ran"));
	put_sample("/c.dat", title, scale_of(kinds[_i]), title);
	ck_assert_msg(!draw(kinds[_i], why, sizeof(why)), "%s", why);
	ck_assert(!there(in_folder("/ran")));
	text = read_all(in_folder("/c.svg"));
	ck_assert_ptr_nonnull(
		strstr(text, "{/Bold x}_y^z @a")); /* as written, nothing interpreted */
	free(text);
}
END_TEST

START_TEST(file_names_that_gnuplot_would_run_are_files)
{
	char was[PATH_MAX], plots[PATH_MAX], why[200];

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	ck_assert_ptr_nonnull(realpath(PLOTS, plots));
	ck_assert_ptr_nonnull(getcwd(was, sizeof(was)));
	put_sample("/< touch ran", "t", "-", "s");
	ck_assert_int_eq(chdir(folder()), 0);
	ck_assert_msg(
		!chart_draw(plots, "line", "< touch ran", "| touch ran", "t", why, sizeof(why)),
		"%s", why);
	ck_assert(!there("ran"));
	ck_assert(there("| touch ran"));
	ck_assert_int_eq(chdir(was), 0);
}
END_TEST

START_TEST(a_kind_is_a_name_of_plots_and_nothing_else)
{
	char why[200];

	put_sample("/c.dat", "t", "-", "s");
	ck_assert_int_eq(draw("no_such_kind", why, sizeof(why)), -ENOENT);
	ck_assert_int_eq(draw("../plots/line", why, sizeof(why)), -ENOENT);
	ck_assert_int_eq(draw("", why, sizeof(why)), -ENOENT);
}
END_TEST

START_TEST(without_gnuplot_the_call_is_left_to_be_made_elsewhere)
{
	char why[200], *text;

	setenv("PATH", in_folder("/bin"), 1);
	ck_assert_int_eq(chart_available(NULL, 0), -ENOENT);
	put_sample("/c.dat", "t", "-", "s");
	ck_assert_int_eq(draw("line", why, sizeof(why)), -ENOENT);
	text = read_all(in_folder("/c.gp"));
	ck_assert_ptr_nonnull(strstr(text, "plots/line.gp' 'c.dat' 'c.svg'"));
	free(text);
}
END_TEST

START_TEST(the_call_that_is_left_draws_the_same_picture)
{
	char command[PATH_MAX + 64], why[200];

	if (chart_available(NULL, 0))
		skip_test("needs gnuplot");
	put_sample("/it's.dat", "t", "-", "s");
	ck_assert_int_eq(chart_draw(PLOTS, "line", in_folder("/it's.dat"), in_folder("/it's.svg"),
				 "t", why, sizeof(why)),
		0);
	ck_assert_int_eq(unlink(in_folder("/it's.svg")), 0);
	snprintf(command, sizeof(command), "cd '%s' && gnuplot \"it's.gp\" 2>/dev/null", folder());
	ck_assert_int_eq(system(command), 0);
	ck_assert(there(in_folder("/it's.svg")));
}
END_TEST

START_TEST(what_gnuplot_complains_of_is_handed_on)
{
	char why[200];

	put_stub("#!/bin/sh\necho 'a warning: no matter' >&2\necho 'the reason' >&2\nexit 1\n");
	put_sample("/c.dat", "t", "-", "s");
	ck_assert_int_eq(draw("line", why, sizeof(why)), -EIO);
	ck_assert_str_eq(why, "the reason");
}
END_TEST

START_TEST(gnuplot_that_draws_nothing_is_an_error)
{
	char why[200];

	put_stub("#!/bin/sh\nexit 0\n");
	put_sample("/c.dat", "t", "-", "s");
	ck_assert_int_eq(draw("line", why, sizeof(why)), -EIO);
	ck_assert(!there(in_folder("/c.svg")));
}
END_TEST

/* The leak gate after the test sees to it that nothing of the group is left. */
START_TEST(gnuplot_that_hangs_is_killed_with_all_it_started)
{
	static const char *const stubs[] = {"#!/bin/sh\nsleep 60 & sleep 60\n",
		"#!/bin/sh\ntrap '' TERM INT\nexec >&- 2>&-\nsleep 60\n"};
	char why[200];

	chart_deadline_ms = 300;
	put_stub(stubs[_i]);
	put_sample("/c.dat", "t", "-", "s");
	ck_assert_int_eq(draw("line", why, sizeof(why)), -ETIMEDOUT);
}
END_TEST

START_TEST(what_is_wrong_with_gnuplot_is_told)
{
	char said[64];

	chart_deadline_ms = 300;
	put_stub("#!/bin/sh\necho 'gnuplot: no such library' >&2\nexit 127\n");
	ck_assert_int_eq(chart_available(said, sizeof(said)), -EIO);
	ck_assert_str_eq(said, "gnuplot: no such library");
	put_stub("#!/bin/sh\nsleep 60\n");
	ck_assert_int_eq(chart_available(said, sizeof(said)), -ETIMEDOUT);
}
END_TEST

START_TEST(a_script_alone_runs_nothing_and_removes_an_earlier_picture)
{
	put_stub("#!/bin/sh\n: >\"$0.ran\"\n");
	put_sample("/c.dat", "t", "-", "s");
	put("/c.svg", svg);
	ck_assert_int_eq(chart_script(PLOTS, "line", in_folder("/c.dat"), in_folder("/c.svg")), 0);
	ck_assert(there(in_folder("/c.gp")));
	ck_assert(!there(in_folder("/c.svg")));
	ck_assert(!there(in_folder("/bin/gnuplot.ran")));
	ck_assert_int_eq(
		chart_script(PLOTS, "nosuch", in_folder("/c.dat"), in_folder("/c.svg")), -ENOENT);
}
END_TEST

START_TEST(the_version_is_two_numbers)
{
	char version[16];

	put_stub("#!/bin/sh\necho 'gnuplot 5.4 patchlevel 4'\n");
	ck_assert_int_eq(chart_available(version, sizeof(version)), 0);
	ck_assert_str_eq(version, "5.4");
	put_stub("#!/bin/sh\necho 'some other program'\n");
	ck_assert_int_eq(chart_available(version, sizeof(version)), -EIO);
}
END_TEST

Suite *suite(void)
{
	const int n = sizeof(kinds) / sizeof(kinds[0]);
	Suite *s = suite_create("chart");
	TCase *svgs = gated_case(s, "svg"), *draws = folder_case(s, "draw"),
	      *trouble = folder_case(s, "trouble");

	tcase_add_test(svgs, ids_and_references_get_the_stem_and_text_stays);
	tcase_add_test(svgs, title_is_escaped_and_stands_as_title_and_label);
	tcase_add_test(svgs, a_stem_with_odd_characters_makes_a_valid_id);
	tcase_add_test(svgs, what_is_no_svg_is_refused);
	tcase_add_loop_test(draws, each_kind_draws_a_picture_with_its_alt_text, 0, n);
	tcase_add_loop_test(draws, values_of_rows_stand_in_one_column_right_of_the_axis, 0, 2);
	tcase_add_loop_test(draws, a_logarithmic_axis_has_as_many_labels_as_fit, 0, 3);
	tcase_add_test(draws, more_workers_than_cpus_are_the_hollow_form_of_the_series_own_mark);
	tcase_add_loop_test(draws, each_kind_refuses_data_that_it_cannot_draw, 0, n);
	tcase_add_test(draws, zero_on_a_logarithmic_axis_is_told);
	tcase_add_loop_test(draws, texts_of_a_data_file_never_run_as_commands, 0, n);
	tcase_add_test(draws, file_names_that_gnuplot_would_run_are_files);
	tcase_add_test(draws, the_call_that_is_left_draws_the_same_picture);
	tcase_add_test(trouble, a_kind_is_a_name_of_plots_and_nothing_else);
	tcase_add_test(trouble, without_gnuplot_the_call_is_left_to_be_made_elsewhere);
	tcase_add_test(trouble, what_gnuplot_complains_of_is_handed_on);
	tcase_add_test(trouble, gnuplot_that_draws_nothing_is_an_error);
	tcase_add_loop_test(trouble, gnuplot_that_hangs_is_killed_with_all_it_started, 0, 2);
	tcase_add_test(trouble, what_is_wrong_with_gnuplot_is_told);
	tcase_add_test(trouble, a_script_alone_runs_nothing_and_removes_an_earlier_picture);
	tcase_add_test(trouble, the_version_is_two_numbers);
	return s;
}
