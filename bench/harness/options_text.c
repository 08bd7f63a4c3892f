/* options_text.c - --help, and the sentences that say what an option allows */
#include "harness/options_text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "harness/ensure.h"
#include "harness/say.h"

#define HELP_WIDTH  79
#define HELP_COLUMN 26 /* where the explanations start */
#define WORD_MOST   32 /* longer words have no near miss */

double options_max(const struct option_spec *s)
{
	return s->max == 0 && s->min == 0 ? HUGE_VAL : s->max;
}

static void show_number(enum option_type type, double x, char *buf, size_t len)
{
	static const char letters[] = " KMGT";
	int step = 0;

	if (type == OPTION_SIZE)
		for (; step < 4 && x >= 1024 && fmod(x, 1024) == 0; step++)
			x /= 1024;
	if (step > 0)
		snprintf(buf, len, "%.0f%c", x, letters[step]);
	else if (type == OPTION_SHARE)
		snprintf(buf, len, "%.6g%%", x * 100);
	else if (type == OPTION_SECONDS)
		snprintf(buf, len, "%.6gs", x);
	else
		snprintf(buf, len, "%.0f", x);
}

/* "allowed 1 to 4096", "allowed close, spread or none" */
static void show_allowed(const struct option_spec *s, char *buf, size_t len)
{
	char low[32], high[32];

	if (s->type == OPTION_WORD) {
		snprintf(buf, len, "allowed %s", s->words);
	} else if (isinf(options_max(s))) {
		show_number(s->type, s->min, low, sizeof(low));
		snprintf(buf, len, "allowed %s and more", low);
	} else {
		show_number(s->type, s->min, low, sizeof(low));
		show_number(s->type, s->max, high, sizeof(high));
		snprintf(buf, len, "allowed %s to %s", low, high);
	}
}

/* The words of "close|spread|none", for options_nearest; buf holds them. Returns the near miss or
 * NULL. */
static const char *near_word(const char *words, const char *text, char *buf, size_t len)
{
	const char *list[WORD_MOST + 1];
	size_t n = 0;
	char *save = NULL;

	if (snprintf(buf, len, "%s", words) >= (int)len)
		return NULL;
	for (char *w = strtok_r(buf, "|", &save); w && n < WORD_MOST;
		w = strtok_r(NULL, "|", &save))
		list[n++] = w;
	list[n] = NULL;
	return options_nearest(text, list);
}

