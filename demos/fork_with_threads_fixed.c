/*
 * fork_with_threads_fixed - a child that is begun anew has locks of its own, and all of them are free
 *
 * listings: none, for the lesson on spawn and fork
 * claims: none
 *
 * Watch for: none hangs, none is refused. spawn (and forkserver) begin the program anew: nothing of
 * the parent's memory is in the child, neither its locks nor who held them. Where fork it must be:
 * fork first and start threads later, or let the child call nothing but exec and _exit.
 *
 * Then look at: diff -u demos/fork_with_threads.c demos/fork_with_threads_fixed.c
 *
 * The Python it re-creates:
 *     lock = threading.Lock()
 *     threading.Thread(target=hold, args=(lock,)).start()     # lock.acquire(); wait
 *     multiprocessing.get_context("spawn").Process(target=work).start()
 *
 * expect:
 *     at the fork the other thread  the child calls     children  refused  hung
 *     is in malloc and free         malloc and free     20        0        0
 *     is in localtime               localtime           20        0        0
 *     has locked a lock of ours     pthread_mutex_lock  20        0        0
 *     locks it half of the time     pthread_mutex_lock  20        0        0
 */
#include "demo.h"
#include "lock_holder.h"
#include "mp/memory.h"
#include "mp/process.h"

enum { GRACE_MS = 1000 };

/* What differs in the broken twin: the method, and what comes of it. */
static const enum mp_method method = MP_SPAWN;
static const int refusals = 0, least[ROWS] = {0}, most[ROWS] = {0};

static int child(struct mp_child *self)
{
	struct mp_memory *memory;

	demo_must(mp_memory_attach(mp_child_handle(self, 0), &memory), "attach");
	make_call(mp_memory_base(memory));
	return 0;
}

static int start(const struct mp_memory *memory, bool force, struct mp_process **p)
{
	struct mp_handle handle = mp_memory_handle(memory);
	const struct mp_process_options o = {.entry = "child",
		.handles = &handle,
		.nhandles = 1,
		.method = method,
		.force = force};

	return mp_process_start(&o, p);
}

/* Those that have not ended long after they came, nor after the parent's thread has let go. */
static int count_hung(struct mp_process **children)
{
	long long end = demo_now_ns() + GRACE_MS * 1000000ll;
	int hung = 0;

	for (int i = 0; i < CHILDREN; i++) {
		long long left_ms = (end - demo_now_ns()) / 1000000;

		if (mp_process_join(children[i], left_ms > 0 ? left_ms : 0) == -ETIMEDOUT) {
			hung++;
			mp_process_kill(children[i]);
			demo_must(mp_process_join(children[i], TIMEOUT_MS), "a killed child");
		}
		mp_process_close(children[i]);
	}
	return hung;
}

static bool show(struct mp_memory *memory, enum row row)
{
	struct shared *s = mp_memory_base(memory);
	struct mp_process *children[CHILDREN];
	int refused = 0, hung;
	pthread_t thread = holder_begin(s, row);

	for (int i = 0; i < CHILDREN; i++) {
		int err = start(memory, false, &children[i]);

		refused += err == -EDEADLK;
		demo_must(err == -EDEADLK ? start(memory, true, &children[i]) : err, "start");
	}
	holder_end(s, thread);
	demo_must(mp_event_wait(&s->all_came, TIMEOUT_MS), "the children");
	hung = count_hung(children);
	demo_line("%-29s %-19s %-9d %-8d %d\n", holder_does[row], child_calls[row], CHILDREN,
		refused, hung);
	return refused == refusals && hung >= least[row] && hung <= most[row];
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"child", child}, {NULL, NULL}};
	struct mp_memory *memory;
	bool shown = true;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "fork_with_threads_fixed",
		"a child that is begun anew has locks of its own, and all of them are free");
	holder_prepare();
	demo_must(mp_memory_create(sizeof(struct shared), &memory), "memory");
	demo_line("at the fork the other thread  the child calls     children  refused  hung\n");
	for (enum row row = 0; row < ROWS; row++)
		shown &= show(memory, row);
	mp_memory_destroy(memory);
	return shown ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
