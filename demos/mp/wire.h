/* wire.h - one message with descriptors through a socket (inside mp) */
#ifndef MP_WIRE_H
#define MP_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/*
 * Sends one message of nparts parts and nfds descriptors through a SOCK_SEQPACKET socket, all or nothing.
 * -EPIPE: nobody has the other end; else sendmsg(2)'s.
 */
int mp_wire_send(int sock, struct iovec *parts, size_t nparts, const int *fds, size_t nfds);

/*
 * Receives one message of at most len bytes; *nbytes is what came, 0 at the end. Descriptors beyond maxfds are
 * closed by the kernel; those that came are the caller's, close-on-exec.
 * -ETIMEDOUT; -EMSGSIZE: longer than len; -EMFILE: more descriptors came than there is room for, here or in this
 * process; else recvmsg(2)'s.
 */
int mp_wire_receive(int sock, void *buf, size_t len, size_t *nbytes, int *fds, size_t maxfds,
	size_t *nfds, uint64_t deadline_ns);

/* poll(2) on one descriptor until the deadline. 0: ready; -ETIMEDOUT. */
int mp_wire_wait(int fd, short events, uint64_t deadline_ns);

#endif
