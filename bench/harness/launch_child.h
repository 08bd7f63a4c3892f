/* launch_child.h - the launched process: its points and cells, and how one sample is taken (inside) */
#ifndef FORKLAB_LAUNCH_CHILD_H
#define FORKLAB_LAUNCH_CHILD_H

#include "harness/peer.h"
#include "harness/stats.h"
#include "harness/study.h"
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

struct launch_point {
	struct study_point point;
	void *state;   /* what point_setup left */
	size_t opened; /* cells open at this point */
};

struct launch_cell {
	size_t point;
	struct bench_run run;
	uint64_t iters;
	bool open;
	bool failed;              /* reported once; no more samples */
	struct study_spans spans; /* of the fastest sample that told some */
};

/* A peer process: one per script and CPU set, since it inherits its CPUs when it starts. */
struct launch_peer {
	const char *script;
	unsigned cpus;
	struct peer peer;
};

#define LAUNCH_PEERS 16

struct launch_child {
	const struct bench *bench;
	FILE *in, *out;
	bool quick, bind;
	unsigned effective;
	char peers_dir[PATH_MAX];
	unsigned cpus[STUDY_CPUS_MAX];
	size_t ncpus;
	unsigned bound;   /* how many places the thread is bound to now; 0: none yet */
	uint64_t step_ns; /* of the clock, measured once; 0: not yet */
	struct stats_rng rng;
	struct launch_point *points;
	size_t npoints;
	struct launch_cell *cells;
	size_t ncells;
	struct launch_peer peers[LAUNCH_PEERS];
	size_t npeers;
};

struct launch_sample {
	uint64_t t_ns, check;
	unsigned tags;
	int err; /* -errno, 0: fine */
	char what[STUDY_WHY];
};

/* Binds the thread to the point's CPUs, unless it is already or --proc-bind none was asked. */
int launch_bind(struct launch_child *l, const struct study_point *p);

/* Takes one sample of cell c with iters ops: binds, reads the noise, times, checks the count. */
void launch_take(
	struct launch_child *l, struct launch_cell *c, uint64_t iters, struct launch_sample *out);

/* Ends all peers. */
void launch_stop_peers(struct launch_child *l);

#endif
