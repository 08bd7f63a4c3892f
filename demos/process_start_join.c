/*
 * process_start_join - start comes back before the work is done; join waits for it
 *
 * listings: 000-L02 000-L03 004-L02 004-L03
 * claims: 004-C014 004-C015
 *
 * Watch for: two times. The first, between start and join, is short because nothing but the two
 * starts lies in it: no child has done any work yet. It says nothing about the work, though one
 * tutorial reads it so. The second, after join, is about the work of one child, not of two,
 * because both work at once. The third child is not joined: at its exit mp waits for it all the
 * same, as Python does. After a bare fork(2) nobody would wait.
 *
 * The Python it re-creates:
 *     ps = [Process(target=time.sleep, args=(0.2,)) for _ in range(2)]
 *     began = time.perf_counter()
 *     for p in ps: p.start()
 *     print(time.perf_counter() - began)
 *     for p in ps: p.join()
 *
 * expect:
 *     after start: <ms> ms, 0 of 2 have done their work
 *     [unordered]
 *     Process-1 has done its work of 200 ms
 *     Process-2 has done its work of 200 ms
 *     [end]
 *     after join: <ms> ms, 2 of 2 have done their work
 *     Process-3 is started too, and main ends without join
 *     Process-3 has done its work of 200 ms
 */
#include "demo.h"
#include "mp/event.h"
#include "mp/memory.h"
#include "mp/process.h"

enum { CHILDREN = 2, WORK_MS = 200, TIMEOUT_MS = 5000 };

struct shared {
	/* Set once main has looked: so that a slow machine cannot hide that start did not wait. */
	struct mp_event main_has_looked;
	atomic_int done;
};

static int work(struct mp_child *self)
{
	struct mp_memory *memory;
	struct shared *s;

	demo_must(mp_memory_attach(mp_child_handle(self, 0), &memory), "attach");
	s = mp_memory_base(memory);
	demo_must(mp_event_wait(&s->main_has_looked, TIMEOUT_MS), "wait for main's look");
	(void)poll(NULL, 0, WORK_MS); /* the work: time passes */
	atomic_fetch_add(&s->done, 1);
	demo_line("%s has done its work of %d ms\n", mp_child_name(self), WORK_MS);
	mp_memory_destroy(memory);
	return 0;
}

static struct mp_process *start(const struct mp_memory *memory)
{
	struct mp_handle handle = mp_memory_handle(memory);
	struct mp_process *p;

	demo_must(mp_process_start(
			  &(struct mp_process_options){
				  .entry = "work", .handles = &handle, .nhandles = 1},
			  &p),
		"start");
	return p;
}

static void report(const char *when, long long began_ns, int done)
{
	demo_line("%s: %.1f ms, %d of %d have done their work\n", when,
		(double)(demo_now_ns() - began_ns) / 1e6, done, CHILDREN);
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"work", work}, {NULL, NULL}};
	struct mp_process *children[CHILDREN];
	struct mp_memory *memory;
	struct shared *s;
	int done_after_start, done_after_join;
	long long began_ns;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "process_start_join",
		"start comes back before the work is done; join waits for it");
	demo_must(mp_memory_create(sizeof(*s), &memory), "memory");
	s = mp_memory_base(memory);
	mp_event_create(&s->main_has_looked);

	began_ns = demo_now_ns();
	for (int i = 0; i < CHILDREN; i++)
		children[i] = start(memory);
	done_after_start = atomic_load(&s->done);
	report("after start", began_ns, done_after_start);
	mp_event_set(&s->main_has_looked);
	for (int i = 0; i < CHILDREN; i++) {
		demo_must(mp_process_join(children[i], TIMEOUT_MS), "join");
		mp_process_close(children[i]);
	}
	done_after_join = atomic_load(&s->done);
	report("after join", began_ns, done_after_join);

	mp_event_clear(&s->main_has_looked);
	start(memory);
	demo_line("Process-%d is started too, and main ends without join\n", CHILDREN + 1);
	mp_event_set(&s->main_has_looked);
	mp_memory_destroy(memory); /* the child has it open too */
	return done_after_start == 0 && done_after_join == CHILDREN ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
