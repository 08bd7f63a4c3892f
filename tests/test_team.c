/* test_team.c - workers that stay: they begin together, tell what they did, and nobody waits for the dead */
#include "harness/launch_child.h"
#include "harness/team.h"
#include "suite.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define N     3
#define TURNS 50

struct shared {
	_Atomic uint32_t came, early;
	_Atomic int32_t pid[N];
	_Atomic uint32_t places[N];
};

static struct launch_child launch;
static struct study_point point;
static struct bench_run run;
static struct shared *shared;

/* As a launch would have it, whose CPUs are those that this test may use. */
static void make(void)
{
	cpu_set_t set;

	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	memset(&launch, 0, sizeof(launch));
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			launch.cpus[launch.ncpus++] = cpu;
	launch.bind = true;
	point = (struct study_point){.workers = N, .cpus = (unsigned)launch.ncpus};
	run = (struct bench_run){.point = &point, .launch = &launch};
}

static void drop(void)
{
	munmap(shared, sizeof(*shared));
}

static struct team *start(unsigned n, int (*body)(void *arg, struct team_member *me))
{
	struct team *t = NULL;

	ck_assert_int_eq(team_start(&run, n, body, shared, &t), 0);
	return t;
}

/* ---- what the workers do ---- */

static void tell_places(struct shared *s, unsigned i)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		s->places[i] = (uint32_t)CPU_COUNT(&set);
}

/* Each says that it comes; whoever has begun must see that all have come. */
static int come_together(void *arg, struct team_member *me)
{
	struct shared *s = arg;
	unsigned i = team_number(me);
	uint64_t iters, turns = 0;

	s->pid[i] = getpid();
	tell_places(s, i);
	for (;;) {
		s->came++;
		if (!team_turn(me, &iters))
			return 0;
		turns++;
		s->early += s->came < N * turns;
		team_done(me, iters + i, iters * i);
	}
}

static int cannot_begin(void *arg, struct team_member *me)
{
	(void)arg;
	return team_number(me) == 1 ? -ENOSPC : come_together(arg, me);
}

/* The last one dies in its second turn, while the others wait for it in their third. */
static int die_in_the_second(void *arg, struct team_member *me)
{
	uint64_t iters, turns = 0;

	(void)arg;
	while (team_turn(me, &iters)) {
		if (++turns == 2 && team_number(me) == N - 1)
			raise(SIGKILL);
		team_done(me, iters, 0);
	}
	return 0;
}

/* ---- tests ---- */

START_TEST(all_begin_together_and_tell_what_they_counted_in_every_turn)
{
	struct team *t = start(N, come_together);
	struct team_count c[N];

	for (uint64_t k = 1; k <= TURNS; k++) {
		uint64_t ns = 0;

		ck_assert_int_eq(team_run(t, k, c, &ns), 0);
		ck_assert_uint_gt(ns, 0);
		for (unsigned i = 0; i < N; i++) {
			ck_assert_uint_eq(c[i].ops, k + i);
			ck_assert_uint_eq(c[i].sum, k * i);
		}
	}
	ck_assert_uint_eq(shared->early, 0);
	team_stop(t);
}
END_TEST

START_TEST(a_worker_that_cannot_begin_is_an_error_of_the_turn)
{
	struct team *t = start(N, cannot_begin);
	struct team_count c[N];
	uint64_t ns;

	ck_assert_int_eq(team_run(t, 1, c, &ns), -ENOSPC);
	ck_assert_int_eq(team_run(t, 1, c, &ns), -ECHILD);
	team_stop(t);
}
END_TEST

START_TEST(nobody_waits_for_a_worker_that_has_died)
{
	struct team *t = start(N, die_in_the_second);
	struct team_count c[N];
	uint64_t ns;

	ck_assert_int_eq(team_run(t, 1, c, &ns), 0);
	ck_assert_int_eq(team_run(t, 1, c, &ns), -ECHILD);
	ck_assert_int_eq(team_run(t, 1, c, &ns), -ECHILD);
	team_stop(t);
}
END_TEST

START_TEST(a_team_ends_while_a_later_one_goes_on)
{
	struct team *first = start(N, come_together), *second = start(N, come_together);
	struct team_count c[N];
	uint64_t ns;

	/* The second one's workers have copies of all that the parent had open. */
	team_stop(first);
	ck_assert_int_eq(team_run(second, 1, c, &ns), 0);
	team_stop(second);
	team_stop(NULL);
}
END_TEST

START_TEST(each_worker_has_a_place_of_its_own_where_there_are_enough)
{
	struct team_count c[N];
	struct team *t;
	uint64_t ns;

	if (launch.ncpus < 2)
		skip_test("needs 2 CPUs, has %zu", launch.ncpus);
	for (unsigned cpus = 1; cpus <= 2; cpus++) {
		shared->came = N; /* of the two that take part, none is early */
		point.cpus = cpus;
		t = start(2, come_together);
		ck_assert_int_eq(team_run(t, 1, c, &ns), 0);
		for (unsigned i = 0; i < 2; i++)
			ck_assert_uint_eq(shared->places[i], cpus == 2 ? 1 : launch.ncpus);
		team_stop(t);
	}
	launch.bind = false;
	t = start(2, come_together);
	ck_assert_int_eq(team_run(t, 1, c, &ns), 0);
	ck_assert_uint_eq(shared->places[0], launch.ncpus);
	team_stop(t);
}
END_TEST

START_TEST(a_team_of_none_or_too_many_is_refused)
{
	struct team *t;

	ck_assert_int_eq(team_start(&run, 0, come_together, shared, &t), -EINVAL);
	ck_assert_int_eq(team_start(&run, TEAM_MAX + 1, come_together, shared, &t), -EINVAL);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("team");
	TCase *c = gated_case(s, "team");

	tcase_add_checked_fixture(c, make, drop);
	tcase_add_test(c, all_begin_together_and_tell_what_they_counted_in_every_turn);
	tcase_add_test(c, a_worker_that_cannot_begin_is_an_error_of_the_turn);
	tcase_add_test(c, nobody_waits_for_a_worker_that_has_died);
	tcase_add_test(c, a_team_ends_while_a_later_one_goes_on);
	tcase_add_test(c, each_worker_has_a_place_of_its_own_where_there_are_enough);
	tcase_add_test(c, a_team_of_none_or_too_many_is_refused);
	return s;
}
