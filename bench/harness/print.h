/* print.h - a benchmark's records as a table for people, or as CSV */
#ifndef FORKLAB_PRINT_H
#define FORKLAB_PRINT_H

#include "harness/study.h"
#include <jansson.h>
#include <stdio.h>

/* machine: the line above the table. colour: bold heads. */
void print_table(FILE *f, const struct study *s, const json_t *records, const char *machine,
	const char *placement, bool colour);
/* One row a result: bench, axes, variant, n, iters, median_ns, lo, hi, min, max, flags. Decimal points. */
void print_csv(FILE *f, const struct study *s, const json_t *records);

#endif
