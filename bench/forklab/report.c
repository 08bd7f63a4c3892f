/* report.c - forklab report: measures, judges, and writes one page */
#include "report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bounded.h"
#include "catalog.h"
#include "cmd.h"
#include "harness/chart.h"
#include "harness/options.h"
#include "harness/record.h"
#include "harness/say.h"

#define BUDGET_S       300
#define QUICK_BUDGET_S 90

struct command_line {
	bool quick;
	const char *only, *from, *output;
};

static void read_options(int argc, char **argv, struct command_line *c)
{
	const struct option_spec specs[] = {
		{"quick", OPTION_FLAG, &c->quick,
			.help = "measure at most 90 s instead of 300, and fewer benchmarks"},
		{"only", OPTION_TEXT, &c->only, .arg = "TOPIC",
			.help = "one topic, or one benchmark"},
		{"from", OPTION_TEXT, &c->from, .arg = "FILE",
			.help = "measure nothing: show the records of FILE (or of all files of a "
				"folder)"},
		{"output", OPTION_TEXT, &c->output, .arg = "DIR",
			.help = "where the page goes (default: build/report)"},
		{.name = NULL},
	};
	static const struct options_text text = {
		.usage = "[options]",
		.about =
			"Runs every benchmark, judges the published claims, and writes one page "
			"with charts, "
			"numbers and verdicts. The page shows the newest records in build/results.",
		.after = "Examples:\n  forklab report --quick\n  forklab report --only "
			 "spawn-vs-fork\n"
			 "  forklab report --from build/results/20261121T094500Z-1a2b.jsonl\n",
	};
	int first = options_read(argc, argv, specs, &text, false);

	if (first < argc)
		options_refuse("report", argv[first], "takes no operand (allowed: options alone)");
}

/* A page that cannot be written is found before a minute is spent on measuring. */
void report_make_folder(const char *dir)
{
	char path[PATH_MAX];
	size_t n = strlen(dir);

	if (n >= sizeof(path))
		say_exit(EXIT_ENVIRONMENT, "%s: %s: %s", options_shown("--output"), dir,
			strerror(ENAMETOOLONG));
	memcpy(path, dir, n + 1);
	for (size_t i = 1; i <= n; i++) {
		char was = path[i];

		if (was != '/' && was)
			continue;
		path[i] = '\0';
		if (mkdir(path, 0777) && errno != EEXIST)
			say_exit(EXIT_ENVIRONMENT, "%s: %s: %s", options_shown("--output"), path,
				strerror(errno));
		path[i] = was;
	}
	if (access(dir, W_OK | X_OK))
		say_exit(EXIT_ENVIRONMENT, "%s: %s: %s", options_shown("--output"), dir,
			strerror(errno));
}

/* Those with a share of the report's time; all of the topic where only is given. */
static json_t *choose(const json_t *catalog, const char *only, bool quick)
{
	const json_t *all = json_object_get(catalog, "benchmarks");
	json_t *chosen = json_array();

	for (size_t i = 0; i < json_array_size(all); i++) {
		json_t *b = json_array_get(all, i);

		if (only ? !strcmp(only, report_text(b, "name")) ||
					!strcmp(only, report_text(b, "topic"))
			 : report_share(b, quick) > 0)
			json_array_append(chosen, b);
	}
	return chosen;
}

/* What a whole report would measure, and this quick one does not. */
static void print_left_out(const json_t *catalog)
{
	const json_t *all = json_object_get(catalog, "benchmarks");
	const char *before = "left out of a quick report: ";

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *b = json_array_get(all, i);

		if (report_share(b, true) > 0 || report_share(b, false) <= 0)
			continue;
		printf("%s%s", before, report_text(b, "name"));
		before = ", ";
	}
	if (*before == ',')
		putchar('\n');
}

static __attribute__((noreturn)) void refuse_topic(const json_t *catalog, const char *only)
{
	const json_t *all = json_object_get(catalog, "benchmarks");
	char names[500] = "";
	size_t used = 0;

	for (size_t i = 0; i < json_array_size(all) && used < sizeof(names); i++) {
		const char *topic = report_text(json_array_get(all, i), "topic");

		if (!strstr(names, topic))
			used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
				used ? ", " : "", topic);
	}
	if (!*names)
		say_exit(EXIT_ENVIRONMENT, "report: no benchmark is built here: make");
	say_exit(EXIT_USAGE, "%s: %s: no such topic or benchmark (allowed: %s)",
		options_shown("--only"), only, names);
}

/* Only so far that a file which cannot be written is known before measuring. */
static void check_results(const char *path)
{
	struct record_writer w;
	int err = record_open(path, &w);

	if (!err)
		err = record_close(&w);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "results: %s: %s", path, strerror(-err));
}

/* NULL where there are no good claims: the page says what is wrong with them. */
static json_t *deciding_demos(const struct paths *paths)
{
	struct claims *claims = NULL;
	char why[400];
	json_t *names = NULL;

	if (!claims_load(paths->claims, &claims, why, sizeof(why)))
		names = claims_demos(claims);
	claims_free(claims);
	return names;
}

