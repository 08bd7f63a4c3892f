/* test_life.c - a process with a life pipe ends when its parent does, however the parent dies */
#include "harness/life.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS 5000

/*
 * The test is the grandparent: a parent holds the write end, a grandchild binds its life to it and says
 * so on a second pipe whose end of file tells us that it is gone.
 */
struct family {
	pid_t parent;
	int alive; /* one byte when bound, end of file when the grandchild has ended */
};

static void grandchild(int life, int alive)
{
	if (life_bind(life) || write(alive, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void parent(int alive)
{
	int life[2];
	pid_t pid;

	if (pipe2(life, O_CLOEXEC))
		_exit(1);
	pid = fork();
	if (pid == 0) {
		close(life[1]);
		grandchild(life[0], alive);
	}
	close(life[0]);
	close(alive);
	for (;;)
		pause();
}

static void start(struct family *f)
{
	int alive[2];
	char byte;

	/* The orphan is ours to reap, so that the leak gate sees a clean house. */
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	ck_assert_int_eq(pipe2(alive, O_CLOEXEC), 0);
	f->parent = fork();
	ck_assert_int_ge(f->parent, 0);
	if (f->parent == 0) {
		close(alive[0]);
		parent(alive[1]);
	}
	close(alive[1]);
	f->alive = alive[0];
	ck_assert_int_eq(read(f->alive, &byte, 1), 1);
}

START_TEST(sigkill_of_the_parent_ends_the_child)
{
	struct family f;
	struct pollfd pfd;
	int status;
	char byte;

	start(&f);
	pfd = (struct pollfd){.fd = f.alive, .events = POLLIN};
	ck_assert_int_eq(poll(&pfd, 1, 0), 0); /* it lives as long as the parent does */
	ck_assert_int_eq(kill(f.parent, SIGKILL), 0);
	ck_assert_int_eq(poll(&pfd, 1, WAIT_MS), 1);
	ck_assert_int_eq(read(f.alive, &byte, 1), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_gt(waitpid(-1, &status, 0), 0);
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	close(f.alive);
}
END_TEST

START_TEST(a_parent_that_is_gone_already_is_noticed)
{
	int life[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe2(life, O_CLOEXEC), 0);
	close(life[1]);
	pid = fork();
	if (pid == 0) {
		life_bind(life[0]);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	close(life[0]);
}
END_TEST

START_TEST(a_descriptor_that_is_not_open_is_an_error)
{
	ck_assert_int_eq(life_bind(1000), -EBADF);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("life");
	TCase *t = gated_case(s, "life pipe");

	tcase_add_loop_test(t, sigkill_of_the_parent_ends_the_child, 0, 20);
	tcase_add_test(t, a_parent_that_is_gone_already_is_noticed);
	tcase_add_test(t, a_descriptor_that_is_not_open_is_an_error);
	return s;
}
