/* bind.h - binds a thread to CPUs and proves it; no hwloc, so that launches stay small */
#ifndef FORKLAB_BIND_H
#define FORKLAB_BIND_H

#include <stddef.h>

/*
 * Binds the calling thread to the n CPUs (the kernel's numbers), reads the mask back, yields once and
 * compares the CPU it then runs on. Threads and processes started later inherit the mask.
 * Errors: -EXDEV the kernel says yes but mask or CPU differ; -ENOMEM; else sched_setaffinity(2)'s:
 * -EINVAL no such CPU here, -EPERM.
 */
int bind_cpus(const unsigned *cpus, size_t n);

#endif
