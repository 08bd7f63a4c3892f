/* lesson_text.c - reads a lesson's files, and prints them as plain text for a terminal */
#include "forklab/lesson.h"

#include "forklab/text_file.h"
#include "harness/ensure.h"
#include "harness/options.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "1" and "01" name 01-start-cost, as does "start-cost". */
static bool names_it(const char *which, const char *name)
{
	const char *slug = strchr(name, '-');
	char *end;

	if (strcmp(which, name) == 0 || (slug != NULL && strcmp(which, slug + 1) == 0))
		return true;
	return isdigit((unsigned char)*which) && strlen(which) <= 3 && slug != NULL &&
	       strtol(which, &end, 10) == strtol(name, NULL, 10) && *end == '\0';
}

static void tell_nearest(
	struct dirent *const *list, int n, const char *which, char *near, size_t len)
{
	const char **names = calloc((size_t)n + 1, sizeof(*names)), *best;

	if (names == NULL)
		return;
	for (int i = 0; i < n; i++)
		names[i] = list[i]->d_name;
	best = options_nearest(which, names);
	if (best != NULL)
		snprintf(near, len, "%s", best);
	free(names);
}

static int find(
	const struct paths *p, const char *which, struct lesson *l, char *near, size_t nearlen)
{
	struct dirent **list;
	int n = scandir(p->lessons, &list, NULL, alphasort), err = -ENOENT;

	if (n < 0)
		return -errno;
	for (int i = 0; i < n && err == -ENOENT; i++) {
		size_t len = strlen(list[i]->d_name);

		if (list[i]->d_name[0] == '.' || len >= sizeof(l->name) ||
			!names_it(which, list[i]->d_name))
			continue;
		memcpy(l->name, list[i]->d_name, len + 1);
		err = 0;
	}
	if (near != NULL && nearlen > 0)
		near[0] = '\0';
	if (err == -ENOENT)
		tell_nearest(list, n, which, near, nearlen);
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	return err;
}

/* Each check/EX.c is an exercise. */
static int read_exercises(struct lesson *l)
{
	char path[LESSON_PATH + 16];
	struct dirent **list;
	int n;

	snprintf(path, sizeof(path), "%s/check", l->dir);
	n = scandir(path, &list, NULL, alphasort);
	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		size_t len = strlen(list[i]->d_name);

		if (len > 2 && len - 2 < sizeof(l->exercises[0]) && list[i]->d_name[0] != '.' &&
			strcmp(list[i]->d_name + len - 2, ".c") == 0 &&
			l->nexercises < LESSON_EXERCISES)
			memcpy(l->exercises[l->nexercises++], list[i]->d_name, len - 2);
		free(list[i]);
	}
	free(list);
	return 0;
}

int lesson_open(
	const struct paths *p, const char *which, struct lesson *out, char *near, size_t nearlen)
{
	char path[LESSON_PATH + 16];
	size_t len;
	int err;

	memset(out, 0, sizeof(*out));
	err = find(p, which, out, near, nearlen);
	if (err < 0)
		return err;
	snprintf(out->dir, sizeof(out->dir), "%s/%s", p->lessons, out->name);
	snprintf(path, sizeof(path), "%s/lesson.md", out->dir);
	err = text_file_read(path, &out->text, &len);
	if (err == 0 && strncmp(out->text, "---\n", 4) != 0)
		err = -EINVAL;
	if (err == 0) {
		snprintf(path, sizeof(path), "%s/predict.md", out->dir);
		err = text_file_read(path, &out->predict, &len);
		if (err == -ENOENT)
			err = (out->predict = strdup("")) == NULL ? -ENOMEM : 0;
	}
	if (err == 0)
		err = read_exercises(out);
	if (err < 0)
		lesson_close(out);
	return err;
}

void lesson_close(struct lesson *l)
{
	free(l->text);
	free(l->predict);
	memset(l, 0, sizeof(*l));
}

char *lesson_field(const struct lesson *l, const char *word, char *buf, size_t len)
{
	const char *end = strstr(l->text + 4, "\n---");
	size_t n = strlen(word);

	buf[0] = '\0';
	for (const char *line = l->text + 4; end != NULL && line < end;) {
		size_t full = strcspn(line, "\n");

		if (strncmp(line, word, n) == 0 && line[n] == ':') {
			size_t skip = n + 1 + strspn(line + n + 1, " ");

			snprintf(buf, len, "%.*s", (int)(full - skip), line + skip);
			break;
		}
		line += full + 1;
	}
	return buf;
}

/* "[name](target)": true, with the name's place and the length of the whole. */
static bool is_link(const char *at, size_t len, size_t *name, size_t *whole)
{
	const char *close = memchr(at, ']', len), *end;

	if (len < 4 || *at != '[' || close == NULL || close + 1 >= at + len || close[1] != '(')
		return false;
	end = memchr(close, ')', (size_t)(at + len - close));
	if (end == NULL)
		return false;
	*name = (size_t)(close - at) - 1;
	*whole = (size_t)(end - at) + 1;
	return true;
}

static bool is_tag(const char *at, size_t len)
{
	const char *close = memchr(at, '>', len);

	return len > 1 && *at == '<' && close != NULL &&
	       (at[1] == '/' || isalpha((unsigned char)at[1])) &&
	       memmem(at, (size_t)(close - at), "://", 3) == NULL;
}

