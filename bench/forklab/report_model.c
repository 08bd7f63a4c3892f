/* report_model.c - gathers the records by benchmark, for the page */
#include "report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/table.h"

#define GROUPS 4 /* compare, skip, end, run: each by benchmark */

const char *report_text(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

double report_number(const json_t *obj, const char *key, double absent)
{
	const json_t *v = json_object_get(obj, key);

	return json_is_number(v) ? json_number_value(v) : absent;
}

bool report_ok(const json_t *result)
{
	return json_is_true(json_object_get(result, "check_ok")) &&
	       json_is_number(json_object_get(result, "median"));
}

/* jansson sorts the axes, so that the same point always gives the same key. */
static char *pair_key(const char *a, const json_t *params)
{
	char *p = json_dumps(params ? params : json_null(),
		     JSON_SORT_KEYS | JSON_COMPACT | JSON_ENCODE_ANY),
	     *key = NULL;

	if (p && asprintf(&key, "%s\n%s", a, p) < 0)
		key = NULL;
	free(p);
	return key;
}

const json_t *report_compare(const struct report_bench *b, const json_t *result)
{
	char *key = pair_key(report_text(result, "variant"), json_object_get(result, "params"));
	const json_t *c = key ? json_object_get(b->by_pair, key) : NULL;

	free(key);
	return c && !strcmp(report_text(c, "b"), report_text(result, "base")) ? c : NULL;
}

char *report_ratio(char *buf, size_t len, double x)
{
	char text[48];

	/* Three digits; near 1 it is the distance from 1 that counts. */
	snprintf(text, sizeof(text), "%.*e", x > 0.9 && x < 1.1 ? 3 : 2, x);
	return table_number(buf, len, strtod(text, NULL));
}

char *report_ratio_interval(const json_t *compare, char *buf, size_t len)
{
	const json_t *ci = json_object_get(compare, "ci95");
	char lo[TABLE_CELL], hi[TABLE_CELL];

	buf[0] = '\0';
	if (json_array_size(ci) == 2)
		snprintf(buf, len, "[%s, %s]",
			report_ratio(lo, sizeof(lo), json_number_value(json_array_get(ci, 0))),
			report_ratio(hi, sizeof(hi), json_number_value(json_array_get(ci, 1))));
	return buf;
}

void report_time(const json_t *result, char *median, size_t mlen, char *interval, size_t ilen)
{
	const json_t *ci = json_object_get(result, "ci95");
	const char *unit = report_text(result, "unit");
	double at = report_number(result, "median", 0);

	table_value(median, mlen, unit, at);
	interval[0] = '\0';
	if (json_array_size(ci) == 2)
		table_value_interval(interval, ilen, unit, at, true,
			json_number_value(json_array_get(ci, 0)),
			json_number_value(json_array_get(ci, 1)));
}

bool report_value(const char *text, double *out, bool *with_unit)
{
	static const struct {
		const char *end;
		double factor;
	} units[] = {{"", 1}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"B", 1},
		{"K", 1024}, {"KiB", 1024}, {"M", 1048576.0}, {"MiB", 1048576.0},
		{"G", 1073741824.0}, {"GiB", 1073741824.0}};
	char *end;
	double x;

	if (*text < '0' || *text > '9')
		return false; /* strtod would take a blank, a sign, "inf" */
	x = strtod(text, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].end)) {
			*out = x * units[i].factor;
			*with_unit = i > 0;
			return true;
		}
	return false;
}

static const json_t *catalog_bench(const struct report *r, const char *name)
{
	const json_t *list = json_object_get(r->catalog, "benchmarks");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (!strcmp(report_text(json_array_get(list, i), "name"), name))
			return json_array_get(list, i);
	return NULL;
}

/* One run_id may stand for several programs: forklab report gives all of them the same. */
static const json_t *last_of_run(const json_t *list, const char *run_id)
{
	for (size_t i = json_array_size(list); i > 0; i--)
		if (!strcmp(report_text(json_array_get(list, i - 1), "run_id"), run_id))
			return json_array_get(list, i - 1);
	return NULL;
}

/* The first text that says something: from the run, the records, the benchmark itself. */
static const char *first(const char *a, const char *b, const char *c)
{
	return *a ? a : *b ? b : c;
}

static void fill(const struct report *r, struct report_bench *b, const char *name,
	const json_t *skips, const json_t *runs)
{
	const json_t *info = catalog_bench(r, name), *any;

	b->name = name;
	b->results = store_bench(r->store, name);
	any = json_array_get(b->results, 0);
	if (!any) /* all was skipped */
		any = json_array_get(skips, 0);
	b->run_id = report_text(any, "run_id");
	b->run = last_of_run(runs, b->run_id);
	b->topic = first(report_text(any, "topic"), report_text(b->run, "topic"), "other");
	b->question = first(report_text(b->run, "question"), report_text(info, "question"), name);
	b->op = first(report_text(any, "op"), report_text(info, "op"), "one operation");
	b->chart = report_text(info, "chart");
	b->chart_axis = report_text(info, "chart_axis");
	b->answer = report_text(info, "answer");
	b->share = report_number(info, "share", 0);
}

/* All records of a type by the name they belong to: one pass for all benchmarks. */
static json_t *by_name(const json_t *list, const char *key)
{
	json_t *all = json_object();

	for (size_t i = 0; all && i < json_array_size(list); i++) {
		json_t *obj = json_array_get(list, i), *mine;
		const char *name = report_text(obj, key);

		mine = json_object_get(all, name);
		if (!mine) {
			mine = json_array();
			if (!mine || json_object_set_new(all, name, mine)) {
				json_decref(all);
				return NULL;
			}
		}
		json_array_append(mine, obj);
	}
	return all;
}

