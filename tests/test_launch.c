/* test_launch.c - a whole measurement with made-up variants: counts, failures, hangs, ^C, placement */
#include "harness/launch.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Each variant is one way to behave; which of them a test measures is chosen by the axis "which". */

static uint64_t run_good(struct bench_run *r, uint64_t iters)
{
	volatile uint64_t n = 0;

	(void)r;
	for (uint64_t i = 0; i < iters; i++)
		n = n + 1;
	return n;
}

static uint64_t run_wrong_count(struct bench_run *r, uint64_t iters)
{
	(void)r;
	return iters - 1;
}

static uint64_t run_fails(struct bench_run *r, uint64_t iters)
{
	bench_fail(r, -EMFILE, "open the ninth file");
	return iters;
}

static uint64_t run_dies(struct bench_run *r, uint64_t iters)
{
	(void)r;
	(void)iters;
	raise(SIGKILL);
	return 0;
}

static uint64_t run_leaves(struct bench_run *r, uint64_t iters)
{
	(void)r;
	(void)iters;
	_exit(9);
}

/* In a child of what is to be stopped: waits until it stands still, lets it for a while, and sends it on. */
static void wake_parent(void)
{
	const struct timespec still = {.tv_nsec = 300000000};
	char path[64], stat[512];
	const char *state = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)getppid());
	while (strncmp(state, ") T", 3)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof(stat) - 1);

		if (n <= 0)
			_exit(1);
		close(fd);
		stat[n] = '\0';
		state = strrchr(stat, ')') ? strrchr(stat, ')') : "";
		sched_yield();
	}
	nanosleep(&still, NULL);
	_exit(kill(getppid(), SIGCONT) ? 1 : 0);
}

/* Stands still in one sample of a launch: calibration never has the same iters six times. */
static uint64_t run_stops(struct bench_run *r, uint64_t iters)
{
	static uint64_t last, same;
	uint64_t n = run_good(r, iters);
	int status = 0;
	pid_t pid;

	same = iters == last ? same + 1 : 0;
	last = iters;
	if (same != 5)
		return n;
	pid = fork();
	if (pid == 0)
		wake_parent();
	raise(SIGSTOP);
	return waitpid(pid, &status, 0) == pid && status == 0 ? n : 0;
}

static uint64_t run_hangs(struct bench_run *r, uint64_t iters)
{
	(void)r;
	for (;;)
		pause();
	return iters;
}

/* Right only where the thread may run on exactly the point's CPUs. */
static uint64_t run_counts_cpus(struct bench_run *r, uint64_t iters)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof(set), &set);
	return (uint64_t)CPU_COUNT(&set) == (bench_is(r, "cpus", "one") ? 1 : bench_effective(r))
		       ? iters
		       : 0;
}

static int setup_state(struct bench_run *r)
{
	static int state;

	bench_set_state(r, &state);
	return 0;
}

static int setup_fails(struct bench_run *r)
{
	(void)r;
	return -ENOMEM;
}

/* Marks are sums over the sample; the state is the one setup left. */
static uint64_t run_marks(struct bench_run *r, uint64_t iters)
{
	for (uint64_t i = 0; i < iters; i++)
		bench_mark(r, 0, 7);
	bench_elapsed(r, 1000000);
	return bench_state(r) ? iters : 0;
}

/* Tells as many spans as there can be, with far begins and ends; the fifth sample of each launch is the fastest. */
static uint64_t run_spans(struct bench_run *r, uint64_t iters)
{
	static unsigned samples;
	const bool fastest = ++samples % 10 == 5;
	const uint64_t begin = UINT64_MAX / 2 + (fastest ? 1000 : 0);

	for (unsigned i = 0; i < BENCH_SPANS; i++)
		bench_span(r, i % 3, i + fastest, begin + i, begin + 1000000000000 + i);
	bench_elapsed(r, fastest ? 900000 : 1000000);
	return iters;
}

