/* budget.c - how a measurement's time is shared out among its blocks: pure functions on a study */
#include "harness/budget.h"
#include <math.h>
#include <stdio.h>

#define LONG_NS   1e9 /* rounds above this: 8 must do (design: points over 1 s) ... */
#define MEDIUM_NS 1e8 /* ... and above this 12: the least that a comparison may rest on */

bool budget_finished(const struct study_block *b)
{
	return b->stop_reason != NULL;
}

size_t budget_unfinished(const struct study *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nblocks; i++)
		n += !budget_finished(&s->blocks[i]);
	return n;
}

unsigned budget_least(const struct study *s, const struct study_block *b)
{
	if (b->cost_ns > LONG_NS)
		return 8;
	return s->limits.quick || b->cost_ns > MEDIUM_NS ? 12 : 20;
}

/* What opening and closing the blocks costs in the launches to come: a big parent must be touched anew. */
static double setup_s(const struct study *s, unsigned launches_left)
{
	double sum = 0;

	for (size_t i = 0; i < s->nblocks; i++)
		if (!budget_finished(&s->blocks[i]) && s->blocks[i].setup_ns > 0)
			sum += s->blocks[i].setup_ns;
	return sum * launches_left / 1e9;
}

/* The exact number that a benchmark asks for; 0: as many as needed. */
static unsigned fixed_rounds(const struct study *s)
{
	return s->limits.quick && s->bench->rounds_quick ? s->bench->rounds_quick
							 : s->bench->rounds;
}

/* Rounds that a block must still have, in seconds. */
static double needed_s(const struct study *s, const struct study_block *b)
{
	unsigned least = fixed_rounds(s) ? fixed_rounds(s) : budget_least(s, b);

	return budget_finished(b) || b->done >= least
		       ? 0
		       : (double)(least - b->done) * b->cost_ns / 1e9;
}

/* The block with more cells than any other, if there is one. */
static const struct study_block *richest(const struct study *s)
{
	const struct study_block *best = NULL;
	bool tie = false;

	for (size_t i = 0; i < s->nblocks; i++) {
		const struct study_block *b = &s->blocks[i];

		tie = best && (b->ncells == best->ncells || (tie && b->ncells < best->ncells));
		if (!best || b->ncells > best->ncells)
			best = b;
	}
	return tie ? NULL : best;
}

/* What the rounds and setups of a block cost that it must still have. */
static double cost_s(const struct study *s, const struct study_block *b, unsigned launches)
{
	return budget_finished(b) ? 0 : needed_s(s, b) + b->setup_ns * launches / 1e9;
}

/* The costliest block that is still measured, spared alone of all; NULL: there is no other. */
static struct study_block *costliest(
	struct study *s, const struct study_block *spared, unsigned launches)
{
	struct study_block *worst = NULL;

	for (size_t i = 0; i < s->nblocks; i++) {
		struct study_block *b = &s->blocks[i];

		if (!budget_finished(b) && b != spared &&
			(!worst || cost_s(s, b, launches) > cost_s(s, worst, launches)))
			worst = b;
	}
	return worst;
}

static double all_cost_s(const struct study *s, unsigned launches)
{
	double sum = 0;

	for (size_t i = 0; i < s->nblocks; i++)
		sum += cost_s(s, &s->blocks[i], launches);
	return sum;
}

void budget_drop(struct study *s, double left_s, unsigned launches)
{
	const struct study_block *spared = richest(s);
	/* What is spent already, and a tenth for what cannot be foreseen; in tens of seconds. */
	double enough_s = 10 * ceil((s->limits.budget_s - left_s + all_cost_s(s, launches)) * 0.11);

	/* Where calibration was slow, what costs milliseconds is still measured. */
	left_s = fmax(left_s, s->limits.budget_s / 4);
	while (all_cost_s(s, launches) > left_s && budget_unfinished(s) > 1) {
		struct study_block *worst = costliest(s, spared, launches);

		for (size_t i = 0; i < worst->ncells; i++)
			if (!s->cells[worst->cells[i]].failed[0])
				snprintf(s->cells[worst->cells[i]].skip, STUDY_WHY,
					"not measured within %.3g s: give --budget %.0f",
					s->limits.budget_s, enough_s);
		worst->stop_reason = "budget";
	}
}

unsigned budget_launches(const struct study *s, double left_s, unsigned launches)
{
	double must = 0;

	for (size_t i = 0; i < s->nblocks; i++)
		must += needed_s(s, &s->blocks[i]);
	while (launches > 3 && must < left_s &&
		(setup_s(s, launches) > left_s / 2 || setup_s(s, launches) + must > left_s))
		launches--;
	return launches;
}

unsigned budget_rounds(
	const struct study *s, const struct study_block *b, double left_s, unsigned launches_left)
{
	unsigned fixed = fixed_rounds(s);
	double left = left_s - setup_s(s, launches_left), must = 0, rounds;

	if (fixed)
		return fixed > b->done
			       ? (fixed - (unsigned)b->done + launches_left - 1) / launches_left
			       : 0;
	if (!(b->cost_ns > 0))
		return 0; /* nothing in it could be calibrated */
	for (size_t i = 0; i < s->nblocks; i++)
		must += needed_s(s, &s->blocks[i]);
	rounds = needed_s(s, b) * 1e9 / b->cost_ns;
	if (left > must && budget_unfinished(s))
		rounds += (left - must) * 1e9 / (double)budget_unfinished(s) / b->cost_ns;
	rounds = ceil(rounds / launches_left);
	if (b->done + (size_t)rounds * launches_left > BUDGET_ROUNDS_MAX)
		rounds = ceil((BUDGET_ROUNDS_MAX - (double)b->done) / launches_left);
	return rounds < 1 ? 1 : (unsigned)rounds;
}
