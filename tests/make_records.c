/* make_records.c - records by hand, in a file of the test's folder */
#include "make_records.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "harness/record.h"
#include "harness/stats.h"

static const char *or_else(const char *text, const char *other)
{
	return text ? text : other;
}

/* "workers=10,cpus=all" as an object. */
static json_t *params_of(const char *text)
{
	json_t *params = json_object();
	char *copy = strdup(or_else(text, "")), *rest = copy, *item;

	ck_assert_ptr_nonnull(copy);
	while ((item = strsep(&rest, ","))) {
		char *value = strchr(item, '=');

		if (!value)
			continue;
		*value++ = '\0';
		json_object_set_new(params, item, json_string(value));
	}
	free(copy);
	return params;
}

json_t *make_run(const char *run, int cores)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:i, s:i, s:i}, s:{s:s}}", "type", "run",
		"run_id", run, "schema", RECORD_SCHEMA, "program", "study", "machine", "cores",
		cores, "pus", cores, "effective", cores, "host", "kernel", "6.1");
}

json_t *make_skip(const char *run, const char *bench, const char *variant, const char *params,
	const char *text)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "type", "skip", "run_id", run, "bench",
		bench, "variant", variant, "params", params_of(params), "text", text);
}

json_t *make_demo(const char *run, const char *name, int code, const char *reason)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:s}", "type", "demo", "run_id", run, "name", name,
		"exit", code, "reason", reason);
}

#define ITERS 10

static json_t *raw_of(const struct result_plan *p, size_t rounds, size_t launches)
{
	json_t *launch = json_array(), *round = json_array(), *t = json_array();
	double ns = p->ns > 0 ? p->ns : 1000;
	struct stats_rng rng;

	stats_rng_seed(&rng, p->seed ? p->seed : 1);
	for (size_t i = 0; i < rounds; i++) {
		double x = ns * (1 + p->spread * (2 * stats_rng_unit(&rng) - 1)) * ITERS;

		json_array_append_new(launch, json_integer((json_int_t)(i * launches / rounds)));
		json_array_append_new(round, json_integer((json_int_t)i));
		json_array_append_new(t, json_integer((json_int_t)(x + 0.5)));
	}
	return json_pack("{s:o, s:o, s:o}", "launch", launch, "round", round, "t_ns", t);
}

json_t *make_result(const struct result_plan *p)
{
	size_t rounds = p->rounds ? p->rounds : 20, launches = p->launches ? p->launches : 2;
	double ns = p->ns > 0 ? p->ns : 1000;
	json_t *r = json_pack("{s:s, s:s, s:s, s:s, s:o, s:i, s:b, s:b}", "type", "result",
		"run_id", or_else(p->run, "R1"), "bench", or_else(p->bench, "study"), "variant",
		or_else(p->variant, "a"), "params", params_of(p->params), "iters", ITERS,
		"oversubscribed", 0, "check_ok", p->wrong == NULL);

	ck_assert_ptr_nonnull(r);
	if (p->wrong) {
		json_object_set_new(r, "why", json_string(p->wrong));
		json_object_set_new(r, "median", json_null());
		return r;
	}
	json_object_set_new(r, "unit", json_string(or_else(p->unit, "ns/op")));
	json_object_set_new(r, "n", json_integer((json_int_t)rounds));
	json_object_set_new(r, "median", json_real(ns));
	json_object_set_new(r, "ci95", json_pack("[f, f]", ns * 0.99, ns * 1.01));
	json_object_set_new(r, "disturbed", json_pack("{s:i}", "n", (int)p->disturbed));
	json_object_set_new(r, "raw", raw_of(p, rounds, launches));
	return r;
}

void put_record(const char *path, json_t *obj)
{
	struct record_writer w;

	ck_assert_ptr_nonnull(obj);
	ck_assert_int_eq(record_open(in_folder(path), &w), 0);
	ck_assert_int_eq(record_write(&w, obj), 0);
	ck_assert_int_eq(record_close(&w), 0);
}

void put_quoted(const char *path, const char *text)
{
	char *copy = strdup(text);

	ck_assert_ptr_nonnull(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	put(path, copy);
	free(copy);
}
