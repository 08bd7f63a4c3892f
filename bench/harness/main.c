/* main.c - the main of every benchmark: options, placement, measuring, records, table */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/describe.h"
#include "harness/host.h"
#include "harness/launch.h"
#include "harness/options.h"
#include "harness/place.h"
#include "harness/print.h"
#include "harness/progress.h"
#include "harness/record.h"
#include "harness/result.h"
#include "harness/say.h"
#include "harness/study.h"
#include "harness/table.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum format { FORMAT_TABLE, FORMAT_CSV, FORMAT_JSONL };

struct command_line {
	const char *workers, *sweep, *cpus, *output, *run_id;
	int places, proc_bind, pair, format, progress;
	bool no_smt, quick, print_binding, describe;
	bool given_budget, given_launches, given_pair, given_seed;
	double precision, budget_s, margin;
	uint64_t launches, seed;
};

static volatile sig_atomic_t stop_signal;

static void on_signal(int sig)
{
	stop_signal = sig;
}

/* SA_RESETHAND: the second ^C ends the program at once; its launches follow through their life pipes. */
static void catch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction sa = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct sigaction old;

		/* nohup and background jobs of a shell without job control ignore signals: that stays so */
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &sa, NULL);
	}
}

static struct command_line line = {.precision = 0.02, .margin = 0.03, .budget_s = 8, .launches = 5};

static const struct option_spec specs[] = {
	{"workers", OPTION_TEXT, &line.workers, .arg = "LIST",
		.help = "worker counts: 1,2,4, 1..max (default: the benchmark's own)"},
	{"sweep", OPTION_LIST, &line.sweep, .arg = "VAR=LIST",
		.help = "values of an axis: VAR=1,2,4, 1..8 or 1..64*2; once for each axis"},
	{"places", OPTION_WORD, &line.places, .words = "cores|threads", .arg = "KIND",
		.help = "one worker a core, or a hardware thread (default cores)"},
	{"proc-bind", OPTION_WORD, &line.proc_bind, .words = "close|spread|primary|none",
		.arg = "POLICY",
		.help = "neighbours first, far apart first, all on the first, not bound "
			"(default close)"},
	{"pair", OPTION_WORD, &line.pair, .words = "same-core|same-llc", .arg = "KIND",
		.help = "use two CPUs that are related so; 77 where there are none",
		.given = &line.given_pair},
	{"no-smt", OPTION_FLAG, &line.no_smt, .help = "one hardware thread of each core"},
	{"cpus", OPTION_TEXT, &line.cpus, .arg = "LIST",
		.help = "only these CPUs: 0,2-3 (the kernel's numbers) or core:0-1 "
			"(hwloc's)"},
	{"precision", OPTION_SHARE, &line.precision, 0.0001, 1, .arg = "SHARE",
		.help = "stop when the interval is within +-SHARE of the median (default "
			"2%)"},
	{"margin", OPTION_SHARE, &line.margin, 0, 0.99, .arg = "SHARE",
		.help = "differences below this count as none (default 3%)"},
	{"budget", OPTION_SECONDS, &line.budget_s, 0.1, 86400, .arg = "SECONDS",
		.help = "time for the whole program (default 8, with --quick 4)",
		.given = &line.given_budget},
	{"launches", OPTION_COUNT, &line.launches, 1, 1000, .arg = "N",
		.help = "fresh processes to measure in (default 5, with --quick 3)",
		.given = &line.given_launches},
	{"seed", OPTION_COUNT, &line.seed, 0, 9007199254740991.0, .arg = "N",
		.help = "seed of all random orders (default: a new one; it is in the "
			"record)",
		.given = &line.given_seed},
	{"quick", OPTION_FLAG, &line.quick, .help = "fewer points, samples and launches"},
	{"output", OPTION_TEXT, &line.output, .arg = "FILE",
		.help = "append the records to FILE (JSON Lines)"},
	{"format", OPTION_WORD, &line.format, .words = "table|csv|jsonl", .arg = "FORMAT",
		.help = "what goes to standard output (default table)"},
	{"print-binding", OPTION_FLAG, &line.print_binding,
		.help = "show where workers would run, and end"},
	{"describe", OPTION_FLAG, &line.describe,
		.help = "show what this measures as one line of JSON, and end"},
	{"progress", OPTION_WORD, &line.progress, .words = "auto|plain|none", .arg = "KIND",
		.help = "a progress line on a terminal, plain lines, nothing (default "
			"auto)"},
	{"run-id", OPTION_TEXT, &line.run_id, .arg = "ID",
		.help = "name of the run in the records"},
	{.name = NULL},
};

