/*
 * test_workers.c - the twins of harness/workers.h share memory, report failures, leave nothing
 *
 * sanitize: thread
 */
#include "harness/workers.h"
#include "suite.h"
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS   8
#define ADDITIONS 20000

struct shared {
	atomic_ulong sum;
	struct workers_slot slots[WORKERS_MAX];
};

static struct shared *shared;
static const enum workers_kind kinds[] = {WORKERS_SERIAL, WORKERS_THREADS, WORKERS_PROCESSES};

/*
 * These stand before libc's: the start number fail_at from now on fails, as it would at a limit of
 * tasks, which root does not have. 0: none fails.
 */
static unsigned fail_at;

static bool fails_now(void)
{
	return fail_at > 0 && --fail_at == 0;
}

pid_t fork(void)
{
	pid_t (*real)(void) = (pid_t(*)(void))dlsym(RTLD_NEXT, "fork");

	if (!fails_now())
		return real();
	errno = EAGAIN;
	return -1;
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
	void *(*start)(void *), void *restrict arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		(int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))dlsym(
			RTLD_NEXT, "pthread_create");

	return fails_now() ? EAGAIN : real(thread, attr, start, arg);
}

static void map_shared(void)
{
	shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert(shared != MAP_FAILED);
}

static void unmap_shared(void)
{
	munmap(shared, sizeof(*shared));
}

static uint64_t add_to_sum(void *arg, unsigned i)
{
	struct shared *s = arg;

	for (int k = 0; k < ADDITIONS; k++)
		atomic_fetch_add(&s->sum, 1);
	return 100 + i;
}

static uint64_t own_number(void *arg, unsigned i)
{
	(void)arg;
	return i;
}

static void no_child_is_left(void)
{
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}

START_TEST(all_kinds_add_to_one_counter_and_no_addition_is_lost)
{
	ck_assert_int_eq(workers_run(kinds[_i], WORKERS, add_to_sum, shared, shared->slots), 0);
	ck_assert_uint_eq(atomic_load(&shared->sum), (unsigned long)WORKERS * ADDITIONS);
}
END_TEST

START_TEST(each_worker_leaves_its_result_in_its_own_slot)
{
	ck_assert_int_eq(workers_run(kinds[_i], WORKERS, add_to_sum, shared, shared->slots), 0);
	for (unsigned i = 0; i < WORKERS; i++)
		ck_assert_uint_eq(shared->slots[i].value, 100 + i);
	ck_assert_uint_eq(shared->slots[WORKERS].value, 0);
}
END_TEST

START_TEST(no_child_is_left_after_a_run)
{
	ck_assert_int_eq(workers_run(kinds[_i], WORKERS, own_number, NULL, shared->slots), 0);
	no_child_is_left();
}
END_TEST

static uint64_t tell_pid(void *arg, unsigned i)
{
	(void)arg;
	(void)i;
	return (uint64_t)getpid();
}

START_TEST(processes_are_processes_and_threads_are_not)
{
	ck_assert_int_eq(workers_run(WORKERS_PROCESSES, 2, tell_pid, NULL, shared->slots), 0);
	ck_assert_uint_ne(shared->slots[0].value, (uint64_t)getpid());
	ck_assert_uint_ne(shared->slots[0].value, shared->slots[1].value);
	ck_assert_int_eq(workers_run(WORKERS_THREADS, 2, tell_pid, NULL, shared->slots), 0);
	ck_assert_uint_eq(shared->slots[1].value, (uint64_t)getpid());
}
END_TEST

static uint64_t add_to_plain_global(void *arg, unsigned i)
{
	static unsigned long private_sum;

	(void)arg;
	(void)i;
	return ++private_sum;
}

START_TEST(a_plain_global_is_private_to_each_process)
{
	ck_assert_int_eq(
		workers_run(WORKERS_PROCESSES, 4, add_to_plain_global, NULL, shared->slots), 0);
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(shared->slots[i].value, 1);
	ck_assert_int_eq(
		workers_run(WORKERS_SERIAL, 4, add_to_plain_global, NULL, shared->slots), 0);
	ck_assert_uint_eq(shared->slots[3].value, 4);
}
END_TEST

static uint64_t second_is_killed(void *arg, unsigned i)
{
	(void)arg;
	if (i == 1)
		raise(SIGKILL);
	return 7;
}

START_TEST(a_child_killed_by_a_signal_is_an_error_and_all_are_waited_for)
{
	ck_assert_int_eq(
		workers_run(WORKERS_PROCESSES, 4, second_is_killed, NULL, shared->slots), -ECHILD);
	ck_assert_uint_eq(shared->slots[3].value, 7);
	no_child_is_left();
}
END_TEST

static uint64_t third_exits_badly(void *arg, unsigned i)
{
	(void)arg;
	if (i == 2)
		_exit(3);
	return 7;
}

START_TEST(a_child_that_exits_with_a_status_is_an_error)
{
	ck_assert_int_eq(
		workers_run(WORKERS_PROCESSES, 4, third_exits_badly, NULL, shared->slots), -ECHILD);
	no_child_is_left();
}
END_TEST

static void note_signal(int sig)
{
	(void)sig;
}

static uint64_t disturb_parent(void *arg, unsigned i)
{
	(void)i;
	for (int k = 0; k < 200; k++)
		kill(*(const pid_t *)arg, SIGUSR1);
	return 1;
}

