/* test_store.c - records in memory: which of several is found, and which samples belong together */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "forklab/store.h"
#include "make_records.h"
#include "suite.h"

static struct store *open_store(const char *path)
{
	struct store *s;

	ck_assert_int_eq(store_new(&s), 0);
	ck_assert_int_eq(store_add_file(s, in_folder(path), NULL, NULL), 0);
	return s;
}

static double median(const json_t *result)
{
	return json_number_value(json_object_get(result, "median"));
}

static const json_t *find(const struct store *s, const char *variant, const char *want)
{
	json_t *w = json_loads(want, 0, NULL);
	const json_t *r;

	ck_assert_ptr_nonnull(w);
	r = store_result(s, "study", variant, w, NULL);
	json_decref(w);
	return r;
}

START_TEST(the_newest_run_wins_for_the_same_point)
{
	const char *path = "/r.jsonl";
	struct store *s;

	put_record(path, make_run("R1", 2));
	put_record(
		path, make_result(&(struct result_plan){.run = "R1", .params = "n=1", .ns = 10}));
	put_record(path, make_run("R2", 2));
	put_record(
		path, make_result(&(struct result_plan){.run = "R2", .params = "n=1", .ns = 20}));
	s = open_store(path);
	ck_assert_double_eq(median(find(s, "a", "{\"n\": \"1\"}")), 20);
	ck_assert_double_eq(median(store_result(s, "study", "a", NULL, "R1")), 10);
	ck_assert_ptr_null(store_result(s, "study", "a", NULL, "R3"));
	store_free(s);
}
END_TEST

START_TEST(a_point_that_only_the_older_run_has_is_found_there)
{
	const char *path = "/r.jsonl";
	struct store *s;

	put_record(
		path, make_result(&(struct result_plan){.run = "R1", .params = "n=1", .ns = 10}));
	put_record(
		path, make_result(&(struct result_plan){.run = "R2", .params = "n=2", .ns = 20}));
	s = open_store(path);
	ck_assert_double_eq(median(find(s, "a", "{\"n\": \"1\"}")), 10);
	ck_assert_ptr_null(find(s, "a", "{\"n\": \"3\"}"));
	ck_assert_ptr_null(find(s, "b", "{}"));
	store_free(s);
}
END_TEST

START_TEST(axes_that_are_not_asked_for_may_have_any_value_and_the_first_is_taken)
{
	const char *path = "/r.jsonl";
	struct store *s;

	put_record(path, make_result(&(struct result_plan){.params = "n=1,cpus=one", .ns = 10}));
	put_record(path, make_result(&(struct result_plan){.params = "n=1,cpus=all", .ns = 20}));
	put_record(path, make_result(&(struct result_plan){.params = "n=2,cpus=all", .ns = 30}));
	s = open_store(path);
	ck_assert_double_eq(median(find(s, "a", "{\"n\": \"1\"}")), 10);
	ck_assert_double_eq(median(find(s, "a", "{\"cpus\": \"all\"}")), 20);
	ck_assert_double_eq(median(find(s, "a", "{\"cpus\": \"all\", \"n\": 2}")), 30);
	ck_assert_double_eq(median(find(s, "a", "{}")), 10);
	ck_assert_ptr_null(find(s, "a", "{\"cpus\": \"all\", \"k\": \"2\"}"));
	store_free(s);
}
END_TEST

START_TEST(runs_with_different_axes_are_searched_all)
{
	const char *path = "/r.jsonl";
	struct store *s;

	put_record(
		path, make_result(&(struct result_plan){.run = "R1", .params = "n=1", .ns = 10}));
	put_record(path,
		make_result(&(struct result_plan){.run = "R2", .params = "n=1,k=2", .ns = 20}));
	put_record(
		path, make_result(&(struct result_plan){.run = "R1", .params = "n=2", .ns = 30}));
	s = open_store(path);
	ck_assert_double_eq(median(find(s, "a", "{\"n\": \"1\"}")), 20);
	store_free(s);
}
END_TEST

