/* launch.c - main's side of a launch: start it, send commands, take samples in, end it */
#include "harness/launch.h"
#include "harness/clock.h"
#include "harness/limits.h"
#include "harness/tools.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* send instead of write: a launch that has died must be -EPIPE, not SIGPIPE. */
static int send_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static void write_study(FILE *f, const struct study *s, unsigned number, const char *dir)
{
	unsigned effective = place_machine(s->place)->effective;

	fprintf(f, "quick %d\neffective %u\nseed %llu\npeers %s/../../bench/peers\nbind %d\ncpus",
		s->limits.quick, effective, (unsigned long long)s->limits.seed + number, dir,
		s->limits.bind);
	for (size_t i = 0; i < effective; i++)
		fprintf(f, " %u", place_slot(s->place, i)->os_cpu);
	for (size_t i = 0; i < s->npoints; i++) {
		fprintf(f, "\npoint %u %u", s->points[i].workers, s->points[i].cpus);
		for (size_t a = 0; a < s->naxes; a++)
			fprintf(f, " %s", s->points[i].values[a]);
	}
	for (size_t i = 0; i < s->ncells; i++)
		fprintf(f, "\ncell %zu %zu", s->cells[i].point, s->cells[i].variant);
	fputc('\n', f);
}

/* The launch learns points and cells from us; it never loads hwloc, whose memory would be copied by fork. */
static int tell_study(const struct launch *l, const struct study *s)
{
	char dir[PATH_MAX], *text = NULL;
	size_t len = 0;
	int err = tools_exe_dir(dir, sizeof(dir));
	FILE *f = err ? NULL : open_memstream(&text, &len);

	if (err || !f)
		return err ? err : -ENOMEM;
	write_study(f, s, l->number, dir);
	err = fclose(f) ? -ENOMEM : send_all(l->fd, text, len);
	free(text);
	return err;
}

static int spawn_self(pid_t *pid, int control, int life)
{
	char *argv[] = {program_invocation_name, (char[]){"--launch"}, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int err;

	/* dup2 clears O_CLOEXEC on the copy alone. */
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	err = posix_spawn_file_actions_adddup2(&actions, control, LAUNCH_CONTROL);
	if (!err)
		err = posix_spawn_file_actions_adddup2(&actions, life, LAUNCH_LIFE);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setpgroup(&attr, 0);
	if (!err)
		err = posix_spawn(pid, "/proc/self/exe", &actions, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

/* The child's ends must not be numbered as the copies they get there: one would overwrite the other's source. */
static int lift(int *fd)
{
	int high;

	if (*fd > LAUNCH_LIFE)
		return 0;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, LAUNCH_LIFE + 1);
	if (high < 0)
		return -errno;
	close(*fd);
	*fd = high;
	return 0;
}

int launch_start(
	struct study *s, unsigned number, const volatile sig_atomic_t *stop, struct launch *out)
{
	int control[2], life[2], err;

	*out = (struct launch){.number = number, .study = s, .stop = stop, .fd = -1, .life = -1};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control))
		return -errno;
	if (pipe2(life, O_CLOEXEC)) {
		err = -errno;
		close(control[0]);
		close(control[1]);
		return err;
	}
	err = lift(&control[1]);
	if (!err)
		err = lift(&life[0]);
	if (!err)
		err = spawn_self(&out->pid, control[1], life[0]);
	close(control[1]);
	close(life[0]);
	if (err) {
		close(control[0]);
		close(life[1]);
		return err;
	}
	out->life = life[1];
	out->fd = control[0];
	err = tell_study(out, s);
	if (err)
		launch_end(out, true);
	return err;
}

static int take_sample(struct launch *l, const char *line)
{
	struct study_sample sample = {.launch = l->number};
	unsigned long long v[8];
	char *end;

	for (size_t i = 0; i < 8; i++) {
		v[i] = strtoull(line, &end, 10);
		if (end == line)
			return -EPROTO;
		line = end;
	}
	if (v[0] >= l->study->ncells)
		return -EPROTO;
	sample.round = (unsigned)v[1];
	sample.t_ns = v[2];
	sample.tags = (unsigned)v[3];
	for (size_t m = 0; m < BENCH_MARKS; m++)
		sample.marks[m] = v[4 + m];
	return study_add(&l->study->cells[v[0]], &sample);
}

static int take_spans(struct launch *l, size_t cell, uint64_t t_ns, const char *rest)
{
	struct study_spans *s = &l->study->cells[cell].spans;

	*s = (struct study_spans){.launch = l->number, .t_ns = t_ns};
	while (*rest) {
		unsigned long long begin, end;
		struct study_span *at = &s->at[s->n];
		int len = 0;

		if (s->n == BENCH_SPANS || sscanf(rest, " %u %u %llu %llu%n", &at->worker,
						   &at->task, &begin, &end, &len) != 4)
			return -EPROTO;
		at->begin_ns = begin;
		at->end_ns = end;
		s->n++;
		rest += len;
	}
	return 0;
}

