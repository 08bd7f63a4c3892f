/*
 * long_one - 1000 numbers for 4 workers, and one of them takes as long as all that can be done meanwhile
 *
 * Usage: long_one WHICH. WHICH is the number that takes so long, 0 to 999.
 *
 * It is to print the sum of the squares, to send at most 100 messages, and to let at most 20 numbers
 * wait behind the long one. A mutant: on demand,
 * but 99 numbers may wait behind the long one.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4, NUMBERS = 1000, CHUNK = 100 };

struct message { /* there: the numbers first .. first + count - 1; back: also the sum of their squares */
	int first, count;
	long sum;
};

struct worker {
	int fd; /* the parent's end */
	pid_t pid;
};

static int gate[2]; /* a pipe; the long one ends when the parent closes gate[1] */

/* A worker's life, until the parent closes its end. At last it tells what it has done. */
static void work(int fd, int long_one)
{
	int messages = 0, numbers = 0, behind = 0, met = 0;
	struct message m;
	char none;

	while (recv(fd, &m, sizeof(m), 0) == (ssize_t)sizeof(m)) {
		m.sum = 0;
		for (int x = m.first; x < m.first + m.count; x++) {
			m.sum += (long)x * x;
			numbers++;
			behind += met;
			if (x == long_one)
				met = read(gate[0], &none, 1) == 0; /* until the gate opens */
		}
		messages++;
		if (send(fd, &m, sizeof(m), MSG_NOSIGNAL) < 0)
			_exit(1);
	}
	dprintf(1, "worker %d: messages %d, numbers %d, behind the long one %d\n", (int)getpid(),
		messages, numbers, behind);
	_exit(0);
}

static void start_worker(struct worker *pool, int i, int long_one)
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
		close(gate[1]);
		work(pair[1], long_one);
	}
	close(pair[1]);
	pool[i].fd = pair[0];
}

static void send_chunk(const struct worker *w, int first, int count)
{
	struct message m = {first, count, 0};

	if (send(w->fd, &m, sizeof(m), MSG_NOSIGNAL) < 0) {
		perror("send_chunk");
		exit(1);
	}
}

/* Waits until any worker has answered: which one, and its sum. */
static int receive_any(const struct worker *pool, long *sum)
{
	struct pollfd p[WORKERS];
	struct message m;
	int w = 0;

	for (int i = 0; i < WORKERS; i++)
		p[i] = (struct pollfd){pool[i].fd, POLLIN, 0};
	if (poll(p, WORKERS, -1) < 0) {
		perror("poll");
		exit(1);
	}
	while (p[w].revents == 0)
		w++;
	if (recv(pool[w].fd, &m, sizeof(m), 0) != (ssize_t)sizeof(m)) {
		fprintf(stderr, "receive_any: a worker has gone\n");
		exit(1);
	}
	*sum += m.sum;
	return w;
}

static long map(const struct worker *pool)
{
	int next = 0, under_way = 0;
	long sum = 0;

	for (int w = 0; w < WORKERS; w++, under_way++, next += CHUNK)
		send_chunk(&pool[w], next, CHUNK);
	while (under_way > 0) {
		int left, w;

		/* Nothing else can be done meanwhile: the long one ends. */
		if (under_way == 1 && next == NUMBERS)
			close(gate[1]);
		w = receive_any(pool, &sum);
		under_way--;
		left = NUMBERS - next;
		if (left == 0)
			continue;
		left = left < CHUNK ? left : CHUNK;
		send_chunk(&pool[w], next, left);
		under_way++;
		next += left;
	}
	return sum;
}

int main(int argc, char **argv)
{
	struct worker pool[WORKERS];
	long sum;

	if (argc != 2 || pipe(gate) < 0)
		return 2;
	for (int w = 0; w < WORKERS; w++)
		start_worker(pool, w, atoi(argv[1]));
	sum = map(pool);
	for (int w = 0; w < WORKERS; w++)
		close(pool[w].fd);
	for (int w = 0; w < WORKERS; w++)
		waitpid(pool[w].pid, NULL, 0);
	printf("the sum of the squares is %ld\n", sum);
	return 0;
}