/* Measures into a new file of the results, whose name goes to file. Returns how many benchmarks failed. */
static unsigned measure(const struct paths *paths, const json_t *catalog,
	const struct command_line *c, char *file, size_t len)
{
	char run_id[48];
	json_t *chosen = choose(catalog, c->only, c->quick);
	struct report_measure m = {.paths = paths,
		.benches = chosen,
		.demos = c->only ? NULL : deciding_demos(paths),
		.quick = c->quick,
		.budget_s = c->quick ? QUICK_BUDGET_S : BUDGET_S,
		.run_id = run_id,
		.output = file};
	struct store *before;
	unsigned failed = 0;
	int signo;

	if (!json_array_size(chosen))
		refuse_topic(catalog, c->only ? c->only : "");
	record_run_id(run_id, sizeof(run_id));
	snprintf(file, len, "%s/%s.jsonl", paths->results, run_id);
	report_make_folder(paths->results);
	check_results(file);
	if (store_new(&before))
		say_exit(EXIT_ENVIRONMENT, "report: %s", strerror(ENOMEM));
	store_add_folder(before, paths->results, NULL);
	if (c->quick && !c->only)
		print_left_out(catalog);
	signo = report_measure(&m, before, &failed);
	store_free(before);
	json_decref(chosen);
	json_decref(m.demos);
	if (signo) {
		say("interrupted: what was finished is in %s", file);
		fflush(stdout);
		bounded_reraise(signo);
	}
	return failed;
}

/* The page shows one run: what was measured just now, or what the reader names. */
static void load(struct store *s, const char *from)
{
	struct stat st;
	size_t bad = 0;
	bool cut = false;
	int err;

	if (stat(from, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = store_add_folder(s, from, NULL);
	else
		err = store_add_file(s, from, &bad, &cut);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "%s: %s: %s", options_shown("--from"), from,
			strerror(-err));
	if (bad)
		say("%s: %s: %zu lines are no records and are left out", options_shown("--from"),
			from, bad);
	if (cut)
		say("%s: %s: ends in the middle of a line: up to there", options_shown("--from"),
			from);
	if (!json_array_size(store_all(s, "result")) && !json_array_size(store_all(s, "skip")))
		say_exit(EXIT_FAILED, "%s: %s: holds no result", options_shown("--from"), from);
}

void report_open(struct report *r)
{
	char said[120] = "";
	const char *what = "is not installed (make deps)";
	int err = chart_available(said, sizeof(said));

	if (err == -ETIMEDOUT)
		what = "does not answer";
	else if (err && err != -ENOENT)
		what = "failed: ";
	if (err)
		snprintf(r->charts_why, sizeof(r->charts_why),
			"No charts: gnuplot %s%s. All numbers, tables and verdicts are here; the "
			"charts' "
			"data lie in charts/.",
			what,
			err == -ENOENT || err == -ETIMEDOUT ? ""
			: *said                             ? said
							    : "it said nothing");
	r->charts_left = REPORT_CHARTS;
}

/* Page and verdicts of the records in s. */
static int render(const struct paths *paths, const json_t *catalog, const struct store *s,
	const struct command_line *c, const char *dir)
{
	struct report r = {
		.store = s, .paths = paths, .catalog = catalog, .only = c->only, .dir = dir};
	struct claims *claims = NULL;
	int err = claims_load(paths->claims, &claims, r.claims_why, sizeof(r.claims_why));

	if (err)
		say("claims: %s", *r.claims_why ? r.claims_why : strerror(-err));
	r.claims = err ? NULL : claims;
	report_open(&r);
	err = report_model(&r);
	if (!err) {
		report_print_verdicts(&r, stdout);
		if (*r.charts_why)
			say("%s", r.charts_why);
		err = report_page(&r);
		if (r.charts_stopped)
			say("gnuplot did not answer: some charts are not drawn");
	}
	report_model_free(&r);
	claims_free(claims);
	return err;
}

/* "build/report" where we stand in the source tree: as people would type it. */
static const char *shown(const char *dir)
{
	static char cwd[PATH_MAX];
	size_t n = getcwd(cwd, sizeof(cwd)) ? strlen(cwd) : 0;

	return n > 1 && !strncmp(dir, cwd, n) && dir[n] == '/' ? dir + n + 1 : dir;
}

int cmd_report(int argc, char **argv)
{
	struct command_line c = {0};
	struct paths paths;
	json_t *catalog = NULL;
	struct store *store;
	unsigned failed = 0;
	const char *dir;
	char file[PATH_MAX + 64];
	int err;

	read_options(argc, argv, &c);
	say_need_output();
	err = paths_find(&paths);
	if (err || catalog_read(&paths, &catalog))
		say_exit(
			EXIT_ENVIRONMENT, "report: its own folder: %s", strerror(err ? -err : EIO));
	dir = c.output ? c.output : paths.report;
	report_make_folder(dir);
	if (!c.from)
		failed = measure(&paths, catalog, &c, file, sizeof(file));
	if (store_new(&store))
		say_exit(EXIT_ENVIRONMENT, "report: %s", strerror(ENOMEM));
	load(store, c.from ? c.from : file);
	err = render(&paths, catalog, store, &c, dir);
	store_free(store);
	json_decref(catalog);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "report: %s/index.html: %s", dir, strerror(-err));
	printf("Report: %s/index.html\n", shown(dir));
	return failed ? EXIT_FAILED : EXIT_DONE;
}
