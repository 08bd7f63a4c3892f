/* report_measure.c - runs the benchmarks one after another, within one budget */
#include "report.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/clock.h"
#include "harness/ensure.h"
#include "harness/host.h"
#include "harness/record.h"
#include "harness/say.h"

#define RESERVE      0.06 /* of the budget: starting, calibrating, and writing take time too */
#define LEAST_S      1.0
#define USUAL_SHARE  0.05
#define SELFTEST_S   12.0 /* selftest, with room ... */
#define QUICK_TEST_S 4.0  /* ... and with --quick */
#define GRACE_S      30.0 /* beyond twice its budget a benchmark hangs */
#define END_GRACE_NS 900000000u

extern char **environ;

/* Its second ^C throws away what it has measured: so it must not come from the terminal too (stop.h). */
static int start(const char *const argv[], const struct stop *s, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	int err = posix_spawn_file_actions_init(&fa);

	if (err)
		return -err;
	err = -stop_attributes(s, &attr);
	if (err)
		goto destroy_actions;
	err = posix_spawn_file_actions_addopen(&fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	/* Its table is in the page; what it says of its progress and of trouble is on stderr. */
	if (!err)
		err = posix_spawn_file_actions_addopen(
			&fa, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	/* posix_spawn changes neither strings nor arrays; its prototype is older than const */
	if (!err)
		err = posix_spawn(
			pid, argv[0], &fa, &attr, (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attr);
destroy_actions:
	posix_spawn_file_actions_destroy(&fa);
	return -err;
}

/* Waits for the end of pid, at most until *deadline; passes signals on. False: it had to be killed. */
static bool wait_end(pid_t pid, const sigset_t *mask, uint64_t deadline, int *status)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), passed = 0;
	bool ended = pidfd < 0;

	while (!ended) {
		uint64_t now = clock_now_ns(), left = deadline > now ? deadline - now : 0;
		struct timespec ts = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
		struct pollfd p = {.fd = pidfd, .events = POLLIN};

		if (!left)
			break;
		ended = ppoll(&p, 1, &ts, mask) > 0;
		if (!ended && stop_asked() && !passed) {
			passed = stop_asked();
			kill(pid,
				passed); /* it keeps what it has measured, then ends its children */
			deadline = clock_now_ns() + END_GRACE_NS;
		}
	}
	if (pidfd >= 0)
		close(pidfd);
	kill(-pid, SIGKILL); /* before the wait: after it the number may be someone else's */
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return ended;
}

/* Runs one program. 0, or why it did not end well in why. */
static int run(const char *const argv[], double limit_s, char *why, size_t len)
{
	struct stop s;
	int status = 0, err;
	bool ended = false;
	pid_t pid = 0;

	stop_take(&s);
	err = start(argv, &s, &pid);
	if (!err)
		ended = wait_end(pid, &s.mask, clock_now_ns() + (uint64_t)(limit_s * 1e9), &status);
	stop_give_back(&s);
	if (err)
		snprintf(why, len, "cannot be started: %s", strerror(-err));
	else if (stop_asked())
		return -EINTR;
	else if (!ended)
		snprintf(why, len, "did not end within %.0f s and was killed", limit_s);
	else if (WIFSIGNALED(status))
		snprintf(why, len, "was killed by SIG%s", sigabbrev_np(WTERMSIG(status)));
	else if (WEXITSTATUS(status) && WEXITSTATUS(status) != EXIT_SKIPPED)
		snprintf(why, len, "ended with status %d", WEXITSTATUS(status));
	else
		return 0;
	return err ? err : -EIO;
}

static int run_bench(
	const struct report_measure *m, const char *name, double budget_s, char *why, size_t len)
{
	char path[PATH_MAX + 64], seconds[32];
	const char *argv[12];
	size_t n = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", m->paths->bench, name) >= sizeof(path))
		return -ENAMETOOLONG;
	snprintf(seconds, sizeof(seconds), "%.1f", budget_s);
	argv[n++] = path;
	if (m->quick)
		argv[n++] = "--quick";
	argv[n++] = "--budget";
	argv[n++] = seconds;
	argv[n++] = "--run-id";
	argv[n++] = m->run_id;
	argv[n++] = "--output";
	argv[n++] = m->output;
	argv[n++] = "--progress";
	argv[n++] = "auto";
	argv[n] = NULL;
	return run(argv, 2 * budget_s + GRACE_S, why, len);
}

/* The last selftest of this machine, a quick one only where that is enough; NULL: none. */
static json_t *tested_here(const struct store *before, bool quick_will_do)
{
	const json_t *tests = store_all(before, "selftest");
	char machine[256];

	host_line(machine, sizeof(machine));
	for (size_t i = json_array_size(tests); i-- > 0;) {
		json_t *test = json_array_get(tests, i);

		if (!strcmp(report_text(test, "machine_text"), machine) &&
			(quick_will_do || json_is_false(json_object_get(test, "quick"))))
			return test;
	}
	return NULL;
}

static int run_selftest(const struct report_measure *m, char *why, size_t len)
{
	char path[PATH_MAX + 16];
	const char *argv[] = {path, "selftest", "--run-id", m->run_id, "--output", m->output,
		m->quick ? "--quick" : NULL, NULL};

	snprintf(path, sizeof(path), "%s/forklab", m->paths->build);
	return run(argv, SELFTEST_S + GRACE_S, why, len);
}

/* A demo decides what no time can: it shows its phenomenon here, or it does not. */
static int run_demos(const struct report_measure *m)
{
	char path[PATH_MAX + 16], why[160];
	const char *name;
	json_t *value;

	snprintf(path, sizeof(path), "%s/forklab", m->paths->build);
	json_object_foreach(m->demos, name, value)
	{
		const char *argv[] = {path, "watch", "--output", m->output, name, NULL};

		/* How it ended stands in its record, which the claims are judged by. */
		if (run(argv, GRACE_S, why, sizeof(why)) == -EINTR)
			return -EINTR;
	}
	return 0;
}

/* The file of one report is whole: an earlier selftest, which it shows, stands in it too. */
static int repeat_selftest(const struct report_measure *m, json_t *test)
{
	struct record_writer w;
	int err = record_open(m->output, &w), closed;

	if (err)
		return err;
	err = record_write(&w, json_incref(test));
	closed = record_close(&w);
	return err ? err : closed;
}

static double seconds_since(uint64_t begin)
{
	return (double)(clock_now_ns() - begin) / 1e9;
}

double report_share(const json_t *bench, bool quick)
{
	return report_number(bench, quick ? "quick_share" : "share", 0);
}

/* One that is in no such report, but was asked for by --only, gets as much as a usual one. */
static double share_of(const struct report_measure *m, size_t i)
{
	double share = report_share(json_array_get(m->benches, i), m->quick);

	return share > 0 ? share : USUAL_SHARE;
}

/* What this one gets of the time that is left: its share of the shares that are left. */
static double budget_of(const struct report_measure *m, size_t i, double left_s)
{
	double all = 0, mine = share_of(m, i) * left_s;

	for (size_t k = i; k < json_array_size(m->benches); k++)
		all += share_of(m, k);
	return mine / all > LEAST_S ? mine / all : LEAST_S;
}

int report_measure(const struct report_measure *m, const struct store *before, unsigned *failed)
{
	uint64_t begin = clock_now_ns();
	json_t *tested = tested_here(before, m->quick);
	double usable = m->budget_s * (1 - RESERVE) - (tested            ? 0
							      : m->quick ? QUICK_TEST_S
									 : SELFTEST_S);
	size_t n = json_array_size(m->benches);
	char why[160];
	int err;

	if (json_object_size(m->demos)) {
		printf("%zu demos that decide claims\n", json_object_size(m->demos));
		fflush(stdout);
		if (run_demos(m))
			return stop_asked();
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = report_text(json_array_get(m->benches, i), "name");
		double budget = budget_of(m, i, usable - seconds_since(begin));

		printf("[%zu/%zu] %s: %s (%.0f s)\n", i + 1, n, name,
			report_text(json_array_get(m->benches, i), "question"), budget);
		fflush(stdout);
		err = run_bench(m, name, budget, why, sizeof(why));
		if (err == -EINTR)
			return stop_asked();
		if (err) {
			say("%s: %s: its part of the page may be missing", name, why);
			(*failed)++;
		}
	}
	if (tested) {
		err = repeat_selftest(m, tested);
		if (err)
			say("selftest: %s: %s", m->output, strerror(-err));
		return 0;
	}
	printf("selftest: how small a difference can be told apart here?\n");
	fflush(stdout);
	err = run_selftest(m, why, sizeof(why));
	if (err == -EINTR)
		return stop_asked();
	if (err)
		say("selftest: %s", why);
	return 0;
}
