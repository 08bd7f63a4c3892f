/*
 * test_claims_data.c - the format of claims files, and the claims that come with forklab
 * deadline: 60
 *
 * The programs must have been built: what a claim names is looked up in what they say of themselves.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog_item.h"
#include "folder.h"
#include "forklab/catalog.h"
#include "make_claims.h"
#include "seen_waiting.h"
#include "suite.h"

/* ---- the format ---- */

#define GOOD_SUBJECT                                                                               \
	"'subjects': [{'subject': 'C', 'cases': [" CLAIM_RATIO("x", "{}", "[1, 2]") "]}]"
#define ROW(rest) "{'id': 'X1', 'text': 'x', 'topic': 't', " rest "}"
#define CASE(rest)                                                                                 \
	"'subjects': [{'subject': 'C', 'cases': [{'when': 'x', 'bench': 'b', " rest "}]}]"

static const struct {
	const char *row, *says;
} bad_rows[] = {
	{"{'text': 'x', 'topic': 't', " GOOD_SUBJECT "}", "(no id): id: is missing"},
	{"{'id': 'X1', 'text': '', 'topic': 't', " GOOD_SUBJECT "}", "text: must be a text"},
	{"[]", "must be an object"},
	{ROW("'verdict': 'holds', 'why': 'x'"), "verdict: must be opinion or slip"},
	{ROW("'verdict': 'slip'"), "why: is missing"},
	{ROW("'line': '1'"), "subjects: is missing"},
	{ROW("'colour': 'red', " GOOD_SUBJECT), "colour: no such field here"},
	{ROW("'needs': 'cores>2', " GOOD_SUBJECT), "needs: must be cores>=N"},
	{ROW("'needs': 'ram>=2', " GOOD_SUBJECT), "needs: must be cores>=N"},
	{ROW("'subjects': []"), "subjects: must be a list"},
	{ROW("'subjects': [{'subject': 'Java', 'cases': [{}]}]"), "subject: must be CPython or C"},
	{ROW("'subjects': [{'subject': 'C'}]"), "subject 1: cases: either cases or show"},
	{ROW(CASE("'a': 'a', 'b': 'b', 'stat': 'mean', 'holds': [1, 2]")), "case 1: stat: must be"},
	{ROW(CASE("'a': 'a', 'stat': 'ratio', 'holds': [1, 2]")), "b: is missing"},
	{ROW(CASE("'a': 'a', 'b': 'b', 'stat': 'slope', 'over': 'n', 'holds': [1, 2]")),
		"b: a slope"},
	{ROW(CASE("'a': 'a', 'stat': 'slope', 'holds': [1, 2]")), "over: is missing"},
	{ROW(CASE("'a': 'a', 'b': 'b', 'stat': 'ratio', 'holds': [2, 1]")),
		"holds: must be [lo, hi]"},
	{ROW(CASE("'a': 'a', 'b': 'b', 'stat': 'ratio', 'holds': [null, null]")), "holds: must be"},
	{ROW(CASE("'a': 'a', 'b': 'b', 'stat': 'ratio', 'holds': 2")), "holds: must be"},
	{ROW(CASE("'a': 'a', 'b': 'b', 'stat': 'crossing', 'over': 'n', 'holds': [1, 2]")),
		"holds: with a crossing"},
	{ROW(CASE("'a': 'a', 'b': 'b', 'stat': 'ratio', 'holds': [1, 2], 'point': {'n': 1.5}")),
		"point: must be"},
	{ROW(CASE(
		 "'a': {'variant': 'a', 'mark': 'm'}, 'b': 'b', 'stat': 'ratio', 'holds': [1, 2]")),
		"mark: no such field"},
	{ROW("'subjects': [{'subject': 'C', 'cases': [{'when': 'x', 'demo': 'd', 'exit0': "
	     "'ok'}]}]"),
		"exit0: must be holds or refutes"},
	{ROW("'subjects': [{'subject': 'C', 'show': {'bench': 'b', 'variant': 'v'}}]"),
		"show: judged_by: is missing"},
};

START_TEST(a_row_that_breaks_the_format_is_refused_with_file_row_and_field)
{
	char text[4096], why[300] = "";
	struct claims *c;

	snprintf(text, sizeof(text), "{" CLAIM_SOURCE ", 'claims': [%s, %s]}",
		"{'id': 'X0', 'text': 'x', 'topic': 't', " GOOD_SUBJECT "}", bad_rows[_i].row);
	put_quoted("/claims/mine.json", text);
	ck_assert_int_eq(claims_load(in_folder("/claims"), &c, why, sizeof(why)), -EINVAL);
	assert_says(why, "mine.json: row 2 (");
	assert_says(why, bad_rows[_i].says);
}
END_TEST

