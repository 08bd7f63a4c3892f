/* figure_timeline.c - a timeline as text: a row for each worker, a letter for each task */
#include "figure.h"

#include <string.h>

#define WIDTH 56 /* with the label a line has 80 columns */

static const struct figure_point *any_of(const struct figure *f, size_t row)
{
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++)
			if ((size_t)f->series[i].at[k].x == row)
				return &f->series[i].at[k];
	return NULL;
}

/* The box of a row at a time; NULL: none, the worker has nothing to do. */
static const struct figure_point *box_at(const struct figure *f, size_t row, double time)
{
	for (size_t i = 0; i < f->nseries; i++)
		for (size_t k = 0; k < f->series[i].n; k++) {
			const struct figure_point *p = &f->series[i].at[k];

			if ((size_t)p->x == row && p->lo <= time && time < p->hi)
				return p;
		}
	return NULL;
}

/* "blocks, worker 1 does ABCDEFGH and works for 14.8 of 14.8; ...", in the unit of the axis. */
void figure_timeline_alt(const struct figure *f, FILE *out)
{
	const struct figure_point *head;

	for (size_t row = 1; (head = any_of(f, row)); row++) {
		double busy = 0;

		fprintf(out, "%s%s does ", row > 1 ? "; " : "", head->label);
		for (size_t i = 0; i < f->nseries; i++)
			for (size_t k = 0; k < f->series[i].n; k++) {
				const struct figure_point *p = &f->series[i].at[k];

				if ((size_t)p->x != row)
					continue;
				fputs(p->value, out);
				busy += p->hi - p->lo;
			}
		fprintf(out, " and works for %.3g of %.3g", busy, f->yhi);
	}
}

void figure_timeline_print(const struct figure *f, FILE *out)
{
	const struct figure_point *head;

	for (size_t row = 1; (head = any_of(f, row)); row++) {
		char bar[WIDTH + 1];

		/* Each character shows the middle of its part of the time. */
		for (size_t c = 0; c < WIDTH; c++) {
			const struct figure_point *p =
				box_at(f, row, f->yhi * (2 * (double)c + 1) / (2 * WIDTH));

			bar[c] = p ? p->value[0] : '.';
		}
		bar[WIDTH] = '\0';
		fprintf(out, "  %20s |%s|\n", head->label, bar);
	}
	fprintf(out, "  %20s 0%*s%.3g %s\n", "", WIDTH - 6, "", f->yhi,
		f->xlabel + strcspn(f->xlabel, " ") + (strchr(f->xlabel, ' ') != NULL));
}
