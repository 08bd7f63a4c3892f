/* parse.c - numbers from the command line: what is not wholly a number is refused, not half read */
#include "harness/options.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* The most digits that 10^n and a mantissa hold without overflow. */
#define DECIMAL_DIGITS 18

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

int parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	bool over = false;

	if (*text == '\0')
		return -EINVAL;
	/* To the end even after an overflow: 99999999999999999999x is malformed, not too big. */
	for (; digit(*text); text++) {
		over = over || __builtin_mul_overflow(n, 10, &n);
		over = over || __builtin_add_overflow(n, (uint64_t)(*text - '0'), &n);
	}
	if (*text != '\0')
		return -EINVAL;
	if (over || n < min || n > max)
		return -ERANGE;
	*out = n;
	return 0;
}

/* A number such as "12" or "0.75", split so that it stays exact: (whole * 10^places + part) /
 * 10^places. */
struct decimal {
	uint64_t whole, part, scale;
	bool over; /* whole did not fit */
};

/* Reads digits, or digits.digits; not ".5", not "5.". NULL: malformed; else the first byte behind
 * it. strtod() is not used: it takes nan, inf, hex and exponents, and the point depends on the
 * locale. */
static const char *decimal_read(const char *text, struct decimal *out)
{
	*out = (struct decimal){.scale = 1};
	if (!digit(*text))
		return NULL;
	for (; digit(*text); text++) {
		uint64_t d = (uint64_t)(*text - '0');

		out->over = out->over || __builtin_mul_overflow(out->whole, 10, &out->whole) ||
			    __builtin_add_overflow(out->whole, d, &out->whole);
	}
	if (*text != '.')
		return text;
	text++;
	if (!digit(*text))
		return NULL;
	for (int i = 0; digit(*text); text++, i++) {
		if (i >= DECIMAL_DIGITS)
			continue;
		out->part = out->part * 10 + (uint64_t)(*text - '0');
		out->scale *= 10;
	}
	return text;
}

/* One division for the usual case, so that "0.3" is the double nearest to 0.3. */
static double decimal_value(const struct decimal *d, double unit_up, double unit_down)
{
	uint64_t all;

	if (!__builtin_mul_overflow(d->whole, d->scale, &all) &&
		!__builtin_add_overflow(all, d->part, &all))
		return (double)all * unit_up / ((double)d->scale * unit_down);
	return ((double)d->whole + (double)d->part / (double)d->scale) * unit_up / unit_down;
}

/* "", K, KB, KiB and so on with M, G, T: how many bits to shift, or -1. */
static int size_shift(const char *suffix)
{
	static const char letters[] = "kmgt";
	const char *at;

	if (*suffix == '\0')
		return 0;
	at = strchr(letters, *suffix | 0x20);
	if (at == NULL || *at == '\0')
		return -1;
	suffix++;
	if (*suffix != '\0' && strcasecmp(suffix, "b") != 0 && strcasecmp(suffix, "ib") != 0)
		return -1;
	return 10 * (int)(at - letters + 1);
}

int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	struct decimal d;
	const char *suffix = decimal_read(text, &d);
	int shift = suffix ? size_shift(suffix) : -1;
	uint64_t n;

	if (shift < 0)
		return -EINVAL;
	if (shift == 0 && d.scale != 1) /* there is no half a byte */
		return -EINVAL;
	if (d.over || d.whole > UINT64_MAX >> shift)
		return -ERANGE;
	n = d.whole << shift;
	n += (uint64_t)(((unsigned __int128)d.part << shift) / d.scale);
	if (n < min || n > max)
		return -ERANGE;
	*out = n;
	return 0;
}

static int store_double(double x, double min, double max, double *out)
{
	if (!(x >= min && x <= max))
		return -ERANGE;
	*out = x;
	return 0;
}

int parse_share(const char *text, double min, double max, double *out)
{
	struct decimal d;
	const char *end = decimal_read(text, &d);

	if (end == NULL || (*end != '\0' && strcmp(end, "%") != 0))
		return -EINVAL;
	if (d.over)
		return -ERANGE;
	return store_double(decimal_value(&d, 1, *end == '%' ? 100 : 1), min, max, out);
}

int parse_seconds(const char *text, double min, double max, double *out)
{
	static const struct {
		const char *name;
		double up, down;
	} units[] = {{"", 1, 1}, {"s", 1, 1}, {"ms", 1, 1000}, {"min", 60, 1}};
	struct decimal d;
	const char *end = decimal_read(text, &d);

	if (end == NULL)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		if (d.over)
			return -ERANGE;
		return store_double(decimal_value(&d, units[i].up, units[i].down), min, max, out);
	}
	return -EINVAL;
}
