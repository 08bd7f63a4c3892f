/*
 * wait.h - wait for any of several: pipes' ends that have something to say, children that have ended
 *
 * Takes descriptors: mp_pipe_fd, mp_process_sentinel, or any that poll(2) takes.
 * Python: multiprocessing.connection.wait.
 */
#ifndef MP_WAIT_H
#define MP_WAIT_H

#include "mp/time.h"
#include <stdbool.h>
#include <stddef.h>

#define MP_WAIT_MAX 1024

/*
 * Waits until at least one of the n descriptors can be read, or has come to its end; ready[i] says which.
 * 0           at least one is ready
 * -ETIMEDOUT  none is (time.h)
 * -EINVAL     n is 0, above MP_WAIT_MAX, or above the limit of open descriptors (ulimit -n)
 * -EBADF      one of them is not open
 */
int mp_wait(const int fds[], bool ready[], size_t n, int64_t timeout_ms);

#endif
