/* claims_show.c - claims and their verdicts as paragraphs, as Markdown, as JSON */
#include "claims_show.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "harness/table.h"

#define WIDTH_DEFAULT 100 /* where the output is no terminal */
#define WIDTH_LEAST   60
#define WIDTH_MOST    110 /* longer lines are hard to read */
#define INDENT        2
#define LEFT          4  /* where a command begins that is too long for its column */
#define VERDICT       18 /* columns */
#define SUBJECT       16

size_t claims_width(FILE *f)
{
	struct winsize size;
	size_t width = WIDTH_DEFAULT;

	if (ioctl(fileno(f), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	return width < WIDTH_LEAST ? WIDTH_LEAST : width > WIDTH_MOST ? WIDTH_MOST : width;
}

/* A command is one word, with the bracket around it: in two lines it could not be copied into a shell. */
static size_t word_length(const char *text)
{
	const char *first = text + (*text == '(');
	size_t n = strcspn(text, " \n");

	if (!strncmp(first, "forklab run ", 12) || !strncmp(first, "forklab watch ", 14)) {
		n = strcspn(text, ")\n");
		n += text[n] == ')';
	}
	return n;
}

void claims_wrap(FILE *f, const char *text, size_t used, size_t indent, size_t width)
{
	bool first = true;

	while (*(text += strspn(text, " \n"))) {
		size_t n = word_length(text);
		char word[256];
		size_t columns;

		snprintf(word, sizeof(word), "%.*s", (int)n, text);
		columns = table_width(word);
		if (!first && used + 1 + columns > width) {
			/* What is too long for its column begins further left. */
			used = indent + columns > width && indent > LEFT ? LEFT : indent;
			fprintf(f, "\n%*s", (int)used, "");
			first = true;
		}
		fprintf(f, "%s%s", first ? "" : " ", word);
		used += columns + !first;
		first = false;
		text += n;
	}
	fputc('\n', f);
}

/* Left-aligned in so many columns and a blank. */
static void put_column(FILE *f, const char *text, size_t columns)
{
	size_t width = table_width(text);

	fprintf(f, "%s%*s", text, (int)(width < columns ? columns - width + 1 : 1), "");
}

static void put_judgement(FILE *f, const struct claim_judgement *j, bool colour, size_t width)
{
	static const char *const colours[CLAIM_VERDICTS] = {
		"\033[32m", "\033[33m", "\033[31m", "\033[2m", "\033[2m", "\033[2m"};

	fprintf(f, "%*s%s", INDENT, "", colour ? colours[j->verdict] : "");
	put_column(f, claim_verdict_name(j->verdict), VERDICT);
	fputs(colour ? "\033[0m" : "", f);
	put_column(f, j->subject, SUBJECT);
	claims_wrap(f, j->measured, INDENT + VERDICT + SUBJECT + 2, INDENT + VERDICT + 1, width);
}

void claims_show_list(
	FILE *f, const struct claim *const *list, size_t n, const struct store *s, bool why)
{
	size_t width = claims_width(f);
	bool colour = table_colour(f);

	for (size_t i = 0; i < n; i++) {
		struct claim_judgement j[CLAIM_SUBJECTS];
		size_t k = claims_judge(list[i], s, j);
		const char *told = "";

		fprintf(f, "%s%s%s%s  ", i ? "\n" : "", colour ? "\033[1m" : "", list[i]->id,
			colour ? "\033[0m" : "");
		claims_wrap(f, list[i]->text, table_width(list[i]->id) + 2, INDENT, width);
		if (why && *list[i]->published) {
			fprintf(f, "%*s", INDENT, "");
			put_column(f, "published", VERDICT);
			claims_wrap(f, list[i]->published, INDENT + VERDICT + 1,
				INDENT + VERDICT + 1, width);
		}
		for (size_t m = 0; m < k; m++) {
			put_judgement(f, &j[m], colour, width);
			/* A verdict that is missing needs its reason; the same one twice is told once. */
			if (!*j[m].why || (!why && j[m].verdict != CLAIM_CANNOT_TELL) ||
				(m && !strcmp(j[m].why, told)))
				continue;
			told = j[m].why;
			fprintf(f, "%*s", INDENT + VERDICT + 1, "");
			claims_wrap(f, j[m].why, INDENT + VERDICT + 1, INDENT + VERDICT + 1, width);
		}
	}
}

/* A cell of a Markdown table: what would end it or start markup is escaped. */
static void md_cell(const char *text)
{
	fputs(" ", stdout);
	for (; *text; text++) {
		if (strchr("|\\`*_[]<>", *text))
			putchar('\\');
		putchar(*text == '\n' ? ' ' : *text);
	}
	fputs(" |", stdout);
}

void claims_show_md(const struct claim *const *list, size_t n, const struct store *s)
{
	puts("| claim | what it says | published | in | measured here | verdict | why |");
	puts("|---|---|---|---|---|---|---|");
	for (size_t i = 0; i < n; i++) {
		struct claim_judgement j[CLAIM_SUBJECTS];
		size_t k = claims_judge(list[i], s, j);

		for (size_t m = 0; m < k; m++) {
			const char *cells[] = {m ? "" : list[i]->id, m ? "" : list[i]->text,
				m ? "" : list[i]->published, j[m].subject, j[m].measured,
				claim_verdict_name(j[m].verdict), j[m].why};

			putchar('|');
			for (size_t c = 0; c < sizeof(cells) / sizeof(cells[0]); c++)
				md_cell(cells[c]);
			putchar('\n');
		}
	}
}

static json_t *judgements_json(const struct claim *c, const struct store *s)
{
	struct claim_judgement j[CLAIM_SUBJECTS];
	size_t k = claims_judge(c, s, j);
	json_t *list = json_array();

	for (size_t m = 0; m < k; m++)
		json_array_append_new(
			list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "subject", j[m].subject,
				      "verdict", claim_verdict_name(j[m].verdict), "measured",
				      j[m].measured, "why", j[m].why, "program", j[m].program));
	return list;
}

void claims_show_json(const struct claim *const *list, size_t n, const struct store *s)
{
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct claim *c = list[i];

		json_array_append_new(
			all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "id", c->id,
				     "text", c->text, "line", c->line, "published", c->published,
				     "topic", c->topic, "title", c->title, "author", c->author,
				     "year", c->year, "judgements", judgements_json(c, s)));
	}
	json_dumpf(all, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(all);
}
