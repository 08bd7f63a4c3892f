/* stats_exact.c - exact binomial ranks of the median, and the exact interval of a proportion */
#include <errno.h>
#include <math.h>

#include "harness/stats_impl.h"

/* 1 - conf is rounded; a level met exactly (n = 5 at 0.9375) must not be lost to the last bit. */
#define ROUNDING 1e-12
/* Terms this far below the central one cannot change a level that a double can state. */
#define NEGLIGIBLE 1e-40

/*
 * Sums C(n, i) over all i in units of the central one, so that nothing overflows at any n, and goes
 * down to the first term that counts: *first its index, *term its value.
 */
static double binomial_total(size_t n, size_t *first, double *term)
{
	double t = 1, sum = 0;
	size_t i = n / 2;

	while (i > 0 && t > NEGLIGIBLE) {
		t *= (double)i / (double)(n - i + 1);
		i--;
		sum += t;
	}
	*first = i;
	*term = t;
	return 2 * sum + (n % 2 == 0 ? 1 : 2);
}

size_t stats_median_rank(size_t n, double conf, double *level)
{
	double alpha = (1 - conf) * (1 + ROUNDING), below = 0, total, t;
	size_t i, k = 0;

	if (level)
		*level = 0;
	if (n == 0 || !(conf > 0 && conf < 1))
		return 0;
	total = binomial_total(n, &i, &t);
	for (; i < (n + 1) / 2; i++) {
		below += t;
		if (2 * below / total > alpha)
			break;
		k = i + 1;
		if (level)
			*level = 1 - 2 * below / total;
		t *= (double)(n - i) / (double)(i + 1);
	}
	return k;
}

size_t stats_fewest(double conf)
{
	size_t n = 1;

	while (exp2(1 - (double)n) > (1 - conf) * (1 + ROUNDING))
		n++;
	return n;
}

double stats_normal_z(double conf)
{
	double lo = 0, hi = 40;

	for (int i = 0; i < 60; i++) {
		double mid = (lo + hi) / 2;

		if (erfc(mid / sqrt(2)) > 1 - conf)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2;
}

static double log_gamma(double x)
{
	int sign; /* lgamma() writes a global */

	return lgamma_r(x, &sign);
}

/* P(Bin(n, p) <= k) for k <= n p, where the terms fall from k downwards. */
static double lower_tail(size_t k, size_t n, double p)
{
	double log_first = log_gamma((double)n + 1) - log_gamma((double)k + 1) -
			   log_gamma((double)(n - k) + 1) + (double)k * log(p) +
			   (double)(n - k) * log1p(-p);
	double t = 1, sum = 1;

	for (size_t i = k; i > 0 && t > sum * 1e-17; i--) {
		t *= (double)i / (double)(n - i + 1) * ((1 - p) / p);
		sum += t;
	}
	return exp(log_first + log(sum));
}

/* The p at which k or fewer of n have probability tail. */
static double upper_end(size_t k, size_t n, double tail)
{
	double lo = (double)k / (double)n, hi = 1;

	if (k == n)
		return 1;
	for (int i = 0; i < 60; i++) {
		double mid = (lo + hi) / 2;

		if (lower_tail(k, n, mid) > tail)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2;
}

int stats_proportion(size_t k, size_t n, double conf, struct stats_interval *out)
{
	*out = (struct stats_interval){0};
	if (n == 0 || k > n || !(conf > 0 && conf < 1))
		return -EINVAL;
	out->known = true;
	out->lo = 1 - upper_end(n - k, n, (1 - conf) / 2);
	out->hi = upper_end(k, n, (1 - conf) / 2);
	return 0;
}
