/*
 * budget.h - how a measurement's time is shared out among its blocks (inside the harness)
 *
 * Pure functions: seconds come in as arguments, nothing reads a clock.
 */
#ifndef FORKLAB_BUDGET_H
#define FORKLAB_BUDGET_H

#include "harness/study.h"

#define BUDGET_ROUNDS_MAX 1000u /* of a block; narrower intervals than these give are not needed */

bool budget_finished(const struct study_block *b); /* it has a stop_reason */
size_t budget_unfinished(const struct study *s);

/* The fewest rounds a block of this cost may be reported with. */
unsigned budget_least(const struct study *s, const struct study_block *b);

/* Leaves out what cannot have its least rounds in left_s seconds, the costliest block first; last of all the
 * one with the most cells, which is what the benchmark's chart shows. The cells get a skip reason, with the
 * budget that would do for all. One block always stays. */
void budget_drop(struct study *s, double left_s, unsigned launches);

/* How many launches fit: where setting up is most of the work (touching a gigabyte), or would cost a block
 * its place, fewer launches leave time to measure; not below 3. */
unsigned budget_launches(const struct study *s, double left_s, unsigned launches);

/*
 * Rounds of a block in the coming launch, at least 1 (0 where a fixed number is reached): its part of what
 * it must have, and an equal share of the time that nobody must have.
 */
unsigned budget_rounds(
	const struct study *s, const struct study_block *b, double left_s, unsigned launches_left);

#endif
