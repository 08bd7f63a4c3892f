/* test_parse.c - which texts are a count, a size, a share, a time, and which slip through nowhere
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/ensure.h"
#include "harness/options.h"
#include "suite.h"

#define UNTOUCHED 4242424242u

struct count_row {
	const char *text;
	uint64_t min, max;
	int err;
	uint64_t value;
};

static const struct count_row counts[] = {
	{"1", 1, 4096, 0, 1},
	{"4096", 1, 4096, 0, 4096},
	{"007", 1, 4096, 0, 7},
	{"010", 1, 4096, 0, 10},
	{"0", 0, 10, 0, 0},
	{"00", 0, 10, 0, 0},
	{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
	{"9223372036854775808", 0, UINT64_MAX, 0, 9223372036854775808u},
	{"5", 5, 5, 0, 5},
	{"0", 1, 4096, -ERANGE, 0},
	{"4097", 1, 4096, -ERANGE, 0},
	{"4", 5, 5, -ERANGE, 0},
	{"6", 5, 5, -ERANGE, 0},
	{"99999999999999999999", 1, 4096, -ERANGE, 0},
	{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
	{"18446744073709551626", 0, UINT64_MAX, -ERANGE, 0},
	{"36893488147419103233", 0, UINT64_MAX, -ERANGE, 0},
	{"184467440737095516160", 0, UINT64_MAX, -ERANGE, 0},
	{"999999999999999999999999999999999999999999999999999999999999", 0, UINT64_MAX, -ERANGE, 0},
};

static const char *const no_counts[] = {"", " ", "-1", "-0", "+4", "+", "-", "--", "1e3", "1E3",
	"4x", "x4", " 4", "4 ", "\t4", "4\n", "\n4", "0x10", "0X10", "0b1", "1.0", "1.", ".1",
	"1,0", "1,2", "1'000", "1_000", "1 000", "4K", "4k", "4KiB", "16E", "1.5M", "2%", "10s",
	"nan", "NaN", "inf", "Inf", "infinity", "-inf", "-nan", "true", "auto", "all", "max",
	"NULL", "0x", "1e", "e1", "1e+3", "--4", "++4", "4-", "4+", "(4)", "4/1", "4;", "4\\",
	"\"4\"", "'4'", "$4", "~4", "٤", "４", "²", "4\xc2\xa0", "\xff", "4\x01",
	"99999999999999999999x", "-99999999999999999999", "1..2", "0..1", "1-2", "1:2", "#1", "1u",
	"1U", "1l", "1ull", "1f", "%d", "%s", "%n"};

START_TEST(counts_are_plain_digits_within_the_range)
{
	const struct count_row *r = &counts[_i];
	uint64_t value = UNTOUCHED;

	ck_assert_int_eq(parse_count(r->text, r->min, r->max, &value), r->err);
	ck_assert_uint_eq(value, r->err ? UNTOUCHED : r->value);
}
END_TEST

START_TEST(what_is_not_plain_digits_is_no_count)
{
	uint64_t value = UNTOUCHED;

	ck_assert_msg(parse_count(no_counts[_i], 0, UINT64_MAX, &value) == -EINVAL,
		"\"%s\" is taken", no_counts[_i]);
	ck_assert_uint_eq(value, UNTOUCHED);
}
END_TEST

#define K 1024u
#define M (1024u * 1024u)
#define G (1024u * 1024u * 1024u)
#define T (1024u * (uint64_t)G)

static const struct count_row sizes[] = {
	{"0", 0, T, 0, 0},
	{"1", 0, T, 0, 1},
	{"4095", 0, T, 0, 4095},
	{"4096", 4096, T, 0, 4096},
	{"4K", 0, T, 0, 4 * K},
	{"4k", 0, T, 0, 4 * K},
	{"4KB", 0, T, 0, 4 * K},
	{"4kb", 0, T, 0, 4 * K},
	{"4KiB", 0, T, 0, 4 * K},
	{"4kib", 0, T, 0, 4 * K},
	{"1M", 0, T, 0, M},
	{"1MiB", 0, T, 0, M},
	{"1m", 0, T, 0, M},
	{"1.5M", 0, T, 0, 3 * M / 2},
	{"1.50MiB", 0, T, 0, 3 * M / 2},
	{"0.5K", 0, T, 0, 512},
	{"0.1K", 0, T, 0, 102},
	{"0.000001T", 0, T, 0, 1099511},
	{"0.999999999999999999K", 0, T, 0, 1023},
	{"0.99999999999999999999999999K", 0, T, 0, 1023},
	{"2G", 0, T, 0, 2ull * G},
	{"2GB", 0, T, 0, 2ull * G},
	{"1T", 0, T, 0, T},
	{"1TiB", 0, T, 0, T},
	{"16777215T", 0, UINT64_MAX, 0, 16777215ull * T},
	{"16777215.999T", 0, UINT64_MAX, 0, 16777215ull * T + 1098412116148ull},
	{"16777216T", 0, UINT64_MAX, -ERANGE, 0},
	{"18446744073709551615", 0, UINT64_MAX, 0, UINT64_MAX},
	{"18446744073709551616", 0, UINT64_MAX, -ERANGE, 0},
	{"18446744073709551615K", 0, UINT64_MAX, -ERANGE, 0},
	{"18014398509481984K", 0, UINT64_MAX, -ERANGE, 0},
	{"99999999999999999999T", 0, UINT64_MAX, -ERANGE, 0},
	{"4095", 4096, T, -ERANGE, 0},
	{"3K", 4096, T, -ERANGE, 0},
	{"0", 1, T, -ERANGE, 0},
	{"2T", 0, T, -ERANGE, 0},
	{"1.1T", 0, T, -ERANGE, 0},
};

static const char *const no_sizes[] = {"", " ", "K", "KiB", ".5M", "1.M", "1..5M", "1.5.5M", "1.5",
	"0.5", "-1", "-1K", "+1K", " 4K", "4 K", "4K ", "4KK", "4Ki", "4KiBB", "4KBi", "4iB", "4B",
	"16E", "16P", "1e3", "1e3K", "0x10", "0x10K", "4x", "nan", "inf", "4K\n", "1,5M", "2%",
	"10s", "4Kbit", "4[", "4\x0b", "K4", "99999999999999999999E", "4k/s", "4MB/s"};

START_TEST(sizes_are_digits_with_a_binary_suffix)
{
	const struct count_row *r = &sizes[_i];
	uint64_t value = UNTOUCHED;

	ck_assert_msg(parse_size(r->text, r->min, r->max, &value) == r->err, "\"%s\"", r->text);
	ck_assert_msg(value == (r->err ? UNTOUCHED : r->value), "\"%s\" is %ju", r->text,
		(uintmax_t)value);
}
END_TEST

START_TEST(what_is_not_a_size_is_refused)
{
	uint64_t value = UNTOUCHED;

	ck_assert_msg(parse_size(no_sizes[_i], 0, UINT64_MAX, &value) == -EINVAL, "\"%s\" is taken",
		no_sizes[_i]);
	ck_assert_uint_eq(value, UNTOUCHED);
}
END_TEST

struct real_row {
	const char *text;
	double min, max;
	int err;
	double value;
};

static const struct real_row shares[] = {
	{"2%", 0, 1, 0, 0.02},
	{"0.02", 0, 1, 0, 0.02},
	{"0.5%", 0, 1, 0, 0.005},
	{"12.5%", 0, 1, 0, 0.125},
	{"100%", 0, 1, 0, 1},
	{"1", 0, 1, 0, 1},
	{"0", 0, 1, 0, 0},
	{"0%", 0, 1, 0, 0},
	{"0.000000000000000001", 0, 1, 0, 1e-18},
	{"0.3", 0, 1, 0, 0.3},
	{"101%", 0, 1, -ERANGE, 0},
	{"1.01", 0, 1, -ERANGE, 0},
	{"2", 0, 1, -ERANGE, 0},
	{"0", 0.001, 0.5, -ERANGE, 0},
	{"0.05%", 0.001, 0.5, -ERANGE, 0},
	{"99999999999999999999", 0, 1, -ERANGE, 0},
	{"99999999999999999999%", 0, 1, -ERANGE, 0},
};

static const struct real_row seconds[] = {
	{"10", 0.1, 86400, 0, 10},
	{"0.5", 0.1, 86400, 0, 0.5},
	{"10s", 0.1, 86400, 0, 10},
	{"500ms", 0.1, 86400, 0, 0.5},
	{"100ms", 0.1, 86400, 0, 0.1},
	{"2min", 0.1, 86400, 0, 120},
	{"0.5min", 0.1, 86400, 0, 30},
	{"86400", 0.1, 86400, 0, 86400},
	{"1440min", 0.1, 86400, 0, 86400},
	{"1.999999999999999999999999", 0.1, 86400, 0, 2},
	{"0", 0.1, 86400, -ERANGE, 0},
	{"0s", 0.1, 86400, -ERANGE, 0},
	{"99ms", 0.1, 86400, -ERANGE, 0},
	{"86401", 0.1, 86400, -ERANGE, 0},
	{"1441min", 0.1, 86400, -ERANGE, 0},
	{"99999999999999999999", 0.1, 86400, -ERANGE, 0},
	{"99999999999999999999min", 0.1, 86400, -ERANGE, 0},
};

static const char *const no_reals[] = {"", " ", "nan", "NaN", "NAN", "nan(1)", "inf", "-inf", "INF",
	"infinity", "-1", "+1", "-0", "1e3", "1e-3", "1E3", "0x1", "0x1p3", "0x.8", ".5", "5.", ".",
	"1,5", "1.5.", "1..5", " 1", "1 ", "1\n", "1x", "x", "1 s", "1S", "1sec", "1m", "1h", "1Ms",
	"1MS", "1us", "1ns", "1%%", "%", "1% ", "1 %", "ms", "s", "min", "1minute", "1ss", "1K",
	"1.5M", "½", "1d", "1f", "1.0e0", "--1", "1-", "1/2"};

START_TEST(shares_are_decimal_or_percent)
{
	const struct real_row *r = &shares[_i];
	double value = -7;

	ck_assert_msg(parse_share(r->text, r->min, r->max, &value) == r->err, "\"%s\"", r->text);
	ck_assert_double_eq(value, r->err ? -7 : r->value);
}
END_TEST

START_TEST(seconds_are_decimal_with_a_unit)
{
	const struct real_row *r = &seconds[_i];
	double value = -7;

	ck_assert_msg(parse_seconds(r->text, r->min, r->max, &value) == r->err, "\"%s\"", r->text);
	ck_assert_double_eq(value, r->err ? -7 : r->value);
}
END_TEST

START_TEST(what_is_not_a_plain_decimal_is_no_share_and_no_time)
{
	const char *text = no_reals[_i];
	double value = -7;

	ck_assert_msg(
		parse_share(text, 0, HUGE_VAL, &value) == -EINVAL, "share \"%s\" is taken", text);
	ck_assert_msg(
		parse_seconds(text, 0, HUGE_VAL, &value) == -EINVAL, "time \"%s\" is taken", text);
	ck_assert_double_eq(value, -7);
}
END_TEST

START_TEST(units_do_not_cross_from_one_kind_to_the_other)
{
	double value = -7;

	ck_assert_int_eq(parse_share("1s", 0, 10, &value), -EINVAL);
	ck_assert_int_eq(parse_share("1ms", 0, 10, &value), -EINVAL);
	ck_assert_int_eq(parse_seconds("1%", 0, 10, &value), -EINVAL);
	ck_assert_double_eq(value, -7);
}
END_TEST

/* A random text either is refused and leaves the value alone, or is all digits. */
START_TEST(no_random_text_crashes_a_parser_or_slips_through)
{
	static const char alphabet[] = "0123456789.-+eExXkKmMgGtTiIbB%s \n";
	char text[12];
	double real;

	srandom(20260101);
	for (int round = 0; round < 100000; round++) {
		size_t n = (size_t)random() % (sizeof(text) - 1);
		uint64_t value = UNTOUCHED;
		int err;

		for (size_t i = 0; i < n; i++)
			text[i] = alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		text[n] = '\0';
		err = parse_count(text, 0, UINT64_MAX, &value);
		ck_assert_msg((err == 0) == (n > 0 && strspn(text, "0123456789") == n),
			"\"%s\": %d", text, err);
		value = UNTOUCHED;
		err = parse_size(text, 1, 100, &value);
		ck_assert_msg(err ? value == UNTOUCHED : value - 1 < 100, "\"%s\": %d", text, err);
		real = -7;
		err = parse_share(text, 0, 1, &real);
		ck_assert_msg(err ? real == -7 : real >= 0 && real <= 1, "\"%s\": %d", text, err);
		real = -7;
		err = parse_seconds(text, 0, 1, &real);
		ck_assert_msg(err ? real == -7 : real >= 0 && real <= 1, "\"%s\": %d", text, err);
	}
}
END_TEST

static void add_loop(TCase *tc, const TTest *test, size_t n)
{
	tcase_add_loop_test(tc, test, 0, (int)n);
}

Suite *suite(void)
{
	Suite *s = suite_create("parse");
	TCase *values = tcase_create("values");

	suite_add_tcase(s, values);
	add_loop(values, counts_are_plain_digits_within_the_range, ARRAY_LEN(counts));
	add_loop(values, what_is_not_plain_digits_is_no_count, ARRAY_LEN(no_counts));
	add_loop(values, sizes_are_digits_with_a_binary_suffix, ARRAY_LEN(sizes));
	add_loop(values, what_is_not_a_size_is_refused, ARRAY_LEN(no_sizes));
	add_loop(values, shares_are_decimal_or_percent, ARRAY_LEN(shares));
	add_loop(values, seconds_are_decimal_with_a_unit, ARRAY_LEN(seconds));
	add_loop(values, what_is_not_a_plain_decimal_is_no_share_and_no_time, ARRAY_LEN(no_reals));
	tcase_add_test(values, units_do_not_cross_from_one_kind_to_the_other);
	tcase_add_test(values, no_random_text_crashes_a_parser_or_slips_through);
	return s;
}
