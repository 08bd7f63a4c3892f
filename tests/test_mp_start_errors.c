/*
 * test_mp_start_errors.c - children that do not begin: exec, the program, the forkserver fail; each is an error of start
 */
#include "faults.h"
#include "mp/event.h"
#include "mp/pool.h"
#include "mp/process_impl.h"
#include "mp/wire.h"
#include "mp_kit.h"
#include "suite.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define FAULT_AT "MP_TEST_FAULT_AT"
#define EARLY    "MP_TEST_EARLY" /* what a child does before mp_init: "end", "stall" */

static struct mp_event *go;

static void make(void)
{
	go = kit_make(sizeof(*go));
	mp_event_create(go);
}

static void drop(void)
{
	unsetenv(FAULT_AT);
	unsetenv(EARLY);
	kit_drop();
}

static int wait_go(struct mp_child *self)
{
	struct mp_memory *m;
	struct mp_event *e = kit_attach(self, &m);
	int err = e ? mp_event_wait(e, 4 * WAIT_MS) : -ENOMEM;

	if (e)
		mp_memory_destroy(m);
	return err ? 1 : 0;
}

static const struct mp_entry entries[] = {
	{"give_back_argument", kit_give_back_argument}, {"wait_go", wait_go}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	const char *at = getenv(FAULT_AT), *early = getenv(EARLY);

	if (argc == 2 && early && !strcmp(early, "end"))
		_exit(0);
	while (argc == 2 && early)
		pause();
	if (argc == 2 && at) {
		fault_memory = true;
		fault_at = (unsigned)atoi(at);
	}
	mp_init(argc, argv, entries);
}

/* A start, and the child's end, with a fault on the other side or after one. Whether it was started. */
static bool start_beside_fault(enum mp_method method)
{
	struct mp_process_options o = {.entry = "give_back_argument", .method = method};
	struct mp_process *p;
	int code = 99, err = mp_process_start(&o, &p);

	ck_assert_msg(!err || err == -ECHILD || fault_says(err), "%s", strerror(-err));
	if (err)
		return false;
	ck_assert_int_eq(mp_process_join(p, WAIT_MS), 0);
	err = mp_process_exit_code(p, &code);
	/* Where the server could not tell the end, nobody knows the code. */
	ck_assert(!err || (err == -ECHILD && method == MP_FORKSERVER));
	ck_assert_int_eq(code, 99);
	ck_assert_int_eq(mp_process_close(p), 0);
	return true;
}

/* In the forkserver, or in the spawned child before its entry. */
START_TEST(a_call_that_fails_on_the_other_side_is_an_error_of_start)
{
	unsigned failed = 0;

	for (int k = 1; k <= 12; k++) {
		char number[16];

		snprintf(number, sizeof(number), "%d", k);
		setenv(FAULT_AT, number, 1);
		failed += !start_beside_fault(kit_method[_i]);
		unsetenv(FAULT_AT);
		/* The same server, if it lives, may only now come to its fault: there is one. */
		for (int i = 0; i < 3; i++)
			failed += !start_beside_fault(kit_method[_i]);
		ck_assert_int_eq(kit_end(kit_start("give_back_argument", kit_method[_i], 5)), 5);
		if (kit_method[_i] == MP_FORKSERVER) {
			kit_asleep(kit_server()); /* it closes when it has told */
			ck_assert_uint_eq(kit_fds(kit_server()), 3 + 1);
		}
		mp_forkserver_stop();
	}
	ck_assert_uint_ge(failed, 2);
	ck_assert_uint_le(failed, 12);
}
END_TEST

START_TEST(a_program_that_ends_before_mp_init_is_an_error_of_start)
{
	struct mp_process_options o = {.entry = "give_back_argument", .method = kit_method[_i]};
	struct mp_pool_options workers = {.entry = "give_back_argument",
		.tasks = (const struct mp_task[]){{NULL, NULL}},
		.workers = 2,
		.method = kit_method[_i]};
	struct mp_process *p;
	struct mp_pool *pool;

	setenv(EARLY, "end", 1);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(mp_process_start(&o, &p), -ECHILD);
	ck_assert_int_eq(mp_pool_create(&workers, &pool), -ECHILD);
	unsetenv(EARLY);
	ck_assert_int_eq(kit_end(kit_start("give_back_argument", kit_method[_i], 5)), 5);
}
END_TEST