static int take_line(struct launch *l, char *line)
{
	unsigned long long iters;
	size_t cell;
	double est;
	int at = 0, err;

	if (line[0] == 's' && line[1] == ' ')
		return take_sample(l, line + 2);
	if (sscanf(line, "iters %zu %llu %lf", &cell, &iters, &est) == 3 &&
		cell < l->study->ncells) {
		l->study->cells[cell].iters = iters;
		l->study->cells[cell].est_ns = est;
		return 0;
	}
	if (sscanf(line, "spans %zu %llu%n", &cell, &iters, &at) == 2 && at &&
		cell < l->study->ncells)
		return take_spans(l, cell, iters, line + at);
	if (sscanf(line, "fail %zu %d %n", &cell, &err, &at) == 2 && at &&
		cell < l->study->ncells) {
		if (!l->study->cells[cell].failed[0]) {
			snprintf(l->study->cells[cell].failed, STUDY_WHY, "%s", line + at);
			l->study->cells[cell].failed_err = -err;
		}
		return 0;
	}
	if (sscanf(line, "end %d %n", &err, &at) == 1 && at) {
		l->end_err = -err;
		snprintf(l->end_what, sizeof(l->end_what), "%s", line + at);
		return -EPIPE;
	}
	return !strcmp(line, "done") ? 1 : -EPROTO;
}

/* Waits for input, a stop or the deadline. */
static int wait_input(const struct launch *l, uint64_t deadline_ns)
{
	struct pollfd pfd = {.fd = l->fd, .events = POLLIN};

	for (;;) {
		uint64_t now = clock_now_ns();
		uint64_t left_ms = deadline_ns > now ? (deadline_ns - now) / 1000000 + 1 : 0;

		if (l->stop && *l->stop)
			return -EINTR;
		if (!left_ms) /* we may have been stopped ourselves (^Z) while the answer came */
			return poll(&pfd, 1, 0) > 0 ? 0 : -ETIMEDOUT;
		/* A signal between the look at *stop and poll is seen when poll ends: 100 ms at most. */
		if (poll(&pfd, 1, left_ms < 100 ? (int)left_ms : 100) > 0)
			return 0;
	}
}

/* The next whole line, its newline cut off, in the launch's buffer until the next call. */
static int next_line(struct launch *l, uint64_t deadline_ns, char **line)
{
	for (;;) {
		char *end = memchr(l->buf + l->at, '\n', l->len - l->at);
		ssize_t n;
		int err;

		if (end) {
			*end = '\0';
			*line = l->buf + l->at;
			l->at = (size_t)(end - l->buf) + 1;
			return 0;
		}
		memmove(l->buf, l->buf + l->at, l->len - l->at);
		l->len -= l->at;
		l->at = 0;
		if (l->len == sizeof(l->buf))
			return -EPROTO;
		err = wait_input(l, deadline_ns);
		if (err)
			return err;
		n = read(l->fd, l->buf + l->len, sizeof(l->buf) - l->len);
		if (n == 0 || (n < 0 && errno != EINTR))
			return -EPIPE;
		l->len += n > 0 ? (size_t)n : 0;
	}
}

int launch_command(struct launch *l, int timeout_ms, const char *fmt, ...)
{
	uint64_t deadline = clock_now_ns() + (uint64_t)timeout_ms * 1000000u;
	char *text, *line;
	va_list ap;
	int err, len;

	va_start(ap, fmt);
	len = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (len < 0)
		return -ENOMEM;
	text[len] = '\n'; /* in place of the NUL: send_all counts */
	err = send_all(l->fd, text, (size_t)len + 1);
	free(text);
	while (!err) {
		err = next_line(l, deadline, &line);
		if (!err)
			err = take_line(l, line);
	}
	return err == 1 ? 0 : err;
}

static void wait_ended(pid_t pid, int ms)
{
	struct pollfd pfd = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	uint64_t deadline = clock_now_ns() + (uint64_t)ms * 1000000u;

	if (pfd.fd < 0)
		return;
	while (poll(&pfd, 1, ms) < 0 && errno == EINTR && clock_now_ns() < deadline)
		;
	close(pfd.fd);
}

const char *launch_how(const struct launch *l, char *buf, size_t len)
{
	siginfo_t info = {0};
	char text[120];

	if (l->end_err) {
		snprintf(buf, len, "the launch could not %s: %s", l->end_what,
			limits_text(l->end_err, text, sizeof(text)));
		return buf;
	}
	wait_ended(l->pid, 1000);
	if (waitid(P_PID, (id_t)l->pid, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
		snprintf(buf, len, "the launch hung up");
	else if (info.si_code == CLD_EXITED)
		snprintf(buf, len, "the launch ended by itself, with status %d", info.si_status);
	else
		snprintf(buf, len, "the launch was killed by SIG%s", sigabbrev_np(info.si_status));
	return buf;
}

void launch_end(struct launch *l, bool kill_it)
{
	if (l->fd >= 0)
		close(l->fd); /* end of file is the order to end */
	if (l->pid > 0) {
		if (!kill_it)
			wait_ended(l->pid, 1000);
		/* Before it is reaped, its number cannot belong to another group. */
		launch_group_end(l->pid);
		tools_wait(l->pid, NULL);
	}
	if (l->life >= 0)
		close(l->life);
	*l = (struct launch){.fd = -1, .life = -1};
}
