/* chart_svg.c - unique ids, title and alt text for gnuplot's SVG */
#include "harness/chart_svg.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text of a person or a record as XML text or attribute: markup escaped, control characters out. */
static void put_escaped(FILE *f, const char *text)
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
		else
			fputc(*p < 0x20 || *p == 0x7f ? ' ' : *p, f);
	}
}

static void put_stem(FILE *f, const char *stem)
{
	fputs("c-", f); /* an id must start with a letter */
	for (const char *p = stem; *p; p++)
		fputc(isalnum((unsigned char)*p) || *p == '_' ? *p : '-', f);
	fputc('-', f);
}

/* Length of what introduces an id at p, within a tag: id="  href="#  url(#. 0: nothing. */
static size_t id_ahead(const char *p, const char *end)
{
	static const char *const marks[] = {" id=\"", " id='", "href=\"#", "href='#", "url(#"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i]);

		if ((size_t)(end - p) >= n && !memcmp(p, marks[i], n))
			return n;
	}
	return 0;
}

static void put_body(FILE *f, const char *p, const char *end, const char *stem)
{
	bool tag = false;

	while (p < end) {
		size_t n = tag ? id_ahead(p, end) : 0;

		if (n) {
			fwrite(p, 1, n, f);
			put_stem(f, stem);
			p += n;
			continue;
		}
		if (*p == '<')
			tag = true;
		else if (*p == '>')
			tag = false;
		fputc(*p++, f);
	}
}

static const char *find(const char *p, const char *end, const char *what)
{
	return p ? memmem(p, (size_t)(end - p), what, strlen(what)) : NULL;
}

/* Head as gnuplot writes it: <svg ATTRIBUTES>, <title>Gnuplot</title>, <desc>...</desc>. */
static bool put_all(FILE *f, const char *svg, const char *end, const char *stem, const char *title)
{
	const char *open = find(svg, end, "<svg"), *close = find(open, end, ">");
	const char *old = find(close, end, "<title>"), *oldend = find(old, end, "</title>");
	const char *desc = find(close, end, "<desc>"), *descend = find(desc, end, "</desc>");
	const char *body = close ? close + 1 : NULL;

	if (!close || !find(close, end, "</svg>"))
		return false;
	fwrite(svg, 1, (size_t)(open - svg) + 4, f);
	fputs(" role=\"img\" aria-label=\"", f);
	put_escaped(f, title);
	fputs("\"", f);
	fwrite(open + 4, 1, (size_t)(close + 1 - open - 4), f);
	fputs("\n<title>", f);
	put_escaped(f, title);
	fputs("</title>", f);
	if (oldend && oldend - close < 200)
		body = oldend + 8;
	if (descend && descend - close < 400)
		body = descend + 7;
	put_body(f, body, end, stem);
	return true;
}

char *chart_svg_fix(
	const char *svg, size_t len, const char *stem, const char *title, size_t *outlen)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, outlen);
	bool ok;

	if (!f)
		return NULL;
	ok = put_all(f, svg, svg + len, stem, title) && !ferror(f);
	if (fclose(f) || !ok) {
		free(text);
		return NULL;
	}
	return text;
}
