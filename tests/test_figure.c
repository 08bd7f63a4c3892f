/* test_figure.c - one chart as data file, as alt text and as bars on a terminal */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "forklab/figure.h"
#include "suite.h"

static void make_figure(struct figure *f)
{
	struct figure_point p = {.x = 1, .y = 2.5, .known = true, .lo = 2, .hi = 3};

	figure_start(f, "ladder", "Bench", "a b/..");
	snprintf(f->log, sizeof(f->log), "v");
	snprintf(f->title, sizeof(f->title), "a \"title\" with \\ and\na line");
	snprintf(f->xlabel, sizeof(f->xlabel), "time, \xc2\xb5s");
	snprintf(f->note, sizeof(f->note), "n 20, 2 launches");
	snprintf(p.label, sizeof(p.label), "fork");
	snprintf(p.value, sizeof(p.value), "2.5 \xc2\xb5s");
	snprintf(p.interval, sizeof(p.interval), "[2, 3]");
	ck_assert_int_eq(figure_add(figure_series(f, "median"), &p), 0);
	p = (struct figure_point){.x = 2, .y = 5, .label = "vfork", .value = "5 \xc2\xb5s"};
	ck_assert_int_eq(figure_add(figure_series(f, "median"), &p), 0);
}

START_TEST(a_data_file_has_one_line_a_point_and_no_way_out_of_its_quotes)
{
	struct figure f = {0};
	char *text = NULL;
	size_t cap = 0;
	FILE *in;

	make_figure(&f);
	ck_assert_int_eq(figure_write(&f, in_folder("/f.dat")), 0);
	in = fopen(in_folder("/f.dat"), "re");
	ck_assert_int_gt(getdelim(&text, &cap, '\0', in), 0);
	fclose(in);
	ck_assert_ptr_nonnull(strstr(text, "\"a 'title' with / and a line\" \"n 20, 2 launches\""));
	ck_assert_ptr_nonnull(strstr(text, "1 2.5 2 3 0 \"fork\" \"2.5 \xc2\xb5s\""));
	ck_assert_ptr_nonnull(strstr(text, "2 5 ? ? 0 \"vfork\" \"5 \xc2\xb5s\""));
	free(text);
	figure_free(&f);
}
END_TEST

START_TEST(a_file_name_keeps_letters_digits_and_dashes_alone)
{
	struct figure f = {0};

	make_figure(&f);
	ck_assert_str_eq(f.stem, "bench-ladder-a-b---");
	figure_free(&f);
}
END_TEST

START_TEST(alt_text_says_the_numbers_and_is_cut_at_a_whole_character)
{
	struct figure f = {0};
	char buf[400], small[12];

	make_figure(&f);
	ck_assert_ptr_nonnull(strstr(
		figure_alt(&f, buf, sizeof(buf)), "fork 2.5 \xc2\xb5s [2, 3]; vfork 5 \xc2\xb5s"));
	ck_assert_ptr_nonnull(strstr(buf, "n 20, 2 launches"));
	snprintf(f.title, sizeof(f.title),
		"\xc2\xb5\xc2\xb5\xc2\xb5\xc2\xb5\xc2\xb5\xc2\xb5\xc2\xb5");
	figure_alt(&f, small, sizeof(small));
	ck_assert_uint_eq(strlen(small) % 2, 0);
	figure_free(&f);
}
END_TEST

START_TEST(the_text_twin_has_a_bar_a_point_the_largest_being_the_longest)
{
	struct figure f = {0};
	char *text = NULL, *fork, *vfork;
	size_t len;
	FILE *m = open_memstream(&text, &len);

	make_figure(&f);
	figure_print(&f, m);
	ck_assert_int_eq(fclose(m), 0);
	fork = strstr(text, " fork");
	vfork = strstr(text, "vfork");
	ck_assert(fork && vfork);
	ck_assert_uint_eq(strspn(strchr(fork, '#'), "#"), 10);
	ck_assert_uint_eq(strspn(strchr(vfork, '#'), "#"), 20);
	free(text);
	figure_free(&f);
}
END_TEST

