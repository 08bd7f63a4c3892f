/* test_doctor.c - what is said of machines that nobody here has: one core, half a core, no /sys, many nodes */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forklab/doctor.h"
#include "harness/host_internal.h"
#include "suite.h"

/* Two cores of a virtual machine with all tools. */
static struct doctor_facts two_cores(void)
{
	struct doctor_facts f;

	memset(&f, 0, sizeof(f));
	snprintf(f.line, sizeof(f.line), "Some CPU, KVM guest, Linux 6.1, Debian 12");
	f.machine = (struct place_machine){.real = true,
		.packages = 1,
		.numa_nodes = 1,
		.llcs = 1,
		.cores = 2,
		.pus = 2,
		.smt = 1,
		.effective = 2,
		.limit_by = "cores"};
	snprintf(f.machine.text, sizeof(f.machine.text), "2 cores, 1 package");
	f.memory_bytes = (size_t)8 << 30;
	f.python = f.gnuplot = true;
	snprintf(f.gnuplot_version, sizeof(f.gnuplot_version), "5.4");
	f.clock.cost_ns = 24.5;
	f.clock.step_ns = 20;
	snprintf(f.clock.source, sizeof(f.clock.source), "tsc");
	f.checks[0].name = "virtualisation";
	f.checks[0].state = HOST_WARN;
	snprintf(f.checks[0].value, sizeof(f.checks[0].value), "kvm guest");
	snprintf(f.checks[0].why, sizeof(f.checks[0].why), "A virtual machine.");
	f.checks[1].name = "pmu";
	f.checks[1].state = HOST_UNKNOWN;
	snprintf(f.checks[1].why, sizeof(f.checks[1].why), "This machine does not say.");
	f.nchecks = 2;
	return f;
}

/* The line whose text holds part; NULL: none. */
static const struct doctor_line *find(const struct doctor_facts *f, const char *part)
{
	static struct doctor_line lines[DOCTOR_LINES_MAX];
	size_t n = doctor_judge(f, lines, DOCTOR_LINES_MAX);

	for (size_t i = 0; i < n; i++)
		if (strstr(lines[i].what, part))
			return &lines[i];
	return NULL;
}

static void expect_can(const struct doctor_facts *f, const char *part)
{
	const struct doctor_line *l = find(f, part);

	ck_assert_msg(l != NULL, "nothing is said of: %s", part);
	ck_assert_msg(l->can, "cannot: %s", l->what);
}

static void expect_needs(const struct doctor_facts *f, const char *part, const char *needs)
{
	const struct doctor_line *l = find(f, part);

	ck_assert_msg(l != NULL, "nothing is said of: %s", part);
	ck_assert_msg(!l->can, "can: %s", l->what);
	ck_assert_msg(strstr(l->needs, needs) != NULL, "needs: %s", l->needs);
}

START_TEST(two_cores_show_who_computes_faster_but_no_curve)
{
	struct doctor_facts f = two_cores();

	expect_can(&f, "start a thread or a process");
	expect_can(&f, "with 1 to 2 working at once");
	expect_needs(&f, "scales beyond 2 at once; a curve needs 4", "more cores");
	expect_needs(&f, "hardware thread", "SMT");
	expect_needs(&f, "NUMA", "NUMA nodes");
	expect_needs(&f, "speed of bare hardware", "of its own");
}
END_TEST

START_TEST(one_core_shows_no_two_at_once)
{
	struct doctor_facts f = two_cores();

	f.machine.cores = f.machine.pus = f.machine.effective = 1;
	expect_can(&f, "start a thread or a process");
	expect_can(&f, "take turns on one CPU");
	expect_needs(&f, "two workers that really compute", "all this machine has");
}
END_TEST

START_TEST(who_sets_the_limit_is_named)
{
	struct doctor_facts f = two_cores();

	f.machine.effective = 1;
	f.machine.quota_cores = 0.5;
	f.machine.limit_by = "cgroup quota";
	expect_needs(&f, "two workers", "quota");
	f.machine.limit_by = "affinity";
	expect_needs(&f, "two workers", "taskset");
	f.machine.limit_by = NULL;
	expect_needs(&f, "two workers", "2 CPUs");
}
END_TEST

START_TEST(a_big_machine_shows_more)
{
	struct doctor_facts f = two_cores();

	f.machine.smt = 2;
	f.machine.llcs = 16;
	f.machine.numa_nodes = 2;
	f.machine.effective = 128;
	f.checks[0].state = HOST_OK;
	f.checks[1].state = HOST_OK;
	expect_can(&f, "1 to 128");
	expect_can(&f, "hardware thread");
	expect_can(&f, "16 last-level caches");
	expect_can(&f, "2 NUMA nodes");
	expect_can(&f, "cache misses");
	expect_needs(&f, "beyond 128 at once", "more cores");
	ck_assert_ptr_null(find(&f, "bare hardware"));
	ck_assert_ptr_null(find(&f, "curve needs"));
}
END_TEST