START_TEST(signals_that_interrupt_the_wait_do_no_harm)
{
	struct sigaction act = {.sa_handler = note_signal}; /* no SA_RESTART: waitpid gives EINTR */
	pid_t pid = getpid();

	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
	ck_assert_int_eq(workers_run(WORKERS_PROCESSES, 4, disturb_parent, &pid, shared->slots), 0);
	ck_assert_uint_eq(shared->slots[3].value, 1);
}
END_TEST

START_TEST(no_worker_or_too_many_are_refused_before_any_starts)
{
	ck_assert_int_eq(workers_run(kinds[_i], 0, add_to_sum, shared, shared->slots), -EINVAL);
	ck_assert_int_eq(workers_run(kinds[_i], WORKERS_MAX + 1, add_to_sum, shared, shared->slots),
		-EINVAL);
	ck_assert_uint_eq(atomic_load(&shared->sum), 0);
}
END_TEST

START_TEST(a_start_that_fails_is_reported_after_the_started_ones_were_waited_for)
{
	for (unsigned k = 1; k <= WORKERS; k++) {
		atomic_store(&shared->sum, 0);
		fail_at = k;
		ck_assert_int_eq(workers_run(kinds[_i], WORKERS, add_to_sum, shared, shared->slots),
			-EAGAIN);
		ck_assert_uint_eq(fail_at, 0);
		/* No later one was started, and every earlier one has come to its end. */
		ck_assert_uint_eq(atomic_load(&shared->sum), (k - 1ul) * ADDITIONS);
		no_child_is_left();
	}
}
END_TEST

static void on_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

/* Two of these on one CPU: while one runs the other waits, and the kernel counts it. */
static uint64_t compute_until_one_waited(void *arg, unsigned i)
{
	struct shared *s = arg;
	struct noise_reading r = {0};

	(void)i;
	for (int k = 0; k < 1000000 && atomic_load(&s->sum) == 0; k++) {
		noise_read(&r);
		if (r.wait_ns >= 1000000)
			atomic_store(&s->sum, 1);
	}
	return 0;
}

START_TEST(what_disturbed_the_workers_is_read_in_the_first_run_that_is_watched)
{
	struct noise_reading worst;

	on_one_cpu();
	if (access("/proc/self/schedstat", R_OK))
		skip_test("this kernel has no schedstat");
	workers_watch();
	ck_assert_int_eq(
		workers_run(kinds[_i], 2, compute_until_one_waited, shared, shared->slots), 0);
	ck_assert_uint_eq(atomic_load(&shared->sum), 1);
	ck_assert(workers_worst(&worst));
	ck_assert_uint_ge(worst.wait_ns, 1000000);
}
END_TEST

START_TEST(later_runs_of_a_sample_are_not_slowed_by_a_look)
{
	on_one_cpu();
	workers_watch();
	ck_assert_int_eq(workers_run(kinds[_i], 1, own_number, NULL, &shared->slots[2]), 0);
	ck_assert_int_eq(
		workers_run(kinds[_i], 2, compute_until_one_waited, shared, shared->slots), 0);
	ck_assert_uint_eq(shared->slots[0].seen.wait_ns + shared->slots[1].seen.wait_ns, 0);
}
END_TEST

START_TEST(a_sample_without_workers_tells_nothing_of_workers)
{
	struct noise_reading worst;

	workers_watch();
	ck_assert_int_eq(workers_run(WORKERS_SERIAL, 2, own_number, NULL, shared->slots), 0);
	ck_assert(!workers_worst(&worst));
	ck_assert_uint_eq(worst.wait_ns, 0);
	/* Nor does a run that nobody asked to watch. */
	ck_assert_int_eq(workers_run(WORKERS_PROCESSES, 1, own_number, NULL, shared->slots), 0);
	ck_assert(!workers_worst(&worst));
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("workers");
	TCase *twins = gated_case(s, "twins");
	TCase *trouble = gated_case(s, "trouble");

	tcase_add_checked_fixture(twins, map_shared, unmap_shared);
	tcase_add_loop_test(twins, all_kinds_add_to_one_counter_and_no_addition_is_lost, 0, 3);
	tcase_add_loop_test(twins, each_worker_leaves_its_result_in_its_own_slot, 0, 3);
	tcase_add_loop_test(twins, no_child_is_left_after_a_run, 0, 3);
	tcase_add_test(twins, processes_are_processes_and_threads_are_not);
	tcase_add_test(twins, a_plain_global_is_private_to_each_process);
	tcase_add_loop_test(
		twins, what_disturbed_the_workers_is_read_in_the_first_run_that_is_watched, 1, 3);
	tcase_add_loop_test(twins, later_runs_of_a_sample_are_not_slowed_by_a_look, 1, 3);
	tcase_add_test(twins, a_sample_without_workers_tells_nothing_of_workers);
	tcase_add_checked_fixture(trouble, map_shared, unmap_shared);
	tcase_add_test(trouble, a_child_killed_by_a_signal_is_an_error_and_all_are_waited_for);
	tcase_add_test(trouble, a_child_that_exits_with_a_status_is_an_error);
	tcase_add_test(trouble, signals_that_interrupt_the_wait_do_no_harm);
	tcase_add_loop_test(trouble, no_worker_or_too_many_are_refused_before_any_starts, 0, 3);
	tcase_add_loop_test(trouble,
		a_start_that_fails_is_reported_after_the_started_ones_were_waited_for, 1, 3);
	return s;
}
