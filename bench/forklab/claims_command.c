/* claims_command.c - the command that measures one case of a claim, with the time that it takes */
#include "claims_parts.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define ROOM       1.3   /* starting and calibrating take time too */
#define OWN_S      8.0   /* a benchmark's own budget */
#define ENOUGH     12    /* rounds, where no more are asked for: the least for a comparison */
#define DEAR_S     60.0  /* below that a benchmark may leave out what takes seconds a round */
#define PATIENCE_S 600.0 /* nobody waits longer: then the machine must be calmer instead */

/* Adds the values of a point to those of each axis, once each; `over` stays free. */
static void add_point(json_t *axes, const json_t *point, const char *over)
{
	const char *axis;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)point, axis, value)
	{
		json_t *values = json_object_get(axes, axis);
		char text[64];

		if (!strcmp(axis, over))
			continue;
		if (!values) {
			values = json_object();
			json_object_set_new(axes, axis, values);
		}
		if (json_is_integer(value))
			snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT,
				json_integer_value(value));
		else
			snprintf(text, sizeof(text), "%s", json_string_value(value));
		json_object_set_new(values, text, json_true());
	}
}

/* All that the case asks for, as {axis: {value: true}}: its point, and what plus and the sides add. */
static json_t *axes_of(const json_t *c, const json_t *point)
{
	const json_t *plus = json_object_get(c, "plus");
	const char *over = claim_text(c, "over");
	json_t *axes = json_object();

	add_point(axes, point, over);
	if (json_is_object(plus))
		add_point(axes, plus, over);
	for (size_t i = 0; i < json_array_size(plus); i++)
		add_point(axes, json_array_get(plus, i), over);
	add_point(axes, json_object_get(json_object_get(c, "a"), "point"), over);
	add_point(axes, json_object_get(json_object_get(c, "b"), "point"), over);
	return axes;
}

static bool within(const json_t *params, const json_t *axes)
{
	const char *axis;
	json_t *values;

	json_object_foreach((json_t *)(uintptr_t)axes, axis,
		values) if (!json_object_get(values, claim_text(params, axis))) return false;
	return true;
}

/* What the samples at these points took in one run, in seconds: of all variants, since the command
 * measures them too. rounds: scaled to so many of each; 0: as many as there were. */
static double spent_s(
	const struct store *s, const struct case_sides *sides, const json_t *axes, double rounds)
{
	const json_t *all = store_all(s, "result");
	double all_ns = 0;

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *r = json_array_get(all, i), *t;
		double ns = 0, n;

		if (strcmp(claim_text(r, "run_id"), sides->run_id) ||
			strcmp(claim_text(r, "bench"), sides->bench) ||
			!within(json_object_get(r, "params"), axes))
			continue;
		t = json_object_get(json_object_get(r, "raw"), "t_ns");
		for (size_t k = 0; k < json_array_size(t); k++)
			ns += json_number_value(json_array_get(t, k));
		n = (double)json_array_size(t);
		all_ns += n > 0 && rounds > 0 ? ns * rounds / n : ns;
	}
	return all_ns / 1e9;
}

/* The budget of the newest run that had too little for this; 0: none had. */
static double too_little_s(const struct store *s, const json_t *c)
{
	const json_t *skip = claim_skip(s, c, true), *run;

	if (!strstr(claim_text(skip, "text"), "--budget"))
		return 0;
	run = store_run(s, claim_text(skip, "run_id"), claim_text(c, "bench"));
	return json_number_value(json_object_get(json_object_get(run, "limits"), "budget_s"));
}

/* Seconds for --budget; 0: the benchmark's own will do. */
static double budget_s(const struct store *s, const json_t *c, double times)
{
	struct case_sides sides;
	double need = 2 * too_little_s(s, c), spent = 0;

	if (claim_sides_look(s, c, &sides)) {
		json_t *axes = axes_of(c, sides.point);

		if (!sides.alternative)
			spent = spent_s(s, &sides, axes, times > 0 ? 0 : ENOUGH);
		json_decref(axes);
		json_decref(sides.point);
	}
	if (spent > 0) /* else nobody knows what it takes */
		need = ROOM * (times > 0 ? times : 1) * spent;
	return spent > 0 && need <= OWN_S ? 0 : fmax(DEAR_S, ceil(need / 10) * 10);
}

/* "workers=10;cpus=all" */
static void sweep_words(const json_t *axes, char *buf, size_t len)
{
	const char *axis, *value;
	json_t *values, *yes;
	size_t used = 0;

	buf[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)axes, axis, values)
	{
		const char *before = axis;

		json_object_foreach(values, value, yes)
		{
			int n = snprintf(buf + used, len - used, "%s%s%s%s",
				before && used ? ";" : "", before ? before : "", before ? "=" : ",",
				value);

			if (n < 0 || (size_t)n >= len - used)
				return;
			used += (size_t)n;
			before = NULL;
		}
	}
}

void claim_command(const struct store *s, const json_t *c, double times, char *buf, size_t len)
{
	const char *bench = claim_text(c, "bench"), *quote;
	char sweep[160], budget[32] = "";
	json_t *axes;
	double seconds;

	if (*claim_text(c, "demo")) {
		snprintf(buf, len, "forklab watch %s", claim_text(c, "demo"));
		return;
	}
	axes = axes_of(c, claim_first_point(c));
	sweep_words(axes, sweep, sizeof(sweep));
	json_decref(axes);
	quote = strchr(sweep, ';') ? "'" : ""; /* a shell would end the command there */
	seconds = budget_s(s, c, times);
	if (seconds > 0)
		snprintf(budget, sizeof(budget), " --budget %.0f", fmin(seconds, PATIENCE_S));
	snprintf(buf, len, "forklab run %s%s%s%s%s%s", bench, *sweep ? " --sweep " : "", quote,
		sweep, quote, budget);
}
