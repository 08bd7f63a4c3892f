/* paths.h - where the front command finds programs, data and results: beside its own executable */
#ifndef FORKLAB_PATHS_H
#define FORKLAB_PATHS_H

#include <limits.h>

struct paths {
	char build[PATH_MAX]; /* folder of the running executable: .../build */
	char root[PATH_MAX];  /* its parent: the source tree, where plots/ and bench/claims/ lie */
	char bench[PATH_MAX]; /* build/bench */
	char demos[PATH_MAX]; /* build/demos */
	char results[PATH_MAX]; /* build/results */
	char report[PATH_MAX];  /* build/report */
	char claims[PATH_MAX];  /* root/bench/claims */
	char plots[PATH_MAX];   /* root/plots */
	char lessons[PATH_MAX]; /* root/lessons */
};

/* Fills all from /proc/self/exe; FORKLAB_ROOT overrides root. Errors: readlink(2)'s, -ENAMETOOLONG. */
int paths_find(struct paths *out);
/* The same for a build folder and a source tree that are known: tests. Errors: -ENAMETOOLONG. */
int paths_from(const char *build, const char *root, struct paths *out);

#endif
