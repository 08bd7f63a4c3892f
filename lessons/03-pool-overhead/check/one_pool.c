/* one_pool - the checker: the squares in order, 4 workers, few messages, nobody left */
#include "check.h"

enum { NUMBERS = 1000, WORKERS = 4, MESSAGES_MOST = 100, KEPT = 128 };

static struct student_run run;

/* What the workers said of themselves. */
struct told {
	int workers, idle;
	long messages, numbers;
};

/* How many of the squares stand there, each right after the one before it. */
static int squares_in_order(const char *text)
{
	int next = 0;

	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		long x, square;

		if (sscanf(line, "%ld squared is %ld", &x, &square) == 2 && x == next &&
			square == x * x)
			next++;
	}
	return next;
}

/* "worker PID: messages N, numbers N"; a pid counts once. */
static void listen(const char *text, struct told *t)
{
	int seen[KEPT];

	memset(t, 0, sizeof(*t));
	for (const char *line = text; *line != '\0';
		line += strcspn(line, "\n"), line += *line == '\n') {
		int pid, messages, numbers, known = 0;

		if (sscanf(line, "worker %d: messages %d, numbers %d", &pid, &messages, &numbers) !=
			3)
			continue;
		for (int k = 0; k < t->workers; k++)
			known += seen[k] == pid;
		if (known > 0 || pid == run.pid || t->workers == KEPT)
			continue;
		seen[t->workers++] = pid;
		t->messages += messages;
		t->numbers += numbers;
		t->idle += numbers == 0;
	}
}

static bool check_end(void)
{
	bool ended = !run.timed_out && !run.flood && run.exit == 0;

	check_item(ended, 1, "the program ended by itself, with status 0");
	check_hint(!run.timed_out, "hangs",
		"it was stopped after 5 s. A worker ends when nobody holds the other end of its "
		"socket any more: close first, then wait.");
	check_hint(!run.flood, "flood", "it started or printed far too much.");
	return ended;
}

static void check_work(const struct told *t)
{
	int right = squares_in_order(run.text);
	bool shared = t->numbers == NUMBERS && t->workers >= WORKERS && t->idle == 0;

	check_item(right == NUMBERS, 2, "%d of %d squares were printed, right and in order", right,
		NUMBERS);
	check_hint(right == NUMBERS, "order_lost",
		"results come back by worker, not by number: where does each of them belong?");
	check_item(shared, 1, "%d worker%s did the %d numbers, and nobody was idle",
		t->workers - t->idle, t->workers - t->idle == 1 ? "" : "s", NUMBERS);
	check_hint(shared, "one_does_it_all",
		"few messages are good, but whom do the other workers work for?");
}

static void check_cost(const struct told *t)
{
	int left = run.left_dead + run.left_running;

	check_item(t->workers == WORKERS, 3, "%d workers were started, for 20 batches", t->workers);
	check_hint(t->workers == WORKERS, "pool_for_each_batch",
		"what costs most is done once for each batch. Does it have to be?");
	check_item(t->messages <= MESSAGES_MOST, 3, "%ld messages went to the workers (at most %d)",
		t->messages, MESSAGES_MOST);
	check_hint(t->messages <= MESSAGES_MOST, "message_for_each_number",
		"a message has room for a whole batch. How many must each worker get?");
	check_item(left == 0, 2, "%d workers were left behind", left);
	check_hint(left == 0, "nobody_waited",
		"to close a worker's socket asks it to end. Who looks whether it has?");
}

int main(int argc, char **argv)
{
	struct told t;

	if (argc != 2 || !check_run(argv[1], "0", &run)) {
		fprintf(stderr, "one_pool: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	if (!check_end())
		return 1;
	listen(run.text, &t);
	check_work(&t);
	check_cost(&t);
	return check_finish();
}
