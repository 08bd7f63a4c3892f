/* claims_judge.c - from the cases of a claim to its verdicts, one a subject */
#include "claims_parts.h"

#include <stdio.h>
#include <string.h>

#include "harness/table.h"

/* Appends to a line; what does not fit ends in "...", at a whole UTF-8 character. */
static void append(char *line, size_t len, const char *text)
{
	size_t used = strlen(line), n = strlen(text);

	if (used + 7 >= len && !strcmp(line + used - 3, "..."))
		return; /* it has been cut already */
	snprintf(line + used, len - used, "%s", text);
	if (used + n < len)
		return;
	used = len - 4;
	while (used > 0 && ((unsigned char)line[used] & 0xc0) == 0x80)
		used--;
	snprintf(line + used, len - used, "...");
}

/* "several CPUs are used (fork takes 1.95 [1.90, 2.01] times as long as a thread), ...": the cases of
 * one truth, in a row. */
static void append_cases(struct claim_judgement *j, const struct case_result *cases, size_t n,
	bool good, const char *before)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		bool is = cases[i].truth == CASE_TRUE || cases[i].truth == CASE_PARTLY;

		if (is != good)
			continue;
		append(j->why, sizeof(j->why), any ? ", " : before);
		append(j->why, sizeof(j->why), cases[i].when);
		append(j->why, sizeof(j->why), " (");
		append(j->why, sizeof(j->why), cases[i].said);
		append(j->why, sizeof(j->why), ")");
		any = true;
	}
}

/* Where there is only one case, it needs no condition; a figure that says all stands under "measured". */
static void append_only(struct claim_judgement *j, const struct case_result *c)
{
	if (!*c->figure)
		append(j->why, sizeof(j->why), "seen in ");
	if (strcmp(c->said, c->figure))
		append(j->why, sizeof(j->why), c->said);
}

/* Behind the figures: the sentence of the claim for this verdict, and what else there is to know. */
static void append_rest(
	struct claim_judgement *j, const json_t *subject, const struct case_result *cases, size_t n)
{
	const char *text =
		claim_text(json_object_get(subject, "explain"), claim_verdict_name(j->verdict));
	const char *remark = "";

	for (size_t i = 0; i < n && !*remark; i++)
		remark = cases[i].why;
	if (*text) {
		append(j->why, sizeof(j->why), *j->why ? ": " : "");
		append(j->why, sizeof(j->why), text);
	}
	if (*remark) {
		append(j->why, sizeof(j->why), *j->why ? "; " : "");
		append(j->why, sizeof(j->why), remark);
	}
}

static void cannot_tell(struct claim_judgement *j, const struct case_result *cases, size_t n)
{
	const struct case_result *open = cases;

	while (open->truth != CASE_UNKNOWN) /* the caller has seen one */
		open++;
	j->verdict = CLAIM_CANNOT_TELL;
	if (n > 1 && *open->when) {
		append(j->why, sizeof(j->why), open->when);
		append(j->why, sizeof(j->why), ": ");
	}
	append(j->why, sizeof(j->why), open->why);
	/* The figure of a case that is decided would contradict the verdict. */
	append(j->measured, sizeof(j->measured), open->figure);
}

static void combine(
	struct claim_judgement *j, const json_t *subject, const struct case_result *cases, size_t n)
{
	size_t good = 0, bad = 0;
	const struct case_result *shown = &cases[0];

	for (size_t i = 0; i < n; i++) {
		if (cases[i].truth == CASE_UNKNOWN) {
			cannot_tell(j, cases, n);
			return;
		}
		good += cases[i].truth == CASE_TRUE;
		bad += cases[i].truth == CASE_FALSE;
	}
	j->verdict = good == n ? CLAIM_HOLDS : bad == n ? CLAIM_DOES_NOT_HOLD : CLAIM_HOLDS_ONLY;
	for (size_t i = 0; i < n && j->verdict == CLAIM_HOLDS_ONLY && shown->truth == CASE_FALSE;
		i++)
		shown = &cases[i];
	if (n == 1 && j->verdict != CLAIM_HOLDS_ONLY) {
		append_only(j, shown);
	} else {
		append_cases(j, cases, n, true, "");
		append_cases(
			j, cases, n, false, j->verdict == CLAIM_HOLDS_ONLY ? "; not when " : "");
	}
	append(j->measured, sizeof(j->measured), shown->figure);
	append_rest(j, subject, cases, n);
}

