/* alone.h - whether another measurement runs here: it would disturb both */
#ifndef FORKLAB_ALONE_H
#define FORKLAB_ALONE_H

#include <stdbool.h>

/*
 * Takes, until this process ends, the lock on the folder of the benchmarks, and never waits. False: another one has
 * it. True also where the folder cannot be locked (a file system without flock): then nobody knows.
 */
bool alone_here(void);

#endif
