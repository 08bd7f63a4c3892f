/*
 * test_python_queue.c - the twin of Python's Queue: nothing is lost or torn, and it waits where Python's does
 * sanitize: thread
 */
#include "peers/python_queue.h"
#include "suite.h"
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#define WAIT_MS  5000
#define MOST     (1u << 20)
#define MESSAGES 2000u
#define SIDES    2u /* producers, and as many consumers */

/* How often a test that forks is run: ThreadSanitizer does not bear a fork beside its own thread. */
#ifdef __SANITIZE_THREAD__
#define FORKS 0
#else
#define FORKS 1
#endif

static struct python_queue queue;
static unsigned char *message;

static void make(void)
{
	message = malloc(MOST);
	ck_assert_ptr_nonnull(message);
	ck_assert_int_eq(python_queue_open(&queue, MOST), 0);
}

static void drop(void)
{
	free(message);
}

static size_t length_of(uint32_t number)
{
	return sizeof(number) + number * 37 % 20000;
}

static int put(uint32_t number)
{
	size_t n = length_of(number);

	memset(message, (int)(number & 0xff), n);
	memcpy(message, &number, sizeof(number));
	return python_queue_put(&queue, message, n);
}

/* Gets one message and looks at each of its bytes: its number, or UINT32_MAX. */
static uint32_t get(void)
{
	uint32_t number;
	size_t n;

	if (python_queue_get(&queue, message, &n))
		return UINT32_MAX;
	memcpy(&number, message, sizeof(number));
	if (n != length_of(number))
		return UINT32_MAX;
	for (size_t i = sizeof(number); i < n; i++)
		if (message[i] != (number & 0xff))
			return UINT32_MAX;
	return number;
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static bool has_ended(pid_t pid, int timeout_ms)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	ck_assert_int_ge(fd, 0);
	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	close(fd);
	return n > 0;
}

/* Its exit code, within the time; else it is killed and the test fails. */
static int end_of(pid_t pid)
{
	bool ended = has_ended(pid, WAIT_MS);
	int status;

	if (!ended)
		kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(ended, "pid %d has not ended within %d ms", (int)pid, WAIT_MS);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static pid_t child(int (*body)(void))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		python_queue_forked(&queue);
		_exit(body());
	}
	return pid;
}

static int bytes_in_pipe(void)
{
	int n = 0;

	ck_assert_int_eq(ioctl(queue.reading, FIONREAD, &n), 0);
	return n;
}

/* Not by its bytes: a write that does not fit behind the one before it begins a page. */
static bool is_pipe_full(void)
{
	struct pollfd p = {.fd = queue.writing, .events = POLLOUT};
	int n = poll(&p, 1, 0);

	ck_assert_int_ge(n, 0);
	return n == 0;
}

/* ---- one process ---- */

START_TEST(put_takes_more_than_the_pipe_holds_and_all_comes_whole_and_in_order)
{
	for (uint32_t i = 0; i < MESSAGES; i++)
		ck_assert_int_eq(put(i), 0);
	for (uint32_t i = 0; i < MESSAGES; i++)
		ck_assert_uint_eq(get(), i);
	ck_assert_int_eq(python_queue_close(&queue), 0);
}
END_TEST

START_TEST(a_message_takes_its_length_and_4_bytes_in_the_pipe)
{
	static const size_t lengths[] = {0, 1, PYTHON_QUEUE_JOINED, PYTHON_QUEUE_JOINED + 1};
	uint64_t until = now_ms() + WAIT_MS;
	int all = 0;
	size_t n;

	memset(message, 7, MOST);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(python_queue_put(&queue, message, lengths[i]), 0);
		all += (int)lengths[i] + 4;
	}
	while (bytes_in_pipe() < all && now_ms() < until)
		sched_yield();
	ck_assert_int_eq(bytes_in_pipe(), all);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_int_eq(python_queue_get(&queue, message, &n), 0);
		ck_assert_uint_eq(n, lengths[i]);
	}
	ck_assert_int_eq(python_queue_close(&queue), 0);
}
END_TEST

START_TEST(what_is_too_long_is_refused_and_a_queue_for_nothing_too)
{
	struct python_queue none;

	ck_assert_int_eq(python_queue_put(&queue, message, MOST + 1), -EMSGSIZE);
	ck_assert_int_eq(python_queue_open(&none, 0), -EINVAL);
	ck_assert_int_eq(python_queue_open(&none, (size_t)UINT32_MAX + 1), -EINVAL);
	ck_assert_int_eq(python_queue_close(&queue), 0);
}
END_TEST

/* ---- the end of a process that has put ---- */

static int put_too_much(void)
{
	memset(message, 1, MOST);
	return python_queue_put(&queue, message, MOST) || python_queue_close(&queue);
}

