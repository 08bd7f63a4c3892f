/* process_impl.h - what the files of process.h share (inside mp) */
#ifndef MP_PROCESS_IMPL_H
#define MP_PROCESS_IMPL_H

#include "mp/process.h"
#include <pthread.h>
#include <stdatomic.h>

#define MP_START_TIMEOUT_MS 10000
#define MP_GRACE_MS         2000
#define MP_CONTROL_FD       3 /* of a spawned child: its one descriptor beyond the standard three */

struct mp_child {
	char name[MP_NAME_MAX];
	pid_t parent;
	bool daemon;
	const struct mp_entry *entry;
	const void *argument;
	size_t nbytes;
	struct mp_handle handles[MP_HANDLES_MAX];
	size_t nhandles;
	struct mp_thread *thread; /* NULL in a process */
};

struct mp_process {
	struct mp_process *next; /* list of those not known to have ended */
	char name[MP_NAME_MAX];
	enum mp_method method;
	bool daemon;
	pid_t pid;
	int control; /* our end of its socket, of a forked one's pipe: while it is open the child lives; -1: a thread */
	int sentinel; /* pidfd; of a thread an eventfd */
	int status;   /* forkserver: the socket on which the exit status comes; -1: none */
	bool ended;   /* reaped: exit_code is known, or never will be */
	bool unknown;
	int exit_code;
	struct mp_thread *thread;
};

/* ---- process.c ---- */

/* mp_process_start in two steps, so that several children can begin at the same time. After begin
 * the process is in the list; a failed ready has closed and freed it. */
int mp_process_begin(const struct mp_process_options *o, struct mp_process **out);
int mp_process_ready(struct mp_process *p, uint64_t deadline_ns);
void mp_process_free(struct mp_process *p);

/* p's sentinel, from its pid. Where that fails the child is killed and reaped, since it could not be waited for. */
int mp_process_watch(struct mp_process *p);

/* ---- process_list.c: the children of this process ---- */

/* Before a start is tried: mp_list_at_exit may have something to end. */
void mp_list_use(void);
void mp_list_add(struct mp_process *p);
void mp_list_remove(struct mp_process *p);
void mp_list_lock(void);
void mp_list_unlock(void);
/* In a forked child: closes the parent's ends of all its brothers' sockets, and forgets them. The list is locked. */
void mp_list_inherit(void);
void mp_list_at_exit(void);

/* ---- one file a method: start o in p; on success p has pid, control, sentinel ---- */

int mp_begin_fork(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e);
int mp_begin_spawn(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e);
int mp_begin_forkserver(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e);
int mp_begin_thread(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e);
bool mp_thread_is_self(const struct mp_process *p);
int mp_thread_join(struct mp_process *p);
void mp_thread_forget(struct mp_process *p);

/* Runs this program again with one argument and the descriptor fd as MP_CONTROL_FD. */
int mp_spawn_self(const char *argument, int fd, pid_t *pid);

/* ---- child.c: the child's side ---- */

#define MP_CHILD_FLAG      "--mp-child"
#define MP_FORKSERVER_FLAG "--mp-forkserver"

const struct mp_entry *mp_entry_find(const char *name);
const struct mp_child *mp_child_self(void); /* NULL: this process was not started by mp */

/* Sends what a child that shares no memory with us needs. */
int mp_record_send(int control, const struct mp_process *p, const struct mp_process_options *o,
	const struct mp_entry *e);

/* In a child: gets the record from control, runs its entry, exits. */
void mp_child_main(int control) __attribute__((noreturn));
/* Ties this child's life to its parent's, runs its entry. armed: the parent has called mp_life_arm on this end, and
 * does not wait to be told that the child has begun. */
void mp_child_run(struct mp_child *self, int control, bool armed) __attribute__((noreturn));
/* Whoever owns this end of a socket or pipe (F_SETOWN) is to be killed when the other end is closed. */
int mp_life_arm(int control);

/* forkserver.c: the server's whole life */
void mp_forkserver_main(int control) __attribute__((noreturn));

#endif
