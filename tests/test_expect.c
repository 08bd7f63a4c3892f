/* test_expect.c - the matcher of demos and lessons, the headers of demos, and the blocks of lessons */
#include "forklab/expect.h"
#include "forklab/markdown.h"
#include "harness/ensure.h"
#include "suite.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct expect_miss miss;

static bool fits(const char *pattern, const char *output)
{
	struct expect *e = NULL;
	char why[200] = "";
	bool same;

	ck_assert_msg(expect_parse(pattern, strlen(pattern), &e, why, sizeof(why)) == 0, "%s", why);
	memset(&miss, 0, sizeof(miss));
	same = expect_match(e, output, strlen(output), &miss);
	expect_free(e);
	return same;
}

static const struct {
	const char *pattern, *output;
	bool same;
} lines[] = {
	{"", "", true},
	{"", "\n\n", true},
	{"", "x", false},
	{"a", "", false},
	{"a\nb", "a\nb\n", true},
	{"a\nb", "a\nb\n\n", true},
	{"a\nb", "b\na\n", false},
	{"a  b", " a\tb  ", true},
	{"a b", "ab", false},
	{"ab", "a b", false},
	{"<n>", "12", true},
	{"<n>", "", false},
	{"<n>", "-1", false},
	{"<n>", "1.5", false},
	{"<n>2", "12", false}, /* a number is taken whole */
	{"<pid>", "4711", true},
	{"<pid>", "0", false},
	{"<x>", "12", true},
	{"<x>", "-0.31", true},
	{"<x>", "12.", false},
	{"<x>", ".5", false},
	{"<x>", "1,5", false},
	{"<x>x", "3.2x", true},
	{"<us> us, <ms> ms", "1.5 us, 20 ms", true},
	{"[<x>, <x>]", "[11.9, 12.8]", true},
	{"[<x>, <x>]", "[-, -]", false},
	{"<time>", "12.3 us", true},
	{"<time>", "12.3us", true},
	{"<time>", "12.3 \xc2\xb5s", true},
	{"<time>", "12.3 \xc2\xb5", false},
	{"<time>", "12.3 minutes", false},
	{"<time> left", "3 s left", true},
	{"<time>", "12", false},
	{"a <word> c", "a b-b c", true},
	{"a <word> c", "a b b c", false},
	{"a <text> c", "a b b c", true},
	{"a <text> c", "a c", false},
	{"<text>: <n>", "x: y: 3", true},
	{"#include <stdio.h>", "#include <stdio.h>", true},
	{"<", "<", true},
};

START_TEST(each_pattern_line_takes_what_it_should_and_nothing_else)
{
	ck_assert_msg(fits(lines[_i].pattern, lines[_i].output) == lines[_i].same,
		"pattern \"%s\", output \"%s\"", lines[_i].pattern, lines[_i].output);
}
END_TEST

START_TEST(three_dots_stand_for_any_lines)
{
	ck_assert(fits("a\n...\nz", "a\nz\n"));
	ck_assert(fits("a\n...\nz", "a\nb\nz\nc\nz\n"));
	ck_assert(fits("...", ""));
	ck_assert(fits("...\nb\n...", "a\nb\n"));
	ck_assert(!fits("a\n...\nz", "a\nb\n"));
	ck_assert(!fits("...\nb", "b\nc\n"));
}
END_TEST

START_TEST(lines_of_a_group_come_in_any_order_but_each_once)
{
	const char *p = "x\n[unordered]\na\nb\nb\n[end]\ny";

	ck_assert(fits(p, "x\na\nb\nb\ny\n"));
	ck_assert(fits(p, "x\nb\na\nb\ny\n"));
	ck_assert(!fits(p, "x\na\na\nb\ny\n"));
	ck_assert(!fits(p, "x\na\nb\ny\n"));
	ck_assert(!fits(p, "x\na\nb\nb\nb\ny\n"));
}
END_TEST

START_TEST(a_group_tries_the_other_way_round_where_the_first_does_not_fit)
{
	/* <text> would take the first line, and then nothing were left for the second. */
	ck_assert(fits("[unordered]\n<text>\n<n>\n[end]", "7\nseven\n"));
	ck_assert(fits("[unordered]\n<n:a> <n:a>\n<n:a> x\n[end]", "5 x\n5 5\n"));
	ck_assert(!fits("[unordered]\n<n:a> <n:a>\n<n:a> x\n[end]", "5 x\n6 6\n"));
}
END_TEST

