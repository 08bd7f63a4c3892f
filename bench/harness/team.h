/*
 * team.h - workers that stay: forked once, then asked to do the same again and again
 *
 * Where a sample is short, a start for each would be most of what is measured, and pages, caches and branches
 * would be cold. So a team is forked when its variant is set up. A worker asks for its next turn, does it, and
 * tells what it counted; between turns it sleeps in a read(2) and costs nothing. A turn begins when all have
 * come to it: who comes late delays the turn, not the measured time.
 *
 * What the workers share lies in bench_arena, or was open before team_start. Worker i has the point's place i
 * where there are as many places as workers, else all share the point's places. They end with their parent,
 * however it ends. The caller is the benchmark's thread, and the only one.
 */
#ifndef FORKLAB_TEAM_H
#define FORKLAB_TEAM_H

#include "harness/bench.h"
#include <stdbool.h>
#include <stdint.h>

#define TEAM_MAX 64

struct team;
struct team_member; /* a worker's own view of it */

struct team_count {
	uint64_t ops, sum; /* of one worker in one turn; sum is of the caller's choice */
};

/*
 * Forks n workers; each runs body(arg, me), which returns 0 after its last turn, or -errno. arg is the
 * worker's own copy, as fork makes it. The caller owns *out and gives it back with team_stop.
 * -EINVAL  n is 0 or above TEAM_MAX
 * -ENOMEM
 * -EAGAIN, -EMFILE, -ENFILE  of fork(2), socketpair(2), pipe2(2)
 */
int team_start(struct bench_run *r, unsigned n, int (*body)(void *arg, struct team_member *me),
	void *arg, struct team **out);

/*
 * One turn of all workers, from when they begin until the last one is done, in ns. counts: n of them.
 * -ECHILD  a worker has ended
 * other    what a worker's body returned
 * After an error the team does no more turns.
 */
int team_run(struct team *t, uint64_t iters, struct team_count *counts, uint64_t *elapsed_ns);

/* Ends the workers and waits for them; after an error they are killed. NULL is allowed. */
void team_stop(struct team *t);

/* The worker's number, 0..n-1. */
unsigned team_number(const struct team_member *me);

/* Waits for the next turn, then for the others. False: there is none. */
bool team_turn(struct team_member *me, uint64_t *iters);

/* The turn is done: reads the clock first of all. */
void team_done(struct team_member *me, uint64_t ops, uint64_t sum);

#endif
