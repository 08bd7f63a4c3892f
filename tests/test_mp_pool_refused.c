/*
 * test_mp_pool_refused.c - pools and maps that cannot be, and that nothing is left of them
 *
 * sanitize: thread
 */
#include "mp/event.h"
#include "pool_kit.h"
#include "suite.h"
#include <errno.h>
#include <pthread.h>

#define N 100

struct shared {
	struct mp_event go;
	_Atomic uint32_t refused; /* by mp_pool_work, to workers */
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

/* A worker's own pool: a daemon may have none. */
static int make_pool_within(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	struct mp_pool *p;

	(void)item, (void)item_bytes, (void)result, (void)result_bytes;
	return mp_pool_create(
		&(struct mp_pool_options){.entry = "worker", .tasks = fewer, .workers = 1}, &p);
}

static const struct mp_task tasks[] = {
	{"square", square}, {"make_pool_within", make_pool_within}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err;

	s->refused += mp_pool_work(self, NULL) == -EINVAL;
	err = mp_pool_work(self, tasks);
	s->refused += mp_pool_work(self, tasks) == -EBADF;
	mp_memory_destroy(m);
	return err ? 1 : 0;
}

static int no_pool(struct mp_child *self)
{
	return mp_pool_work(self, tasks) == -EINVAL ? 0 : 1;
}

static const struct mp_entry entries[] = {{"worker", worker}, {"no_pool", no_pool}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

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

/* ---- refused ---- */

START_TEST(a_pool_that_cannot_be_is_refused)
{
	const struct mp_handle handle = mp_memory_handle(kit_memory);
	const struct mp_pool_options wrong[] = {{.entry = NULL, .tasks = tasks},
		{.entry = "worker", .tasks = NULL},
		{.entry = "worker", .tasks = tasks, .workers = MP_POOL_WORKERS_MAX + 1},
		{.entry = "worker", .tasks = tasks, .ring_bytes = MP_POOL_RING_MAX + 1},
		{.entry = "worker", .tasks = tasks, .nbytes = 1},
		{.entry = "worker", .tasks = tasks, .nhandles = 1},
		{.entry = "worker",
			.tasks = tasks,
			.handles = &handle,
			.nhandles = MP_POOL_HANDLES_MAX + 1},
		{.entry = "worker", .tasks = tasks, .workers = UINT32_MAX},
		{.entry = "worker", .tasks = tasks, .ring_bytes = SIZE_MAX},
		{.entry = "worker", .tasks = tasks, .method = (enum mp_method)(MP_THREAD + 1)}};
	struct mp_pool_options o = {.entry = "none", .tasks = tasks, .method = kit_method[_i]};
	struct mp_pool *p;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(mp_pool_create(&wrong[i], &p), -EINVAL);
	ck_assert_int_eq(mp_pool_create(NULL, &p), -EINVAL);
	ck_assert_int_eq(mp_pool_create(&o, &p), -ENOENT);
	o.argument = tasks;
	o.nbytes = MP_ARGUMENT_MAX + 1;
	ck_assert_int_eq(mp_pool_create(&o, &p), -E2BIG);
	ck_assert_int_eq(mp_pool_destroy(NULL), 0);
	ck_assert_int_eq(kit_end(kit_start("no_pool", kit_method[_i], 0)), 0);
}
END_TEST

START_TEST(a_map_that_cannot_be_is_refused_and_the_pool_goes_on)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = squares();
	struct mp_call c = {.task = "none", .item = pool_items, .item_bytes = 8, .result_bytes = 8};

	m.task = "none";
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -ENOENT);
	ck_assert_int_eq(mp_pool_apply(p, &c, NULL, NULL), -ENOENT);
	m.task = NULL;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -ENOENT);
	m = squares();
	m.items = NULL;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -EINVAL);
	m = squares();
	m.results = NULL;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -EINVAL);
	m = squares();
	m.n = SIZE_MAX / 8 + 1;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -EINVAL);
	m = (struct mp_map){.task = "square", .n = SIZE_MAX, .outcomes = pool_outcomes};
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -EINVAL);
	m = squares();
	m.chunk = SIZE_MAX;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), 0);
	c = (struct mp_call){.task = "square", .item_bytes = 8};
	ck_assert_int_eq(mp_pool_apply(p, &c, NULL, NULL), -EINVAL);
	c = (struct mp_call){.task = "square", .item = pool_items, .item_bytes = 2048};
	ck_assert_int_eq(mp_pool_apply(p, &c, NULL, NULL), -EMSGSIZE);
	c.item_bytes = 0;
	c.result_bytes = SIZE_MAX - 8;
	ck_assert_int_eq(mp_pool_apply(p, &c, NULL, NULL), -EMSGSIZE);
	m = squares();
	m.timeout_ms = 1000;
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), kit_method[_i] == MP_THREAD ? -ENOTSUP : 0);
	all_well(p);
	ck_assert_int_eq(mp_pool_poll(p, MP_FOREVER), -ENODATA);
	ck_assert_int_eq(mp_pool_join(p, MP_FOREVER), -EINVAL);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -EPIPE);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_pool_join(p, 0), 0);
	ck_assert_uint_eq(shared->refused, 2 * 2);
	ck_assert_int_eq(mp_pool_map(p, &m, NULL), -EPIPE);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

static void *wait_event(void *event)
{
	mp_event_wait(event, 4 * WAIT_MS);
	return NULL;
}

START_TEST(fork_beside_a_thread_is_refused_and_leaves_nothing)
{
	struct mp_pool *p;
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, wait_event, &shared->go), 0);
	ck_assert_int_eq(kit_try_pool("worker", tasks, MP_FORK, 2, &p), -EDEADLK);
	mp_event_set(&shared->go);
	pthread_join(t, NULL);
	p = kit_pool("worker", tasks, MP_FORK, 2);
	all_well(p);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(a_worker_has_no_pool_of_its_own)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 1);
	struct mp_call c = {.task = "make_pool_within"};
	struct mp_outcome outcome;

	ck_assert_int_eq(mp_pool_apply(p, &c, NULL, &outcome), 0);
	ck_assert_int_eq(outcome.kind, MP_OUTCOME_ERROR);
	ck_assert_int_eq(outcome.code, -EINVAL);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_pool_refused");
	TCase *c = gated_case(s, "refused");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_pool_that_cannot_be_is_refused, 0, NMETHODS);
	tcase_add_loop_test(c, a_map_that_cannot_be_is_refused_and_the_pool_goes_on, 0, NMETHODS);
	if (NMETHODS > 1)
		tcase_add_test(c, fork_beside_a_thread_is_refused_and_leaves_nothing);
	tcase_add_loop_test(c, a_worker_has_no_pool_of_its_own, FIRST_PROCESS, NMETHODS);
	return s;
}
