/*
 * fork_stdio_twice - a line that waits in a buffer is copied by fork, and comes out twice
 *
 * listings: none, for the lesson on spawn and fork
 * claims: hotos19-stdio
 *
 * Watch for: one line is written, two arrive. stdio keeps what it is given until its buffer is full
 * (a pipe, a file) or the line ends (a terminal): so the same program is right on the screen and
 * wrong with `| cat`. fork copies the buffer, and parent and child write it out at their ends.
 * Python's Process writes out stdout and stderr before it forks; os.fork does not.
 *
 * Then look at: diff -u demos/fork_stdio_twice.c demos/fork_stdio_twice_fixed.c
 *
 * The Python it re-creates:
 *     print("one line")
 *     if os.fork() == 0:
 *         sys.exit()
 *     os.wait()
 *
 * expect:
 *     to                              lines written  lines that arrived
 *     a pipe or a file: full buffer   1              2
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

	demo_start(argc, argv, "fork_stdio_twice",
		"a line that waits in a buffer is copied by fork, and comes out twice");
	full = arrived(_IOFBF);
	by_line = arrived(_IOLBF);
	none = arrived(_IONBF);
	demo_line("to                              lines written  lines that arrived\n");
	demo_line("a pipe or a file: full buffer   1              %d\n", full);
	demo_line("a terminal: line by line        1              %d\n", by_line);
	demo_line("no buffer                       1              %d\n", none);
	return full == 2 && by_line == 1 && none == 1 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
