/* in_processes - the checker: four processes, all at work at once, waited for, and no prime lost */
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

/* The pid of "worker N is process PID", and how often worker N said so. */
static int said(const struct student_run *r, int number, long *pid)
{
	char start[32];
	const char *at = r->text;
	int times = 0;

	snprintf(start, sizeof(start), "worker %d is process ", number);
	for (; (at = strstr(at, start)) != NULL; times++) {
		at += strlen(start);
		*pid = strtol(at, NULL, 10);
	}
	return times;
}

/* How many workers spoke once, as a process of their own; begun: how often they spoke in all. */
static int processes(const struct student_run *r, int *begun)
{
	long pids[WORKERS] = {0};
	int good = 0;

	*begun = 0;
	for (int i = 0; i < WORKERS; i++) {
		int times = said(r, i + 1, &pids[i]);
		bool own = times == 1 && pids[i] > 0 && pids[i] != r->pid;

		*begun += times;
		for (int k = 0; k < i; k++)
			own = own && pids[k] != pids[i];
		good += own;
	}
	return good;
}

static bool counted(const struct student_run *r, int below)
{
	char line[80];

	snprintf(line, sizeof(line), "%d odd primes below %d, %d of %d workers ended well",
		odd_primes(below), below, WORKERS, WORKERS);
	return check_count_line(r->text, line) == 1;
}

static bool check_end(const struct student_run *r)
{
	bool ended = !r->timed_out && !r->flood && r->signal == 0;

	check_item(ended, 1, "the program ended by itself");
	check_hint(!r->flood, "child_runs_on",
		"it started far too many: does a child leave the loop, or does it go on and "
		"fork too?");
	check_hint(!r->timed_out, "hangs", "it was stopped after 5 s: for whom does it wait?");
	check_hint(r->signal == 0 || r->flood || r->timed_out, "crashed", "a signal killed it.");
	return ended;
}

static bool check_processes(const struct student_run *r)
{
	int begun, good = processes(r, &begun);

	check_item(
		good == WORKERS, 2, "%d of %d workers are processes of their own", good, WORKERS);
	check_hint(good == WORKERS || begun <= WORKERS, "child_runs_on",
		"workers began more often than there are any: where does a child go when "
		"worker() is done?");
	check_hint(good == WORKERS || begun > WORKERS, "still_threads",
		"each worker prints its line \"worker N is process PID\" once, with a PID of "
		"its own.");
	return good == WORKERS;
}

/* Four threads would do all this too, so it counts for processes alone. */
static void check_work(const struct student_run *r, bool all)
{
	int left = r->left_dead + r->left_running;
	bool none_left = all && left == 0;
	bool at_once = check_count_line(r->text, "4 of 4 workers were at work at once") == 1;
	bool right = all && counted(r, SLOW_BELOW);

	check_item(none_left, 2, "all processes were waited for: %d were left behind", left);
	check_hint(none_left || !all, "not_waited_for",
		"fork comes back at once; the child has just begun. Who waits for its end?");
	check_item(all && at_once, 3, "all processes came together: they were at work at once");
	check_hint(at_once || !all, "waits_in_turn",
		"one computed while the others had not even been started: when does the parent "
		"wait?");
	check_item(right, 3, "in slow motion: %d odd primes below %d, and all ended well",
		odd_primes(SLOW_BELOW), SLOW_BELOW);
	check_hint(right || !all, "result_stays_in_child",
		"after fork each has its own copy of every variable. What do parent and child "
		"both see?");
}

int main(int argc, char **argv)
{
	bool all;

	if (argc != 2 || !check_run(argv[1], "-20000", &in_slow_motion)) {
		fprintf(stderr, "in_processes: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	if (!check_end(&in_slow_motion))
		return 1;
	all = check_processes(&in_slow_motion);
	check_work(&in_slow_motion, all);
	if (!check_run(argv[1], "50000", &plain))
		return 2;
	check_item(all && counted(&plain, BELOW) && plain.exit == 0, 1,
		"at full speed: %d odd primes below %d, and status 0", odd_primes(BELOW), BELOW);
	return check_finish();
}
