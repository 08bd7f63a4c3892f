/* make_claims.c - one claim, its records, the verdict */
#include "make_claims.h"

#include <errno.h>
#include <stdio.h>

#include "folder.h"

#define RECORDS "/r.jsonl"

void put_claim(const char *fields)
{
	char text[9000];
	int n = snprintf(text, sizeof(text),
		"{" CLAIM_SOURCE
		", 'claims': [{'id': 'X1', 'text': 'a is slow', 'topic': 't', %s}]}",
		fields);

	ck_assert_int_lt(n, (int)sizeof(text));
	put_quoted("/claims/t.json", text);
}

void put_cases(const char *cases)
{
	char text[8000];
	int n = snprintf(text, sizeof(text),
		"'subjects': [{'subject': 'C', 'cases': [%s], 'explain': {'holds': 'it is so', "
		"'holds only when': 'it depends', 'does not hold': 'it is not'}}]",
		cases);

	ck_assert_int_lt(n, (int)sizeof(text));
	put_claim(text);
}

void put_run(const char *run, int cores)
{
	put_record(RECORDS, make_run(run, cores));
}

void put_result(struct result_plan plan)
{
	put_record(RECORDS, make_result(&plan));
}

void put_pair(const char *params, double ratio, double spread, size_t rounds)
{
	put_result((struct result_plan){.variant = "a",
		.params = params,
		.ns = 1e6 * ratio,
		.spread = spread,
		.rounds = rounds,
		.seed = 1});
	put_result((struct result_plan){.variant = "b",
		.params = params,
		.ns = 1e6,
		.spread = spread,
		.rounds = rounds,
		.seed = 2});
}

struct claim_judgement judge(void)
{
	struct claim_judgement j[CLAIM_SUBJECTS];
	char why[300] = "";
	struct claims *c;
	struct store *s;
	int err = claims_load(in_folder("/claims"), &c, why, sizeof(why));

	ck_assert_msg(!err, "%s", why);
	ck_assert_int_eq(store_new(&s), 0);
	err = store_add_file(s, in_folder(RECORDS), NULL, NULL);
	ck_assert(!err || err == -ENOENT);
	ck_assert_uint_ge(claims_judge(claims_find(c, "X1"), s, j), 1);
	store_free(s);
	claims_free(c);
	return j[0];
}
