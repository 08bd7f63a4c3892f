/* result_parts.h - what result.c and result_run.c share (inside) */
#ifndef FORKLAB_RESULT_PARTS_H
#define FORKLAB_RESULT_PARTS_H

#include "harness/result.h"
#include "harness/stats.h"
#include <jansson.h>

json_t *result_interval(const struct stats_interval *i); /* [lo, hi] or null */
json_t *result_params(const struct study *s, size_t point);
/* A result or skip record of one cell. */
json_t *result_cell(
	const struct study *s, const struct study_cell *c, const struct result_run *run);

#endif
