/* demo_header.c - reads what a demo's first comment says: its name, its phenomenon, what to expect */
#include "forklab/expect.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The next line of the comment without its star: false at the end of the comment. */
static bool next_line(const char **p, const char *end, const char **line, size_t *len)
{
	const char *nl, *stop, *star;

	if (*p >= end)
		return false;
	nl = memchr(*p, '\n', (size_t)(end - *p));
	stop = nl == NULL ? end : nl;
	star = *p;
	while (star < stop && (*star == ' ' || *star == '\t'))
		star++;
	/* In front of a star blanks mean nothing; without one, as in Python, they are the indent. */
	*line = star < stop && *star == '*' ? star + 1 : *p;
	*len = (size_t)(stop - *line);
	*p = stop + 1;
	return true;
}

static size_t indent_of(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return i;
}

/*
 * The block below `expect:`: every line that is indented more than the word itself. An empty line
 * belongs to it where an indented one follows.
 */
static int read_expect(const char *p, const char *end, size_t word_indent, char **out)
{
	char *text = calloc(1, (size_t)(end > p ? end - p : 0) + 2);
	size_t used = 0, len, kept = 0;
	const char *line;

	if (text == NULL)
		return -ENOMEM;
	while (next_line(&p, end, &line, &len)) {
		size_t indent = indent_of(line, len);

		if (indent < len && indent <= word_indent)
			break;
		memcpy(text + used, line + indent, len - indent);
		used += len - indent;
		text[used++] = '\n';
		if (indent < len)
			kept = used;
	}
	text[kept] = '\0';
	*out = text;
	return 0;
}

static int read_first(const char *line, size_t len, struct demo_header *out)
{
	const char *dash = memmem(line, len, " - ", 3);
	size_t skip = indent_of(line, len);

	if (dash == NULL || dash <= line + skip)
		return -EINVAL;
	out->name = strndup(line + skip, (size_t)(dash - line) - skip);
	len -= (size_t)(dash + 3 - line);
	while (len > 0 && (dash[3 + len - 1] == ' ' || dash[3 + len - 1] == '\r'))
		len--;
	out->phenomenon = strndup(dash + 3, len);
	return out->name == NULL || out->phenomenon == NULL ? -ENOMEM : 0;
}

int demo_header_parse(const char *source, size_t len, struct demo_header *out)
{
	const char *p, *end, *line = NULL;
	bool python = len >= 3 && memcmp(source, "\"\"\"", 3) == 0;
	size_t mark = python ? 3 : 2, n = 0;
	int err = -EINVAL;

	memset(out, 0, sizeof(*out));
	if (len < 2 * mark || (!python && memcmp(source, "/*", 2) != 0))
		return -EINVAL;
	p = source + mark;
	end = memmem(p, len - mark, python ? "\"\"\"" : "*/", mark);
	if (end == NULL)
		return -EINVAL;
	while (next_line(&p, end, &line, &n) && indent_of(line, n) == n)
		;
	if (line == NULL)
		return -EINVAL;
	err = read_first(line, n, out);
	while (err == 0 && out->expect == NULL && next_line(&p, end, &line, &n)) {
		size_t skip = indent_of(line, n);

		if (n - skip >= 7 && memcmp(line + skip, "expect:", 7) == 0)
			err = read_expect(p, end, skip, &out->expect);
	}
	if (err == 0 && out->expect == NULL) {
		out->expect = strdup("");
		err = out->expect == NULL ? -ENOMEM : 0;
	}
	if (err < 0)
		demo_header_free(out);
	return err;
}

void demo_header_free(struct demo_header *h)
{
	free(h->name);
	free(h->phenomenon);
	free(h->expect);
	memset(h, 0, sizeof(*h));
}
