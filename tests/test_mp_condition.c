/*
 * test_mp_condition.c - conditions, events and presence: who waits goes, and the dead hang nobody
 *
 * sanitize: thread
 */
#include "mp/condition.h"
#include "mp/event.h"
#include "mp/lock.h"
#include "mp/presence.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

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
	struct mp_event ready, go;
	uint32_t waiting; /* under the lock */
	uint32_t passed;  /* under the lock */
	_Atomic uint32_t place;
	_Alignas(8) char presence[2048];
};

static struct shared *shared;

static struct mp_presence *table(struct shared *s)
{
	return (struct mp_presence *)(void *)s->presence;
}

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	ck_assert_int_eq(mp_lock_create(&shared->lock), 0);
	mp_condition_create(&shared->changed);
	mp_event_create(&shared->ready);
	mp_event_create(&shared->go);
	ck_assert_uint_le(mp_presence_bytes(PLACES), sizeof(shared->presence));
	ck_assert_int_eq(mp_presence_create(table(shared), PLACES), 0);
}

/* ---- what the children do ---- */

/* Also where somebody has died with the lock, which a notify or a wait alone leaves whole. */
static int take(struct shared *s)
{
	int err = mp_lock_acquire(&s->lock, WAIT_MS);

	return err == -EOWNERDEAD ? mp_lock_recover(&s->lock) : err;
}

/* One more waits; the last thing before the sleep is under the lock, so who sees it then can notify. */
static int wait_turn(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err;

	if (!s || take(s))
		return 1;
	s->waiting++;
	err = mp_condition_wait(&s->changed, &s->lock, WAIT_MS);
	if (err == -EOWNERDEAD)
		err = mp_lock_recover(&s->lock);
	if (!err)
		s->passed++;
	mp_lock_release(&s->lock);
	mp_memory_destroy(m);
	return err ? 2 : 0;
}

static int wait_event(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err = -EINVAL;

	if (s) {
		mp_event_set(&s->ready);
		err = mp_event_wait(&s->go, WAIT_MS);
	}
	if (s)
		mp_memory_destroy(m);
	return err ? 1 : 0;
}

/* The exit code is what the wait has returned. */
static int tell_wait(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	int err;

	if (!s || mp_lock_acquire(&s->lock, WAIT_MS))
		return 1;
	s->waiting++;
	err = mp_condition_wait(&s->changed, &s->lock, WAIT_MS);
	/* The lock is ours, so that we may release it; what it protects stays suspect. */
	if (mp_lock_release(&s->lock))
		return 2;
	mp_memory_destroy(m);
	return -err;
}

static int notify_and_die(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);

	if (!s || mp_lock_acquire(&s->lock, WAIT_MS) || mp_condition_notify_all(&s->changed))
		return 1;
	return raise(SIGKILL);
}

static int take_part(struct mp_child *self)
{
	struct mp_memory *m;
	struct shared *s = kit_attach(self, &m);
	uint32_t place;

	if (!s || mp_presence_join(table(s), &place))
		return 1;
	atomic_store(&s->place, place);
	mp_event_set(&s->ready);
	mp_event_wait(&s->go, WAIT_MS);
	mp_presence_leave(table(s), place);
	mp_memory_destroy(m);
	return 0;
}

static const struct mp_entry entries[] = {{"wait_turn", wait_turn}, {"wait_event", wait_event},
	{"tell_wait", tell_wait}, {"notify_and_die", notify_and_die}, {"take_part", take_part},
	{NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

static void lock_now(void)
{
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, WAIT_MS), 0);
}

/* ---- condition ---- */

static void wait_for_waiters(uint32_t n)
{
	uint64_t end_ns = mp_deadline_ns(WAIT_MS);

	for (uint32_t seen = 0; seen < n;) {
		ck_assert_int_eq(take(shared), 0);
		seen = shared->waiting;
		mp_lock_release(&shared->lock);
		ck_assert_msg(mp_now_ns() < end_ns, "%u of %u wait", seen, n);
	}
}

static void notify(uint32_t n)
{
	ck_assert_int_eq(take(shared), 0);
	ck_assert_int_eq(mp_condition_notify(&shared->changed, n), 0);
	mp_lock_release(&shared->lock);
}

static uint32_t passed(void)
{
	uint32_t n;

	lock_now();
	n = shared->passed;
	mp_lock_release(&shared->lock);
	return n;
}

START_TEST(notify_lets_as_many_go_as_it_says_and_all_the_rest)
{
	struct mp_process *p[5];
	uint64_t end_ns = mp_deadline_ns(WAIT_MS);

	for (int i = 0; i < 5; i++)
		p[i] = kit_start("wait_turn", kit_method[_i], 0);
	wait_for_waiters(5);
	notify(0);
	notify(2);
	while (passed() < 2)
		ck_assert(mp_now_ns() < end_ns);
	lock_now();
	/* The other three were woken too and have gone back to sleep, or will: no ticket is left for them. */
	ck_assert_uint_eq(shared->changed.tickets, 0);
	ck_assert_uint_eq(shared->changed.waiting, 3);
	ck_assert_int_eq(mp_condition_notify_all(&shared->changed), 0);
	mp_lock_release(&shared->lock);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(kit_end(p[i]), 0);
	ck_assert_uint_eq(shared->passed, 5);
	ck_assert_uint_eq(shared->changed.waiting, 0);
}
END_TEST

