/* pool_kit.h - pools and maps for the tests of demos/mp/pool.h */
#ifndef FORKLAB_POOL_KIT_H
#define FORKLAB_POOL_KIT_H

#include "mp/pool.h"
#include "mp_kit.h"

#define POOL_RING   4096 /* small, so that everything goes round its end */
#define POOL_ITEMS  10000
#define POOL_NUMBER 7 /* the workers' argument, for kit_number */

/* What maps of the tests are made of; results and outcomes are filled with what must not stay. */
extern uint64_t pool_items[POOL_ITEMS], pool_results[POOL_ITEMS];
extern struct mp_outcome pool_outcomes[POOL_ITEMS];
#define POOL_UNTOUCHED 99

/* A pool whose workers have kit_memory as handle 0. 0 or mp_pool_create's error. */
int kit_try_pool(const char *entry, const struct mp_task *tasks, enum mp_method method,
	uint32_t workers, struct mp_pool **p);
/* The same; fails the test where there is an error. */
struct mp_pool *kit_pool(
	const char *entry, const struct mp_task *tasks, enum mp_method method, uint32_t workers);

/* n items of 8 bytes, 0 to n - 1, and as many results of 8 bytes, with outcomes. */
struct mp_map kit_map(const char *task, size_t n, size_t chunk);

#endif
