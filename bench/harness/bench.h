/*
 * bench.h - what a benchmark is: one question, its variants, its sweep; the harness supplies main
 *
 * Words: a launch is a fresh process; in it, rounds take one sample of each variant of a block of
 * points, in random order; a sample is one timed interval of iters operations; an op is one repetition.
 *
 * A benchmark is one file in bench/ that ends with `const struct bench bench = {...};`. A variant's
 * run() loops iters times itself and returns a count that the harness compares with the expected one:
 * a wrong count makes the record invalid, it is never turned into a number.
 */
#ifndef FORKLAB_BENCH_H
#define FORKLAB_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_AXES  4
#define BENCH_MARKS 4
#define BENCH_SPANS 64

struct bench_run; /* one variant at one point, in one launch */

/* One factor of the sweep. The points are all combinations, less those that skip() refuses. */
struct bench_axis {
	const char *name; /* with its unit where it has one: "workers", "parent_mib", "work" */
	const char *
		values; /* "0,16,64" or words "all,one"; for the axis "workers" also "1..max" and "max" */
	const char *quick; /* the same with --quick; NULL: as values */
	const char *text;  /* for --help: what it varies */
	uint64_t most;     /* of numbers: no machine can have more; 0: about 10^9 */
};

struct bench_variant {
	const char *name; /* [a-z0-9_]+: stands in records and claims */
	const char *text; /* what one op does, in a line */
	const char *base; /* name of the variant it is compared with at each point; NULL: none */
	uint64_t (*run)(struct bench_run *r, uint64_t iters);
	int (*setup)(struct bench_run *r);     /* once per launch and point, untimed; 0 or -errno */
	void (*teardown)(struct bench_run *r); /* only after setup succeeded */
	const char
		*peer; /* instead of run: a script in bench/peers, started once a launch (peer.h) */
	const char *needs; /* a program that must be there, as "python3"; NULL: none */
};

struct bench {
	const char *question; /* "what does it cost to start a thread, a process?" */
	const char *topic;    /* "instrument", "threads-vs-processes", "spawn-vs-fork", ... */
	const char *op;       /* what one op is: "start + exit + wait of one child" */
	const struct bench_variant *variants; /* ends with a NULL name */
	struct bench_axis axes[BENCH_AXES];   /* ends with a NULL name */
	const char *
		round_axis; /* points that differ in this axis alone take turns in one round; NULL: each
				 * point is a block of its own */
	/* The answer to the question in one sentence, with blanks for what was measured: "a process costs {fork/thread}
	 * times a thread ({fork})", "{pool@tasks=1000}" where the point is not the first; NULL: said by rule. */
	const char *answer;
	const char *marks[BENCH_MARKS]; /* further times of the same sample: "call_returned", ... */
	/* "bytes": what run() tells by bench_elapsed, and as marks, are bytes and no ns; with single. NULL: time. */
	const char *unit;
	/* Its samples have more workers than CPUs, without an axis "workers" that says so: that they wait for
	 * each other is no disturbance. */
	bool crowded;
	bool single;            /* one op a sample: latencies, whose tails batching would hide */
	const char *chart;      /* kind of chart: plots/KIND.gp */
	const char *chart_axis; /* the axis that becomes x; NULL: one row a variant */
	unsigned rounds,
		rounds_quick; /* exactly so many rounds, whatever the precision; 0: as needed */
	double share;         /* of the time of a whole report that this benchmark gets, 0..1 */
	double quick_share; /* of a quick one, in which few that decide much come first; 0: left out */
	/* First statement of main, before options, clock and hwloc; see design: spawned children. */
	int (*early)(int argc, char **argv);
	/* Why this variant is not measured at this point: a sentence, or NULL: measured. With " " as first
	 * character the combination simply does not exist (no skip record). May use bench_word,
	 * bench_number, bench_variant_name, bench_quick, bench_asked, bench_effective. */
	const char *(*skip)(const struct bench_run *r);
	int (*point_setup)(
		struct bench_run *r); /* once per launch and point, before the variants' setup */
	void (*point_teardown)(struct bench_run *r);
	/* The count that run(iters) must return; NULL: iters. */
	uint64_t (*expected)(const struct bench_run *r, uint64_t iters);
};

extern const struct bench bench; /* defined by the benchmark's file */

/* The point's value on an axis: as text; as a number (CHECKs that it is one). */
const char *bench_word(const struct bench_run *r, const char *axis);
int64_t bench_number(const struct bench_run *r, const char *axis);
bool bench_is(const struct bench_run *r, const char *axis, const char *word);
const char *bench_variant_name(const struct bench_run *r);
bool bench_quick(const struct bench_run *r);
double bench_budget_s(
	const struct bench_run *r); /* seconds for the whole program; in skip() alone */
/* Whether the axis's values were given on the command line: what is named there is to be measured. In skip() alone. */
bool bench_asked(const struct bench_run *r, const char *axis);
unsigned bench_effective(const struct bench_run *r); /* CPUs that can run at once */

/* What setup leaves for run: a pointer per variant and point, one per point. */
void bench_set_state(struct bench_run *r, void *state);
void *bench_state(const struct bench_run *r);
void bench_set_point_state(struct bench_run *r, void *state);
void *bench_point_state(const struct bench_run *r);

/* Adds ns to mark number mark (index into bench.marks) of the running sample. */
void bench_mark(struct bench_run *r, unsigned mark, uint64_t ns);

/*
 * Who did what when, for a timeline of the sample's last op: worker and task count from 0, the times are of
 * CLOCK_MONOTONIC. At most BENCH_SPANS a sample (CHECKs it). The record has those of the fastest sample.
 */
void bench_span(
	struct bench_run *r, unsigned worker, unsigned task, uint64_t begin_ns, uint64_t end_ns);

/* The sample's time as the variant itself measured it: replaces the harness's reading. For hand-written
 * loops that the harness is compared with, and for peers. Where the benchmark's unit is bytes: those. */
void bench_elapsed(struct bench_run *r, uint64_t ns);

/* Stops the sample as failed: err is -errno, what a few words ("fork"). run() then returns anything. */
void bench_fail(struct bench_run *r, int err, const char *what);

/*
 * The shared arena: zeroed memory that threads and forked processes of this launch all see, the same in
 * both kinds. size bytes, aligned to 64, valid until the launch ends. NULL: no memory (call bench_fail or
 * return -ENOMEM). A lock in a plain global would be private to each process and measure nothing.
 */
void *bench_arena(struct bench_run *r, size_t size);

/*
 * Placement: before each sample the harness binds its thread to the point's CPUs, and what the variant
 * starts inherits them. They are the first places of the order: as many as the axis "workers" says, at most
 * those that can run at once; the axis "cpus" with the word "one" makes it the first place alone.
 */

#endif
