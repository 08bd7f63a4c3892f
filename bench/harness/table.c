/* table.c - cells gathered row by row, printed once, so that every column fits its widest cell */
#include "harness/table.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct line {
	char **cell; /* columns of them, NULL where empty; or NULL: a note */
	char *note;
};

struct table {
	char **head;
	bool *right;
	size_t columns;
	struct line *line;
	size_t lines, room;
	size_t filled; /* cells in the last row; columns: the next cell starts a row */
	bool failed;   /* no memory: some cells are missing, and table_print says so */
};

static const struct {
	uint32_t from, to;
	size_t width;
} odd_width[] = {
	{0x0300, 0x036f, 0},   /* combining marks */
	{0x200b, 0x200f, 0},   /* zero width space, joiners, marks of direction */
	{0x20d0, 0x20ff, 0},   /* combining marks for symbols */
	{0xfe00, 0xfe0f, 0},   /* variation selectors */
	{0x1100, 0x115f, 2},   /* Hangul Jamo */
	{0x2e80, 0x303e, 2},   /* CJK radicals, punctuation */
	{0x3041, 0xa4cf, 2},   /* kana, CJK, Yi */
	{0xac00, 0xd7a3, 2},   /* Hangul syllables */
	{0xf900, 0xfaff, 2},   /* CJK compatibility */
	{0xfe30, 0xfe6f, 2},   /* CJK compatibility forms */
	{0xff00, 0xff60, 2},   /* full-width forms */
	{0xffe0, 0xffe6, 2},   /* full-width signs */
	{0x1f300, 0x1f64f, 2}, /* pictographs */
	{0x1f900, 0x1f9ff, 2}, /* more pictographs */
	{0x20000, 0x3fffd, 2}, /* CJK extensions */
};

static size_t code_width(uint32_t code)
{
	for (size_t i = 0; i < sizeof(odd_width) / sizeof(odd_width[0]); i++)
		if (code >= odd_width[i].from && code <= odd_width[i].to)
			return odd_width[i].width;
	return 1;
}

/* One code point; a byte that is not UTF-8 counts as a character of its own. */
static const char *next_code(const char *p, uint32_t *code)
{
	unsigned char c = (unsigned char)*p++;
	int more = c >= 0xf0 && c < 0xf8 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	uint32_t value = more > 0 ? c & (0x3fu >> more) : c;
	const char *q = p;

	*code = '?';
	if (c >= 0xf8 || (c >= 0x80 && c < 0xc0))
		return p;
	for (; more > 0; more--, q++) {
		if ((*q & 0xc0) != 0x80)
			return p;
		value = value << 6 | (*q & 0x3fu);
	}
	*code = value;
	return q;
}

/* wcwidth() would ask the locale, which no program here sets. */
size_t table_width(const char *utf8)
{
	size_t width = 0;
	uint32_t code;

	while (*utf8 != '\0') {
		utf8 = next_code(utf8, &code);
		width += code_width(code);
	}
	return width;
}

static const char *text_of(const char *cell)
{
	return cell ? cell : "";
}

