/* test_study.c - from axes to points, cells and blocks; how time is shared out among the blocks */
#include "harness/budget.h"
#include "harness/study.h"
#include "suite.h"
#include <errno.h>
#include <string.h>

static uint64_t run_nothing(struct bench_run *r, uint64_t iters)
{
	(void)r;
	return iters;
}

static const char *skip_some(const struct bench_run *r)
{
	if (bench_is(r, "work", "10ms") && !strcmp(bench_variant_name(r), "c"))
		return " ";
	if (bench_is(r, "work", "10ms") && bench_number(r, "workers") == 1)
		return "one worker answers nothing here";
	return NULL;
}

static const struct bench_variant variants[] = {
	{.name = "a", .text = "first", .run = run_nothing},
	{.name = "b", .text = "second", .base = "a", .run = run_nothing},
	{.name = "c", .text = "alone", .run = run_nothing},
	{.name = "d",
		.text = "of a program nobody has",
		.run = run_nothing,
		.needs = "no-such-program"},
	{.name = NULL},
};

static const struct bench made_up = {
	.question = "?",
	.topic = "test",
	.op = "nothing",
	.variants = variants,
	.axes = {{"workers", "1..max,10", NULL, ""}, {"work", "1ms,10ms", "1ms", ""},
		{"size", "0,16,64", NULL, ""}},
	.round_axis = "workers",
	.skip = skip_some,
};

static struct place *place;
static struct study study;
static char why[256];

static void open_machine(void)
{
	const struct place_options opt = {.synthetic = "pack:1 core:4 pu:1"};

	ck_assert_int_eq(place_open(&opt, &place, why, sizeof(why)), 0);
}

static void close_machine(void)
{
	study_free(&study);
	place_close(place);
}

static int build(const char *workers, const char *work, const char *size)
{
	const struct study_limits limits = {
		.precision = 0.02, .budget_s = 10, .margin = 0.03, .launches = 5};
	const struct study_sweep sweep = {.values = {workers, work, size}};

	return study_build(&study, &made_up, place, &limits, &sweep, why, sizeof(why));
}

START_TEST(points_are_all_combinations_in_the_order_of_the_axes)
{
	ck_assert_int_eq(build("1,2", "1ms,10ms", "0,16,64"), 0);
	ck_assert_uint_eq(study.npoints, 12);
	ck_assert_str_eq(study.points[0].values[0], "1");
	ck_assert_str_eq(study.points[0].values[1], "1ms");
	ck_assert_str_eq(study.points[1].values[2], "16");
	ck_assert_str_eq(study.points[11].values[0], "2");
	ck_assert_str_eq(study.points[11].values[1], "10ms");
	ck_assert_str_eq(study.points[11].values[2], "64");
}
END_TEST

START_TEST(max_is_the_number_of_places_and_more_workers_are_marked)
{
	ck_assert_int_eq(build("1..max,10", "1ms", "0"), 0);
	ck_assert_uint_eq(study.npoints, 5);
	ck_assert_str_eq(study.points[3].values[0], "4");
	ck_assert(!study.points[3].oversubscribed);
	ck_assert_uint_eq(study.points[3].cpus, 4);
	ck_assert_str_eq(study.points[4].values[0], "10");
	ck_assert(study.points[4].oversubscribed);
	ck_assert_uint_eq(study.points[4].cpus, 4);
}
END_TEST

START_TEST(ranges_multiply_and_duplicates_merge)
{
	ck_assert_int_eq(build("1", "1ms", "1..64*4,16,7"), 0);
	ck_assert_uint_eq(study.npoints, 5);
	ck_assert_str_eq(study.points[1].values[2], "4");
	ck_assert_str_eq(study.points[3].values[2], "64");
	ck_assert_str_eq(study.points[4].values[2], "7");
}
END_TEST

