/*
 * join_before_drain - a child that has more to say than the pipe holds, and a parent that joins first
 *
 * listings: 001-L11 002-L04
 * claims: 001-C037 001-C079 002-C025
 *
 * Watch for: it works with what one tries, and hangs from one byte more than the pipe holds (64 KiB,
 * unless somebody has changed it). The child cannot end before its last byte is in the pipe; who could
 * make room is the parent, and it waits for the child's end. A queue with a thread that feeds its
 * pipe, as Python's, only hides who waits: put returns at once, and the child hangs in its exit.
 *
 * Then look at: diff -u demos/join_before_drain.c demos/join_before_drain_fixed.c
 * and:          the demo queue_results, whose queue keeps what a child has put after its end
 *
 * The Python it re-creates:
 *     def work(queue, n): queue.put(b"x" * n)
 *     p = Process(target=work, args=(queue, n)); p.start()
 *     p.join()                                  # never comes back if n is large
 *     data = queue.get()
 *
 * expect:
 *     up to <n:room> bytes the child ends
 *     from 1 byte more on it does not: <n:room> bytes are in the pipe, nobody reads them
 *     all bytes of all children came
 */
#include "demo.h"
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>

enum { MOST = 1 << 20, PATIENCE_MS = 50, TIMEOUT_MS = 5000 };

/* Where a pipe has less room than the child has to say, this ends once somebody reads. */
static void say(int fd, size_t n)
{
	static const char bytes[MOST];

	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno != EINTR)
			_exit(1);
		n -= written > 0 ? (size_t)written : 0;
	}
	_exit(0);
}

static bool is_full(int fd)
{
	int unread = 0;

	return ioctl(fd, FIONREAD, &unread) == 0 && unread == fcntl(fd, F_GETPIPE_SZ);
}

/* Waits until the child has ended; or, false, until it was alive and the pipe full for PATIENCE_MS. */
static bool join(pid_t pid, int fd)
{
	long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;
	struct pollfd p = {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0};
	bool was_full = false;
	int ready;

	if (p.fd < 0)
		demo_end(DEMO_CANNOT, "pidfd_open: %s", strerror(errno));
	ready = poll(&p, 1, PATIENCE_MS);
	while (ready <= 0 && !was_full && demo_now_ns() < until) {
		was_full = is_full(fd); /* it may have become so just now: once more */
		ready = poll(&p, 1, PATIENCE_MS);
	}
	close(p.fd);
	if (ready <= 0 && !was_full)
		demo_end(DEMO_NOT_SHOWN, "the child neither ended nor filled the pipe");
	return ready > 0;
}

/* Reads until the child has closed its end: how many bytes came. */
static size_t drain(int fd)
{
	static char buffer[1 << 16];
	size_t came = 0;
	ssize_t n;

	while ((n = read(fd, buffer, sizeof(buffer))) != 0) {
		if (n < 0 && errno != EINTR)
			demo_end(DEMO_NO_RESOURCE, "read: %s", strerror(errno));
		came += n > 0 ? (size_t)n : 0;
	}
	return came;
}

/* Whether a child that says n bytes ended when it was joined. */
static bool ends(size_t n)
{
	size_t came;
	bool ended;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	pid = demo_fork();
	if (pid == 0) {
		close(fds[0]);
		say(fds[1], n);
	}
	close(fds[1]);
	ended = join(pid, fds[0]);
	came = drain(fds[0]);
	close(fds[0]);
	if (demo_wait(pid, TIMEOUT_MS) != 0 || came != n)
		demo_end(DEMO_NOT_SHOWN, "%zu of %zu bytes came", came, n);
	return ended;
}

int main(int argc, char **argv)
{
	size_t fits = 1, hangs = MOST;

	demo_start(argc, argv, "join_before_drain",
		"a child that has more to say than the pipe holds, and a parent that joins first");
	if (ends(MOST))
		fits = MOST;
	while (fits + 1 < hangs) {
		size_t n = fits + (hangs - fits) / 2;

		if (ends(n))
			fits = n;
		else
			hangs = n;
	}
	demo_line("up to %zu bytes the child ends\n", fits);
	demo_line("from 1 byte more on it does not: %zu bytes are in the pipe, nobody reads them\n",
		fits);
	demo_line("all bytes of all children came\n");
	return fits < MOST ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
