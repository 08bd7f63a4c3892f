/* watch.c - forklab watch: runs a demo, passes on what it shows, and says whether that was expected */
#include "forklab/bounded.h"
#include "forklab/catalog.h"
#include "forklab/cmd.h"
#include "forklab/expect.h"
#include "forklab/text_file.h"
#include "harness/ensure.h"
#include "harness/options.h"
#include "harness/peer.h"
#include "harness/record.h"
#include "harness/say.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_BYTES (1u << 20)

struct watching {
	struct paths paths;
	const char *name;
	char **args; /* python3, then argv of the demo */
	bool plain;  /* without arguments: what is to be seen is known */
	int deadline_ms;
	char run_id[32];
	struct record_writer records;
};

struct verdict {
	int exit; /* EXIT_DONE: seen as expected */
	char reason[500];
};

/* A check is what a demo is, in CPython: bench/peers/check_NAME.py. */
static bool is_check(const char *name)
{
	size_t n = strlen(name);

	return strncmp(name, "check_", 6) == 0 && n > 9 && strcmp(name + n - 3, ".py") == 0;
}

static int is_check_file(const struct dirent *e)
{
	return is_check(e->d_name);
}

/* A folder that is not there, as with an installed forklab, has none. */
static void add_checks(const struct paths *p, json_t *names)
{
	char dir[PATH_MAX + 16];
	struct dirent **found;
	int n;

	snprintf(dir, sizeof(dir), "%s/bench/peers", p->root);
	n = scandir(dir, &found, is_check_file, alphasort);
	for (int i = 0; i < n; i++) {
		json_array_append_new(names, json_string(found[i]->d_name));
		free(found[i]);
	}
	if (n >= 0)
		free(found);
}

static void source_path(const struct paths *p, const char *name, char *buf, size_t len)
{
	if (is_check(name))
		snprintf(buf, len, "%s/bench/peers/%s", p->root, name);
	else
		snprintf(buf, len, "%s/demos/%s.c", p->root, name);
}

static void print_demos(const struct paths *p, const json_t *names)
{
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		struct demo_header h = {0};
		char path[PATH_MAX + 300], *text = NULL;
		size_t len;

		source_path(p, name, path, sizeof(path));
		if (text_file_read(path, &text, &len) == 0)
			(void)demo_header_parse(text, len, &h);
		printf("%-28s %s\n", name, h.phenomenon == NULL ? "" : h.phenomenon);
		demo_header_free(&h);
		free(text);
	}
}

static void check_name(const json_t *names, const char *name)
{
	const char *near;

	for (size_t i = 0; i < json_array_size(names); i++)
		if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
			return;
	if (json_array_size(names) == 0)
		say_exit(EXIT_ENVIRONMENT, "watch: %s: no demo is built here: make demos", name);
	near = catalog_nearest(names, name);
	if (near != NULL)
		say_exit(EXIT_USAGE,
			"watch: %s: no such demo, did you mean %s? (see forklab watch)", name,
			near);
	say_exit(EXIT_USAGE, "watch: %s: no such demo (see forklab watch)", name);
}

/* Before the demo runs: nobody should watch ten seconds for a record that cannot be kept. */
static void open_records(struct watching *w, const char *output)
{
	char file[PATH_MAX + 64];
	int err;

	w->records.fd = -1;
	record_run_id(w->run_id, sizeof(w->run_id));
	if (!w->plain)
		return;
	if (output == NULL) {
		if (mkdir(w->paths.results, 0777) < 0 && errno != EEXIST)
			say_exit(EXIT_ENVIRONMENT, "watch: %s: cannot be made: %s",
				w->paths.results, strerror(errno));
		snprintf(file, sizeof(file), "%s/%s.jsonl", w->paths.results, w->run_id);
		output = file;
	}
	err = record_open(output, &w->records);
	if (err < 0)
		say_exit(EXIT_ENVIRONMENT, "%s: %s: cannot be written: %s",
			options_shown("--output"), output, strerror(-err));
}

