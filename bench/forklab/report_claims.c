/* report_claims.c - the published claims in the page and on the terminal */
#include "report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "claims_show.h"

/* A shape beside each word, so that colour is not needed. */
static const char *const signs[CLAIM_VERDICTS] = {
	[CLAIM_HOLDS] = "\xe2\x9c\x93",         /* check mark */
	[CLAIM_HOLDS_ONLY] = "\xe2\x97\x90",    /* half circle */
	[CLAIM_DOES_NOT_HOLD] = "\xe2\x9c\x97", /* ballot x */
	[CLAIM_CANNOT_TELL] = "?",
	[CLAIM_OPINION] = "\xe2\x80\x9c", /* quotation mark */
	[CLAIM_SLIP] = "!",
};

static const char *const classes[CLAIM_VERDICTS] = {
	[CLAIM_HOLDS] = "holds",
	[CLAIM_HOLDS_ONLY] = "holds-only-when",
	[CLAIM_DOES_NOT_HOLD] = "does-not-hold",
	[CLAIM_CANNOT_TELL] = "cannot-tell",
	[CLAIM_OPINION] = "cannot-tell",
	[CLAIM_SLIP] = "cannot-tell",
};

bool report_wants_claim(const struct report *r, const struct claim *c, const char *topic)
{
	if (topic)
		return !strcmp(c->topic, topic);
	if (!r->only || !strcmp(r->only, c->topic))
		return true;
	for (size_t i = 0; i < r->nbenches; i++)
		if (!strcmp(r->benches[i].topic, c->topic))
			return true;
	return false;
}

static size_t count(const struct report *r, const char *topic)
{
	size_t n = 0;

	for (size_t i = 0; r->claims && i < claims_count(r->claims); i++)
		n += report_wants_claim(r, claims_get(r->claims, i), topic);
	return n;
}

void report_count_verdicts(const struct report *r, size_t n[CLAIM_VERDICTS])
{
	memset(n, 0, CLAIM_VERDICTS * sizeof(*n));
	for (size_t i = 0; r->claims && i < claims_count(r->claims); i++) {
		const struct claim *c = claims_get(r->claims, i);
		struct claim_judgement j[CLAIM_SUBJECTS];

		if (report_wants_claim(r, c, NULL) && claims_judge(c, r->store, j))
			n[j[0].verdict]++;
	}
}

void report_put_counts(FILE *f, const struct report *r)
{
	size_t n[CLAIM_VERDICTS], all = count(r, NULL);

	if (!r->claims) {
		fputs("<p class=\"note\">", f);
		html_textf(f, "The published claims could not be read: %s", r->claims_why);
		fputs("</p>\n", f);
		return;
	}
	report_count_verdicts(r, n);
	fprintf(f, "<p>%zu published claims, as measured here:</p>\n<ul class=\"counts\">\n", all);
	for (size_t v = 0; v < CLAIM_VERDICTS; v++) {
		const char *name = claim_verdict_name((enum claim_verdict)v);

		if (!n[v])
			continue;
		fputs("<li><a href=\"#claims\" data-verdict=\"", f);
		html_text(f, name);
		fprintf(f, "\"><span class=\"v %s\">%s ", classes[v], signs[v]);
		html_text(f, name);
		fprintf(f, "</span> <b>%zu</b></a></li>\n", n[v]);
	}
	fputs("</ul>\n", f);
}

static void put_judgement(FILE *f, const struct claim_judgement *j)
{
	fputs("<td class=\"w\">", f);
	html_text(f, j->subject);
	fprintf(f, "</td><td><span class=\"v %s\">%s ", classes[j->verdict], signs[j->verdict]);
	html_text(f, claim_verdict_name(j->verdict));
	fputs("</span></td><td class=\"m\">", f);
	html_text(f, *j->measured ? j->measured : "\xe2\x80\x93");
	fputs("</td><td class=\"t\">", f);
	html_text(f, j->why);
	if (*j->program && !strstr(j->why, j->program)) {
		fputs(" <span class=\"soft\">", f);
		html_textf(f, "(%s)", j->program);
		fputs("</span>", f);
	}
	fputs("</td>", f);
}

static void put_claim(FILE *f, const struct report *r, const struct claim *c, bool source)
{
	struct claim_judgement j[CLAIM_SUBJECTS];
	size_t n = claims_judge(c, r->store, j);

	fputs("<tbody data-verdict=\"", f);
	html_text(f, n ? claim_verdict_name(j[0].verdict) : "");
	fputs("\" data-topic=\"", f);
	html_text(f, c->topic);
	fputs("\">\n", f);
	for (size_t i = 0; i < n; i++) {
		fputs("<tr>", f);
		if (!i) {
			fprintf(f, "<td class=\"w\" rowspan=\"%zu\">", n);
			html_text(f, c->id);
			fprintf(f, "</td><td class=\"t\" rowspan=\"%zu\">", n);
			html_text(f, c->text);
			if (source) {
				fputs(" <span class=\"soft\">", f);
				/* "9", or "table 28-3" */
				html_textf(f, "%s%s%s%s%s%s%s%s", c->author, *c->author ? ", " : "",
					c->title, *c->year ? ", " : "", c->year,
					*c->line ? ", " : "",
					isdigit((unsigned char)*c->line) ? "line " : "", c->line);
				fputs("</span>", f);
			}
			fprintf(f, "</td><td rowspan=\"%zu\">", n);
			html_text(f, *c->published ? c->published : "\xe2\x80\x93");
			fputs("</td>", f);
		}
		put_judgement(f, &j[i]);
		fputs("</tr>\n", f);
	}
	fputs("</tbody>\n", f);
}

void report_put_claims(FILE *f, const struct report *r, const char *topic)
{
	size_t n = count(r, topic);

	if (!topic)
		fputs("<section>\n<h2 id=\"claims\">All claims</h2>\n", f);
	else if (n)
		fputs("<h3>What was published, and what it is worth here</h3>\n", f);
	if (n && !topic)
		report_put_filter(f, r);
	if (n) {
		fprintf(f,
			"<div class=\"scroll%s\"%s tabindex=\"0\" role=\"region\" "
			"aria-label=\"Claims\">"
			"<table>\n<thead><tr><th>claim</th><th>what is "
			"claimed</th><th>published</th>"
			"<th>in</th><th>verdict</th><th>measured here</th><th>why</th></tr>"
			"</thead>\n",
			n > 30 ? " long" : "", topic ? "" : " id=\"all-claims\"");
		for (size_t i = 0; i < claims_count(r->claims); i++) {
			const struct claim *c = claims_get(r->claims, i);

			if (report_wants_claim(r, c, topic))
				put_claim(f, r, c, !topic);
		}
		fputs("</table></div>\n", f);
	} else if (!topic) {
		fputs("<p>None is known here.</p>\n", f);
	}
	if (!topic)
		fputs("</section>\n", f);
}

void report_print_verdicts(const struct report *r, FILE *out)
{
	const struct claim **list;
	size_t n = 0;

	if (!r->claims || !count(r, NULL))
		return;
	list = calloc(claims_count(r->claims), sizeof(*list));
	for (size_t i = 0; list && i < claims_count(r->claims); i++)
		if (report_wants_claim(r, claims_get(r->claims, i), NULL))
			list[n++] = claims_get(r->claims, i);
	if (n)
		claims_show_list(out, list, n, r->store, false);
	free(list);
}
