/*
 * join_in_loop - each process is waited for before the next is started: no two are ever there at the same time
 *
 * listings: 003-L08 004-L03
 * claims: none
 *
 * Watch for: the picture, which is a staircase. Three processes wait for 100 ms each, and it takes 300 ms, as without
 * any process. start returns at once; join does not: it waits for the end. Whoever joins in the loop that starts has
 * written a serial program. diff -u with join_in_loop_fixed shows the one line that has to move.
 *
 * The Python it re-creates:
 *     for _ in range(3):
 *         p = Process(target=time.sleep, args=(0.1,))
 *         p.start()
 *         p.join()
 *
 * expect:
 *     worker 1 |<word>|
 *     worker 2 |<word>|
 *     worker 3 |<word>|
 *     0 <n> ms
 *     at most 1 of 3 processes was there at the same time
 */
#include "demo.h"
#include "timeline.h"

enum { WORKERS = 3, ONE_MS = 100, TIMEOUT_MS = 5000 };

static void work(struct timeline_bar *bar)
{
	struct timespec left = {.tv_nsec = ONE_MS * 1000000l};

	bar->begin_ns = demo_now_ns();
	while (nanosleep(&left, &left) != 0)
		;
	bar->end_ns = demo_now_ns();
}

static pid_t start(struct timeline_bar *bar)
{
	pid_t pid = demo_fork();

	if (pid == 0) {
		work(bar);
		_exit(0);
	}
	return pid;
}

static void join(pid_t pid)
{
	if (demo_wait(pid, TIMEOUT_MS) != 0)
		demo_end(DEMO_NOT_SHOWN, "a process did not end well");
}

/* How many were there at most at the same time: as one begins, those are that have not ended. */
static int at_once(const struct timeline_bar *bars)
{
	int most = 0;

	for (int i = 0; i < WORKERS; i++) {
		int n = 0;

		for (int k = 0; k < WORKERS; k++)
			n += bars[k].begin_ns <= bars[i].begin_ns &&
			     bars[i].begin_ns < bars[k].end_ns;
		most = n > most ? n : most;
	}
	return most;
}

int main(int argc, char **argv)
{
	struct timeline_bar *bars;
	long long begin;
	int most;

	demo_start(argc, argv, "join_in_loop",
		"each process is waited for before the next is started: no two are ever there at "
		"the same time");
	bars = demo_shared(WORKERS * sizeof(*bars));
	for (int i = 0; i < WORKERS; i++) {
		bars[i] = (struct timeline_bar){.worker = i, .letter = (char)('A' + i)};
		join(start(&bars[i]));
	}
	timeline_draw(bars, WORKERS, WORKERS, timeline_length(bars, WORKERS, &begin));
	most = at_once(bars);
	demo_line("at most %d of %d processes was there at the same time\n", most, WORKERS);
	return most == 1 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
