/* test_noise.c - which tags a sample gets from what was read before and after it */
#include "harness/noise.h"
#include "harness/study.h"
#include "suite.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *what;
	uint64_t waited_ns;
	long preempted;
	int cpu;
	uint64_t t_ns;
	unsigned tags;
} made_up[] = {
	{"nothing happened", 0, 0, 0, 1000000, 0},
	{"a wait of half a percent", 5000000, 0, 0, 1000000000, 0},
	{"a wait of two percent", 20000000, 0, 0, 1000000000, TAG_WAITED},
	{"a wait below 100 us, however short the sample", 90000, 0, 0, 100000, 0},
	{"the CPU lost for a moment in a long sample", 100000, 1, 0, 40000000, 0},
	{"the CPU lost for a tenth of a short one", 90000, 1, 0, 900000, TAG_PREEMPTED},
	{"both", 400000, 2, 0, 1000000, TAG_WAITED | TAG_PREEMPTED},
	{"another CPU at the end", 0, 0, 1, 1000000, TAG_MIGRATED},
};

START_TEST(tags_follow_from_the_two_readings)
{
	const struct noise_reading before = {.wait_ns = 7, .preempted = 3, .cpu = 0};
	struct noise_reading after = before;

	after.wait_ns += made_up[_i].waited_ns;
	after.preempted += made_up[_i].preempted;
	after.cpu = made_up[_i].cpu;
	ck_assert_msg(noise_tags(&before, &after, made_up[_i].t_ns) == made_up[_i].tags, "%s",
		made_up[_i].what);
}
END_TEST

static const struct {
	const char *what;
	unsigned tags;
	uint64_t t_ns;
	double est_ns;
	bool stopped;
} still[] = {
	{"as expected", 0, 1000000, 1e6, false},
	{"a microsecond's work in a slow millisecond", 0, 5000000, 4e4, false},
	{"99 ms longer", 0, 100000000, 1e6, false},
	{"a second longer", 0, 1001000000, 1e6, true},
	{"a second longer, five times", 0, 1250000000, 25e7, false},
	{"it waited for a CPU", TAG_WAITED, 1001000000, 1e6, false},
	{"it lost its CPU", TAG_PREEMPTED, 1001000000, 1e6, false},
	{"its quota was used up", TAG_THROTTLED, 1001000000, 1e6, false},
	{"the hypervisor took the CPU", TAG_STOLEN, 1001000000, 1e6, false},
	{"it woke on another CPU", TAG_MIGRATED, 1001000000, 1e6, true},
	{"what it should have taken is not known", 0, 1001000000, 0, false},
};

START_TEST(a_sample_stood_still_where_nothing_seen_explains_its_length)
{
	ck_assert_msg(noise_stood_still(still[_i].tags, still[_i].t_ns, still[_i].est_ns) ==
			      still[_i].stopped,
		"%s", still[_i].what);
}
END_TEST

/* Two processes on one CPU: the one that yields to a busy sibling waits, and the kernel counts it. */
START_TEST(a_thread_that_waited_for_its_cpu_reads_more_wait)
{
	struct noise_reading before, after;
	cpu_set_t one;
	pid_t pid;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	noise_read(&before);
	if (before.wait_ns == 0 && access("/proc/self/schedstat", R_OK))
		skip_test("this kernel has no schedstat");
	pid = fork();
	if (pid == 0)
		for (;;)
			sched_yield();
	for (int i = 0; i < 1000000; i++) {
		sched_yield();
		noise_read(&after);
		if (after.wait_ns > before.wait_ns)
			break;
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_uint_gt(after.wait_ns, before.wait_ns);
	ck_assert_int_eq(after.cpu, before.cpu);
}
END_TEST

START_TEST(steal_is_part_of_all_ticks)
{
	uint64_t steal, total;

	ck_assert_int_eq(noise_steal(&steal, &total), 0);
	ck_assert_uint_gt(total, 0);
	ck_assert_uint_le(steal, total);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("noise");
	TCase *t = gated_case(s, "noise");

	tcase_add_loop_test(
		t, tags_follow_from_the_two_readings, 0, (int)(sizeof(made_up) / sizeof(*made_up)));
	tcase_add_loop_test(t, a_sample_stood_still_where_nothing_seen_explains_its_length, 0,
		(int)(sizeof(still) / sizeof(*still)));
	tcase_add_test(t, a_thread_that_waited_for_its_cpu_reads_more_wait);
	tcase_add_test(t, steal_is_part_of_all_ticks);
	return s;
}