START_TEST(a_notify_that_nobody_waits_for_is_gone)
{
	notify(3);
	lock_now();
	ck_assert_int_eq(mp_condition_wait(&shared->changed, &shared->lock, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_condition_wait(&shared->changed, &shared->lock, 10), -ETIMEDOUT);
	ck_assert_int_eq(mp_lock_release(&shared->lock), 0);
	not_the_owners(mp_condition_wait(&shared->changed, &shared->lock, 0));
	ck_assert_uint_eq(shared->changed.waiting, 0);
}
END_TEST

START_TEST(killed_waiters_hang_neither_the_notifier_nor_the_living)
{
	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *dead[2], *alive;

		shared->waiting = shared->passed = 0;
		dead[0] = kit_start("wait_turn", kit_method[_i], 0);
		dead[1] = kit_start("wait_turn", kit_method[_i], 0);
		wait_for_waiters(2);
		alive = kit_start("wait_turn", kit_method[_i], 0);
		wait_for_waiters(3);
		/* One is dead before the notify, the other dies with the wake on its way to it, or when it has it. */
		kit_kill(dead[0]);
		if (i % 2)
			ck_assert_int_eq(mp_process_kill(dead[1]), 0);
		notify(3);
		ck_assert_int_eq(mp_process_kill(dead[1]), 0);
		ck_assert_int_eq(kit_end(alive), 0);
		ck_assert_int_eq(mp_process_join(dead[1], WAIT_MS), 0);
		ck_assert_int_eq(mp_process_close(dead[1]), 0);
		ck_assert_int_eq(take(shared), 0);
		mp_lock_release(&shared->lock);
	}
}
END_TEST

START_TEST(a_waiter_is_told_of_a_death_with_the_lock_and_of_a_lost_lock)
{
	struct mp_process *p = kit_start("tell_wait", kit_method[_i], 0);

	wait_for_waiters(1);
	ck_assert_int_eq(kit_end(kit_start("notify_and_die", kit_method[_i], 0)), -SIGKILL);
	ck_assert_int_eq(kit_end(p), EOWNERDEAD);
	/* It has released the lock without recover. */
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -ENOTRECOVERABLE);
	ck_assert_int_eq(mp_lock_create(&shared->lock), 0);
	ck_assert_int_eq(kit_end(kit_start("notify_and_die", kit_method[_i], 0)), -SIGKILL);
	ck_assert_int_eq(mp_lock_acquire(&shared->lock, 0), -EOWNERDEAD);
	ck_assert_int_eq(mp_condition_wait(&shared->changed, &shared->lock, 0), -ENOTRECOVERABLE);
}
END_TEST

START_TEST(after_destroy_it_is_no_condition_and_no_event)
{
	ck_assert_int_eq(mp_condition_destroy(&shared->changed), 0);
	ck_assert_int_eq(mp_condition_wait(&shared->changed, &shared->lock, 0), -EINVAL);
	ck_assert_int_eq(mp_condition_notify(&shared->changed, 1), -EINVAL);
	ck_assert_int_eq(mp_condition_destroy(&shared->changed), -EINVAL);
	ck_assert_int_eq(mp_event_destroy(&shared->go), 0);
	ck_assert_int_eq(mp_event_wait(&shared->go, 0), -EINVAL);
	ck_assert_int_eq(mp_event_set(&shared->go), -EINVAL);
	ck_assert_int_eq(mp_event_clear(&shared->go), -EINVAL);
	ck_assert(!mp_event_is_set(&shared->go));
	ck_assert_int_eq(mp_event_destroy(&shared->go), -EINVAL);
}
END_TEST

/* ---- event ---- */

