/*
 * stats.h - medians, their intervals, and paired comparisons: no assumption about the distribution
 *
 * Pure functions: nothing is printed, nothing kept, no random source but the seed handed in. Samples
 * are doubles in the order in which they were taken; the order matters, because neighbours in time
 * resemble each other and an interval that ignores this is too narrow (measured: "95 %" covers 75 %
 * at lag-1 correlation 0.6). Sources: Hoefler & Belli, SC15; exact binomial ranks of the sign test.
 */
#ifndef FORKLAB_STATS_H
#define FORKLAB_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats_interval {
	bool known; /* false: too few samples for this level; lo and hi are then 0 and mean nothing */
	double lo, hi;
};

/* A quantile that is shown only where n supports a two-sided 95 % interval of it (p90: 29, p99: 299). */
struct stats_quantile {
	bool known;
	double value;
};

struct stats_summary {
	size_t n;
	double median, min, p25, p75, max;
	struct stats_interval ci; /* of the median: the wider of the exact and the tau-widened one */
	double level;             /* the exact level of the binomial ranks, at least what was asked */
	double tau;               /* autocorrelation time; 1: independent */
	double n_eff;             /* n / tau */
	struct stats_quantile p90, p99;
	size_t mild, severe;  /* outside Tukey's 1.5 and 3 IQR fences; counted, never removed */
	bool autocorrelated;  /* tau > 1.5 */
	bool no_steady_state; /* the intervals of the first and the second half do not meet */
	bool launches_differ; /* the medians of the launches spread further than ci did before widening */
	double launch_lo, launch_hi; /* smallest and largest median of a launch */
};

enum stats_verdict {
	STATS_FASTER,       /* a's time is below b's by more than the margin */
	STATS_SLOWER,       /* ... above */
	STATS_EQUIVALENT,   /* the whole interval lies within the margin */
	STATS_INCONCLUSIVE, /* the interval reaches across a margin, or there is none */
};

struct stats_comparison {
	size_t rounds;            /* pairs used */
	size_t dropped;           /* pairs with a zero or negative time */
	size_t ties;              /* pairs of equal times */
	double ratio;             /* exp(median of ln(a/b)); never a ratio of medians */
	struct stats_interval ci; /* of ratio */
	double level;             /* after dividing alpha by family */
	double tau;
	bool launches_differ;
	bool measurable; /* the interval excludes 1, whatever the margin says */
	enum stats_verdict verdict;
	double rounds_needed; /* estimate of the rounds that would decide; 0 where decided */
};

/*
 * The exact ranks of the interval of the median at level conf (0 < conf < 1): the largest k with
 * 2 P(Bin(n, 1/2) < k) <= 1 - conf, k counted from 1; the interval is [x(k), x(n+1-k)].
 * Returns k, or 0 where n is too small for this level (n <= 5 at 0.95). *level (may be NULL) gets
 * the exact coverage. Any n.
 */
size_t stats_median_rank(size_t n, double conf, double *level);

/* Autocorrelation time of the indicator [x > median], x in time order; at least 1. */
double stats_tau(const double *x, size_t n, double median);

/*
 * Summarises x[0..n) in time order. launch[i] (may be NULL) is the launch sample i belongs to,
 * non-decreasing. Where the launches' medians spread further than the interval, the interval becomes
 * the one over the launches (6 or more), or is widened to their range (fewer).
 * Errors: -EINVAL n is 0, conf outside (0, 1), or a value is not finite; -ENOMEM.
 */
int stats_summarise(const double *x, const unsigned *launch, size_t n, double conf,
	struct stats_summary *out);

/*
 * Compares the pairs (a[i], b[i]), i the round, in time order, launches as above. family is how many
 * comparisons are shown together (Bonferroni), at least 1; margin is a share: 0.03 is 3 %.
 * Errors: -EINVAL n or family is 0, margin outside [0, 1), a value is not finite; -ENOMEM.
 */
int stats_compare(const double *a, const double *b, const unsigned *launch, size_t n, double conf,
	double margin, unsigned family, struct stats_comparison *out);

/*
 * Where does ln(a/b) cross zero along the sweep x[0..points)? ratio[r * points + p] is a/b of round r
 * at x[p]; x positive and ascending. Each round gives one crossing by interpolation on log x between
 * the first pair of neighbours whose smoothed (median over all rounds) ratio changes sign. Out: the
 * median crossing with its interval; ->n is 0 where no crossing lies within the sweep, and *below says
 * whether a/b is below 1 all along (true) or above (false).
 * Errors: -EINVAL fewer than 2 points or no rounds; -ENOMEM.
 */
int stats_crossing(const double *x, const double *ratio, size_t points, size_t rounds, double conf,
	struct stats_summary *out, bool *below);

/* Slope of y over x by least squares; one number for one round. -EINVAL: n < 2 or all x equal. */
int stats_slope(const double *x, const double *y, size_t n, double *slope);

/* Exact (Clopper-Pearson) interval of a proportion k of n at level conf. -EINVAL: n is 0 or k > n. */
int stats_proportion(size_t k, size_t n, double conf, struct stats_interval *out);

const char *stats_verdict_name(enum stats_verdict v); /* "faster" ... static, never NULL */

/* A small seeded generator (xoshiro256**), for orders and simulations; the same on every machine. */
struct stats_rng {
	uint64_t s[4];
};
void stats_rng_seed(struct stats_rng *rng, uint64_t seed);
uint64_t stats_rng_next(struct stats_rng *rng);
uint64_t stats_rng_below(struct stats_rng *rng, uint64_t n); /* uniform in [0, n), n >= 1, unbiased */
double stats_rng_unit(struct stats_rng *rng);                /* uniform in (0, 1) */

/*
 * Orders of a block of n rounds of n alternatives: a random cyclic Latin square, order[r * n + i] is
 * what runs at place i of round r; each alternative stands once in each place. n <= 256.
 */
void stats_latin_square(struct stats_rng *rng, size_t n, unsigned *order);

#endif
