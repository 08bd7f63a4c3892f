/*
 * doctor.h - what a machine can and cannot show: facts are gathered once, judged and printed by
 * pure functions, so that tests can hand in machines that nobody here has
 */
#ifndef FORKLAB_DOCTOR_H
#define FORKLAB_DOCTOR_H

#include "harness/clock.h"
#include "harness/host.h"
#include "harness/place.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define DOCTOR_LINES_MAX 24

struct doctor_facts {
	char line[200];               /* host_line */
	struct place_machine machine; /* at least effective and limit_by are always filled in */
	char machine_why[160];        /* why the topology could not be read; "" : it was */
	char topology[256];           /* hwloc's synthetic text; "" where it cannot be expressed */
	size_t memory_bytes;          /* still available; 0: unknown */
	bool python, gnuplot;
	char gnuplot_version[24];
	struct host_check checks[HOST_CHECKS_MAX];
	size_t nchecks;
	struct clock_info clock;
};

/* One thing a reader may want to see. */
struct doctor_line {
	bool can;
	char what[120];
	char needs[160]; /* what it would take; "" where it can be shown */
};

/* Never fails: what cannot be read is said to be unknown. Takes some 20 ms. */
void doctor_gather(struct doctor_facts *out);
/* Writes at most cap lines, returns how many. */
size_t doctor_judge(const struct doctor_facts *f, struct doctor_line *out, size_t cap);
void doctor_print(const struct doctor_facts *f, FILE *to, bool colour);
/* The same as an object of type "doctor". New reference; NULL: no memory. */
json_t *doctor_json(const struct doctor_facts *f);

#endif
