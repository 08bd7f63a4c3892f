/*
 * pipe_dialogue - main and a child talk through one pipe, both ways
 *
 * listings: 001-L12
 * claims: none
 *
 * Watch for: the order, which is the same in every run though nobody shares a clock or a lock: who
 * receives waits for who sends. And each message arrives in one piece, with its length; bytes in a
 * pipe(2) have no such borders. The last receive does not wait for ever: the child has closed its
 * end, and nobody else has it, so main is told that this was all.
 *
 * The Python it re-creates:
 *     def work(end):
 *         end.send("ready"); print(end.recv()); end.close()
 *     here, there = Pipe()
 *     p = Process(target=work, args=(there,)); p.start()
 *     print(here.recv()); here.send("go"); p.join()
 *
 * expect:
 *     main got "I am ready" (10 bytes)
 *     child got "what is 6 times 7?" (18 bytes)
 *     main got "42" (2 bytes)
 *     child got "thank you" (9 bytes)
 *     main got the end: the child has closed its side
 */
#include "demo.h"
#include "mp/pipe.h"
#include "mp/process.h"

enum { TEXT_BYTES = 64, TIMEOUT_MS = 5000 };

static void say(struct mp_pipe *end, const char *text)
{
	demo_must(mp_pipe_send(end, text, strlen(text), TIMEOUT_MS), "send");
}

/* 1: a message; 0: the end. */
static int hear(struct mp_pipe *end, const char *who)
{
	char text[TEXT_BYTES];
	size_t nbytes;
	int err = mp_pipe_receive(end, text, sizeof(text), &nbytes, TIMEOUT_MS);

	if (err == -ENODATA)
		return 0;
	demo_must(err, "receive");
	demo_line("%s got \"%.*s\" (%zu bytes)\n", who, (int)nbytes, text, nbytes);
	return 1;
}

static int answer(struct mp_child *self)
{
	struct mp_pipe *end;
	int heard;

	demo_must(mp_pipe_attach(mp_child_handle(self, 0), &end), "attach");
	say(end, "I am ready");
	heard = hear(end, "child");
	say(end, "42");
	heard += hear(end, "child");
	mp_pipe_close(end);
	return heard == 2 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"answer", answer}, {NULL, NULL}};
	struct mp_pipe *here, *there;
	struct mp_handle handle;
	struct mp_process *child;
	int heard, more, code;

	mp_init(argc, argv, entries);
	demo_start(
		argc, argv, "pipe_dialogue", "main and a child talk through one pipe, both ways");
	demo_must(mp_pipe_create(true, &here, &there), "pipe");
	handle = mp_pipe_handle(there);
	demo_must(mp_process_start(
			  &(struct mp_process_options){
				  .entry = "answer", .handles = &handle, .nhandles = 1},
			  &child),
		"start");
	/* That end is the child's now. As long as main has it too, there is no end to wait for. */
	mp_pipe_close(there);

	heard = hear(here, "main");
	say(here, "what is 6 times 7?");
	heard += hear(here, "main");
	say(here, "thank you");
	more = hear(here, "main");
	if (!more)
		demo_line("main got the end: the child has closed its side\n");

	demo_must(mp_process_join(child, TIMEOUT_MS), "join");
	demo_must(mp_process_exit_code(child, &code), "exit code");
	mp_process_close(child);
	mp_pipe_close(here);
	return heard == 2 && !more && code == 0 ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
