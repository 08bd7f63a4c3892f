/* lesson_blocks.c - runs what a lesson shows, and compares: commands, quoted code, links */
#include "forklab/bounded.h"
#include "forklab/expect.h"
#include "forklab/lesson.h"
#include "forklab/markdown.h"
#include "forklab/text_file.h"
#include "harness/ensure.h"
#include "harness/options.h"
#include "harness/say.h"
#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_BYTES (256u << 10)

struct tester {
	const struct paths *p;
	const struct lesson *l;
	struct tap *t;
	char scratch[PATH_MAX];
	unsigned skips; /* by skip=, which the front matter must allow; not by needs= */
	int signo;
};

/*
 * The scratch folder looks like the root of the project, build/ included wherever that really is,
 * so that blocks run as they are written, and what they write does not land in the tree.
 */
static int furnish(const struct tester *t)
{
	static const char *const entries[] = {
		"demos", "bench", "lessons", "plots", "tests", "Makefile"};
	char from[PATH_MAX + 32], to[PATH_MAX + 32];

	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		snprintf(from, sizeof(from), "%s/%s", t->p->root, entries[i]);
		snprintf(to, sizeof(to), "%s/%s", t->scratch, entries[i]);
		if (symlink(from, to) < 0)
			return -errno;
	}
	snprintf(to, sizeof(to), "%s/build", t->scratch);
	if (symlink(t->p->build, to) < 0)
		return -errno;
	/* What a test measures must not become the newest result here: `run` writes there, `claims`
	 * reads there. */
	snprintf(to, sizeof(to), "%s/records.jsonl", t->scratch);
	if (setenv("FORKLAB_OUTPUT", to, 1) < 0 || setenv("FORKLAB_FROM", to, 1) < 0)
		return -errno;
	return 0;
}

static bool in_path(const char *program)
{
	const char *path_list = getenv("PATH");
	char *copy = path_list == NULL ? NULL : strdup(path_list), *rest = copy, *dir;
	bool found = false;

	while (rest != NULL && !found && (dir = strsep(&rest, ":")) != NULL) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", dir, program);
		found = access(path, X_OK) == 0;
	}
	free(copy);
	return found;
}

/* needs="cpus>=2 gnuplot": the first that is missing, or NULL. */
static const char *missing(char *needs)
{
	char *word;

	while ((word = strsep(&needs, " ")) != NULL) {
		cpu_set_t set;
		uint64_t cpus;

		if (*word == '\0')
			continue;
		if (strncmp(word, "cpus>=", 6) != 0) {
			if (!in_path(word))
				return word;
			continue;
		}
		if (parse_count(word + 6, 1, 65536, &cpus) < 0 ||
			sched_getaffinity(0, sizeof(set), &set) < 0 ||
			(uint64_t)CPU_COUNT(&set) < cpus)
			return word;
	}
	return NULL;
}

/* A "[exit N]" as the last line: its N and the length of the text before it; else 0 and all. */
static int cut_exit(const char *text, size_t *len)
{
	size_t end = *len, start;
	int status = 0;

	while (end > 0 && isspace((unsigned char)text[end - 1]))
		end--;
	for (start = end; start > 0 && text[start - 1] != '\n';)
		start--;
	if (sscanf(text + start, "[exit %d]", &status) != 1)
		return 0;
	*len = start;
	return status;
}

static void explain(const struct bounded_end *end, const struct expect_miss *miss, int wanted,
	int deadline_ms, char *why, size_t len)
{
	char how[80];

	bounded_how(end, deadline_ms, how, sizeof(how));
	if (miss == NULL)
		snprintf(why, len, "it %s, not with status %d\n%.1500s", how, wanted, end->out.at);
	else
		snprintf(why, len,
			"it %s\nline %zu of its output\nexpected: %s\ngot:      %s\n%.1500s", how,
			miss->line, miss->expected, miss->got, end->out.at);
}

