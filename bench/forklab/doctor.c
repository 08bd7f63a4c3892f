/* doctor.c - forklab doctor: what this machine can and cannot show, and what may spoil its numbers
 */
#include "forklab/doctor.h"

#include "forklab/cmd.h"
#include "harness/chart.h"
#include "harness/options.h"
#include "harness/record.h"
#include "harness/say.h"
#include "harness/table.h"
#include "harness/tools.h"
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Without hwloc's picture the number of CPUs is all that the rest needs. */
static void count_cpus(struct place_machine *m)
{
	cpu_set_t set; /* more than 1024 CPUs do not fit: then sysconf's number stands */
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	m->effective = online > 0 ? (unsigned)online : 1;
	m->limit_by = "cores";
	if (!sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) > 0) {
		if ((unsigned)CPU_COUNT(&set) < m->effective)
			m->limit_by = "affinity";
		m->effective = (unsigned)CPU_COUNT(&set);
	}
	m->cores = m->pus = m->effective;
}

void doctor_gather(struct doctor_facts *out)
{
	const struct place_options all = {0};
	struct place *place = NULL;
	int err;

	memset(out, 0, sizeof(*out));
	host_line(out->line, sizeof(out->line));
	err = place_open(&all, &place, out->machine_why, sizeof(out->machine_why));
	if (err) {
		count_cpus(&out->machine);
		out->machine.mixed_cores = err == -ENOTSUP;
	} else {
		out->machine = *place_machine(place);
		out->machine_why[0] = '\0';
		snprintf(out->topology, sizeof(out->topology), "%s", place_synthetic(place));
	}
	place_close(place);
	out->memory_bytes = host_memory_available();
	out->python = tools_find("python3", NULL, 0);
	out->gnuplot = !chart_available(out->gnuplot_version, sizeof(out->gnuplot_version));
	out->nchecks = host_checks(out->checks, HOST_CHECKS_MAX);
	clock_measure(&out->clock);
}

static int print_json(const struct doctor_facts *f)
{
	json_t *o = doctor_json(f);
	int err;

	if (!o)
		say_exit(EXIT_ENVIRONMENT, "doctor: no memory");
	err = json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
	json_decref(o);
	/* A write error stays in stdout: say_finish tells it. */
	if (!err)
		putchar('\n');
	return EXIT_DONE;
}

int cmd_doctor(int argc, char **argv)
{
	static struct doctor_facts facts;
	int format = 0, first;
	const struct option_spec specs[] = {
		{.name = "format",
			.type = OPTION_WORD,
			.out = &format,
			.words = "table|json",
			.arg = "FORM",
			.help = "table (default) for people, json for programs"},
		{0},
	};
	static const struct options_text text = {
		.usage = "doctor [--format table|json]",
		.about = "Says what this machine can and cannot show, what may spoil its numbers, "
			 "and what its clock costs. It looks and changes nothing; it exits 0 also "
			 "with warnings.",
	};

	first = options_read(argc, argv, specs, &text, false);
	if (first < argc)
		say_exit(EXIT_USAGE, "doctor: %s: takes no operand (see forklab doctor --help)",
			argv[first]);
	doctor_gather(&facts);
	if (format == 1)
		return print_json(&facts);
	doctor_print(&facts, stdout, table_colour(stdout));
	return EXIT_DONE;
}
