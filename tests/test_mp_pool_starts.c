/*
 * test_mp_pool_starts.c - pools that cannot be made, workers that cannot begin, what is refused
 *
 * deadline: 300
 * sanitize: thread
 */
#include "mp/event.h"
#include "mp/pool.h"
#include "mp_kit.h"
#include "suite.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STARTS_MAX 16 /* in vain, before a pool says that it is broken */

struct shared {
	_Atomic uint32_t starts;
	_Atomic uint32_t argument_sum;
	_Atomic uint32_t healthy; /* initializers that may still succeed */
	struct mp_event go;
};

static struct shared *shared;

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->go);
}

/* ---- failures on demand: calls number fail_at to fail_at + fail_for - 1 of these from now on fail ---- */

static _Atomic unsigned fail_at, fail_for = 1;

static bool fails_now(void)
{
	if (fail_at == 0)
		return false;
	if (fail_at > 1) {
		fail_at--;
		return false;
	}
	if (fail_for > 1)
		fail_for--;
	else
		fail_at = 0;
	return true;
}

#define REAL(type, name) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

pid_t fork(void)
{
	if (!fails_now())
		return REAL(pid_t(*)(void), "fork")();
	errno = EAGAIN;
	return -1;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
	const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attr,
	char *const argv[restrict], char *const envp[restrict])
{
	int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
		const posix_spawnattr_t *, char *const[], char *const[]) =
		REAL(int (*)(pid_t *, const char *, const posix_spawn_file_actions_t *,
			     const posix_spawnattr_t *, char *const[], char *const[]),
			"posix_spawn");

	return fails_now() ? EAGAIN : real(pid, path, actions, attr, argv, envp);
}

int socketpair(int domain, int type, int protocol, int pair[2])
{
	if (!fails_now())
		return REAL(int (*)(int, int, int, int[2]), "socketpair")(
			domain, type, protocol, pair);
	errno = EMFILE;
	return -1;
}

int pidfd_open(pid_t pid, unsigned flags)
{
	if (!fails_now())
		return (int)syscall(SYS_pidfd_open, pid, flags);
	errno = EMFILE;
	return -1;
}

int eventfd(unsigned count, int flags)
{
	if (!fails_now())
		return (int)syscall(SYS_eventfd2, count, flags);
	errno = EMFILE;
	return -1;
}

int memfd_create(const char *name, unsigned flags)
{
	if (!fails_now())
		return (int)syscall(SYS_memfd_create, name, flags);
	errno = EMFILE;
	return -1;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
	void *(*start)(void *), void *restrict arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		REAL(int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *),
			"pthread_create");

	return fails_now() ? EAGAIN : real(thread, attr, start, arg);
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

static struct shared *begin(struct mp_child *self, struct mp_memory **m)
{
	struct shared *s = kit_attach(self, m);

	s->starts++;
	s->argument_sum += (uint32_t)kit_number(self);
	return s;
}

static int worker(struct mp_child *self)
{
	struct mp_memory *m;
	int err;

	begin(self, &m);
	err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 1 : 0;
}

/* An initializer that fails unless it is one of the healthy. */
static int sick(struct mp_child *self, int how)
{
	struct mp_memory *m;
	struct shared *s = begin(self, &m);
	uint32_t healthy = s->healthy;
	int code = how;

	while (healthy > 0 && !atomic_compare_exchange_weak(&s->healthy, &healthy, healthy - 1))
		;
	if (healthy > 0)
		code = mp_pool_work(self, tasks);
	else if (how == 0)
		raise(SIGKILL);
	mp_memory_destroy(m);
	return code;
}

static int killed_early(struct mp_child *self)
{
	return sick(self, 0);
}

static int returns_early(struct mp_child *self)
{
	return sick(self, 5);
}

static int other_table(struct mp_child *self)
{
	struct mp_memory *m;
	int err;

	begin(self, &m);
	err = mp_pool_work(self, fewer);
	mp_memory_destroy(m);
	return err == -EINVAL ? 6 : 7;
}

static int slow(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = begin(self, &m);
	int err = mp_event_wait(&s->go, 4 * WAIT_MS);

	if (!err)
		err = mp_pool_work(self, tasks);
	mp_memory_destroy(m);
	return err ? 1 : 0;
}

static int no_pool(struct mp_child *self)
{
	return mp_pool_work(self, tasks) == -EINVAL ? 0 : 1;
}

