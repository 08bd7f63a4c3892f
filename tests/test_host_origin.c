/* test_host_origin.c - containers, cgroups, and where a record comes from */
#include <stdio.h>
#include <string.h>

#include "folder.h"
#include "harness/ensure.h"
#include "harness/host_internal.h"
#include "host_look.h"
#include "suite.h"

#define MEMINFO "MemTotal: 8000000 kB\nMemAvailable: 4194304 kB\n"

/* A machine's own process, outside any container. */
static void put_own_namespaces(void)
{
	put_link("/proc/self/ns/pid", "pid:[4026531836]");
	put_link("/proc/self/ns/cgroup", "cgroup:[4026531835]");
}

/* ---- containers, cgroups ---- */

#define MOUNT_V1                                                                                   \
	"30 20 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"                        \
	"31 20 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
#define MOUNT_V2 "41 31 0:38 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n"

struct cgroup_row {
	const char *mounts, *value;
};

static const struct cgroup_row cgroups[] = {
	{MOUNT_V1, "none, cgroup v1"},
	{MOUNT_V2, "none, cgroup v2"},
	{MOUNT_V1 MOUNT_V2, "none, cgroup v1 and v2 (hybrid)"},
	{"22 1 8:1 / / rw - ext4 /dev/sda1 rw\n", "none, cgroup not mounted"},
};

START_TEST(the_version_of_cgroups_is_told)
{
	put_own_namespaces();
	put("/proc/self/mountinfo", cgroups[_i].mounts);
	expect("container", HOST_OK, cgroups[_i].value);
}
END_TEST

START_TEST(a_name_space_of_its_own_makes_a_container)
{
	put_link("/proc/self/ns/pid", "pid:[4026532999]");
	expect("container", HOST_WARN, "unnamed, cgroup not mounted");
	put("/run/.containerenv", "");
	expect("container", HOST_WARN, "podman, cgroup not mounted");
}
END_TEST

/* Virtual machines are made from container images, with the image's marks still lying about. */
static void put_image_marks(void)
{
	put("/.dockerenv", "");
	put("/run/.containerenv", "");
}

START_TEST(an_image_of_a_container_is_no_container)
{
	put_own_namespaces();
	put_image_marks();
	expect("container", HOST_OK, "none, cgroup not mounted");
}
END_TEST

START_TEST(a_quota_is_told_under_both_versions)
{
	expect("quota", HOST_UNKNOWN, "");
	put("/proc/self/cgroup", "0::/a\n");
	put("/proc/self/mountinfo", MOUNT_V2);
	expect("quota", HOST_UNKNOWN, "");
	put("/sys/fs/cgroup/a/cpu.max", "max 100000\n");
	expect("quota", HOST_OK, "none");
	put("/sys/fs/cgroup/a/cpu.max", "50000 100000\n");
	expect("quota", HOST_WARN, "0.5 CPUs");
	put("/proc/self/cgroup", "4:cpu,cpuacct:/b\n");
	put("/proc/self/mountinfo", MOUNT_V1);
	put("/sys/fs/cgroup/cpu/b/cpu.cfs_quota_us", "150000\n");
	put("/sys/fs/cgroup/cpu/b/cpu.cfs_period_us", "100000\n");
	expect("quota", HOST_WARN, "1.5 CPUs");
}
END_TEST

#define MIB ((size_t)1 << 20)

