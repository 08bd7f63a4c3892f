/*
 * process.h - start a function in another process (or thread), wait for it, end it
 *
 * What a child runs is a named entry: main hands the table of all entries to mp_init, and starts one by its
 * name. That works for every start method, since nothing of the parent but the name, an argument of plain
 * bytes and handles (handle.h) has to reach the child:
 *
 *     static int hello(struct mp_child *self)
 *     {
 *             printf("hello from %s\n", mp_child_name(self));
 *             return 0;
 *     }
 *     static const struct mp_entry entries[] = {{"hello", hello}, {NULL, NULL}};
 *
 *     int main(int argc, char **argv)
 *     {
 *             struct mp_process *p;
 *
 *             mp_init(argc, argv, entries);     // does not return in a spawned child
 *             mp_process_start(&(struct mp_process_options){.entry = "hello"}, &p);
 *             mp_process_join(p, MP_FOREVER);
 *             mp_process_close(p);
 *     }
 *
 * Start methods, all of which may be used side by side:
 *   spawn       the program again, from its beginning; nothing is inherited. The default.
 *   fork        a copy of this process; refused where it has other threads, whose locks the copy would
 *               find locked for ever
 *   forkserver  a small copy of the program, spawned at the first use, forks each child: as clean as spawn,
 *               and a child costs the same however big the parent is. Folder, environment, niceness and CPUs are
 *               those of the moment when it was spawned (Python hands the parent's folder on)
 *   thread      a thread of this process behind the same calls, as multiprocessing.dummy; it cannot be killed
 *
 * A child of this process, however it was started, is killed by the kernel when this process ends, in
 * whatever way: it holds one end of a socket, by fork of a pipe, whose other end only the parent has.
 *
 * All calls may be made from any thread, a struct mp_process from one at a time. Signals' dispositions,
 * SIGCHLD and children that are not mp's are left alone. Python: multiprocessing.Process.
 */
#ifndef MP_PROCESS_H
#define MP_PROCESS_H

#include "mp/handle.h"
#include "mp/time.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define MP_ARGUMENT_MAX 65536 /* bytes */
#define MP_HANDLES_MAX  64
#define MP_NAME_MAX     32 /* bytes with the NUL; longer names are cut */

struct mp_process;
struct mp_child;

struct mp_entry {
	const char *name;
	int (*run)(struct mp_child *self); /* what it returns is the exit code, modulo 256 */
};

enum mp_method { MP_METHOD_DEFAULT, MP_SPAWN, MP_FORK, MP_FORKSERVER, MP_THREAD };

/* What is left out is 0: the default. */
struct mp_process_options {
	const char *entry;    /* name in the table given to mp_init */
	const void *argument; /* nbytes of it are copied to the child */
	size_t nbytes;        /* at most MP_ARGUMENT_MAX */
	const struct mp_handle *handles;
	size_t nhandles; /* at most MP_HANDLES_MAX */
	enum mp_method method;
	const char *name; /* NULL: "Process-1", "Process-2", ... */
	bool daemon; /* ended, not waited for, when this process ends by exit or return from main */
	bool force;  /* fork even though there are other threads */
};

/*
 * First statement of main. entries ends with a NULL name and must stay valid. In a child started by spawn or
 * forkserver it runs the child's entry and exits; else it returns, and at exit the process will end its
 * daemons (SIGTERM, SIGKILL after 2 s) and wait for its other children, as Python does.
 */
void mp_init(int argc, char **argv, const struct mp_entry *entries);

/*
 * Starts a child and waits until it has begun: its entry is about to run, and nothing can keep it from that any
 * more. (By fork it has, as soon as fork has returned.) The caller owns *out and gives it back with
 * mp_process_close.
 * -ENOENT   no such entry, or mp_init was not called
 * -EINVAL   no options, no entry's name, an unknown method, argument or handles NULL though there are some, a
 *           handle of no kind
 * -EINVAL   the caller is a daemon and wants a process (Python: daemonic processes may not have children)
 * -EBADF    a handle that has been attached already
 * -E2BIG    nbytes above MP_ARGUMENT_MAX or nhandles above MP_HANDLES_MAX
 * -EDEADLK  fork in a process with other threads, without force
 * -EAGAIN, -ENOMEM, -EMFILE, -ENFILE, -ENOBUFS  the system's limits; from exec also its errors (execve(2)), of
 *           them -E2BIG where the environment is too big
 * -ECHILD   the child ended before it had begun
 * -ETIMEDOUT  it did not begin within 10 s and was killed
 */
int mp_process_start(const struct mp_process_options *o, struct mp_process **out);

/*
 * Waits for its end.
 * 0           it has ended (also when asked again)
 * -ETIMEDOUT  it lives (time.h)
 * -EDEADLK    a thread waits for itself
 */
int mp_process_join(struct mp_process *p, int64_t timeout_ms);

bool mp_process_is_alive(struct mp_process *p);

/*
 * 0..255: what the entry returned, modulo 256, or gave to exit; -9: ended by signal 9. Python's exitcode.
 * -EBUSY    it lives: no exit code yet
 * -ECHILD   unknown: SIGCHLD is ignored here, or the forkserver ended before the child did
 */
int mp_process_exit_code(struct mp_process *p, int *code);

/*
 * SIGTERM, SIGKILL. 0 also after its end: no other process gets the signal, even with the same number.
 * -ENOTSUP  it is a thread
 * -EPERM    one of the two runs as another user now
 */
int mp_process_terminate(struct mp_process *p);
int mp_process_kill(struct mp_process *p);

pid_t mp_process_pid(const struct mp_process *p); /* of a thread: this process's */
const char *mp_process_name(const struct mp_process *p);
bool mp_process_is_daemon(const struct mp_process *p);

/* A descriptor for poll(2): readable once it has ended. Valid until close; belongs to p. */
int mp_process_sentinel(const struct mp_process *p);

/* Gives everything of p back. -EBUSY: it lives. NULL is allowed. */
int mp_process_close(struct mp_process *p);

/* Up to max of the children that live go to list (NULL with max 0); the number of all is returned. Children that
 * have ended are reaped by this, as by Python's active_children. */
size_t mp_active_children(struct mp_process **list, size_t max);

/*
 * Ends the forkserver, if there is one: its children live on, with an exit code that nobody gets to know.
 * The next start makes a new one. At exit mp does this itself.
 */
void mp_forkserver_stop(void);

/* ---- what a child sees of itself ---- */

const char *mp_child_name(const struct mp_child *self);
pid_t mp_child_parent(const struct mp_child *self); /* who asked for it, also under forkserver */
const void *mp_child_argument(const struct mp_child *self, size_t *nbytes); /* nbytes may be NULL */

/* Handle i of the options, for an attach; NULL: there are fewer. */
struct mp_handle *mp_child_handle(struct mp_child *self, size_t i);

#endif
