/*
 * lesson_compare.c - a prediction beside what the reader's own records say
 *
 * Below each question of predict.md stands a comment with the key, JSON of one of three kinds:
 *   {"a": variant, "b": variant, "bench": .., "point": {..}, "choices": {"A": 1, "B": 5}}
 *       the answers are ratios of a to b; right is the one that lies nearest
 *   {"variant": .., "bench": .., "point": {..}}          the answer is a time in µs
 *   {"right": "C", "why": ..}                            what the lesson itself goes on to show
 * and another, `misconceptions:`, with what stands behind each wrong letter.
 */
#include "forklab/lesson.h"

#include "forklab/claims_parts.h"
#include "forklab/store.h"
#include "harness/stats.h"
#include "harness/table.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUESTIONS_MAX 16
#define NS_PER_US     1000.0

struct asked {
	char text[2000]; /* the question's part of predict.md */
	json_t *key;     /* NULL: there is none */
};

/* The part of predict.md from "## n." on. */
static bool read_question(const char *text, size_t n, struct asked *out)
{
	char head[24];
	const char *at, *end, *key;
	json_error_t where;

	snprintf(head, sizeof(head), "## %zu.", n);
	at = strstr(text, head);
	if (!at)
		return false;
	end = strstr(at + 3, "\n## ");
	snprintf(out->text, sizeof(out->text), "%.*s", (int)(end ? (size_t)(end - at) : strlen(at)),
		at);
	key = strstr(out->text, "<!-- key:");
	out->key =
		key ? json_loads(key + strlen("<!-- key:"), JSON_DISABLE_EOF_CHECK, &where) : NULL;
	return true;
}

/* What stands behind a wrong letter: `B "the belief"` in the comment of misconceptions. */
static void put_belief(const struct asked *q, const char *letter)
{
	const char *at = strstr(q->text, "misconceptions:");
	char mark[8];

	snprintf(mark, sizeof(mark), " %s \"", letter);
	at = at ? strstr(at, mark) : NULL;
	if (at)
		printf("     %s is what follows from \"%.*s\": see Explain.\n", letter,
			(int)strcspn(at + strlen(mark), "\""), at + strlen(mark));
}

static const char *nearest(const json_t *choices, double x)
{
	const char *letter, *best = "";
	double least = HUGE_VAL;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)choices, letter, value)
	{
		double d = fabs(log(json_number_value(value) / x));

		if (d < least) {
			least = d;
			best = letter;
		}
	}
	return best;
}

static void say_missing(const char *bench, const char *why)
{
	printf("     not to be compared yet: %s\n", *why ? why : bench);
}

/* A letter that stands for a ratio. */
static void put_ratio(const struct store *s, const struct asked *q, const char *letter)
{
	const json_t *choices = json_object_get(q->key, "choices");
	struct case_result out = {0};
	struct case_sides sides;
	struct stats_comparison cmp;
	const char *low, *high;
	char x[32], interval[64], said[32];

	printf("  %s, %s times as long.", letter,
		table_number(
			said, sizeof(said), json_number_value(json_object_get(choices, letter))));
	snprintf(out.program, sizeof(out.program), "%s", claim_text(q->key, "bench"));
	if (!claim_sides_find(s, q->key, &sides, &out)) {
		putchar('\n');
		say_missing(out.program, out.why);
		return;
	}
	if (store_compare(sides.a, sides.b, 0.03, 1, &cmp) || !cmp.ci.known) {
		putchar('\n');
		say_missing(out.program, "too few rounds for an interval; measure without --quick");
		json_decref(sides.point);
		return;
	}
	claim_interval_text(interval, sizeof(interval), &cmp.ci, 1);
	printf(" Here %s / %s is %s %s: ", sides.va, sides.vb,
		table_number(x, sizeof(x), cmp.ratio), interval);
	low = nearest(choices, cmp.ci.lo);
	high = nearest(choices, cmp.ci.hi);
	if (strcmp(low, high))
		printf("between %s and %s, your interval cannot tell.\n", low, high);
	else if (!strcmp(low, letter))
		printf("right, no other answer is nearer.\n");
	else
		printf("%s is nearer.\n", low);
	if (strcmp(low, letter) && strcmp(high, letter))
		put_belief(q, letter);
	json_decref(sides.point);
}

/* A number: a time in µs. */
static void put_time(const struct store *s, const struct asked *q, double said_us)
{
	struct case_result out = {0};
	struct case_sides sides;
	const json_t *ci;
	double median, lo, hi, said = said_us * NS_PER_US;
	char a[32], b[32], times[32], interval[80];

	printf("  %s.", table_time(a, sizeof(a), said));
	snprintf(out.program, sizeof(out.program), "%s", claim_text(q->key, "bench"));
	if (!claim_sides_find(s, q->key, &sides, &out) || !claim_valid(sides.a, &out)) {
		putchar('\n');
		say_missing(out.program, out.why);
		return;
	}
	ci = json_object_get(sides.a, "ci95");
	median = json_number_value(json_object_get(sides.a, "median"));
	lo = json_number_value(json_array_get(ci, 0));
	hi = json_number_value(json_array_get(ci, 1));
	table_time_interval(interval, sizeof(interval), median, json_is_array(ci), lo, hi);
	printf(" Here it is %s %s: ", table_time(b, sizeof(b), median), interval);
	if (json_is_array(ci) && said >= lo && said <= hi)
		puts("inside the interval. Well guessed, or well known.");
	else if (!(said > 0))
		puts("nothing takes no time.");
	else
		printf("you said %s times too %s.\n",
			table_number(times, sizeof(times),
				said > median ? said / median : median / said),
			said > median ? "much" : "little");
	json_decref(sides.point);
}

static void put_fact(const struct asked *q, const char *letter)
{
	const char *right = claim_text(q->key, "right");

	if (!strcmp(letter, right)) {
		printf("  %s: right. %s\n", letter, claim_text(q->key, "why"));
		return;
	}
	printf("  %s: it is %s. %s\n", letter, right, claim_text(q->key, "why"));
	put_belief(q, letter);
}

void lesson_compare(const struct store *s, const struct lesson *l, const json_t *answers)
{
	for (size_t i = 0; i < json_array_size(answers) && i < QUESTIONS_MAX; i++) {
		const json_t *answer = json_array_get(answers, i);
		struct asked q;

		if (!read_question(l->predict, i + 1, &q))
			return;
		printf("  %zu.", i + 1);
		if (!q.key)
			puts("  (the lesson has no key for this one)");
		else if (json_object_get(q.key, "right"))
			put_fact(&q, json_string_value(answer));
		else if (json_object_get(q.key, "choices"))
			put_ratio(s, &q, json_string_value(answer));
		else
			put_time(s, &q, json_number_value(answer));
		json_decref(q.key);
	}
}
