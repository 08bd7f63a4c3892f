/* host_load.c - checks of what else goes on here: load, stolen time, memory, swap, battery */
#include "harness/host_internal.h"
#include "harness/table.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIB (1024.0 * 1024.0 * 1024.0)

/* CPUs of the machine, whatever this process may use: the load average counts for all of them. */
static unsigned online_cpus(const char *root)
{
	char text[256];

	if (host_read(root, HOST_CPU_DIR "/online", text, sizeof(text)) <= 0)
		return 0;
	return host_list_count(text);
}

void host_check_load(const struct host_view *v, struct host_check *c)
{
	unsigned cpus = online_cpus(v->root);
	char text[96], *end;
	double load;

	if (host_read(v->root, "/proc/loadavg", text, sizeof(text)) <= 0 || cpus == 0) {
		host_unknown(c, "The kernel does not say how busy the machine was.");
		return;
	}
	load = strtod(text, &end);
	if (end == text || !(load >= 0))
		host_unknown(c, "The kernel does not say how busy the machine was.");
	else if (load > 0.2 * cpus)
		host_found(c, HOST_WARN,
			"Over the last minute programs (also a build just before) competed for the "
			"CPUs. Close them, or wait a minute.",
			"%.1f of %u CPUs busy", load, cpus);
	else
		host_found(c, HOST_OK, "Hardly anything else has run over the last minute.",
			"%.1f of %u CPUs busy", load, cpus);
}

void host_check_pressure(const struct host_view *v, struct host_check *c)
{
	static const char key[] = "some avg10=";
	char text[256], *at, *end;
	double share;

	if (host_read(v->root, "/proc/pressure/cpu", text, sizeof(text)) <= 0) {
		host_unknown(c, "This kernel does not report how long programs wait for a CPU.");
		return;
	}
	at = strstr(text, key);
	share = at ? strtod(at + strlen(key), &end) : -1;
	if (!at || end == at + strlen(key) || !(share >= 0))
		host_unknown(c, "This kernel does not report how long programs wait for a CPU.");
	else if (share >= 5)
		host_found(c, HOST_WARN,
			"Programs had to wait for a CPU during the last ten seconds; ours will "
			"have to wait too.",
			"%.1f %% of the time", share);
	else
		host_found(c, HOST_OK,
			"Programs hardly had to wait for a CPU during the last ten seconds.",
			"%.1f %% of the time", share);
}

/* The first line of /proc/stat: user nice system idle iowait irq softirq steal guest guest_nice. */
static bool read_steal(const char *root, double *steal, double *all)
{
	uint64_t tick[8];
	char text[512];

	if (host_read(root, "/proc/stat", text, sizeof(text)) <= 0)
		return false;
	if (sscanf(text,
		    "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		    " %" SCNu64 " %" SCNu64,
		    &tick[0], &tick[1], &tick[2], &tick[3], &tick[4], &tick[5], &tick[6],
		    &tick[7]) != 8)
		return false;
	*all = 0;
	for (int i = 0; i < 8; i++)
		*all += (double)tick[i];
	*steal = (double)tick[7];
	return *all > 0;
}

void host_check_steal(const struct host_view *v, struct host_check *c)
{
	double steal, all, percent;

	if (!read_steal(v->root, &steal, &all)) {
		host_unknown(c, "The kernel does not say how much CPU time went to other virtual "
				"machines.");
		return;
	}
	percent = 100 * steal / all;
	if (percent >= 0.5)
		host_found(c, HOST_WARN,
			"The host has given this machine's CPUs to others while they had work: "
			"expect single samples far off.",
			"%.2g %% since boot", percent);
	else if (steal > 0)
		host_found(c, HOST_OK, "The host has rarely given this machine's CPUs to others.",
			"%.2g %% since boot", percent);
	else if (v->virt == HOST_VIRT_NONE)
		host_found(
			c, HOST_OK, "Nobody else can take these CPUs away.", "0 ticks since boot");
	else
		/* Many hosts do not report it: zero is then no good news. */
		host_unknown(c, "No stolen time is reported, but not every host reports it to its "
				"virtual machines.");
}

