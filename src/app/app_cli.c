#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "app/app.h"
#include "base/file.h"
#include "demo/demo.h"
#include "match/match.h"

#ifndef ANJU_DATA_FOLDER
#define ANJU_DATA_FOLDER "/usr/share/anju"
#endif

static bool plain_name(Str name) {
  for (size_t i = 0; i < name.size; i++) {
    char c = name.data[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return name.size > 0;
}

Status app_campaign_folder(Context *cx, Str name, const char **ret_folder) {
  if (!plain_name(name))
    return fail(cx, BAD_USAGE, "活动名称“" STR_FMT "”只能用小写字母、数字和短横线。", STR_ARG(name));
  char program[4096];
  ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
  Str folder = size > 0 ? (Str){program, (size_t)size} : STR_EMPTY;
  while (folder.size && folder.data[folder.size - 1] != '/') folder.size--;
  const char *candidates[3] = {getenv("ANJU_CAMPAIGNS"),
                               str_c(cx->arena, str_format(cx->arena, STR_FMT "../campaign", STR_ARG(folder))),
                               ANJU_DATA_FOLDER "/campaign"};
  for (size_t i = 0; i < COUNT_OF(candidates); i++) {
    if (!candidates[i] || !candidates[i][0]) continue;
    const char *path = path_join(cx->arena, candidates[i], str_c(cx->arena, name));
    if (!file_exists(path_join(cx->arena, path, "campaign.json"))) continue;
    *ret_folder = path;
    return OK;
  }
  return fail(cx, NOT_FOUND, "没有找到名为“" STR_FMT "”的活动定义。", STR_ARG(name));
}

static Status run_init(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--campaign", true, "", false}, {"--db", true, "", false}};
  const char **words, *campaign, *database;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  TRY(app_campaign_folder(cx, options[0].given ? option_text(&options[0]) : STR("longsheng-2020"), &campaign));
  database = options[1].given ? options[1].value : NULL;
  TRY(journal_init_on(cx, words[0], campaign, database, cli->modules, cli->module_count));
  printf("已在 %s 建立县级数据目录。下一步：anju import %s 名单文件…\n", words[0], words[0]);
  return OK;
}

static Status run_copy(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--db", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 2, 2, &words, &count));
  TRY(journal_copy(cx, words[0], words[1], options[0].given ? options[0].value : NULL, cli->modules,
                   cli->module_count));
  printf("已把 %s 复制到 %s，记录和派生表完全相同。今后只在其中一处继续工作。\n", words[0], words[1]);
  return OK;
}

static Status number_option(Context *cx, const Option *option, int64_t least, int64_t most, int64_t *number) {
  if (!option->given) return OK;
  if (!str_int64(str_from(option->value), number) || *number < least || *number > most)
    return fail(cx, BAD_USAGE, "%s 应为 %lld 到 %lld 的整数，不能是“%s”。", option->name, (long long)least,
                (long long)most, option->value);
  return OK;
}

static Status run_demo(Context *cx, const Cli *cli, int argc, char **argv) {
  (void)cli;
  Option options[] = {{"--households", true, "", false}, {"--seed", true, "", false}, {"--errors", true, "", false}};
  const char **words, *campaign;
  size_t count;
  int64_t households = 0, seed = 1, errors = 100;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  TRY(number_option(cx, &options[0], 1, 200000, &households));
  TRY(number_option(cx, &options[1], 0, INT64_MAX, &seed));
  TRY(number_option(cx, &options[2], 0, 1000, &errors));
  TRY(app_campaign_folder(cx, STR("longsheng-2020"), &campaign));
  DemoOptions demo = {.households = households, .seed = (uint64_t)seed, .error_percent = (int)errors};
  TRY(file_read(cx, path_join(cx->arena, campaign, "places.csv"), 64 << 20, &demo.places_csv));
  DemoSummary summary;
  TRY(demo_write(cx, words[0], &demo, &summary));
  printf("已在 %s 写出示范县的名单：%lld 户 %lld 人（虚构人物，身份证号码区划 450399 从未使用）。\n", words[0],
         (long long)summary.households, (long long)summary.persons);
  return OK;
}

static Status run_rebuild(Context *cx, const Cli *cli, int argc, char **argv) {
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, NULL, 0, 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  TRY(journal_rebuild(cx, journal));
  puts("已从日志重建全部派生表。");
  return OK;
}

static Status run_digest(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--json", false, "", false}};
  const char **words;
  size_t count, tables;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_READ, &journal));
  TableDigest *digests;
  TRY(journal_digest(cx, journal, &digests, &tables));
  int64_t size;
  Digest root;
  TRY(journal_head(cx, journal, &size, &root));
  Str root_hex = digest_hex(cx->arena, &root);
  if (options[0].given) printf("{\"entries\":%lld,\"root\":\"%.*s\",\"tables\":[", (long long)size, STR_ARG(root_hex));
  for (size_t i = 0; i < tables; i++) {
    Str hex = digest_hex(cx->arena, &digests[i].digest);
    if (options[0].given)
      printf("%s{\"table\":\"%.*s\",\"rows\":%lld,\"sha256\":\"%.*s\"}", i ? "," : "", STR_ARG(digests[i].table),
             (long long)digests[i].rows, STR_ARG(hex));
    else
      printf("%.*s  %.*s\n", STR_ARG(hex), STR_ARG(digests[i].table));
  }
  if (options[0].given) puts("]}");
  return OK;
}

