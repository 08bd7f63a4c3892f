/* test_place_kinds.c - performance and efficiency cores: never mixed, the fastest kind by default */
#include "harness/place_internal.h"
#include "suite.h"
#include <errno.h>

/* hwloc's description of a machine has no word for kinds: they are registered on top of one. */
static struct place_source source;

static void open_eight_cores(void)
{
	ck_assert_int_eq(place_source_open(&source, "pack:1 core:8 pu:1", NULL, 0), 0);
}

static void close_source(void)
{
	place_source_close(&source);
}

static void kind(const char *cpus, int efficiency)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	ck_assert_int_eq(hwloc_bitmap_list_sscanf(set, cpus), 0);
	ck_assert_int_eq(hwloc_cpukinds_register(source.topology, set, efficiency, 0, NULL, 0), 0);
	hwloc_bitmap_free(set);
}

static void chosen_is(const char *cpus)
{
	char list[64];

	hwloc_bitmap_list_snprintf(list, sizeof(list), source.chosen);
	ck_assert_str_eq(list, cpus);
}

START_TEST(one_kind_is_not_mixed)
{
	kind("0-7", 0);
	ck_assert(!place_source_mixed(&source));
}
END_TEST

START_TEST(the_kind_of_highest_efficiency_rank_is_chosen)
{
	kind("0-3", 1);
	kind("4-7", 0);
	ck_assert(place_source_mixed(&source));
	ck_assert_int_eq(place_source_fastest(&source), 0);
	chosen_is("0-3");
}
END_TEST

START_TEST(a_fast_kind_that_is_not_allowed_is_passed_over)
{
	kind("0-1", 2);
	kind("2-3", 1);
	kind("4-7", 0);
	hwloc_bitmap_clr_range(source.allowed, 0, 1);
	hwloc_bitmap_clr_range(source.chosen, 0, 1);
	ck_assert(place_source_mixed(&source));
	ck_assert_int_eq(place_source_fastest(&source), 0);
	chosen_is("2-3");
}
END_TEST

START_TEST(kinds_without_a_rank_are_refused)
{
	kind("0-3", -1);
	kind("4-7", -1);
	ck_assert(place_source_mixed(&source));
	ck_assert_int_eq(place_source_fastest(&source), -ENOTSUP);
	chosen_is("0-7");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("place_kinds");
	TCase *t = gated_case(s, "kinds of core");

	tcase_add_checked_fixture(t, open_eight_cores, close_source);
	tcase_add_test(t, one_kind_is_not_mixed);
	tcase_add_test(t, the_kind_of_highest_efficiency_rank_is_chosen);
	tcase_add_test(t, a_fast_kind_that_is_not_allowed_is_passed_over);
	tcase_add_test(t, kinds_without_a_rank_are_refused);
	return s;
}
