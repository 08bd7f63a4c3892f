/*
 * deadlock_timeout - what does a deadlock cost, by each way to get out of it or past it?
 *
 * Two workers move money between accounts; each account has a lock, and a transfer holds both. One round is one
 * head-on meeting at two accounts that both need, and 50,000 transfers of each worker between two accounts of its
 * own, where it meets nobody. In the meeting each has its first lock, or stands before it, before either asks for its
 * second. So with locks in opposite order every round has one deadlock, neither less nor more, on any machine:
 * neither can go on before the other drops what it has. It is checked that somebody had to; in one order, nobody.
 *
 * The ways differ in how a worker asks for its second lock, and in how long it pauses when it has not got it and has
 * dropped the first. The pause is random. Without one both begin again at the same time and meet again, for as long
 * as chance will have it: seconds were seen. So at_once pauses after all, when it has begun again 50 times.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/team.h"
#include "mp/lock.h"
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define WORKERS 2
#define OWN     50000 /* transfers of one's own in a round */
#define SPIN_NS 50000 /* a shorter pause is not worth a sleep */
#define AT_ONCE 50    /* so that the sample ends */

enum mark { FIRST_THROUGH, BOTH_THROUGH };

struct way {
	const char *name;
	bool ordered;
	int64_t timeout_ms; /* for the second lock */
	uint64_t pause_ns;  /* up to so long, at random; doubled each time where it doubles */
	bool doubles;
	unsigned at_once; /* so often without a pause */
};

static const struct way ways[] = {
	{"global_order", true, MP_FOREVER, 0, false, 0},
	{"try_back_off", false, 0, 1000, true, 0},
	{"timeout_1ms", false, 1, 100000, false, 0},
	{"timeout_10ms", false, 10, 1000000, false, 0},
	{"timeout_100ms", false, 100, 10000000, false, 0},
	{"timeout_1ms_at_once", false, 1, 100000, false, AT_ONCE},
};

struct account {
	_Alignas(64) struct mp_lock lock;
	int64_t balance;
	uint64_t transfers;
};

/* What one worker says of a round. */
struct told {
	_Alignas(64) uint64_t came_ns, through_ns, gave_up;
};

struct bank {
	struct account shared[2], own[WORKERS][2];
	struct told told[WORKERS];
	_Alignas(64) _Atomic uint64_t came; /* to all meetings */
};

struct state {
	const struct way *way;
	struct bank *bank; /* in the arena */
	struct team *team;
	uint64_t transfers;
};

/* ---- a worker ---- */

struct worker {
	const struct way *way;
	struct bank *bank;
	struct told *told;
	unsigned me;
	uint64_t meetings, random;
	bool came;
};

static void come(struct worker *w)
{
	if (w->came)
		return;
	w->came = true;
	w->told->came_ns = clock_now_ns();
	atomic_fetch_add(&w->bank->came, 1);
}

/* By looking: both run, or the other one waits for our CPU. */
static void wait_for_both(const struct worker *w)
{
	while (atomic_load(&w->bank->came) < w->meetings * WORKERS)
		sched_yield();
}

static void move_one(struct account *from, struct account *to)
{
	from->balance--;
	to->balance++;
	from->transfers++;
	to->transfers++;
}

static void pause_up_to(struct worker *w, uint64_t most_ns)
{
	uint64_t ns, end;

	if (most_ns == 0)
		return;
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	ns = w->random % most_ns;
	if (ns > SPIN_NS) {
		nanosleep(&(struct timespec){.tv_nsec = (long)ns}, NULL);
		return;
	}
	for (end = clock_now_ns() + ns; clock_now_ns() < end;)
		sched_yield();
}

static int take_first(struct worker *w, struct mp_lock *lock)
{
	int err = mp_lock_acquire(lock, 0);

	if (err == -ETIMEDOUT) {
		come(w); /* as far as it can: the other one has it */
		err = mp_lock_acquire(lock, MP_FOREVER);
	}
	if (err)
		return err;
	come(w);
	wait_for_both(w);
	return 0;
}

static int meet(struct worker *w)
{
	unsigned number = w->way->ordered ? 0 : w->me;
	struct account *first = &w->bank->shared[number], *second = &w->bank->shared[1 - number];
	uint64_t pause_ns = w->way->pause_ns;
	int err;

	w->came = false;
	w->meetings++;
	for (;;) {
		err = take_first(w, &first->lock);
		if (err)
			return err;
		err = mp_lock_acquire(&second->lock, w->way->timeout_ms);
		if (err != -ETIMEDOUT)
			break;
		mp_lock_release(&first->lock);
		w->told->gave_up++;
		if (w->told->gave_up > w->way->at_once)
			pause_up_to(w, pause_ns);
		if (w->way->doubles && pause_ns < SPIN_NS)
			pause_ns *= 2;
	}
	if (err)
		return err;
	move_one(&w->bank->shared[w->me], &w->bank->shared[1 - w->me]);
	w->told->through_ns = clock_now_ns();
	mp_lock_release(&second->lock);
	mp_lock_release(&first->lock);
	return 0;
}

static int move_own(struct worker *w)
{
	struct account *a = w->bank->own[w->me];
	int err = 0;

	for (unsigned i = 0; i < OWN && !err; i++) {
		err = mp_lock_acquire(&a[0].lock, MP_FOREVER);
		if (!err)
			err = mp_lock_acquire(&a[1].lock, MP_FOREVER);
		move_one(&a[i % 2], &a[1 - i % 2]);
		mp_lock_release(&a[1].lock);
		mp_lock_release(&a[0].lock);
	}
	return err;
}

