/*
 * pool_not_closed - a program leaves its pool as it is: all results are there, what the workers printed is lost
 *
 * listings: 002-L02 004-L06
 * claims: 001-C088
 *
 * Watch for: three results, and none of the lines that the workers printed. Where the output is no terminal,
 * printf collects in a buffer of each worker's own, which is written when the worker ends well. A pool that was
 * neither closed nor joined is ended with the program: its workers get SIGTERM, and what lies in their buffers is
 * gone. Nothing failed, so nothing is said. On a terminal each line is written at once: the mistake does not show.
 * Python does the same, only not each time: who is quick enough writes his lines before SIGTERM comes.
 * `with Pool()` is no cure, since it ends with terminate: close and join are.
 *
 * Then look at: diff -u demos/pool_not_closed.c demos/pool_not_closed_fixed.c
 *
 * The Python it re-creates:
 *     pool = Pool(2)
 *     print(pool.map(power, [4, 2, 3]))        # def power(x): print(x ** x); return x ** x
 *                                              # no close, no join
 *
 * expect:
 *     a program of which the output goes through a pipe:
 *     | results: 256 4 27
 *     its exit code is 0, and 0 of 3 lines that its workers printed came through
 */
#include "demo.h"
#include "mp/pool.h"
#include <fcntl.h>

enum { ITEMS = 3, WORKERS = 2, COME_THROUGH = 0, TIMEOUT_MS = 5000 };

static int power(const void *item, size_t item_bytes, void *result, size_t result_bytes)
{
	const int x = *(const int *)item;
	int p = 1;

	(void)item_bytes, (void)result_bytes;
	for (int i = 0; i < x; i++)
		p *= x;
	printf("%d\n", p);
	*(int *)result = p;
	return 0;
}

static const struct mp_task tasks[] = {{"power", power}, {NULL, NULL}};

static int worker(struct mp_child *self)
{
	return mp_pool_work(self, tasks);
}

/* The program of the listing. Static: as in Python, the pool is there until the program has ended. */
static int program(struct mp_child *self)
{
	static const struct mp_pool_options o = {
		.entry = "worker", .tasks = tasks, .workers = WORKERS};
	static const int items[ITEMS] = {4, 2, 3};
	static struct mp_pool *pool;
	int results[ITEMS];
	const struct mp_map m = {.task = "power",
		.items = items,
		.item_bytes = sizeof(items[0]),
		.n = ITEMS,
		.results = results,
		.result_bytes = sizeof(results[0])};

	(void)self;
	demo_must(mp_pool_create(&o, &pool), "pool");
	demo_must(mp_pool_map(pool, &m, NULL), "map");
	demo_line("results: %d %d %d\n", results[0], results[1], results[2]);
	return 0;
}

/* Starts the program with its standard output in a pipe, of which our end is returned. */
static int start(struct mp_process **p)
{
	const struct mp_process_options o = {.entry = "program"};
	int ends[2], ours = dup(STDOUT_FILENO);

	if (ours < 0 || pipe2(ends, O_CLOEXEC) < 0 || dup2(ends[1], STDOUT_FILENO) < 0)
		demo_end(DEMO_NO_RESOURCE, "pipe: %s", strerror(errno));
	demo_must(mp_process_start(&o, p), "start");
	if (dup2(ours, STDOUT_FILENO) < 0)
		demo_end(DEMO_NO_RESOURCE, "dup2: %s", strerror(errno));
	close(ours);
	close(ends[1]);
	fcntl(ends[0], F_SETFL, O_NONBLOCK); /* a demo never hangs */
	return ends[0];
}

/* Shows what lies in the pipe, after all who could write to it have ended. How many lines it is is returned. */
static int show(int fd)
{
	FILE *lines = fdopen(fd, "r");
	char line[100];
	int n = 0;

	if (!lines)
		demo_end(DEMO_NO_RESOURCE, "fdopen: %s", strerror(errno));
	for (; fgets(line, sizeof(line), lines); n++)
		demo_line("| %s", line);
	fclose(lines);
	return n;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {
		{"program", program}, {"worker", worker}, {NULL, NULL}};
	struct mp_process *p;
	int fd, lines, code;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "pool_not_closed",
		"a program leaves its pool as it is: all results are there, what the workers "
		"printed is lost");
	demo_line("a program of which the output goes through a pipe:\n");
	fd = start(&p);
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	lines = show(fd) - 1; /* one is the program's own */
	demo_must(mp_process_exit_code(p, &code), "exit code");
	mp_process_close(p);
	demo_line("its exit code is %d, and %d of %d lines that its workers printed came through\n",
		code, lines, ITEMS);
	return code == 0 && lines == COME_THROUGH ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
