/* pool_worker.c - a worker's life: claim an order, do its items, count; ring where the parent has asked for it */
#include "mp/memory.h"
#include "mp/pool.h"
#include "mp/pool_channel.h"
#include "mp/spin.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What a worker knows of its pool. */
struct worker {
	const struct mp_task *tasks;
	const struct mp_pool_shared *shared;
	struct mp_channel *channel;
	unsigned char *data;
	int bell; /* the pool's eventfd */
	unsigned spins;
	uint64_t finished; /* orders */
	uint64_t items;    /* finished */
	uint64_t rung;     /* the ring_at that was rung for last */
};

static void ring(const struct worker *w)
{
	uint64_t one = 1;
	ssize_t n;

	do
		n = write(w->bell, &one, sizeof(one));
	while (n < 0 && errno == EINTR);
}

/* After an access to claim or step that is sequentially consistent: then either we see what the parent asks for,
 * or the parent, which looks once more after asking, sees what we have finished. */
static void ring_if_asked(struct worker *w)
{
	uint64_t at = atomic_load(&w->channel->ring_at);

	if (at == 0 || at == w->rung || w->finished < at)
		return;
	w->rung = at;
	ring(w);
}

/* ---- items with a deadline ---- */

static void begin_timed(struct mp_channel *c, uint32_t timeout_ms)
{
	atomic_store(&c->ends_ns, mp_deadline_ns(timeout_ms));
}

/* Either the item is finished or the parent has condemned us for it: the exchange decides, and nothing that we begin
 * later is hit. */
static void end_timed(struct mp_channel *c)
{
	if (atomic_exchange(&c->ends_ns, 0) != MP_CONDEMNED)
		return;
	for (;;)
		pause();
}

/* ---- orders ---- */

static void do_order(struct worker *w)
{
	struct mp_channel *c = w->channel;
	struct mp_order o = c->orders[w->finished & (w->shared->norders - 1)];
	unsigned char *item = w->data + o.at;
	int32_t *code = (void *)(item + mp_order_codes(o.count, o.item_bytes));
	unsigned char *result = item + mp_order_results(o.count, o.item_bytes);
	int (*run)(const void *, size_t, void *, size_t) = w->tasks[o.task].run;

	memset(result, 0, (size_t)o.count * o.result_bytes);
	for (uint32_t i = 0; i < o.count; i++) {
		if (atomic_load_explicit(&c->stop, memory_order_relaxed) == MP_STOP_NOW)
			return;
		if (o.timeout_ms)
			begin_timed(c, o.timeout_ms);
		atomic_store_explicit(&c->step, 2 * w->items + 1, memory_order_release);
		code[i] = run(item, o.item_bytes, result, o.result_bytes);
		if (o.timeout_ms)
			end_timed(c);
		w->items++;
		atomic_store_explicit(&c->step, 2 * w->items, memory_order_release);
		item += o.item_bytes;
		result += o.result_bytes;
	}
	w->finished++;
}

/* Waits until there is an order; false: none will come. */
static bool wait_order(struct worker *w)
{
	struct mp_channel *c = w->channel;

	/* The same number once more, for its order: the parent may be about to sleep until we are here. */
	atomic_store(&c->step, 2 * w->items);
	ring_if_asked(w);
	for (unsigned looks = 0;; looks++) {
		bool sleeps = looks >= w->spins;
		uint32_t seen = sleeps ? mp_gate_enter(&c->gate) : 0;
		uint64_t claim = atomic_load(&c->claim);

		if (mp_claimed(claim) != mp_limit(claim))
			return true;
		if (atomic_load(&c->stop))
			return false;
		/* Without an end: where the parent dies, so do we (child.c). */
		if (sleeps)
			mp_futex_wait(&c->gate.wakes, seen, MP_NO_END);
		else
			mp_relax();
	}
}

static void work(struct worker *w)
{
	while (atomic_load_explicit(&w->channel->stop, memory_order_relaxed) != MP_STOP_NOW) {
		if (mp_channel_claim(w->channel)) {
			ring_if_asked(w);
			do_order(w);
		} else if (!wait_order(w)) {
			return;
		}
	}
}

/* ---- the way in ---- */

static struct mp_handle *find_handle(struct mp_child *self, enum mp_handle_kind kind)
{
	struct mp_handle *h;

	for (size_t i = 0; (h = mp_child_handle(self, i)); i++)
		if (h->kind == kind)
			return h;
	return NULL;
}

static bool holds_pool(struct mp_memory *m, uint32_t place, const struct mp_task *tasks)
{
	const struct mp_pool_shared *s = mp_memory_base(m);
	uint32_t n = 0;

	if (s->magic != MP_POOL_MAGIC || place >= s->nworkers ||
		mp_pool_bytes(s) > mp_memory_size(m))
		return false;
	while (tasks[n].name)
		n++;
	return n == s->ntasks;
}

int mp_pool_work(struct mp_child *self, const struct mp_task *tasks)
{
	struct mp_handle *pool = find_handle(self, MP_HANDLE_POOL);
	struct mp_handle *bell = find_handle(self, MP_HANDLE_EVENTFD);
	struct worker w = {.tasks = tasks, .spins = mp_spins()};
	struct mp_memory *m;
	int err;

	if (!pool || !bell || !tasks)
		return -EINVAL;
	err = mp_memory_open(pool, &m);
	if (err)
		return err;
	if (!holds_pool(m, pool->what, tasks)) {
		mp_memory_destroy(m);
		return -EINVAL;
	}
	w.shared = mp_memory_base(m);
	w.channel = mp_channel_of(mp_memory_base(m), pool->what);
	w.data = mp_channel_data(w.shared, w.channel);
	w.bell = bell->fd;
	atomic_store(&w.channel->ready, 1);
	ring(&w);
	work(&w);
	mp_memory_destroy(m);
	return 0;
}
