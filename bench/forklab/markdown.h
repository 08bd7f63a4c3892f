/* markdown.h - finds the fenced blocks of a lesson with the labels before them, and parts of
 * sources */
#ifndef FORKLAB_MARKDOWN_H
#define FORKLAB_MARKDOWN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A block between two lines of three backquotes. Its label is an HTML comment on a line before it:
 *     <!-- lab: skip="needs a second machine" timeout=30 -->
 * with skip, needs, timeout (seconds), file and part.
 */
struct markdown_block {
	char language[16];
	const char *text; /* borrowed from the lesson */
	size_t len;
	size_t line;     /* of its first line of text, from 1 */
	char label[256]; /* what stands after "lab:", "" where there is none */
};

/* The next block from *at on (starts at the text's first byte), counting lines in *line (starts at
 * 1). False: none. A block that is not closed ends with the text. */
bool markdown_next(const char **at, size_t *line, struct markdown_block *out);
/* The value of a label's key, without quotes: false where it is not there. */
bool markdown_label(const struct markdown_block *b, const char *key, char *buf, size_t len);
/* The first key of the label that is none of the five, or NULL: a typing error must not pass. */
const char *markdown_unknown_label(const struct markdown_block *b, char *buf, size_t len);
/* The target of the next link [text](target) from *at on: false where there is none. */
bool markdown_link(const char **at, char *buf, size_t len);

/*
 * The part of a source between comments "[part NAME]" and "[end]" on lines of their own, dedented;
 * without a name the whole file. The caller frees *out. Errors: -ENOENT no such part; -ENOMEM.
 */
int source_part(const char *source, const char *name, char **out);

#endif
