/* place_sweep.c - which worker counts a sweep 1..max measures on a machine too big to measure all
 */
#include "harness/place_internal.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 64 /* steps of 1.5 up to UINT_MAX are fewer */

/* Why a count is in the sweep; the larger, the later it is dropped. */
enum reason { STEP, BORDER, PINNED };

struct point {
	unsigned count;
	enum reason reason;
};

struct points {
	struct point *at;
	size_t n, max;
};

static void add(struct points *pt, size_t count, enum reason reason)
{
	if (count >= 1 && count <= pt->max)
		pt->at[pt->n++] = (struct point){(unsigned)count, reason};
}

/* The first border of each kind is where a curve may bend; the others of that kind say less. */
static void add_borders(struct points *pt, const struct place *p)
{
	bool met[PLACE_BORDER_PACKAGE + 1] = {false};

	for (size_t i = 1; i < p->count; i++) {
		const enum place_border b = p->slots[i].border;

		if (b == PLACE_BORDER_NONE)
			continue;
		add(pt, i, met[b] ? BORDER : PINNED);
		met[b] = true;
	}
	/* Beyond these begins oversubscription. */
	add(pt, p->count, PINNED);
	add(pt, p->machine.effective, PINNED);
}

static int by_count(const void *a, const void *b)
{
	const struct point *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return (y->reason > x->reason) - (y->reason < x->reason);
}

/* Sorts, and keeps of equal counts the one with the best reason. */
static void merge(struct points *pt)
{
	size_t n = 0;

	qsort(pt->at, pt->n, sizeof(*pt->at), by_count);
	for (size_t i = 0; i < pt->n; i++) {
		if (!n || pt->at[n - 1].count != pt->at[i].count)
			pt->at[n++] = pt->at[i];
	}
	pt->n = n;
}

/* Drops the point that is missed least on a logarithmic axis: the smallest gap afterwards; a border
 * counts as if its gap were a little wider. Pinned ones go last, 1 and max never. */
static void drop_one(struct points *pt)
{
	size_t best = 1;
	double best_loss = 0;

	for (size_t i = 1; i + 1 < pt->n; i++) {
		double loss = (double)pt->at[i + 1].count / pt->at[i - 1].count;

		if (pt->at[i].reason != STEP)
			loss *= pt->at[i].reason == BORDER ? 1.2 : 1e12;
		if (i == 1 || loss < best_loss) {
			best = i;
			best_loss = loss;
		}
	}
	memmove(pt->at + best, pt->at + best + 1, (pt->n - best - 1) * sizeof(*pt->at));
	pt->n--;
}

size_t place_sweep(const struct place *p, size_t max, unsigned *counts, size_t cap)
{
	struct points pt = {.max = max};
	size_t n;

	if (!max || !cap || max > UINT_MAX)
		return 0;
	pt.at = calloc(p->count + STEPS_MAX, sizeof(*pt.at));
	if (!pt.at)
		return 0;
	for (size_t step = 1; step < max; step += step < 4 ? 1 : (step + 1) / 2)
		add(&pt, step, STEP);
	add(&pt, 1, PINNED);
	add(&pt, max, PINNED);
	add_borders(&pt, p);
	merge(&pt);
	while (pt.n > cap && pt.n > 2)
		drop_one(&pt);
	n = pt.n < cap ? pt.n : cap;
	/* Room for one alone: the whole machine. */
	for (size_t i = 0; i < n; i++)
		counts[i] = pt.at[pt.n - n + i].count;
	free(pt.at);
	return n;
}
