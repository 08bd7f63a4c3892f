/* place_topology.c - loads hwloc's picture of this machine, or of a described one, and nothing else
 */
#include "harness/ensure.h"
#include "harness/place_internal.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* These make hwloc show another machine than this one, silently; binding then "succeeds" and does
 * nothing. They are hidden while the real machine is read. */
static const char *const MASKS[] = {"HWLOC_SYNTHETIC", "HWLOC_XMLFILE", "HWLOC_FSROOT",
	"HWLOC_CPUID_PATH", "HWLOC_COMPONENTS", "HWLOC_THISSYSTEM"};

static void masks_restore(char *saved[])
{
	for (size_t i = 0; i < ARRAY_LEN(MASKS); i++) {
		if (saved[i])
			setenv(MASKS[i], saved[i], 1);
		free(saved[i]);
		saved[i] = NULL;
	}
}

static int masks_hide(char *saved[])
{
	memset(saved, 0, ARRAY_LEN(MASKS) * sizeof(saved[0]));
	for (size_t i = 0; i < ARRAY_LEN(MASKS); i++) {
		const char *value = getenv(MASKS[i]);

		if (!value)
			continue;
		saved[i] = strdup(value);
		if (!saved[i]) {
			masks_restore(saved);
			return -ENOMEM;
		}
		unsetenv(MASKS[i]);
	}
	return 0;
}

/* What is not needed stays out: devices and distances would make loading slow. Disallowed CPUs stay
 * in, so that "core:1" means the same core under taskset and in a cpuset. */
static int load(hwloc_topology_t topology)
{
	const unsigned long flags =
		HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED | HWLOC_TOPOLOGY_FLAG_DONT_CHANGE_BINDING |
		HWLOC_TOPOLOGY_FLAG_NO_DISTANCES | HWLOC_TOPOLOGY_FLAG_NO_MEMATTRS;

	if (hwloc_topology_set_flags(topology, flags) ||
		hwloc_topology_set_io_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE) ||
		hwloc_topology_set_icache_types_filter(topology, HWLOC_TYPE_FILTER_KEEP_NONE) ||
		hwloc_topology_load(topology))
		return -EIO;
	return 0;
}

static int load_real(hwloc_topology_t topology, char *why, size_t whylen)
{
	char *saved[ARRAY_LEN(MASKS)];
	int err = masks_hide(saved);

	if (err)
		return err;
	err = load(topology);
	masks_restore(saved);
	if (err)
		return place_why(why, whylen, err, "hwloc cannot read this machine");
	if (!hwloc_topology_is_thissystem(topology))
		return place_why(why, whylen, -EIO, "hwloc shows another machine than this one");
	return 0;
}

static int load_synthetic(hwloc_topology_t topology, const char *text, char *why, size_t whylen)
{
	const int err = place_parse_synthetic(text, why, whylen);

	if (err)
		return err;
	/* By call and not by environment: there a bad text means the real machine, without a word.
	 */
	if (hwloc_topology_set_synthetic(topology, text) || load(topology))
		return place_why(why, whylen, -EINVAL,
			"%s: hwloc does not understand it (levels from the outside in, the last is "
			"pu: \"pack:2 core:4 pu:2\")",
			text);
	return 0;
}

/* hwloc knows cpusets and ignores taskset; the kernel's mask knows both. */
static int restrict_to_mask(hwloc_bitmap_t set)
{
	hwloc_bitmap_t mask;
	cpu_set_t *cpus;
	size_t size;
	int err = place_mask_read(&cpus, &size);

	if (err)
		return err;
	mask = hwloc_bitmap_alloc();
	for (size_t i = 0; mask && i < size * 8; i++) {
		if (CPU_ISSET_S(i, size, cpus))
			hwloc_bitmap_set(mask, (unsigned)i);
	}
	if (!mask || hwloc_bitmap_and(set, set, mask))
		err = -ENOMEM;
	hwloc_bitmap_free(mask);
	CPU_FREE(cpus);
	return err;
}