static void read_options(int argc, char **argv)
{
	char after[2048];
	const struct options_text text = {"[options]", bench.question, after};

	describe_text(after, sizeof(after), &bench);
	if (options_read(argc, argv, specs, &text, false) < argc)
		options_refuse("operand", argv[argc - 1], "unexpected (allowed: options alone)");
	if (line.quick && !line.given_budget)
		line.budget_s = 4;
	if (line.quick && !line.given_launches)
		line.launches = 3;
}

static __attribute__((noreturn)) void refuse_place(
	const struct command_line *c, int err, const char *why)
{
	if (err == -ENODEV)
		say_exit(EXIT_SKIPPED, "--pair: %s", why);
	if (err == -EINVAL)
		say_exit(EXIT_USAGE, "%s: %s", c->cpus ? "--cpus" : "--pair", why);
	if (err == -ENOENT)
		say_exit(EXIT_ENVIRONMENT, "--cpus: %s", why);
	say_exit(EXIT_ENVIRONMENT, "placement: %s", why[0] ? why : strerror(-err));
}

static struct place *open_place(const struct command_line *c)
{
	/* One worker a core means its first hardware thread; a pair may be the two threads of one core. */
	const struct place_options opt = {
		.cpus = c->cpus,
		.no_smt = c->no_smt || (!c->places && !c->given_pair),
		.kind = c->places ? PLACE_THREADS : PLACE_CORES,
		.bind = (enum place_bind)c->proc_bind,
		.pair = c->given_pair ? (c->pair ? PLACE_SAME_LLC : PLACE_SAME_CORE)
				      : PLACE_NO_PAIR,
	};
	struct place *p;
	char why[256] = "";
	int err = place_open(&opt, &p, why, sizeof(why));

	if (err)
		refuse_place(c, err, why);
	return p;
}

static void set_axis(
	struct study_sweep *sweep, const char *option, const char *axis, const char *values)
{
	size_t a = study_axis(&bench, axis);
	bool named = !strcmp(option, "--sweep"); /* --workers names its axis itself */
	char why[200];
	int at;

	if (a < BENCH_AXES) {
		sweep->values[a] = values;
		sweep->asked[a] = true;
		return;
	}
	at = snprintf(why, sizeof(why), "this benchmark has no such axis (allowed:");
	for (size_t i = 0; i < BENCH_AXES && bench.axes[i].name; i++)
		at += snprintf(why + at, sizeof(why) - (size_t)at, " %s", bench.axes[i].name);
	snprintf(why + at, sizeof(why) - (size_t)at, "%s)", bench.axes[0].name ? "" : " none");
	options_refuse(option, named ? axis : values, why);
}

/* "work=1ms,10ms;workers=1,2": the text is cut in place. */
static void read_sweep(struct study_sweep *sweep, char *text)
{
	char *item, *rest = text;

	while ((item = strsep(&rest, ";"))) {
		char *values = strchr(item, '=');

		if (!values || values == item || !values[1])
			options_refuse(
				"--sweep", item, "not of the form VAR=LIST (as workers=1,2)");
		*values++ = '\0';
		set_axis(sweep, "--sweep", item, values);
	}
}

