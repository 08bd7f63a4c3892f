/* place.c - opens a machine, real or described, and hands out its order of places */
#include "harness/ensure.h"
#include "harness/place_internal.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int place_why(char *why, size_t whylen, int err, const char *fmt, ...)
{
	va_list ap;

	if (why && whylen) {
		va_start(ap, fmt);
		vsnprintf(why, whylen, fmt, ap);
		va_end(ap);
	}
	return err;
}

/* Options that contradict each other, whatever the machine. */
static int check_options(const struct place_options *opt, char *why, size_t whylen)
{
	if (opt->pair == PLACE_NO_PAIR)
		return 0;
	if (opt->pair == PLACE_SAME_CORE && opt->no_smt)
		return place_why(why, whylen, -EINVAL,
			"same-core: needs the hardware threads that no-smt leaves out");
	if (opt->bind == PLACE_PRIMARY || opt->bind == PLACE_NONE)
		return place_why(why, whylen, -EINVAL,
			"%s: a pair is two bound CPUs, which proc-bind %s does not give",
			opt->pair == PLACE_SAME_CORE ? "same-core" : "same-llc",
			opt->bind == PLACE_NONE ? "none" : "primary");
	return 0;
}

/* Order of the cores: as hwloc numbers them, or dealt over the machine. */
static int order_cores(const struct place_source *s, enum place_bind bind,
	const struct place_tree *t, unsigned **out)
{
	unsigned *order = calloc(t->ncores, sizeof(*order));
	int err = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < t->ncores; i++)
		order[i] = (unsigned)i;
	if (bind == PLACE_SPREAD)
		err = place_tree_spread(s, t, order);
	if (err)
		free(order);
	else
		*out = order;
	return err;
}

static int build_order(struct place *p, const struct place_source *s,
	const struct place_options *opt, char *why, size_t whylen)
{
	struct place_tree chosen;
	unsigned *core_order = NULL;
	int err = place_tree_build(s, s->chosen, &chosen);

	if (err)
		return err;
	if (opt->pair != PLACE_NO_PAIR) {
		err = place_order_pair(p, opt->pair, &chosen, why, whylen);
	} else {
		err = order_cores(s, opt->bind, &chosen, &core_order);
		if (!err)
			err = place_order_build(p, opt, &chosen, core_order);
		free(core_order);
	}
	if (!err)
		err = place_order_borders(p);
	place_tree_free(&chosen);
	return err;
}

static const char *smt_text(const struct place *p, const struct place_options *opt)
{
	if (p->machine.smt < 2)
		return "";
	if (opt->no_smt)
		return ", SMT siblings unused";
	return opt->kind == PLACE_CORES ? ", each with its hardware threads" : "";
}

static void write_policy(struct place *p, const struct place_options *opt)
{
	const bool threads = opt->kind == PLACE_THREADS && !opt->no_smt && p->machine.smt > 1;
	const char *over = threads ? "hardware threads" : "cores";
	char *t = p->policy;
	const size_t len = sizeof(p->policy);

	if (opt->pair == PLACE_SAME_CORE)
		snprintf(t, len, "pair same-core");
	else if (opt->pair == PLACE_SAME_LLC)
		snprintf(t, len, "pair same-llc%s",
			p->machine.llcs ? "" : " (no last-level cache is reported: same package)");
	else if (opt->bind == PLACE_PRIMARY)
		snprintf(t, len, "primary, all on CPU %u", p->slots[0].os_cpu);
	else if (opt->bind == PLACE_NONE)
		snprintf(t, len, "none, the kernel moves workers as it likes");
	else
		snprintf(t, len, "%s over %s%s%s", opt->bind == PLACE_SPREAD ? "spread" : "close",
			over, smt_text(p, opt),
			p->machine.mixed_cores && !opt->cpus ? ", of the fastest kind alone" : "");
}

static int fill(struct place *p, const struct place_source *s, const struct place_options *opt,
	char *why, size_t whylen)
{
	struct place_tree allowed;
	int err = place_tree_build(s, s->allowed, &allowed);

	if (err)
		return err;
	p->bind = opt->bind;
	p->split_packages = allowed.split_packages;
	p->synthetic = place_source_text(s);
	place_machine_fill(s, &allowed, &p->machine);
	err = p->synthetic ? build_order(p, s, opt, why, whylen) : -ENOMEM;
	if (!err) {
		place_machine_limit(p, opt, &allowed);
		write_policy(p, opt);
	}
	place_tree_free(&allowed);
	return err;
}

static int open_source(
	struct place_source *s, const struct place_options *opt, char *why, size_t whylen)
{
	int err = place_source_open(s, opt->synthetic, why, whylen);

	if (err)
		return err;
	if (opt->cpus)
		err = place_parse_cpus(s, opt->cpus, why, whylen);
	else if (s->mixed)
		err = place_source_fastest(s);
	if (err == -ENOTSUP)
		place_why(why, whylen, err,
			"this machine has cores of several kinds and does not say which are "
			"alike: pick some with --cpus");
	if (err)
		place_source_close(s);
	return err;
}

int place_open(const struct place_options *opt, struct place **out, char *why, size_t whylen)
{
	struct place_source source;
	struct place *p;
	int err;

	place_why(why, whylen, 0, "%s", "");
	err = check_options(opt, why, whylen);
	if (!err)
		err = open_source(&source, opt, why, whylen);
	if (!err) {
		p = calloc(1, sizeof(*p));
		err = p ? fill(p, &source, opt, why, whylen) : -ENOMEM;
		place_source_close(&source);
		if (err)
			place_close(p);
		else
			*out = p;
	}
	if (err == -ENOMEM)
		place_why(why, whylen, err, "out of memory");
	return err;
}

void place_close(struct place *p)
{
	if (!p)
		return;
	free(p->slots);
	free(p->first);
	free(p->cpus);
	free(p->synthetic);
	free(p);
}

const struct place_machine *place_machine(const struct place *p)
{
	return &p->machine;
}

size_t place_count(const struct place *p)
{
	return p->count;
}

const struct place_slot *place_slot(const struct place *p, size_t i)
{
	CHECK(i < p->count);
	return &p->slots[i];
}

const unsigned *place_cpus(const struct place *p, size_t i)
{
	CHECK(i < p->count);
	return p->cpus + p->first[i];
}

const char *place_policy(const struct place *p)
{
	return p->policy;
}

const char *place_synthetic(const struct place *p)
{
	return p->synthetic;
}
