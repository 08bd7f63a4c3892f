/* test_host.c - what the machine says of itself: unknown is never reported as fine */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "folder.h"
#include "harness/ensure.h"
#include "harness/host_internal.h"
#include "host_look.h"
#include "suite.h"

#define CPU     "/sys/devices/system/cpu"
#define BARE    "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu vme sse2\n\n"
#define GUEST   "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu hypervisor sse2\n\n"
#define MEMINFO "MemTotal: 8000000 kB\nMemAvailable: 4194304 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n"

START_TEST(a_machine_that_says_nothing_is_unknown_in_everything)
{
	struct host_check all[HOST_CHECKS_MAX];
	size_t n = host_checks_at(folder(), all, HOST_CHECKS_MAX);

	ck_assert_uint_gt(n, 20);
	for (size_t i = 0; i < n; i++) {
		if (!strcmp(all[i].name, "build"))
			continue; /* the program itself knows that */
		ck_assert_msg(all[i].state == HOST_UNKNOWN, "%s is %s", all[i].name,
			host_state_name(all[i].state));
		ck_assert_str_eq(all[i].value, "");
		ck_assert_uint_gt(strlen(all[i].why), 10);
	}
}
END_TEST

/* Files that some check reads as a number or a known word. */
static const char *const told_files[] = {CPU "/intel_pstate/no_turbo", CPU "/cpufreq/boost",
	CPU "/smt/active", CPU "/smt/control", CPU "/cpuidle/current_driver",
	CPU "/cpu0/cpuidle/state0/latency", CPU "/cpu0/thermal_throttle/core_throttle_count",
	CPU "/online", CPU "/vulnerabilities/meltdown",
	"/sys/devices/system/clocksource/clocksource0/current_clocksource",
	"/sys/kernel/mm/transparent_hugepage/enabled", "/sys/devices/system/node/online",
	"/proc/sys/kernel/numa_balancing", "/proc/sys/kernel/randomize_va_space",
	"/proc/sys/kernel/perf_event_paranoid", "/proc/loadavg", "/proc/pressure/cpu", "/proc/stat",
	"/proc/meminfo", "/proc/cpuinfo", "/proc/sys/kernel/osrelease"};

static const char *const junk[] = {"", "\n", "nonsense\n", "\xff\xfe\x01", "[", "-", "1e", "cpu",
	"flags\t\t:", "some avg10=", "MemAvailable: kB", "9999999999999999999999", "0-", "[[]]",
	"nan", "-1.0 0 0"};

START_TEST(nonsense_in_files_is_never_fine)
{
	struct host_check all[HOST_CHECKS_MAX];
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(told_files); i++)
		put(told_files[i], junk[_i]);
	n = host_checks_at(folder(), all, HOST_CHECKS_MAX);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(all[i].state != HOST_OK || !strcmp(all[i].name, "build"),
			"%s takes \"%s\" for fine: %s", all[i].name, junk[_i], all[i].value);
}
END_TEST

struct row {
	const char *check, *path, *text;
	enum host_state state;
	const char *value;
};

