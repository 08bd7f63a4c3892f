/* host_cpu.c - checks of the processors: their speed, sleep, siblings, clock and counters */
#include "harness/ensure.h"
#include "harness/host_internal.h"
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

struct governors {
	const char *root;
	char first[32];
	unsigned cpus;
	bool mixed;
};

static void add_governor(unsigned cpu, void *arg)
{
	struct governors *g = arg;
	char path[96], name[32];

	host_text(path, sizeof(path), HOST_CPU_DIR "/cpu%u/cpufreq/scaling_governor", cpu);
	if (host_read(g->root, path, name, sizeof(name)) <= 0)
		return;
	if (g->cpus++ == 0)
		host_text(g->first, sizeof(g->first), "%s", name);
	else if (strcmp(g->first, name))
		g->mixed = true;
}

void host_check_governor(const struct host_view *v, struct host_check *c)
{
	struct governors g = {.root = v->root};

	host_each_cpu(v->root, add_governor, &g);
	if (g.cpus == 0)
		host_unknown(c, "The kernel does not say who sets the CPUs' speed (usual in "
				"virtual machines). It may change while we measure.");
	else if (g.mixed)
		host_found(c, HOST_WARN,
			"CPUs follow different rules for their speed: the same work may take "
			"longer on one than on another.",
			"mixed (%s and others)", g.first);
	else if (!strcmp(g.first, "performance"))
		host_found(c, HOST_OK, "The CPUs are kept at their highest speed.", "%s", g.first);
	else
		host_found(c, HOST_WARN,
			"The CPUs' speed follows the load: work that starts after a pause begins "
			"slowly.",
			"%s", g.first);
}

void host_check_turbo(const struct host_view *v, struct host_check *c)
{
	long long x;
	bool on;

	if (host_number(v->root, HOST_CPU_DIR "/intel_pstate/no_turbo", &x))
		on = x == 0;
	else if (host_number(v->root, HOST_CPU_DIR "/cpufreq/boost", &x) ||
		 host_number(v->root, HOST_CPU_DIR "/cpufreq/policy0/boost", &x))
		on = x != 0;
	else {
		host_unknown(c, "The kernel does not say. With turbo one busy CPU runs faster than "
				"many, and speedup looks smaller than it is.");
		return;
	}
	if (on)
		host_found(c, HOST_WARN,
			"One busy CPU runs faster than many busy ones: part of a poor speedup is "
			"the clock rate.",
			"on");
	else
		host_found(
			c, HOST_OK, "The top speed is the same however many CPUs are busy.", "off");
}

void host_check_smt(const struct host_view *v, struct host_check *c)
{
	char control[32] = "";
	long long active;
	bool known = host_number(v->root, HOST_CPU_DIR "/smt/active", &active);

	if (known && active != 0) {
		host_found(c, HOST_WARN,
			"Two hardware threads share one core. forklab uses one thread of each core "
			"unless told otherwise (--places threads).",
			"on");
		return;
	}
	/* The guest's kernel says "notsupported" also where its two CPUs are siblings of one real
	 * core. */
	if (v->virt == HOST_VIRT_GUEST) {
		host_unknown(c, "A virtual machine is not told whether two of its CPUs share one "
				"real core.");
		return;
	}
	if (!known) {
		host_unknown(c, "The kernel does not say whether CPUs share a core.");
		return;
	}
	host_read(v->root, HOST_CPU_DIR "/smt/control", control, sizeof(control));
	host_found(c, HOST_OK, "Each CPU is a core of its own.", "%s",
		!strncmp(control, "not", 3) ? "none" : "off");
}

void host_check_isolated(const struct host_view *v, struct host_check *c)
{
	char isolated[64], nohz[64] = "";

	if (host_read(v->root, HOST_CPU_DIR "/isolated", isolated, sizeof(isolated)) < 0) {
		host_unknown(c, "The kernel does not say whether CPUs are set aside.");
		return;
	}
	host_read(v->root, HOST_CPU_DIR "/nohz_full", nohz, sizeof(nohz));
	if (host_list_count(nohz) == 0) /* "(null)" on kernels that could but do not */
		nohz[0] = '\0';
	if (isolated[0] == '\0' && nohz[0] == '\0')
		host_found(c, HOST_OK, "The kernel treats all CPUs alike.", "none");
	else
		host_found(c, HOST_WARN,
			"The kernel spreads no work over isolated CPUs: what is not bound to one "
			"never gets there. nohz_full ones have no timer tick.",
			"isolated: %s; nohz_full: %s", isolated[0] ? isolated : "none",
			nohz[0] ? nohz : "none");
}

