/* progress.c - the line that says how far it is */
#include "harness/progress.h"
#include "harness/clock.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TERMINAL_NS 100000000u
#define PLAIN_NS    10000000000u

void progress_open(struct progress *p, FILE *f, enum progress_mode mode)
{
	const char *term = getenv("TERM");

	memset(p, 0, sizeof(*p));
	p->f = mode == PROGRESS_NONE ? NULL : f;
	p->terminal = mode == PROGRESS_AUTO && isatty(fileno(f)) && term && strcmp(term, "dumb");
	p->last_ns = clock_now_ns(); /* a plain line first comes after 10 s */
}

void progress_show(struct progress *p, double share, double left_s, const char *text)
{
	uint64_t now = clock_now_ns();
	char left[32] = "";

	if (!p->f || now - p->last_ns < (p->terminal ? TERMINAL_NS : PLAIN_NS))
		return;
	p->last_ns = now;
	if (left_s >= 0)
		snprintf(left, sizeof(left), ", %.0f s left", left_s);
	if (p->terminal)
		fprintf(p->f, "\r\033[K%3.0f %%%s  %.90s", 100 * share, left, text);
	else
		fprintf(p->f, "%3.0f %%%s  %s\n", 100 * share, left, text);
	p->on_line = p->terminal;
	fflush(p->f);
}

void progress_end(struct progress *p)
{
	if (!p->f || !p->on_line)
		return;
	fputs("\r\033[K", p->f);
	fflush(p->f);
	p->on_line = false;
}
