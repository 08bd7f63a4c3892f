/*
 * pipe.h - messages between two processes, one way or both, in order
 *
 * A pipe has two ends; each end belongs to one process (or thread). What is sent in one piece is received in
 * one piece, unlike the bytes of pipe(2). When the last process that has the other end closes it, or dies,
 * receive says so once all that was sent has been received: the end of file. "The last": a forked child has
 * copies of all ends that its parent had open, so that a reader that still has the writing end waits for ever
 * (the demo pipe_end_of_file); a spawned child has only what it was handed.
 *
 * To use a queue instead: several readers or writers, a bound, writers that end before they are read.
 *
 * An end is for one thread at a time in each direction. Python: multiprocessing.Pipe.
 */
#ifndef MP_PIPE_H
#define MP_PIPE_H

#include "mp/handle.h"
#include "mp/time.h"
#include <stdbool.h>
#include <stddef.h>

#define MP_MESSAGE_MAX (1u << 30) /* bytes of one message */

struct mp_pipe;

/*
 * Makes a pipe. One way: *first receives, *second sends; duplex: both do both. The caller owns both ends and
 * gives each back with mp_pipe_close.
 * -EMFILE, -ENFILE, -ENOMEM
 */
int mp_pipe_create(bool duplex, struct mp_pipe **first, struct mp_pipe **second);

/*
 * Sends nbytes (0 is a message too).
 * 0           the whole message is in the kernel's hands
 * -EPIPE      nobody can receive it any more
 * -ETIMEDOUT  no room for it (time.h)
 * -EMSGSIZE   above MP_MESSAGE_MAX
 * -EBADF      an end that only receives
 * -EFAULT     message is NULL with nbytes, or not all of it can be read
 * -ENOMEM, -ENOBUFS  the kernel's
 * Where a part had gone out already, this end sends nothing any more (-EPIPE) and the other one gets -EPROTO: half
 * a message is never taken for a whole.
 */
int mp_pipe_send(struct mp_pipe *p, const void *message, size_t nbytes, int64_t timeout_ms);

/*
 * Receives the next message into buffer (size bytes); *nbytes is its length.
 * 0
 * -ENODATA    the end: the other side is closed, and nothing is left
 * -ETIMEDOUT  no message, or not all of it, yet (time.h); what has come is kept for the next call
 * -EMSGSIZE   the message has *nbytes, more than size; it stays for the next call
 * -EPROTO     the other side ended in the middle of a message
 * -EBADF      an end that only sends
 * -EFAULT     buffer cannot be written
 * -ENOMEM     time is up in the middle of a message, and no memory to keep it; the end is of no use any more
 */
int mp_pipe_receive(
	struct mp_pipe *p, void *buffer, size_t size, size_t *nbytes, int64_t timeout_ms);

/* For poll(2) and mp_wait: readable where receive would not wait long. Belongs to p. */
int mp_pipe_fd(const struct mp_pipe *p);

/* For the options of mp_process_start. Afterwards close the end here: it is the child's. */
struct mp_handle mp_pipe_handle(const struct mp_pipe *p);

/*
 * The end that a handle stands for, for use in a child, which gives it back with mp_pipe_close.
 * -EINVAL  no handle, or one of another kind
 * -EBADF   attached before
 * -ENOMEM
 */
int mp_pipe_attach(struct mp_handle *h, struct mp_pipe **out);

/* NULL is allowed. */
void mp_pipe_close(struct mp_pipe *p);

#endif
