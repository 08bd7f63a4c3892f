/*
 * pipe_end_of_file - a reader waits for ever, because it has the writing end itself
 *
 * listings: 004-L08
 * claims: none
 *
 * Watch for: the first reader. It has got all messages, the writer has ended, main has closed both
 * ends, and still no end of file comes, for one more process could write: the reader itself. fork
 * gave it a copy of main's writing end, and as soon as it closes that, the end is there. Cures: main
 * closes the writing end before it forks the reader; or spawn, whose child has only what it was
 * handed. The tutorial's reader waits without a limit, and its program never ends.
 *
 * The Python it re-creates:
 *     reading, writing = Pipe(duplex=False)
 *     w = Process(target=write, args=(writing,)); w.start()
 *     r = Process(target=read_to_the_end, args=(reading,)); r.start()
 *     w.join(); writing.close()
 *     r.join()    # never comes back
 *
 * expect:
 *     fork: 4 messages and no end, though writer and main have closed
 *     fork: the reader closes its own writing end: the end
 *     fork, main closes first: 4 messages and the end
 *     spawn: 4 messages and the end
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/memory.h"
#include "mp/pipe.h"
#include "mp/process.h"

enum { MESSAGES = 4, LOOK_MS = 200, TIMEOUT_MS = 5000 };
enum { END, END_AFTER_CLOSE, NO_END }; /* the reader's exit code */

/* main's writing end. fork copies the variable, and the descriptor behind it. */
static struct mp_pipe *writing;

static int write_all(struct mp_child *self)
{
	struct mp_pipe *end;

	demo_must(mp_pipe_attach(mp_child_handle(self, 0), &end), "attach");
	for (int i = 0; i < MESSAGES; i++)
		demo_must(mp_pipe_send(end, &i, sizeof(i), TIMEOUT_MS), "send");
	mp_pipe_close(end);
	return 0;
}

/* Handles: the reading end, and an event: all others have closed the writing end. */
static int read_all(struct mp_child *self)
{
	int messages = 0, message, at_end = END, err;
	struct mp_memory *memory;
	struct mp_pipe *end;
	size_t n;

	demo_must(mp_pipe_attach(mp_child_handle(self, 0), &end), "attach");
	demo_must(mp_memory_attach(mp_child_handle(self, 1), &memory), "attach");
	demo_must(mp_event_wait(mp_memory_base(memory), TIMEOUT_MS), "wait for the others");
	while ((err = mp_pipe_receive(end, &message, sizeof(message), &n, LOOK_MS)) == 0)
		messages++;
	demo_line("%s: %d messages and %s\n", mp_child_name(self), messages,
		err == -ENODATA ? "the end" : "no end, though writer and main have closed");
	if (err == -ETIMEDOUT) {
		mp_pipe_close(writing);
		err = mp_pipe_receive(end, &message, sizeof(message), &n, 0);
		at_end = END_AFTER_CLOSE;
		demo_line("%s: the reader closes its own writing end: %s\n", mp_child_name(self),
			err == -ENODATA ? "the end" : "still no end");
	}
	mp_memory_destroy(memory);
	mp_pipe_close(end);
	return messages == MESSAGES && err == -ENODATA ? at_end : NO_END;
}

static int run(const char *name, enum mp_method method, bool close_first)
{
	struct mp_process_options w = {.entry = "write", .method = method, .nhandles = 1};
	struct mp_process_options r = {.entry = "read", .method = method, .nhandles = 2};
	struct mp_process *writer, *reader;
	struct mp_memory *memory;
	struct mp_pipe *reading;
	int code;

	demo_must(mp_memory_create(sizeof(struct mp_event), &memory), "memory");
	mp_event_create(mp_memory_base(memory));
	demo_must(mp_pipe_create(false, &reading, &writing), "pipe");
	r.name = name;
	w.handles = (struct mp_handle[]){mp_pipe_handle(writing)};
	r.handles = (struct mp_handle[]){mp_pipe_handle(reading), mp_memory_handle(memory)};
	demo_must(mp_process_start(&w, &writer), "start");
	if (close_first) {
		mp_pipe_close(writing);
		writing = NULL;
	}
	demo_must(mp_process_start(&r, &reader), "start");
	mp_pipe_close(writing);
	mp_pipe_close(reading);
	demo_must(mp_process_join(writer, TIMEOUT_MS), "join");
	mp_event_set(mp_memory_base(memory));
	demo_must(mp_process_join(reader, TIMEOUT_MS), "join");
	demo_must(mp_process_exit_code(reader, &code), "exit code");
	mp_process_close(writer);
	mp_process_close(reader);
	mp_memory_destroy(memory);
	return code;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {
		{"write", write_all}, {"read", read_all}, {NULL, NULL}};

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "pipe_end_of_file",
		"a reader waits for ever, because it has the writing end itself");
	if (run("fork", MP_FORK, false) != END_AFTER_CLOSE)
		return DEMO_NOT_SHOWN;
	return run("fork, main closes first", MP_FORK, true) || run("spawn", MP_SPAWN, false);
}
