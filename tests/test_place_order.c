/* test_place_order.c - orders, relations, pairs and sweeps worked out by hand, and what is refused */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/ensure.h"
#include "harness/place.h"
#include "suite.h"

static struct place *open_it(const struct place_options *opt)
{
	struct place *p = NULL;
	char why[256];
	int err = place_open(opt, &p, why, sizeof(why));

	ck_assert_msg(!err, "%s: %d: %s", opt->synthetic ? opt->synthetic : "here", err, why);
	return p;
}

/* Orders worked out by hand: OS CPUs, and the borders as letters (s, l, n, p; - for none). */
struct known {
	const char *synthetic, *cpus;
	enum place_kind kind;
	enum place_bind bind;
	const char *order, *borders;
};

static const struct known orders[] = {
	{"pack:2 core:4 pu:2", NULL, PLACE_CORES, PLACE_CLOSE, "0 2 4 6 8 10 12 14", "----p---"},
	{"pack:2 core:4 pu:2", NULL, PLACE_CORES, PLACE_SPREAD, "0 8 2 10 4 12 6 14", "-p------"},
	{"pack:2 core:2 pu:2", NULL, PLACE_THREADS, PLACE_CLOSE, "0 1 2 3 4 5 6 7", "-s--p---"},
	{"pack:2 core:2 pu:2", NULL, PLACE_THREADS, PLACE_SPREAD, "0 4 2 6 1 5 3 7", "-p--s---"},
	{"pack:2 core:6 pu:1", NULL, PLACE_CORES, PLACE_SPREAD, "0 6 1 7 2 8 3 9 4 10 5 11",
		"-p----------"},
	{"pack:2 l3:3 core:2 pu:1", NULL, PLACE_CORES, PLACE_SPREAD, "0 6 2 8 4 10 1 7 3 9 5 11",
		"-pllll------"},
	{"pack:1 core:1 pu:4", NULL, PLACE_THREADS, PLACE_CLOSE, "0 1 2 3", "-sss"},
	{"pack:2 numa:2 core:2 pu:1", NULL, PLACE_CORES, PLACE_CLOSE, "0 1 2 3 4 5 6 7",
		"--n-p-n-"},
	{"pack:2 core:4 pu:1", "core:0-4", PLACE_CORES, PLACE_SPREAD, "0 4 1 2 3", "-p---"},
	{"pack:2 core:4 pu:1", "7,1,1-2", PLACE_CORES, PLACE_CLOSE, "1 2 7", "--p"},
	{"pack:2 core:3 pu:2", "0-3,6", PLACE_THREADS, PLACE_SPREAD, "0 6 2 1 3", "-p-s-"},
	{"node:2 core:2 pu:1(indexes=0,2,1,3)", NULL, PLACE_CORES, PLACE_CLOSE, "0 2 1 3", "--n-"},
	{"pack:2 core:2 pu:2", "pack:1", PLACE_THREADS, PLACE_CLOSE, "4 5 6 7", "-s--"},
	{"pack:2 l3:2 core:2 pu:1", "l3:1-2", PLACE_CORES, PLACE_CLOSE, "2 3 4 5", "--p-"},
	{"pack:2 numa:2 core:1 pu:1", "numa:3", PLACE_CORES, PLACE_CLOSE, "3", "-"},
	{"pack:2 core:2 pu:2", "pu:1-2", PLACE_CORES, PLACE_CLOSE, "1 2", "--"},
	{"pack:1 core:3 pu:2", NULL, PLACE_CORES, PLACE_PRIMARY, "0 0 0", "---"},
	{"pack:1 core:3 pu:2", NULL, PLACE_THREADS, PLACE_PRIMARY, "0 0 0 0 0 0", "------"},
};

