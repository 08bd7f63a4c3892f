/* result_flag.c - the flags of results: their names in records, and in words */
#include "harness/ensure.h"
#include "harness/result.h"

static const struct {
	const char *name, *text;
} flags[] = {
	[FLAG_AUTOCORRELATED] = {"autocorrelated", "each sample resembles the one before, so "
						   "together they count as fewer; the interval "
						   "is the wider for it"},
	[FLAG_NO_STEADY_STATE] = {"no_steady_state",
		"the times rose or fell while they were taken: a longer run (--budget) may end "
		"elsewhere"},
	[FLAG_LAUNCHES_DIFFER] = {"launches_differ",
		"a fresh start of the program gives other times than the last: more starts "
		"(--launches) tell more than more samples"},
	[FLAG_DISTURBED] = {"disturbed",
		"more than a fifth of the samples waited for a CPU or lost it: end other programs "
		"and measure again"},
	[FLAG_THROTTLED] = {"throttled", "more than a fifth of the samples ran into the CPU quota "
					 "of their cgroup: these are "
					 "times under that quota; a larger quota, or fewer workers "
					 "(--workers), gives others"},
	[FLAG_STOLEN] = {"stolen", "for more than a fifth of the samples the hypervisor took the "
				   "CPU away: other virtual "
				   "machines were busy; measure again when they are not"},
	[FLAG_STOPPED] = {"stopped",
		"a sample stood still for a while and nothing here kept it from running: somebody "
		"stopped "
		"the program (SIGSTOP), or the virtual machine paused; the sample is kept"},
	[FLAG_OVERSUBSCRIBED] = {"oversubscribed", "more workers than CPUs: that they wait for "
						   "each other is part of what was measured"},
	[FLAG_SHORT_INTERVAL] = {"short_interval",
		"a sample is shorter than 0.5 ms: what reading the clock costs may show"},
};

_Static_assert(ARRAY_LEN(flags) == RESULT_FLAGS, "every flag has a name and a text");

const char *result_flag_name(enum result_flag flag)
{
	return flags[flag].name;
}

const char *result_flag_text(enum result_flag flag)
{
	return flags[flag].text;
}
