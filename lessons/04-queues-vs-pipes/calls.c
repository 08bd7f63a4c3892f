/*
 * calls - what messages cost the kernel: by a pipe, by CPython's Queue built anew in C, by a queue in
 * shared memory; counted, not timed
 *
 * First a child puts 100,000 numbers, one behind the other, and this process gets them. Then each of 10,000
 * numbers goes to the child and comes back before the next one goes. Printed is, for one number and both
 * processes together, how often they called read and write, and how often one of them gave its CPU away
 * to wait.
 */
#include "mp/queue.h"
#include "peers/python_queue.h"
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { ONE_WAY = 100000, ROUNDS = 10000, CANNOT = 77 };
enum direction { BACK, THERE }; /* to this process; to the child */

struct counts {
	long reads, writes, waits;
};

static int ends[2][2];
static struct python_queue twin[2];
static struct mp_queue *shared[2];

static void must(bool done, const char *what)
{
	if (!done) {
		fprintf(stderr, "calls: %s failed\n", what);
		_exit(1);
	}
}

/* [part count] */
/* This process's, and those of the children that it has waited for: taken away before, added after. */
static void count(struct counts *c, int sign)
{
	struct rusage self, children;
	FILE *f = fopen("/proc/self/io", "r");
	long reads, writes;

	if (f == NULL || fscanf(f, "%*s %*d %*s %*d %*s %ld %*s %ld", &reads, &writes) != 2) {
		fprintf(stderr, "calls: /proc/self/io: this machine does not count\n");
		exit(CANNOT);
	}
	fclose(f);
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	c->reads += sign * reads;
	c->writes += sign * writes;
	c->waits += sign * (self.ru_nvcsw + children.ru_nvcsw);
}
/* [end] */

/* ---- a number by each of the three ways ---- */

static void put_pipe(enum direction d, long number)
{
	must(write(ends[d][1], &number, sizeof(number)) == sizeof(number), "write");
}

static long get_pipe(enum direction d)
{
	long number;

	must(read(ends[d][0], &number, sizeof(number)) == sizeof(number), "read");
	return number;
}

static void put_twin(enum direction d, long number)
{
	must(python_queue_put(&twin[d], &number, sizeof(number)) == 0, "put");
}

static long get_twin(enum direction d)
{
	size_t nbytes;
	long number;

	must(python_queue_get(&twin[d], &number, &nbytes) == 0, "get");
	return number;
}

static void put_shared(enum direction d, long number)
{
	must(mp_queue_put(shared[d], &number, sizeof(number), MP_FOREVER) == 0, "put");
}

static long get_shared(enum direction d)
{
	size_t nbytes;
	long number;

	must(mp_queue_get(shared[d], &number, sizeof(number), &nbytes, MP_FOREVER) == 0, "get");
	return number;
}

/* ---- what a child does before its first message, and after its last ---- */

static void nothing(void)
{
}

static void join_twin(void)
{
	python_queue_forked(&twin[BACK]);
	python_queue_forked(&twin[THERE]);
}

/* Its thread may still have to feed the pipe. */
static void leave_twin(void)
{
	must(python_queue_close(&twin[BACK]) == 0, "close");
}

static void join_shared(void)
{
	struct mp_handle back = mp_queue_handle(shared[BACK], MP_QUEUE_PUT);
	struct mp_handle there = mp_queue_handle(shared[THERE], MP_QUEUE_GET);

	must(mp_queue_attach(&back, &shared[BACK]) == 0, "attach");
	must(mp_queue_attach(&there, &shared[THERE]) == 0, "attach");
}

static void leave_shared(void)
{
	mp_queue_destroy(shared[BACK]);
	mp_queue_destroy(shared[THERE]);
}

static const struct way {
	const char *name;
	void (*put)(enum direction d, long number);
	long (*get)(enum direction d);
	void (*join)(void), (*leave)(void); /* in the child */
} ways[] = {
	{"a pipe", put_pipe, get_pipe, nothing, nothing},
	{"CPython's Queue, in C", put_twin, get_twin, join_twin, leave_twin},
	{"a queue in shared memory", put_shared, get_shared, join_shared, leave_shared},
};

/* ---- the two experiments ---- */

static void child_puts(const struct way *w)
{
	for (long number = 0; number < ONE_WAY; number++)
		w->put(BACK, number);
}

static void parent_gets(const struct way *w)
{
	for (long number = 0; number < ONE_WAY; number++)
		must(w->get(BACK) == number, "get: a message in its order");
}

static void child_answers(const struct way *w)
{
	for (long number = 0; number < ROUNDS; number++)
		w->put(BACK, w->get(THERE));
}

static void parent_asks(const struct way *w)
{
	for (long number = 0; number < ROUNDS; number++) {
		w->put(THERE, number);
		must(w->get(BACK) == number, "get: the number that was put");
	}
}

static void run(const struct way *w, void (*child)(const struct way *),
	void (*parent)(const struct way *), double numbers)
{
	struct counts c = {0, 0, 0};
	int status;
	pid_t pid;

	count(&c, -1);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		w->join();
		child(w);
		w->leave();
		_exit(0);
	}
	parent(w);
	must(waitpid(pid, &status, 0) == pid && status == 0, "the child");
	count(&c, 1);
	printf("%-24s %5.2f %6.2f %6.2f\n", w->name, (double)c.reads / numbers,
		(double)c.writes / numbers, (double)c.waits / numbers);
}

static void open_both(enum direction d, uint32_t role)
{
	struct mp_queue_options one_each = {.producers = 1, .consumers = 1};

	must(pipe(ends[d]) == 0, "pipe");
	must(python_queue_open(&twin[d], sizeof(long)) == 0, "the twin of CPython's Queue");
	must(mp_queue_create(&one_each, &shared[d]) == 0, "the queue in shared memory");
	must(mp_queue_open(shared[d], role) == 0, "open");
}

/* New ones each time: a queue in shared memory ends when the child that put has ended. */
static void run_all(const char *title, void (*child)(const struct way *),
	void (*parent)(const struct way *), double numbers)
{
	open_both(BACK, MP_QUEUE_GET);
	open_both(THERE, MP_QUEUE_PUT);
	printf("%-24s reads writes  waits\n", title);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		run(&ways[i], child, parent, numbers);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0); /* no child may take a filled buffer along */
	run_all("one behind the other", child_puts, parent_gets, ONE_WAY);
	run_all("there and back", child_answers, parent_asks, ROUNDS);
	return 0;
}
