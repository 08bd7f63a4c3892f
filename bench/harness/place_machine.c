/* place_machine.c - the machine in numbers and in one line, and how many places can run at once */
#include "harness/ensure.h"
#include "harness/place_internal.h"
#include "harness/quota.h"
#include <stdarg.h>
#include <string.h>

static void cache_sizes(hwloc_obj_t pu, struct place_machine *m)
{
	for (hwloc_obj_t o = pu; o; o = o->parent) {
		if (!hwloc_obj_type_is_dcache(o->type))
			continue;
		if (o->attr->cache.depth == 1)
			m->l1d_bytes = o->attr->cache.size;
		else if (o->attr->cache.depth == 2)
			m->l2_bytes = o->attr->cache.size;
		else if (o->attr->cache.depth == 3)
			m->l3_bytes = o->attr->cache.size;
	}
}

static unsigned present(const struct place_source *s, hwloc_obj_type_t type)
{
	const int n = hwloc_get_nbobjs_by_type(s->topology, type);

	return n > 0 ? (unsigned)n : 0;
}

/* Nodes with CPUs of the set. Several may lie beside one another, as fast and large memory: they are all
 * counted, though a PU is said to be on the first. */
static unsigned count_nodes(const struct place_source *s)
{
	hwloc_obj_t node = NULL;
	unsigned n = 0;

	while ((node = hwloc_get_next_obj_by_type(s->topology, HWLOC_OBJ_NUMANODE, node)))
		n += hwloc_bitmap_intersects(node->cpuset, s->allowed) ? 1 : 0;
	return n;
}

/* Appends to a line; what does not fit is left out. */
static void __attribute__((format(printf, 3, 4))) add(char *line, size_t len, const char *fmt, ...)
{
	const size_t at = strlen(line);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line + at, len - at, fmt, ap);
	va_end(ap);
}

static void add_count(char *line, size_t len, unsigned n, const char *one, const char *many)
{
	if (n)
		add(line, len, ", %u %s", n, n == 1 ? one : many);
}

static void describe(struct place_machine *m)
{
	char *t = m->text;
	const size_t len = sizeof(m->text);

	t[0] = '\0';
	add(t, len, "%s%u", m->real ? "" : "described machine: ", m->cores);
	if (m->cores < m->cores_present)
		add(t, len, " of %u", m->cores_present);
	add(t, len, " core%s, %s%u thread%s each", m->cores_present == 1 ? "" : "s",
		m->pus == m->cores * m->smt ? "" : "up to ", m->smt, m->smt == 1 ? "" : "s");
	add_count(t, len, m->packages, "package", "packages");
	add_count(t, len, m->numa_nodes, "NUMA node", "NUMA nodes");
	add_count(t, len, m->llcs, "last-level cache", "last-level caches");
	if (m->mixed_cores)
		add(t, len, ", cores of several kinds");
	if (m->quota_cores > 0)
		add(t, len, ", CPU quota %.2f", m->quota_cores);
}

void place_machine_fill(
	const struct place_source *s, const struct place_tree *allowed, struct place_machine *m)
{
	m->real = hwloc_topology_is_thissystem(s->topology);
	m->packages = allowed->packages;
	m->numa_nodes = count_nodes(s);
	m->llcs = allowed->llcs;
	m->cores = (unsigned)allowed->ncores;
	m->pus = (unsigned)allowed->npus;
	m->smt = allowed->smt;
	m->pus_present = present(s, HWLOC_OBJ_PU);
	m->cores_present = present(s, HWLOC_OBJ_CORE);
	if (!m->cores_present)
		m->cores_present = m->pus_present;
	m->mixed_cores = s->mixed;
	cache_sizes(hwloc_get_pu_obj_by_os_index(s->topology, allowed->pus[0].os), m);
	/* A quota is this process's, not the described machine's. */
	if (!m->real || quota_read("", &m->quota_cores))
		m->quota_cores = 0;
	describe(m);
}

/* The innermost reason: the last of these that made the number smaller. */
void place_machine_limit(
	struct place *p, const struct place_options *opt, const struct place_tree *allowed)
{
	struct place_machine *m = &p->machine;
	const bool threads = opt->kind == PLACE_THREADS && !opt->no_smt;
	const size_t units = threads ? allowed->npus : allowed->ncores;
	size_t effective = opt->bind == PLACE_PRIMARY ? 1 : p->count;

	m->limit_by = threads && m->smt > 1 ? "hardware threads" : "cores";
	if (m->mixed_cores && p->count < units)
		m->limit_by = "the fastest kind of core";
	if (units < (threads ? m->pus_present : m->cores_present))
		m->limit_by = "affinity";
	if (p->count < units)
		m->limit_by = opt->pair != PLACE_NO_PAIR ? "--pair" : "--cpus";
	if (effective < p->count)
		m->limit_by = "--proc-bind primary";
	/* Half a CPU still runs one worker, at half speed. */
	if (m->quota_cores > 0 && m->quota_cores < (double)effective) {
		effective = m->quota_cores < 1 ? 1 : (size_t)m->quota_cores;
		m->limit_by = "cgroup quota";
	}
	m->effective = (unsigned)effective;
}
