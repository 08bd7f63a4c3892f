/* claims_show.h - how claims_cmd.c prints claims; nobody else includes it */
#ifndef FORKLAB_CLAIMS_SHOW_H
#define FORKLAB_CLAIMS_SHOW_H

#include "claims.h"
#include <stddef.h>

/* All of list, n of them, in one of the three forms. */
void claims_show_table(const struct claim *const *list, size_t n, const struct store *s);
void claims_show_md(const struct claim *const *list, size_t n, const struct store *s);
void claims_show_json(const struct claim *const *list, size_t n, const struct store *s);
/* One claim wholly: source, cases, figures, verdicts, the command to measure it again. */
void claims_explain(const struct claim *c, const struct store *s);

#endif
