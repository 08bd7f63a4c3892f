/*
 * store.c - the records of result files, in memory
 *
 * Every lookup goes through a jansson object used as a hash table, so that reading n records and looking
 * each of them up once is linear in n. Keys are names joined by newlines, which no name contains.
 */
#include "store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/record.h"

struct store {
	json_t *types;   /* type -> array of records */
	json_t *order;   /* run_id -> its number, by first appearance: the newest has the highest */
	json_t *runs;    /* run_id -> the run record */
	json_t *benches; /* bench -> run_id -> array of results */
	json_t *variants; /* bench, variant -> array of results */
	json_t *points;   /* bench, variant, all params -> array of results */
	json_t *axes;     /* bench, variant -> how many axes its results have; -1: they differ */
	json_t *skips;    /* bench, variant -> array of skip records */
	json_t *empty;
};

#define STORE_TABLES 9
#define KEY_LEN      512

/* The tables as an array, so that making and freeing them cannot forget one. */
static json_t **tables(struct store *s, size_t i)
{
	json_t **all[STORE_TABLES] = {&s->types, &s->order, &s->runs, &s->benches, &s->variants,
		&s->points, &s->axes, &s->skips, &s->empty};

	return all[i];
}

int store_new(struct store **out)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	for (size_t i = 0; i < STORE_TABLES; i++) {
		json_t **t = tables(s, i);

		*t = t == &s->empty ? json_array() : json_object();
		if (!*t) {
			store_free(s);
			return -ENOMEM;
		}
	}
	*out = s;
	return 0;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < STORE_TABLES; i++)
		json_decref(*tables(s, i));
	free(s);
}

static const char *text_of(const json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

/* The two names as one key; false where they are too long to be anyone's names. */
static bool join_key(char *key, size_t len, const char *bench, const char *variant)
{
	int n = snprintf(key, len, "%s\n%s", bench, variant);

	return n >= 0 && (size_t)n < len;
}

/* Values of axes are text; a claim may say 10 where the record says "10". */
static bool value_text(char *buf, size_t len, const json_t *value)
{
	int n;

	if (json_is_string(value))
		n = snprintf(buf, len, "%s", json_string_value(value));
	else if (json_is_integer(value))
		n = snprintf(buf, len, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		return false;
	return n >= 0 && (size_t)n < len;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define AXES_MAX 16

/* key + all axes in the order of their names. False: more axes or longer than any benchmark has. */
static bool point_key(char *key, size_t len, const char *variant_key, const json_t *params)
{
	const char *names[AXES_MAX];
	size_t n = 0, used = strlen(variant_key);
	const char *name;
	json_t *value;

	if (json_object_size(params) > AXES_MAX || used >= len)
		return false;
	/* jansson's loop casts const away; it only reads */
	json_object_foreach((json_t *)(uintptr_t)params, name, value) names[n++] = name;
	qsort(names, n, sizeof(names[0]), by_name);
	memcpy(key, variant_key, used + 1);
	for (size_t i = 0; i < n; i++) {
		char text[64];
		int k;

		if (!value_text(text, sizeof(text), json_object_get(params, names[i])))
			return false;
		k = snprintf(key + used, len - used, "\n%s=%s", names[i], text);
		if (k < 0 || (size_t)k >= len - used)
			return false;
		used += (size_t)k;
	}
	return true;
}

/* Appends obj to the array under key, which is made at the first use. */
static int put(json_t *table, const char *key, json_t *obj)
{
	json_t *list = json_object_get(table, key);

	if (!list) {
		list = json_array();
		if (!list || json_object_set_new(table, key, list))
			return -ENOMEM;
	}
	return json_array_append(list, obj) ? -ENOMEM : 0;
}

static int number_run(struct store *s, const char *run_id)
{
	json_int_t next = (json_int_t)json_object_size(s->order);

	if (json_object_get(s->order, run_id))
		return 0;
	return json_object_set_new(s->order, run_id, json_integer(next)) ? -ENOMEM : 0;
}

/* Remembers whether all results of a variant have the same number of axes: see store_result. */
static int count_axes(struct store *s, const char *key, const json_t *params)
{
	json_int_t n = (json_int_t)json_object_size(params);
	const json_t *old = json_object_get(s->axes, key);

	if (old && json_integer_value(old) == n)
		return 0;
	return json_object_set_new(s->axes, key, json_integer(old ? -1 : n)) ? -ENOMEM : 0;
}

static int put_result(struct store *s, json_t *obj, const char *run_id)
{
	const char *bench = text_of(obj, "bench"), *variant = text_of(obj, "variant");
	const json_t *params = json_object_get(obj, "params");
	char key[KEY_LEN], point[2 * KEY_LEN];
	json_t *runs;
	int err;

	if (!bench || !variant || !json_is_object(params) ||
		!join_key(key, sizeof(key), bench, variant))
		return 0; /* not a result that anyone could look up */
	runs = json_object_get(s->benches, bench);
	if (!runs) {
		runs = json_object();
		if (!runs || json_object_set_new(s->benches, bench, runs))
			return -ENOMEM;
	}
	err = put(runs, run_id, obj);
	if (!err)
		err = put(s->variants, key, obj);
	if (!err)
		err = count_axes(s, key, params);
	if (!err && point_key(point, sizeof(point), key, params))
		err = put(s->points, point, obj);
	return err;
}

static int put_skip(struct store *s, json_t *obj)
{
	const char *bench = text_of(obj, "bench"), *variant = text_of(obj, "variant");
	char key[KEY_LEN];

	if (!bench || !variant || !join_key(key, sizeof(key), bench, variant))
		return 0;
	return put(s->skips, key, obj);
}

/* Under its id, and under id and program: the programs of one report share an id. */
static int put_run(struct store *s, json_t *obj, const char *run_id)
{
	const char *program = text_of(obj, "program");
	char key[KEY_LEN];

	if (program && join_key(key, sizeof(key), run_id, program) &&
		json_object_set(s->runs, key, obj))
		return -ENOMEM;
	return json_object_set(s->runs, run_id, obj) ? -ENOMEM : 0;
}

static int add(json_t *obj, void *arg)
{
	struct store *s = arg;
	const char *type = text_of(obj, "type"), *run_id = text_of(obj, "run_id");
	int err;

	if (!type)
		return 0; /* a reader ignores what it does not know */
	if (!run_id)
		run_id = "";
	err = put(s->types, type, obj);
	if (!err)
		err = number_run(s, run_id);
	if (!err && !strcmp(type, "run"))
		err = put_run(s, obj, run_id);
	if (!err && !strcmp(type, "result"))
		err = put_result(s, obj, run_id);
	if (!err && !strcmp(type, "skip"))
		err = put_skip(s, obj);
	return err;
}

int store_add_file(struct store *s, const char *path, size_t *bad, bool *cut)
{
	struct record_read_info info = {0};
	int err = record_read(path, add, s, &info);

	if (bad)
		*bad = info.bad;
	if (cut)
		*cut = info.cut;
	return err;
}

static int is_result_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 6 && !strcmp(e->d_name + n - 6, ".jsonl");
}

int store_add_folder(struct store *s, const char *dir, size_t *files)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_result_file, alphasort), first = 0;

	if (files)
		*files = 0;
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		char path[4096];
		int k = snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		int err = k < 0 || (size_t)k >= sizeof(path) ? -ENAMETOOLONG
							     : store_add_file(s, path, NULL, NULL);

		/* One unreadable file does not hide the others, but it is told. */
		if (err && !first)
			first = err;
		if (!err && files)
			(*files)++;
		free(names[i]);
	}
	free(names);
	return first;
}

