/* options.c - reads a command line against a table of options, and explains what is wrong with it
 */
#include "harness/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/ensure.h"
#include "harness/options_text.h"
#include "harness/say.h"

/* getopt_long's codes for our options; above every character, so that they never look like a
 * letter. */
#define CODE_FIRST   256
#define OPTIONS_MOST 60

#define VARIABLE      "FORKLAB_"
#define VARIABLE_MOST 64 /* bytes of a variable's name with its NUL */

extern char **environ;

/* What was taken from the environment, as --NAME. */
static const char *from_environment[OPTIONS_MOST];
static size_t taken;

static void variable_name(const char *name, char *buf, size_t len)
{
	size_t n = (size_t)snprintf(buf, len, VARIABLE "%s", name);

	CHECK(n < len);
	for (char *c = buf; *c != '\0'; c++) {
		if (*c == '-')
			*c = '_';
		else if (*c >= 'a' && *c <= 'z') /* toupper() would follow the locale: Turkish i */
			*c = (char)(*c - 'a' + 'A');
	}
}

bool options_inherited(const char *option)
{
	for (size_t i = 0; i < taken; i++)
		if (strcmp(from_environment[i], option + strspn(option, "-")) == 0)
			return true;
	return false;
}

const char *options_shown(const char *option)
{
	static char name[VARIABLE_MOST];

	if (!options_inherited(option))
		return option;
	variable_name(option + strspn(option, "-"), name, sizeof(name));
	return name;
}

void options_refuse(const char *option, const char *value, const char *why)
{
	option = options_shown(option);
	if (value == NULL)
		say_exit(EXIT_USAGE, "%s: %s", option, why);
	say_exit(EXIT_USAGE, "%s: %.200s%s: %s", option, *value ? value : "\"\"",
		strlen(value) > 200 ? "..." : "", why);
}

static uint64_t whole(double x)
{
	return x >= 18446744073709551616.0 ? UINT64_MAX : (uint64_t)x;
}

static int store_flag(const char *text, bool *out)
{
	if (text != NULL && strcmp(text, "1") != 0 && strcmp(text, "0") != 0)
		return -EINVAL;
	*out = text == NULL || *text == '1'; /* NULL: the option stood on the line */
	return 0;
}

static int store_word(const char *text, const char *words, int *out)
{
	size_t len = strlen(text);
	int i = 0;

	for (const char *w = words; len > 0; w++, i++) {
		size_t n = strcspn(w, "|");

		if (n == len && strncmp(w, text, n) == 0) {
			*out = i;
			return 0;
		}
		w += n;
		if (*w == '\0')
			break;
	}
	return -EINVAL;
}

/* Kept until the program ends, like the words of argv. */
static int store_list(const char *text, const char **out)
{
	char *both = NULL;

	if (*text == '\0')
		return -EINVAL;
	if (*out == NULL)
		*out = text;
	else if (asprintf(&both, "%s;%s", *out, text) < 0)
		return -ENOMEM;
	else
		*out = both;
	return 0;
}

static int store(const struct option_spec *s, const char *text)
{
	double max = options_max(s);

	switch (s->type) {
	case OPTION_FLAG:
		return store_flag(text, s->out);
	case OPTION_COUNT:
		return parse_count(text, whole(s->min), whole(max), s->out);
	case OPTION_SIZE:
		return parse_size(text, whole(s->min), whole(max), s->out);
	case OPTION_SHARE:
		return parse_share(text, s->min, max, s->out);
	case OPTION_SECONDS:
		return parse_seconds(text, s->min, max, s->out);
	case OPTION_WORD:
		return store_word(text, s->words, s->out);
	case OPTION_TEXT: /* no list, file or name is empty */
		if (*text == '\0')
			return -EINVAL;
		*(const char **)s->out = text;
		return 0;
	case OPTION_LIST:
		return store_list(text, s->out);
	}
	return -EINVAL;
}

