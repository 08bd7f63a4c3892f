/* test_gate.c - the leak gate finds what a test leaves behind: each test here runs a leaking one
 * inside */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

/* The bodies that leak; Check runs them in a runner of their own, inside the tests below. */
START_TEST(leaks_a_child)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
}
END_TEST

START_TEST(leaks_a_zombie)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	ck_assert_int_gt(pid, 0);
}
END_TEST

START_TEST(leaks_a_descriptor)
{
	ck_assert_int_ge(open("/dev/zero", O_RDONLY | O_CLOEXEC), 0);
}
END_TEST

START_TEST(closes_what_is_not_its_own)
{
	ck_assert_int_eq(close(STDIN_FILENO), 0);
}
END_TEST

static void *wait_for_ever(void *arg)
{
	pause();
	return arg;
}

START_TEST(leaks_a_thread)
{
	pthread_t t;

	ck_assert_int_eq(pthread_create(&t, NULL, wait_for_ever, NULL), 0);
}
END_TEST

START_TEST(leaks_a_shared_mapping)
{
	ck_assert_ptr_ne(
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
		MAP_FAILED);
}
END_TEST

static char name_left[64];

START_TEST(leaks_a_name)
{
	int fd = open(name_left, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}
END_TEST

static void *end_at_once(void *arg)
{
	return arg;
}

START_TEST(leaks_nothing)
{
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	pthread_t t;
	pid_t pid;

	ck_assert_int_eq(pthread_create(&t, NULL, end_at_once, NULL), 0);
	pthread_join(t, NULL);
	pid = fork();
	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	close(fd);
	munmap(m, 4096);
}
END_TEST

START_TEST(skips_itself)
{
	skip_test("needs %d\nmoons", 2);
	ck_abort_msg("skip_test has not left the test");
}
END_TEST

/* Runs one test behind the gate; message (size len) gets what Check says of it, "" where it passed.
 */
static void run_gated(const TTest *test, char *message, size_t len)
{
	Suite *s = suite_create("inner");
	SRunner *runner = srunner_create(s);
	TestResult **failures;

	tcase_add_test(gated_case(s, "inner"), test);
	srunner_set_fork_status(runner, CK_FORK);
	srunner_run_all(runner, CK_SILENT);
	ck_assert_int_eq(srunner_ntests_run(runner), 1);
	failures = srunner_failures(runner);
	snprintf(message, len, "%s", srunner_ntests_failed(runner) ? tr_msg(failures[0]) : "");
	free(failures);
	srunner_free(runner);
}

static void expect_report(const TTest *test, const char *one, const char *other)
{
	char message[4096];

	run_gated(test, message, sizeof(message));
	ck_assert_msg(
		strncmp(message, "leak gate: ", 11) == 0, "no gate's report: \"%s\"", message);
	ck_assert_msg(strstr(message, one) != NULL, "no \"%s\" in: %s", one, message);
	ck_assert_msg(strstr(message, other) != NULL, "no \"%s\" in: %s", other, message);
}

START_TEST(a_running_child_is_found_and_named)
{
	expect_report(leaks_a_child, "left by the test: child ", "(test_gate): still there");
}
END_TEST

START_TEST(a_child_nobody_waited_for_is_found)
{
	expect_report(leaks_a_zombie, "left by the test: child ", "ended, never waited for");
}
END_TEST

START_TEST(an_open_descriptor_is_found_with_its_target)
{
	expect_report(leaks_a_descriptor, "left by the test: descriptor ", ": /dev/zero");
}
END_TEST

START_TEST(a_closed_foreign_descriptor_is_found)
{
	expect_report(closes_what_is_not_its_own, "gone after the test: ", "descriptor 0: ");
}
END_TEST

START_TEST(a_running_thread_is_found)
{
	expect_report(leaks_a_thread, "left by the test: ", "thread ");
}
END_TEST

START_TEST(a_shared_mapping_is_found)
{
	expect_report(leaks_a_shared_mapping, "left by the test: ", "shared mapping ");
}
END_TEST

START_TEST(a_name_in_dev_shm_is_found)
{
	char message[4096];

	snprintf(name_left, sizeof(name_left), "/dev/shm/forklab-test-gate-%d", (int)getpid());
	run_gated(leaks_a_name, message, sizeof(message));
	if (unlink(name_left) != 0)
		skip_test("cannot create files in /dev/shm");
	ck_assert_msg(strstr(message, name_left) != NULL, "no \"%s\" in: %s", name_left, message);
}
END_TEST

START_TEST(a_clean_test_passes_the_gate_50_times)
{
	char message[4096];

	for (int i = 0; i < 50; i++) {
		run_gated(leaks_nothing, message, sizeof(message));
		ck_assert_str_eq(message, "");
	}
}
END_TEST

START_TEST(a_skip_is_logged_on_one_line_and_is_no_failure)
{
	char path[] = "/tmp/forklab-skips-XXXXXX", message[512], line[256] = "", expected[256];
	int fd = mkstemp(path);
	FILE *f;

	ck_assert_int_ge(fd, 0);
	setenv("FORKLAB_SKIPS", path, 1);
	run_gated(skips_itself, message, sizeof(message));
	f = fdopen(fd, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	ck_assert_ptr_null(fgets(expected, sizeof(expected), f));
	fclose(f);
	unlink(path);
	ck_assert_str_eq(message, "");
	ck_assert_str_eq(line, "SKIP test_gate: skips_itself: needs 2 moons\n");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("gate");
	TCase *found = tcase_create("found");
	TCase *clean = tcase_create("clean");

	tcase_add_test(found, a_running_child_is_found_and_named);
	tcase_add_test(found, a_child_nobody_waited_for_is_found);
	tcase_add_test(found, an_open_descriptor_is_found_with_its_target);
	tcase_add_test(found, a_closed_foreign_descriptor_is_found);
	tcase_add_test(found, a_running_thread_is_found);
	tcase_add_test(found, a_shared_mapping_is_found);
	tcase_add_test(found, a_name_in_dev_shm_is_found);
	suite_add_tcase(s, found);
	tcase_add_test(clean, a_clean_test_passes_the_gate_50_times);
	tcase_add_test(clean, a_skip_is_logged_on_one_line_and_is_no_failure);
	suite_add_tcase(s, clean);
	return s;
}
