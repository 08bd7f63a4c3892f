/* test_options.c - the command line of every program: messages, values, environment, --help */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/ensure.h"
#include "harness/options.h"
#include "harness/say.h"
#include "suite.h"

/* A command line and what became of it: run in a child, because usage errors exit. */
struct values {
	uint64_t workers, mem, launch;
	double precision, budget;
	const char *cpus;
	int format;
	bool quick, given;
	const char *sweep;
};

struct outcome {
	int status; /* exit code; 100: options_read returned */
	char out[4096], err[4096];
};

static int read_line(int argc, char **argv, struct values *v, bool stop)
{
	const struct option_spec specs[] = {
		{"workers", OPTION_COUNT, &v->workers, 1, 4096, NULL, NULL, "workers (default 2)",
			&v->given},
		{"mem", OPTION_SIZE, &v->mem, 4096, 1073741824, NULL, NULL, "memory (default 4K)",
			NULL},
		{"precision", OPTION_SHARE, &v->precision, 0.001, 0.5, NULL, NULL, "(default 2%)",
			NULL},
		{"budget", OPTION_SECONDS, &v->budget, 0.1, 86400, NULL, NULL, "(default 10)",
			NULL},
		{"cpus", OPTION_TEXT, &v->cpus, 0, 0, NULL, "LIST", "CPUs (default all)", NULL},
		{"out-format", OPTION_WORD, &v->format, 0, 0, "table|csv|jsonl", NULL,
			"(default table)", NULL},
		{"sweep", OPTION_LIST, &v->sweep, 0, 0, NULL, "VAR=LIST", "once for each axis",
			NULL},
		{"quick", OPTION_FLAG, &v->quick, 0, 0, NULL, NULL, "shorter", NULL},
		{"launch", OPTION_COUNT, &v->launch, 0, 0, NULL, NULL, NULL, NULL},
		{NULL, OPTION_FLAG, NULL, 0, 0, NULL, NULL, NULL, NULL},
	};
	const struct options_text text = {"[options] DEMO", "About it.", "Example: prog --quick"};

	return options_read(argc, argv, specs, &text, stop);
}

static void print_values(const struct values *v, int rest, char **argv)
{
	printf("workers=%ju%s mem=%ju precision=%g budget=%g cpus=%s format=%d quick=%d launch=%ju "
	       "rest=",
		(uintmax_t)v->workers, v->given ? "!" : "", (uintmax_t)v->mem, v->precision,
		v->budget, v->cpus, v->format, v->quick, (uintmax_t)v->launch);
	if (v->sweep)
		printf("sweep=%s;", v->sweep);
	for (; argv[rest] != NULL; rest++)
		printf("%s;", argv[rest]);
	fflush(stdout);
}

static void read_back(int fd, char *buf, size_t len)
{
	ssize_t n = pread(fd, buf, len - 1, 0);

	ck_assert_int_ge(n, 0);
	buf[n] = '\0';
	close(fd);
}

/* words: the command line, parted by one blank; "_" is an empty word. */
static void run_words(const char *words, bool stop, struct outcome *o)
{
	struct values v = {2, 4096, 0, 0.02, 10, "all", 0, false, false, NULL};
	int out = memfd_create("out", MFD_CLOEXEC), err = memfd_create("err", MFD_CLOEXEC), status;
	char prog[] = "/some/where/prog", copy[512], *argv[24] = {prog}, *save = NULL;
	int argc = 1;
	pid_t pid;

	snprintf(copy, sizeof(copy), "%s", words);
	for (char *w = strtok_r(copy, " ", &save); w != NULL && argc < 23;
		w = strtok_r(NULL, " ", &save))
		argv[argc++] = strcmp(w, "_") == 0 ? w + 1 : w;
	fflush(NULL);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		say_program(argv[0]);
		print_values(&v, read_line(argc, argv, &v, stop), argv);
		_exit(100);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	o->status = WEXITSTATUS(status);
	read_back(out, o->out, sizeof(o->out));
	read_back(err, o->err, sizeof(o->err));
}