/* A line break or an escape sequence in a cell would break the table, or the terminal. */
static char *copy_of(const char *text)
{
	char *copy = strdup(text_of(text));

	for (char *p = copy; p && *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	return copy;
}

struct table *table_new(const char *const *head)
{
	struct table *t = calloc(1, sizeof(*t));
	size_t n = 0;

	if (!t)
		return NULL;
	while (head[n])
		n++;
	t->columns = t->filled = n;
	t->head = calloc(n + 1, sizeof(*t->head));
	t->right = calloc(n + 1, sizeof(*t->right));
	for (size_t i = 0; i < n && t->head && t->right; i++) {
		t->right[i] = head[i][0] == '>';
		t->head[i] = copy_of(head[i] + (t->right[i] ? 1 : 0));
		t->failed = t->failed || !t->head[i];
	}
	if (!t->head || !t->right || t->failed) {
		table_free(t);
		return NULL;
	}
	return t;
}

static struct line *add_line(struct table *t)
{
	if (t->lines == t->room) {
		size_t room = t->room > 0 ? 2 * t->room : 16;
		struct line *grown = realloc(t->line, room * sizeof(*grown));

		if (!grown)
			return NULL;
		t->line = grown;
		t->room = room;
	}
	t->line[t->lines] = (struct line){0};
	return &t->line[t->lines++];
}

void table_cell(struct table *t, const char *text)
{
	struct line *row;

	if (!t || t->failed || t->columns == 0)
		return;
	if (t->filled == t->columns) {
		row = add_line(t);
		if (row)
			row->cell = calloc(t->columns, sizeof(*row->cell));
		t->failed = !row || !row->cell;
		t->filled = 0;
	}
	if (t->failed)
		return;
	/* No note can stand behind an unfinished row: table_note finishes it. */
	row = &t->line[t->lines - 1];
	row->cell[t->filled] = copy_of(text);
	t->failed = !row->cell[t->filled];
	t->filled++;
}

void table_cellf(struct table *t, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	if (!t)
		return;
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		t->failed = true;
		return;
	}
	table_cell(t, text);
	free(text);
}

void table_note(struct table *t, const char *text)
{
	struct line *line;

	if (!t || t->failed)
		return;
	line = add_line(t);
	if (line)
		line->note = copy_of(text);
	t->failed = !line || !line->note;
	t->filled = t->columns;
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t most = table_width(t->head[column]);

	for (size_t i = 0; i < t->lines; i++) {
		size_t width = t->line[i].cell ? table_width(text_of(t->line[i].cell[column])) : 0;

		if (width > most)
			most = width;
	}
	return most;
}

static void put_spaces(FILE *f, size_t n)
{
	while (n-- > 0)
		fputc(' ', f);
}

/* Spaces are owed until a text follows them, so that no line ends in any. */
static void put_row(const struct table *t, char *const *cell, const size_t *width, FILE *f)
{
	size_t owed = 0;

	for (size_t i = 0; i < t->columns; i++) {
		const char *text = text_of(cell[i]);
		size_t pad = width[i] - table_width(text);

		if (t->right[i])
			owed += pad;
		if (*text != '\0') {
			put_spaces(f, owed);
			fputs(text, f);
			owed = 0;
		}
		owed += 2 + (t->right[i] ? 0 : pad);
	}
}

void table_print(const struct table *t, FILE *f, bool colour)
{
	size_t *width = t ? calloc(t->columns + 1, sizeof(*width)) : NULL;

	if (!width) {
		fputs("(no memory for this table)\n", f);
		return;
	}
	for (size_t i = 0; i < t->columns; i++)
		width[i] = column_width(t, i);
	fputs(colour ? "\033[1m" : "", f);
	put_row(t, t->head, width, f);
	fputs(colour ? "\033[0m\n" : "\n", f);
	for (size_t i = 0; i < t->lines; i++) {
		if (t->line[i].cell)
			put_row(t, t->line[i].cell, width, f);
		else
			fputs(text_of(t->line[i].note), f);
		fputc('\n', f);
	}
	if (t->failed)
		fputs("(no memory for the rest of this table)\n", f);
	free(width);
}

void table_free(struct table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->lines; i++) {
		for (size_t c = 0; t->line[i].cell && c < t->columns; c++)
			free(t->line[i].cell[c]);
		free(t->line[i].cell);
		free(t->line[i].note);
	}
	for (size_t c = 0; t->head && c < t->columns; c++)
		free(t->head[c]);
	free(t->line);
	free(t->head);
	free(t->right);
	free(t);
}

bool table_colour(FILE *f)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	int fd = fileno(f);

	/* no-color.org: set, and not empty. */
	if (no_color && *no_color != '\0')
		return false;
	return fd >= 0 && isatty(fd) && term && *term != '\0' && strcmp(term, "dumb") != 0;
}
