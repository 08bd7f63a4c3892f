/* mp_kit.h - what the tests of demos/mp share: the start methods, a memory, children that come and go */
#ifndef FORKLAB_MP_KIT_H
#define FORKLAB_MP_KIT_H

#include "mp/memory.h"
#include "mp/process.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAIT_MS 5000 /* longer than any wait of a test that passes */

/*
 * For loop tests: kit_method[_i]. Under ThreadSanitizer threads alone, since it sees nothing of what
 * happens between processes, and does not bear a fork beside its own thread.
 */
static const enum mp_method kit_method[] = {MP_THREAD, MP_FORK, MP_SPAWN, MP_FORKSERVER};
#ifdef __SANITIZE_THREAD__
#define NMETHODS 1
#else
#define NMETHODS 4
#endif
#define FIRST_PROCESS 1 /* from here on a child is a process, which can be killed */

/* Kills that a promise is tested with, in all, and for each kind of process. */
#define KILLS      200
#define KILLS_EACH (KILLS / 3 + 1)

extern struct mp_memory *kit_memory;

/* Fixture: zeroed memory for a test's struct, and its end, the forkserver's too. */
void *kit_make(size_t nbytes);
void kit_drop(void);

/* A child with kit_memory as handle 0 and number as argument. Fails the test where it does not start. */
struct mp_process *kit_start(const char *entry, enum mp_method method, int number);

/* Waits for the end, gives everything back: the exit code. Fails the test after WAIT_MS. */
int kit_end(struct mp_process *p);

/* SIGKILL, and the end by it. */
void kit_kill(struct mp_process *p);

/* In a child: the memory of handle 0, NULL: it cannot be attached. The child destroys *m. */
void *kit_attach(struct mp_child *self, struct mp_memory **m);

/* In a child: the number that kit_start was given. */
int kit_number(const struct mp_child *self);

/* An entry: the number is its exit code, 99 where there is none. */
int kit_give_back_argument(struct mp_child *self);

/* The forkserver, where nothing else is a child of this process; 0: there is none. */
pid_t kit_server(void);

/* How many descriptors a process has open. */
unsigned kit_fds(pid_t pid);

/* How many children a process of one thread has, those included that it has not waited for. */
unsigned kit_children(pid_t pid);

/* Waits until pid, which has nothing more to do but to wait, sleeps. Fails the test after WAIT_MS. */
void kit_asleep(pid_t pid);

/* Messages that can be checked: of different lengths, with bytes that follow from the number. */
struct kit_message {
	uint32_t producer, number;
	unsigned char bytes[300];
};
size_t kit_fill(struct kit_message *m, uint32_t producer, uint32_t number); /* its length */
bool kit_whole(const struct kit_message *m, size_t nbytes);

#endif
