/* test_place.c - rules that the order of places keeps on every described machine */
#include <string.h>

#include "harness/ensure.h"
#include "harness/place.h"
#include "suite.h"

/* What each machine must look like. With cpus a symmetric machine becomes a lopsided one. */
struct machine {
	const char *synthetic, *cpus;
	unsigned cores, pus; /* that places may use */
	unsigned packages, numa_nodes, llcs, smt;
	bool balanced; /* equal parts: spread fills them evenly */
};

static const struct machine machines[] = {
	{"core:1 pu:1", NULL, 1, 1, 0, 1, 0, 1, true},
	{"core:2 pu:1", NULL, 2, 2, 0, 1, 0, 1, true},
	{"pu:4", NULL, 4, 4, 0, 1, 0, 1, true},
	{"pack:2 core:4 pu:2", NULL, 8, 16, 2, 1, 0, 2, true},
	{"pack:2 numa:2 core:8 pu:2", NULL, 32, 64, 2, 4, 0, 2, true},
	{"pack:1 core:6 pu:2", NULL, 6, 12, 1, 1, 0, 2, true},
	{"pack:2 core:6 pu:1", NULL, 12, 12, 2, 1, 0, 1, true},
	{"pack:2 l3:3 core:5 pu:1", NULL, 30, 30, 2, 1, 6, 1, true},
	{"l3:4 core:8 pu:1", NULL, 32, 32, 0, 1, 4, 1, true},
	{"numa:2 pack:2 l3:2 core:2 pu:4", NULL, 16, 64, 4, 2, 8, 4, true},
	{"pack:2 [numa] [numa] core:2 pu:1", NULL, 4, 4, 2, 4, 0, 1, false},
	{"pack:2 core:2 pu:2(indexes=0,4,1,5,2,6,3,7)", NULL, 4, 8, 2, 1, 0, 2, true},
	{"pack:1 l2:4 core:1 pu:1", NULL, 4, 4, 1, 1, 0, 1, true},
	{"pack:1 l2:2 core:4 pu:1", NULL, 8, 8, 1, 1, 2, 1, true},
	{"pack:2 core:4 pu:1", "core:0-4", 5, 5, 2, 1, 0, 1, false},
	{"pack:2 core:4 pu:2", "0,2-3,8,10-15", 6, 10, 2, 1, 0, 2, false},
	{"pack:3 numa:2 core:2 pu:2", "1,5,9,20-23", 5, 7, 3, 6, 0, 2, false},
};

#define MOST 64 /* places of the machines above */

static struct place *open_it(const struct place_options *opt)
{
	struct place *p = NULL;
	char why[256];
	int err = place_open(opt, &p, why, sizeof(why));

	ck_assert_msg(!err, "%s: %d: %s", opt->synthetic ? opt->synthetic : "here", err, why);
	return p;
}

static struct place *open_machine(
	const struct machine *m, enum place_kind kind, enum place_bind bind, bool no_smt)
{
	const struct place_options opt = {.synthetic = m->synthetic,
		.cpus = m->cpus,
		.kind = kind,
		.bind = bind,
		.no_smt = no_smt};

	return open_it(&opt);
}

START_TEST(a_described_machine_has_the_levels_that_were_described)
{
	const struct machine *m = &machines[_i];
	struct place *p = open_machine(m, PLACE_CORES, PLACE_CLOSE, false);
	const struct place_machine *got = place_machine(p);

	ck_assert(!got->real);
	if (!m->cpus) {
		ck_assert_uint_eq(got->cores, m->cores);
		ck_assert_uint_eq(got->pus, m->pus);
		ck_assert_uint_eq(got->cores_present, m->cores);
		ck_assert_uint_eq(got->pus_present, m->pus);
	}
	ck_assert_uint_eq(got->packages, m->packages);
	ck_assert_uint_eq(got->numa_nodes, m->numa_nodes);
	ck_assert_uint_eq(got->llcs, m->llcs);
	ck_assert_uint_eq(got->smt, m->smt);
	ck_assert_uint_eq(got->effective, m->cores);
	ck_assert_str_eq(got->limit_by, m->cpus ? "--cpus" : "cores");
	ck_assert(got->quota_cores <= 0);
	ck_assert_ptr_nonnull(strstr(got->text, "described machine"));
	place_close(p);
}
END_TEST

