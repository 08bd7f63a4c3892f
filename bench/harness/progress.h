/* progress.h - one line on a terminal, plain lines every 10 s elsewhere; written between rounds only */
#ifndef FORKLAB_PROGRESS_H
#define FORKLAB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *f;          /* NULL: silent */
	bool terminal;    /* rewrite one line */
	bool on_line;     /* something stands on it */
	uint64_t last_ns; /* when it was last written */
};

enum progress_mode { PROGRESS_AUTO, PROGRESS_PLAIN, PROGRESS_NONE };

void progress_open(struct progress *p, FILE *f, enum progress_mode mode);
/* Whether a line may be written now: on a terminal ten times a second. */
bool progress_due(const struct progress *p);
/* share: 0..1 of the work done; text: what is measured now; left_s: seconds left, negative: not known.
 * Nothing happens where no line is due. */
void progress_show(struct progress *p, double share, double left_s, const char *text);
void progress_end(struct progress *p); /* clears the line */

#endif
