/* team.c - a socket to each worker, and a count in shared memory at which all of them begin */
#include "harness/team.h"
#include "harness/bind.h"
#include "harness/clock.h"
#include "harness/launch_child.h"
#include "harness/life.h"
#include "harness/tools.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOKS_BETWEEN_YIELDS 1000u

struct answer {
	uint64_t begin_ns, end_ns;
	struct team_count count;
	int32_t err; /* 0 or -errno: then the worker ends */
};

struct worker {
	pid_t pid;
	int socket, life; /* our ends */
};

/* In memory that the workers see too. */
struct team {
	_Alignas(64) _Atomic uint64_t arrivals; /* of all workers, in all turns */
	_Alignas(64) const struct bench_run *run;
	unsigned n;
	bool broken;
	struct worker workers[TEAM_MAX];
};

struct team_member {
	struct team *team;
	unsigned number;
	int socket;
	uint64_t turns, begin_ns;
};

/* ---- a worker ---- */

unsigned team_number(const struct team_member *me)
{
	return me->number;
}

/* By looking, since a sleeper would come late by the time of its wake. But where there are fewer CPUs than
 * workers, who is awaited may need ours. */
static void wait_for_all(struct team_member *me)
{
	uint64_t all = ++me->turns * me->team->n;

	atomic_fetch_add(&me->team->arrivals, 1);
	for (unsigned looks = 1; atomic_load(&me->team->arrivals) < all; looks++)
		if (looks % LOOKS_BETWEEN_YIELDS == 0)
			sched_yield();
}

bool team_turn(struct team_member *me, uint64_t *iters)
{
	if (tools_read(me->socket, iters, sizeof(*iters)) != (ssize_t)sizeof(*iters))
		return false;
	wait_for_all(me);
	me->begin_ns = clock_now_ns();
	return true;
}

/* send instead of write: a parent that has died must not be a SIGPIPE. */
static void tell(int socket, const struct answer *a)
{
	while (send(socket, a, sizeof(*a), MSG_NOSIGNAL) < 0 && errno == EINTR)
		;
}

void team_done(struct team_member *me, uint64_t ops, uint64_t sum)
{
	struct answer a = {.end_ns = clock_now_ns(),
		.begin_ns = me->begin_ns,
		.count = {.ops = ops, .sum = sum}};

	tell(me->socket, &a);
}

/*
 * Each on its own place, where there is one for each: the scheduler likes to put one who wakes another and the
 * woken on the same CPU, in some samples and not in others.
 */
static int take_place(const struct team *t, unsigned number)
{
	const struct launch_child *l = t->run->launch;
	unsigned places = t->run->point->cpus < l->ncpus ? t->run->point->cpus : (unsigned)l->ncpus;

	return l->bind && t->n <= places ? bind_cpus(&l->cpus[number], 1) : 0;
}

/* The parent's ends go first: held here, they would hide its death from us. */
static __attribute__((noreturn)) void be_worker(const struct team *t, struct team_member *me,
	int life, int (*body)(void *arg, struct team_member *me), void *arg)
{
	struct answer a = {0};

	for (unsigned i = 0; i <= me->number; i++) {
		close(t->workers[i].socket);
		close(t->workers[i].life);
	}
	a.err = life_bind(life);
	if (!a.err)
		a.err = take_place(t, me->number);
	if (!a.err)
		a.err = body(arg, me);
	if (a.err)
		tell(me->socket, &a);
	_exit(0);
}

/* ---- their parent ---- */

static int fork_worker(struct team *t, unsigned number, int socket, int life,
	int (*body)(void *arg, struct team_member *me), void *arg)
{
	struct team_member me = {.team = t, .number = number, .socket = socket};
	pid_t pid = fork();

	if (pid == 0)
		be_worker(t, &me, life, body, arg);
	t->workers[number].pid = pid;
	return pid < 0 ? -errno : 0;
}

