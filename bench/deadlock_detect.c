/*
 * deadlock_detect - how long until a supervisor has found a deadlock, and how long until it is over?
 *
 * No way out of their own: worker i of a ring has lock i and waits, without a limit, for lock i + 1. Who holds what
 * and who waits for what stands in shared memory; a supervisor looks for a ring in it, names its members, and kills
 * one. That one's lock goes to its neighbour (lock.h), who goes on, and so do all the others, one after another.
 * The time runs from the moment when the last of them asks for its second lock: from then on nobody can go on.
 * How soon the supervisor looks makes the difference: told by each who is about to wait, or by itself every so often
 * (its first look comes after a random part of that time, since the ring closes at any moment between two looks).
 *
 * Before that the workers use the same locks in one order, so that they wait for each other a lot, and are never
 * deadlocked: a ring that is found too early, or with other members, is a wrong count.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "mp/event.h"
#include "mp/lock.h"
#include "mp/process.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define RING_MAX    8
#define ORDINARY    100  /* uses in one order, before the ring */
#define DEADLINE_MS 5000 /* the harness must not hang with what it measures */

enum mark { VERDICT, FIRST_GOES_ON };

/*
 * A note is a number and how often it has been changed. Each has one writer at a time, who holds what the note says
 * or waits for it. Number 0: nobody, nothing; else the worker or lock with that number less 1.
 */
struct note {
	_Atomic uint64_t word;
};

struct gathering {
	_Atomic uint32_t came;
	struct mp_event all_came;
};

struct table {
	struct mp_lock locks[RING_MAX];
	struct note holder[RING_MAX];    /* of a lock; cleared before it is released */
	struct note waits_for[RING_MAX]; /* of a worker; cleared before the holder is noted */
	_Atomic uint64_t asked_ns[RING_MAX], through_ns[RING_MAX];
	struct gathering ordered,
		first; /* all are done with the one order; have their first lock */
	struct mp_event news;
	bool tells; /* who is about to wait wakes the supervisor */
	unsigned n;
};

static unsigned number_of(uint64_t note)
{
	return (unsigned)(note & 0xff);
}

static void put(struct note *note, unsigned number)
{
	atomic_store(&note->word, ((atomic_load(&note->word) >> 8) + 1) << 8 | number);
}

/* ---- a worker ---- */

struct job {
	struct table *table; /* the same address in a forked child */
	unsigned number;
};

static int take(struct table *t, unsigned me, unsigned lock)
{
	int err = mp_lock_acquire(&t->locks[lock], 0);

	if (err == -ETIMEDOUT) {
		atomic_store(&t->asked_ns[me], clock_now_ns());
		put(&t->waits_for[me], lock + 1);
		if (t->tells)
			mp_event_set(&t->news);
		err = mp_lock_acquire(&t->locks[lock], MP_FOREVER);
		put(&t->waits_for[me], 0);
	}
	if (err == -EOWNERDEAD)
		err = mp_lock_recover(&t->locks[lock]);
	if (!err)
		put(&t->holder[lock], me + 1);
	return err;
}

static void give(struct table *t, unsigned lock)
{
	put(&t->holder[lock], 0);
	mp_lock_release(&t->locks[lock]);
}

static int gather(struct gathering *g, unsigned n)
{
	if (atomic_fetch_add(&g->came, 1) + 1 == n)
		mp_event_set(&g->all_came);
	return mp_event_wait(&g->all_came, DEADLINE_MS);
}

static int use_both(struct table *t, unsigned me, unsigned first, unsigned second, bool meets)
{
	int err = take(t, me, first);

	if (!err && meets)
		err = gather(&t->first, t->n);
	if (!err)
		err = take(t, me, second);
	if (err)
		return err;
	atomic_store(&t->through_ns[me], clock_now_ns());
	give(t, second);
	give(t, first);
	return 0;
}

static int worker(struct mp_child *self)
{
	const struct job *job = mp_child_argument(self, NULL);
	unsigned me = job->number, next = (me + 1) % job->table->n;
	int err = 0;

	for (unsigned i = 0; i < ORDINARY && !err; i++)
		err = use_both(job->table, me, me < next ? me : next, me < next ? next : me, false);
	if (!err)
		err = gather(&job->table->ordered, job->table->n);
	if (!err)
		err = use_both(job->table, me, me, next, true);
	return err ? 1 : 0;
}

static const struct mp_entry entries[] = {{"worker", worker}, {NULL, NULL}};

static int early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
	return 0;
}

/* ---- the supervisor ---- */