static bool fits(const struct bounded_end *end, const char *expected, size_t len, int deadline_ms,
	char *why, size_t whylen)
{
	int wanted = cut_exit(expected, &len);
	struct expect_miss miss;
	struct expect *e;
	bool same;

	if (expect_parse(expected, len, &e, why, whylen) < 0)
		return false;
	same = expect_match(e, end->out.at, end->out.len, &miss);
	expect_free(e);
	if (same && end->exit == wanted && end->exit >= 0)
		return true;
	explain(end, same ? NULL : &miss, wanted, deadline_ms, why, whylen);
	return false;
}

/* One "$ " line, and the lines up to the next one. */
static void run_command(struct tester *t, const char *command, size_t commandlen,
	const char *expected, size_t len, int deadline_ms, size_t line)
{
	char *text = strndup(command, commandlen), why[2400] = "";
	char shell[] = "sh", flag[] = "-c";
	char *const argv[] = {shell, flag, text, NULL};
	struct bounded_call call = {.argv = argv,
		.dir = t->scratch,
		.deadline_ms = deadline_ms,
		.merge = true,
		.pass_out = -1,
		.pass_err = -1,
		.most = KEPT_BYTES};
	struct bounded_end end = {0};
	int err = text == NULL ? -ENOMEM : bounded_run(&call, &end);
	bool passed;

	if (err < 0) {
		snprintf(why, sizeof(why), "cannot be started: %s", strerror(-err));
		passed = false;
	} else {
		passed = fits(&end, expected, len, deadline_ms, why, sizeof(why));
	}
	t->signo = end.interrupted;
	if (err == 0 && !passed && end.exit == EXIT_SKIPPED)
		tap_skip(t->t, "this machine cannot show it", "%s: line %zu: $ %.120s", t->l->name,
			line, text);
	else
		tap_test(t->t, passed, why, "%s: line %zu: $ %.120s", t->l->name, line, text);
	bounded_free(&end);
	free(text);
}

static void run_console(struct tester *t, const struct markdown_block *b, int deadline_ms)
{
	const char *at = b->text, *end = b->text + b->len;
	size_t line = b->line;

	if (strncmp(at, "$ ", 2) != 0) {
		tap_test(t->t, false, "its first line does not start with \"$ \"", "%s: line %zu",
			t->l->name, line);
		return;
	}
	while (at < end && t->signo == 0) {
		const char *command = at + 2;
		size_t n = strcspn(command, "\n"), first = line;
		const char *expected = command + n + 1;

		for (at = expected, line++; at < end && strncmp(at, "$ ", 2) != 0; line++)
			at += strcspn(at, "\n") + 1;
		run_command(t, command, n, expected, (size_t)(at - expected), deadline_ms, first);
	}
}

static void compare_code(struct tester *t, const struct markdown_block *b)
{
	char file[200] = "", part[100] = "", path[PATH_MAX + 256], why[300] = "";
	char *source = NULL, *text = NULL;
	size_t len;
	int err = -EINVAL;

	if (!markdown_label(b, "file", file, sizeof(file))) {
		tap_test(t->t, false, "quoted code needs file= and part=, or skip= with a reason",
			"%s: line %zu: %s code", t->l->name, b->line, b->language);
		return;
	}
	(void)markdown_label(b, "part", part, sizeof(part));
	snprintf(path, sizeof(path), "%s/%s", t->p->root, file);
	err = text_file_read(path, &source, &len);
	if (err == 0)
		err = source_part(source, part, &text);
	if (err < 0)
		snprintf(why, sizeof(why), "%s: %s: %s", file, part, strerror(-err));
	else if (text == NULL || strlen(text) != b->len || memcmp(text, b->text, b->len) != 0)
		snprintf(why, sizeof(why), "it differs from the part %s of %s", part, file);
	tap_test(t->t, why[0] == '\0', why, "%s: line %zu: code is %s %s", t->l->name, b->line,
		file, part);
	free(source);
	free(text);
}

