/* print.c - the table a benchmark ends with */
#include "harness/print.h"
#include "harness/result.h"
#include "harness/table.h"
#include <string.h>

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static bool is(const json_t *o, const char *type)
{
	return !strcmp(text(o, "type"), type);
}

static double end_of(const json_t *interval, size_t i)
{
	return json_number_value(json_array_get(interval, i));
}

static void value_cells(struct table *t, const char *unit, double median, const json_t *ci)
{
	char a[TABLE_CELL], b[TABLE_CELL];

	table_cell(t, table_value(a, sizeof(a), unit, median));
	table_cell(t, table_value_interval(b, sizeof(b), unit, median, json_is_array(ci),
			      end_of(ci, 0), end_of(ci, 1)));
}

static const json_t *comparison(const json_t *records, const json_t *result)
{
	const json_t *o;
	size_t i;

	json_array_foreach(records, i, o) if (is(o, "compare") &&
					      !strcmp(text(o, "a"), text(result, "variant")) &&
					      json_equal(json_object_get(o, "params"),
						      json_object_get(result, "params"))) return o;
	return NULL;
}

static void ratio_cells(struct table *t, const json_t *c)
{
	char r[TABLE_CELL], lo[TABLE_CELL], hi[TABLE_CELL];
	const json_t *ci = json_object_get(c, "ci95");

	if (!c) {
		table_cell(t, "");
		table_cell(t, "");
		return;
	}
	table_cellf(t, "%s x %s", table_number(r, sizeof(r), number(c, "ratio")), text(c, "b"));
	if (json_is_array(ci))
		table_cellf(t, "[%s, %s]", table_number(lo, sizeof(lo), end_of(ci, 0)),
			table_number(hi, sizeof(hi), end_of(ci, 1)));
	else
		table_cell(t, "none yet");
}

static void flag_cell(struct table *t, const json_t *result)
{
	char all[160] = "";
	json_t *f;
	size_t i, at = 0;

	json_array_foreach(json_object_get(result, "flags"), i, f) at +=
		(size_t)snprintf(all + at, at < sizeof(all) ? sizeof(all) - at : 0, "%s%s",
			i ? " " : "", json_string_value(f));
	table_cell(t, all);
}

static void axes_cells(struct table *t, const struct study *s, const json_t *o)
{
	for (size_t a = 0; a < s->naxes; a++)
		table_cell(t, text(json_object_get(o, "params"), s->bench->axes[a].name));
}

static void print_results(FILE *f, const struct study *s, const json_t *records, bool colour)
{
	const char *head[BENCH_AXES + 8] = {0};
	char title[BENCH_AXES][STUDY_VALUE];
	struct table *t;
	const json_t *o;
	size_t i, h = 0, rows = 0;

	for (; h < s->naxes; h++) {
		snprintf(title[h], STUDY_VALUE, ">%s", s->bench->axes[h].name);
		head[h] = title[h];
	}
	memcpy(&head[h],
		(const char *[]){
			"variant", ">median", ">95 % interval", ">ratio", ">interval", ">n", ""},
		7 * sizeof(*head));
	t = table_new(head);
	json_array_foreach(records, i, o)
	{
		if (!is(o, "result"))
			continue;
		rows++;
		axes_cells(t, s, o);
		table_cell(t, text(o, "variant"));
		if (json_is_true(json_object_get(o, "check_ok"))) {
			value_cells(t, text(o, "unit"), number(o, "median"),
				json_object_get(o, "ci95"));
			ratio_cells(t, comparison(records, o));
			table_cellf(t, "%.0f", number(o, "n"));
			flag_cell(t, o);
		} else {
			for (int k = 0; k < 5; k++)
				table_cell(t, "");
			table_cellf(t, "INVALID: %s", text(o, "why"));
		}
	}
	if (rows)
		table_print(t, f, colour);
	table_free(t);
}

/* Further times of the same samples: when the call returned, when the child ran. */
static void print_marks(FILE *f, const struct study *s, const json_t *records, bool colour)
{
	const char *head[BENCH_AXES + BENCH_MARKS + 2] = {0};
	char title[BENCH_AXES + BENCH_MARKS][STUDY_VALUE];
	struct table *t;
	const json_t *o;
	size_t i, h = 0, rows = 0;

	for (size_t a = 0; a < s->naxes; a++, h++) {
		snprintf(title[h], STUDY_VALUE, ">%s", s->bench->axes[a].name);
		head[h] = title[h];
	}
	head[h++] = "variant";
	for (size_t m = 0; m < BENCH_MARKS && s->bench->marks[m]; m++, h++) {
		snprintf(title[h - 1], STUDY_VALUE, ">%s", s->bench->marks[m]);
		head[h] = title[h - 1];
	}
	t = table_new(head);
	json_array_foreach(records, i, o)
	{
		const json_t *marks = json_object_get(o, "marks");

		if (!is(o, "result") || !json_object_size(marks))
			continue;
		rows++;
		axes_cells(t, s, o);
		table_cell(t, text(o, "variant"));
		for (size_t m = 0; m < BENCH_MARKS && s->bench->marks[m]; m++) {
			const json_t *mark = json_object_get(marks, s->bench->marks[m]);
			char cell[TABLE_CELL];

			table_cell(t, mark ? table_value(cell, sizeof(cell), text(o, "unit"),
						     number(mark, "median"))
					   : "");
		}
	}
	if (rows) {
		fprintf(f, "\nMedians of %s the same samples%s:\n",
			s->bench->unit ? "further values of" : "moments within",
			s->bench->unit ? "" : ", from the start of each");
		table_print(t, f, colour);
	}
	table_free(t);
}

