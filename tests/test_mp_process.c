/*
 * test_mp_process.c - start, join, exit codes, signals and failed starts, under every start method
 *
 * sanitize: thread
 */
#include "mp/event.h"
#include "mp/process.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct shared {
	struct mp_event go, begun;
};

static struct shared *shared;

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->go);
	mp_event_create(&shared->begun);
}

/* ---- what the children do ---- */

static int call_exit(struct mp_child *self)
{
	exit(kit_number(self));
}

static int check_self(struct mp_child *self)
{
	const pid_t *parent = mp_child_argument(self, NULL);

	if (strcmp(mp_child_name(self), "a name that is longer than the ") != 0)
		return 1;
	if (mp_child_parent(self) != *parent)
		return 2;
	return mp_child_handle(self, 1) == NULL && mp_child_handle(self, 0) ? 0 : 3;
}

static int sum_bytes(struct mp_child *self)
{
	size_t nbytes;
	const unsigned char *bytes = mp_child_argument(self, &nbytes);
	unsigned sum = 0;

	for (size_t i = 0; i < nbytes; i++)
		sum += bytes[i];
	return nbytes == MP_ARGUMENT_MAX ? (int)(sum % 251) : 255;
}

static int wait_go(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err;

	if (!s)
		return 1;
	mp_event_set(&s->begun);
	err = mp_event_wait(&s->go, 4 * WAIT_MS);
	mp_memory_destroy(m);
	return err ? 2 : 0;
}

static struct mp_process *own; /* of the thread that joins itself */

static int join_itself(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err;

	mp_event_wait(&s->go, WAIT_MS);
	err = mp_process_join(own, MP_FOREVER);
	if (mp_process_join(own, 0) != err || !mp_process_is_alive(own))
		err = -1;
	mp_memory_destroy(m);
	return -err;
}

static int ignore_terminate(struct mp_child *self)
{
	signal(SIGTERM, SIG_IGN);
	return wait_go(self);
}

static int raise_signal(struct mp_child *self)
{
	const struct sigaction plain = {.sa_handler = SIG_DFL};
	int signo = kit_number(self);

	/* A sanitizer, or the test's runner in a forked child, may have a handler of its own. */
	sigaction(signo, &plain, NULL);
	raise(signo);
	return 0;
}

