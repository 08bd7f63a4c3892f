/*
 * fork_vs_spawn - start methods side by side in one program: what a child finds of its parent's
 *
 * listings: 001-L22
 * claims: 001-C070 001-C071
 *
 * Watch for: a forked child is a copy: it finds the parent's variable as it was at that moment,
 * and its open file. A spawned one is the program begun anew, forkserver's one a copy of such a
 * new one: they find nothing but what they are handed. Each start says its own method, in any
 * order. The tutorial calls set_start_method twice, and the second call fails: in Python it can be
 * called once, and get_context gives several methods side by side.
 *
 * The Python it re-creates:
 *     for name in ("fork", "spawn", "forkserver"):
 *         context = multiprocessing.get_context(name)
 *         p = context.Process(target=look_around)
 *         p.start(); p.join()
 *
 * expect:
 *     method      parent's variable  its open file  who made the process
 *     fork        is there           open           main
 *     spawn       is not there       closed         main
 *     forkserver  is not there       closed         the forkserver
 *     fork        is there           open           main
 */
#include "demo.h"
#include "mp/process.h"
#include <fcntl.h>

enum { SEEN_VARIABLE = 1, SEEN_FILE = 2, CHILD_OF_MAIN = 4, HIGH_FD = 100, TIMEOUT_MS = 5000 };

static int variable; /* main sets it after mp_init; in a program begun anew it is 0 */

/* The exit code says what the child has found. */
static int look_around(struct mp_child *self)
{
	int fd = *(const int *)mp_child_argument(self, NULL), found = 0;

	if (variable != 0)
		found |= SEEN_VARIABLE;
	if (fcntl(fd, F_GETFD) >= 0)
		found |= SEEN_FILE;
	if (getppid() == mp_child_parent(self))
		found |= CHILD_OF_MAIN;
	return found;
}

static bool show(const char *name, enum mp_method method, const int *fd, int expected)
{
	struct mp_process *p;
	int found;

	demo_must(mp_process_start(&(struct mp_process_options){.entry = "look_around",
					   .argument = fd,
					   .nbytes = sizeof(*fd),
					   .method = method},
			  &p),
		name);
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	demo_must(mp_process_exit_code(p, &found), "exit code");
	mp_process_close(p);
	demo_line("%-11s %-18s %-14s %s\n", name,
		found & SEEN_VARIABLE ? "is there" : "is not there",
		found & SEEN_FILE ? "open" : "closed",
		found & CHILD_OF_MAIN ? "main" : "the forkserver");
	return found == expected;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"look_around", look_around}, {NULL, NULL}};
	const int copied = SEEN_VARIABLE | SEEN_FILE | CHILD_OF_MAIN;
	bool seen;
	int fd;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "fork_vs_spawn",
		"start methods side by side in one program: what a child finds of its parent's");
	variable = 1;
	/* High enough that no child has another file under that number. */
	fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, HIGH_FD);
	if (fd < 0)
		demo_end(DEMO_NO_RESOURCE, "a descriptor from %d on: %s", HIGH_FD, strerror(errno));
	demo_line("method      parent's variable  its open file  who made the process\n");
	seen = show("fork", MP_FORK, &fd, copied);
	seen &= show("spawn", MP_SPAWN, &fd, CHILD_OF_MAIN);
	seen &= show("forkserver", MP_FORKSERVER, &fd, 0);
	seen &= show("fork", MP_FORK, &fd, copied);
	return seen ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