START_TEST(a_file_that_is_no_claims_file_is_refused_with_its_name)
{
	static const struct {
		const char *text, *says;
	} files[] = {
		{"{", "bad.json: line 1:"},
		{"{'claims': []}", "bad.json: source: id: must be"},
		{"{" CLAIM_SOURCE "}", "bad.json: claims: must be a list"},
		{"{" CLAIM_SOURCE ", 'claims': {}}", "bad.json: claims: must be a list"},
		{"{'source': {'id': 't', 'title': 'T', 'author': 'A', 'year': 2020}}",
			"source: year"},
		{"{'source': 1, 'source': 2}", "bad.json: line 1: duplicate"},
	};
	struct claims *c;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		char why[300] = "";

		put_quoted("/claims/bad.json", files[i].text);
		ck_assert_int_eq(claims_load(in_folder("/claims"), &c, why, sizeof(why)), -EINVAL);
		assert_says(why, files[i].says);
	}
	ck_assert_int_eq(claims_load(in_folder("/none"), &c, (char[99]){""}, 99), -ENOENT);
}
END_TEST

START_TEST(an_id_that_stands_twice_is_refused_also_across_files)
{
	char why[300] = "";
	struct claims *c;

	put_quoted("/claims/a.json", "{" CLAIM_SOURCE ", 'claims': [" ROW(GOOD_SUBJECT) "]}");
	put_quoted("/claims/b.json", "{" CLAIM_SOURCE ", 'claims': [" ROW(GOOD_SUBJECT) "]}");
	ck_assert_int_eq(claims_load(in_folder("/claims"), &c, why, sizeof(why)), -EINVAL);
	assert_says(why, "b.json: row 1 (X1): another row has this id");
}
END_TEST

START_TEST(files_are_loaded_in_the_order_of_their_names)
{
	struct claims *c;

	put_quoted("/claims/b.json", "{" CLAIM_SOURCE ", 'claims': [" ROW(GOOD_SUBJECT) "]}");
	put_quoted("/claims/a.json",
		"{" CLAIM_SOURCE ", 'claims': [{'id': 'X0', 'text': 'x', 'topic': 't', "
		"'verdict': 'opinion', 'why': 'y'}]}");
	put_quoted("/claims/README.md", "not ours");
	ck_assert_int_eq(claims_load(in_folder("/claims"), &c, (char[99]){""}, 99), 0);
	ck_assert_uint_eq(claims_count(c), 2);
	ck_assert_str_eq(claims_get(c, 0)->id, "X0");
	ck_assert_str_eq(claims_get(c, 1)->title, "T");
	ck_assert_ptr_null(claims_find(c, "X2"));
	claims_free(c);
}
END_TEST

/* ---- the claims that come with forklab ---- */

static struct claims *ours(void)
{
	struct claims *c;
	char why[300] = "";
	int err = claims_load("bench/claims", &c, why, sizeof(why));

	ck_assert_msg(!err, "%s", why);
	return c;
}

/* Whether the sweep "1..max,10" or "1us,10us" has this value; "max" is any. */
static bool listed(const char *values, const char *value)
{
	size_t n = strlen(value);

	for (const char *v = values; v; v = strchr(v, ',') ? strchr(v, ',') + 1 : NULL)
		if (!strncmp(v, value, n) && (v[n] == ',' || !v[n]))
			return true;
	return !strcmp(value, "max") && strstr(values, "max");
}

static void check_point(const json_t *bench, const char *id, const json_t *point)
{
	const char *name;
	json_t *value;

	for (size_t i = 0; i < json_array_size(point); i++)
		check_point(bench, id, json_array_get(point, i));
	if (!json_is_object(point))
		return;
	json_object_foreach((json_t *)(uintptr_t)point, name, value)
	{
		const json_t *axis = named(json_object_get(bench, "axes"), name);
		const char *values = json_string_value(json_object_get(axis, "values"));

		ck_assert_msg(axis != NULL, "%s: no axis %s", id, name);
		ck_assert_msg(values && listed(values, json_string_value(value)), "%s: no %s=%s",
			id, name, json_string_value(value));
	}
}

