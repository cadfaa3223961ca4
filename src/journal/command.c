#include "journal/command.h"
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

static Option *find_option(Option *options, size_t count, Str name) {
  for (size_t i = 0; i < count; i++)
    if (str_equal(str_from(options[i].name), name)) return &options[i];
  return NULL;
}

static Status take_option(Context *cx, Option *options, size_t count, int argc, char **argv, int *at) {
  Str word = str_from(argv[*at]), inline_value = STR_EMPTY;
  ptrdiff_t equals = str_find(word, STR("="));
  bool has_inline = equals > 0;
  if (has_inline) inline_value = str_sub(word, (size_t)equals + 1, word.size), word = str_sub(word, 0, (size_t)equals);
  Option *option = find_option(options, count, word);
  if (!option) return fail(cx, BAD_USAGE, "不认识的选项“" STR_FMT "”；请用 --help 查看用法。", STR_ARG(word));
  if (option->given) return fail(cx, BAD_USAGE, "选项“" STR_FMT "”写了两次。", STR_ARG(word));
  option->given = true;
  if (!option->takes_value) {
    if (has_inline) return fail(cx, BAD_USAGE, "选项“" STR_FMT "”不带内容。", STR_ARG(word));
    option->value = "";
  } else if (has_inline) {
    option->value = str_c(cx->arena, inline_value);
  } else {
    if (*at + 1 >= argc) return fail(cx, BAD_USAGE, "选项“" STR_FMT "”后面缺少内容。", STR_ARG(word));
    option->value = argv[++*at];
  }
  return OK;
}

Status options_read(Context *cx, int argc, char **argv, Option *options, size_t option_count, size_t fewest,
                    size_t most, const char ***ret_words, size_t *ret_count) {
  const char **words = arena_array(cx->arena, (size_t)argc + 1, const char *);
  size_t count = 0;
  bool only_words = false;
  for (int i = 0; i < argc; i++) {
    if (!only_words && strcmp(argv[i], "--") == 0) {
      only_words = true;
    } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
      TRY(take_option(cx, options, option_count, argc, argv, &i));
    } else {
      words[count++] = argv[i];
    }
  }
  if (count < fewest) return fail(cx, BAD_USAGE, "缺少内容；请用 --help 查看用法。");
  if (count > most) return fail(cx, BAD_USAGE, "多余的内容“%s”；请用 --help 查看用法。", words[most]);
  *ret_words = words;
  *ret_count = count;
  return OK;
}

Str option_text(const Option *option) { return option->given ? str_from(option->value) : STR_EMPTY; }

Str command_author(Context *cx, const Option *as) {
  if (as && as->given && as->value[0]) return str_from(as->value);
  struct passwd *account = getpwuid(getuid());
  return account ? str_copy(cx->arena, str_from(account->pw_name))
                 : str_format(cx->arena, "uid-%u", (unsigned)getuid());
}

Status cli_open(Context *cx, const Cli *cli, const char *folder, JournalMode mode, Journal **ret_journal) {
  return journal_open(cx, folder, mode, cli->wait_ms, cli->modules, cli->module_count, ret_journal);
}

void print_str(Str text) { fwrite(text.data, 1, text.size, stdout); }

void print_error(Str sentence) {
  fwrite(sentence.data, 1, sentence.size, stderr);
  fputc('\n', stderr);
}
