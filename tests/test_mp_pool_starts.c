/*
 * test_mp_pool_starts.c - pools that cannot be made, workers that cannot begin
 *
 * deadline: 300
 * sanitize: thread
 */
#include "faults.h"
#include "mp/event.h"
#include "pool_kit.h"
#include "suite.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STARTS_MAX 16 /* in vain, before a pool says that it is broken */

struct shared {
	_Atomic uint32_t starts;
	_Atomic uint32_t argument_sum;
	_Atomic uint32_t healthy; /* initializers that may still succeed */
	struct mp_event go;
};

static struct shared *shared;

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->go);
}

/* ---- tasks and workers ---- */

static int square(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t x = *(const uint64_t *)item;

	*(uint64_t *)result = x * x + 1;
	return item_bytes == 8 && result_bytes == 8 ? 0 : 1;
}

static const struct mp_task fewer[] = {{"square", square}, {NULL, NULL}};

static const struct mp_task tasks[] = {{"square", square}, {"again", square}, {NULL, NULL}};

static struct shared *begin(struct mp_child *self, struct mp_memory **m)
{
	struct shared *s = kit_attach(self, m);

	s->starts++;
	s->argument_sum += (uint32_t)kit_number(self);
	return s;
}

static int worker(struct mp_child *self)
{
	struct mp_memory *m;
	int err;

	begin(self, &m);
	err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 1 : 0;
}

/* An initializer that fails unless it is one of the healthy. */
static int sick(struct mp_child *self, int how)
{
	struct mp_memory *m;
	struct shared *s = begin(self, &m);
	uint32_t healthy = s->healthy;
	int code = how;

	while (healthy > 0 && !atomic_compare_exchange_weak(&s->healthy, &healthy, healthy - 1))
		;
	if (healthy > 0)
		code = mp_pool_work(self, tasks);
	else if (how == 0)
		raise(SIGKILL);
	mp_memory_destroy(m);
	return code;
}

static int killed_early(struct mp_child *self)
{
	return sick(self, 0);
}

static int returns_early(struct mp_child *self)
{
	return sick(self, 5);
}

static int other_table(struct mp_child *self)
{
	struct mp_memory *m;
	int err;

	begin(self, &m);
	err = mp_pool_work(self, fewer);
	mp_memory_destroy(m);
	return err == -EINVAL ? 6 : 7;
}

static int slow(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = begin(self, &m);
	int err = mp_event_wait(&s->go, 4 * WAIT_MS);

	if (!err)
		err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 1 : 0;
}

static const struct mp_entry entries[] = {{"worker", worker}, {"killed_early", killed_early},
	{"returns_early", returns_early}, {"other_table", other_table}, {"slow", slow},
	{NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

#define N 100

static struct mp_map squares(void)
{
	return kit_map("square", N, 1);
}

static void all_well(struct mp_pool *p)
{
	struct mp_map m = squares();
	size_t failed = 99;

	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	for (size_t i = 0; i < N; i++)
		ck_assert_uint_eq(pool_results[i], i * i + 1);
}

static void kill_all(const struct mp_pool *p)
{
	pid_t pids[64];
	size_t n = mp_pool_pids(p, pids, 64);

	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
}

/* ---- begin ---- */

START_TEST(each_workers_initializer_runs_once_with_its_argument)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 5);

	for (int i = 0; i < 5; i++)
		all_well(p);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_uint_eq(shared->starts, 5);
	ck_assert_uint_eq(shared->argument_sum, 5 * 7);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(without_a_number_there_are_as_many_workers_as_cpus)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 0);
	cpu_set_t set;
	int n;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	n = CPU_COUNT(&set);
	all_well(p);
	ck_assert_int_eq((int)mp_pool_pids(p, NULL, 0), n);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* What is submitted meanwhile waits, and a pool that is closed meanwhile ends. */
START_TEST(a_slow_initializer_holds_nothing_up_but_its_tasks)
{
	struct mp_pool *p = kit_pool("slow", tasks, kit_method[_i], 2);
	struct mp_map m = squares();
	struct mp_async *a;

	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	ck_assert_int_eq(mp_async_wait(a, 30), -ETIMEDOUT);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, 0), -ETIMEDOUT);
	mp_event_set(&shared->go);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_async_wait(a, 0), 0);
	ck_assert_uint_eq(mp_async_failed(a), 0);
	ck_assert_int_eq(mp_async_close(a), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- starts in vain ---- */

static void expect_broken(struct mp_pool *p, int why)
{
	struct mp_map m = squares();
	size_t failed;

	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, N);
	for (size_t i = 0; i < N; i++) {
		ck_assert_int_eq(pool_outcomes[i].kind, MP_OUTCOME_CANCELLED);
		ck_assert_int_eq(pool_outcomes[i].code, why);
		ck_assert_int_eq(pool_outcomes[i].pid, 0);
	}
	ck_assert_int_eq(mp_pool_map(p, &m, &failed), why);
	ck_assert_uint_eq(mp_pool_pids(p, NULL, 0), 0);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}

