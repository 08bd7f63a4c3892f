/*
 * test_mp_pipe.c - messages through a pipe: whole, in order, up to the end of the file
 *
 * sanitize: thread
 */
#include "mp/event.h"
#include "mp/pipe.h"
#include "mp/wait.h"
#include "mp_kit.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BIG     (1u << 20)
#define ROUNDS  200
#define PATTERN 251

struct shared {
	struct mp_event go;
};

static struct shared *shared;
static struct mp_pipe *here, *there;

static void make(void)
{
	shared = kit_make(sizeof(*shared));
	mp_event_create(&shared->go);
	ck_assert_int_eq(mp_pipe_create(true, &here, &there), 0);
}

static void drop(void)
{
	mp_pipe_close(here);
	mp_pipe_close(there);
	kit_drop();
}

static unsigned char *pattern(size_t nbytes)
{
	unsigned char *bytes = malloc(nbytes + 1);

	ck_assert_ptr_nonnull(bytes);
	for (size_t i = 0; i < nbytes; i++)
		bytes[i] = (unsigned char)(i % PATTERN);
	return bytes;
}

/* ---- what the children do: handle 0 is memory, 1 an end ---- */

static struct mp_pipe *attach_end(struct mp_child *self)
{
	struct mp_pipe *p;

	return mp_pipe_attach(mp_child_handle(self, 1), &p) ? NULL : p;
}

/* Sends back what it gets, until the end of the file. */
static int echo(struct mp_child *self)
{
	struct mp_pipe *p = attach_end(self);
	char *buffer = malloc(BIG);
	size_t n;
	int err = p && buffer ? 0 : -ENOMEM;

	while (!err) {
		err = mp_pipe_receive(p, buffer, BIG, &n, WAIT_MS);
		if (!err)
			err = mp_pipe_send(p, buffer, n, WAIT_MS);
	}
	free(buffer);
	mp_pipe_close(p);
	return err == -ENODATA ? 0 : 1;
}

/* number messages: 0, 1, 2, ... */
static int count(struct mp_child *self)
{
	struct mp_pipe *p = attach_end(self);
	int n = kit_number(self), err = p ? 0 : -ENOMEM;

	for (int i = 0; !err && i < n; i++)
		err = mp_pipe_send(p, &i, sizeof(i), WAIT_MS);
	mp_pipe_close(p);
	return err ? 1 : 0;
}

/* Sends without end, so that a kill falls anywhere. */
static int babble(struct mp_child *self)
{
	struct mp_pipe *p = attach_end(self);
	unsigned char *bytes = malloc(BIG);

	for (size_t i = 0; bytes && i < BIG; i++)
		bytes[i] = (unsigned char)(i % PATTERN);
	while (p && bytes)
		if (mp_pipe_send(p, bytes, BIG / 3, 4 * WAIT_MS))
			break;
	free(bytes);
	mp_pipe_close(p);
	return 1;
}

static int attach_twice(struct mp_child *self)
{
	struct mp_pipe *p, *q;
	int first = mp_pipe_attach(mp_child_handle(self, 1), &p);
	int second = mp_pipe_attach(mp_child_handle(self, 1), &q);
	int wrong = mp_pipe_attach(mp_child_handle(self, 0), &q);

	mp_pipe_close(first ? NULL : p);
	return first == 0 && second == -EBADF && wrong == -EINVAL ? 0 : 1;
}

static const struct mp_entry entries[] = {{"echo", echo}, {"count", count}, {"babble", babble},
	{"attach_twice", attach_twice}, {NULL, NULL}};

void test_early(int argc, char **argv)
{
	mp_init(argc, argv, entries);
}

/* Hands there to a child and closes it here, so that the child's is the only one. A forked child has a copy of
 * the other end too, and closes it as part of being one. */
static struct mp_process *give_end(const char *entry, enum mp_method method, int number)
{
	struct mp_handle handles[] = {mp_memory_handle(kit_memory), mp_pipe_handle(there)};
	struct mp_process_options o = {.entry = entry,
		.argument = &number,
		.nbytes = sizeof(number),
		.handles = handles,
		.nhandles = 2,
		.method = method};
	struct mp_process *p = NULL;

	ck_assert_int_eq(mp_process_start(&o, &p), 0);
	mp_pipe_close(there);
	there = NULL;
	return p;
}

/* ---- */