/* One file is enough for the verdict. */
static const struct row rows[] = {
	{"governor", CPU "/cpu0/cpufreq/scaling_governor", "performance\n", HOST_OK, "performance"},
	{"governor", CPU "/cpu0/cpufreq/scaling_governor", "powersave\n", HOST_WARN, "powersave"},
	{"governor", CPU "/cpu0/cpufreq/scaling_governor", "schedutil\n", HOST_WARN, "schedutil"},
	{"turbo", CPU "/intel_pstate/no_turbo", "0\n", HOST_WARN, "on"},
	{"turbo", CPU "/intel_pstate/no_turbo", "1\n", HOST_OK, "off"},
	{"turbo", CPU "/cpufreq/boost", "1\n", HOST_WARN, "on"},
	{"turbo", CPU "/cpufreq/boost", "0\n", HOST_OK, "off"},
	{"smt", CPU "/smt/active", "1\n", HOST_WARN, "on"},
	{"isolated", CPU "/isolated", "\n", HOST_OK, "none"},
	{"isolated", CPU "/isolated", "2-3\n", HOST_WARN, "isolated: 2-3; nohz_full: none"},
	{"throttling", CPU "/cpu0/thermal_throttle/core_throttle_count", "0\n", HOST_OK, "0 times"},
	{"throttling", CPU "/cpu3/thermal_throttle/core_throttle_count", "7\n", HOST_WARN,
		"7 times"},
	{"clocksource", HOST_CLOCKSOURCE, "tsc\n", HOST_OK, "tsc"},
	{"clocksource", HOST_CLOCKSOURCE, "arch_sys_counter\n", HOST_OK, "arch_sys_counter"},
	{"clocksource", HOST_CLOCKSOURCE, "hpet\n", HOST_WARN, "hpet"},
	{"clocksource", HOST_CLOCKSOURCE, "sundial\n", HOST_UNKNOWN, ""},
	{"mitigations", CPU "/vulnerabilities/meltdown", "Mitigation: PTI\n", HOST_OK,
		"1 active, 0 vulnerable, 0 not affected"},
	{"mitigations", CPU "/vulnerabilities/meltdown", "Vulnerable\n", HOST_OK,
		"0 active, 1 vulnerable, 0 not affected"},
	{"perf_paranoid", "/proc/sys/kernel/perf_event_paranoid", "-1\n", HOST_OK, "-1"},
	{"perf_paranoid", "/proc/sys/kernel/perf_event_paranoid", "2\n", HOST_OK, "2"},
	{"perf_paranoid", "/proc/sys/kernel/perf_event_paranoid", "3\n", HOST_WARN, "3"},
	{"huge_pages", "/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n",
		HOST_OK, "madvise"},
	{"huge_pages", "/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n",
		HOST_OK, "always"},
	{"huge_pages", "/sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n",
		HOST_WARN, "never"},
	{"numa_balancing", "/sys/devices/system/node/online", "0\n", HOST_OK, "one node"},
	{"numa_balancing", "/sys/devices/system/node/online", "0-1\n", HOST_UNKNOWN, ""},
	{"numa_balancing", "/proc/sys/kernel/numa_balancing", "1\n", HOST_WARN, "on"},
	{"numa_balancing", "/proc/sys/kernel/numa_balancing", "0\n", HOST_OK, "off"},
	{"aslr", "/proc/sys/kernel/randomize_va_space", "2\n", HOST_OK, "on"},
	{"aslr", "/proc/sys/kernel/randomize_va_space", "0\n", HOST_WARN, "off"},
	{"kernel", "/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n", HOST_OK,
		"Linux 6.1.0-13-amd64"},
	{"kernel", "/proc/sys/kernel/osrelease", "5.9\n", HOST_OK, "Linux 5.9"},
	{"kernel", "/proc/sys/kernel/osrelease", "5.8.18\n", HOST_WARN, "Linux 5.8.18"},
	{"kernel", "/proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n", HOST_WARN,
		"WSL, 5.15.90.1-microsoft-standard-WSL2"},
	{"pressure", "/proc/pressure/cpu", "some avg10=0.70 avg60=1.51 avg300=0.62 total=9\n",
		HOST_OK, "0.7 % of the time"},
	{"pressure", "/proc/pressure/cpu", "some avg10=12.50 avg60=1 avg300=1 total=9\n", HOST_WARN,
		"12.5 % of the time"},
	{"steal", "/proc/stat", "cpu 1000 0 100 8850 0 0 0 50 0 0\n", HOST_WARN,
		"0.5 % since boot"},
	{"steal", "/proc/stat", "cpu 1000 0 100 8899 0 0 0 1 0 0\n", HOST_OK, "0.01 % since boot"},
	{"steal", "/proc/stat", "cpu 1000 0 100 8900 0 0 0 0 0 0\n", HOST_UNKNOWN, ""},
	{"memory", "/proc/meminfo", MEMINFO, HOST_OK, "4 GiB available"},
	{"memory", "/proc/meminfo", "MemAvailable: 524288 kB\n", HOST_WARN, "512 MiB available"},
	{"swap", "/proc/meminfo", MEMINFO, HOST_OK, "none"},
	{"swap", "/proc/meminfo", "SwapTotal: 1048576 kB\nSwapFree: 1048576 kB\n", HOST_OK,
		"0 B of 1 GiB used"},
	{"swap", "/proc/meminfo", "SwapTotal: 1048576 kB\nSwapFree: 524288 kB\n", HOST_WARN,
		"512 MiB of 1 GiB used"},
	{"virtualisation", "/proc/cpuinfo", BARE, HOST_OK, "none"},
	{"virtualisation", "/proc/cpuinfo", GUEST, HOST_WARN, "hypervisor guest"},
	{"virtualisation", "/proc/cpuinfo", "CPU implementer\t: 0x41\n", HOST_UNKNOWN, ""},
	{"virtualisation", "/sys/class/dmi/id/sys_vendor", "QEMU\n", HOST_WARN, "qemu guest"},
	{"virtualisation", "/sys/class/dmi/id/product_name", "VirtualBox\n", HOST_WARN,
		"virtualbox guest"},
	{"virtualisation", "/sys/class/dmi/id/product_name", "c7g.metal\n", HOST_OK, "none"},
	{"virtualisation", "/proc/device-tree/model", "Raspberry Pi 5 Model B\n", HOST_OK, "none"},
	{"virtualisation", "/proc/device-tree/hypervisor/compatible", "linux,kvm", HOST_WARN,
		"kvm guest"},
	{"virtualisation", "/sys/hypervisor/type", "xen\n", HOST_WARN, "xen guest"},
	{"container", "/proc/self/cgroup", "0::/system.slice/docker-12ab.scope\n", HOST_WARN,
		"docker, cgroup not mounted"},
	{"container", "/proc/self/cgroup", "5:cpu:/docker/12ab\n", HOST_WARN,
		"docker, cgroup not mounted"},
	{"container", "/proc/self/cgroup", "0::/kubepods.slice/x\n", HOST_WARN,
		"kubernetes, cgroup not mounted"},
	{"container", "/run/systemd/container", "lxc\n", HOST_WARN, "lxc, cgroup not mounted"},
	{"container", "/.dockerenv", "", HOST_WARN, "docker, cgroup not mounted"},
};

