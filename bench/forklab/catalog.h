/*
 * catalog.h - what there is to run here: benchmarks, demos and lessons, asked of themselves
 *
 * No list is kept anywhere: a benchmark says what it is when started with --describe, a demo in the
 * comment at the head of its source, a lesson in the front matter of its text.
 */
#ifndef FORKLAB_CATALOG_H
#define FORKLAB_CATALOG_H

#include "paths.h"
#include <jansson.h>
#include <stddef.h>

#define CATALOG_TIMEOUT_MS 5000

/*
 * Reads all. *out is a new object that the caller owns:
 *   benchmarks  what each said of itself: name, question, topic, variants, axes, marks
 *   demos       name, question, listings, claims (texts, "" where not said)
 *   lessons     name (the folder), title, minutes, topic, conclude, conclude-not (texts, may be "")
 *   troubles    a sentence for each that did not answer, or answered what cannot be used
 * Everything is sorted by name. A folder that is not there is empty.
 * Errors: -ENOMEM; readdir's for a folder that is there and cannot be read.
 */
int catalog_read(const struct paths *p, json_t **out);

/*
 * Starts path with --describe and reads the one line of JSON that it prints. Everything that it started
 * is ended after timeout_ms. why gets a few words on error.
 * Errors: -ETIMEDOUT no answer in time; -EPROTO it ended with an error or did not print one object with
 * a name; posix_spawn's.
 */
int catalog_describe(const char *path, int timeout_ms, json_t **out, char *why, size_t whylen);

/* The names in dir that can be started, sorted: a new array of strings. Errors: as catalog_read. */
int catalog_programs(const char *dir, json_t **out);
/* The nearest name in a list of texts, or of objects with a "name"; NULL: none is near. */
const char *catalog_nearest(const json_t *list, const char *word);

#endif
