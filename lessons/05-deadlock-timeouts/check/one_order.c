/* one_order - the checker: nobody stuck, both locks in each transfer, two at work at once, all money there */
#include "check.h"

enum { STUCK = 3, ROUNDS = 5, LEAST = 9 }; /* of 10 transfers; one goes from an account to itself */

static struct student_run run;

/* In which round a ring of waiting stood (0: none), and of how many tellers. */
static int ring(int *tellers)
{
	int round = 0;

	*tellers = 0;
	for (const char *line = run.text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		int in, teller, holds, wants;

		if (sscanf(line, "round %d: teller %d holds account %d and waits for account %d",
			    &in, &teller, &holds, &wants) != 4)
			continue;
		round = in;
		++*tellers;
	}
	return round;
}

static bool check_end(void)
{
	int tellers, round = ring(&tellers);
	bool ended = !run.timed_out && !run.flood && run.exit == 0;

	check_item(ended, 4, "the program came to its end, with status 0, and nobody got stuck");
	check_hint(!run.timed_out, "hangs",
		"it was stopped after 5 s, and the book knows of no ring: who waits for something "
		"that is not in the book, or has ended early?");
	check_hint(!run.flood, "flood", "it printed far too much.");
	check_hint(round == 0 || tellers != 1, "same_account",
		"a ring of one: from which account to which does the money go in that round?");
	check_hint(tellers != 2 || round == ROUNDS, "opposite_orders",
		"each holds what the other waits for. Which lock does either of them take first?");
	check_hint(tellers != 2 || round != ROUNDS, "no_fixed_order",
		"it went well four times. Is what you order by always different for two accounts, "
		"and "
		"the same for both tellers?");
	check_hint(round > 0 || run.exit != STUCK, "given_wrongly",
		"whoever has taken a lock gives it back, once. Run it, and see its last line.");
	check_hint(run.signal == 0 || run.timed_out || run.flood, "crashed", "a signal killed it.");
	return ended;
}

static bool check_transfers(bool ended)
{
	int with_both = 0, all = 0;
	const char *at = strstr(run.text, " transfers held both their accounts");
	bool right;

	while (at != NULL && at > run.text && at[-1] != '\n')
		at--;
	if (at != NULL)
		sscanf(at, "%d of %d transfers", &with_both, &all);
	right = ended && all >= LEAST && with_both == all;
	check_item(right, 3, "%d of %d transfers held the locks of both accounts", with_both, all);
	check_hint(right || !ended || all < LEAST, "one_lock_only",
		"who moves money without the lock of an account may meet somebody there who has "
		"it.");
	check_hint(right || !ended || all >= LEAST, "transfers_lost",
		"each teller makes one transfer in each round.");
	return right;
}

int main(int argc, char **argv)
{
	bool at_once, ended, right;

	if (argc != 2 || !check_run(argv[1], "0", &run)) {
		fprintf(stderr, "one_order: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	ended = check_end();
	right = check_transfers(ended);
	at_once = ended && check_count_line(run.text, "round 1: both hold a lock") == 1;
	check_item(at_once, 3, "in round 1, without a common account, both were at work at once");
	check_hint(at_once || !ended, "one_at_a_time",
		"one had to wait for the other although they need different accounts. For what?");
	check_item(right && check_count_line(
				    run.text, "the accounts at the end: 1035 990 1000 975") == 1,
		2, "all money is where it belongs");
	return check_finish();
}
