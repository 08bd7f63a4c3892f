/*
 * study.h - what is to be measured and what came of it: points, cells, samples (inside the harness)
 *
 * A point is one place in the sweep; a cell is one variant at one point; a block is the set of cells that
 * take turns in one round. The main process owns the study; launched processes see the same points and
 * cells, handed over as text (launch.h).
 */
#ifndef FORKLAB_STUDY_H
#define FORKLAB_STUDY_H

#include "harness/bench.h"
#include "harness/place.h"
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUDY_VALUE    24  /* bytes of an axis value with its NUL */
#define STUDY_WHY      200 /* bytes of a reason with its NUL */
#define STUDY_CPUS_MAX 4096

enum sample_tag {
	TAG_WAITED = 1,
	TAG_PREEMPTED = 2,
	TAG_MIGRATED = 4,
	TAG_THROTTLED = 8,
	TAG_STOLEN = 16,
	TAG_STOPPED = 32
};

struct study_sample {
	unsigned launch, round;
	uint64_t t_ns; /* of iters ops */
	uint64_t marks[BENCH_MARKS];
	unsigned tags;
};

struct study_span {
	unsigned worker, task;
	uint64_t begin_ns, end_ns;
};

/* What bench_span told of one sample; n is 0: nothing. */
struct study_spans {
	unsigned launch;
	uint64_t t_ns; /* of the sample's iters ops */
	struct study_span at[BENCH_SPANS];
	size_t n;
};

struct study_point {
	char values[BENCH_AXES][STUDY_VALUE];
	unsigned workers;    /* runnable at once; 1 where there is no such axis */
	unsigned cpus;       /* places the sample may use */
	bool oversubscribed; /* workers > cpus */
};

struct study_cell {
	size_t point, variant, block;
	char skip[STUDY_WHY];   /* why it is not measured; "" : it is */
	char failed[STUDY_WHY]; /* what went wrong while measuring; "" : nothing */
	int failed_err;         /* -errno of it, where the launch named one */
	uint64_t iters;
	double est_ns; /* one sample, from calibration */
	struct study_sample *samples;
	size_t n, cap;
	struct study_spans spans; /* of the last launch that told some */
};

struct study_block {
	size_t *cells;
	size_t ncells;
	unsigned want;   /* rounds in the coming launch */
	size_t done;     /* rounds taken */
	double cost_ns;  /* one round */
	double setup_ns; /* opening and closing it once in a launch */
	const char *stop_reason;
	double precision; /* widest half-width / median over its cells; 0: not known yet */
	double median_ns; /* of its first cell, per op, for the progress line */
};

struct study_limits {
	double precision, budget_s, margin;
	unsigned launches;
	uint64_t seed;
	bool quick;
	bool bind;       /* false: --proc-bind none */
	int patience_ms; /* how long a launch may be silent beyond what its rounds should take */
};

/* The values of each axis, after --workers and --sweep: text lists, as in struct bench_axis. */
struct study_sweep {
	const char *values[BENCH_AXES];
	bool asked[BENCH_AXES]; /* by the user */
};

struct study {
	const struct bench *bench;
	const struct place *place;
	struct study_limits limits;
	bool asked[BENCH_AXES]; /* axes whose values the user gave */
	size_t naxes;
	struct study_point *points;
	size_t npoints;
	struct study_cell *cells;
	size_t ncells;
	struct study_block *blocks;
	size_t nblocks;
	bool interrupted;
	char broken[STUDY_WHY]; /* why no launch could go on; "" : they could */
	double steal_share; /* of the used CPUs' time, over the whole run; negative: not known */
};

/* Builds points, cells and blocks. why gets a sentence for the user.
 * Errors: -EINVAL a value is not allowed (why names axis and allowed values); -ENOMEM. */
int study_build(struct study *s, const struct bench *b, const struct place *p,
	const struct study_limits *limits, const struct study_sweep *sweep, char *why,
	size_t whylen);
void study_free(struct study *s);

/* Appends a sample to a cell. -ENOMEM. */
int study_add(struct study_cell *c, const struct study_sample *sample);

/* A run handle for skip(), outside any launch. */
struct bench_run study_probe(const struct study *s, size_t point, size_t variant);

size_t study_axis(const struct bench *b, const char *name); /* index; BENCH_AXES: none */
size_t study_variants(const struct bench *b);
size_t study_variant(const struct bench *b, const char *name); /* index; study_variants(): none */

/* Measures everything: launches, rounds, stop rule. progress may be NULL. stop is set by a signal handler.
 * Errors: -EINTR stopped (the samples so far are kept, interrupted is set); else what kept the first launch
 * from starting. */
struct progress;
int study_measure(struct study *s, struct progress *progress, const volatile sig_atomic_t *stop);

/* One variant at one point within a launch: what bench.h's accessors read. */
struct launch_child;
struct bench_run {
	const struct bench *bench;
	const struct bench_variant *variant;
	const struct study_point *point;
	bool quick;
	double budget_s;   /* 0 within a launch, which need not know */
	const bool *asked; /* of each axis; NULL within a launch */
	unsigned effective;
	struct launch_child *launch; /* NULL outside a launch */
	void *state;
	void **point_state;
	uint64_t marks[BENCH_MARKS];
	struct study_spans spans;
	uint64_t elapsed_ns; /* told by the variant itself */
	bool told;
	int err;
	char what[64];
};

#endif
