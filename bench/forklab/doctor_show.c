/* doctor_show.c - the doctor's findings as text for people and as JSON for programs */
#include "forklab/doctor.h"
#include "harness/record.h"
#include "harness/table.h"
#include <string.h>

#define WIDTH 79

/* Text broken at blanks; the first line starts at column at, the others at column indent. */
static void wrapped(FILE *to, const char *text, int at, int indent)
{
	int column = at;

	while (*text) {
		int n = (int)strcspn(text, " ");

		if (column > indent && column + 1 + n > WIDTH) {
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		}
		if (column > indent) {
			fputc(' ', to);
			column++;
		}
		fprintf(to, "%.*s", n, text);
		column += n;
		text += n + (int)strspn(text + n, " ");
	}
	fputc('\n', to);
}

static void print_lines(const struct doctor_line *lines, size_t n, bool which, FILE *to)
{
	char text[sizeof(lines->what) + sizeof(lines->needs) + 16];

	for (size_t i = 0; i < n; i++) {
		if (lines[i].can != which)
			continue;
		if (which)
			snprintf(text, sizeof(text), "%s", lines[i].what);
		else
			snprintf(text, sizeof(text), "%s -> %s", lines[i].what, lines[i].needs);
		fputs("  - ", to);
		wrapped(to, text, 4, 4);
	}
}

static const char *colour_of(enum host_state s)
{
	switch (s) {
	case HOST_OK:
		return "\033[32m";
	case HOST_WARN:
		return "\033[33m";
	case HOST_UNKNOWN:
		break;
	}
	return "\033[36m";
}

static void print_checks(const struct doctor_facts *f, FILE *to, bool colour)
{
	int name = 0, indent;

	for (size_t i = 0; i < f->nchecks; i++)
		if ((int)strlen(f->checks[i].name) > name)
			name = (int)strlen(f->checks[i].name);
	indent = 2 + name + 2 + (int)strlen("unknown") + 2;
	for (size_t i = 0; i < f->nchecks; i++) {
		const struct host_check *c = &f->checks[i];

		fprintf(to, "  %-*s  %s%-7s%s  ", name, c->name, colour ? colour_of(c->state) : "",
			host_state_name(c->state), colour ? "\033[0m" : "");
		if (c->value[0] != '\0')
			wrapped(to, c->value, indent, indent);
		else if (c->state == HOST_OK)
			fputs("-\n", to);
		/* What is fine needs no words; what is not, does. */
		if (c->state == HOST_OK)
			continue;
		if (c->value[0] != '\0')
			fprintf(to, "%*s", indent, "");
		wrapped(to, c->why, indent, indent);
	}
}

static void print_machine(const struct doctor_facts *f, FILE *to)
{
	const struct place_machine *m = &f->machine;
	char text[320];

	fputs("This machine: ", to);
	wrapped(to, f->line, 14, 14);
	if (f->machine_why[0] != '\0')
		snprintf(text, sizeof(text), "arrangement of cores and caches unknown: %s",
			f->machine_why);
	else
		snprintf(text, sizeof(text), "%s", m->text);
	fprintf(to, "%14s", "");
	wrapped(to, text, 14, 14);
	fprintf(to, "%14s%u %s at once (limit: %s)\n", "", m->effective,
		m->effective == 1 ? "worker can run" : "workers can run",
		m->limit_by ? m->limit_by : "unknown");
}

static void print_clock(const struct clock_info *c, FILE *to)
{
	char cost[TABLE_CELL], step[TABLE_CELL], text[256];

	table_time(cost, sizeof(cost), c->cost_ns);
	table_time(step, sizeof(step), (double)c->step_ns);
	snprintf(text, sizeof(text),
		"CLOCK_MONOTONIC (made of: %s). One look at it costs %s; its smallest step seen is "
		"%s.",
		c->source, cost, step);
	fputs("  ", to);
	wrapped(to, text, 2, 2);
}

static void heading(const char *text, FILE *to, bool colour)
{
	fprintf(to, "\n%s%s%s\n", colour ? "\033[1m" : "", text, colour ? "\033[0m" : "");
}

void doctor_print(const struct doctor_facts *f, FILE *to, bool colour)
{
	struct doctor_line lines[DOCTOR_LINES_MAX];
	size_t n = doctor_judge(f, lines, DOCTOR_LINES_MAX);

	print_machine(f, to);
	heading("Can show here", to, colour);
	print_lines(lines, n, true, to);
	heading("Cannot show here -> what it would take", to, colour);
	print_lines(lines, n, false, to);
	heading("Checks (warn: may spoil numbers; unknown: this machine does not say)", to, colour);
	print_checks(f, to, colour);
	heading("The clock", to, colour);
	print_clock(&f->clock, to);
}

/* A number, or null where 0 means that there is none, or that nobody says. */
static json_t *known(double x)
{
	return x > 0 ? json_real(x) : json_null();
}

static json_t *known_count(size_t x)
{
	return x ? json_integer((json_int_t)x) : json_null();
}

static json_t *machine_json(const struct doctor_facts *f)
{
	const struct place_machine *m = &f->machine;
	json_t *topology = f->topology[0] ? json_string(f->topology) : json_null();
	json_t *o = json_pack("{s:i, s:i, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "cores",
		(int)m->cores, "pus", (int)m->pus, "effective", (int)m->effective, "limit_by",
		m->limit_by ? m->limit_by : "unknown", "quota_cores", known(m->quota_cores), "llc",
		known_count(m->llcs), "numa", known_count(m->numa_nodes), "packages",
		known_count(m->packages), "smt", known_count(m->smt), "l3_bytes",
		known_count(m->l3_bytes), "topology", topology);

	if (o && f->machine_why[0] != '\0')
		json_object_set_new(o, "topology_why", json_string(f->machine_why));
	else if (o && !f->topology[0])
		json_object_set_new(
			o, "topology_why", json_string("not to be said as a synthetic text"));
	return o;
}

static json_t *lines_json(const struct doctor_line *lines, size_t n, bool which)
{
	json_t *list = json_array();

	for (size_t i = 0; list && i < n; i++) {
		json_t *one;

		if (lines[i].can != which)
			continue;
		one = which ? json_string(lines[i].what)
			    : json_pack(
				      "{s:s, s:s}", "what", lines[i].what, "needs", lines[i].needs);
		if (json_array_append_new(list, one)) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *doctor_json(const struct doctor_facts *f)
{
	struct doctor_line lines[DOCTOR_LINES_MAX];
	size_t n = doctor_judge(f, lines, DOCTOR_LINES_MAX);
	char utc[32];
	json_t *o;

	record_utc(utc, sizeof(utc));
	o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:{s:s, s:f, s:I, "
		      "s:I, s:s}}",
		"type", "doctor", "schema", RECORD_SCHEMA, "started", utc, "version",
		FORKLAB_VERSION, "line", f->line, "host", host_provenance(), "machine",
		machine_json(f), "memory_available_bytes", known_count(f->memory_bytes), "can",
		lines_json(lines, n, true), "cannot", lines_json(lines, n, false), "checks",
		host_checks_json(f->checks, f->nchecks), "clock", "id", "MONOTONIC", "cost_ns",
		f->clock.cost_ns, "step_ns", (json_int_t)f->clock.step_ns, "getres_ns",
		(json_int_t)f->clock.getres_ns, "source", f->clock.source);
	if (o && f->memory_bytes == 0)
		json_object_set_new(
			o, "memory_available_bytes_why", json_string("/proc/meminfo does not say"));
	return o;
}
