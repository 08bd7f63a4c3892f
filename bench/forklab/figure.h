/*
 * figure.h - one chart as numbers: written as gnuplot's data file, as text on a terminal, as alt
 * text
 *
 * All three come from the same points, so that somebody without gnuplot, without a screen or
 * without eyes for it gets the same figure.
 */
#ifndef FORKLAB_FIGURE_H
#define FORKLAB_FIGURE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define FIGURE_SERIES     12 /* more lines than this cannot be told apart */
#define FIGURE_TITLE_FITS 54 /* columns in the picture; the rest is cut */
#define FIGURE_NOTE_FITS  70
#define FIGURE_ROWS       14 /* rows of a ladder or forest */

struct figure_point {
	double x, y;       /* rows: x is the row, from 1; y is the value, in the figure's unit. Of a
			    * timeline lo and hi are begin and end, y is between, value is a letter */
	bool known;        /* whether there is an interval */
	double lo, hi;     /* of y */
	bool over;         /* more workers than CPUs */
	char label[48];    /* of x, or of the row */
	char value[40];    /* y for people, with unit */
	char verdict[20];  /* of a ratio: "slower"; "": y is no ratio of two times */
	char interval[48]; /* lo and hi for people, in the unit of value; "": none */
};

struct figure_series {
	char name[64];
	unsigned style; /* colour and mark, from 1; 0: its place among the series */
	struct figure_point *at;
	size_t n;
};

struct figure {
	char kind[16]; /* plots/KIND.gp */
	char stem[96]; /* file name without its end: [a-z0-9_-] alone */
	char title[160], note[200], xlabel[80], ylabel[80];
	char log[4]; /* logarithmic: "-", "x", "y", "xy"; of rows the value axis: "v", "r": not */
	struct figure_series series[FIGURE_SERIES];
	size_t nseries;
	size_t left_out;                  /* series or rows that did not fit */
	struct figure_series limit;       /* n is 0: no limit line */
	double ylo, yhi;                  /* of the y axis; yhi is 0: by the points */
	double border;                    /* workers at which the CPUs end; 0: nowhere */
	double margin;                    /* of a forest; 0: none */
	double cross, cross_lo, cross_hi; /* cross is 0: none */
	char cross_text[120];
	char caption[800]; /* what stands below it in the page */
	bool drawn;        /* svg names a file */
	char why[200];     /* why it is not drawn */
	char data[PATH_MAX], svg[PATH_MAX];
};

/* Both end what was built by figure_add; f is zeroed memory before figure_start. */
void figure_start(struct figure *f, const char *kind, const char *bench, const char *what);
void figure_free(struct figure *f);

/* The series of this name, made at the first use. NULL: the figure is full (left_out counts). */
struct figure_series *figure_series(struct figure *f, const char *name);
/* -ENOMEM. */
int figure_add(struct figure_series *s, const struct figure_point *p);
size_t figure_points(const struct figure *f);

/* Writes the data file for plots/. Errors: those of open(2) and write(2). */
int figure_write(const struct figure *f, const char *path);
/* One or two sentences with the numbers: "... fork 42.1 µs [41.9, 42.6]; ...". Returns buf. */
char *figure_alt(const struct figure *f, char *buf, size_t len);
/* The text twin: one line a point, with a bar. */
void figure_print(const struct figure *f, FILE *out);

/* figure_timeline.c: the same of a timeline, for figure.c. */
void figure_timeline_alt(const struct figure *f, FILE *out);
void figure_timeline_print(const struct figure *f, FILE *out);

#endif
