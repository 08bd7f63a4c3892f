/*
 * shared_value - a child adds 1 to two variables: only the one in shared memory changes for main
 *
 * listings: 000-L04
 * claims: none
 *
 * Watch for: the last column, always 41. The child's plain variable is another one than main's,
 * with the same name: a copy made by fork, with main's 41 in it, or, in a program that spawn has
 * begun anew, a fresh one that is 0. The shared value is one for both. Only one process at a time
 * adds here, so nothing can get lost; see lost_update for two.
 *
 * The Python it re-creates:
 *     plain, shared = 41, Value("i", 41)
 *     def work(shared): global plain; plain += 1; shared.value += 1
 *     p = Process(target=work, args=(shared,))
 *     p.start(); p.join()
 *     print(shared.value, plain)
 *
 * expect:
 *                 shared value       plain variable
 *                 child    main      child    main
 *     fork           42      42         42      41
 *     spawn          42      42          1      41
 *     forkserver     42      42          1      41
 */
#include "demo.h"
#include "mp/memory.h"
#include "mp/process.h"

enum { BEFORE = 41, TIMEOUT_MS = 5000 };

static int plain;

struct shared {
	int value;
	int value_in_child, plain_in_child; /* what the child saw after it had added */
};

static int add(struct mp_child *self)
{
	struct mp_memory *memory;
	struct shared *s;

	demo_must(mp_memory_attach(mp_child_handle(self, 0), &memory), "attach");
	s = mp_memory_base(memory);
	s->value += 1;
	plain += 1;
	s->value_in_child = s->value;
	s->plain_in_child = plain;
	mp_memory_destroy(memory);
	return 0;
}

/* main reads what the child wrote after join: the child's end lies between the two. */
static void run_child(const struct mp_memory *memory, enum mp_method method)
{
	struct mp_handle handle = mp_memory_handle(memory);
	struct mp_process *p;

	demo_must(mp_process_start(&(struct mp_process_options){.entry = "add",
					   .handles = &handle,
					   .nhandles = 1,
					   .method = method},
			  &p),
		"start");
	demo_must(mp_process_join(p, TIMEOUT_MS), "join");
	mp_process_close(p);
}

static int show(const char *name, enum mp_method method, int plain_in_child)
{
	struct mp_memory *memory;
	struct shared *s;
	int as_expected;

	demo_must(mp_memory_create(sizeof(*s), &memory), "memory");
	s = mp_memory_base(memory);
	s->value = BEFORE;
	plain = BEFORE;
	run_child(memory, method);
	demo_line("%-12s %4d %7d %10d %7d\n", name, s->value_in_child, s->value, s->plain_in_child,
		plain);
	as_expected =
		s->value == BEFORE + 1 && plain == BEFORE && s->plain_in_child == plain_in_child;
	mp_memory_destroy(memory);
	return as_expected;
}

int main(int argc, char **argv)
{
	static const struct mp_entry entries[] = {{"add", add}, {NULL, NULL}};
	int as_expected;

	mp_init(argc, argv, entries);
	demo_start(argc, argv, "shared_value",
		"a child adds 1 to two variables: only the one in shared memory changes for main");
	demo_line("            shared value       plain variable\n");
	demo_line("            child    main      child    main\n");
	as_expected = show("fork", MP_FORK, BEFORE + 1);
	as_expected &= show("spawn", MP_SPAWN, 1);
	as_expected &= show("forkserver", MP_FORKSERVER, 1);
	return as_expected ? DEMO_SHOWN : DEMO_NOT_SHOWN;
}
