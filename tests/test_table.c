/* test_table.c - numbers as people read them, and tables that stay aligned whatever is in a cell */
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/ensure.h"
#include "harness/table.h"
#include "suite.h"

/* ---- numbers ---- */

static const struct {
	double ns;
	const char *text;
} times[] = {
	{0, "0 ns"},
	{-0.0, "0 ns"},
	{1, "1 ns"},
	{0.4321, "0.432 ns"},
	{0.00012, "0.00012 ns"},
	{9.994, "9.99 ns"},
	{9.996, "10 ns"},
	{99.96, "100 ns"},
	{123.4, "123 ns"},
	{999.4, "999 ns"},
	{999.96, "1 \xc2\xb5s"},
	{1000, "1 \xc2\xb5s"},
	{12345, "12.3 \xc2\xb5s"},
	{999499, "999 \xc2\xb5s"},
	{999960, "1 ms"},
	{12345678, "12.3 ms"},
	{1.5e9, "1.5 s"},
	{6.19e9, "6.19 s"},
	{3.6e12, "3600 s"},
	{1.23456e15, "1230000 s"},
	{1.23e17, "1.23e+08 s"},
	{-12345, "-12.3 \xc2\xb5s"},
	{-999.96, "-1 \xc2\xb5s"},
	{1e-9, "1e-09 ns"},
};

START_TEST(times_get_three_digits_and_the_unit_of_their_size)
{
	char buf[TABLE_CELL];

	ck_assert_str_eq(table_time(buf, sizeof(buf), times[_i].ns), times[_i].text);
}
END_TEST

static const struct {
	double x;
	const char *text;
} numbers[] = {
	{0, "0"},
	{1.32, "1.32"},
	{31.9, "31.9"},
	{0.0132, "0.0132"},
	{1540, "1540"},
	{1.0084, "1.008"},
	{9.996, "9.996"},
	{9.99996, "10"},
	{0.99996, "1"},
	{0.00012, "0.00012"},
	{0.000123456, "0.0001235"},
	{1234567, "1235000"},
	{9999000, "9999000"},
	{9999900, "1e+07"},
	{12345678, "1.235e+07"},
	{1e300, "1e+300"},
	{-0.5, "-0.5"},
	{-12345, "-12340"}, /* a tie goes to the even digit */
	{0.00000123, "0.00000123"},
	{1.5e-7, "1.5e-07"},
	{5e-324, "4.941e-324"},
};

START_TEST(numbers_get_at_most_four_digits)
{
	char buf[TABLE_CELL];

	ck_assert_str_eq(table_number(buf, sizeof(buf), numbers[_i].x), numbers[_i].text);
}
END_TEST

static const struct {
	double bytes;
	const char *text;
} sizes[] = {
	{0, "0 B"},
	{1023, "1023 B"},
	{1024, "1 KiB"},
	{1536, "1.5 KiB"},
	{268435456, "256 MiB"},
	{1073741824, "1 GiB"},
	{1048575, "1 MiB"}, /* 1023.999 KiB */
	{1047552, "1023 KiB"},
	{1e30, "8.674e+11 EiB"},
};

START_TEST(bytes_get_binary_units)
{
	char buf[TABLE_CELL];

	ck_assert_str_eq(table_bytes(buf, sizeof(buf), sizes[_i].bytes), sizes[_i].text);
}
END_TEST

START_TEST(a_value_and_its_interval_stand_in_the_unit_of_its_record)
{
	char b[TABLE_CELL];

	ck_assert_str_eq(table_value(b, sizeof(b), "ns/op", 4096), "4.1 \xc2\xb5s");
	ck_assert_str_eq(table_value(b, sizeof(b), "", 12), "12 ns"); /* of an older record */
	ck_assert_str_eq(table_value(b, sizeof(b), "B/op", 4096), "4 KiB");
	ck_assert_str_eq(
		table_value_interval(b, sizeof(b), "ns/op", 4096, true, 4000, 4200), "[4, 4.2]");
	ck_assert_str_eq(
		table_value_interval(b, sizeof(b), "B/op", 4096, true, 512, 8192), "[0.5, 8]");
	ck_assert_str_eq(table_value_interval(b, sizeof(b), "B/op", 4096, false, 0, 0), "none yet");
}
END_TEST