/* The line without HTML tags, and with a link's name alone; in backquotes all stays. out has len bytes. */
static size_t plain_text(const char *line, size_t len, char *out)
{
	size_t n = 0, name, whole;
	bool code = false;

	for (size_t i = 0; i < len; i++) {
		code ^= line[i] == '`';
		if (!code && is_tag(line + i, len - i)) {
			i = (size_t)((const char *)memchr(line + i, '>', len - i) - line);
		} else if (!code && is_link(line + i, len - i, &name, &whole)) {
			memcpy(out + n, line + i + 1, name);
			n += name;
			i += whole - 1;
		} else {
			out[n++] = line[i];
		}
	}
	return n;
}

/* What a block shows, with "..." for what differs from machine to machine (expect.h). out has 2 len bytes. */
static size_t plain_block(const char *line, size_t len, char *out)
{
	static const char *const holders[] = {"<text>", "<time>", "<x>", "<n>"};
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(holders) &&
			(len - i < strlen(holders[k]) ||
				memcmp(line + i, holders[k], strlen(holders[k])) != 0))
			k++;
		if (k == ARRAY_LEN(holders)) {
			out[n++] = line[i];
			continue;
		}
		for (int dots = 0; dots < 3; dots++)
			out[n++] = '.';
		i += strlen(holders[k]) - 1;
	}
	return n;
}

/*
 * A terminal cannot fold: what stands between <details> and </details> is told at the end, under the
 * number of its question. So the text is gone through twice, and each pass leaves out what is the other's.
 */
struct printer {
	bool answers; /* the second pass */
	bool fenced, comment, folded, blank;
	unsigned question;
};

static bool starts(const char *line, size_t len, const char *word)
{
	return len >= strlen(word) && memcmp(line, word, strlen(word)) == 0;
}

/* Tags and comments: true where the line is none of the reader's. */
static bool hidden(struct printer *r, const char *line, size_t len)
{
	if (r->comment || starts(line, len, "<!--")) {
		r->comment = memmem(line, len, "-->", 3) == NULL;
		return true;
	}
	if (starts(line, len, "<details>") || starts(line, len, "</details>")) {
		r->folded = line[1] == 'd';
		return true;
	}
	return false;
}

static void print_line(struct printer *r, const char *line, size_t len)
{
	bool fence = starts(line, len, "```"), summary = starts(line, len, "<summary>");
	char *plain;
	size_t n;

	r->fenced ^= fence;
	if (fence || (!r->fenced && hidden(r, line, len)))
		return;
	r->question += summary;
	if (!summary && r->folded != r->answers)
		return;
	/* What was left out leaves empty lines on both sides. */
	if (len == 0 && r->blank && !r->fenced)
		return;
	r->blank = len == 0;
	plain = malloc(2 * len + 1);
	if (plain == NULL)
		return;
	n = r->fenced ? plain_block(line, len, plain) : plain_text(line, len, plain);
	if (summary)
		printf("[%u] ", r->question);
	printf("%s%.*s\n", r->fenced && len > 0 ? "    " : "", (int)n, plain);
	free(plain);
}

static void print_text(struct printer *r, const char *text, const char *end)
{
	while (text < end) {
		const char *nl = memchr(text, '\n', (size_t)(end - text));
		const char *stop = nl == NULL ? end : nl;

		print_line(r, text, (size_t)(stop - text));
		text = stop + 1;
	}
}

static void print_pass(
	const struct lesson *l, const char *text, const char *run, bool whole, bool answers)
{
	struct printer r = {.answers = answers, .blank = true};

	print_text(&r, text, run);
	print_line(&r, "", 0);
	print_text(&r, l->predict, l->predict + strlen(l->predict));
	if (whole)
		print_text(&r, run, run + strlen(run));
}

void lesson_print(const struct lesson *l, bool whole)
{
	const char *front = strstr(l->text + 4, "\n---\n");
	const char *text = front == NULL ? l->text : front + 5, *run = strstr(text, "\n## Run\n");
	char title[200], minutes[100];

	run = run == NULL ? text + strlen(text) : run;
	printf("%s\nMinutes: %s\n\n", lesson_field(l, "title", title, sizeof(title)),
		lesson_field(l, "minutes", minutes, sizeof(minutes)));
	print_pass(l, text, run, whole, false);
	if (whole) {
		printf("\n\n## Answers\n\n");
		print_pass(l, text, run, whole, true);
	}
}

int scratch_make(char *path, size_t len)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(path, len, "%s/forklab-XXXXXX", tmp != NULL && *tmp == '/' ? tmp : "/tmp");

	if (n < 0 || (size_t)n >= len)
		return -ENAMETOOLONG;
	if (mkdtemp(path) != NULL)
		return 0;
	snprintf(path, len, "/tmp/forklab-XXXXXX");
	return mkdtemp(path) == NULL ? -errno : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path) < 0 ? -errno : 0;
}

int scratch_remove(const char *path)
{
	/* FTW_PHYS: the links in it lead to the project itself. */
	return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) < 0 ? -errno : 0;
}
