/*
 * stats.h - medians, their intervals, and paired comparisons: no assumption about the distribution
 *
 * Pure functions: nothing is printed, nothing kept, no random source but the seed handed in.
 * Samples are doubles in the order in which they were taken; the order matters, because neighbours
 * in time resemble each other and an interval that ignores this is too narrow (measured: "95 %"
 * covers 75 % at lag-1 correlation 0.6). tests/test_coverage.c shows what these cover. Sources:
 * Hoefler & Belli, SC15; exact binomial ranks of the sign test.
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

/* A quantile, shown only where n supports a two-sided 95 % interval of it (p90: 29, p99: 299). */
struct stats_quantile {
	bool known;
	double value;
};

struct stats_summary {
	size_t n;
	double median, min, p25, p75, max; /* linear between order statistics ("type 7" of R) */
	struct stats_interval ci; /* of the median: the wider of the exact and the tau-widened one;
				   * the whole range with n_eff below what this level needs (6 at
				   * 0.95), unknown below two thirds of that */
	double level; /* the exact level of the binomial ranks, at least what was asked; 0: none */
	double tau;   /* autocorrelation time; 1: independent */
	double n_eff; /* n / tau */
	struct stats_quantile p90, p99;
	size_t mild, severe; /* beyond 1.5 to 3, and beyond 3 IQR (Tukey's fences); never removed */
	bool autocorrelated; /* tau > 1.5 */
	bool no_steady_state; /* the intervals of the first and the second half do not meet */
	bool launches_differ; /* the medians of the launches lie further apart than the interval of
			       * one launch's median is wide; chance alone seldom does that (under 1 %) */
	double launch_lo, launch_hi; /* least and greatest median of a launch; median: no launch */
};

enum stats_verdict {
	STATS_FASTER,       /* a's time is below b's by more than the margin */
	STATS_SLOWER,       /* ... above */
	STATS_EQUIVALENT,   /* the whole interval lies within the margin */
	STATS_INCONCLUSIVE, /* the interval reaches across a margin, or there is none */
};

struct stats_comparison {
	size_t rounds;  /* pairs used */
	size_t dropped; /* pairs with a zero or negative time */
	size_t ties;    /* pairs of equal times, among the rounds */
	double ratio;   /* exp(median of ln(a/b)), never a ratio of medians; 0: no rounds */
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

/*
 * Autocorrelation time of the sign of x - median, x in time order; at least 1. Without ties this is
 * the time of the indicator [x > median]; with many it is 1 where that one would grow with n.
 */
double stats_tau(const double *x, size_t n, double median);

/*
 * Summarises x[0..n) in time order. launch[i] (may be NULL) is the launch sample i belongs to,
 * non-decreasing. Where the launches' medians spread further than the interval, the interval is
 * widened to hold the one over the launches (6 or more), or their range (fewer); it never narrows.
 * Errors: -EINVAL n is 0, conf outside (0, 1), a value is not finite, launch falls; -ENOMEM.
 */
int stats_summarise(
	const double *x, const unsigned *launch, size_t n, double conf, struct stats_summary *out);

/*
 * Compares the pairs (a[i], b[i]), i the round, in time order, launches as above. family is how
 * many comparisons are shown together (Bonferroni), at least 1; margin is a share: 0.03 is 3 %,
 * from 1/1.03 to 1.03, so that swapped sides give the mirrored verdict.
 * Errors: -EINVAL n or family is 0, margin outside [0, 1), as above; -ENOMEM.
 */
int stats_compare(const double *a, const double *b, const unsigned *launch, size_t n, double conf,
	double margin, unsigned family, struct stats_comparison *out);

/*
 * Where does ln(a/b) cross zero along the sweep x[0..points)? ratio[r * points + p] is a/b of round
 * r at x[p]; x positive and ascending. Each round gives one crossing by interpolation on log x
 * between the first pair of neighbours whose smoothed (median over all rounds) ratio changes sign;
 * a round that does not cross there counts at its nearest crossing, else at that end of the sweep.
 * Out: the median crossing with its interval; ->n is 0 where no crossing lies within the sweep.
 * *below says whether a/b is below 1 at x[0], and so all along where there is no crossing.
 * Errors: -EINVAL fewer than 2 points, no rounds, x not ascending, a ratio not positive; -ENOMEM.
 */
int stats_crossing(const double *x, const double *ratio, size_t points, size_t rounds, double conf,
	struct stats_summary *out, bool *below);

/*
 * Slope of y over x by least squares; one number for one round.
 * Errors: -EINVAL n < 2, all x equal, a value or the slope not finite.
 */
int stats_slope(const double *x, const double *y, size_t n, double *slope);

/* Exact (Clopper-Pearson) interval of a proportion k of n. -EINVAL: n is 0, k > n, bad conf. */
int stats_proportion(size_t k, size_t n, double conf, struct stats_interval *out);

const char *stats_verdict_name(enum stats_verdict v); /* "faster" ... static, never NULL */

/* A small seeded generator (xoshiro256**) for orders and simulations; the same on all machines. */
struct stats_rng {
	uint64_t s[4];
};
void stats_rng_seed(struct stats_rng *rng, uint64_t seed);
uint64_t stats_rng_next(struct stats_rng *rng);
/* Uniform in [0, n), n >= 1, unbiased. */
uint64_t stats_rng_below(struct stats_rng *rng, uint64_t n);
/* Uniform in (0, 1), both ends excluded. */
double stats_rng_unit(struct stats_rng *rng);

/*
 * Orders of a block of n rounds of n alternatives: a random cyclic Latin square, order[r * n + i]
 * is what runs at place i of round r; each alternative stands once in each place. n <= 256.
 */
void stats_latin_square(struct stats_rng *rng, size_t n, unsigned *order);

#endif
