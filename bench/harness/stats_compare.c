/* stats_compare.c - is a faster than b? the sign-test interval of the log ratios, in three words */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats_impl.h"

const char *stats_verdict_name(enum stats_verdict v)
{
	switch (v) {
	case STATS_FASTER:
		return "faster";
	case STATS_SLOWER:
		return "slower";
	case STATS_EQUIVALENT:
		return "equivalent";
	case STATS_INCONCLUSIVE:
		break;
	}
	return "inconclusive";
}

struct pairs {
	double *log_ratio;
	unsigned *launch; /* NULL where the caller has none */
	double *sorted;
};

static void pairs_free(struct pairs *p)
{
	free(p->log_ratio);
	free(p->launch);
	free(p->sorted);
}

static int pairs_alloc(struct pairs *p, size_t n, bool launches)
{
	*p = (struct pairs){
		.log_ratio = malloc(n * sizeof(*p->log_ratio)),
		.launch = launches ? malloc(n * sizeof(*p->launch)) : NULL,
		.sorted = malloc(n * sizeof(*p->sorted)),
	};
	if (p->log_ratio && p->sorted && (p->launch || !launches))
		return 0;
	pairs_free(p);
	return -ENOMEM;
}

/* A zero time has no logarithm: the clock did not see the work. Dropped, and counted. */
static void pairs_fill(struct pairs *p, const double *a, const double *b, const unsigned *launch,
	size_t n, struct stats_comparison *out)
{
	for (size_t i = 0; i < n; i++) {
		if (a[i] <= 0 || b[i] <= 0) {
			out->dropped++;
			continue;
		}
		if (a[i] == b[i])
			out->ties++;
		if (launch)
			p->launch[out->rounds] = launch[i];
		p->log_ratio[out->rounds++] = log(a[i]) - log(b[i]);
	}
}

/* All in logarithms, where a margin lies as far above 1 as below it: swapped sides, same verdict.
 */
static enum stats_verdict judge(const struct stats_interval *ci, double margin)
{
	if (!ci->known)
		return STATS_INCONCLUSIVE;
	if (ci->lo > margin)
		return STATS_SLOWER;
	if (ci->hi < -margin)
		return STATS_FASTER;
	if (ci->lo >= -margin && ci->hi <= margin)
		return STATS_EQUIVALENT;
	return STATS_INCONCLUSIVE;
}

/*
 * The width falls with the square root of the rounds; the interval must shrink until it no longer
 * reaches over the margin nearest to the median. A median that stands on the margin is decided by
 * no number of rounds: a tenth of the margin bounds the estimate.
 */
static double rounds_to_decide(
	const struct stats_estimate *e, size_t rounds, double margin, double conf)
{
	double half = (e->ci.hi - e->ci.lo) / 2;
	double gap = fabs(fabs(e->median) - margin);

	if (!e->ci.known)
		return fmax(ceil((double)stats_fewest(conf) * e->tau), (double)rounds + 1);
	gap = fmax(gap, fmax(margin / 10, half / 100));
	return fmax(ceil((double)rounds * (half / gap) * (half / gap)), (double)rounds + 1);
}

static int compare_pairs(struct pairs *p, double conf, double margin, struct stats_comparison *out)
{
	struct stats_estimate e;
	int err;

	memcpy(p->sorted, p->log_ratio, out->rounds * sizeof(*p->sorted));
	stats_sort(p->sorted, out->rounds);
	err = stats_estimate(p->log_ratio, p->sorted, p->launch, out->rounds, conf, &e);
	if (err)
		return err;
	out->ratio = exp(e.median);
	out->level = e.level;
	out->tau = e.tau;
	out->launches_differ = e.launches_differ;
	out->verdict = judge(&e.ci, margin);
	if (out->verdict == STATS_INCONCLUSIVE)
		out->rounds_needed = rounds_to_decide(&e, out->rounds, margin, conf);
	if (e.ci.known) {
		out->ci = (struct stats_interval){true, exp(e.ci.lo), exp(e.ci.hi)};
		out->measurable = e.ci.lo > 0 || e.ci.hi < 0;
	}
	return 0;
}

int stats_compare(const double *a, const double *b, const unsigned *launch, size_t n, double conf,
	double margin, unsigned family, struct stats_comparison *out)
{
	struct pairs p;
	int err;

	*out = (struct stats_comparison){.tau = 1, .verdict = STATS_INCONCLUSIVE};
	if (n == 0 || family == 0 || !(conf > 0 && conf < 1) || !(margin >= 0 && margin < 1) ||
		!stats_finite(a, n) || !stats_finite(b, n) || !stats_ascending(launch, n))
		return -EINVAL;
	err = pairs_alloc(&p, n, launch != NULL);
	if (err)
		return err;
	conf = 1 - (1 - conf) / family;
	pairs_fill(&p, a, b, launch, n, out);
	if (out->rounds > 0)
		err = compare_pairs(&p, conf, log1p(margin), out);
	else
		out->rounds_needed = (double)stats_fewest(conf);
	pairs_free(&p);
	return err;
}
