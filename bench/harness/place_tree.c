/* place_tree.c - flattens hwloc's tree into arrays in logical order, and orders cores for spread */
#include "harness/ensure.h"
#include "harness/place_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The objects above a PU that matter for placing; NULL where the machine does not say. */
struct above {
	hwloc_obj_t core, llc, package;
	unsigned numa;
};

static unsigned numa_of(hwloc_obj_t obj)
{
	hwloc_obj_t mem = obj->memory_first_child;

	/* Between an object and its node may stand a cache for memory. */
	while (mem && mem->type != HWLOC_OBJ_NUMANODE)
		mem = mem->memory_first_child;
	return mem ? mem->logical_index : 0;
}

static struct above look_up(hwloc_obj_t pu)
{
	struct above a = {.core = NULL};
	bool numa_found = false;

	for (hwloc_obj_t o = pu; o; o = o->parent) {
		if (o->type == HWLOC_OBJ_CORE)
			a.core = o;
		else if (o->type == HWLOC_OBJ_PACKAGE)
			a.package = o;
		else if (hwloc_obj_type_is_dcache(o->type) && o->attr->cache.depth >= 2)
			a.llc = o;
		if (!numa_found && o->memory_arity) {
			a.numa = numa_of(o);
			numa_found = true;
		}
	}
	if (!a.core)
		a.core = pu;
	return a;
}

/* An L2 that each core has for itself is no last-level cache: the L3 is there and not reported. */
static bool counts_as_llc(const struct above *a)
{
	return a->llc &&
	       (a->llc->attr->cache.depth >= 3 ||
		       hwloc_bitmap_weight(a->llc->cpuset) > hwloc_bitmap_weight(a->core->cpuset));
}

static void append(struct place_tree *t, const struct place_pu *pu)
{
	struct place_core *core = t->ncores ? &t->cores[t->ncores - 1] : NULL;

	if (!core || t->pus[core->first].core != pu->core) {
		core = &t->cores[t->ncores++];
		*core = (struct place_core){.first = (unsigned)t->npus};
	}
	core->n++;
	if (core->n > t->smt)
		t->smt = core->n;
	t->pus[t->npus++] = *pu;
}

/* PUs come in logical order, in which each core, cache, node and package is one run: a change is a
 * new one. */
static void count_levels(struct place_tree *t, bool has_llc, bool has_package)
{
	const struct place_pu *last = NULL;

	for (size_t i = 0; i < t->npus; i++) {
		struct place_pu *pu = &t->pus[i];

		if (!has_llc)
			pu->llc = 0;
		t->llcs += !last || last->llc != pu->llc;
		t->packages += !last || last->package != pu->package;
		if (last && last->package == pu->package && last->numa != pu->numa)
			t->split_packages = true;
		last = pu;
	}
	if (!has_llc)
		t->llcs = 0;
	if (!has_package)
		t->packages = 0;
}

static void walk(const struct place_source *s, hwloc_const_bitmap_t set, struct place_tree *t)
{
	bool has_llc = false, has_package = false;
	struct above last = {.core = NULL};
	struct place_pu pu = {.os = 0};
	hwloc_obj_t obj = NULL;

	while ((obj = hwloc_get_next_obj_by_type(s->topology, HWLOC_OBJ_PU, obj))) {
		const struct above a = look_up(obj);

		/* Counted over the whole machine, also over what is not in the set, so that the
		 * numbers are hwloc's. */
		pu.thread = last.core == a.core ? pu.thread + 1 : 0;
		pu.core += last.core && last.core != a.core;
		pu.llc += last.core && last.llc != a.llc;
		pu.numa = a.numa;
		pu.package = a.package ? a.package->logical_index : 0;
		pu.os = obj->os_index;
		last = a;
		has_llc = has_llc || counts_as_llc(&a);
		has_package = has_package || a.package;
		if (hwloc_bitmap_isset(set, pu.os))
			append(t, &pu);
	}
	count_levels(t, has_llc, has_package);
}

int place_tree_build(const struct place_source *s, hwloc_const_bitmap_t set, struct place_tree *out)
{
	const size_t n = (size_t)hwloc_get_nbobjs_by_type(s->topology, HWLOC_OBJ_PU);

	memset(out, 0, sizeof(*out));
	out->pus = calloc(n, sizeof(*out->pus));
	out->cores = calloc(n, sizeof(*out->cores));
	if (!out->pus || !out->cores) {
		place_tree_free(out);
		return -ENOMEM;
	}
	walk(s, set, out);
	CHECK(out->npus > 0); /* the callers' sets are never empty and lie within the machine */
	return 0;
}

void place_tree_free(struct place_tree *t)
{
	free(t->pus);
	free(t->cores);
	memset(t, 0, sizeof(*t));
}

struct spread {
	hwloc_const_bitmap_t set;
	unsigned next; /* cores are met in logical order: this is the index of the next one */
	unsigned *scratch;
};

/* Takes one from each child's list in turn: list i is out[ends[i - 1] .. ends[i]). */
static void deal(unsigned *out, const size_t *ends, size_t lists, unsigned *scratch)
{
	const size_t total = ends[lists - 1];
	size_t w = 0;

	for (size_t k = 0; w < total; k++) {
		for (size_t i = 0; i < lists; i++) {
			const size_t at = (i ? ends[i - 1] : 0) + k;

			if (at < ends[i])
				scratch[w++] = out[at];
		}
	}
	memcpy(out, scratch, total * sizeof(*out));
}

/*
 * Writes the cores below obj to out, dealt over its children, and their number to *n. Not
 * hwloc_distrib: its sets for p and p + 1 are not nested (2 x 6 cores: 4 is not a part of 5), so
 * that a step of a curve would change two things.
 */
static int spread_below(hwloc_obj_t obj, struct spread *s, unsigned *out, size_t *n)
{
	size_t *ends;
	int err = 0;

	*n = 0;
	if (!hwloc_bitmap_intersects(obj->cpuset, s->set))
		return 0;
	if (obj->type == HWLOC_OBJ_CORE || !obj->arity) {
		*out = s->next++;
		*n = 1;
		return 0;
	}
	ends = calloc(obj->arity, sizeof(*ends));
	if (!ends)
		return -ENOMEM;
	for (unsigned i = 0; !err && i < obj->arity; i++) {
		size_t below;

		err = spread_below(obj->children[i], s, out + *n, &below);
		*n += below;
		ends[i] = *n;
	}
	if (!err)
		deal(out, ends, obj->arity, s->scratch);
	free(ends);
	return err;
}

/* order must have room for t->ncores, t being built of s->chosen. */
int place_tree_spread(const struct place_source *s, const struct place_tree *t, unsigned *order)
{
	struct spread sp = {.set = s->chosen, .scratch = calloc(t->ncores, sizeof(unsigned))};
	size_t n = 0;
	int err;

	if (!sp.scratch)
		return -ENOMEM;
	err = spread_below(hwloc_get_root_obj(s->topology), &sp, order, &n);
	free(sp.scratch);
	CHECK(err || n == t->ncores);
	return err;
}
