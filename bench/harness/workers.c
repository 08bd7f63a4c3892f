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
};

/* Static: the callers time us, and an allocation would be part of the price of one kind alone. */
static struct worker workers[WORKERS_MAX];

static void *thread_main(void *arg)
{
	struct worker *w = arg;

	w->slot->value = w->body(w->arg, w->i);
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
		w->slot->value = w->body(w->arg, w->i);
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
		workers[i] = (struct worker){.body = body, .arg = arg, .i = i, .slot = &slots[i]};
	if (kind == WORKERS_THREADS)
		return start_and_join(n, start_thread, join_thread);
	return start_and_join(n, start_process, join_process);
}
