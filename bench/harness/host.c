/* host.c - runs the checks and puts them into words; each check lives in one of the host_*.c files
 */
#include "harness/host.h"

#include "harness/ensure.h"
#include "harness/host_internal.h"
#include <string.h>

/* In the order in which doctor shows them: what runs us, what disturbs us, what we can see. */
static const struct {
	const char *name;
	host_check_fn *run;
} checks[] = {
	{"build", host_check_build},
	{"kernel", host_check_kernel},
	{"virtualisation", host_check_virtualisation},
	{"container", host_check_container},
	{"quota", host_check_quota},
	{"governor", host_check_governor},
	{"turbo", host_check_turbo},
	{"smt", host_check_smt},
	{"isolated", host_check_isolated},
	{"cpuidle", host_check_cpuidle},
	{"throttling", host_check_throttling},
	{"power", host_check_power},
	{"load", host_check_load},
	{"pressure", host_check_pressure},
	{"steal", host_check_steal},
	{"memory", host_check_memory},
	{"swap", host_check_swap},
	{"huge_pages", host_check_huge_pages},
	{"numa_balancing", host_check_numa_balancing},
	{"aslr", host_check_aslr},
	{"clocksource", host_check_clocksource},
	{"mitigations", host_check_mitigations},
	{"perf_paranoid", host_check_perf_paranoid},
	{"pmu", host_check_pmu},
};

_Static_assert(ARRAY_LEN(checks) <= HOST_CHECKS_MAX, "raise HOST_CHECKS_MAX");

size_t host_checks_at(const char *root, struct host_check *out, size_t cap)
{
	struct host_view view;
	size_t n = 0;

	host_view_open(root, &view);
	for (; n < ARRAY_LEN(checks) && n < cap; n++) {
		memset(&out[n], 0, sizeof(out[n]));
		out[n].name = checks[n].name;
		/* Whatever a check does not decide stays unknown: never "fine" by default. */
		host_unknown(&out[n], "This machine does not say.");
		checks[n].run(&view, &out[n]);
	}
	return n;
}

size_t host_checks(struct host_check *out, size_t cap)
{
	return host_checks_at("", out, cap);
}

json_t *host_checks_json(const struct host_check *list, size_t n)
{
	json_t *all = json_object();

	for (size_t i = 0; all && i < n; i++) {
		json_t *one = json_pack("{s:s, s:s, s:s}", "state", host_state_name(list[i].state),
			"value", list[i].value, "why", list[i].why);

		if (!one || json_object_set_new(all, list[i].name, one)) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}

const char *host_state_name(enum host_state s)
{
	switch (s) {
	case HOST_OK:
		return "ok";
	case HOST_WARN:
		return "warn";
	case HOST_UNKNOWN:
		break;
	}
	return "unknown";
}

json_t *host_provenance(void)
{
	return host_provenance_at("");
}

void host_line(char *buf, size_t len)
{
	host_line_at("", buf, len);
}

size_t host_memory_available(void)
{
	return host_memory_available_at("");
}
