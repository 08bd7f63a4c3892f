/* run.c - forklab run: starts one benchmark in our place, with a file for its records */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog.h"
#include "cmd.h"
#include "harness/options.h"
#include "harness/record.h"
#include "harness/say.h"

static void print_names(const json_t *names)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		printf("%s\n", json_string_value(json_array_get(names, i)));
}

static bool has(const json_t *names, const char *name)
{
	for (size_t i = 0; i < json_array_size(names); i++)
		if (!strcmp(json_string_value(json_array_get(names, i)), name))
			return true;
	return false;
}

static __attribute__((noreturn)) void refuse(const json_t *names, const char *name)
{
	const char *near = catalog_nearest(names, name);

	if (!json_array_size(names))
		say_exit(EXIT_ENVIRONMENT, "run: %s: no benchmark is built here: make", name);
	if (near)
		say_exit(EXIT_USAGE,
			"run: %s: no such benchmark, did you mean %s? (see forklab "
			"run --list)",
			name, near);
	say_exit(EXIT_USAGE, "run: %s: no such benchmark (see forklab run --list)", name);
}

/* The user's own place for the records goes first; FORKLAB_OUTPUT is one too. */
static bool output_given(int argc, char **argv)
{
	const char *env = getenv("FORKLAB_OUTPUT");

	for (int i = 0; i < argc; i++)
		if (!strcmp(argv[i], "--output") || !strncmp(argv[i], "--output=", 9))
			return true;
	return env && *env;
}

/* Options that only tell something: no folder is made for them. */
static bool measures(int argc, char **argv)
{
	static const char *const tell[] = {
		"--help", "-h", "--version", "--describe", "--print-binding"};

	for (int i = 0; i < argc; i++)
		for (size_t k = 0; k < sizeof(tell) / sizeof(tell[0]); k++)
			if (!strcmp(argv[i], tell[k]))
				return false;
	return true;
}

static void make_folder(const char *dir)
{
	if (mkdir(dir, 0777) && errno != EEXIST)
		say_exit(EXIT_ENVIRONMENT,
			"run: %s: cannot be made: %s (allowed: --output FILE "
			"elsewhere)",
			dir, strerror(errno));
}

/* Does not return: the benchmark takes our place, so that signals and exit code are its own. */
static __attribute__((noreturn)) void start(const struct paths *p, int argc, char **argv)
{
	static char option[] = "--output";
	char path[PATH_MAX + 300], file[PATH_MAX + 64], id[32];
	char **args = calloc((size_t)argc + 3, sizeof(*args));
	int n = 0, k = snprintf(path, sizeof(path), "%s/%s", p->bench, argv[0]);

	if (!args || k < 0 || (size_t)k >= sizeof(path))
		say_exit(EXIT_ENVIRONMENT, "run: %s: %s", argv[0], strerror(ENOMEM));
	args[n++] = path;
	if (measures(argc, argv) && !output_given(argc, argv)) {
		make_folder(p->results);
		record_run_id(id, sizeof(id));
		k = snprintf(file, sizeof(file), "%s/%s.jsonl", p->results, id);
		if (k < 0 || (size_t)k >= sizeof(file))
			say_exit(EXIT_ENVIRONMENT, "run: %s: the path is too long", p->results);
		args[n++] = option;
		args[n++] = file;
	}
	for (int i = 1; i < argc; i++)
		args[n++] = argv[i];
	execv(path, args);
	say_exit(EXIT_ENVIRONMENT, "run: %s: cannot be started: %s", path, strerror(errno));
}

int cmd_run(int argc, char **argv)
{
	static const struct options_text about = {
		.usage = "[--list] BENCH [its options]",
		.about = "Measures one benchmark. All that follows its name goes to the benchmark: "
			 "forklab run BENCH --help tells what it takes.",
		.after = "The records are kept in build/results, one file a run, unless --output "
			 "says "
			 "otherwise;\nforklab claims and forklab report read them there.\n",
	};
	bool list = false;
	const struct option_spec specs[] = {
		{.name = "list", .type = OPTION_FLAG, .out = &list, .help = "names all benchmarks"},
		{0},
	};
	struct paths p;
	json_t *names;
	int n, err;

	n = options_read(argc, argv, specs, &about, true);
	err = paths_find(&p);
	if (!err)
		err = catalog_programs(p.bench, &names);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "run: build: %s", strerror(-err));
	if (!list && n >= argc)
		options_refuse("run", NULL, "names no benchmark (see forklab run --list)");
	if (!list && !has(names, argv[n]))
		refuse(names, argv[n]);
	if (list)
		print_names(names);
	json_decref(names);
	if (!list)
		start(&p, argc - n, argv + n);
	return EXIT_DONE;
}
