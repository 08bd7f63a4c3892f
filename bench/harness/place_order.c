/* place_order.c - from cores in order to places in order, the borders they cross, and their
 * relation */
#include "harness/ensure.h"
#include "harness/place_internal.h"
#include <errno.h>
#include <stdlib.h>

static int reserve(struct place *p, size_t npus)
{
	p->slots = calloc(npus, sizeof(*p->slots));
	p->first = calloc(npus, sizeof(*p->first));
	p->cpus = calloc(npus, sizeof(*p->cpus));
	return p->slots && p->first && p->cpus ? 0 : -ENOMEM;
}

/* Adds one place: ncpus PUs of a core. CPUs lie in cpus[] in the order of the places. */
static void emit(struct place *p, const struct place_pu *pu, unsigned ncpus)
{
	const size_t i = p->count++;

	p->first[i] = i ? p->first[i - 1] + p->slots[i - 1].ncpus : 0;
	p->slots[i] = (struct place_slot){
		.os_cpu = pu->os,
		.ncpus = ncpus,
		.core = pu->core,
		.thread = pu->thread,
		.llc = pu->llc,
		.numa = pu->numa,
		.package = pu->package,
	};
	for (unsigned k = 0; k < ncpus; k++)
		p->cpus[p->first[i] + k] = pu[k].os;
}

/* One place a core; without SMT its first hardware thread alone. */
static void emit_cores(struct place *p, const struct place_options *opt, const struct place_tree *t,
	const unsigned *core_order)
{
	for (size_t i = 0; i < t->ncores; i++) {
		const struct place_core *core = &t->cores[core_order[i]];

		emit(p, &t->pus[core->first], opt->no_smt ? 1 : core->n);
	}
}

/* close fills a core before it goes on, as OpenMP does; spread takes the first thread of every core
 * before the second of any. */
static void emit_threads(
	struct place *p, bool spread, const struct place_tree *t, const unsigned *core_order)
{
	for (unsigned rank = 0; rank < (spread ? t->smt : 1); rank++) {
		for (size_t i = 0; i < t->ncores; i++) {
			const struct place_core *core = &t->cores[core_order[i]];

			for (unsigned k = rank; k < (spread ? rank + 1 : core->n); k++) {
				if (k < core->n)
					emit(p, &t->pus[core->first + k], 1);
			}
		}
	}
}

int place_order_build(struct place *p, const struct place_options *opt, const struct place_tree *t,
	const unsigned *core_order)
{
	if (reserve(p, t->npus))
		return -ENOMEM;
	if (opt->kind == PLACE_CORES || opt->no_smt)
		emit_cores(p, opt, t, core_order);
	else
		emit_threads(p, opt->bind == PLACE_SPREAD, t, core_order);
	/* primary: as many places as close has, all of them the first one's first CPU. */
	for (size_t i = 0; opt->bind == PLACE_PRIMARY && i < p->count; i++) {
		p->slots[i] = p->slots[0];
		p->slots[i].ncpus = 1;
		p->first[i] = 0;
	}
	return 0;
}

static bool pair_at(const struct place_tree *t, enum place_pair pair, size_t i, size_t *other)
{
	const struct place_core *a = &t->cores[i], *b = a + 1;

	if (pair == PLACE_SAME_CORE) {
		*other = a->first + 1;
		return a->n > 1;
	}
	if (i + 1 == t->ncores)
		return false;
	*other = b->first;
	/* Without a reported LLC its number is 0 everywhere, and one package counts. */
	return t->pus[a->first].llc == t->pus[b->first].llc &&
	       t->pus[a->first].package == t->pus[b->first].package;
}

int place_order_pair(
	struct place *p, enum place_pair pair, const struct place_tree *t, char *why, size_t whylen)
{
	size_t other;

	if (reserve(p, 2))
		return -ENOMEM;
	for (size_t i = 0; i < t->ncores; i++) {
		if (!pair_at(t, pair, i, &other))
			continue;
		emit(p, &t->pus[t->cores[i].first], 1);
		emit(p, &t->pus[other], 1);
		return 0;
	}
	if (pair == PLACE_SAME_CORE)
		return place_why(why, whylen, -ENODEV,
			"same-core: no core here has two hardware threads that may be used");
	return place_why(why, whylen, -ENODEV, "same-llc: no two cores that may be used share %s",
		t->llcs ? "a last-level cache" : "a package");
}

/* What the places so far have been in, by number. */
struct seen {
	bool *package, *numa, *llc;
	unsigned *threads; /* in use of each core */
	unsigned smt;      /* the most of them */
};

static enum place_border enter(struct seen *s, const struct place_slot *slot)
{
	enum place_border border = PLACE_BORDER_NONE;

	if (++s->threads[slot->core] > s->smt) {
		s->smt = s->threads[slot->core];
		border = PLACE_BORDER_SMT;
	}
	if (!s->llc[slot->llc])
		border = PLACE_BORDER_LLC;
	if (!s->numa[slot->numa])
		border = PLACE_BORDER_NUMA;
	if (!s->package[slot->package])
		border = PLACE_BORDER_PACKAGE;
	s->llc[slot->llc] = s->numa[slot->numa] = s->package[slot->package] = true;
	return border;
}

static unsigned largest(unsigned a, unsigned b)
{
	return a > b ? a : b;
}

int place_order_borders(struct place *p)
{
	unsigned numbers = 0;
	struct seen s = {.smt = 1};
	bool *flags;

	if (p->bind == PLACE_PRIMARY)
		return 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct place_slot *a = &p->slots[i];

		numbers = largest(numbers, largest(a->core, a->llc));
		numbers = largest(numbers, largest(a->numa, a->package));
	}
	numbers++;
	flags = calloc(numbers, 3 * sizeof(*flags));
	s.threads = calloc(numbers, sizeof(*s.threads));
	if (flags && s.threads) {
		s.package = flags;
		s.numa = flags + numbers;
		s.llc = s.numa + numbers;
		enter(&s, &p->slots[0]);
		for (size_t i = 1; i < p->count; i++)
			p->slots[i].border = enter(&s, &p->slots[i]);
	}
	free(s.threads);
	free(flags);
	return s.package ? 0 : -ENOMEM;
}

/*
 * The smallest thing that holds all CPUs of the first n places. A NUMA node is named only where it
 * is smaller than its package, a last-level cache only where one is reported.
 */
const char *place_relation(const struct place *p, size_t n)
{
	const struct place_slot *a = &p->slots[0];
	bool cpu = a->ncpus == 1, core = true, llc = p->machine.llcs > 0;
	bool numa = p->split_packages, package = true;

	if (p->bind == PLACE_NONE)
		return "unbound";
	for (size_t i = 1; i < n && i < p->count; i++) {
		const struct place_slot *b = &p->slots[i];

		cpu = cpu && b->ncpus == 1 && b->os_cpu == a->os_cpu;
		core = core && b->core == a->core;
		llc = llc && b->llc == a->llc;
		numa = numa && b->numa == a->numa;
		package = package && b->package == a->package;
	}
	if (cpu || core)
		return cpu ? "same-cpu" : "same-core";
	if (llc)
		return "same-llc";
	if (numa)
		return "same-numa";
	return package ? "same-package" : "cross-package";
}
