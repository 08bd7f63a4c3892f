/*
 * workers.h - the same body run by n threads, or by n forked processes
 *
 * The twins differ in nothing but how a worker is started: body, argument and the memory they share
 * (bench_arena) are the same. start + run + join is one call, since that is what the tutorials time.
 * Workers inherit the caller's CPU set. Called from the benchmark's thread only.
 */
#ifndef FORKLAB_WORKERS_H
#define FORKLAB_WORKERS_H

#include "harness/noise.h"
#include <stdbool.h>
#include <stdint.h>

enum workers_kind { WORKERS_SERIAL, WORKERS_THREADS, WORKERS_PROCESSES };

#define WORKERS_MAX 4096

/* One worker's result, on a cache line of its own. */
struct workers_slot {
	_Alignas(64) uint64_t value;
	struct noise_reading
		seen; /* workers.c's: what disturbed the worker, where it was watched */
};

/*
 * Runs body(arg, i) for i in [0, n): one after the other (serial), in n threads or in n children, and
 * waits for all. Each stores its result in slots[i], which for processes must be shared memory
 * (bench_arena). A child runs body and then _exit: body may use only async-signal-safe calls and memory.
 * Errors: -EINVAL n is 0 or above WORKERS_MAX; -EAGAIN, -ENOMEM from start (those started are waited
 * for first); -ECHILD a child did not end with _exit(0).
 */
int workers_run(enum workers_kind kind, unsigned n, uint64_t (*body)(void *arg, unsigned i),
	void *arg, struct workers_slot *slots);

/*
 * The harness's, around each sample: the first run of threads or processes after watch has each worker read
 * at its end what disturbed it: about 3 us, in one op of a sample of at least 1 ms. worst is false where
 * there was no such run; else *r has how long the worst off waited for a CPU, and how often it lost it. Waits
 * below 200 us count as none: a forked child waits for 115 us behind its parent on an idle machine.
 */
void workers_watch(void);
bool workers_worst(struct noise_reading *r);

#endif
