/*
 * test_mp_lock.c - shared memory and locks: whole, refused, and after their owner's death
 *
 * sanitize: thread
 */
#include "mp/event.h"
#include "mp/lock.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* ThreadSanitizer ends the program at a release by somebody who does not own the lock. */
#ifdef __SANITIZE_THREAD__
#define not_the_owners(call) ((void)0)
#else
#define not_the_owners(call) ck_assert_int_eq(call, -EPERM)
#endif

struct shared {
	struct mp_lock lock;
	struct mp_event ready, go;
	long counter; /* under the lock */
};

static struct shared *shared;

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	ck_assert_int_eq(mp_lock_create(&shared->lock), 0);
	mp_event_create(&shared->ready);
	mp_event_create(&shared->go);
}

/* ---- what the children do ---- */

static int add(struct mp_child *self)
{
	int times = kit_number(self);
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	for (int i = 0; s && i < times; i++) {
		if (mp_lock_acquire(&s->lock, WAIT_MS))
			return 2;
		s->counter++;
		mp_lock_release(&s->lock);
	}
	mp_memory_destroy(m);
	return s ? 0 : 1;
}

static int hold(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	if (!s || mp_lock_acquire(&s->lock, WAIT_MS))
		return 1;
	mp_event_set(&s->ready);
	mp_event_wait(&s->go, WAIT_MS);
	mp_lock_release(&s->lock);
	mp_memory_destroy(m);
	return 0;
}

/* Gets a dead owner's lock and dies before it has repaired what the lock protects. */
static int die_repairing(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	if (!s || mp_lock_acquire(&s->lock, WAIT_MS) != -EOWNERDEAD)
		return 1;
	return raise(SIGKILL);
}

static int attach_wrong(struct mp_child *self)
{
	struct mp_memory *m;

	return -mp_memory_attach(mp_child_handle(self, 0), &m);
}

static const struct mp_entry entries[] = {{"add", add}, {"hold", hold},
	{"die_repairing", die_repairing}, {"attach_wrong", attach_wrong}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static void lock_now(void)
{
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, WAIT_MS), 0);
}

START_TEST(memory_is_zeroed_and_whole_pages)
{
	size_t size = mp_memory_size(kit_memory);

	ck_assert_uint_ge(size, sizeof(struct shared));
	ck_assert_uint_eq(size % (size_t)sysconf(_SC_PAGESIZE), 0);
	ck_assert_uint_eq(shared->counter, 0);
}
END_TEST

START_TEST(memory_of_no_size_or_more_than_there_is_is_refused)
{
	struct mp_memory *m;

	ck_assert_int_eq(mp_memory_create(0, &m), -EINVAL);
	ck_assert_int_eq(mp_memory_create(SIZE_MAX, &m), -ENOMEM);
	ck_assert_int_eq(mp_memory_create(SIZE_MAX / 2, &m), -ENOMEM);
	mp_memory_destroy(NULL);
}
END_TEST

START_TEST(memory_above_a_limit_of_the_process_is_refused)
{
	struct rlimit before, small = {4096, 4096};
	struct mp_memory *m;
	int err;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	/* An assertion writes to a file: not now. */
	setrlimit(RLIMIT_FSIZE, &small);
	err = mp_memory_create(1 << 20, &m);
	setrlimit(RLIMIT_FSIZE, &before);
	ck_assert_int_eq(err, -EFBIG);
	signal(SIGXFSZ, SIG_DFL);
#if !defined(__SANITIZE_ADDRESS__) &&                                                              \
	!defined(__SANITIZE_THREAD__) /* they need addresses themselves */
	ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
	small.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_AS, &small);
	err = mp_memory_create(1 << 20, &m);
	setrlimit(RLIMIT_AS, &before);
	ck_assert_int_eq(err, -ENOMEM);
#endif
}
END_TEST

START_TEST(a_file_that_could_be_cut_short_is_refused)
{
	struct mp_handle h = {.kind = MP_HANDLE_MEMORY, .fd = memfd_create("test", MFD_CLOEXEC)};
	struct mp_memory *m;

	ck_assert_int_ge(h.fd, 0);
	ck_assert_int_eq(ftruncate(h.fd, 4096), 0);
	ck_assert_int_eq(mp_memory_attach(&h, &m), -EACCES);
	close(h.fd);
	h.fd = -1;
	ck_assert_int_eq(mp_memory_attach(&h, &m), -EBADF);
	h.kind = MP_HANDLE_PIPE;
	ck_assert_int_eq(mp_memory_attach(&h, &m), -EINVAL);
	ck_assert_int_eq(mp_memory_attach(NULL, &m), -EINVAL);
}
END_TEST

START_TEST(a_handle_of_another_kind_is_refused_in_the_child)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct mp_handle handle = {.kind = MP_HANDLE_PIPE, .fd = fd};
	struct mp_process_options o = {.entry = "attach_wrong",
		.handles = &handle,
		.nhandles = 1,
		.method = kit_method[_i]};
	struct mp_process *p = NULL;

	ck_assert_int_eq(mp_process_start(&o, &p), 0);
	ck_assert_int_eq(kit_end(p), EINVAL);
	close(fd);
}
END_TEST

/* ---- lock ---- */

