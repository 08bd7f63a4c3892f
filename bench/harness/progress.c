/* progress.c - the line that says how far it is */
#include "harness/progress.h"
#include "harness/clock.h"
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

bool progress_due(const struct progress *p)
{
	return p->f && clock_now_ns() - p->last_ns >= (p->terminal ? TERMINAL_NS : PLAIN_NS);
}

static unsigned columns(FILE *f)
{
	struct winsize size;

	return ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79u;
}

/* A line that wraps could not be written over by the next one. Bytes 10xxxxxx go on with a character. */
static void cut(char *line, unsigned width)
{
	for (unsigned n = 0; *line; line++)
		if ((*line & 0xc0) != 0x80 && n++ == width) {
			*line = '\0';
			return;
		}
}

void progress_show(struct progress *p, double share, double left_s, const char *text)
{
	char left[32] = "", line[400];

	if (!progress_due(p))
		return;
	p->last_ns = clock_now_ns();
	if (left_s >= 0)
		snprintf(left, sizeof(left), ", %.0f s left", left_s);
	snprintf(line, sizeof(line), "%3.0f %%%s  %s", 100 * share, left, text);
	if (p->terminal) {
		cut(line, columns(p->f));
		fprintf(p->f, "\r\033[K%s", line);
	} else {
		fprintf(p->f, "%s\n", line);
	}
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
