/*
 * in_processes - four workers count the odd primes below a number, each for itself
 *
 * Usage: in_processes [BELOW]. With a minus sign before it, it runs in slow motion: the workers
 * wait for one another before they compute, so that all four must be there at once.
 *
 * The workers are processes. A mutant: the parent waits for each child before it starts the next.
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4, START = 3, STEP = 2 * WORKERS, PATIENCE_MS = 2000 };

/* A gate that opens when all workers stand before it. After PATIENCE_MS it is given up. */
struct board {
	int gate[2];
	atomic_int here;
	atomic_bool given_up;
	long found[WORKERS];
};

static struct board *board;
static bool slow;

static void come_together(void)
{
	struct pollfd gate = {board->gate[0], POLLIN, 0};

	if (!slow || board->given_up)
		return;
	/* What is written stays in the pipe, and the gate open. */
	if (atomic_fetch_add(&board->here, 1) + 1 == WORKERS && write(board->gate[1], "!", 1) == 1)
		return;
	if (poll(&gate, 1, PATIENCE_MS) == 0)
		board->given_up = true;
}

/* Each worker computes here; before its first number it waits for the others. */
static bool is_prime(long n)
{
	if (n < START + STEP)
		come_together();
	for (long d = 3; d * d <= n; d += 2)
		if (n % d == 0)
			return false;
	return true;
}

static long below = 6000000;

static void worker(int number)
{
	long mine = 0;

	dprintf(STDOUT_FILENO, "worker %d is process %d\n", number, (int)getpid());
	for (long n = START + 2 * (number - 1); n < below; n += STEP)
		mine += is_prime(n);
	board->found[number - 1] = mine;
}

/* Returns how many workers were started, and have ended well. */
static int run_workers(void)
{
	int well = 0, status;

	for (int i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid < 0)
			exit(1);
		if (pid == 0) {
			worker(i + 1);
			_exit(0);
		}
		well += waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
			WEXITSTATUS(status) == 0;
	}
	return well;
}

int main(int argc, char **argv)
{
	long total = 0;
	int well;

	if (argc > 1)
		below = labs(atol(argv[1]));
	slow = argc > 1 && argv[1][0] == '-';
	board = mmap(
		NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED || pipe2(board->gate, O_CLOEXEC) < 0)
		return 1;
	well = run_workers();
	for (int i = 0; i < WORKERS; i++)
		total += board->found[i];
	if (slow)
		printf("%d of %d workers were at work at once\n", board->here, WORKERS);
	printf("%ld odd primes below %ld, %d of %d workers ended well\n", total, below, well,
		WORKERS);
	return well == WORKERS ? 0 : 1;
}