static const struct {
	const char *workers, *work, *size;
} bad[] = {
	{"0", "1ms", "0"},
	{"-1", "1ms", "0"},
	{"", "1ms", "0"},
	{"1,,2", "1ms", "0"},
	{"4097", "1ms", "0"},
	{"1e3", "1ms", "0"},
	{"3..1", "1ms", "0"},
	{"1..x", "1ms", "0"},
	{"2..8*1", "1ms", "0"},
	{"1", "2ms", "0"},
	{"1", "", "0"},
	{"1", "1ms,", "0"},
	{"1", "1ms..10ms", "0"},
	{"1", "1ms", "x"},
	{"1", "1ms", "0..1000000"},
	{"1", "1ms", "0..64*2"},
	{"1", "1ms", "1..2..3"},
};

START_TEST(a_bad_value_is_refused_and_the_axis_named)
{
	ck_assert_int_eq(build(bad[_i].workers, bad[_i].work, bad[_i].size), -EINVAL);
	ck_assert_msg(strstr(why, "allowed"), "%s", why);
	ck_assert_msg(!strncmp(why, "workers:", 8) || !strncmp(why, "work:", 5) ||
			      !strncmp(why, "size:", 5),
		"%s", why);
	ck_assert_ptr_null(study.points);
}
END_TEST

static const struct study_cell *cell(const char *variant, const char *workers, const char *work)
{
	for (size_t i = 0; i < study.ncells; i++) {
		const struct study_point *p = &study.points[study.cells[i].point];

		if (!strcmp(made_up.variants[study.cells[i].variant].name, variant) &&
			!strcmp(p->values[0], workers) && !strcmp(p->values[1], work))
			return &study.cells[i];
	}
	return NULL;
}

START_TEST(a_combination_that_does_not_exist_leaves_no_cell)
{
	ck_assert_int_eq(build("1,2", "1ms,10ms", "0"), 0);
	ck_assert_ptr_nonnull(cell("c", "2", "1ms"));
	ck_assert_ptr_null(cell("c", "2", "10ms"));
}
END_TEST

START_TEST(a_refused_or_impossible_cell_keeps_its_reason)
{
	ck_assert_int_eq(build("1,2", "1ms,10ms", "0"), 0);
	ck_assert_str_eq(cell("a", "1", "10ms")->skip, "one worker answers nothing here");
	ck_assert_msg(strstr(cell("d", "2", "1ms")->skip, "no-such-program"), "%s",
		cell("d", "2", "1ms")->skip);
	ck_assert_str_eq(cell("a", "2", "1ms")->skip, "");
}
END_TEST

START_TEST(what_is_compared_shares_a_block_over_the_round_axis)
{
	ck_assert_int_eq(build("1,2", "1ms,10ms", "0"), 0);
	ck_assert_uint_eq(cell("a", "1", "1ms")->block, cell("b", "2", "1ms")->block);
	ck_assert_uint_ne(cell("a", "1", "1ms")->block, cell("c", "1", "1ms")->block);
	ck_assert_uint_ne(cell("a", "2", "1ms")->block, cell("a", "2", "10ms")->block);
	ck_assert_uint_eq(study.nblocks, 3);
	ck_assert_uint_eq(study.blocks[cell("a", "1", "1ms")->block].ncells, 4);
}
END_TEST

/* Two blocks: one cheap (1 ms a round), one dear (cost_s a round). */
static void costs(double cheap_s, double dear_s)
{
	ck_assert_int_eq(build("2", "1ms,10ms", "0"), 0);
	ck_assert_uint_ge(study.nblocks, 2);
	for (size_t i = 0; i < study.nblocks; i++)
		study.blocks[i].cost_ns = 1e9 * (i == 0 ? dear_s : cheap_s);
}

