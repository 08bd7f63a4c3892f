/*
 * handle.h - what one process gives another so that it can use an object too
 *
 * A handle is made from an object (mp_memory_handle, mp_pipe_handle, ...), listed in the options of
 * mp_process_start, and turned back into an object by the child (mp_memory_attach(mp_child_handle(self,
 * 0), &memory)). The same two calls serve threads, forked, spawned and forkserver's children: a
 * thread or a forked child finds the object where the parent has it, the others get the descriptor
 * through a socket (SCM_RIGHTS, unix(7)) and open the object anew.
 */
#ifndef MP_HANDLE_H
#define MP_HANDLE_H

#include <stdint.h>

struct mp_memory;

enum mp_handle_kind {
	MP_HANDLE_NONE,
	MP_HANDLE_MEMORY,
	MP_HANDLE_PIPE,
	MP_HANDLE_QUEUE,
	MP_HANDLE_POOL,
	MP_HANDLE_EVENTFD /* inside mp: what a pool's worker rings its parent with */
};

struct mp_handle {
	enum mp_handle_kind kind;
	int fd; /* owned by the object; in a child by the handle, until attach takes it; -1: taken */
	uint32_t what; /* for the object's own use: which end, which rights */
	struct mp_memory
		*memory; /* what lies in memory, where the child has it too; NULL elsewhere */
};

#endif
