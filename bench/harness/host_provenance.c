/* host_provenance.c - where a record comes from: machine, system, build; no host name, no user, no
 * MAC */
#include "harness/ensure.h"
#include "harness/host_internal.h"
#include "harness/tools.h"
#include <ctype.h>
#include <gnu/libc-version.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#ifndef FORKLAB_CFLAGS
#define FORKLAB_CFLAGS ""
#endif

static bool is_commit(const char *text)
{
	size_t n = strspn(text, "0123456789abcdef");

	return text[n] == '\0' && (n == 40 || n == 64);
}

/* "ref: refs/heads/main": a file of its own, or a line of packed-refs. */
static bool resolve_ref(const char *git, const char *ref, char *buf, size_t len)
{
	static char packed[65536];
	char path[PATH_MAX];

	host_text(path, sizeof(path), "/%s", ref);
	if (host_read(git, path, buf, len) > 0 && is_commit(buf))
		return true;
	if (host_read(git, "/packed-refs", packed, sizeof(packed)) <= 0)
		return false;
	for (char *line = packed; line && *line;) {
		char *end = strchr(line, '\n'), *space = strchr(line, ' ');

		if (end)
			*end = '\0';
		if (space && (!end || space < end) && !strcmp(space + 1, ref)) {
			*space = '\0';
			host_text(buf, len, "%s", line);
			return is_commit(buf);
		}
		line = end ? end + 1 : NULL;
	}
	return false;
}

/* git is the folder .git, or what the file .git of a second work tree points to. */
static bool commit_of(const char *git, char *buf, size_t len)
{
	char head[512], common[PATH_MAX / 2], dir[PATH_MAX];
	const char *ref = head + strlen("ref: ");

	if (host_read(git, "/HEAD", head, sizeof(head)) <= 0)
		return false;
	if (is_commit(head)) {
		host_text(buf, len, "%s", head);
		return true;
	}
	if (strncmp(head, "ref: ", strlen("ref: ")) || strstr(ref, ".."))
		return false;
	if (resolve_ref(git, ref, buf, len))
		return true;
	if (host_read(git, "/commondir", common, sizeof(common)) <= 0)
		return false;
	if (common[0] == '/')
		host_text(dir, sizeof(dir), "%s", common);
	else
		host_text(dir, sizeof(dir), "%s/%s", git, common);
	return resolve_ref(dir, ref, buf, len);
}

bool host_commit(const char *start, char *buf, size_t len)
{
	char dir[PATH_MAX], link[PATH_MAX / 2], git[PATH_MAX];

	host_text(dir, sizeof(dir), "%s", start);
	for (int up = 0; up < 4; up++) {
		char *slash = strrchr(dir, '/');

		/* Only our own tree: a copy unpacked inside another project must not name that
		 * one's commit. */
		if (host_exists(dir, "/bench/harness/record.h")) {
			host_text(git, sizeof(git), "%s/.git", dir);
			if (commit_of(git, buf, len))
				return true;
			if (host_read(dir, "/.git", link, sizeof(link)) <= 0 ||
				strncmp(link, "gitdir: ", 8))
				return false;
			if (link[8] == '/')
				host_text(git, sizeof(git), "%s", link + 8);
			else
				host_text(git, sizeof(git), "%s/%s", dir, link + 8);
			return commit_of(git, buf, len);
		}
		if (!slash || slash == dir)
			return false;
		*slash = '\0';
	}
	return false;
}

static int set_text(json_t *o, const char *key, const char *text)
{
	return json_object_set_new(o, key, json_string(text));
}

/* null and KEY_why where nothing is known. */
static int set_known(json_t *o, const char *key, const char *text, const char *why)
{
	char why_key[48];

	if (text[0] != '\0')
		return set_text(o, key, text);
	host_text(why_key, sizeof(why_key), "%s_why", key);
	return json_object_set_new(o, key, json_null()) | set_text(o, why_key, why);
}

