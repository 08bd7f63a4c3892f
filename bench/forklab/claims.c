/* claims.c - loads the claims: all files of a folder, each row checked before anything is judged */
#include "claims_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct claims {
	json_t *files; /* the loaded documents: the claims borrow from them */
	struct claim *at;
	size_t n;
};

const char *claim_verdict_name(enum claim_verdict v)
{
	static const char *const names[CLAIM_VERDICTS] = {"holds", "holds only when",
		"does not hold", "cannot tell here", "opinion", "slip of the text"};

	return (unsigned)v < CLAIM_VERDICTS ? names[v] : "cannot tell here";
}

static int is_claims_file(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && !strcmp(e->d_name + n - 5, ".json");
}

/* A folder, a missing right and a missing file are the kernel's errors; the rest is the format's. */
static int open_json(const char *path, const char *name, json_t **out, char *why, size_t whylen)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;
	json_error_t where;

	if (fd < 0) {
		err = -errno;
		snprintf(why, whylen, "%s: %s", name, strerror(-err));
		return err;
	}
	*out = json_loadfd(fd, JSON_REJECT_DUPLICATES, &where);
	close(fd);
	if (*out)
		return 0;
	snprintf(why, whylen, "%s: line %d: %s", name, where.line, where.text);
	return -EINVAL;
}

static bool source_check(const json_t *source, char *why, size_t len)
{
	static const char *const needed[] = {"id", "title", "author", "year"};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!json_is_string(json_object_get(source, needed[i]))) {
			snprintf(why, len, "source: %s: must be a text (may be empty)", needed[i]);
			return false;
		}
	return true;
}

static void fill(struct claim *c, json_t *row, const json_t *source)
{
	*c = (struct claim){
		.id = claim_text(row, "id"),
		.text = claim_text(row, "text"),
		.line = claim_text(row, "line"),
		.published = claim_text(row, "published"),
		.topic = claim_text(row, "topic"),
		.title = claim_text(source, "title"),
		.author = claim_text(source, "author"),
		.year = claim_text(source, "year"),
		.row = row,
	};
}

static int add_rows(struct claims *c, json_t *doc, const char *name, char *why, size_t whylen)
{
	const json_t *source = json_object_get(doc, "source");
	json_t *rows = json_object_get(doc, "claims");
	struct claim *more;
	char inner[300];

	if (!source_check(source, inner, sizeof(inner))) {
		snprintf(why, whylen, "%s: %s", name, inner);
		return -EINVAL;
	}
	if (!json_array_size(rows)) {
		snprintf(why, whylen, "%s: claims: must be a list of rows", name);
		return -EINVAL;
	}
	more = realloc(c->at, (c->n + json_array_size(rows)) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	c->at = more;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_array_get(rows, i);
		const char *id = claim_text(row, "id");
		bool good = claim_row_check(row, inner, sizeof(inner));

		if (good && claims_find(c, id)) {
			snprintf(inner, sizeof(inner), "another row has this id");
			good = false;
		}
		if (!good) {
			snprintf(why, whylen, "%s: row %zu (%s): %s", name, i + 1,
				*id ? id : "no id", inner);
			return -EINVAL;
		}
		fill(&c->at[c->n++], row, source);
	}
	return 0;
}

static int add_file(struct claims *c, const char *dir, const char *name, char *why, size_t whylen)
{
	char path[4096];
	json_t *doc = NULL;
	int n = snprintf(path, sizeof(path), "%s/%s", dir, name), err;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	err = open_json(path, name, &doc, why, whylen);
	if (err)
		return err;
	if (json_array_append_new(c->files, doc))
		return -ENOMEM;
	return add_rows(c, doc, name, why, whylen);
}

int claims_load(const char *dir, struct claims **out, char *why, size_t whylen)
{
	struct claims *c = calloc(1, sizeof(*c));
	struct dirent **names = NULL;
	int n, err = 0;

	if (c)
		c->files = json_array();
	if (!c || !c->files) {
		free(c);
		return -ENOMEM;
	}
	n = scandir(dir, &names, is_claims_file, alphasort);
	if (n < 0) {
		err = -errno;
		snprintf(why, whylen, "%s: %s", dir, strerror(-err));
	}
	for (int i = 0; i < n; i++) {
		if (!err) {
			snprintf(why, whylen, "%s: cannot be read", names[i]->d_name);
			err = add_file(c, dir, names[i]->d_name, why, whylen);
		}
		free(names[i]);
	}
	free(names);
	if (err) {
		claims_free(c);
		return err;
	}
	*out = c;
	return 0;
}

void claims_free(struct claims *c)
{
	if (!c)
		return;
	json_decref(c->files);
	free(c->at);
	free(c);
}

size_t claims_count(const struct claims *c)
{
	return c->n;
}

const struct claim *claims_get(const struct claims *c, size_t i)
{
	return &c->at[i];
}

const struct claim *claims_find(const struct claims *c, const char *id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->at[i].id, id))
			return &c->at[i];
	return NULL;
}

/* The demos of one claim's cases, each once. */
static void add_demos(const json_t *row, json_t *names)
{
	const json_t *subject, *one;
	size_t i, k;

	json_array_foreach(json_object_get(row, "subjects"), i, subject)
	{
		json_array_foreach(json_object_get(subject, "cases"), k, one)
		{
			const char *demo = claim_text(one, "demo");

			if (*demo)
				json_object_set_new(names, demo, json_true());
		}
	}
}

json_t *claims_demos(const struct claims *c)
{
	json_t *names = json_object();

	for (size_t i = 0; i < c->n; i++)
		add_demos(c->at[i].row, names);
	return names;
}
