/* test_peer.c - harness/peer.h with small sh scripts that answer, err, die, hang, talk too much */
#include "harness/clock.h"
#include "harness/peer.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_MS 5000

static struct peer peer;
static uint64_t elapsed, check;
static char why[64];

static void start(const char *script)
{
	char text[1024];
	char sh[] = "sh", c[] = "-c";
	char *argv[] = {sh, c, text, NULL};

	ck_assert_int_lt(snprintf(text, sizeof(text), "%s", script), (int)sizeof(text));
	ck_assert_int_eq(peer_start(argv, &peer), 0);
}

static int ask(const char *request)
{
	return peer_run(&peer, request, LONG_MS, &elapsed, &check, why, sizeof(why));
}

static void start_from_nothing(void)
{
	peer = (struct peer){.to = -1, .from = -1};
	elapsed = check = 0;
}

static void stop(void)
{
	peer_stop(&peer);
}

/* ---- answers ---- */

START_TEST(an_answer_gives_time_and_check)
{
	start("read line; echo '1234567 42'");
	ck_assert_int_eq(ask("RUN x 42"), 0);
	ck_assert_uint_eq(elapsed, 1234567);
	ck_assert_uint_eq(check, 42);
}
END_TEST

START_TEST(the_request_arrives_as_one_line_with_all_its_words)
{
	start("while read run variant iters axis; do "
	      "[ \"$run $variant $axis\" = 'RUN fork cpus=one work=1e6inc' ] && echo \"5 $iters\" "
	      "|| "
	      "echo ERROR; done");
	for (unsigned k = 1; k < 50; k++) {
		char request[80];

		snprintf(request, sizeof(request), "RUN fork %u cpus=one work=1e6inc", k);
		ck_assert_int_eq(ask(request), 0);
		ck_assert_uint_eq(check, k);
	}
}
END_TEST

START_TEST(the_largest_numbers_pass)
{
	start("read line; echo '18446744073709551615 18446744073709551615'");
	ck_assert_int_eq(ask("RUN x 1"), 0);
	ck_assert_uint_eq(elapsed, UINT64_MAX);
	ck_assert_uint_eq(check, UINT64_MAX);
}
END_TEST

START_TEST(an_answer_in_two_pieces_is_put_together)
{
	start("read line; printf '12'; printf '34 7\\n'");
	ck_assert_int_eq(ask("RUN x 7"), 0);
	ck_assert_uint_eq(elapsed, 1234);
}
END_TEST

START_TEST(after_an_error_the_peer_can_be_asked_again)
{
	start("read line; echo 'ERROR no such variant'; read line; echo '1 2'");
	ck_assert_int_eq(ask("RUN x 1"), -EREMOTEIO);
	ck_assert_str_eq(why, "no such variant");
	ck_assert_int_eq(ask("RUN y 1"), 0);
	ck_assert_uint_eq(check, 2);
	ck_assert_str_eq(why, "");
}
END_TEST

START_TEST(a_long_error_text_is_cut_to_the_callers_room)
{
	char small[8];

	start("read line; echo ERROR 0123456789");
	ck_assert_int_eq(peer_run(&peer, "RUN", LONG_MS, &elapsed, &check, small, sizeof(small)),
		-EREMOTEIO);
	ck_assert_str_eq(small, "0123456");
}
END_TEST

static const char *const garbage[] = {
	"",
	"hello",
	"12",
	"12 ",
	" 12 3",
	"12  3",
	"12 3 ",
	"12 3 4",
	"-1 3",
	"+1 3",
	"1.5 3",
	"1e3 3",
	"0x10 3",
	"12 x",
	"18446744073709551616 1",
	"1 18446744073709551616",
	"ERRORS",
	"1 2\\n3 4",
	"1 2\\r",
	"1\\0002 3",
};
#define GARBAGE (int)(sizeof(garbage) / sizeof(garbage[0]))

