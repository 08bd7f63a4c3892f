/* host_read.c - small files of /proc and /sys, below a root that tests can replace */
#include "harness/ensure.h"
#include "harness/host_internal.h"
#include "harness/tools.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool below(char *full, size_t len, const char *root, const char *path)
{
	int n = snprintf(full, len, "%s%s", root, path);

	return n >= 0 && (size_t)n < len;
}

void host_text(char *buf, size_t len, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(buf, len, fmt, ap) < 0 && len > 0)
		buf[0] = '\0';
	va_end(ap);
}

/* Names from firmware and device trees may hold anything; in a record only UTF-8 may stand. */
static void clean(char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)buf[i];

		if (c >= 0x7f)
			buf[i] = '?';
		else if (c < 0x20 && c != '\n' && c != '\t')
			buf[i] = ' ';
	}
}

ssize_t host_read(const char *root, const char *path, char *buf, size_t len)
{
	char full[PATH_MAX];
	ssize_t n;
	int fd;

	CHECK(len > 0);
	buf[0] = '\0';
	if (!below(full, sizeof(full), root, path))
		return -ENAMETOOLONG;
	/* O_NONBLOCK: a FIFO in the place of a file must not stop us. */
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	n = tools_read(fd, buf, len - 1);
	close(fd);
	if (n < 0) {
		buf[0] = '\0';
		return n;
	}
	clean(buf, (size_t)n);
	while (n > 0 && isspace((unsigned char)buf[n - 1]))
		n--;
	buf[n] = '\0';
	return n;
}

bool host_number(const char *root, const char *path, long long *out)
{
	char text[32], *end;
	long long x;

	if (host_read(root, path, text, sizeof(text)) <= 0)
		return false;
	errno = 0;
	x = strtoll(text, &end, 10);
	if (errno || end == text || *end != '\0')
		return false;
	*out = x;
	return true;
}

bool host_link(const char *root, const char *path, char *buf, size_t len)
{
	char full[PATH_MAX];
	ssize_t n;

	if (!below(full, sizeof(full), root, path))
		return false;
	n = readlink(full, buf, len);
	if (n < 0 || (size_t)n >= len)
		return false;
	clean(buf, (size_t)n);
	buf[n] = '\0';
	return true;
}

bool host_exists(const char *root, const char *path)
{
	char full[PATH_MAX];

	return below(full, sizeof(full), root, path) && !access(full, F_OK);
}

int host_folder(
	const char *root, const char *path, void (*each)(const char *name, void *arg), void *arg)
{
	char full[PATH_MAX];
	struct dirent *e;
	DIR *dir;

	if (!below(full, sizeof(full), root, path))
		return -ENAMETOOLONG;
	dir = opendir(full);
	if (!dir)
		return -errno;
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
			each(e->d_name, arg);
	closedir(dir);
	return 0;
}

struct cpu_walk {
	void (*each)(unsigned cpu, void *arg);
	void *arg;
};

static void cpu_entry(const char *name, void *arg)
{
	const struct cpu_walk *walk = arg;
	unsigned long cpu;
	char *end;

	if (strncmp(name, "cpu", 3) || !isdigit((unsigned char)name[3]))
		return;
	cpu = strtoul(name + 3, &end, 10);
	if (*end == '\0' && cpu < 1u << 20)
		walk->each((unsigned)cpu, walk->arg);
}

int host_each_cpu(const char *root, void (*each)(unsigned cpu, void *arg), void *arg)
{
	struct cpu_walk walk = {.each = each, .arg = arg};

	return host_folder(root, HOST_CPU_DIR, cpu_entry, &walk);
}

unsigned host_list_count(const char *list)
{
	unsigned long count = 0;

	while (isdigit((unsigned char)*list)) {
		char *end;
		unsigned long lo = strtoul(list, &end, 10), hi = lo;

		if (*end == '-' && isdigit((unsigned char)end[1]))
			hi = strtoul(end + 1, &end, 10);
		/* No kernel has a million CPUs: this is something else. */
		if (hi < lo || hi > 1u << 20 || count > 1u << 20)
			return 0;
		count += hi - lo + 1;
		if (*end == '\0')
			return (unsigned)count;
		if (*end != ',')
			return 0;
		list = end + 1;
	}
	return 0;
}

bool host_field(const char *text, const char *key, char *buf, size_t len)
{
	const size_t n = strlen(key);

	while (text && strncmp(text, key, n)) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	if (!text)
		return false;
	text += n;
	text += strspn(text, " \t");
	host_text(buf, len, "%.*s", (int)strcspn(text, "\n"), text);
	return true;
}

void host_found(struct host_check *c, enum host_state state, const char *why, const char *fmt, ...)
{
	va_list ap;

	CHECK(strlen(why) < sizeof(c->why));
	CHECK(state != HOST_UNKNOWN);
	c->state = state;
	host_text(c->why, sizeof(c->why), "%s", why);
	va_start(ap, fmt);
	if (vsnprintf(c->value, sizeof(c->value), fmt, ap) < 0)
		c->value[0] = '\0';
	va_end(ap);
}

void host_unknown(struct host_check *c, const char *why)
{
	CHECK(strlen(why) < sizeof(c->why));
	c->state = HOST_UNKNOWN;
	c->value[0] = '\0';
	host_text(c->why, sizeof(c->why), "%s", why);
}
