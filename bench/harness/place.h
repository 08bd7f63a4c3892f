/*
 * place.h - where workers run: hwloc's picture of the machine, turned into one nested order of CPUs
 *
 * A place is a set of CPUs of one core (or one hardware thread). All points of a sweep use prefixes
 * of one order, so that a step from p to p+1 workers adds a place and moves none. The order is a
 * pure function of a topology, which may be this machine's or a described one ("pack:2 core:4
 * pu:2"). Only place*.c include hwloc. Not thread-safe while opening; afterwards read-only.
 */
#ifndef FORKLAB_PLACE_H
#define FORKLAB_PLACE_H

#include <stdbool.h>
#include <stddef.h>

enum place_kind { PLACE_CORES, PLACE_THREADS };
enum place_bind { PLACE_CLOSE, PLACE_SPREAD, PLACE_PRIMARY, PLACE_NONE };
enum place_pair { PLACE_NO_PAIR, PLACE_SAME_CORE, PLACE_SAME_LLC };

struct place_options {
	const char *synthetic; /* hwloc synthetic description, or NULL: this machine */
	const char *cpus; /* "0,2-3" OS numbers, "core:0-1" hwloc logical, or NULL: all allowed */
	bool no_smt;      /* one hardware thread of each core */
	enum place_kind kind;
	enum place_bind bind;
	enum place_pair pair; /* order becomes the two CPUs of the first such pair */
};

/* What the machine looks like; 0 where a level is not there or not reported (a VM without caches).
 */
struct place_machine {
	bool real;                                       /* false: synthetic, never measured on */
	unsigned packages, numa_nodes, llcs, cores, pus; /* allowed to this process */
	unsigned cores_present, pus_present;             /* in the machine */
	unsigned smt;                                    /* most hardware threads of one core */
	bool mixed_cores;                                /* performance and efficiency cores */
	size_t l1d_bytes, l2_bytes, l3_bytes;            /* of one instance; 0: not reported */
	double quota_cores;                              /* cgroup CPU quota; 0: none */
	const char *limit_by; /* what bounds effective: "cores", "hardware threads", "affinity"
			       * (taskset or a cpuset), "--cpus", "--pair", "--proc-bind primary",
			       * "cgroup quota" */
	unsigned effective;   /* places that can run at once: at least 1 */
	char text[160]; /* one line: "AMD EPYC, 2 cores, 1 thread each, 1 package, KVM" less model
			 */
};

enum place_border {
	PLACE_BORDER_NONE,
	PLACE_BORDER_SMT,
	PLACE_BORDER_LLC,
	PLACE_BORDER_NUMA,
	PLACE_BORDER_PACKAGE
};

struct place_slot {
	unsigned os_cpu; /* first CPU of the place, the kernel's number */
	unsigned ncpus;  /* CPUs in the place (more than 1: a core with its hardware threads) */
	unsigned core;   /* hwloc logical core */
	unsigned thread; /* which hardware thread of its core */
	unsigned llc, numa, package; /* logical numbers; 0 where there is no such level */
	enum place_border border;    /* what is entered at this place, going along the order */
};

struct place; /* opaque */

/*
 * Opens the topology, checks the options against it and fixes the order. The caller owns *out.
 * why (size whylen) gets the sentence for a user on error: "3-1: a range runs upwards"; on success it is "", or
 * a note about cpus.
 * Errors: -EINVAL the text of cpus or synthetic is malformed, or pair contradicts no_smt or bind;
 * -ENOENT a CPU asked for is not allowed to this process (or not there); -ENODEV no such pair on
 * this machine; -E2BIG more than 32,768 PUs, or a description so flat that hwloc would need
 * minutes; -ENOTSUP cores of several kinds, no cpus, and the machine does not say which kind is
 * which; -ENOMEM; -EIO hwloc could not read the machine.
 *
 * Cores of several kinds (performance, efficiency) are never mixed: without cpus the fastest kind is
 * used alone, and the policy line says so.
 *
 * Orders. close: as hwloc numbers them; over threads, a core is filled before the next one begins.
 * spread: dealt in turn over the children of each object, from the root; over threads, the first
 * thread of every core comes before the second of any. primary: as many places as close has, each
 * of them the first one's first CPU. none: as close, and binding does nothing. A quota counts for
 * this machine alone.
 */
int place_open(const struct place_options *opt, struct place **out, char *why, size_t whylen);
void place_close(struct place *p); /* NULL is fine */

const struct place_machine *place_machine(const struct place *p);
size_t place_count(const struct place *p); /* places in the order, >= 1 */
const struct place_slot *place_slot(const struct place *p, size_t i); /* i < place_count */
const unsigned *place_cpus(
	const struct place *p, size_t i); /* its CPUs, place_slot(p, i)->ncpus numbers */
/* One line for captions: "close over cores, SMT siblings unused". */
const char *place_policy(const struct place *p);
/* How the CPUs of the first n places are related, by the smallest thing that holds them all:
 * "same-cpu", "same-core", "same-llc" (where one is reported), "same-numa" (where a package holds
 * several), "same-package", "cross-package"; "unbound" with PLACE_NONE. */
const char *place_relation(const struct place *p, size_t n);
/* SHA-256 is not needed: the topology as hwloc's synthetic text; "" where it cannot be expressed.
 */
const char *place_synthetic(const struct place *p);

/*
 * The worker counts of a sweep 1..max, thinned for a big machine: 1, 2, 3, 4, then about 1.5 steps,
 * always the borders (last place before one is entered), the last place, effective, and max. Writes
 * at most cap counts, ascending; where that is too few, drops steps and repeated borders where they
 * stand densest, so that 1, max and the first border of each kind stay to the last. Returns how
 * many; 0: max or cap is 0, or there is no memory.
 */
size_t place_sweep(const struct place *p, size_t max, unsigned *counts, size_t cap);

/*
 * Binds the calling thread to the CPUs of the first n places (n = 1: one place), reads the mask
 * back, yields once and compares the CPU it then runs on. Children and threads started later
 * inherit it. With PLACE_NONE it binds nothing and succeeds. Errors: -ENOTSUP synthetic; -EINVAL n
 * is 0 or beyond the order; -EXDEV the kernel says yes but mask or CPU differ; else the kernel's
 * error (-EPERM, -EINVAL).
 */
int place_bind_first(const struct place *p, size_t n);
int place_bind_one(const struct place *p, size_t i); /* the same for place i alone */

#endif
