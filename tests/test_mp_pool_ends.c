/*
 * test_mp_pool_ends.c - how pools end: closed, terminated at any moment, given back while at work, left alone
 *
 * deadline: 300
 * sanitize: thread
 */
#include "mp/event.h"
#include "pool_kit.h"
#include "suite.h"
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define STUBBORN 64

struct shared {
	_Atomic uint32_t begun[POOL_ITEMS];
	_Atomic uint32_t deaf; /* workers that ignore SIGTERM */
	_Atomic pid_t pids[2];
	struct mp_event go, begins;
};

static struct shared *shared;
static struct shared *_Atomic here; /* the same in a worker */

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->go);
	mp_event_create(&shared->begins);
}

/* ---- tasks and workers ---- */

static int toil(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	uint64_t x = *(const uint64_t *)item, y = x;

	(void)item_bytes, (void)result_bytes;
	atomic_load(&here)->begun[x]++;
	for (int i = 0; i < 5000; i++)
		__asm__ volatile("" : "+r"(y));
	*(uint64_t *)result = x * 3 + 1;
	return 0;
}

static int wait_go(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	struct shared *s = atomic_load(&here);

	(void)item, (void)item_bytes, (void)result, (void)result_bytes;
	mp_event_set(&s->begins);
	return mp_event_wait(&s->go, 4 * WAIT_MS);
}

static const struct mp_task tasks[] = {{"toil", toil}, {"wait_go", wait_go}, {NULL, NULL}};

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

static int deaf_worker(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	signal(SIGTERM, SIG_IGN);
	s->deaf++;
	atomic_store(&here, s);
	mp_pool_work(self, tasks);
	/* Whatever the pool wants: the kill is what ends it. */
	while (true)
		pause();
	return 0;
}

/* A child with a pool at work, which it leaves to itself: it returns, or waits to be killed. */
static int leave_pool(struct mp_child *self)
{
	/* Not on the stack: what is reachable at the end is no leak. */
	static struct mp_memory *m;
	static struct mp_pool *p;
	struct shared *s = kit_attach(self, &m);
	int number = kit_number(self);
	struct mp_map map = {.task = "wait_go", .n = 20, .chunk = 1};
	pid_t pids[2];

	kit_memory = m;
	if (kit_try_pool("worker", tasks, (enum mp_method)(number & 7), 2, &p) ||
		mp_pool_map_async(p, &map, NULL))
		return 1;
	while (!mp_event_is_set(&s->begins))
		mp_pool_poll(p, 1);
	mp_pool_pids(p, pids, 2);
	s->pids[0] = pids[0];
	s->pids[1] = pids[1];
	mp_event_set(&s->go); /* says to the test that there are numbers; the tasks end or not */
	while (number & 8)
		pause();
	return 0;
}

