/*
 * test_mp_bad_input.c - what cannot be is refused by name, and the strangest timeouts are only timeouts
 *
 * sanitize: thread
 */
#include "mp/condition.h"
#include "mp/event.h"
#include "mp/lock.h"
#include "mp/pipe.h"
#include "mp/presence.h"
#include "mp/process.h"
#include "mp/queue.h"
#include "mp/wait.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define PLACES 4

/* ThreadSanitizer ends the program at a release by somebody who does not own the lock. */
#ifdef __SANITIZE_THREAD__
#define not_the_owners(call) ((void)0)
#else
#define not_the_owners(call) ck_assert_int_eq(call, -EPERM)
#endif

struct shared {
	struct mp_lock lock;
	struct mp_condition changed;
	struct mp_event begun, go;
	_Atomic uint32_t place;
	_Alignas(8) char presence[2048];
};

static struct shared *shared;
static struct mp_pipe *here, *there;
static struct mp_queue *queue;

static struct mp_presence *table(struct shared *s)
{
	return (struct mp_presence *)(void *)s->presence;
}

/* ---- what the children do: handle 0 is memory, 1 a pipe's end, 2 a queue to get from ---- */

static int attach_memory(struct mp_child *self, size_t i)
{
	struct mp_memory *m;
	int err = mp_memory_attach(mp_child_handle(self, i), &m);

	if (!err)
		mp_memory_destroy(m);
	return err;
}

static int attach_pipe(struct mp_child *self, size_t i)
{
	struct mp_pipe *p;
	int err = mp_pipe_attach(mp_child_handle(self, i), &p);

	if (!err)
		mp_pipe_close(p);
	return err;
}

static int attach_queue(struct mp_child *self, size_t i)
{
	struct mp_queue *q;
	int err = mp_queue_attach(mp_child_handle(self, i), &q);

	if (!err)
		mp_queue_destroy(q);
	return err;
}

/* Each handle as each kind; that which is its own twice. 0, or the number of the attach that was not as expected. */
static int attach_each_as_all(struct mp_child *self)
{
	static int (*const as[])(struct mp_child *, size_t) = {
		attach_memory, attach_pipe, attach_queue};

	for (size_t i = 0; i < 4; i++) /* there is no handle 3 */
		for (size_t k = 0; k < 3; k++) {
			if (i != k && as[k](self, i) != -EINVAL)
				return (int)(10 * i + k + 1);
			if (i == k && (as[k](self, i) != 0 || as[k](self, i) != -EBADF))
				return (int)(10 * i + k + 1);
		}
	return 0;
}

static int take_part(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	uint32_t place;

	if (!s || mp_presence_join(table(s), &place))
		return 1;
	s->place = place;
	mp_event_set(&s->begun);
	mp_event_wait(&s->go, WAIT_MS);
	if (mp_presence_leave(table(s), place))
		return 2;
	mp_memory_destroy(m);
	return 0;
}

enum { EVENT, LOCK, CONDITION, PIPE, QUEUE, SEVERAL, WAITS };

struct wait {
	int64_t timeout_ms;
	int what;
};

static int wait_for(struct shared *s, struct mp_pipe *p, struct mp_queue *q, const struct wait *w)
{
	const int fd = mp_pipe_fd(p);
	char byte;
	bool ready;
	size_t n;
	int err;

	switch (w->what) {
	case EVENT:
		return mp_event_wait(&s->go, w->timeout_ms);
	case LOCK:
		err = mp_lock_acquire(&s->lock, w->timeout_ms);
		return err ? err : mp_lock_release(&s->lock);
	case CONDITION:
		err = mp_lock_acquire(&s->lock, WAIT_MS);
		if (!err)
			err = mp_condition_wait(&s->changed, &s->lock, w->timeout_ms);
		return err ? err : mp_lock_release(&s->lock);
	case PIPE:
		return mp_pipe_receive(p, &byte, 1, &n, w->timeout_ms);
	case QUEUE:
		return mp_queue_get(q, &byte, 1, &n, w->timeout_ms);
	default:
		return mp_wait(&fd, &ready, 1, w->timeout_ms);
	}
}

