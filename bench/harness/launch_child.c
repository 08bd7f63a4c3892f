/* launch_child.c - the launched process: reads commands, takes samples, answers */
#include "harness/launch_child.h"
#include "harness/clock.h"
#include "harness/ensure.h"
#include "harness/launch.h"
#include "harness/life.h"
#include "harness/limits.h"
#include "harness/say.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define INTERVAL_NS 1000000u   /* method R9: at least 1 ms ... */
#define CROWDED_NS  100000000u /* ... and 20 scheduler slices where workers outnumber CPUs */
#define ITERS_MAX   (1ull << 40)

/* command() has compared i with ncells. */
static struct launch_cell *cell(const struct launch_child *l, size_t i)
{
	CHECK(l->cells && i < l->ncells);
	return &l->cells[i];
}

static void report_failure(struct launch_child *l, size_t i, int err, const char *what)
{
	char text[120];

	cell(l, i)->failed = true;
	if (err == -EBADMSG || err == -EREMOTEIO)
		fprintf(l->out, "fail %zu %d %s\n", i, -err, what);
	else
		fprintf(l->out, "fail %zu %d %s: %s\n", i, -err, what,
			limits_text(err, text, sizeof(text)));
}

static void leave_point(struct launch_child *l, struct launch_cell *c)
{
	CHECK(l->points);
	if (--l->points[c->point].opened == 0 && l->bench->point_teardown)
		l->bench->point_teardown(&c->run);
}

static void open_cell(struct launch_child *l, size_t i)
{
	struct launch_cell *c = cell(l, i);
	/* Bound before setup: memory is then touched from where it will be used. */
	int err = launch_bind(l, c->run.point);

	CHECK(l->points);
	if (!err && l->points[c->point].opened == 0 && l->bench->point_setup)
		err = l->bench->point_setup(&c->run);
	if (err) {
		report_failure(l, i, err, "set up the point");
		return;
	}
	l->points[c->point].opened++;
	if (c->run.variant->setup)
		err = c->run.variant->setup(&c->run);
	c->open = !err;
	if (err) {
		report_failure(l, i, err, "set up the variant");
		leave_point(l, c);
	}
}

/* The fastest sample's: a picture of a disturbed one would teach what is not so, and the tags of a thread that waits
 * for its pool do not tell the one from the other. */
static void keep_spans(struct launch_cell *c, const struct launch_sample *s)
{
	if (c->run.spans.n == 0 || (c->spans.n > 0 && s->t_ns >= c->spans.t_ns))
		return;
	c->spans = c->run.spans;
	c->spans.t_ns = s->t_ns;
}

/* As the block closes, when no sample is under way. Times count from the first begin. */
static void tell_spans(const struct launch_child *l, size_t i, const struct study_spans *s)
{
	uint64_t first = UINT64_MAX;

	if (s->n == 0)
		return;
	for (size_t k = 0; k < s->n; k++)
		first = s->at[k].begin_ns < first ? s->at[k].begin_ns : first;
	fprintf(l->out, "spans %zu %llu", i, (unsigned long long)s->t_ns);
	for (size_t k = 0; k < s->n; k++)
		fprintf(l->out, " %u %u %llu %llu", s->at[k].worker, s->at[k].task,
			(unsigned long long)(s->at[k].begin_ns - first),
			(unsigned long long)(s->at[k].end_ns - first));
	fputc('\n', l->out);
}

static void close_cell(struct launch_child *l, size_t i)
{
	struct launch_cell *c = cell(l, i);

	if (!c->open)
		return;
	c->open = false;
	tell_spans(l, i, &c->spans);
	if (c->run.variant->teardown)
		c->run.variant->teardown(&c->run);
	leave_point(l, c);
}

static uint64_t next_iters(uint64_t iters, uint64_t t_ns, uint64_t target_ns)
{
	uint64_t factor = t_ns ? 6 * target_ns / (5 * t_ns) + 1 : 10;

	factor = factor < 2 ? 2 : factor > 10 ? 10 : factor;
	return iters > ITERS_MAX / factor ? ITERS_MAX : iters * factor;
}

/*
 * How many ops make an interval long enough: grown until two readings in a row say so. A long first
 * reading (50 times the target) is not repeated. Also warms caches, code and page tables.
 */