static const struct bench_variant variants[] = {
	{.name = "good", .text = "counts", .run = run_good},
	{.name = "twin", .text = "counts too", .base = "good", .run = run_good},
	{.name = "wrong_count", .text = "miscounts", .run = run_wrong_count},
	{.name = "fails", .text = "says so", .run = run_fails},
	{.name = "dies", .text = "takes the launch along", .run = run_dies},
	{.name = "leaves", .text = "ends the launch", .run = run_leaves},
	{.name = "stops", .text = "stands still once", .run = run_stops},
	{.name = "hangs", .text = "never returns", .run = run_hangs},
	{.name = "counts_cpus", .text = "looks at its mask", .run = run_counts_cpus},
	{.name = "no_setup", .text = "cannot begin", .run = run_good, .setup = setup_fails},
	{.name = "marks", .text = "tells times", .run = run_marks, .setup = setup_state},
	{.name = "spans", .text = "tells who did what when", .run = run_spans},
	{.name = NULL},
};

static const char *only_which(const struct bench_run *r)
{
	const char *name = bench_variant_name(r), *which = bench_word(r, "which");

	if (!strcmp(name, "twin") || !strcmp(name, "good"))
		return NULL; /* the well-behaved always run: they must not suffer */
	return strcmp(name, which) ? " " : NULL;
}

static const struct bench made_up = {
	.question = "?",
	.topic = "test",
	.op = "one addition",
	.variants = variants,
	.axes = {{"which",
			 "none,wrong_count,fails,dies,leaves,stops,hangs,counts_cpus,no_setup,"
			 "marks,spans",
			 NULL, ""},
		{"cpus", "one,all", NULL, ""}},
	.marks = {"seven"},
	.skip = only_which,
	.rounds = 30, /* a fixed number: nothing here depends on how fast the machine is */
};

void test_early(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--launch"))
		_exit(launch_main(&made_up));
}

static struct place *place;
static struct study study;

static void build(const char *which, const char *cpus)
{
	const struct study_limits limits = {.precision = 0.02,
		.budget_s = 0.4,
		.margin = 0.03,
		.launches = 3,
		.seed = 42,
		.bind = true,
		.patience_ms = 1500};
	const struct study_sweep sweep = {.values = {which, cpus}};
	const struct place_options opt = {0};
	char why[256];

	ck_assert_int_eq(place_open(&opt, &place, why, sizeof(why)), 0);
	ck_assert_msg(!study_build(&study, &made_up, place, &limits, &sweep, why, sizeof(why)),
		"%s", why);
}

static void done(void)
{
	study_free(&study);
	place_close(place);
}

static const struct study_cell *cell(const char *variant)
{
	for (size_t i = 0; i < study.ncells; i++)
		if (!strcmp(variants[study.cells[i].variant].name, variant))
			return &study.cells[i];
	ck_abort_msg("no cell of %s", variant);
}

START_TEST(all_variants_of_a_block_get_the_same_rounds_and_iters_in_every_launch)
{
	const struct study_cell *a, *b;

	build("none", "one");
	ck_assert_int_eq(study_measure(&study, NULL, NULL), 0);
	a = cell("good");
	b = cell("twin");
	ck_assert_uint_eq(a->n, 30);
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_uint_eq(a->iters, b->iters);
	ck_assert_uint_gt(a->iters, 1000); /* an addition is short: the interval was made longer */
	for (size_t i = 0; i < a->n; i++) {
		ck_assert_uint_eq(a->samples[i].round, i);
		ck_assert_uint_eq(a->samples[i].round, b->samples[i].round);
		ck_assert_uint_eq(a->samples[i].launch, b->samples[i].launch);
		ck_assert_uint_gt(a->samples[i].t_ns, 0);
	}
	ck_assert_uint_eq(a->samples[0].launch, 0);
	ck_assert_uint_eq(a->samples[a->n - 1].launch, 2);
	ck_assert_ptr_nonnull(study.blocks[0].stop_reason);
	done();
}
END_TEST

static const struct {
	const char *which, *why;
} failing[] = {
	{"wrong_count", "counted"},
	{"fails", "open the ninth file: Too many open files (RLIMIT_NOFILE is "},
	{"dies", "the launch was killed by SIGKILL"},
	{"leaves", "the launch ended by itself, with status 9"},
	{"hangs", "deadline"},
	{"no_setup", "set up the variant"},
};

START_TEST(a_variant_that_fails_keeps_its_reason_and_spoils_no_other)
{
	build(failing[_i].which, "one");
	ck_assert_int_eq(study_measure(&study, NULL, NULL), 0);
	ck_assert_msg(strstr(cell(failing[_i].which)->failed, failing[_i].why), "%s",
		cell(failing[_i].which)->failed);
	ck_assert_uint_eq(cell(failing[_i].which)->n, 0);
	if (!strcmp(failing[_i].which, "fails"))
		ck_assert_int_eq(cell("fails")->failed_err, -EMFILE);
	ck_assert_str_eq(cell("good")->failed, "");
	ck_assert_uint_eq(cell("good")->n, 30);
	done();
}
END_TEST

