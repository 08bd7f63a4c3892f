/*
 * make_report.h - records of two made-up benchmarks, and the report of them
 *
 * Charts are test_chart's: here PATH is emptied, and without gnuplot a page is written in no time.
 */
#ifndef FORKLAB_MAKE_REPORT_H
#define FORKLAB_MAKE_REPORT_H

#include "forklab/report.h"
#include <jansson.h>
#include <stdbool.h>

#define MADE_FILE "/r.jsonl" /* in the test's folder */

struct made_point {
	const char *bench, *topic, *params;
	int cpus; /* that the workers could use */
	bool over;
};

/* A result of run R1, 20 samples of exactly ns; base may be NULL. New reference. */
json_t *made_result(const struct made_point *p, const char *variant, const char *base, double ns);
/* Into MADE_FILE: a result; a result with its comparison; run and end of a program. */
void put_alone(const struct made_point *p, const char *variant, double ns);
void put_compared(
	const struct made_point *p, const char *variant, const char *base, double ns, double ratio);
void put_program(const char *program, const char *question, bool complete);
/* start_cost: thread, vfork, fork on one CPU and on two. */
void put_start_cost(void);
/* threads_vs_processes on two CPUs: serial and processes; 1, 2, 10 workers; 10 us, 1 ms, 10 ms, 1e6inc. */
void put_scaling(void);

/* Reads MADE_FILE into made_report; only may be NULL. */
extern struct report made_report;
void open_report(const char *only);
void close_report(void);
/* Writes the page and reads it; the caller frees it. */
char *made_page(void);

#endif
