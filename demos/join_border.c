/*
 * join_border - from which size on a child cannot be joined before somebody reads what it says
 *
 * listings: 001-L11 002-L04
 * claims: 001-C037 001-C079 002-C025
 *
 * Watch for: the first line. Joined first, it works with what one tries, and hangs from one byte more than a pipe
 * holds (64 KiB, unless somebody has changed it). The child cannot end before its last byte has a place; who could
 * make room is the parent, and it waits for the child's end. Who reads first meets no border (1 MiB is the most
 * that is tried), nor does a queue with memory of its own (the demo queue_results). A child that hangs is one that
 * lives while the pipe has been full for 50 ms or more.
 *
 * The Python it re-creates:
 *     def work(queue, n): queue.put(b"x" * n)
 *     p = Process(target=work, args=(queue, n)); p.start()
 *     p.join()                                  # never comes back if n is large
 *     data = queue.get()
 *
 * expect:
 *     a pipe of <n:room> bytes, join before read: the child ends up to <n:room> bytes
 *     with 1 byte more it waits for room, and main for its end
 *     a pipe, read before join: it ends up to 1048576 bytes
 */
#include "demo.h"
#include <fcntl.h>
#include <stdbool.h>
#include <sys/ioctl.h>

enum { MOST = 1 << 20, PATIENCE_MS = 50, TIMEOUT_MS = 5000 };

static const char bytes[MOST];
static int room; /* of a pipe */

/* In the child. Where a pipe has less room than it has to say, this ends once somebody reads. */
static void __attribute__((noreturn)) say(int fd, size_t n)
{
	_exit(write(fd, bytes, n) == (ssize_t)n ? 0 : 1);
}

/* Waits until the child has ended; or, false, until it was alive and the pipe full for PATIENCE_MS. */
static bool join(pid_t pid, int fd)
{
	long long until = demo_now_ns() + TIMEOUT_MS * 1000000ll;
	struct pollfd p = {(int)syscall(SYS_pidfd_open, pid, 0), POLLIN, 0};
	int unread = 0, ready;
	bool was_full;

	if (p.fd < 0)
		demo_end(DEMO_CANNOT, "pidfd_open: %s", strerror(errno));
	do { /* it may have become full just now: that is looked at before the wait */
		was_full = ioctl(fd, FIONREAD, &unread) == 0 && unread == room;
		ready = poll(&p, 1, PATIENCE_MS);
	} while (ready <= 0 && !was_full && demo_now_ns() < until);
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

	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		came += (size_t)n;
	if (n < 0)
		demo_end(DEMO_NO_RESOURCE, "read: %s", strerror(errno));
	return came;
}

/* Whether a child that says n bytes through a pipe has ended when it was joined. */
static bool ends(size_t n, bool read_first)
{
	size_t came = 0;
	bool ended;
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	room = fcntl(fds[0], F_GETPIPE_SZ);
	pid = demo_fork();
	if (pid == 0) {
		close(fds[0]);
		say(fds[1], n);
	}
	close(fds[1]);
	if (read_first)
		came = drain(fds[0]);
	ended = join(pid, fds[0]);
	came += drain(fds[0]);
	close(fds[0]);
	if (demo_wait(pid, TIMEOUT_MS) != 0 || came != n)
		demo_end(DEMO_NOT_SHOWN, "%zu of %zu bytes came", came, n);
	return ended;
}

/* The largest n, up to MOST, with which the child ends. */
static size_t border(bool read_first)
{
	size_t fits = 1, hangs = MOST;

	if (ends(MOST, read_first))
		return MOST;
	while (hangs - fits > 1) {
		size_t n = fits + (hangs - fits) / 2;

		if (ends(n, read_first))
			fits = n;
		else
			hangs = n;
	}
	return fits;
}

int main(int argc, char **argv)
{
	size_t joined, read;

	demo_start(argc, argv, "join_border",
		"from which size on a child cannot be joined before somebody reads what it says");
	joined = border(false);
	demo_line("a pipe of %d bytes, join before read: the child ends up to %zu bytes\n", room,
		joined);
	demo_line("with 1 byte more it waits for room, and main for its end\n");
	read = border(true);
	demo_line("a pipe, read before join: it ends up to %zu bytes\n", read);
	return joined == (size_t)room && read == MOST ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
