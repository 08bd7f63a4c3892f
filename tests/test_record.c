/* test_record.c - result files: what is written can be read, and nothing else is taken for a record */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "harness/record.h"
#include "suite.h"

/* What each() has seen: how many, and whether they came as 0, 1, 2 ... */
struct seen {
	json_int_t count;
	bool in_order;
	json_int_t stop_at; /* returns 7 at this count; 0: never */
};

static int see(json_t *obj, void *arg)
{
	struct seen *s = arg;
	json_int_t n = json_integer_value(json_object_get(obj, "n"));

	if (n != s->count)
		s->in_order = false;
	s->count++;
	return s->stop_at && s->count == s->stop_at ? 7 : 0;
}

static struct seen nothing(void)
{
	return (struct seen){.in_order = true};
}

/* ---- reading ---- */

struct content_row {
	const char *text;
	size_t len;
	size_t records, bad, first_bad;
	bool cut;
};

#define ROW(text, records, bad, first_bad, cut)                                                    \
	{                                                                                          \
		text, sizeof(text) - 1, records, bad, first_bad, cut                               \
	}

static const struct content_row contents[] = {
	ROW("", 0, 0, 0, false),
	ROW("\n\n \t\r\n", 0, 0, 0, false),
	ROW("{\"n\":0}\n{\"n\":1}\n", 2, 0, 0, false),
	ROW("{\"n\":0}\r\n{\"n\":1}\r\n", 2, 0, 0, false),
	ROW("\xef\xbb\xbf{\"n\":0}\r\n{\"n\":1}\n", 2, 0, 0, false),
	ROW("\xef\xbb\xbf\n{\"n\":0}\n", 1, 0, 0, false),
	/* A mark of byte order in the middle is none. */
	ROW("{\"n\":0}\n\xef\xbb\xbf{\"n\":1}\n", 1, 1, 2, false),
	ROW("{\"n\":0}\n\n{\"n\":1}\n", 2, 0, 0, false),
	ROW("{\"n\":0}\n{\"n\":", 1, 0, 0, true),
	ROW("{\"n\":0}\n{\"n\":1}", 1, 0, 0, true),
	ROW("{\"n\":0}\n  ", 1, 0, 0, false),
	ROW("{", 0, 0, 0, true),
	ROW("{\"n\":0}\nnonsense\n{\"n\":1}\n[1,2]\n", 2, 2, 2, false),
	ROW("3\n\"x\"\nnull\n{\"n\":0}\n", 1, 3, 1, false),
	ROW("{\"n\":0} {\"n\":1}\n{\"n\":0}\n", 1, 1, 1, false),
	ROW("{\"n\":NaN}\n{\"n\":0}\n", 1, 1, 1, false),
	ROW("{\"n\":0,\"n\":99999999999999999999}\n", 0, 1, 1, false),
	ROW("{\"a\":\"\xff\"}\n{\"n\":0}\n", 1, 1, 1, false),
	ROW("\0\0\0\n{\"n\":0}\n", 1, 1, 1, false),
	ROW("{\"n\":0}\n\0\0\0\0", 1, 0, 0, true),
};

START_TEST(broken_lines_are_counted_and_a_cut_one_is_left_out)
{
	const struct content_row *r = &contents[_i];
	const char *path = in_folder("/content");
	struct record_read_info info;
	struct seen s = nothing();

	put_bytes("/content", r->text, r->len);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_uint_eq(info.records, r->records);
	ck_assert_uint_eq((size_t)s.count, r->records);
	ck_assert_uint_eq(info.bad, r->bad);
	ck_assert_uint_eq(info.first_bad, r->first_bad);
	ck_assert_int_eq(info.cut, r->cut);
}
END_TEST

START_TEST(what_each_returns_stops_the_reading)
{
	const char *path = in_folder("/stop");
	struct record_read_info info;
	struct seen s = nothing();

	put("/stop", "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n");
	s.stop_at = 2;
	ck_assert_int_eq(record_read(path, see, &s, &info), 7);
	ck_assert_int_eq(s.count, 2);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_error)
{
	struct record_read_info info;
	struct seen s = nothing();

	ck_assert_int_eq(record_read(in_folder("/missing"), see, &s, &info), -ENOENT);
	ck_assert_int_eq(record_read(folder(), see, &s, &info), -EISDIR);
	ck_assert_int_eq(s.count, 0);
}
END_TEST