/* The last line that the demo wrote to standard error, without its own name. */
static void last_words(const struct bounded_text *err, const char *name, char *buf, size_t len)
{
	const char *at = err->at, *end = at + err->len, *nl;
	size_t n = strlen(name);

	while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	nl = memrchr(at, '\n', (size_t)(end - at));
	if (nl != NULL)
		at = nl + 1;
	if ((size_t)(end - at) > n + 2 && memcmp(at, name, n) == 0 && memcmp(at + n, ": ", 2) == 0)
		at += n + 2;
	snprintf(buf, len, "%.*s", (int)(end - at), at);
}

static void compare_with(const struct expect *e, const struct bounded_end *end, struct verdict *v)
{
	struct expect_miss miss;

	if (expect_match(e, end->out.at, end->out.len, &miss)) {
		*v = (struct verdict){EXIT_DONE, "seen as expected"};
		return;
	}
	v->exit = EXIT_FAILED;
	snprintf(v->reason, sizeof(v->reason),
		"not as expected: line %zu: \"%s\" instead of \"%s\"", miss.line, miss.got,
		miss.expected);
}

/* What the demo said it would show, against what it did show. */
static void compare(const struct watching *w, const struct bounded_end *end, struct verdict *v)
{
	char path[PATH_MAX + 300], why[200] = "its first comment is not \"NAME - text\"",
				   *text = NULL;
	struct demo_header h = {0};
	struct expect *e = NULL;
	size_t len;
	int err;

	source_path(&w->paths, w->name, path, sizeof(path));
	err = text_file_read(path, &text, &len);
	if (err < 0) {
		v->exit = EXIT_DONE;
		snprintf(v->reason, sizeof(v->reason), "shown; not compared: %.200s: %s",
			path + strlen(w->paths.root) + 1, strerror(-err));
		return;
	}
	err = demo_header_parse(text, len, &h);
	if (err == 0)
		err = expect_parse(h.expect, strlen(h.expect), &e, why, sizeof(why));
	if (err < 0) {
		v->exit = EXIT_FAILED;
		snprintf(v->reason, sizeof(v->reason), "cannot be compared: %.200s: %s",
			path + strlen(w->paths.root) + 1, why);
	} else {
		compare_with(e, end, v);
	}
	expect_free(e);
	demo_header_free(&h);
	free(text);
}

static void judge(const struct watching *w, const struct bounded_end *end, struct verdict *v)
{
	char how[80], words[300];

	last_words(&end->err, w->name, words, sizeof(words));
	v->exit = EXIT_FAILED;
	if (end->exit == EXIT_DONE && end->left_behind)
		snprintf(v->reason, sizeof(v->reason),
			"not as expected: it ended, something that it "
			"started did not");
	else if (end->exit == EXIT_DONE && !w->plain)
		*v = (struct verdict){
			EXIT_DONE, "ended well; with arguments nothing is compared or kept"};
	else if (end->exit == EXIT_DONE)
		compare(w, end, v);
	else if (end->exit == EXIT_SKIPPED) {
		v->exit = EXIT_SKIPPED;
		snprintf(v->reason, sizeof(v->reason), "cannot be shown here: %s", words);
	} else {
		if (end->exit == EXIT_USAGE || end->exit == EXIT_ENVIRONMENT)
			v->exit = end->exit;
		snprintf(v->reason, sizeof(v->reason), "not shown: it %s%s%s",
			bounded_how(end, w->deadline_ms, how, sizeof(how)), *words ? ": " : "",
			words);
	}
}

static int keep(struct watching *w, const struct verdict *v)
{
	/* A demo's words may be any bytes; JSON takes UTF-8 alone. */
	json_t *reason = json_string(v->reason);
	json_t *obj = json_pack("{s:s, s:s, s:s, s:i, s:o}", "type", "demo", "run_id", w->run_id,
		"name", w->name, "exit", v->exit, "reason",
		reason != NULL ? reason : json_string("its words are no UTF-8"));
	char python[64];
	int err, closed;

	if (is_check(w->name) && peer_version("python3", python, sizeof(python)) == 0)
		json_object_set_new(obj, "host", json_pack("{s:s}", "python", python));
	err = record_write(&w->records, obj);
	closed = record_close(&w->records);

	if (err == 0)
		err = closed;
	if (err < 0)
		say("%s: the record could not be written: %s", options_shown("--output"),
			strerror(-err));
	return err;
}