static int start_worker(
	struct team *t, unsigned number, int (*body)(void *arg, struct team_member *me), void *arg)
{
	struct worker *w = &t->workers[number];
	int ends[2], life[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	if (pipe2(life, O_CLOEXEC)) {
		err = -errno;
		close(ends[0]);
		close(ends[1]);
		return err;
	}
	w->socket = ends[0];
	w->life = life[1];
	err = fork_worker(t, number, ends[1], life[0], body, arg);
	close(ends[1]);
	close(life[0]);
	if (err) {
		close(w->socket);
		close(w->life);
	}
	return err;
}

int team_start(struct bench_run *r, unsigned n, int (*body)(void *arg, struct team_member *me),
	void *arg, struct team **out)
{
	struct team *t;
	int err = 0;

	if (n == 0 || n > TEAM_MAX)
		return -EINVAL;
	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (t == MAP_FAILED)
		return -ENOMEM;
	t->run = r;
	t->n = n;
	for (unsigned i = 0; !err && i < n; i++) {
		err = start_worker(t, i, body, arg);
		if (err)
			t->n = i;
	}
	if (err) {
		t->broken = true;
		team_stop(t);
		return err;
	}
	*out = t;
	return 0;
}

/* A worker that ended before it read our order has reset the socket, which is told once, before its answer. */
static bool take_answer(int socket, struct answer *a)
{
	ssize_t n = tools_read(socket, a, sizeof(*a));

	if (n == -ECONNRESET)
		n = tools_read(socket, a, sizeof(*a));
	return n == (ssize_t)sizeof(*a);
}

/* Takes the answers in the order they come in: who waits for one worker alone hangs when another has died. */
static int take_answers(struct team *t, struct answer *answers)
{
	struct pollfd p[TEAM_MAX];
	unsigned left = t->n;

	for (unsigned i = 0; i < t->n; i++)
		p[i] = (struct pollfd){.fd = t->workers[i].socket, .events = POLLIN};
	while (left > 0) {
		if (poll(p, t->n, -1) < 0 && errno != EINTR)
			return -errno;
		for (unsigned i = 0; i < t->n; i++) {
			if (p[i].fd < 0 || !p[i].revents)
				continue;
			if (!take_answer(p[i].fd, &answers[i]))
				return -ECHILD;
			if (answers[i].err)
				return answers[i].err;
			p[i].fd = -1; /* poll leaves it out */
			left--;
		}
	}
	return 0;
}

int team_run(struct team *t, uint64_t iters, struct team_count *counts, uint64_t *elapsed_ns)
{
	struct answer answers[TEAM_MAX] = {0};
	uint64_t begin = UINT64_MAX, end = 0;
	int err = t->broken ? -ECHILD : 0;

	for (unsigned i = 0; !err && i < t->n; i++)
		if (send(t->workers[i].socket, &iters, sizeof(iters), MSG_NOSIGNAL) < 0 &&
			errno != EPIPE && errno != ECONNRESET) /* its answer says why it ended */
			err = -errno;
	if (!err)
		err = take_answers(t, answers);
	t->broken = err != 0;
	for (unsigned i = 0; !err && i < t->n; i++) {
		counts[i] = answers[i].count;
		begin = answers[i].begin_ns < begin ? answers[i].begin_ns : begin;
		end = answers[i].end_ns > end ? answers[i].end_ns : end;
	}
	*elapsed_ns = err ? 0 : end - begin;
	return err;
}

void team_stop(struct team *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->n; i++) {
		if (t->broken)
			kill(t->workers[i].pid, SIGKILL);
		/* The order to end. A close would not do: a team forked later has copies of our ends. */
		shutdown(t->workers[i].socket, SHUT_RDWR);
		close(t->workers[i].socket);
	}
	for (unsigned i = 0; i < t->n; i++) {
		tools_wait(t->workers[i].pid, NULL);
		close(t->workers[i].life);
	}
	munmap(t, sizeof(*t));
}