void host_check_memory(const struct host_view *v, struct host_check *c)
{
	double bytes = (double)host_memory_available_at(v->root);
	char text[TABLE_CELL];

	if (bytes <= 0) {
		host_unknown(c, "The kernel does not say how much memory is left.");
		return;
	}
	table_bytes(text, sizeof(text), bytes);
	if (bytes < 2 * GIB)
		host_found(c, HOST_WARN,
			"Too little for the largest points of parent_memory: they are left out.",
			"%s available", text);
	else
		host_found(c, HOST_OK, "Enough for every point.", "%s available", text);
}

static bool meminfo_bytes(const char *text, const char *key, double *out)
{
	char value[48], *end;

	if (!host_field(text, key, value, sizeof(value)))
		return false;
	*out = 1024 * strtod(value, &end);
	return end != value && *out >= 0;
}

void host_check_swap(const struct host_view *v, struct host_check *c)
{
	char text[4096], used_text[TABLE_CELL], total_text[TABLE_CELL];
	double total, left, used;

	if (host_read(v->root, "/proc/meminfo", text, sizeof(text)) <= 0 ||
		!meminfo_bytes(text, "SwapTotal:", &total) ||
		!meminfo_bytes(text, "SwapFree:", &left)) {
		host_unknown(c, "The kernel does not say whether memory was moved to disk.");
		return;
	}
	if (total <= 0) {
		host_found(c, HOST_OK, "Memory is never moved to disk.", "none");
		return;
	}
	used = total > left ? total - left : 0;
	table_bytes(used_text, sizeof(used_text), used);
	table_bytes(total_text, sizeof(total_text), total);
	if (used > 0.1 * total)
		host_found(c, HOST_WARN,
			"Memory was moved to disk; touching it again takes milliseconds.",
			"%s of %s used", used_text, total_text);
	else
		host_found(c, HOST_OK, "Hardly any memory was moved to disk.", "%s of %s used",
			used_text, total_text);
}

struct supplies {
	const char *root;
	unsigned mains, mains_on, batteries, discharging, plugged;
};

static void add_supply(const char *name, void *arg)
{
	struct supplies *s = arg;
	char path[320], text[64];
	long long online;

	host_text(path, sizeof(path), "/sys/class/power_supply/%s/type", name);
	if (host_read(s->root, path, text, sizeof(text)) <= 0)
		return;
	if (!strcmp(text, "Mains")) {
		host_text(path, sizeof(path), "/sys/class/power_supply/%s/online", name);
		if (host_number(s->root, path, &online)) {
			s->mains++;
			s->mains_on += online != 0;
		}
	} else if (!strcmp(text, "Battery")) {
		/* Of mice and keyboards too: those say scope "Device". */
		host_text(path, sizeof(path), "/sys/class/power_supply/%s/scope", name);
		if (host_read(s->root, path, text, sizeof(text)) > 0 && !strcmp(text, "Device"))
			return;
		s->batteries++;
		host_text(path, sizeof(path), "/sys/class/power_supply/%s/status", name);
		if (host_read(s->root, path, text, sizeof(text)) <= 0 || !strcmp(text, "Unknown"))
			return;
		if (!strcmp(text, "Discharging"))
			s->discharging++;
		else
			s->plugged++; /* Charging, Full, Not charging */
	}
}

void host_check_power(const struct host_view *v, struct host_check *c)
{
	struct supplies s = {.root = v->root};
	int err = host_folder(v->root, "/sys/class/power_supply", add_supply, &s);

	if (s.discharging > 0 || (s.mains > 0 && s.mains_on == 0))
		host_found(c, HOST_WARN,
			"On battery most laptops run slower, and change their speed as they like. "
			"Plug it in.",
			"battery");
	else if (s.mains_on > 0 || s.plugged > 0)
		host_found(c, HOST_OK, "The computer is plugged in.", "mains");
	else if (!err && s.batteries == 0 && v->virt == HOST_VIRT_NONE)
		host_found(c, HOST_OK, "This computer has no battery.", "mains, no battery");
	else
		host_unknown(c,
			v->virt == HOST_VIRT_GUEST
				? "A virtual machine does not see whether its host runs on battery."
				: "The kernel does not say whether this computer runs on battery.");
}
