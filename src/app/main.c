/* anju: the command line. Owns: nothing; finds the command, runs it, prints its sentence, returns its status. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "app/app.h"

static const JournalModule *const MODULES[] = {&ACCOUNT_MODULE, &ROSTER_MODULE};
enum { WAIT_MS = 120000 };

static const struct {
  const Command *commands;
  const size_t *count;
} TABLES[] = {{APP_COMMANDS, &APP_COMMAND_COUNT},
              {SERVE_COMMANDS, &SERVE_COMMAND_COUNT},
              {ACCOUNT_COMMANDS, &ACCOUNT_COMMAND_COUNT},
              {ROSTER_COMMANDS, &ROSTER_COMMAND_COUNT}};

static const Command *find_command(Str name) {
  for (size_t t = 0; t < COUNT_OF(TABLES); t++)
    for (size_t i = 0; i < *TABLES[t].count; i++)
      if (str_equal(str_from(TABLES[t].commands[i].name), name)) return &TABLES[t].commands[i];
  return NULL;
}

static void print_usage(FILE *out) {
  fputs(
      "安居（anju）：住房安全有保障核实系统，第（一）阶段：部门名单比对\n\n用法：anju 命令 …（每个命令都有 "
      "--help）\n\n",
      out);
  for (size_t t = 0; t < COUNT_OF(TABLES); t++)
    for (size_t i = 0; i < *TABLES[t].count; i++)
      fprintf(out, "  %-12s %s\n", TABLES[t].commands[i].name, TABLES[t].commands[i].what);
  fputs("\n退出码：0 成功 · 1 失败 · 2 用法不对 · 3 有未处理的差异 · 4 数据被改动 · 5 正忙或已锁定\n", out);
}

static void print_command(const Command *command) {
  printf("%s\n\n", command->what);
  for (const char *line = command->usage; line;) {
    const char *end = strchr(line, '\n');
    int size = end ? (int)(end - line) : (int)strlen(line);
    printf("用法：anju %s %.*s\n", command->name, size, line);
    line = end ? end + 1 : NULL;
  }
}

static bool wants_help(int argc, char **argv) {
  for (int i = 0; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0) return false;
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
  }
  return false;
}

int main(int argc, char **argv) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Cli cli = {MODULES, COUNT_OF(MODULES), WAIT_MS};
  const char *wait = getenv("ANJU_WAIT_MS"); /* tests shorten it */
  int64_t milliseconds;
  if (wait && str_int64(str_from(wait), &milliseconds) && milliseconds >= 0 && milliseconds < 86400000)
    cli.wait_ms = (int)milliseconds;
  if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    print_usage(argc < 2 ? stderr : stdout);
    return argc < 2 ? status_exit(BAD_USAGE) : 0;
  }
  const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
  const Command *command = find_command(str_from(name));
  if (!command) {
    fprintf(stderr, "没有“%s”这个命令；运行 anju --help 查看全部命令。\n", name);
    return status_exit(BAD_USAGE);
  }
  if (wants_help(argc - 2, argv + 2)) {
    print_command(command);
    return 0;
  }
  Status status = command->run(&cx, &cli, argc - 2, argv + 2);
  bool written = fflush(stdout) == 0 && !ferror(stdout);
  if (status != OK) print_error(cx.error.sentence);
  if ((status == OK || status == OPEN_DIFFERENCES) && !written) {
    fputs("结果没有写完整：输出的磁盘可能已满。\n", stderr);
    status = INPUT_OUTPUT;
  }
  return status_exit(status);
}
