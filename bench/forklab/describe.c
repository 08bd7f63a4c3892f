/* describe.c - asks a program what it is, and does not wait for it for ever */
#include "catalog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"

#define ANSWER_BYTES (64 * 1024) /* what a program says of itself takes less than a tenth */

extern char **environ;

/*
 * The environment less FORKLAB_...: these stand in for options, and one that is meant for this command
 * (FORKLAB_FORMAT=json) would be refused by the program. NULL: no memory. The texts are not copied.
 */
static char **plain_environment(void)
{
	size_t n = 0, used = 0;
	char **env;

	while (environ[n])
		n++;
	env = calloc(n + 1, sizeof(*env));
	for (size_t i = 0; env && i < n; i++)
		if (strncmp(environ[i], "FORKLAB_", 8))
			env[used++] = environ[i];
	return env;
}

static int set_up(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int out)
{
	int err = posix_spawn_file_actions_init(actions);

	if (err)
		return -err;
	err = posix_spawnattr_init(attr);
	if (err) {
		posix_spawn_file_actions_destroy(actions);
		return -err;
	}
	err = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawn_file_actions_addopen(
			actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	/* A group of its own, so that whatever it has started ends with it. */
	if (!err)
		err = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP);
	if (err) {
		posix_spawn_file_actions_destroy(actions);
		posix_spawnattr_destroy(attr);
	}
	return -err;
}

static int start(const char *path, int out, pid_t *pid)
{
	static char option[] = "--describe";
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char *name = strdup(path), **env = plain_environment();
	char *argv[] = {name, option, NULL};
	int err = name && env ? set_up(&actions, &attr, out) : -ENOMEM;

	if (!err) {
		err = -posix_spawn(pid, path, &actions, &attr, argv, env);
		posix_spawn_file_actions_destroy(&actions);
		posix_spawnattr_destroy(&attr);
	}
	free(name);
	free(env);
	return err;
}

/* Waits until fd can be read or has ended. -ETIMEDOUT at the deadline. */
static int wait_fd(int fd, uint64_t deadline)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_now_ns();
		int n;

		if (now >= deadline)
			return -ETIMEDOUT;
		n = poll(&p, 1, (int)((deadline - now) / 1000000u) + 1);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static int read_all(int fd, uint64_t deadline, char *buf, size_t len)
{
	size_t used = 0;

	for (;;) {
		int err = wait_fd(fd, deadline);
		ssize_t n;

		if (err)
			return err;
		if (used == len - 1)
			return -EPROTO;
		n = read(fd, buf + used, len - 1 - used);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			used += (size_t)n;
		if (n == 0)
			break;
	}
	buf[used] = '\0';
	return 0;
}

/* Reaps pid, by force at the deadline or after an error; returns how it ended. */
static int end(pid_t pid, uint64_t deadline, int err, int *status)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 && !err)
		err = -errno;
	if (!err)
		err = wait_fd(fd, deadline);
	if (fd >= 0)
		close(fd);
	kill(-pid, SIGKILL); /* before the wait: after it the number may be someone else's */
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return err;
}

static int ask(const char *path, int timeout_ms, char *buf, size_t len, int *status)
{
	uint64_t deadline = clock_now_ns() + (uint64_t)timeout_ms * 1000000u;
	int ends[2], err;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	err = start(path, ends[1], &pid);
	close(ends[1]);
	if (!err) {
		err = read_all(ends[0], deadline, buf, len);
		err = end(pid, deadline, err, status);
	}
	close(ends[0]);
	return err;
}

static bool usable(const json_t *said)
{
	return json_is_string(json_object_get(said, "name")) &&
	       json_is_array(json_object_get(said, "variants")) &&
	       json_is_array(json_object_get(said, "axes"));
}

int catalog_describe(const char *path, int timeout_ms, json_t **out, char *why, size_t whylen)
{
	char *buf = malloc(ANSWER_BYTES);
	int status = 0, err = buf ? ask(path, timeout_ms, buf, ANSWER_BYTES, &status) : -ENOMEM;

	if (err == -ETIMEDOUT) {
		snprintf(why, whylen, "does not answer --describe within %g s", timeout_ms / 1e3);
	} else if (err) {
		snprintf(why, whylen, "cannot be asked: %s", strerror(-err));
	} else if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		snprintf(why, whylen, "ends with an error at --describe");
		err = -EPROTO;
	} else {
		*out = json_loads(buf, 0, NULL);
		if (!usable(*out)) {
			snprintf(why, whylen,
				"answers --describe with something else than one "
				"object with name, variants and axes");
			json_decref(*out);
			err = -EPROTO;
		}
	}
	free(buf);
	return err;
}
