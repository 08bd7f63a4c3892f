/* cmd.h - the subcommands of forklab: each lives in a file of its own, and main.c's table names them */
#ifndef FORKLAB_CMD_H
#define FORKLAB_CMD_H

/* argv[0] is the subcommand's name; returns the exit code (harness/say.h). */
int cmd_list(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_selftest(int argc, char **argv);
int cmd_claims(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_lesson(int argc, char **argv);

#endif
