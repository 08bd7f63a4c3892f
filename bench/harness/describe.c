/* describe.c - a benchmark tells what it measures */
#include "harness/describe.h"
#include <jansson.h>
#include <string.h>

static json_t *variants(const struct bench *b)
{
	json_t *all = json_array();

	for (const struct bench_variant *v = b->variants; v->name; v++)
		json_array_append_new(all, json_pack("{s:s,s:s,s:s?,s:s?}", "name", v->name, "text",
						   v->text, "base", v->base, "needs", v->needs));
	return all;
}

static json_t *axes(const struct bench *b)
{
	json_t *all = json_array();

	for (size_t i = 0; i < BENCH_AXES && b->axes[i].name; i++)
		json_array_append_new(all, json_pack("{s:s,s:s,s:s?,s:s?}", "name", b->axes[i].name,
						   "values", b->axes[i].values, "quick",
						   b->axes[i].quick, "text", b->axes[i].text));
	return all;
}

void describe_json(FILE *f, const char *name, const struct bench *b)
{
	json_t *marks = json_array(), *o;

	for (size_t i = 0; i < BENCH_MARKS && b->marks[i]; i++)
		json_array_append_new(marks, json_string(b->marks[i]));
	o = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s?,s:f,s:f,s:s?,s:s?,s:s?,s:o,s:o,s:o}", "kind",
		"bench", "name", name, "question", b->question, "topic", b->topic, "op", b->op,
		"unit", b->unit, "share", b->share, "quick_share", b->quick_share, "answer",
		b->answer, "chart", b->chart, "chart_axis", b->chart_axis, "variants", variants(b),
		"axes", axes(b), "marks", marks);
	json_dumpf(o, f, JSON_COMPACT);
	fputc('\n', f);
	json_decref(o);
}

void describe_text(char *buf, size_t len, const struct bench *b)
{
	FILE *f = fmemopen(buf, len, "w");

	buf[0] = '\0';
	if (!f)
		return;
	fprintf(f, "One op is: %s.\nVariants:\n", b->op);
	for (const struct bench_variant *v = b->variants; v->name; v++)
		fprintf(f, "  %-18s %s\n", v->name, v->text);
	if (b->axes[0].name)
		fprintf(f, "Axes (--sweep):\n");
	for (size_t i = 0; i < BENCH_AXES && b->axes[i].name; i++)
		fprintf(f, "  %-18s %s (default %s)\n", b->axes[i].name,
			b->axes[i].text ? b->axes[i].text : "", b->axes[i].values);
	fprintf(f, "Exit codes: 0 done, 1 a check failed, 2 usage, 3 environment, 77 nothing to "
		   "show here.\n");
	fclose(f);
	buf[len - 1] = '\0';
}
