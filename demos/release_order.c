/*
 * release_order - acquire in one order, release in any: only the order of acquiring makes deadlocks
 *
 * listings: none, for an advice that 001 gives without a listing
 * claims: 001-C082
 *
 * Watch for: the deadlocks follow the first column and not the second. Releasing never waits, so in whatever order
 * it is done, it cannot be a part of a ring of waiting. In each meeting both workers come as far as they can
 * before either goes on: with one order the second waits with empty hands, with opposite orders each holds what
 * the other needs. To be counted, both have to give up on their second lock, and neither drops its first before
 * both have: one alone is slow.
 *
 * The Python it re-creates:
 *     first.acquire(); second.acquire()
 *     second.release(); first.release()     # the opposite order
 *     first.release(); second.release()     # the same order: no worse
 *
 * expect:
 *     acquire in       release in      meetings  deadlocks
 *     one order        opposite order  5         0
 *     one order        same order      5         0
 *     opposite orders  opposite order  5         5
 *     opposite orders  same order      5         5
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/lock.h"
#include <stdbool.h>

enum { WORKERS = 2, WAYS = 4, MEETINGS = 5, GIVE_UP_MS = 50, TIMEOUT_MS = 5000 };
enum { ONE_ORDER, OPPOSITE_ORDERS };
enum { RELEASE_OPPOSITE, RELEASE_SAME };

/* A place where both come before either goes on. */
struct gathering {
	atomic_int came;
	struct mp_event all_came;
};

struct meeting {
	struct mp_lock locks[2];
	struct gathering first, gave_up;
	int used; /* changed by who has both locks */
};

static void come(struct gathering *g)
{
	if (atomic_fetch_add(&g->came, 1) + 1 == WORKERS)
		mp_event_set(&g->all_came);
}

/* Whom the other one keeps waiting has come as far as it can. */
static void take_first(struct meeting *m, int lock)
{
	bool has_it = mp_lock_acquire(&m->locks[lock], 0) == 0;

	come(&m->first);
	demo_must(has_it ? mp_event_wait(&m->first.all_came, TIMEOUT_MS)
			 : mp_lock_acquire(&m->locks[lock], TIMEOUT_MS),
		"first lock");
}

static void meet(struct meeting *m, int acquire, int release, int me)
{
	const int first = acquire == ONE_ORDER ? 0 : me, second = 1 - first;
	int err;

	take_first(m, first);
	err = mp_lock_acquire(&m->locks[second], GIVE_UP_MS);
	if (err == -ETIMEDOUT) {
		come(&m->gave_up);
		demo_must(mp_event_wait(&m->gave_up.all_came, TIMEOUT_MS), "both give up");
		demo_must(mp_lock_release(&m->locks[first]), "release");
		return;
	}
	demo_must(err, "second lock");
	m->used++;
	demo_must(mp_lock_release(&m->locks[release == RELEASE_SAME ? first : second]), "release");
	demo_must(mp_lock_release(&m->locks[release == RELEASE_SAME ? second : first]), "release");
}

static pid_t start(struct meeting (*meetings)[MEETINGS], int me)
{
	pid_t pid = demo_fork();

	if (pid != 0)
		return pid;
	for (int way = 0; way < WAYS; way++)
		for (int i = 0; i < MEETINGS; i++)
			meet(&meetings[way][i], way / 2, way % 2, me);
	_exit(0);
}

static void create(struct meeting *m)
{
	demo_must(mp_lock_create(&m->locks[0]), "lock");
	demo_must(mp_lock_create(&m->locks[1]), "lock");
	mp_event_create(&m->first.all_came);
	mp_event_create(&m->gave_up.all_came);
}

/* How many of the meetings were deadlocks; in the others both have had both locks. */
static int count(const struct meeting *meetings)
{
	int deadlocks = 0;

	for (int i = 0; i < MEETINGS; i++) {
		const struct meeting *m = &meetings[i];

		if (m->gave_up.came + m->used != WORKERS || m->gave_up.came == 1)
			demo_end(DEMO_NOT_SHOWN, "a meeting ended in no known way");
		deadlocks += m->gave_up.came == WORKERS;
	}
	return deadlocks;
}

int main(int argc, char **argv)
{
	static const char *const acquire[] = {"one order", "opposite orders"};
	static const char *const release[] = {"opposite order", "same order"};
	struct meeting(*meetings)[MEETINGS] = demo_shared(WAYS * sizeof(*meetings));
	bool shown = true;
	pid_t pids[WORKERS];

	demo_start(argc, argv, "release_order",
		"acquire in one order, release in any: only the order of acquiring makes "
		"deadlocks");
	for (int i = 0; i < WAYS * MEETINGS; i++)
		create(&meetings[i / MEETINGS][i % MEETINGS]);
	for (int i = 0; i < WORKERS; i++)
		pids[i] = start(meetings, i);
	for (int i = 0; i < WORKERS; i++)
		if (demo_wait(pids[i], TIMEOUT_MS) != 0)
			demo_end(DEMO_NOT_SHOWN, "worker %d did not get through", i);
	demo_line("acquire in       release in      meetings  deadlocks\n");
	for (int way = 0; way < WAYS; way++) {
		int deadlocks = count(meetings[way]);

		demo_line("%-16s %-15s %-9d %d\n", acquire[way / 2], release[way % 2], MEETINGS,
			deadlocks);
		shown &= deadlocks == (way / 2 == OPPOSITE_ORDERS ? MEETINGS : 0);
	}
	return shown ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
