/* noise.c - schedstat, rusage, the CPU we run on, and the hypervisor's steal */
#include "harness/noise.h"
#include "harness/clock.h"
#include "harness/quota.h"
#include "harness/study.h"
#include "harness/tools.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WAIT_FLOOR_NS 100000u
#define STOP_FLOOR_NS 1e8

static int read_text(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = tools_read(fd, buf, len - 1);
	close(fd);
	if (n < 0)
		return (int)n;
	buf[n] = '\0';
	return 0;
}

void noise_read(struct noise_reading *out)
{
	struct rusage ru;
	char buf[96];

	memset(out, 0, sizeof(*out));
	if (!read_text("/proc/thread-self/schedstat", buf, sizeof(buf))) {
		char *second = strchr(buf, ' '); /* "on CPU, waiting, slices": ns, ns, number */

		out->wait_ns = second ? strtoull(second, NULL, 10) : 0;
	}
	if (!getrusage(RUSAGE_THREAD, &ru))
		out->preempted = ru.ru_nivcsw;
	out->cpu = sched_getcpu();
}

unsigned noise_tags(
	const struct noise_reading *before, const struct noise_reading *after, uint64_t t_ns)
{
	uint64_t waited = after->wait_ns - before->wait_ns;
	unsigned tags = 0;

	if (waited > WAIT_FLOOR_NS && waited > t_ns / 100)
		tags |= TAG_WAITED;
	/* Losing the CPU for a moment is no harm in itself: a fork of 40 ms always meets a kernel thread. */
	if (after->preempted > before->preempted && waited > t_ns / 100)
		tags |= TAG_PREEMPTED;
	if (after->cpu != before->cpu)
		tags |= TAG_MIGRATED;
	return tags;
}

bool noise_stood_still(unsigned tags, uint64_t t_ns, double est_ns)
{
	const unsigned seen = TAG_WAITED | TAG_PREEMPTED | TAG_THROTTLED | TAG_STOLEN;

	return !(tags & seen) && est_ns > 0 && (double)t_ns > 10 * est_ns &&
	       (double)t_ns > est_ns + STOP_FLOOR_NS;
}

/* First line: "cpu user nice system idle iowait irq softirq steal ...", in ticks. */
int noise_steal(uint64_t *steal, uint64_t *total)
{
	char buf[256], *p;

	if (read_text("/proc/stat", buf, sizeof(buf)) || strncmp(buf, "cpu ", 4))
		return -ENOENT;
	p = buf + 4;
	*steal = *total = 0;
	for (int field = 0; field < 8; field++) {
		uint64_t ticks = strtoull(p, &p, 10);

		*total += ticks;
		if (field == 7)
			*steal = ticks;
	}
	return 0;
}

void noise_outside_read(struct noise_outside *out)
{
	*out = (struct noise_outside){.ns = clock_now_ns()};
	out->knows_throttled = !quota_throttled("", &out->throttled, &out->throttled_ns);
	out->knows_steal = !noise_steal(&out->steal, &out->ticks);
}

/* In a virtual machine steal has been seen to step back; then it says nothing. It comes in ticks of 10 ms: below a
 * second it says nothing. Above 2 % of the time it counts. */
unsigned noise_outside_tags(const struct noise_outside *a, const struct noise_outside *b)
{
	unsigned tags = 0;

	if (a->knows_throttled && b->knows_throttled && b->throttled > a->throttled)
		tags |= TAG_THROTTLED;
	if (a->knows_steal && b->knows_steal && b->ns - a->ns >= 1000000000u &&
		b->steal > a->steal && 50 * (b->steal - a->steal) > b->ticks - a->ticks)
		tags |= TAG_STOLEN;
	return tags;
}