START_TEST(one_file_gives_its_verdict)
{
	const struct row *r = &rows[_i];

	put(r->path, r->text);
	expect(r->check, r->state, r->value);
}
END_TEST

START_TEST(cpus_with_different_governors_are_told)
{
	put(CPU "/cpu0/cpufreq/scaling_governor", "performance\n");
	put(CPU "/cpu1/cpufreq/scaling_governor", "powersave\n");
	put(CPU "/cpufreq/policy0/scaling_governor", "performance\n");
	ck_assert_int_eq(look("governor").state, HOST_WARN);
	ck_assert_int_eq(strncmp(look("governor").value, "mixed", 5), 0);
}
END_TEST

START_TEST(a_guest_is_not_told_of_siblings_and_batteries)
{
	put(CPU "/smt/active", "0\n");
	put(CPU "/smt/control", "notsupported\n");
	put("/sys/class/power_supply/readme", "");
	put("/proc/cpuinfo", GUEST);
	expect("smt", HOST_UNKNOWN, "");
	expect("power", HOST_UNKNOWN, "");
	put("/proc/cpuinfo", BARE);
	expect("smt", HOST_OK, "none");
	expect("power", HOST_OK, "mains, no battery");
	put(CPU "/smt/control", "off\n");
	expect("smt", HOST_OK, "off");
}
END_TEST

