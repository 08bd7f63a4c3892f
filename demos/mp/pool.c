/* pool.c - a pool's memory and its end */
#include "mp/pool_impl.h"
#include "mp/spin.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DEFAULT_RING ((size_t)128 << 10)
#define LEAST_RING   ((size_t)4 << 10)
#define ORDER_BYTES                                                                                \
	32u /* of the ring, for each place of an order: about the least that one takes */
#define ORDERS_MAX   32768u /* however big the ring is */
#define FIRST_STARTS 8u
#define GRACE_MS     2000
#define KILLED_MS    5000 /* a killed process that is still there then is stuck in the kernel */

/* ---- create ---- */

static int plan(const struct mp_pool_options *o, struct mp_pool_shared *s)
{
	size_t want = o->ring_bytes ? o->ring_bytes : DEFAULT_RING;

	if (!o->entry || !o->tasks || o->workers > MP_POOL_WORKERS_MAX || want > MP_POOL_RING_MAX ||
		o->nhandles > MP_POOL_HANDLES_MAX || (o->nhandles && !o->handles) ||
		(o->nbytes && !o->argument))
		return -EINVAL;
	if (o->nbytes > MP_ARGUMENT_MAX)
		return -E2BIG;
	s->magic = MP_POOL_MAGIC;
	s->nworkers = o->workers ? o->workers : mp_cpus();
	if (s->nworkers == 0 || s->nworkers > MP_POOL_WORKERS_MAX)
		s->nworkers = MP_POOL_WORKERS_MAX;
	while (o->tasks[s->ntasks].name)
		s->ntasks++;
	s->data_bytes = LEAST_RING;
	while (s->data_bytes < want)
		s->data_bytes *= 2;
	s->norders = (uint32_t)(s->data_bytes / ORDER_BYTES);
	if (s->norders > ORDERS_MAX)
		s->norders = ORDERS_MAX;
	return 0;
}

/* What each worker is started with, kept for those who replace the first ones. */
static int keep_options(struct mp_pool *p, const struct mp_pool_options *o)
{
	void *argument = NULL;

	if (o->nbytes) {
		argument = malloc(o->nbytes);
		if (!argument)
			return -ENOMEM;
		memcpy(argument, o->argument, o->nbytes);
	}
	if (o->nhandles)
		memcpy(p->handles, o->handles, o->nhandles * sizeof(p->handles[0]));
	p->handles[o->nhandles] = mp_memory_handle(p->memory);
	p->handles[o->nhandles].kind = MP_HANDLE_POOL;
	p->handles[o->nhandles + 1] = (struct mp_handle){.kind = MP_HANDLE_EVENTFD, .fd = p->bell};
	p->start = (struct mp_process_options){.entry = o->entry,
		.argument = argument,
		.nbytes = o->nbytes,
		.handles = p->handles,
		.nhandles = o->nhandles + 2,
		.method = o->method,
		.daemon = true};
	return 0;
}

static void lay_out(struct mp_pool *p)
{
	struct mp_pool_shared *s = mp_memory_base(p->memory);

	*s = p->shared;
	p->polled[0] = (struct pollfd){.fd = p->bell, .events = POLLIN};
	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		struct mp_worker *w = &p->workers[i];

		w->channel = mp_channel_of(s, i);
		w->data = mp_channel_data(s, w->channel);
		w->messages = p->messages + (size_t)i * p->shared.norders;
		p->polled[1 + i] = (struct pollfd){.fd = -1, .events = POLLIN};
	}
}

static int allocate(struct mp_pool *p)
{
	size_t orders = (size_t)p->shared.nworkers * p->shared.norders;
	int err = mp_memory_create(mp_pool_bytes(&p->shared), &p->memory);

	if (err)
		return err;
	p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->bell < 0)
		return -errno;
	p->workers = calloc(p->shared.nworkers, sizeof(*p->workers));
	p->messages = calloc(orders, sizeof(*p->messages));
	p->back = calloc(orders, sizeof(*p->back));
	p->polled = calloc(1 + p->shared.nworkers, sizeof(*p->polled));
	if (!p->workers || !p->messages || !p->back || !p->polled)
		return -ENOMEM;
	lay_out(p);
	return 0;
}

