/* claims_explain.c - forklab claims ID: everything there is to know of one claim */
#include "claims_show.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims_parts.h"
#include "harness/table.h"

#define FIELD 15 /* columns before a field's text */

static void field(const char *name, const char *text)
{
	if (!*text)
		return;
	printf("  %-12s ", name);
	claims_wrap(stdout, text, FIELD, FIELD, claims_width(stdout));
}

static void source(const struct claim *c)
{
	const char *parts[] = {c->author, c->title, c->year};
	char line[512] = "";

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		size_t used = strlen(line);

		if (*parts[i])
			snprintf(line + used, sizeof(line) - used, "%s%s", used ? ", " : "",
				parts[i]);
	}
	if (*c->line) {
		size_t used = strlen(line);

		/* "9", or "table 28-3" */
		snprintf(line + used, sizeof(line) - used, ", %s%s",
			*c->line >= '0' && *c->line <= '9' ? "line " : "", c->line);
	}
	field("said by", line);
}

/* "1.25 to 3", "at least 1.25", "at most 1" */
static void range_words(const json_t *holds, char *buf, size_t len)
{
	const json_t *lo = json_array_get(holds, 0), *hi = json_array_get(holds, 1);
	char a[32], b[32];

	table_number(a, sizeof(a), json_number_value(lo));
	table_number(b, sizeof(b), json_number_value(hi));
	if (json_is_number(lo) && json_is_number(hi))
		snprintf(buf, len, "%s to %s", a, b);
	else
		snprintf(buf, len, "%s %s", json_is_number(lo) ? "at least" : "at most",
			json_is_number(lo) ? a : b);
}

/* Which run it comes from, and what that was worth. */
static void print_origin(const json_t *run)
{
	char line[200];

	if (!run)
		return;
	snprintf(line, sizeof(line), "run %s, begun %s%s", claim_text(run, "run_id"),
		claim_text(run, "started"),
		json_is_true(json_object_get(run, "quick")) ? ", with --quick" : "");
	field("from", line);
}

static void print_case(const json_t *c, const struct case_result *r)
{
	static const char *const truths[] = {"true", "false", "true in part", "not decided"};
	char range[80] = "", line[500];

	putchar('\n');
	snprintf(line, sizeof(line), "%s%s%s", claim_text(c, "when"),
		*claim_text(c, "when") ? ": " : "", truths[r->truth]);
	field("case", line);
	if (json_object_get(c, "holds")) {
		range_words(json_object_get(c, "holds"), range, sizeof(range));
		field("compared", r->what);
		field("holds with", range);
		snprintf(line, sizeof(line), r->rounds ? "%s in %zu rounds" : "%s", r->figure,
			r->rounds);
		field("measured", line);
		print_origin(r->run);
	} else {
		field(r->truth == CASE_UNKNOWN ? "decided by" : "seen in", r->what);
	}
	field("remark", r->why);
}

/* Intervals are explained where there are some. */
static void print_cases(const json_t *subject, const struct case_result *r, size_t n)
{
	const json_t *cases = json_object_get(subject, "cases");
	bool brackets = false;

	for (size_t i = 0; i < n; i++) {
		print_case(json_array_get(cases, i), &r[i]);
		brackets = brackets || strchr(r[i].figure, '[');
	}
	if (brackets)
		puts("\n  Brackets are intervals: of all cases of one language together right in "
		     "95 %.");
}

/* A line for each case that another command measures; lines to copy are never broken. */
static void print_commands(const struct store *s, const json_t *subject)
{
	const json_t *show = json_object_get(subject, "show");
	const json_t *cases = json_object_get(subject, "cases");
	size_t n = show ? 1 : json_array_size(cases);
	char command[CASES_MAX][CLAIM_COMMAND];

	puts("\n  To measure it again:");
	for (size_t i = 0; i < n && i < CASES_MAX; i++) {
		bool said = false;

		claim_command(s, show ? show : json_array_get(cases, i), 0, command[i],
			sizeof(command[i]));
		for (size_t k = 0; k < i; k++)
			said = said || !strcmp(command[k], command[i]);
		if (!said)
			printf("    %s\n", command[i]);
	}
}

/* What was published is shown with all its digits, unlike what is measured. */
static void published_cell(struct table *t, const json_t *v)
{
	char *text =
		json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));

	table_cell(t, text ? text : json_is_string(v) ? json_string_value(v) : "");
	free(text);
}

/* The table as it was published, where the claim brings it along. */
static void print_rows(const json_t *rows)
{
	const char *head[12];
	const json_t *first = json_array_get(rows, 0);
	struct table *t;
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)(uintptr_t)first, name, value) if (n < 11) head[n++] = name;
	head[n] = NULL;
	if (!n)
		return;
	printf("\nAs published:\n");
	t = table_new(head);
	for (size_t i = 0; i < json_array_size(rows); i++)
		for (size_t k = 0; k < n; k++)
			published_cell(t, json_object_get(json_array_get(rows, i), head[k]));
	table_print(t, stdout, table_colour(stdout));
	table_free(t);
}

static void print_subject(
	const struct store *s, const json_t *subject, const struct claim_judgement *j)
{
	struct case_result cases[CASES_MAX];
	size_t n;

	printf("\nIn %s: %s\n", j->subject, claim_verdict_name(j->verdict));
	field("why", j->why);
	field("measured", j->measured);
	if (json_object_get(subject, "cases")) {
		n = claim_cases(s, subject, cases);
		print_cases(subject, cases, n);
	}
	print_commands(s, subject);
}

void claims_explain(const struct claim *c, const struct store *s)
{
	const json_t *subjects = json_object_get(c->row, "subjects");
	struct claim_judgement j[CLAIM_SUBJECTS];
	size_t n = claims_judge(c, s, j);

	printf("%s: ", c->id);
	claims_wrap(stdout, c->text, table_width(c->id) + 2, 2, claims_width(stdout));
	source(c);
	field("published", c->published);
	field("topic", c->topic);
	field("needs", claim_text(c->row, "needs"));
	field("border", claim_text(c->row, "border"));
	field("note", claim_text(c->row, "note"));
	if (!json_array_size(subjects) || *claim_text(c->row, "verdict")) {
		printf("\n%s\n", claim_verdict_name(j[0].verdict));
		field("why", j[0].why);
	} else {
		for (size_t i = 0; i < n; i++)
			print_subject(s, json_array_get(subjects, i), &j[i]);
	}
	if (json_array_size(json_object_get(c->row, "rows")))
		print_rows(json_object_get(c->row, "rows"));
}
