/* result.h - records made from a study: run, result, skip, compare, end (fields: RECORDS.md) */
#ifndef FORKLAB_RESULT_H
#define FORKLAB_RESULT_H

#include "harness/study.h"
#include <jansson.h>

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
