/*
 * compute_per_byte - from how much work on each byte does it pay to hand the bytes to another process?
 *
 * One process has payloads of 64 KiB and computes on them, eight bytes a step, as many times round as the work
 * takes: "65us" are 1 ns for each byte. It may do all by itself, or hand every second payload to a helper,
 * which computes and sends 8 bytes back; meanwhile it computes on the other one. So the helper halves the time,
 * less what the handing over takes: all bytes through a pipe, through mp_queue, or only the number of a payload
 * that lies in shared memory. Each result is compared with what was computed before.
 */
#include "harness/bench.h"
#include "harness/clock.h"
#include "harness/team.h"
#include "peers/channel.h"
#include <stdlib.h>

#define WORDS         8192u
#define NBYTES        (WORDS * sizeof(uint64_t))
#define PAYLOADS      4u /* an op takes two of them, the next op the other two */
#define READINGS      9
#define READING_STEPS 65536u

struct load {
	unsigned char *payloads; /* in the arena: who is forked later sees them too */
	uint64_t steps;          /* of one payload */
	uint64_t wanted[PAYLOADS];
	/* With a helper: */
	const struct channel_way *way;
	bool numbers; /* the payload's number goes there, not its bytes */
	struct channel there, back;
	struct team *team;
};

/* ---- the work ---- */

static unsigned char *payload(const struct load *l, uint64_t number)
{
	return l->payloads + number % PAYLOADS * NBYTES;
}

/* Each step needs the one before it, so that its time is the same wherever the bytes are in the cache. */
static uint64_t compute(const unsigned char *bytes, uint64_t steps)
{
	uint64_t x = 0, word;

	while (steps > 0) {
		uint64_t n = steps < WORDS ? steps : WORDS;

		for (uint64_t i = 0; i < n; i++) {
			memcpy(&word, bytes + i * sizeof(word), sizeof(word));
			x = x * 6364136223846793005u + word;
		}
		steps -= n;
	}
	return x;
}

/* How long a step takes here: the shortest of several readings, since noise only adds. 0: not to be told. */
static double measure_step(const unsigned char *bytes)
{
	double shortest = 0.0;
	uint64_t x = 0;

	for (int i = 0; i < READINGS; i++) {
		uint64_t begin = clock_now_ns();
		double ns;

		x += compute(bytes, READING_STEPS);
		__asm__ volatile("" : "+r"(x));
		ns = (double)(clock_now_ns() - begin) / READING_STEPS;
		if (i == 0 || ns < shortest)
			shortest = ns;
	}
	return shortest;
}

/* Turns "20us" into steps. */
static int plan_work(struct load *l, const char *word)
{
	/* Measured once a launch: all its points then agree on what 20 us are. */
	static double step_ns;
	char *unit;
	double amount = strtod(word, &unit);
	double ns = amount * (!strcmp(unit, "us") ? 1e3 : !strcmp(unit, "ms") ? 1e6 : 0.0);

	if (!(ns >= 1e3 && ns <= 1e9))
		return -EINVAL;
	if (step_ns == 0.0)
		step_ns = measure_step(l->payloads);
	if (!(step_ns > 0.01))
		return -EPROTO; /* no machine takes a step in that */
	l->steps = (uint64_t)(ns / step_ns) + 1;
	return 0;
}

static int setup_point(struct bench_run *r)
{
	struct load *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->payloads = bench_arena(r, PAYLOADS * NBYTES);
	err = l->payloads ? 0 : -ENOMEM;
	for (uint64_t i = 0; !err && i < PAYLOADS * NBYTES; i++)
		l->payloads[i] = (unsigned char)(i * 2654435761u >> 13);
	if (!err)
		err = plan_work(l, bench_word(r, "work"));
	if (err) {
		free(l);
		return err;
	}
	for (unsigned i = 0; i < PAYLOADS; i++)
		l->wanted[i] = compute(payload(l, i), l->steps);
	bench_set_point_state(r, l);
	return 0;
}

