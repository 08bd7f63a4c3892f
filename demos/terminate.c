/*
 * terminate - a child is told to end: whether it does, and what becomes of the text in its buffer
 *
 * listings: 001-L28
 * claims: none
 *
 * Watch for: the lost text. stdio keeps what a program prints until its buffer is full, unless it
 * prints to a terminal; SIGTERM ends the program where it stands, and the buffer goes with it. So
 * the tutorial's lines appear on a terminal, and are missing in a file. A child that handles
 * SIGTERM can end in order. One that ignores it works on, and only kill ends it.
 *
 * The Python it re-creates:
 *     def work():
 *         while True: print("working"); time.sleep(0.001)
 *     p = Process(target=work); p.start()
 *     time.sleep(1)
 *     p.terminate(); p.join(); print(p.exitcode)
 *
 * expect:
 *     who does nothing about SIGTERM: terminate ends it (exit code -15), its text is lost
 *     who ends in order on SIGTERM: terminate ends it (exit code 0), its text is written
 *     who ignores SIGTERM: terminate does not end it, kill ends it (exit code -9), its text is lost
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/process.h"
#include <sys/stat.h>

enum { PIECE_MS = 1, TIMEOUT_MS = 5000 };

/* What main and its forked children have in common. */
static FILE *out;
static struct mp_event *worked; /* one more piece of work is done; in shared memory */
static void (*on_term)(int);    /* what the next child does on SIGTERM */

static volatile sig_atomic_t told;

static void end_in_order(int signo)
{
	told = signo;
}

static int work(struct mp_child *self)
{
	(void)self;
	signal(SIGTERM, on_term);
	fprintf(out, "working\n");
	for (int ms = 0; ms < TIMEOUT_MS && !told; ms += PIECE_MS) {
		(void)poll(NULL, 0, PIECE_MS);
		mp_event_set(worked);
	}
	return 0; /* and mp, like a return from main, writes what stands in the buffers */
}

/* Two, because the first may have been done before a signal that is on its way arrived. */
static void wait_for_two_pieces(void)
{
	for (int i = 0; i < 2; i++) {
		mp_event_clear(worked);
		demo_must(mp_event_wait(worked, TIMEOUT_MS), "wait for the child's work");
	}
}

static off_t written(void)
{
	struct stat st;

	if (fstat(fileno(out), &st) < 0)
		demo_end(DEMO_NO_RESOURCE, "fstat: %s", strerror(errno));
	return st.st_size;
}

static bool show(const char *who, void (*handler)(int), int expected_code)
{
	bool ignores = handler == SIG_IGN;
	off_t before = written(), more;
	struct mp_process *p;
	int code;

	on_term = handler;
	demo_must(mp_process_start(
			  &(struct mp_process_options){.entry = "work", .method = MP_FORK}, &p),
		"start");
	wait_for_two_pieces();
	demo_must(mp_process_terminate(p), "terminate");
	if (ignores) {
		wait_for_two_pieces();
		demo_must(mp_process_kill(p), "kill");
	}
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	demo_must(mp_process_exit_code(p, &code), "exit code");
	mp_process_close(p);
	more = written() - before;
	demo_line("%s: %s ends it (exit code %d), its text is %s\n", who,
		ignores ? "terminate does not end it, kill" : "terminate", code,
		more > 0 ? "written" : "lost");
	return code == expected_code && (more > 0) == (code == 0);
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"work", work}, {NULL, NULL}};
	bool seen;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "terminate",
		"a child is told to end: whether it does, and what becomes of the text in its "
		"buffer");
	worked = demo_shared(sizeof(*worked));
	mp_event_create(worked);
	out = fdopen(memfd_create("text", MFD_CLOEXEC), "w");
	if (out == NULL)
		demo_end(DEMO_NO_RESOURCE, "a file in memory: %s", strerror(errno));
	seen = show("who does nothing about SIGTERM", SIG_DFL, -SIGTERM);
	seen &= show("who ends in order on SIGTERM", end_in_order, 0);
	seen &= show("who ignores SIGTERM", SIG_IGN, -SIGKILL);
	fclose(out);
	return seen ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
