/* expect_match.c - a backtracking matcher of output against a pattern that expect.c has read */
#include "forklab/expect.h"

#include "forklab/expect_parts.h"
#include "harness/ensure.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Patterns with many `...` could be tried in very many ways; nobody writes one that needs this
 * many. */
#define STEPS_MAX 2000000u

/* One attempt: what the names stand for so far, and how far any reading came. */
struct match {
	const struct expect *e;
	const struct span *out;
	size_t nout;
	struct span names[NAMES_MAX];
	unsigned steps;
	size_t far_line, far_pattern; /* the latter is the number of lines where it was used up */
};
static size_t digits(const char *s, size_t len)
{
	size_t i = 0;

	while (i < len && isdigit((unsigned char)s[i]))
		i++;
	return i;
}

/* Length of the decimal number that s starts with, 0 where it starts with none. */
static size_t decimal(const char *s, size_t len)
{
	size_t sign = len > 0 && s[0] == '-', whole = digits(s + sign, len - sign),
	       i = sign + whole;

	if (whole == 0)
		return 0;
	if (i + 1 < len && s[i] == '.' && isdigit((unsigned char)s[i + 1]))
		i += 1 + digits(s + i + 1, len - i - 1);
	return i;
}

static size_t time_text(const char *s, size_t len)
{
	static const char *const units[] = {"ns", "us", "\xc2\xb5s", "ms", "s"};
	size_t i = decimal(s, len);

	if (i == 0)
		return 0;
	while (i < len && isblank((unsigned char)s[i]))
		i++;
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		size_t ulen = strlen(units[u]);

		if (len - i >= ulen && memcmp(s + i, units[u], ulen) == 0 &&
			(len - i == ulen || !isalnum((unsigned char)s[i + ulen])))
			return i + ulen;
	}
	return 0;
}

/* How much of s the placeholder takes; of HOLE_TEXT the most it could take. 0: it does not fit. */
static size_t hole_take(enum hole_kind kind, const char *s, size_t len)
{
	size_t i = 0;

	switch (kind) {
	case HOLE_N:
		return digits(s, len);
	case HOLE_PID:
		return len > 0 && s[0] != '0' ? digits(s, len) : 0;
	case HOLE_X:
		return decimal(s, len);
	case HOLE_TIME:
		return time_text(s, len);
	case HOLE_WORD:
		while (i < len && !isspace((unsigned char)s[i]))
			i++;
		return i;
	case HOLE_TEXT:
		return len;
	case HOLE_NONE:
		break;
	}
	return 0;
}

static bool line_fits(struct match *m, struct span pattern, struct span line);

/* The placeholder took `taken`; does the name agree, and the rest of the line? */
static bool hole_fits(
	struct match *m, struct span name, struct span pattern, struct span line, size_t taken)
{
	struct span got = {line.at, taken}, rest = {line.at + taken, line.len - taken};
	int index = name.len > 0 ? expect_name_index(m->e, name) : -1;
	struct span before;

	if (index < 0)
		return line_fits(m, pattern, rest);
	before = m->names[index];
	if (before.at != NULL)
		return before.len == taken && memcmp(before.at, got.at, taken) == 0 &&
		       line_fits(m, pattern, rest);
	m->names[index] = got;
	if (line_fits(m, pattern, rest))
		return true;
	m->names[index] = before;
	return false;
}

static bool try_hole(struct match *m, enum hole_kind kind, struct span name, struct span pattern,
	struct span line)
{
	size_t most = hole_take(kind, line.at, line.len);
	/* A number is taken whole: 12 must not be read as 1 and a 2 that belongs to the text. */
	size_t least = kind == HOLE_TEXT || kind == HOLE_WORD ? 1 : most;

	if (most == 0)
		return false;
	for (size_t taken = least; taken <= most; taken++)
		if (hole_fits(m, name, pattern, line, taken))
			return true;
	return false;
}

