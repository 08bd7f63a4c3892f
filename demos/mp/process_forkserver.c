/* process_forkserver.c - start by asking the forkserver, which is spawned at its first use */
#include "mp/process_impl.h"
#include "mp/wire.h"
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* One server for all threads; who asks it keeps the mutex until the child's number has come back. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int server = -1; /* our end of its socket */
static pid_t server_pid, server_of;

static void server_forget(void)
{
	int status;

	close(server);
	server = -1;
	/* A forked child has a copy of its parent's server, which is not its own. */
	if (server_of != getpid())
		return;
	kill(server_pid, SIGKILL);
	while (waitpid(server_pid, &status, 0) < 0 && errno == EINTR)
		;
}

static int server_start(void)
{
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	err = mp_spawn_self(MP_FORKSERVER_FLAG, pair[1], &server_pid);
	close(pair[1]);
	if (err) {
		close(pair[0]);
		return err;
	}
	server = pair[0];
	server_of = getpid();
	return 0;
}

/* Hands the child's two sockets to the server: the one for its record and life, the one for its end. */
static int ask(int control, int status)
{
	char request = 1;
	struct iovec part = {&request, 1};
	int fds[2] = {control, status}, err = 0;

	if (server >= 0 && server_of != getpid())
		server_forget();
	for (int attempt = 0; attempt < 2; attempt++) {
		if (server < 0)
			err = server_start();
		if (err)
			return err;
		err = mp_wire_send(server, &part, 1, fds, 2);
		if (err != -EPIPE && err != -ECONNRESET)
			return err;
		/* It was killed. Its children live on; the next one gets a new server. */
		server_forget();
		err = 0;
	}
	return -ECHILD; /* the new one has ended too, before it could serve */
}

/* The server's answer on the status socket: the child's number or -errno, and its pidfd. */
static int answer(struct mp_process *p)
{
	int32_t told = 0;
	size_t n = 0, nfds = 0;
	int err = mp_wire_receive(p->status, &told, sizeof(told), &n, &p->sentinel, 1, &nfds,
		mp_deadline_ns(MP_START_TIMEOUT_MS));

	if (nfds == 0)
		p->sentinel = -1;
	/* Its end is told instead, which is longer: the answer could not be sent. */
	if (err == -EMSGSIZE)
		return -ECHILD;
	if (err)
		return err;
	if (n != sizeof(told))
		return -ECHILD;
	if (told < 0 || nfds == 0)
		return told < 0 ? told : -EMFILE;
	p->pid = told;
	return 0;
}

int mp_begin_forkserver(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e)
{
	int control[2], status[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return -errno;
	p->control = control[0];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, status) < 0) {
		err = -errno;
		close(control[1]);
		return err;
	}
	p->status = status[0];
	err = mp_record_send(p->control, p, o, e);
	pthread_mutex_lock(&mutex);
	if (!err)
		err = ask(control[1], status[1]);
	pthread_mutex_unlock(&mutex);
	close(control[1]);
	close(status[1]);
	return err ? err : answer(p);
}

void mp_forkserver_stop(void)
{
	pthread_mutex_lock(&mutex);
	if (server >= 0)
		server_forget();
	pthread_mutex_unlock(&mutex);
}
