/* selftest.h - judging a benchmark against itself; the measuring is in cmd_selftest */
#ifndef FORKLAB_SELFTEST_H
#define FORKLAB_SELFTEST_H

#include "harness/stats.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define SELFTEST_ROUNDS       20
#define SELFTEST_BLOCKS       200
#define SELFTEST_QUICK_BLOCKS 20
#define SELFTEST_MARGIN       0.03

struct selftest {
	size_t verdicts, false_alarms, excluded; /* excluded: intervals that leave out 1 */
	struct stats_interval alarm_rate, excluded_rate;
	size_t known;      /* blocks with an interval */
	double resolvable; /* with known > 0: 95 of 100 blocks tell this ratio from 1 */
};

/*
 * Cuts n pairs into at most blocks blocks of SELFTEST_ROUNDS and compares a with b in each.
 * Errors: -ENODATA fewer pairs than one block; stats_compare's; -ENOMEM.
 */
int selftest_judge(const double *a, const double *b, const unsigned *launch, size_t n,
	size_t blocks, struct selftest *out);
/* The record; machine and time are now's. NULL: no memory. */
json_t *selftest_record(const struct selftest *t, const char *run_id, bool quick);

#endif
