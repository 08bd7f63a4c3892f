/*
 * fork_same_random_fixed - memory that a child finds empty makes it draw numbers of its own
 *
 * listings: none, for the lesson on spawn and fork
 * claims: none
 *
 * Watch for: 4 different ones, with the same code that draws. The memory of the generator is marked
 * (MADV_WIPEONFORK): a child finds zeros in it, as if nobody had seeded or filled it yet, and does
 * it again. No call has to be remembered after a fork, as pthread_atfork or a look at getpid would
 * need. Its neighbour MADV_DONTFORK would leave no memory there at all.
 *
 * Then look at: diff -u demos/fork_same_random.c demos/fork_same_random_fixed.c
 *
 * The Python it re-creates:
 *     r = random.Random()
 *     os.register_at_fork(after_in_child=r.seed)
 *     for _ in range(4):
 *         multiprocessing.Process(target=lambda: print(r.random())).start()
 *
 * expect:
 *     4 children draw from             different numbers
 *     rand(), seeded before the fork   4
 *     a buffer filled before the fork  4
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

	demo_start(argc, argv, "fork_same_random_fixed",
		"memory that a child finds empty makes it draw numbers of its own");
	numbers = demo_shared(CHILDREN * sizeof(*numbers));
	state = mmap(
		NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (state == MAP_FAILED)
		demo_end(DEMO_NO_RESOURCE, "mmap: %s", strerror(errno));
	if (madvise(state, sizeof(*state), MADV_WIPEONFORK) < 0)
		demo_end(DEMO_CANNOT, "MADV_WIPEONFORK: %s", strerror(errno));
	demo_line("4 children draw from             different numbers\n");
	for (enum source source = 0; source < SOURCES; source++)
		shown &= show(source, numbers) == CHILDREN;
	return shown ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
