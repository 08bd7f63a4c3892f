/* sums - the checker: ten right sums, and few calls on both sides */
#include "check.h"

enum { DAYS = 10, CALLS_MOST = 300 };

static struct student_run many, few;

/* How many of the ten sums are right, each on its day. */
static int right_sums(const char *text, long per_day)
{
	int next = 1;

	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		long n = next * per_day, sum;
		int day;

		if (sscanf(line, "day %d: the sum is %ld", &day, &sum) == 2 && day == next &&
			sum == n * (n + 1) / 2)
			next++;
	}
	return next - 1;
}

/* What "the child: N calls ..." or the parent's line says; -1: it is not there. */
static int said(const char *text, const char *who)
{
	const char *at = strstr(text, who);

	return at == NULL ? -1 : atoi(at + strlen(who));
}

static bool check_sums(const struct student_run *r, long per_day, unsigned points)
{
	bool hung = r->timed_out || r->signal == SIGALRM;
	bool ended = !r->timed_out && !r->flood && r->exit == 0;
	int right = right_sums(r->text, per_day), left = r->left_dead + r->left_running;
	bool all = ended && right == DAYS;

	check_item(ended && left == 0, 1, "%ld numbers a day: both processes ended well", per_day);
	check_hint(!hung, "held_back",
		"the child waits for an answer, and the parent for the question. Where does the "
		"question lie meanwhile?");
	check_hint(ended || hung, "ended_early", "it ended with a signal, or not with status 0.");
	check_hint(!ended || left == 0, "nobody_waited", "who looks whether the child has ended?");
	check_item(all, points, "%ld numbers a day: %d of %d sums are right", per_day, right, DAYS);
	check_hint(all || !ended, "question_overtakes",
		"a sum is wrong on its day. Has the parent seen every number that was sent before "
		"the question, and each of them once?");
	return all;
}

/* Few calls are no merit where the sums are wrong. */
static void check_calls(const char *who, bool right, const char *hint, const char *text)
{
	char line[32];
	int calls;
	bool few_calls;

	snprintf(line, sizeof(line), "the %s: ", who);
	calls = said(many.text, line);
	few_calls = calls >= 0 && calls <= CALLS_MOST;
	if (calls < 0)
		check_item(false, 3, "the %s did not come to say how many calls it made", who);
	else
		check_item(right && few_calls, 3, "the %s made %d calls (at most %d%s)", who, calls,
			CALLS_MOST, right ? "" : ", with right sums");
	check_hint(few_calls || !right, hint, text);
}

int main(int argc, char **argv)
{
	bool all;

	if (argc != 2 || !check_run(argv[1], "1000", &many)) {
		fprintf(stderr, "sums: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	all = check_sums(&many, 1000, 2);
	check_calls("child", all, "number_by_number",
		"a write costs next to the same for one number and for a page full of them.");
	check_calls("parent", all, "one_side_only",
		"many numbers lie in the pipe. How many does a read ask for?");
	if (many.exit < 0) {
		check_item(
			false, 3, "7 numbers a day were not tried, since it did not end with 1000");
		return check_finish();
	}
	if (!check_run(argv[1], "7", &few))
		return 2;
	check_sums(&few, 7, 2);
	return check_finish();
}
