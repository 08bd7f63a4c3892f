/* lesson_check.c - compiles an exercise and lets its checker judge it, for students and for tests
 */
#include "forklab/bounded.h"
#include "forklab/lesson.h"
#include "harness/options.h"
#include "harness/say.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_BYTES (64u << 10)
#define COMPILE_MS 60000
#define CHECK_MS   60000
#define HINT_LEN   64
#define STUDENT    "program"
#define CHECKER    "checker"

struct score {
	int exit; /* of the checker; -1: it did not end by itself */
	unsigned points, of;
	char hint[HINT_LEN]; /* the first one, "" */
	int signo;
};

static const char *compiler(void)
{
	const char *cc = getenv("CC");

	return cc != NULL && *cc != '\0' && strchr(cc, ' ') == NULL ? cc : "cc";
}

/* strict: a warning is an error, for what we ship. 0, a positive exit status or a negative error.
 */
static int compile(const struct paths *p, const char *source, const char *to, bool strict,
	int pass_err, int *signo)
{
	char *const argv[] = {strdup(compiler()), strdup("-std=gnu11"), strdup("-O2"), strdup("-g"),
		strdup("-Wall"), strdup("-Wextra"), strdup(strict ? "-Werror" : "-Wshadow"),
		strdup("-pthread"), strdup("-I"), strdup(p->lessons), strdup("-o"), strdup(to),
		strdup(source), NULL};
	struct bounded_call call = {.argv = argv,
		.deadline_ms = COMPILE_MS,
		.pass_out = -1,
		.pass_err = pass_err,
		.most = KEPT_BYTES};
	struct bounded_end end;
	int err = bounded_run(&call, &end);

	if (err == 0)
		err = end.exit < 0 ? 1 : end.exit;
	*signo = end.interrupted;
	bounded_free(&end);
	for (size_t i = 0; argv[i] != NULL; i++)
		free(argv[i]);
	return err;
}

/* The checker's lines: "ok 2 of 2 points ...", "not ok 0 of 3 points ...", "hint ID: ...". */
static void read_score(const char *text, struct score *s)
{
	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		unsigned points, of;

		if (sscanf(line, "ok %u of %u points", &points, &of) == 2 ||
			sscanf(line, "not ok %u of %u points", &points, &of) == 2) {
			s->points += points;
			s->of += of;
		} else if (s->hint[0] == '\0') {
			(void)sscanf(line, " hint %63[a-z_]:", s->hint);
		}
	}
}

static int run_checker(const char *dir, bool show, struct score *s)
{
	char checker[] = "./" CHECKER, program[] = "./" STUDENT;
	char *const argv[] = {checker, program, NULL};
	struct bounded_call call = {.argv = argv,
		.dir = dir,
		.deadline_ms = CHECK_MS,
		.pass_out = show ? 1 : -1,
		.pass_err = 2,
		.most = KEPT_BYTES};
	struct bounded_end end;
	int err = bounded_run(&call, &end);

	if (err == 0) {
		read_score(end.out.at, s);
		s->exit = end.exit;
		s->signo = end.interrupted;
	}
	bounded_free(&end);
	return err;
}

/*
 * Judges file as exercise. show: the compiler's and the checker's words go to the reader.
 * 0; a positive number: it does not compile; a negative error.
 */
static int score(const struct paths *p, const struct lesson *l, const char *exercise,
	const char *file, bool show, struct score *s)
{
	char dir[PATH_MAX], to[PATH_MAX + 32], check[LESSON_PATH + 128];
	int err = scratch_make(dir, sizeof(dir));

	memset(s, 0, sizeof(*s));
	s->exit = -1;
	if (err < 0)
		return err;
	snprintf(check, sizeof(check), "%s/check/%s.c", l->dir, exercise);
	snprintf(to, sizeof(to), "%s/" CHECKER, dir);
	err = compile(p, check, to, true, 2, &s->signo);
	if (err > 0)
		err = -ENOEXEC; /* ours, not the student's fault */
	if (err == 0) {
		snprintf(to, sizeof(to), "%s/" STUDENT, dir);
		err = compile(p, file, to, !show, show ? 2 : -1, &s->signo);
	}
	if (err == 0)
		err = run_checker(dir, show, s);
	(void)scratch_remove(dir);
	return err;
}

/* The exercise that a file is: its name up to the first '-' or the dot, where there are several. */
static const char *which(const struct lesson *l, const char *exercise, const char *file)
{
	const char *names[LESSON_EXERCISES + 1] = {NULL}, *base = strrchr(file, '/'), *near;
	char all[LESSON_EXERCISES * 66] = "";
	size_t used = 0;

	base = base == NULL ? file : base + 1;
	for (size_t i = 0; i < l->nexercises; i++) {
		size_t n = strlen(l->exercises[i]);

		names[i] = l->exercises[i];
		snprintf(all + used, sizeof(all) - used, "%s%s", used > 0 ? ", " : "", names[i]);
		used = strlen(all);
		if (exercise != NULL
				? strcmp(exercise, names[i]) == 0
				: l->nexercises == 1 || (strncmp(base, names[i], n) == 0 &&
								(base[n] == '-' || base[n] == '.')))
			return names[i];
	}
	near = exercise == NULL ? NULL : options_nearest(exercise, names);
	if (near != NULL)
		say_exit(EXIT_USAGE, "%s: %s: no such exercise, did you mean %s?",
			options_shown("--exercise"), exercise, near);
	say_exit(EXIT_USAGE, "%s: %s: which exercise of %s is it? (allowed %s)",
		options_shown("--exercise"), exercise == NULL ? file : exercise, l->name,
		names[0] == NULL ? "none, it has no exercise" : all);
}

