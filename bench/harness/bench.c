/* bench.c - what a benchmark's functions may ask of the harness while they run */
#include "harness/bench.h"
#include "harness/ensure.h"
#include "harness/study.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const char *bench_word(const struct bench_run *r, const char *axis)
{
	size_t a = study_axis(r->bench, axis);

	CHECK(a < BENCH_AXES);
	return r->point->values[a];
}

int64_t bench_number(const struct bench_run *r, const char *axis)
{
	const char *word = bench_word(r, axis);
	char *end;
	long long n = strtoll(word, &end, 10);

	CHECK(end != word && !*end);
	return n;
}

bool bench_is(const struct bench_run *r, const char *axis, const char *word)
{
	return !strcmp(bench_word(r, axis), word);
}

const char *bench_variant_name(const struct bench_run *r)
{
	return r->variant->name;
}

bool bench_quick(const struct bench_run *r)
{
	return r->quick;
}

double bench_budget_s(const struct bench_run *r)
{
	return r->budget_s;
}

bool bench_asked(const struct bench_run *r, const char *axis)
{
	size_t a = study_axis(r->bench, axis);

	return r->asked && a < BENCH_AXES && r->asked[a];
}

unsigned bench_effective(const struct bench_run *r)
{
	return r->effective;
}

void bench_set_state(struct bench_run *r, void *state)
{
	r->state = state;
}

void *bench_state(const struct bench_run *r)
{
	return r->state;
}

void bench_set_point_state(struct bench_run *r, void *state)
{
	*r->point_state = state;
}

void *bench_point_state(const struct bench_run *r)
{
	return *r->point_state;
}

void bench_mark(struct bench_run *r, unsigned mark, uint64_t ns)
{
	CHECK(mark < BENCH_MARKS);
	r->marks[mark] += ns;
}

void bench_span(
	struct bench_run *r, unsigned worker, unsigned task, uint64_t begin_ns, uint64_t end_ns)
{
	CHECK(r->spans.n < BENCH_SPANS && begin_ns <= end_ns);
	r->spans.at[r->spans.n++] = (struct study_span){worker, task, begin_ns, end_ns};
}

void bench_elapsed(struct bench_run *r, uint64_t ns)
{
	r->elapsed_ns = ns;
	r->told = true;
}

void bench_fail(struct bench_run *r, int err, const char *what)
{
	r->err = err ? err : -EIO;
	snprintf(r->what, sizeof(r->what), "%s", what);
}

/* One mapping each: few are made, and they last as long as the launch. */
void *bench_arena(struct bench_run *r, size_t size)
{
	void *p = mmap(
		NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	(void)r;
	return p == MAP_FAILED ? NULL : p;
}