static void build(struct study *s, const struct place *p, const struct command_line *c)
{
	const struct study_limits limits = {
		.precision = c->precision,
		.budget_s = c->budget_s,
		.margin = c->margin,
		.launches = (unsigned)c->launches,
		.seed = c->seed,
		.quick = c->quick,
		.bind = c->proc_bind != PLACE_NONE,
		.patience_ms = 60000,
	};
	struct study_sweep sweep = {0};
	char *text = c->sweep ? strdup(c->sweep) : NULL, why[240] = "";
	int err;

	for (size_t i = 0; i < BENCH_AXES; i++)
		sweep.values[i] = c->quick && bench.axes[i].quick ? bench.axes[i].quick
								  : bench.axes[i].values;
	if (text)
		read_sweep(&sweep, text);
	if (c->workers)
		set_axis(&sweep, "--workers", "workers", c->workers);
	err = study_build(s, &bench, p, &limits, &sweep, why, sizeof(why));
	if (err == -EINVAL)
		say_exit(EXIT_USAGE, "--%s: %s", strncmp(why, "workers:", 8) ? "sweep" : "workers",
			strncmp(why, "workers: ", 9) ? why : why + 9);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "points: %s", strerror(-err));
	free(text);
}

static void print_binding(const struct place *p, const struct command_line *c)
{
	printf("%s\n", c->proc_bind == PLACE_NONE ? "not bound" : place_policy(p));
	for (size_t i = 0; i < place_machine(p)->effective && c->proc_bind != PLACE_NONE; i++)
		printf("worker %zu: CPU %u (core %u)\n", i, place_slot(p, i)->os_cpu,
			place_slot(p, i)->core);
}

/* Opens the output and writes the run record before anything is measured: a full disk is found now. */
static void open_records(struct record_writer *w, const struct command_line *c, json_t *run)
{
	int err;

	*w = (struct record_writer){.fd = -1};
	err = c->output ? record_open(c->output, w) : 0;

	if (!err)
		err = record_write(w, json_incref(run));
	if (err)
		say_exit(EXIT_ENVIRONMENT, "--output: %s: %s", c->output ? c->output : "-",
			strerror(-err));
	if (c->format == FORMAT_TABLE && fcntl(STDOUT_FILENO, F_GETFD) < 0)
		say_exit(EXIT_ENVIRONMENT, "standard output: closed (give --output FILE and "
					   "--format jsonl >/dev/null)");
}

static int write_records(struct record_writer *w, const json_t *records)
{
	json_t *o;
	size_t i;
	int err = 0;

	json_array_foreach(records, i, o)
	{
		int e = record_write(w, json_incref(o));

		err = e ? e : err;
	}
	return err;
}

static void print_jsonl(const json_t *run, const json_t *records)
{
	json_t *o;
	size_t i;

	json_dumpf(run, stdout, JSON_COMPACT);
	putchar('\n');
	json_array_foreach(records, i, o)
	{
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
	}
}

static void print_people(const struct study *s, const struct result_run *run, const json_t *records)
{
	char machine[400], host[200];

	host_line(host, sizeof(host));
	snprintf(machine, sizeof(machine), "%s; %s", host, place_machine(s->place)->text);
	print_table(stdout, s, records, machine, run->binding, table_colour(stdout));
}

/* Everything that was measured goes out, also after ^C; then the exit code. */
static int report(const struct study *s, const struct result_run *run, const struct command_line *c,
	struct record_writer *w, const json_t *run_record, uint64_t begin_ns)
{
	json_t *records = result_records(s, run), *end;
	bool invalid;
	int err;