/* shown is what the user wrote: --workers, or FORKLAB_WORKERS. */
static void read_value(const struct option_spec *s, const char *shown, const char *text)
{
	char why[OPTIONS_WHY];
	int err = store(s, text);

	if (err != 0) {
		options_why(s, text, err, why, sizeof(why));
		options_refuse(shown, text ? text : "", why);
	}
	if (s->given != NULL)
		*s->given = true;
}

static void read_environment(const struct option_spec *s)
{
	char name[VARIABLE_MOST];
	const char *text;

	variable_name(s->name, name, sizeof(name));
	text = getenv(name);
	if (text == NULL || *text == '\0') /* empty is how a shell says "not set" */
		return;
	read_value(s, name, text);
	CHECK(taken < OPTIONS_MOST);
	from_environment[taken++] = s->name;
}

/*
 * Which variables mean something: this program's options, those of the others (it may be there for them), and
 * what the tests set. tests/cli.sh compares with what the programs say.
 */
static const char *const elsewhere[] = {"budget", "check", "cpus", "deadline", "describe",
	"exercise", "format", "from", "launches", "list", "listings", "margin", "no-predict",
	"no-smt", "only", "output", "pair", "places", "precision", "predict", "print-binding",
	"proc-bind", "progress", "quick", "run-id", "search", "seed", "sweep", "test", "topology",
	"workers", "root", "build", "counts", "mark", "sanitize", "skips", "tap"};

static void warn_of(const struct option_spec *specs, const char *entry)
{
	char name[VARIABLE_MOST], near[VARIABLE_MOST];
	char known[ARRAY_LEN(elsewhere) + OPTIONS_MOST][VARIABLE_MOST];
	const char *words[ARRAY_LEN(known) + 1], *best;
	size_t n = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry, "="), entry);
	for (; specs->name != NULL; specs++)
		variable_name(specs->name, known[n++], VARIABLE_MOST);
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		variable_name(elsewhere[i], known[n++], VARIABLE_MOST);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(known[i], name) == 0)
			return;
		words[i] = known[i] + strlen(VARIABLE);
	}
	words[n] = NULL;
	best = options_nearest(name + strlen(VARIABLE), words);
	snprintf(near, sizeof(near), VARIABLE "%s", best ? best : "");
	say("%s: no option has this name, so it is ignored%s%s%s", name,
		best ? "; did you mean " : "", best ? near : "", best ? "?" : "");
	unsetenv(name); /* told once: what we start need not say it again */
}

static void warn_of_unknown(const struct option_spec *specs)
{
	char **copy;
	size_t n = 0;

	while (environ[n] != NULL)
		n++;
	copy = calloc(n + 1, sizeof(*copy)); /* unsetenv moves the entries of environ */
	for (size_t i = 0; copy != NULL && i < n; i++)
		copy[i] = environ[i];
	for (size_t i = 0; copy != NULL && i < n; i++)
		if (strncmp(copy[i], VARIABLE, strlen(VARIABLE)) == 0)
			warn_of(specs, copy[i]);
	free(copy);
}

static const struct option_spec *find(const struct option_spec *specs, const char *word, size_t len)
{
	for (; specs->name != NULL; specs++)
		if (strlen(specs->name) == len && strncmp(specs->name, word, len) == 0)
			return specs;
	return NULL;
}

/* --help and --version win over everything, so they are looked for before anything can be refused.
 */
static void answer_help(int argc, char **argv, const struct option_spec *specs,
	const struct options_text *text, bool stop_at_operand)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const char *a = argv[i];
		const struct option_spec *s;

		if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0) {
			options_print_help(argv[0], specs, text);
			exit(say_finish(EXIT_DONE));
		}
		if (strcmp(a, "--version") == 0) {
			printf("%s %s\n", say_name(), FORKLAB_VERSION);
			exit(say_finish(EXIT_DONE));
		}
		if (a[0] != '-' || a[1] == '\0') {
			if (stop_at_operand)
				return;
			continue;
		}
		s = strncmp(a, "--", 2) == 0 ? find(specs, a + 2, strlen(a + 2)) : NULL;
		/* What follows is a value, though not where help was asked for in its place. */
		if (s != NULL && s->type != OPTION_FLAG && i + 1 < argc &&
			strcmp(argv[i + 1], "--help") != 0 && strcmp(argv[i + 1], "--version") != 0)
			i++;
	}
}