static const struct mp_entry entries[] = {
	{"worker", worker}, {"deaf_worker", deaf_worker}, {"leave_pool", leave_pool}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static struct mp_map map_of(const char *task, size_t n, size_t chunk)
{
	for (size_t i = 0; i < POOL_ITEMS; i++)
		shared->begun[i] = 0;
	return kit_map(task, n, chunk);
}

/* Every item is done, or cancelled; those done are right. How many are cancelled. */
static size_t check_ended(const struct mp_map *m)
{
	size_t cancelled = 0;

	for (size_t i = 0; i < m->n; i++) {
		const struct mp_outcome *o = &pool_outcomes[i];

		if (o->kind == MP_OUTCOME_OK) {
			must(pool_results[i] == i * 3 + 1, "item %zu: %" PRIu64, i,
				pool_results[i]);
			must(shared->begun[i] == 1, "item %zu begun %u times", i, shared->begun[i]);
			continue;
		}
		must(o->kind == MP_OUTCOME_CANCELLED && o->code == 0 && o->pid == 0,
			"item %zu: outcome %d, code %d, pid %d", i, (int)o->kind, o->code,
			(int)o->pid);
		must(pool_results[i] == POOL_UNTOUCHED, "item %zu: a result, cancelled", i);
		cancelled++;
	}
	return cancelled;
}

static bool ends(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool ended = fd < 0 || poll(&p, 1, WAIT_MS) == 1;

	if (fd >= 0)
		close(fd);
	return ended;
}

static void count(struct mp_async *a, void *context)
{
	(void)a;
	++*(unsigned *)context;
}

/* ---- close and join ---- */

START_TEST(close_takes_nothing_new_and_join_waits_for_what_is_under_way)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = map_of("toil", POOL_ITEMS, 1);
	unsigned calls = 0;

	m.callback = count;
	m.context = &calls;
	ck_assert_int_eq(mp_pool_map_async(p, &m, NULL), 0);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_map_async(p, &m, NULL), -EPIPE);
	ck_assert_int_eq(mp_pool_join(p, 4 * WAIT_MS), 0);
	ck_assert_uint_eq(calls, 1);
	ck_assert_uint_eq(check_ended(&m), 0);
	ck_assert_uint_eq(mp_pool_pids(p, NULL, 0), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(join_waits_no_longer_than_told)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = {.task = "wait_go", .n = 3, .chunk = 1};

	ck_assert_int_eq(mp_pool_map_async(p, &m, NULL), 0);
	ck_assert_int_eq(mp_pool_close(p), 0);
	ck_assert_int_eq(mp_pool_join(p, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_pool_join(p, 30), -ETIMEDOUT);
	mp_event_set(&shared->go);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- terminate ---- */

START_TEST(terminate_at_any_moment_leaves_every_item_done_or_cancelled)
{
	size_t cancelled = 0;
	unsigned seed = 1 + (unsigned)_i;

	for (int i = 0; i < 20; i++) {
		struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
		struct mp_map m = map_of("toil", POOL_ITEMS, i % 2 ? 1 : 50);
		uint64_t until_ns = mp_now_ns() + (uint64_t)(rand_r(&seed) % 5000) * 1000;
		unsigned calls = 0;
		struct mp_async *a;

		m.callback = count;
		m.context = &calls;
		ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
		while (mp_now_ns() < until_ns && mp_async_wait(a, 0) != 0)
			;
		ck_assert_int_eq(mp_pool_terminate(p, WAIT_MS), 0);
		ck_assert_int_eq(mp_async_wait(a, 0), 0);
		ck_assert_uint_eq(calls, 1);
		ck_assert_uint_eq(mp_pool_pids(p, NULL, 0), 0);
		ck_assert_uint_eq(mp_async_failed(a), check_ended(&m));
		cancelled += mp_async_failed(a);
		ck_assert_int_eq(mp_async_close(a), 0);
		ck_assert_int_eq(mp_pool_terminate(p, 0), 0);
		ck_assert_int_eq(mp_pool_join(p, 0), 0);
		ck_assert_int_eq(mp_pool_map_async(p, &m, NULL), -EPIPE);
		ck_assert_int_eq(mp_pool_destroy(p), 0);
	}
	ck_assert_uint_gt(cancelled, 0);
}
END_TEST

START_TEST(terminate_ends_workers_that_ignore_sigterm_and_stopped_ones)
{
	struct mp_pool *p = kit_pool("deaf_worker", tasks, kit_method[_i], STUBBORN);
	struct mp_map m = map_of("wait_go", POOL_ITEMS, 1);
	uint64_t end_ns = mp_deadline_ns(4 * WAIT_MS);
	pid_t pids[STUBBORN];
	struct mp_async *a;

	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	while (shared->deaf < STUBBORN && mp_now_ns() < end_ns)
		mp_async_wait(a, 1);
	ck_assert_uint_eq(shared->deaf, STUBBORN);
	ck_assert_uint_eq(mp_pool_pids(p, pids, STUBBORN), STUBBORN);
	for (int i = 0; i < STUBBORN; i += 2)
		ck_assert_int_eq(kill(pids[i], SIGSTOP), 0);
	ck_assert_int_eq(mp_pool_terminate(p, 20), 0);
	for (int i = 0; i < STUBBORN; i++)
		ck_assert(ends(pids[i]));
	ck_assert_uint_eq(check_ended(&m), POOL_ITEMS);
	ck_assert_int_eq(mp_async_close(a), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

START_TEST(destroy_ends_a_pool_at_work)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = map_of("wait_go", POOL_ITEMS, 1);
	struct mp_async *a;

	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	while (!mp_event_is_set(&shared->begins))
		mp_async_wait(a, 1);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
	ck_assert_int_eq(mp_async_wait(a, 0), 0);
	ck_assert_uint_eq(mp_async_failed(a), POOL_ITEMS);
	ck_assert_uint_eq(check_ended(&m), POOL_ITEMS);
	ck_assert_int_eq(mp_async_close(a), 0);
}
END_TEST

START_TEST(a_thread_in_a_task_outlasts_terminate_and_then_ends)
{
	struct mp_pool *p = kit_pool("worker", tasks, MP_THREAD, 2);
	struct mp_map m = map_of("wait_go", 10, 1);
	struct mp_async *a;

	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	while (!mp_event_is_set(&shared->begins))
		mp_async_wait(a, 1);
	ck_assert_int_eq(mp_pool_terminate(p, 20), -ETIMEDOUT);
	ck_assert_int_eq(mp_pool_terminate(p, INT64_MIN), -ETIMEDOUT);
	ck_assert_int_eq(mp_pool_join(p, 20), -ETIMEDOUT);
	ck_assert_int_eq(mp_pool_destroy(p), -EBUSY); /* its grace is 2 s */
	mp_event_set(&shared->go);
	ck_assert_int_eq(mp_pool_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_async_wait(a, 0), 0);
	/* Those two that had begun are done. */
	ck_assert_uint_ge(mp_async_failed(a), 8);
	ck_assert_uint_le(mp_async_failed(a), 9);
	ck_assert_int_eq(mp_async_close(a), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

static void terminate(struct mp_async *a, void *context)
{
	(void)a;
	ck_assert_int_eq(mp_pool_terminate(context, WAIT_MS), 0);
}

START_TEST(a_callback_may_terminate)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = map_of("toil", POOL_ITEMS, 1);
	uint64_t item = 1;
	struct mp_call c = {.task = "toil",
		.item = &item,
		.item_bytes = 8,
		.result_bytes = 8,
		.callback = terminate,
		.context = p};
	struct mp_async *a;

	ck_assert_int_eq(mp_pool_apply_async(p, &c, NULL), 0);
	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	ck_assert_int_eq(mp_async_wait(a, 4 * WAIT_MS), 0);
	ck_assert_int_eq(mp_pool_join(p, 0), 0);
	ck_assert_int_eq(mp_async_close(a), 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- left alone ---- */

START_TEST(a_process_that_ends_takes_its_pool_along)
{
	for (int number = MP_SPAWN; number <= MP_FORKSERVER; number++)
		for (int killed = 0; killed < 2; killed++) {
			struct mp_process *child;

			mp_event_clear(&shared->begins);
			mp_event_clear(&shared->go);
			child = kit_start("leave_pool", kit_method[_i], number + 8 * killed);
			ck_assert_int_eq(mp_event_wait(&shared->go, WAIT_MS), 0);
			if (killed)
				kit_kill(child);
			else
				ck_assert_int_eq(kit_end(child), 0);
			ck_assert(ends(shared->pids[0]));
			ck_assert(ends(shared->pids[1]));
		}
}
END_TEST

START_TEST(a_forked_childs_copy_of_a_pool_refuses_everything)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	struct mp_map m = map_of("toil", 100, 1);
	siginfo_t info;
	struct mp_async *a;
	size_t failed;
	pid_t pid;

	ck_assert_int_eq(mp_pool_map_async(p, &m, &a), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(mp_pool_map(p, &m, &failed) != -EPERM || mp_pool_poll(p, 0) != -EPERM ||
			mp_async_wait(a, MP_FOREVER) != -EPERM ||
			mp_async_get(a, NULL, NULL, 0) != -EPERM || mp_pool_close(p) != -EPERM ||
			mp_pool_join(p, 0) != -EPERM || mp_pool_terminate(p, 0) != -EPERM ||
			mp_pool_destroy(p) != -EPERM);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
	ck_assert_int_eq(info.si_status, 0);
	ck_assert_int_eq(mp_async_wait(a, WAIT_MS), 0);
	ck_assert_int_eq(mp_async_close(a), 0);
	ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
	ck_assert_uint_eq(failed, 0);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

/* ---- signals ---- */

static _Atomic unsigned alarms;

static void on_alarm(int signo)
{
	(void)signo;
	alarms++;
}

START_TEST(signals_in_the_waits_change_nothing)
{
	struct mp_pool *p = kit_pool("worker", tasks, kit_method[_i], 2);
	const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	struct sigaction alarm = {.sa_handler = on_alarm};

	sigaction(SIGALRM, &alarm, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 10 || alarms < 20; i++) {
		struct mp_map m = map_of("toil", 1000, 1);
		size_t failed = 99;

		ck_assert_int_eq(mp_pool_map(p, &m, &failed), 0);
		ck_assert_uint_eq(failed, 0);
		ck_assert_uint_eq(check_ended(&m), 0);
	}
	ck_assert_int_eq(mp_pool_poll(p, 0), -ENODATA);
	ck_assert_int_eq(mp_pool_terminate(p, WAIT_MS), 0);
	setitimer(ITIMER_REAL, &never, NULL);
	ck_assert_int_eq(mp_pool_destroy(p), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_pool_ends");
	TCase *c = gated_case(s, "close");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(
		c, close_takes_nothing_new_and_join_waits_for_what_is_under_way, 0, NMETHODS);
	tcase_add_loop_test(c, join_waits_no_longer_than_told, 0, NMETHODS);
	c = gated_case(s, "terminate");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(
		c, terminate_at_any_moment_leaves_every_item_done_or_cancelled, 0, NMETHODS);
	tcase_add_loop_test(c, terminate_ends_workers_that_ignore_sigterm_and_stopped_ones,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, destroy_ends_a_pool_at_work, FIRST_PROCESS, NMETHODS);
	tcase_add_test(c, a_thread_in_a_task_outlasts_terminate_and_then_ends);
	tcase_add_loop_test(c, a_callback_may_terminate, 0, NMETHODS);
	c = gated_case(s, "left alone");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, a_process_that_ends_takes_its_pool_along, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(
		c, a_forked_childs_copy_of_a_pool_refuses_everything, FIRST_PROCESS, NMETHODS);
	c = gated_case(s, "signals");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, signals_in_the_waits_change_nothing, 0, NMETHODS);
	return s;
}