void options_why(const struct option_spec *s, const char *text, int err, char *why, size_t len)
{
	static const char *const kinds[] = {
		[OPTION_FLAG] = "not 0 or 1",
		[OPTION_COUNT] = "not a whole number in digits",
		[OPTION_SIZE] = "not a size such as 4096, 64K or 1.5G",
		[OPTION_SHARE] = "not a share such as 2% or 0.02",
		[OPTION_SECONDS] = "not a time such as 10, 0.5s, 500ms or 2min",
		[OPTION_TEXT] = "not a text",
		[OPTION_LIST] = "not a text",
		[OPTION_WORD] = "no such choice",
	};
	char allowed[200], buf[200];
	const char *what = err == -ERANGE ? "out of range" : kinds[s->type];
	const char *near = NULL;

	if (s->type == OPTION_FLAG || (s->type == OPTION_TEXT && text == NULL)) {
		snprintf(why, len, "%s", text ? what : "needs a value");
		return;
	}
	if (text == NULL)
		what = "needs a value";
	else if (s->type == OPTION_WORD)
		near = near_word(s->words, text, buf, sizeof(buf));
	show_allowed(s, allowed, sizeof(allowed));
	if (near != NULL)
		snprintf(why, len, "%s, did you mean %s? (%s)", what, near, allowed);
	else
		snprintf(why, len, "%s (%s)", what, allowed);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Edits from a to b: insert, delete, change, swap neighbours (optimal string alignment). */
static int edits(const char *a, const char *b)
{
	int na = (int)strlen(a), nb = (int)strlen(b);
	int d[WORD_MOST + 1][WORD_MOST + 1];

	if (na > WORD_MOST || nb > WORD_MOST)
		return WORD_MOST;
	for (int i = 0; i <= na; i++) {
		for (int j = 0; j <= nb; j++) {
			if (i == 0 || j == 0) {
				d[i][j] = i + j;
				continue;
			}
			d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
				d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[na][nb];
}

const char *options_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	int fewest = 3;

	for (; *words != NULL; words++) {
		int n = edits(word, *words);

		/* With two edits any two-letter word is "near" any other. */
		if (n >= fewest || n >= (int)strlen(*words))
			continue;
		fewest = n;
		best = *words;
	}
	return best;
}

void options_why_unknown(const struct option_spec *specs, const char *word, char *why, size_t len)
{
	const char *name = word + strspn(word, "-");
	const char *names[64], *near = NULL;
	size_t n = 0, starting = 0;

	for (; specs->name != NULL && n + 3 < ARRAY_LEN(names); specs++) {
		if (specs->help == NULL) /* internal */
			continue;
		names[n++] = specs->name;
		if (*name != '\0' && strncmp(specs->name, name, strlen(name)) == 0) {
			near = specs->name;
			starting++;
		}
	}
	names[n++] = "help";
	names[n++] = "version";
	names[n] = NULL;
	if (starting != 1)
		near = options_nearest(name, names);
	if (near != NULL)
		snprintf(why, len, "no such option, did you mean --%s? (--help lists all)", near);
	else
		snprintf(why, len, "no such option (--help lists all)");
}

/* Prints text broken at blanks, each further line indented; a newline in text stays one. */
static void print_wrapped(const char *text, size_t column, size_t indent)
{
	while (*text != '\0') {
		size_t n = strcspn(text, " \n");

		if (column > indent && column + n > HELP_WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		}
		printf("%.*s", (int)n, text);
		column += n;
		text += n;
		if (*text == ' ') {
			/* The blank is left out where the line breaks behind it. */
			if (column + 1 + strcspn(text + 1, " \n") <= HELP_WIDTH &&
				text[1] != '\0') {
				putchar(' ');
				column++;
			} else if (text[1] != '\0') {
				printf("\n%*s", (int)indent, "");
				column = indent;
			}
			text++;
		} else if (*text == '\n') {
			text++;
			printf("\n%*s", *text == '\0' || *text == '\n' ? 0 : (int)indent, "");
			column = indent;
		}
	}
	putchar('\n');
}

static void print_option(const char *name, const char *arg, const char *help)
{
	int n = printf("  --%s%s%s", name, *arg ? " " : "", arg);

	if (n + 2 > HELP_COLUMN)
		printf("\n%*s", HELP_COLUMN, "");
	else
		printf("%*s", HELP_COLUMN - n, "");
	print_wrapped(help, HELP_COLUMN, HELP_COLUMN);
}

static const char *placeholder(const struct option_spec *s)
{
	static const char *const by_type[] = {
		[OPTION_FLAG] = "",
		[OPTION_COUNT] = "N",
		[OPTION_SIZE] = "SIZE",
		[OPTION_SHARE] = "SHARE",
		[OPTION_SECONDS] = "TIME",
		[OPTION_TEXT] = "TEXT",
		[OPTION_LIST] = "TEXT",
		[OPTION_WORD] = "",
	};

	/* The allowed words are what a reader needs; a name for them would hide them. */
	if (s->type == OPTION_WORD)
		return s->words;
	return s->arg != NULL ? s->arg : by_type[s->type];
}

void options_print_help(
	const char *argv0, const struct option_spec *specs, const struct options_text *text)
{
	const char *slash = strrchr(argv0, '/');
	const char *base = slash ? slash + 1 : argv0;
	size_t n = strlen(base);
	/* In a subcommand argv[0] is its name: "forklab run ...", whether or not the usage repeats
	 * it. */
	bool sub = strcmp(base, say_name()) != 0 &&
		   !(strncmp(text->usage, base, n) == 0 && strchr(" ", text->usage[n]) != NULL);

	printf("Usage: %s %s%s%s\n\n", say_name(), sub ? base : "", sub ? " " : "", text->usage);
	if (text->about != NULL) {
		print_wrapped(text->about, 0, 0);
		putchar('\n');
	}
	printf("Options:\n");
	for (; specs->name != NULL; specs++)
		if (specs->help != NULL)
			print_option(specs->name, placeholder(specs), specs->help);
	print_option("help", "", "prints this and ends (also -h)");
	print_option("version", "", "prints the version and ends");
	if (text->after != NULL)
		printf("\n%s%s", text->after,
			*text->after && text->after[strlen(text->after) - 1] == '\n' ? "" : "\n");
}
