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

static const double unit_ns[] = {1, 1e3, 1e6, 1e9};

char *table_time(char *buf, size_t len, double ns)
{
	char number[TABLE_CELL];
	int unit = time_unit(ns);

	write_number(number, sizeof(number), ns / unit_ns[unit], TIME_DIGITS);
	if (isfinite(ns))
		snprintf(buf, len, "%s %s", number, time_units[unit]);
	else
		snprintf(buf, len, "%s", number);
	return buf;
}

/* In units of size. A narrow interval gets a fourth digit before it looks like none. */
static char *write_interval(char *buf, size_t len, double size, bool known, double from, double to)
{
	char lo[TABLE_CELL], hi[TABLE_CELL];

	if (!known) {
		snprintf(buf, len, "none yet");
		return buf;
	}
	for (int digits = TIME_DIGITS; digits <= NUMBER_DIGITS; digits++) {
		write_number(lo, sizeof(lo), from / size, digits);
		write_number(hi, sizeof(hi), to / size, digits);
		if (strcmp(lo, hi) != 0)
			break;
	}
	snprintf(buf, len, "[%s, %s]", lo, hi);
	return buf;
}

char *table_time_interval(
	char *buf, size_t len, double at_ns, bool known, double lo_ns, double hi_ns)
{
	return write_interval(buf, len, unit_ns[time_unit(at_ns)], known, lo_ns, hi_ns);
}

char *table_number(char *buf, size_t len, double x)
{
	write_number(buf, len, x, NUMBER_DIGITS);
	return buf;
}

/* From 1023.5 on it would be rounded to 1024. */
static size_t byte_unit(double bytes)
{
	size_t unit = 0;

	for (; unit + 1 < sizeof(byte_units) / sizeof(byte_units[0]) && isfinite(bytes) &&
		fabs(bytes) >= 1023.5;
		unit++)
		bytes /= 1024;
	return unit;
}

char *table_bytes(char *buf, size_t len, double bytes)
{
	char number[TABLE_CELL];
	size_t unit = byte_unit(bytes);

	write_number(number, sizeof(number), ldexp(bytes, -10 * (int)unit), NUMBER_DIGITS);
	if (isfinite(bytes))
		snprintf(buf, len, "%s %s", number, byte_units[unit]);
	else
		snprintf(buf, len, "%s", number);
	return buf;
}

static bool is_bytes(const char *unit)
{
	return strcmp(unit, "B/op") == 0;
}

char *table_value(char *buf, size_t len, const char *unit, double x)
{
	return is_bytes(unit) ? table_bytes(buf, len, x) : table_time(buf, len, x);
}

char *table_value_interval(
	char *buf, size_t len, const char *unit, double at, bool known, double lo, double hi)
{
	if (!is_bytes(unit))
		return table_time_interval(buf, len, at, known, lo, hi);
	return write_interval(buf, len, ldexp(1, 10 * (int)byte_unit(at)), known, lo, hi);
}
