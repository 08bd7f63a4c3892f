/*
 * sums - a child sends numbers to its parent, one by one, and now and then asks for their sum
 *
 * Usage: sums [NUMBERS]. Ten days; each day the child sends so many numbers, 1000 if nothing is said.
 * Each evening it asks for the sum of all that it has sent, and waits for the answer.
 *
 * A number takes a write and a read. Make it at most 300 calls of each process for ten days of
 * 1000 numbers, with the same ten answers. A mutant: the parent would take batches, but the child
 * sends none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH = 512, DAYS = 10, QUESTION = 0, ALARM_S = 1 };

static int per_day = 1000, calls;

/* One write(2) of `count` numbers. */
static void put(int fd, const long *numbers, int count)
{
	size_t nbytes = (size_t)count * sizeof(long);

	calls++;
	if (write(fd, numbers, nbytes) != (ssize_t)nbytes)
		_exit(1);
}

/*
 * One read(2) of at most `most` numbers: how many came, at least one; 0: the end. No number comes in
 * two parts, since only whole ones are written, and a page of the pipe's memory holds whole ones.
 */
static int get(int fd, long *numbers, int most)
{
	ssize_t n = read(fd, numbers, (size_t)most * sizeof(long));

	calls++;
	if (n < 0)
		_exit(1);
	return (int)(n / (ssize_t)sizeof(long));
}

/* The child's days. */
static void send_all(int to, int from)
{
	long number = 0, question = QUESTION, sum;

	for (int day = 1; day <= DAYS; day++) {
		for (int i = 0; i < per_day; i++) {
			number++;
			put(to, &number, 1);
		}
		put(to, &question, 1);
		if (get(from, &sum, 1) != 1)
			_exit(1);
		dprintf(STDOUT_FILENO, "day %d: the sum is %ld\n", day, sum);
	}
}

/* The parent's, until the child is gone. */
static void add_all(int from, int to)
{
	long numbers[BATCH], sum = 0;
	int n;

	while ((n = get(from, numbers, BATCH)) > 0)
		for (int i = 0; i < n; i++) {
			if (numbers[i] == QUESTION)
				put(to, &sum, 1);
			else
				sum += numbers[i];
		}
}

int main(int argc, char **argv)
{
	int numbers[2], answers[2], status;
	pid_t child;

	if (argc > 1)
		per_day = atoi(argv[1]);
	if (pipe(numbers) < 0 || pipe(answers) < 0 || (child = fork()) < 0)
		return 1;
	if (child == 0) {
		close(numbers[0]);
		close(answers[1]);
		send_all(numbers[1], answers[0]);
		dprintf(STDOUT_FILENO, "the child: %d calls of read and write\n", calls);
		_exit(0);
	}
	close(numbers[1]);
	close(answers[0]);
	alarm(ALARM_S); /* who hangs is ended; the child's calls fail then, and end it, too */
	add_all(numbers[0], answers[1]);
	dprintf(STDOUT_FILENO, "the parent: %d calls of read and write\n", calls);
	return waitpid(child, &status, 0) == child && status == 0 ? 0 : 1;
}
