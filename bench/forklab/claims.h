/*
 * claims.h - published claims as data, and what the records here say of them
 *
 * A claim is a row of bench/claims/SOURCE.json (format: bench/claims/README.md). It names its subjects
 * ("CPython", "C"), and for each what decides it. The same records always give the same verdict.
 */
#ifndef FORKLAB_CLAIMS_H
#define FORKLAB_CLAIMS_H

#include "store.h"
#include <jansson.h>
#include <stddef.h>

enum claim_verdict {
	CLAIM_HOLDS,
	CLAIM_HOLDS_ONLY, /* holds only when ... : why says when, with the measured border */
	CLAIM_DOES_NOT_HOLD,
	CLAIM_CANNOT_TELL, /* ... here: why says what it needs */
	CLAIM_OPINION,
	CLAIM_SLIP, /* a slip of the text */
	CLAIM_VERDICTS,
};

struct claim_judgement {
	char subject[32]; /* "CPython 3.11.2", "C" */
	enum claim_verdict verdict;
	char measured
		[160]; /* "1.95 [1.90, 2.01]": figure and interval; "": nothing was, or a demo decides */
	char why[800];    /* one line */
	char program[64]; /* the benchmark or demo that decides */
};

#define CLAIM_SUBJECTS 3

/* All texts are borrowed from the loaded JSON, and "" where absent. */
struct claim {
	const char *id, *text, *line, *published, *topic;
	const char *title, *author, *year; /* of the source */
	json_t *row;                       /* the whole row */
};

struct claims;

/* Loads all *.json of dir, sorted by file name. why: the file, and what is wrong with which row.
 * Errors: -EINVAL a row breaks the format; open(2)'s; -ENOMEM. */
int claims_load(const char *dir, struct claims **out, char *why, size_t whylen);
void claims_free(struct claims *c);
/* The demos that decide a claim: the keys of a new object. NULL: no memory. */
json_t *claims_demos(const struct claims *c);
size_t claims_count(const struct claims *c);
const struct claim *claims_get(const struct claims *c, size_t i);
const struct claim *claims_find(const struct claims *c, const char *id); /* NULL: none */

/* Judges one claim: fills at most CLAIM_SUBJECTS judgements, returns how many (at least 1).
 * A subject is "CPython 3.11.2" where the run record says so in host.python, else "CPython". */
size_t claims_judge(const struct claim *c, const struct store *s, struct claim_judgement *out);

const char *claim_verdict_name(enum claim_verdict v); /* "holds", "holds only when", ... */

#endif
