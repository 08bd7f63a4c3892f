/* catalog.c - reads what demos and lessons say of themselves, and gathers everything there is */
#include "catalog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/options.h"

#define HEAD_BYTES 8192 /* a header or front matter is far shorter */

/* The first bytes of a file as a text; false where it cannot be read. */
static bool read_head(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n = 1;

	if (fd < 0)
		return false;
	while (n > 0 && used < len - 1) {
		n = read(fd, buf + used, len - 1 - used);
		if (n > 0)
			used += (size_t)n;
		else if (n < 0 && errno == EINTR)
			n = 1;
	}
	buf[used] = '\0';
	close(fd);
	return n >= 0;
}

/* Cuts the next line off *rest, without the frame of a C comment. NULL: no more. */
static char *next_line(char **rest)
{
	char *line = strsep(rest, "\n");
	size_t n;

	if (!line)
		return NULL;
	line += strspn(line, " \t/*");
	n = strlen(line);
	while (n > 0 && strchr(" \t\r", line[n - 1]))
		line[--n] = '\0';
	return line;
}

/* "word: text" gives text; NULL where the line does not start with the word. */
static const char *after_word(const char *line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) || line[n] != ':')
		return NULL;
	line += n + 1;
	return line + strspn(line, " \t");
}

static int trouble(json_t *catalog, const char *fmt, const char *name, const char *why)
{
	json_t *list = json_object_get(catalog, "troubles");

	/* fmt names the kind; what stands in name and why comes from files and may be anything */
	return json_array_append_new(list, json_pack("s+++", fmt, name, ": ", why)) ? -ENOMEM : 0;
}

/* The comment at the head of a demo's source. False: it does not start "NAME - what it shows". */
static bool parse_demo(char *head, const char *name, json_t *demo)
{
	char *end = strstr(head, "*/"), *rest = head;
	size_t n = strlen(name);
	const char *line, *text;
	bool named = false;

	if (end)
		*end = '\0';
	while ((line = next_line(&rest))) {
		if (!named && *line) {
			if (strncmp(line, name, n) || strncmp(line + n, " - ", 3))
				return false;
			json_object_set_new(demo, "question", json_string(line + n + 3));
			named = true;
		}
		text = after_word(line, "listings");
		if (text)
			json_object_set_new(demo, "listings", json_string(text));
		text = after_word(line, "claims");
		if (text)
			json_object_set_new(demo, "claims", json_string(text));
	}
	return named;
}

static int add_demo(const struct paths *p, json_t *catalog, const char *name)
{
	char path[PATH_MAX + 64], head[HEAD_BYTES];
	json_t *demo = json_pack(
		"{s:s, s:s, s:s, s:s}", "name", name, "question", "", "listings", "", "claims", "");
	int n = snprintf(path, sizeof(path), "%s/demos/%s.c", p->root, name);
	const char *why = NULL;

	if (!demo)
		return -ENOMEM;
	if (n < 0 || (size_t)n >= sizeof(path) || !read_head(path, head, sizeof(head)))
		why = "its source is not there, so that nobody knows what it shows";
	else if (!parse_demo(head, name, demo))
		why = "the first comment of its source does not start with \"NAME - what it "
		      "shows\"";
	if (json_array_append_new(json_object_get(catalog, "demos"), demo))
		return -ENOMEM;
	return why ? trouble(catalog, "demos/", name, why) : 0;
}

/* The front matter: lines "word: text" between two lines of dashes. */
static bool parse_lesson(char *head, json_t *lesson)
{
	static const char *const words[] = {
		"title", "minutes", "topic", "conclude", "conclude-not"};
	char *rest = head;
	const char *line = next_line(&rest), *text;

	if (!line || strcmp(line, "---"))
		return false;
	while ((line = next_line(&rest)) && strcmp(line, "---"))
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			text = after_word(line, words[i]);
			if (text)
				json_object_set_new(lesson, words[i], json_string(text));
		}
	return *json_string_value(json_object_get(lesson, "title")) != '\0';
}

static int add_lesson(const struct paths *p, json_t *catalog, const char *name)
{
	char path[PATH_MAX + 300], head[HEAD_BYTES];
	json_t *lesson;
	int n = snprintf(path, sizeof(path), "%s/%s/lesson.md", p->lessons, name), err = 0;

	if (n < 0 || (size_t)n >= sizeof(path) || !read_head(path, head, sizeof(head)))
		return 0; /* a folder without a lesson in it */
	lesson = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", name, "title", "", "minutes",
		"", "topic", "", "conclude", "", "conclude-not", "");
	if (!lesson)
		return -ENOMEM;
	if (!parse_lesson(head, lesson))
		err = trouble(catalog, "lessons/", name, "lesson.md does not start with a title");
	if (json_array_append_new(json_object_get(catalog, "lessons"), lesson))
		err = -ENOMEM;
	return err;
}

static int add_bench(const struct paths *p, json_t *catalog, const char *name)
{
	char path[PATH_MAX + 300], why[200];
	json_t *said;
	int n = snprintf(path, sizeof(path), "%s/%s", p->bench, name), err;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	err = catalog_describe(path, CATALOG_TIMEOUT_MS, &said, why, sizeof(why));
	if (err)
		return trouble(catalog, "bench/", name, why);
	return json_array_append_new(json_object_get(catalog, "benchmarks"), said) ? -ENOMEM : 0;
}

/* The names of dir that pass keep(), sorted. */
static int names_of(const char *dir, bool (*keep)(const char *path), json_t **out)
{
	struct dirent **list;
	int n = scandir(dir, &list, NULL, alphasort), err = 0;

	if (n < 0 && errno != ENOENT)
		return -errno;
	*out = json_array();
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX + 300];
		int k = snprintf(path, sizeof(path), "%s/%s", dir, list[i]->d_name);

		if (list[i]->d_name[0] != '.' && k > 0 && (size_t)k < sizeof(path) && keep(path) &&
			json_array_append_new(*out, json_string(list[i]->d_name)))
			err = -ENOMEM;
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return *out ? err : -ENOMEM;
}

static bool is_program(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && !access(path, X_OK);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

int catalog_programs(const char *dir, json_t **out)
{
	return names_of(dir, is_program, out);
}

static int add_all(const struct paths *p, json_t *catalog, const char *dir,
	bool (*keep)(const char *),
	int (*add)(const struct paths *p, json_t *catalog, const char *name))
{
	json_t *names = NULL;
	int err = names_of(dir, keep, &names);

	for (size_t i = 0; !err && i < json_array_size(names); i++)
		err = add(p, catalog, json_string_value(json_array_get(names, i)));
	json_decref(names);
	return err;
}

int catalog_read(const struct paths *p, json_t **out)
{
	json_t *c =
		json_pack("{s:[], s:[], s:[], s:[]}", "benchmarks", "demos", "lessons", "troubles");
	int err;

	if (!c)
		return -ENOMEM;
	err = add_all(p, c, p->bench, is_program, add_bench);
	if (!err)
		err = add_all(p, c, p->demos, is_program, add_demo);
	if (!err)
		err = add_all(p, c, p->lessons, is_folder, add_lesson);
	if (err) {
		json_decref(c);
		return err;
	}
	*out = c;
	return 0;
}

const char *catalog_nearest(const json_t *list, const char *word)
{
	size_t n = json_array_size(list);
	const char **names = calloc(n + 1, sizeof(*names)), *best;

	if (!names)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);
		const char *name = json_string_value(
			json_is_object(item) ? json_object_get(item, "name") : item);

		names[i] = name ? name : "";
	}
	best = options_nearest(word, names);
	free(names);
	return best;
}
