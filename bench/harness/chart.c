/* chart.c - runs gnuplot on a script of plots/ and a data file, under a deadline */
#include "harness/chart.h"

#include "harness/chart_svg.h"
#include "harness/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAID 4096

unsigned chart_deadline_ms = 10000;

extern char **environ;

/* A copy of the environment with LC_ALL=C: a locale's decimal comma would ruin every number. */
static const char **plain_environment(void)
{
	static const char locale[] = "LC_ALL=C";
	size_t n = 0, k = 0;
	const char **env;

	while (environ[n])
		n++;
	env = calloc(n + 2, sizeof(*env));
	for (size_t i = 0; env && i < n; i++)
		if (strncmp(environ[i], "LC_ALL=", 7))
			env[k++] = environ[i];
	if (env)
		env[k] = locale;
	return env;
}

static int wire(posix_spawn_file_actions_t *fa, posix_spawnattr_t *attr, int out)
{
	sigset_t none;
	int err = -posix_spawn_file_actions_adddup2(fa, out, STDOUT_FILENO);

	if (!err)
		err = -posix_spawn_file_actions_adddup2(fa, out, STDERR_FILENO);
	if (!err)
		err = -posix_spawn_file_actions_addopen(fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setpgroup(attr, 0); /* so that all it starts can be killed at once */
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
	return err;
}

static int start(const char *const argv[], int out, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	const char **env = plain_environment();
	int err = env ? -posix_spawn_file_actions_init(&fa) : -ENOMEM;

	if (err)
		goto free_env;
	err = -posix_spawnattr_init(&attr);
	if (err)
		goto destroy_actions;
	err = wire(&fa, &attr, out);
	/* posix_spawn changes neither strings nor arrays; its prototype is older than const */
	if (!err)
		err = -posix_spawnp(pid, argv[0], &fa, &attr, (char *const *)(uintptr_t)argv,
			(char *const *)(uintptr_t)env);
	posix_spawnattr_destroy(&attr);
destroy_actions:
	posix_spawn_file_actions_destroy(&fa);
free_env:
	free(env);
	return err;
}

/* Reads what gnuplot says until it has closed the pipe or the deadline is over. false: over. */
static bool listen_to(int fd, uint64_t deadline, char *said, size_t len)
{
	size_t n = 0;

	for (;;) {
		uint64_t now = clock_now_ns();
		struct pollfd p = {.fd = fd, .events = POLLIN};
		char buf[1024];
		ssize_t k;

		if (now >= deadline)
			return false;
		k = poll(&p, 1, (int)((deadline - now) / 1000000u) + 1);
		if (k <= 0)
			continue; /* EINTR, or time to look at the clock */
		k = read(fd, buf, sizeof(buf));
		if (k == 0 || (k < 0 && errno != EINTR))
			return true;
		if (k > 0 && n + 1 < len) {
			size_t room = len - 1 - n, take = (size_t)k < room ? (size_t)k : room;

			memcpy(said + n, buf, take);
			n += take;
			said[n] = '\0';
		}
	}
}

/* A program can close its output and go on: the end is waited for on its own. false: deadline. */
static bool ended(pid_t pid, uint64_t deadline)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	bool yes = pidfd < 0; /* no descriptor left: waitpid alone has to do */

	while (!yes) {
		uint64_t now = clock_now_ns();
		struct pollfd p = {.fd = pidfd, .events = POLLIN};

		if (now >= deadline)
			break;
		yes = poll(&p, 1, (int)((deadline - now) / 1000000u) + 1) > 0;
	}
	if (pidfd >= 0)
		close(pidfd);
	return yes;
}

/* Runs argv; said gets what it wrote. 0; -EIO it failed; -ETIMEDOUT; -ENOENT there is no such
 * program. */
