/* place_parse.c - reads CPU lists ("0,2-3", "core:0-1") and checks the size of described machines
 */
#include "harness/ensure.h"
#include "harness/place_internal.h"
#include <errno.h>
#include <string.h>

/* hwloc inserts each PU by comparing CPU sets with all its siblings on the way down: the time grows
 * with PUs^2 * children. Above this many words compared it takes longer than about 10 s. */
#define SYNTHETIC_WORK 4e9

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits up to end; false where there is none. The value stops growing at max + 1. */
static bool read_number(const char **at, const char *end, unsigned long max, unsigned long *out)
{
	unsigned long v = 0;
	const char *c = *at;

	if (c == end || !digit(*c))
		return false;
	for (; c < end && digit(*c); c++)
		v = v > max ? v : v * 10 + (unsigned long)(*c - '0');
	*out = v > max ? max + 1 : v;
	*at = c;
	return true;
}

/* Where the attributes "(size=1MB memory=4GB)" at c end; c where there are none, NULL: not closed.
 */
static const char *skip_attributes(const char *c)
{
	if (*c != '(')
		return c;
	c = strchr(c, ')');
	return c ? c + 1 : NULL;
}

/* Reads one level, "core:8(...)" or "8"; *count is 0 for what stands beside the levels: "[numa]".
 */
static const char *read_level(const char *c, unsigned long *count)
{
	const char *colon;

	*count = 0;
	if (*c == '[') {
		c = strchr(c, ']');
		return c ? c + 1 : NULL;
	}
	if (*c == '(')
		return skip_attributes(c);
	colon = c + strcspn(c, ": (");
	if (*colon == ':')
		c = colon + 1;
	if (!read_number(&c, c + strlen(c), PLACE_PUS_MAX, count) || !*count)
		return NULL;
	return skip_attributes(c);
}

/* Only multiplies the counts: whether the words are right is hwloc's to say. */
int place_parse_synthetic(const char *text, char *why, size_t whylen)
{
	double pus = 1, children = 0;
	unsigned long count;
	const char *c = text + strspn(text, " ");

	if (!*c)
		return place_why(why, whylen, -EINVAL, "the description is empty");
	while (*c) {
		c = read_level(c, &count);
		if (!c || (*c && *c != ' '))
			return place_why(why, whylen, -EINVAL,
				"%s: a level is TYPE:COUNT, as in \"pack:2 core:4 pu:2\"", text);
		pus *= count ? (double)count : 1;
		children += (double)count;
		c += strspn(c, " ");
	}
	if (pus > PLACE_PUS_MAX)
		return place_why(why, whylen, -E2BIG, "%s: more than %u hardware threads", text,
			PLACE_PUS_MAX);
	if (pus * pus / 64 * children / 2 > SYNTHETIC_WORK)
		return place_why(why, whylen, -E2BIG,
			"%s: too flat, hwloc would need minutes; put a level between, as in "
			"\"pack:64 core:128 pu:2\"",
			text);
	return 0;
}

/* Parses "N" or "N-M" between c and end. */
static int read_range(const char *c, const char *end, unsigned long *lo, unsigned long *hi,
	char *why, size_t whylen)
{
	const char *entry = c;
	const int len = (int)(end - entry);

	if (!read_number(&c, end, PLACE_CPU_MAX, lo))
		goto odd;
	*hi = *lo;
	if (c < end && *c == '-') {
		if (++c == end)
			return place_why(
				why, whylen, -EINVAL, "%.*s: a range needs an end", len, entry);
		if (!read_number(&c, end, PLACE_CPU_MAX, hi))
			goto odd;
	}
	if (c != end)
		goto odd;
	if (*lo > PLACE_CPU_MAX || *hi > PLACE_CPU_MAX)
		return place_why(why, whylen, -EINVAL, "%.*s: a number here is at most %u", len,
			entry, PLACE_CPU_MAX);
	if (*hi < *lo)
		return place_why(why, whylen, -EINVAL, "%.*s: a range runs upwards", len, entry);
	return 0;
odd:
	return place_why(why, whylen, -EINVAL, "%.*s: not a CPU number (such as 0,2-3 or core:0-1)",
		len, entry);
}

