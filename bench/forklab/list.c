/* list.c - forklab list: what there is to watch, to measure and to learn here */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "cmd.h"
#include "harness/options.h"
#include "harness/say.h"
#include "harness/table.h"

static const char *text(const json_t *obj, const char *key)
{
	const char *s = json_string_value(json_object_get(obj, key));

	return s ? s : "";
}

/* One table: the columns are fields of the objects in list. */
static void print_part(
	const char *title, const json_t *list, const char *const *head, const char *const *fields)
{
	struct table *t;

	printf("%s\n", title);
	if (!json_array_size(list)) {
		printf("  none here\n\n");
		return;
	}
	t = table_new(head);
	for (size_t i = 0; i < json_array_size(list); i++)
		for (size_t k = 0; fields[k]; k++)
			table_cell(t, text(json_array_get(list, i), fields[k]));
	table_print(t, stdout, table_colour(stdout));
	table_free(t);
	putchar('\n');
}

static void print_tables(const json_t *catalog)
{
	static const char *const bench_head[] = {"benchmark", "question", "topic", NULL};
	static const char *const bench_fields[] = {"name", "question", "topic", NULL};
	static const char *const demo_head[] = {"demo", "what it shows", "claims", NULL};
	static const char *const demo_fields[] = {"name", "question", "claims", NULL};
	static const char *const lesson_head[] = {"lesson", "title", "minutes", NULL};
	static const char *const lesson_fields[] = {"name", "title", "minutes", NULL};

	print_part("To measure: forklab run NAME", json_object_get(catalog, "benchmarks"),
		bench_head, bench_fields);
	print_part("To watch: forklab watch NAME", json_object_get(catalog, "demos"), demo_head,
		demo_fields);
	print_part("To learn: forklab lesson NAME", json_object_get(catalog, "lessons"),
		lesson_head, lesson_fields);
}

/* "001-L07", the id of a listing: of a tutorial, and its number in it. */
static bool is_listing(const char *word)
{
	static const char shape[] = "000-L00";

	for (size_t i = 0; i < sizeof(shape); i++)
		if (shape[i] == '0' ? !isdigit((unsigned char)word[i]) : word[i] != shape[i])
			return false;
	return true;
}

/* A row for each listing that the demo names; what else stands there, as "none, because", is no id. */
static int add_listings(json_t *rows, const json_t *demo)
{
	char *words = strdup(text(demo, "listings")), *rest = words, *word;
	int err = words ? 0 : -ENOMEM;

	while (!err && (word = strsep(&rest, " ,")))
		if (is_listing(word) &&
			json_array_append_new(rows,
				json_pack("{s:s, s:s, s:s}", "listing", word, "demo",
					text(demo, "name"), "question", text(demo, "question"))))
			err = -ENOMEM;
	free(words);
	return err;
}

static int by_listing(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int order = strcmp(text(x, "listing"), text(y, "listing"));

	return order ? order : strcmp(text(x, "demo"), text(y, "demo"));
}

/* *out: a new array of objects listing, demo, question. */
static int read_listings(const json_t *catalog, json_t **out)
{
	const json_t *demos = json_object_get(catalog, "demos");
	json_t *rows = json_array(), **order = NULL;
	size_t n;
	int err = rows ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < json_array_size(demos); i++)
		err = add_listings(rows, json_array_get(demos, i));
	n = json_array_size(rows);
	order = calloc(n + 1, sizeof(*order));
	*out = json_array();
	if (!order || !*out)
		err = -ENOMEM;
	for (size_t i = 0; !err && i < n; i++)
		order[i] = json_array_get(rows, i);
	if (!err)
		qsort(order, n, sizeof(*order), by_listing);
	for (size_t i = 0; !err && i < n; i++)
		err = json_array_append(*out, order[i]) ? -ENOMEM : 0;
	free(order);
	json_decref(rows);
	return err;
}

/* What the first three digits of the ids mean: the title that the tutorial's claims name as their source. */
static void print_tutorials(const struct paths *p, const json_t *rows)
{
	char last[4] = "", path[PATH_MAX + 16];

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const char *id = text(json_array_get(rows, i), "listing");
		const json_t *source;
		json_t *claims;

		if (!strncmp(id, last, 3))
			continue;
		snprintf(last, sizeof(last), "%.3s", id);
		snprintf(path, sizeof(path), "%s/%s.json", p->claims, last);
		claims = json_load_file(path, 0, NULL);
		source = json_object_get(claims, "source");
		if (source)
			printf("%s: %s, by %s\n", last, text(source, "title"),
				text(source, "author"));
		else
			printf("%s: a tutorial that bench/claims does not name\n", last);
		json_decref(claims);
	}
}

static void print_listings(const struct paths *p, const json_t *rows)
{
	static const char *const head[] = {"listing", "demo", "what it shows", NULL};
	static const char *const fields[] = {"listing", "demo", "question", NULL};

	print_part("Listings of the tutorials that a demo covers: forklab watch DEMO", rows, head,
		fields);
	print_tutorials(p, rows);
}

int cmd_list(int argc, char **argv)
{
	enum { TABLE, JSON };
	static const struct options_text about = {
		.usage = "[options]",
		.about = "Lists the benchmarks, demos and lessons that are built here. Each says "
			 "itself "
			 "what it is; one that does not answer is named and makes the exit code 1.",
	};
	int format = TABLE, err, n;
	bool listings = false;
	const struct option_spec specs[] = {
		{.name = "listings",
			.type = OPTION_FLAG,
			.out = &listings,
			.help = "the tutorials' listings instead, each with its demo"},
		{.name = "format",
			.type = OPTION_WORD,
			.out = &format,
			.words = "table|json",
			.help = "for people, or all that is known of each (default table)"},
		{0},
	};
	const json_t *troubles;
	struct paths p;
	json_t *catalog, *rows = NULL;

	n = options_read(argc, argv, specs, &about, false);
	if (n < argc)
		options_refuse("list", argv[n], "takes no operand");
	err = paths_find(&p);
	if (!err)
		err = catalog_read(&p, &catalog);
	if (!err && listings)
		err = read_listings(catalog, &rows);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "list: %s: %s", "build", strerror(-err));
	if (format == JSON) {
		json_dumpf(listings ? rows : catalog, stdout, JSON_INDENT(1));
		putchar('\n');
	} else if (listings) {
		print_listings(&p, rows);
	} else {
		print_tables(catalog);
	}
	troubles = json_object_get(catalog, "troubles");
	for (size_t i = 0; i < json_array_size(troubles); i++)
		say("list: %s", json_string_value(json_array_get(troubles, i)));
	err = json_array_size(troubles) ? EXIT_FAILED : EXIT_DONE;
	json_decref(rows);
	json_decref(catalog);
	return err;
}
