/*
 * test_mp_faults.c - whatever call fails inside a start, create or attach: it says so and leaves nothing
 *
 * sanitize: thread
 */
#include "faults.h"
#include "mp/lock.h"
#include "mp/memory.h"
#include "mp/pipe.h"
#include "mp/presence.h"
#include "mp/queue.h"
#include "pool_kit.h"
#include "suite.h"
#include <string.h>

#define CALLS_MAX 200 /* more than one start, create or attach makes */

static void make(void)
{
	kit_make(1);
	fault_memory = true;
}

/* ---- what the children do ---- */

/* Attaches a memory, a pipe's end, and a queue while call number kit_number fails: 0, or the error. */
static int attach_all(struct mp_child *self)
{
	struct mp_memory *m = NULL;
	struct mp_pipe *p = NULL;
	struct mp_queue *q = NULL;
	unsigned left;
	int err;

	fault_memory = true;
	fault_at = (unsigned)kit_number(self);
	err = mp_memory_attach(mp_child_handle(self, 0), &m);
	if (!err)
		err = mp_pipe_attach(mp_child_handle(self, 1), &p);
	if (!err)
		err = mp_queue_attach(mp_child_handle(self, 2), &q);
	left = fault_at;
	fault_at = 0;
	mp_memory_destroy(m);
	mp_pipe_close(p);
	mp_queue_destroy(q);
	return left > 0 ? -err : err ? -err : 255;
}

static int square(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t x = *(const uint64_t *)item;

	*(uint64_t *)result = x * x + 1;
	return item_bytes == 8 && result_bytes == 8 ? 0 : 1;
}

static const struct mp_task tasks[] = {{"square", square}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks) ? 1 : 0;
}