static int add_machine(json_t *o, const struct host_view *v)
{
	const bool real = v->root[0] == '\0';
	struct utsname u;
	int bad = 0;

	bad |= set_known(o, "cpu_model", v->cpu_model, "/proc/cpuinfo does not name it");
	bad |= set_known(o, "kernel", v->kernel, "/proc/sys/kernel/osrelease cannot be read");
	bad |= set_known(o, "os", v->os, "no os-release");
	bad |= set_known(o, "arch", real && !uname(&u) ? u.machine : "", "not asked");
	bad |= set_text(o, "virt", v->virt_name);
	bad |= set_text(o, "container", v->container);
	return bad;
}

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static int add_build(json_t *o)
{
	char dir[PATH_MAX], commit[80] = "", libc[32];
	int bad = 0;

	host_text(libc, sizeof(libc), "glibc %s", gnu_get_libc_version());
	if (tools_exe_dir(dir, sizeof(dir)) || !host_commit(dir, commit, sizeof(commit)))
		commit[0] = '\0';
	bad |= set_text(o, "libc", libc);
	bad |= set_text(o, "compiler", COMPILER);
	bad |= set_known(o, "cflags", FORKLAB_CFLAGS, "the build did not say");
	bad |= set_text(o, "sanitizer", host_sanitizer());
	bad |= set_known(o, "commit", commit, "no .git beside the program");
	return bad;
}

struct mitigation_list {
	const char *root;
	json_t *object;
	int bad;
};

static void add_mitigation(const char *name, void *arg)
{
	struct mitigation_list *list = arg;
	char path[320], text[256];

	host_text(path, sizeof(path), HOST_CPU_DIR "/vulnerabilities/%s", name);
	if (host_read(list->root, path, text, sizeof(text)) > 0)
		list->bad |= set_text(list->object, name, text);
}

static int add_mitigations(json_t *o, const char *root)
{
	struct mitigation_list list = {.root = root, .object = json_object()};

	if (!list.object)
		return -1;
	host_folder(root, HOST_CPU_DIR "/vulnerabilities", add_mitigation, &list);
	if (json_object_size(list.object) > 0)
		return list.bad | json_object_set_new(o, "mitigations", list.object);
	json_decref(list.object);
	return set_known(o, "mitigations", "", "sysfs does not list them");
}

json_t *host_provenance_at(const char *root)
{
	struct host_view v;
	json_t *o = json_object();
	int bad;

	if (!o)
		return NULL;
	host_view_open(root, &v);
	bad = add_machine(o, &v);
	bad |= add_build(o);
	bad |= add_mitigations(o, root);
	if (bad) {
		json_decref(o);
		return NULL;
	}
	return o;
}

/* "Debian GNU/Linux 12 (bookworm)" -> "Debian 12", "6.1.0-13-amd64" -> "6.1" */
static void shorten_os(const char *os, char *buf, size_t len)
{
	const char *gnu = strstr(os, " GNU/Linux"), *paren = strstr(os, " (");
	int whole = paren ? (int)(paren - os) : (int)strlen(os);

	if (gnu && (!paren || gnu < paren)) {
		int rest = whole - (int)(gnu - os) - (int)strlen(" GNU/Linux");

		host_text(buf, len, "%.*s%.*s", (int)(gnu - os), os, rest,
			gnu + strlen(" GNU/Linux"));
	} else
		host_text(buf, len, "%.*s", whole, os);
}

static int version_length(const char *release)
{
	int n = (int)strspn(release, "0123456789");

	if (release[n] == '.' && isdigit((unsigned char)release[n + 1]))
		n += 1 + (int)strspn(release + n + 1, "0123456789");
	return n;
}

static const char *guest_name(const char *virt)
{
	static const char *const names[][2] = {{"kvm", "KVM guest"}, {"xen", "Xen guest"},
		{"vmware", "VMware guest"}, {"microsoft", "Hyper-V guest"},
		{"virtualbox", "VirtualBox guest"}, {"qemu", "QEMU guest"}, {"amazon", "EC2 guest"},
		{"google", "Google Cloud guest"}, {"parallels", "Parallels guest"},
		{"apple", "Apple guest"}};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(virt, names[i][0]))
			return names[i][1];
	return "virtual machine";
}

void host_line_at(const char *root, char *buf, size_t len)
{
	char os[64], virt[48] = "";
	struct host_view v;

	host_view_open(root, &v);
	shorten_os(v.os[0] ? v.os : "unknown distribution", os, sizeof(os));
	if (v.virt == HOST_VIRT_GUEST)
		host_text(virt, sizeof(virt), ", %s", guest_name(v.virt_name));
	host_text(buf, len, "%s%s, Linux %.*s%s, %s",
		v.cpu_model[0] ? v.cpu_model : "unknown processor", virt, version_length(v.kernel),
		v.kernel, v.kernel[0] ? "" : "(unknown version)", os);
}
