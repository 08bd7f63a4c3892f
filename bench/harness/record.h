/*
 * record.h - result files: JSON Lines, one object a line, readable up to the last whole line
 *
 * A record is one write(2) to a descriptor opened with O_APPEND, so that a killed program leaves whole
 * lines and several programs may append to one file. Fields: bench/harness/RECORDS.md.
 */
#ifndef FORKLAB_RECORD_H
#define FORKLAB_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define RECORD_SCHEMA "forklab/1.0"

struct record_writer {
	int fd;    /* -1: no file; record_write then only drops the object */
	bool torn; /* the file ends within a line: the next record starts on a line of its own */
};

/* Opens path for appending, creating it (and not its folder). "-" is standard output.
 * Errors: open(2)'s. The caller closes it with record_close. */
int record_open(const char *path, struct record_writer *out);

/* Writes obj as one line and drops the reference, also on error. -ENOSPC etc. from write(2); -EINVAL
 * where obj is NULL or holds a value JSON cannot say (NaN). */
int record_write(struct record_writer *w, json_t *obj);
int record_close(struct record_writer *w); /* errors of fsync-less close(2) are reported */

struct record_read_info {
	size_t records;   /* whole, valid lines handed to each() */
	size_t bad;       /* lines that are no JSON object */
	size_t first_bad; /* number of the first, from 1; 0: none */
	bool cut;         /* the file ends in the middle of a line: that line is left out */
};

/* Calls each(obj, arg) for every record of the file; the object is borrowed, json_incref to keep it. A
 * non-zero return of each stops and is returned. CRLF and a byte order mark are accepted.
 * Errors: open(2)'s and read(2)'s, -ENOMEM. */
int record_read(const char *path, int (*each)(json_t *obj, void *arg), void *arg,
	struct record_read_info *info);

/* "20261121T094500Z-1a2b3c": sorts by time. len >= 24. */
void record_run_id(char *buf, size_t len);
/* Whether id may name a run and its file: 1 to 64 letters, digits, '.', '_' and '-', no '.' in front. */
#define RECORD_RUN_ID_RULE                                                                         \
	"is no name of a run (allowed: 1 to 64 letters, digits, '.', '_', '-', no '.' in front)"
bool record_run_id_fits(const char *id);
/* Now as RFC 3339 UTC, for people; measuring never uses it. len >= 21. */
void record_utc(char *buf, size_t len);

#endif
