/* lesson.c - forklab lesson: lists the lessons, shows one, keeps its predictions, checks its
 * exercises */
#include "forklab/lesson.h"
#include "forklab/store.h"

#include "forklab/bounded.h"
#include "forklab/cmd.h"
#include "harness/ensure.h"
#include "harness/options.h"
#include "harness/say.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_lesson(const struct paths *p, const char *name)
{
	char path[LESSON_PATH];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/lesson.md", p->lessons, name);
	f = fopen(path, "re");
	if (f != NULL)
		fclose(f);
	return f != NULL;
}

/* The names of all lessons, sorted; names[n] is NULL. The caller frees with free_names. */
static int read_names(const struct paths *p, const char ***names, size_t *n)
{
	struct dirent **list;
	int found = scandir(p->lessons, &list, NULL, alphasort);

	if (found < 0)
		return -errno;
	*n = 0;
	*names = calloc((size_t)found + 1, sizeof(**names));
	for (int i = 0; i < found; i++) {
		if (*names != NULL && list[i]->d_name[0] != '.' && is_lesson(p, list[i]->d_name)) {
			(*names)[*n] = strdup(list[i]->d_name);
			*n += (*names)[*n] != NULL;
		}
		free(list[i]);
	}
	free(list);
	return *names == NULL ? -ENOMEM : 0;
}

static void free_names(const char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)names[i]);
	free(names);
}

static void list_lessons(const struct paths *p, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char title[200], minutes[100], near[2];
		struct lesson l;

		if (lesson_open(p, names[i], &l, near, sizeof(near)) < 0) {
			printf("%-20s (cannot be read)\n", names[i]);
			continue;
		}
		printf("%-20s %s\n%-20s   %s\n", names[i],
			lesson_field(&l, "title", title, sizeof(title)), "",
			lesson_field(&l, "minutes", minutes, sizeof(minutes)));
		lesson_close(&l);
	}
	printf("\nforklab lesson NAME shows one; the first two digits of its name are enough.\n");
}

static void open_or_refuse(const struct paths *p, const char *which, struct lesson *l)
{
	char near[128] = "";
	int err = lesson_open(p, which, l, near, sizeof(near));

	if (err == -ENOENT && near[0] != '\0')
		say_exit(EXIT_USAGE,
			"lesson: %s: no such lesson, did you mean %s? (see forklab lesson)", which,
			near);
	if (err == -ENOENT)
		say_exit(EXIT_USAGE, "lesson: %s: no such lesson (see forklab lesson)", which);
	if (err < 0)
		say_exit(EXIT_ENVIRONMENT, "lesson: %s: cannot be read: %s", which, strerror(-err));
}

static void compare(
	const struct paths *p, const struct lesson *l, const json_t *predicted, const char *said)
{
	struct store *s;
	size_t files = 0;

	printf("\nYour prediction: %s\n", said);
	if (store_new(&s) < 0)
		return;
	if (store_add_folder(s, p->results, &files) == 0)
		lesson_compare(s, l, json_object_get(predicted, "answers"));
	store_free(s);
}

static int show(const struct paths *p, const struct lesson *l, bool whole)
{
	char said[200];
	json_t *predicted = lesson_predicted(p, l, said, sizeof(said));

	if (l->predict[0] == '\0')
		whole = true;
	lesson_print(l, whole || predicted != NULL);
	if (predicted != NULL)
		compare(p, l, predicted, said);
	else if (!whole)
		printf("\nFirst write down what you expect, then read on:\n"
		       "    forklab lesson %.2s --predict ANSWER,ANSWER,...\n"
		       "(or read on without: forklab lesson %.2s --no-predict)\n",
			l->name, l->name);
	json_decref(predicted);
	return EXIT_DONE;
}

static int predict(const struct paths *p, const struct lesson *l, const char *answers)
{
	char why[200] = "";
	int err = lesson_predict(p, l, answers, why, sizeof(why));

	if (err == -EINVAL)
		options_refuse("--predict", answers, why);
	if (err < 0)
		say_exit(EXIT_ENVIRONMENT, "--predict: %s: cannot be kept: %s", p->results,
			strerror(-err));
	printf("Kept. Now measure: forklab lesson %.2s shows the rest, and at its end your answers "
	       "beside "
	       "what this machine says.\n",
		l->name);
	return EXIT_DONE;
}

static int test_one(const struct paths *p, const char *name, struct tap *t)
{
	struct lesson l;
	int signo;

	open_or_refuse(p, name, &l);
	signo = lesson_test_text(p, &l, t);
	if (signo == 0)
		signo = lesson_test_exercises(p, &l, t);
	lesson_close(&l);
	return signo;
}

