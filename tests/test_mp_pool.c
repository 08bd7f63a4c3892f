/*
 * test_mp_pool.c - maps and calls: results, errors, order, what is refused, how a pool ends in peace
 *
 * deadline: 300
 * sanitize: thread
 */
#include "mp/event.h"
#include "mp/pool.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RING 4096
#define MOST 5000

struct shared {
	_Atomic uint32_t initialized, argument_sum, called;
	_Atomic uint32_t met;
	struct mp_event go;
};

static struct shared *shared;
static struct shared *_Atomic here; /* the same in a worker */

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->go);
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

static int wait_go(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	(void)item, (void)item_bytes, (void)result, (void)result_bytes;
	return mp_event_wait(&atomic_load(&here)->go, 4 * WAIT_MS);
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
	{"repeat", repeat}, {"count_calls", count_calls}, {"wait_go", wait_go}, {"meet", meet},
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
	s->argument_sum += (uint32_t)kit_number(self);
	err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 2 : 0;
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static struct mp_pool *make_pool(enum mp_method method, uint32_t workers)
{
	struct mp_handle handle = mp_memory_handle(kit_memory);
	int number = 7;
	struct mp_pool *p = NULL;
	int err = mp_pool_create(&(struct mp_pool_options){.entry = "worker",
					 .tasks = tasks,
					 .workers = workers,
					 .method = method,
					 .argument = &number,
					 .nbytes = sizeof(number),
					 .handles = &handle,
					 .nhandles = 1,
					 .ring_bytes = RING},
		&p);

	ck_assert_msg(err == 0, "create: %s", strerror(-err));
	return p;
}

static uint64_t items[MOST], results[MOST];
static struct mp_outcome outcomes[MOST];

/* The outcomes are asked for, and the arrays filled with what must not stay. */
static struct mp_map map_of(const char *task, size_t n, size_t chunk)
{
	for (size_t i = 0; i < MOST; i++) {
		items[i] = i;
		results[i] = 99;
		outcomes[i] = (struct mp_outcome){MP_OUTCOME_CANCELLED, 99, -1};
	}
	return (struct mp_map){.task = task,
		.items = items,
		.item_bytes = sizeof(items[0]),
		.n = n,
		.results = results,
		.result_bytes = sizeof(results[0]),
		.outcomes = outcomes,
		.chunk = chunk};
}

static void expect_squares(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(results[i], i * i + 1);
		ck_assert_int_eq(outcomes[i].kind, MP_OUTCOME_OK);
		ck_assert_int_eq(outcomes[i].code, 0);
		ck_assert_int_gt(outcomes[i].pid, 0);
	}
	ck_assert(n == MOST || results[n] == 99);
}

/* ---- maps ---- */