START_TEST(an_event_lets_all_who_wait_go_and_who_comes_later)
{
	struct mp_process *p[4];

	ck_assert(!mp_event_is_set(&shared->go));
	ck_assert_int_eq(mp_event_wait(&shared->go, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_event_wait(&shared->go, 10), -ETIMEDOUT);
	for (int i = 0; i < 4; i++)
		p[i] = kit_start("wait_event", kit_method[_i], 0);
	ck_assert_int_eq(mp_event_set(&shared->go), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(kit_end(p[i]), 0);
	ck_assert(mp_event_is_set(&shared->go));
	ck_assert_int_eq(mp_event_wait(&shared->go, MP_FOREVER), 0);
	ck_assert_int_eq(mp_event_clear(&shared->go), 0);
	ck_assert_int_eq(mp_event_wait(&shared->go, 0), -ETIMEDOUT);
}
END_TEST

START_TEST(killed_event_waiters_leave_nothing_behind)
{
	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *p[2];

		for (int k = 0; k < 2; k++) {
			mp_event_clear(&shared->ready);
			p[k] = kit_start("wait_event", kit_method[_i], 0);
			ck_assert_int_eq(mp_event_wait(&shared->ready, WAIT_MS), 0);
			kit_asleep(mp_process_pid(p[k]));
		}
		kit_kill(p[0]);
		mp_event_set(&shared->go);
		ck_assert_int_eq(kit_end(p[1]), 0);
		mp_event_clear(&shared->go);
	}
}
END_TEST

/* ---- presence ---- */

START_TEST(places_are_taken_left_and_full)
{
	struct mp_presence *t = table(shared);
	uint32_t place[PLACES], more;

	for (uint32_t i = 0; i < PLACES; i++)
		ck_assert_int_eq(mp_presence_join(t, &place[i]), 0);
	ck_assert_int_eq(mp_presence_join(t, &more), -EAGAIN);
	ck_assert_uint_eq(mp_presence_count(t, MP_PRESENCE_TAKEN), PLACES);
	ck_assert_int_eq(mp_presence_take_back(t, &more), -ENOENT);
	for (uint32_t i = 0; i < PLACES; i++)
		ck_assert_int_eq(mp_presence_leave(t, place[i]), 0);
	ck_assert_int_eq(mp_presence_leave(t, place[0]), -EPERM);
	ck_assert_int_eq(mp_presence_leave(t, PLACES), -EINVAL);
	ck_assert_uint_eq(mp_presence_count(t, MP_PRESENCE_LEFT), PLACES);
	ck_assert_int_eq(mp_presence_join(t, &more), 0);
	ck_assert_int_eq(mp_presence_leave(t, more), 0);
}
END_TEST

START_TEST(a_table_of_no_place_or_too_many_is_refused)
{
	ck_assert_uint_eq(mp_presence_bytes(0), 0);
	ck_assert_uint_eq(mp_presence_bytes(MP_PRESENCE_MAX + 1), 0);
	ck_assert_int_eq(mp_presence_create(table(shared), 0), -EINVAL);
	memset(shared->presence, 0, sizeof(shared->presence));
	ck_assert_int_eq(mp_presence_join(table(shared), &(uint32_t){0}), -EINVAL);
	ck_assert_int_eq(mp_presence_take_back(table(shared), &(uint32_t){0}), -EINVAL);
}
END_TEST

START_TEST(the_dead_are_found_once_and_their_places_serve_again)
{
	struct mp_presence *t = table(shared);

	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *p = kit_start("take_part", kit_method[_i], 0);
		uint32_t place = PLACES, again;

		ck_assert_int_eq(mp_event_wait(&shared->ready, WAIT_MS), 0);
		mp_event_clear(&shared->ready);
		ck_assert_int_eq(mp_presence_take_back(t, &place), -ENOENT);
		kit_kill(p);
		ck_assert_int_eq(mp_presence_take_back(t, &place), 0);
		ck_assert_uint_eq(place, shared->place);
		/* It is being taken back: nobody else may, and nobody may have the place. */
		ck_assert_int_eq(mp_presence_take_back(t, &again), -ENOENT);
		ck_assert_int_eq(mp_presence_taken_back(t, place), 0);
		ck_assert_int_eq(mp_presence_take_back(t, &again), -ENOENT);
	}
	ck_assert_uint_eq(mp_presence_count(t, MP_PRESENCE_TAKEN), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_condition");
	TCase *c = gated_case(s, "condition");

	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, notify_lets_as_many_go_as_it_says_and_all_the_rest, 0, NMETHODS);
	tcase_add_test(c, a_notify_that_nobody_waits_for_is_gone);
	tcase_add_loop_test(c, killed_waiters_hang_neither_the_notifier_nor_the_living,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_waiter_is_told_of_a_death_with_the_lock_and_of_a_lost_lock,
		FIRST_PROCESS, NMETHODS);
	tcase_add_test(c, after_destroy_it_is_no_condition_and_no_event);
	c = gated_case(s, "event");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_loop_test(c, an_event_lets_all_who_wait_go_and_who_comes_later, 0, NMETHODS);
	tcase_add_loop_test(c, killed_event_waiters_leave_nothing_behind, FIRST_PROCESS, NMETHODS);
	c = gated_case(s, "presence");
	tcase_add_checked_fixture(c, make, kit_drop);
	tcase_add_test(c, places_are_taken_left_and_full);
	tcase_add_test(c, a_table_of_no_place_or_too_many_is_refused);
	tcase_add_loop_test(
		c, the_dead_are_found_once_and_their_places_serve_again, FIRST_PROCESS, NMETHODS);
	return s;
}