START_TEST(costly_rounds_may_be_fewer_but_never_below_eight)
{
	costs(0.001, 2);
	ck_assert_uint_eq(budget_least(&study, &study.blocks[0]), 8);
	ck_assert_uint_eq(budget_least(&study, &study.blocks[1]), 20);
	study.blocks[1].cost_ns = 0.2e9;
	ck_assert_uint_eq(budget_least(&study, &study.blocks[1]), 12);
	study.limits.quick = true;
	ck_assert_uint_eq(budget_least(&study, &study.blocks[1]), 12);
	study.blocks[1].cost_ns = 0.9e9;
	ck_assert_uint_eq(budget_least(&study, &study.blocks[1]), 12);
	study.blocks[1].cost_ns = 1.1e9;
	ck_assert_uint_eq(budget_least(&study, &study.blocks[1]), 8);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_with_a_reason_and_the_rest_stays)
{
	costs(0.001, 2);
	budget_drop(&study, 10, 5);
	ck_assert(budget_finished(&study.blocks[0]));
	ck_assert_str_eq(study.blocks[0].stop_reason, "budget");
	ck_assert_msg(strstr(study.cells[study.blocks[0].cells[0]].skip, "--budget 20"), "%s",
		study.cells[study.blocks[0].cells[0]].skip);
	ck_assert(!budget_finished(&study.blocks[1]));
}
END_TEST

/* With workers 1 and 2 the block of a and b has four cells, each of the others fewer. */
START_TEST(the_block_that_the_chart_shows_is_left_out_after_all_others)
{
	size_t chart;

	ck_assert_int_eq(build("1,2", "1ms,10ms", "0"), 0);
	chart = cell("a", "1", "1ms")->block;
	for (size_t i = 0; i < study.nblocks; i++)
		study.blocks[i].cost_ns = i == chart ? 1e9 : 0.5e9;
	budget_drop(&study, 13, 1);
	for (size_t i = 0; i < study.nblocks; i++)
		ck_assert_int_eq(budget_finished(&study.blocks[i]), (i != chart));
}
END_TEST

START_TEST(the_last_block_is_never_left_out)
{
	costs(100, 200);
	budget_drop(&study, 1, 5);
	ck_assert_uint_eq(budget_unfinished(&study), 1);
}
END_TEST

START_TEST(all_launches_together_take_the_least_rounds_and_the_spare_time)
{
	size_t done = 0;

	costs(0.001, 0.05);
	for (unsigned left = 5; left > 0; left--)
		done += budget_rounds(&study, &study.blocks[0], 2.0 * left, left);
	ck_assert_uint_ge(done, 20);
	ck_assert_uint_le(done, 10 / 0.05);
	ck_assert_uint_ge(budget_rounds(&study, &study.blocks[0], 0, 5),
		4); /* no time left: the least all the same */
}
END_TEST

START_TEST(dear_setups_cost_launches_but_three_remain)
{
	costs(0.001, 0.001);
	ck_assert_uint_eq(budget_launches(&study, 10, 5), 5);
	study.blocks[0].setup_ns = 1.5e9;
	ck_assert_uint_eq(budget_launches(&study, 12, 5), 4);
	ck_assert_uint_eq(budget_launches(&study, 1, 5), 3);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("study");
	TCase *t = gated_case(s, "points and cells");

	tcase_add_checked_fixture(t, open_machine, close_machine);
	tcase_add_test(t, points_are_all_combinations_in_the_order_of_the_axes);
	tcase_add_test(t, max_is_the_number_of_places_and_more_workers_are_marked);
	tcase_add_test(t, ranges_multiply_and_duplicates_merge);
	tcase_add_loop_test(
		t, a_bad_value_is_refused_and_the_axis_named, 0, (int)(sizeof(bad) / sizeof(*bad)));
	tcase_add_test(t, a_combination_that_does_not_exist_leaves_no_cell);
	tcase_add_test(t, a_refused_or_impossible_cell_keeps_its_reason);
	tcase_add_test(t, what_is_compared_shares_a_block_over_the_round_axis);
	t = gated_case(s, "budget");
	tcase_add_checked_fixture(t, open_machine, close_machine);
	tcase_add_test(t, costly_rounds_may_be_fewer_but_never_below_eight);
	tcase_add_test(t, what_does_not_fit_is_left_out_with_a_reason_and_the_rest_stays);
	tcase_add_test(t, the_block_that_the_chart_shows_is_left_out_after_all_others);
	tcase_add_test(t, the_last_block_is_never_left_out);
	tcase_add_test(t, all_launches_together_take_the_least_rounds_and_the_spare_time);
	tcase_add_test(t, dear_setups_cost_launches_but_three_remain);
	return s;
}
