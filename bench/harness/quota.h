/*
 * quota.h - how many CPUs' worth of time, and how many processes, the cgroup of this process may use
 *
 * Neither nproc nor hwloc sees the quota. Reads the process's own cgroup (from /proc/self/cgroup
 * and mountinfo), not the root's, under v1 (cpu.cfs_quota_us, pids.max) and v2 (cpu.max, pids.max),
 * every level up to the mount's root, since the tightest ancestor decides.
 */
#ifndef FORKLAB_QUOTA_H
#define FORKLAB_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

/*
 * root is "" on the real machine; a test hands a folder that holds proc/self/cgroup,
 * proc/self/mountinfo and the mount points below it. *cores gets the quota in CPUs, 0 where there
 * is none. Empty or odd files count as no quota. Errors: -ENOENT cgroups cannot be read at all
 * (*cores is 0 then).
 */
int quota_read(const char *root, double *cores);

/*
 * How often and how long (ns) this cgroup and those above it were throttled so far, summed: the
 * kernel counts at the level that has the quota. -ENOENT where none of them says.
 */
int quota_throttled(const char *root, uint64_t *times, uint64_t *ns);

/* The most processes and threads that the cgroup may hold; false where there is no such limit. */
bool quota_pids(const char *root, uint64_t *most);

#endif