START_TEST(results_of_a_benchmark_are_those_of_its_newest_run)
{
	const char *path = "/r.jsonl";
	struct store *s;

	put_record(path, make_result(&(struct result_plan){.run = "R1"}));
	put_record(path, make_result(&(struct result_plan){.run = "R2"}));
	put_record(path, make_result(&(struct result_plan){.run = "R2", .variant = "b"}));
	put_record(path, make_result(&(struct result_plan){.run = "R3", .bench = "other"}));
	s = open_store(path);
	ck_assert_uint_eq(json_array_size(store_bench(s, "study")), 2);
	ck_assert_uint_eq(json_array_size(store_bench(s, "other")), 1);
	ck_assert_uint_eq(json_array_size(store_bench(s, "none")), 0);
	ck_assert_uint_eq(json_array_size(store_variant(s, "study", "a")), 2);
	ck_assert_uint_eq(json_array_size(store_all(s, "result")), 4);
	ck_assert_uint_eq(json_array_size(store_all(s, "nothing")), 0);
	store_free(s);
}
END_TEST

START_TEST(an_invalid_result_and_a_skip_are_found_too)
{
	const char *path = "/r.jsonl";
	struct store *s;
	const json_t *r;

	put_record(path, make_result(&(struct result_plan){.wrong = "9 of 10"}));
	put_record(path, make_skip("R1", "study", "b", "n=4", "needs 4 CPUs"));
	s = open_store(path);
	r = store_result(s, "study", "a", NULL, NULL);
	ck_assert(json_is_false(json_object_get(r, "check_ok")));
	r = store_skip(s, "study", "b", NULL);
	ck_assert_str_eq(json_string_value(json_object_get(r, "text")), "needs 4 CPUs");
	ck_assert_ptr_null(store_skip(s, "study", "a", NULL));
	store_free(s);
}
END_TEST

START_TEST(what_is_no_result_at_all_is_not_looked_up_and_harms_nothing)
{
	const char *path = "/r.jsonl";
	struct store *s;
	size_t bad;

	put(path,
		"{\"type\":\"result\",\"run_id\":\"R1\"}\n"
		"{\"type\":\"result\",\"run_id\":7,\"bench\":1,\"variant\":[],\"params\":0}\n"
		"{\"type\":\"result\",\"bench\":\"study\",\"variant\":\"a\",\"params\":{\"n\":[]}}"
		"\n"
		"{\"no type\":1}\n[1]\nrubbish\n");
	ck_assert_int_eq(store_new(&s), 0);
	ck_assert_int_eq(store_add_file(s, in_folder(path), &bad, NULL), 0);
	ck_assert_uint_eq(bad, 2);
	ck_assert_ptr_null(find(s, "a", "{\"n\": \"1\"}"));
	ck_assert_uint_eq(json_array_size(store_all(s, "result")), 3);
	store_free(s);
}
END_TEST

START_TEST(a_line_that_was_cut_off_is_left_out_and_told)
{
	const char *path = "/r.jsonl";
	struct store *s;
	bool cut = false;
	FILE *f;

	put_record(path, make_result(&(struct result_plan){0}));
	f = fopen(in_folder(path), "ae");
	ck_assert_ptr_nonnull(f);
	fputs("{\"type\":\"result\",\"run", f);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(store_new(&s), 0);
	ck_assert_int_eq(store_add_file(s, in_folder(path), NULL, &cut), 0);
	ck_assert(cut);
	ck_assert_uint_eq(json_array_size(store_all(s, "result")), 1);
	ck_assert_int_eq(store_add_file(s, in_folder("/none.jsonl"), NULL, NULL), -ENOENT);
	store_free(s);
}
END_TEST

START_TEST(a_folder_is_read_in_the_order_of_its_names)
{
	struct store *s;
	size_t files;

	put_record("/2.jsonl", make_result(&(struct result_plan){.run = "R2", .ns = 20}));
	put_record("/1.jsonl", make_result(&(struct result_plan){.run = "R1", .ns = 10}));
	put("/3.txt", "not ours\n");
	put("/.4.jsonl", "not ours\n");
	ck_assert_int_eq(store_new(&s), 0);
	ck_assert_int_eq(store_add_folder(s, in_folder("/none"), &files), 0);
	ck_assert_uint_eq(files, 0);
	ck_assert_int_eq(store_add_folder(s, in_folder("/."), &files), 0);
	ck_assert_uint_eq(files, 2);
	ck_assert_double_eq(median(store_result(s, "study", "a", NULL, NULL)), 20);
	store_free(s);
}
END_TEST

/* A result with these raw samples. */
static json_t *with_raw(const char *run, const char *raw, int iters)
{
	json_t *r = json_pack(
		"{s:s, s:i, s:o}", "run_id", run, "iters", iters, "raw", json_loads(raw, 0, NULL));

	ck_assert_ptr_nonnull(r);
	return r;
}

