/* expect_parts.h - what expect.c (reads a pattern) and expect_match.c (tries it) share; nobody else
 * includes it */
#ifndef FORKLAB_EXPECT_PARTS_H
#define FORKLAB_EXPECT_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#define GROUP_MAX 64
#define NAMES_MAX 16
#define NAME_LEN  24
enum item_kind { ITEM_LINE, ITEM_ANY, ITEM_GROUP };
enum hole_kind { HOLE_N, HOLE_PID, HOLE_X, HOLE_TIME, HOLE_WORD, HOLE_TEXT, HOLE_NONE };

struct span {
	const char *at;
	size_t len;
};

struct item {
	enum item_kind kind;
	size_t first, n; /* lines of the pattern: one of a line, several of a group */
};

struct expect {
	char *text;
	struct span *lines;
	size_t nlines;
	struct item *items;
	size_t nitems;
	char names[NAMES_MAX][NAME_LEN];
	size_t nnames;
};
/* The text less the blanks at both its ends. */
struct span expect_trimmed(const char *at, size_t len);
/* Cuts text into trimmed lines, less the empty ones at its end. *lines is the caller's. -ENOMEM. */
int expect_split(const char *text, size_t len, struct span **lines, size_t *n);
/* Reads <word> or <word:name> at the start of p: its length, 0 where p starts with no placeholder.
 */
size_t expect_hole_read(const char *p, size_t len, struct span *word, struct span *name);
enum hole_kind expect_hole_kind(struct span word);
int expect_name_index(const struct expect *e, struct span name); /* -1: no such name */

#endif
