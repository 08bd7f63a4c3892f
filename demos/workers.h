/*
 * workers.h - the same work by threads or by processes: start all of them, wait for all
 *
 * For demos, beside demo.h. Only libc.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include "demo.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/resource.h>

enum { WORKERS_MAX = 16, WORKERS_TIMEOUT_MS = 10000 };

/* n of them (at most WORKERS_MAX). Worker i gets arg + i * step; with step 0 all get the same. What processes change
 * there is seen where it is demo_shared's. */
static inline void workers_run(bool processes, void *(*work)(void *), void *arg, size_t step, int n)
{
	pthread_t threads[WORKERS_MAX];
	pid_t pids[WORKERS_MAX];

	for (int i = 0; i < n; i++) {
		void *mine = (char *)arg + (size_t)i * step;

		if (!processes)
			demo_must(-pthread_create(&threads[i], NULL, work, mine), "thread");
		else if ((pids[i] = demo_fork()) == 0)
			_exit(work(mine) != NULL);
	}
	for (int i = 0; i < n; i++) {
		if (!processes)
			demo_must(-pthread_join(threads[i], NULL), "join");
		else if (demo_wait(pids[i], WORKERS_TIMEOUT_MS) != 0)
			demo_end(DEMO_NOT_SHOWN, "process %d did not end well", i + 1);
	}
}

/* CPU time as getrusage(2) tells it, that of programs and that of the kernel for them. */
static inline double workers_cpu_ms(const struct rusage *u)
{
	return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) * 1e3 +
	       (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e3;
}

#endif
