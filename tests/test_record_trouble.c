/* test_record_trouble.c - result files on full disks, of killed programs, of two at once, under signals */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "harness/clock.h"
#include "harness/record.h"
#include "suite.h"

/* What each() has seen: the sum of "n", the last one, and whether they came as 0, 1, 2 ... */
struct seen {
	json_int_t count, sum, last;
	bool in_order;
};

static int see(json_t *obj, void *arg)
{
	struct seen *s = arg;
	json_int_t n = json_integer_value(json_object_get(obj, "n"));

	if (n != s->count)
		s->in_order = false;
	s->count++;
	s->sum += n;
	s->last = n;
	return 0;
}

static struct seen nothing(void)
{
	return (struct seen){.in_order = true};
}

static void append_number(const char *path, int n)
{
	struct record_writer w;

	ck_assert_int_eq(record_open(path, &w), 0);
	ck_assert_int_eq(record_write(&w, json_pack("{s:i}", "n", n)), 0);
	ck_assert_int_eq(record_close(&w), 0);
}

/* ---- full disks ---- */

START_TEST(a_full_device_is_told)
{
	struct record_writer w;

	ck_assert_int_eq(record_open("/dev/full", &w), 0);
	ck_assert_int_eq(record_write(&w, json_pack("{s:i}", "n", 0)), -ENOSPC);
	ck_assert_int_eq(record_close(&w), 0);
}
END_TEST

START_TEST(after_half_a_line_the_next_record_is_not_lost)
{
	const char *path = in_folder("/half");
	struct record_read_info info;
	struct seen s = nothing();

	put("/half", "{\"n\":0}\n{\"n\":1,\"te");
	append_number(path, 2);
	append_number(path, 3);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_uint_eq(info.records, 3);
	ck_assert_int_eq(s.sum, 0 + 2 + 3);
	ck_assert_uint_eq(info.bad, 1);
	ck_assert_uint_eq(info.first_bad, 2);
	ck_assert_int_eq(info.cut, false);
}
END_TEST

/* Fills the little file system until a record does not fit; returns how many did. */
static int fill_up(struct record_writer *w)
{
	char pad[701];
	int n = 0, err;

	memset(pad, 'x', sizeof(pad) - 1);
	pad[sizeof(pad) - 1] = '\0';
	while ((err = record_write(w, json_pack("{s:i,s:s}", "n", n, "pad", pad))) == 0)
		ck_assert_int_lt(++n, 1000);
	ck_assert_int_eq(err, -ENOSPC);
	return n;
}

/* A name space of our own: the mount ends with its process, however that ends. 0 or an errno. */
static int mount_small(const char *dir)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		mount("none", dir, "tmpfs", 0, "size=64k"))
		return errno;
	return 0;
}

/* Tried in a child first: in a chroot it fails half way, and every path of the process looks different. */
static int may_mount(const char *dir)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(mount_small(dir));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(a_file_on_a_full_disk_goes_on_when_there_is_room_again)
{
	const char *small = in_folder("/small"), *path = in_folder("/small/records");
	struct record_read_info info;
	struct seen s = nothing();
	struct record_writer w;
	static char block[8192];
	int whole, err;

	ck_assert_int_eq(mkdir(small, 0700), 0);
	err = may_mount(small);
	if (err)
		skip_test("may not mount a small file system: %s", strerror(err));
	ck_assert_int_eq(mount_small(small), 0);
	put_bytes("/small/ballast", block, sizeof(block));
	ck_assert_int_eq(record_open(path, &w), 0);
	whole = fill_up(&w);
	ck_assert_int_gt(whole, 10);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_int_eq(s.count, whole);
	ck_assert_int_eq(s.in_order, true);
	ck_assert_uint_eq(info.bad, 0);
	ck_assert_int_eq(unlink(in_folder("/small/ballast")), 0);
	ck_assert_int_eq(record_write(&w, json_pack("{s:i}", "n", 4242)), 0);
	ck_assert_int_eq(record_close(&w), 0);
	s = nothing();
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_int_eq(s.count, whole + 1);
	ck_assert_int_eq(s.last, 4242);
	ck_assert_uint_le(info.bad, 1);
	ck_assert_int_eq(info.cut, false);
	umount2(small, MNT_DETACH);
}
END_TEST