static int watch(struct watching *w)
{
	char path[PATH_MAX + 300];
	struct bounded_call call = {.argv = w->args,
		.deadline_ms = w->deadline_ms,
		.pass_out = 1,
		.pass_err = 2,
		.most = KEPT_BYTES};
	struct bounded_end end;
	struct verdict v = {EXIT_FAILED, ""};
	int err;

	if (is_check(w->name))
		source_path(&w->paths, w->name, path, sizeof(path));
	else
		snprintf(path, sizeof(path), "%s/%s", w->paths.demos, w->name);
	w->args[1] = path;
	call.argv += !is_check(w->name); /* a script stands behind its interpreter */
	fflush(stdout);
	err = bounded_run(&call, &end);
	if (err == -ENOENT && is_check(w->name))
		v = (struct verdict){EXIT_SKIPPED, "cannot be shown here: python3 is not there"};
	else if (err < 0)
		say_exit(
			EXIT_ENVIRONMENT, "watch: %s: cannot be started: %s", path, strerror(-err));
	else
		judge(w, &end, &v);
	/* A usage error has been told by the demo itself, in its one line. */
	if (v.exit != EXIT_USAGE)
		printf("%s: %s\n", w->name, v.reason);
	if (end.interrupted != 0) {
		fflush(stdout);
		(void)record_close(&w->records);
		bounded_reraise(end.interrupted);
	}
	bounded_free(&end);
	return keep(w, &v) < 0 && v.exit == EXIT_DONE ? EXIT_ENVIRONMENT : v.exit;
}

static char **args_of(int n, char **argv)
{
	static char python[] = "python3";
	char **args = calloc((size_t)n + 2, sizeof(*args));

	if (args == NULL)
		say_exit(EXIT_ENVIRONMENT, "watch: %s", strerror(ENOMEM));
	args[0] = python;
	memcpy(args + 1, argv, (size_t)n * sizeof(*args));
	return args;
}

int cmd_watch(int argc, char **argv)
{
	static const struct options_text about = {
		.usage = "[options] [DEMO [its arguments]]",
		.about =
			"Runs a demo, passes on what it shows, and compares it with what it should "
			"show. Without a name it lists the demos.",
		.after = "Exit code: 0 seen as expected, 1 not, 77 this machine cannot show it.\n",
	};
	const char *output = NULL;
	double deadline = 10;
	const struct option_spec specs[] = {
		{.name = "output",
			.type = OPTION_TEXT,
			.out = &output,
			.arg = "FILE",
			.help = "append the record there (default a new file in build/results)"},
		{.name = "deadline",
			.type = OPTION_SECONDS,
			.out = &deadline,
			.min = 0.1,
			.max = 600,
			.arg = "SECONDS",
			.help = "end it after this time (default 10)"},
		{0},
	};
	struct watching w = {0};
	int n = options_read(argc, argv, specs, &about, true);
	int err = paths_find(&w.paths), ret = EXIT_DONE;
	json_t *names = NULL;

	if (err == 0)
		err = catalog_programs(w.paths.demos, &names);
	if (err < 0)
		say_exit(EXIT_ENVIRONMENT, "watch: build: %s", strerror(-err));
	add_checks(&w.paths, names);
	if (n < argc) {
		check_name(names, argv[n]);
		w.name = argv[n];
		w.args = args_of(argc - n, argv + n);
		w.plain = n + 1 == argc;
		w.deadline_ms = (int)(deadline * 1000);
		say_need_output();
		open_records(&w, output);
		ret = watch(&w);
		free(w.args);
	} else {
		print_demos(&w.paths, names);
	}
	json_decref(names);
	return ret;
}
