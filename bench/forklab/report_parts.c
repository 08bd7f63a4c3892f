/* report_parts.c - the other parts of the page: machine, noise floor, left out, provenance */
#include "report.h"

#include <stdlib.h>
#include <string.h>

#include "harness/table.h"

/* The run that speaks for the machine: of the first benchmark that has one. */
static const json_t *any_run(const struct report *r)
{
	for (size_t i = 0; i < r->nbenches; i++)
		if (r->benches[i].run)
			return r->benches[i].run;
	return NULL;
}

static const char *or_unknown(const char *text, const char *what)
{
	return *text ? text : what;
}

/* "Debian GNU/Linux 12 (bookworm)" reads "Debian 12". */
static char *short_os(char *buf, size_t len, const char *os)
{
	const char *gnu = strstr(os, " GNU/Linux");
	size_t n = gnu ? (size_t)(gnu - os) : 0;

	if (!*os)
		snprintf(buf, len, "unknown system");
	else
		snprintf(buf, len, "%.*s%s", (int)n, os, gnu ? gnu + 10 : os);
	buf[strcspn(buf, "(")] = '\0';
	for (n = strlen(buf); n && buf[n - 1] == ' '; n--)
		buf[n - 1] = '\0';
	return buf;
}

static void put_cores(FILE *f, const json_t *machine)
{
	double cores = report_number(machine, "cores", 0),
	       most = report_number(machine, "effective", 0);

	if (cores < 1)
		html_text(f, "how many cores is not recorded.");
	else if (most < cores)
		html_textf(f, "%.0f cores, of which %.0f can be used at once (limited by: %s).",
			cores, most, or_unknown(report_text(machine, "limit_by"), "not known"));
	else
		html_textf(f, "%.0f core%s.", cores, cores > 1 ? "s" : "");
}

void report_put_machine(FILE *f, const struct report *r)
{
	const json_t *run = any_run(r), *host = json_object_get(run, "host");
	const json_t *machine = json_object_get(run, "machine");
	const char *virt = report_text(host, "virt"), *started = report_text(run, "started");
	const bool guest = *virt && strcmp(virt, "none");
	char os[80];

	fputs("<p>", f);
	if (!run) {
		fputs("These records do not say what machine they are from.</p>\n", f);
		return;
	}
	html_textf(f, "%s, %s%s%s, %s, Linux %s; ",
		or_unknown(report_text(host, "cpu_model"), "unknown processor"),
		guest ? "virtual machine (" : "",
		guest || !*virt ? or_unknown(virt, "bare metal or not: unknown") : "bare metal",
		guest ? ")" : "", short_os(os, sizeof(os), report_text(host, "os")),
		or_unknown(report_text(host, "kernel"), "(unknown version)"));
	put_cores(f, machine);
	fputs("</p>\n<p class=\"soft\">", f);
	html_textf(f, "%zu benchmarks, first at %s%s.", r->nbenches,
		or_unknown(started, "an unknown time"),
		json_is_true(json_object_get(run, "quick"))
			? "; a quick run: wider intervals, fewer points"
			: "");
	fputs("</p>\n", f);
}

static void put_selftest(FILE *f, const json_t *s)
{
	const json_t *rate = json_object_get(s, "rate_ci95"),
		     *excluded = json_object_get(s, "excluded_ci95");
	double n = report_number(s, "verdicts", 0),
	       smallest = report_number(s, "resolvable_ratio", 0);
	char percent[TABLE_CELL];

	if (smallest > 1)
		html_textf(f,
			"A difference of less than %s %% cannot be seen on this machine in %.0f "
			"rounds. ",
			table_number(percent, sizeof(percent), 100 * (smallest - 1)),
			report_number(s, "rounds_each", 0));
	html_textf(f,
		"Of %.0f verdicts on a benchmark against itself%s, %.0f saw a difference where "
		"there is none",
		n, json_is_true(json_object_get(s, "quick")) ? " (a quick test)" : "",
		report_number(s, "false_alarms", 0));
	if (json_array_size(rate) == 2)
		html_textf(f, ": false alarms in %.3g %% to %.3g %% of all cases",
			100 * json_number_value(json_array_get(rate, 0)),
			100 * json_number_value(json_array_get(rate, 1)));
	html_textf(f, "; %.0f intervals did not hold the true ratio, 1",
		report_number(s, "excluded", 0));
	if (json_array_size(excluded) == 2)
		html_textf(f, " (%.3g %% to %.3g %%; 5 %% would be as promised)",
			100 * json_number_value(json_array_get(excluded, 0)),
			100 * json_number_value(json_array_get(excluded, 1)));
	html_textf(f, ". Measured at %s on %s.", report_text(s, "started"),
		or_unknown(report_text(s, "machine_text"), "an unknown machine"));
}

void report_put_noise(FILE *f, struct report *r)
{
	const json_t *tests = store_all(r->store, "selftest");
	size_t n = json_array_size(tests);

	fputs("<section>\n<h2 id=\"noise\">Noise floor</h2>\n<p>What the instrument itself costs "
	      "and cannot "
	      "tell apart: smaller differences on this page mean nothing.</p>\n",
		f);
	fputs("<h3>A benchmark against itself</h3>\n<p>", f);
	if (n)
		put_selftest(f, json_array_get(tests, n - 1));
	else
		fputs("Not measured yet: <code>build/forklab selftest</code>.", f);
	fputs("</p>\n", f);
	for (size_t i = 0; i < r->nbenches; i++)
		if (!strcmp(r->benches[i].topic, "instrument"))
			report_put_bench(f, r, &r->benches[i]);
	fputs("</section>\n", f);
}

