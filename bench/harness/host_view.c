/* host_view.c - what machine this is: processor, system, hypervisor, container */
#include "harness/ensure.h"
#include "harness/host_internal.h"
#include <ctype.h>
#include <string.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

struct sign {
	const char *part; /* of what was read */
	const char *name;
};

static const char *match(const char *text, const struct sign *signs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strstr(text, signs[i].part))
			return signs[i].name;
	return NULL;
}

static void set_virt(struct host_view *v, enum host_virt virt, const char *name)
{
	v->virt = virt;
	host_text(v->virt_name, sizeof(v->virt_name), "%s", name);
}

#if defined(__x86_64__) || defined(__i386__)
/* The processor itself says whether a hypervisor is below it, and leaf 0x40000000 which one. */
static bool ask_processor(struct host_view *v)
{
	static const struct sign vendors[] = {
		{"KVMKVMKVM", "kvm"},
		{"Microsoft Hv", "microsoft"},
		{"VMwareVMware", "vmware"},
		{"XenVMMXenVMM", "xen"},
		{"VBoxVBoxVBox", "virtualbox"},
		{"TCGTCGTCGTCG", "qemu"},
		{"bhyve", "bhyve"},
		{"prl hyperv", "parallels"},
		{"ACRNACRNACRN", "acrn"},
	};
	unsigned a, b, c, d;
	char vendor[13] = "";
	const char *name;

	if (!__get_cpuid(1, &a, &b, &c, &d))
		return false;
	if (!(c & (1u << 31))) {
		set_virt(v, HOST_VIRT_NONE, "none");
		return true;
	}
	__cpuid(0x40000000, a, b, c, d);
	memcpy(vendor, &b, 4);
	memcpy(vendor + 4, &c, 4);
	memcpy(vendor + 8, &d, 4);
	name = match(vendor, vendors, ARRAY_LEN(vendors));
	set_virt(v, HOST_VIRT_GUEST, name ? name : "hypervisor");
	return true;
}
#else
static bool ask_processor(struct host_view *v)
{
	(void)v;
	return false;
}
#endif

/* What the firmware says it is: sys_vendor and product_name, or the device tree of an Arm board. */
static bool ask_firmware(const char *root, const char **guest)
{
	static const struct sign makers[] = {
		{".metal", NULL},
		{"KVM", "kvm"},
		{"QEMU", "qemu"},
		{"VMware", "vmware"},
		{"VirtualBox", "virtualbox"},
		{"innotek", "virtualbox"},
		{"Xen", "xen"},
		{"Microsoft Corporation Virtual", "microsoft"},
		{"Amazon EC2", "amazon"},
		{"Google Compute Engine", "google"},
		{"Parallels", "parallels"},
		{"BHYVE", "bhyve"},
		{"Apple Virtualization", "apple"},
		{"OpenStack", "openstack"},
		{"linux,kvm", "kvm"},
		{"xen,xen", "xen"},
		{"linux,dummy-virt", "qemu"},
	};
	static const char *const files[] = {"/sys/class/dmi/id/sys_vendor",
		"/sys/class/dmi/id/product_name", "/proc/device-tree/hypervisor/compatible",
		"/proc/device-tree/compatible", "/proc/device-tree/model"};
	char text[512] = "";

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char one[96];
		size_t used = strlen(text);

		if (host_read(root, files[i], one, sizeof(one)) > 0)
			host_text(text + used, sizeof(text) - used, "%s%s", used ? " " : "", one);
	}
	*guest = match(text, makers, ARRAY_LEN(makers));
	return text[0] != '\0';
}

static void find_virt(struct host_view *v, const char *flags)
{
	const char *guest;
	char type[24];
	bool said;

	set_virt(v, HOST_VIRT_UNKNOWN, "unknown");
	if (v->root[0] == '\0' && ask_processor(v))
		return;
	said = ask_firmware(v->root, &guest);
	if (!guest && host_read(v->root, "/sys/hypervisor/type", type, sizeof(type)) > 0)
		guest = type;
	if (guest)
		set_virt(v, HOST_VIRT_GUEST, guest);
	else if (strstr(flags, " hypervisor"))
		set_virt(v, HOST_VIRT_GUEST, "hypervisor");
	/* x86: the flag would be there. Arm has no such flag; there the firmware's word counts. */
	else if (flags[0] != '\0' || said)
		set_virt(v, HOST_VIRT_NONE, "none");
}

/* The numbers of the machine's own namespaces are fixed in the kernel (include/linux/proc_ns.h). */
static bool own_namespaces(const char *root, bool *known)
{
	char pid[48], cgroup[48];

	*known = host_link(root, "/proc/self/ns/pid", pid, sizeof(pid));
	if (!*known)
		return false;
	if (!host_link(root, "/proc/self/ns/cgroup", cgroup, sizeof(cgroup)))
		host_text(cgroup, sizeof(cgroup), "cgroup:[4026531835]");
	return !strcmp(pid, "pid:[4026531836]") && !strcmp(cgroup, "cgroup:[4026531835]");
}

