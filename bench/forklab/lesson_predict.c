/* lesson_predict.c - keeps what a student expects before the measurement, and finds it again */
#include "forklab/lesson.h"

#include "harness/options.h"
#include "harness/record.h"
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define QUESTIONS_MAX 16

/* A question of predict.md: the letters offered by its lines "- A) ...", none where it asks a
 * number. */
struct question {
	char letters[27];
};

static size_t read_questions(const char *text, struct question *q, size_t cap)
{
	size_t n = 0;

	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n")) {
		line += *line == '\n';
		if (strncmp(line, "## ", 3) == 0 && isdigit((unsigned char)line[3]) && n < cap)
			q[n++].letters[0] = '\0';
		else if (n > 0 && strncmp(line, "- ", 2) == 0 && isupper((unsigned char)line[2]) &&
			 line[3] == ')' && strlen(q[n - 1].letters) < 26)
			strncat(q[n - 1].letters, line + 2, 1);
	}
	return n;
}

/* One answer as JSON: NULL where the question does not offer it. */
static json_t *read_answer(const struct question *q, const char *text, char *why, size_t whylen)
{
	char *end;
	double x;

	if (q->letters[0] != '\0') {
		char letter[2] = {(char)toupper((unsigned char)text[0]), '\0'};

		if (strlen(text) == 1 && strchr(q->letters, letter[0]) != NULL)
			return json_string(letter);
		snprintf(why, whylen, "\"%.20s\" is not offered (allowed one letter of %s)", text,
			q->letters);
		return NULL;
	}
	x = strtod(text, &end);
	if (isdigit((unsigned char)*text) && text[strspn(text, "0123456789.")] == '\0' &&
		*end == '\0' && x < 1e15)
		return json_real(x);
	snprintf(
		why, whylen, "\"%.20s\" is no number (allowed digits, with a decimal point)", text);
	return NULL;
}

static json_t *read_answers(const struct lesson *l, const char *answers, char *why, size_t whylen)
{
	struct question q[QUESTIONS_MAX];
	size_t n = read_questions(l->predict, q, QUESTIONS_MAX), i = 0;
	char *copy = strdup(answers), *rest = copy, *word;
	json_t *out = json_array();

	while (copy != NULL && (word = strsep(&rest, ",")) != NULL) {
		json_t *answer = i < n ? read_answer(&q[i], word, why, whylen) : NULL;

		i++;
		if (answer == NULL || json_array_append_new(out, answer) != 0)
			break;
	}
	if (i != n || json_array_size(out) != n) {
		if (why[0] == '\0')
			snprintf(why, whylen, "it asks for %zu answers, with commas between", n);
		json_decref(out);
		out = NULL;
	}
	free(copy);
	return out;
}

int lesson_predict(const struct paths *p, const struct lesson *l, const char *answers, char *why,
	size_t whylen)
{
	char file[PATH_MAX + 32], id[32], now[32];
	struct record_writer w;
	json_t *list;
	int err, closed;

	why[0] = '\0';
	list = read_answers(l, answers, why, whylen);
	if (list == NULL)
		return -EINVAL;
	if (mkdir(p->results, 0777) < 0 && errno != EEXIST) {
		err = -errno;
		json_decref(list);
		return err;
	}
	snprintf(file, sizeof(file), "%s/predictions.jsonl", p->results);
	err = record_open(file, &w);
	if (err < 0) {
		json_decref(list);
		return err;
	}
	record_run_id(id, sizeof(id));
	record_utc(now, sizeof(now));
	err = record_write(
		&w, json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", "prediction", "run_id", id,
			    "lesson", l->name, "started", now, "answers", list));
	closed = record_close(&w);
	return err < 0 ? err : closed;
}

struct newest {
	const char *lesson;
	json_t *found;
};

static int keep_newest(json_t *obj, void *arg)
{
	struct newest *n = arg;
	const char *type = json_string_value(json_object_get(obj, "type"));
	const char *lesson = json_string_value(json_object_get(obj, "lesson"));

	if (type != NULL && lesson != NULL && strcmp(type, "prediction") == 0 &&
		strcmp(lesson, n->lesson) == 0) {
		json_decref(n->found);
		n->found = json_incref(obj);
	}
	return 0;
}

static void tell_answers(const json_t *found, char *buf, size_t len)
{
	const json_t *answers = json_object_get(found, "answers");
	const char *when = json_string_value(json_object_get(found, "started"));
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < json_array_size(answers) && used < len; i++) {
		const json_t *a = json_array_get(answers, i);
		const char *comma = i > 0 ? ", " : "";

		if (json_is_string(a))
			used += (size_t)snprintf(
				buf + used, len - used, "%s%s", comma, json_string_value(a));
		else
			used += (size_t)snprintf(
				buf + used, len - used, "%s%g", comma, json_number_value(a));
	}
	if (used < len)
		snprintf(
			buf + used, len - used, " (written down %s)", when != NULL ? when : "once");
}

json_t *lesson_predicted(const struct paths *p, const struct lesson *l, char *buf, size_t len)
{
	struct newest n = {l->name, NULL};
	char file[PATH_MAX + 32];

	snprintf(file, sizeof(file), "%s/predictions.jsonl", p->results);
	(void)record_read(file, keep_newest, &n, NULL); /* no file: no prediction */
	if (n.found != NULL)
		tell_answers(n.found, buf, len);
	return n.found;
}
