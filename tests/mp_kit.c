/* mp_kit.c - children for the tests of demos/mp */
#include "mp_kit.h"
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct mp_memory *kit_memory;

void *kit_make(size_t nbytes)
{
	/* Check's handler of the runner would end a forked child's whole group. */
	signal(SIGTERM, SIG_DFL);
	ck_assert_int_eq(mp_memory_create(nbytes, &kit_memory), 0);
	return mp_memory_base(kit_memory);
}

void kit_drop(void)
{
	mp_forkserver_stop();
	mp_memory_destroy(kit_memory);
}

struct mp_process *kit_start(const char *entry, enum mp_method method, int number)
{
	struct mp_handle handle = mp_memory_handle(kit_memory);
	struct mp_process_options o = {.entry = entry,
		.argument = &number,
		.nbytes = sizeof(number),
		.handles = &handle,
		.nhandles = 1,
		.method = method};
	struct mp_process *p = NULL;
	int err = mp_process_start(&o, &p);

	ck_assert_msg(err == 0, "start %s: %s", entry, strerror(-err));
	return p;
}

int kit_end(struct mp_process *p)
{
	int code = 0;

	ck_assert_int_eq(mp_process_join(p, WAIT_MS), 0);
	ck_assert_int_eq(mp_process_exit_code(p, &code), 0);
	ck_assert_int_eq(mp_process_close(p), 0);
	return code;
}

void kit_kill(struct mp_process *p)
{
	ck_assert_int_eq(mp_process_kill(p), 0);
	ck_assert_int_eq(kit_end(p), -SIGKILL);
}

void *kit_attach(struct mp_child *self, struct mp_memory **m)
{
	return mp_memory_attach(mp_child_handle(self, 0), m) ? NULL : mp_memory_base(*m);
}

int kit_number(const struct mp_child *self)
{
	return *(const int *)mp_child_argument(self, NULL);
}

int kit_give_back_argument(struct mp_child *self)
{
	size_t nbytes;
	const int *code = mp_child_argument(self, &nbytes);

	return nbytes == sizeof(*code) ? *code : 99;
}

/* The children of a process's first thread; the first of them, or 0. */
static pid_t list_children(pid_t pid, unsigned *n)
{
	char path[64];
	int child, first = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	for (*n = 0; fscanf(f, "%d", &child) == 1; ++*n)
		first = first ? first : child;
	fclose(f);
	return first;
}

pid_t kit_server(void)
{
	unsigned n;

	return list_children(getpid(), &n);
}

unsigned kit_children(pid_t pid)
{
	unsigned n;

	list_children(pid, &n);
	return n;
}

unsigned kit_fds(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	ck_assert_ptr_nonnull(d);
	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

void kit_asleep(pid_t pid)
{
	uint64_t end_ns = mp_deadline_ns(WAIT_MS);
	char path[64], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (state != 'S') {
		FILE *f = fopen(path, "re");

		ck_assert_ptr_nonnull(f);
		if (fscanf(f, "%*d %*s %c", &state) != 1)
			state = 0;
		fclose(f);
		ck_assert_msg(mp_now_ns() < end_ns, "process %d is awake", (int)pid);
	}
}

#define HEAD offsetof(struct kit_message, bytes)

static size_t length_of(uint32_t number)
{
	return HEAD + number % (sizeof(struct kit_message) - HEAD);
}

size_t kit_fill(struct kit_message *m, uint32_t producer, uint32_t number)
{
	size_t n = length_of(number);

	m->producer = producer;
	m->number = number;
	for (size_t i = 0; i < n - HEAD; i++)
		m->bytes[i] = (unsigned char)(number + i);
	return n;
}

bool kit_whole(const struct kit_message *m, size_t nbytes)
{
	if (nbytes < HEAD || nbytes != length_of(m->number))
		return false;
	for (size_t i = 0; i < nbytes - HEAD; i++)
		if (m->bytes[i] != (unsigned char)(m->number + i))
			return false;
	return true;
}
