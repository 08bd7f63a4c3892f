/* list.c - forklab list: what there is to watch, to measure and to learn here */
#include <stdio.h>
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
	const struct option_spec specs[] = {
		{.name = "format",
			.type = OPTION_WORD,
			.out = &format,
			.words = "table|json",
			.help = "for people, or all that is known of each (default table)"},
		{0},
	};
	const json_t *troubles;
	struct paths p;
	json_t *catalog;

	n = options_read(argc, argv, specs, &about, false);
	if (n < argc)
		options_refuse("list", argv[n], "takes no operand");
	err = paths_find(&p);
	if (!err)
		err = catalog_read(&p, &catalog);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "list: %s: %s", "build", strerror(-err));
	if (format == JSON) {
		json_dumpf(catalog, stdout, JSON_INDENT(1));
		putchar('\n');
	} else {
		print_tables(catalog);
	}
	troubles = json_object_get(catalog, "troubles");
	for (size_t i = 0; i < json_array_size(troubles); i++)
		say("list: %s", json_string_value(json_array_get(troubles, i)));
	err = json_array_size(troubles) ? EXIT_FAILED : EXIT_DONE;
	json_decref(catalog);
	return err;
}
