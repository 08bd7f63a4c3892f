/*
 * make_claims.h - a claims file with one claim, records beside it, and the verdict: for tests of the judge
 *
 * For tests with a folder (folder.h). Claims in C texts are written with ' for ", to be readable.
 */
#ifndef FORKLAB_MAKE_CLAIMS_H
#define FORKLAB_MAKE_CLAIMS_H

#include <check.h>
#include <string.h>

#include "forklab/claims.h"
#include "make_records.h"

#define CLAIM_SOURCE "'source': {'id': 't', 'title': 'T', 'author': 'A', 'year': '2020'}"
/* A case: the ratio of variants a and b of the benchmark "study". */
#define CLAIM_RATIO(when, point, holds)                                                            \
	"{'when': '" when "', 'bench': 'study', 'point': " point                                   \
	", 'a': 'a', 'b': 'b', 'stat': 'ratio', 'holds': " holds "}"

/* A file with one claim, X1: its fields behind id, text and topic, without the braces. */
void put_claim(const char *fields);
/* A claim X1 about C with these cases, and a sentence for each verdict: it is so, it depends, it is not. */
void put_cases(const char *cases);

/* Records, appended to one file. */
void put_run(const char *run, int cores);
void put_result(struct result_plan plan);
/* Variants a and b of "study" in run R1: a takes `ratio` times as long as b, which takes 1 ms. */
void put_pair(const char *params, double ratio, double spread, size_t rounds);

/* The (first) verdict on X1 by the records that were put. Fails the test where the claim is not good. */
struct claim_judgement judge(void);

#define assert_verdict(j, v)                                                                       \
	ck_assert_msg((j).verdict == (v), "%s: %s", claim_verdict_name((j).verdict), (j).why)
#define assert_says(text, part)                                                                    \
	ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" does not say \"%s\"", (text), (part))

#endif
