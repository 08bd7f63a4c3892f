/* report_html.c - the page from top to bottom, written beside its place and then moved there */
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/record.h"

void html_text(FILE *f, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p == '<')
			fputs("&lt;", f);
		else if (*p == '>')
			fputs("&gt;", f);
		else if (*p == '&')
			fputs("&amp;", f);
		else if (*p == '"')
			fputs("&quot;", f);
		else if (*p == '\'')
			fputs("&#39;", f);
		else
			fputc((*p < 0x20 && *p != '\n') || *p == 0x7f ? ' ' : *p, f);
	}
}

void html_textf(FILE *f, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	html_text(f, text);
	free(text);
}

/* An id from a name that a record brought along. */
void report_put_id(FILE *f, const char *name)
{
	for (; *name; name++)
		fputc(strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *name) ? *name : '-', f);
}

static void put_head(FILE *f)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<title>forklab: this machine</title>\n<style>\n",
		f);
	fputs(report_style, f);
	fputs("</style>\n</head>\n<body>\n", f);
}

static void put_nav(FILE *f, const struct report *r)
{
	fputs("<nav aria-label=\"Parts of this page\">", f);
	for (size_t i = 0; i < json_array_size(r->topics); i++) {
		const char *topic = json_string_value(json_array_get(r->topics, i));

		fputs("<a href=\"#t-", f);
		report_put_id(f, topic);
		fputs("\">", f);
		report_put_title(f, topic);
		fputs("</a>", f);
	}
	fputs("<a href=\"#claims\">All claims</a><a href=\"#noise\">Noise floor</a>"
	      "<a href=\"#skips\">Left out</a><a href=\"#provenance\">Provenance</a></nav>\n",
		f);
}

/* Said once, so that no caption has to say it again. */
static void put_reading(FILE *f)
{
	fputs("<p class=\"note\">How to read numbers and charts: each time or ratio is the median, "
	      "which half of the measurements are below. Behind it in [brackets], and as a bar "
	      "through its mark in a chart, stands where the true value may lie: of 100 such "
	      "intervals about 95 hold it, and where one point has several ratios, all of theirs "
	      "together. Under a chart's title stands how often each point was measured, in how "
	      "many launches of the program, and on which CPUs.</p>\n",
		f);
}

static void put_first_screen(FILE *f, const struct report *r)
{
	fputs("<header>\n<h1>Processes and threads, measured on this machine</h1>\n", f);
	report_put_machine(f, r);
	fputs("</header>\n<main>\n", f);
	if (*r->charts_why) {
		fputs("<p class=\"note\">", f);
		html_text(f, r->charts_why);
		fputs("</p>\n", f);
	}
	report_put_answers(f, r);
	report_put_counts(f, r);
	put_reading(f);
	put_nav(f, r);
}

static void put_topic(FILE *f, struct report *r, const char *topic)
{
	fputs("<section>\n<h2 id=\"t-", f);
	report_put_id(f, topic);
	fputs("\">", f);
	report_put_title(f, topic);
	fputs("</h2>\n", f);
	for (size_t i = 0; i < r->nbenches; i++)
		if (!strcmp(r->benches[i].topic, topic))
			report_put_bench(f, r, &r->benches[i]);
	report_put_claims(f, r, topic);
	report_put_lessons(f, r, topic);
	fputs("</section>\n", f);
}

static void put_page(FILE *f, struct report *r)
{
	char utc[32];

	put_head(f);
	put_first_screen(f, r);
	for (size_t i = 0; i < json_array_size(r->topics); i++)
		put_topic(f, r, json_string_value(json_array_get(r->topics, i)));
	report_put_claims(f, r, NULL);
	report_put_noise(f, r);
	report_put_skips(f, r);
	report_put_provenance(f, r);
	record_utc(utc, sizeof(utc));
	fputs("</main>\n<footer>\n<p>Written by forklab " FORKLAB_VERSION " at ", f);
	html_text(f, utc);
	fputs(". The records behind every number lie in "
	      "<code>build/results</code>.</p>\n</footer>\n",
		f);
	report_put_script(f);
	fputs("</body>\n</html>\n", f);
}

int report_page(struct report *r)
{
	char path[PATH_MAX], part[PATH_MAX];
	bool bad;
	FILE *f;

	if ((size_t)snprintf(path, sizeof(path), "%s/index.html", r->dir) >= sizeof(path) ||
		(size_t)snprintf(part, sizeof(part), "%s/.index.html.part", r->dir) >= sizeof(part))
		return -ENAMETOOLONG;
	f = fopen(part, "we");
	if (!f)
		return -errno;
	put_page(f, r);
	/* Whoever has the old page open keeps it whole; whoever opens it now gets all of the new one. */
	bad = fflush(f) || ferror(f) || fsync(fileno(f));
	if (fclose(f) || bad || rename(part, path)) {
		int err = errno ? -errno : -EIO;

		unlink(part);
		return err;
	}
	return 0;
}
