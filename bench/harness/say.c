/* say.c - messages of programs: exactly one line each, written in one go, whatever the values hold
 */
#include "harness/say.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Below PIPE_BUF, so that the lines of several processes never mix in one pipe. */
#define SAY_LINE 2048

static const char *program;

/* Read-only: what is written there fails as it would on the closed descriptor, with EBADF. */
static void hold_standard(void)
{
	/* What we start needs them as we do, so they stay open over exec. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		/* NOLINTNEXTLINE(android-cloexec-open): see above */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return;
}

void say_program(const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	hold_standard();
	program = slash ? slash + 1 : argv0;
}

const char *say_name(void)
{
	return program ? program : program_invocation_short_name;
}

/* A value typed by the user may hold a newline or an escape sequence; both must not reach the
 * terminal. */
static size_t escape(char *out, size_t room, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		bool control = c < 0x20 || c == 0x7f;

		if (n + (control ? 4 : 1) > room)
			break;
		if (!control) {
			out[n++] = *text;
			continue;
		}
		out[n++] = '\\';
		if (c == '\n') {
			out[n++] = 'n';
			continue;
		}
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	return n;
}

__attribute__((format(printf, 1, 0))) static void say_line(const char *fmt, va_list ap)
{
	char text[SAY_LINE / 2], line[SAY_LINE];
	size_t n;

	if (vsnprintf(text, sizeof(text), fmt, ap) >= (int)sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	n = escape(line, 128, say_name());
	line[n++] = ':';
	line[n++] = ' ';
	n += escape(line + n, sizeof(line) - n - 1, text);
	line[n++] = '\n';
	while (write(STDERR_FILENO, line, n) < 0 && errno == EINTR)
		; /* a lost message has nowhere to be reported */
}

void say(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	say_line(fmt, ap);
	va_end(ap);
	errno = saved;
}

void say_exit(int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_line(fmt, ap);
	va_end(ap);
	exit(code);
}

void say_need_output(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY)
		say_exit(EXIT_ENVIRONMENT, "standard output: closed: nobody would see the numbers "
					   "(allowed: any file, also "
					   "/dev/null)");
}

int say_finish(int code)
{
	bool pending = __fpending(stdout) != 0;
	bool failed = ferror(stdout) != 0;
	int err = 0;

	if (fclose(stdout) != 0)
		err = errno;
	/* Started with stdout closed and nothing printed: nothing was lost. */
	if (err == EBADF && !pending && !failed)
		err = 0;
	if (!failed && err == 0)
		return code;
	if (err != EPIPE)
		say("standard output: cannot write: %s",
			err ? strerror(err) : "an earlier write failed");
	return code != EXIT_DONE ? code : EXIT_ENVIRONMENT;
}
