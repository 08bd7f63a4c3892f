/*
 * daemon - at its end a program waits for its children, but ends those that are daemons
 *
 * listings: 001-L20
 * claims: none
 *
 * Watch for: what is missing. The daemon says that it begins and never that it is done: when the
 * program ends, it gets SIGTERM. The ordinary child still had its work before it at that moment,
 * and the program waits for it. So a daemon is no place for work that must be finished. (It has
 * nothing to do with the daemons of Unix, which go on when everybody has left.)
 *
 * The Python it re-creates:
 *     d = Process(target=work, daemon=True)
 *     p = Process(target=work)
 *     d.start(); p.start()
 *     print("the program ends")     # without join
 *
 * expect:
 *     [unordered]
 *     the daemon begins
 *     the ordinary child begins
 *     [end]
 *     the program ends
 *     the ordinary child is done
 *     after the program: the ordinary child has done its work, the daemon has not
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/process.h"

enum { TIMEOUT_MS = 5000 };
enum { PROGRAM_ENDS, NEVER, DAEMON_BEGAN, DAEMON_DONE, ORDINARY_BEGAN, ORDINARY_DONE, EVENTS };

/* In shared memory; the children are forked and find it where main has it. */
static struct mp_event *events;

static int daemon_work(struct mp_child *self)
{
	(void)self;
	demo_line("the daemon begins\n");
	mp_event_set(&events[DAEMON_BEGAN]);
	mp_event_wait(&events[NEVER], TIMEOUT_MS); /* work that takes longer than the program */
	demo_line("the daemon is done\n");
	mp_event_set(&events[DAEMON_DONE]);
	return 0;
}

static int ordinary_work(struct mp_child *self)
{
	(void)self;
	demo_line("the ordinary child begins\n");
	mp_event_set(&events[ORDINARY_BEGAN]);
	demo_must(mp_event_wait(&events[PROGRAM_ENDS], TIMEOUT_MS), "wait for the program");
	demo_line("the ordinary child is done\n");
	mp_event_set(&events[ORDINARY_DONE]);
	return 0;
}

static struct mp_process *start(const char *entry, bool daemon)
{
	struct mp_process *p;

	demo_must(mp_process_start(
			  &(struct mp_process_options){
				  .entry = entry, .method = MP_FORK, .daemon = daemon},
			  &p),
		entry);
	return p;
}

/* A program in the program, so that somebody is there to look when it has ended. */
static int program(struct mp_child *self)
{
	(void)self;
	start("daemon_work", true);
	start("ordinary_work", false);
	demo_must(mp_event_wait(&events[DAEMON_BEGAN], TIMEOUT_MS), "wait for the daemon");
	demo_must(
		mp_event_wait(&events[ORDINARY_BEGAN], TIMEOUT_MS), "wait for the ordinary child");
	demo_line("the program ends\n");
	mp_event_set(&events[PROGRAM_ENDS]);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"program", program},
		{"daemon_work", daemon_work}, {"ordinary_work", ordinary_work}, {NULL, NULL}};
	bool daemon_done, ordinary_done;
	struct mp_process *p;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "daemon",
		"at its end a program waits for its children, but ends those that are daemons");
	events = demo_shared(EVENTS * sizeof(*events));
	for (size_t i = 0; i < EVENTS; i++)
		mp_event_create(&events[i]);
	p = start("program", false);
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	mp_process_close(p);
	daemon_done = mp_event_is_set(&events[DAEMON_DONE]);
	ordinary_done = mp_event_is_set(&events[ORDINARY_DONE]);
	demo_line("after the program: the ordinary child has %s its work, the daemon has %s\n",
		ordinary_done ? "done" : "not done", daemon_done ? "done it too" : "not");
	return ordinary_done && !daemon_done ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