/*
 * The members of the ring that start waits in, one waiting for the next; 0: there is none. The notes are read one
 * after another, so they may never have been true together. Those of a ring are read twice: what has not changed
 * from its first reading to its second was all true in between.
 */
static unsigned find_ring_of(const struct table *t, unsigned start, unsigned *members)
{
	uint64_t waits[RING_MAX], holds[RING_MAX];
	unsigned n = 0, w = start;

	do {
		waits[n] = atomic_load(&t->waits_for[w].word);
		if (number_of(waits[n]) == 0)
			return 0;
		holds[n] = atomic_load(&t->holder[number_of(waits[n]) - 1].word);
		if (number_of(holds[n]) == 0)
			return 0;
		members[n] = w;
		w = number_of(holds[n++]) - 1;
	} while (w != start && n < t->n);
	if (w != start)
		return 0;
	for (unsigned i = 0; i < n; i++)
		if (atomic_load(&t->waits_for[members[i]].word) != waits[i] ||
			atomic_load(&t->holder[number_of(waits[i]) - 1].word) != holds[i])
			return 0;
	return n;
}

static unsigned find_ring(const struct table *t, unsigned *members)
{
	unsigned n = 0;

	for (unsigned w = 0; w < t->n && n == 0; w++)
		n = find_ring_of(t, w, members);
	return n;
}

struct supervisor {
	struct table *table; /* in the arena */
	uint64_t look_ns;    /* between two looks; 0: is told */
	unsigned n;
	struct mp_process *workers[RING_MAX];
};

static void sleep_ns(uint64_t ns)
{
	nanosleep(&(struct timespec){.tv_sec = (time_t)(ns / 1000000000),
			  .tv_nsec = (long)(ns % 1000000000)},
		NULL);
}

/* Until it has found one: members, and when that was. */
static int watch(const struct supervisor *s, unsigned *members, unsigned *n, uint64_t *verdict_ns)
{
	uint64_t end = clock_now_ns() + DEADLINE_MS * UINT64_C(1000000), first = 0;
	struct table *t = s->table;

	if (s->look_ns && getrandom(&first, sizeof(first), 0) != sizeof(first))
		return -EIO;
	sleep_ns(s->look_ns ? first % s->look_ns : 0);
	for (;;) {
		mp_event_clear(&t->news); /* before the look: what comes behind it wakes us again */
		*n = find_ring(t, members);
		*verdict_ns = clock_now_ns();
		if (*n)
			return 0;
		if (*verdict_ns > end)
			return -ETIMEDOUT;
		if (s->look_ns)
			sleep_ns(s->look_ns);
		else
			mp_event_wait(&t->news, DEADLINE_MS);
	}
}

static int start_all(struct supervisor *s)
{
	struct table *t = s->table;
	int err = 0;

	memset(t, 0, sizeof(*t));
	t->n = s->n;
	t->tells = s->look_ns == 0;
	mp_event_create(&t->ordered.all_came);
	mp_event_create(&t->first.all_came);
	mp_event_create(&t->news);
	for (unsigned i = 0; i < s->n && !err; i++)
		err = mp_lock_create(&t->locks[i]);
	for (unsigned i = 0; i < s->n && !err; i++) {
		const struct job job = {t, i};

		err = mp_process_start(&(struct mp_process_options){.entry = "worker",
					       .argument = &job,
					       .nbytes = sizeof(job),
					       .method = MP_FORK},
			&s->workers[i]);
	}
	return err;
}

/* How many ended by themselves, all being done. Whoever still lives at the deadline is killed. */
static unsigned end_all(struct supervisor *s)
{
	unsigned good = 0;

	for (unsigned i = 0; i < s->n; i++) {
		int code;

		if (!s->workers[i])
			continue;
		if (mp_process_join(s->workers[i], DEADLINE_MS) != 0) {
			mp_process_kill(s->workers[i]);
			mp_process_join(s->workers[i], DEADLINE_MS);
		}
		good += mp_process_exit_code(s->workers[i], &code) == 0 && code == 0;
		mp_process_close(s->workers[i]);
		s->workers[i] = NULL;
	}
	return good;
}

/* Whether the ring is the one that there is: each waits for the next, and all are in it. */
static bool is_the_ring(const unsigned *members, unsigned n, unsigned all)
{
	for (unsigned i = 0; i < n; i++)
		if (members[(i + 1) % n] != (members[i] + 1) % all)
			return false;
	return n == all;
}