START_TEST(what_is_no_number_is_a_dash)
{
	char buf[TABLE_CELL];

	ck_assert_str_eq(table_time(buf, sizeof(buf), nan("")), "-");
	ck_assert_str_eq(table_time(buf, sizeof(buf), HUGE_VAL), "-");
	ck_assert_str_eq(table_number(buf, sizeof(buf), -HUGE_VAL), "-");
	ck_assert_str_eq(table_bytes(buf, sizeof(buf), HUGE_VAL), "-");
}
END_TEST

START_TEST(an_interval_stands_in_the_unit_of_its_median)
{
	char b[TABLE_CELL];

	ck_assert_str_eq(
		table_time_interval(b, sizeof(b), 12345, true, 11900, 12800), "[11.9, 12.8]");
	ck_assert_str_eq(table_time_interval(b, sizeof(b), 1020, true, 985, 1041), "[0.985, 1.04]");
	ck_assert_str_eq(table_time_interval(b, sizeof(b), 998, true, 985, 1041), "[985, 1040]");
	ck_assert_str_eq(
		table_time_interval(b, sizeof(b), 999.96, true, 999.9, 1001), "[0.9999, 1.001]");
	ck_assert_str_eq(table_time_interval(b, sizeof(b), 5, true, -2, 9), "[-2, 9]");
	ck_assert_str_eq(table_time_interval(b, sizeof(b), 12345, false, 0, 0), "none yet");
}
END_TEST

START_TEST(a_narrow_interval_gets_a_fourth_digit)
{
	char b[TABLE_CELL];

	ck_assert_str_eq(
		table_time_interval(b, sizeof(b), 12310, true, 12280, 12340), "[12.28, 12.34]");
	ck_assert_str_eq(
		table_time_interval(b, sizeof(b), 12310, true, 12310, 12310), "[12.31, 12.31]");
}
END_TEST

START_TEST(a_short_buffer_is_cut_and_closed)
{
	char buf[6];

	ck_assert_str_eq(table_time(buf, sizeof(buf), 12345), "12.3 ");
	ck_assert_str_eq(table_number(buf, sizeof(buf), 1234567), "12350");
}
END_TEST

