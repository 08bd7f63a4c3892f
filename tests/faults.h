/*
 * faults.h - calls of libc that fail on demand, in the one test program that includes this
 *
 * They stand in a header, since a .c file of tests/ is linked into every test. Only the calls of the
 * thread that asks for it fail, and none in its forked children. Which calls count: those below; memory
 * (malloc, calloc, realloc, mmap) only where fault_memory says so, and not under a sanitizer, whose own they are.
 */
#ifndef FORKLAB_FAULTS_H
#define FORKLAB_FAULTS_H

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static _Thread_local unsigned fault_at; /* the call with this number from now on fails; 0: none */
static _Thread_local unsigned fault_times = 1;    /* and as many as this in a row */
static bool fault_memory __attribute__((unused)); /* by who includes this, under a sanitizer */

/* Blocks of memory that this thread has and has not given back; a sanitizer counts them itself. */
static _Thread_local long fault_blocks __attribute__((unused));

static bool faults_now(void)
{
	if (fault_at == 0)
		return false;
	if (fault_at > 1) {
		fault_at--;
		return false;
	}
	if (fault_times > 1)
		fault_times--;
	else
		fault_at = 0;
	return true;
}

static bool fault(int err)
{
	if (!faults_now())
		return false;
	errno = err;
	return true;
}

/* Whether err may come of a fault. */
static inline bool fault_says(int err)
{
	return err == -EAGAIN || err == -EMFILE || err == -ENOMEM || err == -ENOSPC ||
	       err == -ENOBUFS;
}

#define FAULT_REAL(type, name) ((type)(uintptr_t)dlsym(RTLD_NEXT, name))

/* ---- processes and threads ---- */

pid_t fork(void)
{
	pid_t pid = fault(EAGAIN) ? -1 : FAULT_REAL(pid_t(*)(void), "fork")();

	if (pid == 0)
		fault_at = 0;
	return pid;
}

int posix_spawn(pid_t *restrict pid, const char *restrict path,
	const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *restrict attr,
	char *const argv[restrict], char *const envp[restrict])
{
	int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
		const posix_spawnattr_t *, char *const[], char *const[]) =
		FAULT_REAL(int (*)(pid_t *, const char *, const posix_spawn_file_actions_t *,
				   const posix_spawnattr_t *, char *const[], char *const[]),
			"posix_spawn");

	return faults_now() ? EAGAIN : real(pid, path, actions, attr, argv, envp);
}

int posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd, int to)
{
	int (*real)(posix_spawn_file_actions_t *, int, int) =
		FAULT_REAL(int (*)(posix_spawn_file_actions_t *, int, int),
			"posix_spawn_file_actions_adddup2");

	return faults_now() ? ENOMEM : real(actions, fd, to);
}

int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
	void *(*start)(void *), void *restrict arg)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
		FAULT_REAL(int (*)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *),
			"pthread_create");

	return faults_now() ? EAGAIN : real(thread, attr, start, arg);
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
	int (*real)(pthread_mutex_t *, const pthread_mutexattr_t *) = FAULT_REAL(
		int (*)(pthread_mutex_t *, const pthread_mutexattr_t *), "pthread_mutex_init");

	return faults_now() ? ENOMEM : real(mutex, attr);
}

int pidfd_open(pid_t pid, unsigned flags)
{
	return fault(EMFILE) ? -1 : (int)syscall(SYS_pidfd_open, pid, flags);
}

/* ---- descriptors ---- */

int socketpair(int domain, int type, int protocol, int pair[2])
{
	int (*real)(int, int, int, int[2]) =
		FAULT_REAL(int (*)(int, int, int, int[2]), "socketpair");

	return fault(EMFILE) ? -1 : real(domain, type, protocol, pair);
}

int pipe2(int ends[2], int flags)
{
	return fault(EMFILE) ? -1 : (int)syscall(SYS_pipe2, ends, flags);
}

int eventfd(unsigned count, int flags)
{
	return fault(EMFILE) ? -1 : (int)syscall(SYS_eventfd2, count, flags);
}

int memfd_create(const char *name, unsigned flags)
{
	return fault(EMFILE) ? -1 : (int)syscall(SYS_memfd_create, name, flags);
}

int fallocate(int fd, int mode, off_t at, off_t len)
{
	return fault(ENOSPC) ? -1 : (int)syscall(SYS_fallocate, fd, mode, at, len);
}

/* Those two cannot fail. All commands take a number or a pointer, or nothing: then what is read here is not used. */
int fcntl(int fd, int cmd, ...)
{
	va_list ap;
	long arg;

	va_start(ap, cmd);
	arg = va_arg(ap, long);
	va_end(ap);
	if (cmd != F_GET_SEALS && cmd != F_SETFD && fault(ENOMEM))
		return -1;
	return (int)syscall(SYS_fcntl, fd, cmd, arg);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return fault(ENOBUFS) ? -1 : syscall(SYS_sendmsg, fd, msg, flags);
}

/* ---- memory ---- */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *at, size_t n);
void __libc_free(void *at);

void *malloc(size_t n)
{
	void *at = fault_memory && fault(ENOMEM) ? NULL : __libc_malloc(n);

	fault_blocks += at != NULL;
	return at;
}

void *calloc(size_t n, size_t size)
{
	void *at = fault_memory && fault(ENOMEM) ? NULL : __libc_calloc(n, size);

	fault_blocks += at != NULL;
	return at;
}

void *realloc(void *before, size_t n)
{
	void *at = fault_memory && fault(ENOMEM) ? NULL : __libc_realloc(before, n);

	fault_blocks += at && !before;
	return at;
}

void free(void *at)
{
	fault_blocks -= at != NULL;
	__libc_free(at);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	if (fault_memory && fault(ENOMEM))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

#endif

#endif
