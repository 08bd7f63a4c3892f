/* table_number.c - numbers for people: few digits, units by size, a decimal point in every locale
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"

#define TIME_DIGITS   3
#define NUMBER_DIGITS 4
#define MOST_DIGITS   8

static const char *const time_units[] = {"ns", "\xc2\xb5s", "ms", "s"};
static const char *const byte_units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

/* A positive number rounded to a few digits: 0.d1d2d3... times 10 to the power of point. */
struct rounded {
	char digit[MOST_DIGITS + 1]; /* without trailing zeros */
	int count;
	int point;
};

/*
 * printf rounds exactly, and "%e" is the only form whose digits can be told apart from the decimal
 * point that a locale may have put between them.
 */
static struct rounded round_to(double x, int digits)
{
	struct rounded r = {.count = 0};
	char text[64];
	const char *p = text;

	snprintf(text, sizeof(text), "%.*e", digits - 1, fabs(x));
	for (; *p != '\0' && *p != 'e'; p++)
		if (*p >= '0' && *p <= '9' && r.count < MOST_DIGITS)
			r.digit[r.count++] = *p;
	r.point = *p == 'e' ? (int)strtol(p + 1, NULL, 10) + 1 : 0;
	while (r.count > 0 && r.digit[r.count - 1] == '0')
		r.count--;
	r.digit[r.count] = '\0';
	return r;
}

/* Plain decimals from 0.000001 to below 10 million, "1.2e+09" outside, "-" for what is no number.
 */
static void write_number(char *buf, size_t len, double x, int digits)
{
	struct rounded r = round_to(x, digits);
	const char *sign = x < 0 ? "-" : "";
	int whole = r.point < r.count ? r.point : r.count;

	if (!isfinite(x))
		snprintf(buf, len, "-");
	else if (r.count == 0)
		snprintf(buf, len, "0");
	else if (r.point > 7 || r.point < -5)
		snprintf(buf, len, "%s%c%s%se%+03d", sign, r.digit[0], r.count > 1 ? "." : "",
			r.digit + 1, r.point - 1);
	else if (r.point <= 0)
		snprintf(buf, len, "%s0.%.*s%s", sign, -r.point, "00000000", r.digit);
	else
		snprintf(buf, len, "%s%.*s%.*s%s%s", sign, whole, r.digit, r.point - whole,
			"00000000", r.count > whole ? "." : "", r.digit + whole);
}

/* The unit is chosen after rounding: 999.96 ns is 1 µs, not 1000 ns. */
static int time_unit(double ns)
{
	int unit = 0;

	while (unit < 3 && isfinite(ns) && round_to(ns, TIME_DIGITS).point > 3) {
		ns /= 1000;
		unit++;
	}
	return unit;
}

static double in_unit(double ns, int unit)
{
	static const double size[] = {1, 1e3, 1e6, 1e9};

	return ns / size[unit];
}

char *table_time(char *buf, size_t len, double ns)
{
	char number[TABLE_CELL];
	int unit = time_unit(ns);

	write_number(number, sizeof(number), in_unit(ns, unit), TIME_DIGITS);
	if (isfinite(ns))
		snprintf(buf, len, "%s %s", number, time_units[unit]);
	else
		snprintf(buf, len, "%s", number);
	return buf;
}

char *table_time_interval(
	char *buf, size_t len, double at_ns, bool known, double lo_ns, double hi_ns)
{
	char lo[TABLE_CELL], hi[TABLE_CELL];
	int unit = time_unit(at_ns);

	if (!known) {
		snprintf(buf, len, "none yet");
		return buf;
	}
	/* A narrow interval gets a fourth digit before it looks like none. */
	for (int digits = TIME_DIGITS; digits <= NUMBER_DIGITS; digits++) {
		write_number(lo, sizeof(lo), in_unit(lo_ns, unit), digits);
		write_number(hi, sizeof(hi), in_unit(hi_ns, unit), digits);
		if (strcmp(lo, hi) != 0)
			break;
	}
	snprintf(buf, len, "[%s, %s]", lo, hi);
	return buf;
}

char *table_number(char *buf, size_t len, double x)
{
	write_number(buf, len, x, NUMBER_DIGITS);
	return buf;
}

char *table_bytes(char *buf, size_t len, double bytes)
{
	char number[TABLE_CELL];
	size_t unit = 0;

	/* From 1023.5 on it would be rounded to 1024. */
	while (unit + 1 < sizeof(byte_units) / sizeof(byte_units[0]) && isfinite(bytes) &&
		fabs(bytes) >= 1023.5) {
		bytes /= 1024;
		unit++;
	}
	write_number(number, sizeof(number), bytes, NUMBER_DIGITS);
	if (isfinite(bytes))
		snprintf(buf, len, "%s %s", number, byte_units[unit]);
	else
		snprintf(buf, len, "%s", number);
	return buf;
}
