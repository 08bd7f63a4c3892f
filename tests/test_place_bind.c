/* test_place_bind.c - binding on this machine, and whether its limits are honoured */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* The mask of the test is put back, since Check may run tests without fork. */

static cpu_set_t before;

static void keep_mask(void)
{
	ck_assert_int_eq(sched_getaffinity(0, sizeof(before), &before), 0);
}

static void put_mask_back(void)
{
	ck_assert_int_eq(sched_setaffinity(0, sizeof(before), &before), 0);
}

static bool bound_to(const struct place *p, size_t from, size_t n)
{
	cpu_set_t want, have;

	CPU_ZERO(&want);
	for (size_t i = from; i < from + n; i++) {
		for (unsigned k = 0; k < place_slot(p, i)->ncpus; k++)
			CPU_SET(place_cpus(p, i)[k], &want);
	}
	ck_assert_int_eq(sched_getaffinity(0, sizeof(have), &have), 0);
	return CPU_EQUAL(&want, &have) && CPU_ISSET((size_t)sched_getcpu(), &want);
}

START_TEST(binding_puts_this_thread_on_the_place)
{
	const struct place_options opt = {.kind = PLACE_THREADS, .bind = (enum place_bind)_i};
	struct place *p = open_it(&opt);

	for (size_t i = 0; i < place_count(p); i++) {
		ck_assert_int_eq(place_bind_one(p, i), 0);
		ck_assert(bound_to(p, i, 1));
		ck_assert_int_eq(place_bind_first(p, i + 1), 0);
		ck_assert(bound_to(p, 0, i + 1));
	}
	place_close(p);
}
END_TEST

START_TEST(binding_to_none_leaves_the_mask_alone)
{
	const struct place_options opt = {.bind = PLACE_NONE};
	struct place *p = open_it(&opt);
	cpu_set_t now;

	ck_assert_int_eq(place_bind_first(p, 1), 0);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(now), &now), 0);
	ck_assert(CPU_EQUAL(&now, &before));
	place_close(p);
}
END_TEST

START_TEST(binding_beyond_the_order_is_refused)
{
	const struct place_options opt = {.kind = PLACE_CORES};
	struct place *p = open_it(&opt);

	ck_assert_int_eq(place_bind_first(p, 0), -EINVAL);
	ck_assert_int_eq(place_bind_first(p, place_count(p) + 1), -EINVAL);
	ck_assert_int_eq(place_bind_one(p, place_count(p)), -EINVAL);
	ck_assert_int_eq(place_bind_first(p, SIZE_MAX), -EINVAL);
	place_close(p);
}
END_TEST

START_TEST(binding_on_a_described_machine_is_refused)
{
	const struct place_options opt = {.synthetic = "core:1 pu:1"};
	struct place *p = open_it(&opt);

	ck_assert_int_eq(place_bind_first(p, 1), -ENOTSUP);
	ck_assert_int_eq(place_bind_one(p, 0), -ENOTSUP);
	place_close(p);
}
END_TEST

START_TEST(this_machine_is_described_within_its_limits)
{
	const struct place_options opt = {.kind = PLACE_THREADS};
	struct place *p = open_it(&opt);
	const struct place_machine *m = place_machine(p);

	ck_assert(m->real);
	ck_assert_uint_eq(place_count(p), (unsigned)CPU_COUNT(&before));
	ck_assert_uint_eq(m->pus, (unsigned)CPU_COUNT(&before));
	ck_assert_uint_le(m->pus, m->pus_present);
	ck_assert_uint_ge(m->effective, 1);
	ck_assert_uint_le(m->effective, m->pus);
	if (m->quota_cores >= 1)
		ck_assert(m->effective <= m->quota_cores);
	place_close(p);
}
END_TEST

/* In a process of its own that may use one CPU alone: 0 where place sees the same. */
static int sees_one_cpu(unsigned cpu, unsigned other)
{
	struct place_options opt = {.kind = PLACE_THREADS};
	struct place *p = NULL;
	cpu_set_t one;
	int err;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return 1;
	if (place_open(&opt, &p, NULL, 0))
		return 2;
	if (place_count(p) != 1 || place_slot(p, 0)->os_cpu != cpu)
		return 3;
	if (place_machine(p)->effective != 1 || strcmp(place_machine(p)->limit_by, "affinity"))
		return 4;
	place_close(p);
	opt.cpus = other ? "1" : "0";
	p = NULL;
	err = place_open(&opt, &p, NULL, 0);
	place_close(p);
	return err == -ENOENT ? 0 : 5;
}

START_TEST(taskset_is_honoured)
{
	const unsigned cpu = (unsigned)_i;
	int status;
	pid_t pid;

	if (!CPU_ISSET(0, &before) || !CPU_ISSET(1, &before))
		skip_test("needs CPUs 0 and 1");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		_exit(sees_one_cpu(cpu, !cpu));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(variables_that_swap_the_machine_are_ignored)
{
	const struct place_options opt = {.kind = PLACE_THREADS};
	struct place *p;

	setenv("HWLOC_SYNTHETIC", "pack:2 core:4 pu:2", 1);
	setenv("HWLOC_THISSYSTEM", "1", 1);
	p = open_it(&opt);
	ck_assert(place_machine(p)->real);
	ck_assert_uint_eq(place_count(p), (unsigned)CPU_COUNT(&before));
	ck_assert_str_eq(getenv("HWLOC_SYNTHETIC"), "pack:2 core:4 pu:2");
	ck_assert_str_eq(getenv("HWLOC_THISSYSTEM"), "1");
	unsetenv("HWLOC_SYNTHETIC");
	unsetenv("HWLOC_THISSYSTEM");
	place_close(p);
	place_close(NULL);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("place_bind");
	TCase *tc = gated_case(s, "this machine");

	tcase_add_checked_fixture(tc, keep_mask, put_mask_back);
	tcase_add_loop_test(tc, binding_puts_this_thread_on_the_place, 0, 3);
	tcase_add_test(tc, binding_to_none_leaves_the_mask_alone);
	tcase_add_test(tc, binding_beyond_the_order_is_refused);
	tcase_add_test(tc, binding_on_a_described_machine_is_refused);
	tcase_add_test(tc, this_machine_is_described_within_its_limits);
	tcase_add_loop_test(tc, taskset_is_honoured, 0, 2);
	tcase_add_test(tc, variables_that_swap_the_machine_are_ignored);
	return s;
}
