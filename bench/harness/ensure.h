/* ensure.h - CHECK for what cannot happen; never compiled out, so a call may stand inside it */
#ifndef FORKLAB_ENSURE_H
#define FORKLAB_ENSURE_H

#include <stdio.h>
#include <stdlib.h>

/* The library never prints or exits for an error a caller can cause; this is for broken invariants. */
#define CHECK(expr)                                                                                \
	do {                                                                                       \
		if (!(expr)) {                                                                     \
			fprintf(stderr, "%s:%d: CHECK(%s) failed\n", __FILE__, __LINE__, #expr);   \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