static void check_side(const json_t *bench, const char *id, const json_t *side)
{
	const char *name = json_is_string(side)
				   ? json_string_value(side)
				   : json_string_value(json_object_get(side, "variant"));

	if (!side)
		return;
	ck_assert_msg(named(json_object_get(bench, "variants"), name) != NULL, "%s: no variant %s",
		id, name);
	check_point(bench, id, json_object_get(side, "point"));
}

/* A case, or a time to show: everything that it names must be there. */
static void check_case(const json_t *catalog, const char *id, const json_t *c)
{
	const char *bench_name = json_string_value(json_object_get(c, "bench"));
	const char *demo = json_string_value(json_object_get(c, "demo"));
	const char *over = json_string_value(json_object_get(c, "over"));
	const json_t *bench;

	if (demo && strstr(demo, ".py")) {
		char path[300];

		snprintf(path, sizeof(path), "bench/peers/%s", demo);
		ck_assert_msg(!access(path, R_OK), "%s: no check %s", id, demo);
		return;
	}
	if (demo) {
		ck_assert_msg(named(json_object_get(catalog, "demos"), demo) != NULL,
			"%s: no demo %s", id, demo);
		return;
	}
	bench = named(json_object_get(catalog, "benchmarks"), bench_name);
	ck_assert_msg(bench != NULL, "%s: no benchmark %s is built", id, bench_name);
	check_side(bench, id, json_object_get(c, "a"));
	check_side(bench, id, json_object_get(c, "b"));
	check_side(bench, id, json_object_get(c, "variant"));
	check_point(bench, id, json_object_get(c, "point"));
	check_point(bench, id, json_object_get(c, "plus"));
	if (over)
		ck_assert_msg(named(json_object_get(bench, "axes"), over) != NULL, "%s: no axis %s",
			id, over);
}

static void check_subject(
	const struct claims *c, const json_t *catalog, const char *id, const json_t *subject)
{
	const json_t *show = json_object_get(subject, "show");
	const json_t *cases = json_object_get(subject, "cases");
	const char *by = json_string_value(json_object_get(show, "judged_by"));

	for (size_t i = 0; i < json_array_size(cases); i++)
		check_case(catalog, id, json_array_get(cases, i));
	if (!show)
		return;
	check_case(catalog, id, show);
	ck_assert_msg(by && claims_find(c, by), "%s: no claim %s", id, by);
}

START_TEST(everything_that_a_claim_names_is_there)
{
	const char *build = getenv("FORKLAB_BUILD");
	struct claims *c = ours();
	json_t *catalog;
	struct paths p;

	ck_assert_int_eq(paths_from(build && *build ? build : "build", ".", &p), 0);
	ck_assert_int_eq(catalog_read(&p, &catalog), 0);
	for (size_t n = 0; n < claims_count(c); n++) {
		const struct claim *claim = claims_get(c, n);
		const json_t *subjects = json_object_get(claim->row, "subjects");

		for (size_t i = 0; i < json_array_size(subjects); i++)
			check_subject(c, catalog, claim->id, json_array_get(subjects, i));
	}
	json_decref(catalog);
	claims_free(c);
}
END_TEST

/* What a machine with two CPUs may measure: figures as they were seen on one. */
static const struct seen seen[] = {
#include "claims_seen_messages.h"
#include "claims_seen_pool.h"
#include "claims_seen_starts.h"
};

#define HOLDS CLAIM_HOLDS
#define ONLY  CLAIM_HOLDS_ONLY
#define NOT   CLAIM_DOES_NOT_HOLD
#define OPEN  CLAIM_CANNOT_TELL

/* The verdicts that follow from them, a subject each. */
static const struct {
	const char *id;
	enum claim_verdict verdict[CLAIM_SUBJECTS];
} expected[] = {
#include "claims_expected.h"
};

static void put_figures(const struct seen *figures, size_t n, uint64_t first_seed)
{
	for (size_t i = 0; i < n; i++)
		put_result((struct result_plan){.bench = figures[i].bench,
			.variant = figures[i].variant,
			.params = figures[i].params,
			.ns = figures[i].ns,
			.spread = 0.01,
			.seed = first_seed + i});
}

