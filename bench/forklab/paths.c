/* paths.c - where the front command finds programs, data and results */
#include "paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int join(char *out, const char *dir, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int copy(char *out, const char *from)
{
	size_t n = strlen(from);

	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(out, from, n + 1);
	return 0;
}

/* Cuts the last part off: "/a/b" becomes "/a", "/a" becomes "/". */
static void cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == path)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
}

int paths_from(const char *build, const char *root, struct paths *out)
{
	const struct {
		char *out;
		const char *dir, *name;
	} parts[] = {
		{out->bench, out->build, "bench"},
		{out->demos, out->build, "demos"},
		{out->results, out->build, "results"},
		{out->report, out->build, "report"},
		{out->claims, out->root, "bench/claims"},
		{out->plots, out->root, "plots"},
		{out->lessons, out->root, "lessons"},
	};
	int err = copy(out->build, build);

	if (!err)
		err = copy(out->root, root);
	for (size_t i = 0; !err && i < sizeof(parts) / sizeof(parts[0]); i++)
		err = join(parts[i].out, parts[i].dir, parts[i].name);
	return err;
}

int paths_find(struct paths *out)
{
	char build[PATH_MAX], root[PATH_MAX];
	const char *given = getenv("FORKLAB_ROOT");
	ssize_t n = readlink("/proc/self/exe", build, sizeof(build));

	if (n < 0)
		return -errno;
	if ((size_t)n >= sizeof(build)) /* readlink cuts without a word */
		return -ENAMETOOLONG;
	build[n] = '\0';
	cut_last(build);
	memcpy(root, build, sizeof(root));
	cut_last(root);
	return paths_from(build, given && *given ? given : root, out);
}
