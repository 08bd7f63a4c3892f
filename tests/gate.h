/* gate.h - the leak gate: what a test leaves behind in its process and on the machine, by name */
#ifndef FORKLAB_GATE_H
#define FORKLAB_GATE_H

#include <stddef.h>

/*
 * A picture of this process: its children, threads, descriptors and shared mappings, and the names
 * in /dev/shm and /dev/mqueue. Sorted lines of text, so that two pictures can be compared and the
 * difference printed.
 */
struct gate_picture {
	char **lines;
	size_t n, cap;
};

/* Takes the picture. The caller frees it with gate_free. Ends the program where memory runs out. */
void gate_take(struct gate_picture *out);
void gate_free(struct gate_picture *p);

/*
 * Compares now with before and writes one line for each difference into report (size len), "" where
 * there is none. A thread that was joined, and a name another program had for a moment, may be seen
 * for some time more, so a difference must last for about a second to count.
 */
void gate_compare(const struct gate_picture *before, char *report, size_t len);

#endif
