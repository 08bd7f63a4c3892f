/* process.c - start, join, exit code, signals: what is the same for every start method */
#include "mp/process_impl.h"
#include "mp/wire.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

static int check(const struct mp_process_options *o, const struct mp_entry **entry)
{
	if (!o || !o->entry || (o->nbytes && !o->argument) || (o->nhandles && !o->handles) ||
		(unsigned)o->method > MP_THREAD)
		return -EINVAL;
	if (o->nbytes > MP_ARGUMENT_MAX || o->nhandles > MP_HANDLES_MAX)
		return -E2BIG;
	for (size_t i = 0; i < o->nhandles; i++) {
		if (o->handles[i].kind == MP_HANDLE_NONE)
			return -EINVAL;
		if (o->handles[i].fd < 0)
			return -EBADF;
	}
	/* A daemon is ended without a chance to end its own children in order. */
	if (mp_child_self() && mp_child_self()->daemon && o->method != MP_THREAD)
		return -EINVAL;
	*entry = mp_entry_find(o->entry);
	return *entry ? 0 : -ENOENT;
}

static struct mp_process *make(const struct mp_process_options *o)
{
	static atomic_uint started;
	struct mp_process *p = malloc(sizeof(*p));

	if (!p)
		return NULL;
	/* Not calloc, which takes nothing of what free has put by: after a fork each page written is a fault. */
	*p = (struct mp_process){
		.method = o->method == MP_METHOD_DEFAULT ? MP_SPAWN : o->method,
		.daemon = o->daemon,
		.control = -1,
		.sentinel = -1,
		.status = -1,
	};
	if (o->name)
		snprintf(p->name, sizeof(p->name), "%s", o->name);
	else
		snprintf(p->name, sizeof(p->name), "Process-%u", atomic_fetch_add(&started, 1) + 1);
	return p;
}

int mp_process_begin(const struct mp_process_options *o, struct mp_process **out)
{
	static int (*const begin[])(struct mp_process *, const struct mp_process_options *,
		const struct mp_entry *) = {[MP_SPAWN] = mp_begin_spawn,
		[MP_FORK] = mp_begin_fork,
		[MP_FORKSERVER] = mp_begin_forkserver,
		[MP_THREAD] = mp_begin_thread};
	const struct mp_entry *entry;
	int err = check(o, &entry);
	struct mp_process *p;

	if (err)
		return err;
	p = make(o);
	if (!p)
		return -ENOMEM;
	mp_list_use();
	err = begin[p->method](p, o, entry);
	if (err) {
		mp_process_free(p);
		return err;
	}
	mp_list_add(p);
	*out = p;
	return 0;
}

int mp_process_watch(struct mp_process *p)
{
	int err;

	p->sentinel = pidfd_open(p->pid, 0);
	if (p->sentinel >= 0)
		return 0;
	/* It has ended already, and where SIGCHLD is ignored the kernel keeps nothing of it. */
	p->unknown = errno == ESRCH;
	if (p->unknown) {
		p->sentinel = eventfd(1, EFD_CLOEXEC);
		return p->sentinel < 0 ? -errno : 0;
	}
	err = errno;
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return -err;
}

/* The child's first and only message: 0, or why it could not begin. A thread and a forked child have begun. */
int mp_process_ready(struct mp_process *p, uint64_t deadline_ns)
{
	int32_t told = 0;
	size_t n = 0;
	int err;

	if (p->method == MP_THREAD || p->method == MP_FORK)
		return 0;
	err = mp_wire_receive(p->control, &told, sizeof(told), &n, NULL, 0, NULL, deadline_ns);
	if (!err)
		err = n == sizeof(told) ? told : -ECHILD;
	/* It ended and had not even read its record. */
	if (err == -ECONNRESET)
		err = -ECHILD;
	if (err) {
		mp_process_kill(p);
		mp_process_join(p, MP_FOREVER);
		mp_process_close(p);
	}
	return err;
}

int mp_process_start(const struct mp_process_options *o, struct mp_process **out)
{
	int err = mp_process_begin(o, out);

	return err ? err : mp_process_ready(*out, mp_deadline_ns(MP_START_TIMEOUT_MS));
}

static void keep_status(struct mp_process *p, int code, int status)
{
	p->exit_code = code == CLD_EXITED ? status : -status;
}

/* The server reaps its children and hands their status on; the child's end comes first. */
static void fetch_status(struct mp_process *p)
{
	int told[2];
	size_t n = 0;

	if (mp_wire_receive(p->status, told, sizeof(told), &n, NULL, 0, NULL, MP_NO_END) == 0 &&
		n == sizeof(told))
		keep_status(p, told[0], told[1]);
	else
		p->unknown = true;
}

static void reap(struct mp_process *p)
{
	siginfo_t info = {0};
	int rc;

	if (p->unknown)
		return;
	do
		rc = waitid(P_PIDFD, (id_t)p->sentinel, &info, WEXITED);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		keep_status(p, info.si_code, info.si_status);
	else
		p->unknown = true; /* SIGCHLD is ignored: the kernel has kept nothing */
}

int mp_process_join(struct mp_process *p, int64_t timeout_ms)
{
	int err;

	if (p->ended)
		return 0;
	if (p->method == MP_THREAD && mp_thread_is_self(p))
		return -EDEADLK;
	/* Without a limit waitid alone does it. */
	if (timeout_ms != MP_FOREVER || p->method == MP_FORKSERVER || p->method == MP_THREAD) {
		err = mp_wire_wait(p->sentinel, POLLIN, mp_deadline_ns(timeout_ms));
		if (err)
			return err;
	}
	if (p->method == MP_THREAD)
		mp_thread_join(p);
	else if (p->method == MP_FORKSERVER)
		fetch_status(p);
	else
		reap(p);
	p->ended = true;
	mp_list_remove(p);
	return 0;
}

bool mp_process_is_alive(struct mp_process *p)
{
	return mp_process_join(p, 0) != 0;
}

int mp_process_exit_code(struct mp_process *p, int *code)
{
	if (mp_process_is_alive(p))
		return -EBUSY;
	if (p->unknown)
		return -ECHILD;
	*code = p->exit_code;
	return 0;
}

/* Through the pidfd: it means this one process, for ever. */
static int send_signal(struct mp_process *p, int signo)
{
	if (p->method == MP_THREAD)
		return -ENOTSUP;
	if (p->unknown)
		return 0; /* gone */
	if (pidfd_send_signal(p->sentinel, signo, NULL, 0) < 0 && errno != ESRCH)
		return -errno;
	return 0;
}

int mp_process_terminate(struct mp_process *p)
{
	return send_signal(p, SIGTERM);
}

int mp_process_kill(struct mp_process *p)
{
	return send_signal(p, SIGKILL);
}

pid_t mp_process_pid(const struct mp_process *p)
{
	return p->pid;
}

const char *mp_process_name(const struct mp_process *p)
{
	return p->name;
}

bool mp_process_is_daemon(const struct mp_process *p)
{
	return p->daemon;
}

int mp_process_sentinel(const struct mp_process *p)
{
	return p->sentinel;
}

void mp_process_free(struct mp_process *p)
{
	if (p->method == MP_THREAD)
		mp_thread_forget(p);
	if (p->control >= 0)
		close(p->control);
	if (p->sentinel >= 0)
		close(p->sentinel);
	if (p->status >= 0)
		close(p->status);
	free(p);
}

int mp_process_close(struct mp_process *p)
{
	if (!p)
		return 0;
	if (mp_process_is_alive(p))
		return -EBUSY;
	mp_process_free(p);
	return 0;
}