START_TEST(the_order_is_the_one_worked_out_by_hand)
{
	const struct known *k = &orders[_i];
	const struct place_options opt = {
		.synthetic = k->synthetic, .cpus = k->cpus, .kind = k->kind, .bind = k->bind};
	struct place *p = open_it(&opt);
	char order[256] = "", borders[64] = "";

	for (size_t i = 0; i < place_count(p); i++) {
		const size_t at = strlen(order);

		snprintf(order + at, sizeof(order) - at, "%s%u", i ? " " : "",
			place_slot(p, i)->os_cpu);
		borders[i] = "-slnp"[place_slot(p, i)->border];
	}
	ck_assert_str_eq(order, k->order);
	ck_assert_str_eq(borders, k->borders);
	place_close(p);
}
END_TEST

struct related {
	const char *synthetic;
	enum place_kind kind;
	enum place_bind bind;
	size_t n;
	const char *relation;
};

static const struct related relations[] = {
	{"pack:2 core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 1, "same-cpu"},
	{"pack:2 core:2 pu:2", PLACE_CORES, PLACE_CLOSE, 1, "same-core"},
	{"pack:2 core:2 pu:2", PLACE_THREADS, PLACE_CLOSE, 2, "same-core"},
	{"pack:2 core:2 pu:2", PLACE_THREADS, PLACE_CLOSE, 3, "same-package"},
	{"pack:2 core:2 pu:2", PLACE_THREADS, PLACE_CLOSE, 5, "cross-package"},
	{"pack:2 core:2 pu:2", PLACE_CORES, PLACE_SPREAD, 2, "cross-package"},
	{"pack:2 core:2 pu:2", PLACE_THREADS, PLACE_CLOSE, 99, "cross-package"},
	{"pack:2 l3:2 core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 2, "same-llc"},
	{"pack:2 l3:2 core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 3, "same-package"},
	{"pack:1 numa:2 l3:2 core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 4, "same-numa"},
	{"pack:1 numa:2 l3:2 core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 5, "same-package"},
	{"pack:2 core:4 pu:2", PLACE_THREADS, PLACE_PRIMARY, 16, "same-cpu"},
	{"pack:2 core:4 pu:2", PLACE_THREADS, PLACE_NONE, 16, "unbound"},
	{"core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 2, "same-package"},
};

START_TEST(the_relation_names_the_smallest_thing_that_holds_all)
{
	const struct related *r = &relations[_i];
	const struct place_options opt = {
		.synthetic = r->synthetic, .kind = r->kind, .bind = r->bind};
	struct place *p = open_it(&opt);

	ck_assert_str_eq(place_relation(p, r->n), r->relation);
	place_close(p);
}
END_TEST

START_TEST(primary_runs_one_at_a_time_on_one_cpu)
{
	const struct place_options opt = {
		.synthetic = "pack:2 core:2 pu:2", .kind = PLACE_CORES, .bind = PLACE_PRIMARY};
	struct place *p = open_it(&opt);

	ck_assert_uint_eq(place_count(p), 4);
	ck_assert_uint_eq(place_slot(p, 3)->ncpus, 1);
	ck_assert_uint_eq(place_cpus(p, 3)[0], 0);
	ck_assert_uint_eq(place_machine(p)->effective, 1);
	ck_assert_str_eq(place_machine(p)->limit_by, "--proc-bind primary");
	ck_assert_str_eq(place_policy(p), "primary, all on CPU 0");
	place_close(p);
}
END_TEST

struct pair_case {
	const char *synthetic, *cpus;
	enum place_pair pair;
	int err;
	unsigned a, b;
	const char *relation;
};

static const struct pair_case pairs[] = {
	{"pack:2 l3:2 core:2 pu:2", NULL, PLACE_SAME_CORE, 0, 0, 1, "same-core"},
	{"pack:2 l3:2 core:2 pu:2", NULL, PLACE_SAME_LLC, 0, 0, 2, "same-llc"},
	{"pack:2 l3:2 core:2 pu:1", NULL, PLACE_SAME_CORE, -ENODEV, 0, 0, NULL},
	{"pack:2 l3:2 core:1 pu:2", NULL, PLACE_SAME_LLC, -ENODEV, 0, 0, NULL},
	{"pack:2 core:2 pu:1", NULL, PLACE_SAME_LLC, 0, 0, 1, "same-package"},
	{"pack:2 core:1 pu:1", NULL, PLACE_SAME_LLC, -ENODEV, 0, 0, NULL},
	{"core:1 pu:1", NULL, PLACE_SAME_LLC, -ENODEV, 0, 0, NULL},
	{"pack:2 l3:2 core:2 pu:2", "1,3-5,7", PLACE_SAME_CORE, 0, 4, 5, "same-core"},
	{"pack:2 l3:2 core:2 pu:2", "3-4,7,9", PLACE_SAME_LLC, 0, 4, 7, "same-llc"},
};

START_TEST(a_pair_is_the_first_two_cpus_so_related)
{
	const struct pair_case *c = &pairs[_i];
	const struct place_options opt = {
		.synthetic = c->synthetic, .cpus = c->cpus, .pair = c->pair};
	struct place *p = NULL;
	char why[256];

	ck_assert_int_eq(place_open(&opt, &p, why, sizeof(why)), c->err);
	if (c->err) {
		ck_assert_ptr_null(p);
		ck_assert_ptr_nonnull(strstr(why, "same-"));
		return;
	}
	ck_assert_uint_eq(place_count(p), 2);
	ck_assert_uint_eq(place_slot(p, 0)->os_cpu, c->a);
	ck_assert_uint_eq(place_slot(p, 1)->os_cpu, c->b);
	ck_assert_uint_eq(place_slot(p, 0)->ncpus, 1);
	ck_assert_uint_eq(place_slot(p, 1)->ncpus, 1);
	ck_assert_str_eq(place_relation(p, 2), c->relation);
	place_close(p);
}
END_TEST

START_TEST(a_pair_refuses_what_contradicts_it)
{
	struct place_options opt = {.synthetic = "core:2 pu:2", .pair = PLACE_SAME_CORE};
	struct place *p = NULL;
	char why[256];

	opt.no_smt = true;
	ck_assert_int_eq(place_open(&opt, &p, why, sizeof(why)), -EINVAL);
	opt.no_smt = false;
	opt.bind = PLACE_NONE;
	ck_assert_int_eq(place_open(&opt, &p, why, sizeof(why)), -EINVAL);
	opt.bind = PLACE_PRIMARY;
	ck_assert_int_eq(place_open(&opt, &p, why, sizeof(why)), -EINVAL);
	ck_assert_ptr_null(p);
}
END_TEST

struct sweep_case {
	const char *synthetic;
	enum place_kind kind;
	enum place_bind bind;
	size_t max, cap;
	const char *counts;
};

static const struct sweep_case sweeps[] = {
	{"core:1 pu:1", PLACE_CORES, PLACE_CLOSE, 1, 40, "1"},
	{"core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 2, 40, "1 2"},
	{"core:6 pu:1", PLACE_CORES, PLACE_CLOSE, 6, 40, "1 2 3 4 6"},
	{"core:2 pu:1", PLACE_CORES, PLACE_CLOSE, 10, 40, "1 2 3 4 6 9 10"},
	{"pack:2 core:5 pu:1", PLACE_CORES, PLACE_CLOSE, 10, 40, "1 2 3 4 5 6 9 10"},
	{"pack:2 core:5 pu:2", PLACE_THREADS, PLACE_SPREAD, 20, 40, "1 2 3 4 6 9 10 14 20"},
	{"pack:2 numa:2 core:8 pu:2", PLACE_CORES, PLACE_CLOSE, 32, 40,
		"1 2 3 4 6 8 9 14 16 21 24 32"},
	{"pack:2 numa:2 core:8 pu:2", PLACE_CORES, PLACE_CLOSE, 32, 4, "1 8 16 32"},
	{"pack:2 numa:2 core:8 pu:2", PLACE_CORES, PLACE_CLOSE, 12, 40, "1 2 3 4 6 8 9 12"},
	{"core:8 pu:1", PLACE_CORES, PLACE_CLOSE, 8, 2, "1 8"},
	{"core:8 pu:1", PLACE_CORES, PLACE_CLOSE, 8, 1, "8"},
	{"core:8 pu:1", PLACE_CORES, PLACE_CLOSE, 8, 0, ""},
	{"core:8 pu:1", PLACE_CORES, PLACE_CLOSE, 0, 40, ""},
	{"core:8 pu:1", PLACE_CORES, PLACE_PRIMARY, 8, 40, "1 2 3 4 6 8"},
	{"core:8 pu:1", PLACE_CORES, PLACE_CLOSE, 1000000000, 3, "1 8 1000000000"},
};

START_TEST(a_sweep_is_thinned_and_keeps_borders_and_the_end)
{
	const struct sweep_case *c = &sweeps[_i];
	const struct place_options opt = {
		.synthetic = c->synthetic, .kind = c->kind, .bind = c->bind};
	struct place *p = open_it(&opt);
	unsigned counts[40];
	const size_t n = place_sweep(p, c->max, counts, c->cap);
	char text[256] = "";

	ck_assert_uint_le(n, c->cap);
	for (size_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? " " : "",
			counts[i]);
	ck_assert_str_eq(text, c->counts);
	place_close(p);
}
END_TEST

static bool holds(const unsigned *counts, size_t n, unsigned count)
{
	for (size_t i = 0; i < n; i++) {
		if (counts[i] == count)
			return true;
	}
	return false;
}

/* 16,384 hardware threads: far above a fixed cpu_set_t, whose end is 1,024. */
START_TEST(a_huge_machine_is_planned)
{
	const struct place_options opt = {
		.synthetic = "pack:64 core:128 pu:2", .kind = PLACE_THREADS, .bind = PLACE_SPREAD};
	struct place *p = open_it(&opt);
	unsigned counts[100];
	size_t n;

	ck_assert_uint_eq(place_count(p), 16384);
	ck_assert_uint_eq(place_machine(p)->packages, 64);
	for (size_t i = 0; i < 8192; i++) {
		ck_assert_uint_eq(place_slot(p, i)->package, i % 64);
		ck_assert_uint_eq(place_slot(p, i)->thread, 0);
	}
	ck_assert_int_eq(place_slot(p, 8192)->border, PLACE_BORDER_SMT);
	n = place_sweep(p, 16384, counts, ARRAY_LEN(counts));
	for (unsigned border = 1; border < 64; border++)
		ck_assert(holds(counts, n, border));
	n = place_sweep(p, 16384, counts, 20);
	ck_assert_uint_eq(n, 20);
	ck_assert(counts[0] == 1 && counts[n - 1] == 16384 && holds(counts, n, 8192));
	for (size_t i = 1; i < n; i++)
		ck_assert_uint_gt(counts[i], counts[i - 1]);
	place_close(p);
}
END_TEST

struct bad {
	const char *synthetic, *cpus;
	int err;
	const char *why; /* must stand in the sentence */
};

static const struct bad bads[] = {
	{"bogus:3", NULL, -EINVAL, "bogus:3"},
	{"pack:0", NULL, -EINVAL, "pack:0"},
	{"", NULL, -EINVAL, "empty"},
	{"   ", NULL, -EINVAL, "empty"},
	{"pack", NULL, -EINVAL, "TYPE:COUNT"},
	{"pack:2 core:4", NULL, -EINVAL, "the last is pu"},
	{"pack:+2 core:2 pu:1", NULL, -EINVAL, "TYPE:COUNT"},
	{"pack:-1 core:2 pu:1", NULL, -EINVAL, "TYPE:COUNT"},
	{"pack:2(size=1", NULL, -EINVAL, "TYPE:COUNT"},
	{"pack:2 [numa", NULL, -EINVAL, "TYPE:COUNT"},
	{"pack:2x core:2 pu:1", NULL, -EINVAL, "TYPE:COUNT"},
	{"pack:99999999999 core:1 pu:1", NULL, -E2BIG, "32768"},
	{"pack:128 core:128 pu:4", NULL, -E2BIG, "32768"},
	{"pack:64 core:256 pu:3", NULL, -E2BIG, "32768"},
	{"pu:32768", NULL, -E2BIG, "flat"},
	{"core:2 pu:1", "", -EINVAL, "empty"},
	{"core:2 pu:1", "0-", -EINVAL, "0-: a range needs an end"},
	{"core:2 pu:1", "3-1", -EINVAL, "3-1: a range runs upwards"},
	{"core:2 pu:1", "0,,1", -EINVAL, "0,,1: an entry is empty"},
	{"core:2 pu:1", "0,", -EINVAL, "empty"},
	{"core:2 pu:1", ",", -EINVAL, "empty"},
	{"core:2 pu:1", "0-99999999", -EINVAL, "at most 65535"},
	{"core:2 pu:1", "18446744073709551617", -EINVAL, "at most 65535"},
	{"core:2 pu:1", "a", -EINVAL, "a: not a CPU number"},
	{"core:2 pu:1", "-1", -EINVAL, "not a CPU number"},
	{"core:2 pu:1", "+1", -EINVAL, "not a CPU number"},
	{"core:2 pu:1", "0x1", -EINVAL, "not a CPU number"},
	{"core:2 pu:1", " 1", -EINVAL, "not a CPU number"},
	{"core:2 pu:1", "0-1-2", -EINVAL, "not a CPU number"},
	{"core:2 pu:1", "core:", -EINVAL, "empty"},
	{"core:2 pu:1", "core:0:4", -EINVAL, "not a CPU number"},
	{"core:2 pu:1", "socket:0", -EINVAL, "unknown kind"},
	{"core:2 pu:1", "0-65535", -ENOENT, "cpu 2 is not in the allowed set 0-1"},
	{"core:2 pu:1", "15", -ENOENT, "cpu 15 is not in the allowed set 0-1"},
	{"core:2 pu:1", "core:2", -ENOENT, "core 2 is not there"},
	{"core:2 pu:1", "l3:0", -ENOENT, "l3 0 is not there"},
};

START_TEST(a_bad_description_or_list_is_refused_with_a_sentence)
{
	const struct bad *b = &bads[_i];
	const struct place_options opt = {.synthetic = b->synthetic, .cpus = b->cpus};
	struct place *p = NULL;
	char why[256];

	ck_assert_int_eq(place_open(&opt, &p, why, sizeof(why)), b->err);
	ck_assert_ptr_null(p);
	ck_assert_msg(strstr(why, b->why), "\"%s\" lacks \"%s\"", why, b->why);
	ck_assert_int_eq(place_open(&opt, &p, NULL, 0), b->err);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("place_order");
	TCase *tc = gated_case(s, "orders");

	tcase_add_loop_test(tc, the_order_is_the_one_worked_out_by_hand, 0, (int)ARRAY_LEN(orders));
	tcase_add_loop_test(tc, the_relation_names_the_smallest_thing_that_holds_all, 0,
		(int)ARRAY_LEN(relations));
	tcase_add_test(tc, primary_runs_one_at_a_time_on_one_cpu);
	tcase_add_loop_test(tc, a_pair_is_the_first_two_cpus_so_related, 0, (int)ARRAY_LEN(pairs));
	tcase_add_test(tc, a_pair_refuses_what_contradicts_it);
	tcase_add_loop_test(
		tc, a_sweep_is_thinned_and_keeps_borders_and_the_end, 0, (int)ARRAY_LEN(sweeps));
	tcase_add_test(tc, a_huge_machine_is_planned);
	tcase_add_loop_test(
		tc, a_bad_description_or_list_is_refused_with_a_sentence, 0, (int)ARRAY_LEN(bads));
	return s;
}
