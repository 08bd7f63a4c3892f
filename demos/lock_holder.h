/*
 * lock_holder.h - a thread that holds a lock while children are started, and the call that wants that lock
 *
 * For fork_with_threads and its fixed twin, beside demo.h. A row of their table is a lock: glibc's of malloc, glibc's
 * of the time zones, one of ours held all the time, one of ours held half of the time.
 */
#ifndef LOCK_HOLDER_H
#define LOCK_HOLDER_H

#include "demo.h"
#include "mp/event.h"
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/ioctl.h>

enum { CHILDREN = 20, TIMEOUT_MS = 5000, BLOCKS = 1000, BLOCK_BYTES = 4000, HALF_US = 100 };
enum row { MALLOC, LOCALTIME, OUR_LOCK, HALF, ROWS };

static const char *const holder_does[ROWS] = {"is in malloc and free", "is in localtime",
	"has locked a lock of ours", "locks it half of the time"};
static const char *const child_calls[ROWS] = {
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

/* Before anything else: what the first two rows need. */
static inline void holder_prepare(void)
{
	char path[64];

#if defined(__SANITIZE_ADDRESS__)
	demo_end(DEMO_CANNOT, "AddressSanitizer has put a malloc of its own in glibc's place");
#endif
	mallopt(M_ARENA_MAX, 1); /* one lock for all threads' malloc, so that they do meet */
	if (pipe2(zone, O_CLOEXEC) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	snprintf(path, sizeof(path), ":/proc/self/fd/%d", zone[0]);
	setenv("TZ", path, 1);
}

/* Takes the row's lock; glibc's are let go again before it comes back. localtime reads the zone that TZ names
 * with its lock held. */
static inline void take_lock(enum row row)
{
	time_t now = 0;

	if (row == OUR_LOCK || row == HALF)
		pthread_mutex_lock(&lock);
	if (row == LOCALTIME && localtime(&now) == NULL)
		demo_end(DEMO_NOT_SHOWN, "localtime failed");
	for (int i = 0; row == MALLOC && i < BLOCKS; i++) {
		void *volatile block = malloc(BLOCK_BYTES);

		free(block);
	}
}

/* In a child. */
static inline void make_call(struct shared *s)
{
	if (atomic_fetch_add(&s->came, 1) + 1 == CHILDREN)
		mp_event_set(&s->all_came);
	take_lock(s->row);
}

static inline void pass_time(void)
{
	long long end = demo_now_ns() + HALF_US * 1000ll;

	while (demo_now_ns() < end)
		;
}

static inline void *holder_run(void *shared)
{
	struct shared *s = shared;

	if (s->row == OUR_LOCK)
		take_lock(OUR_LOCK);
	mp_event_set(&s->holds);
	if (s->row == OUR_LOCK) {
		mp_event_wait(&s->let_go, MP_FOREVER);
		pthread_mutex_unlock(&lock);
	} else if (s->row == LOCALTIME)
		take_lock(LOCALTIME);
	while (s->row == MALLOC && !mp_event_is_set(&s->let_go))
		take_lock(MALLOC);
	while (s->row == HALF && !mp_event_is_set(&s->let_go)) {
		take_lock(HALF);
		pass_time();
		pthread_mutex_unlock(&lock);
		pass_time();
	}
	return NULL;
}

/* Starts the thread, and comes back when it holds the lock. In localtime it does once it has read the first byte
 * of its zone: the next one does not come. */
static inline pthread_t holder_begin(struct shared *s, enum row row)
{
	long long end = demo_now_ns() + TIMEOUT_MS * 1000000ll;
	pthread_t thread;
	int left = 1;

	s->row = row;
	s->came = 0;
	mp_event_create(&s->holds);
	mp_event_create(&s->let_go);
	mp_event_create(&s->all_came);
	demo_must(-pthread_create(&thread, NULL, holder_run, s), "thread");
	demo_must(mp_event_wait(&s->holds, TIMEOUT_MS), "the other thread");
	if (row == LOCALTIME && write(zone[1], "T", 1) != 1)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	while (row == LOCALTIME && ioctl(zone[0], FIONREAD, &left) == 0 && left > 0) {
		if (demo_now_ns() > end)
			demo_end(DEMO_CANNOT, "localtime does not read the zone that TZ names");
		sched_yield();
	}
	return thread;
}

/* Lets it go on, and waits for its end. */
static inline void holder_end(struct shared *s, pthread_t thread)
{
	static const char no_zone[64];

	mp_event_set(&s->let_go);
	if (s->row == LOCALTIME && write(zone[1], no_zone, sizeof(no_zone)) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	demo_must(-pthread_join(thread, NULL), "the other thread");
}

#endif