/* "6.31 slower" alone says neither of what 6.31 is, nor that it is no difference. */
START_TEST(a_ratio_is_so_many_times_and_a_terminal_of_80_columns_holds_it)
{
	const struct figure_point p = {.x = 1,
		.y = 1.012,
		.label = "fork_exec_static",
		.value = "1.012",
		.verdict = "inconclusive",
		.interval = "[0.9138, 1.15]"};
	struct figure f = {0};
	char *text = NULL, *line;
	size_t len;
	FILE *m = open_memstream(&text, &len);

	figure_start(&f, "forest", "b", "");
	snprintf(f.log, sizeof(f.log), "v");
	ck_assert_int_eq(figure_add(figure_series(&f, "ratio"), &p), 0);
	figure_print(&f, m);
	ck_assert_int_eq(fclose(m), 0);
	line = strstr(text, "  fork_exec_static");
	ck_assert_ptr_nonnull(line);
	line[strcspn(line, "\n")] = '\0';
	ck_assert_ptr_nonnull(strstr(line, "1.012 times, inconclusive [0.9138, 1.15]"));
	ck_assert_uint_le(strlen(line), 80);
	free(text);
	ck_assert_int_eq(figure_write(&f, in_folder("/r.dat")), 0);
	text = NULL;
	len = 0;
	m = fopen(in_folder("/r.dat"), "re");
	ck_assert_int_gt(getdelim(&text, &len, '\0', m), 0);
	fclose(m);
	ck_assert_ptr_nonnull(strstr(text, "\"1.012 inconclusive\""));
	free(text);
	figure_free(&f);
}
END_TEST

START_TEST(a_figure_takes_twelve_series_and_counts_the_others)
{
	struct figure f = {0};
	char name[16];

	for (int i = 0; i < FIGURE_SERIES + 3; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		ck_assert((figure_series(&f, name) != NULL) == (i < FIGURE_SERIES));
	}
	ck_assert_uint_eq(f.nseries, FIGURE_SERIES);
	ck_assert_uint_eq(f.left_out, 3);
	figure_free(&f);
}
END_TEST

static void add_box(
	struct figure *f, const char *series, int row, double lo, double hi, char letter)
{
	struct figure_point p = {
		.x = row, .y = (lo + hi) / 2, .known = true, .lo = lo, .hi = hi, .value = {letter}};

	snprintf(p.label, sizeof(p.label), "%s, worker %d", series, row);
	ck_assert_int_eq(figure_add(figure_series(f, series), &p), 0);
}

START_TEST(a_timeline_has_a_letter_where_a_worker_is_at_work_and_a_dot_where_not)
{
	struct figure f = {.title = "Who", .xlabel = "time, ms", .yhi = 8};
	char *text = NULL, alt[300];
	size_t len;
	FILE *m = open_memstream(&text, &len);

	figure_start(&f, "timeline", "b", "");
	snprintf(f.log, sizeof(f.log), "r");
	add_box(&f, "queue", 1, 0, 4, 'A');
	add_box(&f, "queue", 1, 4, 8, 'C');
	add_box(&f, "queue", 2, 2, 4, 'B');
	figure_print(&f, m);
	ck_assert_int_eq(fclose(m), 0);
	/* 56 columns are 8 ms: 7 a millisecond. */
	ck_assert_ptr_nonnull(strstr(text, "queue, worker 1 |AAAAAAAAAAAAAAAAAAAAAAAAAAAA"
					   "CCCCCCCCCCCCCCCCCCCCCCCCCCCC|\n"));
	ck_assert_ptr_nonnull(strstr(text, "queue, worker 2 |..............BBBBBBBBBBBBBB"
					   "............................|\n"));
	ck_assert_ptr_nonnull(strstr(text, "8 ms\n"));
	free(text);
	figure_alt(&f, alt, sizeof(alt));
	ck_assert_ptr_nonnull(strstr(alt, "queue, worker 1 does AC and works for 8 of 8; "
					  "queue, worker 2 does B and works for 2 of 8"));
	figure_free(&f);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("figure");
	TCase *tests = folder_case(s, "figure");

	tcase_add_test(tests, a_data_file_has_one_line_a_point_and_no_way_out_of_its_quotes);
	tcase_add_test(tests, a_file_name_keeps_letters_digits_and_dashes_alone);
	tcase_add_test(tests, alt_text_says_the_numbers_and_is_cut_at_a_whole_character);
	tcase_add_test(tests, the_text_twin_has_a_bar_a_point_the_largest_being_the_longest);
	tcase_add_test(tests, a_ratio_is_so_many_times_and_a_terminal_of_80_columns_holds_it);
	tcase_add_test(
		tests, a_timeline_has_a_letter_where_a_worker_is_at_work_and_a_dot_where_not);
	tcase_add_test(tests, a_figure_takes_twelve_series_and_counts_the_others);
	return s;
}