static void teardown_point(struct bench_run *r)
{
	free(bench_point_state(r));
}

/* One after the other. */
static uint64_t run_serial(struct bench_run *r, uint64_t iters)
{
	const struct load *l = bench_point_state(r);
	uint64_t right = 0;

	for (uint64_t i = 0; i < iters; i++) {
		bool first = compute(payload(l, 2 * i), l->steps) == l->wanted[2 * i % PAYLOADS];
		bool second = compute(payload(l, 2 * i + 1), l->steps) ==
			      l->wanted[(2 * i + 1) % PAYLOADS];

		right += first && second;
	}
	return right;
}

/* ---- the two workers ---- */

typedef int put_call(struct channel *c, const void *message);
typedef int get_call(struct channel *c, void *buffer);

static int own(struct load *l, struct team_member *me, put_call *put, get_call *get)
{
	uint64_t iters, theirs;
	int err = 0;

	while (!err && team_turn(me, &iters)) {
		uint64_t right = 0;

		for (uint64_t i = 0; !err && i < iters; i++) {
			uint64_t number = 2 * i % PAYLOADS, ours;

			err = put(&l->there, l->numbers ? (void *)&number : payload(l, number));
			ours = compute(payload(l, number + 1), l->steps);
			if (!err)
				err = get(&l->back, &theirs);
			right += !err && ours == l->wanted[number + 1] &&
				 theirs == l->wanted[number];
		}
		if (!err)
			team_done(me, right, 0);
	}
	return err;
}

static int help(struct load *l, struct team_member *me, void *buffer, put_call *put, get_call *get)
{
	uint64_t iters;
	int err = 0;

	while (!err && team_turn(me, &iters)) {
		for (uint64_t i = 0; !err && i < iters; i++) {
			uint64_t number, result;

			err = get(&l->there, buffer);
			if (err)
				break;
			memcpy(&number, buffer, sizeof(number));
			result = compute(l->numbers ? payload(l, number) : buffer, l->steps);
			err = put(&l->back, &result);
		}
		if (!err)
			team_done(me, iters, 0);
	}
	return err;
}

static int work(struct load *l, struct team_member *me, put_call *put, get_call *get)
{
	bool owner = team_number(me) == 0;
	void *buffer = calloc(1, l->there.nbytes);
	int err = buffer ? 0 : -ENOMEM;

	if (!err && l->way->join)
		err = l->way->join(&l->there, owner ? MP_QUEUE_PUT : MP_QUEUE_GET);
	if (!err && l->way->join)
		err = l->way->join(&l->back, owner ? MP_QUEUE_GET : MP_QUEUE_PUT);
	if (!err)
		err = owner ? own(l, me, put, get) : help(l, me, buffer, put, get);
	free(buffer);
	return err;
}

static int work_pipe(void *arg, struct team_member *me)
{
	return work(arg, me, channel_write, channel_read);
}

static int work_queue(void *arg, struct team_member *me)
{
	return work(arg, me, channel_put, channel_get);
}

/* ---- a sample with a helper ---- */

static void close_channel(const struct load *l, struct channel *c)
{
	if (l->way->close)
		l->way->close(c);
}