/* Nobody here calls setlocale, but a library that is linked in may. */
START_TEST(the_decimal_point_is_a_point_in_every_locale)
{
	static const char *const with_comma[] = {
		"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
	const char *set = NULL;
	char buf[TABLE_CELL];

	for (size_t i = 0; i < ARRAY_LEN(with_comma) && !set; i++)
		set = setlocale(LC_ALL, with_comma[i]);
	if (!set)
		skip_test("no locale with a decimal comma is installed (de_DE, fr_FR)");
	ck_assert_str_eq(localeconv()->decimal_point, ",");
	ck_assert_str_eq(table_time(buf, sizeof(buf), 12345), "12.3 \xc2\xb5s");
	ck_assert_str_eq(table_number(buf, sizeof(buf), 0.0132), "0.0132");
	ck_assert_str_eq(table_number(buf, sizeof(buf), 1.5e-9), "1.5e-09");
}
END_TEST

/* ---- width ---- */

START_TEST(width_counts_columns_not_bytes)
{
	ck_assert_uint_eq(table_width(""), 0);
	ck_assert_uint_eq(table_width("abc"), 3);
	ck_assert_uint_eq(table_width("\xc2\xb5s \xc2\xb1 3"), 6);     /* micro sign, plus-minus */
	ck_assert_uint_eq(table_width("e\xcc\x81"), 1);                /* e + combining acute */
	ck_assert_uint_eq(table_width("\xe6\x97\xa5\xe6\x9c\xac"), 4); /* two CJK characters */
	ck_assert_uint_eq(table_width("\xf0\x9f\x98\x80"), 2);         /* an emoji */
}
END_TEST

START_TEST(width_of_broken_utf8_ends_with_the_text)
{
	ck_assert_uint_eq(table_width("\xff\x80"), 2);
	ck_assert_uint_eq(table_width("a\xe6\x97"), 3); /* cut off: two bytes, two places */
	ck_assert_uint_eq(table_width("\xf0\x9f"), 2);
	ck_assert_uint_eq(table_width("\xc3z"), 2);
}
END_TEST

/* ---- tables ---- */

static char printed[4096];

static const char *print(const struct table *t, bool colour)
{
	FILE *f = fmemopen(printed, sizeof(printed), "w");

	ck_assert_ptr_nonnull(f);
	table_print(t, f, colour);
	fclose(f);
	return printed;
}

static const char *const head[] = {"variant", ">median", "verdict", NULL};

START_TEST(columns_fit_their_widest_cell)
{
	struct table *t = table_new(head);

	table_cell(t, "fork");
	table_cell(t, "58.1 \xc2\xb5s");
	table_cell(t, "slower");
	table_cell(t, "posix_spawn");
	table_cellf(t, "%d \xc2\xb5s", 9);
	table_cell(t, "faster");
	ck_assert_str_eq(print(t, false), "variant       median  verdict\n"
					  "fork         58.1 \xc2\xb5s  slower\n"
					  "posix_spawn     9 \xc2\xb5s  faster\n");
	table_free(t);
}
END_TEST

START_TEST(wide_characters_keep_the_columns_aligned)
{
	struct table *t = table_new(head);

	table_cell(t, "\xc2\xb5");
	table_cell(t, "1");
	table_cell(t, "a");
	table_cell(t, "\xe6\x97\xa5\xe6\x9c\xac");
	table_cell(t, "\xc2\xb1 2");
	table_cell(t, "b");
	ck_assert_str_eq(print(t, false), "variant  median  verdict\n"
					  "\xc2\xb5             1  a\n"
					  "\xe6\x97\xa5\xe6\x9c\xac        \xc2\xb1 2  b\n");
	table_free(t);
}
END_TEST

START_TEST(a_note_spans_the_table_and_ends_its_row)
{
	struct table *t = table_new(head);

	table_note(t, "first");
	table_cell(t, "fork");
	table_note(t, "NOT MEASURED: a note longer than all columns together");
	table_cell(t, "thread");
	table_cell(t, "1 \xc2\xb5s");
	ck_assert_str_eq(print(t, false), "variant  median  verdict\n"
					  "first\n"
					  "fork\n"
					  "NOT MEASURED: a note longer than all columns together\n"
					  "thread     1 \xc2\xb5s\n");
	table_free(t);
}
END_TEST

START_TEST(no_line_ends_in_spaces)
{
	struct table *t = table_new(head);

	table_cell(t, "");
	table_cell(t, "7");
	table_cell(t, "");
	ck_assert_str_eq(print(t, false), "variant  median  verdict\n"
					  "              7\n");
	table_free(t);
}
END_TEST

START_TEST(only_the_head_is_bold_and_only_when_told)
{
	struct table *t = table_new(head);

	table_cell(t, "fork");
	ck_assert_str_eq(print(t, true), "\033[1mvariant  median  verdict\033[0m\nfork\n");
	ck_assert_str_eq(print(t, false), "variant  median  verdict\nfork\n");
	table_free(t);
}
END_TEST

/* A file name may hold anything; the terminal must not obey it. */
START_TEST(control_characters_do_not_reach_the_terminal)
{
	struct table *t = table_new(head);

	table_cell(t, "a\033[2Jb\nc");
	ck_assert_str_eq(print(t, false), "variant   median  verdict\na [2Jb c\n");
	table_free(t);
}
END_TEST

START_TEST(a_table_grows_to_many_rows)
{
	static const char *const one[] = {"n", NULL};
	struct table *t = table_new(one);

	for (int i = 0; i < 1000; i++)
		table_cellf(t, "%d", i % 10);
	print(t, false);
	ck_assert_uint_eq(strlen(printed), 2 * 1001);
	table_free(t);
}
END_TEST

START_TEST(a_table_that_could_not_be_made_is_tolerated)
{
	table_cell(NULL, "x");
	table_cellf(NULL, "%d", 1);
	table_note(NULL, "x");
	print(NULL, false);
	ck_assert_str_eq(printed, "(no memory for this table)\n");
	table_free(NULL);
}
END_TEST

/* ---- colour ---- */

START_TEST(a_file_is_never_coloured)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	ck_assert(!table_colour(f));
	fclose(f);
}
END_TEST