static bool line_fits(struct match *m, struct span pattern, struct span line)
{
	while (pattern.len > 0) {
		struct span word, name;
		size_t used = expect_hole_read(pattern.at, pattern.len, &word, &name);

		if (++m->steps > STEPS_MAX)
			return false;
		if (used > 0) {
			pattern = (struct span){pattern.at + used, pattern.len - used};
			return try_hole(m, expect_hole_kind(word), name, pattern, line);
		}
		if (line.len == 0)
			return false;
		if (isspace((unsigned char)*pattern.at)) {
			if (!isspace((unsigned char)*line.at))
				return false;
			pattern = expect_trimmed(pattern.at, pattern.len);
			line = expect_trimmed(line.at, line.len);
			continue;
		}
		if (*pattern.at != *line.at)
			return false;
		pattern = (struct span){pattern.at + 1, pattern.len - 1};
		line = (struct span){line.at + 1, line.len - 1};
	}
	return line.len == 0;
}

/* Of all readings the one that used most of the pattern is the most likely to be meant. */
static void note_far(struct match *m, size_t line, size_t pattern)
{
	if (pattern < m->far_pattern || (pattern == m->far_pattern && line < m->far_line))
		return;
	m->far_line = line;
	m->far_pattern = pattern;
}

static bool items_fit(struct match *m, size_t i, size_t line);

/* Puts the lines from `line` on to the group's patterns that `used` leaves; then the rest. */
static bool group_fits(struct match *m, size_t i, size_t line, unsigned long long used)
{
	const struct item *group = &m->e->items[i];
	size_t open = group->n;

	for (size_t k = 0; k < group->n; k++) {
		struct span kept[NAMES_MAX];

		if ((used >> k & 1u) != 0)
			continue;
		open = open < k ? open : k;
		memcpy(kept, m->names, sizeof(kept));
		if (line < m->nout && line_fits(m, m->e->lines[group->first + k], m->out[line]) &&
			group_fits(m, i, line + 1, used | 1ull << k))
			return true;
		memcpy(m->names, kept, sizeof(kept));
	}
	if (open == group->n)
		return items_fit(m, i + 1, line);
	note_far(m, line, group->first + open);
	return false;
}

static bool any_fits(struct match *m, size_t i, size_t line)
{
	for (; line <= m->nout && m->steps <= STEPS_MAX; line++) {
		struct span kept[NAMES_MAX];

		memcpy(kept, m->names, sizeof(kept));
		if (items_fit(m, i + 1, line))
			return true;
		memcpy(m->names, kept, sizeof(kept));
	}
	return false;
}

static bool items_fit(struct match *m, size_t i, size_t line)
{
	for (; i < m->e->nitems; i++, line++) {
		const struct item *item = &m->e->items[i];

		if (++m->steps > STEPS_MAX)
			return false;
		if (item->kind == ITEM_ANY)
			return any_fits(m, i, line);
		if (item->kind == ITEM_GROUP)
			return group_fits(m, i, line, 0);
		if (line == m->nout || !line_fits(m, m->e->lines[item->first], m->out[line])) {
			note_far(m, line, item->first);
			return false;
		}
	}
	if (line == m->nout)
		return true;
	note_far(m, line, m->e->nlines);
	return false;
}

static void span_text(struct span s, char *buf, size_t len)
{
	snprintf(buf, len, "%.*s", (int)(s.len < len ? s.len : len - 1), s.at);
}

static void tell_miss(const struct match *m, struct expect_miss *miss)
{
	static const struct span end = {"the end", 7};

	miss->line = m->far_line + 1;
	span_text(m->far_pattern == m->e->nlines ? end : m->e->lines[m->far_pattern],
		miss->expected, sizeof(miss->expected));
	span_text(m->far_line < m->nout ? m->out[m->far_line] : end, miss->got, sizeof(miss->got));
}

bool expect_match(const struct expect *e, const char *output, size_t len, struct expect_miss *miss)
{
	struct match m = {.e = e};
	struct span *lines = NULL;
	bool fits;

	CHECK(expect_split(output, len, &lines, &m.nout) == 0);
	m.out = lines;
	fits = items_fit(&m, 0, 0);
	if (!fits && miss != NULL)
		tell_miss(&m, miss);
	free(lines);
	return fits;
}
