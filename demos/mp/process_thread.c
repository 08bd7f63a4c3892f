/* process_thread.c - start as a thread of this process, behind the same calls */
#include "mp/memory.h"
#include "mp/process_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct mp_thread {
	pthread_t id;
	struct mp_child child;
	int done; /* eventfd, the process's sentinel */
	int code;
	char argument[];
};

static void *thread_main(void *arg)
{
	struct mp_thread *t = arg;
	uint64_t one = 1;
	ssize_t n;

	t->code = t->child.entry->run(&t->child) & 255;
	n = write(t->done, &one, sizeof(one));
	(void)n; /* an eventfd takes its first number always */
	return NULL;
}

/*
 * The parent may close its objects as soon as start has returned: the thread gets its own descriptor of a
 * pipe, and a share of a memory at the same address, which is what ThreadSanitizer can watch.
 */
static int lend(struct mp_child *child, const struct mp_process_options *o)
{
	for (; child->nhandles < o->nhandles; child->nhandles++) {
		struct mp_handle *h = &child->handles[child->nhandles];
		struct mp_handle lent = o->handles[child->nhandles];
		int err = 0;

		*h = lent;
		if (h->memory)
			err = mp_memory_open(&lent, &h->memory);
		else
			h->fd = fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
		if (err || (!h->memory && h->fd < 0))
			return err ? err : -errno;
	}
	return 0;
}

int mp_begin_thread(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e)
{
	struct mp_thread *t = calloc(1, sizeof(*t) + o->nbytes);
	int err;

	if (!t)
		return -ENOMEM;
	p->thread = t;
	p->pid = getpid();
	p->sentinel = t->done = eventfd(0, EFD_CLOEXEC);
	if (t->done < 0)
		return -errno;
	if (o->nbytes)
		memcpy(t->argument, o->argument, o->nbytes);
	t->child = (struct mp_child){.parent = p->pid,
		.daemon = p->daemon,
		.entry = e,
		.argument = t->argument,
		.nbytes = o->nbytes,
		.thread = t};
	memcpy(t->child.name, p->name, sizeof(p->name));
	err = lend(&t->child, o);
	if (!err)
		err = -pthread_create(&t->id, NULL, thread_main, t);
	return err;
}

bool mp_thread_is_self(const struct mp_process *p)
{
	return pthread_equal(p->thread->id, pthread_self());
}

int mp_thread_join(struct mp_process *p)
{
	int err = pthread_join(p->thread->id, NULL);

	p->exit_code = p->thread->code;
	return -err;
}

void mp_thread_forget(struct mp_process *p)
{
	for (size_t i = 0; p->thread && i < p->thread->child.nhandles; i++) {
		struct mp_handle *h = &p->thread->child.handles[i];

		if (h->memory)
			mp_memory_destroy(h->memory);
		else if (h->fd >= 0)
			close(h->fd);
	}
	free(p->thread);
	p->thread = NULL;
}