START_TEST(a_name_stands_for_the_same_text_everywhere)
{
	ck_assert(fits("<n:a> <n:b>\n<n:b> <n:a>", "1 2\n2 1\n"));
	ck_assert(!fits("<n:a> <n:b>\n<n:b> <n:a>", "1 2\n1 2\n"));
	ck_assert(!fits("<n:a> <n:a>", "1 11"));
	ck_assert(fits("...\nsum <n:s>\n...\nagain <n:s>", "sum 1\nsum 2\nagain 2\n"));
}
END_TEST

START_TEST(a_miss_names_the_line_and_both_texts)
{
	ck_assert(!fits("a\nb <n>\nc", "a\nb x\nc\n"));
	ck_assert_uint_eq(miss.line, 2);
	ck_assert_str_eq(miss.expected, "b <n>");
	ck_assert_str_eq(miss.got, "b x");
	ck_assert(!fits("a\nb", "a\n"));
	ck_assert_uint_eq(miss.line, 2);
	ck_assert_str_eq(miss.got, "the end");
	ck_assert(!fits("a", "a\nb\n"));
	ck_assert_str_eq(miss.expected, "the end");
	ck_assert_str_eq(miss.got, "b");
	ck_assert(!fits("a\n...\nb\n...\n4 points", "a\nb\nc\n5 points\n"));
	ck_assert_str_eq(miss.expected, "4 points");
}
END_TEST

START_TEST(patterns_that_nobody_can_mean_are_refused)
{
	static const char too_many_names[] = "<n:a><n:b><n:c><n:d><n:e><n:f><n:g><n:h><n:i><n:j>"
					     "<n:k><n:l><n:m><n:o><n:p><n:q><n:r>";
	static const char *const bad[] = {"a<b>c", "<foo>", "<nn:a>", "[unordered]\na",
		"[unordered]\n[end]", "[unordered]\n<bar>\n[end]", too_many_names,
		"<n:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct expect *e = NULL;
		char why[200] = "";

		ck_assert_msg(expect_parse(bad[i], strlen(bad[i]), &e, why, sizeof(why)) == -EINVAL,
			"%s", bad[i]);
		ck_assert(why[0] != '\0' && e == NULL);
	}
}
END_TEST

START_TEST(a_pattern_with_very_many_readings_still_comes_to_an_end)
{
	enum { DOTS = 40, LINES = 400 };
	char *pattern = calloc(DOTS, 16), *output = calloc(LINES, 4);

	for (int i = 0; i < DOTS; i++)
		strcat(pattern, "...\nx\n");
	strcat(pattern, "never");
	for (int i = 0; i < LINES; i++)
		strcat(output, "x\n");
	ck_assert(!fits(pattern, output));
	free(pattern);
	free(output);
}
END_TEST

START_TEST(a_demo_header_gives_name_phenomenon_and_the_expected_lines)
{
	static const char source[] =
		"/*\n * twice - it says it twice\n *\n * Watch for: a - b\n *\n"
		" * expect:\n *     a <n>\n *       b\n *\n *     c\n *\n"
		" * after it\n */\nint x;\n";
	struct demo_header h;

	ck_assert_int_eq(demo_header_parse(source, strlen(source), &h), 0);
	ck_assert_str_eq(h.name, "twice");
	ck_assert_str_eq(h.phenomenon, "it says it twice");
	ck_assert_str_eq(h.expect, "a <n>\nb\n\nc\n");
	demo_header_free(&h);
}
END_TEST

START_TEST(a_demo_header_without_a_name_is_refused)
{
	static const char *const bad[] = {
		"", "int x;", "/* no dash */", "/* a - b", "/*/", "/**/", "/* */"};
	static const char one_line[] = "/* one - line */";
	struct demo_header h;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(
			demo_header_parse(bad[i], strlen(bad[i]), &h) == -EINVAL, "%s", bad[i]);
	ck_assert_int_eq(demo_header_parse(one_line, strlen(one_line), &h), 0);
	ck_assert_str_eq(h.phenomenon, "line");
	ck_assert_str_eq(h.expect, "");
	demo_header_free(&h);
}
END_TEST

