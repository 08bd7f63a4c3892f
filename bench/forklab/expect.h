/*
 * expect.h - does a program's output look as its text says? The one matcher of demos and lessons
 *
 * A pattern is a list of lines. Blanks at both ends of a line do not count, a run of blanks stands
 * for any run of blanks, and empty lines at the end do not count. In a line: <n>     digits <x>
 * <us> <ms>  a decimal number: 12, 0.31, -4 <pid>   digits, not 0               <time>         a
 * number and ns, us, ms or s: 12.3 us <word>  no blank in it              <text>         anything,
 * at least one character <n:a>   the same with a name: each further <n:a> must be the same text
 * Lines of their own: `...` stands for any lines, also none; what stands between `[unordered]` and
 * `[end]` may come in any order.
 */
#ifndef FORKLAB_EXPECT_H
#define FORKLAB_EXPECT_H

#include <stdbool.h>
#include <stddef.h>

struct expect;

/*
 * Reads a pattern of len bytes; the caller frees *out with expect_free. why gets a sentence on
 * error. Errors: -EINVAL an unknown placeholder, a group that is not closed or holds more than 64
 * lines, more than 16 names; -ENOMEM.
 */
int expect_parse(const char *pattern, size_t len, struct expect **out, char *why, size_t whylen);
void expect_free(struct expect *e); /* NULL is fine */
size_t expect_lines(const struct expect *e);

/* Where the output left the pattern, in the reading that got furthest through the pattern. */
struct expect_miss {
	size_t line;        /* of the output, from 1; one more than there are: it ended too early */
	char expected[160]; /* the pattern's line, "the end" where more came than was expected */
	char got[160];      /* the output's line, "the end" */
};

/* True where the whole output fits the whole pattern. miss (may be NULL) is set on false alone. */
bool expect_match(const struct expect *e, const char *output, size_t len, struct expect_miss *miss);

/* What the header comment of a demo says. Borrowed by nobody: free with demo_header_free. */
struct demo_header {
	char *name;       /* "hello_processes" */
	char *phenomenon; /* what follows " - " in the first line */
	char *expect; /* the lines below `expect:`, dedented, each with its newline; "" where none
		       */
};

/* Reads the first comment of a C source, or the text at the head of a Python script. Errors: -EINVAL it
 * does not start with NAME - text (with or without a line break before it); -ENOMEM. */
int demo_header_parse(const char *source, size_t len, struct demo_header *out);
void demo_header_free(struct demo_header *h);

#endif
