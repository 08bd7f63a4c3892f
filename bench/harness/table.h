/*
 * table.h - numbers and tables for people: at most four significant digits, units, aligned columns
 */
#ifndef FORKLAB_TABLE_H
#define FORKLAB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_CELL 48

/*
 * "12.3 us" from nanoseconds: unit ns, us, ms or s by size; three significant digits, no trailing
 * zeros. Here and below: returns buf, "-" for what is no finite number, a point in every locale.
 */
char *table_time(char *buf, size_t len, double ns);
/*
 * "[11.9, 12.8]" in the unit of at_ns, so that it stands beside it; a fourth digit where three make
 * both ends the same; "none yet" with known false.
 */
char *table_time_interval(
	char *buf, size_t len, double at_ns, bool known, double lo_ns, double hi_ns);
/*
 * "1.32", "31.9", "0.0132", "1540": at most four significant digits, no trailing zeros, no exponent
 * from 0.000001 to below 1e7.
 */
char *table_number(char *buf, size_t len, double x);
/* "256 MiB" from bytes. */
char *table_bytes(char *buf, size_t len, double bytes);
/* A value in a record's unit: "B/op" is told as bytes, everything else as time. The interval as above. */
char *table_value(char *buf, size_t len, const char *unit, double x);
char *table_value_interval(
	char *buf, size_t len, const char *unit, double at, bool known, double lo, double hi);
/* Columns on the screen of a UTF-8 text. */
size_t table_width(const char *utf8);

/*
 * A table is gathered, then printed once, so that its columns fit. Control characters in a cell
 * become spaces. Without memory nothing fails: the calls accept NULL, and table_print says that
 * cells are missing.
 */
struct table;
/* head: column titles, NULL-terminated; a title that starts with '>' aligns its column right.
 * NULL: no memory. */
struct table *table_new(const char *const *head);
void table_cell(struct table *t, const char *text); /* next cell, row by row; copied */
void table_cellf(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_note(struct table *t, const char *text); /* a full-width line after the current row */
void table_print(const struct table *t, FILE *f, bool colour); /* bold head where colour */
void table_free(struct table *t);
/* Whether to colour: f is a terminal, NO_COLOR unset or empty, TERM set and not dumb. */
bool table_colour(FILE *f);

#endif