#define STOP_NS 250000000u /* it is stopped for 300 ms */

/* On a busy machine a sample that was stopped may have waited for its CPU too, and then that is its tag. */
static size_t stopped_or_waited(const struct study_cell *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->samples[i].t_ns > STOP_NS &&
		     (c->samples[i].tags & (TAG_STOPPED | TAG_WAITED | TAG_PREEMPTED)) != 0;
	return n;
}

START_TEST(a_sample_in_which_the_launch_was_stopped_is_tagged_and_kept)
{
	build("stops", "one");
	ck_assert_int_eq(study_measure(&study, NULL, NULL), 0);
	ck_assert_str_eq(cell("stops")->failed, "");
	ck_assert_uint_eq(cell("stops")->n, 30);
	ck_assert_uint_eq(stopped_or_waited(cell("stops")), 3);
	ck_assert_uint_eq(stopped_or_waited(cell("good")), 0);
	done();
}
END_TEST

START_TEST(a_sample_runs_on_the_cpus_of_its_point_and_no_other)
{
	build("counts_cpus", _i ? "all" : "one");
	ck_assert_int_eq(study_measure(&study, NULL, NULL), 0);
	ck_assert_str_eq(cell("counts_cpus")->failed, "");
	ck_assert_uint_eq(cell("counts_cpus")->n, 30);
	done();
}
END_TEST

START_TEST(marks_and_told_times_reach_the_samples)
{
	const struct study_cell *c;

	build("marks", "one");
	ck_assert_int_eq(study_measure(&study, NULL, NULL), 0);
	c = cell("marks");
	ck_assert_str_eq(c->failed, "");
	ck_assert_uint_eq(c->n, 30);
	for (size_t i = 0; i < c->n; i++) {
		ck_assert_uint_eq(c->samples[i].marks[0], 7 * c->iters);
		ck_assert_uint_eq(c->samples[i].t_ns, 1000000);
	}
	done();
}
END_TEST

START_TEST(spans_of_the_fastest_sample_come_back_and_count_from_the_first_begin)
{
	const struct study_spans *s;

	build("spans", "one");
	ck_assert_int_eq(study_measure(&study, NULL, NULL), 0);
	ck_assert_str_eq(cell("spans")->failed, "");
	s = &cell("spans")->spans;
	ck_assert_uint_eq(s->launch, 2);
	ck_assert_uint_eq(s->t_ns, 900000);
	ck_assert_uint_eq(s->n, BENCH_SPANS);
	for (size_t i = 0; i < s->n; i++) {
		ck_assert_uint_eq(s->at[i].worker, i % 3);
		ck_assert_uint_eq(s->at[i].task, i + 1);
		ck_assert_uint_eq(s->at[i].begin_ns, i);
		ck_assert_uint_eq(s->at[i].end_ns, 1000000000000 + i);
	}
	ck_assert_uint_eq(cell("good")->spans.n, 0);
	done();
}
END_TEST

START_TEST(a_stop_keeps_what_was_measured_and_ends_the_launch)
{
	const volatile sig_atomic_t stop = SIGINT;

	build("none", "one");
	ck_assert_int_eq(study_measure(&study, NULL, &stop), -EINTR);
	ck_assert(study.interrupted);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
	done();
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("launch");
	TCase *t = gated_case(s, "measurement");

	tcase_add_test(t, all_variants_of_a_block_get_the_same_rounds_and_iters_in_every_launch);
	tcase_add_loop_test(t, a_variant_that_fails_keeps_its_reason_and_spoils_no_other, 0,
		(int)(sizeof(failing) / sizeof(*failing)));
	tcase_add_test(t, a_sample_in_which_the_launch_was_stopped_is_tagged_and_kept);
	tcase_add_loop_test(t, a_sample_runs_on_the_cpus_of_its_point_and_no_other, 0, 2);
	tcase_add_test(t, marks_and_told_times_reach_the_samples);
	tcase_add_test(t, spans_of_the_fastest_sample_come_back_and_count_from_the_first_begin);
	tcase_add_test(t, a_stop_keeps_what_was_measured_and_ends_the_launch);
	return s;
}
