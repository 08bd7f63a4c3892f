/*
 * test_mp_lives.c - what outlives what: parents, daemons, forkservers; and what children inherit
 *
 * deadline: 300
 * sanitize: thread
 */
#include "mp/event.h"
#include "mp/process.h"
#include "mp_kit.h"
#include "suite.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TREE 6 /* a parent, three children, and two more of one of them */

struct shared {
	struct mp_event go, begun;
	_Atomic pid_t tree[TREE];
	_Atomic uint32_t fds, ties; /* ties: sockets and pipes beyond the standard three */
	_Atomic uint32_t daemon_waited, other_finished;
};

static struct shared *shared;

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->go);
	mp_event_create(&shared->begun);
}

/* ---- what the children do ---- */

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

static void count_open(struct shared *s)
{
	DIR *d = opendir("/proc/self/fd");
	struct dirent *e;

	s->fds = s->ties = 0;
	while (d && (e = readdir(d))) {
		int fd = atoi(e->d_name);
		struct stat st;

		if (e->d_name[0] == '.' || fd == dirfd(d))
			continue;
		s->fds++;
		s->ties += fd > STDERR_FILENO && fstat(fd, &st) == 0 &&
			   (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode));
	}
	if (d)
		closedir(d);
}

static int count_fds(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	if (!s)
		return 1;
	count_open(s);
	mp_memory_destroy(m);
	return 0;
}

static struct mp_process *start_in(struct mp_memory *m, const char *entry, enum mp_method method,
	bool daemon, const void *argument, size_t nbytes)
{
	struct mp_handle handle = mp_memory_handle(m);
	struct mp_process_options o = {.entry = entry,
		.argument = argument,
		.nbytes = nbytes,
		.handles = &handle,
		.nhandles = 1,
		.method = method,
		.daemon = daemon};
	struct mp_process *p = NULL;

	return mp_process_start(&o, &p) ? NULL : p;
}

static int tell_number(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	if (!s)
		return 1;
	s->tree[kit_number(self)] = getpid();
	for (;;)
		mp_event_wait(&s->go, WAIT_MS);
}

static int be_branch(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	for (int i = 4; s && i < TREE; i++)
		if (!start_in(m, "tell_number", i == 4 ? MP_FORK : MP_SPAWN, false, &i, sizeof(i)))
			return 1;
	if (!s)
		return 2;
	s->tree[kit_number(self)] = getpid();
	for (;;)
		mp_event_wait(&s->go, WAIT_MS);
}

/* Starts three children, one of each kind, and waits for ever, as they do. */
static int be_parent(struct mp_child *self)
{
	static const enum mp_method kinds[] = {MP_FORK, MP_SPAWN, MP_FORKSERVER};
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	for (int i = 1; s && i < 4; i++)
		if (!start_in(m, i == 1 ? "be_branch" : "tell_number", kinds[i - 1], false, &i,
			    sizeof(i)))
			return 1;
	if (!s)
		return 2;
	s->tree[0] = getpid();
	mp_event_set(&s->begun);
	for (;;)
		mp_event_wait(&s->go, WAIT_MS);
}

static int wait_for_the_term(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	sigset_t term;
	int signo;

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	mp_event_set(&s->begun);
	sigwait(&term, &signo);
	s->daemon_waited = 1;
	mp_memory_destroy(m);
	return 0;
}

static int ignore_term(struct mp_child *self)
{
	signal(SIGTERM, SIG_IGN);
	return tell_number(self);
}

/* Ends with three daemons that ignore SIGTERM, one of each kind, and one of them stopped. */
static int exit_with_deaf_daemons(struct mp_child *self)
{
	static const enum mp_method kinds[] = {MP_FORK, MP_SPAWN, MP_FORKSERVER};
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	for (int i = 0; s && i < 3; i++)
		if (!start_in(m, "ignore_term", kinds[i], true, &i, sizeof(i)))
			return 1;
	for (int i = 0; s && i < 3; i++)
		while (!s->tree[i])
			sched_yield();
	if (s && kill(s->tree[2], SIGSTOP))
		return 2;
	mp_memory_destroy(m);
	return s ? 0 : 3;
}

static int finish_late(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	/* The daemon's end comes before: that is the order of the parent's exit. */
	while (!s->daemon_waited)
		sched_yield();
	s->other_finished = 1;
	mp_memory_destroy(m);
	return 0;
}

