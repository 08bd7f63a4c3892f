/*
 * threads_vs_processes - who wins CPU-bound work, and why?
 *
 * The same work, which shares nothing, is done by one thread, by n threads, by n threads of which
 * only one may compute at a time (an interpreter lock as CPython's, handed over every 5 ms), and by
 * n processes; all CPUs or one. Work named by a time is a chain of steps as long as that time, work
 * named "1e6inc" is so many increments; every end value is checked, so that no compiler can leave
 * the work out.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/workers.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PUBLISHED_WORKERS  10      /* the tutorial's */
#define PUBLISHED_BUDGET_S 45      /* 8 rounds of its size in CPython ... */
#define WHOLE_BUDGET_S     90      /* ... and of all the other points */
#define THIRD_BUDGET_S     50      /* 12 rounds of a third of it, and of the others */
#define PYTHON_BUDGET_S    20      /* 12 rounds of a tenth of it, with all CPUs and with one */
#define CROWD_BUDGET_S     6       /* 12 rounds of 10 workers of 10 ms each */
#define HANDOVER_NS        5000000 /* CPython's switch interval */
#define CHUNK              1000    /* steps between two looks at the request, about 1 us */
#define READINGS           9
#define READING_STEPS      200000

/* ---- the work ---- */

/* x -> STEP_A x + STEP_C modulo 2^64 (Knuth's MMIX): each step needs the one before it. */
#define STEP_A 6364136223846793005u
#define STEP_C 1442695040888963407u

static uint64_t walk(uint64_t x, uint64_t steps)
{
	for (; steps > 0; steps--)
		x = STEP_A * x + STEP_C;
	return x;
}

/*
 * The same end by squaring the step, in log2(steps) turns.
 * Source: F. Brown, Random Number Generation with Arbitrary Strides, 1994.
 */
static uint64_t jump(uint64_t x, uint64_t steps)
{
	uint64_t a = STEP_A, c = STEP_C;

	for (; steps > 0; steps >>= 1) {
		if (steps & 1)
			x = a * x + c;
		c = a * c + c;
		a *= a;
	}
	return x;
}

/* The empty asm hides x: without it the compiler replaces the loop by one addition. */
static uint64_t count_up(uint64_t x, uint64_t times)
{
	for (; times > 0; times--) {
		x++;
		__asm__ volatile("" : "+r"(x));
	}
	return x;
}

struct baton;

struct load {
	uint64_t (*work)(uint64_t x, uint64_t count);
	uint64_t count; /* of one worker */
	unsigned workers;
	struct workers_slot *slots; /* in the arena: shared by both kinds */
	struct baton *baton;
	uint64_t wanted[]; /* each worker's end value */
};

static uint64_t seed(const struct load *l, unsigned i)
{
	return l->work == walk ? i + 1 : 0;
}

/* How long a step takes here: the shortest of several readings, since noise only adds. */
static double measure_step(void)
{
	double shortest = 0.0;
	uint64_t x = 1;

	for (int i = 0; i < READINGS; i++) {
		uint64_t begin = clock_now_ns();
		double ns;

		/* Between these two, so that the walk cannot move across a clock read. */
		__asm__ volatile("" : "+r"(x));
		x = walk(x, READING_STEPS);
		__asm__ volatile("" : "+r"(x));
		ns = (double)(clock_now_ns() - begin) / READING_STEPS;
		if (i == 0 || ns < shortest)
			shortest = ns;
	}
	return shortest;
}

/* Turns "10ms" or "1e6inc" into a kind of work and its count. */
static int plan_work(struct load *l, const char *word)
{
	/* Measured once a launch: all its points then agree on what 10 ms are. */
	static double step_ns;
	char *unit;
	double amount = strtod(word, &unit);
	double ns = !strcmp(unit, "us") ? 1e3 : !strcmp(unit, "ms") ? 1e6 : 0.0;

	if (!(amount >= 1.0 && amount <= 1e12) || (ns == 0.0 && strcmp(unit, "inc") != 0))
		return -EINVAL;
	if (ns == 0.0) {
		l->work = count_up;
		l->count = (uint64_t)amount;
		return 0;
	}
	if (step_ns == 0.0)
		step_ns = measure_step();
	/* No machine takes a step in that: the compiler has left the work out. */
	if (!(step_ns > 0.01))
		return -EPROTO;
	l->work = walk;
	l->count = (uint64_t)(amount * ns / step_ns) + 1;
	return 0;
}

