/*
 * lesson.h - one lesson in memory, and what the parts of `forklab lesson` do with it
 *
 * A lesson is a folder lessons/NN-slug: lesson.md (the text), predict.md (the questions),
 * starter/EX.c, solution/EX.c, mutants/EX-WHY.c and check/EX.c for each exercise EX.
 * lessons/README.md says what may stand in them.
 */
#ifndef FORKLAB_LESSON_H
#define FORKLAB_LESSON_H

#include "forklab/paths.h"
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define LESSON_EXERCISES 8
#define LESSON_PATH      (PATH_MAX + 512)

struct lesson {
	char name[128]; /* "01-start-cost" */
	char dir[LESSON_PATH];
	char *text, *predict; /* of lesson.md and predict.md, the latter "" where there is none */
	char exercises[LESSON_EXERCISES][64];
	size_t nexercises;
};

/* which: "01", "1", "01-start-cost" or "start-cost". Errors: -ENOENT no such lesson (near, size
 * nearlen, gets the nearest name or ""); -EINVAL its files break the format; open(2)'s and
 * read(2)'s; -ENOMEM. */
int lesson_open(
	const struct paths *p, const char *which, struct lesson *out, char *near, size_t nearlen);
void lesson_close(struct lesson *l);
/* The value of "word: value" in the front matter, "" where it is not there. Returns buf. */
char *lesson_field(const struct lesson *l, const char *word, char *buf, size_t len);

/* Prints the lesson as plain text: all of it, or up to the question where `whole` is false. */
void lesson_print(const struct lesson *l, bool whole);

/*
 * The predictions: answers is "B,C,40", one for each question of predict.md, in order: a letter
 * that is offered there, or a number. Keeps them with the time in results/predictions.jsonl.
 * Errors: -EINVAL with a sentence in why; record_open's and record_write's.
 */
int lesson_predict(const struct paths *p, const struct lesson *l, const char *answers, char *why,
	size_t whylen);
/* The newest prediction for this lesson, a new reference; buf: "B, C, 40 (written down 2026-01-31T10:00:00Z)".
 * NULL: none. */
json_t *lesson_predicted(const struct paths *p, const struct lesson *l, char *buf, size_t len);
/* Prints a line or two for each of the answers: what the records say of it. */
struct store;
void lesson_compare(const struct store *s, const struct lesson *l, const json_t *answers);

/* Test lines in TAP, numbered from one lesson to the next. */
struct tap {
	unsigned n, failed, skipped;
};
/* what: a short name; why (may be NULL): further lines, printed as a comment where it failed. */
void tap_test(struct tap *t, bool passed, const char *why, const char *what, ...)
	__attribute__((format(printf, 4, 5)));
void tap_skip(struct tap *t, const char *reason, const char *what, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Runs every console block of lesson.md in a folder that looks like the root of the project,
 * compares quoted code with its origin, and follows the links. Returns 0, or a signal that came
 * meanwhile.
 */
int lesson_test_text(const struct paths *p, const struct lesson *l, struct tap *t);
/* Starters must fail, solutions pass, and each mutant fail with the hint that it is named after. */
int lesson_test_exercises(const struct paths *p, const struct lesson *l, struct tap *t);
/* Checks a student's file and prints the points. exercise may be NULL where there is only one.
 * Returns an exit code of say.h; a signal that came meanwhile as a negative number. */
int lesson_check(
	const struct paths *p, const struct lesson *l, const char *exercise, const char *file);

/* A new empty folder in TMPDIR or /tmp, and its end with all in it. Errors: mkdtemp(3)'s,
 * nftw(3)'s. */
int scratch_make(char *path, size_t len);
int scratch_remove(const char *path);

#endif