/* "0-1", or its beginning with "..." where it is long. */
static void set_text(hwloc_const_bitmap_t set, char *buf, size_t len)
{
	const int need = hwloc_bitmap_list_snprintf(buf, len, set);

	if (need >= (int)len)
		memcpy(buf + len - 4, "...", 4);
}

static int add_cpu(const struct place_source *s, unsigned cpu, char *why, size_t whylen)
{
	char allowed[96];

	if (!hwloc_bitmap_isset(s->allowed, cpu)) {
		set_text(s->allowed, allowed, sizeof(allowed));
		return place_why(
			why, whylen, -ENOENT, "cpu %u is not in the allowed set %s", cpu, allowed);
	}
	if (hwloc_bitmap_isset(s->chosen, cpu))
		place_why(why, whylen, 0, "cpu %u is named more than once and counts once", cpu);
	return hwloc_bitmap_set(s->chosen, cpu) ? -ENOMEM : 0;
}

struct location {
	const char *name;
	hwloc_obj_type_t type;
};

static const struct location LOCATIONS[] = {
	{"core", HWLOC_OBJ_CORE},
	{"pu", HWLOC_OBJ_PU},
	{"l3", HWLOC_OBJ_L3CACHE},
	{"numa", HWLOC_OBJ_NUMANODE},
	{"pack", HWLOC_OBJ_PACKAGE},
	{"package", HWLOC_OBJ_PACKAGE},
};

static int add_object(const struct place_source *s, const struct location *where, unsigned i,
	char *why, size_t whylen)
{
	const int there = hwloc_get_nbobjs_by_type(s->topology, where->type);
	const hwloc_obj_t obj = hwloc_get_obj_by_type(s->topology, where->type, i);
	char allowed[96], own[96];
	unsigned cpu;

	if (!obj)
		return place_why(why, whylen, -ENOENT, "%s %u is not there (this machine has %d)",
			where->name, i, there > 0 ? there : 0);
	if (!hwloc_bitmap_intersects(obj->cpuset, s->allowed)) {
		set_text(s->allowed, allowed, sizeof(allowed));
		set_text(obj->cpuset, own, sizeof(own));
		return place_why(why, whylen, -ENOENT,
			"%s %u (cpu %s) is not in the allowed set %s", where->name, i, own,
			allowed);
	}
	hwloc_bitmap_foreach_begin(cpu, obj->cpuset)
	{
		if (hwloc_bitmap_isset(s->chosen, cpu))
			place_why(why, whylen, 0, "%s %u is named more than once and counts once",
				where->name, i);
		if (hwloc_bitmap_isset(s->allowed, cpu) && hwloc_bitmap_set(s->chosen, cpu))
			return -ENOMEM;
	}
	hwloc_bitmap_foreach_end();
	return 0;
}

/* Takes "core:" off the front; *where stays NULL for OS numbers. */
static int read_location(const char **text, const struct location **where, char *why, size_t whylen)
{
	const size_t len = strcspn(*text, ":");

	*where = NULL;
	if (!(*text)[len])
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(LOCATIONS); i++) {
		if (strlen(LOCATIONS[i].name) == len && !strncmp(*text, LOCATIONS[i].name, len)) {
			*where = &LOCATIONS[i];
			*text += len + 1;
			return 0;
		}
	}
	return place_why(why, whylen, -EINVAL,
		"%s: unknown kind before the colon (core, pu, l3, numa, pack)", *text);
}

int place_parse_cpus(const struct place_source *s, const char *text, char *why, size_t whylen)
{
	const struct location *where;
	const char *c = text, *end;
	unsigned long lo = 1, hi = 0;
	int err = read_location(&c, &where, why, whylen);

	if (err)
		return err;
	if (!*c)
		return place_why(why, whylen, -EINVAL, "\"%s\": the list is empty", text);
	hwloc_bitmap_zero(s->chosen);
	for (;; c = end + 1) {
		end = c + strcspn(c, ",");
		if (c == end)
			return place_why(why, whylen, -EINVAL, "%s: an entry is empty", text);
		err = read_range(c, end, &lo, &hi, why, whylen);
		for (unsigned long i = lo; !err && i <= hi; i++)
			err = where ? add_object(s, where, (unsigned)i, why, whylen)
				    : add_cpu(s, (unsigned)i, why, whylen);
		if (err || !*end)
			return err;
	}
}
