/*
 * fork_with_threads - a lock that another thread holds at the fork is locked for ever in the child
 *
 * listings: none, for the lesson on spawn and fork
 * claims: 001-C068 hotos19-threads
 *
 * Watch for: a child of fork has one thread, and a copy of every lock. One that another thread held
 * is locked in the copy, and nobody is there to unlock it; that the parent's thread has let go
 * since does not help. Here that thread says that it holds the lock, and then comes the fork: it
 * goes wrong each time. By itself it does as often as the lock happens to be held (last line).
 * glibc takes care of its malloc, but not of its time zones: even localtime may hang. (The thread
 * reads its zone from a pipe, and stands there with the lock.) Our fork refuses where there are
 * threads (-EDEADLK); then it is forced here.
 *
 * Then look at: diff -u demos/fork_with_threads.c demos/fork_with_threads_fixed.c
 *
 * The Python it re-creates:
 *     lock = threading.Lock()
 *     threading.Thread(target=hold, args=(lock,)).start()     # lock.acquire(); wait
 *     multiprocessing.get_context("fork").Process(target=lock.acquire).start()
 *
 * expect:
 *     at the fork the other thread  the child calls     children  refused  hung
 *     is in malloc and free         malloc and free     20        20       0
 *     is in localtime               localtime           20        20       20
 *     has locked a lock of ours     pthread_mutex_lock  20        20       20
 *     locks it half of the time     pthread_mutex_lock  20        20       <n>
 */
#include "demo.h"
#include "lock_holder.h"
#include "mp/memory.h"
#include "mp/process.h"

enum { GRACE_MS = 1000 };

/* What differs in the fixed twin: the method, and what comes of it. */
static const enum mp_method method = MP_FORK;
static const int refusals = CHILDREN, least[ROWS] = {0, CHILDREN, CHILDREN, 0},
		 most[ROWS] = {0, CHILDREN, CHILDREN, CHILDREN};

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
	demo_start(argc, argv, "fork_with_threads",
		"a lock that another thread holds at the fork is locked for ever in the child");
	holder_prepare();
	demo_must(mp_memory_create(sizeof(struct shared), &memory), "memory");
	demo_line("at the fork the other thread  the child calls     children  refused  hung\n");
	for (enum row row = 0; row < ROWS; row++)
		shown &= show(memory, row);
	mp_memory_destroy(memory);
	return shown ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
