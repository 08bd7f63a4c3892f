/* test_progress.c - the line that says how far it is: never wider than the terminal, never more often than due */
#include "harness/progress.h"
#include "suite.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS 40

/* A terminal of 40 columns; its other side, where what was written can be read. */
static FILE *open_terminal(int *other)
{
	struct winsize size = {.ws_row = 10, .ws_col = COLUMNS};
	FILE *f;
	int fd;

	*other = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*other < 0 || grantpt(*other) || unlockpt(*other))
		return NULL;
	fd = open(ptsname(*other), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
	f = fdopen(fd, "w");
	ck_assert_ptr_nonnull(f);
	setenv("TERM", "xterm", 1);
	return f;
}

START_TEST(a_line_on_a_terminal_is_cut_to_one_row_between_characters)
{
	struct progress p;
	char got[400] = "", long_text[200] = "";
	int other, columns = 0;
	FILE *f = open_terminal(&other);

	if (!f)
		skip_test("no pseudo-terminal here");
	for (int i = 0; i < 60; i++)
		strcat(long_text, "\xc2\xb5"); /* one column, two bytes */
	progress_open(&p, f, PROGRESS_AUTO);
	p.last_ns = 0;
	progress_show(&p, 0.5, 7, long_text);
	ck_assert_int_gt(read(other, got, sizeof(got) - 1), 0);
	ck_assert_int_eq(strncmp(got, "\r\033[K 50 %, 7 s left", 19), 0);
	for (const char *c = got + 4; *c; c++)
		columns += (*c & 0xc0) != 0x80;
	ck_assert_int_eq(columns, COLUMNS - 1);
	ck_assert_int_eq((unsigned char)got[strlen(got) - 1], 0xb5);
	fclose(f);
	close(other);
}
END_TEST

START_TEST(elsewhere_lines_are_whole_and_come_when_they_are_due)
{
	struct progress p;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	progress_open(&p, f, PROGRESS_PLAIN);
	progress_show(&p, 0.1, 9, "too early");
	ck_assert(!progress_due(&p));
	p.last_ns = 0;
	ck_assert(progress_due(&p));
	progress_show(&p, 0.2, 8, "due");
	progress_show(&p, 0.3, 7, "too soon after it");
	progress_end(&p);
	fclose(f);
	ck_assert_str_eq(text, " 20 %, 8 s left  due\n");
	free(text);
}
END_TEST

START_TEST(none_is_silent)
{
	struct progress p;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	progress_open(&p, f, PROGRESS_NONE);
	p.last_ns = 0;
	progress_show(&p, 0.2, 8, "due");
	progress_end(&p);
	fclose(f);
	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("progress");
	TCase *c = gated_case(s, "line");

	tcase_add_test(c, a_line_on_a_terminal_is_cut_to_one_row_between_characters);
	tcase_add_test(c, elsewhere_lines_are_whole_and_come_when_they_are_due);
	tcase_add_test(c, none_is_silent);
	return s;
}
