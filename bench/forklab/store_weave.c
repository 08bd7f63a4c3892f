/* store_weave.c - brings the samples of several points together, a row for each round of the sweep */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is known of one point, in the order of time: times of a, or ratios of a to b. */
struct column {
	double *v;
	unsigned *launch;
	size_t n, next;
};

static int load(const json_t *a, const json_t *b, struct column *out)
{
	double *other = NULL;
	bool paired;
	size_t used = 0;
	int err = store_pairs(a, b ? b : a, &out->v, &other, &out->launch, &out->n, &paired);

	if (err)
		return err;
	for (size_t i = 0; b && i < out->n; i++) {
		if (!(out->v[i] > 0) || !(other[i] > 0))
			continue;
		out->v[used] = out->v[i] / other[i];
		out->launch[used++] = out->launch[i];
	}
	if (b)
		out->n = used;
	free(other);
	return 0;
}

static unsigned at(const struct column *c)
{
	return c->launch[c->next];
}

/* Moves all on to the next launch that each still has samples of. False: one is at its end. */
static bool meet(struct column *c, size_t k)
{
	unsigned latest = 0;
	bool moved = true;

	while (moved) {
		moved = false;
		for (size_t j = 0; j < k; j++) {
			while (c[j].next < c[j].n && at(&c[j]) < latest)
				c[j].next++;
			if (c[j].next == c[j].n)
				return false;
			if (at(&c[j]) > latest) {
				latest = at(&c[j]);
				moved = true;
			}
		}
	}
	return true;
}

static int fill(struct column *c, size_t k, double **rows, unsigned **launch, size_t *n)
{
	size_t used = 0;

	*rows = calloc(c[0].n * k + 1, sizeof(**rows));
	*launch = calloc(c[0].n + 1, sizeof(**launch));
	if (!*rows || !*launch)
		return -ENOMEM;
	for (; meet(c, k); used++) {
		(*launch)[used] = at(&c[0]);
		for (size_t j = 0; j < k; j++)
			(*rows)[used * k + j] = c[j].v[c[j].next++];
	}
	*n = used;
	return used ? 0 : -ENODATA;
}

int store_weave(const json_t *const *a, const json_t *const *b, size_t k, double **rows,
	unsigned **launch, size_t *n)
{
	struct column c[STORE_POINTS] = {0};
	int err = k && k <= STORE_POINTS ? 0 : -ENODATA;

	*rows = NULL;
	*launch = NULL;
	for (size_t j = 0; !err && j < k; j++)
		err = load(a[j], b ? b[j] : NULL, &c[j]);
	if (!err)
		err = fill(c, k, rows, launch, n);
	for (size_t j = 0; j < k && j < STORE_POINTS; j++) {
		free(c[j].v);
		free(c[j].launch);
	}
	if (err) {
		free(*rows);
		free(*launch);
	}
	return err;
}
