/*
 * deadlock_ordered - two processes take two locks, both in the same order, and both get them
 *
 * listings: 001-L24
 * claims: none
 *
 * Watch for: who waits, and what it holds meanwhile: nothing. As all ask for A before B, whoever comes
 * second waits for A with empty hands, and who has A finds nobody who holds B and waits for A. To
 * close a ring of waiting, somebody must hold a later lock and wait for an earlier one. No clock,
 * nothing to try again. In which order they are released does not matter (the demo release_order).
 *
 * Then look at: diff -u demos/deadlock.c demos/deadlock_ordered.c
 *
 * The Python it re-creates:
 *     def work(first, second):
 *         with first:
 *             with second: ...
 *     Process(target=work, args=(a, b)).start()
 *     Process(target=work, args=(a, b)).start()
 *
 * expect:
 *     [unordered]
 *     pid <pid> holds A and waits for nothing
 *     pid <pid> holds nothing and waits for A
 *     [end]
 *     pid <pid> ended
 *     pid <pid> ended
 *     2 of 2 pieces of work done
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/lock.h"

enum { WORKERS = 2, TIMEOUT_MS = 5000, PATIENCE_MS = 5000 };

struct shared {
	struct mp_lock locks[2];
	atomic_int holds[WORKERS], waits_for[WORKERS]; /* at the meeting; 0: nothing, 1: A, 2: B */
	atomic_uint came, waiting;                     /* a bit for each worker */
	struct mp_event both_came, settled;            /* settled: both wait, or all is done */
	int done;                                      /* changed by who has both locks */
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
	const int first = 0, second = 1; /* A before B, whoever it is */

	demo_must(take(s, me, first, MP_FOREVER), "first lock");
	if (s->waits_for[me] == 0)
		s->holds[me] = first + 1;
	come(&s->came, me, &s->both_came);
	demo_must(mp_event_wait(&s->both_came, TIMEOUT_MS), "meeting");
	demo_must(take(s, me, second, MP_FOREVER), "second lock");
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
	int killed = 0;

	demo_start(argc, argv, "deadlock_ordered",
		"two processes take two locks, both in the same order, and both get them");
	for (int i = 0; i < 2; i++)
		demo_must(mp_lock_create(&s->locks[i]), "lock");
	mp_event_create(&s->both_came);
	mp_event_create(&s->settled);
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
	for (int i = 0; i < WORKERS; i++) {
		if (demo_wait(pids[i], PATIENCE_MS) == 0) {
			demo_line("pid %d ended\n", (int)pids[i]);
			continue;
		}
		demo_line("pid %d did not end within %d ms and was killed\n", (int)pids[i],
			PATIENCE_MS);
		killed++;
	}
	demo_line("%d of %d pieces of work done\n", s->done, WORKERS);
	return killed == 0 && s->done == WORKERS ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
