/* folder.h - an empty folder for each test, removed by the runner even where the test fails */
#ifndef FORKLAB_TESTS_FOLDER_H
#define FORKLAB_TESTS_FOLDER_H

#include <stddef.h>

#include "suite.h"

/* gated_case, and a folder for each of its tests. */
TCase *folder_case(Suite *s, const char *name);

/* The running test's folder, without a slash at its end. */
const char *folder(void);
/* A path below it; path starts with a slash. Valid until the fourth next call. */
const char *in_folder(const char *path);

/* Makes (or replaces) a file, and the folders above it. */
void put_bytes(const char *path, const void *bytes, size_t len);
void put(const char *path, const char *text);
void put_link(const char *path, const char *target);

#endif
