/* Connecting, the writer's lock, and what goes wrong. Sentences hold neither the password nor values: what PostgreSQL
 * says is shown only for classes of errors that do not quote data, else the constraint's or table's name. */
#include "db/postgresql_internal.h"
#include <stdio.h> /* snprintf */
#include <stdlib.h>
#include <time.h>

enum { POLL_MS = 20, OLDEST = 150000 };

/* ---- errors ---- */
typedef struct StateRule {
  const char *prefix; /* of the SQLSTATE; the first that fits */
  Status status;
  bool quotes; /* PostgreSQL's own words may quote values */
} StateRule;
static const StateRule STATES[] = {
    {"40001", BUSY, false},      {"40P01", BUSY, false},         {"55P03", BUSY, false},
    {"53300", BUSY, false},      {"57P03", BUSY, false},         {"53100", NO_SPACE, false},
    {"23", CONFLICT, true},      {"XX001", TAMPERED, true},      {"XX002", TAMPERED, true},
    {"54", TOO_LARGE, false},    {"08", INPUT_OUTPUT, false},    {"58", INPUT_OUTPUT, true},
    {"57", INPUT_OUTPUT, false}, {"25006", INPUT_OUTPUT, false}, {"42501", FORBIDDEN, false},
    {"42", FAILED, false},       {"25", FAILED, false},          {"34", FAILED, false},
    {"3B", FAILED, false},       {"0A", FAILED, false},          {"53", FAILED, false},
};

static const struct {
  Status status;
  const char *words;
} WORDS[] = {{BUSY, "数据库正被另一个程序使用，请稍后再试"},
             {NO_SPACE, "数据库服务器的磁盘空间不足，请先腾出空间"},
             {INPUT_OUTPUT, "数据库服务器没有执行，请检查它是否在运行、磁盘和权限"},
             {CONFLICT, "内容不符合数据库的约束"},
             {TAMPERED, "数据库服务器的数据文件已损坏，请从备份中恢复"},
             {TOO_LARGE, "内容太大，数据库放不下"},
             {FORBIDDEN, "数据库账号没有权限"}};

static const char *words_of(Status status) {
  for (size_t i = 0; i < COUNT_OF(WORDS); i++)
    if (WORDS[i].status == status) return WORDS[i].words;
  return "数据库不能执行";
}

static StateRule rule_of(const char *state) {
  for (size_t i = 0; i < COUNT_OF(STATES); i++)
    if (strncmp(state, STATES[i].prefix, strlen(STATES[i].prefix)) == 0) return STATES[i];
  return (StateRule){"", FAILED, true};
}

/* Clears `result`, which may be NULL (the connection is gone). */
Status pg_fail(Context *cx, PGresult *result, const char *what) {
  const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
  Status status;
  if (!state) {
    status = fail(cx, INPUT_OUTPUT, "与数据库服务器的连接断了（%s），请检查服务器和网络后重试。", what);
  } else {
    StateRule rule = rule_of(state);
    const char *detail = rule.quotes ? PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)
                                     : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!detail) detail = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
    status = fail(cx, rule.status, "%s（%s：%s，代码 %s）。", words_of(rule.status), what,
                  detail ? detail : "PostgreSQL", state);
  }
  PQclear(result);
  return status;
}

/* Runs a text of ours, with at most one parameter, and gives the result back. */
static Status ask(Context *cx, PgDb *db, const char *sql, const char *value, const char *what, PGresult **ret_result) {
  PGresult *result =
      PQexecParams(db->conn, sql, value != NULL, NULL, value ? (const char *const[]){value} : NULL, NULL, NULL, 0);
  ExecStatusType got = PQresultStatus(result);
  if (got != PGRES_TUPLES_OK && got != PGRES_COMMAND_OK) return pg_fail(cx, result, what);
  *ret_result = result;
  return OK;
}

/* Several statements, without parameters. */
Status pg_execute(Context *cx, PgDb *db, const char *sql, const char *what) {
  PGresult *result = PQexec(db->conn, sql);
  ExecStatusType got = PQresultStatus(result);
  if (got != PGRES_TUPLES_OK && got != PGRES_COMMAND_OK && got != PGRES_EMPTY_QUERY) return pg_fail(cx, result, what);
  PQclear(result);
  return OK;
}

/* ---- connections ---- */
void pg_close(Db *db) {
  PQfinish(pg_of(db)->conn);
  free(db);
}

static void hear_nothing(void *user, const char *message) { (void)user, (void)message; }

/* "host:port/name", without account and password. */
static Str place_of(Arena *arena, PGconn *conn) {
  const char *host = PQhost(conn), *port = PQport(conn), *name = PQdb(conn);
  return str_format(arena, "%s:%s/%s", host && *host ? host : "localhost", port && *port ? port : "5432",
                    name ? name : "");
}

/* libpq's words on one line, the password taken out should they ever quote it. */
static Str connect_words(Arena *arena, PGconn *conn) {
  Str words = str_trim(str_from(PQerrorMessage(conn))), password = str_from(PQpass(conn));
  Buf buf = buf_new(arena);
  for (size_t i = 0; i < words.size;) {
    if (password.size && str_starts(str_sub(words, i, words.size), password)) {
      buf_add_c(&buf, "***");
      i += password.size;
      continue;
    }
    buf_add_byte(&buf, words.data[i] == '\n' ? ' ' : words.data[i]);
    i++;
  }
  return buf_str(&buf);
}

