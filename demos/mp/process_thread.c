/* process_thread.c - start as a thread of this process, behind the same calls */
#include "mp/process_impl.h"
#include <errno.h>
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
		.nhandles = o->nhandles,
		.thread = t};
	memcpy(t->child.name, p->name, sizeof(p->name));
	for (size_t i = 0; i < o->nhandles; i++) {
		t->child.handles[i] = o->handles[i];
		t->child.handles[i].thread = true;
	}
	err = pthread_create(&t->id, NULL, thread_main, t);
	return -err;
}

int mp_thread_join(struct mp_process *p)
{
	int err = pthread_join(p->thread->id, NULL);

	p->exit_code = p->thread->code;
	return -err;
}

void mp_thread_forget(struct mp_process *p)
{
	free(p->thread);
	p->thread = NULL;
}