START_TEST(a_child_that_does_not_begin_in_time_is_killed)
{
	struct mp_process_options o = {.entry = "give_back_argument", .method = MP_SPAWN};
	struct mp_process *p;

	setenv(EARLY, "stall", 1);
	/* As mp_process_start, which waits longer. */
	ck_assert_int_eq(mp_process_begin(&o, &p), 0);
	ck_assert_int_eq(mp_process_ready(p, mp_deadline_ns(30)), -ETIMEDOUT);
}
END_TEST

START_TEST(an_exec_that_fails_is_an_error_of_start)
{
	struct mp_process_options o = {.entry = "give_back_argument", .method = kit_method[_i]};
	struct mp_process *p;
	char *big = malloc(256 << 10);

	ck_assert_ptr_nonnull(big);
	memset(big, 'x', (256 << 10) - 1);
	big[(256 << 10) - 1] = '\0';
	setenv("MP_TEST_BIG", big, 1); /* one string of an environment has at most 128 KiB */
	ck_assert_int_eq(mp_process_start(&o, &p), -E2BIG);
	unsetenv("MP_TEST_BIG");
	free(big);
	ck_assert_int_eq(kit_end(kit_start("give_back_argument", kit_method[_i], 5)), 5);
}
END_TEST

/* So many descriptors more than it has now. */
static void allow_more(pid_t pid, unsigned more)
{
	struct rlimit limit;

	kit_asleep(pid);
	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &limit), 0);
	limit.rlim_cur = kit_fds(pid) + more;
	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, &limit, NULL), 0);
}

START_TEST(a_forkserver_out_of_descriptors_refuses_and_keeps_its_children)
{
	struct mp_process_options o = {.entry = "give_back_argument", .method = MP_FORKSERVER};
	struct mp_process *first = kit_start("wait_go", MP_FORKSERVER, 0), *p;
	pid_t server = kit_server();

	/* It needs three: two sockets, which come in one message, and a pidfd. */
	allow_more(server, 2);
	ck_assert_int_eq(mp_process_start(&o, &p), -EMFILE);
	allow_more(server, 1);
	ck_assert_int_eq(mp_process_start(&o, &p), -ECHILD);
	allow_more(server, 0);
	ck_assert_int_eq(mp_process_start(&o, &p), -ECHILD);
	ck_assert_int_eq(kit_server(), server);
	mp_event_set(go);
	ck_assert_int_eq(kit_end(first), 0);
	allow_more(server, 3);
	ck_assert_int_eq(kit_end(kit_start("give_back_argument", MP_FORKSERVER, 5)), 5);
}
END_TEST

START_TEST(descriptors_that_find_no_room_are_an_error_and_none_is_left)
{
	int pair[2], fds[2], got = -1;
	char byte = 1;
	struct iovec part = {&byte, 1};
	size_t n, nfds = 0;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	fds[0] = fds[1] = pair[0];
	ck_assert_int_eq(mp_wire_send(pair[0], &part, 1, fds, 2), 0);
	ck_assert_int_eq(mp_wire_receive(pair[1], &byte, 1, &n, &got, 1, &nfds, 0), -EMFILE);
	ck_assert_uint_eq(nfds, 1);
	close(got);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_start_errors");
	TCase *c = gated_case(s, "start errors");

	tcase_add_checked_fixture(c, make, drop);
	tcase_add_loop_test(c, a_call_that_fails_on_the_other_side_is_an_error_of_start,
		FIRST_PROCESS + 1, NMETHODS);
	tcase_add_loop_test(c, a_program_that_ends_before_mp_init_is_an_error_of_start,
		FIRST_PROCESS + 1, NMETHODS);
	tcase_add_loop_test(
		c, an_exec_that_fails_is_an_error_of_start, FIRST_PROCESS + 1, NMETHODS);
	tcase_add_test(c, a_child_that_does_not_begin_in_time_is_killed);
	tcase_add_test(c, a_forkserver_out_of_descriptors_refuses_and_keeps_its_children);
	tcase_add_test(c, descriptors_that_find_no_room_are_an_error_and_none_is_left);
	return s;
}