static void find_container(struct host_view *v)
{
	static const struct sign paths[] = {{"kubepods", "kubernetes"}, {"/docker/", "docker"},
		{"/docker-", "docker"}, {"libpod", "podman"}, {"/lxc/", "lxc"},
		{"/lxc.payload", "lxc"}, {"machine.slice/machine-", "nspawn"}};
	char text[4096], named[40];
	const char *name;
	bool known, own;

	host_read(v->root, "/proc/self/cgroup", text, sizeof(text));
	name = match(text, paths, ARRAY_LEN(paths));
	own = own_namespaces(v->root, &known);
	if (!name && host_read(v->root, "/run/systemd/container", named, sizeof(named)) > 0)
		name = named;
	/* These files also lie in a virtual machine whose disk was made from a container's image.
	 */
	if (!name && !own && host_exists(v->root, "/.dockerenv"))
		name = "docker";
	if (!name && !own && host_exists(v->root, "/run/.containerenv"))
		name = "podman";
	if (!name && known)
		name = own ? "none" : "unnamed";
	host_text(v->container, sizeof(v->container), "%s", name ? name : "unknown");
}

/* Arm processors give numbers where others give a name. */
static void arm_model(const char *cpuinfo, char *buf, size_t len)
{
	static const struct sign parts[] = {{"0xd03", "Cortex-A53"}, {"0xd05", "Cortex-A55"},
		{"0xd07", "Cortex-A57"}, {"0xd08", "Cortex-A72"}, {"0xd0b", "Cortex-A76"},
		{"0xd0c", "Neoverse N1"}, {"0xd40", "Neoverse V1"}, {"0xd49", "Neoverse N2"},
		{"0xd4f", "Neoverse V2"}};
	char maker[16], part[16];
	const char *name;

	if (!host_field(cpuinfo, "CPU implementer\t:", maker, sizeof(maker)) ||
		!host_field(cpuinfo, "CPU part\t:", part, sizeof(part)))
		return;
	name = !strcmp(maker, "0x41") ? match(part, parts, ARRAY_LEN(parts)) : NULL;
	if (name)
		host_text(buf, len, "Arm %s", name);
	else
		host_text(buf, len, "Arm processor (maker %s, part %s)", maker, part);
}

/* "Intel(R) Core(TM) i5  CPU" -> "Intel Core i5 CPU" */
static void tidy(char *name)
{
	static const char *const noise[] = {"(R)", "(TM)", "(r)", "(tm)"};
	char *to = name;

	for (size_t i = 0; i < ARRAY_LEN(noise); i++)
		for (char *at; (at = strstr(name, noise[i])) != NULL;)
			memmove(at, at + strlen(noise[i]), strlen(at + strlen(noise[i])) + 1);
	for (const char *from = name; *from; from++)
		if (!isspace((unsigned char)*from) || (to != name && to[-1] != ' '))
			*to++ = isspace((unsigned char)*from) ? ' ' : *from;
	while (to != name && to[-1] == ' ')
		to--;
	*to = '\0';
}

static void find_os(struct host_view *v)
{
	char text[2048];
	size_t n;

	if (host_read(v->root, "/etc/os-release", text, sizeof(text)) <= 0 &&
		host_read(v->root, "/usr/lib/os-release", text, sizeof(text)) <= 0)
		return;
	if (!host_field(text, "PRETTY_NAME=", v->os, sizeof(v->os)))
		return;
	n = strlen(v->os);
	if (n >= 2 && (v->os[0] == '"' || v->os[0] == '\'') && v->os[n - 1] == v->os[0]) {
		memmove(v->os, v->os + 1, n - 2);
		v->os[n - 2] = '\0';
	}
}

void host_view_open(const char *root, struct host_view *v)
{
	char cpuinfo[8192], flags[4096] = "";

	memset(v, 0, sizeof(*v));
	v->root = root;
	host_read(root, "/proc/cpuinfo", cpuinfo, sizeof(cpuinfo));
	host_field(cpuinfo, "flags\t\t:", flags, sizeof(flags));
	if (!host_field(cpuinfo, "model name\t:", v->cpu_model, sizeof(v->cpu_model)))
		arm_model(cpuinfo, v->cpu_model, sizeof(v->cpu_model));
	/* Some Arm boards have no number either, but a board's name. */
	if (v->cpu_model[0] == '\0')
		host_read(root, "/proc/device-tree/model", v->cpu_model, sizeof(v->cpu_model));
	tidy(v->cpu_model);
	host_read(root, "/proc/sys/kernel/osrelease", v->kernel, sizeof(v->kernel));
	find_os(v);
	find_virt(v, flags);
	find_container(v);
}
