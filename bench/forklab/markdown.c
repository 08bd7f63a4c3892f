/* markdown.c - just enough of Markdown to run the blocks of a lesson; see markdown.h */
#include "forklab/markdown.h"

#include "harness/ensure.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {"skip", "needs", "timeout", "file", "part"};

static size_t line_length(const char *at)
{
	return strcspn(at, "\n");
}

static const char *after_line(const char *at)
{
	at += line_length(at);
	return at + (*at == '\n');
}

static bool is_fence(const char *at)
{
	return strncmp(at, "```", 3) == 0;
}

static void read_label(const char *line, struct markdown_block *b)
{
	const char *start = line + strlen("<!-- lab:"), *end;
	size_t len = line_length(start);

	end = memmem(start, len, "-->", 3);
	if (end != NULL)
		len = (size_t)(end - start);
	snprintf(b->label, sizeof(b->label), "%.*s", (int)len, start);
}

static void read_block(const char **at, size_t *line, struct markdown_block *b)
{
	const char *p = *at + 3;
	size_t n = line_length(p);

	snprintf(b->language, sizeof(b->language), "%.*s", (int)n, p);
	p = after_line(*at);
	b->text = p;
	b->line = ++*line;
	while (*p != '\0' && !is_fence(p)) {
		p = after_line(p);
		++*line;
	}
	b->len = (size_t)(p - b->text);
	*at = after_line(p);
	++*line;
}

bool markdown_next(const char **at, size_t *line, struct markdown_block *out)
{
	memset(out, 0, sizeof(*out));
	for (; **at != '\0'; *at = after_line(*at), ++*line) {
		if (is_fence(*at)) {
			read_block(at, line, out);
			return true;
		}
		if (strncmp(*at, "<!-- lab:", 9) == 0)
			read_label(*at, out);
		else if (line_length(*at) > 0)
			out->label[0] = '\0'; /* text between: the label belonged to nothing */
	}
	return false;
}

/* One key="value", key=value or key from *p on. False: the label's end. */
static bool next_key(
	const char **p, const char **key, size_t *keylen, const char **value, size_t *len)
{
	*p += strspn(*p, " \t");
	if (**p == '\0')
		return false;
	*key = *p;
	*keylen = strcspn(*p, "= \t");
	*p += *keylen;
	*value = "";
	*len = 0;
	if (**p != '=')
		return true;
	++*p;
	if (**p == '"') {
		*value = ++*p;
		*len = strcspn(*p, "\"");
		*p += *len;
		*p += **p == '"';
	} else {
		*value = *p;
		*len = strcspn(*p, " \t");
		*p += *len;
	}
	return true;
}

bool markdown_label(const struct markdown_block *b, const char *key, char *buf, size_t len)
{
	const char *p = b->label, *k, *value;
	size_t klen, vlen;

	while (next_key(&p, &k, &klen, &value, &vlen)) {
		if (klen == strlen(key) && memcmp(k, key, klen) == 0) {
			snprintf(buf, len, "%.*s", (int)vlen, value);
			return true;
		}
	}
	return false;
}

const char *markdown_unknown_label(const struct markdown_block *b, char *buf, size_t len)
{
	const char *p = b->label, *k, *value;
	size_t klen, vlen;

	while (next_key(&p, &k, &klen, &value, &vlen)) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(keys); i++)
			known = known || (klen == strlen(keys[i]) && memcmp(k, keys[i], klen) == 0);
		if (!known) {
			snprintf(buf, len, "%.*s", (int)klen, k);
			return buf;
		}
	}
	return NULL;
}

bool markdown_link(const char **at, char *buf, size_t len)
{
	const char *p = *at;

	while ((p = strstr(p, "](")) != NULL) {
		size_t n = strcspn(p + 2, ")\n");

		if (p[2 + n] == ')' && n < len) {
			memcpy(buf, p + 2, n);
			buf[n] = '\0';
			*at = p + 2 + n;
			return true;
		}
		p += 2;
	}
	return false;
}

/* Is this line a comment that holds [word] or [word name], and nothing else? */
static bool is_mark(const char *line, const char *word, const char *name)
{
	char mark[128], text[256];
	size_t n = line_length(line), i = 0;

	snprintf(mark, sizeof(mark), "[%s%s%s]", word, name[0] != '\0' ? " " : "", name);
	if (n >= sizeof(text))
		return false;
	for (size_t k = strspn(line, " \t"); k < n; k++)
		text[i++] = line[k];
	text[i] = '\0';
	return i == strlen(mark) + 6 && strncmp(text, "/* ", 3) == 0 &&
	       strncmp(text + 3, mark, strlen(mark)) == 0 &&
	       strcmp(text + 3 + strlen(mark), " */") == 0;
}

/* The blanks that all lines with text begin with. */
static size_t common_indent(const char *from, const char *end)
{
	size_t least = (size_t)-1;

	for (const char *line = from; line < end; line = after_line(line)) {
		size_t blanks = strspn(line, " \t");

		if (blanks < line_length(line) && blanks < least)
			least = blanks;
	}
	return least == (size_t)-1 ? 0 : least;
}

static int dedent(const char *from, const char *end, char **out)
{
	size_t indent = common_indent(from, end), used = 0;
	char *text = malloc((size_t)(end - from) + 1);

	if (text == NULL)
		return -ENOMEM;
	for (const char *line = from; line < end; line = after_line(line)) {
		size_t n = (size_t)(after_line(line) - line);
		size_t cut = line_length(line) < indent ? line_length(line) : indent;

		memcpy(text + used, line + cut, n - cut);
		used += n - cut;
	}
	text[used] = '\0';
	*out = text;
	return 0;
}

int source_part(const char *source, const char *name, char **out)
{
	const char *from = source, *end;

	if (name[0] == '\0')
		return dedent(source, source + strlen(source), out);
	while (*from != '\0' && !is_mark(from, "part", name))
		from = after_line(from);
	if (*from == '\0')
		return -ENOENT;
	from = after_line(from);
	for (end = from; *end != '\0' && !is_mark(end, "end", "");)
		end = after_line(end);
	if (*end == '\0')
		return -ENOENT;
	return dedent(from, end, out);
}