	if (!records)
		say_exit(EXIT_ENVIRONMENT, "records: %s", strerror(ENOMEM));
	end = result_end(s, run, records, (double)(clock_now_ns() - begin_ns) / 1e9);
	invalid = json_integer_value(json_object_get(end, "invalid")) > 0 && !s->interrupted;
	json_array_append_new(records, end);
	err = write_records(w, records);
	if (err)
		say("--output: %s: %s", c->output, strerror(-err));
	if (c->format == FORMAT_TABLE)
		print_people(s, run, records);
	else if (c->format == FORMAT_CSV)
		print_csv(stdout, s, records);
	else
		print_jsonl(run_record, records);
	json_decref(records);
	return err || invalid ? EXIT_FAILED : EXIT_DONE;
}

static bool anything(const struct study *s)
{
	for (size_t i = 0; i < s->ncells; i++)
		if (s->cells[i].n)
			return true;
	return false;
}

static int measure(struct study *s, const struct command_line *c, const struct result_run *run)
{
	json_t *run_record = result_run(s, run);
	struct record_writer writer;
	struct progress progress;
	uint64_t begin = clock_now_ns();
	bool broken;
	int err, code;

	if (!run_record)
		say_exit(EXIT_ENVIRONMENT, "records: %s", strerror(ENOMEM));
	open_records(&writer, c, run_record);
	progress_open(&progress, stderr, (enum progress_mode)c->progress);
	catch_signals();
	err = study_measure(s, &progress, &stop_signal);
	if (err && err != -EINTR && !anything(s))
		say_exit(EXIT_ENVIRONMENT, "launch: %s", strerror(-err));
	if (err && err != -EINTR) {
		say("launch: %s: what was measured before is kept", strerror(-err));
		s->interrupted = true;
	}
	broken = err && err != -EINTR;
	code = report(s, run, c, &writer, run_record, begin);
	json_decref(run_record);
	err = c->output ? record_close(&writer) : 0;
	if (err) {
		say("--output: %s: %s", c->output, strerror(-err));
		code = EXIT_FAILED;
	}
	return broken ? EXIT_ENVIRONMENT : code;
}

/* So that the caller, a shell in a loop for instance, sees what ended us, and ends too. */
static void end_by_signal(int sig)
{
	fflush(stdout);
	signal(sig, SIG_DFL);
	raise(sig);
}

int main(int argc, char **argv)
{
	struct result_run run = {
		.program = program_invocation_short_name, .argc = argc, .argv = argv};
	struct place *place;
	struct study study;
	char run_id[48];
	int code, early = bench.early ? bench.early(argc, argv) : 0;

	if (early)
		return early;
	say_program(argv[0]);
	/* Inherited as ignored, SIGCHLD would reap our children before we can. Launches inherit this in turn. */
	signal(SIGCHLD, SIG_DFL);
	if (argc == 2 && !strcmp(argv[1], "--launch"))
		return launch_main(&bench);
	read_options(argc, argv);
	if (line.run_id && !record_run_id_fits(line.run_id))
		options_refuse("--run-id", line.run_id, RECORD_RUN_ID_RULE);
	if (line.describe) {
		describe_json(stdout, program_invocation_short_name, &bench);
		return say_finish(EXIT_DONE);
	}
	if (!line.given_seed && getrandom(&line.seed, sizeof(line.seed), 0) == sizeof(line.seed))
		line.seed >>= 11; /* below 2^53: every JSON reader keeps it whole */
	place = open_place(&line);
	build(&study, place, &line);
	if (line.print_binding) {
		print_binding(place, &line);
		code = EXIT_DONE;
	} else {
		record_run_id(run_id, sizeof(run_id));
		run.run_id = line.run_id ? line.run_id : run_id;
		run.binding = line.proc_bind == PLACE_NONE ? "not bound" : place_policy(place);
		code = measure(&study, &line, &run);
	}
	study_free(&study);
	place_close(place);
	if (stop_signal) {
		say("interrupted: what was measured is kept%s%s", line.output ? " in " : "",
			line.output ? line.output : "");
		end_by_signal(stop_signal);
	}
	return say_finish(code);
}