static const struct mp_entry entries[] = {{"worker", worker}, {"killed_early", killed_early},
	{"returns_early", returns_early}, {"other_table", other_table}, {"slow", slow},
	{"no_pool", no_pool}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static int try_pool(const char *entry, enum mp_method method, uint32_t workers, struct mp_pool **p)
{
	struct mp_handle handle = mp_memory_handle(kit_memory);
	int number = 7;

	return mp_pool_create(&(struct mp_pool_options){.entry = entry,
				      .tasks = tasks,
				      .workers = workers,
				      .method = method,
				      .argument = &number,
				      .nbytes = sizeof(number),
				      .handles = &handle,
				      .nhandles = 1,
				      .ring_bytes = 4096},
		p);
}

static struct mp_pool *make_pool(const char *entry, enum mp_method method, uint32_t workers)
{
	struct mp_pool *p = NULL;
	int err = try_pool(entry, method, workers, &p);

	ck_assert_msg(err == 0, "create: %s", strerror(-err));
	return p;
}

#define N 100

static uint64_t items[N], results[N];
static struct mp_outcome outcomes[N];

static struct mp_map squares(void)
{
	for (size_t i = 0; i < N; i++) {
		items[i] = i;
		results[i] = 0;
	}
	return (struct mp_map){.task = "square",
		.items = items,
		.item_bytes = 8,
		.n = N,
		.results = results,
		.result_bytes = 8,
		.outcomes = outcomes,
		.chunk = 1};
}

static void all_well(struct mp_pool *p)
{
	struct mp_map m = squares();
	size_t failed = 99;

	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	for (size_t i = 0; i < N; i++)
		ck_assert_uint_eq(results[i], i * i + 1);
}

static void kill_all(const struct mp_pool *p)
{
	pid_t pids[64];
	size_t n = mp_pool_pids(p, pids, 64);

	for (size_t i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
}

/* ---- begin ---- */

START_TEST(each_workers_initializer_runs_once_with_its_argument)
{
	struct mp_pool *p = make_pool("worker", kit_method[_i], 5);

	for (int i = 0; i < 5; i++)
		all_well(p);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_uint_eq(shared->starts, 5);
	ck_assert_uint_eq(shared->argument_sum, 5 * 7);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(without_a_number_there_are_as_many_workers_as_cpus)
{
	struct mp_pool *p = make_pool("worker", kit_method[_i], 0);
	cpu_set_t set;
	int n;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
	n = CPU_COUNT(&set);
	all_well(p);
	ck_assert_int_eq((int)mp_pool_pids(p, NULL, 0), n);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* What is submitted meanwhile waits, and a pool that is closed meanwhile ends. */
START_TEST(a_slow_initializer_holds_nothing_up_but_its_tasks)
{
	struct mp_pool *p = make_pool("slow", kit_method[_i], 2);
	struct mp_map m = squares();
	struct mp_async *a;

	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	ck_assert_int_eq(mp_async_wait(a, 30), -ETIMEDOUT);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, 0), -ETIMEDOUT);
	mp_event_set(&shared->go);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_async_wait(a, 0), 0);
	ck_assert_uint_eq(mp_async_failed(a), 0);
	ck_assert_int_eq(mp_async_close(a), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- starts in vain ---- */

static void expect_broken(struct mp_pool *p, int why)
{
	struct mp_map m = squares();
	size_t failed;

	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, N);
	for (size_t i = 0; i < N; i++) {
		ck_assert_int_eq(outcomes[i].kind, MP_OUTCOME_CANCELLED);
		ck_assert_int_eq(outcomes[i].code, why);
		ck_assert_int_eq(outcomes[i].pid, 0);
	}
	ck_assert_int_eq(mp_pool_map(p, &m, &failed), why);
	ck_assert_uint_eq(mp_pool_pids(p, NULL, 0), 0);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}

START_TEST(workers_that_all_end_before_they_are_ready_break_the_pool_after_few_starts)
{
	static const char *const how[] = {"returns_early", "other_table", "killed_early"};
	static const uint32_t workers[] = {1, 2, 64};

	/* A thread cannot be killed. */
	for (int i = 0; i < (kit_method[_i] == MP_THREAD ? 2 : 3); i++)
		for (int k = 0; k < 3; k++) {
			shared->starts = 0;
			expect_broken(make_pool(how[i], kit_method[_i], workers[k]), -ECHILD);
			ck_assert_uint_ge(shared->starts, 5);
			ck_assert_uint_le(shared->starts, STARTS_MAX);
		}
}
END_TEST

START_TEST(one_worker_that_works_is_enough)
{
	struct mp_pool *p;

	shared->healthy = 1;
	p = make_pool("returns_early", kit_method[_i], 6);
	for (int i = 0; i < 20; i++)
		all_well(p);
	if (kit_method[_i] != MP_THREAD) {
		/* Its end is that of the pool: nobody has become ready since. */
		while (mp_pool_pids(p, NULL, 0) > 1)
			mp_pool_poll(p, 1);
		shared->healthy = 0;
		kill_all(p);
		expect_broken(p, -ECHILD);
	} else {
		ck_assert_int_eq(mp_pool_destroy(p), 0);
	}
}
END_TEST

START_TEST(whatever_call_of_a_create_fails_it_says_so_and_leaves_nothing)
{
	unsigned k;

	/* The gate of the case sees what is left behind. */
	for (k = 1; k < 60; k++) {
		struct mp_pool *p;
		int err;

		fail_at = k;
		err = try_pool("worker", kit_method[_i], 4, &p);
		if (fail_at > 0) {
			fail_at = 0;
			ck_assert_int_eq(err, 0);
			all_well(p);
			ck_assert_int_eq(mp_pool_destroy(p), 0);
			break;
		}
		mp_forkserver_stop(); /* so that the next start starts it again */
		ck_assert_msg(err == -EAGAIN || err == -EMFILE, "call %u: %s", k, strerror(-err));
	}
	ck_assert_uint_gt(k, 1 + 1 + 4);
	ck_assert_uint_lt(k, 60);
}
END_TEST

START_TEST(a_pool_bears_starts_that_fail_for_a_while)
{
	struct mp_pool *p = make_pool("worker", kit_method[_i], 2);

	for (int i = 0; i < 3; i++) {
		all_well(p);
		mp_forkserver_stop();
		fail_for = 3;
		fail_at = 1;
		kill_all(p);
		all_well(p);
		ck_assert_uint_eq(fail_at, 0);
	}
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(a_pool_that_can_start_no_more_workers_says_why)
{
	struct mp_pool *p = make_pool("worker", kit_method[_i], 2);

	all_well(p);
	mp_forkserver_stop();
	kill_all(p);
	fail_for = 1000;
	fail_at = 1;
	/* The socket, which all three need first. */
	expect_broken(p, -EMFILE);
	fail_at = 0;
}
END_TEST

/* ---- refused ---- */

START_TEST(a_pool_that_cannot_be_is_refused)
{
	const struct mp_pool_options wrong[] = {{.entry = NULL, .tasks = tasks},
		{.entry = "worker", .tasks = NULL},
		{.entry = "worker", .tasks = tasks, .workers = MP_POOL_WORKERS_MAX + 1},
		{.entry = "worker", .tasks = tasks, .ring_bytes = MP_POOL_RING_MAX + 1},
		{.entry = "worker", .tasks = tasks, .nbytes = 1},
		{.entry = "worker", .tasks = tasks, .nhandles = 1},
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
	struct mp_pool *p = make_pool("worker", kit_method[_i], 2);
	struct mp_map m = squares();
	struct mp_call c = {.task = "none", .item = items, .item_bytes = 8, .result_bytes = 8};

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
	c = (struct mp_call){.task = "square", .item_bytes = 8};
	ck_assert_int_eq(mp_pool_apply(p, &c, NULL, NULL), -EINVAL);
	c = (struct mp_call){.task = "square", .item = items, .item_bytes = 2048};
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
	ck_assert_int_eq(try_pool("worker", MP_FORK, 2, &p), -EDEADLK);
	mp_event_set(&shared->go);
	pthread_join(t, NULL);
	p = make_pool("worker", MP_FORK, 2);
	all_well(p);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(a_worker_has_no_pool_of_its_own)
{
	struct mp_pool *p = make_pool("worker", kit_method[_i], 1);
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
	Suite *s = suite_create("mp_pool_starts");
	TCase *c = gated_case(s, "begin");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, each_workers_initializer_runs_once_with_its_argument, 0, NMETHODS);
	tcase_add_loop_test(c, without_a_number_there_are_as_many_workers_as_cpus, 0, NMETHODS);
	tcase_add_loop_test(c, a_slow_initializer_holds_nothing_up_but_its_tasks, 0, NMETHODS);
	c = gated_case(s, "starts in vain");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c,
		workers_that_all_end_before_they_are_ready_break_the_pool_after_few_starts, 0,
		NMETHODS);
	tcase_add_loop_test(c, one_worker_that_works_is_enough, 0, NMETHODS);
	tcase_add_loop_test(
		c, whatever_call_of_a_create_fails_it_says_so_and_leaves_nothing, 0, NMETHODS);
	tcase_add_loop_test(c, a_pool_bears_starts_that_fail_for_a_while, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(
		c, a_pool_that_can_start_no_more_workers_says_why, FIRST_PROCESS, NMETHODS);
	c = gated_case(s, "refused");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_pool_that_cannot_be_is_refused, 0, NMETHODS);
	tcase_add_loop_test(c, a_map_that_cannot_be_is_refused_and_the_pool_goes_on, 0, NMETHODS);
	if (NMETHODS > 1)
		tcase_add_test(c, fork_beside_a_thread_is_refused_and_leaves_nothing);
	tcase_add_loop_test(c, a_worker_has_no_pool_of_its_own, FIRST_PROCESS, NMETHODS);
	return s;
}
