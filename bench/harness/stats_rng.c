/* stats_rng.c - a small seeded generator (xoshiro256**, Blackman and Vigna 2018) and random orders
 */
#include "harness/ensure.h"
#include "harness/stats.h"

#define SQUARE_MOST 256

static uint64_t rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

/* splitmix64 spreads the seed over the state, which must not be all zero. */
void stats_rng_seed(struct stats_rng *rng, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

		z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
		rng->s[i] = z ^ (z >> 31);
	}
}

uint64_t stats_rng_next(struct stats_rng *rng)
{
	uint64_t *s = rng->s;
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t shifted = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= shifted;
	s[3] = rotate_left(s[3], 45);
	return result;
}

uint64_t stats_rng_below(struct stats_rng *rng, uint64_t n)
{
	/* 2^64 mod n values at the low end would make some results likelier: drawn again. */
	uint64_t x, excess = (0 - n) % n;

	do {
		x = stats_rng_next(rng);
	} while (x < excess);
	return x % n;
}

double stats_rng_unit(struct stats_rng *rng)
{
	/* 52 bits and a half: with 53 the largest would round to 1. */
	return ((double)(stats_rng_next(rng) >> 12) + 0.5) * 0x1p-52;
}

static void shuffle(struct stats_rng *rng, unsigned *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = (unsigned)i;
	for (size_t i = n; i > 1; i--) {
		size_t j = stats_rng_below(rng, i);
		unsigned kept = v[i - 1];

		v[i - 1] = v[j];
		v[j] = kept;
	}
}

void stats_latin_square(struct stats_rng *rng, size_t n, unsigned *order)
{
	unsigned name[SQUARE_MOST], shift[SQUARE_MOST];

	CHECK(n <= SQUARE_MOST);
	shuffle(rng, name, n);
	shuffle(rng, shift, n);
	for (size_t r = 0; r < n; r++)
		for (size_t i = 0; i < n; i++)
			order[r * n + i] = name[(i + shift[r]) % n];
}
