/*
 * test_mp_pool.c - maps: results, errors, order, all workers at work
 *
 * deadline: 300
 * sanitize: thread
 */
#include "pool_kit.h"
#include "suite.h"
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 5000

struct shared {
	_Atomic uint32_t initialized, called;
	_Atomic uint32_t met;
};

static struct shared *shared;
static struct shared *_Atomic here; /* the same in a worker */

static void make(void)
{
	shared = kit_make(sizeof(*shared));
}

/* ---- tasks ---- */

static int square(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t x = *(const uint64_t *)item;

	*(uint64_t *)result = x * x + 1;
	return item_bytes == 8 && result_bytes == 8 ? 0 : 1;
}

static int fail_some(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t x = *(const uint64_t *)item;

	square(item, item_bytes, result, result_bytes);
	return x % 7 == 3 ? (int)x - 1000 : 0;
}

/* Each byte of the result follows from the item's first bytes, and those left are 0. */
static int repeat(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	unsigned char *to = result;

	for (size_t i = 0; i < result_bytes; i++)
		if (to[i] != 0)
			return 1;
	if (item_bytes)
		for (size_t i = 0; i < result_bytes / 2; i++)
			to[i] = (unsigned char)(((const unsigned char *)item)[i % item_bytes] + i);
	return 0;
}

static int count_calls(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	(void)item, (void)result;
	atomic_load(&here)->called++;
	return item_bytes == 0 && result_bytes == 0 ? 0 : 1;
}

/* Comes back when as many tasks as the item says are here at the same time. */
static int meet(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	struct shared *s = atomic_load(&here);
	uint64_t end_ns = mp_deadline_ns(WAIT_MS);

	(void)item_bytes, (void)result, (void)result_bytes;
	s->met++;
	while (s->met < *(const uint64_t *)item)
		if (mp_now_ns() > end_ns)
			return 1;
		else
			sched_yield();
	return 0;
}

/* Item n waits until n others have been done. */
static int wait_others(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	struct shared *s = atomic_load(&here);
	uint64_t n = *(const uint64_t *)item, end_ns = mp_deadline_ns(WAIT_MS);

	(void)item_bytes, (void)result, (void)result_bytes;
	while (s->called < n)
		if (mp_now_ns() > end_ns)
			return 1;
		else
			sched_yield();
	s->called++;
	return 0;
}