START_TEST(messages_of_all_sizes_go_there_and_back_whole)
{
	static const size_t sizes[] = {0, 1, 3, 4, 5, 4096, 65535, 65536, 200000, BIG};
	struct mp_process *p = give_end("echo", kit_method[_i], 0);
	unsigned char *bytes = pattern(BIG), *back = malloc(BIG);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = BIG + 1;

		ck_assert_int_eq(mp_pipe_send(here, bytes, sizes[i], WAIT_MS), 0);
		memset(back, 0xff, BIG);
		ck_assert_int_eq(mp_pipe_receive(here, back, BIG, &n, WAIT_MS), 0);
		ck_assert_uint_eq(n, sizes[i]);
		ck_assert_int_eq(memcmp(back, bytes, n), 0);
	}
	free(bytes);
	free(back);
	if (kit_method[_i] == MP_FORK)
		mp_process_kill(
			p); /* it has a copy of our end: it would never see the end of the file */
	mp_pipe_close(here);
	here = NULL;
	ck_assert_int_eq(kit_end(p), kit_method[_i] == MP_FORK ? -SIGKILL : 0);
}
END_TEST

START_TEST(messages_come_in_order_and_then_the_end)
{
	struct mp_process *p = give_end("count", kit_method[_i], 1000);
	size_t n = 0;
	int got;

	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(mp_pipe_receive(here, &got, sizeof(got), &n, WAIT_MS), 0);
		ck_assert_uint_eq(n, sizeof(got));
		ck_assert_int_eq(got, i);
	}
	ck_assert_int_eq(mp_pipe_receive(here, &got, sizeof(got), &n, WAIT_MS), -ENODATA);
	ck_assert_int_eq(mp_pipe_receive(here, &got, sizeof(got), &n, WAIT_MS), -ENODATA);
	ck_assert_int_eq(mp_pipe_send(here, &got, sizeof(got), WAIT_MS), -EPIPE);
	ck_assert_int_eq(kit_end(p), 0);
}
END_TEST

START_TEST(a_writer_that_is_killed_tears_at_most_one_message_and_says_so)
{
	unsigned char *bytes = pattern(BIG), *got = malloc(BIG);

	for (int i = 0; i < KILLS_EACH; i++) {
		struct mp_process *p = give_end("babble", kit_method[_i], 0);
		size_t n, whole = 0;
		int err;

		/* A different number each time, so that the kill falls elsewhere. */
		for (err = 0; !err && whole < (size_t)(i % 7); whole++) {
			err = mp_pipe_receive(here, got, BIG, &n, WAIT_MS);
			ck_assert_int_eq(err, 0);
		}
		ck_assert_int_eq(mp_process_kill(p), 0);
		while (!(err = mp_pipe_receive(here, got, BIG, &n, WAIT_MS))) {
			ck_assert_uint_eq(n, BIG / 3);
			ck_assert_int_eq(memcmp(got, bytes, n), 0);
		}
		ck_assert_msg(err == -ENODATA || err == -EPROTO, "%s", strerror(-err));
		ck_assert_int_eq(kit_end(p), -SIGKILL);
		mp_pipe_close(here);
		ck_assert_int_eq(mp_pipe_create(true, &here, &there), 0);
	}
	free(bytes);
	free(got);
}
END_TEST

START_TEST(a_handle_is_attached_once_and_only_as_what_it_is)
{
	ck_assert_int_eq(kit_end(give_end("attach_twice", kit_method[_i], 0)), 0);
	ck_assert_int_eq(mp_pipe_attach(NULL, &there), -EINVAL);
}
END_TEST

START_TEST(a_message_longer_than_the_buffer_waits_for_a_longer_one)
{
	char buffer[8];
	size_t n = 0;

	ck_assert_int_eq(mp_pipe_send(here, "longer than 8", 13, 0), 0);
	ck_assert_int_eq(mp_pipe_send(here, "short", 5, 0), 0);
	ck_assert_int_eq(mp_pipe_receive(there, buffer, sizeof(buffer), &n, 0), -EMSGSIZE);
	ck_assert_uint_eq(n, 13);
	ck_assert_int_eq(mp_pipe_receive(there, buffer, 0, &n, 0), -EMSGSIZE);
	{
		char longer[13];

		ck_assert_int_eq(mp_pipe_receive(there, longer, sizeof(longer), &n, 0), 0);
		ck_assert_int_eq(memcmp(longer, "longer than 8", 13), 0);
	}
	ck_assert_int_eq(mp_pipe_receive(there, buffer, sizeof(buffer), &n, 0), 0);
	ck_assert_uint_eq(n, 5);
}
END_TEST