START_TEST(a_line_of_many_mebibytes_is_read_whole)
{
	enum { LONG = 9 << 20 };
	const char *path = in_folder("/long");
	struct record_read_info info;
	struct seen s = nothing();
	struct record_writer w;
	char *text = malloc(LONG + 1);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	ck_assert_int_eq(record_open(path, &w), 0);
	ck_assert_int_eq(record_write(&w, json_pack("{s:i,s:s}", "n", 0, "text", text)), 0);
	ck_assert_int_eq(record_write(&w, json_pack("{s:i}", "n", 1)), 0);
	ck_assert_int_eq(record_close(&w), 0);
	free(text);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_int_eq(s.count, 2);
	ck_assert_int_eq(s.in_order, true);
}
END_TEST

START_TEST(ten_thousand_records_come_back_in_order)
{
	enum { MANY = 10000 };
	const char *path = in_folder("/many");
	struct record_read_info info;
	struct seen s = nothing();
	struct record_writer w;

	ck_assert_int_eq(record_open(path, &w), 0);
	for (int i = 0; i < MANY; i++) {
		json_t *raw = json_array();

		for (int j = 0; j < 60; j++)
			json_array_append_new(raw, json_integer(4211034 + i + j));
		ck_assert_int_eq(record_write(&w, json_pack("{s:i,s:o}", "n", i, "t_ns", raw)), 0);
	}
	ck_assert_int_eq(record_close(&w), 0);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_int_eq(s.count, MANY);
	ck_assert_int_eq(s.in_order, true);
	ck_assert_uint_eq(info.bad, 0);
}
END_TEST

/* ---- writing ---- */

START_TEST(a_record_is_one_line_and_numbers_keep_all_digits)
{
	const char *path = in_folder("/digits");
	const double x = 0.1 + 0.2;
	struct record_writer w;
	char text[128] = "";
	json_t *o;
	FILE *f;

	ck_assert_int_eq(record_open(path, &w), 0);
	o = json_pack("{s:f,s:s}", "x", x, "y", "two\nlines");
	ck_assert_int_eq(record_write(&w, o), 0);
	ck_assert_int_eq(record_close(&w), 0);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(text, sizeof(text), f));
	ck_assert_int_eq(fgetc(f), EOF);
	fclose(f);
	ck_assert_str_eq(text, "{\"x\":0.30000000000000004,\"y\":\"two\\nlines\"}\n");
}
END_TEST

START_TEST(what_json_cannot_say_is_refused_and_dropped)
{
	const char *path = in_folder("/refused");
	struct record_read_info info;
	struct seen s = nothing();
	struct record_writer w;

	ck_assert_int_eq(record_open(path, &w), 0);
	ck_assert_int_eq(record_write(&w, NULL), -EINVAL);
	ck_assert_int_eq(record_write(&w, json_pack("{s:f}", "x", (double)NAN)), -EINVAL);
	ck_assert_int_eq(record_write(&w, json_array()), -EINVAL);
	ck_assert_int_eq(record_write(&w, json_pack("{s:i}", "n", 0)), 0);
	ck_assert_int_eq(record_close(&w), 0);
	ck_assert_int_eq(record_read(path, see, &s, &info), 0);
	ck_assert_uint_eq(info.records, 1);
	ck_assert_uint_eq(info.bad, 0);
}
END_TEST

START_TEST(without_a_file_records_are_dropped_in_silence)
{
	struct record_writer w = {.fd = -1};

	ck_assert_int_eq(record_write(&w, json_pack("{s:i}", "n", 0)), 0);
	ck_assert_int_eq(record_close(&w), 0);
}
END_TEST