static bool same_reason(const json_t *a, const json_t *b)
{
	return b && is(b, "skip") && !strcmp(text(a, "text"), text(b, "text")) &&
	       json_equal(json_object_get(a, "params"), json_object_get(b, "params"));
}

/* One line a point: the variants that were left out for the same reason stand together. */
static void print_skips(FILE *f, const struct study *s, const json_t *records)
{
	const json_t *o;
	size_t i;

	if (!s->ncells)
		fprintf(f, "nothing to measure: no variant exists at these points\n");
	json_array_foreach(records, i, o)
	{
		if (!is(o, "skip"))
			continue;
		fprintf(f, "skipped:");
		for (size_t a = 0; a < s->naxes; a++)
			fprintf(f, " %s=%s", s->bench->axes[a].name,
				text(json_object_get(o, "params"), s->bench->axes[a].name));
		fprintf(f, " (%s", text(o, "variant"));
		for (; same_reason(o, json_array_get(records, i + 1)); i++)
			fprintf(f, ", %s", text(json_array_get(records, i + 1), "variant"));
		fprintf(f, "): %s\n", text(o, "text"));
	}
}

static bool has_flag(const json_t *records, const char *name)
{
	const json_t *o, *flag;
	size_t i, k;

	json_array_foreach(records, i, o)
	{
		if (!is(o, "result"))
			continue;
		json_array_foreach(json_object_get(o, "flags"), k,
			flag) if (!strcmp(json_string_value(flag), name)) return true;
	}
	return false;
}

/* What the words behind the rows mean, as far as they occur. */
static void print_flags(FILE *f, const json_t *records)
{
	bool first = true;

	for (int i = 0; i < RESULT_FLAGS; i++) {
		enum result_flag flag = (enum result_flag)i;

		if (!has_flag(records, result_flag_name(flag)))
			continue;
		fprintf(f, "%s%s: %s\n", first ? "\n" : "", result_flag_name(flag),
			result_flag_text(flag));
		first = false;
	}
}

void print_table(FILE *f, const struct study *s, const json_t *records, const char *machine,
	const char *placement, bool colour)
{
	fprintf(f, "%s\n%s; %s\n", s->bench->question, machine, placement);
	fprintf(f,
		"one op: %s; %s are per op, intervals are of the median; those of the ratios of "
		"a\n"
		"point hold together at 95 %%\n\n",
		s->bench->op, s->bench->unit ? s->bench->unit : "times");
	print_results(f, s, records, colour);
	if (s->bench->marks[0])
		print_marks(f, s, records, colour);
	print_flags(f, records);
	print_skips(f, s, records);
}

static void csv_number(FILE *f, const json_t *o)
{
	if (json_is_number(o))
		fprintf(f, ",%.17g", json_number_value(o));
	else
		fputc(',', f);
}

void print_csv(FILE *f, const struct study *s, const json_t *records)
{
	static const char *const numbers[] = {"n", "iters", "median", "min", "p25", "p75", "max"};
	static const char *const values[] = {
		"median", "min", "p25", "p75", "max", "ci95_lo", "ci95_hi"};
	const json_t *o;
	size_t i;

	fprintf(f, "bench");
	for (size_t a = 0; a < s->naxes; a++)
		fprintf(f, ",%s", s->bench->axes[a].name);
	fprintf(f, ",variant,n,iters");
	for (size_t k = 0; k < sizeof(values) / sizeof(*values); k++)
		fprintf(f, ",%s_%s", values[k], s->bench->unit ? s->bench->unit : "ns");
	fprintf(f, ",check_ok\n");
	json_array_foreach(records, i, o)
	{
		const json_t *ci = json_object_get(o, "ci95");

		if (!is(o, "result"))
			continue;
		fprintf(f, "%s", text(o, "bench"));
		for (size_t a = 0; a < s->naxes; a++)
			fprintf(f, ",%s",
				text(json_object_get(o, "params"), s->bench->axes[a].name));
		fprintf(f, ",%s", text(o, "variant"));
		for (size_t k = 0; k < sizeof(numbers) / sizeof(*numbers); k++)
			csv_number(f, json_object_get(o, numbers[k]));
		csv_number(f, json_array_get(ci, 0));
		csv_number(f, json_array_get(ci, 1));
		fprintf(f, ",%s\n", json_is_true(json_object_get(o, "check_ok")) ? "yes" : "no");
	}
}
