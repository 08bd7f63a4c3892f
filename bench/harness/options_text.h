/* options_text.h - the words of options.c: --help, what is allowed, the near miss; used there alone
 */
#ifndef FORKLAB_OPTIONS_TEXT_H
#define FORKLAB_OPTIONS_TEXT_H

#include "harness/options.h"

#define OPTIONS_WHY 320

/* The upper end of an option's range; a table that leaves min and max out has none. */
double options_max(const struct option_spec *s);
/* "out of range (allowed 1 to 4096)": why text was refused with err; text NULL: there was none. */
void options_why(const struct option_spec *s, const char *text, int err, char *why, size_t len);
/* "no such option: did you mean --workers?" */
void options_why_unknown(const struct option_spec *specs, const char *word, char *why, size_t len);
/* --help on standard output. */
void options_print_help(
	const char *argv0, const struct option_spec *specs, const struct options_text *text);

#endif