static int setup_point(struct bench_run *r)
{
	int64_t workers = bench_number(r, "workers");
	struct load *l;
	int err;

	if (workers < 1 || workers > WORKERS_MAX)
		return -EINVAL;
	l = calloc(1, sizeof(*l) + (size_t)workers * sizeof(l->wanted[0]));
	if (!l)
		return -ENOMEM;
	l->workers = (unsigned)workers;
	err = plan_work(l, bench_word(r, "work"));
	if (!err) {
		l->slots = bench_arena(r, l->workers * sizeof(*l->slots));
		err = l->slots ? 0 : -ENOMEM;
	}
	if (err) {
		free(l);
		return err;
	}
	for (unsigned i = 0; i < l->workers; i++)
		l->wanted[i] = l->work == walk ? jump(seed(l, i), l->count) : l->count;
	bench_set_point_state(r, l);
	return 0;
}

static void teardown_point(struct bench_run *r)
{
	free(bench_point_state(r));
}

/* ---- the emulated interpreter lock ---- */

struct baton {
	pthread_mutex_t mutex;
	pthread_cond_t freed; /* held became false */
	pthread_cond_t taken; /* turn went up */
	bool held;
	unsigned waiting;
	uint64_t turn;      /* how often it was taken */
	atomic_bool wanted; /* a waiter asks the holder to give it up */
};

static int create_baton(struct bench_run *r)
{
	struct load *l = bench_point_state(r);
	struct baton *b = calloc(1, sizeof(*b));
	pthread_condattr_t attr;

	if (!b)
		return -ENOMEM;
	if (pthread_condattr_init(&attr)) {
		free(b);
		return -ENOMEM;
	}
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->freed, &attr);
	pthread_cond_init(&b->taken, NULL);
	pthread_condattr_destroy(&attr);
	l->baton = b;
	return 0;
}

static void destroy_baton(struct bench_run *r)
{
	struct load *l = bench_point_state(r);

	pthread_cond_destroy(&l->baton->freed);
	pthread_cond_destroy(&l->baton->taken);
	pthread_mutex_destroy(&l->baton->mutex);
	free(l->baton);
	l->baton = NULL;
}

static struct timespec handover_time(void)
{
	uint64_t at = clock_now_ns() + HANDOVER_NS;

	return (struct timespec){
		.tv_sec = (time_t)(at / 1000000000u), .tv_nsec = (long)(at % 1000000000u)};
}

static void take(struct baton *b)
{
	pthread_mutex_lock(&b->mutex);
	b->waiting++;
	while (b->held) {
		struct timespec until = handover_time();
		uint64_t turn = b->turn;

		/* Only where one thread held it all the time: a new holder gets its 5 ms too. */
		if (pthread_cond_timedwait(&b->freed, &b->mutex, &until) == ETIMEDOUT && b->held &&
			b->turn == turn)
			atomic_store_explicit(&b->wanted, true, memory_order_relaxed);
	}
	b->waiting--;
	b->held = true;
	b->turn++;
	atomic_store_explicit(&b->wanted, false, memory_order_relaxed);
	pthread_cond_broadcast(&b->taken);
	pthread_mutex_unlock(&b->mutex);
}

/* Who was asked waits until another has it: else it would take it again before that one wakes. */
static void give(struct baton *b, bool asked)
{
	uint64_t turn;

	pthread_mutex_lock(&b->mutex);
	b->held = false;
	turn = b->turn;
	pthread_cond_signal(&b->freed);
	while (asked && b->turn == turn && b->waiting > 0)
		pthread_cond_wait(&b->taken, &b->mutex);
	pthread_mutex_unlock(&b->mutex);
}

