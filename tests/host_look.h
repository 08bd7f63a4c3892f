/* host_look.h - what the checks of the host find in the test's own folder */
#ifndef FORKLAB_HOST_LOOK_H
#define FORKLAB_HOST_LOOK_H

#include "folder.h"
#include "harness/host_internal.h"
#include "suite.h"
#include <string.h>

static inline struct host_check look(const char *name)
{
	static struct host_check all[HOST_CHECKS_MAX];
	size_t n = host_checks_at(folder(), all, HOST_CHECKS_MAX);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(all[i].name, name))
			return all[i];
	ck_abort_msg("no check is called %s", name);
}

static inline void expect(const char *name, enum host_state state, const char *value)
{
	struct host_check c = look(name);

	ck_assert_msg(c.state == state, "%s is %s (%s), not %s", name, host_state_name(c.state),
		c.value, host_state_name(state));
	ck_assert_str_eq(c.value, value);
	ck_assert_int_eq(c.why[strlen(c.why) - 1], '.');
}

#endif