static int setup(struct bench_run *r, const struct channel_way *way, bool numbers,
	int (*body)(void *arg, struct team_member *me))
{
	struct load *l = malloc(sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	*l = *(struct load *)bench_point_state(r);
	l->way = way;
	l->numbers = numbers;
	l->there.nbytes = numbers ? sizeof(uint64_t) : NBYTES;
	l->back.nbytes = sizeof(uint64_t);
	err = way->open(r, &l->there, 1);
	if (err)
		goto memory;
	err = way->open(r, &l->back, 1);
	if (err)
		goto there;
	err = team_start(r, 2, body, l, &l->team);
	if (err)
		goto back;
	bench_set_state(r, l);
	return 0;
back:
	close_channel(l, &l->back);
there:
	close_channel(l, &l->there);
memory:
	free(l);
	return err;
}

static void teardown(struct bench_run *r)
{
	struct load *l = bench_state(r);

	team_stop(l->team);
	close_channel(l, &l->back);
	close_channel(l, &l->there);
	free(l);
}

static int setup_pipe(struct bench_run *r)
{
	return setup(r, &channel_pipe_way, false, work_pipe);
}

static int setup_queue(struct bench_run *r)
{
	return setup(r, &channel_queue_way, false, work_queue);
}

static int setup_shared(struct bench_run *r)
{
	return setup(r, &channel_queue_way, true, work_queue);
}

static uint64_t run(struct bench_run *r, uint64_t iters)
{
	struct load *l = bench_state(r);
	struct team_count counts[2];
	uint64_t elapsed_ns;
	int err = team_run(l->team, iters, counts, &elapsed_ns);

	if (err) {
		bench_fail(r, err, "hand payloads over");
		return 0;
	}
	bench_elapsed(r, elapsed_ns);
	return counts[0].ops;
}

/* ---- the sweep ---- */

static const char *skip(const struct bench_run *r)
{
	return bench_number(r, "workers") == 2 ? NULL : "takes one who owns and one who helps";
}

static const struct bench_variant variants[] = {
	{.name = "serial", .text = "one process computes on both payloads", .run = run_serial},
	{.name = "pipe",
		.text = "a helper gets one of them through a pipe",
		.base = "serial",
		.run = run,
		.setup = setup_pipe,
		.teardown = teardown},
	{.name = "mp_queue",
		.text = "a helper gets one of them through mp_queue",
		.base = "serial",
		.run = run,
		.setup = setup_queue,
		.teardown = teardown},
	{.name = "shared",
		.text = "a helper gets the number of one of them, which lies in shared memory",
		.base = "serial",
		.run = run,
		.setup = setup_shared,
		.teardown = teardown},
	{.name = "python_serial",
		.text = "one process: zlib.crc32 over both payloads",
		.peer = "compute_per_byte.py",
		.needs = "python3"},
	{.name = "python_pipe",
		.text = "a helper gets one of them through a Pipe: send_bytes",
		.base = "python_serial",
		.peer = "compute_per_byte.py",
		.needs = "python3"},
	{.name = "python_queue",
		.text = "a helper gets one of them through a Queue",
		.base = "python_serial",
		.peer = "compute_per_byte.py",
		.needs = "python3"},
	{.name = "python_shared",
		.text = "a helper gets the number of one of them, by a Pipe",
		.base = "python_serial",
		.peer = "compute_per_byte.py",
		.needs = "python3"},
	{.name = NULL},
};

const struct bench bench = {
	.question = "From how much work on 64 KiB does it pay to hand them to another process?",
	.topic = "queues-vs-pipes",
	.op = "two payloads of 64 KiB computed on",
	.variants = variants,
	.axes = {{"workers", "2", NULL, "one that has the payloads and one that helps"},
		{"work", "20us,65us,200us,650us,2ms", "20us,200us,2ms",
			"time of computing on one payload: 65us are 1 ns a byte"}},
	.answer = "A helper that gets 64 KiB by a pipe takes {pipe/serial@workers=2,work=20us} of "
		  "the time of one process where the work on them is 20 \xc2\xb5s, "
		  "{pipe/serial@workers=2,work=2ms} where it is 2 ms; by our queue "
		  "{mp_queue/serial@workers=2,work=20us} and {mp_queue/serial@workers=2,work=2ms}",
	.share = 0.04,
	.quick_share = 0.035,
	.chart = "grain",
	.chart_axis = "work",
	.skip = skip,
	.point_setup = setup_point,
	.point_teardown = teardown_point,
};
