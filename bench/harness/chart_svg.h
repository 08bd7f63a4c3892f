/* chart_svg.h - makes gnuplot's SVG fit to stand beside others in one page (inside the harness) */
#ifndef FORKLAB_CHART_SVG_H
#define FORKLAB_CHART_SVG_H

#include <stddef.h>

/*
 * Every gnuplot SVG bears the same ids (gpPt0, gnuplot_plot_1 ...), and the first of a page would
 * win for all. Returns a copy of svg with each id and each reference to one prefixed by stem, title
 * as the first <title> and as aria-label. *outlen gets its length; the caller frees it. NULL: no
 * memory, or svg is no SVG.
 */
char *chart_svg_fix(
	const char *svg, size_t len, const char *stem, const char *title, size_t *outlen);

/* How long gnuplot may take: 10 s; a test with a gnuplot that hangs does not wait so long. */
extern unsigned chart_deadline_ms;

#endif
