/* wire.c - sendmsg and recvmsg with SCM_RIGHTS (unix(7)) */
#include "mp/wire.h"
#include "mp/process.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define FDS_MAX (MP_HANDLES_MAX + 2)

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

int mp_wire_send(int sock, struct iovec *parts, size_t nparts, const int *fds, size_t nfds)
{
	union control control;
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = nparts};
	ssize_t n;

	if (nfds > FDS_MAX)
		return -E2BIG;
	if (nfds > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int mp_wire_wait(int fd, short events, uint64_t deadline_ns)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int ms = mp_poll_ms(deadline_ns), n = poll(&p, 1, ms);

		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0 && mp_poll_ms(deadline_ns) == 0)
			return -ETIMEDOUT;
	}
}

static size_t take_fds(struct msghdr *msg, int *fds, size_t maxfds)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t n;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n > maxfds)
		n = maxfds;
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

int mp_wire_receive(int sock, void *buf, size_t len, size_t *nbytes, int *fds, size_t maxfds,
	size_t *nfds, uint64_t deadline_ns)
{
	union control control;
	struct iovec part = {.iov_base = buf, .iov_len = len};
	struct msghdr msg = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;
	int err = mp_wire_wait(sock, POLLIN, deadline_ns);

	if (err)
		return err;
	if (maxfds > 0) {
		msg.msg_control = &control;
		msg.msg_controllen = CMSG_LEN((maxfds < FDS_MAX ? maxfds : FDS_MAX) * sizeof(int));
	}
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	*nbytes = (size_t)n;
	if (maxfds > 0)
		*nfds = take_fds(&msg, fds, maxfds);
	if (msg.msg_flags & MSG_CTRUNC)
		return -EMFILE;
	return msg.msg_flags & MSG_TRUNC ? -EMSGSIZE : 0;
}