static const struct {
	const char *words, *message;
} refused[] = {
	{"--sweep _", "--sweep: \"\": needs a value (allowed: VAR=LIST)"},
	{"--workers 0", "--workers: 0: out of range (allowed 1 to 4096)"},
	{"--workers -1", "--workers: -1: not a whole number in digits (allowed 1 to 4096)"},
	{"--workers=1e3", "--workers: 1e3: not a whole number in digits (allowed 1 to 4096)"},
	{"--workers _", "--workers: \"\": not a whole number in digits (allowed 1 to 4096)"},
	{"--workers=", "--workers: \"\": not a whole number in digits (allowed 1 to 4096)"},
	{"--workers 99999999999999999999",
		"--workers: 99999999999999999999: out of range (allowed 1 to 4096)"},
	{"--workers 4\n5", "--workers: 4\\n5: not a whole number in digits (allowed 1 to 4096)"},
	{"--workers \x1b[31m",
		"--workers: \\x1b[31m: not a whole number in digits (allowed 1 to 4096)"},
	{"--workers 4x --help-me",
		"--workers: 4x: not a whole number in digits (allowed 1 to 4096)"},
	{"--mem 4095", "--mem: 4095: out of range (allowed 4K to 1G)"},
	{"--mem 16E", "--mem: 16E: not a size such as 4096, 64K or 1.5G (allowed 4K to 1G)"},
	{"--precision 60%", "--precision: 60%: out of range (allowed 0.1% to 50%)"},
	{"--precision nan",
		"--precision: nan: not a share such as 2% or 0.02 (allowed 0.1% to 50%)"},
	{"--budget 0", "--budget: 0: out of range (allowed 0.1s to 86400s)"},
	{"--budget -1", "--budget: -1: not a time such as 10, 0.5s, 500ms or 2min (allowed 0.1s to "
			"86400s)"},
	{"--out-format cvs",
		"--out-format: cvs: no such choice, did you mean csv? (allowed table|csv|jsonl)"},
	{"--out-format table|csv",
		"--out-format: table|csv: no such choice (allowed table|csv|jsonl)"},
	{"--out-format _", "--out-format: \"\": no such choice (allowed table|csv|jsonl)"},
	{"--out-format tabl", "--out-format: tabl: no such choice, did you mean table? (allowed "
			      "table|csv|jsonl)"},
	{"--workers", "--workers: needs a value (allowed 1 to 4096)"},
	{"--cpus", "--cpus: needs a value (allowed: LIST)"},
	{"--cpus _", "--cpus: \"\": needs a value (allowed: LIST)"},
	{"--quick=1", "--quick: 1: takes no value (allowed: the option alone)"},
	{"--help=3", "--help: 3: takes no value (allowed: the option alone)"},
	{"--version=", "--version: \"\": takes no value (allowed: the option alone)"},
	{"--wrokers 4", "--wrokers: no such option, did you mean --workers? (--help lists all)"},
	{"--wrokers=4", "--wrokers: no such option, did you mean --workers? (--help lists all)"},
	{"--work 4", "--work: no such option, did you mean --workers? (--help lists all)"},
	{"--work=4", "--work: no such option, did you mean --workers? (--help lists all)"},
	{"-workers 4", "-workers: no such option, did you mean --workers? (--help lists all)"},
	{"--quick --qick", "--qick: no such option, did you mean --quick? (--help lists all)"},
	{"--hlep", "--hlep: no such option, did you mean --help? (--help lists all)"},
	{"--versoin", "--versoin: no such option, did you mean --version? (--help lists all)"},
	{"--nothing-like-it", "--nothing-like-it: no such option (--help lists all)"},
	{"--laun 3", "--laun: no such option (--help lists all)"},
	{"-x", "-x: no such option (--help lists all)"},
	{"demo -x", "-x: no such option (--help lists all)"},
};

START_TEST(a_usage_error_is_one_line_that_names_option_value_and_range)
{
	struct outcome o;
	char expected[512];

	run_words(refused[_i].words, false, &o);
	snprintf(expected, sizeof(expected), "prog: %s\n", refused[_i].message);
	ck_assert_str_eq(o.err, expected);
	ck_assert_str_eq(o.out, "");
	ck_assert_int_eq(o.status, EXIT_USAGE);
}
END_TEST

#define DEFAULTS " mem=4096 precision=0.02 budget=10 cpus=all format=0 quick=0 launch=0 rest="

