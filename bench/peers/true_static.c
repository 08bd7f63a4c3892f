/*
 * true_static - the least a program can be: no libc, no loader; exits 0
 *
 * Started without an argument it does nothing. With one it first tells when it began:
 * CLOCK_MONOTONIC in nanoseconds, eight bytes in the machine's byte order, to descriptor 3. Exit
 * status 1 says that the eight bytes could not be written.
 */
#include "raw_clock.h"

#define REPORT_FD 3

/* The kernel enters at _start with argc on top of the stack, and with no place to return to. */
#if defined(__x86_64__)
__asm__(".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	xor	%ebp, %ebp\n"
	"	mov	%rsp, %rdi\n"
	"	and	$-16, %rsp\n"
	"	call	begin\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n"
	".type _start, %function\n"
	"_start:\n"
	"	mov	x29, #0\n"
	"	mov	x30, #0\n"
	"	mov	x0, sp\n"
	"	bl	begin\n");
#endif

void begin(const long *stack) __attribute__((noreturn, used));

void begin(const long *stack)
{
	long failed = 0;

	if (stack[0] > 1) {
		uint64_t ns = raw_clock_ns();

		failed = raw_call(SYS_write, REPORT_FD, (long)&ns, sizeof(ns)) != sizeof(ns);
	}
	for (;;)
		raw_call(SYS_exit_group, failed, 0, 0);
}
