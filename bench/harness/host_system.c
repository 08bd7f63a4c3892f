/* host_system.c - checks of what lies around this process: build, kernel, hypervisor, container,
 * limits */
#include "harness/host_internal.h"
#include "harness/quota.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* gcc says it by macros, clang by features. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BUILT_WITH "address"
#elif __has_feature(thread_sanitizer)
#define BUILT_WITH "thread"
#elif __has_feature(memory_sanitizer)
#define BUILT_WITH "memory"
#elif __has_feature(undefined_behavior_sanitizer)
#define BUILT_WITH "undefined"
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define BUILT_WITH "address"
#elif defined(__SANITIZE_THREAD__)
#define BUILT_WITH "thread"
#endif
#ifndef BUILT_WITH
#define BUILT_WITH "none"
#endif

#ifndef FORKLAB_CFLAGS
#define FORKLAB_CFLAGS ""
#endif

/* No macro of gcc tells of the undefined-behaviour sanitizer; the flags do, where the Makefile
 * hands them over. */
const char *host_sanitizer(void)
{
	static const char key[] = "-fsanitize=";
	static char name[48];
	const char *at = strstr(FORKLAB_CFLAGS, key);

	if (!at)
		return BUILT_WITH;
	at += strlen(key);
	host_text(name, sizeof(name), "%.*s", (int)strcspn(at, " "), at);
	return name;
}

void host_check_build(const struct host_view *v, struct host_check *c)
{
	(void)v;
	if (strcmp(host_sanitizer(), "none")) {
		host_found(c, HOST_WARN,
			"This build looks for mistakes and is several times slower: do not publish "
			"its numbers. Build without SANITIZE.",
			"sanitizer: %s", host_sanitizer());
		return;
	}
#ifdef __OPTIMIZE__
	host_found(c, HOST_OK, "Built with optimisation and without instruments.", "optimised");
#else
	host_found(c, HOST_WARN, "Built without optimisation: do not publish its numbers.",
		"not optimised");
#endif
}

/* pidfd_open, close_range and the rest that the primitives stand on came by 5.9. */
static bool too_old(const char *release, bool *known)
{
	char *end;
	unsigned long major = strtoul(release, &end, 10), minor = 0;

	*known = release[0] >= '0' && release[0] <= '9' && end[0] == '.' && end[1] >= '0' &&
		 end[1] <= '9';
	if (*known)
		minor = strtoul(end + 1, NULL, 10);
	return major < 5 || (major == 5 && minor < 9);
}

void host_check_kernel(const struct host_view *v, struct host_check *c)
{
	bool known, old = too_old(v->kernel, &known);
	char version[256];

	host_read(v->root, "/proc/version", version, sizeof(version));
	if (!known)
		host_unknown(c, "We could not read which kernel this is.");
	else if (strstr(v->kernel, "icrosoft"))
		host_found(c, HOST_WARN,
			"Linux inside Windows (WSL): Windows shares out the CPUs, unseen from "
			"here.",
			"WSL, %s", v->kernel);
	/* gVisor answers all programs with this one kernel of 2016. */
	else if (strstr(version, "gVisor") || strstr(version, "Sun Jan 10 15:06:54 PST 2016"))
		host_found(c, HOST_WARN,
			"gVisor plays the kernel here: all times of forks, threads and pipes are "
			"gVisor's, not Linux's.",
			"gVisor");
	else if (old)
		host_found(c, HOST_WARN,
			"forklab is made for Linux 5.9 or later: some programs will refuse to "
			"work.",
			"Linux %s", v->kernel);
	else
		host_found(c, HOST_OK, "New enough for everything here.", "Linux %s", v->kernel);
}

void host_check_virtualisation(const struct host_view *v, struct host_check *c)
{
	if (v->virt == HOST_VIRT_GUEST)
		host_found(c, HOST_WARN,
			"A virtual machine: the host can take a CPU away at any moment, and waking "
			"another CPU is slower than on bare hardware.",
			"%s guest", v->virt_name);
	else if (v->virt == HOST_VIRT_NONE)
		host_found(c, HOST_OK, "No hypervisor shows itself: this looks like bare hardware.",
			"none");
	else
		host_unknown(c, "Nothing here says whether this is a virtual machine.");
}

/* Which versions are mounted; with both, v1 usually holds the controllers. NULL: none, or not said.
 */