/* Kinds (performance, efficiency) that this process may use; what hwloc cannot tell is one kind. */
bool place_source_mixed(const struct place_source *s)
{
	const int kinds = hwloc_cpukinds_get_nr(s->topology, 0);
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	unsigned used = 0;

	for (int i = 0; set && i < kinds; i++) {
		if (!hwloc_cpukinds_get_info(s->topology, (unsigned)i, set, NULL, NULL, NULL, 0) &&
			hwloc_bitmap_intersects(set, s->allowed))
			used++;
	}
	hwloc_bitmap_free(set);
	return used > 1;
}

int place_source_fastest(struct place_source *s)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int err = set ? -ENOTSUP : -ENOMEM, efficiency;

	/* hwloc sorts the kinds by efficiency, the fastest last; -1 is its word for not known. */
	for (int i = hwloc_cpukinds_get_nr(s->topology, 0); err == -ENOTSUP && i-- > 0;) {
		if (hwloc_cpukinds_get_info(
			    s->topology, (unsigned)i, set, &efficiency, NULL, NULL, 0) ||
			efficiency < 0)
			break;
		if (hwloc_bitmap_intersects(set, s->chosen))
			err = hwloc_bitmap_and(s->chosen, s->chosen, set) ? -ENOMEM : 0;
	}
	hwloc_bitmap_free(set);
	return err;
}

static int find_allowed(struct place_source *s, bool real, char *why, size_t whylen)
{
	int err = 0;

	s->allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(s->topology));
	if (!s->allowed)
		return -ENOMEM;
	if (real)
		err = restrict_to_mask(s->allowed);
	if (err)
		return place_why(why, whylen, err, "cannot read this process's CPU set");
	if (hwloc_bitmap_iszero(s->allowed))
		return place_why(why, whylen, -EIO, "hwloc knows none of this process's CPUs");
	s->chosen = hwloc_bitmap_dup(s->allowed);
	if (!s->chosen)
		return -ENOMEM;
	s->mixed = place_source_mixed(s);
	return 0;
}

int place_source_open(struct place_source *s, const char *synthetic, char *why, size_t whylen)
{
	int err;

	memset(s, 0, sizeof(*s));
	if (hwloc_topology_init(&s->topology)) {
		s->topology = NULL;
		return -ENOMEM;
	}
	err = synthetic ? load_synthetic(s->topology, synthetic, why, whylen)
			: load_real(s->topology, why, whylen);
	if (!err && hwloc_get_nbobjs_by_type(s->topology, HWLOC_OBJ_PU) > (int)PLACE_PUS_MAX)
		err = place_why(
			why, whylen, -E2BIG, "more than %u hardware threads", PLACE_PUS_MAX);
	if (!err)
		err = find_allowed(s, !synthetic, why, whylen);
	if (err)
		place_source_close(s);
	return err;
}

void place_source_close(struct place_source *s)
{
	hwloc_bitmap_free(s->allowed);
	hwloc_bitmap_free(s->chosen);
	if (s->topology)
		hwloc_topology_destroy(s->topology);
	memset(s, 0, sizeof(*s));
}

/* Takes out how much memory a node has: in a VM it differs from boot to boot, and two runs on one
 * machine would seem to come from two. */
static void drop_memory(char *text)
{
	char *at;

	while ((at = strstr(text, "memory="))) {
		char *end = at + strcspn(at, " )");

		if (at > text && at[-1] == '(' && *end == ')') {
			at--;
			end++;
		} else if (*end == ' ') {
			end++;
		}
		memmove(at, end, strlen(end) + 1);
	}
}

/* hwloc cannot say asymmetric trees in this form: then the text is empty. */
char *place_source_text(const struct place_source *s)
{
	size_t size = 1024;
	char *buf = NULL;

	for (;;) {
		char *grown = realloc(buf, size);
		int len;

		if (!grown) {
			free(buf);
			return NULL;
		}
		buf = grown;
		len = hwloc_topology_export_synthetic(s->topology, buf, size, 0);
		if (len < 0)
			buf[0] = '\0';
		if (len < (int)size) {
			drop_memory(buf);
			return buf;
		}
		size = (size_t)len + 1;
	}
}
