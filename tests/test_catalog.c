/* test_catalog.c - programs are asked what they are: those that hang, fail or babble are named */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"
#include "forklab/catalog.h"
#include "make_claims.h"
#include "suite.h"

/* What a good one prints; the shell's echo adds the newline. */
#define GOOD "{\"name\":\"x\",\"variants\":[],\"axes\":[]}"

static void put_program(const char *name, const char *body)
{
	char text[4096];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", body);
	put(name, text);
	ck_assert_int_eq(chmod(in_folder(name), 0700), 0);
}

static int describe(const char *body, int timeout_ms, char *why, size_t len)
{
	json_t *said = NULL;
	int err;

	put_program("/p", body);
	err = catalog_describe(in_folder("/p"), timeout_ms, &said, why, len);
	if (!err) {
		ck_assert_str_eq(json_string_value(json_object_get(said, "name")), "x");
		json_decref(said);
	}
	return err;
}

START_TEST(a_program_that_prints_one_object_is_read)
{
	char why[200] = "";

	ck_assert_int_eq(describe("[ \"$1\" = --describe ] && echo '" GOOD "'", 5000, why, 200), 0);
}
END_TEST

START_TEST(a_program_that_does_not_answer_in_time_is_ended_with_what_it_started)
{
	char why[200] = "";

	ck_assert_int_eq(describe("sleep 60 & sleep 60", 100, why, 200), -ETIMEDOUT);
	assert_says(why, "does not answer --describe within 0.1 s");
	/* It has closed its output and goes on. */
	ck_assert_int_eq(describe("exec >/dev/null; sleep 60", 100, why, 200), -ETIMEDOUT);
	/* It has ended, and what it started holds the output open. */
	ck_assert_int_eq(describe("sleep 60 &", 100, why, 200), -ETIMEDOUT);
}
END_TEST

START_TEST(a_program_that_answers_rubbish_is_told_so)
{
	static const char *const bodies[] = {"echo hello", "true", "echo '{}'", "echo '[1]'",
		"echo '{\"name\":1,\"variants\":[],\"axes\":[]}'", "echo '" GOOD "' more"};
	char why[200];

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		ck_assert_int_eq(describe(bodies[i], 5000, why, sizeof(why)), -EPROTO);
		assert_says(why, "something else than one object");
	}
	ck_assert_int_eq(describe("yes", 5000, why, sizeof(why)), -EPROTO);
	ck_assert_int_eq(describe("echo '" GOOD "'; exit 1", 5000, why, sizeof(why)), -EPROTO);
	assert_says(why, "ends with an error");
	ck_assert_int_eq(describe("kill -9 $$", 5000, why, sizeof(why)), -EPROTO);
}
END_TEST

START_TEST(options_meant_for_the_front_command_do_not_reach_the_program)
{
	char why[200] = "";

	setenv("FORKLAB_FORMAT", "json", 1);
	ck_assert_int_eq(
		describe("[ -z \"$FORKLAB_FORMAT\" ] && echo '" GOOD "'", 5000, why, 200), 0);
	unsetenv("FORKLAB_FORMAT");
}
END_TEST

static void make_tree(struct paths *p)
{
	put("/lessons/03-empty/README.md", "no lesson");
	ck_assert_int_eq(paths_from(in_folder("/build"), folder(), p), 0);
}

static const char *text(const json_t *catalog, const char *part, size_t i, const char *key)
{
	const json_t *item = json_array_get(json_object_get(catalog, part), i);
	const char *s = json_string_value(json_object_get(item, key));

	return s ? s : "(none)";
}

