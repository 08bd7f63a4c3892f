/* stats_impl.h - what the parts of the statistics share; for stats*.c alone */
#ifndef FORKLAB_STATS_IMPL_H
#define FORKLAB_STATS_IMPL_H

#include "harness/stats.h"

/* The median of one series with its interval: what a summary and a comparison have in common. */
struct stats_estimate {
	double median;
	struct stats_interval ci;
	double level;
	double tau;
	bool launches_differ;
	double launch_lo, launch_hi;
};

bool stats_finite(const double *x, size_t n);
bool stats_ascending(const unsigned *launch, size_t n);
void stats_sort(double *x, size_t n);

/* Linear between order statistics, (n - 1) q from the first one: "type 7", the default of R. */
double stats_quantile_of(const double *sorted, size_t n, double q);

/* The fewest independent samples that have an interval of the median at this level: 6 at 0.95. */
size_t stats_fewest(double conf);

/* z with P(|N(0, 1)| > z) = 1 - conf: 1.96 at 0.95. */
double stats_normal_z(double conf);

/*
 * The rank of the interval of the median of n samples with autocorrelation time tau: at most
 * stats_median_rank's. 0: fewer than stats_fewest(conf) effective samples. level as there.
 */
size_t stats_widened_rank(size_t n, double conf, double tau, double *level);

/* Median and interval of x, whose sorted copy the caller has. -ENOMEM. */
int stats_estimate(const double *x, const double *sorted, const unsigned *launch, size_t n,
	double conf, struct stats_estimate *out);

/* Widens e->ci by what the launches show and fills e's launch fields. -ENOMEM. */
int stats_launches(
	const double *x, const unsigned *launch, size_t n, double conf, struct stats_estimate *e);

/* Whether the intervals of the first and the second half of x do not meet. -ENOMEM. */
int stats_unsteady(const double *x, size_t n, double conf, bool *unsteady);

#endif