static const json_t *list_or_empty(const struct store *s, const json_t *table, const char *key)
{
	const json_t *list = json_object_get(table, key);

	return list ? list : s->empty;
}

const json_t *store_all(const struct store *s, const char *type)
{
	return list_or_empty(s, s->types, type);
}

const json_t *store_run(const struct store *s, const char *run_id, const char *program)
{
	char key[KEY_LEN];
	const json_t *own =
		join_key(key, sizeof(key), run_id, program) ? json_object_get(s->runs, key) : NULL;

	return own ? own : json_object_get(s->runs, run_id);
}

const json_t *store_variant(const struct store *s, const char *bench, const char *variant)
{
	char key[KEY_LEN];

	if (!join_key(key, sizeof(key), bench, variant))
		return s->empty;
	return list_or_empty(s, s->variants, key);
}

/* -1 for a run that has no record: older than all. */
static json_int_t run_order(const struct store *s, const char *run_id)
{
	const json_t *n = json_object_get(s->order, run_id ? run_id : "");

	return n ? json_integer_value(n) : -1;
}

const json_t *store_bench(const struct store *s, const char *bench)
{
	json_t *runs = json_object_get(s->benches, bench), *list;
	const json_t *best = s->empty;
	json_int_t newest = -1;
	const char *run_id;

	json_object_foreach(runs, run_id, list)
	{
		if (run_order(s, run_id) > newest) {
			newest = run_order(s, run_id);
			best = list;
		}
	}
	return best;
}

static bool has_all(const json_t *params, const json_t *want)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)want, name, value)
	{
		char a[64], b[64];

		if (!value_text(a, sizeof(a), value) ||
			!value_text(b, sizeof(b), json_object_get(params, name)) || strcmp(a, b))
			return false;
	}
	return true;
}

/* The first match of the newest run among the records of list. */
static const json_t *newest_match(
	const struct store *s, const json_t *list, const json_t *want, const char *run_id)
{
	const json_t *best = NULL;
	json_int_t newest = -2;

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *r = json_array_get(list, i);
		const char *of = text_of(r, "run_id");

		if (run_id && (!of || strcmp(of, run_id)))
			continue;
		if (run_order(s, of) > newest && has_all(json_object_get(r, "params"), want)) {
			newest = run_order(s, of);
			best = r;
		}
	}
	return best;
}

const json_t *store_result(const struct store *s, const char *bench, const char *variant,
	const json_t *want, const char *run_id)
{
	char key[KEY_LEN], point[2 * KEY_LEN];
	const json_t *axes;

	if (!join_key(key, sizeof(key), bench, variant))
		return NULL;
	axes = json_object_get(s->axes, key);
	/* Where want names every axis, a match is an equal: one step instead of a walk over the sweep. */
	if (want && axes && json_integer_value(axes) == (json_int_t)json_object_size(want) &&
		point_key(point, sizeof(point), key, want))
		return newest_match(s, list_or_empty(s, s->points, point), want, run_id);
	return newest_match(s, list_or_empty(s, s->variants, key), want, run_id);
}

const json_t *store_skip(
	const struct store *s, const char *bench, const char *variant, const json_t *want)
{
	char key[KEY_LEN];

	if (!join_key(key, sizeof(key), bench, variant))
		return NULL;
	return newest_match(s, list_or_empty(s, s->skips, key), want, NULL);
}