START_TEST(an_answer_that_is_no_answer_is_a_protocol_error_and_changes_nothing)
{
	char script[128];

	snprintf(script, sizeof(script), "read line; printf -- '%s\\n'; read line", garbage[_i]);
	start(script);
	ck_assert_int_eq(ask("RUN x 1"), -EPROTO);
	ck_assert_uint_eq(elapsed, 0);
	ck_assert_uint_eq(check, 0);
	ck_assert_int_eq(ask("RUN x 1"), -EPIPE);
}
END_TEST

START_TEST(a_line_without_end_is_a_protocol_error)
{
	start("read line; while :; do printf 1111111111; done");
	ck_assert_int_eq(ask("RUN x 1"), -EPROTO);
}
END_TEST

START_TEST(text_that_nobody_asked_for_is_a_protocol_error)
{
	char first;

	start("echo welcome; read line; echo 1 1");
	ck_assert_int_eq(read(peer.from, &first, 1), 1); /* waits until the text is there */
	ck_assert_int_eq(ask("RUN x 1"), -EPROTO);
}
END_TEST

START_TEST(a_request_of_two_lines_or_too_long_is_refused_and_not_sent)
{
	char request[1100];

	start("read line; echo 1 1");
	ck_assert_int_eq(ask("RUN x 1\nRUN y 1"), -EINVAL);
	memset(request, 'x', sizeof(request));
	request[1001] = '\0';
	ck_assert_int_eq(ask(request), -EINVAL);
	ck_assert_int_eq(ask("RUN x 1"), 0);
}
END_TEST

/* ---- dying and hanging ---- */

START_TEST(a_peer_that_dies_over_a_request_is_a_broken_pipe)
{
	start("read line; exit 0");
	ck_assert_int_eq(ask("RUN x 1"), -EPIPE);
	ck_assert_int_eq(ask("RUN x 1"), -EPIPE);
}
END_TEST

START_TEST(a_peer_that_dies_in_the_middle_of_its_answer_is_a_broken_pipe)
{
	start("read line; printf '12'; kill -KILL $$");
	ck_assert_int_eq(ask("RUN x 1"), -EPIPE);
}
END_TEST

