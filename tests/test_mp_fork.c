/* test_mp_fork.c - start by fork and the threads of the one who forks */
#include "mp/event.h"
#include "mp/process.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <pthread.h>

static struct mp_event *go;

static void make(void)
{
	go = kit_make(sizeof(*go));
	mp_event_create(go);
}

static int end_with_7(struct mp_child *self)
{
	(void)self;
	return 7;
}

static const struct mp_entry entries[] = {{"end_with_7", end_with_7}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static void *wait_in_thread(void *arg)
{
	mp_event_wait(arg, WAIT_MS);
	return NULL;
}

START_TEST(fork_in_a_process_with_threads_is_refused_unless_forced)
{
	struct mp_process_options o = {.entry = "end_with_7", .method = MP_FORK};
	struct mp_process *p;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, wait_in_thread, go), 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(mp_process_start(&o, &p), -EDEADLK);
	o.force = true;
	ck_assert_int_eq(mp_process_start(&o, &p), 0);
	ck_assert_int_eq(kit_end(p), 7);
	mp_event_set(go);
	pthread_join(thread, NULL);
}
END_TEST

static void *end_at_once(void *arg)
{
	return arg;
}

/* The kernel counts a thread for a moment after it was joined: without patience about 2 starts of these are refused. */
START_TEST(fork_after_the_last_thread_was_joined_is_never_refused)
{
	struct mp_process_options o = {.entry = "end_with_7", .method = MP_FORK};

	for (int i = 0; i < 2000; i++) {
		struct mp_process *p;
		pthread_t thread;

		ck_assert_int_eq(pthread_create(&thread, NULL, end_at_once, NULL), 0);
		pthread_join(thread, NULL);
		ck_assert_int_eq(mp_process_start(&o, &p), 0);
		ck_assert_int_eq(kit_end(p), 7);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_fork");
	TCase *c = gated_case(s, "threads");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_test(c, fork_in_a_process_with_threads_is_refused_unless_forced);
	tcase_add_test(c, fork_after_the_last_thread_was_joined_is_never_refused);
	return s;
}
