/* back_off - the checker: all get through, with both locks, and nobody waits with a lock in hand */
#include "check.h"

enum { WRONG = 3, ROUNDS = 10, TRANSFERS = 20 };

static struct student_run run;

/* What the program has counted. */
struct told {
	int with_both, transfers, in_vain, waits, timeouts;
};

static void listen(struct told *t)
{
	memset(t, 0, sizeof(*t));
	for (const char *line = run.text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		sscanf(line, "%d of %d transfers held both", &t->with_both, &t->transfers);
		sscanf(line, "asked in vain: %d, waited with a lock in hand: %d, time was up: %d",
			&t->in_vain, &t->waits, &t->timeouts);
	}
}

/* The last teller who asked in vain for too long: how often it had begun; 0: nobody. */
static int attempts(void)
{
	const char *at = strstr(run.text, "attempts: ");

	return at == NULL ? 0 : atoi(at + strlen("attempts: "));
}

static bool check_end(void)
{
	int begun = attempts();
	bool ended = !run.timed_out && !run.flood && run.exit == 0;

	check_item(ended, 4, "the program came to its end, with status 0: all got through");
	check_hint(!run.timed_out, "hangs",
		"it was stopped after 5 s: who waits for something that is not in the book, or has "
		"not given back what the next round needs?");
	check_hint(!run.flood, "flood", "it printed far too much.");
	check_hint(begun != 1, "keeps_the_first",
		"it has asked again and again. What has changed for the other one meanwhile?");
	check_hint(begun < 2, "begins_at_once",
		"both give back, both begin again, both meet again. What would make one of them "
		"come later, when it has given back?");
	check_hint(begun > 0 || run.exit != WRONG, "rule_broken", "run it, and see its last line.");
	check_hint(run.signal == 0 || run.timed_out || run.flood, "crashed", "a signal killed it.");
	return ended;
}

static bool check_transfers(const struct told *t, bool ended)
{
	bool all = ended && t->transfers == TRANSFERS, right = all && t->with_both == TRANSFERS;

	check_item(right, 3, "%d of %d transfers were made, %d of them with both locks",
		t->transfers, TRANSFERS, t->with_both);
	check_hint(t->with_both == t->transfers, "answer_ignored",
		"take_within has an answer, and may say that you have not got the lock.");
	check_hint(all || !ended || t->with_both != t->transfers, "transfer_forgotten",
		"who gives up an attempt has not given up the transfer.");
	return right;
}

/* Who has made no transfer has not waited either, so it counts only for those that have. */
static void check_waits(const struct told *t, bool right)
{
	bool asked = right && t->in_vain >= ROUNDS, none = right && t->waits == 0;

	check_item(none, 4, "%d times somebody waited with a lock in hand, %d times in vain",
		t->waits, t->timeouts);
	check_hint(none || !right, "still_waits",
		"in each round the lock cannot be had before you give yours back. So what is it "
		"good "
		"for to wait?");
	check_item(asked, 1, "they met in all %d rounds: %d times somebody asked in vain", ROUNDS,
		t->in_vain);
	check_hint(asked || !right, "in_one_order",
		"that is exercise b. Here nobody knows its second account before it has the "
		"first.");
}

int main(int argc, char **argv)
{
	struct told t;
	bool ended, right;

	if (argc != 2 || !check_run(argv[1], "0", &run)) {
		fprintf(stderr, "back_off: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	ended = check_end();
	listen(&t);
	right = check_transfers(&t, ended);
	check_waits(&t, right);
	check_item(right && check_count_line(run.text, "the accounts at the end: 930 1070") == 1, 2,
		"all money is where it belongs");
	return check_finish();
}
