/* bind.c - sched_setaffinity, and the look back that makes it a fact */
#include "harness/bind.h"
#include <errno.h>
#include <sched.h>

static int verify(const cpu_set_t *want, cpu_set_t *have, size_t size)
{
	int cpu;

	CPU_ZERO_S(size, have);
	if (sched_getaffinity(0, size, have))
		return -errno;
	if (!CPU_EQUAL_S(size, want, have))
		return -EXDEV;
	sched_yield(); /* the kernel has moved us by now; the CPU that runs this line is the proof */
	cpu = sched_getcpu();
	return cpu < 0 || !CPU_ISSET_S((size_t)cpu, size, want) ? -EXDEV : 0;
}

int bind_cpus(const unsigned *cpus, size_t n)
{
	unsigned most = 8191; /* the kernel refuses to report into a mask smaller than its own */
	cpu_set_t *want, *have;
	size_t size;
	int err = 0;

	for (size_t i = 0; i < n; i++)
		most = cpus[i] > most ? cpus[i] : most;
	size = CPU_ALLOC_SIZE(most + 1);
	want = CPU_ALLOC(most + 1);
	have = CPU_ALLOC(most + 1);
	if (!want || !have) {
		err = -ENOMEM;
	} else {
		CPU_ZERO_S(size, want);
		for (size_t i = 0; i < n; i++)
			CPU_SET_S(cpus[i], size, want);
		if (sched_setaffinity(0, size, want))
			err = -errno;
		else
			err = verify(want, have, size);
	}
	if (want)
		CPU_FREE(want);
	if (have)
		CPU_FREE(have);
	return err;
}