START_TEST(no_stolen_time_is_good_news_only_on_bare_hardware)
{
	put("/proc/stat", "cpu 1000 0 100 8900 0 0 0 0 0 0\ncpu0 1 2 3\n");
	put("/proc/cpuinfo", GUEST);
	expect("steal", HOST_UNKNOWN, "");
	put("/proc/cpuinfo", BARE);
	expect("steal", HOST_OK, "0 ticks since boot");
}
END_TEST

START_TEST(the_load_counts_against_the_machines_cpus)
{
	put("/proc/loadavg", "1.50 0.5 0.2 1/100 999\n");
	expect("load", HOST_UNKNOWN, "");
	put(CPU "/online", "0-15\n");
	expect("load", HOST_OK, "1.5 of 16 CPUs busy");
	put(CPU "/online", "0-1,4-5\n");
	expect("load", HOST_WARN, "1.5 of 4 CPUs busy");
}
END_TEST

START_TEST(a_laptop_on_battery_is_warned)
{
	put("/proc/cpuinfo", BARE);
	put("/sys/class/power_supply/AC/type", "Mains\n");
	put("/sys/class/power_supply/AC/online", "0\n");
	put("/sys/class/power_supply/BAT0/type", "Battery\n");
	put("/sys/class/power_supply/BAT0/status", "Unknown\n");
	expect("power", HOST_WARN, "battery");
	put("/sys/class/power_supply/AC/online", "1\n");
	expect("power", HOST_OK, "mains");
	put("/sys/class/power_supply/AC/type", "nonsense\n");
	expect("power", HOST_UNKNOWN, "");
	put("/sys/class/power_supply/BAT0/status", "Discharging\n");
	expect("power", HOST_WARN, "battery");
	/* A mouse on battery is none of our business. */
	put("/sys/class/power_supply/BAT0/scope", "Device\n");
	expect("power", HOST_OK, "mains, no battery");
}
END_TEST

START_TEST(deep_sleep_of_idle_cpus_is_warned)
{
	put(CPU "/cpuidle/current_driver", "intel_idle\n");
	put(CPU "/cpuidle/current_governor_ro", "menu\n");
	expect("cpuidle", HOST_UNKNOWN, "");
	put(CPU "/cpu0/cpuidle/state0/latency", "2\n");
	expect("cpuidle", HOST_OK, "driver intel_idle, governor menu, wakes within 2 µs");
	put(CPU "/cpu0/cpuidle/state1/latency", "890\n");
	expect("cpuidle", HOST_WARN, "driver intel_idle, governor menu, wakes within 890 µs");
	put(CPU "/cpu0/cpuidle/state1/disable", "1\n");
	expect("cpuidle", HOST_OK, "driver intel_idle, governor menu, wakes within 2 µs");
	put("/proc/cpuinfo", GUEST);
	ck_assert_int_eq(look("cpuidle").state, HOST_WARN);
}
END_TEST

START_TEST(mitigations_switched_off_are_warned)
{
	put(CPU "/vulnerabilities/meltdown", "Vulnerable\n");
	put(CPU "/vulnerabilities/mds", "Not affected\n");
	put("/proc/cmdline", "root=/dev/sda1 mitigations=off quiet\n");
	expect("mitigations", HOST_WARN, "off (1 vulnerable)");
}
END_TEST

START_TEST(gvisor_is_recognised)
{
	put("/proc/sys/kernel/osrelease", "4.4.0\n");
	put("/proc/version", "Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n");
	expect("kernel", HOST_WARN, "gVisor");
}
END_TEST

/* ---- this machine ---- */