/* Both ways out, exit and return, end daemons and wait for the others. */
static int exit_with_children(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	if (!s || !start_in(m, "wait_for_the_term", MP_SPAWN, true, NULL, 0) ||
		!start_in(m, "finish_late", MP_SPAWN, false, NULL, 0))
		return 1;
	mp_event_wait(&s->begun, WAIT_MS);
	mp_memory_destroy(m);
	if (kit_number(self))
		exit(0);
	return 0;
}

static int daemon_starts(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	struct mp_handle handle;
	struct mp_process_options o = {
		.entry = "wait_go", .handles = &handle, .nhandles = 1, .method = MP_SPAWN};
	struct mp_process *p;
	int err;

	if (!s)
		return 1;
	handle = mp_memory_handle(m);
	err = mp_process_start(&o, &p);
	mp_memory_destroy(m);
	return -err;
}

#if defined(__SANITIZE_ADDRESS__)
/* Some of them: the last one's address may still stand in a register. */
static int leak_some(struct mp_child *self)
{
	for (int i = 0; i < 100; i++)
		if (!malloc((size_t)kit_number(self)))
			return 1;
	/* The report is expected. */
	close(STDERR_FILENO);
	return open("/dev/null", O_WRONLY | O_CLOEXEC) < 0;
}
#endif

