/* doctor_judge.c - from what a machine is to what can be learnt on it */
#include "forklab/doctor.h"
#include "harness/table.h"
#include <stdarg.h>
#include <string.h>

#define GIB (1024.0 * 1024.0 * 1024.0)

struct list {
	struct doctor_line *lines;
	size_t n, cap;
};

static struct doctor_line *next(struct list *l, bool can)
{
	static struct doctor_line beyond; /* what does not fit */
	struct doctor_line *line = l->n < l->cap ? &l->lines[l->n++] : &beyond;

	line->can = can;
	line->what[0] = line->needs[0] = '\0';
	return line;
}

__attribute__((format(printf, 2, 3))) static void can(struct list *l, const char *fmt, ...)
{
	struct doctor_line *line = next(l, true);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line->what, sizeof(line->what), fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 3, 4))) static void cannot(
	struct list *l, const char *what, const char *fmt, ...)
{
	struct doctor_line *line = next(l, false);
	va_list ap;

	snprintf(line->what, sizeof(line->what), "%s", what);
	va_start(ap, fmt);
	vsnprintf(line->needs, sizeof(line->needs), fmt, ap);
	va_end(ap);
}

static const struct host_check *check(const struct doctor_facts *f, const char *name)
{
	for (size_t i = 0; i < f->nchecks; i++)
		if (!strcmp(f->checks[i].name, name))
			return &f->checks[i];
	return NULL;
}

static bool is(const struct doctor_facts *f, const char *name, enum host_state state)
{
	const struct host_check *c = check(f, name);

	return c && c->state == state;
}

/* The limit in words: who wants more must know whom to ask. */
static const char *limit_in_words(const struct place_machine *m)
{
	if (!m->limit_by || !strcmp(m->limit_by, "cores"))
		return "that is all this machine has";
	if (!strcmp(m->limit_by, "hardware threads"))
		return "one per hardware thread, and that is all";
	if (!strcmp(m->limit_by, "affinity"))
		return "this process may use no others (taskset, cpuset)";
	if (!strcmp(m->limit_by, "cgroup quota"))
		return "the CPU quota of this container or login allows no more";
	return m->limit_by;
}

static void judge_workers(const struct doctor_facts *f, struct list *l)
{
	const struct place_machine *m = &f->machine;
	char what[96];

	can(l, "what it costs to start a thread or a process, and to wait for it");
	if (m->effective < 2) {
		can(l, "what several workers lose when they take turns on one CPU");
		cannot(l, "two workers that really compute at the same time",
			"2 CPUs (one here: %s)", limit_in_words(m));
		return;
	}
	can(l, "whether threads or processes compute faster, with 1 to %u working at once",
		m->effective);
	snprintf(what, sizeof(what), "how work scales beyond %u at once%s", m->effective,
		m->effective < 4 ? "; a curve needs 4 or more" : "");
	cannot(l, what, "a machine with more cores (%u here: %s)", m->effective, limit_in_words(m));
}

static void judge_topology(const struct doctor_facts *f, struct list *l)
{
	const struct place_machine *m = &f->machine;

	if (m->mixed_cores) {
		cannot(l, "one scaling curve over all cores: they are of different kinds",
			"--cpus with cores of one kind, as core:0-3");
		return;
	}
	if (f->machine_why[0] != '\0') {
		cannot(l, "what caches, sockets and memory nodes change", "a readable /sys");
		return;
	}
	if (m->smt > 1)
		can(l, "what the second hardware thread of a core adds (--places threads)");
	else
		cannot(l, "what a second hardware thread of a core adds (SMT)", "%s",
			is(f, "virtualisation", HOST_WARN)
				? "hardware of its own, with SMT switched on"
				: "a processor with SMT, switched on");
	if (m->llcs > 1)
		can(l, "what happens when workers spread over %u last-level caches", m->llcs);
	else
		cannot(l, "what it costs when data moves between two last-level caches",
			"a processor with several of them");
	if (m->numa_nodes > 1)
		can(l, "what happens when workers spread over %u NUMA nodes", m->numa_nodes);
	else
		cannot(l, "what near and far memory cost (NUMA)",
			"a machine with two or more NUMA nodes");
}

static void judge_counters(const struct doctor_facts *f, struct list *l)
{
	static const char what[] = "why: cycles, cache misses and branch misses";

	can(l, "how often the kernel steps in: page faults, context switches");
	if (is(f, "pmu", HOST_OK))
		can(l, "%s", what);
	else if (is(f, "pmu", HOST_WARN))
		cannot(l, what,
			"a machine that shows the counters of its processor (virtual ones rarely "
			"do)");
	else
		cannot(l, what,
			"leave to open the counters (kernel.perf_event_paranoid of 2 or less)");
	if (is(f, "virtualisation", HOST_WARN))
		cannot(l, "the speed of bare hardware",
			"a machine of its own: this one shares its CPUs with others");
}

static void judge_means(const struct doctor_facts *f, struct list *l)
{
	char bytes[TABLE_CELL];

	if ((double)f->memory_bytes >= 2 * GIB)
		can(l, "how starting a process slows down with a parent of up to 1 GiB");
	else
		cannot(l, "how starting a process slows down with a parent of 1 GiB",
			"2 GiB of available memory (%s here)",
			f->memory_bytes ? table_bytes(bytes, sizeof(bytes), (double)f->memory_bytes)
					: "unknown");
	if (f->python)
		can(l, "claims about Python, measured in CPython itself");
	else
		cannot(l, "claims about Python: they are measured in CPython",
			"python3 (make deps installs it)");
	if (f->gnuplot)
		can(l, "charts (gnuplot %s)", f->gnuplot_version);
	else
		cannot(l, "charts; tables, numbers and verdicts are there without them",
			"gnuplot (make deps installs it)");
	if (is(f, "build", HOST_WARN))
		cannot(l, "numbers to publish", "an optimised build without SANITIZE");
}

size_t doctor_judge(const struct doctor_facts *f, struct doctor_line *out, size_t cap)
{
	struct list l = {.lines = out, .cap = cap};

	judge_workers(f, &l);
	judge_topology(f, &l);
	judge_counters(f, &l);
	judge_means(f, &l);
	return l.n;
}
