/* forkserver.c - the server: forks a child for each request, and tells how each one ended */
#include "mp/process_impl.h"
#include "mp/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* polled[0] is the parent's socket, polled[i] the pidfd of the child whose status goes to status[i]. */
struct server {
	struct pollfd *polled;
	int *status;
	size_t n, cap;
};

static int make_room(struct server *s)
{
	size_t cap = s->cap ? 2 * s->cap : 16;
	struct pollfd *polled;
	int *status;

	if (s->n < s->cap)
		return 0;
	polled = realloc(s->polled, cap * sizeof(*polled));
	if (!polled)
		return -ENOMEM;
	s->polled = polled;
	status = realloc(s->status, cap * sizeof(*status));
	if (!status)
		return -ENOMEM;
	s->status = status;
	s->cap = cap;
	return 0;
}

/* The child is as a spawned one: nothing but its control socket is open beyond 0, 1 and 2. */
static void become_child(int control)
{
	if (control != MP_CONTROL_FD)
		dup2(control, MP_CONTROL_FD);
	close_range(MP_CONTROL_FD + 1, ~0u, 0);
	mp_child_main(MP_CONTROL_FD);
}

static int fork_child(struct server *s, int control, int status)
{
	pid_t pid;
	int pidfd, err = make_room(s);

	if (err)
		return err;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become_child(control);
	pidfd = pidfd_open(pid, 0);
	if (pidfd < 0) {
		err = -errno;
		kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return err;
	}
	s->polled[s->n] = (struct pollfd){.fd = pidfd, .events = POLLIN};
	s->status[s->n++] = status;
	return pid;
}

static void serve(struct server *s)
{
	char request;
	int fds[2], *pidfd = NULL, err;
	size_t n = 0, nfds = 0;
	int32_t told;
	struct iovec part = {&told, sizeof(told)};

	err = mp_wire_receive(s->polled[0].fd, &request, 1, &n, fds, 2, &nfds, MP_NO_END);
	/* Out of descriptors: who asks sees its sockets closed. */
	if (err != -EMFILE && (err || n == 0))
		_exit(0); /* the parent has ended */
	if (nfds == 2) {
		told = fork_child(s, fds[0], fds[1]);
		if (told > 0)
			pidfd = &s->polled[s->n - 1].fd;
		/* Who is not told of a child takes it for one that has not begun. */
		if (mp_wire_send(fds[1], &part, 1, pidfd, pidfd ? 1 : 0) && told > 0)
			kill(told, SIGKILL);
		if (told < 0)
			close(fds[1]);
	}
	if (nfds > 0)
		close(fds[0]);
}

static void tell_end(struct server *s, size_t i)
{
	siginfo_t info = {0};
	int told[2];
	struct iovec part = {told, sizeof(told)};

	if (waitid(P_PIDFD, (id_t)s->polled[i].fd, &info, WEXITED) == 0) {
		told[0] = info.si_code;
		told[1] = info.si_status;
		mp_wire_send(s->status[i], &part, 1, NULL, 0);
	}
	close(s->polled[i].fd);
	close(s->status[i]);
	s->n--;
	s->polled[i] = s->polled[s->n];
	s->status[i] = s->status[s->n];
}

void mp_forkserver_main(int control)
{
	struct server s = {0};

	fcntl(control, F_SETFD, FD_CLOEXEC);
	/* The parent may ignore it, and exec keeps that: the children's statuses would be lost. */
	signal(SIGCHLD, SIG_DFL);
	if (make_room(&s))
		_exit(3);
	s.polled[s.n++] = (struct pollfd){.fd = control, .events = POLLIN};
	for (;;) {
		if (poll(s.polled, s.n, -1) < 0)
			continue;
		/* From the end: a place that becomes free is filled with one that was looked at. */
		for (size_t i = s.n; i-- > 1;)
			if (s.polled[i].revents)
				tell_end(&s, i);
		if (s.polled[0].revents)
			serve(&s);
	}
}