static void give_back(struct mp_pool *p)
{
	if (p->bell >= 0)
		close(p->bell);
	mp_memory_destroy(p->memory);
	free((void *)(uintptr_t)p->start.argument);
	free(p->workers);
	free(p->messages);
	free(p->back);
	free(p->polled);
	free(p);
}

int mp_pool_create(const struct mp_pool_options *o, struct mp_pool **out)
{
	struct mp_pool_shared shared = {0};
	int err = o ? plan(o, &shared) : -EINVAL;
	struct mp_pool *p;

	if (err)
		return err;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->shared = shared;
	p->owner = getpid();
	p->tasks = o->tasks;
	p->bell = -1;
	err = allocate(p);
	if (!err)
		err = keep_options(p, o);
	for (uint32_t i = 0; !err && i < shared.nworkers && i < FIRST_STARTS; i++)
		err = mp_lives_start(p, i);
	if (err) {
		/* Else there was not enough for a worker to begin with. */
		if (p->start.entry)
			mp_pool_terminate(p, GRACE_MS);
		give_back(p);
		return err;
	}
	*out = p;
	return 0;
}

/* ---- end ---- */

size_t mp_pool_pids(const struct mp_pool *p, pid_t *list, size_t max)
{
	size_t n = 0;

	for (uint32_t i = 0; i < p->shared.nworkers; i++) {
		if (!p->workers[i].process)
			continue;
		if (n < max)
			list[n] = mp_process_pid(p->workers[i].process);
		n++;
	}
	return n;
}

int mp_pool_close(struct mp_pool *p)
{
	if (p->owner != getpid())
		return -EPERM;
	p->closed = true;
	return 0;
}

/* Until all workers have ended or the deadline. Their channels are settled on the way. */
static bool outlast(struct mp_pool *p, uint64_t deadline_ns)
{
	bool last = false;

	while (mp_lives_count(p) > 0 && !last) {
		last = mp_poll_ms(deadline_ns) == 0;
		if (poll(p->polled, 1 + p->shared.nworkers, mp_poll_ms(deadline_ns)) > 0) {
			uint64_t rings;
			ssize_t ignored = read(p->bell, &rings, sizeof(rings));

			(void)ignored; /* a bell that rings would keep poll from sleeping */
			mp_lives_reap(p);
		}
	}
	return mp_lives_count(p) == 0;
}

int mp_pool_terminate(struct mp_pool *p, int64_t grace_ms)
{
	bool over;

	if (p->owner != getpid())
		return -EPERM;
	p->closed = p->terminated = true;
	mp_lives_stop(p, MP_STOP_NOW);
	for (uint32_t i = 0; i < p->shared.nworkers; i++)
		if (p->workers[i].process)
			mp_process_terminate(p->workers[i].process);
	over = outlast(p, mp_deadline_ns(grace_ms));
	for (uint32_t i = 0; !over && i < p->shared.nworkers; i++)
		if (p->workers[i].process)
			mp_process_kill(p->workers[i].process);
	if (!over && p->start.method != MP_THREAD)
		over = outlast(p, mp_deadline_ns(KILLED_MS));
	mp_job_cancel(p, 0);
	mp_job_callbacks(p);
	return over ? 0 : -ETIMEDOUT;
}

int mp_pool_destroy(struct mp_pool *p)
{
	if (!p)
		return 0;
	if (p->owner != getpid())
		return -EPERM;
	if (p->calling > 0 || mp_pool_terminate(p, GRACE_MS))
		return -EBUSY;
	give_back(p);
	return 0;
}
