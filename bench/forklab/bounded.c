/* bounded.c - one program under a deadline, in a process group of its own; see bounded.h */
#include "forklab/bounded.h"
#include "forklab/stop.h"

#include "harness/clock.h"
#include "harness/ensure.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* How long the output of a program that has ended may still come: it is in the pipe already. */
#define DRAIN_MS 200

static int spawn(
	const struct bounded_call *call, const struct stop *s, int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int ret = posix_spawn_file_actions_init(&actions);

	if (ret != 0)
		return -ret;
	ret = -stop_attributes(s, &attr);
	if (ret != 0)
		goto out_actions;
	ret = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(&actions, out, 1);
	if (ret == 0)
		ret = posix_spawn_file_actions_adddup2(&actions, err, 2);
	if (ret == 0 && call->dir != NULL)
		ret = posix_spawn_file_actions_addchdir_np(&actions, call->dir);
	if (ret == 0)
		ret = posix_spawnp(pid, call->argv[0], &actions, &attr, call->argv, environ);
	posix_spawnattr_destroy(&attr);
out_actions:
	posix_spawn_file_actions_destroy(&actions);
	return -ret;
}

static void pass_on(int fd, const char *buf, size_t len)
{
	while (fd >= 0 && len > 0) {
		ssize_t n = write(fd, buf, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* nobody reads: the program's own end matters more */
		buf += n;
		len -= (size_t)n;
	}
}

static int keep(struct bounded_text *t, const char *buf, size_t len, size_t most)
{
	size_t room = t->len < most ? most - t->len : 0, n = len < room ? len : room;
	char *at = realloc(t->at, t->len + n + 1);

	if (at == NULL)
		return -ENOMEM;
	memcpy(at + t->len, buf, n);
	t->at = at;
	t->len += n;
	t->at[t->len] = '\0';
	t->cut = t->cut || n < len;
	return 0;
}

/* The pipe's end (0 is end of file, then *fd is closed and -1), or a negative error. */
static int take(int *fd, struct bounded_text *t, int pass, size_t most)
{
	char buf[8192];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	if (n == 0) {
		close(*fd);
		*fd = -1;
		return 0;
	}
	pass_on(pass, buf, (size_t)n);
	return keep(t, buf, (size_t)n, most);
}

struct running {
	const struct bounded_call *call;
	struct bounded_end *end;
	const struct stop *signals;
	pid_t pid;
	int out, err, pidfd;
};

/* One wait for output, the end, a signal or until_ns. 1: the time is up or a signal came. */
static int step(struct running *r, uint64_t until_ns, bool *ended)
{
	struct pollfd p[] = {
		{r->out, POLLIN, 0}, {r->err, POLLIN, 0}, {*ended ? -1 : r->pidfd, POLLIN, 0}};
	uint64_t now = clock_now_ns(), left = until_ns > now ? until_ns - now : 0;
	struct timespec ts = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
	int n, err = 0;

	if (stop_asked() != 0)
		return 1;
	n = ppoll(p, ARRAY_LEN(p), &ts, &r->signals->mask);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return 1;
	if (p[0].revents != 0)
		err = take(&r->out, &r->end->out, r->call->pass_out, r->call->most);
	if (err == 0 && p[1].revents != 0)
		err = take(&r->err, &r->end->err, r->call->pass_err, r->call->most);
	if (p[2].revents != 0)
		*ended = true;
	return err;
}

/* Until the program has ended and its output is read, or there is no more time for that. */
static int follow(struct running *r)
{
	uint64_t until = clock_now_ns() + (uint64_t)r->call->deadline_ms * 1000000u;
	bool ended = false, told = false;
	int ret = 0;

	while (!ended || r->out >= 0 || r->err >= 0) {
		ret = step(r, until, &ended);
		if (ret != 0)
			break;
		if (ended && !told) {
			until = clock_now_ns() + DRAIN_MS * 1000000ull;
			told = true;
		}
	}
	r->end->interrupted = stop_asked();
	r->end->timed_out = ret == 1 && !ended && stop_asked() == 0;
	r->end->left_behind = ret == 1 && ended && stop_asked() == 0;
	return ret < 0 ? ret : 0;
}

/* Kills what is left of the group while its dead leader still holds the number, then reaps the
 * leader. */
static void finish(struct running *r)
{
	siginfo_t info = {0};
	int status = 0;

	kill(-r->pid, SIGKILL);
	while (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	kill(-r->pid, SIGKILL); /* what was started between the first kill and the leader's end */
	while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	r->end->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	r->end->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (r->out >= 0)
		close(r->out);
	if (r->err >= 0)
		close(r->err);
}

static int run_piped(struct running *r, int *out, int *err)
{
	int ret = spawn(r->call, r->signals, out[1], r->call->merge ? out[1] : err[1], &r->pid);

	close(out[1]);
	close(err[1]);
	r->out = out[0];
	r->err = err[0];
	if (ret < 0) {
		close(r->out);
		close(r->err);
		return ret;
	}
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	ret = r->pidfd < 0 ? -errno : follow(r);
	if (r->pidfd >= 0)
		close(r->pidfd);
	finish(r);
	return ret;
}

int bounded_run(const struct bounded_call *call, struct bounded_end *end)
{
	struct stop signals;
	struct running r = {.call = call, .end = end, .signals = &signals};
	int out[2], err[2], ret;

	memset(end, 0, sizeof(*end));
	end->exit = -1;
	if (keep(&end->out, "", 0, 0) < 0 || keep(&end->err, "", 0, 0) < 0) {
		bounded_free(end);
		return -ENOMEM;
	}
	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(err, O_CLOEXEC) < 0) {
		ret = -errno;
		close(out[0]);
		close(out[1]);
		return ret;
	}
	stop_take(&signals);
	ret = run_piped(&r, out, err);
	stop_give_back(&signals);
	return ret;
}

void bounded_free(struct bounded_end *end)
{
	free(end->out.at);
	free(end->err.at);
	memset(end, 0, sizeof(*end));
}

const char *bounded_how(const struct bounded_end *end, int deadline_ms, char *buf, size_t len)
{
	if (end->timed_out)
		snprintf(buf, len, "did not end within %g s", deadline_ms / 1000.0);
	else if (end->interrupted != 0)
		snprintf(buf, len, "was stopped by SIG%s", sigabbrev_np(end->interrupted));
	else if (end->signal != 0)
		snprintf(buf, len, "was killed by SIG%s", sigabbrev_np(end->signal));
	else
		snprintf(buf, len, "ended with status %d", end->exit);
	return buf;
}

void bounded_reraise(int signo)
{
	sigset_t set;

	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
}
