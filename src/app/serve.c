#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "app/app.h"
#include "base/file.h"

enum { READERS = 4, HASHERS = 2, STOP_MS = 10000, FILES = 4096 };

typedef struct Serving { /* Door first: it is ServerConfig.app */
  Door door;
  const Cli *cli;
  const char *folder;
  Journal *writer;
} Serving;

/* ---- lanes ---- */
static Status start_reader(Context *cx, void *app, void **ret_worker) {
  const Serving *serving = app;
  Journal *journal;
  TRY(journal_open(cx, serving->folder, JOURNAL_READ, 0, serving->cli->modules, serving->cli->module_count, &journal));
  *ret_worker = journal;
  return OK;
}
static void stop_reader(void *worker) { journal_close(worker); }
static Status start_writer(Context *cx, void *app, void **ret_worker) {
  (void)cx;
  Serving *serving = app;
  *ret_worker = serving->writer;
  return OK;
}
static Status begin(Context *cx, void *worker) { return journal_begin(cx, worker); }
static Status commit(Context *cx, void *worker) { return journal_commit(cx, worker); }
static void rollback(void *worker) { journal_rollback(worker); }

/* A reader sees one state of the county from its first to its last statement; what takes long begins by itself. */
static Status enter(Context *cx, Request *rq) {
  if (rq->route->lane == LANE_READ) TRY(db_begin(cx, journal_db(rq->worker)));
  return door_enter(cx, rq);
}
static void leave(Request *rq) {
  if (rq->route->lane != LANE_WRITE) db_rollback(journal_db(rq->worker));
}

/* ---- options ---- */
static Status split_listen(Context *cx, Str listen, const char **ret_host, uint16_t *ret_port) {
  size_t colon = listen.size;
  while (colon > 0 && listen.data[colon - 1] != ':') colon--;
  int64_t port;
  if (colon < 2 || !str_int64(str_sub(listen, colon, listen.size), &port) || port < 0 || port > 65535)
    return fail(cx, BAD_USAGE, "--listen 应写成 127.0.0.1:8470 的样子。");
  Str host = str_sub(listen, 0, colon - 1);
  if (str_starts(host, STR("["))) host = str_sub(host, 1, host.size - 1);
  if (str_equal(host, STR("localhost"))) host = STR("127.0.0.1");
  *ret_host = str_c(cx->arena, host);
  *ret_port = (uint16_t)port;
  return OK;
}

static Status check_listen(Context *cx, const char *host, const char *origin) {
  Str text = str_from(host);
  bool local = str_starts(text, STR("127.")) || str_equal(text, STR("::1"));
  if (origin && (!str_starts(str_from(origin), STR("https://")) || str_ends(str_from(origin), STR("/"))))
    return fail(cx, BAD_USAGE, "--origin 应写成 https://anju.example 的样子，末尾不带斜杠。");
  if (local || origin) return OK;
  return fail(cx, BAD_USAGE,
              "%s 不是本机地址：密码和身份证号码不能明文过网。请在前面架设 HTTPS，并用 --origin https://域名 指明。",
              host);
}

/* --web, else ANJU_WEB, else what the build made beside the program; NULL: only the API. */
static const char *web_folder(Context *cx, const Option *option) {
  if (option->given) return option->value;
  const char *given = getenv("ANJU_WEB");
  if (given && given[0]) return given;
  char program[4096];
  ssize_t size = readlink("/proc/self/exe", program, sizeof program - 1);
  Str folder = size > 0 ? (Str){program, (size_t)size} : STR_EMPTY;
  while (folder.size && folder.data[folder.size - 1] != '/') folder.size--;
  const char *path = str_c(cx->arena, str_format(cx->arena, STR_FMT "../build/web", STR_ARG(folder)));
  return file_exists(path_join(cx->arena, path, "index.html")) ? path : NULL;
}

