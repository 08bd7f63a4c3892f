/* claims_show.h - how claims are printed for people and programs */
#ifndef FORKLAB_CLAIMS_SHOW_H
#define FORKLAB_CLAIMS_SHOW_H

#include "claims.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* All of list, n of them, in one of the three forms. */

/* A paragraph a claim, as wide as the terminal (60 to 110 columns; 100 where f is none); why: with what was
 * published, and the reason of each verdict; else the reasons why one cannot tell alone. */
void claims_show_list(
	FILE *f, const struct claim *const *list, size_t n, const struct store *s, bool why);
void claims_show_md(const struct claim *const *list, size_t n, const struct store *s);
void claims_show_json(const struct claim *const *list, size_t n, const struct store *s);
/* Columns of f's terminal, 60 to 110; 100 where it is none. */
size_t claims_width(FILE *f);
/* Prints text from column `used` on and ends the line; further lines are indented. A word is never
 * cut, nor is a command of ours: it can be copied. */
void claims_wrap(FILE *f, const char *text, size_t used, size_t indent, size_t width);
/* One claim wholly: source, cases, figures, verdicts, the command to measure it again. */
void claims_explain(const struct claim *c, const struct store *s);

#endif
