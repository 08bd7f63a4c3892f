/* test_clock.c - the clock goes forward, all processes share it, and what it costs is measured */
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"
#include "suite.h"

START_TEST(time_never_goes_back)
{
	uint64_t last = clock_now_ns();

	for (int i = 0; i < 100000; i++) {
		uint64_t now = clock_now_ns();

		ck_assert_uint_ge(now, last);
		last = now;
	}
}
END_TEST

START_TEST(a_child_reads_the_same_clock)
{
	uint64_t before = clock_now_ns(), there = 0;
	int ends[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		there = clock_now_ns();
		_exit(write(ends[1], &there, sizeof(there)) == (ssize_t)sizeof(there) ? 0 : 1);
	}
	ck_assert_int_eq(read(ends[0], &there, sizeof(there)), sizeof(there));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	ck_assert_uint_ge(there, before);
	ck_assert_uint_ge(clock_now_ns(), there);
}
END_TEST

/* No machine reads its clock in less than a cycle or in more than a tenth of a millisecond. */
START_TEST(cost_and_step_are_measured_and_plausible)
{
	struct clock_info c;

	clock_measure(&c);
	ck_assert_double_gt(c.cost_ns, 0.1);
	ck_assert_double_lt(c.cost_ns, 1e5);
	ck_assert_uint_ge(c.step_ns, 1);
	ck_assert_uint_le(c.step_ns, 20000000);
	ck_assert_uint_ge(c.getres_ns, 1);
	ck_assert_int_gt(c.source[0], ' ');
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("clock");
	TCase *reading = gated_case(s, "reading"), *measuring = gated_case(s, "measuring");

	tcase_add_test(reading, time_never_goes_back);
	tcase_add_test(reading, a_child_reads_the_same_clock);
	tcase_add_test(measuring, cost_and_step_are_measured_and_plausible);
	return s;
}
