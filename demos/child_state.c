/*
 * child_state - what a child finds of its parent's, by five ways to start it
 *
 * listings: 001-L21
 * claims: 001-C067 001-C068 hotos19-insecure
 *
 * Watch for: fork copies all but the other threads, and a lock that one of them holds stays locked
 * in the copy. A program begun anew (posix_spawn, spawn) keeps what the kernel keeps for a process:
 * files without O_CLOEXEC, environment, folder, blocked and ignored signals, nice, CPUs. Our spawn
 * also closes the files and unblocks the signals; our fork first writes out what waits in a buffer.
 * forkserver's children are copies of a server that began before: they know nothing of what the
 * parent has done to itself since. (Python's get the parent's folder handed over.)
 * Our fork refuses a parent with threads; here it is forced.
 *
 * The Python it re-creates:
 *     for name in ("fork", "spawn", "forkserver"):
 *         p = multiprocessing.get_context(name).Process(target=look_around)
 *         p.start(); p.join()
 *
 * expect:
 *     does the child find ...          fork()  posix_spawn  mp fork  mp spawn  mp forkserver
 *     a variable as it was set         yes     no           yes      no        no
 *     its secret start bytes           yes     no           yes      no        no
 *     a file without O_CLOEXEC         yes     yes          yes      no        no
 *     a file with O_CLOEXEC            yes     no           yes      no        no
 *     the other thread                 no      no           no       no        no
 *     the lock which that one holds    yes     no           yes      no        no
 *     text in a buffer of stdio        yes     no           no       no        no
 *     the state of rand()              yes     no           yes      no        no
 *     an environment variable          yes     yes          yes      yes       no
 *     the working folder               yes     yes          yes      yes       no
 *     a signal's handler               yes     no           yes      no        no
 *     an ignored signal                yes     yes          yes      yes       no
 *     a blocked signal                 yes     yes          yes      no        no
 *     the niceness                     yes     yes          yes      yes       no
 *     the CPUs it may use              yes     yes          yes      yes       no
 */
#include "demo.h"
#include "mp/memory.h"
#include "mp/process.h"
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio_ext.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { PLAIN_FD = 100, CLOEXEC_FD, TOLD_FD, TIMEOUT_MS = 5000 };
#define LOOK       "--look" /* the argument of the program begun anew */
#define FACTS_SIZE ((ssize_t)(FACTS * sizeof(int64_t)))

enum { BARE_FORK, BARE_SPAWN, MP_BY_FORK, MP_BY_SPAWN, MP_BY_SERVER, WAYS };

/* What is looked at, in the parent and in each child: the same value in both means "found". */
enum fact {
	VARIABLE,
	SECRET,
	PLAIN,
	CLOEXEC,
	THREAD,
	LOCK,
	TEXT,
	RANDOM,
	ENVIRONMENT,
	FOLDER,
	HANDLER,
	IGNORED,
	BLOCKED,
	NICENESS,
	CPUS,
	FACTS
};

/* who: a letter a way, in the order of the table: does that child find it? */
static const struct {
	const char *name, *who;
} facts[FACTS] = {
	[VARIABLE] = {"a variable as it was set", "ynynn"},
	[SECRET] = {"its secret start bytes", "ynynn"},
	[PLAIN] = {"a file without O_CLOEXEC", "yyynn"},
	[CLOEXEC] = {"a file with O_CLOEXEC", "ynynn"},
	[THREAD] = {"the other thread", "nnnnn"},
	[LOCK] = {"the lock which that one holds", "ynynn"},
	[TEXT] = {"text in a buffer of stdio", "ynnnn"},
	[RANDOM] = {"the state of rand()", "ynynn"},
	[ENVIRONMENT] = {"an environment variable", "yyyyn"},
	[FOLDER] = {"the working folder", "yyyyn"},
	[HANDLER] = {"a signal's handler", "ynynn"},
	[IGNORED] = {"an ignored signal", "yyyyn"},
	[BLOCKED] = {"a blocked signal", "yyynn"},
	[NICENESS] = {"the niceness", "yyyyn"},
	[CPUS] = {"the CPUs it may use", "yyyyn"},
};

struct seen {
	int64_t by[WAYS][FACTS];
};

extern char **environ;

static int variable;
static FILE *text;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Safe after a fork of a process with threads: nothing here takes a lock that could be held. */
static void look_around(int64_t *seen)
{
	struct sigaction usr1, usr2;
	struct stat folder = {0}, threads = {0};
	sigset_t blocked;
	cpu_set_t cpus;

	sigaction(SIGUSR1, NULL, &usr1);
	sigaction(SIGUSR2, NULL, &usr2);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	stat(".", &folder);
	stat("/proc/self/task", &threads);
	seen[VARIABLE] = variable;
	memcpy(&seen[SECRET], (const void *)getauxval(AT_RANDOM), sizeof(seen[SECRET]));
	seen[PLAIN] = fcntl(PLAIN_FD, F_GETFD) >= 0;
	seen[CLOEXEC] = fcntl(CLOEXEC_FD, F_GETFD) >= 0;
	seen[THREAD] = threads.st_nlink > 3; /* a folder's links: two of its own, one a thread */
	seen[LOCK] = pthread_mutex_trylock(&lock) == EBUSY;
	if (!seen[LOCK])
		pthread_mutex_unlock(&lock);
	seen[TEXT] = text != NULL && __fpending(text) > 0;
	seen[RANDOM] = rand();
	seen[ENVIRONMENT] = getenv("CHILD_STATE") != NULL;
	seen[FOLDER] = (int64_t)folder.st_ino;
	seen[HANDLER] = usr1.sa_handler != SIG_DFL;
	seen[IGNORED] = usr2.sa_handler == SIG_IGN;
	seen[BLOCKED] = sigismember(&blocked, SIGWINCH);
	seen[NICENESS] = getpriority(PRIO_PROCESS, 0);
	seen[CPUS] = CPU_COUNT(&cpus);
}

