/* spin.h - look a few times more before a sleep (inside mp) */
#ifndef MP_SPIN_H
#define MP_SPIN_H

#include <sched.h>

#define MP_SPINS 2000u /* some 10 us: about what going to sleep and being woken would cost */

/* Looks before a sleep. With one CPU whom we wait for cannot run while we look. */
static inline unsigned mp_spins(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1)
		return 0;
	return MP_SPINS;
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
