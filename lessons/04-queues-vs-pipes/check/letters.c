/* letters - the checker: short and long letters come whole, and the child is waited for */
#include "check.h"

enum { LETTERS = 20 };

static struct student_run in_slow_motion, long_ones;

/* Letters that the parent has told of; whole: how many of them came whole, in their order. */
static int told(const char *text, int *whole)
{
	int letters = 0;

	*whole = 0;
	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		char how[8];
		long nbytes;
		int number;

		if (sscanf(line, "letter %d: %ld bytes, %7s", &number, &nbytes, how) != 3)
			continue;
		letters++;
		*whole += number == letters && strcmp(how, "whole") == 0;
	}
	return letters;
}

static int written(const char *text)
{
	int count = 0;

	while ((text = strstr(text, "the child has written letter ")) != NULL) {
		count++;
		text++;
	}
	return count;
}

static bool hung(const struct student_run *r)
{
	return r->timed_out || r->signal == SIGALRM;
}

/* Which of the two waits in vain shows in what has been written and read until then. */
static bool check_end(const struct student_run *r, const char *which)
{
	bool ended = !r->timed_out && !r->flood && r->signal == 0;
	int whole, letters = told(r->text, &whole), sent = written(r->text);

	check_item(ended, 1, "%s letters: the program ended by itself", which);
	check_hint(!hung(r) || letters < LETTERS, "end_never_comes",
		"all letters have come, and it goes on reading. The end comes when nobody can "
		"write into the pipe any more: who still could?");
	check_hint(!hung(r) || letters > 0 || sent == 0, "bigger_pipe",
		"some letters have room in the pipe, all do not. Must all be written before the "
		"first is read?");
	check_hint(!hung(r) || letters > 0 || sent > 0, "waits_first",
		"nothing was written to its end, and nothing read. What does the child wait for, "
		"and what the parent?");
	check_hint(!hung(r) || letters == 0 || letters >= LETTERS, "hangs",
		"some letters were read, and then nothing moved: who waits for whom?");
	check_hint(hung(r) || ended, "crashed", "a signal killed it, or it printed far too much.");
	return ended;
}

/* Whether the program ended. */
static bool check_letters(const struct student_run *r, const char *which)
{
	int whole, letters = told(r->text, &whole);
	bool ended = check_end(r, which);
	bool all = ended && whole == LETTERS && letters == LETTERS && r->exit == 0 &&
		   check_count_line(r->text, "20 of 20 letters came whole") == 1;

	check_item(all, 3, "%s letters: %d of %d came whole, in order", which, whole, LETTERS);
	check_hint(all || !ended || letters > 0, "empty_is_the_end",
		"not one was read: the child may begin late. An empty pipe says that nothing is "
		"there now; what says that nothing will come?");
	check_hint(all || !ended || letters == 0, "short_read",
		"read gives what is there now, up to what was asked for. A pipe has no room for "
		"100,000 bytes: in how many parts may a letter come?");
	return ended;
}

int main(int argc, char **argv)
{
	int left;

	if (argc != 2 || !check_run(argv[1], "-100", &in_slow_motion)) {
		fprintf(stderr, "letters: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	if (!check_letters(&in_slow_motion, "short")) {
		check_item(false, 6,
			"long letters were not tried, since it did not end with short ones");
		return check_finish();
	}
	if (!check_run(argv[1], "100000", &long_ones))
		return 2;
	if (!check_letters(&long_ones, "long")) {
		check_item(false, 2, "who is left behind was not looked at, since it did not end");
		return check_finish();
	}
	left = long_ones.left_dead + long_ones.left_running;
	check_item(left == 0, 2, "the child was waited for: %d left behind", left);
	check_hint(left == 0, "nobody_waited",
		"the last letter is read, and the child has still to end. Who looks whether it "
		"did?");
	return check_finish();
}
