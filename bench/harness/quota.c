/* quota.c - reads the limits of this process's cgroup and of those above it, v1 and v2 */
#include "harness/quota.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One hierarchy: the folder of this process's cgroup, and how much of it is the mount point. */
struct hierarchy {
	char folder[PATH_MAX];
	size_t mount_len;
	bool v2;
	const char *controller; /* "cpu", "pids": v1 has a hierarchy for each */
};

/* Whether the comma-separated list holds word. */
static bool has_word(const char *list, const char *word)
{
	const size_t len = strlen(word);

	for (const char *c = list; *c;) {
		const size_t n = strcspn(c, ",");

		if (n == len && !strncmp(c, word, len))
			return true;
		c += n + (c[n] == ',');
	}
	return false;
}

/* Writes blank, tab, newline and backslash, which mountinfo spells \040 ..., as themselves. */
static void unescape(char *s)
{
	char *w = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
			s[3] >= '0' && s[3] <= '7') {
			*w++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*w++ = *s;
		}
	}
	*w = '\0';
}

static FILE *open_file(const char *root, const char *path)
{
	char full[PATH_MAX];

	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		return NULL;
	return fopen(full, "re");
}

/* Path of this process in a hierarchy, from lines "5:cpu,cpuacct:/a/b" (v1) or "0::/a/b" (v2, which
 * alone has no names). */
