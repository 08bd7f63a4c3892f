/*
 * one_lock - four threads count the odd primes below a number
 *
 * Usage: one_lock [BELOW]. With a minus sign before it, it runs in slow motion: at two points, A
 * and B, the workers wait for one another, so that what happens seldom happens every time.
 *
 * The numbers 3, 5, 7, ... are dealt out to the four, one by one. All four are to be at work at
 * once, and no prime may be lost. The count is right, but nothing is gained from four threads: find
 * out why, and repair worker(). Leave is_prime(), add() and what is above them as they are.
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORKERS = 4, START = 3, STEP = 2 * WORKERS };

/* A gate that opens when `wanted` workers stand before it. After patience_ms it is given up. */
struct point {
	int wanted, patience_ms, gate[2];
	atomic_int here;
	atomic_bool given_up;
};

static struct point at_work = {.wanted = WORKERS, .patience_ms = 2000};
static struct point adding = {.wanted = 2, .patience_ms = 1000};
static bool slow;

static void come_to(struct point *p)
{
	struct pollfd gate = {p->gate[0], POLLIN, 0};

	if (!slow || p->given_up || p->here >= p->wanted)
		return;
	/* What is written stays in the pipe, and the gate open. */
	if (atomic_fetch_add(&p->here, 1) + 1 == p->wanted && write(p->gate[1], "!", 1) == 1)
		return;
	if (poll(&gate, 1, p->patience_ms) == 0)
		p->given_up = true;
}

/* Each worker computes here; its first number is point A. */
static bool is_prime(long n)
{
	if (n < START + STEP)
		come_to(&at_work);
	for (long d = 3; d * d <= n; d += 2)
		if (n % d == 0)
			return false;
	return true;
}

static long total;

/* The three steps of `total += found`, with point B amidst. */
static void add(long found)
{
	long before = total;

	come_to(&adding);
	total = before + found;
}

/* [part faulty] */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long below = 6000000;

static void *worker(void *arg)
{
	int number = *(int *)arg;

	dprintf(STDOUT_FILENO, "worker %d of process %d begins\n", number, (int)getpid());
	pthread_mutex_lock(&lock);
	for (long n = START + 2 * (number - 1); n < below; n += STEP)
		if (is_prime(n))
			add(1);
	pthread_mutex_unlock(&lock);
	dprintf(STDOUT_FILENO, "worker %d has ended\n", number);
	return NULL;
}
/* [end] */

int main(int argc, char **argv)
{
	pthread_t threads[WORKERS];
	int numbers[WORKERS];

	if (argc > 1)
		below = labs(atol(argv[1]));
	slow = argc > 1 && argv[1][0] == '-';
	if (pipe2(at_work.gate, O_CLOEXEC) < 0 || pipe2(adding.gate, O_CLOEXEC) < 0)
		return 1;
	for (int i = 0; i < WORKERS; i++) {
		numbers[i] = i + 1;
		if (pthread_create(&threads[i], NULL, worker, &numbers[i]) != 0)
			return 1;
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	if (slow)
		printf("%d of %d workers were at work at once\n", at_work.here, WORKERS);
	printf("%ld odd primes below %ld\n", total, below);
	return 0;
}
