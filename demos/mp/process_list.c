/* process_list.c - the children of this process that are not known to have ended */
#include "mp/process_impl.h"
#include <unistd.h>

/* Private to the process: a plain mutex will do. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct mp_process *first;
static atomic_bool used; /* this process has tried to have a child */

void mp_list_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void mp_list_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

void mp_list_use(void)
{
	used = true;
}

void mp_list_add(struct mp_process *p)
{
	mp_list_lock();
	p->next = first;
	first = p;
	mp_list_unlock();
}

void mp_list_remove(struct mp_process *p)
{
	mp_list_lock();
	for (struct mp_process **at = &first; *at; at = &(*at)->next)
		if (*at == p) {
			*at = p->next;
			break;
		}
	mp_list_unlock();
}

/* With a copy of a brother's socket we would keep him alive after the parent's death. */
void mp_list_inherit(void)
{
	for (struct mp_process *p = first; p; p = p->next) {
		if (p->control >= 0)
			close(p->control);
		p->control = -1;
	}
	first = NULL;
	used = false;
}

static struct mp_process *next_alive(struct mp_process *after)
{
	struct mp_process *p;

	mp_list_lock();
	p = after ? after->next : first;
	mp_list_unlock();
	return p;
}

size_t mp_active_children(struct mp_process **list, size_t max)
{
	struct mp_process *p = next_alive(NULL), *next;
	size_t n = 0;

	for (; p; p = next) {
		next = next_alive(p);
		if (!mp_process_is_alive(p))
			continue;
		if (n < max)
			list[n] = p;
		n++;
	}
	return n;
}

void mp_list_at_exit(void)
{
	struct mp_process *p;
	uint64_t grace;

	/* As in nearly every child, whose end is awaited. */
	if (!used)
		return;
	grace = mp_deadline_ns(MP_GRACE_MS);
	for (p = next_alive(NULL); p; p = next_alive(p))
		if (p->daemon && p->method != MP_THREAD)
			mp_process_terminate(p);
	while ((p = next_alive(NULL))) {
		if (p->daemon && p->method == MP_THREAD) {
			mp_list_remove(p); /* ends with the process, a moment from now */
			continue;
		}
		if (p->daemon && mp_process_join(p, mp_poll_ms(grace)))
			mp_process_kill(p);
		mp_process_join(p, MP_FOREVER);
		mp_process_close(p);
	}
	mp_forkserver_stop();
}
