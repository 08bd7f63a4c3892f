/* claims_cmd.c - forklab claims: what was published, and what the records here say of it */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "claims.h"
#include "claims_show.h"
#include "cmd.h"
#include "harness/options.h"
#include "harness/say.h"
#include "paths.h"
#include "store.h"

enum form { FORM_TABLE, FORM_MD, FORM_JSON };

struct request {
	const char *search, *from;
	int form;
	const char *id;
};

static void load_store(const struct request *q, const struct paths *p, struct store **s)
{
	size_t bad = 0, files = 0;
	bool cut = false;
	int err = store_new(s);

	if (!err && q->from)
		err = store_add_file(*s, q->from, &bad, &cut);
	else if (!err)
		err = store_add_folder(*s, p->results, &files);
	if (err)
		say_exit(EXIT_ENVIRONMENT, "claims: %s: %s", q->from ? q->from : p->results,
			strerror(-err));
	if (bad)
		say("claims: %s: %zu lines that are no records were left out", q->from, bad);
	if (cut)
		say("claims: %s: ends in the middle of a record, which was left out", q->from);
}

/* Whether word stands in text; ASCII letters of either case are the same. */
static bool has_word(const char *text, const char *word, size_t len)
{
	for (; *text; text++)
		if (!strncasecmp(text, word, len))
			return true;
	return false;
}

/* All words must stand somewhere in the claim. */
static bool matches(const struct claim *c, const char *words)
{
	const char *const in[] = {c->id, c->text, c->title, c->author, c->topic, c->published};

	while (words && *(words += strspn(words, " \t"))) {
		size_t len = strcspn(words, " \t");
		bool found = false;

		for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
			found = found || has_word(in[i], words, len);
		if (!found)
			return false;
		words += len;
	}
	return true;
}

/* "C018", "c018" and "001-c018" all mean 001-C018, as long as no other claim is meant. */
static bool means(const char *id, const char *typed)
{
	const char *dash = strchr(id, '-');

	return !strcasecmp(id, typed) || (dash && !strcasecmp(dash + 1, typed));
}

static const struct claim *find_meant(const struct claims *c, const char *typed)
{
	const struct claim *found = claims_find(c, typed);
	size_t n = 0;

	for (size_t i = 0; !found && i < claims_count(c); i++)
		n += means(claims_get(c, i)->id, typed);
	for (size_t i = 0; n == 1 && i < claims_count(c); i++)
		if (means(claims_get(c, i)->id, typed))
			found = claims_get(c, i);
	return found;
}

static __attribute__((noreturn)) void refuse(const struct claims *c, const char *id)
{
	size_t n = claims_count(c);
	const char **ids = calloc(n + 1, sizeof(*ids)), *near = NULL;
	char several[400] = "";

	for (size_t i = 0; ids && i < n; i++) {
		size_t used = strlen(several);

		ids[i] = claims_get(c, i)->id;
		if (means(ids[i], id))
			snprintf(several + used, sizeof(several) - used, "%s%s", used ? ", " : "",
				ids[i]);
	}
	if (*several)
		say_exit(EXIT_USAGE, "claims: %s: means several claims (allowed %s)", id, several);
	if (ids)
		near = options_nearest(id, ids);
	if (near)
		say_exit(EXIT_USAGE,
			"claims: %s: no such claim, did you mean %s? (see forklab claims)", id,
			near);
	say_exit(EXIT_USAGE, "claims: %s: no such claim (see forklab claims, or --search WORDS)",
		id);
}

static int print(const struct request *q, const struct claims *c, const struct store *s)
{
	const struct claim **list = calloc(claims_count(c) + 1, sizeof(*list));
	size_t n = 0;

	if (!list)
		say_exit(EXIT_ENVIRONMENT, "claims: %s", strerror(ENOMEM));
	for (size_t i = 0; i < claims_count(c); i++) {
		const struct claim *one = claims_get(c, i);

		if (q->id ? !strcmp(one->id, q->id) : matches(one, q->search))
			list[n++] = one;
	}
	if (q->form == FORM_JSON)
		claims_show_json(list, n, s);
	else if (q->form == FORM_MD)
		claims_show_md(list, n, s);
	else if (q->id)
		claims_explain(list[0], s);
	else if (n)
		claims_show_list(stdout, list, n, s, true);
	free(list);
	if (!n)
		say("claims: %s: no claim has all these words: fewer of them find more (see "
		    "forklab claims)",
			q->search);
	return EXIT_DONE;
}

static int answer(struct request *q)
{
	struct claims *c;
	struct store *s;
	struct paths p;
	char why[400] = "";
	int err = paths_find(&p);

	if (err)
		say_exit(EXIT_ENVIRONMENT, "claims: build: %s", strerror(-err));
	err = claims_load(p.claims, &c, why, sizeof(why));
	if (err)
		say_exit(err == -EINVAL ? EXIT_FAILED : EXIT_ENVIRONMENT, "claims: %s",
			*why ? why : strerror(-err));
	if (q->id && !find_meant(c, q->id))
		refuse(c, q->id);
	if (q->id)
		q->id = find_meant(c, q->id)->id;
	load_store(q, &p, &s);
	err = print(q, c, s);
	if (!json_array_size(store_all(s, "result")))
		say("claims: no measurement yet: `make report` measures all, `forklab run NAME` "
		    "one "
		    "benchmark");
	store_free(s);
	claims_free(c);
	return err;
}

int cmd_claims(int argc, char **argv)
{
	static const struct options_text about = {
		.usage = "[options] [ID]",
		.about = "Lists what tutorials and papers claim, what was published, what the "
			 "records in "
			 "build/results say of it here, and the verdict. With an ID explains that "
			 "one "
			 "claim: source, cases, figures, and the command to measure it again.",
		.after =
			"Verdicts: holds, holds only when (and when), does not hold, cannot tell "
			"here "
			"(and what it needs),\nopinion, slip of the text. Without any record every "
			"measured claim is \"cannot tell here\"; that is\nno error. A claim of "
			"your own "
			"is a file in bench/claims: see README.md there.\n",
	};
	struct request q = {.search = NULL, .form = FORM_TABLE};
	const struct option_spec specs[] = {
		{.name = "search",
			.type = OPTION_TEXT,
			.out = &q.search,
			.arg = "WORDS",
			.help = "only claims with all these words"},
		{.name = "format",
			.type = OPTION_WORD,
			.out = &q.form,
			.words = "table|md|json",
			.help = "for the screen, for a discussion, for programs (default table)"},
		{.name = "from",
			.type = OPTION_TEXT,
			.out = &q.from,
			.arg = "FILE",
			.help = "records of this file alone (default: all in build/results)"},
		{0},
	};
	int n = options_read(argc, argv, specs, &about, false);

	if (n + 1 < argc)
		options_refuse("claims", argv[n + 1], "takes one ID");
	if (n < argc)
		q.id = argv[n];
	if (q.search && !q.search[strspn(q.search, " \t")])
		options_refuse("claims", "--search", "has no words");
	return answer(&q);
}
