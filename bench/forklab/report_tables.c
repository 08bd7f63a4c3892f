/* report_tables.c - one benchmark in the page: its question, charts and table; and the claims */
#include "report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/result.h"
#include "harness/table.h"

static void put_cell(FILE *f, const char *class, const char *text)
{
	fprintf(f, "<td class=\"%s\">", class);
	html_text(f, *text ? text : "\xe2\x80\x93");
	fputs("</td>", f);
}

/* The SVG alone: without the XML declaration, which has no place inside HTML. */
static bool put_svg(FILE *f, const char *path)
{
	FILE *svg = fopen(path, "re");
	char *line = NULL;
	size_t cap = 0;
	bool inside = false;

	if (!svg)
		return false;
	while (getline(&line, &cap, svg) > 0) {
		inside = inside || !strncmp(line, "<svg", 4);
		if (inside)
			fputs(line, f);
	}
	free(line);
	fclose(svg);
	return inside;
}

/* What a reader would see, as text, where there is no picture. */
static void put_twin(FILE *f, const struct figure *fig)
{
	char *text = NULL;
	size_t len;
	FILE *m = open_memstream(&text, &len);

	if (!m)
		return;
	figure_print(fig, m);
	if (!fclose(m)) {
		fputs("<pre>", f);
		html_text(f, text);
		fputs("</pre>\n", f);
	}
	free(text);
}

static void put_figure(FILE *f, const struct report *r, const struct figure *fig)
{
	fputs("<figure class=\"chart\">\n", f);
	if (!fig->drawn || !put_svg(f, fig->svg))
		put_twin(f, fig);
	fputs("<figcaption>", f);
	html_text(f, fig->caption);
	/* Title and note stand in the chart: here only where they are too long for it. */
	if (table_width(fig->title) > FIGURE_TITLE_FITS)
		html_textf(f, " %s.", fig->title);
	if (table_width(fig->note) > FIGURE_NOTE_FITS)
		html_textf(f, " Measured %s.", fig->note);
	if (fig->left_out)
		html_textf(f, " %zu more in the table.", fig->left_out);
	if (*fig->why && !*r->charts_why)
		html_textf(f, " Not drawn: %s.", fig->why);
	fputs(" <code>charts/", f);
	html_text(f, fig->stem);
	fputs(".dat</code></figcaption>\n</figure>\n", f);
}

static void put_charts(FILE *f, struct report *r, const struct report_bench *b)
{
	struct figure *figures = calloc(REPORT_FIGURES, sizeof(*figures));
	size_t n = figures ? report_figures(b, figures) : 0;
	int err = report_draw(r, figures, n);

	if (err) {
		fputs("<p class=\"note\">", f);
		html_textf(f, "The charts could not be written: %s", strerror(-err));
		fputs("</p>\n", f);
	}
	if (n)
		fputs("<div class=\"charts\">\n", f);
	for (size_t i = 0; i < n; i++) {
		put_figure(f, r, &figures[i]);
		figure_free(&figures[i]);
	}
	if (n)
		fputs("</div>\n", f);
	free(figures);
}

static void put_flags(FILE *f, const json_t *result)
{
	const json_t *flags = json_object_get(result, "flags");

	fputs("<td class=\"t\">", f);
	for (size_t i = 0; i < json_array_size(flags); i++) {
		char text[64];

		snprintf(text, sizeof(text), "%s", json_string_value(json_array_get(flags, i)));
		for (char *p = text; *p; p++)
			if (*p == '_')
				*p = ' ';
		html_textf(f, "%s%s", i ? ", " : "", text);
	}
	fputs("</td>", f);
}

static void put_numbers(FILE *f, const struct report_bench *b, const json_t *result)
{
	const json_t *c = report_compare(b, result);
	char median[TABLE_CELL], interval[64], ratio[TABLE_CELL] = "", between[64] = "",
					       of[120] = "";
	char n[24];

	report_time(result, median, sizeof(median), interval, sizeof(interval));
	if (c) {
		report_ratio(ratio, sizeof(ratio), report_number(c, "ratio", 0));
		report_ratio_interval(c, between, sizeof(between));
		snprintf(of, sizeof(of), "%s %.40s of %.40s", ratio, between, report_text(c, "b"));
	}
	snprintf(n, sizeof(n), "%.0f", report_number(result, "n", 0));
	put_cell(f, "n", median);
	put_cell(f, "n", interval);
	put_cell(f, "w", of);
	put_cell(f, "w", report_text(c, "verdict"));
	put_cell(f, "n", n);
	put_flags(f, result);
}