static const enum place_bind ordered[] = {PLACE_CLOSE, PLACE_SPREAD, PLACE_NONE};

START_TEST(every_usable_cpu_stands_in_the_order_exactly_once)
{
	const struct machine *m = &machines[_i];

	for (size_t b = 0; b < ARRAY_LEN(ordered); b++) {
		for (int kind = PLACE_CORES; kind <= PLACE_THREADS; kind++) {
			struct place *p = open_machine(m, (enum place_kind)kind, ordered[b], false);
			bool seen[MOST] = {false};
			unsigned cpus = 0;

			ck_assert_uint_eq(place_count(p), kind == PLACE_CORES ? m->cores : m->pus);
			for (size_t i = 0; i < place_count(p); i++) {
				const struct place_slot *s = place_slot(p, i);

				ck_assert_uint_eq(place_cpus(p, i)[0], s->os_cpu);
				for (unsigned k = 0; k < s->ncpus; k++) {
					const unsigned cpu = place_cpus(p, i)[k];

					ck_assert_uint_lt(cpu, MOST);
					ck_assert_msg(!seen[cpu], "cpu %u twice", cpu);
					seen[cpu] = true;
					cpus++;
				}
			}
			ck_assert_uint_eq(cpus, m->pus);
			place_close(p);
		}
	}
}
END_TEST

START_TEST(without_smt_each_core_gives_one_cpu)
{
	const struct machine *m = &machines[_i];

	for (int kind = PLACE_CORES; kind <= PLACE_THREADS; kind++) {
		struct place *p = open_machine(m, (enum place_kind)kind, PLACE_SPREAD, true);
		bool seen[MOST] = {false};

		ck_assert_uint_eq(place_count(p), m->cores);
		for (size_t i = 0; i < place_count(p); i++) {
			ck_assert_uint_eq(place_slot(p, i)->ncpus, 1);
			ck_assert(!seen[place_slot(p, i)->core]);
			seen[place_slot(p, i)->core] = true;
		}
		ck_assert_str_eq(place_policy(p), m->smt > 1
							  ? "spread over cores, SMT siblings unused"
							  : "spread over cores");
		place_close(p);
	}
}
END_TEST

START_TEST(close_fills_a_core_before_it_goes_on)
{
	struct place *p = open_machine(&machines[_i], PLACE_THREADS, PLACE_CLOSE, false);

	for (size_t i = 1; i < place_count(p); i++) {
		const struct place_slot *a = place_slot(p, i - 1), *b = place_slot(p, i);

		ck_assert(b->core > a->core || (b->core == a->core && b->thread > a->thread));
		ck_assert_uint_ge(b->llc, a->llc);
		ck_assert_uint_ge(b->numa, a->numa);
		ck_assert_uint_ge(b->package, a->package);
	}
	place_close(p);
}
END_TEST

START_TEST(spread_uses_every_core_before_any_second_thread)
{
	const struct machine *m = &machines[_i];
	struct place *p = open_machine(m, PLACE_THREADS, PLACE_SPREAD, false);
	unsigned used[MOST] = {0};

	for (size_t i = 0; i < place_count(p); i++) {
		const unsigned before = used[place_slot(p, i)->core]++;

		if (before)
			ck_assert_uint_ge(i, m->cores);
	}
	place_close(p);
}
END_TEST

static unsigned level(const struct place_slot *s, int which)
{
	return which == 0 ? s->package : which == 1 ? s->numa : s->llc;
}

