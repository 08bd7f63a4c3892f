/*
 * pool_messages - big chunks save messages, and make the busiest worker busier
 *
 * listings: none, for the lesson on what a pool costs
 * claims: 001-C121
 *
 * Watch for: two counts that go opposite ways. One number at a time takes 2000 messages, there and
 * back, and hundreds of times somebody goes to sleep until the next one. A quarter of the numbers for
 * each worker takes 8. But the square of x is added up in x steps here, so that the last quarter of the numbers
 * is nearly half of the work, and everybody waits for the one who has it.
 *
 * The Python it re-creates:
 *     with Pool(4) as pool:
 *         for c in (1, 10, 63, 250, 1000):
 *             pool.map(square, range(1000), chunksize=c)
 *
 * expect:
 *     chunk  messages  sleeps  the busiest worker's part
 *         1      2000  <n>  25.1 % of the work
 *        10       200  <n>  25.8 % of the work
 *        63        32  <n>  28.6 % of the work
 *       250         8  <n>  43.8 % of the work
 *      1000         2  <n>  100.0 % of the work
 *     1000 squares, 5 times, all right
 */
#include "demo.h"
#include <sys/resource.h>
#include <sys/socket.h>

enum { NUMBERS = 1000, WORKERS = 4, STEPS = NUMBERS * (NUMBERS - 1) / 2, TIMEOUT_MS = 5000 };

static const int chunks[] = {1, 10, 63, 250, 1000};
enum { CHUNKS = sizeof(chunks) / sizeof(chunks[0]) };

struct request {
	int first, count;
};

struct answer {
	long sum, steps;
};

struct counts {
	long messages, sleeps, busiest, sum;
};

/* A square without a multiplication, so that a big number is more work than a small one. */
static long square(int x)
{
	long sum = 0;

	for (int i = 0; i < x; i++) {
		sum += x;
		__asm__ volatile("" : "+r"(sum)); /* the compiler may not multiply instead */
	}
	return sum;
}

/* A worker's life: until the parent closes its end. */
static void __attribute__((noreturn)) work(int fd)
{
	struct request r;

	while (recv(fd, &r, sizeof(r), 0) == (ssize_t)sizeof(r)) {
		struct answer a = {0, 0};

		for (int x = r.first; x < r.first + r.count; x++) {
			a.sum += square(x);
			a.steps += x;
		}
		if (send(fd, &a, sizeof(a), MSG_NOSIGNAL) != (ssize_t)sizeof(a))
			_exit(1);
	}
	_exit(0);
}

/* The parent's end of worker n's socket; fd has those of the workers before it. */
static int start_worker(const int *fd, int n, pid_t *pid)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		demo_end(DEMO_NO_RESOURCE, "socketpair: %s", strerror(errno));
	*pid = demo_fork();
	if (*pid == 0) {
		close(pair[0]);
		while (n-- > 0)
			close(fd[n]); /* a copy here would keep that worker from ending */
		work(pair[1]);
	}
	close(pair[1]);
	return pair[0];
}

/* [part sleeps] */
/* How often this process, or a child that it has waited for, gave its CPU away to wait. */
static long sleeps(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	return self.ru_nvcsw + children.ru_nvcsw;
}
/* [end] */

/* [part hand-out] */
/* In rounds: a chunk for each worker, then an answer from each, until no number is left. */
static void hand_out(const int *fd, int chunk, long *steps, struct counts *c)
{
	for (int next = 0, asked = 0; next < NUMBERS; asked = 0) {
		for (; asked < WORKERS && next < NUMBERS; asked++, next += chunk) {
			int left = NUMBERS - next;
			struct request r = {next, left < chunk ? left : chunk};

			c->messages += send(fd[asked], &r, sizeof(r), MSG_NOSIGNAL) > 0;
		}
		for (int i = 0; i < asked; i++) {
			struct answer a = {0, 0};

			c->messages += recv(fd[i], &a, sizeof(a), 0) > 0;
			c->sum += a.sum;
			steps[i] += a.steps;
		}
	}
}
/* [end] */

static struct counts map(int chunk)
{
	struct counts c = {.sleeps = -sleeps()};
	long steps[WORKERS] = {0};
	pid_t pid[WORKERS];
	int fd[WORKERS];

	for (int i = 0; i < WORKERS; i++)
		fd[i] = start_worker(fd, i, &pid[i]);
	hand_out(fd, chunk, steps, &c);
	for (int i = 0; i < WORKERS; i++) {
		close(fd[i]);
		if (demo_wait(pid[i], TIMEOUT_MS) != 0)
			demo_end(DEMO_NOT_SHOWN, "a worker did not end well");
		c.busiest = steps[i] > c.busiest ? steps[i] : c.busiest;
	}
	c.sleeps += sleeps();
	return c;
}

int main(int argc, char **argv)
{
	const long wanted = (NUMBERS - 1L) * NUMBERS * (2L * NUMBERS - 1) / 6;
	struct counts c[CHUNKS];
	int right = 0;

	demo_start(argc, argv, "pool_messages",
		"big chunks save messages, and make the busiest worker busier");
	demo_line("chunk  messages  sleeps  the busiest worker's part\n");
	for (int i = 0; i < CHUNKS; i++) {
		c[i] = map(chunks[i]);
		right += c[i].sum == wanted;
		demo_line("%5d  %8ld  %6ld  %5.1f %% of the work\n", chunks[i], c[i].messages,
			c[i].sleeps, 100.0 * (double)c[i].busiest / STEPS);
	}
	demo_line("%d squares, %d times, all right\n", NUMBERS, right);
	if (right == CHUNKS && c[0].sleeps > c[CHUNKS - 1].sleeps &&
		c[0].busiest < c[CHUNKS - 1].busiest)
		return DEMO_SHOWN;
	return DEMO_NOT_SHOWN;
}