START_TEST(blocks_are_found_with_the_label_before_them)
{
	const char *at = "text\n<!-- lab: skip=\"a b\" timeout=5 -->\n\n```console\n$ x\ny\n```\n"
			 "<!-- lab: part=p -->\nbetween\n```c\nint x;\n```\n```text\nopen\n";
	struct markdown_block b;
	char value[20];
	size_t line = 1;

	ck_assert(markdown_next(&at, &line, &b));
	ck_assert_str_eq(b.language, "console");
	ck_assert_uint_eq(b.line, 5);
	ck_assert(b.len == 6 && memcmp(b.text, "$ x\ny\n", 6) == 0);
	ck_assert(markdown_label(&b, "skip", value, sizeof(value)));
	ck_assert_str_eq(value, "a b");
	ck_assert(markdown_label(&b, "timeout", value, sizeof(value)));
	ck_assert_str_eq(value, "5");
	ck_assert(!markdown_label(&b, "part", value, sizeof(value)));
	ck_assert(markdown_next(&at, &line, &b));
	ck_assert_str_eq(b.language, "c");
	ck_assert_uint_eq(b.line, 11);
	ck_assert_str_eq(b.label, ""); /* text stood between */
	ck_assert(markdown_next(&at, &line, &b));
	ck_assert_uint_eq(b.len, 5);
	ck_assert(!markdown_next(&at, &line, &b));
}
END_TEST

START_TEST(a_label_with_a_typing_error_is_noticed)
{
	struct markdown_block b = {.label = " skip=\"x\" tiemout=5 "};
	char word[20];

	ck_assert_str_eq(markdown_unknown_label(&b, word, sizeof(word)), "tiemout");
	strcpy(b.label, " needs=\"cpus>=2\" file=a part=b ");
	ck_assert_ptr_null(markdown_unknown_label(&b, word, sizeof(word)));
}
END_TEST

START_TEST(a_part_of_a_source_loses_the_indentation_that_its_lines_share)
{
	static const char source[] =
		"int a;\n\t/* [part p] */\n\tint b;\n\n\t\tint c;\n\t/* [end] */\n"
		"/* [part q] */\nint d;\n";
	char *part = NULL;

	ck_assert_int_eq(source_part(source, "p", &part), 0);
	ck_assert_str_eq(part, "int b;\n\n\tint c;\n");
	free(part);
	ck_assert_int_eq(source_part(source, "", &part), 0);
	ck_assert_str_eq(part, source);
	free(part);
	ck_assert_int_eq(source_part(source, "pp", &part), -ENOENT);
	ck_assert_int_eq(source_part(source, "q", &part), -ENOENT); /* not closed */
}
END_TEST

START_TEST(links_are_found_one_after_another)
{
	const char *at = "a [b](c.md), ![d](e.svg) [f] (g) [h](i";
	char link[32];

	ck_assert(markdown_link(&at, link, sizeof(link)));
	ck_assert_str_eq(link, "c.md");
	ck_assert(markdown_link(&at, link, sizeof(link)));
	ck_assert_str_eq(link, "e.svg");
	ck_assert(!markdown_link(&at, link, sizeof(link)));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("expect");
	TCase *match = gated_case(s, "match"), *header = gated_case(s, "header");
	TCase *blocks = gated_case(s, "blocks");

	tcase_add_loop_test(match, each_pattern_line_takes_what_it_should_and_nothing_else, 0,
		(int)ARRAY_LEN(lines));
	tcase_add_test(match, three_dots_stand_for_any_lines);
	tcase_add_test(match, lines_of_a_group_come_in_any_order_but_each_once);
	tcase_add_test(match, a_group_tries_the_other_way_round_where_the_first_does_not_fit);
	tcase_add_test(match, a_name_stands_for_the_same_text_everywhere);
	tcase_add_test(match, a_miss_names_the_line_and_both_texts);
	tcase_add_test(match, patterns_that_nobody_can_mean_are_refused);
	tcase_add_test(match, a_pattern_with_very_many_readings_still_comes_to_an_end);
	tcase_add_test(header, a_demo_header_gives_name_phenomenon_and_the_expected_lines);
	tcase_add_test(header, a_demo_header_without_a_name_is_refused);
	tcase_add_test(blocks, blocks_are_found_with_the_label_before_them);
	tcase_add_test(blocks, a_label_with_a_typing_error_is_noticed);
	tcase_add_test(blocks, a_part_of_a_source_loses_the_indentation_that_its_lines_share);
	tcase_add_test(blocks, links_are_found_one_after_another);
	return s;
}