/* At no prefix may one part hold two more than another. */
START_TEST(spread_fills_packages_nodes_and_caches_evenly)
{
	const struct machine *m = &machines[_i];
	const unsigned levels[] = {m->packages, m->numa_nodes, m->llcs};
	struct place *p = open_machine(m, PLACE_CORES, PLACE_SPREAD, false);

	for (int which = 0; m->balanced && which < 3; which++) {
		unsigned used[MOST] = {0};

		for (size_t i = 0; levels[which] && i < place_count(p); i++) {
			used[level(place_slot(p, i), which)]++;
			for (unsigned k = 0; k < levels[which]; k++)
				ck_assert_uint_le(used[k], i / levels[which] + 1);
		}
	}
	place_close(p);
}
END_TEST

/* The definition, by looking at all places before: slow, and written another way than the code. */
static enum place_border border_of(const struct place *p, size_t at)
{
	const struct place_slot *s = place_slot(p, at);
	bool package = false, numa = false, llc = false;
	unsigned own = 1, most = 0, threads[MOST] = {0};

	for (size_t i = 0; i < at; i++) {
		const struct place_slot *o = place_slot(p, i);

		package = package || o->package == s->package;
		numa = numa || o->numa == s->numa;
		llc = llc || o->llc == s->llc;
		own += o->core == s->core;
		threads[o->core]++;
		most = threads[o->core] > most ? threads[o->core] : most;
	}
	if (!at)
		return PLACE_BORDER_NONE;
	if (!package)
		return PLACE_BORDER_PACKAGE;
	if (!numa)
		return PLACE_BORDER_NUMA;
	if (!llc)
		return PLACE_BORDER_LLC;
	return own > most ? PLACE_BORDER_SMT : PLACE_BORDER_NONE;
}

START_TEST(a_border_is_marked_where_something_new_is_entered)
{
	for (size_t b = 0; b < ARRAY_LEN(ordered); b++) {
		for (int kind = PLACE_CORES; kind <= PLACE_THREADS; kind++) {
			struct place *p = open_machine(
				&machines[_i], (enum place_kind)kind, ordered[b], false);

			for (size_t i = 0; i < place_count(p); i++)
				ck_assert_int_eq(place_slot(p, i)->border, border_of(p, i));
			place_close(p);
		}
	}
}
END_TEST

START_TEST(the_topology_as_text_describes_the_same_machine)
{
	const struct machine *m = &machines[_i];
	struct place *p = open_machine(m, PLACE_CORES, PLACE_CLOSE, false);
	struct place_options opt = {.synthetic = place_synthetic(p), .cpus = m->cpus};
	struct place *again = open_it(&opt);

	ck_assert_uint_eq(place_count(again), place_count(p));
	for (size_t i = 0; i < place_count(p); i++)
		ck_assert_mem_eq(place_slot(p, i), place_slot(again, i), sizeof(struct place_slot));
	ck_assert_str_eq(place_synthetic(again), place_synthetic(p));
	ck_assert_ptr_null(strstr(place_synthetic(p), "memory="));
	place_close(again);
	place_close(p);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("place");
	TCase *tc = gated_case(s, "described machines");
	const int n = ARRAY_LEN(machines);

	tcase_add_loop_test(tc, a_described_machine_has_the_levels_that_were_described, 0, n);
	tcase_add_loop_test(tc, every_usable_cpu_stands_in_the_order_exactly_once, 0, n);
	tcase_add_loop_test(tc, without_smt_each_core_gives_one_cpu, 0, n);
	tcase_add_loop_test(tc, close_fills_a_core_before_it_goes_on, 0, n);
	tcase_add_loop_test(tc, spread_uses_every_core_before_any_second_thread, 0, n);
	tcase_add_loop_test(tc, spread_fills_packages_nodes_and_caches_evenly, 0, n);
	tcase_add_loop_test(tc, a_border_is_marked_where_something_new_is_entered, 0, n);
	tcase_add_loop_test(tc, the_topology_as_text_describes_the_same_machine, 0, n);
	return s;
}