static void put_seen(void)
{
	static const char *const demos[] = {"check_child_state.py", "check_deadlock.py",
		"check_default_method.py", "check_finished_first.py", "check_fork_with_threads.py",
		"check_join_border.py", "check_lock_timeout.py", "check_own_memory.py",
		"check_pool_not_closed.py", "check_pool_self_wait.py", "check_queue_empty.py",
		"check_random.py", "check_release_order.py", "check_start_methods.py",
		"child_state", "concurrency_vs_parallelism", "deadlock", "deadlock_timeout",
		"deadlock_timeout_kept", "fork_huge_page", "fork_promises", "fork_same_random",
		"fork_stdio_twice", "fork_vs_spawn", "fork_with_threads", "hello_processes",
		"hello_processes_fixed", "join_border", "own_memory", "pool_not_closed",
		"pool_self_wait", "process_start_join", "queue_empty_race", "queue_results",
		"release_order", "sleep_is_not_work"};

	put_run("R1", 2);
	for (size_t i = 0; i < sizeof(demos) / sizeof(demos[0]); i++)
		put_record("/r.jsonl", make_demo("R1", demos[i], 0, "seen as expected"));
	put_figures(seen, sizeof(seen) / sizeof(seen[0]), 1);
	put_figures(seen_waiting, sizeof(seen_waiting) / sizeof(seen_waiting[0]), 1001);
}

static struct store *read_seen(void)
{
	struct store *s;

	ck_assert_int_eq(store_new(&s), 0);
	ck_assert_int_eq(store_add_folder(s, in_folder("/."), NULL), 0);
	return s;
}

START_TEST(each_claim_gets_the_verdict_that_follows_from_the_records)
{
	struct claims *c = ours();
	struct store *s;

	put_seen();
	s = read_seen();
	ck_assert_uint_eq(claims_count(c), sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < claims_count(c); i++) {
		const struct claim *claim = claims_find(c, expected[i].id);
		struct claim_judgement j[CLAIM_SUBJECTS];
		size_t n;

		ck_assert_ptr_nonnull(claim);
		n = claims_judge(claim, s, j);
		for (size_t k = 0; k < n; k++)
			ck_assert_msg(j[k].verdict == expected[i].verdict[k], "%s in %s: %s: %s",
				claim->id, j[k].subject, claim_verdict_name(j[k].verdict),
				j[k].why);
	}
	store_free(s);
	claims_free(c);
}
END_TEST

START_TEST(the_same_records_give_the_same_verdicts_twice)
{
	struct claims *c = ours();
	struct store *first, *second;

	put_seen();
	first = read_seen();
	second = read_seen();
	for (size_t i = 0; i < claims_count(c); i++) {
		struct claim_judgement a[CLAIM_SUBJECTS], b[CLAIM_SUBJECTS];
		size_t n = claims_judge(claims_get(c, i), first, a);

		ck_assert_uint_eq(claims_judge(claims_get(c, i), second, b), n);
		for (size_t k = 0; k < n; k++) {
			ck_assert_int_eq(a[k].verdict, b[k].verdict);
			ck_assert_str_eq(a[k].measured, b[k].measured);
			ck_assert_str_eq(a[k].why, b[k].why);
			ck_assert_str_eq(a[k].subject, b[k].subject);
		}
	}
	store_free(first);
	store_free(second);
	claims_free(c);
}
END_TEST

START_TEST(without_records_nothing_that_needs_them_is_judged)
{
	struct claims *c = ours();
	struct store *s;

	ck_assert_int_eq(store_new(&s), 0);
	for (size_t i = 0; i < claims_count(c); i++) {
		struct claim_judgement j[CLAIM_SUBJECTS];
		size_t n = claims_judge(claims_get(c, i), s, j);

		for (size_t k = 0; k < n; k++) {
			ck_assert(j[k].verdict == CLAIM_CANNOT_TELL || j[k].verdict == CLAIM_SLIP ||
				  j[k].verdict == CLAIM_OPINION);
			ck_assert_str_ne(j[k].why, "");
		}
	}
	store_free(s);
	claims_free(c);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("claims_data");
	TCase *f = folder_case(s, "format"), *d = folder_case(s, "ours");

	tcase_add_loop_test(f, a_row_that_breaks_the_format_is_refused_with_file_row_and_field, 0,
		sizeof(bad_rows) / sizeof(bad_rows[0]));
	tcase_add_test(f, a_file_that_is_no_claims_file_is_refused_with_its_name);
	tcase_add_test(f, an_id_that_stands_twice_is_refused_also_across_files);
	tcase_add_test(f, files_are_loaded_in_the_order_of_their_names);
	tcase_add_test(d, everything_that_a_claim_names_is_there);
	tcase_add_test(d, each_claim_gets_the_verdict_that_follows_from_the_records);
	tcase_add_test(d, the_same_records_give_the_same_verdicts_twice);
	tcase_add_test(d, without_records_nothing_that_needs_them_is_judged);
	return s;
}
