/*
 * start_fifty - starts 50 processes, waits for them, then does the same with 50 threads
 *
 * Usage: start_fifty [FAIL]. Process number FAIL ends with status 3; with a minus sign it is killed
 * by a signal; 0, the default: all end well.
 *
 * It is to print each line once, wherever its output goes, to wait for all that it has started, to
 * count how many processes ended well (status 0, not killed), and to end with status 0 only if all
 * did. A solution: flushed before fork, every child waited for, every status looked at.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 50 };

/* What a child does; the result becomes its exit status. */
static int job(int number, int fail)
{
	printf("process %d pid %d\n", number, (int)getpid());
	if (number == -fail) {
		fflush(stdout);
		raise(SIGKILL);
	}
	return number == fail ? 3 : 0;
}

static void *say_number(void *arg)
{
	printf("thread %d pid %d\n", *(int *)arg, (int)getpid());
	return NULL;
}

/* Returns how many ended well. */
static int run_processes(int fail)
{
	pid_t pids[COUNT];
	int well = 0, status;

	/* [part flush] */
	/* What waits in the buffer now would be copied into each child. */
	fflush(stdout);
	/* [end] */
	for (int i = 0; i < COUNT; i++) {
		pids[i] = fork();
		if (pids[i] < 0) {
			perror("fork");
			exit(1);
		}
		if (pids[i] == 0) {
			int code = job(i + 1, fail);

			/* _exit leaves the buffer alone, so the child's own line needs a flush. */
			fflush(stdout);
			_exit(code);
		}
	}
	/* [part wait-for-all] */
	for (int i = 0; i < COUNT; i++)
		if (waitpid(pids[i], &status, 0) == pids[i] && WIFEXITED(status) &&
			WEXITSTATUS(status) == 0)
			well++;
	/* [end] */
	return well;
}

/* Returns how many were started and joined, one at a time. */
static int run_threads(void)
{
	int joined = 0;

	for (int i = 1; i <= COUNT; i++) {
		pthread_t t;

		if (pthread_create(&t, NULL, say_number, &i) == 0 && pthread_join(t, NULL) == 0)
			joined++;
	}
	return joined;
}

int main(int argc, char **argv)
{
	int well, joined;

	printf("starting %d processes\n", COUNT);
	well = run_processes(argc > 1 ? atoi(argv[1]) : 0);
	printf("%d of %d processes ended well\n", well, COUNT);
	joined = run_threads();
	printf("%d of %d threads were joined\n", joined, COUNT);
	return well == COUNT && joined == COUNT ? 0 : 1;
}