START_TEST(timeouts_end_a_wait_and_keep_what_has_come)
{
	static const char half[] = {6, 0, 0, 0, 'a', 'b', 'c'};
	char buffer[16];
	size_t n;

	ck_assert_int_eq(mp_pipe_receive(here, buffer, sizeof(buffer), &n, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_pipe_receive(here, buffer, sizeof(buffer), &n, -1), -ETIMEDOUT);
	ck_assert_int_eq(mp_pipe_receive(here, buffer, sizeof(buffer), &n, 10), -ETIMEDOUT);
	for (size_t i = 0; i < sizeof(half); i++) {
		ck_assert_int_eq(write(mp_pipe_fd(there), &half[i], 1), 1);
		memset(buffer, 0, sizeof(buffer));
		ck_assert_int_eq(mp_pipe_receive(here, buffer, sizeof(buffer), &n, 0), -ETIMEDOUT);
	}
	memset(buffer, 0, sizeof(buffer));
	ck_assert_int_eq(write(mp_pipe_fd(there), "def", 3), 3);
	ck_assert_int_eq(mp_pipe_receive(here, buffer, sizeof(buffer), &n, 0), 0);
	ck_assert_uint_eq(n, 6);
	ck_assert_int_eq(memcmp(buffer, "abcdef", 6), 0);
}
END_TEST

START_TEST(half_a_message_is_never_a_whole_one)
{
	unsigned char *bytes = pattern(BIG);
	size_t n;
	int err;

	/* Nobody reads: the socket fills in the middle of the message. */
	ck_assert_int_eq(mp_pipe_send(here, bytes, BIG, 10), -ETIMEDOUT);
	ck_assert_int_eq(mp_pipe_send(here, bytes, 1, 0), -EPIPE);
	err = mp_pipe_receive(there, bytes, BIG, &n, 0);
	ck_assert_int_eq(err, -EPROTO);
	ck_assert_int_eq(mp_pipe_receive(there, bytes, BIG, &n, 0), -EPROTO);
	free(bytes);
}
END_TEST

START_TEST(a_message_that_cannot_be_read_is_no_half_message_either)
{
	const size_t readable = 160 << 10, nbytes = 200 << 10;
	unsigned char *bytes =
		mmap(NULL, 256 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t n;

	ck_assert_ptr_ne(bytes, MAP_FAILED);
	ck_assert_int_eq(mprotect(bytes + readable, (256 << 10) - readable, PROT_NONE), 0);
	/* Nothing has gone out: the pipe is as it was. */
	ck_assert_int_eq(mp_pipe_send(here, bytes + readable, 8, 0), -EFAULT);
	ck_assert_int_eq(mp_pipe_send(here, NULL, 8, 0), -EFAULT);
	ck_assert_int_eq(mp_pipe_send(here, "whole", 5, 0), 0);
	ck_assert_int_eq(mp_pipe_receive(there, bytes + readable, 5, &n, 0), -EFAULT);
	ck_assert_int_eq(mp_pipe_receive(there, bytes, 5, &n, 0), 0);
	ck_assert_int_eq(memcmp(bytes, "whole", 5), 0);
	/* The kernel takes it in pieces, and one of them has gone out. */
	ck_assert_int_eq(mp_pipe_send(here, bytes, nbytes, 0), -EFAULT);
	ck_assert_int_eq(mp_pipe_send(here, "x", 1, 0), -EPIPE);
	ck_assert_int_eq(mp_pipe_receive(there, bytes, nbytes, &n, 0), -EPROTO);
	munmap(bytes, 256 << 10);
}
END_TEST

START_TEST(a_length_that_no_message_has_is_refused_without_memory)
{
	static const unsigned char huge[] = {0xfe, 0xff, 0xff, 0xff, 1, 2, 3};
	char buffer[16];
	size_t n;

	ck_assert_int_eq(write(mp_pipe_fd(there), huge, sizeof(huge)), sizeof(huge));
	ck_assert_int_eq(mp_pipe_receive(here, buffer, sizeof(buffer), &n, 0), -EPROTO);
	ck_assert_int_eq(mp_pipe_send(here, buffer, (size_t)MP_MESSAGE_MAX + 1, 0), -EMSGSIZE);
	ck_assert_int_eq(mp_pipe_send(here, buffer, SIZE_MAX, 0), -EMSGSIZE);
}
END_TEST

START_TEST(one_way_means_one_way)
{
	struct mp_pipe *in, *out;
	char byte = 0;
	size_t n;

	ck_assert_int_eq(mp_pipe_create(false, &in, &out), 0);
	ck_assert_int_eq(mp_pipe_send(in, &byte, 1, 0), -EBADF);
	ck_assert_int_eq(mp_pipe_receive(out, &byte, 1, &n, 0), -EBADF);
	ck_assert_int_eq(mp_pipe_send(out, "x", 1, 0), 0);
	ck_assert_int_eq(mp_pipe_receive(in, &byte, 1, &n, 0), 0);
	ck_assert_int_eq(byte, 'x');
	mp_pipe_close(in);
	/* The default of SIGPIPE would end us here. */
	ck_assert_int_eq(mp_pipe_send(out, "x", 1, 0), -EPIPE);
	mp_pipe_close(out);
	mp_pipe_close(NULL);
}
END_TEST

START_TEST(wait_tells_which_of_several_is_ready)
{
	struct mp_process *p = kit_start("attach_twice", kit_method[_i], 0);
	int fds[] = {mp_pipe_fd(here), mp_pipe_fd(there), mp_process_sentinel(p)};
	bool ready[3] = {false, false, false};

	ck_assert_int_eq(mp_pipe_send(here, "x", 1, 0), 0);
	ck_assert_int_eq(mp_wait(fds, ready, 2, WAIT_MS), 0);
	ck_assert(!ready[0] && ready[1]);
	ck_assert_int_eq(mp_wait(&fds[2], &ready[2], 1, WAIT_MS), 0);
	ck_assert(ready[2]);
	ck_assert_int_eq(kit_end(p), 1);
	ck_assert_int_eq(mp_wait(fds, ready, 1, 0), -ETIMEDOUT);
	ck_assert_int_eq(mp_wait(fds, ready, 1, 10), -ETIMEDOUT);
	ck_assert_int_eq(mp_wait(fds, ready, 0, 0), -EINVAL);
	ck_assert_int_eq(mp_wait(fds, ready, MP_WAIT_MAX + 1, 0), -EINVAL);
	fds[0] = 1 << 20;
	ck_assert_int_eq(mp_wait(fds, ready, 1, 0), -EBADF);
	fds[0] = -1;
	ck_assert_int_eq(mp_wait(fds, ready, 2, 0), -EBADF);
}
END_TEST

START_TEST(out_of_descriptors_is_an_error)
{
	int fds[4096], n = 0;
	struct mp_pipe *a, *b;

	while (n < 4096 && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		n++;
	if (n < 4096)
		ck_assert_int_eq(mp_pipe_create(true, &a, &b), -EMFILE);
	while (n > 0)
		close(fds[--n]);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("mp_pipe");
	TCase *c = gated_case(s, "messages");

	tcase_add_checked_fixture(c, make, drop);
	tcase_add_loop_test(c, messages_of_all_sizes_go_there_and_back_whole, 0, NMETHODS);
	tcase_add_loop_test(c, messages_come_in_order_and_then_the_end, 0, NMETHODS);
	tcase_add_loop_test(c, a_writer_that_is_killed_tears_at_most_one_message_and_says_so,
		FIRST_PROCESS, NMETHODS);
	tcase_add_loop_test(c, a_handle_is_attached_once_and_only_as_what_it_is, 0, NMETHODS);
	tcase_add_loop_test(c, wait_tells_which_of_several_is_ready, 0, NMETHODS);
	c = gated_case(s, "an end");
	tcase_add_checked_fixture(c, make, drop);
	tcase_add_test(c, a_message_longer_than_the_buffer_waits_for_a_longer_one);
	tcase_add_test(c, timeouts_end_a_wait_and_keep_what_has_come);
	tcase_add_test(c, half_a_message_is_never_a_whole_one);
	tcase_add_test(c, a_message_that_cannot_be_read_is_no_half_message_either);
	tcase_add_test(c, a_length_that_no_message_has_is_refused_without_memory);
	tcase_add_test(c, one_way_means_one_way);
	tcase_add_test(c, out_of_descriptors_is_an_error);
	return s;
}