static json_t *of_run(const json_t *list, const char *run_id)
{
	json_t *mine = json_array();

	for (size_t i = 0; mine && i < json_array_size(list); i++)
		if (!strcmp(report_text(json_array_get(list, i), "run_id"), run_id))
			json_array_append(mine, json_array_get(list, i));
	return mine;
}

static int index_pairs(struct report_bench *b)
{
	b->by_pair = json_object();
	for (size_t i = 0; b->by_pair && i < json_array_size(b->compares); i++) {
		json_t *c = json_array_get(b->compares, i);
		char *key = pair_key(report_text(c, "a"), json_object_get(c, "params"));

		if (!key || json_object_set(b->by_pair, key, c)) {
			free(key);
			return -ENOMEM;
		}
		free(key);
	}
	return b->by_pair ? 0 : -ENOMEM;
}

static bool wanted(const struct report *r, const struct report_bench *b)
{
	return !r->only || !strcmp(r->only, b->topic) || !strcmp(r->only, b->name);
}

static int add_bench(struct report *r, const char *name, json_t *const groups[GROUPS])
{
	struct report_bench b = {0};

	fill(r, &b, name, json_object_get(groups[1], name), json_object_get(groups[3], name));
	if (!wanted(r, &b))
		return 0;
	b.compares = of_run(json_object_get(groups[0], name), b.run_id);
	b.skips = of_run(json_object_get(groups[1], name), b.run_id);
	b.end = last_of_run(json_object_get(groups[2], name), b.run_id);
	r->benches[r->nbenches++] = b; /* counted first: freed also after an error */
	return b.compares && b.skips ? index_pairs(&r->benches[r->nbenches - 1]) : -ENOMEM;
}

/* Names in the order of their first record: results, then what has nothing but skips. */
static json_t *names(const struct report *r)
{
	static const char *const types[] = {"result", "skip"};
	json_t *seen = json_object();

	for (size_t t = 0; seen && t < 2; t++) {
		const json_t *list = store_all(r->store, types[t]);

		for (size_t i = 0; i < json_array_size(list); i++) {
			const char *name = report_text(json_array_get(list, i), "bench");

			if (*name && !json_object_get(seen, name))
				json_object_set_new(seen, name, json_true());
		}
	}
	return seen;
}

static int list_topics(struct report *r)
{
	json_t *seen = json_array();

	for (size_t i = 0; seen && i < r->nbenches; i++) {
		const char *topic = r->benches[i].topic;
		bool there = !strcmp(topic, "instrument");

		for (size_t k = 0; k < json_array_size(seen); k++)
			there = there || !strcmp(json_string_value(json_array_get(seen, k)), topic);
		if (!there)
			json_array_append_new(seen, json_string(topic));
	}
	json_decref(r->topics);
	r->topics = seen;
	return seen ? 0 : -ENOMEM;
}

/* Topic by topic; within one the main question comes first, then what is given most time. */
static int reading_order(const void *left, const void *right)
{
	const struct report_bench *a = left, *b = right;
	size_t rank_a = report_topic_rank(a->topic), rank_b = report_topic_rank(b->topic);

	if (rank_a != rank_b)
		return rank_a < rank_b ? -1 : 1;
	if (strcmp(a->topic, b->topic))
		return strcmp(a->topic, b->topic);
	if (report_is_main(a) != report_is_main(b))
		return report_is_main(a) ? -1 : 1;
	if (a->share > b->share || a->share < b->share)
		return a->share > b->share ? -1 : 1;
	return strcmp(a->name, b->name);
}

int report_model(struct report *r)
{
	json_t *list = names(r), *value;
	json_t *groups[GROUPS] = {by_name(store_all(r->store, "compare"), "bench"),
		by_name(store_all(r->store, "skip"), "bench"),
		by_name(store_all(r->store, "end"), "program"),
		by_name(store_all(r->store, "run"), "program")};
	int err = list && groups[0] && groups[1] && groups[2] && groups[3] ? 0 : -ENOMEM;
	const char *name;

	r->nbenches = 0;
	r->benches = calloc(json_object_size(list) + 1, sizeof(*r->benches));
	if (!r->benches)
		err = -ENOMEM;
	if (!err)
		json_object_foreach(list, name, value)
		{
			/* The key belongs to list, which ends here: the records' own copy lives
			 * longer. */
			const json_t *at = json_array_get(store_bench(r->store, name), 0);

			if (!at)
				at = json_array_get(json_object_get(groups[1], name), 0);
			err = add_bench(r, report_text(at, "bench"), groups);
			if (err)
				break;
		}
	if (r->benches)
		qsort(r->benches, r->nbenches, sizeof(*r->benches), reading_order);
	if (!err)
		err = list_topics(r);
	json_decref(list);
	for (size_t i = 0; i < GROUPS; i++)
		json_decref(groups[i]);
	return err;
}

void report_model_free(struct report *r)
{
	for (size_t i = 0; i < r->nbenches; i++) {
		json_decref(r->benches[i].compares);
		json_decref(r->benches[i].skips);
		json_decref(r->benches[i].by_pair);
	}
	free(r->benches);
	json_decref(r->topics);
	r->benches = NULL;
	r->nbenches = 0;
	r->topics = NULL;
}