static const struct {
	const char *words;
	bool stop;
	const char *out;
} taken[] = {
	{"", false, "workers=2" DEFAULTS},
	{"--workers 3", false, "workers=3!" DEFAULTS},
	{"--workers=3", false, "workers=3!" DEFAULTS},
	{"--workers 3 --workers 5", false, "workers=5!" DEFAULTS},
	{"--mem 1.5M --precision 5% --budget 2min --cpus 0,2 --out-format jsonl --quick", false,
		"workers=2 mem=1572864 precision=0.05 budget=120 cpus=0,2 format=2 quick=1 "
		"launch=0 rest="},
	{"--launch 18446744073709551615", false,
		"workers=2 mem=4096 precision=0.02 budget=10 cpus=all format=0 quick=0 "
		"launch=18446744073709551615 rest="},
	{"--cpus --quick", false,
		"workers=2 mem=4096 precision=0.02 budget=10 cpus=--quick format=0 quick=0 "
		"launch=0 rest="},
	{"--sweep a=1 --sweep=b=2 --sweep c=3", false, "workers=2" DEFAULTS "sweep=a=1;b=2;c=3;"},
	{"demo --workers 3", false, "workers=3!" DEFAULTS "demo;"},
	{"demo --workers 3", true, "workers=2" DEFAULTS "demo;--workers;3;"},
	{"--workers 3 demo --help", true, "workers=3!" DEFAULTS "demo;--help;"},
	{"--workers 3 -- --help --workers 0", false, "workers=3!" DEFAULTS "--help;--workers;0;"},
	{"--workers 3 -", true, "workers=3!" DEFAULTS "-;"},
};

START_TEST(a_right_line_gives_its_values_and_operands)
{
	struct outcome o;

	run_words(taken[_i].words, taken[_i].stop, &o);
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(o.out, taken[_i].out);
	ck_assert_int_eq(o.status, 100);
}
END_TEST

static const char *const help_lines[] = {"--help", "-h", "--workers 0 --help", "--help --workers 0",
	"--no-such --help", "--workers --help", "demo --help", "--help --version"};

START_TEST(help_wins_over_every_error_and_goes_to_stdout)
{
	struct outcome o;

	run_words(help_lines[_i], false, &o);
	ck_assert_int_eq(o.status, EXIT_DONE);
	ck_assert_str_eq(o.err, "");
	ck_assert_msg(strncmp(o.out, "Usage: prog [options] DEMO\n", 27) == 0, "%s", o.out);
	ck_assert_ptr_nonnull(strstr(o.out, "\nAbout it.\n"));
	ck_assert_ptr_nonnull(strstr(o.out, "\n  --workers N             workers (default 2)\n"));
	ck_assert_ptr_nonnull(strstr(o.out, "\n  --out-format table|csv|jsonl\n"));
	ck_assert_ptr_nonnull(strstr(o.out, "\nExample: prog --quick\n"));
	ck_assert_msg(strstr(o.out, "--launch") == NULL, "an internal option is shown: %s", o.out);
}
END_TEST

START_TEST(version_prints_name_and_version)
{
	struct outcome o;

	run_words("--workers 0 --version --help", false, &o);
	ck_assert_int_eq(o.status, EXIT_DONE);
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(o.out, "prog " FORKLAB_VERSION "\n");
}
END_TEST

START_TEST(environment_stands_in_for_options_that_are_not_on_the_line)
{
	struct outcome o;

	setenv("FORKLAB_WORKERS", "7", 1);
	setenv("FORKLAB_OUT_FORMAT", "csv", 1);
	setenv("FORKLAB_QUICK", "1", 1);
	setenv("FORKLAB_MEM", "", 1);
	run_words("", false, &o);
	ck_assert_str_eq(o.err, "");
	ck_assert_str_eq(o.out,
		"workers=7! mem=4096 precision=0.02 budget=10 cpus=all format=1 quick=1 "
		"launch=0 rest=");
	run_words("--workers 3 --out-format table", false, &o);
	ck_assert_str_eq(o.out,
		"workers=3! mem=4096 precision=0.02 budget=10 cpus=all format=0 quick=1 "
		"launch=0 rest=");
}
END_TEST

START_TEST(a_bad_environment_is_named_unless_the_line_decides)
{
	struct outcome o;

	setenv("FORKLAB_WORKERS", "4x", 1);
	run_words("", false, &o);
	ck_assert_str_eq(o.err,
		"prog: FORKLAB_WORKERS: 4x: not a whole number in digits (allowed 1 to "
		"4096)\n");
	ck_assert_int_eq(o.status, EXIT_USAGE);
	run_words("--workers 3", false, &o);
	ck_assert_int_eq(o.status, 100);
	unsetenv("FORKLAB_WORKERS");
	setenv("FORKLAB_QUICK", "yes", 1);
	run_words("", false, &o);
	ck_assert_str_eq(o.err, "prog: FORKLAB_QUICK: yes: not 0 or 1\n");
	ck_assert_int_eq(o.status, EXIT_USAGE);
}
END_TEST

