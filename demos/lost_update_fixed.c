/*
 * lost_update_fixed - ten processes add 1 to a counter each, under a lock, and none vanishes
 *
 * listings: 000-L04 001-L16
 * claims: none
 *
 * Watch for: 10, although here too every process stops between its read and its write, until all
 * the others have come. They come as far as the lock: read and write are now one thing, which only
 * one process at a time does. For a counter alone one atomic addition would do too (<stdatomic.h>,
 * atomic_fetch_add); a lock keeps several variables together.
 *
 * Then look at: diff -u demos/lost_update.c demos/lost_update_fixed.c
 *
 * The Python it re-creates:
 *     def add(counter):
 *         with counter.get_lock(): counter.value += 1
 *     ps = [Process(target=add, args=(counter,)) for _ in range(10)]
 *     for p in ps: p.start()
 *     for p in ps: p.join()
 *
 * expect:
 *     10 processes added 1 each
 *     counter: 10 instead of 10
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/lock.h"
#include "mp/memory.h"
#include "mp/process.h"

enum { PROCESSES = 10, TIMEOUT_MS = 5000 };

struct shared {
	int counter;
	struct mp_lock lock;
	atomic_int came; /* how many have come as far as they can without another's write */
	struct mp_event all_came; /* all of them: now the first one writes */
};

static void come(struct shared *s)
{
	if (atomic_fetch_add(&s->came, 1) + 1 == PROCESSES)
		mp_event_set(&s->all_came);
}

static void add_1(struct shared *s)
{
	bool waits = mp_lock_acquire(&s->lock, 0) == -ETIMEDOUT;
	int seen;

	if (waits) {
		come(s);
		demo_must(mp_lock_acquire(&s->lock, TIMEOUT_MS), "acquire");
	}
	seen = s->counter; /* read */
	if (!waits)
		come(s);
	demo_must(mp_event_wait(&s->all_came, TIMEOUT_MS), "between read and write");
	s->counter = seen + 1; /* write */
	demo_must(mp_lock_release(&s->lock), "release");
}

static int add(struct mp_child *self)
{
	struct mp_memory *memory;

	demo_must(mp_memory_attach(mp_child_handle(self, 0), &memory), "attach");
	add_1(mp_memory_base(memory));
	mp_memory_destroy(memory);
	return 0;
}

static void run_all(const struct mp_memory *memory)
{
	struct mp_handle handle = mp_memory_handle(memory);
	const struct mp_process_options o = {.entry = "add", .handles = &handle, .nhandles = 1};
	struct mp_process *processes[PROCESSES];
	int code;

	for (int i = 0; i < PROCESSES; i++)
		demo_must(mp_process_start(&o, &processes[i]), "start");
	for (int i = 0; i < PROCESSES; i++) {
		demo_must(mp_process_join(processes[i], TIMEOUT_MS), "join");
		demo_must(mp_process_exit_code(processes[i], &code), "exit code");
		if (code != 0)
			demo_end(DEMO_NOT_SHOWN, "a child ended with %d", code);
		mp_process_close(processes[i]);
	}
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"add", add}, {NULL, NULL}};
	struct mp_memory *memory;
	struct shared *s;
	int counter;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "lost_update_fixed",
		"ten processes add 1 to a counter each, under a lock, and none vanishes");
	demo_must(mp_memory_create(sizeof(*s), &memory), "memory");
	s = mp_memory_base(memory);
	demo_must(mp_lock_create(&s->lock), "lock");
	mp_event_create(&s->all_came);
	run_all(memory);
	counter = s->counter;
	mp_memory_destroy(memory);
	demo_line("%d processes added 1 each\n", PROCESSES);
	demo_line("counter: %d instead of %d\n", counter, PROCESSES);
	return counter == PROCESSES ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