static int wait_long(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	struct mp_pipe *p;
	struct mp_queue *q;
	int err;

	if (!s || mp_pipe_attach(mp_child_handle(self, 1), &p) ||
		mp_queue_attach(mp_child_handle(self, 2), &q))
		return 255;
	err = wait_for(s, p, q, mp_child_argument(self, NULL));
	mp_queue_destroy(q);
	mp_pipe_close(p);
	mp_memory_destroy(m);
	return -err;
}

static const struct mp_entry entries[] = {{"attach_each_as_all", attach_each_as_all},
	{"take_part", take_part}, {"wait_long", wait_long}, {NULL, NULL}};

/* In children alone: a test looks at what is without it, and the others call it themselves. */
void test_early(int argc, char **argv)
{
	if (argc == 2)
		mp_init(argc, argv, entries);
}

static void make(void)
{
	const struct mp_queue_options o = {.producers = 1, .consumers = 1};

	mp_init(1, NULL, entries);
	shared = kit_make(sizeof(*shared));
	ck_assert_int_eq(mp_lock_create(&shared->lock), 0);
	mp_condition_create(&shared->changed);
	mp_event_create(&shared->begun);
	mp_event_create(&shared->go);
	ck_assert_int_eq(mp_presence_create(table(shared), PLACES), 0);
	ck_assert_int_eq(mp_pipe_create(true, &here, &there), 0);
	ck_assert_int_eq(mp_queue_create(&o, &queue), 0);
}

static void drop(void)
{
	mp_queue_destroy(queue);
	mp_pipe_close(here);
	mp_pipe_close(there);
	kit_drop();
}

static struct mp_process *start_with_all(
	const char *entry, enum mp_method method, const void *argument, size_t nbytes)
{
	struct mp_handle handles[] = {mp_memory_handle(kit_memory), mp_pipe_handle(there),
		mp_queue_handle(queue, MP_QUEUE_GET)};
	struct mp_process_options o = {.entry = entry,
		.argument = argument,
		.nbytes = nbytes,
		.handles = handles,
		.nhandles = 3,
		.method = method};
	struct mp_process *p = NULL;

	ck_assert_int_eq(mp_process_start(&o, &p), 0);
	return p;
}

/* ---- refused ---- */

START_TEST(without_mp_init_there_is_no_entry)
{
	struct mp_process_options o = {.entry = "take_part", .method = kit_method[_i]};
	struct mp_process *p;

	ck_assert_int_eq(mp_process_start(&o, &p), -ENOENT);
}
END_TEST

START_TEST(a_handle_is_attached_once_and_as_nothing_else)
{
	ck_assert_int_eq(kit_end(start_with_all("attach_each_as_all", kit_method[_i], NULL, 0)), 0);
}
END_TEST

START_TEST(a_queue_in_a_file_that_could_be_cut_short_or_without_a_role_is_refused)
{
	struct mp_handle h = {.kind = MP_HANDLE_QUEUE,
		.fd = memfd_create("test", MFD_CLOEXEC),
		.what = MP_QUEUE_GET};
	struct mp_queue *q;

	ck_assert_int_ge(h.fd, 0);
	ck_assert_int_eq(ftruncate(h.fd, 4096), 0);
	ck_assert_int_eq(mp_queue_attach(&h, &q), -EACCES);
	close(h.fd);
	h = mp_queue_handle(queue, 0);
	ck_assert_int_eq(mp_queue_attach(&h, &q), -EINVAL);
	h = mp_queue_handle(queue, 8);
	ck_assert_int_eq(mp_queue_attach(&h, &q), -EINVAL);
}
END_TEST

START_TEST(nothing_is_no_condition_event_or_table)
{
	uint32_t place;

	ck_assert_int_eq(mp_condition_wait(NULL, &shared->lock, 0), -EINVAL);
	ck_assert_int_eq(mp_condition_wait(&shared->changed, NULL, 0), -EINVAL);
	ck_assert_int_eq(mp_condition_notify(NULL, 1), -EINVAL);
	ck_assert_int_eq(mp_condition_notify_all(NULL), -EINVAL);
	ck_assert_int_eq(mp_condition_destroy(NULL), -EINVAL);
	ck_assert_int_eq(mp_event_set(NULL), -EINVAL);
	ck_assert_int_eq(mp_event_clear(NULL), -EINVAL);
	ck_assert_int_eq(mp_event_wait(NULL, MP_FOREVER), -EINVAL);
	ck_assert_int_eq(mp_event_destroy(NULL), -EINVAL);
	ck_assert(!mp_event_is_set(NULL));
	ck_assert_int_eq(mp_presence_join(NULL, &place), -EINVAL);
	ck_assert_int_eq(mp_presence_leave(NULL, 0), -EINVAL);
	ck_assert_int_eq(mp_presence_take_back(NULL, &place), -EINVAL);
	ck_assert_int_eq(mp_presence_taken_back(NULL, 0), -EINVAL);
	ck_assert_uint_eq(mp_presence_count(NULL, MP_PRESENCE_FREE), 0);
}
END_TEST

