/*
 * store.h - the records of one or several result files, in memory, to be looked up
 */
#ifndef FORKLAB_STORE_H
#define FORKLAB_STORE_H

#include "harness/stats.h"
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct store;

int store_new(struct store **out); /* -ENOMEM */
void store_free(struct store *s);

/* Adds all records of a file. Files added later win over earlier ones for the same lookup.
 * *bad, *cut (may be NULL): what record_read said. Errors: record_read's. */
int store_add_file(struct store *s, const char *path, size_t *bad, bool *cut);
/* Adds every *.jsonl of a folder, oldest name first. 0 also for an empty or missing folder; *files counts. */
int store_add_folder(struct store *s, const char *dir, size_t *files);

/* All records of a type in file order: json_array of borrowed objects, owned by the store. Never NULL. */
const json_t *store_all(const struct store *s, const char *type);
/* Results of one benchmark, from the newest run that measured it. Never NULL; may be empty. */
const json_t *store_bench(const struct store *s, const char *bench);

/*
 * The newest result of bench, variant whose params contain all of want (a subset match: axes that want
 * leaves out may have any value, and the first such result in file order is taken). NULL: none. With
 * run_id not NULL only from that run. Invalid results (check_ok false) are found too: look before use.
 */
const json_t *store_result(const struct store *s, const char *bench, const char *variant,
	const json_t *want, const char *run_id);
const json_t *store_skip(
	const struct store *s, const char *bench, const char *variant, const json_t *want);

/* Every result of one variant, from all runs, in file order. Never NULL; may be empty. */
const json_t *store_variant(const struct store *s, const char *bench, const char *variant);
/* The run record that program wrote in a run, else the run's last one; NULL: none. */
const json_t *store_run(const struct store *s, const char *run_id, const char *program);

/* The pairs of two results of one run, matched by (launch, round) where both have them and were measured side by
 * side, else by (launch, place in the launch): times in ns per op. The caller frees a, b, launch. *paired tells
 * which.
 * Errors: -ENODATA no pair; -EPROTO raw arrays missing or of unequal length; -ENOMEM. */
int store_pairs(const json_t *ra, const json_t *rb, double **a, double **b, unsigned **launch,
	size_t *n, bool *paired);
/* Comparison of two results from their raw samples. Errors: store_pairs', stats_compare's. */
int store_compare(const json_t *ra, const json_t *rb, double margin, unsigned family,
	struct stats_comparison *out);

/* The most points that can be brought together. */
#define STORE_POINTS 64

/*
 * Samples of k points, at most STORE_POINTS: rows[r * k + j] is the time of a[j] in round r, or its ratio to
 * b[j] where b and b[j] are not NULL. Points are measured one after the other, each with rounds of its own:
 * the launch and the place in it bring them together. The caller frees rows and launch.
 * Errors: store_pairs'; -ENODATA no round that all have, or k out of range.
 */
int store_weave(const json_t *const *a, const json_t *const *b, size_t k, double **rows,
	unsigned **launch, size_t *n);

#endif
