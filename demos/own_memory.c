/*
 * own_memory - what a child process does to its memory, files and folder stays with it
 *
 * listings: none, for the lesson on spawn and fork
 * claims: 000-C002
 *
 * Watch for: the same function runs in a thread and in a child of fork. What the thread changes is
 * changed for all, since there is one memory, one table of files and one folder. The child has
 * copies, and a number of its own: after its end all is as it was.
 *
 * The Python it re-creates:
 *     def change():
 *         global variable
 *         variable = 99; os.close(fd); os.chdir("/proc")
 *     for Start in (threading.Thread, multiprocessing.Process):
 *         w = Start(target=change); w.start(); w.join()
 *
 * expect:
 *     afterwards the parent finds   of a process       of a thread
 *     its variable                  as it was          changed
 *     its file                      open               closed
 *     its folder                    as it was          changed
 *     the other's pid               another            the same
 */
#include "demo.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/stat.h>

enum { HIGH_FD = 100, TIMEOUT_MS = 5000 };

/* What the parent finds of what it had. */
struct found {
	bool variable, file, folder, pid;
};

static int variable;
static pid_t *worker; /* shared with the child: who ran the function */

/* Runs in the thread, and in the child: only async-signal-safe calls. */
static void *change(void *arg)
{
	variable = 99;
	close(HIGH_FD);
	if (chdir("/proc") < 0)
		_exit(DEMO_CANNOT);
	*worker = getpid();
	return arg;
}

static void in_a_process(void)
{
	pid_t pid = demo_fork();

	if (pid == 0) {
		change(NULL);
		_exit(0);
	}
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "the child did not end well");
}

static void in_a_thread(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, change, NULL) != 0 || pthread_join(t, NULL) != 0)
		demo_end(DEMO_NO_RESOURCE, "pthread_create failed");
}

/* True: it is the parent's, unchanged. pid: it was the parent's own. */
static struct found after(void (*start)(void))
{
	struct stat before = {0}, now = {0};

	variable = 1;
	if (stat(".", &before) < 0 || dup2(STDERR_FILENO, HIGH_FD) < 0)
		demo_end(DEMO_NO_RESOURCE, "a folder and a file: %s", strerror(errno));
	start();
	stat(".", &now);
	return (struct found){variable == 1, fcntl(HIGH_FD, F_GETFD) >= 0,
		before.st_ino == now.st_ino && before.st_dev == now.st_dev, *worker == getpid()};
}

int main(int argc, char **argv)
{
	struct found p, t;

	demo_start(argc, argv, "own_memory",
		"what a child process does to its memory, files and folder stays with it");
	worker = demo_shared(sizeof(*worker));
	if (chdir("/") < 0)
		demo_end(DEMO_CANNOT, "/: %s", strerror(errno));
	p = after(in_a_process);
	t = after(in_a_thread);
#define WORD(is, yes, no) ((is) ? (yes) : (no))
#define ROW(name, what, yes, no)                                                                   \
	demo_line("%-29s %-18s %s\n", name, WORD(p.what, yes, no), WORD(t.what, yes, no))
	demo_line("afterwards the parent finds   of a process       of a thread\n");
	ROW("its variable", variable, "as it was", "changed");
	ROW("its file", file, "open", "closed");
	ROW("its folder", folder, "as it was", "changed");
	ROW("the other's pid", pid, "the same", "another");
	if (p.variable && p.file && p.folder && !p.pid && !t.variable && !t.file && !t.folder &&
		t.pid)
		return DEMO_SHOWN;
	return DEMO_NOT_SHOWN;
}