START_TEST(a_terminal_is_coloured_unless_told_otherwise)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char name[64];
	FILE *f;

	if (master < 0 || grantpt(master) || unlockpt(master) ||
		ptsname_r(master, name, sizeof(name)))
		skip_test("no pseudo-terminal can be opened");
	f = fdopen(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC), "w");
	ck_assert_ptr_nonnull(f);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	ck_assert(table_colour(f));
	setenv("TERM", "dumb", 1);
	ck_assert(!table_colour(f));
	unsetenv("TERM");
	ck_assert(!table_colour(f));
	setenv("TERM", "xterm", 1);
	setenv("NO_COLOR", "1", 1);
	ck_assert(!table_colour(f));
	fclose(f);
	close(master);
}
END_TEST

static void add_numbers(Suite *s)
{
	TCase *tc = gated_case(s, "numbers");

	tcase_add_loop_test(
		tc, times_get_three_digits_and_the_unit_of_their_size, 0, (int)ARRAY_LEN(times));
	tcase_add_loop_test(tc, numbers_get_at_most_four_digits, 0, (int)ARRAY_LEN(numbers));
	tcase_add_loop_test(tc, bytes_get_binary_units, 0, (int)ARRAY_LEN(sizes));
	tcase_add_test(tc, a_value_and_its_interval_stand_in_the_unit_of_its_record);
	tcase_add_test(tc, what_is_no_number_is_a_dash);
	tcase_add_test(tc, an_interval_stands_in_the_unit_of_its_median);
	tcase_add_test(tc, a_narrow_interval_gets_a_fourth_digit);
	tcase_add_test(tc, a_short_buffer_is_cut_and_closed);
	tcase_add_test(tc, width_counts_columns_not_bytes);
	tcase_add_test(tc, width_of_broken_utf8_ends_with_the_text);
}

Suite *suite(void)
{
	Suite *s = suite_create("table");
	TCase *tc;

	add_numbers(s);
	tc = gated_case(s, "tables");
	tcase_add_test(tc, columns_fit_their_widest_cell);
	tcase_add_test(tc, wide_characters_keep_the_columns_aligned);
	tcase_add_test(tc, a_note_spans_the_table_and_ends_its_row);
	tcase_add_test(tc, no_line_ends_in_spaces);
	tcase_add_test(tc, only_the_head_is_bold_and_only_when_told);
	tcase_add_test(tc, control_characters_do_not_reach_the_terminal);
	tcase_add_test(tc, a_table_grows_to_many_rows);
	tcase_add_test(tc, a_table_that_could_not_be_made_is_tolerated);
	tcase_add_test(tc, a_file_is_never_coloured);
	tcase_add_test(tc, a_terminal_is_coloured_unless_told_otherwise);
	/* Not gated: setlocale keeps what it has mapped. */
	tc = tcase_create("locale");
	tcase_add_test(tc, the_decimal_point_is_a_point_in_every_locale);
	suite_add_tcase(s, tc);
	return s;
}
