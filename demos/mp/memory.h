/*
 * memory.h - memory that several processes see: anonymous, sized when it is made, gone with its last user
 *
 * Python's counterpart is multiprocessing.shared_memory, with two differences. It has no name, so that
 * nothing is left behind whatever is killed. And its pages are there when create returns: where memory
 * is short create says so, and no later access ends in SIGBUS.
 *
 * Put a struct of your own at its base, with the locks, conditions, events and numbers in it. They hold
 * no pointers, since every process may see the memory at another address.
 *
 * Each process may use a memory from all of its threads. Source: memfd_create(2), fallocate(2).
 */
#ifndef MP_MEMORY_H
#define MP_MEMORY_H

#include "mp/handle.h"
#include <stddef.h>

struct mp_memory;

/*
 * Makes nbytes of zeroed memory (rounded up to whole pages). The caller owns *out and gives it back with
 * mp_memory_destroy.
 * -EINVAL  nbytes is 0
 * -ENOMEM  more than the machine has, or no address range for it
 * -ENOSPC  not enough free memory for the pages
 * -EFBIG   above the limit of a file's size (ulimit -f); with it comes SIGXFSZ
 * -EMFILE, -ENFILE  no descriptor left
 */
int mp_memory_create(size_t nbytes, struct mp_memory **out);

/*
 * The memory that a handle stands for, for use in a child. The caller gives it back with
 * mp_memory_destroy.
 * -EINVAL  no handle, or one of another kind
 * -EBADF   the handle has been attached before in this process
 * -EACCES  the file behind it could be cut short by another process: not made by mp_memory_create
 * -ENOMEM
 */
int mp_memory_attach(struct mp_handle *h, struct mp_memory **out);

/* The same for a handle of any kind that lies in memory: for the attach of other objects. */
int mp_memory_open(struct mp_handle *h, struct mp_memory **out);

/* For the options of mp_process_start; valid as long as m. */
struct mp_handle mp_memory_handle(const struct mp_memory *m);

/* Address in this process, at a page's start; size in bytes as it is, at least what was asked for. */
void *mp_memory_base(const struct mp_memory *m);
size_t mp_memory_size(const struct mp_memory *m);

/* This process (this attach) no longer uses it: base is not valid any more. Other processes keep it.
 * NULL is allowed. */
void mp_memory_destroy(struct mp_memory *m);

#endif
