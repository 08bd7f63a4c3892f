/*
 * fork_same_random - random bytes kept for later are handed out by each child again
 *
 * listings: none, for the lesson on spawn and fork
 * claims: 002-C005
 *
 * Watch for: 1 different secret in four children. Who wants many random numbers asks the kernel for
 * a bufferful and hands them out bit by bit, or seeds a generator once. Both are memory, which fork
 * copies: all children draw the same. Only who asks the kernel each time is safe. Libraries for
 * keys have had this fault; hello_processes shows it for rand() alone.
 *
 * Then look at: diff -u demos/fork_same_random.c demos/fork_same_random_fixed.c
 *
 * The Python it re-creates:
 *     r = random.Random()                       # one's own: not seeded again after a fork
 *     for _ in range(4):
 *         multiprocessing.Process(target=lambda: print(r.random())).start()
 *
 * expect:
 *     4 children draw from             different numbers
 *     rand(), seeded before the fork   1
 *     a buffer filled before the fork  1
 *     getrandom(), each time           4
 */
#include "demo.h"
#include <stdbool.h>
#include <sys/random.h>

enum { CHILDREN = 4, TIMEOUT_MS = 5000, BUFFERED = 64 };
enum source { RAND, BUFFER, KERNEL, SOURCES };

/* Zeroed: neither seeded nor filled. One page of its own. */
struct state {
	int seeded, left;
	long buffer[BUFFERED];
};

static const char *const source_name[] = {"rand(), seeded before the fork",
	"a buffer filled before the fork", "getrandom(), each time"};
static struct state *state;

static void from_kernel(void *to, size_t nbytes)
{
	if (getrandom(to, nbytes, 0) != (ssize_t)nbytes)
		_exit(DEMO_NOT_SHOWN);
}

static long draw(enum source source)
{
	unsigned seed;
	long number;

	if (source == RAND && !state->seeded) {
		from_kernel(&seed, sizeof(seed));
		srand(seed);
		state->seeded = 1;
	}
	if (source == RAND)
		return rand();
	if (source == KERNEL) {
		from_kernel(&number, sizeof(number));
		return number;
	}
	if (state->left == 0) {
		from_kernel(state->buffer, sizeof(state->buffer));
		state->left = BUFFERED;
	}
	return state->buffer[--state->left];
}

static int show(enum source source, long *numbers)
{
	int different;

	draw(source); /* the parent has drawn before */
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = demo_fork();

		if (pid == 0) {
			numbers[i] = draw(source);
			_exit(0);
		}
		if (demo_wait(pid, TIMEOUT_MS) != 0)
			demo_end(DEMO_NOT_SHOWN, "a child did not end well");
	}
	different = demo_different(numbers, CHILDREN);
	demo_line("%-32s %d\n", source_name[source], different);
	return different;
}

int main(int argc, char **argv)
{
	long *numbers;
	bool shown = true;

	demo_start(argc, argv, "fork_same_random",
		"random bytes kept for later are handed out by each child again");
	numbers = demo_shared(CHILDREN * sizeof(*numbers));
	state = mmap(
		NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (state == MAP_FAILED)
		demo_end(DEMO_NO_RESOURCE, "mmap: %s", strerror(errno));
	demo_line("4 children draw from             different numbers\n");
	for (enum source source = 0; source < SOURCES; source++)
		shown &= show(source, numbers) == (source == KERNEL ? CHILDREN : 1);
	return shown ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
