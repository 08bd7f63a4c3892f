/* spawn_fifty - the checker: 50 programs started and heard, and no page that had to fault again */
#include "check.h"
#include <sys/resource.h>

enum { COUNT = 50, MIB = 16 };

static struct student_run plain, missing;

/* Page faults of all that were waited for: the program, and what it has waited for itself. */
static long faults_so_far(void)
{
	struct rusage children;

	getrusage(RUSAGE_CHILDREN, &children);
	return children.ru_minflt;
}

/* The number after `start`; -1: there is none. */
static long number_after(const struct student_run *r, const char *start)
{
	const char *at = strstr(r->text, start);
	long number = -1;

	if (at != NULL)
		(void)sscanf(at + strlen(start), "%ld", &number);
	return number;
}

static bool says(const struct student_run *r, int well)
{
	char line[64];

	snprintf(line, sizeof(line), "%d of %d programs ended well", well, COUNT);
	return check_count_line(r->text, line) == 1;
}

/* How many programs were heard; narrow: how many of them had no more descriptors than their parent. */
static int heard(const struct student_run *r, int *narrow)
{
	long here = number_after(r, "here are ");
	int good = 0;

	*narrow = 0;
	for (int i = 1; i <= COUNT; i++) {
		char start[32], line[64];
		long there;

		snprintf(start, sizeof(start), "program %d says: ", i);
		there = number_after(r, start);
		snprintf(line, sizeof(line), "%s%ld descriptors", start, there);
		good += check_count_line(r->text, line) == 1;
		*narrow += there > 0 && there <= here;
	}
	return good;
}

static bool check_end(const struct student_run *r)
{
	bool ended = !r->timed_out && !r->flood && r->signal == 0;

	check_item(ended, 1, "the program ended by itself");
	check_hint(!r->flood, "child_runs_on",
		"it printed too much, or started far too many: does a child go on as a second "
		"parent?");
	check_hint(!r->timed_out, "hangs",
		"it was stopped after 5 s: a pipe ends for its reader when nobody is left who "
		"could write.");
	check_hint(r->signal == 0 || r->flood || r->timed_out, "crashed", "a signal killed it.");
	return ended;
}

/* Whether all work was done, without the faults that come of fork. */
static bool check_work(const struct student_run *r, long faults)
{
	long pages = ((long)MIB << 20) / sysconf(_SC_PAGESIZE), after_fork = COUNT * pages;
	bool worked, few = faults < after_fork / 2;
	char line[64];

	snprintf(line, sizeof(line), "%ld of %ld pages were written %d times", pages, pages,
		COUNT + 1);
	worked = check_count_line(r->text, line) == 1;
	check_item(worked, 1, "each of its %ld pages was written %d times", pages, COUNT + 1);
	check_hint(worked, "work_left_out",
		"the work between the starts is to stay as it is; only start() is to change.");
	check_item(worked && few, 3, "%ld page faults, programs included (fewer than %ld)", faults,
		after_fork / 2);
	check_hint(few || !worked, "fork_still_there",
		"each start makes all pages of the parent read-only again. Which call does that?");
	return worked && few;
}

/* With fork all this was right before; so it counts only for those who have left that. */
static const char *if_counted(bool spawned)
{
	return spawned ? "" : " (counts when there are few page faults)";
}

static void check_programs(const struct student_run *r, bool spawned)
{
	int narrow, good = heard(r, &narrow), left = r->left_dead + r->left_running;
	bool all = spawned && good == COUNT && says(r, COUNT) && r->exit == 0;

	check_item(all, 2, "%d of %d programs were heard through their pipe%s", good, COUNT,
		if_counted(spawned));
	check_hint(all || !spawned, "output_not_caught",
		"a program writes to descriptor 1, whatever that is. Who makes it the pipe, and "
		"when?");
	check_item(all && narrow == COUNT, 2, "%d of %d had no more descriptors open than yours%s",
		narrow, COUNT, if_counted(spawned));
	check_hint(narrow == COUNT || !all, "end_left_open",
		"exec keeps what is open. dup2 adds a descriptor and closes none.");
	check_item(all && left == 0, 1, "%d were left behind, not waited for%s", left,
		if_counted(spawned));
	check_hint(left == 0 || !all, "not_waited_for", "a start wants a waitpid, as before.");
}

static void check_missing(const struct student_run *r, bool spawned)
{
	bool told = spawned && says(r, COUNT - 1) && r->exit == 1 &&
		    check_count_line(
			    r->text, "program 17 was not started: No such file or directory") == 1;

	check_item(told, 2, "program 17 is not there: it says why, 49 of 50, and ends with 1%s",
		if_counted(spawned));
	check_hint(told || !spawned, "looks_at_errno",
		"where does posix_spawn say what went wrong? See RETURN VALUE in its manual.");
}

int main(int argc, char **argv)
{
	long before = faults_so_far(), faults;
	bool spawned;

	if (argc != 2 || !check_run(argv[1], "16", &plain)) {
		fprintf(stderr, "spawn_fifty: usage: checker PROGRAM, or it cannot be started\n");
		return 2;
	}
	faults = faults_so_far() - before;
	if (!check_end(&plain))
		return 1;
	spawned = check_work(&plain, faults);
	check_programs(&plain, spawned);
	if (!check_run(argv[1], "-16", &missing))
		return 2;
	check_missing(&missing, spawned);
	return check_finish();
}
