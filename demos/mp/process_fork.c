/* process_fork.c - start by fork: the child has a copy of everything, and closes what is not its own */
#include "mp/process_impl.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEAVING_MS 20

/*
 * The kernel refuses this of a process with other threads, and does nothing in one without: 0.1 us, where counting
 * them in /proc takes 1.4. Source: unshare(2). A sandbox may forbid it: then they are counted.
 */
static bool sees_other_threads(void)
{
	struct stat st;

	if (unshare(CLONE_THREAD) == 0)
		return false;
	/* A folder's links: itself, its parent's entry, and one for each folder in it - here one a thread. */
	return stat("/proc/self/task", &st) < 0 || st.st_nlink > 3;
}

/* A thread that was joined may take a moment to leave the kernel (seen 21 times of 20,000): that is waited for. */
static bool has_other_threads(void)
{
	uint64_t end;

	/* Once false it may stay false for a process whose threads have ended. */
	if (__libc_single_threaded || !sees_other_threads())
		return false;
	end = mp_deadline_ns(LEAVING_MS);
	while (sees_other_threads()) {
		if (mp_now_ns() >= end)
			return true;
		sched_yield();
	}
	return false;
}

/* What the child sees of itself is filled in before the fork: what it only reads stays shared with the parent, and
 * each page that it writes would cost it a copy. */
static void describe_child(struct mp_child *self, const struct mp_process *p,
	const struct mp_process_options *o, const struct mp_entry *e)
{
	*self = (struct mp_child){.parent = getpid(),
		.daemon = p->daemon,
		.entry = e,
		.argument = o->argument,
		.nbytes = o->nbytes,
		.nhandles = o->nhandles};
	memcpy(self->name, p->name, sizeof(self->name));
	if (o->nhandles)
		memcpy(self->handles, o->handles, o->nhandles * sizeof(self->handles[0]));
}

/* No byte of p is written here, nor anything else without need: each page would be a copy. */
static __attribute__((noreturn)) void be_child(struct mp_child *self, const int life[2])
{
	mp_list_inherit();
	mp_list_unlock();
	close(life[1]);
	mp_child_run(self, life[0], true);
}

int mp_begin_fork(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e)
{
	struct mp_child self;
	int life[2], err;
	pid_t pid;

	if (!o->force && has_other_threads())
		return -EDEADLK;
	/* Nothing is sent through it, so a pipe will do, which is cheaper than a socket. */
	if (pipe2(life, O_CLOEXEC) < 0)
		return -errno;
	/* All that can fail happens here, in the parent: so it need not sleep until the child says that it has
	 * begun (measured, when the rest cost more: 1.44 times a bare fork and wait, 1.50 with that sleep). */
	err = mp_life_arm(life[0]);
	if (err) {
		close(life[0]);
		close(life[1]);
		return err;
	}
	describe_child(&self, p, o, e);
	/* What stands in a buffer of stdio would be written by both. */
	fflush(NULL);
	mp_list_lock();
	pid = fork();
	if (pid == 0)
		be_child(&self, life);
	err = errno;
	mp_list_unlock();
	close(life[0]);
	p->control = life[1];
	p->pid = pid;
	return pid < 0 ? -err : mp_process_watch(p);
}
