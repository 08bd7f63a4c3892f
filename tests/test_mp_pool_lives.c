/*
 * test_mp_pool_lives.c - what a pool does when its workers die: in a task, between tasks, before they are ready
 *
 * deadline: 300
 */
#include "mp/event.h"
#include "mp/pool_channel.h"
#include "pool_kit.h"
#include "suite.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST    3000
#define WORKERS 2

struct shared {
	_Atomic uint32_t begun[MOST];
	_Atomic uint32_t tasks; /* begun */
	_Atomic uint64_t trap;  /* the item whose worker waits to be killed */
	_Atomic pid_t trapped;  /* that worker; 0: not there yet */
	struct mp_event begins, go;
};

static struct shared *shared;
static struct shared *here; /* the same in a worker */

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	shared->trap = UINT64_MAX;
	mp_event_create(&shared->begins);
	mp_event_create(&shared->go);
}

/* ---- tasks ---- */

/* Some us of work; but at one item the worker says so, and waits for its end. */
static int toil(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t x = *(const uint64_t *)item, y = x;

	(void)item_bytes, (void)result_bytes;
	here->begun[x]++;
	here->tasks++;
	if (x == here->trap) {
		here->trapped = getpid();
		mp_event_wait(&here->go, 4 * WAIT_MS);
	}
	for (int i = 0; i < 10000; i++)
		__asm__ volatile("" : "+r"(y));
	*(uint64_t *)result = x * 3 + 1;
	return 0;
}

/* Ends its worker, in the way that the item says. */
static int end_worker(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t how = *(const uint64_t *)item;

	(void)item_bytes, (void)result, (void)result_bytes;
	if (how >= 1000)
		exit((int)how - 1000);
	if (how > 0) {
		const struct sigaction plain = {.sa_handler = SIG_DFL};

		sigaction((int)how, &plain, NULL);
		raise((int)how);
	}
	return 0;
}

static struct mp_channel *channel_of(const void *first_item)
{
	return (void *)((uintptr_t)first_item - POOL_RING / 32 * sizeof(struct mp_order) -
			sizeof(struct mp_channel));
}

/* Writes where it should not: into the channel of its own worker, whose first order it is. */
static int scribble(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	struct mp_channel *c = channel_of(item);
	uint64_t what = *(const uint64_t *)item;

	(void)item_bytes, (void)result, (void)result_bytes;
	if (what == 0)
		return 0;
	if (what == 1)
		atomic_store(&c->claim, UINT64_MAX / 3);
	if (what == 2)
		memset((void *)c, 0xff, sizeof(*c));
	if (what == 3)
		atomic_store(&c->step, 12345678);
	if (what == 4)
		atomic_store(&c->step, UINT64_MAX);
	if (what == 5) {
		memset(c->orders, 0xff, POOL_RING / 32 * sizeof(c->orders[0]));
		return 0;
	}
	mp_event_set(&here->begins);
	return mp_event_wait(&here->go, 4 * WAIT_MS);
}

/* Too long, or only just too long, or not quite: the item says how long in us, UINT64_MAX for ever. */
static int take_time(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t us = *(const uint64_t *)item, end_ns = mp_now_ns() + us * 1000;

	(void)item_bytes, (void)result_bytes;
	here->begun[here->tasks++]++;
	while (us == UINT64_MAX)
		pause();
	while (mp_now_ns() < end_ns)
		;
	*(uint64_t *)result = us + 1;
	return 0;
}

static const struct mp_task tasks[] = {{"toil", toil}, {"end_worker", end_worker},
	{"scribble", scribble}, {"take_time", take_time}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	struct mp_memory *m;
	int err;

	here = kit_attach(self, &m);
	if (!here)
		return 1;
	err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 2 : 0;
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static void all_well(struct mp_pool *p)
{
	struct mp_map m = kit_map("toil", 200, 1);
	size_t failed = 99;

	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	for (size_t i = 0; i < 200; i++)
		ck_assert_uint_eq(pool_results[i], i * 3 + 1);
}

/* ---- deaths in a task ---- */

START_TEST(a_workers_end_costs_the_task_that_it_was_in_and_says_how_it_ended)
{
	static const uint64_t how[] = {SIGKILL, SIGSEGV, SIGABRT, SIGTERM, 1000, 1003, 1255};
	static const int code[] = {-SIGKILL, -SIGSEGV, -SIGABRT, -SIGTERM, 0, 3, 255};
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], WORKERS);

	for (size_t chunk = 1; chunk < 50; chunk += 24) {
		struct mp_map m = kit_map("end_worker", 50, chunk);
		size_t failed;

		memset(pool_items, 0, sizeof(pool_items));
		for (size_t k = 0; k < 7; k++)
			pool_items[k * 7] = how[k];
		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 7);
		for (size_t i = 0; i < 50; i++) {
			bool lost = i % 7 == 0 && i < 49;

			ck_assert_int_eq(
				pool_outcomes[i].kind, lost ? MP_OUTCOME_LOST : MP_OUTCOME_OK);
			ck_assert_int_eq(pool_outcomes[i].code, lost ? code[i / 7] : 0);
			ck_assert_int_gt(pool_outcomes[i].pid, 0);
		}
	}
	all_well(p);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* Kills one of the workers when so many more tasks have begun, whatever it is doing. False: the map was over before. */