/* ---- the bodies ---- */

static uint64_t work_freely(void *arg, unsigned i)
{
	const struct load *l = arg;

	return l->work(seed(l, i), l->count);
}

static uint64_t work_in_turn(void *arg, unsigned i)
{
	const struct load *l = arg;
	uint64_t x = seed(l, i), left = l->count;

	take(l->baton);
	while (left > 0) {
		uint64_t chunk = left < CHUNK ? left : CHUNK;

		x = l->work(x, chunk);
		left -= chunk;
		if (left > 0 && atomic_load_explicit(&l->baton->wanted, memory_order_relaxed)) {
			give(l->baton, true);
			take(l->baton);
		}
	}
	give(l->baton, false);
	return x;
}

static bool all_right(const struct load *l)
{
	for (unsigned i = 0; i < l->workers; i++)
		if (l->slots[i].value != l->wanted[i])
			return false;
	return true;
}

/* Returns how many ops ended with every worker's value right. */
static uint64_t run(struct bench_run *r, uint64_t iters, enum workers_kind kind,
	uint64_t (*body)(void *arg, unsigned i))
{
	struct load *l = bench_point_state(r);
	uint64_t right = 0;

	for (; iters > 0; iters--) {
		int err;

		/* A worker that does nothing must not pass with the value of the op before. */
		for (unsigned i = 0; i < l->workers; i++)
			l->slots[i].value = ~l->wanted[i];
		err = workers_run(kind, l->workers, body, l, l->slots);
		if (err) {
			bench_fail(r, err, "run the workers");
			break;
		}
		right += all_right(l);
	}
	return right;
}

static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, WORKERS_SERIAL, work_freely);
}

static uint64_t run_threads(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, WORKERS_THREADS, work_freely);
}

static uint64_t run_one_lock(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, WORKERS_THREADS, work_in_turn);
}

static uint64_t run_processes(struct bench_run *r, uint64_t iters)
{
	return run(r, iters, WORKERS_PROCESSES, work_freely);
}

/* ---- the sweep: what of the 3 axes' product answers a question ---- */

#define NO_SUCH_POINT " "
#define ONE_LOCK_S    0.25
#define ONE_CPU_ONLY  "one CPU is all there is: the same as cpus=all"

/* A third stands in for the published size, which takes a minute: of a tenth the starts of the processes are a good
 * part. What threads do is seen with the tenth. */
static const char *skip_third(const struct bench_run *r, bool one_cpu, bool python)
{
	bool asked = bench_asked(r, "work");

	if (bench_number(r, "workers") != PUBLISHED_WORKERS || one_cpu || !python ||
		!strcmp(bench_variant_name(r), "python_threads"))
		return NO_SUCH_POINT;
	if (bench_quick(r))
		return "not measured with --quick";
	if (!asked && bench_budget_s(r) >= WHOLE_BUDGET_S)
		return NO_SUCH_POINT;
	if (!asked && bench_budget_s(r) < THIRD_BUDGET_S)
		return "CPython takes some 10 s: give --budget 60";
	return NULL;
}

/* Increments: the published comparison, 10 workers whatever the machine. */
static const char *skip_published(const struct bench_run *r, bool one_cpu, bool python)
{
	double enough_s = bench_asked(r, "work") ? PUBLISHED_BUDGET_S : WHOLE_BUDGET_S;
	bool big = bench_is(r, "work", "1e7inc");

	if (bench_number(r, "workers") != PUBLISHED_WORKERS || (one_cpu && big))
		return NO_SUCH_POINT;
	if (one_cpu && bench_effective(r) == 1)
		return ONE_CPU_ONLY;
	/* C needs one size alone, and that only to stand beside the published one. */
	if (!python && (one_cpu || !big))
		return NO_SUCH_POINT;
	if (big && bench_quick(r))
		return "not measured with --quick";
	if (python && big && bench_budget_s(r) < enough_s)
		return "takes most of a minute: give --budget 120";
	if (python && bench_budget_s(r) < PYTHON_BUDGET_S)
		return "CPython takes some 20 s: give --budget 40";
	return NULL;
}

