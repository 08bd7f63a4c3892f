/* long_one - the checker: the right sum, few messages, few numbers behind the long one */
#include "check.h"

enum { NUMBERS = 1000, WORKERS = 4, MESSAGES_MOST = 100, BEHIND_MOST = 20 };

/* What the workers said of themselves. */
struct told {
	int workers, messages, numbers, behind;
};

static struct student_run run;

static void listen(const char *text, struct told *t)
{
	memset(t, 0, sizeof(*t));
	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		int pid, messages, numbers, behind;

		if (sscanf(line, "worker %d: messages %d, numbers %d, behind the long one %d", &pid,
			    &messages, &numbers, &behind) != 4 ||
			pid == run.pid)
			continue;
		t->workers++;
		t->messages += messages;
		t->numbers += numbers;
		t->behind += behind;
	}
}

static bool check_end(const char *which)
{
	bool ended = !run.timed_out && !run.flood && run.exit == 0;

	check_item(ended, 1,
		"number %s is the long one: the program ended by itself, with status 0", which);
	check_hint(!run.timed_out, "hangs",
		"it was stopped after 5 s. The long one ends when gate[1] is closed: who closes "
		"it, and when?");
	check_hint(!run.flood, "flood", "it started or printed far too much.");
	return ended;
}

static void check_work(const struct told *t)
{
	bool sum = check_count_line(run.text, "the sum of the squares is 332833500") == 1;
	bool whole = sum && t->numbers == NUMBERS && t->workers == WORKERS;
	int left = run.left_dead + run.left_running;

	check_item(whole, 1, "%d workers did %d numbers, and the sum is %s", t->workers, t->numbers,
		sum ? "right" : "wrong");
	check_hint(whole, "numbers_lost", "does each of the 1000 numbers go to one worker, once?");
	check_item(left == 0, 1, "%d workers were left behind", left);
	check_hint(left == 0, "nobody_waited", "who looks whether the workers have ended?");
}

/* Whoever waits in a chunk of its own size waits for that chunk; more can wait only in a queue. */
static void check_tail(const struct told *t)
{
	bool few = t->messages <= MESSAGES_MOST, near = t->behind <= BEHIND_MOST;
	bool dealt = !near && t->messages > 0 && t->behind > 2 * NUMBERS / t->messages;

	check_item(near, 2, "%d numbers waited behind the long one (at most %d)", t->behind,
		BEHIND_MOST);
	check_hint(!dealt, "dealt_beforehand",
		"more waited than one chunk holds: was it settled who gets a chunk before he was "
		"free, or did the gate open while there was still work to hand out?");
	check_hint(near || dealt, "chunk_too_big",
		"what lies in the chunk of the long one cannot go to anybody else.");
	check_item(
		few, 2, "%d messages went to the workers (at most %d)", t->messages, MESSAGES_MOST);
	check_hint(few, "chunk_too_small",
		"nobody waits, but each message costs. How many numbers may one have?");
}

int main(int argc, char **argv)
{
	static const char *const which[] = {"0", "400"};

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		struct told t;

		if (argc != 2 || !check_run(argv[1], which[i], &run)) {
			fprintf(stderr,
				"long_one: usage: checker PROGRAM, or it cannot be started\n");
			return 2;
		}
		if (!check_end(which[i]))
			return 1;
		listen(run.text, &t);
		check_work(&t);
		check_tail(&t);
	}
	return check_finish();
}
