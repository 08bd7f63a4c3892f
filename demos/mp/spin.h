/* spin.h - look a few times more before a sleep (inside mp) */
#ifndef MP_SPIN_H
#define MP_SPIN_H

#include <sched.h>

#define MP_SPINS 2000u /* some 10 us: about what going to sleep and being woken would cost */

/* CPUs that this thread may run on; 0: more than a cpu_set_t tells. */
static inline unsigned mp_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 0;
}

/*
 * Looks before a sleep, of one of so many threads that work at the same time: where they have fewer CPUs than
 * that, whom we wait for may be waiting for ours.
 */
static inline unsigned mp_spins(unsigned threads)
{
	unsigned cpus = mp_cpus();

	return cpus && cpus < threads ? 0 : MP_SPINS;
}

static inline void mp_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
