#include <stdio.h>
#include <unistd.h>
#include "account/account.h"

static Status read_password(Context *cx, Str *ret_password) {
  char text[1024];
  size_t size = 0;
  for (ssize_t got; size < sizeof text && (got = read(STDIN_FILENO, text + size, sizeof text - size)) > 0;)
    size += (size_t)got;
  while (size && (text[size - 1] == '\n' || text[size - 1] == '\r')) size--;
  if (size == sizeof text) return fail(cx, BAD_VALUE, "密码太长。");
  *ret_password = str_copy(cx->arena, (Str){text, size});
  return OK;
}

static Status user_add(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--role", true, "", false},
                      {"--division", true, "", false},
                      {"--expires", true, "", false},
                      {"--password-stdin", false, "", false},
                      {"--as", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  Account account = {.name = str_from(words[1]),
                     .role = options[0].given ? option_text(&options[0]) : STR("taskforce_office"),
                     .division = option_text(&options[1]),
                     .expires = option_text(&options[2])};
  Str password = password_invent(cx->arena);
  if (options[3].given) TRY(read_password(cx, &password));
  TRY(password_check(cx, account.name, password));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(account_check(cx, journal, &account));
  TRY(password_hash(cx, password, &account.password));
  TRY(account_add(cx, journal, &account, command_author(cx, &options[4])));
  printf("已建立账号 %.*s（%s）。\n", STR_ARG(account.name), role_find(account.role)->title);
  if (!options[3].given) printf("初始密码（只显示这一次）：%.*s\n", STR_ARG(password));
  return OK;
}

static Status user_enable(Context *cx, const Cli *cli, int argc, char **argv, bool enable) {
  Option options[] = {{"--as", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(account_enable(cx, journal, str_from(words[1]), enable, command_author(cx, &options[0])));
  printf("账号 %s 已%s。\n", words[1], enable ? "恢复" : "停用");
  return OK;
}
static Status user_off(Context *cx, const Cli *cli, int argc, char **argv) {
  return user_enable(cx, cli, argc, argv, false);
}
static Status user_on(Context *cx, const Cli *cli, int argc, char **argv) {
  return user_enable(cx, cli, argc, argv, true);
}

static Status user_password(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--password-stdin", false, "", false}, {"--as", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  Str password = password_invent(cx->arena), hash;
  if (options[0].given) TRY(read_password(cx, &password));
  TRY(password_check(cx, str_from(words[1]), password));
  TRY(password_hash(cx, password, &hash));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(account_set_password(cx, journal, str_from(words[1]), hash, command_author(cx, &options[1])));
  printf("账号 %s 的密码已更换。\n", words[1]);
  if (!options[0].given) printf("新密码（只显示这一次）：%.*s\n", STR_ARG(password));
  return OK;
}

static Status user_list(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--json", false, "", false}};
  const char **words;
  size_t count, accounts;
  Account *items;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_READ, &journal));
  TRY(account_list(cx, journal, &items, &accounts));
  if (options[0].given) fputs("{\"accounts\":[", stdout);
  for (size_t i = 0; i < accounts; i++) {
    const Account *a = &items[i];
    const Role *role = role_find(a->role);
    if (options[0].given) /* names, roles, divisions and dates were checked when they came: nothing to escape */
      printf("%s{\"name\":\"%.*s\",\"role\":\"%.*s\",\"division\":\"%.*s\",\"expires\":\"%.*s\",\"disabled\":%s}",
             i ? "," : "", STR_ARG(a->name), STR_ARG(a->role), STR_ARG(a->division), STR_ARG(a->expires),
             a->disabled ? "true" : "false");
    else
      printf("%-20.*s %-18.*s %s%s%.*s%s%.*s%s\n", STR_ARG(a->name), STR_ARG(a->role), role ? role->title : "",
             a->division.size ? " " : "", STR_ARG(a->division), a->expires.size ? " 到期 " : "", STR_ARG(a->expires),
             a->disabled ? "（已停用）" : "");
  }
  if (options[0].given) puts("]}");
  return OK;
}

static Status run_user(Context *cx, const Cli *cli, int argc, char **argv) {
  static const struct {
    const char *word;
    Status (*run)(Context *cx, const Cli *cli, int argc, char **argv);
  } words[] = {
      {"add", user_add}, {"disable", user_off}, {"enable", user_on}, {"password", user_password}, {"list", user_list}};
  for (size_t i = 0; argc > 0 && i < COUNT_OF(words); i++)
    if (strcmp(argv[0], words[i].word) == 0) return words[i].run(cx, cli, argc - 1, argv + 1);
  return fail(cx, BAD_USAGE, "请写：anju user add|disable|enable|password|list DIR …；用法见 anju user --help。");
}

const Command ACCOUNT_COMMANDS[] = {
    {"user",
     "add DIR 账号 [--role 角色] [--division 乡镇代码] [--expires 日期] [--password-stdin]\ndisable DIR 账号\nenable "
     "DIR 账号\n"
     "password DIR 账号 [--password-stdin]\nlist DIR [--json]",
     "管理账号：新建、停用、恢复、换密码、列出。", run_user},
};
const size_t ACCOUNT_COMMAND_COUNT = COUNT_OF(ACCOUNT_COMMANDS);
