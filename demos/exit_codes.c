/*
 * exit_codes - how a child ended, as its parent sees it: a number, negative for a signal
 *
 * listings: 001-L29
 * claims: none
 *
 * Watch for: the second line. The exit code has 8 bits, so 256 arrives as 0 and looks like success.
 * Then the negative ones: that child did not say anything any more, a signal has ended it.
 *
 * What the tutorial gets wrong: in Python the value that target returns is thrown away, and the
 * exit code is 0 whatever it was. There sys.exit(1), or an exception that nobody catches, makes
 * it 1. In C the two are one: what the entry returns is the exit code.
 *
 * The Python it re-creates:
 *     def work(): return 1
 *     p = Process(target=work)
 *     p.start(); p.join()
 *     print(p.exitcode)
 *
 * expect:
 *     the child                   exit code
 *     returns 1                           1
 *     returns 256                         0
 *     calls exit(3)                       3
 *     calls abort()                      -6
 *     works, until terminate()          -15
 *     works, until kill()                -9
 */
#include "demo.h"
#include "mp/process.h"
#include <sys/prctl.h>

enum { TIMEOUT_MS = 5000 };

static int returns_1(struct mp_child *self)
{
	(void)self;
	return 1;
}

static int returns_256(struct mp_child *self)
{
	(void)self;
	return 256;
}

static int exits_3(struct mp_child *self)
{
	(void)self;
	exit(3);
}

static int aborts(struct mp_child *self)
{
	(void)self;
	prctl(PR_SET_DUMPABLE, 0); /* no core file in the reader's folder */
	abort();
}

static int works(struct mp_child *self)
{
	(void)self;
	(void)poll(NULL, 0, TIMEOUT_MS);
	return 0;
}

static const struct mp_entry entries[] = {{"returns_1", returns_1}, {"returns_256", returns_256},
	{"exits_3", exits_3}, {"aborts", aborts}, {"works", works}, {NULL, NULL}};

static const struct {
	const char *what, *entry;
	int (*end)(struct mp_process *p); /* NULL: it ends by itself */
	int code;
} cases[] = {
	{"returns 1", "returns_1", NULL, 1},
	{"returns 256", "returns_256", NULL, 0},
	{"calls exit(3)", "exits_3", NULL, 3},
	{"calls abort()", "aborts", NULL, -SIGABRT},
	{"works, until terminate()", "works", mp_process_terminate, -SIGTERM},
	{"works, until kill()", "works", mp_process_kill, -SIGKILL},
};

static int exit_code_of(const char *entry, int (*end)(struct mp_process *p))
{
	struct mp_process *p;
	int code;

	demo_must(mp_process_start(&(struct mp_process_options){.entry = entry}, &p), "start");
	if (end != NULL)
		demo_must(end(p), "end");
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	demo_must(mp_process_exit_code(p, &code), "exit code");
	mp_process_close(p);
	return code;
}

int main(int argc, char **argv)
{
	int as_expected = 1;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "exit_codes",
		"how a child ended, as its parent sees it: a number, negative for a signal");
	demo_line("%-27s %9s\n", "the child", "exit code");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int code = exit_code_of(cases[i].entry, cases[i].end);

		demo_line("%-27s %9d\n", cases[i].what, code);
		as_expected &= code == cases[i].code;
	}
	return as_expected ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
