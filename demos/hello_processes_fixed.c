/*
 * hello_processes_fixed - four children seed rand() themselves, and draw different numbers
 *
 * listings: 002-L01 001-L08
 * claims: 002-C005
 *
 * Watch for: four greetings from four pids, in any order, and four numbers. Each child asks the
 * kernel for a seed of its own before it draws. A seed made from the time would not do: four
 * children may start within one tick of it.
 *
 * Then look at: diff -u demos/hello_processes.c demos/hello_processes_fixed.c
 *
 * The Python it re-creates:
 *     def hello():
 *         print("hello", random.random())
 *     ps = [Process(target=hello) for _ in range(4)]
 *     for p in ps: p.start()
 *     for p in ps: p.join()
 *
 * expect:
 *     parent <pid:parent> starts 4 children
 *     [unordered]
 *     hello from child 1, pid <pid> of parent <pid:parent>: <n>
 *     hello from child 2, pid <pid> of parent <pid:parent>: <n>
 *     hello from child 3, pid <pid> of parent <pid:parent>: <n>
 *     hello from child 4, pid <pid> of parent <pid:parent>: <n>
 *     [end]
 *     4 children ended well, with 4 different numbers
 */
#include "demo.h"
#include <sys/random.h>

enum { CHILDREN = 4, TIMEOUT_MS = 5000 };

static void seed_rand(void)
{
	unsigned seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		_exit(DEMO_NOT_SHOWN);
	srand(seed);
}

/*
 * In the child. A line goes out with one write(2): stdio text that still waits in the parent's
 * buffer would be copied by fork, and come out once for each process. _exit, not exit, for the same
 * reason.
 */
static void say_hello(int child, long *number)
{
	seed_rand();
	*number = rand();
	demo_line("hello from child %d, pid %d of parent %d: %ld\n", child, (int)getpid(),
		(int)getppid(), *number);
	_exit(0);
}

static void start_all(pid_t *pids, long *numbers)
{
	for (int i = 0; i < CHILDREN; i++) {
		pids[i] = demo_fork();
		if (pids[i] == 0)
			say_hello(i + 1, &numbers[i]);
	}
}

static int wait_for_all(const pid_t *pids)
{
	int well = 0;

	for (int i = 0; i < CHILDREN; i++)
		well += demo_wait(pids[i], TIMEOUT_MS) == 0;
	return well;
}

int main(int argc, char **argv)
{
	int well, different;
	long *numbers;
	pid_t pids[CHILDREN];

	demo_start(argc, argv, "hello_processes_fixed",
		"four children seed rand() themselves, and draw different numbers");
	numbers = demo_shared(CHILDREN * sizeof(*numbers));
	demo_line("parent %d starts %d children\n", (int)getpid(), CHILDREN);
	start_all(pids, numbers);
	well = wait_for_all(pids);
	different = demo_different(numbers, CHILDREN);
	demo_line("%d children ended well, with %d different number%s\n", well, different,
		different == 1 ? "" : "s");
	return well == CHILDREN && different == CHILDREN ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
