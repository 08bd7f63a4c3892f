/*
 * test_report_answers.c - the sentences by which our benchmarks answer name what these benchmarks measure
 *
 * The programs must have been built: what a sentence names is looked up in what they say of themselves.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog_item.h"
#include "forklab/catalog.h"
#include "suite.h"

static const char *text(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

static bool listed(const char *values, const char *value)
{
	char all[300], one[100];

	snprintf(all, sizeof(all), ",%s,", values);
	snprintf(one, sizeof(one), ",%s,", value);
	return strstr(all, one) != NULL;
}

static void check_place(const json_t *bench, char *at)
{
	char *save;

	for (char *pair = strtok_r(at, ",", &save); pair; pair = strtok_r(NULL, ",", &save)) {
		char *value = strchr(pair, '=');
		const json_t *axis;

		ck_assert_msg(value != NULL, "%s: %s", text(bench, "name"), pair);
		*value++ = '\0';
		axis = named(json_object_get(bench, "axes"), pair);
		ck_assert_msg(listed(text(axis, "values"), value), "%s: no %s=%s",
			text(bench, "name"), pair, value);
		/* Else a quick report would answer by rule. */
		ck_assert_msg(!*text(axis, "quick") || listed(text(axis, "quick"), value),
			"%s: %s=%s is not measured with --quick", text(bench, "name"), pair, value);
	}
}

static void check_blank(const json_t *bench, const char *blank)
{
	char variant[64] = "", base[64] = "", at[160] = "";
	const json_t *v;

	if (sscanf(blank, "{%63[a-z0-9_]/%63[a-z0-9_]@%159[^}]}", variant, base, at) < 2)
		sscanf(blank, "{%63[a-z0-9_]@%159[^}]}", variant, at);
	v = named(json_object_get(bench, "variants"), variant);
	ck_assert_msg(v != NULL, "%s: no variant %s", text(bench, "name"), variant);
	ck_assert_msg(!*base || !strcmp(text(v, "base"), base), "%s: %s has the base %s",
		text(bench, "name"), variant, text(v, "base"));
	check_place(bench, at);
}

START_TEST(every_blank_of_every_answer_is_measured)
{
	const char *build = getenv("FORKLAB_BUILD");
	json_t *catalog, *list;
	size_t blanks = 0;
	struct paths p;

	ck_assert_int_eq(paths_from(build && *build ? build : "build", ".", &p), 0);
	ck_assert_int_eq(catalog_read(&p, &catalog), 0);
	list = json_object_get(catalog, "benchmarks");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *bench = json_array_get(list, i);
		const char *at = text(bench, "answer");

		for (at = strchr(at, '{'); at; at = strchr(at + 1, '{'), blanks++)
			check_blank(bench, at);
	}
	ck_assert_uint_ge(blanks, 10);
	json_decref(catalog);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("report_answers");
	TCase *c = tcase_create("answers");

	tcase_add_test(c, every_blank_of_every_answer_is_measured);
	suite_add_tcase(s, c);
	return s;
}
