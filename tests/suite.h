/*
 * suite.h - what a test file sees: its suite, the leak gate, and how to skip
 *
 * A test file tests/test_NAME.c defines suite(); tests/main.c runs it, each test in a child of its
 * own and with a deadline. A comment in the first five lines of the file may say "deadline: 240"
 * (seconds for the whole file, for tests/run) or "sanitize: thread" (this file also runs under
 * ThreadSanitizer).
 */
#ifndef FORKLAB_SUITE_H
#define FORKLAB_SUITE_H

#include <check.h>

/* Defined by the test file: its tests, in cases. */
Suite *suite(void);

/*
 * May be defined by the test file. tests/main.c calls it first, before anything else has been
 * opened or started: the place for mp_init, which does not return in a spawned child.
 */
void test_early(int argc, char **argv);

/*
 * Adds a case with the leak gate to s: after each of its tests, children, threads, open
 * descriptors, shared mappings and names in /dev/shm and /dev/mqueue must be as they were before;
 * what differs is named and fails the test. The gate looks after the teardown of fixtures that are
 * added later.
 */
TCase *gated_case(Suite *s, const char *name);

/*
 * ck_assert_msg for a loop of thousands. Check's parent keeps a message of each ck_assert of its child,
 * true or not: 500,000 of them were 350 MiB under AddressSanitizer, which every child started by fork
 * inherits and walks through for leaks as it ends; 200 of them took 20 s to end.
 */
#define must(true_here, ...)                                                                       \
	do {                                                                                       \
		if (!(true_here))                                                                  \
			ck_abort_msg(__VA_ARGS__);                                                 \
	} while (0)

/* Leaves the running test as skipped: skip_test("needs 2 CPUs, has %u", n). Only in the test's own
 * body. */
#define skip_test(...)                                                                             \
	do {                                                                                       \
		skip_log(__func__, __VA_ARGS__);                                                   \
		return;                                                                            \
	} while (0)

/* Writes "SKIP suite: test: reason" to the file FORKLAB_SKIPS, or to standard error. */
void skip_log(const char *test, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
