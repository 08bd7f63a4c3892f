/* report_filter.c - searching all claims in the page: by words, verdict and topic, without network */
#include "report.h"

#include <string.h>

/*
 * Without scripts the table is whole and the fields stay hidden. Every claim is a tbody, so that a claim with
 * two subjects stays together. A click on a count of the first screen shows the claims that were counted.
 */
static const char script[] =
	"<script>\n"
	"(function () {\n"
	"  var box = document.getElementById('claim-filter');\n"
	"  if (!box) return;\n"
	"  var words = box.querySelector('input'), sel = box.querySelectorAll('select');\n"
	"  var out = box.querySelector('output'), verdict = sel[0], topic = sel[1];\n"
	"  var rows = document.querySelectorAll('#all-claims tbody[data-verdict]');\n"
	"  function show() {\n"
	"    var want = words.value.toLowerCase().split(/\\s+/), n = 0;\n"
	"    rows.forEach(function (row) {\n"
	"      var text = row.textContent.toLowerCase();\n"
	"      var fits = (!verdict.value || row.dataset.verdict === verdict.value) &&\n"
	"        (!topic.value || row.dataset.topic === topic.value) &&\n"
	"        want.every(function (w) { return text.indexOf(w) >= 0; });\n"
	"      row.hidden = !fits;\n"
	"      if (fits) n++;\n"
	"    });\n"
	"    out.textContent = n + ' of ' + rows.length + ' shown';\n"
	"  }\n"
	"  box.addEventListener('input', show);\n"
	"  box.addEventListener('reset', function () { setTimeout(show, 0); });\n"
	"  box.addEventListener('submit', function (e) { e.preventDefault(); });\n"
	"  document.querySelectorAll('.counts a').forEach(function (a) {\n"
	"    a.addEventListener('click', function () {\n"
	"      box.reset();\n"
	"      verdict.value = a.dataset.verdict;\n"
	"      setTimeout(show, 0);\n"
	"    });\n"
	"  });\n"
	"  box.hidden = false;\n"
	"  show();\n"
	"})();\n"
	"</script>\n";

static void put_option(FILE *f, const char *value)
{
	fputs("<option value=\"", f);
	html_text(f, value);
	fputs("\">", f);
	html_text(f, value);
	fputs("</option>", f);
}

static void put_verdicts(FILE *f, const struct report *r)
{
	size_t n[CLAIM_VERDICTS];

	report_count_verdicts(r, n);
	fputs("<label>verdict <select><option value=\"\">any</option>", f);
	for (size_t v = 0; v < CLAIM_VERDICTS; v++)
		if (n[v])
			put_option(f, claim_verdict_name((enum claim_verdict)v));
	fputs("</select></label>\n", f);
}

/* Those of the claims that are shown, each once, as first met. */
static void put_topics(FILE *f, const struct report *r)
{
	fputs("<label>topic <select><option value=\"\">any</option>", f);
	for (size_t i = 0; i < claims_count(r->claims); i++) {
		const struct claim *c = claims_get(r->claims, i);
		bool before = !report_wants_claim(r, c, NULL);

		for (size_t k = 0; k < i && !before; k++)
			before = report_wants_claim(r, claims_get(r->claims, k), NULL) &&
				 !strcmp(claims_get(r->claims, k)->topic, c->topic);
		if (!before)
			put_option(f, c->topic);
	}
	fputs("</select></label>\n", f);
}

void report_put_filter(FILE *f, const struct report *r)
{
	fputs("<form id=\"claim-filter\" class=\"filter\" hidden>\n"
	      "<label>search <input type=\"search\" placeholder=\"fork, pool, 001-C0\"></label>\n",
		f);
	put_verdicts(f, r);
	put_topics(f, r);
	fputs("<button type=\"reset\">all</button> <output></output>\n</form>\n", f);
}

void report_put_script(FILE *f)
{
	fputs(script, f);
}
