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
#include "mp/event.h"
#include "mp/memory.h"
#include "mp/process.h"
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/ioctl.h>

enum {
	CHILDREN = 20,
	TIMEOUT_MS = 5000,
	GRACE_MS = 1000,
	BLOCKS = 1000,
	BLOCK_BYTES = 4000,
	HALF_US = 100
};
enum row { MALLOC, LOCALTIME, OUR_LOCK, HALF, ROWS };

/* What differs in the fixed twin: the method, and what comes of it. */
static const enum mp_method method = MP_SPAWN;
static const int refusals = 0, least[ROWS] = {0}, most[ROWS] = {0};
static const char *const does[ROWS] = {"is in malloc and free", "is in localtime",
	"has locked a lock of ours", "locks it half of the time"};
static const char *const calls[ROWS] = {
	"malloc and free", "localtime", "pthread_mutex_lock", "pthread_mutex_lock"};

/* All processes see it. */
struct shared {
	enum row row;
	struct mp_event holds, let_go; /* of the other thread */
	atomic_int came;               /* children that are about to make the call */
	struct mp_event all_came;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int zone[2]; /* a pipe in place of a file with a time zone */

static void use_malloc(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		void *volatile block = malloc(BLOCK_BYTES);

		free(block);
	}
}

/* Reads the time zone that TZ names, with the lock of glibc's time zones held. */
static void use_localtime(void)
{
	time_t now = 0;

	if (localtime(&now) == NULL)
		demo_end(DEMO_NOT_SHOWN, "localtime failed");
}

static void pass_time(void)
{
	long long end = demo_now_ns() + HALF_US * 1000ll;

	while (demo_now_ns() < end)
		;
}

static void lock_half_of_the_time(void)
{
	pthread_mutex_lock(&lock);
	pass_time();
	pthread_mutex_unlock(&lock);
	pass_time();
}

static void *other_thread(void *shared)
{
	struct shared *s = shared;

	if (s->row == OUR_LOCK)
		pthread_mutex_lock(&lock);
	mp_event_set(&s->holds);
	if (s->row == LOCALTIME)
		use_localtime();
	else if (s->row == OUR_LOCK)
		mp_event_wait(&s->let_go, MP_FOREVER);
	while (s->row == MALLOC && !mp_event_is_set(&s->let_go))
		use_malloc();
	while (s->row == HALF && !mp_event_is_set(&s->let_go))
		lock_half_of_the_time();
	if (s->row == OUR_LOCK)
		pthread_mutex_unlock(&lock);
	return NULL;
}

/* The first byte of the zone has been read: it is inside. */
static void wait_until_it_holds(struct shared *s)
{
	long long end = demo_now_ns() + TIMEOUT_MS * 1000000ll;
	int left = 1;

	demo_must(mp_event_wait(&s->holds, TIMEOUT_MS), "the other thread");
	if (s->row == LOCALTIME && write(zone[1], "T", 1) != 1)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	while (s->row == LOCALTIME && ioctl(zone[0], FIONREAD, &left) == 0 && left > 0) {
		if (demo_now_ns() > end)
			demo_end(DEMO_CANNOT, "localtime does not read the zone that TZ names");
		sched_yield();
	}
}

static void let_go(struct shared *s)
{
	static const char no_zone[64];

	mp_event_set(&s->let_go);
	if (s->row == LOCALTIME && write(zone[1], no_zone, sizeof(no_zone)) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
}

static int child(struct mp_child *self)
{
	struct mp_memory *memory;
	struct shared *s;

	demo_must(mp_memory_attach(mp_child_handle(self, 0), &memory), "attach");
	s = mp_memory_base(memory);
	if (atomic_fetch_add(&s->came, 1) + 1 == CHILDREN)
		mp_event_set(&s->all_came);
	if (s->row == MALLOC)
		use_malloc();
	else if (s->row == LOCALTIME)
		use_localtime();
	else
		pthread_mutex_lock(&lock);
	return 0;
}

static int start(const struct mp_memory *memory, bool force, struct mp_process **p)
{
	struct mp_handle handle = mp_memory_handle(memory);

	return mp_process_start(&(struct mp_process_options){.entry = "child",
					.handles = &handle,
					.nhandles = 1,
					.method = method,
					.force = force},
		p);
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
	pthread_t thread;
	int refused = 0, hung;

	memset(s, 0, sizeof(*s));
	s->row = row;
	mp_event_create(&s->holds);
	mp_event_create(&s->let_go);
	mp_event_create(&s->all_came);
	if (pthread_create(&thread, NULL, other_thread, s) != 0)
		demo_end(DEMO_NO_RESOURCE, "pthread_create failed");
	wait_until_it_holds(s);
	for (int i = 0; i < CHILDREN; i++) {
		int err = start(memory, false, &children[i]);

		refused += err == -EDEADLK;
		demo_must(err == -EDEADLK ? start(memory, true, &children[i]) : err, "start");
	}
	let_go(s);
	demo_must(-pthread_join(thread, NULL), "the other thread");
	demo_must(mp_event_wait(&s->all_came, TIMEOUT_MS), "the children");
	hung = count_hung(children);
	demo_line("%-29s %-19s %-9d %-8d %d\n", does[row], calls[row], CHILDREN, refused, hung);
	return refused == refusals && hung >= least[row] && hung <= most[row];
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"child", child}, {NULL, NULL}};
	struct mp_memory *memory;
	char path[64];
	bool shown = true;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "fork_with_threads_fixed",
		"a child that is begun anew has locks of its own, and all of them are free");
#if defined(__SANITIZE_ADDRESS__)
	demo_end(DEMO_CANNOT, "AddressSanitizer has put a malloc of its own in glibc's place");
#endif
	mallopt(M_ARENA_MAX, 1); /* one lock for all threads' malloc, so that they do meet */
	if (pipe2(zone, O_CLOEXEC) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	snprintf(path, sizeof(path), ":/proc/self/fd/%d", zone[0]);
	setenv("TZ", path, 1);
	demo_must(mp_memory_create(sizeof(struct shared), &memory), "memory");
	demo_line("at the fork the other thread  the child calls     children  refused  hung\n");
	for (enum row row = 0; row < ROWS; row++)
		shown &= show(memory, row);
	mp_memory_destroy(memory);
	return shown ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