static int work(void *arg, struct team_member *me)
{
	const struct state *s = arg;
	struct worker w = {.way = s->way, .bank = s->bank, .me = team_number(me)};
	uint64_t rounds;
	int err = 0;

	w.told = &s->bank->told[w.me];
	if (getrandom(&w.random, sizeof(w.random), 0) != sizeof(w.random))
		return -EIO;
	w.random |= 1; /* of 0 nothing would come but 0 */
	while (!err && team_turn(me, &rounds)) {
		w.told->gave_up = 0;
		err = meet(&w);
		if (!err)
			err = move_own(&w);
		if (!err)
			team_done(me, OWN + 1, 0);
	}
	return err;
}

/* ---- a sample ---- */

static int open_accounts(struct account *a, unsigned n)
{
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++)
		err = mp_lock_create(&a[i].lock);
	return err;
}

static int setup(struct bench_run *r)
{
	struct state *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	for (s->way = ways; strcmp(s->way->name, bench_variant_name(r)) != 0; s->way++)
		;
	s->bank = bench_arena(r, sizeof(*s->bank));
	err = s->bank ? open_accounts(s->bank->shared, 2) : -ENOMEM;
	for (unsigned i = 0; i < WORKERS && !err; i++)
		err = open_accounts(s->bank->own[i], 2);
	if (!err)
		err = team_start(r, WORKERS, work, s, &s->team);
	if (err) {
		free(s);
		return err;
	}
	bench_set_state(r, s);
	return 0;
}

static void teardown(struct bench_run *r)
{
	struct state *s = bench_state(r);

	team_stop(s->team);
	free(s);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* Whether it came to what this way is about: a deadlock, in opposite order; none, in one order. */
static bool met_as_planned(const struct state *s)
{
	uint64_t gave_up = s->bank->told[0].gave_up + s->bank->told[1].gave_up;

	return s->way->ordered ? gave_up == 0 : gave_up > 0;
}

/* Every transfer was counted at both of its accounts, and moved what it should: both directions come to nothing at
 * the shared accounts, and at one's own each second one goes back. */
static uint64_t count_transfers(struct state *s)
{
	const struct account *all = s->bank->shared;
	uint64_t sides = 0, before = s->transfers;

	for (unsigned i = 0; i < 2 + WORKERS * 2; i++) {
		const struct account *a = i < 2 ? &all[i] : &s->bank->own[(i - 2) / 2][i % 2];

		if (a->balance != 0)
			return 0;
		sides += a->transfers;
	}
	s->transfers = sides / 2;
	return s->transfers - before;
}

static uint64_t run(struct bench_run *r, uint64_t iters)
{
	struct state *s = bench_state(r);
	struct told *t = s->bank->told;
	uint64_t elapsed = 0;

	for (uint64_t i = 0; i < iters; i++) {
		struct team_count counts[WORKERS];
		uint64_t ns, met;
		int err = team_run(s->team, 1, counts, &ns);

		if (!err && !met_as_planned(s))
			err = -EBADMSG;
		if (err) {
			bench_fail(r, err, "meet head on");
			return 0;
		}
		met = later(t[0].came_ns, t[1].came_ns);
		bench_mark(r, FIRST_THROUGH, earlier(t[0].through_ns, t[1].through_ns) - met);
		bench_mark(r, BOTH_THROUGH, later(t[0].through_ns, t[1].through_ns) - met);
		elapsed += ns;
	}
	bench_elapsed(r, elapsed);
	return count_transfers(s);
}

static uint64_t expected(const struct bench_run *r, uint64_t iters)
{
	(void)r;
	return iters * WORKERS * (OWN + 1);
}

static const char *skip(const struct bench_run *r)
{
	return bench_number(r, "workers") == WORKERS ? NULL : "it is two workers that meet";
}

static const struct bench_variant variants[] = {
	{.name = "global_order",
		.text = "both ask for the same lock first: there is no deadlock",
		.run = run,
		.setup = setup,
		.teardown = teardown},
	{.name = "try_back_off",
		.text = "the second lock at once or not at all; else drop, pause up to 1 us, 2 us, "
			"4 us ...",
		.base = "global_order",
		.run = run,
		.setup = setup,
		.teardown = teardown},
	{.name = "timeout_1ms",
		.text = "the second lock within 1 ms; else drop, pause up to 0.1 ms",
		.base = "global_order",
		.run = run,
		.setup = setup,
		.teardown = teardown},
	{.name = "timeout_10ms",
		.text = "the second lock within 10 ms; else drop, pause up to 1 ms",
		.base = "global_order",
		.run = run,
		.setup = setup,
		.teardown = teardown},
	{.name = "timeout_100ms",
		.text = "the second lock within 100 ms; else drop, pause up to 10 ms",
		.base = "global_order",
		.run = run,
		.setup = setup,
		.teardown = teardown},
	{.name = "timeout_1ms_at_once",
		.text = "the second lock within 1 ms; else drop, and begin again at once, up to 50 "
			"times",
		.base = "timeout_1ms",
		.run = run,
		.setup = setup,
		.teardown = teardown},
	{.name = NULL},
};

const struct bench bench = {
	.question = "What does a deadlock cost, by each way out of it?",
	.topic = "deadlock-timeouts",
	.op = "one round: a head-on meeting, and 50,000 transfers by each of two workers",
	.variants = variants,
	.axes = {{"workers", "2", NULL, "the two that meet"}},
	.marks = {"first_through", "both_through"},
	.single = true,
	.answer = "A round with a deadlock in it takes {try_back_off/global_order} times as long "
		  "as with one order of locks, where there is none, if a worker tries and backs "
		  "off; {timeout_1ms/global_order} times with timeouts of 1 ms, "
		  "{timeout_100ms/global_order} times of 100 ms",
	.share = 0.025,
	.quick_share = 0.03,
	.chart = "ladder",
	.skip = skip,
	.expected = expected,
};