START_TEST(a_file_is_made_for_all_to_read_and_not_handed_to_children)
{
	const char *path = in_folder("/mode");
	mode_t before = umask(0);
	struct record_writer w;
	struct stat st;

	ck_assert_int_eq(record_open(path, &w), 0);
	umask(before);
	ck_assert_int_eq(fstat(w.fd, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0644);
	ck_assert_int_eq(fcntl(w.fd, F_GETFD), FD_CLOEXEC);
	ck_assert_int_ne(fcntl(w.fd, F_GETFL) & O_APPEND, 0);
	ck_assert_int_eq(record_close(&w), 0);
	ck_assert_int_eq(w.fd, -1);
	ck_assert_int_eq(record_close(&w), 0);
}
END_TEST

START_TEST(opening_says_why_not)
{
	struct record_writer w = {.fd = 99};

	ck_assert_int_eq(record_open(in_folder("/no/such/folder"), &w), -ENOENT);
	ck_assert_int_eq(w.fd, -1);
	ck_assert_int_eq(record_open(folder(), &w), -EISDIR);
	ck_assert_int_eq(record_open("", &w), -ENOENT);
}
END_TEST

START_TEST(standard_output_stays_open)
{
	struct record_writer w;

	ck_assert_int_eq(record_open("-", &w), 0);
	ck_assert_int_gt(w.fd, STDERR_FILENO);
	ck_assert_int_eq(record_close(&w), 0);
	ck_assert_int_ge(fcntl(STDOUT_FILENO, F_GETFD), 0);
}
END_TEST

/* ---- names ---- */

START_TEST(run_ids_differ_and_stay_in_order)
{
	char last[24], id[24];

	record_run_id(last, sizeof(last));
	ck_assert_uint_eq(strlen(last), 23);
	ck_assert_uint_eq(strspn(last, "0123456789"), 8);
	ck_assert_int_eq(last[8], 'T');
	ck_assert_int_eq(last[15], 'Z');
	ck_assert_int_eq(last[16], '-');
	ck_assert_uint_eq(strspn(last + 17, "0123456789abcdef"), 6);
	for (int i = 0; i < 5000; i++) {
		record_run_id(id, sizeof(id));
		ck_assert_str_gt(id, last);
		memcpy(last, id, sizeof(last));
	}
}
END_TEST

START_TEST(a_forked_child_makes_ids_of_its_own)
{
	char mine[24], theirs[24] = "";
	int ends[2], status;
	pid_t pid;

	record_run_id(mine, sizeof(mine));
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		record_run_id(theirs, sizeof(theirs));
		_exit(write(ends[1], theirs, sizeof(theirs)) == (ssize_t)sizeof(theirs) ? 0 : 1);
	}
	ck_assert_int_eq(read(ends[0], theirs, sizeof(theirs)), sizeof(theirs));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	record_run_id(mine, sizeof(mine));
	ck_assert_str_ne(mine + 17, theirs + 17);
}
END_TEST

START_TEST(times_are_written_as_rfc_3339_says)
{
	int year, month, day, hour, minute, second, end = 0;
	char utc[21];

	record_utc(utc, sizeof(utc));
	ck_assert_int_eq(sscanf(utc, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour,
				 &minute, &second, &end),
		6);
	ck_assert_int_eq(end, 20);
	ck_assert_int_ge(year, 2020);
	ck_assert_int_le(second, 60);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("record");
	TCase *reading = folder_case(s, "reading"), *writing = folder_case(s, "writing"),
	      *names = gated_case(s, "names");

	tcase_add_loop_test(reading, broken_lines_are_counted_and_a_cut_one_is_left_out, 0,
		(int)(sizeof(contents) / sizeof(contents[0])));
	tcase_add_test(reading, what_each_returns_stops_the_reading);
	tcase_add_test(reading, a_file_that_cannot_be_read_is_an_error);
	tcase_add_test(reading, a_line_of_many_mebibytes_is_read_whole);
	tcase_add_test(reading, ten_thousand_records_come_back_in_order);
	tcase_add_test(writing, a_record_is_one_line_and_numbers_keep_all_digits);
	tcase_add_test(writing, what_json_cannot_say_is_refused_and_dropped);
	tcase_add_test(writing, without_a_file_records_are_dropped_in_silence);
	tcase_add_test(writing, a_file_is_made_for_all_to_read_and_not_handed_to_children);
	tcase_add_test(writing, opening_says_why_not);
	tcase_add_test(writing, standard_output_stays_open);
	tcase_add_test(names, run_ids_differ_and_stay_in_order);
	tcase_add_test(names, a_forked_child_makes_ids_of_its_own);
	tcase_add_test(names, times_are_written_as_rfc_3339_says);
	return s;
}
