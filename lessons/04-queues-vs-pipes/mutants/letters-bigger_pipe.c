/*
 * letters - a child writes 20 letters to its parent, through a pipe
 *
 * Usage: letters BYTES, the length of each letter. With a minus sign before it, it runs in slow
 * motion: the child begins when the parent has looked into the empty pipe, or after 200 ms.
 *
 * All letters must come whole, however long they are, and the child must be waited for. A mutant:
 * it waits for the child first, as before, and gives the pipe more room.
 */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LETTERS = 20, LONGEST = 1000000, PATIENCE_MS = 200, ALARM_S = 1 };

static char letter[LONGEST];
static long length;
static bool slow;
static int looked[2]; /* a pipe, into which the parent says that it has found the other one empty */

/* The child: letter 1 is all A, letter 2 all B, and so on. */
static void write_letters(int fd)
{
	struct pollfd look = {looked[0], POLLIN, 0};

	if (slow)
		poll(&look, 1, PATIENCE_MS);
	for (int number = 1; number <= LETTERS; number++) {
		ssize_t n = 0;

		memset(letter, 'A' + number - 1, length);
		for (long done = 0; done < length; done += n)
			if ((n = write(fd, letter + done, length - done)) < 0)
				_exit(1);
		dprintf(STDOUT_FILENO, "the child has written letter %d\n", number);
	}
}

/* Whether nothing is in the pipe now. */
static bool is_empty(int fd)
{
	int unread = 0;

	ioctl(fd, FIONREAD, &unread);
	if (unread == 0 && write(looked[1], "!", 1) < 0)
		return true; /* it has been said often enough */
	return unread == 0;
}

/* The first nbytes of `letter` have come as letter `number`: whether it is whole. */
static bool tell(int number, long nbytes)
{
	bool whole = nbytes == length;

	for (long i = 0; i < nbytes; i++)
		whole = whole && letter[i] == 'A' + number - 1;
	dprintf(STDOUT_FILENO, "letter %d: %ld bytes, %s\n", number, nbytes,
		whole ? "whole" : "not whole");
	return whole;
}

/* One letter, in as many parts as it comes: how many bytes of it came. */
static long read_letter(int fd)
{
	long done = 0;
	ssize_t n;

	while (done < length && (n = read(fd, letter + done, length - done)) > 0)
		done += n;
	return done;
}

/* How many letters came whole. */
static int read_letters(int fd, pid_t child)
{
	int number = 0, whole = 0;

	waitpid(child, NULL, 0);
	while (!is_empty(fd))
		whole += tell(++number, read_letter(fd));
	return whole;
}

int main(int argc, char **argv)
{
	int ends[2], whole;
	pid_t child;

	length = argc > 1 ? labs(atol(argv[1])) : 100;
	slow = argc > 1 && argv[1][0] == '-';
	if (length < 1 || length > LONGEST)
		return 2;
	if (pipe(ends) < 0 || pipe2(looked, O_NONBLOCK) < 0 || (child = fork()) < 0)
		return 1;
	if (child == 0) {
		close(ends[0]); /* or it would be a reader itself, and not notice that the other one is gone */
		write_letters(ends[1]);
		_exit(0);
	}
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 20);
	alarm(ALARM_S); /* who hangs is ended; the child's write fails then, and ends it, too */
	whole = read_letters(ends[0], child);
	printf("%d of %d letters came whole\n", whole, LETTERS);
	return whole == LETTERS ? 0 : 1;
}