START_TEST(workers_that_all_end_before_they_are_ready_break_the_pool_after_few_starts)
{
	static const char *const how[] = {"returns_early", "other_table", "killed_early"};
	static const uint32_t workers[] = {1, 2, 64};

	/* A thread cannot be killed. */
	for (int i = 0; i < (kit_method[_i] == MP_THREAD ? 2 : 3); i++)
		for (int k = 0; k < 3; k++) {
			shared->starts = 0;
			expect_broken(kit_pool(how[i], tasks, kit_method[_i], workers[k]), -ECHILD);
			ck_assert_uint_ge(shared->starts, 5);
			ck_assert_uint_le(shared->starts, STARTS_MAX);
		}
}
END_TEST

/* Between the first failed start and the next, there is no worker whose end would settle anything. */
START_TEST(terminate_without_workers_cancels_what_waits)
{
	struct mp_pool *p = kit_pool("returns_early", tasks, kit_method[_i], 1);
	struct mp_map m = squares();
	uint64_t end_ns = mp_deadline_ns(WAIT_MS);
	struct mp_async *a;

	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	while (mp_pool_pids(p, NULL, 0) > 0) {
		ck_assert_int_eq(mp_async_wait(a, 0), -ETIMEDOUT);
		ck_assert(mp_now_ns() < end_ns);
	}
	ck_assert_int_eq(mp_pool_terminate(p, 0), 0);
	ck_assert_int_eq(mp_async_wait(a, 0), 0);
	ck_assert_uint_eq(mp_async_failed(a), N);
	ck_assert_int_eq(mp_async_close(a), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(one_worker_that_works_is_enough)
{
	struct mp_pool *p;

	shared->healthy = 1;
	p = kit_pool("returns_early", tasks, kit_method[_i], 6);
	for (int i = 0; i < 20; i++)
		all_well(p);
	if (kit_method[_i] != MP_THREAD) {
		/* Its end is that of the pool: nobody has become ready since. */
		while (mp_pool_pids(p, NULL, 0) > 1)
			mp_pool_poll(p, 1);
		shared->healthy = 0;
		kill_all(p);
		expect_broken(p, -ECHILD);
	} else {
		ck_assert_int_eq(mp_pool_destroy(p), 0);
	}
}
END_TEST

START_TEST(a_pool_bears_starts_that_fault_times_a_while)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);

	for (int i = 0; i < 3; i++) {
		all_well(p);
		mp_forkserver_stop();
		fault_times = 3;
		fault_at = 1;
		kill_all(p);
		all_well(p);
		ck_assert_uint_eq(fault_at, 0);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(a_pool_that_can_start_no_more_workers_says_why)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);

	all_well(p);
	mp_forkserver_stop();
	kill_all(p);
	fault_times = 1000;
	fault_at = 1;
	/* The socket, which all three need first. */
	expect_broken(p, -EMFILE);
	fault_at = 0;
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_pool_starts");
	TCase *c = gated_case(s, "begin");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, each_workers_initializer_runs_once_with_its_argument, 0, NMETHODS);
	tcase_add_loop_test(c, without_a_number_there_are_as_many_workers_as_cpus, 0, NMETHODS);
	tcase_add_loop_test(c, a_slow_initializer_holds_nothing_up_but_its_tasks, 0, NMETHODS);
	c = gated_case(s, "starts in vain");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c,
		workers_that_all_end_before_they_are_ready_break_the_pool_after_few_starts, 0,
		NMETHODS);
	tcase_add_loop_test(c, terminate_without_workers_cancels_what_waits, 0, NMETHODS);
	tcase_add_loop_test(c, one_worker_that_works_is_enough, 0, NMETHODS);
	tcase_add_loop_test(
		c, a_pool_bears_starts_that_fault_times_a_while, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(
		c, a_pool_that_can_start_no_more_workers_says_why, FIRST_PROCESS, NMETHODS);
	return s;
}