START_TEST(memory_is_what_the_tightest_cgroup_leaves)
{
	ck_assert_uint_eq(host_memory_available_at(folder()), 0);
	put("/proc/meminfo", MEMINFO);
	ck_assert_uint_eq(host_memory_available_at(folder()), 4096 * MIB);
	put("/proc/self/mountinfo", MOUNT_V2);
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	ck_assert_uint_eq(host_memory_available_at(folder()), 4096 * MIB);
	put("/sys/fs/cgroup/a/b/memory.max", "536870912\n");
	put("/sys/fs/cgroup/a/b/memory.current", "134217728\n");
	ck_assert_uint_eq(host_memory_available_at(folder()), 384 * MIB);
	put("/sys/fs/cgroup/a/b/memory.stat", "anon 5\ninactive_file 33554432\nactive_file 7\n");
	ck_assert_uint_eq(host_memory_available_at(folder()), 416 * MIB);
	put("/sys/fs/cgroup/a/memory.max", "268435456\n");
	put("/sys/fs/cgroup/a/memory.current", "201326592\n");
	ck_assert_uint_eq(host_memory_available_at(folder()), 64 * MIB);
	put("/sys/fs/cgroup/a/memory.current", "999999999999\n");
	ck_assert_uint_eq(host_memory_available_at(folder()), 1);
}
END_TEST

START_TEST(memory_of_version_1_in_a_container_is_found_at_the_mount)
{
	put("/proc/meminfo", MEMINFO);
	put("/proc/self/cgroup", "9:name=systemd:/\n5:memory:/docker/12ab\n0::/\n");
	put("/proc/self/mountinfo", "30 20 0:29 /docker/12ab /sys/fs/cgroup/memory ro,nosuid "
				    "shared:1 - cgroup cgroup rw,memory\n");
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1073741824\n");
	put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "536870912\n");
	put("/sys/fs/cgroup/memory/memory.stat", "cache 1\ntotal_inactive_file 268435456\n");
	ck_assert_uint_eq(host_memory_available_at(folder()), 768 * MIB);
	/* What version 1 says where there is no limit. */
	put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	ck_assert_uint_eq(host_memory_available_at(folder()), 4096 * MIB);
}
END_TEST

/* ---- where a record comes from ---- */

struct line_row {
	const char *cpuinfo, *vendor, *os, *release, *line;
};

static const struct line_row lines[] = {
	{"model name\t: AMD EPYC\nflags\t\t: a hypervisor\n", "KVM",
		"PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n", "6.18.44-fc-v657",
		"AMD EPYC, KVM guest, Linux 6.18, Debian 12"},
	{"model name\t: Intel(R) Core(TM) i5-8250U  CPU @ 1.60GHz\nflags\t\t: a\n", "LENOVO",
		"ID=ubuntu\nPRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\n", "6.8.0-51-generic",
		"Intel Core i5-8250U CPU @ 1.60GHz, Linux 6.8, Ubuntu 24.04.1 LTS"},
	{"CPU implementer\t: 0x41\nCPU part\t: 0xd0c\n", "Amazon EC2", "PRETTY_NAME='Alpine'\n",
		"6.1", "Arm Neoverse N1, EC2 guest, Linux 6.1, Alpine"},
	{"CPU implementer\t: 0x51\nCPU part\t: 0x001\n", "x", "", "6.1.2",
		"Arm processor (maker 0x51, part 0x001), Linux 6.1, unknown distribution"},
	{"", "", "", "", "unknown processor, Linux (unknown version), unknown distribution"},
};

START_TEST(the_machine_is_told_in_one_line)
{
	const struct line_row *r = &lines[_i];
	char line[200];

	put("/proc/cpuinfo", r->cpuinfo);
	put("/sys/class/dmi/id/sys_vendor", r->vendor);
	put("/etc/os-release", r->os);
	put("/proc/sys/kernel/osrelease", r->release);
	host_line_at(folder(), line, sizeof(line));
	ck_assert_str_eq(line, r->line);
}
END_TEST