/* How long CPU 0 takes to wake from the deepest sleep it may enter, in us; -1 in *known's place:
 * false. */
static long long deepest_sleep_us(const char *root, bool *known)
{
	long long deepest = 0, us, off;
	char path[96];

	*known = false;
	for (int i = 0; i < 16; i++) {
		host_text(path, sizeof(path), HOST_CPU_DIR "/cpu0/cpuidle/state%d/latency", i);
		if (!host_number(root, path, &us))
			break;
		host_text(path, sizeof(path), HOST_CPU_DIR "/cpu0/cpuidle/state%d/disable", i);
		if (host_number(root, path, &off) && off != 0)
			continue;
		*known = true;
		if (us > deepest)
			deepest = us;
	}
	return deepest;
}

void host_check_cpuidle(const struct host_view *v, struct host_check *c)
{
	char driver[32], governor[32], deep[48] = "";
	bool known;
	long long us = deepest_sleep_us(v->root, &known);

	if (host_read(v->root, HOST_CPU_DIR "/cpuidle/current_driver", driver, sizeof(driver)) <=
		0) {
		host_unknown(c, "The kernel does not say how idle CPUs sleep. Programs that wait "
				"for each other pay for each wake-up.");
		return;
	}
	if (host_read(v->root, HOST_CPU_DIR "/cpuidle/current_governor", governor,
		    sizeof(governor)) <= 0 &&
		host_read(v->root, HOST_CPU_DIR "/cpuidle/current_governor_ro", governor,
			sizeof(governor)) <= 0)
		host_text(governor, sizeof(governor), "unknown");
	if (known)
		host_text(deep, sizeof(deep), ", wakes within %lld µs", us);
	if (v->virt == HOST_VIRT_GUEST)
		host_found(c, HOST_WARN,
			"A sleeping CPU of a virtual machine is woken by the host: programs that "
			"wait for each other pay for the detour.",
			"driver %s, governor %s", driver, governor);
	else if (known && us >= 100)
		host_found(c, HOST_WARN,
			"Idle CPUs sleep deeply: a program that waits for another one also waits "
			"for a CPU to wake up.",
			"driver %s, governor %s%s", driver, governor, deep);
	else if (known || !strcmp(driver, "none"))
		host_found(c, HOST_OK,
			"Idle CPUs wake up quickly; times of programs that wait include it.",
			"driver %s, governor %s%s", driver, governor, deep);
	else
		host_unknown(c, "The kernel does not say how long an idle CPU takes to wake up.");
}

struct throttled {
	const char *root;
	long long times;
	unsigned cpus;
};

static void add_throttled(unsigned cpu, void *arg)
{
	struct throttled *t = arg;
	char path[96];
	long long x;

	host_text(path, sizeof(path), HOST_CPU_DIR "/cpu%u/thermal_throttle/core_throttle_count",
		cpu);
	if (!host_number(t->root, path, &x))
		return;
	t->cpus++;
	t->times += x;
}

void host_check_throttling(const struct host_view *v, struct host_check *c)
{
	struct throttled t = {.root = v->root};

	host_each_cpu(v->root, add_throttled, &t);
	if (t.cpus == 0)
		host_unknown(c, "The kernel does not count how often a CPU slowed down because of "
				"heat (Intel CPUs have this counter, virtual machines have not).");
	else if (t.times > 0)
		host_found(c, HOST_WARN,
			"CPUs have slowed down because of heat since the machine was started: long "
			"measurements may get slower.",
			"%lld times", t.times);
	else
		host_found(c, HOST_OK, "No CPU has slowed down because of heat so far.", "0 times");
}

static bool one_of(const char *word, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(word, *words))
			return true;
	return false;
}

