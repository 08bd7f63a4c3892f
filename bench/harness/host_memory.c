/* host_memory.c - memory that can still be taken: the machine's, or less where a cgroup limits it
 */
#include "harness/host_internal.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The two generations have other names for the same things. */
struct files {
	const char *limit, *usage, *inactive;
};

static const struct files v1 = {
	"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file "};
static const struct files v2 = {"memory.max", "memory.current", "inactive_file "};

/* The path of our group in the hierarchy of controller ("memory", or "" for v2): "/a/b". */
static bool group_path(char *text, const char *controller, char *out, size_t len)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path)
			continue;
		*names++ = '\0';
		*path++ = '\0';
		if (strcmp(names, controller))
			continue;
		host_text(out, len, "%s", path);
		return true;
	}
	return false;
}

/* Where that hierarchy is mounted, and which of its groups is the mount's root. Lines of mountinfo:
 * id parent maj:min ROOT MOUNTPOINT options [more] - TYPE source OPTIONS */
static bool mount_of(
	char *text, const char *type, const char *option, char *root, char *point, size_t len)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *dash = strstr(line, " - "), *field = line, *words = NULL;
		size_t n = strlen(type);

		if (!dash || strncmp(dash + 3, type, n) || dash[3 + n] != ' ')
			continue;
		if (option[0] && !strstr(dash + 3 + n, option))
			continue;
		*dash = '\0';
		for (int i = 0; i < 3 && field; i++)
			field = strtok_r(i ? NULL : line, " ", &words);
		field = strtok_r(NULL, " ", &words);
		if (!field)
			continue;
		host_text(root, len, "%s", field);
		field = strtok_r(NULL, " ", &words);
		if (!field)
			continue;
		host_text(point, len, "%s", field);
		return true;
	}
	return false;
}

static bool read_bytes(const char *root, const char *dir, const char *name, uint64_t *out)
{
	char path[PATH_MAX], text[32], *end;

	host_text(path, sizeof(path), "%s/%s", dir, name);
	if (host_read(root, path, text, sizeof(text)) <= 0)
		return false;
	*out = strtoull(text, &end, 10); /* "max" is no number: no limit */
	return end != text && *end == '\0';
}

/* What is left below one group's limit: its page cache that was not used lately can be given up. */
static uint64_t left_in(const char *root, const char *dir, const struct files *names)
{
	uint64_t limit, usage, cache = 0;
	char path[PATH_MAX], text[4096], value[32];

	if (!read_bytes(root, dir, names->limit, &limit) || limit >= (uint64_t)INT64_MAX / 2)
		return UINT64_MAX;
	if (!read_bytes(root, dir, names->usage, &usage))
		return limit;
	host_text(path, sizeof(path), "%s/memory.stat", dir);
	if (host_read(root, path, text, sizeof(text)) > 0 &&
		host_field(text, names->inactive, value, sizeof(value)))
		cache = strtoull(value, NULL, 10);
	usage = usage > cache ? usage - cache : 0;
	return limit > usage ? limit - usage : 0;
}

/* The tightest of our group and those around it, up to the root of the mount. */
static uint64_t left_in_groups(
	const char *root, const char *type, const char *controller, const struct files *names)
{
	static char text[32768];
	char path[PATH_MAX / 4], top[PATH_MAX / 4], point[PATH_MAX / 4], dir[PATH_MAX];
	uint64_t least = UINT64_MAX;
	size_t skip;

	host_read(root, "/proc/self/cgroup", text, sizeof(text));
	if (!group_path(text, controller, path, sizeof(path)))
		return least;
	host_read(root, "/proc/self/mountinfo", text, sizeof(text));
	if (!mount_of(text, type, controller, top, point, sizeof(point)))
		return least;
	/* In a container the mount often starts at our own group, whose path is told from further
	 * up. */
	skip = !strcmp(top, "/") ? 0 : strlen(top);
	if (strncmp(path, top, skip) || (path[skip] != '/' && path[skip] != '\0'))
		skip = strlen(path);
	host_text(dir, sizeof(dir), "%s%s", point, path + skip);
	for (;;) {
		uint64_t left = left_in(root, dir, names);
		char *slash = strrchr(dir, '/');

		if (left < least)
			least = left;
		if (!slash || (size_t)(slash - dir) < strlen(point))
			return least;
		*slash = '\0';
	}
}

size_t host_memory_available_at(const char *root)
{
	char text[4096], value[48];
	uint64_t bytes, left;

	if (host_read(root, "/proc/meminfo", text, sizeof(text)) <= 0 ||
		!host_field(text, "MemAvailable:", value, sizeof(value)))
		return 0;
	bytes = strtoull(value, NULL, 10) * 1024;
	left = left_in_groups(root, "cgroup2", "", &v2);
	if (left < bytes)
		bytes = left;
	left = left_in_groups(root, "cgroup", "memory", &v1);
	if (left < bytes)
		bytes = left;
	/* Nothing left at all is known, not unknown. */
	return bytes ? (size_t)bytes : 1;
}
