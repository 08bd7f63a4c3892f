/* workers.c - the same body run by n threads, or by n forked processes */
#include "harness/workers.h"
#include "harness/tools.h"
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker {
	pthread_t thread;
	pid_t pid;
	uint64_t (*body)(void *arg, unsigned i);
	void *arg;
	unsigned i;
	struct workers_slot *slot;
	bool watched;
};

/* Static: the callers time us, and an allocation would be part of the price of one kind alone. */
static struct worker workers[WORKERS_MAX];

#define WAIT_FLOOR_NS 200000u

/* The caller's thread alone runs workers (workers.h), so these need no lock. */
static bool watch_next, watched;
static struct noise_reading worst;

void workers_watch(void)
{
	watch_next = true;
	watched = false;
	worst = (struct noise_reading){0};
}

bool workers_worst(struct noise_reading *r)
{
	watch_next = false;
	*r = worst;
	return watched;
}

static void keep_worst(const struct noise_reading *seen)
{
	watched = true;
	if (seen->wait_ns >= WAIT_FLOOR_NS && seen->wait_ns > worst.wait_ns)
		worst = *seen;
}

/* Both kinds begin with all counts at 0: one reading at the end tells a worker's whole life. */
static void work(struct worker *w)
{
	w->slot->value = w->body(w->arg, w->i);
	if (w->watched)
		noise_read(&w->slot->seen);
}

static void *thread_main(void *arg)
{
	work(arg);
	return NULL;
}

static int start_thread(struct worker *w)
{
	return -pthread_create(&w->thread, NULL, thread_main, w);
}

static int join_thread(struct worker *w)
{
	return -pthread_join(w->thread, NULL);
}

static int start_process(struct worker *w)
{
	w->pid = fork();
	if (w->pid < 0)
		return -errno;
	if (w->pid == 0) {
		work(w);
		_exit(0);
	}
	return 0;
}

static int join_process(struct worker *w)
{
	int status;
	int err = tools_wait(w->pid, &status);

	if (err)
		return err;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int start_and_join(unsigned n, int (*start)(struct worker *), int (*join)(struct worker *))
{
	unsigned started = 0;
	int err = 0;

	while (started < n && !err) {
		err = start(&workers[started]);
		if (!err)
			started++;
	}
	/* Also after an error: a worker left behind would go on computing into the next sample. */
	for (unsigned i = 0; i < started; i++) {
		int joined = join(&workers[i]);

		if (!err)
			err = joined;
		if (!joined && workers[i].watched)
			keep_worst(&workers[i].slot->seen);
	}
	return err;
}

int workers_run(enum workers_kind kind, unsigned n, uint64_t (*body)(void *arg, unsigned i),
	void *arg, struct workers_slot *slots)
{
	if (n == 0 || n > WORKERS_MAX)
		return -EINVAL;
	if (kind == WORKERS_SERIAL) {
		for (unsigned i = 0; i < n; i++)
			slots[i].value = body(arg, i);
		return 0;
	}
	for (unsigned i = 0; i < n; i++)
		workers[i] = (struct worker){
			.body = body, .arg = arg, .i = i, .slot = &slots[i], .watched = watch_next};
	watch_next = false;
	if (kind == WORKERS_THREADS)
		return start_and_join(n, start_thread, join_thread);
	return start_and_join(n, start_process, join_process);
}