START_TEST(a_process_cannot_end_before_the_pipe_has_taken_what_it_put)
{
	pid_t pid = child(put_too_much);
	uint64_t until = now_ms() + WAIT_MS;
	size_t n;

	while (!is_pipe_full() && now_ms() < until)
		sched_yield();
	ck_assert(is_pipe_full());
	/* It writes, and cannot go on: an end that did not wait would come within this time. */
	ck_assert(!has_ended(pid, 100));
	ck_assert_int_eq(python_queue_get(&queue, message, &n), 0);
	ck_assert_uint_eq(n, MOST);
	ck_assert_int_eq(end_of(pid), 0);
	ck_assert_int_eq(python_queue_close(&queue), 0);
}
END_TEST

static int put_little(void)
{
	return put(1) || put(2) || python_queue_close(&queue);
}

START_TEST(what_fits_into_the_pipe_outlives_the_process_that_put_it)
{
	ck_assert_int_eq(end_of(child(put_little)), 0);
	ck_assert_uint_eq(get(), 1);
	ck_assert_uint_eq(get(), 2);
	ck_assert_int_eq(python_queue_close(&queue), 0);
}
END_TEST

/* ---- several ---- */

/* What all consumers got. */
static struct {
	_Atomic uint64_t count, sum;
} * seen;

static int produce(void)
{
	for (uint32_t i = 0; i < MESSAGES; i++)
		if (put(i))
			return 1;
	return python_queue_close(&queue) != 0;
}

static int consume(void)
{
	for (uint32_t i = 0; i < MESSAGES; i++) {
		uint32_t number = get();

		if (number >= MESSAGES)
			return 1;
		seen->count++;
		seen->sum += number;
	}
	return python_queue_close(&queue) != 0;
}

START_TEST(several_who_put_and_several_who_get_tear_and_lose_nothing)
{
	pid_t pids[2 * SIDES];

	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(seen, MAP_FAILED);
	for (unsigned i = 0; i < 2 * SIDES; i++)
		pids[i] = child(i < SIDES ? produce : consume);
	for (unsigned i = 0; i < 2 * SIDES; i++)
		ck_assert_int_eq(end_of(pids[i]), 0);
	ck_assert_uint_eq(seen->count, SIDES * MESSAGES);
	ck_assert_uint_eq(seen->sum, SIDES * (uint64_t)MESSAGES * (MESSAGES - 1) / 2);
	munmap(seen, sizeof(*seen));
	ck_assert_int_eq(python_queue_close(&queue), 0);
}
END_TEST

/* ---- a death with a lock in hand ---- */

static int die_writing(void)
{
	return mp_lock_acquire(&queue.locks->writers, 0);
}

static int die_reading(void)
{
	return mp_lock_acquire(&queue.locks->readers, 0);
}

START_TEST(after_a_writers_death_put_and_close_say_that_nothing_is_fed_any_more)
{
	uint64_t until = now_ms() + WAIT_MS;
	int err;

	ck_assert_int_eq(end_of(child(die_writing)), 0);
	while ((err = put(1)) == 0 && now_ms() < until)
		sched_yield();
	ck_assert_int_eq(err, -EOWNERDEAD);
	ck_assert_int_eq(bytes_in_pipe(), 0);
	ck_assert_int_eq(python_queue_close(&queue), -EOWNERDEAD);
}
END_TEST

START_TEST(after_a_readers_death_nobody_gets_what_may_be_the_middle_of_a_message)
{
	size_t n;

	ck_assert_int_eq(end_of(child(die_reading)), 0);
	ck_assert_int_eq(put(1), 0);
	ck_assert_int_eq(python_queue_get(&queue, message, &n), -EOWNERDEAD);
	ck_assert_int_eq(python_queue_get(&queue, message, &n), -ENOTRECOVERABLE);
	ck_assert_int_eq(python_queue_close(&queue), 0);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("python_queue");
	TCase *c = gated_case(s, "queue");

	tcase_add_checked_fixture(c, make, drop);
	tcase_add_test(c, put_takes_more_than_the_pipe_holds_and_all_comes_whole_and_in_order);
	tcase_add_test(c, a_message_takes_its_length_and_4_bytes_in_the_pipe);
	tcase_add_test(c, what_is_too_long_is_refused_and_a_queue_for_nothing_too);
	tcase_add_loop_test(
		c, a_process_cannot_end_before_the_pipe_has_taken_what_it_put, 0, FORKS);
	tcase_add_loop_test(c, what_fits_into_the_pipe_outlives_the_process_that_put_it, 0, FORKS);
	tcase_add_loop_test(c, several_who_put_and_several_who_get_tear_and_lose_nothing, 0, FORKS);
	tcase_add_loop_test(
		c, after_a_writers_death_put_and_close_say_that_nothing_is_fed_any_more, 0, FORKS);
	tcase_add_loop_test(
		c, after_a_readers_death_nobody_gets_what_may_be_the_middle_of_a_message, 0, FORKS);
	return s;
}
