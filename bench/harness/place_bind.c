/* place_bind.c - puts the calling thread on places; bind.c looks whether the kernel really did so
 */
#include "harness/bind.h"
#include "harness/place_internal.h"
#include <errno.h>
#include <sched.h>

/* The kernel refuses a mask shorter than its own, whose length it does not tell: grow until it
 * fits. A fixed cpu_set_t ends at 1,024 CPUs. */
int place_mask_read(cpu_set_t **mask, size_t *size)
{
	for (size_t cpus = 1024;; cpus *= 2) {
		int err;

		*mask = CPU_ALLOC(cpus);
		*size = CPU_ALLOC_SIZE(cpus);
		if (!*mask)
			return -ENOMEM;
		if (!sched_getaffinity(0, *size, *mask))
			return 0;
		err = errno;
		CPU_FREE(*mask);
		if (err != EINVAL || cpus > (1u << 20))
			return -err;
	}
}

/* CPUs of neighbouring places lie side by side in cpus[], so that a range of places is a range
 * there; only primary has one CPU for all. */
static int bind_slots(const struct place *p, size_t from, size_t n)
{
	size_t ncpus = 0;

	if (!p->machine.real)
		return -ENOTSUP;
	if (!n || from >= p->count || n > p->count - from)
		return -EINVAL;
	if (p->bind == PLACE_NONE)
		return 0;
	for (size_t i = from; i < from + n; i++)
		ncpus += p->slots[i].ncpus;
	if (p->bind == PLACE_PRIMARY)
		ncpus = 1;
	return bind_cpus(p->cpus + p->first[from], ncpus);
}

int place_bind_first(const struct place *p, size_t n)
{
	return bind_slots(p, 0, n);
}

int place_bind_one(const struct place *p, size_t i)
{
	return bind_slots(p, i, 1);
}