static void print_finding(Buf *buf, const Finding *finding, bool json, bool first) {
  if (!json) {
    buf_addf(buf, STR_FMT " " STR_FMT "：" STR_FMT "\n", STR_ARG(finding->what), STR_ARG(finding->which),
             STR_ARG(finding->sentence));
    return;
  }
  buf_add(buf, first ? STR("{\"what\":") : STR(",{\"what\":"));
  json_write_string(buf, finding->what);
  buf_add(buf, STR(",\"which\":"));
  json_write_string(buf, finding->which);
  buf_add(buf, STR(",\"sentence\":"));
  json_write_string(buf, finding->sentence);
  buf_add_byte(buf, '}');
}

/* Entries, stored files, derived tables; and, if those are whole, the comparison computed afresh. */
static Status run_verify(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--json", false, "", false}};
  const char **words;
  size_t count, findings;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_READ, &journal));
  Finding *found;
  TRY(journal_verify(cx, journal, &found, &findings));
  int64_t size;
  Digest root;
  TRY(journal_head(cx, journal, &size, &root));
  Buf buf = buf_new(cx->arena);
  bool json = options[0].given;
  if (json)
    buf_addf(&buf, "{\"entries\":%lld,\"root\":\"" STR_FMT "\",\"findings\":[", (long long)size,
             STR_ARG(digest_hex(cx->arena, &root)));
  for (size_t i = 0; i < findings; i++) print_finding(&buf, &found[i], json, i == 0);
  if (findings == 0 && roster_check_result(cx, journal) != OK) {
    Finding finding = {STR("table"), STR("compare_run"), cx->error.sentence};
    if (cx->error.status != TAMPERED) return cx->error.status;
    print_finding(&buf, &finding, json, true);
    findings = 1;
  }
  if (json)
    buf_addf(&buf, "],\"ok\":%s}\n", findings ? "false" : "true");
  else if (findings == 0)
    buf_addf(&buf, "核验无误：%lld 条记录、存档文件和派生表都与日志一致。日志指纹 " STR_FMT "\n", (long long)size,
             STR_ARG(digest_hex(cx->arena, &root)));
  print_str(buf_str(&buf));
  if (findings) return fail(cx, TAMPERED, "发现 %zu 处与日志不符，见上。", findings);
  return OK;
}

static Status run_version(Context *cx, const Cli *cli, int argc, char **argv) {
  (void)cli;
  Option options[] = {{"--json", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 0, 0, &words, &count));
  if (options[0].given)
    printf("{\"name\":\"anju\",\"version\":\"%s\",\"match\":\"%s\",\"sqlite\":\"%s\",\"sqlite_wal_reset_fixed\":%s}\n",
           ANJU_VERSION, MATCH_VERSION, db_version(), db_version_safe() ? "true" : "false");
  else
    printf("anju %s（比对引擎 %s，SQLite %s）\n", ANJU_VERSION, MATCH_VERSION, db_version());
  return OK;
}

const Command APP_COMMANDS[] = {
    {"init", "DIR [--campaign longsheng-2020] [--db postgresql://账号@主机/库名]", "建立一个县的数据目录。", run_init},
    {"copy", "DIR 新目录 [--db postgresql://账号@主机/库名]", "把县数据原样复制到新目录，也可换一种数据库。", run_copy},
    {"demo", "OUT [--households 户数] [--seed 随机种子] [--errors 差错量：平常为100，没有差错为0]",
     "写出一个虚构县的各部门名单和答案 truth.csv，供试用和检验。", run_demo},
    {"verify", "DIR [--json]", "核验日志、存档文件和派生表；有改动时退出码为 4 并指出是哪一条。", run_verify},
    {"rebuild", "DIR", "从日志重建全部派生表。", run_rebuild},
    {"digest", "DIR [--json]", "输出每张派生表的 SHA-256。", run_digest},
    {"version", "[--json]", "显示版本。", run_version},
};
const size_t APP_COMMAND_COUNT = COUNT_OF(APP_COMMANDS);