static int tell(const struct lesson *l, const char *exercise, const struct score *s)
{
	printf("\n%u of %u points\n", s->points, s->of);
	if (s->exit != EXIT_DONE || s->points != s->of || s->of == 0)
		return EXIT_FAILED;
	printf("Passed. One way to write it: lessons/%s/solution/%s.c\n", l->name, exercise);
	return EXIT_DONE;
}

int lesson_check(
	const struct paths *p, const struct lesson *l, const char *exercise, const char *file)
{
	struct score s;
	int err;

	if (access(file, R_OK) < 0)
		say_exit(EXIT_USAGE, "--check: %s: cannot be read: %s", file, strerror(errno));
	exercise = which(l, exercise, file);
	fflush(stdout);
	err = score(p, l, exercise, file, true, &s);
	if (s.signo != 0)
		return -s.signo;
	if (err == -ENOENT)
		say_exit(EXIT_ENVIRONMENT, "--check: %s: no such compiler (allowed: CC=NAME)",
			compiler());
	if (err < 0)
		say_exit(EXIT_ENVIRONMENT, "--check: %s: %s", exercise, strerror(-err));
	if (err > 0) {
		printf("not ok: it does not compile\n");
		return EXIT_FAILED;
	}
	if (s.exit < 0 || s.exit > 1)
		say_exit(EXIT_FAILED, "--check: the checker itself did not end well");
	return tell(l, exercise, &s);
}

/* What a file that ships with the lesson must get. */
enum fate { MUST_PASS, MUST_FAIL, MUST_HINT };

static int test_file(const struct paths *p, const struct lesson *l, struct tap *t,
	const char *exercise, const char *file, enum fate fate, const char *hint)
{
	char path[LESSON_PATH + 300], why[300];
	struct score s;
	bool full, right;
	int err;

	snprintf(path, sizeof(path), "%s/%s", l->dir, file);
	err = score(p, l, exercise, path, false, &s);
	if (s.signo != 0)
		return s.signo;
	full = s.exit == EXIT_DONE && s.points == s.of && s.of > 0;
	right = err == 0 && (fate == MUST_PASS ? full : s.exit == EXIT_FAILED && s.points < s.of);
	if (fate == MUST_HINT)
		right = right && strcmp(s.hint, hint) == 0;
	snprintf(why, sizeof(why),
		"%s\nthe checker ended with %d, %u of %u points, first hint \"%s\"",
		err < 0   ? strerror(-err)
		: err > 0 ? "it does not compile without a warning"
			  : "",
		s.exit, s.points, s.of, s.hint);
	tap_test(t, right, why, "%s: %s %s%s", l->name, file,
		fate == MUST_PASS ? "passes" : "fails",
		fate == MUST_HINT ? ", with its own hint" : "");
	return 0;
}

static int test_mutant(const struct paths *p, const struct lesson *l, struct tap *t,
	const char *exercise, const char *name)
{
	char file[300], hint[HINT_LEN];
	size_t n = strlen(exercise), len = strlen(name);

	if (len < n + 4 || len - n - 3 >= sizeof(hint) || strncmp(name, exercise, n) != 0 ||
		name[n] != '-' || strcmp(name + len - 2, ".c") != 0)
		return 0;
	snprintf(hint, sizeof(hint), "%.*s", (int)(len - n - 3), name + n + 1);
	snprintf(file, sizeof(file), "mutants/%s", name);
	return test_file(p, l, t, exercise, file, MUST_HINT, hint);
}

static int test_exercise(
	const struct paths *p, const struct lesson *l, struct tap *t, const char *exercise)
{
	char path[LESSON_PATH + 16], file[128];
	struct dirent **list;
	int n, signo;

	snprintf(file, sizeof(file), "starter/%s.c", exercise);
	signo = test_file(p, l, t, exercise, file, MUST_FAIL, "");
	snprintf(file, sizeof(file), "solution/%s.c", exercise);
	if (signo == 0)
		signo = test_file(p, l, t, exercise, file, MUST_PASS, "");
	snprintf(path, sizeof(path), "%s/mutants", l->dir);
	n = scandir(path, &list, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (signo == 0)
			signo = test_mutant(p, l, t, exercise, list[i]->d_name);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return signo;
}

int lesson_test_exercises(const struct paths *p, const struct lesson *l, struct tap *t)
{
	int signo = 0;

	for (size_t i = 0; signo == 0 && i < l->nexercises; i++)
		signo = test_exercise(p, l, t, l->exercises[i]);
	return signo;
}