START_TEST(a_condition_does_not_wait_under_what_is_no_lock)
{
	ck_assert_int_eq(mp_lock_destroy(&shared->lock), 0);
	ck_assert_int_eq(mp_condition_wait(&shared->changed, &shared->lock, MP_FOREVER), -EINVAL);
	ck_assert_uint_eq(shared->changed.waiting, 0);
	ck_assert_int_eq(mp_condition_destroy(&shared->changed), 0);
	ck_assert_int_eq(mp_condition_notify_all(&shared->changed), -EINVAL);
}
END_TEST

START_TEST(a_place_is_given_back_by_who_has_it_alone)
{
	struct mp_process *p = kit_start("take_part", kit_method[_i], 0);

	ck_assert_int_eq(mp_event_wait(&shared->begun, WAIT_MS), 0);
	not_the_owners(mp_presence_leave(table(shared), shared->place));
	not_the_owners(mp_presence_taken_back(table(shared), shared->place));
	/* Nobody has these. */
	ck_assert_int_eq(mp_presence_leave(table(shared), shared->place + 1), -EPERM);
	ck_assert_int_eq(mp_presence_taken_back(table(shared), shared->place + 1), -EPERM);
	ck_assert_int_eq(mp_presence_leave(table(shared), UINT32_MAX), -EINVAL);
	ck_assert_int_eq(mp_presence_taken_back(table(shared), PLACES), -EINVAL);
	ck_assert_uint_eq(mp_presence_count(table(shared), MP_PRESENCE_TAKEN), 1);
	ck_assert_int_eq(mp_presence_create(table(shared), MP_PRESENCE_MAX + 1), -EINVAL);
	ck_assert_int_eq(mp_presence_create(table(shared), UINT32_MAX), -EINVAL);
	mp_event_set(&shared->go);
	ck_assert_int_eq(kit_end(p), 0);
}
END_TEST

START_TEST(more_descriptors_than_the_process_may_have_are_not_waited_for)
{
	struct rlimit before, few;
	int fds[MP_WAIT_MAX];
	bool ready[MP_WAIT_MAX];
	int err;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	for (int i = 0; i < MP_WAIT_MAX; i++)
		fds[i] = mp_pipe_fd(here);
	few = before;
	few.rlim_cur = MP_WAIT_MAX - 1;
	setrlimit(RLIMIT_NOFILE, &few);
	err = mp_wait(fds, ready, MP_WAIT_MAX, 0);
	setrlimit(RLIMIT_NOFILE, &before);
	ck_assert_int_eq(err, -EINVAL);
	ck_assert_int_eq(mp_wait(fds, ready, SIZE_MAX, 0), -EINVAL);
}
END_TEST

/* ---- timeouts ---- */

START_TEST(a_deadline_is_never_before_its_time)
{
	static const int64_t longest[] = {
		INT64_MAX, INT64_MAX - 1, INT64_MAX / (int64_t)MP_NS_PER_MS + 1};
	uint64_t now = mp_now_ns();

	ck_assert_uint_eq(mp_deadline_ns(INT64_MIN), 0);
	ck_assert_uint_eq(mp_deadline_ns(-1), 0);
	ck_assert_uint_eq(mp_deadline_ns(0), 0);
	ck_assert_uint_ge(mp_deadline_ns(1), now + MP_NS_PER_MS);
	for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++)
		ck_assert_uint_eq(mp_deadline_ns(longest[i]), MP_NO_END);
	ck_assert_uint_ge(
		mp_deadline_ns(INT64_MAX / (int64_t)MP_NS_PER_MS), INT64_MAX - MP_NS_PER_MS);
	ck_assert_int_eq(mp_poll_ms(0), 0);
	ck_assert_int_eq(mp_poll_ms(now), 0);
	ck_assert_int_eq(mp_poll_ms(MP_NO_END), -1);
	ck_assert_int_eq(mp_poll_ms(MP_NO_END - 1), INT32_MAX);
	ck_assert_int_ge(mp_poll_ms(mp_deadline_ns(WAIT_MS)), 1);
}
END_TEST

