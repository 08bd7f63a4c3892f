/*
 * options.h - the command line of every program: one table gives parsing, ranges, messages and --help
 *
 * Values are strict: no sign, blank, exponent or trailing letter slips through. Built on getopt_long.
 */
#ifndef FORKLAB_OPTIONS_H
#define FORKLAB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Parsers: 0, or -EINVAL (malformed), -ERANGE (outside min..max). Nothing is stored on error. */
int parse_count(
	const char *text, uint64_t min, uint64_t max, uint64_t *out); /* decimal digits alone */
/* Digits with an optional suffix K, M, G, T (1024 steps; also KiB, k, kb ...): bytes. "1.5M" works. */
int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out);
/* "2%", "0.02": a share. */
int parse_share(const char *text, double min, double max, double *out);
/* "10", "0.5", "10s", "500ms", "2min": seconds. NaN, inf and exponents are malformed. */
int parse_seconds(const char *text, double min, double max, double *out);

enum option_type {
	OPTION_FLAG,
	OPTION_COUNT,
	OPTION_SIZE,
	OPTION_SHARE,
	OPTION_SECONDS,
	OPTION_TEXT,
	OPTION_LIST, /* a text; given several times, the texts with ";" between them */
	OPTION_WORD
};

struct option_spec {
	const char *name; /* without the dashes; NULL ends the table */
	enum option_type type;
	void *out; /* bool, uint64_t, uint64_t, double, double, const char *, const char *, int */
	double min, max;   /* of numbers */
	const char *words; /* OPTION_WORD: "close|spread|none": *out gets the index */
	const char *arg;   /* placeholder in --help: "N" */
	const char *help;  /* one line; the default stands in it */
	bool *given; /* may be NULL: set where the option was on the line or in FORKLAB_NAME */
};

struct options_text {
	const char *usage; /* "[options] DEMO [args]" */
	const char *about; /* a paragraph */
	const char *after; /* may be NULL: stands below the options: examples */
};

/*
 * Reads argv against the table; FORKLAB_NAME in the environment (upper case, - as _) stands in for an
 * option that is not on the line. --help and --version are understood by itself (stdout, exit 0); they win
 * over everything else on the line. An option given twice: the last one counts, but of an OPTION_LIST all. On a usage error prints one
 * line `prog: --option: value: why (allowed ...)`, with a near miss suggested, and exits 2.
 * Returns the index of the first operand; operands may stand among the options only after "--" or at the
 * end (argv is not permuted where stop_at_operand: for `forklab run NAME options`).
 */
int options_read(int argc, char **argv, const struct option_spec *specs,
	const struct options_text *text, bool stop_at_operand);

/* Usage error in the same form, exit 2. */
void options_refuse(const char *option, const char *value, const char *why)
	__attribute__((noreturn));
/* The nearest of words (NULL-terminated) within two edits, or NULL. */
const char *options_nearest(const char *word, const char *const *words);

#endif