/* All workers on one CPU: the published 10 are enough. */
static const char *skip_one_cpu(const struct bench_run *r)
{
	if (bench_number(r, "workers") != PUBLISHED_WORKERS)
		return NO_SUCH_POINT;
	return bench_effective(r) == 1 ? ONE_CPU_ONLY : NULL;
}

/* Seconds that one CPU needs for the work of all workers: what serial and the one lock take. */
static double serial_s(const struct bench_run *r)
{
	const char *work = bench_word(r, "work");
	char *unit;
	double x = strtod(work, &unit);

	if (strcmp(unit, "us") && strcmp(unit, "ms"))
		return 0;
	return x * (unit[0] == 'u' ? 1e-6 : 1e-3) * (double)bench_number(r, "workers");
}

static const char *skip(const struct bench_run *r)
{
	bool one_cpu = bench_is(r, "cpus", "one");
	bool python = !strncmp(bench_variant_name(r), "python_", strlen("python_"));
	bool scaling = bench_is(r, "work", "10ms");

	if (bench_is(r, "work", "3e6inc"))
		return skip_third(r, one_cpu, python);
	if (strstr(bench_word(r, "work"), "inc"))
		return skip_published(r, one_cpu, python);
	if (python || (one_cpu && !scaling))
		return NO_SUCH_POINT;
	if (one_cpu)
		return skip_one_cpu(r);
	if (serial_s(r) * 16 > bench_budget_s(r) / 4)
		return "takes too long on so many CPUs: give a larger --budget";
	/* In a few seconds what the CPUs can do comes first. */
	if (scaling && bench_number(r, "workers") > bench_effective(r) &&
		bench_budget_s(r) < CROWD_BUDGET_S)
		return "more workers than CPUs take longer: give --budget 10";
	if (!strcmp(bench_variant_name(r), "threads_one_lock") && serial_s(r) > ONE_LOCK_S)
		return "as slow as serial: shown with fewer workers";
	if (scaling || bench_asked(r, "workers") ||
		bench_number(r, "workers") == bench_effective(r))
		return NULL;
	return NO_SUCH_POINT;
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one thread does the work of all workers", .run = run_serial},
	{.name = "threads",
		.text = "start n threads, each does its work, join all",
		.base = "serial",
		.run = run_threads},
	{.name = "threads_one_lock",
		.text = "the same, but a thread computes only while it holds the one lock",
		.base = "serial",
		.run = run_one_lock,
		.setup = create_baton,
		.teardown = destroy_baton},
	{.name = "processes",
		.text = "fork n processes, each does its work, wait for all",
		.base = "serial",
		.run = run_processes},
	{.name = "python_serial",
		.text = "CPython: one thread does the work of all workers",
		.peer = "threads_vs_processes.py",
		.needs = "python3"},
	{.name = "python_threads",
		.text = "CPython: start n threading.Thread, join all",
		.base = "python_serial",
		.peer = "threads_vs_processes.py",
		.needs = "python3"},
	{.name = "python_processes",
		.text = "CPython: start n multiprocessing.Process by fork, join all",
		.base = "python_serial",
		.peer = "threads_vs_processes.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "Who wins CPU-bound work, threads or processes, and why?",
	.topic = "threads-vs-processes",
	.op = "start + work + join of all workers",
	.variants = variants,
	.axes = {{"workers", "1..max,10", NULL,
			 "threads or processes at a time, each with its own work"},
		{"work", "1us,10us,100us,1ms,10ms,100ms,1e6inc,3e6inc,1e7inc",
			"10us,1ms,10ms,1e6inc,1e7inc",
			"of one worker: as long as this takes alone, or so many increments"},
		{"cpus", "all,one", NULL, "all CPUs, or one for all workers"}},
	.round_axis = "workers",
	.chart = "scaling",
	.chart_axis = "workers",
	.share = 0.25,
	.quick_share = 0.45,
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = teardown_point,
};