static bool own_path(const char *root, const struct hierarchy *h, char *path, size_t len)
{
	FILE *f = open_file(root, "/proc/self/cgroup");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0) {
		char *list = strchr(line, ':');
		char *name = list ? strchr(list + 1, ':') : NULL;

		if (!name)
			continue;
		*name++ = '\0';
		list++;
		name[strcspn(name, "\n")] = '\0';
		if (h->v2 ? *list != '\0' : !has_word(list, h->controller))
			continue;
		found = snprintf(path, len, "%s", name) < (int)len;
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* One line of mountinfo, split: "31 23 0:29 ROOT POINT opts [optional] - TYPE source SUPER". */
static bool split_mount(char *line, char **top, char **point, const char **type, const char **super)
{
	char *field[6], *rest = strstr(line, " - ");

	if (!rest)
		return false;
	*rest = '\0';
	for (size_t i = 0; i < 5; i++) {
		field[i] = strsep(&line, " ");
		if (!field[i])
			return false;
	}
	rest += 3;
	*top = field[3];
	*point = field[4];
	*type = strsep(&rest, " ");
	strsep(&rest, " ");
	*super = rest ? rest : "";
	(*point)[strcspn(*point, "\n")] = '\0';
	rest = rest ? strchr(rest, '\n') : NULL;
	if (rest)
		*rest = '\0';
	unescape(*top);
	unescape(*point);
	return *type != NULL;
}

/* What of path lies below top; NULL where path is elsewhere (a container that sees the host's
 * name). */
static const char *below(const char *path, const char *top)
{
	const size_t len = strcmp(top, "/") ? strlen(top) : 0;

	if (strncmp(path, top, len) || (path[len] && path[len] != '/'))
		return NULL;
	return strcmp(path + len, "/") ? path + len : "";
}

/* Whether this line is a mount of the hierarchy; with exact, one that shows path. */
static bool use_mount(
	const char *root, const char *path, bool exact, char *line, struct hierarchy *h)
{
	char *top, *point;
	const char *type, *super, *rel;

	if (!split_mount(line, &top, &point, &type, &super))
		return false;
	if (h->v2 ? strcmp(type, "cgroup2")
		  : strcmp(type, "cgroup") || !has_word(super, h->controller))
		return false;
	rel = below(path, top);
	/* "/.." in a path: the process sits above what its cgroup namespace shows. */
	if (rel && strstr(rel, "/.."))
		rel = NULL;
	if (!rel && exact)
		return false;
	rel = rel ? rel : "";
	h->mount_len = strlen(root) + strlen(point);
	return snprintf(h->folder, sizeof(h->folder), "%s%s%s", root, point, rel) <
	       (int)sizeof(h->folder);
}

static bool find_mount(const char *root, const char *path, bool exact, struct hierarchy *h)
{
	FILE *f = open_file(root, "/proc/self/mountinfo");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0)
		found = use_mount(root, path, exact, line, h);
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* A container may see its cgroup by the host's name and mounted under another: then the mount point
 * is as near as one can get. */
static bool find(const char *root, bool v2, const char *controller, struct hierarchy *h)
{
	char path[PATH_MAX];

	h->v2 = v2;
	h->controller = controller;
	return own_path(root, h, path, sizeof(path)) &&
	       (find_mount(root, path, true, h) || find_mount(root, path, false, h));
}

/* The folder above; false at the mount point, above which no cgroup can be seen. */
static bool go_up(struct hierarchy *h)
{
	char *slash = strrchr(h->folder, '/');

	if (!slash || strlen(h->folder) <= h->mount_len ||
		(size_t)(slash - h->folder) < h->mount_len)
		return false;
	*slash = '\0';
	return true;
}

/* First line of a file, without its end; false where there is none. */
static bool first_line(const struct hierarchy *h, const char *name, char *buf, int len)
{
	char path[PATH_MAX];
	FILE *f;
	bool ok;

	if (snprintf(path, sizeof(path), "/%s", name) >= (int)sizeof(path))
		return false;
	f = open_file(h->folder, path);
	ok = f && fgets(buf, len, f);
	if (f)
		fclose(f);
	if (ok)
		buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

/* A positive decimal number, and what follows it; 0 for all else ("max", "-1", ""). */
static unsigned long long positive(const char *text, const char **rest)
{
	char *end = NULL;
	unsigned long long v = 0;

	if (isdigit((unsigned char)*text))
		v = strtoull(text, &end, 10);
	*rest = end ? end : text;
	return v;
}

/* The quota of one level in CPUs; 0: none. */
static double level_quota(const struct hierarchy *h)
{
	char a[64], b[64];
	const char *rest, *end;
	unsigned long long quota, period;

	if (!first_line(h, h->v2 ? "cpu.max" : "cpu.cfs_quota_us", a, sizeof(a)))
		return 0;
	quota = positive(a, &rest);
	if (h->v2) {
		if (*rest != ' ')
			return 0;
		rest++;
	} else {
		if (*rest || !first_line(h, "cpu.cfs_period_us", b, sizeof(b)))
			return 0;
		rest = b;
	}
	period = positive(rest, &end);
	return quota && period && !*end ? (double)quota / (double)period : 0;
}

int quota_read(const char *root, double *cores)
{
	struct hierarchy h;
	bool any = false;

	*cores = 0;
	for (int v2 = 0; v2 <= 1; v2++) {
		if (!find(root, v2, "cpu", &h))
			continue;
		any = true;
		do {
			const double here = level_quota(&h);

			if (here > 0 && (*cores <= 0 || here < *cores))
				*cores = here;
		} while (go_up(&h));
	}
	return any ? 0 : -ENOENT;
}

/* Adds what cpu.stat of one level says; false where it does not speak of throttling. */
static bool add_throttled(const struct hierarchy *h, uint64_t *times, uint64_t *ns)
{
	FILE *f = open_file(h->folder, "/cpu.stat");
	char line[128];
	bool any = false;

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long v;

		if (sscanf(line, "nr_throttled %llu", &v) == 1) {
			*times += v;
			any = true;
		} else if (sscanf(line, "throttled_time %llu", &v) == 1) {
			*ns += v;
		} else if (sscanf(line, "throttled_usec %llu", &v) == 1) {
			*ns += v * 1000;
		}
	}
	if (f)
		fclose(f);
	return any;
}

int quota_throttled(const char *root, uint64_t *times, uint64_t *ns)
{
	struct hierarchy h;
	bool any = false;

	*times = *ns = 0;
	for (int v2 = 0; v2 <= 1; v2++) {
		if (!find(root, v2, "cpu", &h))
			continue;
		do
			any = add_throttled(&h, times, ns) || any;
		while (go_up(&h));
	}
	return any ? 0 : -ENOENT;
}

bool quota_pids(const char *root, uint64_t *most)
{
	struct hierarchy h;
	char line[64];
	const char *end;
	bool any = false;

	for (int v2 = 0; v2 <= 1; v2++) {
		if (!find(root, v2, "pids", &h))
			continue;
		do {
			const unsigned long long here =
				first_line(&h, "pids.max", line, sizeof(line))
					? positive(line, &end)
					: 0;

			if (here && (!any || here < *most)) {
				*most = here;
				any = true;
			}
		} while (go_up(&h));
	}
	return any;
}
