/*
 * raw_clock.h - CLOCK_MONOTONIC by a bare system call: no libc, no vDSO, no memory but the stack
 *
 * For the first instruction of a child. A forked child has none of libc's or the vDSO's code pages
 * mapped yet, so that clock_gettime(3) costs it up to two page faults, about 1 us each, where the
 * system call takes 0.1 us. Async-signal-safe.
 */
#ifndef FORKLAB_RAW_CLOCK_H
#define FORKLAB_RAW_CLOCK_H

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#if defined(__x86_64__)
static inline long raw_call(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
static inline long raw_call(long number, long a, long b, long c)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory", "cc");
	return x0;
}
#else
_Static_assert(sizeof(void *) == 0, "forklab's benchmarks know x86-64 and arm64");
#endif

static inline uint64_t raw_clock_ns(void)
{
	struct timespec ts = {0, 0};

	raw_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
