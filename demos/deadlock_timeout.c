/*
 * deadlock_timeout - two processes take two locks in opposite order, give up in time, and get out
 *
 * listings: 001-L24
 * claims: 001-C080 001-C081
 *
 * Watch for: how often the time was up. Each asks for its second lock for 50 ms; then it drops the
 * first one too, pauses for a random time and begins again. All three are needed: who keeps its first
 * lock changes nothing for the other, and without a pause both may meet again and again. The price is
 * those 50 ms, each time. That a lock could not be had is told by what acquire returns; nothing is
 * raised, not in Python either (001-L24 waits for an exception that never comes).
 *
 * Then look at: diff -u demos/deadlock.c demos/deadlock_timeout.c
 * and:          diff -u demos/deadlock_timeout_kept.c demos/deadlock_timeout.c
 *
 * The Python it re-creates:
 *     def work(first, second):
 *         while True:
 *             with first:
 *                 if second.acquire(timeout=0.05): break    # False where time is up
 *             time.sleep(random.uniform(0, 0.01))
 *
 * expect:
 *     pid <pid:x> holds A and waits for B
 *     pid <pid:y> holds B and waits for A
 *     pid <pid:x> ended
 *     pid <pid:y> ended
 *     2 of 2 pieces of work done, time was up <n> times
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/lock.h"
#include <sys/random.h>

enum { WORKERS = 2, TIMEOUT_MS = 5000, PATIENCE_MS = 5000, GIVE_UP_MS = 50, PAUSE_MS = 10 };

struct shared {
	struct mp_lock locks[2];
	atomic_int holds[WORKERS], waits_for[WORKERS]; /* at the meeting; 0: nothing, 1: A, 2: B */
	atomic_uint came, waiting;                     /* a bit for each worker */
	struct mp_event both_came, settled;            /* settled: both wait, or all is done */
	int done;                                      /* changed by who has both locks */
	atomic_int gave_up;
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

static void pause_at_random(void)
{
	unsigned random = 0;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		demo_end(DEMO_NO_RESOURCE, "getrandom: %s", strerror(errno));
	nanosleep(&(struct timespec){.tv_nsec = random % (PAUSE_MS * 1000000u)}, NULL);
}

/* false: time was up, and nothing is held any more. */
static bool work(struct shared *s, int me)
{
	const int first = me, second = 1 - me;
	int err;

	demo_must(take(s, me, first, MP_FOREVER), "first lock");
	if (s->waits_for[me] == 0)
		s->holds[me] = first + 1;
	come(&s->came, me, &s->both_came);
	demo_must(mp_event_wait(&s->both_came, TIMEOUT_MS), "meeting");
	err = take(s, me, second, GIVE_UP_MS);
	if (err == -ETIMEDOUT) {
		demo_must(mp_lock_release(&s->locks[first]), "release");
		s->gave_up++;
		return false;
	}
	demo_must(err, "second lock");
	if (++s->done == WORKERS)
		mp_event_set(&s->settled);
	demo_must(mp_lock_release(&s->locks[second]), "release");
	demo_must(mp_lock_release(&s->locks[first]), "release");
	return true;
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"nothing", "A", "B"};
	struct shared *s = demo_shared(sizeof(*s));
	pid_t pids[WORKERS];
	int killed = 0;

	demo_start(argc, argv, "deadlock_timeout",
		"two processes take two locks in opposite order, give up in time, and get out");
	for (int i = 0; i < 2; i++)
		demo_must(mp_lock_create(&s->locks[i]), "lock");
	mp_event_create(&s->both_came);
	mp_event_create(&s->settled);
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = demo_fork();
		if (pids[i] == 0) {
			while (!work(s, i))
				pause_at_random();
			_exit(0);
		}
	}
	demo_must(mp_event_wait(&s->settled, TIMEOUT_MS), "wait until they stand, or are done");
	for (int i = 0; i < WORKERS; i++)
		demo_line("pid %d holds %s and waits for %s\n", (int)pids[i], names[s->holds[i]],
			names[s->waits_for[i]]);
	for (int i = 0; i < WORKERS; i++) {
		if (demo_wait(pids[i], PATIENCE_MS) == 0) {
			demo_line("pid %d ended\n", (int)pids[i]);
			continue;
		}
		demo_line("pid %d did not end within %d ms and was killed\n", (int)pids[i],
			PATIENCE_MS);
		killed++;
	}
	demo_line("%d of %d pieces of work done, time was up %d times\n", s->done, WORKERS,
		s->gave_up);
	return killed == 0 && s->done == WORKERS && s->gave_up > 0 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
