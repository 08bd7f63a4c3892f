/*
 * measure.c - the order of events of a whole measurement: calibrate, launch, rounds, stop
 *
 * Time is shared out again before each launch: every block first gets its share of the rounds it must have,
 * and what is left goes to the blocks in equal parts. A block ends early when its intervals are narrow
 * enough. Precision is looked at after whole launches only (from the third), so that there are few looks.
 */
#include "harness/budget.h"
#include "harness/clock.h"
#include "harness/launch.h"
#include "harness/limits.h"
#include "harness/noise.h"
#include "harness/progress.h"
#include "harness/stats.h"
#include "harness/study.h"
#include "harness/table.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_NS   250000000.0 /* main looks up (progress, ^C) about so often */
#define LONGEST_NS 200000000.0 /* a sample is not made longer than this to suit a faster variant */

struct measure {
	struct study *s;
	struct progress *progress;
	const volatile sig_atomic_t *stop;
	struct launch launch;
	bool running;
	uint64_t begin_ns;
	unsigned launches;
	unsigned number; /* of the launch that runs */
	size_t turn;     /* of its blocks, from 1 */
	bool calibrated;
};

static bool live(const struct study_cell *c)
{
	return !c->skip[0] && !c->failed[0];
}

static bool any_live(const struct study *s, const struct study_block *b)
{
	for (size_t i = 0; i < b->ncells; i++)
		if (live(&s->cells[b->cells[i]]))
			return true;
	return false;
}

static double spent_s(const struct measure *m)
{
	return (double)(clock_now_ns() - m->begin_ns) / 1e9;
}

/* Half the interval over the median, infinite where there is none yet. */
static double half_width(const struct study_cell *c, double *median_ns)
{
	double *x = malloc(c->n * sizeof(*x)), width = (double)INFINITY;
	unsigned *launch = malloc(c->n * sizeof(*launch));
	struct stats_summary sum;

	for (size_t i = 0; x && launch && i < c->n; i++) {
		x[i] = (double)c->samples[i].t_ns;
		launch[i] = c->samples[i].launch;
	}
	if (x && launch && c->n && !stats_summarise(x, launch, c->n, 0.95, &sum)) {
		*median_ns = sum.median / (double)c->iters;
		if (sum.ci.known)
			width = (sum.ci.hi - sum.ci.lo) / 2 / sum.median;
	}
	free(x);
	free(launch);
	return width;
}

static void update_precision(struct study *s, struct study_block *b)
{
	double median_ns = 0;

	b->precision = 0;
	for (size_t i = 0; i < b->ncells; i++) {
		const struct study_cell *c = &s->cells[b->cells[i]];

		if (live(c))
			b->precision = fmax(b->precision, half_width(c, &median_ns));
		if (i == 0)
			b->median_ns = median_ns;
	}
	if (!isfinite(b->precision))
		b->precision = 0;
}

/* Of the block's first variant; the width is the widest of all. */
static void describe_median(struct measure *m, struct study_block *b, char *text, size_t len)
{
	const struct study_cell *c = &m->s->cells[b->cells[0]];
	char time[TABLE_CELL];

	*text = '\0';
	if (c->n == 0)
		return;
	update_precision(m->s, b);
	table_value(time, sizeof(time), m->s->bench->unit ? "B/op" : "", b->median_ns);
	if (b->precision > 0)
		snprintf(text, len, "%s %s, widest interval \xc2\xb1%.1f %%, n=%zu; ",
			m->s->bench->variants[c->variant].name, time, 100 * b->precision, b->done);
	else
		snprintf(text, len, "%s %s, no interval yet, n=%zu; ",
			m->s->bench->variants[c->variant].name, time, b->done);
}

