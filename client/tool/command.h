/*
 * The subcommands of `etwrelay`, one file each. A command gets the arguments behind its name and
 * returns the exit status.
 *
 * Output for programs and people goes to stdout, everything said *about* the work to stderr.
 */
#ifndef ETWRELAY_TOOL_COMMAND_H
#define ETWRELAY_TOOL_COMMAND_H

enum command_exit {
    COMMAND_DONE = 0,
    COMMAND_FAILED = 1, /* a message on stderr says what failed and what to do */
    COMMAND_USAGE = 2   /* the command line itself is wrong */
};

int command_send(int argc, char **argv);
int command_dump(int argc, char **argv);
int command_status(int argc, char **argv);
int command_provider_id(int argc, char **argv);
int command_bench(int argc, char **argv);

/* Flush stdout: COMMAND_FAILED with a message when what was printed did not arrive (disk full,
 * closed), else `result`. */
int command_finish_output(const char *command, int result);

#endif
