/* one_lock - the checker: four threads of one process, all at work at once, and no prime lost */
#include "check.h"

enum { WORKERS = 4, SLOW_BELOW = 20000, BELOW = 50000 };

static struct student_run in_slow_motion, plain;

static int odd_primes(int below)
{
	int count = 0;

	for (int n = 3; n < below; n += 2) {
		int d = 3;

		while (d * d <= n && n % d != 0)
			d += 2;
		count += d * d > n;
	}
	return count;
}

/* How many workers said that they began, in the process that was started: all are its threads. */
static int began(const struct student_run *r)
{
	int good = 0;

	for (int i = 1; i <= WORKERS; i++) {
		char line[64];

		snprintf(line, sizeof(line), "worker %d of process %d begins", i, (int)r->pid);
		good += check_count_line(r->text, line) == 1;
	}
	return good;
}

/* How many workers said that they ended, before the text goes on with `until`. */
static int ended_before(const struct student_run *r, const char *until)
{
	const char *stop = strstr(r->text, until);
	int good = 0;

	for (int i = 1; i <= WORKERS; i++) {
		char line[64];
		const char *at;

		snprintf(line, sizeof(line), "worker %d has ended\n", i);
		at = strstr(r->text, line);
		good += at != NULL && stop != NULL && at < stop;
	}
	return good;
}

/* Whether one had ended before the last one began. */
static bool one_by_one(const struct student_run *r)
{
	const char *last = r->text, *at;

	while ((at = strstr(last, " begins\n")) != NULL)
		last = at + 1;
	at = strstr(r->text, " has ended\n");
	return at != NULL && at < last;
}

static bool counted(const struct student_run *r, int below)
{
	char line[64];

	snprintf(line, sizeof(line), "%d odd primes below %d", odd_primes(below), below);
	return check_count_line(r->text, line) == 1;
}

static bool check_end(const struct student_run *r)
{
	bool ended = !r->timed_out && !r->flood && r->signal == 0;

	check_item(ended, 1, "the program ended by itself");
	check_hint(!r->timed_out, "hangs",
		"it was stopped after 5 s: who waits for a lock that is kept?");
	check_hint(!r->flood, "flood", "it printed too much, or started far too many.");
	check_hint(r->signal == 0 || r->flood || r->timed_out, "crashed", "a signal killed it.");
	return ended;
}

static void check_workers(const struct student_run *r)
{
	int begun = began(r), joined = ended_before(r, " odd primes below ");

	check_item(begun == WORKERS, 1, "%d of %d workers began, as threads of one process", begun,
		WORKERS);
	check_hint(begun == WORKERS, "workers_lost",
		"each worker prints its line \"worker N of process PID begins\" once, PID "
		"being that of the program.");
	check_item(joined == WORKERS, 1, "%d of %d workers had ended before the count was printed",
		joined, WORKERS);
	check_hint(joined == WORKERS, "not_joined",
		"who prints a sum first waits for all that add to it.");
}

static bool check_at_once(const struct student_run *r)
{
	bool at_once = check_count_line(r->text, "4 of 4 workers were at work at once") == 1;
	bool in_turn = one_by_one(r);

	check_item(at_once, 3, "all %d workers met at point A: they were at work at once", WORKERS);
	check_hint(at_once || !in_turn, "started_in_turn",
		"one had ended before the last one began: for whom does main wait, and when?");
	check_hint(at_once || in_turn, "computes_in_turn",
		"all had begun, but one computed while the others waited: what must really not "
		"be done by two at a time?");
	return at_once;
}

/* In turn nothing can be lost, so it counts only for those that are at work at once. */
static void check_count(const struct student_run *r, bool at_once)
{
	bool none_lost = at_once && counted(r, SLOW_BELOW);

	check_item(none_lost, 3, "at once, and none is lost: %d odd primes below %d",
		odd_primes(SLOW_BELOW), SLOW_BELOW);
	check_hint(none_lost || !at_once, "lost_update",
		"an addition reads, adds and writes. What if another writes between your read "
		"and your write?");
}

int main(int argc, char **argv)
{
	if (argc != 2 || !check_run(argv[1], "-20000", &in_slow_motion)) {
		fprintf(stderr, "one_lock: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	if (!check_end(&in_slow_motion))
		return 1;
	check_workers(&in_slow_motion);
	check_count(&in_slow_motion, check_at_once(&in_slow_motion));
	if (!check_run(argv[1], "50000", &plain))
		return 2;
	check_item(counted(&plain, BELOW) && plain.exit == 0, 1,
		"at full speed: %d odd primes below %d, and status 0", odd_primes(BELOW), BELOW);
	return check_finish();
}