/* ---- trouble: kills, several writers, signals ---- */

/* Appends records for ever, now and then a big one, and tells the parent by one byte a record. */
static void write_until_killed(const char *path, int tell)
{
	static char big[100001];
	struct record_writer w;

	memset(big, 'x', sizeof(big) - 1);
	if (record_open(path, &w))
		_exit(1);
	for (int n = 0;; n++) {
		json_t *o = json_pack(
			"{s:i,s:s}", "n", n, "pad", big + (n % 3 ? sizeof(big) - 100 : 0));

		if (record_write(&w, o) || write(tell, "", 1) != 1)
			_exit(1);
	}
}

START_TEST(a_killed_writer_leaves_whole_lines)
{
	const char *path = in_folder("/killed");
	struct record_read_info info;
	struct seen s = nothing();
	int ends[2], status;
	json_int_t whole;
	char byte;
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		write_until_killed(path, ends[1]);
	close(ends[1]);
	for (int i = 0; i < 1 + 2 * _i; i++)
		ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	close(ends[0]);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_int_ge(s.count, 1 + 2 * _i);
	ck_assert_int_eq(s.in_order, true);
	ck_assert_uint_eq(info.bad, 0);
	/* And the next program can go on where it stopped. */
	whole = s.count;
	append_number(path, 4242);
	s = nothing();
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_int_eq(s.count, whole + 1);
	ck_assert_int_eq(s.last, 4242);
	ck_assert_int_eq(info.cut, false);
}
END_TEST

enum { TWO_WRITERS = 2, EACH_WRITES = 2000 };

static void write_some(const char *path, int who)
{
	static char pad[6001];
	struct record_writer w;

	memset(pad, 'a' + who, sizeof(pad) - 1);
	if (record_open(path, &w))
		_exit(1);
	for (int n = 0; n < EACH_WRITES; n++) {
		const char *text = pad + (n * 37) % (int)sizeof(pad);

		if (record_write(&w, json_pack("{s:i,s:i,s:s}", "who", who, "n", n, "pad", text)))
			_exit(1);
	}
	_exit(record_close(&w) ? 1 : 0);
}

static int see_writer(json_t *obj, void *arg)
{
	json_int_t *next = arg, who = json_integer_value(json_object_get(obj, "who"));

	ck_assert_int_ge(who, 0);
	ck_assert_int_lt(who, TWO_WRITERS);
	ck_assert_int_eq(json_integer_value(json_object_get(obj, "n")), next[who]);
	next[who]++;
	return 0;
}

START_TEST(two_writers_at_once_leave_whole_lines)
{
	const char *path = in_folder("/two");
	json_int_t next[TWO_WRITERS] = {0};
	struct record_read_info info;
	pid_t pid[TWO_WRITERS];
	int status;

	for (int i = 0; i < TWO_WRITERS; i++) {
		pid[i] = fork();
		ck_assert_int_ge(pid[i], 0);
		if (pid[i] == 0)
			write_some(path, i);
	}
	for (int i = 0; i < TWO_WRITERS; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(record_read(path, see_writer, next, &info), 0);
	ck_assert_uint_eq(info.bad, 0);
	ck_assert_uint_eq(info.records, TWO_WRITERS * EACH_WRITES);
	ck_assert_int_eq(next[0], EACH_WRITES);
	ck_assert_int_eq(next[1], EACH_WRITES);
}
END_TEST

static void do_nothing(int sig)
{
	(void)sig;
}

/* Without SA_RESTART: calls that wait give up with EINTR. */
static void catch_signals(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof(act));
	act.sa_handler = do_nothing;
	ck_assert_int_eq(sigaction(SIGUSR1, &act, NULL), 0);
}

