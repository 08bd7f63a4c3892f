/* text_file.h - a whole file in memory */
#ifndef FORKLAB_TEXT_FILE_H
#define FORKLAB_TEXT_FILE_H

#include <stddef.h>

/* Reads a text up to its end, or to a byte 0; *text ends with a 0 that *len does not count, the caller
 * frees it. On error it is NULL. Errors: fopen(3)'s and read(2)'s; -ENOMEM. */
int text_file_read(const char *path, char **text, size_t *len);

#endif
