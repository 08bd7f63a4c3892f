/* describe.h - what a benchmark measures, as JSON for `forklab list` and as text for --help */
#ifndef FORKLAB_DESCRIBE_H
#define FORKLAB_DESCRIBE_H

#include "harness/bench.h"
#include <stddef.h>
#include <stdio.h>

/* One line of JSON: kind, name, question, topic, op, share, quick_share, answer, chart, chart_axis, variants, axes, marks. */
void describe_json(FILE *f, const char *name, const struct bench *b);
/* Variants and axes, a line each, for the end of --help. */
void describe_text(char *buf, size_t len, const struct bench *b);

#endif
