#include "db/engine.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

enum { BUSY_MS = 20000 }; /* another process may be at its last checkpoint */

typedef struct SqliteDb {
  Db base;
  sqlite3 *handle;
} SqliteDb;
typedef struct SqliteQuery {
  DbQuery base;
  sqlite3_stmt *stmt;
} SqliteQuery;

static sqlite3 *handle_of(Db *db) { return ((SqliteDb *)db)->handle; }
static sqlite3_stmt *stmt_of(DbQuery *query) { return ((SqliteQuery *)query)->stmt; }

const char *db_version(void) { return sqlite3_libversion(); }

bool db_version_safe(void) {
  int version = sqlite3_libversion_number();
  return version >= 3051003 || (version >= 3050007 && version < 3051000) || (version >= 3044006 && version < 3045000);
}

/* ---- errors ---- */
static Status status_of(int code, int system_error) {
  if (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG) code = SQLITE_FULL;
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return BUSY;
    case SQLITE_FULL:
      return NO_SPACE;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      return INPUT_OUTPUT;
    case SQLITE_CONSTRAINT:
      return CONFLICT;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return TAMPERED;
    case SQLITE_TOOBIG:
      return TOO_LARGE;
    default:
      return FAILED;
  }
}

static const char *words_of(Status status) {
  switch (status) {
    case BUSY:
      return "数据库正被另一个程序使用，请稍后再试";
    case NO_SPACE:
      return "磁盘空间不足，请先腾出空间";
    case INPUT_OUTPUT:
      return "数据库文件读写出错，请检查磁盘和权限";
    case CONFLICT:
      return "内容不符合数据库的约束";
    case TAMPERED:
      return "数据库文件已损坏，请从备份中恢复";
    case TOO_LARGE:
      return "内容太大，数据库放不下";
    default:
      return "数据库不能执行";
  }
}

/* errno behind an I/O error: SQLite does not always pass on the one of a failed commit, its files remember it. */
static int system_error_of(sqlite3 *handle) {
  int error = sqlite3_system_errno(handle);
  static const int FILES[] = {SQLITE_FCNTL_JOURNAL_POINTER, SQLITE_FCNTL_FILE_POINTER}; /* the WAL first */
  for (size_t i = 0; i < COUNT_OF(FILES) && error == 0; i++) {
    sqlite3_file *file = NULL;
    if (sqlite3_file_control(handle, "main", FILES[i], &file) == SQLITE_OK && file && file->pMethods)
      file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  }
  return error;
}

static Status fail_with(Context *cx, sqlite3 *handle, int code, const char *what) {
  int extended = handle ? sqlite3_extended_errcode(handle) : code;
  int system_error = (code & 0xFF) == SQLITE_IOERR && handle ? system_error_of(handle) : 0;
  Status status = status_of(code, system_error);
  return fail(cx, status, "%s（%s：%s，代码 %d）。", words_of(status), what,
              handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code), extended);
}

/* ---- connections ---- */
static const char WRITER[] =
    "pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on; pragma trusted_schema=off;"
    "pragma cache_size=-16384;";
/* A reader never checkpoints: not in passing, not when it closes. */
static const char READER[] =
    "pragma query_only=on; pragma wal_autocheckpoint=0; pragma trusted_schema=off; pragma cache_size=-16384;";
static const char SCRATCH[] = "pragma synchronous=off; pragma foreign_keys=on; pragma trusted_schema=off;";

static int configure(sqlite3 *handle, DbMode mode, bool memory) {
  sqlite3_busy_timeout(handle, BUSY_MS);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  if (mode == DB_READ) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  return sqlite3_exec(handle, memory ? SCRATCH : mode == DB_READ ? READER : WRITER, NULL, NULL, NULL);
}

static void engine_close(Db *db) {
  sqlite3_close_v2(handle_of(db));
  free(db);
}