static int run(const char *const argv[], char *said, size_t len)
{
	uint64_t deadline = clock_now_ns() + chart_deadline_ms * 1000000ull;
	int fd[2], err, status = 0;
	pid_t pid;
	bool in_time;

	said[0] = '\0';
	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	err = start(argv, fd[1], &pid);
	close(fd[1]);
	if (err) {
		close(fd[0]);
		return err;
	}
	in_time = listen_to(fd[0], deadline, said, len) && ended(pid, deadline);
	/* Before waitpid, so that the group's number cannot belong to somebody else yet. */
	kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(fd[0]);
	if (!in_time)
		return -ETIMEDOUT;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

/* The line that says what is wrong: warnings and the echoed script lines stand before it. */
static void complaint(const char *said, char *why, size_t len)
{
	const char *best = NULL;

	if (!len)
		return;
	for (const char *p = said; *p;) {
		size_t n = strcspn(p, "\n");

		if (n && !memmem(p, n, "arning:", 7) && p[strspn(p, " \t^")] != '\n' &&
			(!best || !memcmp(p, "\"", 1)))
			best = p;
		p += n + (p[n] == '\n');
	}
	snprintf(why, len, "%.*s", best ? (int)strcspn(best, "\n") : 0, best ? best : "");
}

int chart_available(char *text, size_t len)
{
	const char *const argv[] = {"gnuplot", "--version", NULL};
	char said[SAID];
	int err = run(argv, said, sizeof(said));

	if (!err && strncmp(said, "gnuplot ", 8))
		err = -EIO;
	if (text && !err)
		snprintf(text, len, "%.*s", (int)strcspn(said + 8, " \n"), said + 8);
	else if (text)
		complaint(said, text, len);
	return err;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* In gnuplot's single quotes nothing is special but the quote itself, which is doubled. */
static void put_quoted(FILE *f, const char *text)
{
	fputc('\'', f);
	for (; *text; text++) {
		if (*text == '\'')
			fputc('\'', f);
		fputc(*text == '\n' ? ' ' : *text, f);
	}
	fputc('\'', f);
}

/* NAME.gp: the call, to be repeated by hand in the folder of the chart. */
static int write_call(const char *script, const char *data, const char *out, const char *stem)
{
	char path[PATH_MAX], whole[PATH_MAX], here[PATH_MAX];
	const char *name = base_name(out);
	bool beside = (size_t)(base_name(data) - data) == (size_t)(name - out) &&
		      !strncmp(data, out, (size_t)(name - out));
	FILE *f;

	if (!realpath(script, whole) || !realpath(data, here))
		return -errno;
	if ((size_t)snprintf(path, sizeof(path), "%.*s%s.gp", (int)(name - out), out, stem) >=
		sizeof(path))
		return -ENAMETOOLONG;
	f = fopen(path, "we");
	if (!f)
		return -errno;
	fprintf(f, "# draws the chart again: gnuplot %s.gp\ncall ", stem);
	put_quoted(f, whole);
	fputc(' ', f);
	put_quoted(f, beside ? base_name(data) : here);
	fputc(' ', f);
	put_quoted(f, name);
	fputc('\n', f);
	if (ferror(f) | fclose(f))
		return -EIO;
	return 0;
}

static char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	char buf[8192];
	size_t n;
	FILE *m;

	if (!f)
		return NULL;
	m = open_memstream(&text, len);
	while (m && (n = fread(buf, 1, sizeof(buf), f)) > 0)
		fwrite(buf, 1, n, m);
	if (m && fclose(m)) {
		free(text);
		text = NULL;
	}
	fclose(f);
	return text;
}

static int write_svg(const char *part, const char *out, const char *stem, const char *title)
{
	size_t rawlen = 0, len = 0;
	char *raw = slurp(part, &rawlen);
	char *text = raw ? chart_svg_fix(raw, rawlen, stem, title, &len) : NULL;
	FILE *f = text ? fopen(out, "we") : NULL;
	int err = !raw || !text ? -EIO : f ? 0 : -errno;

	if (f) {
		size_t n = fwrite(text, 1, len, f);

		if (fclose(f) || n != len)
			err = -EIO;
	}
	free(text);
	free(raw);
	return err;
}

/* A name such as "<cmd" or "|cmd" is a command to gnuplot: a path that starts with a folder is not.
 */
static int plain_path(char *buf, size_t len, const char *path, const char *tail)
{
	const char *lead = *path == '/' || *path == '.' ? "" : "./";

	return (size_t)snprintf(buf, len, "%s%s%s", lead, path, tail) < len ? 0 : -ENAMETOOLONG;
}

struct call {
	char script[PATH_MAX], stem[NAME_MAX + 1];
};

/* The script of a kind, the name of the picture without its end, and NAME.gp with both. */
static int prepare(
	const char *plots_dir, const char *kind, const char *data, const char *out, struct call *c)
{
	size_t n = strlen(base_name(out));

	if (n > 4 && !strcmp(out + strlen(out) - 4, ".svg"))
		n -= 4;
	if (n > NAME_MAX || (size_t)snprintf(c->script, sizeof(c->script), "%s/%s.gp", plots_dir,
				    kind) >= sizeof(c->script))
		return -ENAMETOOLONG;
	snprintf(c->stem, sizeof(c->stem), "%.*s", (int)n, base_name(out));
	if (!*kind || kind[strspn(kind, "abcdefghijklmnopqrstuvwxyz_")] || access(c->script, R_OK))
		return -ENOENT;
	return write_call(c->script, data, out, c->stem);
}

int chart_script(const char *plots_dir, const char *kind, const char *data, const char *out)
{
	struct call c;

	unlink(out);
	return prepare(plots_dir, kind, data, out, &c);
}

int chart_draw(const char *plots_dir, const char *kind, const char *data, const char *out,
	const char *title, char *why, size_t whylen)
{
	struct call c;
	char from[PATH_MAX], part[PATH_MAX], said[SAID] = "";
	const char *const argv[] = {"gnuplot", "-d", "-c", c.script, from, part, NULL};
	int err = prepare(plots_dir, kind, data, out, &c);

	if (whylen)
		why[0] = '\0';
	if (err)
		return err;
	err = plain_path(from, sizeof(from), data, "");
	if (!err)
		err = plain_path(part, sizeof(part), out, ".part");
	if (!err)
		err = run(argv, said, sizeof(said));
	if (!err)
		err = write_svg(part, out, c.stem, title);
	else
		complaint(said, why, whylen);
	/* The picture of an earlier run must not be taken for that of these data. */
	if (err)
		unlink(out);
	unlink(part);
	return err;
}