static void calibrate(struct launch_child *l, size_t i)
{
	struct launch_cell *c = cell(l, i);
	const struct study_point *p = c->run.point;
	struct launch_sample s = {0};
	uint64_t iters = 1, target = p->oversubscribed ? CROWDED_NS : INTERVAL_NS, good = 0,
		 wall_ns = 0;

	if (!l->step_ns) {
		struct clock_info clock;

		clock_measure(&clock);
		l->step_ns = clock.step_ns;
	}
	target = l->step_ns * 1000 > target ? l->step_ns * 1000 : target;
	while (c->open && !c->failed) {
		uint64_t begin = clock_now_ns();

		launch_take(l, c, iters, &s);
		wall_ns = clock_now_ns() - begin;
		if (s.err) {
			report_failure(l, i, s.err, s.what);
			return;
		}
		good = l->bench->single || s.t_ns >= target ? good + 1 : 0;
		if (good == 2 || (good && s.t_ns > 50 * INTERVAL_NS) || iters == ITERS_MAX)
			break;
		if (!good)
			iters = next_iters(iters, s.t_ns, target);
	}
	c->iters = iters;
	fprintf(l->out, "iters %zu %llu %.0f\n", i, (unsigned long long)iters, (double)wall_ns);
}

/* The first sample in a fresh process pays for page faults and cold code: taken, and not reported. */
static void warm(struct launch_child *l, size_t i)
{
	struct launch_cell *c = cell(l, i);
	struct launch_sample s;

	if (!c->open || c->failed)
		return;
	launch_take(l, c, c->iters, &s);
	if (s.err)
		report_failure(l, i, s.err, s.what);
}

static void sample_cell(struct launch_child *l, size_t i, unsigned round)
{
	struct launch_cell *c = cell(l, i);
	struct launch_sample s;

	if (!c->open || c->failed)
		return;
	launch_take(l, c, c->iters, &s);
	if (s.err) {
		report_failure(l, i, s.err, s.what);
		return;
	}
	keep_spans(c, &s);
	fprintf(l->out, "s %zu %u %llu %u", i, round, (unsigned long long)s.t_ns, s.tags);
	for (size_t m = 0; m < BENCH_MARKS; m++)
		fprintf(l->out, " %llu", (unsigned long long)c->run.marks[m]);
	fputc('\n', l->out);
}

/* Rows of random Latin squares: within n rounds of one command each cell stands once in each place; where
 * rounds are slow a command has one, and the order of each is random by itself. */
static int run_rounds(
	struct launch_child *l, unsigned first, unsigned count, const size_t *cells, size_t n)
{
	unsigned *order = malloc(n * n * sizeof(*order));

	if (!order)
		return -ENOMEM;
	for (unsigned k = 0; k < count; k++) {
		if (k % n == 0)
			stats_latin_square(&l->rng, n, order);
		for (size_t i = 0; i < n; i++)
			sample_cell(l, cells[order[(k % n) * n + i]], first + k);
	}
	free(order);
	return 0;
}

/* The numbers of a line, after its word. Returns how many. */
static size_t numbers(const char *text, size_t *out, size_t cap)
{
	size_t n = 0;
	char *end;

	for (; n < cap; text = end) {
		unsigned long long x = strtoull(text, &end, 10);

		if (end == text)
			break;
		out[n++] = (size_t)x;
	}
	return n;
}

static int add_point(struct launch_child *l, const char *text)
{
	struct launch_point *more = realloc(l->points, (l->npoints + 1) * sizeof(*more));
	struct study_point *p;
	int at = 0;

	if (!more)
		return -ENOMEM;
	l->points = more;
	memset(&more[l->npoints], 0, sizeof(*more));
	p = &more[l->npoints++].point;
	if (sscanf(text, "%u %u%n", &p->workers, &p->cpus, &at) != 2)
		return -EPROTO;
	p->oversubscribed = p->workers > p->cpus;
	for (size_t a = 0; a < BENCH_AXES && l->bench->axes[a].name; a++) {
		int len = 0;

		if (sscanf(text + at, " %23s%n", p->values[a], &len) != 1)
			return -EPROTO;
		at += len;
	}
	return 0;
}

/* Points are all known before the first cell: the pointers into them stay. */
static int add_cell(struct launch_child *l, const size_t *v, size_t n)
{
	struct launch_cell *more = realloc(l->cells, (l->ncells + 1) * sizeof(*more));

	if (!more)
		return -ENOMEM;
	l->cells = more;
	if (!l->points || n != 2 || v[0] >= l->npoints || v[1] >= study_variants(l->bench))
		return -EPROTO;
	more[l->ncells++] = (struct launch_cell){
		.point = v[0],
		.iters = 1,
		.run = {.bench = l->bench,
			.variant = &l->bench->variants[v[1]],
			.point = &l->points[v[0]].point,
			.quick = l->quick,
			.effective = l->effective,
			.launch = l,
			.point_state = &l->points[v[0]].state},
	};
	return 0;
}

