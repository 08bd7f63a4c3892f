/*
 * host_internal.h - what the parts of host.c share; nobody else includes it but clock.c, doctor and
 * tests
 *
 * Everything is read below a root: "" is this machine, a test hands a folder with the few files
 * that it is about. What needs a system call or an instruction instead of a file is asked only
 * where root is "".
 */
#ifndef FORKLAB_HOST_INTERNAL_H
#define FORKLAB_HOST_INTERNAL_H

#include "harness/host.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define HOST_CPU_DIR     "/sys/devices/system/cpu"
#define HOST_CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"

enum host_virt { HOST_VIRT_UNKNOWN, HOST_VIRT_NONE, HOST_VIRT_GUEST };

/* What several checks ask, read once: opening /proc/cpuinfo alone takes 10 ms on some kernels. */
struct host_view {
	const char *root;
	enum host_virt virt;
	char virt_name[24]; /* "kvm", "none", "unknown" */
	char container[48]; /* "docker", "none", "unknown" */
	char cpu_model[96]; /* "" where unknown */
	char kernel[64];    /* "6.1.0-13-amd64"; "" where unknown */
	char os[64];        /* "Debian GNU/Linux 12 (bookworm)"; "" where unknown */
};

void host_view_open(const char *root, struct host_view *v);

/* A small file as printable ASCII with '\n' and '\t', trailing blanks cut. Returns its length;
 * -errno. */
ssize_t host_read(const char *root, const char *path, char *buf, size_t len);
/* A file that holds one whole number (decimal). False: not there, or not one. */
bool host_number(const char *root, const char *path, long long *out);
/* Text of a symbolic link, as /proc/self/ns/pid. */
bool host_link(const char *root, const char *path, char *buf, size_t len);
bool host_exists(const char *root, const char *path);
/* Calls each(name, arg) for the entries of a folder but "." and "..". -errno where it cannot be
 * read. */
int host_folder(
	const char *root, const char *path, void (*each)(const char *name, void *arg), void *arg);
/* Calls each(NUMBER, arg) for each cpuNUMBER below HOST_CPU_DIR. */
int host_each_cpu(const char *root, void (*each)(unsigned cpu, void *arg), void *arg);
/* "0-3,7" -> 5; 0 where the text is no list. */
unsigned host_list_count(const char *list);
/* The rest of the line that starts with key: "MemAvailable:" in text. False: no such line. */
bool host_field(const char *text, const char *key, char *buf, size_t len);
/* snprintf for texts that may be cut. */
void host_text(char *buf, size_t len, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* What a check found. why is a whole sentence that fits, value stays "" where the state is unknown.
 */
void host_found(struct host_check *c, enum host_state state, const char *why, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void host_unknown(struct host_check *c, const char *why);

typedef void host_check_fn(const struct host_view *v, struct host_check *c);

/* host_cpu.c */
host_check_fn host_check_governor, host_check_turbo, host_check_smt, host_check_isolated,
	host_check_cpuidle, host_check_throttling, host_check_clocksource, host_check_mitigations,
	host_check_pmu, host_check_perf_paranoid;
/* host_system.c */
host_check_fn host_check_virtualisation, host_check_container, host_check_kernel, host_check_quota,
	host_check_numa_balancing, host_check_huge_pages, host_check_aslr, host_check_build;
/* host_load.c */
host_check_fn host_check_load, host_check_pressure, host_check_steal, host_check_memory,
	host_check_swap, host_check_power;

/* The public functions, with a root. */
size_t host_checks_at(const char *root, struct host_check *out, size_t cap);
json_t *host_provenance_at(const char *root);
void host_line_at(const char *root, char *buf, size_t len);
size_t host_memory_available_at(const char *root);

/* "address", "thread", "undefined", "none": what this build was instrumented with. */
const char *host_sanitizer(void);
/* The commit of the source tree that the folder start lies in (at most three folders up). */
bool host_commit(const char *start, char *buf, size_t len);

#endif