START_TEST(the_checks_of_this_machine_are_complete_and_sayable)
{
	struct host_check all[HOST_CHECKS_MAX];
	size_t n = host_checks(all, HOST_CHECKS_MAX);
	json_t *o = host_checks_json(all, n), *check;
	const char *name;

	ck_assert_uint_gt(n, 20);
	ck_assert_uint_eq(json_object_size(o), n);
	json_object_foreach(o, name, check)
	{
		const char *state = json_string_value(json_object_get(check, "state"));
		const char *value = json_string_value(json_object_get(check, "value"));
		const char *why = json_string_value(json_object_get(check, "why"));

		ck_assert_uint_eq(json_object_size(check), 3);
		ck_assert(state && value && why);
		ck_assert(!strcmp(state, "ok") || !strcmp(state, "warn") ||
			  !strcmp(state, "unknown"));
		ck_assert_int_eq(value[0] == '\0', !strcmp(state, "unknown"));
		ck_assert_int_eq(why[strlen(why) - 1], '.');
	}
	json_decref(o);
}
END_TEST

START_TEST(no_more_checks_are_written_than_asked_for)
{
	struct host_check some[3] = {{.name = NULL}};

	ck_assert_uint_eq(host_checks(some, 2), 2);
	ck_assert_ptr_null(some[2].name);
	ck_assert_uint_eq(host_checks(some, 0), 0);
}
END_TEST

START_TEST(nobody_gets_all_checks_too)
{
	struct host_check all[HOST_CHECKS_MAX];
	size_t n = host_checks(all, HOST_CHECKS_MAX);
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip_test("needs root to become nobody");
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		json_t *o;

		if (setresuid(65534, 65534, 65534) || host_checks(all, HOST_CHECKS_MAX) != n)
			_exit(1);
		o = host_provenance();
		if (!o || !json_is_string(json_object_get(o, "kernel")))
			_exit(2);
		json_decref(o);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- reading ---- */

START_TEST(lists_of_cpus_are_counted)
{
	ck_assert_uint_eq(host_list_count("0"), 1);
	ck_assert_uint_eq(host_list_count("0-3"), 4);
	ck_assert_uint_eq(host_list_count("0-3,8,10-11"), 7);
	ck_assert_uint_eq(host_list_count(""), 0);
	ck_assert_uint_eq(host_list_count("(null)"), 0);
	ck_assert_uint_eq(host_list_count("3-1"), 0);
	ck_assert_uint_eq(host_list_count("0-99999999999"), 0);
	ck_assert_uint_eq(host_list_count("0,"), 0);
	ck_assert_uint_eq(host_list_count("0-"), 0);
}
END_TEST

START_TEST(what_is_read_is_printable_ascii)
{
	char text[16];

	put("/odd", "a\xc3\xa4\x1b[1m\x7f\tb\n\n \n");
	ck_assert_int_eq(host_read(folder(), "/odd", text, sizeof(text)), 10);
	ck_assert_str_eq(text, "a?? [1m?\tb");
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("host");
	TCase *states = folder_case(s, "states"), *here = gated_case(s, "here"),
	      *reading = folder_case(s, "reading");

	tcase_add_test(states, a_machine_that_says_nothing_is_unknown_in_everything);
	tcase_add_loop_test(states, nonsense_in_files_is_never_fine, 0, (int)ARRAY_LEN(junk));
	tcase_add_loop_test(states, one_file_gives_its_verdict, 0, (int)ARRAY_LEN(rows));
	tcase_add_test(states, cpus_with_different_governors_are_told);
	tcase_add_test(states, a_guest_is_not_told_of_siblings_and_batteries);
	tcase_add_test(states, no_stolen_time_is_good_news_only_on_bare_hardware);
	tcase_add_test(states, the_load_counts_against_the_machines_cpus);
	tcase_add_test(states, a_laptop_on_battery_is_warned);
	tcase_add_test(states, deep_sleep_of_idle_cpus_is_warned);
	tcase_add_test(states, mitigations_switched_off_are_warned);
	tcase_add_test(states, gvisor_is_recognised);
	tcase_add_test(here, the_checks_of_this_machine_are_complete_and_sayable);
	tcase_add_test(here, no_more_checks_are_written_than_asked_for);
	tcase_add_test(here, nobody_gets_all_checks_too);
	tcase_add_test(reading, lists_of_cpus_are_counted);
	tcase_add_test(reading, what_is_read_is_printable_ascii);
	return s;
}