static int describe(
	struct launch_child *l, const char *word, const char *rest, const size_t *v, size_t n)
{
	if (!strcmp(word, "quick"))
		l->quick = n && v[0];
	else if (!strcmp(word, "bind"))
		l->bind = n && v[0];
	else if (!strcmp(word, "effective"))
		l->effective = n ? (unsigned)v[0] : 1;
	else if (!strcmp(word, "seed"))
		stats_rng_seed(&l->rng, n ? v[0] : 0);
	else if (!strcmp(word, "peers"))
		snprintf(l->peers_dir, sizeof(l->peers_dir), "%s", rest);
	else if (!strcmp(word, "point"))
		return add_point(l, rest);
	else if (!strcmp(word, "cell"))
		return add_cell(l, v, n);
	else if (!strcmp(word, "cpus"))
		for (l->ncpus = 0; l->ncpus < n; l->ncpus++)
			l->cpus[l->ncpus] = (unsigned)v[l->ncpus];
	else
		return -EPROTO;
	return 0;
}

static int command(struct launch_child *l, const char *word, const size_t *v, size_t n)
{
	for (size_t i = strcmp(word, "rounds") ? 0 : 2; i < n && (i == 0 || strcmp(word, "iters"));
		i++)
		if (v[i] >= l->ncells)
			return -EPROTO;
	if (!strcmp(word, "open") && n == 1)
		open_cell(l, v[0]);
	else if (!strcmp(word, "close") && n == 1)
		close_cell(l, v[0]);
	else if (!strcmp(word, "calibrate") && n == 1)
		calibrate(l, v[0]);
	else if (!strcmp(word, "warm") && n == 1)
		warm(l, v[0]);
	else if (!strcmp(word, "iters") && n == 2)
		cell(l, v[0])->iters = v[1];
	else if (!strcmp(word, "rounds") && n > 2)
		return run_rounds(l, (unsigned)v[0], (unsigned)v[1], v + 2, n - 2);
	else
		return -EPROTO;
	return 0;
}

static bool is_command(const char *word)
{
	return !strcmp(word, "open") || !strcmp(word, "close") || !strcmp(word, "calibrate") ||
	       !strcmp(word, "iters") || !strcmp(word, "warm") || !strcmp(word, "rounds");
}

static int take_order(struct launch_child *l, char *line, size_t *v)
{
	char *rest = line + strcspn(line, " \n");
	size_t n;
	int err;

	line[strcspn(line, "\n")] = '\0';
	if (*rest)
		*rest++ = '\0';
	n = numbers(rest, v, STUDY_CPUS_MAX);
	if (!is_command(line))
		return describe(l, line, rest, v, n);
	err = command(l, line, v, n);
	if (!err && (fputs("done\n", l->out) == EOF || fflush(l->out)))
		err = -EPIPE;
	return err;
}

static void end_all(struct launch_child *l)
{
	for (size_t i = 0; i < l->ncells; i++)
		close_cell(l, i);
	launch_stop_peers(l);
	fclose(l->in);
	fclose(l->out);
	free(l->points);
	free(l->cells);
}

/* What the benchmark starts must not hold the control socket: main would never see its end of file. */
static int dup_cloexec(int fd)
{
	if (fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -1;
	return fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

/* Main must not take us for crashed: it is told what failed, where there is a main. */
static __attribute__((noreturn)) void give_up(int err, const char *what)
{
	char text[160];
	int len = snprintf(text, sizeof(text), "end %d %s\n", -err, what);

	if (send(LAUNCH_CONTROL, text, (size_t)len, MSG_NOSIGNAL) < 0)
		say_exit(EXIT_ENVIRONMENT,
			"--launch: %s: %s (the benchmark starts launches itself)", what,
			strerror(-err));
	exit(EXIT_ENVIRONMENT);
}

static struct launch_child *open_child(const struct bench *b)
{
	struct launch_child *l = calloc(1, sizeof(*l));
	int err = life_bind(LAUNCH_LIFE), fd;

	if (!l || err)
		give_up(err ? err : -ENOMEM, err ? "bind its life to ours" : "allocate memory");
	fd = dup_cloexec(LAUNCH_CONTROL);
	if (fd < 0)
		give_up(-errno, "copy its control socket");
	l->bench = b;
	l->effective = 1;
	l->in = fdopen(LAUNCH_CONTROL, "r");
	l->out = fdopen(fd, "w");
	if (!l->in || !l->out)
		give_up(-errno, "open its control socket");
	setvbuf(l->out, NULL, _IOFBF, LAUNCH_ANSWERS);
	return l;
}

int launch_main(const struct bench *b)
{
	struct launch_child *l = open_child(b);
	size_t *v = calloc(STUDY_CPUS_MAX, sizeof(*v)), cap = 0;
	char *line = NULL;
	int err = v ? 0 : -ENOMEM;

	while (!err && getline(&line, &cap, l->in) > 0)
		err = take_order(l, line, v);
	if (err && err != -EPIPE)
		fprintf(l->out, "end %d carry out what it was told\n", -err);
	end_all(l);
	free(line);
	free(v);
	free(l);
	return err && err != -EPIPE ? EXIT_FAILED : EXIT_DONE;
}
