/* presence.c - places, each with a robust lock whose owner's death the kernel tells */
#include "mp/presence.h"
#include <errno.h>
#include <stdbool.h>

#define MAGIC 0x73657270u /* "pres" */

static bool valid(const struct mp_presence *p)
{
	return p && p->magic == MAGIC;
}

size_t mp_presence_bytes(uint32_t nplaces)
{
	if (nplaces == 0 || nplaces > MP_PRESENCE_MAX)
		return 0;
	return sizeof(struct mp_presence) + nplaces * sizeof(struct mp_presence_place);
}

int mp_presence_create(struct mp_presence *p, uint32_t nplaces)
{
	if (mp_presence_bytes(nplaces) == 0)
		return -EINVAL;
	for (uint32_t i = 0; i < nplaces; i++) {
		int err = mp_lock_create(&p->places[i].alive);

		if (err)
			return err;
		atomic_init(&p->places[i].state, MP_PRESENCE_FREE);
	}
	p->nplaces = nplaces;
	p->magic = MAGIC;
	return 0;
}

/*
 * The place's lock, if nobody living has it, and the place's state. A dead owner's place is consistent at
 * once: the state, not the lock, remembers that there is something to take back.
 */
static bool try_place(struct mp_presence_place *at, uint32_t *state)
{
	int err = mp_lock_acquire(&at->alive, 0);

	if (err == -EOWNERDEAD)
		mp_lock_recover(&at->alive);
	else if (err)
		return false;
	*state = atomic_load(&at->state);
	return true;
}

static bool join_as(struct mp_presence *p, enum mp_presence_state wanted, uint32_t *place)
{
	for (uint32_t i = 0; i < p->nplaces; i++) {
		struct mp_presence_place *at = &p->places[i];
		uint32_t state;

		if (atomic_load(&at->state) != wanted || !try_place(at, &state))
			continue;
		if (state == wanted) {
			atomic_store(&at->state, MP_PRESENCE_TAKEN);
			*place = i;
			return true;
		}
		mp_lock_release(&at->alive);
	}
	return false;
}

int mp_presence_join(struct mp_presence *p, uint32_t *place)
{
	if (!valid(p))
		return -EINVAL;
	return join_as(p, MP_PRESENCE_FREE, place) || join_as(p, MP_PRESENCE_LEFT, place) ||
			       join_as(p, MP_PRESENCE_DEAD, place)
		       ? 0
		       : -EAGAIN;
}

static int give_back(struct mp_presence *p, uint32_t place, enum mp_presence_state state)
{
	struct mp_presence_place *at;
	uint32_t before;
	int err;

	if (!valid(p) || place >= p->nplaces)
		return -EINVAL;
	at = &p->places[place];
	before = atomic_load(&at->state);
	/* Before the release: who gets the lock next must not take the place for a dead one's. */
	if (before != MP_PRESENCE_TAKEN)
		return -EPERM;
	atomic_store(&at->state, state);
	err = mp_lock_release(&at->alive);
	if (err)
		atomic_store(&at->state, before);
	return err;
}

int mp_presence_leave(struct mp_presence *p, uint32_t place)
{
	return give_back(p, place, MP_PRESENCE_LEFT);
}

int mp_presence_take_back(struct mp_presence *p, uint32_t *place)
{
	if (!valid(p))
		return -EINVAL;
	for (uint32_t i = 0; i < p->nplaces; i++) {
		struct mp_presence_place *at = &p->places[i];
		uint32_t state;

		if (atomic_load(&at->state) != MP_PRESENCE_TAKEN || !try_place(at, &state))
			continue;
		if (state == MP_PRESENCE_TAKEN) {
			*place = i;
			return 0;
		}
		mp_lock_release(&at->alive);
	}
	return -ENOENT;
}

int mp_presence_taken_back(struct mp_presence *p, uint32_t place)
{
	return give_back(p, place, MP_PRESENCE_DEAD);
}

uint32_t mp_presence_count(const struct mp_presence *p, enum mp_presence_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 0; valid(p) && i < p->nplaces; i++)
		n += atomic_load(&p->places[i].state) == (uint32_t)state;
	return n;
}
