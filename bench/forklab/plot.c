/* plot.c - forklab plot: the charts of one benchmark, as files and as text */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalog.h"
#include "cmd.h"
#include "harness/options.h"
#include "harness/say.h"

static void load(struct store *s, const struct paths *paths, const char *from)
{
	struct stat st;
	int err;

	if (!from)
		err = store_add_folder(s, paths->results, NULL);
	else if (!stat(from, &st) && S_ISDIR(st.st_mode))
		err = store_add_folder(s, from, NULL);
	else
		err = store_add_file(s, from, NULL, NULL);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "%s: %s: %s", options_shown("--from"),
			from ? from : paths->results, strerror(-err));
}

/* Paths last, one a line: they are what a script wants. */
static int draw(struct report *r)
{
	struct figure *f = calloc(REPORT_FIGURES, sizeof(*f));
	size_t n = f ? report_figures(&r->benches[0], f) : 0;
	int err = report_draw(r, f, n), code = EXIT_DONE;

	for (size_t i = 0; i < n; i++) {
		figure_print(&f[i], stdout);
		putchar('\n');
	}
	if (err)
		say_exit(EXIT_ENVIRONMENT, "%s: %s/charts: %s", options_shown("--output"), r->dir,
			strerror(-err));
	for (size_t i = 0; i < n; i++) {
		printf("%s\n", f[i].drawn ? f[i].svg : f[i].data);
		if (*f[i].why) {
			say("%s: %s", f[i].stem, f[i].why);
			code = EXIT_FAILED;
		}
		figure_free(&f[i]);
	}
	free(f);
	if (!n)
		say_exit(EXIT_FAILED, "plot: %s: its records hold no number", r->only);
	return code;
}

static __attribute__((noreturn)) void refuse(const json_t *catalog, const char *name)
{
	const json_t *all = json_object_get(catalog, "benchmarks");
	const char *near = catalog_nearest(all, name);

	for (size_t i = 0; i < json_array_size(all); i++)
		if (!strcmp(report_text(json_array_get(all, i), "name"), name))
			say_exit(EXIT_FAILED, "plot: %s: no records of it: forklab run %s", name,
				name);
	if (near)
		say_exit(EXIT_USAGE,
			"plot: %s: no such benchmark, did you mean %s? (allowed: a name of forklab "
			"list)",
			name, near);
	say_exit(EXIT_USAGE, "plot: %s: no such benchmark (allowed: a name of forklab list)", name);
}

/* Only the benchmark itself: the model also takes topics. */
static bool found(const struct report *r)
{
	return r->nbenches == 1 && !strcmp(r->benches[0].name, r->only);
}

int cmd_plot(int argc, char **argv)
{
	const char *from = NULL, *output = NULL;
	const struct option_spec specs[] = {
		{"from", OPTION_TEXT, &from, .arg = "FILE",
			.help = "a file of records, or a folder of them (default: build/results)"},
		{"output", OPTION_TEXT, &output, .arg = "DIR",
			.help = "its folder charts gets the files (default: build/report)"},
		{.name = NULL},
	};
	static const struct options_text text = {"[options] BENCH",
		"Draws the charts of one benchmark from its newest records, and shows them as "
		"text.",
		"Example:\n  forklab plot start_cost\n"};
	struct report r = {0};
	struct paths paths;
	json_t *catalog = NULL;
	struct store *store;
	int first = options_read(argc, argv, specs, &text, false), err = paths_find(&paths), code;

	if (argc - first > 1)
		options_refuse("plot", argv[first + 1],
			"only one benchmark at a time (allowed: a name of forklab list)");
	if (argc == first || !*argv[first])
		options_refuse("plot", argc == first ? NULL : "",
			"no benchmark is named (allowed: a name of forklab list)");
	if (err || catalog_read(&paths, &catalog) || store_new(&store))
		say_exit(EXIT_ENVIRONMENT, "plot: its own folder: %s", strerror(err ? -err : EIO));
	load(store, &paths, from);
	r = (struct report){.store = store,
		.paths = &paths,
		.catalog = catalog,
		.only = argv[first],
		.dir = output ? output : paths.report};
	report_open(&r);
	if (report_model(&r))
		say_exit(EXIT_ENVIRONMENT, "plot: %s", strerror(ENOMEM));
	if (!found(&r))
		refuse(catalog, argv[first]);
	if (*r.charts_why)
		say("%s", r.charts_why);
	report_make_folder(r.dir);
	code = draw(&r);
	report_model_free(&r);
	store_free(store);
	json_decref(catalog);
	return code;
}
