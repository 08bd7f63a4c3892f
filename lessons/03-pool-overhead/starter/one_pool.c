/*
 * one_pool - squares 1000 numbers in 20 batches of 50, by a pool of 4 workers
 *
 * It is to print the 1000 squares in order, to start 4 workers and no more, to send them at most
 * 100 messages in all, and to wait for each of them before it ends. It does so with 80 workers and
 * 1000 messages, and waits for nobody. Leave work() as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum { WORKERS = 4, BATCHES = 20, BATCH = 50 };

struct message { /* there: numbers; back: their squares */
	int count;
	long value[BATCH];
};

struct worker {
	int fd; /* the parent's end */
	pid_t pid;
};

/* A worker's life, until the parent closes its end. At last it tells what it has done. */
static void work(int fd)
{
	int messages = 0, numbers = 0;
	struct message m;

	while (recv(fd, &m, sizeof(m), 0) == (ssize_t)sizeof(m)) {
		for (int i = 0; i < m.count; i++)
			m.value[i] *= m.value[i];
		messages++;
		numbers += m.count;
		if (send(fd, &m, sizeof(m), MSG_NOSIGNAL) < 0)
			_exit(1);
	}
	dprintf(1, "worker %d: messages %d, numbers %d\n", (int)getpid(), messages, numbers);
	_exit(0);
}

static void start_worker(struct worker *pool, int i)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0 || (pool[i].pid = fork()) < 0) {
		perror("start_worker");
		exit(1);
	}
	if (pool[i].pid == 0) {
		/* A copy of the parent's ends would keep the workers before this one waiting. */
		for (int k = 0; k < i; k++)
			close(pool[k].fd);
		close(pair[0]);
		work(pair[1]);
	}
	close(pair[1]);
	pool[i].fd = pair[0];
}

static void send_to(const struct worker *w, const struct message *m)
{
	if (send(w->fd, m, sizeof(*m), MSG_NOSIGNAL) < 0) {
		perror("send_to");
		exit(1);
	}
}

static void receive_from(const struct worker *w, struct message *m)
{
	if (recv(w->fd, m, sizeof(*m), 0) != (ssize_t)sizeof(*m)) {
		fprintf(stderr, "receive_from: a worker has gone\n");
		exit(1);
	}
}

/* [part batch] */
/* The squares of first .. first + BATCH - 1, one number after the other to the next worker. */
static void square_batch(const struct worker *pool, long first, long *squares)
{
	for (int i = 0; i < BATCH; i++) {
		struct message m = {1, {first + i}};

		send_to(&pool[i % WORKERS], &m);
	}
	for (int i = 0; i < BATCH; i++) {
		struct message m;

		receive_from(&pool[i % WORKERS], &m);
		squares[i] = m.value[0];
	}
}
/* [end] */

int main(void)
{
	long squares[BATCHES * BATCH];

	setvbuf(stdout, NULL, _IOLBF, 0); /* the workers' lines come in between: whole lines only */
	/* [part pools] */
	for (int b = 0; b < BATCHES; b++) {
		struct worker pool[WORKERS];

		for (int w = 0; w < WORKERS; w++)
			start_worker(pool, w);
		square_batch(pool, b * BATCH, squares + b * BATCH);
		for (int w = 0; w < WORKERS; w++)
			close(pool[w].fd);
	}
	/* [end] */
	for (int i = 0; i < BATCHES * BATCH; i++)
		printf("%d squared is %ld\n", i, squares[i]);
	return 0;
}