START_TEST(provenance_names_nobody_and_says_what_it_does_not_know)
{
	static const char *const allowed[] = {"cpu_model", "kernel", "os", "arch", "virt",
		"container", "libc", "compiler", "cflags", "sanitizer", "commit", "mitigations"};
	json_t *o = host_provenance_at(folder()), *value;
	const char *key;

	put("/proc/sys/kernel/hostname", "secret\n");
	ck_assert_ptr_nonnull(o);
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++) {
		char why[64];

		value = json_object_get(o, allowed[i]);
		ck_assert_msg(value != NULL, "%s is missing", allowed[i]);
		snprintf(why, sizeof(why), "%s_why", allowed[i]);
		ck_assert_int_eq(json_is_null(value), json_object_get(o, why) != NULL);
	}
	json_object_foreach(o, key, value)
	{
		size_t i = 0, n = strlen(key);

		while (i < ARRAY_LEN(allowed) &&
			(strncmp(key, allowed[i], strlen(allowed[i])) ||
				(n != strlen(allowed[i]) &&
					strcmp(key + strlen(allowed[i]), "_why"))))
			i++;
		ck_assert_msg(i < ARRAY_LEN(allowed), "%s is not to be told", key);
	}
	ck_assert_str_eq(json_string_value(json_object_get(o, "virt")), "unknown");
	ck_assert(json_is_null(json_object_get(o, "cpu_model")));
	json_decref(o);
}
END_TEST

#define HASH  "9d225207ae088014fe2ffdbf62e5091e19a173e3"
#define OTHER "0000000000000000000000000000000000000001"

/* The commit as seen from the root's folder build/bench, or "". */
static const char *commit_here(void)
{
	static char commit[80];
	char dir[256];

	snprintf(dir, sizeof(dir), "%s/build/bench", folder());
	commit[0] = '\0';
	return host_commit(dir, commit, sizeof(commit)) ? commit : "";
}

START_TEST(the_commit_is_read_from_git_as_it_lies)
{
	put("/.git/HEAD", HASH "\n");
	ck_assert_str_eq(commit_here(), ""); /* some other project's */
	put("/bench/harness/record.h", "");
	ck_assert_str_eq(commit_here(), HASH);
	put("/.git/HEAD", "ref: refs/heads/main\n");
	ck_assert_str_eq(commit_here(), "");
	put("/.git/packed-refs", "# pack-refs with: peeled\n" OTHER " refs/heads/mainline\n" HASH
				 " refs/heads/main\n^" OTHER "\n");
	ck_assert_str_eq(commit_here(), HASH);
	put("/.git/refs/heads/main", OTHER "\n");
	ck_assert_str_eq(commit_here(), OTHER);
	put("/.git/HEAD", "ref: ../../secret\n");
	put("/secret", HASH "\n");
	ck_assert_str_eq(commit_here(), "");
	put("/.git/HEAD", "no commit at all\n");
	ck_assert_str_eq(commit_here(), "");
}
END_TEST

START_TEST(the_commit_of_a_second_work_tree_is_found)
{
	put("/bench/harness/record.h", "");
	put("/.git", "gitdir: main/.git/worktrees/second\n");
	put("/main/.git/worktrees/second/HEAD", "ref: refs/heads/topic\n");
	put("/main/.git/worktrees/second/commondir", "../..\n");
	put("/main/.git/refs/heads/topic", HASH "\n");
	ck_assert_str_eq(commit_here(), HASH);
}
END_TEST

Suite *suite(void)
{
	Suite *s = suite_create("host_origin");
	TCase *groups = folder_case(s, "groups"), *origin = folder_case(s, "origin");

	tcase_add_loop_test(groups, the_version_of_cgroups_is_told, 0, (int)ARRAY_LEN(cgroups));
	tcase_add_test(groups, a_name_space_of_its_own_makes_a_container);
	tcase_add_test(groups, an_image_of_a_container_is_no_container);
	tcase_add_test(groups, a_quota_is_told_under_both_versions);
	tcase_add_test(groups, memory_is_what_the_tightest_cgroup_leaves);
	tcase_add_test(groups, memory_of_version_1_in_a_container_is_found_at_the_mount);
	tcase_add_loop_test(origin, the_machine_is_told_in_one_line, 0, (int)ARRAY_LEN(lines));
	tcase_add_test(origin, provenance_names_nobody_and_says_what_it_does_not_know);
	tcase_add_test(origin, the_commit_is_read_from_git_as_it_lies);
	tcase_add_test(origin, the_commit_of_a_second_work_tree_is_found);
	return s;
}
