/* selftest.c - forklab selftest: a benchmark against itself; how often does it see a difference? */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounded.h"
#include "cmd.h"
#include "harness/host.h"
#include "harness/options.h"
#include "harness/record.h"
#include "harness/say.h"
#include "harness/table.h"
#include "paths.h"
#include "selftest.h"
#include "stop.h"
#include "store.h"

#define DEADLINE_MS 240000

static int by_value(const void *va, const void *vb)
{
	const double *a = va, *b = vb;

	return *a < *b ? -1 : *a > *b;
}

/* The value below which 95 of 100 lie. */
static double percentile95(double *x, size_t n)
{
	size_t rank = (size_t)ceil(0.95 * (double)n);

	qsort(x, n, sizeof(*x), by_value);
	return x[rank ? rank - 1 : 0];
}

static int judge_block(const double *a, const double *b, const unsigned *launch, double *ratios,
	struct selftest *out)
{
	struct stats_comparison c;
	int err = stats_compare(a, b, launch, SELFTEST_ROUNDS, 0.95, SELFTEST_MARGIN, 1, &c);

	if (err)
		return err;
	out->verdicts++;
	out->false_alarms += c.verdict == STATS_FASTER || c.verdict == STATS_SLOWER;
	out->excluded += c.measurable;
	if (c.ci.known && c.ci.lo > 0)
		ratios[out->known++] = fmax(c.ci.hi, 1 / c.ci.lo);
	return 0;
}

int selftest_judge(const double *a, const double *b, const unsigned *launch, size_t n,
	size_t blocks, struct selftest *out)
{
	double *ratios;
	int err = 0;

	memset(out, 0, sizeof(*out));
	if (n / SELFTEST_ROUNDS < blocks)
		blocks = n / SELFTEST_ROUNDS;
	if (!blocks)
		return -ENODATA;
	ratios = calloc(blocks, sizeof(*ratios));
	if (!ratios)
		return -ENOMEM;
	for (size_t i = 0; !err && i < blocks; i++)
		err = judge_block(a + i * SELFTEST_ROUNDS, b + i * SELFTEST_ROUNDS,
			launch ? launch + i * SELFTEST_ROUNDS : NULL, ratios, out);
	if (!err)
		err = stats_proportion(out->false_alarms, out->verdicts, 0.95, &out->alarm_rate);
	if (!err)
		err = stats_proportion(out->excluded, out->verdicts, 0.95, &out->excluded_rate);
	if (!err && out->known)
		out->resolvable = percentile95(ratios, out->known);
	free(ratios);
	return err;
}

json_t *selftest_record(const struct selftest *t, const char *run_id, bool quick)
{
	char utc[32], machine[256];

	record_utc(utc, sizeof(utc));
	host_line(machine, sizeof(machine));
	return json_pack(
		"{s:s, s:s, s:I, s:I, s:[f,f], s:I, s:[f,f], s:o, s:i, s:f, s:b, s:s, s:s}", "type",
		"selftest", "run_id", run_id, "verdicts", (json_int_t)t->verdicts, "false_alarms",
		(json_int_t)t->false_alarms, "rate_ci95", t->alarm_rate.lo, t->alarm_rate.hi,
		"excluded", (json_int_t)t->excluded, "excluded_ci95", t->excluded_rate.lo,
		t->excluded_rate.hi, "resolvable_ratio",
		t->known ? json_real(t->resolvable) : json_null(), "rounds_each", SELFTEST_ROUNDS,
		"margin", SELFTEST_MARGIN, "quick", quick, "started", utc, "machine_text", machine);
}

static void print_rate(const char *what, size_t k, size_t n, const struct stats_interval *ci)
{
	char rate[TABLE_CELL], lo[TABLE_CELL], hi[TABLE_CELL];

	printf("  %-47s %zu of %zu: %s %% [%s, %s]\n", what, k, n,
		table_number(rate, sizeof(rate), 100 * (double)k / (double)n),
		table_number(lo, sizeof(lo), 100 * ci->lo),
		table_number(hi, sizeof(hi), 100 * ci->hi));
}

static void print(const struct selftest *t)
{
	char ratio[TABLE_CELL];

	printf("A benchmark against itself: %zu verdicts, %d rounds each\n", t->verdicts,
		SELFTEST_ROUNDS);
	print_rate("false alarms (faster or slower, margin 3 %)", t->false_alarms, t->verdicts,
		&t->alarm_rate);
	print_rate("intervals that leave out 1 (5 % is as promised)", t->excluded, t->verdicts,
		&t->excluded_rate);
	if (t->known)
		printf("  smallest ratio that can be told apart here: %s\n",
			table_number(ratio, sizeof(ratio), t->resolvable));
	else
		printf("  smallest ratio that can be told apart here: unknown, no block has an "
		       "interval\n");
}

/* a_vs_a writes into a file of its own: its thousands of rounds are no result of this machine. 0, or what to
 * exit with, which has been said. */
