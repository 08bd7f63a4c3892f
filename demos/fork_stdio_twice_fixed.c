/*
 * fork_stdio_twice_fixed - who writes out the buffers before a fork leaves nothing to be written twice
 *
 * listings: none, for the lesson on spawn and fork
 * claims: none
 *
 * Watch for: one line, however the stream is buffered. fflush(NULL) writes out all that waits, so
 * that the child's buffers are empty. _exit in the child, which leaves the buffers alone, is the
 * other cure: then what the child itself has printed must be written out by hand.
 *
 * Then look at: diff -u demos/fork_stdio_twice.c demos/fork_stdio_twice_fixed.c
 *
 * The Python it re-creates:
 *     print("one line", flush=True)
 *     if os.fork() == 0:
 *         sys.exit()
 *     os.wait()
 *
 * expect:
 *     to                              lines written  lines that arrived
 *     a pipe or a file: full buffer   1              1
 *     a terminal: line by line        1              1
 *     no buffer                       1              1
 */
#include "demo.h"

enum { TIMEOUT_MS = 5000 };

/* A file in memory takes the place of a pipe: it can be read again. */
static FILE *open_stream(int how)
{
	FILE *f = fdopen(memfd_create("stdio", MFD_CLOEXEC), "w");

	if (f == NULL || setvbuf(f, NULL, how, how == _IONBF ? 0 : BUFSIZ) != 0)
		demo_end(DEMO_NO_RESOURCE, "memfd_create: %s", strerror(errno));
	return f;
}

static int count_lines(int fd)
{
	char text[256];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	int lines = 0;

	for (ssize_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	return lines;
}

static int arrived(int how)
{
	FILE *f = open_stream(how);
	int lines;
	pid_t pid;

	fprintf(f, "one line\n");
	fflush(NULL);
	pid = demo_fork();
	if (pid == 0)
		exit(0); /* writes out what waits in the buffers */
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "the child did not end well");
	fflush(f);
	lines = count_lines(fileno(f));
	fclose(f);
	return lines;
}

int main(int argc, char **argv)
{
	int full, by_line, none;

	demo_start(argc, argv, "fork_stdio_twice_fixed",
		"who writes out the buffers before a fork leaves nothing to be written twice");
	full = arrived(_IOFBF);
	by_line = arrived(_IOLBF);
	none = arrived(_IONBF);
	demo_line("to                              lines written  lines that arrived\n");
	demo_line("a pipe or a file: full buffer   1              %d\n", full);
	demo_line("a terminal: line by line        1              %d\n", by_line);
	demo_line("no buffer                       1              %d\n", none);
	return full == 1 && by_line == 1 && none == 1 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
