/* main.c - the front command: one table of subcommands */
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "harness/options.h"
#include "harness/say.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
};

static const struct command commands[] = {
	{"list", cmd_list, "what there is: benchmarks, demos, lessons"},
	{"watch", cmd_watch, "runs a demo and compares what it shows with what it should show"},
	{"run", cmd_run, "measures one benchmark and keeps its records"},
	{"claims", cmd_claims, "what tutorials say, and what the records here say of it"},
	{"report", cmd_report, "measures everything and writes one page with charts and verdicts"},
	{"plot", cmd_plot, "draws a chart from records"},
	{"lesson", cmd_lesson, "shows a lesson and checks its exercises"},
	{"doctor", cmd_doctor, "what this machine can show, and what may spoil it"},
	{"plan", cmd_plan, "where workers would run, also on a machine one does not have"},
	{"selftest", cmd_selftest, "measures a benchmark against itself: how good is the ruler?"},
	{NULL, NULL, NULL},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* --help, --version, or an option before the command, which there is none of. Does not return. */
static void answer_option(int argc, char **argv)
{
	static const struct option_spec none[] = {{0}};
	static char list[2048];
	static const struct options_text about = {
		.usage = "COMMAND [its options]",
		.about = "Measures on this machine what tutorials on multiprocessing claim.",
		.after = list,
	};
	size_t used = 0;

	for (const struct command *c = commands; c->name && used < sizeof(list); c++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s  %-10s %s\n",
			c == commands ? "Commands (forklab COMMAND --help tells more):\n" : "",
			c->name, c->text);
	options_read(argc, argv, none, &about, true);
}

static __attribute__((noreturn)) void refuse(const char *name)
{
	const char *names[COMMANDS], *near;

	for (size_t i = 0; i < COMMANDS; i++)
		names[i] = commands[i].name;
	near = options_nearest(name, names);
	if (near)
		say_exit(EXIT_USAGE, "%s: no such command, did you mean %s? (see forklab --help)",
			name, near);
	say_exit(EXIT_USAGE, "%s: no such command (see forklab --help)", name);
}

int main(int argc, char **argv)
{
	say_program("forklab");
	if (argc < 2)
		say_exit(EXIT_USAGE, "command: none given (see forklab --help)");
	if (argv[1][0] == '-')
		answer_option(argc, argv);
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, argv[1]))
			return say_finish(c->run(argc - 1, argv + 1));
	refuse(argv[1]);
}