void host_check_clocksource(const struct host_view *v, struct host_check *c)
{
	/* Those that glibc reads without entering the kernel, and those that it cannot. */
	static const char *const cheap[] = {
		"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", NULL};
	static const char *const dear[] = {
		"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit", "xen", NULL};
	char name[48];

	if (host_read(v->root, HOST_CLOCKSOURCE, name, sizeof(name)) <= 0)
		host_unknown(c, "The kernel does not say what its clock is made of: look at the "
				"measured cost.");
	else if (one_of(name, cheap))
		host_found(c, HOST_OK, "Programs read the clock without a call into the kernel.",
			"%s", name);
	else if (one_of(name, dear))
		host_found(c, HOST_WARN,
			"Reading this clock is slow. Short times need more repetitions.", "%s",
			name);
	else
		host_unknown(
			c, "forklab does not know this kind of clock: look at the measured cost.");
}

struct mitigations {
	const char *root;
	unsigned active, vulnerable, unaffected;
};

static void add_mitigation(const char *name, void *arg)
{
	struct mitigations *m = arg;
	char path[160], text[256];

	host_text(path, sizeof(path), HOST_CPU_DIR "/vulnerabilities/%s", name);
	if (host_read(m->root, path, text, sizeof(text)) <= 0)
		return;
	if (strstr(text, "Mitigation"))
		m->active++;
	else if (strstr(text, "ulnerable"))
		m->vulnerable++;
	else if (!strcmp(text, "Not affected"))
		m->unaffected++;
}

void host_check_mitigations(const struct host_view *v, struct host_check *c)
{
	struct mitigations m = {.root = v->root};
	char cmdline[2048];

	host_folder(v->root, HOST_CPU_DIR "/vulnerabilities", add_mitigation, &m);
	if (m.active + m.vulnerable + m.unaffected == 0) {
		host_unknown(c, "The kernel does not say what it does against faults of the "
				"processor; that work makes each entry into the kernel slower.");
		return;
	}
	host_read(v->root, "/proc/cmdline", cmdline, sizeof(cmdline));
	if (strstr(cmdline, "mitigations=off"))
		host_found(c, HOST_WARN,
			"Protection is switched off: calls into the kernel are faster here than on "
			"most machines.",
			"off (%u vulnerable)", m.vulnerable);
	else
		host_found(c, HOST_OK,
			"Protection against faults of the processor makes entries into the kernel "
			"slower; compare machines with it in mind.",
			"%u active, %u vulnerable, %u not affected", m.active, m.vulnerable,
			m.unaffected);
}

void host_check_perf_paranoid(const struct host_view *v, struct host_check *c)
{
	long long level;

	if (!host_number(v->root, "/proc/sys/kernel/perf_event_paranoid", &level))
		host_unknown(c, "The kernel does not say who may count events.");
	else if (level <= 2)
		host_found(c, HOST_OK, "A program may count the events of its own work.", "%lld",
			level);
	else
		host_found(c, HOST_WARN,
			"Only the administrator may count events; 2 or less would let you count "
			"those of your own programs.",
			"%lld", level);
}

/* Counts this thread's cycles over a short loop. 0, or -errno of opening; *cycles 0: opened, but
 * dead. */
static int count_cycles(uint64_t *cycles)
{
	struct perf_event_attr attr;
	volatile unsigned spin = 0;
	int fd;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = PERF_TYPE_HARDWARE;
	attr.config = PERF_COUNT_HW_CPU_CYCLES;
	attr.exclude_kernel = 1;
	attr.exclude_hv = 1;
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (spin < 10000)
		spin++;
	*cycles = 0;
	if (read(fd, cycles, sizeof(*cycles)) != (ssize_t)sizeof(*cycles))
		*cycles = 0;
	close(fd);
	return 0;
}

void host_check_pmu(const struct host_view *v, struct host_check *c)
{
	uint64_t cycles = 0;
	int err;

	if (v->root[0] != '\0')
		return; /* a folder has no counters; ours say nothing about it */
	err = count_cycles(&cycles);
	if (!err && cycles > 0)
		host_found(c, HOST_OK, "The processor's own counters (cycles, cache misses) work.",
			"works");
	else if (!err)
		host_found(c, HOST_WARN,
			"The counters can be opened but stand still, as in many virtual machines.",
			"stands still");
	else if (err == -ENOENT || err == -EOPNOTSUPP || err == -ENODEV || err == -ENXIO)
		host_found(c, HOST_WARN,
			"This machine shows no counters of the processor (usual in virtual "
			"machines): cache misses cannot be shown.",
			"absent");
	else
		host_unknown(c, err == -EACCES || err == -EPERM
					? "We may not open the processor's counters, so we cannot "
					  "tell whether there are any."
					: "The kernel refused to open the processor's counters.");
}