/* The word as it was typed: getopt_long has moved operands away, what it just read lies before
 * optind. */
static const char *typed(int argc, char **argv, int code)
{
	/* In "-xyz" it has not stepped on yet. */
	if (code == '?' && optopt > 0 && optopt < CODE_FIRST && optind < argc &&
		argv[optind][0] == '-' && argv[optind][1] == optopt)
		return argv[optind];
	if (code >= CODE_FIRST && optarg != NULL && optarg == argv[optind - 1])
		return argv[optind - 2];
	return argv[optind - 1];
}

__attribute__((noreturn)) static void refuse_unknown(
	const struct option_spec *specs, const char *word)
{
	char shown[80], why[OPTIONS_WHY];

	snprintf(shown, sizeof(shown), "%.*s", (int)strcspn(word, "="), word);
	options_why_unknown(specs, shown, why, sizeof(why));
	options_refuse(shown, NULL, why);
}

/* getopt_long refused a word: which of its reasons was it? */
__attribute__((noreturn)) static void refuse(
	const struct option_spec *specs, const char *word, int code)
{
	const char *name = word + strspn(word, "-");
	const struct option_spec *s = find(specs, name, strcspn(name, "="));
	char shown[80], why[OPTIONS_WHY];

	if (strncmp(word, "--help=", 7) == 0 || strncmp(word, "--version=", 10) == 0) {
		snprintf(shown, sizeof(shown), "%.*s", (int)strcspn(word, "="), word);
		options_refuse(
			shown, strchr(word, '=') + 1, "takes no value (allowed: the option alone)");
	}
	if (s == NULL || strncmp(word, "--", 2) != 0)
		refuse_unknown(specs, word);
	snprintf(shown, sizeof(shown), "--%s", s->name);
	if (code == '?')
		options_refuse(
			shown, strchr(word, '=') + 1, "takes no value (allowed: the option alone)");
	options_why(s, NULL, -EINVAL, why, sizeof(why));
	options_refuse(shown, NULL, why);
}

static size_t fill_long(const struct option_spec *specs, struct option *longs)
{
	size_t n = 0;

	for (; specs[n].name != NULL; n++) {
		CHECK(n < OPTIONS_MOST);
		longs[n] = (struct option){.name = specs[n].name,
			.has_arg = specs[n].type == OPTION_FLAG ? no_argument : required_argument,
			.val = CODE_FIRST + (int)n};
	}
	longs[n] = (struct option){.name = NULL};
	return n;
}

int options_read(int argc, char **argv, const struct option_spec *specs,
	const struct options_text *text, bool stop_at_operand)
{
	struct option longs[OPTIONS_MOST + 1];
	bool seen[OPTIONS_MOST] = {false};
	size_t n = fill_long(specs, longs);
	int code;

	answer_help(argc, argv, specs, text, stop_at_operand);
	optind =
		0; /* glibc's way to start afresh: a front command reads two lines in one process */
	opterr = 0;
	while ((code = getopt_long(argc, argv, stop_at_operand ? "+:" : ":", longs, NULL)) != -1) {
		const char *word = typed(argc, argv, code);
		const struct option_spec *s;
		char shown[80];

		if (code < CODE_FIRST)
			refuse(specs, word, code);
		s = &specs[code - CODE_FIRST];
		/* getopt_long takes "--work" for "--workers"; a later option could change what it
		 * means. */
		if (strcspn(word + 2, "=") != strlen(s->name))
			refuse_unknown(specs, word);
		snprintf(shown, sizeof(shown), "--%s", s->name);
		read_value(s, shown, optarg);
		seen[code - CODE_FIRST] = true;
	}
	taken = 0;
	for (size_t i = 0; i < n; i++)
		if (!seen[i])
			read_environment(&specs[i]);
	warn_of_unknown(specs);
	return optind;
}
