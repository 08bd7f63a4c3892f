/* pipe.c - a stream socket, a length before each message, and the half message that a timeout leaves */
#include "mp/pipe.h"
#include "mp/wire.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECEIVES = 1, SENDS = 2 };

struct mp_pipe {
	int fd;
	uint32_t can;
	bool broken; /* receiving is over: a message was lost */
	size_t got;  /* of the length, then of the message that is on its way */
	bool has_length;
	uint32_t length;
	char *kept; /* the part of it that a timeout has left */
};

static int make(int fd, uint32_t can, struct mp_pipe **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->fd = fd;
	(*out)->can = can;
	return 0;
}

int mp_pipe_create(bool duplex, struct mp_pipe **first, struct mp_pipe **second)
{
	int pair[2], err;

	/* Also one way: only a socket can be told not to send SIGPIPE. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	err = make(pair[0], duplex ? RECEIVES | SENDS : RECEIVES, first);
	if (err)
		goto close_pair;
	err = make(pair[1], duplex ? RECEIVES | SENDS : SENDS, second);
	if (!err)
		return 0;
	free(*first);
close_pair:
	close(pair[0]);
	close(pair[1]);
	return err;
}

/* ---- sending ---- */

static void advance(struct msghdr *msg, size_t n)
{
	while (msg->msg_iovlen > 0 && n >= msg->msg_iov->iov_len) {
		n -= msg->msg_iov->iov_len;
		msg->msg_iov++;
		msg->msg_iovlen--;
	}
	if (msg->msg_iovlen > 0) {
		msg->msg_iov->iov_base = (char *)msg->msg_iov->iov_base + n;
		msg->msg_iov->iov_len -= n;
	}
}

int mp_pipe_send(struct mp_pipe *p, const void *message, size_t nbytes, int64_t timeout_ms)
{
	uint32_t length = (uint32_t)nbytes;
	struct iovec parts[] = {{&length, sizeof(length)}, {(void *)(uintptr_t)message, nbytes}};
	struct msghdr msg = {.msg_iov = parts, .msg_iovlen = 2};
	uint64_t deadline_ns = 0;
	bool begun = false, knows_deadline = false;

	if (!(p->can & SENDS))
		return -EBADF;
	if (nbytes > MP_MESSAGE_MAX)
		return -EMSGSIZE;
	while (msg.msg_iovlen > 0) {
		ssize_t n = sendmsg(p->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		int err = 0;

		if (n >= 0) {
			begun = true;
			advance(&msg, (size_t)n);
		} else if (errno == EAGAIN) {
			/* Asked for the time only where there is something to wait for. */
			if (!knows_deadline)
				deadline_ns = mp_deadline_ns(timeout_ms);
			knows_deadline = true;
			err = mp_wire_wait(p->fd, POLLOUT, deadline_ns);
		} else if (errno != EINTR) {
			err = errno == ECONNRESET ? -EPIPE : -errno;
		}
		if (err) {
			if (begun)
				shutdown(p->fd, SHUT_WR);
			return err;
		}
	}
	return 0;
}

/* ---- receiving ---- */

/* Fills to with the rest of n bytes; p->got counts them. -ENODATA: the end came first. */
static int fill(struct mp_pipe *p, void *to, size_t n, uint64_t *deadline_ns, int64_t timeout_ms)
{
	while (p->got < n) {
		ssize_t k = recv(p->fd, (char *)to + p->got, n - p->got, MSG_DONTWAIT);
		int err = 0;

		if (k > 0) {
			p->got += (size_t)k;
		} else if (k == 0 || errno == ECONNRESET) {
			return -ENODATA;
		} else if (errno == EAGAIN) {
			if (*deadline_ns == MP_NO_END && timeout_ms != MP_FOREVER)
				*deadline_ns = mp_deadline_ns(timeout_ms);
			err = mp_wire_wait(p->fd, POLLIN, *deadline_ns);
		} else if (errno != EINTR) {
			err = -errno;
		}
		if (err)
			return err;
	}
	return 0;
}

static int receive_length(struct mp_pipe *p, uint64_t *deadline_ns, int64_t timeout_ms)
{
	int err;

	if (p->has_length)
		return 0;
	err = fill(p, &p->length, sizeof(p->length), deadline_ns, timeout_ms);
	if (err == -ENODATA && p->got > 0)
		err = -EPROTO;
	if (!err && p->length > MP_MESSAGE_MAX)
		err = -EPROTO;
	if (!err) {
		p->has_length = true;
		p->got = 0;
	}
	return err;
}

/* Time is up: the buffer is the caller's, so what is in it goes to memory of our own. */
static int keep(struct mp_pipe *p, const void *buffer)
{
	if (p->got == 0 || p->kept)
		return -ETIMEDOUT;
	p->kept = malloc(p->length);
	if (!p->kept)
		return -ENOMEM;
	memcpy(p->kept, buffer, p->got);
	return -ETIMEDOUT;
}

static int receive_message(
	struct mp_pipe *p, void *buffer, uint64_t *deadline_ns, int64_t timeout_ms)
{
	int err = fill(p, p->kept ? p->kept : buffer, p->length, deadline_ns, timeout_ms);

	if (err == -ENODATA)
		return -EPROTO;
	if (err == -ETIMEDOUT)
		return keep(p, buffer);
	if (err)
		return err;
	if (p->kept)
		memcpy(buffer, p->kept, p->length);
	free(p->kept);
	p->kept = NULL;
	p->has_length = false;
	p->got = 0;
	return 0;
}

int mp_pipe_receive(
	struct mp_pipe *p, void *buffer, size_t size, size_t *nbytes, int64_t timeout_ms)
{
	uint64_t deadline_ns = MP_NO_END; /* until there is something to wait for */
	int err;

	if (!(p->can & RECEIVES))
		return -EBADF;
	if (p->broken)
		return -EPROTO;
	err = receive_length(p, &deadline_ns, timeout_ms);
	if (!err) {
		*nbytes = p->length;
		if (p->length > size)
			return -EMSGSIZE;
		err = receive_message(p, buffer, &deadline_ns, timeout_ms);
	}
	p->broken = err == -EPROTO || err == -ENOMEM;
	return err;
}

/* ---- ends, handed on and closed ---- */

int mp_pipe_fd(const struct mp_pipe *p)
{
	return p->fd;
}

struct mp_handle mp_pipe_handle(const struct mp_pipe *p)
{
	return (struct mp_handle){.kind = MP_HANDLE_PIPE, .fd = p->fd, .what = p->can};
}

int mp_pipe_attach(struct mp_handle *h, struct mp_pipe **out)
{
	int err;

	if (!h || h->kind != MP_HANDLE_PIPE)
		return -EINVAL;
	if (h->fd < 0)
		return -EBADF;
	err = make(h->fd, h->what, out);
	if (!err)
		h->fd = -1;
	return err;
}

void mp_pipe_close(struct mp_pipe *p)
{
	if (!p)
		return;
	close(p->fd);
	free(p->kept);
	free(p);
}