static void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES) return;
  limit.rlim_cur = limit.rlim_max < FILES ? limit.rlim_max : FILES;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static Status make_scratch(Context *cx, const char *folder, const char **ret_scratch) {
  *ret_scratch = path_join(cx->arena, folder, "uploads");
  TRY(folder_remove(cx, *ret_scratch)); /* what a killed server left */
  return folder_make(cx, *ret_scratch);
}

static void log_line(const char *line) { fprintf(stderr, "%s\n", line); }

static Status serve(Context *cx, Serving *serving, ServerConfig *config, const sigset_t *signals) {
  RouteTable tables[APP_TABLES];
  config->tables = tables;
  config->table_count = app_route_tables(tables);
  config->app = serving;
  config->admit = door_admit;
  config->enter = enter;
  config->leave = leave;
  config->log = log_line;
  ServerLane reader = {.threads = READERS, .start = start_reader, .stop = stop_reader};
  config->lanes[LANE_READ] = reader;
  config->lanes[LANE_PASSWORD] = config->lanes[LANE_LONG] = reader;
  config->lanes[LANE_PASSWORD].threads = HASHERS;
  config->lanes[LANE_LONG].threads = 1;
  config->lanes[LANE_WRITE] =
      (ServerLane){.threads = 1, .start = start_writer, .begin = begin, .commit = commit, .rollback = rollback};
  TRY(make_scratch(cx, serving->folder, &config->scratch));
  Server *server;
  TRY(server_start(cx, config, &server));
  printf("服务器已启动：http://%s%s%s:%u/（按 Ctrl+C 停止）\n", strchr(config->host, ':') ? "[" : "", config->host,
         strchr(config->host, ':') ? "]" : "", server_port(server));
  fflush(stdout);
  int signal_number;
  sigwait(signals, &signal_number);
  puts("正在停止：等处理中的请求做完…");
  fflush(stdout);
  server_stop(server, STOP_MS);
  puts("服务器已停止。");
  return OK;
}

static Status run_serve(Context *cx, const Cli *cli, int argc, char **argv) {
  Option options[] = {{"--listen", true, "", false}, {"--origin", true, "", false}, {"--web", true, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 1, 1, &words, &count));
  ServerConfig config = {.origin = options[1].given ? options[1].value : NULL};
  TRY(split_listen(cx, options[0].given ? option_text(&options[0]) : STR("127.0.0.1:8470"), &config.host,
                   &config.port));
  TRY(check_listen(cx, config.host, config.origin));
  config.web = web_folder(cx, &options[2]);
  raise_file_limit();
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, NULL); /* every thread inherits it; this one waits for them */
  signal(SIGPIPE, SIG_IGN);
  CLEANUP(journal_closep) Journal *journal = NULL;
  TRY(cli_open(cx, cli, words[0], JOURNAL_WRITE, &journal));
  Serving serving = {.cli = cli, .folder = words[0], .writer = journal};
  TRY(door_open(cx, words[0], config.origin, &serving.door));
  Status status = serve(cx, &serving, &config, &signals);
  door_close(&serving.door);
  return status;
}

static Status run_openapi(Context *cx, const Cli *cli, int argc, char **argv) {
  (void)cli;
  Option options[] = {{"--typescript", false, "", false}};
  const char **words;
  size_t count;
  TRY(options_read(cx, argc, argv, options, COUNT_OF(options), 0, 0, &words, &count));
  RouteTable tables[APP_TABLES];
  size_t table_count = app_route_tables(tables);
  TRY(routes_check(cx, tables, table_count, permission_known));
  print_str(options[0].given ? openapi_typescript(cx, tables, table_count) : openapi_json(cx, tables, table_count));
  return OK;
}

const Command SERVE_COMMANDS[] = {
    {"serve", "DIR [--listen 127.0.0.1:8470] [--origin https://域名] [--web 目录]", "启动网页服务器；Ctrl+C 停止。",
     run_serve},
    {"openapi", "[--typescript]", "输出接口说明 openapi.json，或由它生成的 TypeScript 客户端。", run_openapi},
};
const size_t SERVE_COMMAND_COUNT = COUNT_OF(SERVE_COMMANDS);
