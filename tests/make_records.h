/*
 * make_records.h - records by hand, for tests of what reads them
 *
 * The samples of a result are its median, spread by a seeded generator: the same arguments give the same
 * record. No test that uses them needs to measure anything.
 */
#ifndef FORKLAB_MAKE_RECORDS_H
#define FORKLAB_MAKE_RECORDS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/* A result to be; 0 and NULL stand for the value in brackets. */
struct result_plan {
	const char *run;     /* ["R1"] */
	const char *bench;   /* ["study"] */
	const char *variant; /* ["a"] */
	const char *params;  /* "workers=10,cpus=all" [no axes] */
	double ns;           /* median time of an op [1000] */
	double spread;       /* half-width of the samples, as a share of ns [0: all equal] */
	size_t rounds;       /* [20] */
	size_t launches;     /* [2] */
	uint64_t seed;       /* [1] */
	size_t disturbed;    /* how many samples [0] */
	const char *unit;    /* ["ns/op"] */
	const char *wrong;   /* why the count was wrong: check_ok is false [NULL: it was right] */
};

/* New references; the caller frees what it does not hand to put_record. */
json_t *make_run(const char *run, int cores);
json_t *make_skip(const char *run, const char *bench, const char *variant, const char *params,
	const char *text);
json_t *make_demo(const char *run, const char *name, int code, const char *reason);
json_t *make_result(const struct result_plan *plan);

/* Appends obj as a line to a file in the test's folder, and drops the reference. path: as in folder.h. */
void put_record(const char *path, json_t *obj);
/* As put of folder.h, for JSON in which ' stands for ", to be readable in C. */
void put_quoted(const char *path, const char *text);

#endif
