/* test_result.c - which flags a result gets from the tags of its samples */
#include "harness/ensure.h"
#include "harness/result.h"
#include "suite.h"
#include <string.h>

static uint64_t run(struct bench_run *r, uint64_t iters)
{
	(void)r;
	return iters;
}

static const struct bench_variant variants[] = {
	{.name = "only", .text = "nothing", .run = run}, {.name = NULL}};

static const struct bench made_up = {.question = "?",
	.topic = "test",
	.op = "nothing",
	.variants = variants,
	.axes = {{"workers", "1", NULL, ""}}};

#define SAMPLES 10

/* Of ten samples so many get these tags; more workers than any CPU can run make the point oversubscribed. */
static const struct {
	const char *what;
	struct {
		size_t n;
		unsigned tags;
	} some[2];
	const char *workers, *flag; /* flag "": none of those about disturbance */
} plans[] = {
	{"two of ten are few", {{2, TAG_WAITED}}, "1", ""},
	{"three of ten waited", {{3, TAG_WAITED}}, "1", "disturbed"},
	{"all throttled, all waited for it", {{10, TAG_THROTTLED | TAG_WAITED}}, "1", "throttled"},
	{"most throttled, some preempted", {{7, TAG_THROTTLED}, {3, TAG_PREEMPTED}}, "1",
		"throttled"},
	{"few throttled, most waited", {{2, TAG_THROTTLED}, {6, TAG_WAITED}}, "1", "disturbed"},
	{"stolen", {{4, TAG_STOLEN}, {1, TAG_MIGRATED}}, "1", "stolen"},
	{"crowded workers wait", {{10, TAG_WAITED | TAG_PREEMPTED}}, "4096", ""},
	{"crowded workers are throttled too", {{10, TAG_WAITED | TAG_THROTTLED}}, "4096",
		"throttled"},
	{"one stood still", {{1, TAG_STOPPED}}, "1", "stopped"},
};

static bool about_disturbance(const char *flag)
{
	return !strcmp(flag, "disturbed") || !strcmp(flag, "throttled") ||
	       !strcmp(flag, "stolen") || !strcmp(flag, "stopped");
}

static void add_samples(struct study_cell *c, int plan)
{
	size_t at = 0;

	c->iters = 1;
	for (unsigned i = 0; i < SAMPLES; i++) {
		const struct study_sample sample = {.round = i, .t_ns = 1000000 + i % 3};

		ck_assert_int_eq(study_add(c, &sample), 0);
	}
	for (size_t k = 0; k < ARRAY_LEN(plans[plan].some); k++)
		for (size_t i = 0; i < plans[plan].some[k].n; i++)
			c->samples[at++].tags = plans[plan].some[k].tags;
}

START_TEST(the_most_frequent_cause_names_the_flag)
{
	const struct study_limits limits = {.precision = 0.02, .launches = 1};
	const struct study_sweep sweep = {.values = {plans[_i].workers}};
	const struct result_run run_of = {.run_id = "R", .program = "p", .binding = ""};
	const struct place_options opt = {0};
	struct place *place;
	struct study study;
	json_t *records, *flag;
	const char *found = "";
	char why[256];
	size_t i;

	ck_assert_int_eq(place_open(&opt, &place, why, sizeof(why)), 0);
	ck_assert_int_eq(
		study_build(&study, &made_up, place, &limits, &sweep, why, sizeof(why)), 0);
	add_samples(&study.cells[0], _i);
	records = result_records(&study, &run_of);
	ck_assert_uint_eq(json_array_size(records), 1);
	json_array_foreach(json_object_get(json_array_get(records, 0), "flags"), i, flag)
	{
		if (!about_disturbance(json_string_value(flag)))
			continue;
		ck_assert_str_eq(found, "");
		found = json_string_value(flag);
	}
	ck_assert_msg(!strcmp(found, plans[_i].flag), "%s: %s", plans[_i].what, found);
	json_decref(records);
	study_free(&study);
	place_close(place);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("result");
	TCase *t = gated_case(s, "flags");

	tcase_add_loop_test(t, the_most_frequent_cause_names_the_flag, 0, (int)ARRAY_LEN(plans));
	return s;
}