static Status open_file(Context *cx, const char *target, DbMode mode, sqlite3 **handle) {
  static const int FLAGS[] = {SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  bool memory = strcmp(target, ":memory:") == 0;
  if (mode == DB_CREATE && !memory) { /* only for the owner; the -wal and -shm files take the mode over */
    int file = open(target, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file >= 0) close(file);
  }
  int code = sqlite3_open_v2(target, handle, FLAGS[mode] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
  if (code == SQLITE_OK) code = configure(*handle, mode, memory);
  if (code == SQLITE_CANTOPEN && mode != DB_CREATE) {
    int error = sqlite3_system_errno(*handle);
    if (error == ENOENT || error == 0) return fail(cx, NOT_FOUND, "没有数据库“%s”。", target);
  }
  if (mode == DB_READ && sqlite3_extended_errcode(*handle) == SQLITE_READONLY_ROLLBACK)
    return fail(cx, NOT_FOUND, "数据库“%s”还没有建好（建立时被中断）。", target); /* later it is in WAL mode */
  return code == SQLITE_OK ? OK : fail_with(cx, *handle, code, target);
}

static Status engine_open(Context *cx, const char *target, DbMode mode, Db **ret_db) {
  SqliteDb *db = calloc(1, sizeof *db);
  if (!db) return fail(cx, FAILED, "内存不足，不能打开数据库“%s”。", target);
  db->base.engine = &SQLITE_ENGINE;
  db->base.mode = mode;
  Status status = open_file(cx, target, mode, &db->handle);
  if (status != OK) return engine_close(&db->base), status;
  *ret_db = &db->base;
  return OK;
}

/* DIR/lock is what keeps a second writer out. */
static Status engine_lock_writer(Context *cx, Db *db, int wait_ms) {
  (void)cx, (void)db, (void)wait_ms;
  return OK;
}

/* ---- statements ---- */
static Str engine_text_of(const DbStatement *statement) { return str_from(statement->sqlite); }

static Status engine_prepare(Context *cx, Db *db, const char *name, Str sql, bool keep, DbQuery **ret_query) {
  SqliteQuery *query = calloc(1, sizeof *query);
  if (!query) return fail(cx, FAILED, "内存不足，不能执行“%s”。", name);
  const char *tail = NULL;
  unsigned flags = keep ? SQLITE_PREPARE_PERSISTENT : 0;
  int code = sqlite3_prepare_v3(handle_of(db), sql.data, (int)sql.size, flags, &query->stmt, &tail);
  if (code != SQLITE_OK || !query->stmt) {
    free(query);
    return fail_with(cx, handle_of(db), code, name);
  }
  query->base.db = db;
  *ret_query = &query->base;
  return OK;
}

static void engine_finalize(DbQuery *query) {
  sqlite3_finalize(stmt_of(query));
  free(query);
}

static int engine_parameter_count(DbQuery *query) { return sqlite3_bind_parameter_count(stmt_of(query)); }

static int bind(sqlite3_stmt *stmt, int at, const DbValue *value, sqlite3_destructor_type keep) {
  const char *bytes = value->text.data ? value->text.data : "";
  switch (value->kind) {
    case DB_INT:
      return sqlite3_bind_int64(stmt, at, value->integer);
    case DB_TEXT:
      return sqlite3_bind_text64(stmt, at, bytes, value->text.size, keep, SQLITE_UTF8);
    case DB_BLOB:
      return sqlite3_bind_blob64(stmt, at, bytes, value->text.size, keep);
    default:
      return sqlite3_bind_null(stmt, at);
  }
}

static Status bind_all(Context *cx, DbQuery *query, const DbValue *values, int count, sqlite3_destructor_type keep) {
  for (int i = 0; i < count; i++) {
    int code = bind(stmt_of(query), i + 1, &values[i], keep);
    if (code != SQLITE_OK) return fail_with(cx, handle_of(query->db), code, query_name(query));
  }
  return OK;
}

static Status engine_run(Context *cx, DbQuery *query, const DbValue *values, int count) {
  TRY(bind_all(cx, query, values, count, SQLITE_STATIC));
  int code;
  while ((code = sqlite3_step(stmt_of(query))) == SQLITE_ROW) { /* rows of a `returning` are not wanted */
  }
  Status status = code == SQLITE_DONE ? OK : fail_with(cx, handle_of(query->db), code, query_name(query));
  sqlite3_reset(stmt_of(query));
  return status;
}

static Status engine_start(Context *cx, DbQuery *query, const DbValue *values, int count, bool one) {
  (void)one;
  return bind_all(cx, query, values, count, SQLITE_TRANSIENT);
}

static Status engine_next(Context *cx, DbQuery *query, bool *ret_more) {
  int code = sqlite3_step(stmt_of(query));
  if (code != SQLITE_ROW && code != SQLITE_DONE) return fail_with(cx, handle_of(query->db), code, query_name(query));
  *ret_more = code == SQLITE_ROW;
  return OK;
}

static void engine_reset(DbQuery *query) { sqlite3_reset(stmt_of(query)); }
static int64_t engine_integer(DbQuery *query, int column) { return sqlite3_column_int64(stmt_of(query), column); }
static int engine_column_count(DbQuery *query) { return sqlite3_column_count(stmt_of(query)); }

static Str engine_text(DbQuery *query, int column) {
  const unsigned char *text = sqlite3_column_text(stmt_of(query), column);
  return text ? (Str){(const char *)text, (size_t)sqlite3_column_bytes(stmt_of(query), column)} : STR_EMPTY;
}

static Str engine_blob(DbQuery *query, int column) {
  const void *bytes = sqlite3_column_blob(stmt_of(query), column);
  return bytes ? (Str){bytes, (size_t)sqlite3_column_bytes(stmt_of(query), column)} : STR_EMPTY;
}

static DbKind engine_kind(DbQuery *query, int column) {
  switch (sqlite3_column_type(stmt_of(query), column)) {
    case SQLITE_NULL:
      return DB_NULL;
    case SQLITE_INTEGER:
      return DB_INT;
    case SQLITE_BLOB:
      return DB_BLOB;
    default:
      return DB_TEXT;
  }
}

/* ---- transactions ---- */
static bool engine_in_transaction(Db *db) { return !sqlite3_get_autocommit(handle_of(db)); }

static Status engine_command(Context *cx, Db *db, DbCommand command) {
  static const DbStatement BEGIN_READ = {"begin", "begin", NULL};
  static const DbStatement BEGIN_WRITE = {"begin", "begin immediate", NULL};
  static const DbStatement COMMANDS[DB_COMMAND_COUNT] = {[DB_COMMIT] = {"commit", "commit", NULL},
                                                         [DB_ROLLBACK] = {"rollback", "rollback", NULL},
                                                         [DB_SAVE] = {"savepoint", "savepoint s", NULL},
                                                         [DB_SAVE_RELEASE] = {"release", "release s", NULL},
                                                         [DB_SAVE_ROLLBACK] = {"rollback to", "rollback to s", NULL}};
  if (command == DB_BEGIN) return db_run(cx, db, db->mode == DB_READ ? &BEGIN_READ : &BEGIN_WRITE);
  Status status = db_run(cx, db, &COMMANDS[command]);
  if (command == DB_SAVE_ROLLBACK && engine_in_transaction(db)) return db_run(cx, db, &COMMANDS[DB_SAVE_RELEASE]);
  return status;
}

static Status engine_script(Context *cx, Db *db, const char *sql) {
  int code = sqlite3_exec(handle_of(db), sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? OK : fail_with(cx, handle_of(db), code, "脚本");
}

const DbEngine SQLITE_ENGINE = {.open = engine_open,
                                .close = engine_close,
                                .text_of = engine_text_of,
                                .prepare = engine_prepare,
                                .finalize = engine_finalize,
                                .parameter_count = engine_parameter_count,
                                .run = engine_run,
                                .start = engine_start,
                                .next = engine_next,
                                .reset = engine_reset,
                                .kind = engine_kind,
                                .integer = engine_integer,
                                .text = engine_text,
                                .blob = engine_blob,
                                .column_count = engine_column_count,
                                .in_transaction = engine_in_transaction,
                                .command = engine_command,
                                .script = engine_script,
                                .lock_writer = engine_lock_writer};
