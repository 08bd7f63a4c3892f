/* expect.c - reads a pattern of lines; see expect.h for the language, expect_match.c for the
 * matching */
#include "forklab/expect.h"

#include "forklab/expect_parts.h"
#include "harness/ensure.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	enum hole_kind kind;
} holes[] = {
	{"n", HOLE_N},
	{"pid", HOLE_PID},
	{"x", HOLE_X},
	{"us", HOLE_X},
	{"ms", HOLE_X},
	{"time", HOLE_TIME},
	{"word", HOLE_WORD},
	{"text", HOLE_TEXT},
};

struct span expect_trimmed(const char *at, size_t len)
{
	while (len > 0 && isspace((unsigned char)at[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*at)) {
		at++;
		len--;
	}
	return (struct span){at, len};
}

static bool span_is(struct span s, const char *word)
{
	return s.len == strlen(word) && memcmp(s.at, word, s.len) == 0;
}

int expect_split(const char *text, size_t len, struct span **lines, size_t *n)
{
	size_t count = 1, k = 0;
	struct span *out;

	for (size_t i = 0; i < len; i++)
		count += text[i] == '\n';
	out = calloc(count, sizeof(*out));
	if (out == NULL)
		return -ENOMEM;
	for (size_t from = 0; from < len;) {
		const char *nl = memchr(text + from, '\n', len - from);
		size_t end = nl == NULL ? len : (size_t)(nl - text);

		out[k++] = expect_trimmed(text + from, end - from);
		from = end + 1;
	}
	while (k > 0 && out[k - 1].len == 0)
		k--;
	*lines = out;
	*n = k;
	return 0;
}

/* Reads <word> or <word:name> at the start of p: its length, 0 where p starts with no placeholder.
 */
size_t expect_hole_read(const char *p, size_t len, struct span *word, struct span *name)
{
	size_t i = 1, colon = 0;

	if (len < 3 || p[0] != '<' || !islower((unsigned char)p[1]))
		return 0;
	while (i < len && (islower((unsigned char)p[i]) || (p[i] == ':' && colon == 0) ||
				  (colon > 0 && (isdigit((unsigned char)p[i]) || p[i] == '_')))) {
		if (p[i] == ':')
			colon = i;
		i++;
	}
	if (i >= len || p[i] != '>' || colon + 1 == i)
		return 0;
	*word = (struct span){p + 1, (colon > 0 ? colon : i) - 1};
	*name = colon > 0 ? (struct span){p + colon + 1, i - colon - 1} : (struct span){NULL, 0};
	return i + 1;
}

enum hole_kind expect_hole_kind(struct span word)
{
	for (size_t i = 0; i < ARRAY_LEN(holes); i++)
		if (span_is(word, holes[i].word))
			return holes[i].kind;
	return HOLE_NONE;
}

int expect_name_index(const struct expect *e, struct span name)
{
	for (size_t i = 0; i < e->nnames; i++)
		if (span_is(name, e->names[i]))
			return (int)i;
	return -1;
}

static int name_add(struct expect *e, struct span name, char *why, size_t whylen)
{
	if (expect_name_index(e, name) >= 0)
		return 0;
	if (e->nnames == NAMES_MAX || name.len >= NAME_LEN) {
		snprintf(why, whylen, "%.*s: too many names, or one too long (allowed %d of %d)",
			(int)name.len, name.at, NAMES_MAX, NAME_LEN - 1);
		return -EINVAL;
	}
	memcpy(e->names[e->nnames++], name.at, name.len);
	return 0;
}

static int check_holes(struct expect *e, struct span line, char *why, size_t whylen)
{
	for (size_t i = 0; i < line.len;) {
		struct span word, name;
		size_t used = expect_hole_read(line.at + i, line.len - i, &word, &name);

		if (used > 0 && expect_hole_kind(word) == HOLE_NONE) {
			snprintf(why, whylen,
				"<%.*s>: no such placeholder (allowed n pid x us ms time word "
				"text)",
				(int)word.len, word.at);
			return -EINVAL;
		}
		if (used > 0 && name.len > 0 && name_add(e, name, why, whylen) < 0)
			return -EINVAL;
		i += used > 0 ? used : 1;
	}
	return 0;
}

/* The group that opens at line i: its item, and the line after its [end]. */
static int read_group(struct expect *e, size_t i, size_t *next, char *why, size_t whylen)
{
	size_t end = i + 1;

	while (end < e->nlines && !span_is(e->lines[end], "[end]"))
		end++;
	if (end == e->nlines || end - i - 1 > GROUP_MAX || end == i + 1) {
		snprintf(why, whylen, "[unordered]: must hold 1 to %d lines and be closed by [end]",
			GROUP_MAX);
		return -EINVAL;
	}
	e->items[e->nitems++] = (struct item){ITEM_GROUP, i + 1, end - i - 1};
	*next = end + 1;
	return 0;
}

static int read_items(struct expect *e, char *why, size_t whylen)
{
	for (size_t i = 0; i < e->nlines;) {
		if (check_holes(e, e->lines[i], why, whylen) < 0)
			return -EINVAL;
		if (span_is(e->lines[i], "[unordered]")) {
			size_t from = i + 1;

			if (read_group(e, i, &i, why, whylen) < 0)
				return -EINVAL;
			for (; from < i; from++)
				if (check_holes(e, e->lines[from], why, whylen) < 0)
					return -EINVAL;
			continue;
		}
		e->items[e->nitems++] =
			(struct item){span_is(e->lines[i], "...") ? ITEM_ANY : ITEM_LINE, i, 1};
		i++;
	}
	return 0;
}

int expect_parse(const char *pattern, size_t len, struct expect **out, char *why, size_t whylen)
{
	struct expect *e = calloc(1, sizeof(*e));
	int err = -ENOMEM;

	if (e == NULL)
		return -ENOMEM;
	e->text = malloc(len + 1);
	if (e->text == NULL)
		goto fail;
	memcpy(e->text, pattern, len);
	e->text[len] = '\0';
	err = expect_split(e->text, len, &e->lines, &e->nlines);
	if (err < 0)
		goto fail;
	err = -ENOMEM;
	e->items = calloc(e->nlines + 1, sizeof(*e->items));
	if (e->items == NULL)
		goto fail;
	err = read_items(e, why, whylen);
	if (err < 0)
		goto fail;
	*out = e;
	return 0;
fail:
	expect_free(e);
	return err;
}

void expect_free(struct expect *e)
{
	if (e == NULL)
		return;
	free(e->items);
	free(e->lines);
	free(e->text);
	free(e);
}

size_t expect_lines(const struct expect *e)
{
	return e->nlines;
}