static int mp_child(struct mp_child *self)
{
	int way = *(const int *)mp_child_argument(self, NULL);
	struct mp_memory *memory;

	demo_must(mp_memory_attach(mp_child_handle(self, 0), &memory), "attach");
	look_around(((struct seen *)mp_memory_base(memory))->by[way]);
	mp_memory_destroy(memory);
	return 0;
}

static void nobody(int signal)
{
	(void)signal;
}

/* Holds the lock until the process ends. */
static void *hold_lock(void *came)
{
	pthread_mutex_lock(&lock);
	pthread_barrier_wait(came);
	for (;;)
		pause();
	return NULL;
}

/* What the parent does to itself, once the forkserver is there. */
static void change_everything(void)
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
	if (pthread_create(&thread, NULL, hold_lock, &came) != 0)
		demo_end(DEMO_NO_RESOURCE, "pthread_create failed");
	pthread_barrier_wait(&came);
	text = fdopen(memfd_create("text", MFD_CLOEXEC), "w");
	if (text == NULL)
		demo_end(DEMO_NO_RESOURCE, "memfd_create: %s", strerror(errno));
}

static void start_mp(int way, enum mp_method method, const struct mp_memory *memory)
{
	struct mp_handle handle = mp_memory_handle(memory);
	struct mp_process *p;
	int code;

	demo_must(mp_process_start(&(struct mp_process_options){.entry = "mp_child",
					   .argument = &way,
					   .nbytes = sizeof(way),
					   .handles = &handle,
					   .nhandles = 1,
					   .method = method,
					   .force = true},
			  &p),
		"start");
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	demo_must(mp_process_exit_code(p, &code), "exit code");
	if (code != 0)
		demo_end(DEMO_NOT_SHOWN, "a child ended with %d", code);
	mp_process_close(p);
}

static void start_fork(int64_t *seen)
{
	pid_t pid = demo_fork();

	if (pid == 0) {
		look_around(seen);
		_exit(0);
	}
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "the forked child did not end well");
}

/* The program begun anew tells by a pipe: it shares no memory with us. */
static void start_spawn(int64_t *seen)
{
	static char look[] = LOOK;
	char *argv[] = {program_invocation_name, look, NULL};
	posix_spawn_file_actions_t actions;
	int told[2], err;
	pid_t pid;

	if (pipe2(told, O_CLOEXEC) < 0 || posix_spawn_file_actions_init(&actions) != 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	posix_spawn_file_actions_adddup2(&actions, told[1], TOLD_FD);
	err = posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ);
	demo_must(-err, "posix_spawn");
	posix_spawn_file_actions_destroy(&actions);
	close(told[1]);
	if (demo_wait(pid, TIMEOUT_MS) != 0 || read(told[0], seen, FACTS_SIZE) != FACTS_SIZE)
		demo_end(DEMO_NOT_SHOWN, "the spawned program told nothing");
	close(told[0]);
}

/* What is as it was before cannot show whether a child has it from the parent. */
static void must_have_changed(const int64_t *before, const int64_t *now)
{
	for (int i = 0; i < FACTS; i++)
		if (i != SECRET && before[i] == now[i])
			demo_end(DEMO_CANNOT, "%s: this process has it from its own parent",
				facts[i].name);
}

static bool show(struct seen *seen, const int64_t *parent)
{
	bool right = true;

	demo_line("does the child find ...          fork()  posix_spawn  mp fork  mp spawn  "
		  "mp forkserver\n");
	for (int i = 0; i < FACTS; i++) {
		bool found[WAYS];

		for (int way = 0; way < WAYS; way++) {
			found[way] = seen->by[way][i] == parent[i];
			right &= found[way] == (facts[i].who[way] == 'y');
			right &= seen->by[way][CPUS] > 0; /* it did look around */
		}
#define WORD(way) (found[way] ? "yes" : "no")
		demo_line("%-32s %-7s %-12s %-8s %-9s %s\n", facts[i].name, WORD(BARE_FORK),
			WORD(BARE_SPAWN), WORD(MP_BY_FORK), WORD(MP_BY_SPAWN), WORD(MP_BY_SERVER));
	}
	return right;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"mp_child", mp_child}, {NULL, NULL}};
	int64_t before[FACTS], parent[FACTS];
	struct mp_memory *memory;
	struct seen *seen;
	bool right;

	mp_init(argc, argv, entries);
	if (argc == 2 && strcmp(argv[1], LOOK) == 0) {
		look_around(before);
		return write(TOLD_FD, before, FACTS_SIZE) == FACTS_SIZE ? 0 : 1;
	}
	demo_start(argc, argv, "child_state",
		"what a child finds of its parent's, by five ways to start it");
	demo_must(mp_memory_create(sizeof(*seen), &memory), "memory");
	seen = mp_memory_base(memory);
	start_mp(MP_BY_SERVER, MP_FORKSERVER, memory); /* the server begins here */
	memset(seen, 0, sizeof(*seen));
	look_around(before);
	change_everything();
	fputs("waits", text);
	start_fork(seen->by[BARE_FORK]);
	start_spawn(seen->by[BARE_SPAWN]);
	start_mp(MP_BY_FORK, MP_FORK, memory);
	start_mp(MP_BY_SPAWN, MP_SPAWN, memory);
	start_mp(MP_BY_SERVER, MP_FORKSERVER, memory);
	fputs("waits", text); /* mp's fork has written out what waited */
	look_around(parent);
	must_have_changed(before, parent);
	right = show(seen, parent);
	mp_memory_destroy(memory);
	return right ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