START_TEST(a_negative_timeout_looks_once)
{
	static const int64_t negative[] = {-1, INT32_MIN, INT64_MIN};

	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), 0);
	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_GET), 0);
	for (int what = 0; what < WAITS; what++)
		for (size_t i = 0; i < 3; i++) {
			struct wait w = {negative[i], what};
			int err;

			/* The lock, of which the condition has need, is the caller's; test_mp_lock has another's. */
			if (what == LOCK)
				continue;
			if (what == CONDITION)
				err = mp_condition_wait(
					&shared->changed, &shared->lock, negative[i]);
			else
				err = wait_for(shared, here, queue, &w);
			ck_assert_int_eq(err, -ETIMEDOUT);
		}
	ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
}
END_TEST

/* The lock is the test's until the child waits for what it waits for. */
static void let_go(int what)
{
	uint64_t end_ns = mp_deadline_ns(WAIT_MS);

	if (what == EVENT)
		mp_event_set(&shared->go);
	while (what == CONDITION && shared->changed.waiting == 0)
		ck_assert(mp_now_ns() < end_ns);
	if (what == CONDITION) {
		ck_assert_int_eq(mp_lock_acquire(&shared->lock, WAIT_MS), 0);
		ck_assert_int_eq(mp_condition_notify(&shared->changed, 1), 0);
	}
	if (what == CONDITION || what == LOCK)
		ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
	if (what == PIPE || what == SEVERAL)
		ck_assert_int_eq(mp_pipe_send(here, "x", 1, 0), 0);
	if (what == QUEUE)
		ck_assert_int_eq(mp_queue_put(queue, "x", 1, 0), 0);
}

START_TEST(the_longest_timeouts_do_not_end_before_their_time)
{
	static const int64_t longest[] = {
		INT64_MAX - 1, INT64_MAX / (int64_t)MP_NS_PER_MS, INT64_C(1) << 32};

	ck_assert_int_eq(mp_queue_open(queue, MP_QUEUE_PUT), 0);
	for (int what = 0; what < WAITS; what++)
		for (size_t i = 0; i < 3; i++) {
			struct wait w = {longest[i], what};
			struct mp_process *p;
			char byte;
			size_t n;

			if (what == LOCK)
				ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), 0);
			p = start_with_all("wait_long", kit_method[_i], &w, sizeof(w));
			ck_assert_int_eq(mp_process_join(p, 10), -ETIMEDOUT);
			let_go(what);
			ck_assert_int_eq(mp_process_join(p, longest[i]), 0);
			ck_assert_int_eq(kit_end(p), 0);
			mp_event_clear(&shared->go);
			/* That one looks and does not take. */
			if (what == SEVERAL)
				ck_assert_int_eq(mp_pipe_receive(there, &byte, 1, &n, 0), 0);
		}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_bad_input");
	TCase *c = gated_case(s, "nothing begun");

	tcase_add_loop_test(c, without_mp_init_there_is_no_entry, 0, NMETHODS);
	c = gated_case(s, "refused");
	tcase_add_checked_fixture(c, make, drop);
	tcase_add_loop_test(c, a_handle_is_attached_once_and_as_nothing_else, 0, NMETHODS);
	tcase_add_test(c, a_queue_in_a_file_that_could_be_cut_short_or_without_a_role_is_refused);
	tcase_add_test(c, nothing_is_no_condition_event_or_table);
	tcase_add_test(c, a_condition_does_not_wait_under_what_is_no_lock);
	tcase_add_loop_test(c, a_place_is_given_back_by_who_has_it_alone, 0, NMETHODS);
	tcase_add_test(c, more_descriptors_than_the_process_may_have_are_not_waited_for);
	c = gated_case(s, "timeouts");
	tcase_add_checked_fixture(c, make, drop);
	tcase_add_test(c, a_deadline_is_never_before_its_time);
	tcase_add_test(c, a_negative_timeout_looks_once);
	tcase_add_loop_test(c, the_longest_timeouts_do_not_end_before_their_time, 0, NMETHODS);
	return s;
}
