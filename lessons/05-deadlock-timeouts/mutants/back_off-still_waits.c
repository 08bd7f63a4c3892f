/*
 * back_off - two tellers who cannot agree on an order: where its money goes stands in the account
 *
 * Account 1 says "to account 2", account 2 says "to account 1", and only who holds an account's
 * lock may read it. In each of ten rounds both have their first lock before either asks for its
 * second, and who has asked in vain goes on when the other one has asked, too. Only for somebody
 * in a pause nobody waits: so two that begin again without a pause meet again, every time.
 *
 * A mutant: it tries first, and then waits after all, but not for long. Who asks 50 times in vain
 * in one round, or breaks a rule, ends the program with status 3.
 */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { NOBODY = 0, TELLERS = 2, ROUNDS = 10, MOST = 50, WRONG = 3 };
enum { PAUSE_US = 1000 };

struct account {
	int holder, says_to;
	long balance;
};

static struct account accounts[] = {{0}, {NOBODY, 2, 1000}, {NOBODY, 1, 1000}};

/* On the way to its first lock; has it, or stands before it; has asked for its second in vain;
 * pauses, has both, or is done. */
enum place { ON_ITS_WAY, THERE, IN_VAIN, OUT };

static pthread_mutex_t book = PTHREAD_MUTEX_INITIALIZER; /* guards all but the balances */
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static enum place place[TELLERS + 1];
static int vain[TELLERS + 1], begun[TELLERS + 1]; /* in this round */
static int asked_in_vain, waits, timeouts, transfers, with_both;

static void go_to(int me, enum place where)
{
	place[me] = where;
	pthread_cond_broadcast(&news);
}

static void note_in_vain(int me, int account)
{
	asked_in_vain++;
	go_to(me, IN_VAIN);
	if (++vain[me] < MOST)
		return;
	printf("teller %d asked %d times in vain for account %d, attempts: %d\n", me, vain[me],
		account, begun[me]);
	exit(WRONG);
}

/* The first lock, for as long as it takes. Then both must be there. */
static void take(int me, int account)
{
	int other = TELLERS + 1 - me, before;

	pthread_mutex_lock(&book);
	if (accounts[1].holder == me || accounts[2].holder == me) {
		printf("teller %d has a lock and would wait without a limit\n", me);
		exit(WRONG);
	}
	begun[me]++;
	go_to(me, THERE);
	while (accounts[account].holder != NOBODY)
		pthread_cond_wait(&news, &book);
	accounts[account].holder = me;
	before = vain[other];
	while (place[other] == ON_ITS_WAY || (place[other] == IN_VAIN && vain[other] == before))
		pthread_cond_wait(&news, &book);
	pthread_mutex_unlock(&book);
}

static bool get(int me, int account)
{
	if (accounts[account].holder != NOBODY)
		return false;
	accounts[account].holder = me;
	go_to(me, OUT);
	return true;
}

/* The second lock within ms, or not at all: then the answer is false. 0: at once, or not at all. */
static bool take_within(int me, int account, int ms)
{
	int other = TELLERS + 1 - me, before;
	bool got, more_time = ms > 0;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (until.tv_nsec + ms * 1000000L) / 1000000000;
	until.tv_nsec = (until.tv_nsec + ms * 1000000L) % 1000000000;
	pthread_mutex_lock(&book);
	got = get(me, account);
	if (!got)
		note_in_vain(me, account);
	waits += !got && more_time;
	while (!got && more_time) {
		more_time = pthread_cond_clockwait(&news, &book, CLOCK_MONOTONIC, &until) == 0;
		got = get(me, account);
	}
	timeouts += !got && ms > 0;
	before = vain[other];
	while (!got && ms == 0 && place[other] == THERE && vain[other] == before)
		pthread_cond_wait(&news, &book);
	pthread_mutex_unlock(&book);
	return got;
}

static void give(int me, int account)
{
	pthread_mutex_lock(&book);
	if (accounts[account].holder != me) {
		printf("teller %d gives back account %d, which it does not hold\n", me, account);
		exit(WRONG);
	}
	accounts[account].holder = NOBODY;
	go_to(me, ON_ITS_WAY);
	pthread_mutex_unlock(&book);
}

static void pause_at_random(int me)
{
	pthread_mutex_lock(&book);
	go_to(me, OUT);
	pthread_mutex_unlock(&book);
	usleep(random() % PAUSE_US);
	pthread_mutex_lock(&book);
	go_to(me, ON_ITS_WAY);
	pthread_mutex_unlock(&book);
}

static void move(int me, int from, int to, long amount)
{
	pthread_mutex_lock(&book);
	transfers++;
	with_both += accounts[from].holder == me && accounts[to].holder == me;
	pthread_mutex_unlock(&book);
	accounts[from].balance -= amount;
	accounts[to].balance += amount;
}

static void transfer(int me, int from, long amount)
{
	int to;

	for (;;) {
		take(me, from);
		to = accounts[from].says_to;
		if (take_within(me, to, 0) || take_within(me, to, 1))
			break;
		give(me, from);
		pause_at_random(me);
	}
	move(me, from, to, amount);
	give(me, from);
	give(me, to);
}

static pthread_barrier_t both;

static void *teller(void *arg)
{
	int me = *(int *)arg;

	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&book);
		vain[me] = begun[me] = 0;
		go_to(me, ON_ITS_WAY);
		pthread_mutex_unlock(&book);
		pthread_barrier_wait(&both);
		transfer(me, me, me == 1 ? 10 : 3);
		pthread_mutex_lock(&book);
		go_to(me, OUT);
		pthread_mutex_unlock(&book);
		pthread_barrier_wait(&both);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[TELLERS];
	int numbers[TELLERS] = {1, 2};

	setvbuf(stdout, NULL, _IOLBF, 0);
	pthread_barrier_init(&both, NULL, TELLERS);
	for (int i = 0; i < TELLERS; i++)
		if (pthread_create(&threads[i], NULL, teller, &numbers[i]) != 0)
			return 1;
	for (int i = 0; i < TELLERS; i++)
		pthread_join(threads[i], NULL);
	printf("%d of %d transfers held both their accounts\n", with_both, transfers);
	printf("asked in vain: %d, waited with a lock in hand: %d, time was up: %d\n",
		asked_in_vain, waits, timeouts);
	printf("the accounts at the end: %ld %ld\n", accounts[1].balance, accounts[2].balance);
	return 0;
}
