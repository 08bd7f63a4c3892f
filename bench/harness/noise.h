/*
 * noise.h - what disturbed a sample: read before and after it, outside the timed interval
 *
 * About 3 us a reading. Samples are tagged, never dropped: a tag says why one may be odd.
 */
#ifndef FORKLAB_NOISE_H
#define FORKLAB_NOISE_H

#include <stdbool.h>
#include <stdint.h>

struct noise_reading {
	uint64_t
		wait_ns; /* runnable but waiting for a CPU, since the thread began; schedstat field 2 */
	long preempted; /* involuntary context switches of this thread */
	int cpu;
};

/* Both read the calling thread. */
void noise_read(struct noise_reading *out);
/* The tags (enum sample_tag) of a sample of t_ns between two readings. A wait counts from 1 % of the
 * sample and 100 us: below that it is the scheduler's ordinary hand-over when a child ends. preempted: lost
 * the CPU and waited more than 1 % for it. migrated only
 * where the sample had one CPU to be on. */
unsigned noise_tags(
	const struct noise_reading *before, const struct noise_reading *after, uint64_t t_ns);

/* Whether a sample of t_ns with these tags, which should have taken est_ns, stood still: ten times as long and by
 * 100 ms longer, and nothing that we can see kept it from running. What makes samples slow on an ordinary day is
 * either seen, or shorter. */
bool noise_stood_still(unsigned tags, uint64_t t_ns, double est_ns);

/* Steal ticks of the whole machine, from /proc/stat; 0 or -ENOENT. total gets all ticks. */
int noise_steal(uint64_t *steal, uint64_t *total);

/* What the kernel counts for all of us: throttling of the cgroup, the hypervisor's steal. Read around the rounds of a
 * block in one launch. */
struct noise_outside {
	uint64_t ns, throttled, throttled_ns, steal, ticks;
	bool knows_throttled, knows_steal;
};

void noise_outside_read(struct noise_outside *out);
unsigned noise_outside_tags(const struct noise_outside *a, const struct noise_outside *b);

#endif