struct pairs {
	double *a, *b;
	unsigned *launch;
	size_t n;
	bool paired;
	int err;
};

static struct pairs pairs_of(
	const char *run_a, const char *raw_a, const char *run_b, const char *raw_b)
{
	json_t *a = with_raw(run_a, raw_a, 1), *b = with_raw(run_b, raw_b, 10);
	struct pairs p = {0};

	p.err = store_pairs(a, b, &p.a, &p.b, &p.launch, &p.n, &p.paired);
	json_decref(a);
	json_decref(b);
	return p;
}

static void pairs_free(struct pairs *p)
{
	free(p->a);
	free(p->b);
	free(p->launch);
}

START_TEST(samples_of_the_same_launch_and_round_are_a_pair_and_times_are_per_op)
{
	struct pairs p =
		pairs_of("R1", "{\"launch\":[0,0,1,1],\"round\":[0,1,0,2],\"t_ns\":[10,11,12,13]}",
			"R1", "{\"launch\":[0,1,1],\"round\":[1,2,0],\"t_ns\":[110,130,120]}");

	ck_assert_int_eq(p.err, 0);
	ck_assert(p.paired);
	ck_assert_uint_eq(p.n, 3);
	for (size_t i = 0; i < p.n; i++)
		ck_assert_double_eq(p.a[i], p.b[i]);
	ck_assert_double_eq(p.a[0], 11);
	ck_assert_double_eq(p.a[2], 13);
	ck_assert_uint_eq(p.launch[0], 0);
	ck_assert_uint_eq(p.launch[2], 1);
	pairs_free(&p);
}
END_TEST

START_TEST(without_rounds_the_place_in_the_launch_pairs_and_this_is_told)
{
	struct pairs p = pairs_of("R1", "{\"launch\":[0,0,1],\"t_ns\":[10,11,12]}", "R1",
		"{\"launch\":[0,1,1],\"round\":[7,8,9],\"t_ns\":[100,120,130]}");

	ck_assert_int_eq(p.err, 0);
	ck_assert(!p.paired);
	ck_assert_uint_eq(p.n, 2);
	ck_assert_double_eq(p.b[0], 10);
	ck_assert_double_eq(p.a[1], 12);
	ck_assert_double_eq(p.b[1], 12);
	pairs_free(&p);
}
END_TEST

START_TEST(rounds_of_two_runs_are_not_called_pairs)
{
	const char *raw = "{\"launch\":[0,0],\"round\":[0,1],\"t_ns\":[10,20]}";
	struct pairs p = pairs_of("R1", raw, "R2", raw);

	ck_assert_int_eq(p.err, 0);
	ck_assert(!p.paired);
	pairs_free(&p);
}
END_TEST

/* Round 1 lies in launch 0 here and in launch 1 there: each of the two has had rounds of its own. */
START_TEST(rounds_of_points_that_were_not_measured_side_by_side_pair_by_their_place)
{
	struct pairs p =
		pairs_of("R1", "{\"launch\":[0,0,1,1],\"round\":[0,1,2,3],\"t_ns\":[10,11,12,13]}",
			"R1", "{\"launch\":[0,1,1],\"round\":[0,1,2],\"t_ns\":[100,120,130]}");

	ck_assert_int_eq(p.err, 0);
	ck_assert(!p.paired);
	ck_assert_uint_eq(p.n, 3);
	for (size_t i = 0; i < p.n; i++)
		ck_assert_double_eq(p.a[i], p.b[i]);
	pairs_free(&p);
}
END_TEST

/* A round that one of them lost is no other block's. */
START_TEST(a_round_that_one_side_has_lost_leaves_the_others_paired)
{
	struct pairs p =
		pairs_of("R1", "{\"launch\":[0,0,1,1],\"round\":[0,1,2,3],\"t_ns\":[10,11,12,13]}",
			"R1", "{\"launch\":[0,1,1],\"round\":[1,2,3],\"t_ns\":[110,120,130]}");

	ck_assert_int_eq(p.err, 0);
	ck_assert(p.paired);
	ck_assert_uint_eq(p.n, 3);
	for (size_t i = 0; i < p.n; i++)
		ck_assert_double_eq(p.a[i], p.b[i]);
	pairs_free(&p);
}
END_TEST

