/* process_spawn.c - start by spawn: this program again, with one socket and nothing else of ours */
#include "mp/process_impl.h"
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

extern char **environ;

static int add_actions(posix_spawn_file_actions_t *actions, int fd)
{
	int err = posix_spawn_file_actions_init(actions);

	if (err)
		return err;
	err = posix_spawn_file_actions_adddup2(actions, fd, MP_CONTROL_FD);
	if (!err)
		err = posix_spawn_file_actions_addclosefrom_np(actions, MP_CONTROL_FD + 1);
	if (err)
		posix_spawn_file_actions_destroy(actions);
	return err;
}

int mp_spawn_self(const char *argument, int fd, pid_t *pid)
{
	char *argv[] = {program_invocation_name, (char *)(uintptr_t)argument, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int err = add_actions(&actions, fd);

	if (err)
		return -err;
	err = posix_spawnattr_init(&attr);
	if (!err) {
		/* What this thread blocks is no business of a new program: SIGTERM must reach it. */
		sigemptyset(&none);
		posix_spawnattr_setsigmask(&attr, &none);
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
		/* The file we run, even where its name meanwhile means another. */
		err = posix_spawn(pid, "/proc/self/exe", &actions, &attr, argv, environ);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -err;
}

int mp_begin_spawn(
	struct mp_process *p, const struct mp_process_options *o, const struct mp_entry *e)
{
	int pair[2], err;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	p->control = pair[0];
	/* Before it exists: the record waits in the socket for it. */
	err = mp_record_send(p->control, p, o, e);
	if (!err)
		err = mp_spawn_self(MP_CHILD_FLAG, pair[1], &p->pid);
	close(pair[1]);
	return err ? err : mp_process_watch(p);
}
