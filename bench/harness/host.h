/*
 * host.h - what this machine is, and what on it can spoil a measurement: look and say, never change
 *
 * Called by one thread of a process at a time. All texts handed out are ASCII and end within their arrays.
 */
#ifndef FORKLAB_HOST_H
#define FORKLAB_HOST_H

#include <jansson.h>
#include <stddef.h>

enum host_state { HOST_OK, HOST_WARN, HOST_UNKNOWN }; /* absent information is unknown, never ok */

struct host_check {
	const char *name; /* "governor", "turbo", "smt", "steal" ...: static */
	enum host_state state;
	char value[96]; /* what was read; "" where unknown */
	char why[160];  /* what it means for a measurement, in a student's words */
};

#define HOST_CHECKS_MAX 32

/* Runs all checks (method.md R30): returns how many were written, at most cap. Takes below 10 ms. */
size_t host_checks(struct host_check *out, size_t cap);

/* The checks as the object {"governor":{"state":"unknown","value":"","why":"..."}, ...}. NULL: no memory. */
json_t *host_checks_json(const struct host_check *checks, size_t n);

/* CPU model ("AMD EPYC"), kernel release, distribution, libc, virtualisation ("kvm", "none", "unknown"),
 * mitigations, compiler and flags of this build, git commit where known. New reference; NULL: no memory. */
json_t *host_provenance(void);

/* "AMD EPYC, KVM guest, Linux 6.18, Debian 12": for the first line of report and doctor. */
void host_line(char *buf, size_t len);

/* Bytes of memory that can still be taken (MemAvailable, cgroup limit where lower). 0: unknown. */
size_t host_memory_available(void);

const char *host_state_name(enum host_state s); /* "ok", "warn", "unknown" */

#endif
