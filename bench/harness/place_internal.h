/*
 * place_internal.h - what the files of place share; nobody else includes it
 *
 * place_topology.c loads hwloc's picture, place_tree.c flattens it into arrays, place_order.c and
 * place_sweep.c work on those arrays alone, place_bind.c talks to the kernel.
 */
#ifndef FORKLAB_PLACE_INTERNAL_H
#define FORKLAB_PLACE_INTERNAL_H

#include "harness/place.h"
#include <hwloc.h>
#include <sched.h>
#include <stdio.h>

/* hwloc 2.9 needs 1 s for 16,384 PUs, 6 s for 32,768, and more than a minute for twice as many. */
#define PLACE_PUS_MAX 32768u
/* Numbers in a CPU list stop here: far above any kernel's NR_CPUS, and small enough to loop over.
 */
#define PLACE_CPU_MAX 65535u

/* The loaded machine and two sets of OS CPUs: what this process may use, and what the user picked.
 */
struct place_source {
	hwloc_topology_t topology;
	hwloc_bitmap_t allowed, chosen;
	bool mixed; /* allowed holds more than one kind of core */
};

/* A hardware thread. Numbers are hwloc's logical ones over the whole machine. */
struct place_pu {
	unsigned os, core, thread, llc, numa, package;
};

/* A core's PUs that are in the set: pus[first .. first + n). */
struct place_core {
	unsigned first, n;
};

/* A set of CPUs, flattened in logical order. */
struct place_tree {
	struct place_pu *pus;
	struct place_core *cores;
	size_t npus, ncores;
	unsigned packages, llcs, smt; /* distinct ones in the set; 0: no such level */
	bool split_packages;          /* a package holds more than one NUMA node */
};

struct place {
	struct place_machine machine;
	struct place_slot *slots;
	size_t *first; /* CPUs of slot i: cpus[first[i] .. first[i] + slots[i].ncpus) */
	unsigned *cpus;
	size_t count;
	enum place_bind bind;
	bool split_packages;
	char policy[128];
	char *synthetic;
};

/* Writes the sentence for the user; why may be NULL. Returns err, so that a caller can return it.
 */
int place_why(char *why, size_t whylen, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* place_topology.c */
int place_source_open(struct place_source *s, const char *synthetic, char *why, size_t whylen);
bool place_source_mixed(const struct place_source *s);
/* Chooses the fastest kind of core alone. -ENOTSUP: the machine does not rank its kinds. */
int place_source_fastest(struct place_source *s);
void place_source_close(struct place_source *s);
char *place_source_text(const struct place_source *s); /* synthetic text; NULL: no memory */

/* place_parse.c */
int place_parse_synthetic(const char *text, char *why, size_t whylen);
int place_parse_cpus(const struct place_source *s, const char *text, char *why, size_t whylen);

/* place_tree.c */
int place_tree_build(
	const struct place_source *s, hwloc_const_bitmap_t set, struct place_tree *out);
void place_tree_free(struct place_tree *t);
int place_tree_spread(const struct place_source *s, const struct place_tree *t, unsigned *order);

/* place_machine.c */
void place_machine_fill(
	const struct place_source *s, const struct place_tree *allowed, struct place_machine *m);
void place_machine_limit(
	struct place *p, const struct place_options *opt, const struct place_tree *allowed);

/* place_order.c: core_order[i] is the index of the core that comes i-th. */
int place_order_build(struct place *p, const struct place_options *opt, const struct place_tree *t,
	const unsigned *core_order);
int place_order_pair(struct place *p, enum place_pair pair, const struct place_tree *t, char *why,
	size_t whylen);
int place_order_borders(struct place *p);

/* place_bind.c: the calling thread's mask, as large as the kernel wants it; CPU_FREE it. */
int place_mask_read(cpu_set_t **mask, size_t *size);

#endif
