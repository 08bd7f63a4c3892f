/*
 * say.h - how programs speak to people: one line on standard error, `prog: what: value: why (allowed ...)`
 *
 * Programs only; the library itself never prints. Exit codes are the same in every program.
 */
#ifndef FORKLAB_SAY_H
#define FORKLAB_SAY_H

enum {
	EXIT_DONE = 0,   /* also with skipped points: those are records */
	EXIT_FAILED = 1, /* a check failed */
	EXIT_USAGE = 2,
	EXIT_ENVIRONMENT = 3, /* a missing right, tool or resource */
	EXIT_SKIPPED = 77,    /* nothing could be shown here */
};

/*
 * Sets the name that messages start with, from argv[0] (folders cut off). First statement of main: standard
 * descriptors that are closed are taken, or the next file that is opened would get what is printed.
 */
void say_program(const char *argv0);
/* Exits with EXIT_ENVIRONMENT where standard output was closed at the start: for programs that would find out
 * after minutes of measuring. */
void say_need_output(void);
const char *say_name(void);
/* One line on standard error: "NAME: " and the message. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same, then exit(code). */
void say_exit(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3), noreturn));
/* Flushes and closes stdout. Returns code; where something printed was lost, EXIT_ENVIRONMENT in place of
 * EXIT_DONE, with a message unless it is EPIPE: a reader that went away wants none. Call it last in main. */
int say_finish(int code);

#endif