START_TEST(demos_and_lessons_are_read_from_their_texts)
{
	struct paths p;
	json_t *c;

	make_tree(&p);
	put_program("/build/demos/lost", "");
	put_program("/build/demos/kept", "");
	put("/demos/lost.c", "/*\n * lost - some additions vanish\n *\n * listings: "
			     "001-L05\n * claims: 001-C9 X2\n */\n");
	put("/demos/kept.c", "/* kept - none vanishes */\r\nint main;\n claims: not here\n");
	put("/lessons/01-a/lesson.md", "---\ntitle: How long?\nminutes: 15\n---\ntitle: no\n");
	put("/lessons/02-b/lesson.md", "no front matter\n");
	ck_assert_int_eq(catalog_read(&p, &c), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(c, "demos")), 2);
	ck_assert_str_eq(text(c, "demos", 0, "question"), "none vanishes");
	ck_assert_str_eq(text(c, "demos", 0, "claims"), "");
	ck_assert_str_eq(text(c, "demos", 1, "question"), "some additions vanish");
	ck_assert_str_eq(text(c, "demos", 1, "listings"), "001-L05");
	ck_assert_str_eq(text(c, "demos", 1, "claims"), "001-C9 X2");
	ck_assert_str_eq(text(c, "lessons", 0, "title"), "How long?");
	ck_assert_str_eq(text(c, "lessons", 0, "minutes"), "15");
	ck_assert_uint_eq(json_array_size(json_object_get(c, "lessons")), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(c, "troubles")), 1);
	json_decref(c);
}
END_TEST

START_TEST(what_cannot_be_used_is_a_trouble_with_its_name)
{
	struct paths p;
	json_t *c;

	make_tree(&p);
	put_program("/build/bench/good", "echo '" GOOD "'");
	put_program("/build/bench/bad", "echo no");
	put("/build/bench/not_a_program", "data");
	put_program("/build/demos/alone", "");
	put_program("/build/demos/other", "");
	put("/demos/other.c", "/* another - has the wrong name */\n");
	ck_assert_int_eq(catalog_read(&p, &c), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(c, "benchmarks")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(c, "troubles")), 3);
	for (size_t i = 0; i < 3; i++) {
		static const char *const names[] = {
			"bench/bad: ", "demos/alone: ", "demos/other: "};

		assert_says(json_string_value(json_array_get(json_object_get(c, "troubles"), i)),
			names[i]);
	}
	ck_assert_str_eq(catalog_nearest(json_object_get(c, "demos"), "alon"), "alone");
	ck_assert_ptr_null(catalog_nearest(json_object_get(c, "demos"), "nothing like it"));
	json_decref(c);
}
END_TEST

START_TEST(a_tree_without_any_folder_is_an_empty_catalog)
{
	struct paths p;
	json_t *c;

	ck_assert_int_eq(paths_from(in_folder("/none"), in_folder("/none"), &p), 0);
	ck_assert_int_eq(catalog_read(&p, &c), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(c, "benchmarks")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(c, "troubles")), 0);
	json_decref(c);
}
END_TEST

START_TEST(paths_that_are_too_long_are_refused)
{
	char longest[PATH_MAX + 10];
	struct paths p;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_int_eq(paths_from(longest, "/", &p), -ENAMETOOLONG);
	longest[PATH_MAX - 3] = '\0';
	ck_assert_int_eq(paths_from(longest, "/", &p), -ENAMETOOLONG);
	ck_assert_int_eq(paths_from("/b", "/r", &p), 0);
	ck_assert_str_eq(p.results, "/b/results");
	ck_assert_str_eq(p.claims, "/r/bench/claims");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("catalog");
	TCase *c = folder_case(s, "catalog");

	tcase_add_test(c, a_program_that_prints_one_object_is_read);
	tcase_add_test(c, a_program_that_does_not_answer_in_time_is_ended_with_what_it_started);
	tcase_add_test(c, a_program_that_answers_rubbish_is_told_so);
	tcase_add_test(c, options_meant_for_the_front_command_do_not_reach_the_program);
	tcase_add_test(c, demos_and_lessons_are_read_from_their_texts);
	tcase_add_test(c, what_cannot_be_used_is_a_trouble_with_its_name);
	tcase_add_test(c, a_tree_without_any_folder_is_an_empty_catalog);
	tcase_add_test(c, paths_that_are_too_long_are_refused);
	return s;
}
