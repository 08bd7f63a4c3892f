/* claims_parts.h - what claims*.c share; nobody else includes it */
#ifndef FORKLAB_CLAIMS_PARTS_H
#define FORKLAB_CLAIMS_PARTS_H

#include "claims.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CLAIM_COMMAND 240 /* bytes that every command fits into */
#define CASES_MAX     3   /* of one subject: each takes its share of the 5 % (method: Bonferroni) */

enum case_truth {
	CASE_TRUE,
	CASE_FALSE,
	CASE_PARTLY, /* true on one side of a border: when says which */
	CASE_UNKNOWN,
};

/* What the records say of one case of a claim. */
struct case_result {
	enum case_truth truth;
	char when[160];   /* the condition that the case stands for */
	char figure[120]; /* "1.95 [1.90, 2.01]"; "" where there is none, as with a demo */
	char said[240];   /* in words: "fork takes 1.95 [1.90, 2.01] times as long as a thread" */
	char why[500];    /* CASE_UNKNOWN: what it needs; else a remark, or "" */
	char what[240];   /* "fork / thread at cpus=all": as it was measured, where it was */
	char program[64];
	const json_t *run;  /* the run record of what was used, or NULL */
	const json_t *host; /* where it ran, as its record says, or NULL */
	size_t rounds;      /* pairs, or rounds, that the figure rests on */
	double times;       /* CASE_UNKNOWN: so many times as long may decide it; 0: it would not */
};

/* What a record is worth to a claim; the better one is taken, even where it is older. */
enum claim_rank {
	RANK_WRONG, /* its check found a wrong count */
	RANK_EMPTY, /* no samples; of a sweep: too few points */
	RANK_HASTY, /* interrupted, or with --quick */
	RANK_WHOLE,
};

/* The records that a case is decided by. */
struct case_sides {
	const char *bench;
	const char *va, *vb; /* variants; vb is NULL with a slope */
	json_t *point;       /* resolved: no lists, no "max"; owned */
	const json_t *a, *b; /* results; of a sweep: any of its points */
	const char *run_id;
	const json_t *run;  /* NULL: the run has no record */
	size_t alternative; /* which of the listed points it is: 0 is as published */
};

/* Checks a row against the format. False: why says what is wrong. */
bool claim_row_check(const json_t *row, char *why, size_t len);

/* Judges one case; family is how many cases are judged together. Fills *out always. */
void claim_case(const struct store *s, const json_t *c, unsigned family, struct case_result *out);

/* Judges all cases of a subject; out has room for CASES_MAX. Returns how many. */
size_t claim_cases(const struct store *s, const json_t *subject, struct case_result *out);

/* Finds the run to go by for all sides of a case (or of "show"), at the first of its points that was
 * measured at all: of the runs that are worth most the newest. Free sides->point with json_decref. */
bool claim_sides_look(const struct store *s, const json_t *c, struct case_sides *sides);
/* The same. False: out->why says what is missing, and the command. */
bool claim_sides_find(
	const struct store *s, const json_t *c, struct case_sides *sides, struct case_result *out);
enum claim_rank claim_rank(const json_t *result, const json_t *run);
/* The same of all points of a slope or a crossing. */
enum claim_rank claim_sweep_rank(
	const struct store *s, const json_t *c, const struct case_sides *sides);
/* The newest record of why this was not measured, at the first of its points or at any; NULL: none. */
const json_t *claim_skip(const struct store *s, const json_t *c, bool first);
const json_t *claim_first_point(const json_t *c);
/* The name of a variant: a side is a text, or an object with one. */
const char *claim_variant(const json_t *side);

/* What is said, in claims_words.c. */

/* "workers=10, cpus=all" */
void claim_point_words(const json_t *point, char *buf, size_t len);
/* "fork / thread at cpus=all" */
void claim_case_words(const json_t *c, const json_t *point, char *buf, size_t len);
/* "fork takes 1.95 [1.90, 2.01] times as long as a thread"; of bytes, "times as much as". */
void claim_ratio_words(const json_t *c, const char *figure, bool bytes, char *buf, size_t len);
/* Sets why: nothing was measured, and the command that would. */
void claim_say_missing(const struct store *s, const json_t *c, struct case_result *out);
/* Sets why: it was not measured at the point that the claim names first. */
void claim_say_alternative(
	const json_t *c, const struct case_sides *sides, struct case_result *out);

/* The command that measures (or watches) a case, or "show", and nothing else: at its first point, with a
 * budget that has room for it. times: of what its records took; 0: enough to measure it again. */
void claim_command(const struct store *s, const json_t *c, double times, char *buf, size_t len);

/* False: out->why says that the record is not valid, or has no samples. */
bool claim_valid(const json_t *result, struct case_result *out);
/* False: the machine of run (the newest of the store where NULL) lacks what needs asks for. */
bool claim_needs_met(
	const struct store *s, const char *needs, const json_t *run, char *why, size_t len);
/* CPUs that could run at once in that run; 0: not known. */
unsigned claim_effective(const json_t *run);
/* A value of an axis as a number: "10ms" is 1e7 and *unit 't', "64" is 64 and ' ', "1e6inc" is 1e6 and 'i'. */
bool claim_axis_number(const char *text, double *out, char *unit);

/* The three statistics. They set truth, figure, said, why, times, rounds. */
void claim_ratio(
	const json_t *c, const struct case_sides *sides, unsigned family, struct case_result *out);
void claim_slope(const struct store *s, const json_t *c, const struct case_sides *sides,
	unsigned family, struct case_result *out);
void claim_crossing(const struct store *s, const json_t *c, const struct case_sides *sides,
	unsigned family, struct case_result *out);
/* Places est and its interval against "holds": sets truth, and why where it is undecided. log_scale: the
 * distances that count are those of the logarithms. */
void claim_decide(const json_t *c, double est, const struct stats_interval *ci, bool log_scale,
	unsigned family, struct case_result *out);

/* The level of one interval of `family` that are judged together. */
double claim_level(unsigned family);
/* Sets why, and times: there is no interval, or the samples cannot be used. */
void claim_say_no_interval(unsigned family, struct case_result *out);
void claim_say_error(int err, struct case_result *out);
/* "[1.90, 2.01]", "(no interval yet)" */
void claim_interval_text(char *buf, size_t len, const struct stats_interval *ci, double factor);

/* A text field, "" where it is not there. */
const char *claim_text(const json_t *obj, const char *key);

#endif
