/* test_quota.c - the CPU quota as cgroups tell it, in a made-up /proc and /sys */
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/ensure.h"
#include "harness/quota.h"
#include "suite.h"

#define V2_MOUNT "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNT                                                                                   \
	"31 22 0:27 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"                        \
	"32 22 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
#define V1_CGROUP "9:name=systemd:/\n4:cpuset:/other\n2:cpu,cpuacct:/a/b\n"

static char base[PATH_MAX / 4], root[PATH_MAX / 2];

/* Once a case, in the process that outlives a failed test: Check runs no teardown in one that failed. */
static void make_base(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(base, sizeof(base), "%s/forklab-quota-XXXXXX", tmp ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(base));
}

static void make_root(void)
{
	snprintf(root, sizeof(root), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void remove_base(void)
{
	ck_assert_int_eq(nftw(base, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

/* Writes a file below the made-up root, with the folders it needs. */
static void put(const char *path, const char *text)
{
	char full[2 * PATH_MAX];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *c = full + strlen(root) + 1; (c = strchr(c, '/')); c++) {
		*c = '\0';
		ck_assert(!mkdir(full, 0755) || errno == EEXIST);
		*c = '/';
	}
	f = fopen(full, "we");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void put_v2(const char *own)
{
	char line[256];

	snprintf(line, sizeof(line), "0::%s\n", own);
	put("/proc/self/cgroup", line);
	put("/proc/self/mountinfo", V2_MOUNT);
}

static void put_v1(void)
{
	put("/proc/self/cgroup", V1_CGROUP);
	put("/proc/self/mountinfo", V1_MOUNT);
}

static double quota(void)
{
	double cores = -1;

	ck_assert_int_eq(quota_read(root, &cores), 0);
	return cores;
}

#define ck_assert_cores(x) ck_assert_double_eq_tol(quota(), x, 1e-9)

START_TEST(v2_quota_of_the_own_group_is_read)
{
	put_v2("/user/job");
	put("/sys/fs/cgroup/user/job/cpu.max", "150000 100000\n");
	ck_assert_cores(1.5);
}
END_TEST

START_TEST(v2_tightest_ancestor_decides)
{
	put_v2("/user/job/deep");
	put("/sys/fs/cgroup/user/job/deep/cpu.max", "400000 100000\n");
	put("/sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/user/cpu.max", "25000 50000\n");
	ck_assert_cores(0.5);
}
END_TEST

START_TEST(v2_group_inside_is_looser_than_none_and_tighter_than_the_mount_root)
{
	put_v2("/job");
	put("/sys/fs/cgroup/job/cpu.max", "100000 100000\n");
	put("/sys/fs/cgroup/cpu.max", "300000 100000\n");
	ck_assert_cores(1);
	put("/sys/fs/cgroup/cpu.max", "75000 100000\n");
	ck_assert_cores(0.75);
}
END_TEST

START_TEST(another_groups_quota_is_not_ours)
{
	put_v2("/job");
	put("/sys/fs/cgroup/jobs/cpu.max", "50000 100000\n");
	put("/sys/fs/cgroup/job/child/cpu.max", "50000 100000\n");
	ck_assert_cores(0);
}
END_TEST

static const char *const no_quota[] = {"max 100000\n", "max", "", "\n", "abc\n", "0 100000\n",
	"100000\n", "100000 \n", "100000 0\n", "-1 100000\n", "100000 x\n", "100000 100000x\n",
	" 100000 100000\n", "1e5 100000\n"};

START_TEST(v2_empty_or_odd_text_is_no_quota)
{
	put_v2("/job");
	put("/sys/fs/cgroup/job/cpu.max", no_quota[_i]);
	ck_assert_cores(0);
}
END_TEST

START_TEST(v2_in_the_root_group_without_files_is_no_quota)
{
	put_v2("/");
	ck_assert_cores(0);
}
END_TEST

START_TEST(v1_quota_and_period_are_divided)
{
	put_v1();
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "25000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "50000\n");
	ck_assert_cores(0.5);
}
END_TEST

START_TEST(v1_minus_one_is_no_quota)
{
	put_v1();
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
	ck_assert_cores(0);
}
END_TEST

START_TEST(v1_tightest_ancestor_decides)
{
	put_v1();
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "300000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
	ck_assert_cores(2);
}
END_TEST

START_TEST(v1_without_or_with_an_empty_period_is_no_quota)
{
	put_v1();
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "300000\n");
	ck_assert_cores(0);
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "");
	ck_assert_cores(0);
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "0\n");
	ck_assert_cores(0);
}
END_TEST

START_TEST(with_both_versions_the_tighter_quota_counts)
{
	put("/proc/self/cgroup", V1_CGROUP "0::/x\n");
	put("/proc/self/mountinfo",
		V1_MOUNT "41 22 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "300000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n");
	ck_assert_cores(3);
	put("/sys/fs/cgroup/unified/x/cpu.max", "100000 100000\n");
	ck_assert_cores(1);
}
END_TEST

START_TEST(a_container_that_is_mounted_under_its_own_name_finds_itself)
{
	put("/proc/self/cgroup", "0::/docker/abc/task\n");
	put("/proc/self/mountinfo",
		"29 22 0:26 /docker/xyz /mnt/other rw - cgroup2 cgroup2 rw\n"
		"30 22 0:26 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	put("/mnt/other/cpu.max", "10000 100000\n");
	put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	ck_assert_cores(2);
	put("/sys/fs/cgroup/task/cpu.max", "50000 100000\n");
	ck_assert_cores(0.5);
}
END_TEST

START_TEST(a_path_outside_the_mount_falls_back_to_the_mount_point)
{
	put("/proc/self/cgroup", "0::/../elsewhere\n");
	put("/proc/self/mountinfo", V2_MOUNT);
	put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	ck_assert_cores(2);
	put("/proc/self/cgroup", "0::/podium/name\n");
	put("/sys/fs/cgroup/ium/name/cpu.max", "10000 100000\n");
	put("/proc/self/mountinfo", "30 22 0:26 /pod /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	ck_assert_cores(2);
}
END_TEST

START_TEST(a_mount_point_with_a_blank_is_found)
{
	put("/proc/self/cgroup", "0::/job\n");
	put("/proc/self/mountinfo", "30 22 0:26 / /sys/my\\040groups rw - cgroup2 cgroup2 rw\n");
	put("/sys/my groups/job/cpu.max", "50000 100000\n");
	ck_assert_cores(0.5);
}
END_TEST

static const char *const odd_mounts[] = {"", "\n", "30 22\n", "30 22 0:26 / /sys/fs/cgroup rw\n",
	"30 22 0:26 / /sys/fs/cgroup rw - \n", "30 22 0:26 / /sys/fs/cgroup rw - cgroup2",
	" - cgroup2 x rw\n", "1 2 3 / - cgroup cgroup rw,cpu\n"};

START_TEST(odd_lines_of_mountinfo_do_no_harm)
{
	double cores = -1;
	int err;

	put("/proc/self/cgroup", V1_CGROUP "0::/job\n\nx\n:\n");
	put("/proc/self/mountinfo", odd_mounts[_i]);
	err = quota_read(root, &cores);
	ck_assert(err == 0 || err == -ENOENT);
	ck_assert_double_eq(cores, 0);
}
END_TEST

START_TEST(without_cgroups_there_is_an_error_and_no_quota)
{
	double cores = 5;
	uint64_t times, ns;

	ck_assert_int_eq(quota_read(root, &cores), -ENOENT);
	ck_assert_double_eq(cores, 0);
	ck_assert_int_eq(quota_throttled(root, &times, &ns), -ENOENT);
	put("/proc/self/cgroup", "0::/job\n");
	ck_assert_int_eq(quota_read(root, &cores), -ENOENT);
}
END_TEST

START_TEST(v2_throttling_is_summed_over_the_levels)
{
	uint64_t times, ns;

	put_v2("/a/b");
	put("/sys/fs/cgroup/cpu.stat", "usage_usec 5\n");
	ck_assert_int_eq(quota_throttled(root, &times, &ns), -ENOENT);
	put("/sys/fs/cgroup/a/b/cpu.stat",
		"usage_usec 5\nnr_periods 9\nnr_throttled 3\nthrottled_usec 2500\nnr_bursts 7\n");
	put("/sys/fs/cgroup/a/cpu.stat", "nr_periods 9\nnr_throttled 4\nthrottled_usec 500\n");
	ck_assert_int_eq(quota_throttled(root, &times, &ns), 0);
	ck_assert_uint_eq(times, 7);
	ck_assert_uint_eq(ns, 3000000);
}
END_TEST

START_TEST(v1_throttled_time_is_in_nanoseconds)
{
	uint64_t times, ns;

	put_v1();
	put("/sys/fs/cgroup/cpu,cpuacct/a/b/cpu.stat",
		"nr_periods 9\nnr_throttled 3\nthrottled_time 2500\n");
	ck_assert_int_eq(quota_throttled(root, &times, &ns), 0);
	ck_assert_uint_eq(times, 3);
	ck_assert_uint_eq(ns, 2500);
}
END_TEST

START_TEST(this_machine_answers)
{
	double cores = -1;
	int err = quota_read("", &cores);

	ck_assert(err == 0 || err == -ENOENT);
	ck_assert_double_ge(cores, 0);
}
END_TEST

static TCase *rooted_case(Suite *s, const char *name)
{
	TCase *tc = gated_case(s, name);

	tcase_add_unchecked_fixture(tc, make_base, remove_base);
	tcase_add_checked_fixture(tc, make_root, NULL);
	return tc;
}

static void add_v2_case(Suite *s)
{
	TCase *tc = rooted_case(s, "version 2");

	tcase_add_test(tc, v2_quota_of_the_own_group_is_read);
	tcase_add_test(tc, v2_tightest_ancestor_decides);
	tcase_add_test(tc, v2_group_inside_is_looser_than_none_and_tighter_than_the_mount_root);
	tcase_add_test(tc, another_groups_quota_is_not_ours);
	tcase_add_loop_test(tc, v2_empty_or_odd_text_is_no_quota, 0, (int)ARRAY_LEN(no_quota));
	tcase_add_test(tc, v2_in_the_root_group_without_files_is_no_quota);
	tcase_add_test(tc, v2_throttling_is_summed_over_the_levels);
}

static void add_v1_case(Suite *s)
{
	TCase *tc = rooted_case(s, "version 1");

	tcase_add_test(tc, v1_quota_and_period_are_divided);
	tcase_add_test(tc, v1_minus_one_is_no_quota);
	tcase_add_test(tc, v1_tightest_ancestor_decides);
	tcase_add_test(tc, v1_without_or_with_an_empty_period_is_no_quota);
	tcase_add_test(tc, v1_throttled_time_is_in_nanoseconds);
}

START_TEST(the_tightest_limit_of_processes_decides)
{
	uint64_t most = 0;

	put("/proc/self/cgroup", "3:cpu:/c\n2:pids:/a/b\n");
	put("/proc/self/mountinfo",
		"32 22 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n");
	ck_assert(!quota_pids(root, &most));
	put("/sys/fs/cgroup/pids/a/b/pids.max", "max\n");
	ck_assert(!quota_pids(root, &most));
	put("/sys/fs/cgroup/pids/a/pids.max", "7\n");
	ck_assert(quota_pids(root, &most));
	ck_assert_uint_eq(most, 7);
	put("/sys/fs/cgroup/pids/a/b/pids.max", "9\n");
	ck_assert(quota_pids(root, &most));
	ck_assert_uint_eq(most, 7);
	put("/proc/self/cgroup", "0::/x\n");
	put("/proc/self/mountinfo", V2_MOUNT);
	put("/sys/fs/cgroup/x/pids.max", "5\n");
	ck_assert(quota_pids(root, &most));
	ck_assert_uint_eq(most, 5);
}
END_TEST

static void add_mount_case(Suite *s)
{
	TCase *tc = rooted_case(s, "mounts");

	tcase_add_test(tc, with_both_versions_the_tighter_quota_counts);
	tcase_add_test(tc, a_container_that_is_mounted_under_its_own_name_finds_itself);
	tcase_add_test(tc, a_path_outside_the_mount_falls_back_to_the_mount_point);
	tcase_add_test(tc, a_mount_point_with_a_blank_is_found);
	tcase_add_loop_test(tc, odd_lines_of_mountinfo_do_no_harm, 0, (int)ARRAY_LEN(odd_mounts));
	tcase_add_test(tc, without_cgroups_there_is_an_error_and_no_quota);
	tcase_add_test(tc, the_tightest_limit_of_processes_decides);
	tcase_add_test(tc, this_machine_answers);
}

Suite *suite(void)
{
	Suite *s = suite_create("quota");

	add_v2_case(s);
	add_v1_case(s);
	add_mount_case(s);
	return s;
}
