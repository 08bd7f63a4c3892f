/* peer.c - a program in another language that takes its turn in our rounds, asked over its stdin */
#include "harness/peer.h"
#include "harness/clock.h"
#include "harness/tools.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REQUEST_MAX 1000
#define ANSWER_MAX  400
#define STOP_MS     1000
#define VERSION_MS  2000

extern char **environ;

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * Where we ourselves run without stdin or stdout, new descriptors may be 0 or 1, and the child's
 * two dup2 would write over each other's source.
 */
static int lift(int *fd)
{
	int high;

	if (*fd > STDERR_FILENO)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (high < 0)
		return -errno;
	close(*fd);
	*fd = high;
	return 0;
}

/* A peer gets SIGPIPE as usual and no signal blocked, whatever the caller has done to its own. */
static int spawn(char *const argv[], int in, int out, bool group, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t set;
	int err = posix_spawn_file_actions_init(&actions);

	if (err)
		return -err;
	err = posix_spawnattr_init(&attr);
	if (err)
		goto actions;
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attr, &set);
	sigaddset(&set, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &set);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
						(group ? POSIX_SPAWN_SETPGROUP : 0)));
	err = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (!err)
		err = posix_spawnp(pid, argv[0], &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
actions:
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* group: it leads a process group, which ends with it. */
static int start(char *const argv[], bool group, struct peer *out)
{
	int ask[2] = {-1, -1}, answer[2] = {-1, -1}, err = 0;
	pid_t pid;

	*out = (struct peer){.to = -1, .from = -1};
	/* A socket, since send(2) alone can be told not to raise SIGPIPE when the peer is gone. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ask) || pipe2(answer, O_CLOEXEC))
		err = -errno;
	if (!err)
		err = lift(&ask[1]);
	if (!err)
		err = lift(&answer[1]);
	if (!err)
		err = spawn(argv, ask[1], answer[1], group, &pid);
	close_fd(&ask[1]);
	close_fd(&answer[1]);
	if (err) {
		close_fd(&ask[0]);
		close_fd(&answer[0]);
		return err;
	}
	*out = (struct peer){.pid = pid, .to = ask[0], .from = answer[0], .group = group};
	return 0;
}

int peer_start(char *const argv[], struct peer *out)
{
	return start(argv, false, out);
}

/* poll(2) up to a moment, EINTR handled: the events, or -ETIMEDOUT. */
static int wait_for(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd pfd = {.fd = fd, .events = events};

	for (;;) {
		uint64_t now = clock_now_ns();
		/* Rounded up: a wait that ends early would spin through the last millisecond. */
		uint64_t ms = now < deadline_ns ? (deadline_ns - now + 999999) / 1000000 : 0;
		int n = poll(&pfd, 1, (int)ms);

		if (n > 0)
			return pfd.revents;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && clock_now_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
}

static int send_all(int fd, const char *text, size_t len, uint64_t deadline_ns)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n >= 0) {
			text += n;
			len -= (size_t)n;
		} else if (errno == EAGAIN) {
			int events = wait_for(fd, POLLOUT, deadline_ns);

			if (events < 0)
				return events;
		} else if (errno != EINTR) {
			return errno == ECONNRESET ? -EPIPE : -errno;
		}
	}
	return 0;
}

