/*
 * test_mp_pool_calls.c - single calls, waits for them, and callbacks
 *
 * sanitize: thread
 */
#include "mp/event.h"
#include "pool_kit.h"
#include "suite.h"
#include <errno.h>

struct shared {
	_Atomic uint32_t called;
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

static const struct mp_task tasks[] = {{"square", square}, {"fail_some", fail_some},
	{"count_calls", count_calls}, {"wait_go", wait_go}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err;

	if (!s)
		return 1;
	atomic_store(&here, s);
	err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 2 : 0;
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static void expect_squares(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(pool_results[i], i * i + 1);
		ck_assert_int_eq(pool_outcomes[i].kind, MP_OUTCOME_OK);
		ck_assert_int_eq(pool_outcomes[i].code, 0);
		ck_assert_int_gt(pool_outcomes[i].pid, 0);
	}
	ck_assert_uint_eq(pool_results[n], POOL_UNTOUCHED);
}

/* ---- calls ---- */

static struct mp_call call_of(const char *task, const uint64_t *item)
{
	return (struct mp_call){.task = task, .item = item, .item_bytes = 8, .result_bytes = 8};
}

START_TEST(a_call_gives_its_result_or_its_error)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
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
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
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
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);

	for (int round = 0; round < 20; round++) {
		struct mp_map first = kit_map("square", 50, 1);
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
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct told t = {.pool = p};
	struct mp_map m = kit_map("fail_some", 100, 1);
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
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
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
	struct mp_map m = kit_map("square", 300, 1);
	size_t failed = 99;

	(void)a;
	t->calls++;
	ck_assert_int_eq(mp_pool_map(t->pool, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	expect_squares(300);
}

START_TEST(a_callback_may_wait_for_more)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
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
	Suite *s = suite_create("mp_pool_calls");
	TCase *c = gated_case(s, "calls");

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