static const struct mp_entry entries[] = {{"give_back_argument", kit_give_back_argument},
	{"call_exit", call_exit}, {"check_self", check_self}, {"sum_bytes", sum_bytes},
	{"wait_go", wait_go}, {"join_itself", join_itself}, {"ignore_terminate", ignore_terminate},
	{"raise_signal", raise_signal}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

/* ---- start and join ---- */

START_TEST(a_child_runs_its_entry_with_its_argument)
{
	for (int code = 0; code < 256; code += 51)
		ck_assert_int_eq(
			kit_end(kit_start("give_back_argument", kit_method[_i], code)), code);
	ck_assert_int_eq(kit_end(kit_start("give_back_argument", kit_method[_i], 256)), 0);
	ck_assert_int_eq(kit_end(kit_start("give_back_argument", kit_method[_i], -1)), 255);
}
END_TEST

START_TEST(a_child_may_call_exit)
{
	ck_assert_int_eq(kit_end(kit_start("call_exit", kit_method[_i], 7)), 7);
}
END_TEST

START_TEST(a_child_knows_its_name_its_parent_and_its_handles)
{
	struct mp_handle handle = mp_memory_handle(kit_memory);
	pid_t me = getpid();
	struct mp_process_options o = {.entry = "check_self",
		.argument = &me,
		.nbytes = sizeof(me),
		.handles = &handle,
		.nhandles = 1,
		.method = kit_method[_i],
		.name = "a name that is longer than the thirty-one letters kept"};
	struct mp_process *p;

	ck_assert_int_eq(mp_process_start(&o, &p), 0);
	ck_assert_str_eq(mp_process_name(p), "a name that is longer than the ");
	ck_assert_int_eq(mp_process_pid(p) == me, kit_method[_i] == MP_THREAD);
	ck_assert(!mp_process_is_daemon(p));
	ck_assert_int_eq(kit_end(p), 0);
}
END_TEST

START_TEST(an_argument_may_have_64_kib)
{
	static unsigned char bytes[MP_ARGUMENT_MAX];
	struct mp_process_options o = {.entry = "sum_bytes",
		.argument = bytes,
		.nbytes = sizeof(bytes),
		.method = kit_method[_i]};
	struct mp_process *p;
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		sum += bytes[i] = (unsigned char)(i * 7 + i / 256);
	ck_assert_int_eq(mp_process_start(&o, &p), 0);
	ck_assert_int_eq(kit_end(p), (int)(sum % 251));
	o.nbytes++;
	ck_assert_int_eq(mp_process_start(&o, &p), -E2BIG);
}
END_TEST

START_TEST(join_waits_no_longer_than_told)
{
	struct mp_process *p = kit_start("wait_go", kit_method[_i], 0), *listed[1];
	struct pollfd sentinel = {.fd = mp_process_sentinel(p), .events = POLLIN};
	int code;

	ck_assert_int_eq(mp_process_join(p, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_process_join(p, -1), -ETIMEDOUT);
	ck_assert_int_eq(mp_process_join(p, 10), -ETIMEDOUT);
	ck_assert(mp_process_is_alive(p));
	ck_assert_int_eq(mp_process_exit_code(p, &code), -EBUSY);
	ck_assert_int_eq(mp_process_close(p), -EBUSY);
	ck_assert_uint_eq(mp_active_children(NULL, 0), 1);
	ck_assert_uint_eq(mp_active_children(listed, 1), 1);
	ck_assert_ptr_eq(listed[0], p);
	ck_assert_int_eq(poll(&sentinel, 1, 0), 0);
	mp_event_set(&shared->go);
	ck_assert_int_eq(poll(&sentinel, 1, WAIT_MS), 1);
	ck_assert_int_eq(mp_process_join(p, MP_FOREVER), 0);
	ck_assert_int_eq(mp_process_join(p, MP_FOREVER), 0);
	ck_assert(!mp_process_is_alive(p));
	ck_assert_uint_eq(mp_active_children(NULL, 0), 0);
	ck_assert_int_eq(kit_end(p), 0);
	ck_assert_int_eq(mp_process_close(NULL), 0);
}
END_TEST

START_TEST(methods_work_side_by_side)
{
	struct mp_process *p[8];

	/* Threads come last: while one lives, fork is refused. */
	for (int i = 0; i < 8; i++)
		p[i] = kit_start("give_back_argument", kit_method[(7 - i) / 2 % NMETHODS], i);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(kit_end(p[i]), i);
}
END_TEST

/* ---- ends ---- */

START_TEST(a_signal_is_a_negative_exit_code)
{
	static const int signals[] = {SIGKILL, SIGTERM, SIGABRT, SIGSEGV, SIGUSR1, SIGHUP};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		ck_assert_int_eq(kit_end(kit_start("raise_signal", kit_method[_i], signals[i])),
			-signals[i]);
}
END_TEST

START_TEST(terminate_and_kill_end_a_child_and_nothing_else_later)
{
	struct mp_process *p = kit_start("wait_go", kit_method[_i], 0);

	ck_assert_int_eq(mp_process_terminate(p), 0);
	ck_assert_int_eq(mp_process_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_process_terminate(p), 0);
	ck_assert_int_eq(mp_process_kill(p), 0);
	ck_assert_int_eq(kit_end(p), -SIGTERM);
	mp_event_clear(&shared->begun);
	p = kit_start("ignore_terminate", kit_method[_i], 0);
	ck_assert_int_eq(mp_event_wait(&shared->begun, WAIT_MS), 0);
	ck_assert_int_eq(mp_process_terminate(p), 0);
	ck_assert_int_eq(mp_process_join(p, 10), -ETIMEDOUT);
	ck_assert_int_eq(mp_process_kill(p), 0);
	ck_assert_int_eq(kit_end(p), -SIGKILL);
}
END_TEST

START_TEST(a_thread_cannot_be_killed)
{
	struct mp_process *p = kit_start("wait_go", MP_THREAD, 0);

	ck_assert_int_eq(mp_process_terminate(p), -ENOTSUP);
	ck_assert_int_eq(mp_process_kill(p), -ENOTSUP);
	mp_event_set(&shared->go);
	ck_assert_int_eq(kit_end(p), 0);
}
END_TEST

START_TEST(a_child_of_another_user_gets_no_signal)
{
	enum { NOBODY = 65534 };
	struct mp_process *p;

	if (geteuid() != 0)
		skip_test("needs root, to be somebody else for a moment");
	p = kit_start("wait_go", MP_SPAWN, 0);
	ck_assert_int_eq(setresuid(NOBODY, NOBODY, 0), 0);
	ck_assert_int_eq(mp_process_terminate(p), -EPERM);
	ck_assert_int_eq(mp_process_kill(p), -EPERM);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	mp_event_set(&shared->go);
	ck_assert_int_eq(kit_end(p), 0);
}
END_TEST

START_TEST(a_thread_that_waits_for_itself_is_told_so)
{
	struct mp_process *p = own = kit_start("join_itself", MP_THREAD, 0);

	mp_event_set(&shared->go);
	ck_assert_int_eq(kit_end(p), EDEADLK);
}
END_TEST

/* ---- trouble ---- */

START_TEST(what_cannot_be_started_is_refused)
{
	struct mp_handle none = {.kind = MP_HANDLE_NONE};
	struct mp_handle taken = {.kind = MP_HANDLE_PIPE, .fd = -1};
	struct mp_process *p;
	struct mp_process_options o = {.entry = "no such entry", .method = kit_method[_i]};

	ck_assert_int_eq(mp_process_start(&o, &p), -ENOENT);
	o.entry = NULL;
	ck_assert_int_eq(mp_process_start(&o, &p), -EINVAL);
	ck_assert_int_eq(mp_process_start(NULL, &p), -EINVAL);
	o.entry = "give_back_argument";
	o.nbytes = 1;
	ck_assert_int_eq(mp_process_start(&o, &p), -EINVAL);
	o.argument = &p;
	o.nbytes = SIZE_MAX;
	ck_assert_int_eq(mp_process_start(&o, &p), -E2BIG);
	o.nbytes = 0;
	o.nhandles = 1;
	ck_assert_int_eq(mp_process_start(&o, &p), -EINVAL);
	o.handles = &none;
	ck_assert_int_eq(mp_process_start(&o, &p), -EINVAL);
	o.handles = &taken;
	ck_assert_int_eq(mp_process_start(&o, &p), -EBADF);
	o.nhandles = MP_HANDLES_MAX + 1;
	ck_assert_int_eq(mp_process_start(&o, &p), -E2BIG);
	o.nhandles = SIZE_MAX;
	ck_assert_int_eq(mp_process_start(&o, &p), -E2BIG);
	o.nhandles = 0;
	o.method = (enum mp_method)(MP_THREAD + 1);
	ck_assert_int_eq(mp_process_start(&o, &p), -EINVAL);
}
END_TEST

START_TEST(out_of_descriptors_is_an_error_of_start)
{
	int fds[4096], n = 0;
	struct mp_process_options o = {.entry = "give_back_argument", .method = kit_method[_i]};
	struct mp_process *p;

	if (kit_method[_i] == MP_FORKSERVER)
		ck_assert_int_eq(kit_end(kit_start("give_back_argument", MP_FORKSERVER, 0)), 0);
	while (n < 4096 && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	if (n < 4096)
		for (int left = 0; left < 6; left++) {
			int err = mp_process_start(&o, &p);

			if (!err)
				ck_assert_int_eq(kit_end(p), 99);
			else
				ck_assert_int_eq(err, -EMFILE);
			close(fds[--n]);
		}
	while (n > 0)
		close(fds[--n]);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_process");
	TCase *c = gated_case(s, "start");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_child_runs_its_entry_with_its_argument, 0, NMETHODS);
	tcase_add_loop_test(c, a_child_may_call_exit, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_child_knows_its_name_its_parent_and_its_handles, 0, NMETHODS);
	tcase_add_loop_test(c, an_argument_may_have_64_kib, 0, NMETHODS);
	tcase_add_loop_test(c, join_waits_no_longer_than_told, 0, NMETHODS);
	tcase_add_test(c, methods_work_side_by_side);
	c = gated_case(s, "end");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_signal_is_a_negative_exit_code, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(
		c, terminate_and_kill_end_a_child_and_nothing_else_later, FIRST_PROCESS, NMETHODS);
	tcase_add_test(c, a_thread_cannot_be_killed);
	tcase_add_test(c, a_thread_that_waits_for_itself_is_told_so);
	if (NMETHODS > 1)
		tcase_add_test(c, a_child_of_another_user_gets_no_signal);
	c = gated_case(s, "trouble");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, what_cannot_be_started_is_refused, 0, NMETHODS);
	tcase_add_loop_test(c, out_of_descriptors_is_an_error_of_start, 0, NMETHODS);
	return s;
}