static void show(struct measure *m, struct study_block *b)
{
	const struct study_point *p = &m->s->points[m->s->cells[b->cells[0]].point];
	double share = spent_s(m) / m->s->limits.budget_s;
	char text[300];
	int at;

	if (!m->progress || !progress_due(m->progress))
		return;
	/* What a narrow terminal has no room for stands last. */
	describe_median(m, b, text, sizeof(text));
	at = (int)strlen(text);
	/* Calibration takes the points in their order, each launch in an order of its own. */
	if (m->calibrated)
		at += snprintf(text + at, sizeof(text) - (size_t)at,
			"launch %u of %u, point %zu of %zu:", m->number + 1, m->launches, m->turn,
			m->s->nblocks);
	else
		at += snprintf(text + at, sizeof(text) - (size_t)at,
			"trying point %zu of %zu:", (size_t)(b - m->s->blocks) + 1, m->s->nblocks);
	for (size_t a = 0; a < m->s->naxes; a++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, " %s=%s",
			m->s->bench->axes[a].name, p->values[a]);
	progress_show(m->progress, share < 1 ? share : 1,
		share < 1 ? m->s->limits.budget_s - spent_s(m) : 0, text);
}

/* A launch that died or hangs costs the block its cells, not the measurement. */
static int lost(struct measure *m, const struct study_block *b, int err)
{
	char why[STUDY_WHY] = "no answer before the deadline";
	int end_err = m->launch.end_err;

	if (err != -ETIMEDOUT && err != -EINTR)
		launch_how(&m->launch, why, sizeof(why));
	launch_end(&m->launch, true);
	m->running = false;
	if (err == -EINTR || err == -ENOMEM)
		return err;
	/* The next launch would meet the same limit. */
	if (limits_is(end_err)) {
		snprintf(m->s->broken, sizeof(m->s->broken), "%s", why);
		return end_err;
	}
	for (size_t i = 0; i < b->ncells; i++)
		if (!m->s->cells[b->cells[i]].failed[0])
			snprintf(m->s->cells[b->cells[i]].failed, STUDY_WHY, "%s", why);
	return 0;
}