START_TEST(results_stand_in_the_order_of_the_items_whatever_the_chunk)
{
	static const size_t counts[] = {0, 1, 2, 7, 1000, MOST};
	struct mp_pool *p = make_pool(kit_method[_i], 2);

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		size_t n = counts[i], chunks[] = {0, 1, 3, n, n + 1}, failed = 99;

		for (size_t k = 0; k < sizeof(chunks) / sizeof(chunks[0]); k++) {
			struct mp_map m = map_of("square", n, chunks[k]);

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
	static const size_t sizes[] = {0, 1, 8, 13, 100, 777, RING / 4, RING / 2 - 64};
	enum { N = 40, K = sizeof(sizes) / sizeof(sizes[0]) };
	static unsigned char in[N * RING], out[N * RING];
	struct mp_pool *p = make_pool(kit_method[_i], 2);

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

		if (from + to > RING / 2 - 64)
			continue;
		memset(out, 0xff, sizeof(out));
		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		for (size_t i = 0; i < N * to; i++) {
			size_t at = i % to;
			unsigned byte = from ? in[i / to * from + at % from] + (unsigned)at : 0;

			ck_assert_uint_eq(out[i], at < to / 2 ? byte & 255 : 0);
		}
		ck_assert_uint_eq(out[N * to], 0xff);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(one_tasks_error_touches_no_other)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);

	for (size_t chunk = 0; chunk < 3; chunk++) {
		struct mp_map m = map_of("fail_some", 1000, chunk);
		size_t failed = 0, expected = 0;

		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		for (size_t i = 0; i < 1000; i++) {
			ck_assert_uint_eq(results[i], i * i + 1);
			ck_assert_int_eq(
				outcomes[i].kind, i % 7 == 3 ? MP_OUTCOME_ERROR : MP_OUTCOME_OK);
			ck_assert_int_eq(outcomes[i].code, i % 7 == 3 ? (int)i - 1000 : 0);
			expected += i % 7 == 3;
		}
		ck_assert_uint_eq(failed, expected);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(a_map_without_items_and_results_calls_its_task_n_times)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);
	struct mp_map m = {.task = "count_calls", .n = 12345};

	ck_assert_int_eq(mp_pool_map(p, &m, NULL), 0);
	ck_assert_uint_eq(shared->called, 12345);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(tasks_run_at_the_same_time_on_all_workers)
{
	struct mp_pool *p = make_pool(kit_method[_i], 3);
	uint64_t three[] = {3, 3, 3};
	struct mp_map m = {
		.task = "meet", .items = three, .item_bytes = 8, .n = 3, .outcomes = outcomes};
	size_t failed;

	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	if (kit_method[_i] != MP_THREAD) {
		ck_assert_int_ne(outcomes[0].pid, outcomes[1].pid);
		ck_assert_int_ne(outcomes[0].pid, outcomes[2].pid);
		ck_assert_int_ne(outcomes[1].pid, outcomes[2].pid);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* Item `at` comes back only when all others have been done: those that lay behind it with the same worker too. */
START_TEST(what_lies_behind_a_long_task_is_done_by_the_others)
{
	enum { N = 500 };
	struct mp_pool *p = make_pool(kit_method[_i], 2);

	for (size_t at = 0; at < N; at += 83) {
		struct mp_map m = map_of("wait_others", N, 1);
		size_t failed;

		m.results = NULL;
		m.result_bytes = 0;
		for (size_t i = 0; i < N; i++)
			items[i] = i == at ? N - 1 : 0;
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
	struct mp_pool *p = make_pool(kit_method[_i], 200);
	struct mp_map m = map_of("square", 1000, 1);
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

/* ---- calls ---- */

static struct mp_call call_of(const char *task, const uint64_t *item)
{
	return (struct mp_call){.task = task, .item = item, .item_bytes = 8, .result_bytes = 8};
}

START_TEST(a_call_gives_its_result_or_its_error)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);
	struct mp_outcome outcome;
	uint64_t result;

	for (uint64_t i = 0; i < 100; i++) {
		struct mp_call c = call_of("fail_some", &i);

		ck_assert_int_eq(mp_pool_apply(p, &c, &result, &outcome), 0);
		ck_assert_uint_eq(result, i * i + 1);
		ck_assert_int_eq(outcome.kind, i % 7 == 3 ? MP_OUTCOME_ERROR : MP_OUTCOME_OK);
		ck_assert_int_eq(outcome.code, i % 7 == 3 ? (int)i - 1000 : 0);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(get_waits_no_longer_than_told_and_may_be_asked_again)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);
	uint64_t item = 5, result = 0;
	struct mp_call call = call_of("wait_go", &item);
	struct mp_outcome outcome;
	struct mp_async *waits, *quick;

	ck_assert_int_eq(mp_pool_apply_async(p, &call, &waits), 0);
	ck_assert_int_eq(mp_async_get(waits, NULL, &outcome, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_async_get(waits, NULL, &outcome, -1), -ETIMEDOUT);
	ck_assert_int_eq(mp_async_wait(waits, 30), -ETIMEDOUT);
	ck_assert(!mp_async_is_ready(waits));
	ck_assert_int_eq(mp_async_close(waits), -EBUSY);
	call.task = "square";
	ck_assert_int_eq(mp_pool_apply_async(p, &call, &quick), 0);
	item = 6; /* it was copied */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(mp_async_get(quick, &result, &outcome, WAIT_MS), 0);
		ck_assert_uint_eq(result, 26);
		ck_assert_int_eq(outcome.kind, MP_OUTCOME_OK);
	}
	ck_assert_int_eq(mp_async_close(quick), 0);
	mp_event_set(&shared->go);
	ck_assert_int_eq(mp_async_get(waits, &result, &outcome, WAIT_MS), 0);
	ck_assert_uint_eq(result, 0);
	ck_assert(mp_async_is_ready(waits));
	ck_assert_int_eq(mp_pool_destroy(p), 0);
	/* It outlives its pool. */
	ck_assert_int_eq(mp_async_get(waits, &result, &outcome, MP_FOREVER), 0);
	ck_assert_int_eq(mp_async_close(waits), 0);
	ck_assert_int_eq(mp_async_close(NULL), 0);
}
END_TEST

/* Also where the same workers are then held by the next job for as long as nobody lets them go. */
START_TEST(a_wait_ends_with_its_job_whatever_lies_behind_it)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);

	for (int round = 0; round < 20; round++) {
		struct mp_map first = map_of("square", 50, 1);
		struct mp_map second = {.task = "wait_go", .n = 20, .chunk = 1};
		struct mp_async *a, *b;

		mp_event_clear(&shared->go);
		ck_assert_int_eq(mp_pool_map_async(p, &first, &a), 0);
		ck_assert_int_eq(mp_pool_map_async(p, &second, &b), 0);
		ck_assert_int_eq(mp_async_wait(a, WAIT_MS), 0);
		expect_squares(50);
		ck_assert(!mp_async_is_ready(b));
		ck_assert_int_eq(mp_async_wait(b, 0), -ETIMEDOUT);
		mp_event_set(&shared->go);
		ck_assert_int_eq(mp_async_wait(b, WAIT_MS), 0);
		ck_assert_uint_eq(mp_async_failed(b), 0);
		ck_assert_int_eq(mp_async_close(a), 0);
		ck_assert_int_eq(mp_async_close(b), 0);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- callbacks ---- */

struct told {
	struct mp_pool *pool;
	unsigned calls, failed;
	unsigned submits; /* still to be made by the callback */
	bool closes;
};

static void tell(struct mp_async *a, void *context)
{
	struct told *t = context;
	struct mp_outcome outcome;
	uint64_t item = 4;

	t->calls++;
	ck_assert(mp_async_is_ready(a));
	ck_assert_int_eq(mp_async_get(a, NULL, &outcome, MP_FOREVER), 0);
	t->failed += outcome.kind != MP_OUTCOME_OK;
	ck_assert_int_eq(mp_pool_destroy(t->pool), -EBUSY);
	if (t->submits > 0) {
		struct mp_call c = call_of("square", &item);

		t->submits--;
		c.callback = tell;
		c.context = t;
		ck_assert_int_eq(mp_pool_apply_async(t->pool, &c, NULL), 0);
	}
	if (t->closes)
		ck_assert_int_eq(mp_pool_close(t->pool), 0);
}

START_TEST(a_callback_comes_once_for_each_map_and_call)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);
	struct told t = {.pool = p};
	struct mp_map m = map_of("fail_some", 100, 1);
	int polls = 0, err;

	m.callback = tell;
	m.context = &t;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), 0);
	ck_assert_uint_eq(t.calls, 1);
	ck_assert_uint_eq(t.failed, 1);
	m.n = 0;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), 0);
	ck_assert_uint_eq(t.calls, 2);
	for (uint64_t i = 0; i < 100; i++) {
		struct mp_call c = call_of("fail_some", &i);

		c.callback = tell;
		c.context = &t;
		ck_assert_int_eq(mp_pool_apply_async(p, &c, NULL), 0);
	}
	while (!(err = mp_pool_poll(p, WAIT_MS)))
		polls++;
	ck_assert_int_eq(err, -ENODATA);
	ck_assert_int_ge(polls, 1);
	ck_assert_uint_eq(t.calls, 102);
	ck_assert_uint_eq(t.failed, 1 + 14);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(a_callback_may_submit_and_close)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);
	struct told t = {.pool = p, .submits = 50};
	uint64_t item = 3;
	struct mp_call c = call_of("square", &item);

	c.callback = tell;
	c.context = &t;
	ck_assert_int_eq(mp_pool_apply_async(p, &c, NULL), 0);
	while (mp_pool_poll(p, WAIT_MS) == 0)
		;
	ck_assert_uint_eq(t.calls, 51);
	t.closes = true;
	ck_assert_int_eq(mp_pool_apply_async(p, &c, NULL), 0);
	ck_assert_int_eq(mp_pool_poll(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_pool_apply_async(p, &c, NULL), -EPIPE);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_uint_eq(t.calls, 52);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

static void map_within(struct mp_async *a, void *context)
{
	struct told *t = context;
	struct mp_map m = map_of("square", 300, 1);
	size_t failed = 99;

	(void)a;
	t->calls++;
	ck_assert_int_eq(mp_pool_map(t->pool, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	expect_squares(300);
}

START_TEST(a_callback_may_wait_for_more)
{
	struct mp_pool *p = make_pool(kit_method[_i], 2);
	struct told t = {.pool = p};
	struct mp_map m = {
		.task = "count_calls", .n = 100, .chunk = 1, .callback = map_within, .context = &t};

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(mp_pool_map_async(p, &m, NULL), 0);
	while (mp_pool_poll(p, WAIT_MS) == 0)
		;
	ck_assert_uint_eq(t.calls, 5);
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
	c = gated_case(s, "calls");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_call_gives_its_result_or_its_error, 0, NMETHODS);
	tcase_add_loop_test(c, get_waits_no_longer_than_told_and_may_be_asked_again, 0, NMETHODS);
	tcase_add_loop_test(c, a_wait_ends_with_its_job_whatever_lies_behind_it, 0, NMETHODS);
	c = gated_case(s, "callbacks");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_callback_comes_once_for_each_map_and_call, 0, NMETHODS);
	tcase_add_loop_test(c, a_callback_may_submit_and_close, 0, NMETHODS);
	tcase_add_loop_test(c, a_callback_may_wait_for_more, 0, NMETHODS);
	return s;
}
