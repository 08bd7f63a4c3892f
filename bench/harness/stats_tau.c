/* stats_tau.c - how long a series of samples remembers: the autocorrelation time of its signs */
#include <math.h>
#include <stdlib.h>

#include "harness/stats_impl.h"

/* Lags summed directly. Few series remember longer; those that do would cost n^2 / 4 that way. */
#define DIRECT_LAGS 64

static int sign_of(const double *x, size_t i, double median)
{
	return (x[i] > median) - (x[i] < median);
}

static double direct_product(const double *x, size_t n, double median, size_t lag)
{
	long sum = 0;

	for (size_t i = 0; i + lag < n; i++)
		sum += sign_of(x, i, median) * sign_of(x, i + lag, median);
	return (double)sum;
}

static void bit_reverse(double *re, double *im, size_t size)
{
	for (size_t i = 1, j = 0; i < size; i++) {
		size_t bit = size >> 1;

		for (; j & bit; bit >>= 1)
			j ^= bit;
		j ^= bit;
		if (i < j) {
			double r = re[i], m = im[i];

			re[i] = re[j];
			im[i] = im[j];
			re[j] = r;
			im[j] = m;
		}
	}
}

/* Fast Fourier transform in place; size is a power of two. */
static void transform(double *re, double *im, size_t size)
{
	bit_reverse(re, im, size);
	for (size_t half = 1; half < size; half *= 2) {
		for (size_t k = 0; k < half; k++) {
			double angle = -M_PI * (double)k / (double)half;
			double c = cos(angle), s = sin(angle);

			for (size_t i = k; i < size; i += 2 * half) {
				size_t j = i + half;
				double r = re[j] * c - im[j] * s;
				double m = re[j] * s + im[j] * c;

				re[j] = re[i] - r;
				im[j] = im[i] - m;
				re[i] += r;
				im[i] += m;
			}
		}
	}
}

/*
 * The sums of products of signs at all lags up to n / 4: the transform of the power spectrum.
 * NULL: no memory. The caller frees it.
 */
static double *all_products(const double *x, size_t n, double median)
{
	size_t size = 1;
	double *re, *im;

	while (size < n + n / 4 + 1)
		size *= 2;
	re = calloc(size, 2 * sizeof(*re));
	if (!re)
		return NULL;
	im = re + size;
	for (size_t i = 0; i < n; i++)
		re[i] = sign_of(x, i, median);
	transform(re, im, size);
	for (size_t i = 0; i < size; i++) {
		re[i] = re[i] * re[i] + im[i] * im[i];
		im[i] = 0;
	}
	transform(re, im, size);
	/* The true sums are whole numbers; rounded, both ways of summing give the same tau. */
	for (size_t i = 0; i <= n / 4; i++)
		re[i] = nearbyint(re[i] / (double)size);
	return re;
}

/*
 * tau = 1 + 2 sum r_k over the lags up to the first r_k <= 0, at most n / 4. The signs are centred
 * on their own mean: where many values equal the median, those above it are fewer than half, and
 * lags without any correlation would add up. 1 / n takes back the bias of centring.
 */
double stats_tau(const double *x, size_t n, double median)
{
	double sum = 0, squares, mean, variance, head, tail, tau = 1, *products = NULL;

	for (size_t i = 0; i < n; i++)
		sum += sign_of(x, i, median);
	squares = direct_product(x, n, median, 0);
	mean = n > 0 ? sum / (double)n : 0;
	variance = squares - sum * mean;
	if (variance <= 0)
		return 1;
	head = tail = sum;
	for (size_t k = 1; k <= n / 4; k++) {
		double product, r;

		if (k == DIRECT_LAGS + 1)
			products = all_products(x, n, median);
		product = products ? products[k] : direct_product(x, n, median, k);
		head -= sign_of(x, n - k, median);
		tail -= sign_of(x, k - 1, median);
		r = (product - mean * (head + tail) + (double)(n - k) * mean * mean) / variance +
		    1 / (double)n;
		if (r <= 0)
			break;
		tau += 2 * r;
	}
	free(products);
	return tau;
}
