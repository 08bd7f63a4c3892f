/* wait.c - poll(2) with a deadline */
#include "mp/wait.h"
#include <errno.h>
#include <poll.h>

int mp_wait(const int fds[], bool ready[], size_t n, int64_t timeout_ms)
{
	struct pollfd polled[MP_WAIT_MAX];
	uint64_t deadline_ns = mp_deadline_ns(timeout_ms);
	int found;

	if (n == 0 || n > MP_WAIT_MAX)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		if (fds[i] < 0)
			return -EBADF; /* poll would pass over it */
		polled[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
	}
	/* A signal, or a time that poll cannot count, ends poll but not the wait. */
	do {
		found = poll(polled, n, mp_poll_ms(deadline_ns));
		if (found < 0 && errno != EINTR)
			return -errno;
	} while (found <= 0 && mp_poll_ms(deadline_ns) != 0);
	if (found <= 0)
		return -ETIMEDOUT;
	for (size_t i = 0; i < n; i++) {
		if (polled[i].revents & POLLNVAL)
			return -EBADF;
		ready[i] = polled[i].revents != 0;
	}
	return 0;
}
