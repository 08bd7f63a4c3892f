/* result.h - records made from a study: run, result, skip, compare, end (fields: RECORDS.md) */
#ifndef FORKLAB_RESULT_H
#define FORKLAB_RESULT_H

#include "harness/study.h"
#include <jansson.h>

/* What a record may say against its own numbers, and what that means for the reader. */
enum result_flag {
	FLAG_AUTOCORRELATED,
	FLAG_NO_STEADY_STATE,
	FLAG_LAUNCHES_DIFFER,
	FLAG_DISTURBED,
	FLAG_THROTTLED,
	FLAG_STOLEN,
	FLAG_STOPPED,
	FLAG_OVERSUBSCRIBED,
	FLAG_SHORT_INTERVAL,
	RESULT_FLAGS
};
const char *result_flag_name(enum result_flag flag); /* as it stands in records */
const char *result_flag_text(enum result_flag flag); /* one clause: what it means, what to do */

struct result_run {
	const char *run_id, *program;
	int argc;
	char **argv;
	const char *binding; /* place_policy, or "not bound" */
};

/* The run record: this machine, this build, this command line. New reference, NULL: no memory. */
json_t *result_run(const struct study *s, const struct result_run *run);

/*
 * All result, skip and compare records of a study, in the order of points and variants: a new array.
 * NULL: no memory.
 */
json_t *result_records(const struct study *s, const struct result_run *run);

/* The end record, with counts of what is in records. */
json_t *result_end(
	const struct study *s, const struct result_run *run, const json_t *records, double wall_s);

#endif