static const char *cgroup_version(const char *root)
{
	static char text[32768]; /* too large for a small stack; doctor and report call from one
				    thread */
	bool v1, v2;

	if (host_read(root, "/proc/self/mountinfo", text, sizeof(text)) <= 0)
		return NULL;
	v1 = strstr(text, " - cgroup ") != NULL;
	v2 = strstr(text, " - cgroup2 ") != NULL;
	if (v1 && v2)
		return "v1 and v2 (hybrid)";
	return v2 ? "v2" : v1 ? "v1" : NULL;
}

void host_check_container(const struct host_view *v, struct host_check *c)
{
	const char *version = cgroup_version(v->root);

	if (!strcmp(v->container, "unknown"))
		host_unknown(c, "Nothing here says whether this is a container.");
	else if (!strcmp(v->container, "none"))
		host_found(c, HOST_OK, "No container shows itself: the whole machine is in sight.",
			"none, cgroup %s", version ? version : "not mounted");
	else
		host_found(c, HOST_WARN,
			"In a container: others on the same machine use the same CPUs, and its "
			"limits are set from outside.",
			"%s, cgroup %s", v->container, version ? version : "not mounted");
}

void host_check_quota(const struct host_view *v, struct host_check *c)
{
	double cores = 0;
	int err = quota_read(v->root, &cores);

	/* A file that is not there means no quota, but only where cgroups can be seen at all. */
	if (err || (cores <= 0 && !host_exists(v->root, "/sys/fs/cgroup")))
		host_unknown(c, "The kernel does not say whether CPU time is rationed here (no "
				"cgroups to read).");
	else if (cores > 0)
		host_found(c, HOST_WARN,
			"CPU time is rationed: when the share of a period (mostly 100 ms) is used "
			"up, everything here stands still until the next.",
			"%.3g CPUs", cores);
	else
		host_found(c, HOST_OK, "CPU time is not rationed.", "none");
}

void host_check_numa_balancing(const struct host_view *v, struct host_check *c)
{
	unsigned nodes = 0;
	char text[64];
	long long on;

	if (host_read(v->root, "/sys/devices/system/node/online", text, sizeof(text)) > 0)
		nodes = host_list_count(text);
	if (nodes == 1) {
		host_found(c, HOST_OK, "All memory is equally near: nothing to move.", "one node");
		return;
	}
	if (!host_number(v->root, "/proc/sys/kernel/numa_balancing", &on))
		host_unknown(c, "The kernel does not say whether it moves memory between nodes.");
	else if (on != 0)
		host_found(c, HOST_WARN,
			"The kernel moves memory nearer to the CPU that uses it, in the middle of "
			"a measurement.",
			"on");
	else
		host_found(c, HOST_OK, "The kernel leaves memory where it is.", "off");
}

void host_check_huge_pages(const struct host_view *v, struct host_check *c)
{
	char text[96], mode[24];
	const char *open;

	host_read(v->root, "/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text));
	open = strchr(text, '[');
	if (!open) {
		host_unknown(c, "The kernel does not say whether it uses huge pages (2 MiB instead "
				"of 4 KiB).");
		return;
	}
	host_text(mode, sizeof(mode), "%.*s", (int)strcspn(open + 1, "]"), open + 1);
	if (!strcmp(mode, "never"))
		host_found(c, HOST_WARN,
			"Huge pages (2 MiB) are switched off: what they change cannot be shown.",
			"%s", mode);
	else if (!strcmp(mode, "always"))
		host_found(c, HOST_OK,
			"Large memory gets pages of 2 MiB unasked. Where it matters, benchmarks "
			"ask for one kind or the other.",
			"%s", mode);
	else if (!strcmp(mode, "madvise"))
		host_found(c, HOST_OK, "Pages of 2 MiB are there for programs that ask for them.",
			"%s", mode);
}

void host_check_aslr(const struct host_view *v, struct host_check *c)
{
	long long level;

	if (!host_number(v->root, "/proc/sys/kernel/randomize_va_space", &level))
		host_unknown(c,
			"The kernel does not say whether addresses differ from launch to launch.");
	else if (level == 0)
		host_found(c, HOST_WARN,
			"Addresses are the same in each launch: a lucky or unlucky layout stays, "
			"and repeating does not show it.",
			"off");
	else
		host_found(c, HOST_OK,
			"Addresses differ from launch to launch, so that several launches average "
			"over lucky layouts.",
			"on");
}
