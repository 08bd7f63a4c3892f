/* child.c - mp_init, and what a child does before and after its entry */
#include "mp/process_impl.h"
#include "mp/wire.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

#define RECORD_MAGIC 0x6d702d31u /* "mp-1" */

/* What goes through the socket to a child that shares no memory with us; the argument follows it. */
struct record {
	uint32_t magic, entry, nbytes, nhandles;
	pid_t parent;
	bool daemon;
	char name[MP_NAME_MAX];
	struct {
		uint32_t kind, what;
	} handles[MP_HANDLES_MAX];
};

static const struct mp_entry *entries;
static struct mp_child *self_child;

const struct mp_entry *mp_entry_find(const char *name)
{
	for (const struct mp_entry *e = entries; e && e->name; e++)
		if (!strcmp(e->name, name))
			return e;
	return NULL;
}

const struct mp_child *mp_child_self(void)
{
	return self_child;
}

void mp_init(int argc, char **argv, const struct mp_entry *table)
{
	static bool registered;

	entries = table;
	/* Also in a child, whose entry may call exit. */
	if (!registered)
		atexit(mp_list_at_exit);
	registered = true;
	if (argc == 2 && !strcmp(argv[1], MP_CHILD_FLAG))
		mp_child_main(MP_CONTROL_FD);
	if (argc == 2 && !strcmp(argv[1], MP_FORKSERVER_FLAG))
		mp_forkserver_main(MP_CONTROL_FD);
}

int mp_record_send(int control, const struct mp_process *p, const struct mp_process_options *o,
	const struct mp_entry *e)
{
	struct record r = {.magic = RECORD_MAGIC,
		.entry = (uint32_t)(e - entries),
		.nbytes = (uint32_t)o->nbytes,
		.nhandles = (uint32_t)o->nhandles,
		.parent = getpid(),
		.daemon = p->daemon};
	struct iovec parts[] = {{&r, sizeof(r)}, {(void *)(uintptr_t)o->argument, o->nbytes}};
	int fds[MP_HANDLES_MAX];

	memcpy(r.name, p->name, sizeof(r.name));
	for (size_t i = 0; i < o->nhandles; i++) {
		r.handles[i].kind = o->handles[i].kind;
		r.handles[i].what = o->handles[i].what;
		fds[i] = o->handles[i].fd;
	}
	return mp_wire_send(control, parts, 2, fds, o->nhandles);
}

static void unpack(const struct record *r, const void *argument, const int *fds)
{
	static struct mp_child child;

	child = (struct mp_child){.parent = r->parent,
		.daemon = r->daemon,
		.entry = &entries[r->entry],
		.argument = argument,
		.nbytes = r->nbytes,
		.nhandles = r->nhandles};
	memcpy(child.name, r->name, sizeof(child.name));
	child.name[MP_NAME_MAX - 1] = '\0';
	for (size_t i = 0; i < r->nhandles; i++)
		child.handles[i] = (struct mp_handle){
			.kind = r->handles[i].kind, .what = r->handles[i].what, .fd = fds[i]};
	self_child = &child;
}

static size_t count_entries(void)
{
	size_t n = 0;

	while (entries && entries[n].name)
		n++;
	return n;
}

void mp_child_main(int control)
{
	static struct {
		struct record record;
		char argument[MP_ARGUMENT_MAX];
	} in;
	int fds[MP_HANDLES_MAX];
	size_t n = 0, nfds = 0;
	int err;

	fcntl(control, F_SETFD, FD_CLOEXEC);
	err = mp_wire_receive(control, &in, sizeof(in), &n, fds, MP_HANDLES_MAX, &nfds,
		mp_deadline_ns(MP_START_TIMEOUT_MS));
	if (err || n < sizeof(in.record) || in.record.magic != RECORD_MAGIC ||
		in.record.nbytes != n - sizeof(in.record) || in.record.nhandles != nfds ||
		in.record.entry >= count_entries()) {
		static const char said[] =
			"this option is for children started by the program itself\n";
		ssize_t ignored = write(STDERR_FILENO, said, sizeof(said) - 1);

		(void)ignored;
		_exit(3);
	}
	unpack(&in.record, in.argument, fds);
	mp_child_run(self_child, control, false);
}

/*
 * The kernel sends SIGKILL when the parent's end is closed, by its death too: no thread of ours has to watch.
 * PR_SET_PDEATHSIG would not do: it fires when the thread that started us ends. Source: fcntl(2), F_SETSIG.
 */
int mp_life_arm(int control)
{
	if (fcntl(control, F_SETSIG, SIGKILL) < 0 || fcntl(control, F_SETFL, O_ASYNC) < 0)
		return -errno;
	return 0;
}

/* Ties this process to it. */
static int life_own(int control)
{
	struct pollfd p = {.fd = control};

	if (fcntl(control, F_SETOWN, getpid()) < 0)
		return -errno;
	/* It may have ended before the kernel was told to tell us. */
	if (poll(&p, 1, 0) > 0)
		_exit(1);
	return 0;
}

static void tell_start(int control)
{
	int32_t told = mp_life_arm(control);
	struct iovec part = {&told, sizeof(told)};

	if (!told)
		told = life_own(control);
	if (mp_wire_send(control, &part, 1, NULL, 0) || told)
		_exit(1);
}

void mp_child_run(struct mp_child *self, int control, bool armed)
{
	int code;

	if (!armed)
		tell_start(control);
	else if (life_own(control))
		_exit(1); /* cannot be: all that needs memory was done when it was armed */
	self_child = self;
	code = self->entry->run(self);
	mp_list_at_exit();
	fflush(NULL);
#if defined(__SANITIZE_ADDRESS__)
	/* _exit leaves out what LeakSanitizer does at exit. */
	if (__lsan_do_recoverable_leak_check())
		_exit(23);
#endif
	/* Not exit: the handlers that were registered by the parent are the parent's. */
	_exit(code & 255);
}

const char *mp_child_name(const struct mp_child *self)
{
	return self->name;
}

pid_t mp_child_parent(const struct mp_child *self)
{
	return self->parent;
}

const void *mp_child_argument(const struct mp_child *self, size_t *nbytes)
{
	if (nbytes)
		*nbytes = self->nbytes;
	return self->argument;
}

struct mp_handle *mp_child_handle(struct mp_child *self, size_t i)
{
	return i < self->nhandles ? &self->handles[i] : NULL;
}