/* "workers 10, work 1e7inc" */
static void put_params(FILE *f, json_t *params)
{
	const char *name, *lead = "";
	json_t *value;

	json_object_foreach(params, name, value)
	{
		html_textf(f, "%s%s %s", lead, name, report_text(params, name));
		lead = ", ";
	}
}

void report_put_skips(FILE *f, const struct report *r)
{
	size_t rows = 0;

	fputs("<section>\n<h2 id=\"skips\">Left out, and why</h2>\n", f);
	for (size_t i = 0; i < r->nbenches; i++) {
		const struct report_bench *b = &r->benches[i];

		for (size_t k = 0; k < json_array_size(b->skips); k++, rows++) {
			const json_t *s = json_array_get(b->skips, k);
			if (!rows)
				fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
				      "aria-label=\"Left out\"><table>\n<tr><th>benchmark</th>"
				      "<th>variant</th><th>where</th><th>why</th></tr>\n",
					f);
			if (rows < REPORT_ROWS) {
				fputs("<tr><td class=\"w\">", f);
				html_text(f, b->name);
				fputs("</td><td class=\"w\">", f);
				html_text(f, report_text(s, "variant"));
				fputs("</td><td>", f);
				put_params(f, json_object_get(s, "params"));
				fputs("</td><td class=\"t\">", f);
				html_text(f, report_text(s, "text"));
				fputs("</td></tr>\n", f);
			}
		}
	}
	fputs(rows ? "</table></div>\n" : "<p>Nothing.</p>\n", f);
	if (rows > REPORT_ROWS)
		fprintf(f, "<p class=\"soft\">%zu more are in the records.</p>\n",
			rows - REPORT_ROWS);
	fputs("</section>\n", f);
}

static void put_checks(FILE *f, const json_t *run)
{
	json_t *checks = json_object_get(run, "checks"), *c;
	const char *name;

	if (!json_object_size(checks))
		return;
	fputs("<h3>What can spoil a measurement</h3>\n<div class=\"scroll\" tabindex=\"0\" "
	      "role=\"region\" "
	      "aria-label=\"Checks\"><table>\n<tr><th>check</th><th>state</th><th>value</"
	      "th><th>what it "
	      "means</th></tr>\n",
		f);
	json_object_foreach(checks, name, c)
	{
		fputs("<tr><td class=\"w\">", f);
		html_text(f, name);
		fputs("</td><td class=\"w\">", f);
		html_text(f, or_unknown(report_text(c, "state"), "unknown"));
		fputs("</td><td>", f);
		html_text(f, report_text(c, "value"));
		fputs("</td><td class=\"t\">", f);
		html_text(f, report_text(c, "why"));
		fputs("</td></tr>\n", f);
	}
	fputs("</table></div>\n", f);
}

/* Any JSON value as a cell: texts as they are, lists and objects as JSON. */
static void put_value(FILE *f, const json_t *value)
{
	char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);

	html_text(f, json_is_string(value) ? json_string_value(value) : text ? text : "");
	free(text);
}

static void put_object(FILE *f, const char *title, json_t *obj)
{
	json_t *value;
	const char *key;

	if (!json_object_size(obj))
		return;
	fputs("<h4>", f);
	html_text(f, title);
	fputs("</h4>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", f);
	html_text(f, title);
	fputs("\"><table>\n", f);
	json_object_foreach(obj, key, value)
	{
		fputs("<tr><th>", f);
		html_text(f, key);
		fputs("</th><td>", f);
		put_value(f, value);
		fputs("</td></tr>\n", f);
	}
	fputs("</table></div>\n", f);
}

static void put_run(FILE *f, const struct report_bench *b)
{
	const json_t *argv = json_object_get(b->run, "argv");
	char *seed = json_dumps(json_object_get(b->run, "seed"), JSON_ENCODE_ANY);
	const json_t *limits = json_object_get(b->run, "limits");

	fputs("<tr><td class=\"w\">", f);
	html_text(f, b->name);
	fputs("</td><td class=\"w\">", f);
	html_text(f, report_text(b->run, "started"));
	fputs("</td><td class=\"w\">", f);
	html_text(f, report_text(b->run, "version"));
	fputs("</td><td class=\"n\">", f);
	html_text(f, seed ? seed : "");
	fputs("</td><td class=\"n\">", f);
	html_textf(f, "%.3g s of %.3g s", report_number(b->end, "wall_s", 0),
		report_number(limits, "budget_s", 0));
	fputs("</td><td class=\"t\"><code>", f);
	/* As it was typed, but for quotes. */
	for (size_t i = 0; i < json_array_size(argv); i++)
		html_textf(f, "%s%s", i ? " " : "", json_string_value(json_array_get(argv, i)));
	fputs("</code></td></tr>\n", f);
	free(seed);
}

void report_put_provenance(FILE *f, const struct report *r)
{
	const json_t *run = any_run(r);

	fputs("<section>\n<h2 id=\"provenance\">Provenance</h2>\n", f);
	if (!run) {
		fputs("<p>These records bring none.</p>\n</section>\n", f);
		return;
	}
	put_checks(f, run);
	fputs("<h3>Machine and build</h3>\n", f);
	put_object(f, "Host and build", json_object_get(run, "host"));
	put_object(f, "Topology", json_object_get(run, "machine"));
	put_object(f, "Clock", json_object_get(run, "clock"));
	fputs("<h3>Runs</h3>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-label=\"Runs\"><table>\n"
	      "<tr><th>benchmark</th><th>started</th><th>version</th><th class=\"n\">seed</th>"
	      "<th class=\"n\">took</th><th>command</th></tr>\n",
		f);
	for (size_t i = 0; i < r->nbenches; i++)
		if (r->benches[i].run)
			put_run(f, &r->benches[i]);
	fputs("</table></div>\n</section>\n", f);
}
