/*
 * report_answer.c - a benchmark's own words for its answer, filled in from its records
 *
 * {fork} is a median with its interval, {fork/thread} a ratio to the base with its interval; behind @ stands the
 * point where it is not the usual one: {pool/serial@tasks=1000,chunk=1}.
 */
#include "report.h"

#include <stdlib.h>
#include <string.h>

struct blank {
	char variant[64], base[64]; /* base "": the median is meant */
	char at[160];               /* "axis=value,axis=value" */
};

/* What stands between the braces at text, which ends behind them. False: it breaks the form. */
static bool read_blank(const char **text, struct blank *out)
{
	const char *end = strchr(*text, '}');
	char word[256], *at, *base;

	if (!end || (size_t)(end - *text) >= sizeof(word))
		return false;
	snprintf(word, sizeof(word), "%.*s", (int)(end - *text - 1), *text + 1);
	*text = end + 1;
	at = strchr(word, '@');
	if (at)
		*at++ = '\0';
	base = strchr(word, '/');
	if (base)
		*base++ = '\0';
	return (size_t)snprintf(out->variant, sizeof(out->variant), "%s", word) <
		       sizeof(out->variant) &&
	       (size_t)snprintf(out->base, sizeof(out->base), "%s", base ? base : "") <
		       sizeof(out->base) &&
	       (size_t)snprintf(out->at, sizeof(out->at), "%s", at ? at : "") < sizeof(out->at);
}

/* Moves the slice to the point; its values are those of the records. False: it was not measured there. */
static bool move_to(struct report_slice *s, char *at)
{
	char *save;

	for (char *pair = strtok_r(at, ",", &save); pair; pair = strtok_r(NULL, ",", &save)) {
		char *value = strchr(pair, '=');
		size_t axis, k = 0;

		if (!value)
			return false;
		*value++ = '\0';
		axis = report_axis(s, pair);
		while (axis < s->naxes && k < s->axis[axis].n &&
			strcmp(s->axis[axis].values[k], value))
			k++;
		if (axis == s->naxes || k == s->axis[axis].n)
			return false;
		s->fixed[axis] = s->axis[axis].values[k];
	}
	return true;
}

static bool fill(FILE *f, const struct report_bench *b, const struct report_slice *usual,
	struct blank *blank)
{
	struct report_slice s = *usual;
	const json_t *result, *c;
	char figure[64], interval[96];

	result = move_to(&s, blank->at) ? report_find(b, &s, blank->variant) : NULL;
	if (!result)
		return false;
	if (!*blank->base) {
		report_time(result, figure, sizeof(figure), interval, sizeof(interval));
	} else {
		c = report_compare(b, result);
		if (!c || strcmp(report_text(c, "b"), blank->base))
			return false;
		report_ratio(figure, sizeof(figure), report_number(c, "ratio", 0));
		report_ratio_interval(c, interval, sizeof(interval));
	}
	fprintf(f, "%s%s%s", figure, *interval ? " " : "", interval);
	return true;
}

static bool fill_all(FILE *f, const struct report_bench *b, const struct report_slice *usual)
{
	for (const char *text = b->answer; *text;) {
		struct blank blank;

		if (*text != '{') {
			fputc(*text++, f);
			continue;
		}
		if (!read_blank(&text, &blank) || !fill(f, b, usual, &blank))
			return false;
	}
	return true;
}

bool report_answer(FILE *f, const struct report_bench *b, const struct report_slice *usual)
{
	char *text = NULL;
	size_t len;
	FILE *m = *b->answer ? open_memstream(&text, &len) : NULL;
	bool filled = m && fill_all(m, b, usual);

	if (m && fclose(m))
		filled = false;
	if (filled)
		fputs(text, f);
	free(text);
	return filled;
}