static int each_cell(struct measure *m, const struct study_block *b, const char *word)
{
	for (size_t i = 0; i < b->ncells; i++) {
		int err = 0;

		if (live(&m->s->cells[b->cells[i]]) || !strcmp(word, "close"))
			err = launch_command(
				&m->launch, m->s->limits.patience_ms, "%s %zu", word, b->cells[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Equal iters for all that is compared at a point (method R9b): the fastest decides, within limits. */
static void equal_iters(struct study *s, const struct study_block *b, size_t point)
{
	uint64_t iters = 1;
	double slowest = 0;

	for (size_t i = 0; i < b->ncells; i++) {
		const struct study_cell *c = &s->cells[b->cells[i]];

		if (c->point != point || !live(c))
			continue;
		iters = c->iters > iters ? c->iters : iters;
		if (c->iters && c->est_ns / (double)c->iters > slowest)
			slowest = c->est_ns / (double)c->iters;
	}
	if (slowest * (double)iters > LONGEST_NS)
		iters = slowest < LONGEST_NS ? (uint64_t)(LONGEST_NS / slowest) : 1;
	for (size_t i = 0; i < b->ncells; i++) {
		struct study_cell *c = &s->cells[b->cells[i]];

		if (c->point != point || !c->iters)
			continue;
		c->est_ns *= (double)iters / (double)c->iters;
		c->iters = iters;
	}
}

static int calibrate_block(struct measure *m, struct study_block *b)
{
	uint64_t t[4] = {clock_now_ns()};
	int err = each_cell(m, b, "open");

	t[1] = clock_now_ns();
	if (!err)
		err = each_cell(m, b, "calibrate");
	t[2] = clock_now_ns();
	if (!err)
		err = each_cell(m, b, "close");
	t[3] = clock_now_ns();
	if (err)
		return lost(m, b, err);
	b->setup_ns = (double)(t[1] - t[0] + t[3] - t[2]);
	for (size_t i = 0; i < b->ncells; i++)
		equal_iters(m->s, b, m->s->cells[b->cells[i]].point);
	b->cost_ns = 0;
	for (size_t i = 0; i < b->ncells; i++)
		if (live(&m->s->cells[b->cells[i]]))
			b->cost_ns += m->s->cells[b->cells[i]].est_ns;
	show(m, b);
	return 0;
}

static int ensure_launch(struct measure *m, unsigned number)
{
	int err;

	if (m->running)
		return 0;
	err = launch_start(m->s, number, m->stop, &m->launch);
	m->running = !err;
	return err;
}

static void leave_out(struct study *s, struct study_block *b)
{
	for (size_t i = 0; i < b->ncells; i++)
		snprintf(s->cells[b->cells[i]].skip, STUDY_WHY,
			"not measured within %.3g s: half of it went into calibrating the points "
			"before "
			"this one (--budget)",
			s->limits.budget_s);
	b->stop_reason = "budget";
}

static int calibrate_all(struct measure *m)
{
	for (size_t i = 0; i < m->s->nblocks; i++) {
		int err;

		/* On a machine with many cores some points take minutes: they must not eat the others' time. */
		if (i > 0 && !m->s->bench->rounds && spent_s(m) > m->s->limits.budget_s / 2) {
			leave_out(m->s, &m->s->blocks[i]);
			continue;
		}
		err = ensure_launch(m, 0);
		if (!err)
			err = calibrate_block(m, &m->s->blocks[i]);
		if (err)
			return err;
		if (!any_live(m->s, &m->s->blocks[i]))
			m->s->blocks[i].stop_reason = "failed";
	}
	return 0;
}

static int tell_iters(struct measure *m, const struct study_block *b)
{
	for (size_t i = 0; i < b->ncells; i++) {
		const struct study_cell *c = &m->s->cells[b->cells[i]];
		int err = !live(c) ? 0
				   : launch_command(&m->launch, m->s->limits.patience_ms,
					     "iters %zu %llu", b->cells[i],
					     (unsigned long long)c->iters);

		if (err)
			return err;
	}
	return 0;
}

/* "C C C" of the block's live cells; the caller frees it. */
static char *cell_list(const struct study *s, const struct study_block *b)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return NULL;
	for (size_t i = 0; i < b->ncells; i++)
		if (live(&s->cells[b->cells[i]]))
			fprintf(f, " %zu", b->cells[i]);
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

static int take_rounds(struct measure *m, struct study_block *b, unsigned rounds)
{
	size_t most = b->ncells < LAUNCH_SAMPLES ? LAUNCH_SAMPLES / b->ncells : 1;
	unsigned chunk =
		b->cost_ns > 0 ? (unsigned)fmin(fmax(CHUNK_NS / b->cost_ns, 1), (double)most) : 1;
	int patience = m->s->limits.patience_ms + (int)fmin(20e-6 * b->cost_ns, 3e5);
	uint64_t hard_ns = m->begin_ns + (uint64_t)(1.1e9 * m->s->limits.budget_s);
	char *cells = cell_list(m->s, b);
	int err = cells ? 0 : -ENOMEM;

	while (!err && rounds && *cells) {
		unsigned n = rounds < chunk ? rounds : chunk;

		/* The machine may have become slower than it was at calibration: the budget is a promise. */
		if (!m->s->bench->rounds && b->done >= 8 && clock_now_ns() > hard_ns) {
			b->stop_reason = "budget";
			break;
		}
		err = launch_command(&m->launch, patience, "rounds %zu %u%s", b->done, n, cells);
		if (!err) {
			b->done += n;
			rounds -= n;
			show(m, b);
		}
	}
	free(cells);
	return err;
}

/* And those that stood still. Of a peer, another program, nobody knows whether it waited for a CPU. */
static void tag_launch(struct study *s, const struct study_block *b, unsigned launch, unsigned tags)
{
	/* What costs time costs no bytes. */
	for (size_t i = 0; !s->bench->unit && i < b->ncells; i++) {
		struct study_cell *c = &s->cells[b->cells[i]];
		bool peer = s->bench->variants[c->variant].peer != NULL;

		for (size_t k = c->n; k-- > 0 && c->samples[k].launch == launch;) {
			struct study_sample *x = &c->samples[k];

			x->tags |= tags;
			if (!peer && noise_stood_still(x->tags, x->t_ns, c->est_ns))
				x->tags |= TAG_STOPPED;
		}
	}
}

static int block_in_launch(struct measure *m, struct study_block *b, unsigned number)
{
	struct noise_outside before, after;
	int err = ensure_launch(m, number);

	if (err || !b->want)
		return err;
	err = tell_iters(m, b);
	if (!err)
		err = each_cell(m, b, "open");
	if (!err && b->cost_ns < 50e6)
		err = each_cell(m, b, "warm");
	noise_outside_read(&before);
	if (!err)
		err = take_rounds(m, b, b->want);
	noise_outside_read(&after);
	tag_launch(m->s, b, number, noise_outside_tags(&before, &after));
	if (!err)
		err = each_cell(m, b, "close");
	return err ? lost(m, b, err) : 0;
}

static void look_at_precision(struct measure *m, struct study_block *b, unsigned number)
{
	const struct study *s = m->s;

	if (budget_finished(b))
		return;
	if (!any_live(s, b)) {
		b->stop_reason = "failed";
		return;
	}
	update_precision(m->s, b);
	if (s->bench->rounds)
		return;
	if (b->done >= BUDGET_ROUNDS_MAX)
		b->stop_reason = "max_samples";
	else if (number >= 2 && b->done >= budget_least(s, b) && b->precision > 0 &&
		 b->precision <= s->limits.precision)
		b->stop_reason = "precision";
}

/* Once for the whole launch: a block that comes late gets no less than one that comes early. */
static void share_out(struct measure *m, unsigned number)
{
	double left = m->s->limits.budget_s - spent_s(m);

	for (size_t i = 0; i < m->s->nblocks; i++)
		if (!budget_finished(&m->s->blocks[i]))
			m->s->blocks[i].want =
				budget_rounds(m->s, &m->s->blocks[i], left, m->launches - number);
}

/* The blocks in an order of this launch's own, so that none always follows the same neighbour. */
static int one_launch(struct measure *m, unsigned number, struct stats_rng *rng)
{
	size_t n = m->s->nblocks, *order = malloc(n * sizeof(*order));
	int err = order ? ensure_launch(m, number) : -ENOMEM;

	for (size_t i = 0; order && i < n; i++) {
		size_t j = (size_t)stats_rng_below(rng, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	m->number = number;
	share_out(m, number);
	for (size_t i = 0; !err && i < n; i++) {
		struct study_block *b = &m->s->blocks[order[i]];

		m->turn = i + 1;
		if (!budget_finished(b))
			err = block_in_launch(m, b, number);
		if (!err)
			look_at_precision(m, b, number);
	}
	free(order);
	if (m->running)
		launch_end(&m->launch, err != 0);
	m->running = false;
	return err;
}

static int all_launches(struct measure *m)
{
	struct stats_rng rng;
	int err = calibrate_all(m);

	m->calibrated = true;
	stats_rng_seed(&rng, m->s->limits.seed);
	m->launches = budget_launches(m->s, m->s->limits.budget_s - spent_s(m), m->launches);
	for (unsigned k = 0; !err && k < m->launches && budget_unfinished(m->s); k++) {
		if (k == 0)
			budget_drop(m->s, m->s->limits.budget_s - spent_s(m), m->launches);
		err = one_launch(m, k, &rng);
	}
	if (m->running)
		launch_end(&m->launch, true);
	for (size_t i = 0; i < m->s->nblocks; i++)
		if (!budget_finished(&m->s->blocks[i]))
			m->s->blocks[i].stop_reason = err == -EINTR         ? "interrupted"
						      : m->s->bench->rounds ? "max_samples"
									    : "budget";
	return err;
}

int study_measure(struct study *s, struct progress *progress, const volatile sig_atomic_t *stop)
{
	struct measure m = {.s = s,
		.progress = progress,
		.stop = stop,
		.begin_ns = clock_now_ns(),
		.launches = s->limits.launches};
	uint64_t steal[2], total[2];
	bool known = !noise_steal(&steal[0], &total[0]);
	int err = s->nblocks ? all_launches(&m) : 0;

	if (known && !noise_steal(&steal[1], &total[1]) && total[1] > total[0] &&
		steal[1] >= steal[0])
		s->steal_share = (double)(steal[1] - steal[0]) / (double)(total[1] - total[0]);
	s->interrupted = err == -EINTR;
	if (progress)
		progress_end(progress);
	return err;
}