static int test(const struct paths *p, const char *which, const char *const *names, size_t n)
{
	struct tap t = {0};
	int signo = 0;

	if (which != NULL)
		signo = test_one(p, which, &t);
	for (size_t i = 0; which == NULL && signo == 0 && i < n; i++)
		signo = test_one(p, names[i], &t);
	printf("1..%u\n", t.n);
	if (signo != 0) {
		fflush(stdout);
		bounded_reraise(signo);
	}
	return t.failed > 0 ? EXIT_FAILED : EXIT_DONE;
}

struct wanted {
	const char *predict, *check, *exercise;
	bool test, no_predict;
};

static int do_lesson(const struct paths *p, const struct wanted *w, const char *which,
	const char *const *names, size_t n)
{
	struct lesson l;
	int ret;

	if (w->test)
		return test(p, which, names, n);
	if (which == NULL && (w->predict != NULL || w->check != NULL))
		options_refuse("lesson", NULL, "no lesson is named (see forklab lesson)");
	if (which == NULL) {
		list_lessons(p, names, n);
		return EXIT_DONE;
	}
	open_or_refuse(p, which, &l);
	if (w->predict != NULL)
		ret = predict(p, &l, w->predict);
	else if (w->check != NULL)
		ret = lesson_check(p, &l, w->exercise, w->check);
	else
		ret = show(p, &l, w->no_predict);
	lesson_close(&l);
	if (ret < 0) {
		fflush(stdout);
		bounded_reraise(-ret);
	}
	return ret;
}

int cmd_lesson(int argc, char **argv)
{
	static const struct options_text about = {
		.usage = "[options] [LESSON]",
		.about = "Shows a lesson, keeps your prediction, checks your exercise. Without a "
			 "name it "
			 "lists the lessons.",
		.after = "  forklab lesson 01                       the text, up to the question\n"
			 "  forklab lesson 01 --predict B,C,40      your answers; then the rest is "
			 "shown\n"
			 "  forklab lesson 01 --check start_fifty.c points and hints\n",
	};
	struct wanted w = {0};
	const struct option_spec specs[] = {
		{.name = "predict",
			.type = OPTION_TEXT,
			.out = &w.predict,
			.arg = "ANSWERS",
			.help = "keep these answers, one for each question, with commas between"},
		{.name = "no-predict",
			.type = OPTION_FLAG,
			.out = &w.no_predict,
			.help = "show the whole text without a prediction"},
		{.name = "check",
			.type = OPTION_TEXT,
			.out = &w.check,
			.arg = "FILE.c",
			.help = "compile and check an exercise"},
		{.name = "exercise",
			.type = OPTION_TEXT,
			.out = &w.exercise,
			.arg = "NAME",
			.help = "which exercise FILE.c is (default: the only one, or by its name)"},
		{.name = "test",
			.type = OPTION_FLAG,
			.out = &w.test,
			.help = "run all that the lesson shows, and print TAP"},
		{0},
	};
	int n = options_read(argc, argv, specs, &about, false), err, ret;
	const char **names = NULL;
	struct paths p;
	size_t count = 0;

	if (n + 1 < argc)
		options_refuse("lesson", argv[n + 1], "only one lesson at a time");
	err = paths_find(&p);
	if (err == 0)
		err = read_names(&p, &names, &count);
	if (err < 0)
		say_exit(EXIT_ENVIRONMENT, "lesson: lessons: %s", strerror(-err));
	ret = do_lesson(&p, &w, n < argc ? argv[n] : NULL, names, count);
	free_names(names, count);
	return ret;
}

static __attribute__((format(printf, 3, 0))) void tap_line(
	struct tap *t, const char *result, const char *what, va_list ap)
{
	printf("%s %u - ", result, ++t->n);
	vprintf(what, ap);
}

void tap_test(struct tap *t, bool passed, const char *why, const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	tap_line(t, passed ? "ok" : "not ok", what, ap);
	va_end(ap);
	putchar('\n');
	t->failed += !passed;
	while (!passed && why != NULL && *why != '\0') {
		size_t n = strcspn(why, "\n");

		printf("# %.*s\n", (int)n, why);
		why += n + (why[n] == '\n');
	}
	fflush(stdout);
}

void tap_skip(struct tap *t, const char *reason, const char *what, ...)
{
	va_list ap;

	va_start(ap, what);
	tap_line(t, "ok", what, ap);
	va_end(ap);
	printf(" # SKIP %s\n", reason);
	t->skipped++;
	fflush(stdout);
}