static bool kill_later(struct mp_pool *p, struct mp_async *a, unsigned *seed)
{
	uint32_t until = shared->tasks + (uint32_t)(rand_r(seed) % 300);
	pid_t pids[WORKERS];
	size_t n;

	while (shared->tasks < until && !shared->trapped)
		if (mp_async_wait(a, 0) == 0)
			return false;
	n = mp_pool_pids(p, pids, WORKERS);
	return n > 0 && kill(pids[(unsigned)rand_r(seed) % n], SIGKILL) == 0;
}

/* Kills the worker that waits for it in its task: this kill hits for certain. */
static bool kill_trapped(struct mp_async *a)
{
	while (!shared->trapped)
		if (mp_async_wait(a, 0) == 0)
			return false;
	return kill(shared->trapped, SIGKILL) == 0;
}

static unsigned check_map(const struct mp_map *m, size_t failed)
{
	unsigned lost = 0;

	for (size_t i = 0; i < m->n; i++) {
		if (pool_outcomes[i].kind == MP_OUTCOME_OK) {
			ck_assert_uint_eq(pool_results[i], i * 3 + 1);
			ck_assert_uint_eq(shared->begun[i], 1);
			continue;
		}
		ck_assert_int_eq(pool_outcomes[i].kind, MP_OUTCOME_LOST);
		ck_assert_int_eq(pool_outcomes[i].code, -SIGKILL);
		ck_assert_uint_eq(pool_results[i], POOL_UNTOUCHED);
		ck_assert_uint_le(shared->begun[i], 1);
		lost++;
	}
	ck_assert_uint_eq(lost, failed);
	return lost;
}

/* The promise of the pool: every item has exactly one outcome, none is begun twice, a death costs at most one. */
START_TEST(killed_workers_cost_at_most_their_own_task)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], WORKERS);
	unsigned seed = 1 + (unsigned)_i, lost = 0, kills = 0;

	while (lost < KILLS_EACH) {
		struct mp_map m = kit_map("toil", MOST, kills % 3 ? 1 : 7);
		struct mp_async *a;

		for (size_t i = 0; i < MOST; i++)
			shared->begun[i] = 0;
		shared->trapped = 0;
		shared->trap = MOST / 2 + (unsigned)rand_r(&seed) % (MOST / 2);
		ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
		for (int i = 0; i < 4; i++)
			kills += kill_later(p, a, &seed);
		kills += kill_trapped(a);
		ck_assert_int_eq(mp_async_wait(a, 4 * WAIT_MS), 0);
		ck_assert_int_eq(pool_outcomes[shared->trap].kind, MP_OUTCOME_LOST);
		lost += check_map(&m, mp_async_failed(a));
		ck_assert_int_eq(mp_async_close(a), 0);
	}
	ck_assert_uint_le(lost, kills);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- deaths between tasks ---- */

static bool any_of(const pid_t *before, const pid_t *after)
{
	for (int k = 0; k < WORKERS * WORKERS; k++)
		if (before[k / WORKERS] == after[k % WORKERS])
			return true;
	return false;
}

