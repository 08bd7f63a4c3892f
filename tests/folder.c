/* folder.c - an empty folder for each test */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/tools.h"

static char base[32], here[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* These two run in the runner: tests that fail or crash never come to their own end. */
static void make_base(void)
{
	snprintf(base, sizeof(base), "/tmp/forklab-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
}

static void remove_base(void)
{
	nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void make_folder(void)
{
	snprintf(here, sizeof(here), "%s/XXXXXX", base);
	ck_assert_ptr_nonnull(mkdtemp(here));
}

TCase *folder_case(Suite *s, const char *name)
{
	TCase *c = gated_case(s, name);

	tcase_add_unchecked_fixture(c, make_base, remove_base);
	tcase_add_checked_fixture(c, make_folder, NULL);
	return c;
}

const char *folder(void)
{
	return here;
}

const char *in_folder(const char *path)
{
	static char full[4][512];
	static unsigned turn;
	char *buf = full[turn++ % 4];
	int n = snprintf(buf, sizeof(full[0]), "%s%s", here, path);

	ck_assert(n > 0 && (size_t)n < sizeof(full[0]));
	return buf;
}

static void make_folders_above(const char *path)
{
	char above[PATH_MAX];

	snprintf(above, sizeof(above), "%s", path);
	for (char *slash = above + strlen(here) + 1; (slash = strchr(slash, '/')) != NULL;
		slash++) {
		*slash = '\0';
		ck_assert(mkdir(above, 0700) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

void put_bytes(const char *path, const void *bytes, size_t len)
{
	const char *full = in_folder(path);
	int fd;

	make_folders_above(full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(tools_write(fd, bytes, len), 0);
	ck_assert_int_eq(close(fd), 0);
}

void put(const char *path, const char *text)
{
	put_bytes(path, text, strlen(text));
}

void put_link(const char *path, const char *target)
{
	const char *full = in_folder(path);

	make_folders_above(full);
	ck_assert_int_eq(symlink(target, full), 0);
}
