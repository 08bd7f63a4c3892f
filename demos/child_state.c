/*
 * child_state - what a child finds of its parent's, by five ways to start it
 *
 * listings: 001-L21
 * claims: 001-C067 001-C068 hotos19-insecure
 *
 * Watch for: fork copies all but the other threads, and a lock that one of them holds stays locked in the copy. A
 * program begun anew (posix_spawn, spawn) keeps what the kernel keeps for a process: files without O_CLOEXEC,
 * environment, folder, blocked and ignored signals, nice, CPUs. Our spawn also closes the files and unblocks the
 * signals; our fork first writes out what waits in a buffer. forkserver's children are copies of a server that
 * began before: they know nothing of what the parent has done to itself since. (Python's get the parent's folder
 * handed over.) Our fork refuses a parent with threads; here it is forced.
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
#include "child_facts.h"
#include "demo.h"
#include "mp/memory.h"
#include "mp/process.h"
#include <spawn.h>

enum { TOLD_FD = 110, TIMEOUT_MS = 5000 };
enum { BARE_FORK, BARE_SPAWN, MP_BY_FORK, MP_BY_SPAWN, MP_BY_SERVER, WAYS };
#define LOOK "--look" /* the argument of the program begun anew */

struct seen {
	struct fact by[WAYS][FACTS];
};

extern char **environ;

static int mp_child(struct mp_child *self)
{
	int way = *(const int *)mp_child_argument(self, NULL);
	struct mp_memory *memory;

	demo_must(mp_memory_attach(mp_child_handle(self, 0), &memory), "attach");
	look_around(((struct seen *)mp_memory_base(memory))->by[way]);
	mp_memory_destroy(memory);
	return 0;
}

static void start_mp(int way, enum mp_method method, const struct mp_memory *memory)
{
	struct mp_handle handle = mp_memory_handle(memory);
	const struct mp_process_options o = {.entry = "mp_child",
		.argument = &way,
		.nbytes = sizeof(way),
		.handles = &handle,
		.nhandles = 1,
		.method = method,
		.force = true};
	struct mp_process *p;
	int code;

	demo_must(mp_process_start(&o, &p), "start");
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	demo_must(mp_process_exit_code(p, &code), "exit code");
	if (code != 0)
		demo_end(DEMO_NOT_SHOWN, "a child ended with %d", code);
	mp_process_close(p);
}

static void start_fork(struct fact *seen)
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
static void start_spawn(struct fact *seen)
{
	static char look[] = LOOK;
	char *argv[] = {program_invocation_name, look, NULL};
	const ssize_t nbytes = FACTS * sizeof(*seen);
	int told[2];
	pid_t pid;

	if (pipe2(told, O_CLOEXEC) < 0 || dup2(told[1], TOLD_FD) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	demo_must(-posix_spawn(&pid, "/proc/self/exe", NULL, NULL, argv, environ), "posix_spawn");
	close(told[1]);
	close(TOLD_FD);
	if (demo_wait(pid, TIMEOUT_MS) != 0 || read(told[0], seen, nbytes) != nbytes)
		demo_end(DEMO_NOT_SHOWN, "the spawned program told nothing");
	close(told[0]);
}

static bool show(const struct seen *seen, const struct fact *parent)
{
	bool right = true;

	demo_line("does the child find ...          fork()  posix_spawn  mp fork  mp spawn  "
		  "mp forkserver\n");
	for (int i = 0; i < FACTS; i++) {
		const char *word[WAYS];

		for (int way = 0; way < WAYS; way++) {
			bool found = seen->by[way][i].value == parent[i].value;

			word[way] = found ? "yes" : "no";
			right &= found == (parent[i].who[way] == 'y');
			right &= seen->by[way][i].name != NULL; /* it did look around */
		}
		demo_line("%-32s %-7s %-12s %-8s %-9s %s\n", parent[i].name, word[BARE_FORK],
			word[BARE_SPAWN], word[MP_BY_FORK], word[MP_BY_SPAWN], word[MP_BY_SERVER]);
	}
	return right;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"mp_child", mp_child}, {NULL, NULL}};
	struct fact before[FACTS], parent[FACTS];
	struct mp_memory *memory;
	struct seen *seen;
	bool right;

	mp_init(argc, argv, entries);
	if (argc == 2 && strcmp(argv[1], LOOK) == 0) {
		look_around(before);
		return write(TOLD_FD, before, sizeof(before)) == (ssize_t)sizeof(before) ? 0 : 1;
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