static const struct mp_entry entries[] = {{"give_back_argument", kit_give_back_argument},
	{"wait_go", wait_go}, {"count_fds", count_fds}, {"tell_number", tell_number},
	{"be_parent", be_parent}, {"wait_for_the_term", wait_for_the_term},
	{"finish_late", finish_late}, {"exit_with_children", exit_with_children},
	{"daemon_starts", daemon_starts}, {"be_branch", be_branch}, {"ignore_term", ignore_term},
	{"exit_with_deaf_daemons", exit_with_deaf_daemons},
#if defined(__SANITIZE_ADDRESS__)
	{"leak_some", leak_some},
#endif
	{NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

START_TEST(where_sigchld_is_ignored_the_exit_code_is_unknown_and_join_returns)
{
	struct mp_process *p;
	int code;

	signal(SIGCHLD, SIG_IGN);
	p = kit_start("give_back_argument", kit_method[_i], 3);
	ck_assert_int_eq(mp_process_join(p, WAIT_MS), 0);
	if (kit_method[_i] == MP_FORKSERVER)
		ck_assert_int_eq(
			mp_process_exit_code(p, &code), 0); /* the server does not ignore it */
	else
		ck_assert_int_eq(mp_process_exit_code(p, &code), -ECHILD);
	ck_assert_int_eq(mp_process_close(p), 0);
	signal(SIGCHLD, SIG_DFL);
}
END_TEST

START_TEST(a_killed_forkserver_is_replaced_and_its_children_go_on)
{
	struct mp_process *p = kit_start("wait_go", MP_FORKSERVER, 0);
	int code;

	mp_forkserver_stop();
	ck_assert(mp_process_is_alive(p));
	ck_assert_int_eq(kit_end(kit_start("give_back_argument", MP_FORKSERVER, 5)), 5);
	mp_event_set(&shared->go);
	ck_assert_int_eq(mp_process_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_process_exit_code(p, &code), -ECHILD);
	ck_assert_int_eq(mp_process_close(p), 0);
}
END_TEST

START_TEST(a_clean_child_has_the_standard_descriptors_its_socket_and_its_handles)
{
	int extra = open("/dev/null", O_RDONLY); /* inheritable, on purpose */

	ck_assert_int_eq(kit_end(kit_start("count_fds", kit_method[_i], 0)), 0);
	ck_assert_uint_eq(shared->fds, 3 + 1 + 1);
	ck_assert_uint_eq(shared->ties, 1);
	close(extra);
}
END_TEST

START_TEST(a_forked_child_has_none_of_its_brothers_sockets_and_pipes)
{
	struct mp_process *brother[3];
	uint32_t ours;

	count_open(shared);
	ours = shared->ties;
	for (int i = 0; i < 3; i++)
		brother[i] = kit_start("wait_go", kit_method[_i], 0);
	ck_assert_int_eq(kit_end(kit_start("count_fds", MP_FORK, 0)), 0);
	/* Its own; and the forkserver's, and three for three statuses, where there are such. */
	ck_assert_uint_eq(shared->ties, ours + (kit_method[_i] == MP_FORKSERVER ? 1 + 1 + 3 : 1));
	mp_event_set(&shared->go);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(kit_end(brother[i]), 0);
}
END_TEST

/* Whether a process has ended or ends within WAIT_MS. */
static bool ends(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = fd < 0 || poll(&p, 1, WAIT_MS) == 1;

	if (fd >= 0)
		close(fd);
	return ended;
}

START_TEST(the_parents_death_ends_the_whole_tree)
{
	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *p;
		uint64_t end_ns = mp_deadline_ns(WAIT_MS);

		for (int k = 0; k < TREE; k++)
			shared->tree[k] = 0;
		mp_event_clear(&shared->begun);
		p = kit_start("be_parent", kit_method[_i], 0);
		ck_assert_int_eq(mp_event_wait(&shared->begun, WAIT_MS), 0);
		for (int k = 1; k < TREE; k++)
			while (!shared->tree[k])
				ck_assert(mp_now_ns() < end_ns);
		ck_assert_int_eq(mp_process_kill(p), 0);
		for (int k = 0; k < TREE; k++)
			ck_assert_msg(ends(shared->tree[k]), "member %d of the tree lives", k);
		ck_assert_int_eq(kit_end(p), -SIGKILL);
	}
}
END_TEST

START_TEST(at_exit_daemons_are_ended_first_and_others_waited_for)
{
	for (int by_exit = 0; by_exit < 2; by_exit++) {
		mp_event_clear(&shared->begun);
		shared->daemon_waited = shared->other_finished = 0;
		ck_assert_int_eq(
			kit_end(kit_start("exit_with_children", kit_method[_i], by_exit)), 0);
		ck_assert_uint_eq(shared->daemon_waited, 1);
		ck_assert_uint_eq(shared->other_finished, 1);
	}
}
END_TEST

START_TEST(at_exit_daemons_that_do_not_end_are_killed)
{
	ck_assert_int_eq(kit_end(kit_start("exit_with_deaf_daemons", kit_method[_i], 0)), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(ends(shared->tree[i]), "daemon %d lives", i);
}
END_TEST

START_TEST(a_daemon_may_not_have_children)
{
	struct mp_process *p = start_in(kit_memory, "daemon_starts", kit_method[_i], true, NULL, 0);

	ck_assert_ptr_nonnull(p);
	ck_assert(mp_process_is_daemon(p));
	ck_assert_int_eq(kit_end(p), EINVAL);
}
END_TEST

#if defined(__SANITIZE_ADDRESS__)
START_TEST(a_child_that_leaks_says_so_by_its_exit_code)
{
	ck_assert_int_eq(kit_end(kit_start("leak_some", kit_method[_i], 100)), 23);
}
END_TEST
#endif

START_TEST(ten_thousand_starts_leave_everything_as_it_was)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	int n = 250;
#else
	int n = 10000;
#endif

	for (int i = 0; i < n; i++)
		ck_assert_int_eq(
			kit_end(kit_start("give_back_argument", kit_method[_i], i & 255)), i & 255);
	/* The gate sees what is left here, but not what is left in the server. */
	if (kit_method[_i] == MP_FORKSERVER) {
		pid_t server = kit_server();

		kit_asleep(server);
		ck_assert_uint_eq(kit_fds(server), 3 + 1);
		ck_assert_uint_eq(kit_children(server), 0);
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_lives");
	TCase *c = gated_case(s, "inherit");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c,
		a_clean_child_has_the_standard_descriptors_its_socket_and_its_handles,
		FIRST_PROCESS + 1, NMETHODS);
	tcase_add_loop_test(c, a_forked_child_has_none_of_its_brothers_sockets_and_pipes,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_daemon_may_not_have_children, FIRST_PROCESS, NMETHODS);
	c = gated_case(s, "lives");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_set_timeout(c, 60);
	if (NMETHODS > 1)
		tcase_add_test(c, a_killed_forkserver_is_replaced_and_its_children_go_on);
	tcase_add_loop_test(c, where_sigchld_is_ignored_the_exit_code_is_unknown_and_join_returns,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, the_parents_death_ends_the_whole_tree, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(
		c, at_exit_daemons_are_ended_first_and_others_waited_for, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, at_exit_daemons_that_do_not_end_are_killed, FIRST_PROCESS, NMETHODS);
#if defined(__SANITIZE_ADDRESS__)
	tcase_add_loop_test(
		c, a_child_that_leaks_says_so_by_its_exit_code, FIRST_PROCESS, NMETHODS);
#endif
	tcase_add_loop_test(c, ten_thousand_starts_leave_everything_as_it_was, 0, NMETHODS);
	return s;
}