static void test_block(struct tester *t, const struct markdown_block *b)
{
	char word[200], unknown[64];
	double seconds = 10;
	const char *lack;

	if (markdown_unknown_label(b, unknown, sizeof(unknown)) != NULL) {
		tap_test(t->t, false, unknown, "%s: line %zu: label", t->l->name, b->line);
		return;
	}
	if (markdown_label(b, "timeout", word, sizeof(word)) &&
		parse_seconds(word, 0.1, 600, &seconds) < 0) {
		tap_test(t->t, false, word, "%s: line %zu: timeout", t->l->name, b->line);
		return;
	}
	if (markdown_label(b, "skip", word, sizeof(word))) {
		/* A skip that does not say why is a hole in the test. */
		t->skips++;
		if (word[0] == '\0')
			tap_test(t->t, false, "skip needs a reason", "%s: line %zu", t->l->name,
				b->line);
		else
			tap_skip(t->t, word, "%s: line %zu", t->l->name, b->line);
		return;
	}
	if (markdown_label(b, "needs", word, sizeof(word)) && (lack = missing(word)) != NULL) {
		char reason[256];

		snprintf(reason, sizeof(reason), "needs %s", lack);
		tap_skip(t->t, reason, "%s: line %zu", t->l->name, b->line);
	} else if (strcmp(b->language, "console") == 0) {
		run_console(t, b, (int)(seconds * 1000));
	} else if (strcmp(b->language, "text") != 0) {
		compare_code(t, b);
	}
}

static void test_blocks(struct tester *t)
{
	const char *at = t->l->text;
	struct markdown_block b;
	size_t line = 1;

	while (t->signo == 0 && markdown_next(&at, &line, &b))
		test_block(t, &b);
}

/* Links to files of the project must lead somewhere; the web is not asked. */
static void test_links(struct tester *t, const char *file)
{
	char path[LESSON_PATH + 300], link[256], why[400] = "";
	char *text = NULL;
	const char *at;
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", t->l->dir, file);
	if (text_file_read(path, &text, &len) < 0) {
		tap_test(t->t, false, "it cannot be read", "%s: %s", t->l->name, file);
		return;
	}
	for (at = text; markdown_link(&at, link, sizeof(link));) {
		if (strstr(link, "://") != NULL || link[0] == '#')
			continue;
		snprintf(path, sizeof(path), "%s/%.*s", t->l->dir, (int)strcspn(link, "#"), link);
		if (access(path, F_OK) < 0)
			snprintf(why, sizeof(why), "%s is not there", link);
	}
	tap_test(t->t, why[0] == '\0', why, "%s: links of %s", t->l->name, file);
	free(text);
}

static void test_skips(struct tester *t)
{
	char text[20], why[100];
	uint64_t most = 0;

	lesson_field(t->l, "skips", text, sizeof(text));
	if (text[0] != '\0' && parse_count(text, 0, 1000, &most) < 0)
		most = 0;
	snprintf(why, sizeof(why), "%u blocks are skipped, the front matter allows %u", t->skips,
		(unsigned)most);
	tap_test(t->t, t->skips <= most, why, "%s: blocks that are not run", t->l->name);
}

int lesson_test_text(const struct paths *p, const struct lesson *l, struct tap *tap)
{
	static const char *const files[] = {"lesson.md", "predict.md", "instructor.md"};
	struct tester t = {.p = p, .l = l, .t = tap};
	int err = scratch_make(t.scratch, sizeof(t.scratch));

	if (err == 0)
		err = furnish(&t);
	if (err < 0) {
		tap_test(tap, false, strerror(-err), "%s: a folder to run in", l->name);
		return 0;
	}
	test_blocks(&t);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		test_links(&t, files[i]);
	if (t.signo == 0)
		test_skips(&t);
	unsetenv("FORKLAB_OUTPUT");
	unsetenv("FORKLAB_FROM");
	(void)scratch_remove(t.scratch);
	return t.signo;
}
