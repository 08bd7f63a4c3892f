/* stats_parts.c - medians of parts of a series: do its launches, do its halves agree? */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats_impl.h"

/* With fewer samples even the range of a launch is too short to judge its median by. */
#define LAUNCH_FEWEST 4

/*
 * Median and interval of one part, by the same ranks; the range of the part where it is too short
 * for them. A part is only compared with others, so that "unknown" would hide a plain difference.
 */
static struct stats_interval part_interval(
	double *scratch, const double *x, size_t n, double conf, double *median)
{
	size_t k;

	memcpy(scratch, x, n * sizeof(*x));
	stats_sort(scratch, n);
	*median = stats_quantile_of(scratch, n, 0.5);
	k = stats_widened_rank(n, conf, stats_tau(x, n, *median), NULL);
	if (k == 0)
		k = 1;
	return (struct stats_interval){true, scratch[k - 1], scratch[n - k]};
}

int stats_unsteady(const double *x, size_t n, double conf, bool *unsteady)
{
	size_t half = n / 2;
	double *scratch = malloc(half * sizeof(*scratch)), median;
	struct stats_interval a, b;

	*unsteady = false;
	if (!scratch)
		return -ENOMEM;
	a = part_interval(scratch, x, half, conf, &median);
	b = part_interval(scratch, x + n - half, half, conf, &median);
	*unsteady = a.hi < b.lo || b.hi < a.lo;
	free(scratch);
	return 0;
}

struct launches {
	double *median; /* ascending */
	size_t count;
	size_t fewest; /* samples in the shortest launch */
	double width;  /* of the interval of one launch's median, on average */
};

/* out->median has room for n. */
static void gather(struct launches *out, double *scratch, const double *x, const unsigned *launch,
	size_t n, double conf)
{
	double width = 0;

	out->fewest = n;
	for (size_t from = 0, to; from < n; from = to) {
		struct stats_interval ci;

		for (to = from + 1; to < n && launch[to] == launch[from];)
			to++;
		ci = part_interval(scratch, x + from, to - from, conf, &out->median[out->count++]);
		width += ci.hi - ci.lo;
		if (to - from < out->fewest)
			out->fewest = to - from;
	}
	out->width = width / (double)out->count;
	stats_sort(out->median, out->count);
}

/*
 * Samples of one launch share its luck with memory layout and caches, which no number of them
 * averages out. Launches are independent of each other; where they are enough for an interval of
 * their own, it joins ours, else their range does. Never narrower than before: without a difference
 * between launches this only costs width.
 */
static void widen(const struct launches *l, double conf, struct stats_estimate *e)
{
	double level;
	size_t k = stats_median_rank(l->count, conf, &level);
	double lo = l->median[k > 0 ? k - 1 : 0];
	double hi = l->median[k > 0 ? l->count - k : l->count - 1];

	if (!e->ci.known && k > 0) {
		e->ci = (struct stats_interval){true, lo, hi};
		e->level = level;
	} else if (e->ci.known && e->launch_hi - e->launch_lo > e->ci.hi - e->ci.lo) {
		e->ci.lo = fmin(e->ci.lo, lo);
		e->ci.hi = fmax(e->ci.hi, hi);
	}
}

int stats_launches(
	const double *x, const unsigned *launch, size_t n, double conf, struct stats_estimate *e)
{
	struct launches l = {.median = malloc(n * sizeof(double))};
	double *scratch = malloc(n * sizeof(*scratch));
	int err = -ENOMEM;

	if (l.median && scratch) {
		gather(&l, scratch, x, launch, n, conf);
		e->launch_lo = l.median[0];
		e->launch_hi = l.median[l.count - 1];
		e->launches_differ =
			l.fewest >= LAUNCH_FEWEST && e->launch_hi - e->launch_lo > l.width;
		if (l.count > 1)
			widen(&l, conf, e);
		err = 0;
	}
	free(scratch);
	free(l.median);
	return err;
}
