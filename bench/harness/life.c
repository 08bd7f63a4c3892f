/* life.c - O_ASYNC on the life pipe: hang-up becomes SIGKILL, without a thread that watches */
#include "harness/life.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

int life_bind(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) || fcntl(fd, F_SETOWN, getpid()) ||
		fcntl(fd, F_SETSIG, SIGKILL) || fcntl(fd, F_SETFL, flags | O_ASYNC))
		return -errno;
	/* The parent may have died before O_ASYNC was set: then no signal comes, but the pipe says so. */
	if (poll(&pfd, 1, 0) > 0)
		raise(SIGKILL);
	return 0;
}
