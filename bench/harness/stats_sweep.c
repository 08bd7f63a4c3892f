/* stats_sweep.c - along a sweep: where a ratio crosses 1, and how steep a line is */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "harness/stats_impl.h"

struct sweep {
	const double *x;
	const double *ratio;
	size_t points, rounds;
};

static bool sweep_valid(const struct sweep *s)
{
	if (s->points < 2 || s->rounds == 0 || !stats_finite(s->x, s->points) || s->x[0] <= 0)
		return false;
	for (size_t p = 1; p < s->points; p++)
		if (s->x[p] <= s->x[p - 1])
			return false;
	for (size_t i = 0; i < s->rounds * s->points; i++)
		if (!isfinite(s->ratio[i]) || s->ratio[i] <= 0)
			return false;
	return true;
}

/* Whether the median ratio of all rounds is below 1 at point p. */
static bool below_at(const struct sweep *s, size_t p, double *scratch)
{
	for (size_t r = 0; r < s->rounds; r++)
		scratch[r] = log(s->ratio[r * s->points + p]);
	stats_sort(scratch, s->rounds);
	return stats_quantile_of(scratch, s->rounds, 0.5) < 0;
}

static double interpolate(const struct sweep *s, const double *row, size_t p)
{
	double y0 = log(row[p]), y1 = log(row[p + 1]);
	double x0 = log(s->x[p]), x1 = log(s->x[p + 1]);

	return exp(x0 + (x1 - x0) * (y0 / (y0 - y1)));
}

/*
 * The crossing of one round, nearest to the pair (p, p + 1) where the medians cross. A round that
 * has not crossed by then crosses later, one that already has crossed earlier; one that never does
 * is put at that end of the sweep: as a rank, all that an interval of the median asks, that is
 * right.
 */
static double round_crossing(const struct sweep *s, const double *row, size_t p, bool below)
{
	if ((row[p] < 1) != (row[p + 1] < 1))
		return interpolate(s, row, p);
	if ((row[p] < 1) == below) {
		for (size_t q = p + 1; q + 1 < s->points; q++)
			if ((row[q] < 1) != (row[q + 1] < 1))
				return interpolate(s, row, q);
		return s->x[s->points - 1];
	}
	for (size_t q = p; q > 0; q--)
		if ((row[q - 1] < 1) != (row[q] < 1))
			return interpolate(s, row, q - 1);
	return s->x[0];
}

int stats_crossing(const double *x, const double *ratio, size_t points, size_t rounds, double conf,
	struct stats_summary *out, bool *below)
{
	struct sweep s = {x, ratio, points, rounds};
	double *scratch;
	size_t p = 0;
	int err = 0;

	*out = (struct stats_summary){0};
	*below = false;
	if (!sweep_valid(&s) || !(conf > 0 && conf < 1))
		return -EINVAL;
	scratch = malloc(rounds * sizeof(*scratch));
	if (!scratch)
		return -ENOMEM;
	*below = below_at(&s, 0, scratch);
	while (p + 1 < points && below_at(&s, p + 1, scratch) == *below)
		p++;
	if (p + 1 < points) {
		for (size_t r = 0; r < rounds; r++)
			scratch[r] = round_crossing(&s, ratio + r * points, p, *below);
		err = stats_summarise(scratch, NULL, rounds, conf, out);
	}
	free(scratch);
	return err;
}

int stats_slope(const double *x, const double *y, size_t n, double *slope)
{
	double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
	size_t distinct = 1;

	*slope = 0;
	/* Equal x are looked for as such: their mean may differ from them in the last bit. */
	while (distinct < n && x[distinct] == x[0])
		distinct++;
	if (n < 2 || distinct == n || !stats_finite(x, n) || !stats_finite(y, n))
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		mean_x += x[i] / (double)n;
		mean_y += y[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++) {
		xx += (x[i] - mean_x) * (x[i] - mean_x);
		xy += (x[i] - mean_x) * (y[i] - mean_y);
	}
	if (!isfinite(xy / xx))
		return -EINVAL;
	*slope = xy / xx;
	return 0;
}
