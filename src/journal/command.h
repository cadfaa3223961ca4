/* command: what a room's command line is made of: a table of commands, one small reader of options.
 * Exit statuses are those of problems.def. Sentences go to stderr, results to stdout. */
#pragma once
#include "journal/journal.h"

typedef struct Cli {
  const JournalModule *const *modules;
  size_t module_count;
  int wait_ms; /* how long a writing command waits for another one */
} Cli;

typedef struct Command {
  const char *name, *usage, *what; /* usage: what follows the name, one form a line; what: one Chinese sentence */
  Status (*run)(Context *cx, const Cli *cli, int argc, char **argv); /* argv[0]: the first word after the name */
} Command;

typedef struct Option {
  const char *name; /* "--json" */
  bool takes_value;
  const char *value; /* filled in; a flag's is "" */
  bool given;
} Option;
/* Sorts argv into options and the rest, in order. BAD_USAGE names what is unknown, double or lacks its value. "--" ends
 * the options. fewest..most: how many other words there may be. */
MUST_CHECK Status options_read(Context *cx, int argc, char **argv, Option *options, size_t option_count, size_t fewest,
                               size_t most, const char ***ret_words, size_t *ret_count);
Str option_text(const Option *option);             /* "" when not given */
Str command_author(Context *cx, const Option *as); /* --as, else the system's account */

MUST_CHECK Status cli_open(Context *cx, const Cli *cli, const char *folder, JournalMode mode, Journal **ret_journal);
void print_str(Str text);
void print_error(Str sentence); /* to stderr, with a line end */
