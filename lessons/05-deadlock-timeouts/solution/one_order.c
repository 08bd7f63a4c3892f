/*
 * one_order - two tellers of a bank move money; a transfer needs the locks of both its accounts
 *
 * In each round either teller makes one transfer, and both come as far as they can with their first
 * lock before either goes on: so what happens seldom happens every time. A book says who holds
 * which lock and who waits for which. A ring of waiting would stand for ever; the book sees it,
 * says who is in it, and ends the program with status 3.
 *
 * Nobody may get stuck, whatever transfers a day may bring; no money may be lost; and transfers
 * without a common account are to be made at the same time. A solution: whoever has a lock waits
 * only for one with a higher number. So nobody waits for somebody who waits for him.
 */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { NOBODY = 0, TELLERS = 2, ACCOUNTS = 4, ROUNDS = 5, STUCK = 3 };

struct transfer {
	int from, to;
	long amount;
};

/* For each round: what teller 1 has to do, and what teller 2. */
static const struct transfer day[ROUNDS][TELLERS] = {
	{{1, 2, 10}, {4, 3, 20}},
	{{1, 2, 5}, {2, 1, 15}},
	{{2, 1, 5}, {3, 3, 50}},
	{{2, 3, 5}, {3, 4, 25}},
	{{1, 4, 30}, {4, 1, 60}},
};

static long balance[ACCOUNTS + 1] = {0, 1000, 1000, 1000, 1000}; /* number 0 is nobody's */

static pthread_mutex_t book = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static int holder[ACCOUNTS + 1], waits_for[TELLERS + 1]; /* 0: nobody, nothing */
static int round_now[TELLERS + 1], came[TELLERS + 1];    /* to the meeting of which round */
static int transfers, with_both;
static bool given_up;

static int held_by(int me)
{
	int account = ACCOUNTS;

	while (account > 0 && holder[account] != me)
		account--;
	return account;
}

/* With the first lock in hand. Waits until the other one has come too, once in vain: for 1 s. */
static void meet(int me)
{
	int other = TELLERS + 1 - me;
	struct timespec until;

	came[me] = round_now[me];
	pthread_cond_broadcast(&news);
	if (came[other] == came[me] && held_by(other))
		printf("round %d: both hold a lock\n", round_now[me]);
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	while (came[other] < came[me] && !given_up)
		given_up = pthread_cond_clockwait(&news, &book, CLOCK_MONOTONIC, &until) != 0;
}

/* Whom do I wait for, and whom does that one wait for? If it comes back to me, it is a ring. */
static void look_for_ring(int me)
{
	int at = me, next;

	while (at != NOBODY && (at = holder[waits_for[at]]) != me)
		;
	if (at == NOBODY)
		return;
	do {
		next = holder[waits_for[at]];
		printf("round %d: teller %d holds account %d and waits for account %d\n",
			round_now[me], next, waits_for[at], waits_for[next]);
		at = next;
	} while (at != me);
	printf("that is a ring: it would stand for ever\n");
	exit(STUCK);
}

/* Waits for an account's lock as long as it takes. */
static void take(int me, int account)
{
	pthread_mutex_lock(&book);
	while (holder[account] != NOBODY) {
		waits_for[me] = account;
		look_for_ring(me);
		came[me] = round_now[me]; /* as far as one can */
		pthread_cond_broadcast(&news);
		pthread_cond_wait(&news, &book);
	}
	waits_for[me] = 0;
	holder[account] = me;
	if (came[me] < round_now[me])
		meet(me);
	pthread_mutex_unlock(&book);
}

static void give(int me, int account)
{
	pthread_mutex_lock(&book);
	if (holder[account] != me) {
		printf("teller %d gives back account %d, which it does not hold\n", me, account);
		exit(STUCK);
	}
	holder[account] = NOBODY;
	pthread_cond_broadcast(&news);
	pthread_mutex_unlock(&book);
}

static void move(int me, const struct transfer *t)
{
	pthread_mutex_lock(&book);
	transfers++;
	with_both += holder[t->from] == me && holder[t->to] == me;
	pthread_mutex_unlock(&book);
	balance[t->from] -= t->amount;
	balance[t->to] += t->amount;
}

/* [part one-order] */
/* The account with the lower number comes first, for everybody; and only once, if it is both. */
static void transfer(int me, const struct transfer *t)
{
	int low = t->from < t->to ? t->from : t->to;
	int high = t->from < t->to ? t->to : t->from;

	take(me, low);
	if (high != low)
		take(me, high);
	move(me, t);
	give(me, low);
	if (high != low)
		give(me, high);
}
/* [end] */

static pthread_barrier_t end_of_round;

static void *teller(void *arg)
{
	int me = *(int *)arg;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&book);
		round_now[me] = i + 1;
		pthread_mutex_unlock(&book);
		transfer(me, &day[i][me - 1]);
		pthread_mutex_lock(&book);
		came[me] = round_now[me]; /* whoever needs no lock is not waited for */
		pthread_cond_broadcast(&news);
		if (held_by(me)) {
			printf("teller %d has kept account %d\n", me, held_by(me));
			exit(STUCK);
		}
		pthread_mutex_unlock(&book);
		pthread_barrier_wait(&end_of_round);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[TELLERS];
	int numbers[TELLERS] = {1, 2};

	setvbuf(stdout, NULL, _IOLBF, 0);
	pthread_barrier_init(&end_of_round, NULL, TELLERS);
	for (int i = 0; i < TELLERS; i++)
		if (pthread_create(&threads[i], NULL, teller, &numbers[i]) != 0)
			return 1;
	for (int i = 0; i < TELLERS; i++)
		pthread_join(threads[i], NULL);
	printf("%d of %d transfers held both their accounts\n", with_both, transfers);
	printf("the accounts at the end:");
	for (int a = 1; a <= ACCOUNTS; a++)
		printf(" %ld", balance[a]);
	printf("\n");
	return 0;
}
