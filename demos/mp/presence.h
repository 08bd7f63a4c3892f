/*
 * presence.h - who takes part, and who of them is still alive
 *
 * A table of places in shared memory. Who takes part takes a place; with it goes a robust lock that it
 * holds as long as it lives. Another one sees the death by trying that lock: no signal, no parent, no
 * process number that could meanwhile be somebody else's. What the dead left (a ring, a token) is taken
 * back by exactly one of the living.
 *
 * It is the thread that takes a place, not the process: where the thread ends, its place counts as
 * dead. Every call by any thread of any process that has the memory.
 */
#ifndef MP_PRESENCE_H
#define MP_PRESENCE_H

#include "mp/lock.h"
#include <stdatomic.h>
#include <stddef.h>

#define MP_PRESENCE_MAX 1024 /* places of one table: a thread's robust locks must stay few */

enum mp_presence_state { MP_PRESENCE_FREE, MP_PRESENCE_TAKEN, MP_PRESENCE_LEFT, MP_PRESENCE_DEAD };

struct mp_presence_place {
	struct mp_lock alive;   /* held by who has the place */
	_Atomic uint32_t state; /* enum mp_presence_state, as last told */
};

struct mp_presence {
	uint32_t magic;
	uint32_t nplaces;
	struct mp_presence_place places[];
};

/* Bytes that a table of nplaces needs; 0: nplaces is 0 or above MP_PRESENCE_MAX. */
size_t mp_presence_bytes(uint32_t nplaces);

/*
 * Makes a table of the mp_presence_bytes(nplaces) bytes at p. Once, by one process, before others use it.
 * -EINVAL  nplaces is 0 or above MP_PRESENCE_MAX
 * -ENOMEM
 */
int mp_presence_create(struct mp_presence *p, uint32_t nplaces);

/*
 * Takes a place that nobody has; first of all one never used, then one left, then a dead one's (only
 * after mp_presence_take_back has been through with it).
 * -EAGAIN  all places are taken
 * -EINVAL  not a table
 */
int mp_presence_join(struct mp_presence *p, uint32_t *place);

/*
 * Gives it back.
 * -EPERM   not the caller's
 * -EINVAL  not a table, no such place
 */
int mp_presence_leave(struct mp_presence *p, uint32_t place);

/*
 * Finds one who died without leaving. Its place is the caller's until mp_presence_taken_back, so that
 * nobody else takes back what it had; where the caller dies too, the next one finds the same place again.
 * 0        *place has died: take back what it had
 * -ENOENT  all who are here live
 * -EINVAL  not a table
 */
int mp_presence_take_back(struct mp_presence *p, uint32_t *place);

/*
 * What it had is taken back, and the place serves again.
 * -EPERM   the caller has not got it by take_back
 * -EINVAL  not a table, no such place
 */
int mp_presence_taken_back(struct mp_presence *p, uint32_t place);

/* How many places are in a state. Dead are those that somebody has found; see take_back. */
uint32_t mp_presence_count(const struct mp_presence *p, enum mp_presence_state state);

#endif