START_TEST(missing_tools_cost_what_they_are_for)
{
	struct doctor_facts f = two_cores();

	expect_can(&f, "Python");
	expect_can(&f, "charts (gnuplot 5.4)");
	expect_can(&f, "1 GiB");
	f.python = f.gnuplot = false;
	f.memory_bytes = (size_t)1 << 30;
	expect_needs(&f, "Python", "python3");
	expect_needs(&f, "charts", "gnuplot");
	expect_needs(&f, "1 GiB", "1 GiB here");
	f.memory_bytes = 0;
	expect_needs(&f, "1 GiB", "unknown here");
}
END_TEST

START_TEST(counters_that_may_not_be_opened_are_not_called_absent)
{
	struct doctor_facts f = two_cores();

	expect_needs(&f, "cache misses", "perf_event_paranoid");
	f.checks[1].state = HOST_WARN;
	expect_needs(&f, "cache misses", "a machine that shows");
}
END_TEST

START_TEST(cores_of_two_kinds_need_a_choice)
{
	struct doctor_facts f = two_cores();

	f.machine.mixed_cores = true;
	snprintf(f.machine_why, sizeof(f.machine_why), "cores of several kinds");
	expect_needs(&f, "different kinds", "--cpus");
}
END_TEST

/* What doctor prints of f. The caller frees it. */
static char *printed(const struct doctor_facts *f, bool colour)
{
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	ck_assert_ptr_nonnull(to);
	doctor_print(f, to, colour);
	ck_assert_int_eq(fclose(to), 0);
	return text;
}

START_TEST(a_machine_without_files_is_described_all_the_same)
{
	struct doctor_facts f = two_cores();
	char *text;

	f.nchecks = host_checks_at("/nowhere/at/all", f.checks, HOST_CHECKS_MAX);
	host_line_at("/nowhere/at/all", f.line, sizeof(f.line));
	f.memory_bytes = 0;
	memset(&f.machine, 0, sizeof(f.machine));
	f.machine.effective = 1;
	snprintf(f.machine_why, sizeof(f.machine_why), "/sys cannot be read");
	text = printed(&f, false);
	ck_assert_ptr_nonnull(strstr(text, "unknown processor"));
	ck_assert_ptr_nonnull(strstr(text, "/sys cannot be read"));
	ck_assert_ptr_nonnull(strstr(text, "governor        unknown  "));
	ck_assert_ptr_null(strstr(text, "governor        ok"));
	free(text);
}
END_TEST

START_TEST(lines_fit_a_terminal_and_colours_wait_for_one)
{
	struct doctor_facts f;
	char *text;

	doctor_gather(&f);
	text = printed(&f, false);
	ck_assert_ptr_null(strchr(text, '\033'));
	for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		ck_assert_msg(end - line < 80, "too wide: %.*s", (int)(end - line), line);
		ck_assert_msg(end == line || end[-1] != ' ', "ends with a blank: %.*s",
			(int)(end - line), line);
	}
	free(text);
	text = printed(&f, true);
	ck_assert_ptr_nonnull(strstr(text, "\033[1m"));
	free(text);
}
END_TEST

START_TEST(programs_get_the_same_as_json)
{
	static const char *const strings[] = {"type", "schema", "started", "version", "line"};
	json_t *o, *cannot, *check, *list;
	struct doctor_facts f;
	const char *name;

	doctor_gather(&f);
	o = doctor_json(&f);
	ck_assert_ptr_nonnull(o);
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		ck_assert_msg(json_is_string(json_object_get(o, strings[i])), "%s", strings[i]);
	ck_assert_str_eq(json_string_value(json_object_get(o, "type")), "doctor");
	ck_assert_int_ge(
		json_integer_value(json_object_get(json_object_get(o, "machine"), "effective")), 1);
	ck_assert_double_gt(
		json_number_value(json_object_get(json_object_get(o, "clock"), "cost_ns")), 0);
	ck_assert(json_is_object(json_object_get(o, "host")));
	ck_assert_uint_gt(json_array_size(json_object_get(o, "can")), 2);
	list = json_object_get(o, "cannot");
	for (size_t i = 0; i < json_array_size(list); i++) {
		cannot = json_array_get(list, i);
		ck_assert(json_is_string(json_object_get(cannot, "what")));
		ck_assert_uint_gt(json_string_length(json_object_get(cannot, "needs")), 0);
	}
	ck_assert_uint_eq(json_object_size(json_object_get(o, "checks")), f.nchecks);
	json_object_foreach(json_object_get(o, "checks"), name, check)
	{
		ck_assert_msg(json_is_string(json_object_get(check, "state")), "%s", name);
	}
	json_decref(o);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("doctor");
	TCase *judging = gated_case(s, "judging"), *showing = gated_case(s, "showing");

	tcase_add_test(judging, two_cores_show_who_computes_faster_but_no_curve);
	tcase_add_test(judging, one_core_shows_no_two_at_once);
	tcase_add_test(judging, who_sets_the_limit_is_named);
	tcase_add_test(judging, a_big_machine_shows_more);
	tcase_add_test(judging, missing_tools_cost_what_they_are_for);
	tcase_add_test(judging, counters_that_may_not_be_opened_are_not_called_absent);
	tcase_add_test(judging, cores_of_two_kinds_need_a_choice);
	tcase_add_test(showing, a_machine_without_files_is_described_all_the_same);
	tcase_add_test(showing, lines_fit_a_terminal_and_colours_wait_for_one);
	tcase_add_test(showing, programs_get_the_same_as_json);
	return s;
}