/* A program finds some mistakes only after options_read: it asks for the name that the user wrote. */
START_TEST(what_came_from_the_environment_bears_the_variables_name)
{
	struct values v = {0};
	char prog[] = "prog", option[] = "--workers", value[] = "3", *argv[] = {prog, NULL};
	char *line[] = {prog, option, value, NULL};

	setenv("FORKLAB_WORKERS", "7", 1);
	setenv("FORKLAB_OUT_FORMAT", "csv", 1);
	ck_assert_int_eq(read_line(1, argv, &v, false), 1);
	ck_assert(options_inherited("--workers"));
	ck_assert_str_eq(options_shown("--workers"), "FORKLAB_WORKERS");
	ck_assert_str_eq(options_shown("--out-format"), "FORKLAB_OUT_FORMAT");
	ck_assert_str_eq(options_shown("--mem"), "--mem");
	ck_assert_int_eq(read_line(3, line, &v, false), 3);
	ck_assert(!options_inherited("--workers"));
	ck_assert_str_eq(options_shown("--workers"), "--workers");
}
END_TEST

static const struct {
	const char *name, *message;
} variables[] = {
	{"FORKLAB_BOGUS", "prog: FORKLAB_BOGUS: no option has this name, so it is ignored\n"},
	{"FORKLAB_BUGDET",
		"prog: FORKLAB_BUGDET: no option has this name, so it is ignored; did you "
		"mean FORKLAB_BUDGET?\n"},
	{"FORKLAB_TOPOLOGY", ""}, /* of another program */
	{"FORKLAB_ROOT", ""},     /* of no option */
	{"FORKLABX", ""},
};

START_TEST(a_variable_that_is_no_option_of_any_program_is_told_once)
{
	struct outcome o;

	setenv(variables[_i].name, "1", 1);
	run_words("", false, &o);
	ck_assert_str_eq(o.err, variables[_i].message);
	ck_assert_str_eq(o.out, "workers=2" DEFAULTS);
	ck_assert_int_eq(o.status, 100);
}
END_TEST

START_TEST(a_very_long_value_is_cut_and_stays_one_line)
{
	char words[512] = "--workers ";
	struct outcome o;

	memset(words + strlen(words), 'x', 480);
	run_words(words, false, &o);
	ck_assert_int_eq(o.status, EXIT_USAGE);
	ck_assert_ptr_nonnull(strstr(o.err, "xxx...: not a whole number"));
	ck_assert_ptr_eq(strchr(o.err, '\n'), o.err + strlen(o.err) - 1);
}
END_TEST

START_TEST(the_nearest_word_is_at_most_two_edits_away)
{
	static const char *const words[] = {"report", "run", "list", "plot", "of", NULL};

	ck_assert_str_eq(options_nearest("reprot", words), "report");
	ck_assert_str_eq(options_nearest("repo", words), "report");
	ck_assert_str_eq(options_nearest("lst", words), "list");
	ck_assert_str_eq(options_nearest("plots", words), "plot");
	ck_assert_str_eq(options_nearest("rnu", words), "run");
	ck_assert_str_eq(options_nearest("list", words), "list");
	ck_assert_ptr_null(options_nearest("xy", words));
	ck_assert_ptr_null(options_nearest("", words));
	ck_assert_ptr_null(options_nearest("compare", words));
	ck_assert_ptr_null(
		options_nearest("a word that is much longer than any of the others", words));
}
END_TEST

static void add_loop(TCase *tc, const TTest *test, size_t n)
{
	tcase_add_loop_test(tc, test, 0, (int)n);
}

Suite *suite(void)
{
	Suite *s = suite_create("options");
	TCase *lines = gated_case(s, "lines");

	add_loop(lines, a_usage_error_is_one_line_that_names_option_value_and_range,
		ARRAY_LEN(refused));
	add_loop(lines, a_right_line_gives_its_values_and_operands, ARRAY_LEN(taken));
	add_loop(lines, help_wins_over_every_error_and_goes_to_stdout, ARRAY_LEN(help_lines));
	tcase_add_test(lines, version_prints_name_and_version);
	tcase_add_test(lines, environment_stands_in_for_options_that_are_not_on_the_line);
	tcase_add_test(lines, a_bad_environment_is_named_unless_the_line_decides);
	tcase_add_test(lines, what_came_from_the_environment_bears_the_variables_name);
	add_loop(lines, a_variable_that_is_no_option_of_any_program_is_told_once,
		ARRAY_LEN(variables));
	tcase_add_test(lines, a_very_long_value_is_cut_and_stays_one_line);
	tcase_add_test(lines, the_nearest_word_is_at_most_two_edits_away);
	return s;
}
