/*
 * deadlock_timeout_kept - two processes give up in time, keep what they have, and ask again: nothing changes
 *
 * listings: 001-L24
 * claims: 001-C081
 *
 * Watch for: a timeout that helps nobody. Each asks for its second lock for 50 ms, again and again, and
 * has its first one all the time, which is the one that the other asks for. That is a deadlock in which
 * everybody is busy. Here both stop after five times, at the same moment; neither had a chance.
 *
 * Then look at: diff -u demos/deadlock_timeout_kept.c demos/deadlock_timeout.c
 *
 * The Python it re-creates:
 *     def work(first, second):
 *         with first:
 *             while not second.acquire(timeout=0.05):
 *                 pass                                  # and first is still held
 *
 * expect:
 *     pid <pid> holds A and waits for B
 *     pid <pid> holds B and waits for A
 *     both asked 5 times: 0 of 2 pieces of work done
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/lock.h"

enum { WORKERS = 2, TIMEOUT_MS = 5000, PATIENCE_MS = 5000, GIVE_UP_MS = 50, ASKS = 5 };

struct shared {
	struct mp_lock locks[2];
	atomic_int holds[WORKERS], waits_for[WORKERS];  /* at the meeting; 0: nothing, 1: A, 2: B */
	atomic_uint came, waiting, stuck;               /* a bit for each worker */
	struct mp_event both_came, settled, both_stuck; /* settled: both wait, or all is done */
	int done;                                       /* changed by who has both locks */
};

static void come(atomic_uint *bits, int me, struct mp_event *both)
{
	if ((atomic_fetch_or(bits, 1u << me) | 1u << me) == 3)
		mp_event_set(both);
}

/* Whoever has to wait says so before; it has then come as far as it can. */
static int take(struct shared *s, int me, int lock, int64_t timeout_ms)
{
	int err = mp_lock_acquire(&s->locks[lock], 0);

	if (err == -ETIMEDOUT) {
		s->waits_for[me] = lock + 1;
		come(&s->waiting, me, &s->settled);
		come(&s->came, me, &s->both_came);
		err = mp_lock_acquire(&s->locks[lock], timeout_ms);
	}
	return err == -EOWNERDEAD ? mp_lock_recover(&s->locks[lock]) : err;
}

static void work(struct shared *s, int me)
{
	const int first = me, second = 1 - me;
	int asks = 0, err;

	demo_must(take(s, me, first, MP_FOREVER), "first lock");
	if (s->waits_for[me] == 0)
		s->holds[me] = first + 1;
	come(&s->came, me, &s->both_came);
	demo_must(mp_event_wait(&s->both_came, TIMEOUT_MS), "meeting");
	while ((err = take(s, me, second, GIVE_UP_MS)) == -ETIMEDOUT && ++asks < ASKS)
		;
	if (err == -ETIMEDOUT) { /* the end of the demo, not of the deadlock: both at once */
		come(&s->stuck, me, &s->both_stuck);
		demo_must(mp_event_wait(&s->both_stuck, TIMEOUT_MS), "both are stuck");
		_exit(0);
	}
	demo_must(err, "second lock");
	if (++s->done == WORKERS)
		mp_event_set(&s->settled);
	demo_must(mp_lock_release(&s->locks[second]), "release");
	demo_must(mp_lock_release(&s->locks[first]), "release");
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"nothing", "A", "B"};
	struct shared *s = demo_shared(sizeof(*s));
	pid_t pids[WORKERS];

	demo_start(argc, argv, "deadlock_timeout_kept",
		"two processes give up in time, keep what they have, and ask again: nothing "
		"changes");
	for (int i = 0; i < 2; i++)
		demo_must(mp_lock_create(&s->locks[i]), "lock");
	mp_event_create(&s->both_came);
	mp_event_create(&s->settled);
	mp_event_create(&s->both_stuck);
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = demo_fork();
		if (pids[i] == 0) {
			work(s, i);
			_exit(0);
		}
	}
	demo_must(mp_event_wait(&s->settled, TIMEOUT_MS), "wait until they stand, or are done");
	for (int i = 0; i < WORKERS; i++)
		demo_line("pid %d holds %s and waits for %s\n", (int)pids[i], names[s->holds[i]],
			names[s->waits_for[i]]);
	for (int i = 0; i < WORKERS; i++)
		if (demo_wait(pids[i], PATIENCE_MS) != 0)
			demo_end(DEMO_NOT_SHOWN, "worker %d did not give up", i);
	demo_line("both asked %d times: %d of %d pieces of work done\n", ASKS, s->done, WORKERS);
	return s->stuck == 3 && s->done == 0 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