static Status connect_to(Context *cx, PgDb *db, const char *target) {
  PQconninfoOption *options = PQconninfoParse(target, NULL); /* its words would quote the target */
  if (!options)
    return fail(
        cx, BAD_USAGE,
        "数据库地址写得不对，应为 postgresql://账号@主机:端口/库名；其中的特殊字符要写成百分号编码（如 %%40）。");
  PQconninfoFree(options);
  static const char *const NAMES[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding",
                                      NULL};
  const char *values[] = {"10", "anju", target, "UTF8", NULL}; /* what stands in the target overrides what is before */
  db->conn = PQconnectdbParams(NAMES, values, 1);
  if (PQstatus(db->conn) == CONNECTION_OK) return OK;
  bool missing = db->conn && strstr(PQerrorMessage(db->conn), "does not exist");
  return fail(cx, missing ? NOT_FOUND : INPUT_OUTPUT, "连不上数据库 " STR_FMT "（" STR_FMT "）。",
              STR_ARG(place_of(cx->arena, db->conn)), STR_ARG(connect_words(cx->arena, db->conn)));
}

static const char SESSION[] =
    "set lock_timeout = '20s'; set cursor_tuple_fraction = 1; set jit = off; set client_min_messages = error;"
    "set standard_conforming_strings = on; set idle_in_transaction_session_timeout = 0; set statement_timeout = 0;"
    "select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';";

/* Text must compare bytewise, as in SQLite and as `anju digest` needs it. */
static Status check_database(Context *cx, PgDb *db) {
  static const char QUESTION[] =
      "select current_setting('server_encoding'), datcollate, datlocprovider, coalesce(current_schema(), ''),"
      " hashtextextended('anju ' || coalesce(current_schema(), ''), 0)"
      " from pg_database where datname = current_database()";
  PGresult *result;
  Str place = place_of(cx->arena, db->conn);
  if (PQserverVersion(db->conn) < OLDEST)
    return fail(cx, FAILED, "数据库 " STR_FMT " 的版本太旧，需要 PostgreSQL 15 或更新版本。", STR_ARG(place));
  TRY(ask(cx, db, QUESTION, NULL, "连接", &result));
  const char *collate = PQgetvalue(result, 0, 1);
  bool bytewise = (strcmp(collate, "C") == 0 || strcmp(collate, "POSIX") == 0) && *PQgetvalue(result, 0, 2) != 'i';
  bool utf8 = strcmp(PQgetvalue(result, 0, 0), "UTF8") == 0, schema = *PQgetvalue(result, 0, 3) != '\0';
  snprintf(db->key, sizeof db->key, "%s", PQgetvalue(result, 0, 4));
  PQclear(result);
  if (!bytewise || !utf8)
    return fail(cx, FAILED,
                "数据库 " STR_FMT
                " 的编码或排序规则不合要求，请另建一个：createdb -T template0 -E UTF8 --lc-collate=C "
                "--lc-ctype=C.UTF-8 库名",
                STR_ARG(place));
  if (!schema) return fail(cx, NOT_FOUND, "数据库 " STR_FMT " 里没有可用的模式（schema）。", STR_ARG(place));
  return OK;
}

static Status open_session(Context *cx, PgDb *db, const char *target) {
  TRY(connect_to(cx, db, target));
  PQsetNoticeProcessor(db->conn, hear_nothing, NULL);
  TRY(pg_execute(cx, db, SESSION, "连接"));
  TRY(check_database(cx, db));
  return db->base.mode == DB_READ ? pg_execute(cx, db, "set default_transaction_read_only = on", "连接") : OK;
}

Status pg_open(Context *cx, const char *target, DbMode mode, Db **ret_db) {
  PgDb *db = calloc(1, sizeof *db);
  if (!db) return fail(cx, FAILED, "内存不足，不能打开数据库。");
  db->base.engine = &POSTGRESQL_ENGINE;
  db->base.mode = mode;
  Status status = open_session(cx, db, target);
  if (status != OK) return pg_close(&db->base), status;
  *ret_db = &db->base;
  return OK;
}

Status pg_lock_writer(Context *cx, Db *base, int wait_ms) {
  PgDb *db = pg_of(base);
  int64_t deadline = stamp_monotonic() + (int64_t)wait_ms * 1000;
  for (;;) {
    PGresult *result;
    TRY(ask(cx, db, "select pg_try_advisory_lock($1::bigint)", db->key, "锁定", &result));
    bool taken = *PQgetvalue(result, 0, 0) == 't';
    PQclear(result);
    if (taken) return OK;
    if (stamp_monotonic() >= deadline)
      return fail(cx, BUSY, "数据库 " STR_FMT " 正被另一个程序写入，请等它结束后再试。",
                  STR_ARG(place_of(cx->arena, db->conn)));
    nanosleep(&(struct timespec){0, POLL_MS * 1000000L}, NULL);
  }
}