START_TEST(additions_under_the_lock_are_all_there)
{
	struct mp_process *p[4];

	for (int i = 0; i < 4; i++)
		p[i] = kit_start("add", kit_method[_i], 2000);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(kit_end(p[i]), 0);
	ck_assert_int_eq(shared->counter, 4 * 2000);
}
END_TEST

START_TEST(a_lock_that_another_has_is_not_given_and_not_released)
{
	struct mp_process *p = kit_start("hold", kit_method[_i], 0);

	ck_assert_int_eq(mp_event_wait(&shared->ready, WAIT_MS), 0);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, -5), -ETIMEDOUT);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, INT64_MIN), -ETIMEDOUT);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 10), -ETIMEDOUT);
	not_the_owners(mp_lock_release(&shared->lock));
	ck_assert_int_eq(mp_lock_destroy(&shared->lock), -EBUSY);
	mp_event_set(&shared->go);
	lock_now();
	ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
	ck_assert_int_eq(kit_end(p), 0);
}
END_TEST

START_TEST(an_owner_is_told_that_it_has_the_lock_already)
{
	lock_now();
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, MP_FOREVER), -EDEADLK);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 4 * WAIT_MS), -EDEADLK);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -EDEADLK);
	ck_assert_int_eq(mp_lock_destroy(&shared->lock), -EBUSY);
	ck_assert_int_eq(mp_lock_recover(&shared->lock), -EINVAL);
	ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
	not_the_owners(mp_lock_release(&shared->lock));
}
END_TEST

START_TEST(a_dead_owners_lock_goes_to_the_next_who_can_repair)
{
	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *p = kit_start("hold", kit_method[_i], 0);

		ck_assert_int_eq(mp_event_wait(&shared->ready, WAIT_MS), 0);
		mp_event_clear(&shared->ready);
		ck_assert_int_eq(mp_process_kill(p), 0);
		ck_assert_int_eq(mp_lock_acquire(&shared->lock, WAIT_MS), -EOWNERDEAD);
		ck_assert_int_eq(mp_lock_recover(&shared->lock), 0);
		ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
		ck_assert_int_eq(kit_end(p), -SIGKILL);
	}
}
END_TEST

START_TEST(a_lock_not_recovered_is_lost_for_all)
{
	struct mp_process *p = kit_start("hold", kit_method[_i], 0);

	ck_assert_int_eq(mp_event_wait(&shared->ready, WAIT_MS), 0);
	kit_kill(p);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -EOWNERDEAD);
	ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -ENOTRECOVERABLE);
	ck_assert_int_eq(mp_lock_destroy(&shared->lock), 0);
}
END_TEST

START_TEST(a_death_before_the_repair_is_told_to_the_next_too)
{
	struct mp_process *p = kit_start("hold", kit_method[_i], 0);

	ck_assert_int_eq(mp_event_wait(&shared->ready, WAIT_MS), 0);
	kit_kill(p);
	ck_assert_int_eq(mp_lock_recover(&shared->lock), -EINVAL);
	p = kit_start("die_repairing", kit_method[_i], 0);
	ck_assert_int_eq(kit_end(p), -SIGKILL);
	ck_assert_int_eq(mp_lock_recover(&shared->lock), -EPERM);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -EOWNERDEAD);
	ck_assert_int_eq(mp_lock_recover(&shared->lock), 0);
	ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
	lock_now();
}
END_TEST

START_TEST(after_destroy_it_is_no_lock)
{
	ck_assert_int_eq(mp_lock_destroy(&shared->lock), 0);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -EINVAL);
	ck_assert_int_eq(mp_lock_release(&shared->lock), -EINVAL);
	ck_assert_int_eq(mp_lock_recover(&shared->lock), -EINVAL);
	ck_assert_int_eq(mp_lock_destroy(&shared->lock), -EINVAL);
	ck_assert_int_eq(mp_lock_acquire(NULL, 0), -EINVAL);
	ck_assert_int_eq(mp_lock_release(NULL), -EINVAL);
	ck_assert_int_eq(mp_lock_recover(NULL), -EINVAL);
	ck_assert_int_eq(mp_lock_destroy(NULL), -EINVAL);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_lock");
	TCase *c = gated_case(s, "memory");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_test(c, memory_is_zeroed_and_whole_pages);
	tcase_add_test(c, memory_of_no_size_or_more_than_there_is_is_refused);
	tcase_add_test(c, memory_above_a_limit_of_the_process_is_refused);
	tcase_add_test(c, a_file_that_could_be_cut_short_is_refused);
	tcase_add_loop_test(c, a_handle_of_another_kind_is_refused_in_the_child, 0, NMETHODS);
	c = gated_case(s, "lock");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, additions_under_the_lock_are_all_there, 0, NMETHODS);
	tcase_add_loop_test(c, a_lock_that_another_has_is_not_given_and_not_released, 0, NMETHODS);
	tcase_add_test(c, an_owner_is_told_that_it_has_the_lock_already);
	tcase_add_test(c, after_destroy_it_is_no_lock);
	tcase_add_loop_test(
		c, a_dead_owners_lock_goes_to_the_next_who_can_repair, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_lock_not_recovered_is_lost_for_all, FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(
		c, a_death_before_the_repair_is_told_to_the_next_too, FIRST_PROCESS, NMETHODS);
	return s;
}