/* A time of other hardware stands beside ours and is never judged. */
static void show(
	const struct store *s, const json_t *what, struct claim_judgement *j, const json_t **host)
{
	struct case_result found = {0};
	struct case_sides sides;
	char time[32], interval[64], why[200];
	const json_t *ci;

	j->verdict = CLAIM_CANNOT_TELL;
	snprintf(j->program, sizeof(j->program), "%s", claim_text(what, "bench"));
	snprintf(why, sizeof(why),
		"a time of other hardware is shown, not judged: its ratio is, in %s",
		claim_text(what, "judged_by"));
	append(j->why, sizeof(j->why), why);
	if (!claim_sides_find(s, what, &sides, &found)) {
		append(j->why, sizeof(j->why), "; ");
		append(j->why, sizeof(j->why), found.why);
		return;
	}
	*host = json_object_get(sides.run, "host");
	if (claim_valid(sides.a, &found)) {
		double median = json_number_value(json_object_get(sides.a, "median"));

		ci = json_object_get(sides.a, "ci95");
		table_value(time, sizeof(time), claim_text(sides.a, "unit"), median);
		table_value_interval(interval, sizeof(interval), claim_text(sides.a, "unit"),
			median, json_array_size(ci) == 2, json_number_value(json_array_get(ci, 0)),
			json_number_value(json_array_get(ci, 1)));
		snprintf(j->measured, sizeof(j->measured), "%s %s", time, interval);
		if (sides.alternative)
			append(j->why, sizeof(j->why),
				"; measured at a smaller size than published");
	} else {
		append(j->why, sizeof(j->why), "; ");
		append(j->why, sizeof(j->why), found.why);
	}
	json_decref(sides.point);
}

/* "CPython 3.11.2" where the record says which it was. */
static void name_subject(const json_t *subject, const json_t *host, struct claim_judgement *j)
{
	const char *name = claim_text(subject, "subject");
	const char *version = claim_text(host, "python");

	if (strcmp(name, "CPython"))
		version = "";
	while (*version && (*version < '0' || *version > '9')) /* "Python 3.11.2" or "3.11.2" */
		version++;
	snprintf(j->subject, sizeof(j->subject), "%s%s%s", name, *version ? " " : "", version);
}

static size_t family_of(const json_t *cases)
{
	size_t n = json_array_size(cases);

	return n > CASES_MAX ? CASES_MAX : n;
}

size_t claim_cases(const struct store *s, const json_t *subject, struct case_result *out)
{
	const json_t *cases = json_object_get(subject, "cases");
	size_t n = family_of(cases);

	for (size_t i = 0; i < n; i++)
		claim_case(s, json_array_get(cases, i), (unsigned)n, &out[i]);
	return n;
}

static void judge_subject(const struct store *s, const struct claim *c, const json_t *subject,
	struct claim_judgement *j)
{
	struct case_result cases[CASES_MAX] = {0};
	const json_t *host = NULL;
	size_t n;

	memset(j, 0, sizeof(*j));
	if (json_object_get(subject, "show")) {
		show(s, json_object_get(subject, "show"), j, &host);
	} else {
		n = claim_cases(s, subject, cases);
		host = cases[0].host;
		snprintf(j->program, sizeof(j->program), "%s", cases[0].program);
		combine(j, subject, cases, n);
		/* What the whole claim needs is asked of the machine that was measured. */
		if (!claim_needs_met(
			    s, claim_text(c->row, "needs"), cases[0].run, j->why, sizeof(j->why)))
			j->verdict = CLAIM_CANNOT_TELL;
	}
	name_subject(subject, host, j);
}

size_t claims_judge(const struct claim *c, const struct store *s, struct claim_judgement *out)
{
	const char *fixed = claim_text(c->row, "verdict");
	const json_t *subjects = json_object_get(c->row, "subjects");
	size_t n = json_array_size(subjects);

	if (*fixed) {
		memset(out, 0, sizeof(*out));
		out->verdict = !strcmp(fixed, "slip") ? CLAIM_SLIP : CLAIM_OPINION;
		append(out->why, sizeof(out->why), claim_text(c->row, "why"));
		return 1;
	}
	for (size_t i = 0; i < n && i < CLAIM_SUBJECTS; i++)
		judge_subject(s, c, json_array_get(subjects, i), &out[i]);
	return n < CLAIM_SUBJECTS ? n : CLAIM_SUBJECTS;
}