static void put_row(FILE *f, const struct report_bench *b, const struct report_slice *axes,
	const json_t *result)
{
	fputs("<tr>", f);
	for (size_t i = 0; i < axes->naxes; i++)
		if (axes->axis[i].n > 1)
			put_cell(f, axes->axis[i].numeric ? "n" : "w",
				report_text(json_object_get(result, "params"), axes->axis[i].name));
	put_cell(f, "w", report_text(result, "variant"));
	if (report_ok(result)) {
		put_numbers(f, b, result);
	} else {
		fputs("<td colspan=\"6\" class=\"t\">", f);
		html_textf(f, "no number: %s",
			*report_text(result, "why") ? report_text(result, "why")
						    : "the check failed");
		fputs("</td>", f);
	}
	fputs("</tr>\n", f);
}

static bool has_flag(const json_t *results, const char *name)
{
	const json_t *o, *flag;
	size_t i, k;

	json_array_foreach(results, i, o)
	{
		json_array_foreach(json_object_get(o, "flags"), k, flag)
		{
			const char *text = json_string_value(flag);

			if (text && !strcmp(text, name))
				return true;
		}
	}
	return false;
}

/* What the last column's words mean, as far as they occur. */
static void put_flag_texts(FILE *f, const json_t *results)
{
	bool any = false;

	for (int i = 0; i < RESULT_FLAGS; i++) {
		enum result_flag flag = (enum result_flag)i;
		char name[64];

		if (!has_flag(results, result_flag_name(flag)))
			continue;
		fputs(any ? "" : "<dl class=\"flags soft\">\n", f);
		any = true;
		snprintf(name, sizeof(name), "%s", result_flag_name(flag));
		for (char *p = name; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		fputs("<dt>", f);
		html_text(f, name);
		fputs("</dt><dd>", f);
		html_text(f, result_flag_text(flag));
		fputs("</dd>\n", f);
	}
	fputs(any ? "</dl>\n" : "", f);
}

/* A longer table is folded: the charts above it say the same at a glance. */
#define OPEN_ROWS 16

static void put_table(FILE *f, const struct report_bench *b)
{
	size_t all = json_array_size(b->results), n = all < REPORT_ROWS ? all : REPORT_ROWS;
	struct report_slice axes;

	report_axes(b, &axes);
	fprintf(f,
		"<details%s><summary>Numbers (%zu)</summary>\n<div class=\"scroll%s\" "
		"tabindex=\"0\" "
		"role=\"region\" aria-label=\"Numbers\"><table>\n<tr>",
		n > OPEN_ROWS ? "" : " open", all, n > 40 ? " long" : "");
	for (size_t i = 0; i < axes.naxes; i++)
		if (axes.axis[i].n > 1) {
			fprintf(f, "<th class=\"%s\">", axes.axis[i].numeric ? "n" : "w");
			html_text(f, axes.axis[i].name);
			fputs("</th>", f);
		}
	fputs("<th>variant</th><th class=\"n\">median</th><th class=\"n\">95 % interval</th>"
	      "<th>times its base</th><th>so it is</th><th class=\"n\">n</th><th>flags</th></tr>\n",
		f);
	for (size_t i = 0; i < n; i++)
		put_row(f, b, &axes, json_array_get(b->results, i));
	fputs("</table></div>\n", f);
	put_flag_texts(f, b->results);
	if (n < all)
		fprintf(f, "<p class=\"soft\">%zu more rows are in the records.</p>\n", all - n);
	fputs("</details>\n", f);
}

static void put_facts(FILE *f, const struct report_bench *b)
{
	const char *started = report_text(b->run, "started");

	fputs("<p class=\"soft\">", f);
	html_textf(f, "One operation: %s. Measured by %s%s%s%s, run %s.", b->op, b->name,
		*started ? " at " : "", started,
		json_is_true(json_object_get(b->run, "quick")) ? " in a hurry (--quick)" : "",
		b->run_id);
	fputs("</p>\n", f);
	if (!b->end || !json_is_true(json_object_get(b->end, "complete")))
		fputs("<p class=\"note\">This measurement was interrupted: what was finished "
		      "before is "
		      "shown.</p>\n",
			f);
}

void report_put_question(FILE *f, const struct report_bench *b)
{
	const char first[2] = {(char)toupper((unsigned char)b->question[0]), '\0'};

	html_text(f, first);
	html_text(f, *first ? b->question + 1 : "");
}

void report_put_bench(FILE *f, struct report *r, const struct report_bench *b)
{
	char sentence[700];

	fputs("<h3>", f);
	report_put_question(f, b);
	fputs("</h3>\n<p>", f);
	html_text(f, report_sentence(b, sentence, sizeof(sentence)));
	fputs("</p>\n", f);
	put_facts(f, b);
	if (!json_array_size(b->results))
		return;
	put_charts(f, r, b);
	put_table(f, b);
}