/* The default action of SIGPIPE would end this process: that we come back at all is the proof. */
START_TEST(asking_a_dead_peer_raises_no_sigpipe)
{
	siginfo_t info;

	ck_assert(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	start("exit 0");
	ck_assert_int_eq(waitid(P_PID, (id_t)peer.pid, &info, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(ask("RUN x 1"), -EPIPE);
}
END_TEST

START_TEST(a_peer_that_hangs_times_out_and_is_not_asked_again)
{
	uint64_t begin = clock_now_ns();

	start("read line; kill -STOP $$");
	ck_assert_int_eq(
		peer_run(&peer, "RUN x 1", 50, &elapsed, &check, why, sizeof(why)), -ETIMEDOUT);
	ck_assert_uint_ge(clock_now_ns() - begin, 50 * 1000000u);
	ck_assert_int_eq(ask("RUN x 1"), -EPIPE);
}
END_TEST

/* A peer that has not begun to read: the socket takes the request, the wait for the answer ends. */
START_TEST(a_peer_that_never_reads_times_out)
{
	start("kill -STOP $$");
	ck_assert_int_eq(
		peer_run(&peer, "RUN x 1", 0, &elapsed, &check, why, sizeof(why)), -ETIMEDOUT);
}
END_TEST

static void note_signal(int sig)
{
	(void)sig;
}

START_TEST(signals_that_interrupt_the_wait_do_no_harm)
{
	struct sigaction act = {.sa_handler = note_signal}; /* no SA_RESTART */
	char script[200];

	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
	snprintf(script, sizeof(script),
		"read line; i=0; while [ $i -lt 200 ]; do kill -USR1 %d; i=$((i+1)); done; echo 8 "
		"9",
		(int)getpid());
	start(script);
	ck_assert_int_eq(ask("RUN x 1"), 0);
	ck_assert_uint_eq(check, 9);
}
END_TEST

/* ---- start and stop ---- */

START_TEST(a_program_that_is_not_there_is_an_error_and_leaves_nothing)
{
	char name[] = "no-such-program-of-forklab";
	char *argv[] = {name, NULL};

	ck_assert_int_eq(peer_start(argv, &peer), -ENOENT);
	ck_assert_int_eq(peer.to, -1);
}
END_TEST

START_TEST(end_of_file_ends_a_peer_and_stop_waits_for_it)
{
	pid_t pid;

	start("while read line; do echo 1 1; done");
	ck_assert_int_eq(ask("RUN x 1"), 0);
	pid = peer.pid;
	peer_stop(&peer);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	ck_assert_int_eq(peer.to, -1);
	ck_assert_int_eq(peer.from, -1);
}
END_TEST

START_TEST(a_peer_that_ignores_end_of_file_is_killed)
{
	pid_t pid;

	start("read line; kill -STOP $$");
	pid = peer.pid;
	peer_stop(&peer);
	ck_assert_int_eq(waitpid(pid, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(stopping_twice_or_what_never_started_does_nothing)
{
	peer_stop(&peer);
	start("read line");
	peer_stop(&peer);
	peer_stop(&peer);
}
END_TEST

START_TEST(our_ends_are_closed_on_exec)
{
	start("read line");
	ck_assert_int_eq(fcntl(peer.to, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(fcntl(peer.from, F_GETFD), FD_CLOEXEC);
}
END_TEST

/* The second must not hold the first one's ends, or the first would never see its end of file. */
START_TEST(a_second_peer_holds_no_more_descriptors_than_the_first)
{
	static const char count[] = "read line; set -- /proc/$$/fd/*; echo \"1 $#\"; read line";
	struct peer first;
	uint64_t held;

	start(count);
	ck_assert_int_eq(ask("RUN x 1"), 0);
	held = check;
	first = peer;
	start(count);
	ck_assert_int_eq(ask("RUN x 1"), 0);
	ck_assert_uint_eq(check, held);
	peer_stop(&first);
}
END_TEST

START_TEST(a_peer_starts_with_no_signal_blocked_and_sigpipe_as_usual)
{
	sigset_t set;

	sigfillset(&set);
	ck_assert_int_eq(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	ck_assert(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	/* The masks are 16 hexadecimal digits; bit 12 (0x1000) of SigIgn is SIGPIPE. */
	start("read line; "
	      "while read name mask; do case $name in SigBlk:) b=$mask;; SigIgn:) i=$mask;; esac; "
	      "done < /proc/$$/status; echo \"$((0x$b)) $((0x$i & 0x1000))\"");
	ck_assert_int_eq(ask("RUN x 1"), 0);
	ck_assert_uint_eq(elapsed, 0);
	ck_assert_uint_eq(check, 0);
}
END_TEST

/* With 0 and 1 closed the new descriptors are 0 and 1 themselves, the ones the child needs. */
START_TEST(a_peer_starts_also_from_a_program_without_stdin_and_stdout)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char sh[] = "sh", c[] = "-c", text[] = "read line; echo 3 4";
		char *argv[] = {sh, c, text, NULL};

		close(STDIN_FILENO);
		close(STDOUT_FILENO);
		if (peer_start(argv, &peer))
			_exit(1);
		_exit(ask("RUN x 1") || elapsed != 3 || check != 4 ? 2 : 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(the_path_of_a_helper_program_is_found_beside_our_own)
{
	char path[PATH_MAX], small[16];

	ck_assert_int_eq(peer_program("true_static", path, sizeof(path)), 0);
	ck_assert_int_eq(access(path, X_OK), 0);
	ck_assert_int_eq(peer_program("no_such_helper", path, sizeof(path)), -ENOENT);
	ck_assert_int_eq(peer_program("true_static", small, sizeof(small)), -ENAMETOOLONG);
}
END_TEST

/* ---- true_static: the least a program can be ---- */

static int run_helper(char *argument, int report)
{
	char path[PATH_MAX];
	int status;
	pid_t pid;

	ck_assert_int_eq(peer_program("true_static", path, sizeof(path)), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		char *argv[] = {path, argument, NULL};

		if (report >= 0)
			dup2(report, 3);
		else
			close(3);
		execv(path, argv);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(the_smallest_program_tells_when_it_began_if_asked)
{
	char argument[] = "report";
	uint64_t before = clock_now_ns(), ns = 0;
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(run_helper(argument, ends[1]), 0);
	ck_assert_int_eq(read(ends[0], &ns, sizeof(ns)), (int)sizeof(ns));
	ck_assert_uint_ge(ns, before);
	ck_assert_uint_le(ns, clock_now_ns());
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(the_smallest_program_ends_well_without_argument_and_badly_when_it_cannot_report)
{
	char argument[] = "report";

	ck_assert_int_eq(run_helper(NULL, -1), 0);
	ck_assert_int_eq(run_helper(argument, -1), 1);
}
END_TEST

static void add_answers(Suite *s)
{
	TCase *c = gated_case(s, "answers");

	tcase_add_checked_fixture(c, start_from_nothing, stop);
	tcase_add_test(c, an_answer_gives_time_and_check);
	tcase_add_test(c, the_request_arrives_as_one_line_with_all_its_words);
	tcase_add_test(c, the_largest_numbers_pass);
	tcase_add_test(c, an_answer_in_two_pieces_is_put_together);
	tcase_add_test(c, after_an_error_the_peer_can_be_asked_again);
	tcase_add_test(c, a_long_error_text_is_cut_to_the_callers_room);
	tcase_add_loop_test(
		c, an_answer_that_is_no_answer_is_a_protocol_error_and_changes_nothing, 0, GARBAGE);
	tcase_add_test(c, a_line_without_end_is_a_protocol_error);
	tcase_add_test(c, text_that_nobody_asked_for_is_a_protocol_error);
	tcase_add_test(c, a_request_of_two_lines_or_too_long_is_refused_and_not_sent);
}

static void add_trouble(Suite *s)
{
	TCase *c = gated_case(s, "dying and hanging");

	tcase_add_checked_fixture(c, start_from_nothing, stop);
	tcase_add_test(c, a_peer_that_dies_over_a_request_is_a_broken_pipe);
	tcase_add_test(c, a_peer_that_dies_in_the_middle_of_its_answer_is_a_broken_pipe);
	tcase_add_test(c, asking_a_dead_peer_raises_no_sigpipe);
	tcase_add_test(c, a_peer_that_hangs_times_out_and_is_not_asked_again);
	tcase_add_test(c, a_peer_that_never_reads_times_out);
	tcase_add_test(c, signals_that_interrupt_the_wait_do_no_harm);
}

static void add_start_and_stop(Suite *s)
{
	TCase *c = gated_case(s, "start and stop");

	tcase_add_checked_fixture(c, start_from_nothing, stop);
	tcase_add_test(c, a_program_that_is_not_there_is_an_error_and_leaves_nothing);
	tcase_add_test(c, end_of_file_ends_a_peer_and_stop_waits_for_it);
	tcase_add_test(c, a_peer_that_ignores_end_of_file_is_killed);
	tcase_add_test(c, stopping_twice_or_what_never_started_does_nothing);
	tcase_add_test(c, our_ends_are_closed_on_exec);
	tcase_add_test(c, a_second_peer_holds_no_more_descriptors_than_the_first);
	tcase_add_test(c, a_peer_starts_with_no_signal_blocked_and_sigpipe_as_usual);
	tcase_add_test(c, a_peer_starts_also_from_a_program_without_stdin_and_stdout);
	tcase_add_test(c, the_path_of_a_helper_program_is_found_beside_our_own);
}

Suite *suite(void)
{
	Suite *s = suite_create("peer");
	TCase *helper;

	add_answers(s);
	add_trouble(s);
	add_start_and_stop(s);
	helper = gated_case(s, "true_static");
	tcase_add_test(helper, the_smallest_program_tells_when_it_began_if_asked);
	tcase_add_test(helper,
		the_smallest_program_ends_well_without_argument_and_badly_when_it_cannot_report);
	return s;
}
