/* start_fifty - the checker: every line once, every child waited for, every status looked at */
#include "check.h"

enum { COUNT = 50 };

static struct student_run plain, failing, killed;

/* The pids of "process N pid P": how many numbers came exactly once, with a pid of their own. */
static int different_children(const struct student_run *r)
{
	long pids[COUNT];
	int good = 0;

	for (int i = 1; i <= COUNT; i++) {
		char start[32], line[64];
		const char *at;

		snprintf(start, sizeof(start), "process %d pid ", i);
		at = strstr(r->text, start);
		pids[good] = at == NULL ? 0 : strtol(at + strlen(start), NULL, 10);
		snprintf(line, sizeof(line), "%s%ld", start, pids[good]);
		if (pids[good] <= 0 || pids[good] == r->pid || check_count_line(r->text, line) != 1)
			continue;
		for (int k = 0; k < good; k++)
			if (pids[k] == pids[good])
				return good;
		good++;
	}
	return good;
}

static int threads_said(const struct student_run *r)
{
	int good = 0;

	for (int i = 1; i <= COUNT; i++) {
		char line[64];

		snprintf(line, sizeof(line), "thread %d pid %d", i, (int)r->pid);
		good += check_count_line(r->text, line) == 1;
	}
	return good;
}

static bool says(const struct student_run *r, int well)
{
	char line[64];

	snprintf(line, sizeof(line), "%d of %d processes ended well", well, COUNT);
	return check_count_line(r->text, line) == 1;
}

static bool check_end(const struct student_run *r)
{
	bool ended = !r->timed_out && !r->flood && r->signal == 0;

	check_item(ended, 1, "the program ended by itself");
	check_hint(!r->flood, "child_runs_on",
		"it started far too many: does a child leave the loop, or does it go on and fork "
		"too?");
	check_hint(!r->timed_out, "hangs", "it was stopped after 5 s: for whom does it wait?");
	check_hint(r->signal == 0 || r->flood || r->timed_out, "crashed", "a signal killed it.");
	return ended;
}

static void check_lines(const struct student_run *r)
{
	int children = different_children(r),
	    once = check_count_line(r->text, "starting 50 processes");

	check_item(children == COUNT, 1,
		"%d of %d processes said their number, each with a pid of its own", children,
		COUNT);
	check_hint(children == COUNT, "lines_lost",
		"a child that ends by _exit takes along what is still in its buffer.");
	check_item(once == 1, 2, "\"starting 50 processes\" was printed %d time%s", once,
		once == 1 ? "" : "s");
	check_hint(once == 1, "exit_flushes_twice",
		"a pipe is written when the buffer is full or flushed. What lies in it at the "
		"fork, lies in "
		"the child's copy too.");
	check_item(threads_said(r) == COUNT &&
			   check_count_line(r->text, "50 of 50 threads were joined") == 1,
		1, "%d of %d threads said their number", threads_said(r), COUNT);
}

static bool check_reaped(const struct student_run *r)
{
	int left = r->left_dead + r->left_running;

	check_item(left == 0, 3, "%d of %d children were waited for", COUNT - left, COUNT);
	check_hint(left == 0, "last_child_only",
		"one waitpid takes one child. The others stay as zombies until their parent ends.");
	return left == 0;
}

static void check_status(bool reaped)
{
	bool fails = reaped && says(&failing, COUNT - 1) && failing.exit == 1;
	bool dies = fails && says(&killed, COUNT - 1) && killed.exit == 1;

	check_item(says(&plain, COUNT) && plain.exit == 0, 1,
		"all ended well: it says so, and ends with 0");
	check_item(fails, 2, "process 17 ended with status 3: it says 49 of 50, and ends with 1");
	check_hint(fails || !reaped, "status_ignored",
		"waitpid tells how the child ended, but only to those who hand it a place for that "
		"and look.");
	check_item(dies, 1, "process 17 was killed: it says 49 of 50, and ends with 1");
	check_hint(dies || !fails, "killed_is_not_well",
		"the low 7 bits of the status hold a signal. Which macro must be asked before "
		"WEXITSTATUS?");
}

int main(int argc, char **argv)
{
	if (argc != 2 || !check_run(argv[1], "0", &plain)) {
		fprintf(stderr, "start_fifty: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	if (!check_end(&plain))
		return 1;
	check_lines(&plain);
	if (!check_run(argv[1], "17", &failing) || !check_run(argv[1], "-17", &killed))
		return 2;
	check_status(check_reaped(&plain));
	return check_finish();
}