static int measure(const struct paths *p, bool quick, char *file)
{
	static char quick_option[] = "--quick", output[] = "--output", progress[] = "--progress";
	static char autos[] = "auto";
	char path[PATH_MAX + 16], why[120];
	char *argv[] = {path, output, file, progress, autos, quick ? quick_option : NULL, NULL};
	const struct bounded_call call = {.argv = argv,
		.deadline_ms = DEADLINE_MS,
		.pass_out = -1,
		.pass_err = STDERR_FILENO};
	struct bounded_end end = {0};
	int err, code = EXIT_DONE;

	snprintf(path, sizeof(path), "%s/a_vs_a", p->bench);
	err = bounded_run(&call, &end);
	if (err) {
		say("selftest: %s: %s", path, strerror(-err));
		code = EXIT_ENVIRONMENT;
	} else if (end.timed_out || end.interrupted || end.signal || end.exit) {
		if (!end.interrupted)
			say("selftest: %s: %s", path,
				bounded_how(&end, DEADLINE_MS, why, sizeof(why)));
		/* What it lacked, we lack: the same exit code says so. */
		code = end.exit == EXIT_ENVIRONMENT ? EXIT_ENVIRONMENT : EXIT_FAILED;
	}
	bounded_free(&end);
	return code;
}

/* Pairs of b and a, judged. */
static int judge(const char *file, bool quick, struct selftest *out)
{
	double *a = NULL, *b = NULL;
	unsigned *launch = NULL;
	const json_t *ra, *rb;
	struct store *s;
	bool paired;
	size_t n;
	int err = store_new(&s);

	if (err)
		return err;
	err = store_add_file(s, file, NULL, NULL);
	ra = store_result(s, "a_vs_a", "a", NULL, NULL);
	rb = store_result(s, "a_vs_a", "b", NULL, NULL);
	if (!err)
		err = ra && rb ? store_pairs(rb, ra, &b, &a, &launch, &n, &paired) : -ENODATA;
	if (!err) {
		err = selftest_judge(
			b, a, launch, n, quick ? SELFTEST_QUICK_BLOCKS : SELFTEST_BLOCKS, out);
		free(a);
		free(b);
		free(launch);
	}
	store_free(s);
	return err;
}

/* Before measuring, which takes a minute: where is the record to go? dir: to be made first; NULL: none. */
static void open_record(const char *dir, const char *output, struct record_writer *w)
{
	int err;

	if (dir && mkdir(dir, 0777) && errno != EEXIST)
		say_exit(EXIT_ENVIRONMENT, "selftest: %s: %s", dir, strerror(errno));
	err = record_open(output, w);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "%s: %s: %s", options_shown("--output"), output,
			strerror(-err));
}

/* Memory that a_vs_a finds by a path, and that is gone with us however we end. */
static void open_scratch(char *file, size_t len)
{
	int fd = memfd_create("selftest", MFD_CLOEXEC);

	if (fd < 0)
		say_exit(EXIT_ENVIRONMENT, "selftest: memory for its samples: %s", strerror(errno));
	snprintf(file, len, "/proc/%d/fd/%d", (int)getpid(), fd);
}

/* Measures, judges and keeps the verdict in w. Returns the exit code. */
static int run(const struct paths *p, bool quick, const char *run_id, struct record_writer *w)
{
	struct selftest t;
	char file[64];
	int code, err;

	open_scratch(file, sizeof(file));
	code = measure(p, quick, file);
	if (code)
		return code;
	err = judge(file, quick, &t);
	if (err) {
		say("selftest: a_vs_a left no pairs to judge: %s", strerror(-err));
		return EXIT_FAILED;
	}
	print(&t);
	err = record_write(w, selftest_record(&t, run_id, quick));
	if (err)
		say("selftest: its record: %s", strerror(-err));
	return err ? EXIT_ENVIRONMENT : EXIT_DONE;
}

int cmd_selftest(int argc, char **argv)
{
	bool quick = false;
	const char *output = NULL, *run_id = NULL;
	const struct option_spec specs[] = {
		{"quick", OPTION_FLAG, &quick, .help = "20 verdicts instead of 200"},
		{"output", OPTION_TEXT, &output, .arg = "FILE",
			.help = "append the record to FILE (default: build/results/RUN.jsonl)"},
		{"run-id", OPTION_TEXT, &run_id, .arg = "ID",
			.help = "name of the run in the record"},
		{.name = NULL},
	};
	static const struct options_text text = {"[options]",
		"Compares a benchmark with itself. Each verdict that sees a difference is a false "
		"alarm; the "
		"intervals show how small a difference this machine lets anyone see.",
		NULL};
	char id[48], path[PATH_MAX + 64];
	struct record_writer w;
	struct stat st;
	struct paths p;
	int first = options_read(argc, argv, specs, &text, false), err = paths_find(&p), code;

	if (first < argc)
		options_refuse(
			"selftest", argv[first], "takes no operand (allowed: options alone)");
	if (run_id && !record_run_id_fits(run_id))
		options_refuse("--run-id", run_id, RECORD_RUN_ID_RULE);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "selftest: its own folder: %s", strerror(-err));
	say_need_output();
	record_run_id(id, sizeof(id));
	snprintf(path, sizeof(path), "%s/%s.jsonl", p.results, run_id ? run_id : id);
	open_record(output ? NULL : p.results, output ? output : path, &w);
	code = run(&p, quick, run_id ? run_id : id, &w);
	err = record_close(&w);
	if (err)
		say("%s: %s: %s", options_shown("--output"), output ? output : path,
			strerror(-err));
	/* An empty file of our own is no run. */
	if (!output && !stat(path, &st) && !st.st_size)
		unlink(path);
	if (stop_asked())
		bounded_reraise(stop_asked());
	return err && !code ? EXIT_ENVIRONMENT : code;
}
