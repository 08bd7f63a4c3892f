/* claims_case.c - judges one case of a claim, and looks whether its records may decide */
#include "claims_parts.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DISTURBED_MAX 0.2 /* method.md R31 */

bool claim_valid(const json_t *result, struct case_result *out)
{
	const char *why = claim_text(result, "why");

	if (json_is_true(json_object_get(result, "check_ok"))) {
		if (json_number_value(json_object_get(result, "n")) >= 1)
			return true;
		out->times = 1;
		snprintf(out->why, sizeof(out->why), "the run ended before it had measured %s",
			claim_text(result, "variant"));
		return false;
	}
	snprintf(out->why, sizeof(out->why), "the record of %s is not valid: %s",
		claim_text(result, "variant"), *why ? why : "its count was wrong");
	return false;
}

bool claim_needs_met(
	const struct store *s, const char *needs, const json_t *run, char *why, size_t len)
{
	const json_t *all = store_all(s, "run"), *machine;
	size_t n = strcspn(needs, ">");
	char name[16];
	json_int_t have, want, can;

	if (!*needs || n >= sizeof(name))
		return true;
	if (!run)
		run = json_array_get(all, json_array_size(all) - 1);
	machine = json_object_get(run, "machine");
	memcpy(name, needs, n);
	name[n] = '\0';
	have = json_integer_value(json_object_get(machine, name));
	can = json_integer_value(json_object_get(machine, "effective"));
	if (!strcmp(name, "cores") && can > 0 && can < have)
		have = can; /* a CPU quota leaves fewer than there are */
	want = strtoll(needs + n + 2, NULL, 10);
	if (have >= want)
		return true;
	if (have > 0)
		snprintf(why, len, "needs %s, has %" JSON_INTEGER_FORMAT, needs, have);
	else
		snprintf(why, len, "needs %s, and no record says what is there", needs);
	return false;
}

static bool calm(const json_t *result, struct case_result *out)
{
	double n = json_number_value(json_object_get(result, "n"));
	double bad = json_number_value(json_object_get(json_object_get(result, "disturbed"), "n"));

	if (n <= 0 || bad / n <= DISTURBED_MAX)
		return true;
	snprintf(out->why, sizeof(out->why),
		"%.0f %% of the samples of %s were disturbed: measure again while nothing else "
		"runs",
		100 * bad / n, claim_text(result, "variant"));
	out->times = 1;
	return false;
}

/* Samples of the same rounds met the same trouble: a ratio of pairs bears it, nothing else does. */
static bool calm_enough(const struct case_sides *sides, struct case_result *out)
{
	double *a, *b;
	unsigned *launch;
	size_t n;
	bool paired = false;

	if (sides->b && !store_pairs(sides->a, sides->b, &a, &b, &launch, &n, &paired)) {
		free(a);
		free(b);
		free(launch);
	}
	return paired || (calm(sides->a, out) && (!sides->b || calm(sides->b, out)));
}

/* A demo shows its phenomenon with exit 0; 77 says that it cannot be shown here. */
static void demo_case(const struct store *s, const json_t *c, struct case_result *out)
{
	const json_t *all = store_all(s, "demo"), *last = NULL;
	const char *name = claim_text(c, "demo");
	json_int_t code;

	snprintf(out->program, sizeof(out->program), "%s", name);
	snprintf(out->what, sizeof(out->what), "demo %s", name);
	for (size_t i = json_array_size(all); !last && i-- > 0;)
		if (!strcmp(claim_text(json_array_get(all, i), "name"), name))
			last = json_array_get(all, i);
	if (!last) {
		claim_say_missing(s, c, out);
		return;
	}
	out->host = json_object_get(last, "host");
	code = json_integer_value(json_object_get(last, "exit"));
	if (code) {
		snprintf(out->why, sizeof(out->why), "demo %s: %s", name,
			*claim_text(last, "reason") ? claim_text(last, "reason")
						    : "not shown, and it does not say why");
		return;
	}
	out->truth = !strcmp(claim_text(c, "exit0"), "holds") ? CASE_TRUE : CASE_FALSE;
	snprintf(out->said, sizeof(out->said), "demo %s", name);
}

static void judge_sides(const struct store *s, const json_t *c, const struct case_sides *sides,
	unsigned family, struct case_result *out)
{
	const char *stat = claim_text(c, "stat");

	if (!claim_needs_met(s, claim_text(c, "needs"), sides->run, out->why, sizeof(out->why)))
		return;
	if (!strcmp(stat, "slope"))
		claim_slope(s, c, sides, family, out);
	else if (!strcmp(stat, "crossing"))
		claim_crossing(s, c, sides, family, out);
	else if (claim_valid(sides->a, out) && claim_valid(sides->b, out) &&
		 calm_enough(sides, out))
		claim_ratio(c, sides, family, out);
}

/* Behind what would decide the case stands the command for it. */
static void append_command(const struct store *s, const json_t *c, struct case_result *out)
{
	size_t used = strlen(out->why);
	char command[CLAIM_COMMAND];

	claim_command(s, c, out->times, command, sizeof(command));
	snprintf(out->why + used, sizeof(out->why) - used, " (%s)", command);
}

static void bench_case(
	const struct store *s, const json_t *c, unsigned family, struct case_result *out)
{
	const json_t *first = claim_first_point(c);
	struct case_sides sides;

	snprintf(out->program, sizeof(out->program), "%s", claim_text(c, "bench"));
	claim_case_words(c, first, out->what, sizeof(out->what));
	if (!claim_sides_find(s, c, &sides, out)) {
		char why[sizeof(out->why)];

		/* What the machine lacks says more than that it was not measured. */
		if (!claim_needs_met(s, claim_text(c, "needs"), NULL, why, sizeof(why)) &&
			json_array_size(store_all(s, "run")))
			memcpy(out->why, why, sizeof(why));
		return;
	}
	out->run = sides.run;
	out->host = json_object_get(sides.run, "host");
	claim_case_words(
		c, *claim_text(c, "over") ? first : sides.point, out->what, sizeof(out->what));
	judge_sides(s, c, &sides, family, out);
	if (out->truth == CASE_UNKNOWN && out->times > 0)
		append_command(s, c, out);
	else if (out->truth != CASE_UNKNOWN && sides.alternative)
		claim_say_alternative(c, &sides, out);
	json_decref(sides.point);
}

void claim_case(const struct store *s, const json_t *c, unsigned family, struct case_result *out)
{
	memset(out, 0, sizeof(*out));
	out->truth = CASE_UNKNOWN;
	snprintf(out->when, sizeof(out->when), "%s", claim_text(c, "when"));
	if (json_object_get(c, "demo"))
		demo_case(s, c, out);
	else
		bench_case(s, c, family, out);
}