START_TEST(an_idle_workers_death_is_not_seen)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], WORKERS);
	pid_t before[WORKERS], after[WORKERS];
	uint64_t deadline_ns = mp_deadline_ns(20 * WAIT_MS);
	size_t n;

	for (int i = 0; i < (KILLS_EACH + 1) / WORKERS; i++) {
		all_well(p);
		ck_assert_uint_eq(mp_pool_pids(p, before, WORKERS), WORKERS);
		for (unsigned k = 0; k < WORKERS; k++)
			kill(before[k], SIGKILL);
		/* One death may not be met at once: a map can be done without that worker. */
		do {
			all_well(p);
			ck_assert_uint_lt(mp_now_ns(), deadline_ns);
			n = mp_pool_pids(p, after, WORKERS);
		} while (n < WORKERS || any_of(before, after));
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- what a task writes into its worker's channel ---- */

START_TEST(a_channel_that_cannot_be_is_a_death_and_no_more)
{
	for (uint64_t what = 1; what < 5; what++) {
		struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 1);
		struct mp_call c = {
			.task = "scribble", .item = &what, .item_bytes = 8, .result_bytes = 8};
		struct mp_outcome outcome;
		struct mp_async *a;

		mp_event_clear(&shared->begins);
		ck_assert_int_eq(mp_pool_apply_async(p, &c, &a), 0);
		for (int i = 0; !mp_event_is_set(&shared->begins); i++) {
			ck_assert_int_lt(i, WAIT_MS);
			mp_async_wait(a, 0);
			mp_event_wait(&shared->begins, 1);
		}
		all_well(p);
		ck_assert_int_eq(mp_async_get(a, NULL, &outcome, WAIT_MS), 0);
		ck_assert_int_eq(outcome.kind, MP_OUTCOME_LOST);
		ck_assert_int_eq(outcome.code, -SIGKILL);
		ck_assert_int_eq(mp_async_close(a), 0);
		ck_assert_int_eq(mp_pool_destroy(p), 0);
	}
}
END_TEST

START_TEST(orders_that_a_task_has_overwritten_are_done_by_the_next_worker)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 1);
	struct mp_map m = kit_map("scribble", 20, 1);
	size_t failed;

	memset(pool_items, 0, sizeof(pool_items));
	pool_items[0] = 5;
	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	ck_assert_int_ne(pool_outcomes[0].pid, pool_outcomes[19].pid);
	all_well(p);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- deadlines of tasks ---- */

START_TEST(a_task_that_hangs_is_ended_at_its_deadline_and_no_other)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], WORKERS);

	for (size_t chunk = 1; chunk <= 7; chunk += 6) {
		struct mp_map m = kit_map("take_time", 50, chunk);
		size_t failed;

		shared->tasks = 0;
		m.timeout_ms = 30;
		for (size_t i = 0; i < 50; i++)
			pool_items[i] = i % 5 == 2 ? UINT64_MAX : 10;
		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 10);
		ck_assert_uint_eq(shared->tasks, 50);
		for (size_t i = 0; i < 50; i++) {
			bool hangs = i % 5 == 2;

			ck_assert_int_eq(pool_outcomes[i].kind,
				hangs ? MP_OUTCOME_TIMED_OUT : MP_OUTCOME_OK);
			ck_assert_int_eq(pool_outcomes[i].code, hangs ? -SIGKILL : 0);
			ck_assert_uint_eq(pool_results[i], hangs ? POOL_UNTOUCHED : 11);
		}
	}
	all_well(p);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* Tasks that end at about their deadline: each is either in time or not, and the next one pays for none. */
START_TEST(a_task_that_ends_at_its_deadline_is_either_done_or_timed_out)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], WORKERS);
	struct mp_map m = kit_map("take_time", 300, 1);
	size_t failed;
	unsigned seed = 1;

	m.timeout_ms = 1;
	for (size_t i = 0; i < m.n; i++)
		pool_items[i] = 900 + (unsigned)rand_r(&seed) % 300;
	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(shared->tasks, m.n);
	for (size_t i = 0; i < m.n; i++) {
		bool done = pool_outcomes[i].kind == MP_OUTCOME_OK;

		ck_assert(done || pool_outcomes[i].kind == MP_OUTCOME_TIMED_OUT);
		ck_assert_uint_eq(pool_results[i], done ? pool_items[i] + 1 : POOL_UNTOUCHED);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_pool_lives");
	TCase *c = gated_case(s, "deaths");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_workers_end_costs_the_task_that_it_was_in_and_says_how_it_ended,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, killed_workers_cost_at_most_their_own_task, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, an_idle_workers_death_is_not_seen, FIRST_PROCESS, NMETHODS);
	c = gated_case(s, "channel");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(
		c, a_channel_that_cannot_be_is_a_death_and_no_more, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, orders_that_a_task_has_overwritten_are_done_by_the_next_worker,
		FIRST_PROCESS, NMETHODS);
	c = gated_case(s, "deadlines");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_task_that_hangs_is_ended_at_its_deadline_and_no_other,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_task_that_ends_at_its_deadline_is_either_done_or_timed_out,
		FIRST_PROCESS, NMETHODS);
	return s;
}
