/*
 * timeline.h - a picture of who ran what when: a row for each worker, a letter for each task
 *
 *     worker 1 |AAAAAAAABCD|
 *     worker 2 |EFGHIJKL...|
 *
 * For demos, beside demo.h. Only libc.
 */
#ifndef TIMELINE_H
#define TIMELINE_H

#include "demo.h"

enum { TIMELINE_WIDTH = 60 };

/* A task as it was done. worker counts from 0; the times are demo_now_ns's. */
struct timeline_bar {
	int worker;
	char letter;
	long long begin_ns, end_ns;
};

/* What a worker did at a moment: its task's letter, '.' for none. */
static inline char timeline_at(const struct timeline_bar *bars, int n, int worker, long long ns)
{
	for (int i = 0; i < n; i++)
		if (bars[i].worker == worker && bars[i].begin_ns <= ns && ns < bars[i].end_ns)
			return bars[i].letter;
	return '.';
}

/* From the first begin to the last end, in ns. */
static inline long long timeline_length(const struct timeline_bar *bars, int n, long long *begin_ns)
{
	long long end = n > 0 ? bars[0].end_ns : 0;

	*begin_ns = n > 0 ? bars[0].begin_ns : 0;
	for (int i = 1; i < n; i++) {
		*begin_ns = bars[i].begin_ns < *begin_ns ? bars[i].begin_ns : *begin_ns;
		end = bars[i].end_ns > end ? bars[i].end_ns : end;
	}
	return end - *begin_ns;
}

/* Draws all bars: TIMELINE_WIDTH characters stand for length_ns from the first begin on. With the same length
 * two pictures can be compared by eye. */
static inline void timeline_draw(
	const struct timeline_bar *bars, int n, int workers, long long length_ns)
{
	long long begin;

	timeline_length(bars, n, &begin);
	for (int w = 0; w < workers; w++) {
		char row[TIMELINE_WIDTH + 1];

		/* Each character shows the middle of its part of the time. */
		for (int c = 0; c < TIMELINE_WIDTH; c++)
			row[c] = timeline_at(
				bars, n, w, begin + length_ns * (2 * c + 1) / (2 * TIMELINE_WIDTH));
		row[TIMELINE_WIDTH] = '\0';
		demo_line("worker %d |%s|\n", w + 1, row);
	}
	demo_line("         0%*s%.0f ms\n", TIMELINE_WIDTH - 5, "", (double)length_ns / 1e6);
}

#endif
