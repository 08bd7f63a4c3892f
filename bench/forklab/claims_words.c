/* claims_words.c - cases of claims in words: what is compared, what came out, what is missing */
#include "claims_parts.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

void claim_point_words(const json_t *point, char *buf, size_t len)
{
	const char *axis;
	json_t *value;
	size_t used = 0;

	buf[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)point, axis, value)
	{
		char text[64];
		int n;

		if (json_is_integer(value))
			snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
				json_integer_value(value));
		else
			snprintf(text, sizeof(text), "%s", json_string_value(value));
		n = snprintf(buf + used, len - used, "%s%s=%s", used ? ", " : "", axis, text);
		if (n < 0 || (size_t)n >= len - used)
			return;
		used += (size_t)n;
	}
}

void claim_case_words(const json_t *c, const json_t *point, char *buf, size_t len)
{
	const char *stat = claim_text(c, "stat"), *over = claim_text(c, "over");
	const char *a = claim_variant(json_object_get(c, "a")), *b = "";
	char at[120];

	claim_point_words(point, at, sizeof(at));
	if (json_object_get(c, "b"))
		b = claim_variant(json_object_get(c, "b"));
	if (!strcmp(stat, "slope"))
		snprintf(buf, len, "slope of %s over %s", a, over);
	else
		snprintf(buf, len, "%s / %s%s%s", a, b, *over ? " along " : "", over);
	if (*at)
		snprintf(buf + strlen(buf), len - strlen(buf), " at %s", at);
}

/* A variant as a reader says it; returns whether it is several. Calls keep their names. */
static bool side_words(const json_t *side, char *buf, size_t len)
{
	static const struct {
		const char *name, *words;
		bool several;
	} said[] = {
		{"serial", "serial work", false},
		{"thread", "a thread", false},
		{"threads", "threads", true},
		{"threads_one_lock", "threads behind one lock", true},
		{"processes", "processes", true},
	};
	const char *name = claim_variant(side);
	char at[80];
	bool several = false;

	if (!strncmp(name, "python_", strlen("python_"))) /* the subject says so already */
		name += strlen("python_");
	snprintf(buf, len, "%s", name);
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		if (strcmp(name, said[i].name))
			continue;
		snprintf(buf, len, "%s", said[i].words);
		several = said[i].several;
	}
	claim_point_words(json_object_get(side, "point"), at, sizeof(at));
	if (*at)
		snprintf(buf + strlen(buf), len - strlen(buf), " at %s", at);
	return several;
}

void claim_ratio_words(const json_t *c, const char *figure, bool bytes, char *buf, size_t len)
{
	char a[120], b[120];
	bool several_a = side_words(json_object_get(c, "a"), a, sizeof(a));
	bool several_b = side_words(json_object_get(c, "b"), b, sizeof(b));

	if (*claim_text(c, "per"))
		snprintf(buf, len, "%s reach%s %s of the speedup that the CPUs could give", b,
			several_b ? "" : "es", figure);
	else
		snprintf(buf, len, "%s take%s %s times as %s as %s", a, several_a ? "" : "s",
			figure, bytes ? "much" : "long", b);
}

/* Why there is no record; "": because of something that no command of ours would change. */
static void missing_words(
	const struct store *s, const json_t *c, const char *skip, char *buf, size_t len)
{
	const json_t *b = json_object_get(c, "b");
	const char *a = json_object_get(c, "a") ? claim_variant(json_object_get(c, "a"))
						: claim_text(c, "variant");
	char at[120];

	claim_point_words(claim_first_point(c), at, sizeof(at));
	if (*claim_text(c, "demo"))
		snprintf(buf, len, "not watched yet");
	else if (strstr(skip, "quick"))
		snprintf(buf, len, "not measured with --quick");
	else if (strstr(skip, "--budget"))
		snprintf(buf, len, "not measured in the time that was given");
	else if (*skip)
		buf[0] = '\0';
	else if (!json_array_size(store_variant(s, claim_text(c, "bench"), a)))
		snprintf(buf, len, "not measured yet");
	else
		snprintf(buf, len, "no run has %s%s%s at %s", a, b ? " and " : "",
			b ? claim_variant(b) : "", *at ? at : "this point");
}

void claim_say_missing(const struct store *s, const json_t *c, struct case_result *out)
{
	const char *skip = claim_text(claim_skip(s, c, false), "text");
	char command[CLAIM_COMMAND], words[240];

	missing_words(s, c, skip, words, sizeof(words));
	claim_command(s, c, 0, command, sizeof(command));
	if (*words)
		snprintf(out->why, sizeof(out->why), "%s: %s", words, command);
	else
		snprintf(out->why, sizeof(out->why), "%s%s",
			strncmp(skip, "not measured", 12) ? "skipped: " : "", skip);
}

/* The axis in which the point that was measured is not the first: its value there and then. */
static const char *differs(
	const json_t *c, const json_t *point, const char **first, const char **measured)
{
	const char *axis;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)claim_first_point(c), axis, value)
	{
		*first = json_string_value(value);
		*measured = json_string_value(json_object_get(point, axis));
		if (*first && *measured && strcmp(*first, "max") && strcmp(*first, *measured))
			return axis;
	}
	return NULL;
}

void claim_say_alternative(const json_t *c, const struct case_sides *sides, struct case_result *out)
{
	const char *first = "", *got = "", *axis = differs(c, sides->point, &first, &got);
	bool quick = json_is_true(json_object_get(sides->run, "quick"));
	char unit = ' ';
	double x;

	if (!axis)
		return;
	/* Tutorials count increments; a size that is given as a time is our choice. */
	claim_axis_number(first, &x, &unit);
	snprintf(out->why, sizeof(out->why),
		"measured at %s=%s: the %s size, %s, was not measured %s", axis, got,
		unit == 'i' ? "published" : "preferred", first,
		quick ? "with --quick" : "within the budget");
}