static const struct mp_entry entries[] = {{"give_back_argument", kit_give_back_argument},
	{"attach_all", attach_all}, {"worker", worker}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

/* ---- a call fails here ---- */

static unsigned left; /* of fault_at, after the call: 0 if it was used up */

static int made(int err)
{
	left = fault_at;
	fault_at = 0;
	return err;
}

static int make_process(enum mp_method method)
{
	struct mp_process_options o = {.entry = "give_back_argument", .method = method};
	struct mp_process *p;
	int err = made(mp_process_start(&o, &p));

	if (!err)
		ck_assert_int_eq(kit_end(p), 99);
	mp_forkserver_stop(); /* so that the next start starts it again */
	return err;
}

static int make_memory(enum mp_method method)
{
	struct mp_memory *m;
	int err = made(mp_memory_create(100000, &m));

	(void)method;
	if (!err)
		mp_memory_destroy(m);
	return err;
}

static int make_pipe(enum mp_method method)
{
	struct mp_pipe *a, *b;
	int err = made(mp_pipe_create(true, &a, &b));

	(void)method;
	if (!err) {
		mp_pipe_close(a);
		mp_pipe_close(b);
	}
	return err;
}

static int make_queue(enum mp_method method)
{
	struct mp_queue_options o = {.producers = 2, .consumers = 2};
	struct mp_queue *q;
	int err = made(mp_queue_create(&o, &q));

	(void)method;
	if (!err)
		mp_queue_destroy(q);
	return err;
}

static int make_table(enum mp_method method)
{
	static _Alignas(8) char bytes[2048];

	(void)method;
	return made(mp_presence_create((struct mp_presence *)(void *)bytes, 4));
}

static int make_pool(enum mp_method method)
{
	struct mp_pool *p;
	int err = made(kit_try_pool("worker", tasks, method, 4, &p));

	if (!err) {
		struct mp_map m = kit_map("square", 100, 1);
		size_t failed = 99;

		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		ck_assert_int_eq(mp_pool_destroy(p), 0);
	}
	mp_forkserver_stop();
	return err;
}

/* Call 1 fails, then call 2, and so on, until so many are made that none does. How many failed. */
static unsigned try_faults(int (*call)(enum mp_method), enum mp_method method)
{
	/* libc keeps some of what it has once asked for: threads' stacks, with a block each. */
	ck_assert_int_eq(call(method), 0);
	for (unsigned k = 1; k < CALLS_MAX; k++) {
		long before = fault_blocks, more;
		int err;

		fault_at = k;
		err = call(method);
		more = fault_blocks - before;
		if (left > 0) {
			ck_assert_int_eq(err, 0);
			return k - 1;
		}
		ck_assert_msg(more == 0, "call %u: %ld blocks of memory are left", k, more);
		ck_assert_msg(fault_says(err), "call %u: %s", k, strerror(-err));
	}
	ck_abort_msg("it never worked");
	return 0;
}

/* What is left behind is seen by the gate of the case. */
START_TEST(a_start_in_which_a_call_fails_says_so_and_leaves_nothing)
{
	/* An eventfd and a thread; a socket, its signal, fork and a pidfd; and so on. */
	static const unsigned least[] = {2, 5, 5, 6};

	ck_assert_uint_ge(try_faults(make_process, kit_method[_i]), least[_i]);
}
END_TEST

START_TEST(a_pool_in_whose_create_a_call_fails_says_so_and_leaves_nothing)
{
	ck_assert_uint_gt(try_faults(make_pool, kit_method[_i]), 1 + 1 + 4);
}
END_TEST

START_TEST(an_object_in_whose_create_a_call_fails_is_not_made_and_leaves_nothing)
{
	ck_assert_uint_ge(try_faults(make_memory, MP_THREAD), 3);
	ck_assert_uint_ge(try_faults(make_pipe, MP_THREAD), 1);
	ck_assert_uint_ge(try_faults(make_queue, MP_THREAD), 3 + 5);
	ck_assert_uint_eq(try_faults(make_table, MP_THREAD), 4);
}
END_TEST

START_TEST(no_descriptor_and_no_room_are_told_by_name)
{
	static int (*const calls[])(enum mp_method) = {make_memory, make_queue, make_pool};

	fault_memory = false;
	for (size_t i = 0; i < 3; i++) {
		fault_at = 1;
		ck_assert_int_eq(calls[i](MP_THREAD), -EMFILE);
		fault_at = 2;
		ck_assert_int_eq(calls[i](MP_THREAD), -ENOSPC);
	}
	fault_at = 1;
	ck_assert_int_eq(make_pipe(MP_THREAD), -EMFILE);
	fault_at = 2;
	ck_assert_int_eq(make_process(MP_THREAD), -EAGAIN);
}
END_TEST

START_TEST(a_lock_for_which_there_is_no_memory_is_no_lock)
{
	struct mp_lock l;

	fault_at = 1;
	ck_assert_int_eq(made(mp_lock_create(&l)), -ENOMEM);
	ck_assert_int_eq(mp_lock_acquire(&l, 0), -EINVAL);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

START_TEST(a_map_or_call_without_memory_is_refused_and_the_pool_goes_on)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = kit_map("square", 100, 1);
	struct mp_call c = {
		.task = "square", .item = pool_items, .item_bytes = 8, .result_bytes = 8};
	struct mp_async *a;
	size_t failed = 99;

	fault_at = 1;
	ck_assert_int_eq(made(mp_pool_map_async(p, &m, &a)), -ENOMEM);
	fault_at = 1;
	ck_assert_int_eq(made(mp_pool_map(p, &m, &failed)), -ENOMEM);
	fault_at = 1;
	ck_assert_int_eq(made(mp_pool_apply_async(p, &c, &a)), -ENOMEM);
	fault_at = 1;
	ck_assert_int_eq(made(mp_pool_apply(p, &c, NULL, NULL)), -ENOMEM);
	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(half_a_message_that_cannot_be_kept_ends_the_pipe)
{
	static const char half[] = {6, 0, 0, 0, 'a', 'b', 'c'};
	struct mp_pipe *in, *out;
	char buffer[16];
	size_t n;

	ck_assert_int_eq(mp_pipe_create(false, &in, &out), 0);
	ck_assert_int_eq(write(mp_pipe_fd(out), half, sizeof(half)), sizeof(half));
	fault_at = 1;
	ck_assert_int_eq(made(mp_pipe_receive(in, buffer, sizeof(buffer), &n, 0)), -ENOMEM);
	ck_assert_int_eq(mp_pipe_receive(in, buffer, sizeof(buffer), &n, 0), -EPROTO);
	mp_pipe_close(in);
	mp_pipe_close(out);
}
END_TEST

#endif

/* ---- a call fails in a child ---- */

static int attach_with_fault(enum mp_method method, int at)
{
	struct mp_queue_options o = {.producers = 1, .consumers = 1};
	struct mp_pipe *here, *there;
	struct mp_process *p;
	struct mp_queue *q;
	int code;

	ck_assert_int_eq(mp_pipe_create(true, &here, &there), 0);
	ck_assert_int_eq(mp_queue_create(&o, &q), 0);
	{
		struct mp_handle handles[] = {mp_memory_handle(kit_memory), mp_pipe_handle(there),
			mp_queue_handle(q, MP_QUEUE_PUT)};
		struct mp_process_options s = {.entry = "attach_all",
			.argument = &at,
			.nbytes = sizeof(at),
			.handles = handles,
			.nhandles = 3,
			.method = method};

		ck_assert_int_eq(mp_process_start(&s, &p), 0);
	}
	code = kit_end(p);
	/* What it had is gone with it, so that the place is free. */
	ck_assert_int_eq(mp_queue_open(q, MP_QUEUE_PUT), 0);
	mp_queue_destroy(q);
	mp_pipe_close(here);
	mp_pipe_close(there);
	return code;
}

START_TEST(an_attach_in_which_a_call_fails_says_so)
{
	int at = 1, code;

	while ((code = attach_with_fault(kit_method[_i], at)) != 0) {
		ck_assert_msg(fault_says(-code), "call %d: %d", at, code);
		ck_assert_int_lt(at++, CALLS_MAX);
	}
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_int_gt(at, 2);
#endif
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_faults");
	TCase *c = gated_case(s, "here");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(
		c, a_start_in_which_a_call_fails_says_so_and_leaves_nothing, 0, NMETHODS);
	tcase_add_loop_test(
		c, a_pool_in_whose_create_a_call_fails_says_so_and_leaves_nothing, 0, NMETHODS);
	tcase_add_test(c, an_object_in_whose_create_a_call_fails_is_not_made_and_leaves_nothing);
	tcase_add_test(c, no_descriptor_and_no_room_are_told_by_name);
	tcase_add_test(c, a_lock_for_which_there_is_no_memory_is_no_lock);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	tcase_add_loop_test(
		c, a_map_or_call_without_memory_is_refused_and_the_pool_goes_on, 0, NMETHODS);
	tcase_add_test(c, half_a_message_that_cannot_be_kept_ends_the_pipe);
#endif
	c = gated_case(s, "in a child");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, an_attach_in_which_a_call_fails_says_so, 0, NMETHODS);
	return s;
}
