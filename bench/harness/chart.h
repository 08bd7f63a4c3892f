/*
 * chart.h - draws a data file with one of the scripts in plots/ by gnuplot
 */
#ifndef FORKLAB_CHART_H
#define FORKLAB_CHART_H

#include <stddef.h>

/* Whether gnuplot is there: 0, and text (may be NULL) gets its version, "5.4"; -ENOENT it is not; -ETIMEDOUT it does
 * not answer; -EIO it failed, or is something else: text gets what it said; else errors of posix_spawn(3). */
int chart_available(char *text, size_t len);

/* Leaves the call of chart_draw beside out as NAME.gp, and runs nothing; an earlier picture at out is removed.
 * Errors: -ENOENT no such script; write errors. */
int chart_script(const char *plots_dir, const char *kind, const char *data, const char *out);

/*
 * Runs `gnuplot -c plots/KIND.gp data out` with a deadline of 10 s; afterwards a runnable copy of the
 * call lies beside out as NAME.gp. Ids in the SVG are made unique with the stem of out, because every
 * gnuplot SVG bears the same ones and several stand in one page; title is put in as <title> and as
 * aria-label (alt text).
 * why (size whylen) gets the first line of gnuplot's complaint.
 * An error leaves no picture at out, not an earlier one either.
 * Errors: -ENOENT no gnuplot or no such script; -EIO gnuplot failed; -ETIMEDOUT; else write errors.
 */
int chart_draw(const char *plots_dir, const char *kind, const char *data, const char *out,
	const char *title, char *why, size_t whylen);

#endif
