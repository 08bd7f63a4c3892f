/* test_peer_version.c - a program is asked for its version, and nothing of it stays */
#include "folder.h"
#include "harness/clock.h"
#include "harness/peer.h"
#include "suite.h"
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Gone, or a zombie that whoever adopted it has not reaped yet. */
static bool has_ended(int pid)
{
	char path[64], stat[512];
	const char *state;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	n = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	stat[n > 0 ? n : 0] = '\0';
	state = strrchr(stat, ')');
	return !state || state[2] == 'Z' || state[2] == 'X';
}

/* A version manager is a script that starts others. */
START_TEST(a_program_asked_for_its_version_leaves_nothing_behind)
{
	const uint64_t deadline = clock_now_ns() + 5000000000u;
	char path[PATH_MAX], line[64];
	int other = 0;

	put("/managed", "#!/bin/sh\nsleep 60 >&- &\necho $!\n");
	ck_assert_int_eq(chmod(in_folder("/managed"), 0755), 0);
	snprintf(path, sizeof(path), "%s:%s", folder(), getenv("PATH"));
	ck_assert_int_eq(setenv("PATH", path, 1), 0);
	ck_assert_int_eq(peer_version("managed", line, sizeof(line)), 0);
	ck_assert_int_eq(sscanf(line, "%d", &other), 1);
	while (!has_ended(other) && clock_now_ns() < deadline)
		sched_yield();
	if (!has_ended(other)) {
		kill(other, SIGKILL);
		ck_abort_msg("what it started went on");
	}
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("peer_version");
	TCase *t = folder_case(s, "version");

	tcase_add_test(t, a_program_asked_for_its_version_leaves_nothing_behind);
	return s;
}
