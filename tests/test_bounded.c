/* test_bounded.c - a program under a deadline: its output, its end, and nothing left of it */
#include "forklab/bounded.h"
#include "suite.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct bounded_end end;

static int run(const char *script, int deadline_ms, bool merge, size_t most)
{
	char shell[] = "sh", flag[] = "-c", text[500];
	char *const argv[] = {shell, flag, text, NULL};
	struct bounded_call call = {.argv = argv,
		.deadline_ms = deadline_ms,
		.merge = merge,
		.pass_out = -1,
		.pass_err = -1,
		.most = most};

	ck_assert_uint_lt(strlen(script), sizeof(text));
	strcpy(text, script);
	return bounded_run(&call, &end);
}

START_TEST(both_texts_and_the_exit_status_come_back)
{
	ck_assert_int_eq(run("echo out; echo err >&2; exit 7", 5000, false, 100), 0);
	ck_assert_str_eq(end.out.at, "out\n");
	ck_assert_str_eq(end.err.at, "err\n");
	ck_assert_int_eq(end.exit, 7);
	ck_assert_int_eq(end.signal, 0);
	ck_assert(!end.timed_out && !end.left_behind && end.interrupted == 0);
	bounded_free(&end);
}
END_TEST

START_TEST(merged_output_keeps_its_order)
{
	ck_assert_int_eq(run("echo a; echo b >&2; echo c", 5000, true, 100), 0);
	ck_assert_str_eq(end.out.at, "a\nb\nc\n");
	ck_assert_uint_eq(end.err.len, 0);
	bounded_free(&end);
}
END_TEST

START_TEST(a_program_that_does_not_end_is_killed_with_its_children)
{
	char how[80];
	pid_t child = 0;

	ck_assert_int_eq(run("sleep 1000 & echo $!; wait", 300, true, 100), 0);
	ck_assert(end.timed_out);
	ck_assert_int_eq(sscanf(end.out.at, "%d", &child), 1);
	/* An orphan's zombie is reaped by whoever adopts it, a moment later. */
	for (int i = 0; i < 100 && kill(child, 0) == 0; i++)
		usleep(50000);
	ck_assert(kill(child, 0) < 0 && errno == ESRCH);
	ck_assert_str_eq(bounded_how(&end, 300, how, sizeof(how)), "did not end within 0.3 s");
	bounded_free(&end);
}
END_TEST

START_TEST(a_child_that_is_left_behind_is_noticed_and_ended)
{
	ck_assert_int_eq(run("sleep 1000 & echo done", 5000, true, 100), 0);
	ck_assert_int_eq(end.exit, 0);
	ck_assert(end.left_behind && !end.timed_out);
	ck_assert_str_eq(end.out.at, "done\n");
	bounded_free(&end);
}
END_TEST

START_TEST(a_signal_is_told_by_name)
{
	char how[80];

	ck_assert_int_eq(run("kill -SEGV $$", 5000, true, 100), 0);
	ck_assert_int_eq(end.exit, -1);
	ck_assert_int_eq(end.signal, SIGSEGV);
	ck_assert_str_eq(bounded_how(&end, 5000, how, sizeof(how)), "was killed by SIGSEGV");
	bounded_free(&end);
}
END_TEST

START_TEST(more_output_than_wanted_is_read_and_cut)
{
	ck_assert_int_eq(run("i=0; while [ $i -lt 20000 ]; do echo 1234567; i=$((i+1)); done", 5000,
				 true, 1000),
		0);
	ck_assert_int_eq(end.exit, 0);
	ck_assert_uint_eq(end.out.len, 1000);
	ck_assert(end.out.cut);
	bounded_free(&end);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_an_error)
{
	char name[] = "/nowhere/at/all";
	char *const argv[] = {name, NULL};
	struct bounded_call call = {
		.argv = argv, .deadline_ms = 1000, .pass_out = -1, .pass_err = -1, .most = 10};

	ck_assert_int_eq(bounded_run(&call, &end), -ENOENT);
	bounded_free(&end);
}
END_TEST

START_TEST(a_signal_to_us_ends_the_program_and_is_told)
{
	char script[100];

	snprintf(script, sizeof(script), "kill -TERM %d; sleep 1000", (int)getpid());
	ck_assert_int_eq(run(script, 5000, true, 100), 0);
	ck_assert_int_eq(end.interrupted, SIGTERM);
	ck_assert(!end.timed_out);
	bounded_free(&end);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("bounded");
	TCase *c = gated_case(s, "run");

	tcase_add_test(c, both_texts_and_the_exit_status_come_back);
	tcase_add_test(c, merged_output_keeps_its_order);
	tcase_add_test(c, a_program_that_does_not_end_is_killed_with_its_children);
	tcase_add_test(c, a_child_that_is_left_behind_is_noticed_and_ended);
	tcase_add_test(c, a_signal_is_told_by_name);
	tcase_add_test(c, more_output_than_wanted_is_read_and_cut);
	tcase_add_test(c, a_program_that_is_not_there_is_an_error);
	tcase_add_test(c, a_signal_to_us_ends_the_program_and_is_told);
	return s;
}
