/* claims_show.c - claims and their verdicts as a table, as Markdown, as JSON */
#include "claims_show.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/table.h"

#define TEXT_COLUMNS 44

/* At most `most` characters, cut at a blank, "..." behind. */
static void shorten(char *buf, size_t len, const char *text, size_t most)
{
	size_t cut = 0, n = 0;

	if (table_width(text) <= most) {
		snprintf(buf, len, "%s", text);
		return;
	}
	for (size_t i = 0; text[i] && i + 4 < len; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80 && ++n > most - 3)
			break;
		if (text[i] == ' ')
			cut = i;
	}
	snprintf(buf, len, "%.*s...", (int)cut, text);
}

void claims_show_table(const struct claim *const *list, size_t n, const struct store *s)
{
	static const char *const head[] = {
		"claim", "what it says", "published", "in", "measured here", "verdict", NULL};
	struct table *t = table_new(head);

	for (size_t i = 0; i < n; i++) {
		struct claim_judgement j[CLAIM_SUBJECTS];
		size_t k = claims_judge(list[i], s, j);

		for (size_t m = 0; m < k; m++) {
			char text[256], published[64], line[sizeof(j[m].why) + 8];

			shorten(text, sizeof(text), list[i]->text, TEXT_COLUMNS);
			shorten(published, sizeof(published), list[i]->published, 20);
			table_cell(t, m ? "" : list[i]->id);
			table_cell(t, m ? "" : text);
			table_cell(t, m ? "" : published);
			table_cell(t, j[m].subject);
			table_cell(t, j[m].measured);
			table_cell(t, claim_verdict_name(j[m].verdict));
			/* The same reason twice is told once. */
			if (m && !strcmp(j[m].why, j[m - 1].why))
				continue;
			snprintf(line, sizeof(line), "    %s", j[m].why);
			table_note(t, line);
		}
	}
	table_print(t, stdout, table_colour(stdout));
	table_free(t);
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
