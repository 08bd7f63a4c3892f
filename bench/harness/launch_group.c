/* launch_group.c - the end of all that a launch has started: asked first, killed then */
#include "harness/clock.h"
#include "harness/launch.h"
#include <ctype.h>
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#define AWAITED_MAX 256 /* of more, those beyond are killed without a wait */
#define GRACE_NS    300000000u

/* Of /proc/PID/stat: pid (name) state parent group ... The name may hold blanks and brackets. */
static bool is_in(const char *pid, pid_t group)
{
	char path[300], text[512], *end;
	FILE *f;
	size_t n;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	end = strrchr(text, ')');
	return end && sscanf(end + 1, " %*c %*d %d", &found) == 1 && found == group;
}

static nfds_t members(pid_t group, struct pollfd *out)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	nfds_t n = 0;

	while (d && n < AWAITED_MAX && (e = readdir(d))) {
		int fd;

		if (!isdigit((unsigned char)e->d_name[0]) || !is_in(e->d_name, group))
			continue;
		fd = pidfd_open(atoi(e->d_name), 0);
		if (fd >= 0)
			out[n++] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	if (d)
		closedir(d);
	return n;
}

/* Until all have ended, or the time is up. */
static void wait_for_all(struct pollfd *p, nfds_t n)
{
	uint64_t end = clock_now_ns() + GRACE_NS, now;
	nfds_t left = n;

	while (left > 0 && (now = clock_now_ns()) < end) {
		if (poll(p, n, (int)((end - now) / 1000000u) + 1) < 0)
			continue;
		for (nfds_t i = 0; i < n; i++)
			if (p[i].fd >= 0 && p[i].revents) {
				close(p[i].fd);
				p[i].fd = -1; /* poll passes over it */
				left--;
			}
	}
	for (nfds_t i = 0; i < n; i++)
		if (p[i].fd >= 0)
			close(p[i].fd);
}

void launch_group_end(pid_t group)
{
	struct pollfd p[AWAITED_MAX];
	nfds_t n = members(group, p);

	kill(-group, SIGTERM);
	wait_for_all(p, n);
	kill(-group, SIGKILL);
}
