/* limits.c - from an error to the limit that was met */
#include "harness/limits.h"
#include "harness/quota.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

bool limits_is(int err)
{
	return err == -EAGAIN || err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

/* The kernel says EAGAIN for both. The user's limit counts what others of the same user run too, and does not
 * bind root. */
static void name_processes(char *buf, size_t len)
{
	uint64_t most;
	struct rlimit r;
	bool group = quota_pids("", &most);
	bool user = geteuid() != 0 && !getrlimit(RLIMIT_NPROC, &r) && r.rlim_cur != RLIM_INFINITY;

	if (group && (!user || most <= r.rlim_cur))
		snprintf(buf, len, "pids.max is %ju", (uintmax_t)most);
	else if (user)
		snprintf(buf, len, "RLIMIT_NPROC is %ju", (uintmax_t)r.rlim_cur);
}

const char *limits_name(int err, char *buf, size_t len)
{
	struct rlimit r;

	if (len)
		buf[0] = '\0';
	if (err == -EAGAIN)
		name_processes(buf, len);
	else if (err == -EMFILE && !getrlimit(RLIMIT_NOFILE, &r))
		snprintf(buf, len, "RLIMIT_NOFILE is %ju", (uintmax_t)r.rlim_cur);
	return buf;
}

const char *limits_text(int err, char *buf, size_t len)
{
	char name[64];

	limits_name(err, name, sizeof(name));
	snprintf(buf, len, "%s%s%s%s", strerror(-err), *name ? " (" : "", name, *name ? ")" : "");
	return buf;
}
