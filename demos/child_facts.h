/*
 * child_facts.h - fifteen things that a process has, of which a child finds some: how to look, and how to change them
 *
 * For child_state, beside demo.h. Only libc.
 */
#ifndef CHILD_FACTS_H
#define CHILD_FACTS_H

#include "demo.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio_ext.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { PLAIN_FD = 100, CLOEXEC_FD, FACTS = 15, SECRET = 1 };

/* What is looked at, in the parent and in each child: the same value in both means "found". */
struct fact {
	const char *name;
	const char *
		who; /* does that child find it? A letter a way to start it, in the table's order */
	int64_t value;
};

static int variable;
static FILE *text;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static inline int is_locked(void)
{
	int locked = pthread_mutex_trylock(&lock) == EBUSY;

	if (!locked)
		pthread_mutex_unlock(&lock);
	return locked;
}

/* Safe after a fork of a process with threads: nothing here takes a lock that could be held. */
static inline void look_around(struct fact *seen)
{
	struct sigaction usr1, usr2;
	struct stat folder = {0}, threads = {0};
	int64_t secret;
	sigset_t blocked;
	cpu_set_t cpus;

	memcpy(&secret, (const void *)getauxval(AT_RANDOM), sizeof(secret));
	sigaction(SIGUSR1, NULL, &usr1);
	sigaction(SIGUSR2, NULL, &usr2);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	stat(".", &folder);
	stat("/proc/self/task", &threads); /* a folder's links: two of its own, one a thread */
	const struct fact facts[FACTS] = {
		{"a variable as it was set", "ynynn", variable},
		{"its secret start bytes", "ynynn", secret},
		{"a file without O_CLOEXEC", "yyynn", fcntl(PLAIN_FD, F_GETFD) >= 0},
		{"a file with O_CLOEXEC", "ynynn", fcntl(CLOEXEC_FD, F_GETFD) >= 0},
		{"the other thread", "nnnnn", threads.st_nlink > 3},
		{"the lock which that one holds", "ynynn", is_locked()},
		{"text in a buffer of stdio", "ynnnn", text != NULL && __fpending(text) > 0},
		{"the state of rand()", "ynynn", rand()},
		{"an environment variable", "yyyyn", getenv("CHILD_STATE") != NULL},
		{"the working folder", "yyyyn", (int64_t)folder.st_ino},
		{"a signal's handler", "ynynn", usr1.sa_handler != SIG_DFL},
		{"an ignored signal", "yyyyn", usr2.sa_handler == SIG_IGN},
		{"a blocked signal", "yyynn", sigismember(&blocked, SIGWINCH)},
		{"the niceness", "yyyyn", getpriority(PRIO_PROCESS, 0)},
		{"the CPUs it may use", "yyyyn", CPU_COUNT(&cpus)},
	};
	memcpy(seen, facts, sizeof(facts));
}

static inline void nobody(int signal)
{
	(void)signal;
}

/* Holds the lock until the process ends. */
static inline void *hold_lock(void *came)
{
	pthread_mutex_lock(&lock);
	pthread_barrier_wait(came);
	for (;;)
		pause();
	return NULL;
}

/* What the parent does to itself, once the forkserver is there. */
static inline void change_everything(void)
{
	pthread_barrier_t came;
	sigset_t blocked;
	pthread_t thread;
	int cpu = 0;

	variable = 1;
	srand((unsigned)demo_now_ns());
	dup2(STDERR_FILENO, PLAIN_FD);
	dup3(STDERR_FILENO, CLOEXEC_FD, O_CLOEXEC);
	setenv("CHILD_STATE", "set", 1);
	signal(SIGUSR1, nobody);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGWINCH);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	demo_cpus(&cpu, 1);
	demo_bind(&cpu, 1);
	errno = 0; /* -1 may also be the new niceness */
	if (chdir("/proc") < 0 || (nice(1) == -1 && errno != 0))
		demo_end(DEMO_CANNOT, "chdir and nice: %s", strerror(errno));
	pthread_barrier_init(&came, NULL, 2);
	demo_must(-pthread_create(&thread, NULL, hold_lock, &came), "thread");
	pthread_barrier_wait(&came);
	text = fdopen(memfd_create("text", MFD_CLOEXEC), "w");
	if (text == NULL)
		demo_end(DEMO_NO_RESOURCE, "memfd_create: %s", strerror(errno));
}

/* What is as it was before cannot show whether a child has it from the parent. */
static inline void must_have_changed(const struct fact *before, const struct fact *now)
{
	for (int i = 0; i < FACTS; i++)
		if (i != SECRET && before[i].value == now[i].value)
			demo_end(DEMO_CANNOT, "%s: this process has it from its own parent",
				now[i].name);
}

#endif