static const struct mp_task tasks[] = {{"square", square}, {"fail_some", fail_some},
	{"repeat", repeat}, {"count_calls", count_calls}, {"meet", meet},
	{"wait_others", wait_others}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err;

	if (!s)
		return 1;
	atomic_store(&here, s);
	s->initialized++;
	err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 2 : 0;
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static void expect_item(size_t i, enum mp_outcome_kind kind, int code)
{
	const struct mp_outcome *o = &pool_outcomes[i];

	must(pool_results[i] == i * i + 1, "item %zu: %" PRIu64, i, pool_results[i]);
	must(o->kind == kind && o->code == code, "item %zu: outcome %d, code %d; expected %d, %d",
		i, (int)o->kind, o->code, (int)kind, code);
	must(o->pid > 0, "item %zu: pid %d", i, (int)o->pid);
}

static void expect_squares(size_t n)
{
	for (size_t i = 0; i < n; i++)
		expect_item(i, MP_OUTCOME_OK, 0);
	ck_assert_uint_eq(pool_results[n], POOL_UNTOUCHED);
}

/* ---- maps ---- */

START_TEST(results_stand_in_the_order_of_the_items_whatever_the_chunk)
{
	static const size_t counts[] = {0, 1, 2, 7, 1000, MOST};
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		size_t n = counts[i], chunks[] = {0, 1, 3, n, n + 1}, failed = 99;

		for (size_t k = 0; k < sizeof(chunks) / sizeof(chunks[0]); k++) {
			struct mp_map m = kit_map("square", n, chunks[k]);

			ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
			ck_assert_uint_eq(failed, 0);
			expect_squares(n);
		}
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(items_and_results_of_every_size_arrive_whole)
{
	static const size_t sizes[] = {0, 1, 8, 13, 100, 777, POOL_RING / 4, POOL_RING / 2 - 64};
	enum { N = 40, K = sizeof(sizes) / sizeof(sizes[0]) };
	static unsigned char in[N * POOL_RING], out[N * POOL_RING];
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)(i * 7 % 253);
	for (size_t k = 0; k < K * K; k++) {
		size_t from = sizes[k / K], to = sizes[k % K], failed = 99;
		struct mp_map m = {.task = "repeat",
			.items = from ? in : NULL,
			.item_bytes = from,
			.n = N,
			.results = to ? out : NULL,
			.result_bytes = to,
			.chunk = k % 3};

		if (from + to > POOL_RING / 2 - 64)
			continue;
		memset(out, 0xff, sizeof(out));
		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		for (size_t i = 0; i < N * to; i++) {
			size_t at = i % to;
			unsigned byte = from ? in[i / to * from + at % from] + (unsigned)at : 0;

			must(out[i] == (at < to / 2 ? byte & 255 : 0),
				"%zu to %zu bytes: byte %zu is %u", from, to, i, out[i]);
		}
		ck_assert_uint_eq(out[N * to], 0xff);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(one_tasks_error_touches_no_other)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);

	for (size_t chunk = 0; chunk < 3; chunk++) {
		struct mp_map m = kit_map("fail_some", 1000, chunk);
		size_t failed = 0, expected = 0;

		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		for (size_t i = 0; i < 1000; i++) {
			bool fails = i % 7 == 3;

			expect_item(i, fails ? MP_OUTCOME_ERROR : MP_OUTCOME_OK,
				fails ? (int)i - 1000 : 0);
			expected += fails;
		}
		ck_assert_uint_eq(failed, expected);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(a_map_without_items_and_results_calls_its_task_n_times)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = {.task = "count_calls", .n = 12345};

	ck_assert_int_eq(mp_pool_map(p, &m, NULL), 0);
	ck_assert_uint_eq(shared->called, 12345);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(tasks_run_at_the_same_time_on_all_workers)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 3);
	uint64_t three[] = {3, 3, 3};
	struct mp_map m = {
		.task = "meet", .items = three, .item_bytes = 8, .n = 3, .outcomes = pool_outcomes};
	size_t failed;

	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	if (kit_method[_i] != MP_THREAD) {
		ck_assert_int_ne(pool_outcomes[0].pid, pool_outcomes[1].pid);
		ck_assert_int_ne(pool_outcomes[0].pid, pool_outcomes[2].pid);
		ck_assert_int_ne(pool_outcomes[1].pid, pool_outcomes[2].pid);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* Item `at` comes back only when all others have been done: those that lay behind it with the same worker too. */
START_TEST(what_lies_behind_a_long_task_is_done_by_the_others)
{
	enum { N = 500 };
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);

	for (size_t at = 0; at < N; at += 83) {
		struct mp_map m = kit_map("wait_others", N, 1);
		size_t failed;

		m.results = NULL;
		m.result_bytes = 0;
		for (size_t i = 0; i < N; i++)
			pool_items[i] = i == at ? N - 1 : 0;
		shared->called = 0;
		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		ck_assert_uint_eq(shared->called, N);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(two_hundred_workers_do_a_thousand_tasks)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 200);
	struct mp_map m = kit_map("square", 1000, 1);
	pid_t pids[200];
	size_t failed;

	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		expect_squares(1000);
	}
	while (mp_pool_pids(p, pids, 200) < 200)
		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, 4 * WAIT_MS), 0);
	ck_assert_uint_eq(shared->initialized, 200);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_pool");
	TCase *c = gated_case(s, "map");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(
		c, results_stand_in_the_order_of_the_items_whatever_the_chunk, 0, NMETHODS);
	tcase_add_loop_test(c, items_and_results_of_every_size_arrive_whole, 0, NMETHODS);
	tcase_add_loop_test(c, one_tasks_error_touches_no_other, 0, NMETHODS);
	tcase_add_loop_test(c, a_map_without_items_and_results_calls_its_task_n_times, 0, NMETHODS);
	tcase_add_loop_test(c, tasks_run_at_the_same_time_on_all_workers, 0, NMETHODS);
	tcase_add_loop_test(c, what_lies_behind_a_long_task_is_done_by_the_others, 0, NMETHODS);
	tcase_add_loop_test(c, two_hundred_workers_do_a_thousand_tasks, 0, NMETHODS);
	return s;
}