START_TEST(raw_samples_that_do_not_fit_together_are_refused)
{
	const char *good = "{\"launch\":[0],\"round\":[0],\"t_ns\":[10]}";

	ck_assert_int_eq(pairs_of("R1", good, "R1", "{}").err, -EPROTO);
	ck_assert_int_eq(
		pairs_of("R1", good, "R1", "{\"launch\":[0,0],\"round\":[0],\"t_ns\":[1]}").err,
		-EPROTO);
	ck_assert_int_eq(
		pairs_of("R1", good, "R1", "{\"launch\":[0],\"round\":[0,1],\"t_ns\":[1]}").err,
		-EPROTO);
	ck_assert_int_eq(
		pairs_of("R1", good, "R1", "{\"launch\":[1],\"round\":[0],\"t_ns\":[1]}").err,
		-ENODATA);
	ck_assert_int_eq(pairs_of("R1", good, "R1", "{\"launch\":[],\"round\":[],\"t_ns\":[]}").err,
		-ENODATA);
}
END_TEST

START_TEST(a_comparison_finds_the_ratio_of_the_pairs)
{
	json_t *a = make_result(&(struct result_plan){.ns = 200, .spread = 0.02, .seed = 1});
	json_t *b = make_result(&(struct result_plan){.ns = 100, .spread = 0.02, .seed = 2});
	struct stats_comparison c;

	ck_assert_int_eq(store_compare(a, b, 0.03, 1, &c), 0);
	ck_assert_uint_eq(c.rounds, 20);
	ck_assert(c.ci.known && c.ci.lo < 2 && c.ci.hi > 2);
	ck_assert_int_eq(c.verdict, STATS_SLOWER);
	json_decref(a);
	json_decref(b);
}
END_TEST

START_TEST(each_of_ten_thousand_records_is_found_by_its_own_point)
{
	const char *path = "/many.jsonl";
	FILE *f = fopen(in_folder(path), "we");
	struct store *s;
	char want[64];

	ck_assert_ptr_nonnull(f);
	for (int i = 0; i < 10000; i++)
		fprintf(f,
			"{\"type\":\"result\",\"run_id\":\"R1\",\"bench\":\"study\",\"variant\":"
			"\"a\","
			"\"params\":{\"n\":\"%d\",\"k\":\"1\"},\"median\":%d}\n",
			i, i + 1);
	ck_assert_int_eq(fclose(f), 0);
	s = open_store(path);
	for (int i = 0; i < 10000; i++) {
		snprintf(want, sizeof(want), "{\"k\": \"1\", \"n\": \"%d\"}", i);
		ck_assert_double_eq(median(find(s, "a", want)), i + 1);
	}
	store_free(s);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("store");
	TCase *find_case = folder_case(s, "lookup"), *pair_case = gated_case(s, "pairs");

	tcase_add_test(find_case, the_newest_run_wins_for_the_same_point);
	tcase_add_test(find_case, a_point_that_only_the_older_run_has_is_found_there);
	tcase_add_test(
		find_case, axes_that_are_not_asked_for_may_have_any_value_and_the_first_is_taken);
	tcase_add_test(find_case, runs_with_different_axes_are_searched_all);
	tcase_add_test(find_case, results_of_a_benchmark_are_those_of_its_newest_run);
	tcase_add_test(find_case, an_invalid_result_and_a_skip_are_found_too);
	tcase_add_test(find_case, what_is_no_result_at_all_is_not_looked_up_and_harms_nothing);
	tcase_add_test(find_case, a_line_that_was_cut_off_is_left_out_and_told);
	tcase_add_test(find_case, a_folder_is_read_in_the_order_of_its_names);
	tcase_add_test(find_case, each_of_ten_thousand_records_is_found_by_its_own_point);
	tcase_add_test(
		pair_case, samples_of_the_same_launch_and_round_are_a_pair_and_times_are_per_op);
	tcase_add_test(pair_case, without_rounds_the_place_in_the_launch_pairs_and_this_is_told);
	tcase_add_test(pair_case, rounds_of_two_runs_are_not_called_pairs);
	tcase_add_test(pair_case,
		rounds_of_points_that_were_not_measured_side_by_side_pair_by_their_place);
	tcase_add_test(pair_case, a_round_that_one_side_has_lost_leaves_the_others_paired);
	tcase_add_test(pair_case, raw_samples_that_do_not_fit_together_are_refused);
	tcase_add_test(pair_case, a_comparison_finds_the_ratio_of_the_pairs);
	return s;
}
