/*
 * main.c - runs the suite of the test file it is linked with: every test in a process of its own
 *
 * FORKLAB_TAP names a file that gets the results as TAP, FORKLAB_SKIPS one that gets the skips;
 * tests/run sets both. By hand: build/tests/test_stats, or under a debugger with CK_FORK=no.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

#pragma weak test_early

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

/* Seconds for one test; a sanitizer makes the same work up to some ten times slower. */
#define DEADLINE "20"
#ifdef SANITIZED
#define DEADLINE_FACTOR "4"
#else
#define DEADLINE_FACTOR "1"
#endif

static const char *suite_name = "";

void skip_log(const char *test, const char *fmt, ...)
{
	const char *path = getenv("FORKLAB_SKIPS");
	char reason[512], line[1024];
	int n = (int)strlen(test);
	int fd = STDERR_FILENO;
	va_list ap;

	/* Check's START_TEST(name) makes a function name_fn. */
	if (n > 3 && strcmp(test + n - 3, "_fn") == 0)
		n -= 3;
	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	for (char *c = reason; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	n = snprintf(line, sizeof(line), "SKIP %s: %.*s: %s\n", suite_name, n, test, reason);
	if (path != NULL)
		fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	/* A skip that is not counted would count as passed. */
	ck_assert_msg(fd >= 0, "%s: %s", path, strerror(errno));
	ck_assert_int_eq(write(fd, line, (size_t)n), n);
	if (fd != STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	const char *tap = getenv("FORKLAB_TAP");
	const char *slash = strrchr(argv[0], '/');
	SRunner *runner;
	int failed;

	if (test_early != NULL)
		test_early(argc, argv);
	suite_name = slash ? slash + 1 : argv[0];
	/* Before suite(): a case takes its deadline when it is made. */
	setenv("CK_DEFAULT_TIMEOUT", DEADLINE, 0);
	setenv("CK_TIMEOUT_MULTIPLIER", DEADLINE_FACTOR, 0);
	runner = srunner_create(suite());
	if (getenv("CK_FORK") == NULL)
		srunner_set_fork_status(runner, CK_FORK);
	if (tap != NULL)
		srunner_set_tap(runner, tap);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