/* Until the parent sleeps with held bytes in the pipe between us, in read(2) (none) or write(2) (full): a
 * signal sent then surely interrupts that call. False: it did not come to that within 5 s. */
static bool parent_waits(int pipe_end, int held)
{
	const uint64_t deadline = clock_now_ns() + 5000000000u;
	char path[64], stat[512], *state;
	int left = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
	while (clock_now_ns() < deadline) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);

		if (n <= 0)
			return false;
		close(fd);
		stat[n] = '\0';
		state = strrchr(stat, ')');
		if (state && state[2] == 'S' && !ioctl(pipe_end, FIONREAD, &left) && left == held)
			return true;
		sched_yield();
	}
	return false;
}

START_TEST(signals_do_not_tear_what_is_read)
{
	enum { LINES = 20 };
	static const char line[] = "{\"n\":1}\n";
	struct record_read_info info;
	struct seen s = nothing();
	int ends[2], status;
	char path[64];
	pid_t pid;

	catch_signals();
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ends[0]);
		for (int i = 0; i < LINES; i++)
			if (write(ends[1], line, 4) != 4 || !parent_waits(ends[1], 0) ||
				kill(getppid(), SIGUSR1) || !parent_waits(ends[1], 0) ||
				write(ends[1], line + 4, 4) != 4)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	close(ends[0]);
	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(s.count, LINES);
	ck_assert_uint_eq(info.bad, 0);
	ck_assert_int_eq(info.cut, false);
}
END_TEST

/* Takes all that comes and counts. Disturbs the writer at first twice a piece: once in a write that has
 * brought something out, once in one that has not. */
static void read_and_disturb(int from, size_t expected)
{
	const int full = fcntl(from, F_GETPIPE_SZ);
	static char piece[4096];
	size_t got = 0;
	ssize_t n;

	for (int i = 0; i < 20; i++) {
		if (!parent_waits(from, full) || kill(getppid(), SIGUSR1) ||
			!parent_waits(from, full) || kill(getppid(), SIGUSR1))
			_exit(1);
		n = read(from, piece, sizeof(piece));
		if (n != (ssize_t)sizeof(piece))
			_exit(1);
		got += sizeof(piece);
	}
	while ((n = read(from, piece, sizeof(piece))) > 0)
		got += (size_t)n;
	_exit(n == 0 && got == expected ? 0 : 1);
}

START_TEST(a_record_that_goes_out_in_pieces_arrives_whole)
{
	enum { LONG = 1 << 20 };
	char *text = malloc(LONG + 1), path[64];
	struct record_writer w;
	int ends[2], status;
	size_t expected;
	json_t *o;
	pid_t pid;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	o = json_pack("{s:s}", "text", text);
	free(text);
	expected = json_dumpb(o, NULL, 0, JSON_COMPACT) + 1;
	catch_signals();
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(ends[1]);
		read_and_disturb(ends[0], expected);
	}
	close(ends[0]);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[1]);
	ck_assert_int_eq(record_open(path, &w), 0);
	close(ends[1]);
	ck_assert_int_eq(record_write(&w, o), 0);
	ck_assert_int_eq(record_close(&w), 0);
	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(status, 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("record_trouble");
	TCase *full = folder_case(s, "full"), *trouble = folder_case(s, "trouble");

	tcase_add_test(full, a_full_device_is_told);
	tcase_add_test(full, after_half_a_line_the_next_record_is_not_lost);
	tcase_add_test(full, a_file_on_a_full_disk_goes_on_when_there_is_room_again);
	tcase_add_loop_test(trouble, a_killed_writer_leaves_whole_lines, 0, 20);
	tcase_add_test(trouble, two_writers_at_once_leave_whole_lines);
	tcase_add_test(trouble, signals_do_not_tear_what_is_read);
	tcase_add_test(trouble, a_record_that_goes_out_in_pieces_arrives_whole);
	return s;
}