/* Adds what one deadlock took. */
static int tell(struct bench_run *r, const struct table *t, unsigned killed, uint64_t verdict_ns,
	uint64_t *elapsed)
{
	uint64_t closed = 0, first = UINT64_MAX, last = 0;

	for (unsigned i = 0; i < t->n; i++) {
		closed = t->asked_ns[i] > closed ? (uint64_t)t->asked_ns[i] : closed;
		if (i == killed)
			continue;
		first = t->through_ns[i] < first ? (uint64_t)t->through_ns[i] : first;
		last = t->through_ns[i] > last ? (uint64_t)t->through_ns[i] : last;
	}
	if (verdict_ns < closed || first < verdict_ns)
		return -EBADMSG; /* found before it was there, or gone before it was ended */
	bench_mark(r, VERDICT, verdict_ns - closed);
	bench_mark(r, FIRST_GOES_ON, first - closed);
	*elapsed += last - closed;
	return 0;
}

/* One deadlock, found and ended. *found: whether it was the right one. */
static int one(struct bench_run *r, struct supervisor *s, uint64_t *elapsed, bool *found)
{
	unsigned members[RING_MAX], n = 0, killed = s->n;
	uint64_t verdict_ns = 0;
	int err = start_all(s);

	if (!err)
		err = watch(s, members, &n, &verdict_ns);
	if (!err) {
		*found = is_the_ring(members, n, s->n);
		killed = members[n - 1];
		mp_process_kill(s->workers[killed]);
	}
	for (unsigned i = 0; err && i < s->n; i++)
		if (s->workers[i])
			mp_process_kill(s->workers[i]);
	*found &= end_all(s) == s->n - 1;
	return err ? err : tell(r, s->table, killed, verdict_ns, elapsed);
}

static uint64_t run(struct bench_run *r, uint64_t iters)
{
	struct supervisor *s = bench_state(r);
	uint64_t right = 0, elapsed = 0;

	for (uint64_t i = 0; i < iters; i++) {
		bool found = false;
		int err = one(r, s, &elapsed, &found);

		if (err) {
			bench_fail(r, err, "find the ring and end it");
			return 0;
		}
		right += found;
	}
	bench_elapsed(r, elapsed);
	return right;
}

static int open_supervisor(struct bench_run *r, uint64_t look_ns)
{
	struct supervisor *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->table = bench_arena(r, sizeof(*s->table));
	s->n = bench_is(r, "ring", "two") ? 2 : RING_MAX;
	s->look_ns = look_ns;
	if (!s->table) {
		free(s);
		return -ENOMEM;
	}
	bench_set_state(r, s);
	return 0;
}

static int open_told(struct bench_run *r)
{
	return open_supervisor(r, 0);
}

static int open_1ms(struct bench_run *r)
{
	return open_supervisor(r, 1000000);
}

static int open_10ms(struct bench_run *r)
{
	return open_supervisor(r, 10000000);
}

static int open_100ms(struct bench_run *r)
{
	return open_supervisor(r, 100000000);
}

static void close_supervisor(struct bench_run *r)
{
	free(bench_state(r));
}

static const struct bench_variant variants[] = {
	{.name = "told",
		.text = "whoever is about to wait wakes the supervisor, and it looks",
		.run = run,
		.setup = open_told,
		.teardown = close_supervisor},
	{.name = "look_1ms",
		.text = "the supervisor looks every 1 ms",
		.base = "told",
		.run = run,
		.setup = open_1ms,
		.teardown = close_supervisor},
	{.name = "look_10ms",
		.text = "the supervisor looks every 10 ms",
		.base = "told",
		.run = run,
		.setup = open_10ms,
		.teardown = close_supervisor},
	{.name = "look_100ms",
		.text = "the supervisor looks every 100 ms",
		.base = "told",
		.run = run,
		.setup = open_100ms,
		.teardown = close_supervisor},
	{.name = NULL},
};

const struct bench bench = {
	.question = "How long until a supervisor has found and ended a deadlock?",
	.topic = "deadlock-timeouts",
	.op = "one deadlock: from when the ring of waiting closes until all the others are through",
	.variants = variants,
	.axes = {{"ring", "two,eight", NULL, "workers that wait for each other in a ring"}},
	.marks = {"verdict", "first_goes_on"},
	.single = true,
	.answer = "A supervisor that is told who waits has found and ended a deadlock of two after "
		  "{told@ring=two}; one that looks every 100 ms takes {look_100ms/told@ring=two} "
		  "times "
		  "that",
	.share = 0.01,
	.chart = "ladder",
	.early = early,
};