static int read_line(int fd, char *line, size_t size, uint64_t deadline_ns)
{
	size_t used = 0;

	for (;;) {
		int events = wait_for(fd, POLLIN, deadline_ns);
		ssize_t n;

		if (events < 0)
			return events;
		n = read(fd, line + used, size - 1 - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EPIPE;
		used += (size_t)n;
		line[used] = '\0';
		if (memchr(line, '\n', used))
			break;
		if (used == size - 1)
			return -EPROTO;
	}
	/* What follows the line would be taken for the answer to the next request. */
	if (strlen(line) != used || line[used - 1] != '\n' || strchr(line, '\n') != &line[used - 1])
		return -EPROTO;
	line[used - 1] = '\0';
	return 0;
}

/* Digits alone, unlike strtoull: no sign, no blank, no overflow. Returns what follows, or NULL. */
static const char *digits(const char *s, uint64_t *out)
{
	const char *begin = s;
	uint64_t v = 0;

	for (; *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(v, 10u, &v) ||
			__builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return NULL;
	}
	*out = v;
	return s == begin ? NULL : s;
}

static int understand(
	const char *line, uint64_t *elapsed_ns, uint64_t *check, char *why, size_t whylen)
{
	uint64_t ns, ops;
	const char *s;

	if (!strncmp(line, "ERROR", 5) && (line[5] == ' ' || line[5] == '\0')) {
		snprintf(why, whylen, "%s", line[5] ? line + 6 : "");
		return -EREMOTEIO;
	}
	s = digits(line, &ns);
	if (!s || *s != ' ')
		return -EPROTO;
	s = digits(s + 1, &ops);
	if (!s || *s)
		return -EPROTO;
	*elapsed_ns = ns;
	*check = ops;
	return 0;
}

/* Text that nobody asked for: in the pipe before the request is sent. */
static bool spoke_unasked(const struct peer *p)
{
	struct pollfd pfd = {.fd = p->from, .events = POLLIN};

	return poll(&pfd, 1, 0) > 0 && (pfd.revents & POLLIN);
}

int peer_run(struct peer *p, const char *request, int timeout_ms, uint64_t *elapsed_ns,
	uint64_t *check, char *why, size_t whylen)
{
	uint64_t deadline = clock_now_ns() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0) * 1000000u;
	char text[REQUEST_MAX + 2], answer[ANSWER_MAX];
	size_t len = strlen(request);
	int err;

	if (whylen > 0)
		why[0] = '\0';
	if (len > REQUEST_MAX || strchr(request, '\n'))
		return -EINVAL;
	if (p->to < 0)
		return -EPIPE;
	snprintf(text, sizeof(text), "%s\n", request);
	err = spoke_unasked(p) ? -EPROTO : send_all(p->to, text, len + 1, deadline);
	if (!err)
		err = read_line(p->from, answer, sizeof(answer), deadline);
	if (!err)
		err = understand(answer, elapsed_ns, check, why, whylen);
	if (err && err != -EREMOTEIO)
		close_fd(&p->to);
	return err;
}

/* By pidfd, since waitpid has no deadline. Where the kernel has none, before 5.3: false. */
static bool ends_within(pid_t pid, int ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0); /* O_CLOEXEC by itself */
	int events;

	if (fd < 0)
		return false;
	events = wait_for(fd, POLLIN, clock_now_ns() + (uint64_t)ms * 1000000u);
	close(fd);
	return events >= 0;
}

void peer_stop(struct peer *p)
{
	close_fd(&p->to);
	if (p->pid > 0) {
		if (!ends_within(p->pid, STOP_MS))
			kill(p->pid, SIGKILL);
		if (p->group) /* before it is reaped: then the number may be another's */
			kill(-p->pid, SIGKILL);
		tools_wait(p->pid, NULL);
	}
	/* Only now: a peer that still writes should end by itself, not by SIGPIPE. */
	close_fd(&p->from);
	p->pid = 0;
}

int peer_version(const char *program, char *buf, size_t len)
{
	char name[32], option[] = "--version";
	char *argv[] = {name, option, NULL};
	struct peer p;
	int err;

	snprintf(name, sizeof(name), "%s", program);
	/* A version manager is a script that starts others; nobody else ends those. */
	err = start(argv, true, &p);
	if (err)
		return err;
	err = read_line(p.from, buf, len, clock_now_ns() + VERSION_MS * 1000000u);
	peer_stop(&p);
	return err;
}

int peer_program(const char *name, char *path, size_t len)
{
	int err = tools_exe_dir(path, len);
	size_t used;
	int n;

	if (err)
		return err;
	used = strlen(path);
	n = snprintf(path + used, len - used, "/../peers/%s", name);
	if (n < 0 || (size_t)n >= len - used)
		return -ENAMETOOLONG;
	return access(path, X_OK) ? -ENOENT : 0;
}
