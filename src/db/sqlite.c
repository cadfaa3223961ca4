#include "db/db.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

enum {
  BUSY_MS = 20000, /* another process may be at its last checkpoint */
  FIRST_SLOTS = 256
};

/* Prepared statements that share one DbStatement form a chain: normally one, more when it runs nested in itself. */
struct DbQuery {
  Db *db;
  sqlite3_stmt *stmt;
  const DbStatement *statement; /* NULL: not cached */
  DbQuery *next;
  bool running;
};
struct Db {
  sqlite3 *handle;
  DbMode mode;
  DbQuery **slots; /* open addressing by the statement's address, power of two */
  size_t slot_count, used;
};

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

static Status db_fail(Context *cx, Db *db, int code, const char *what) {
  int extended = db->handle ? sqlite3_extended_errcode(db->handle) : code;
  int system_error = (code & 0xFF) == SQLITE_IOERR && db->handle ? system_error_of(db->handle) : 0;
  Status status = status_of(code, system_error);
  return fail(cx, status, "%s（%s：%s，代码 %d）。", words_of(status), what,
              db->handle ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code), extended);
}

/* ---- connections ---- */
static const char WRITER[] =
    "pragma journal_mode=wal; pragma synchronous=full; pragma foreign_keys=on; pragma trusted_schema=off;"
    "pragma cache_size=-16384;";
/* A reader never checkpoints: not in passing, not when it closes. */
static const char READER[] =
    "pragma query_only=on; pragma wal_autocheckpoint=0; pragma trusted_schema=off; pragma cache_size=-16384;";
static const char SCRATCH[] = "pragma synchronous=off; pragma foreign_keys=on; pragma trusted_schema=off;";

static int configure(Db *db, bool memory) {
  sqlite3_busy_timeout(db->handle, BUSY_MS);
  sqlite3_extended_result_codes(db->handle, 1);
  sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  if (db->mode == DB_READ) sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  return sqlite3_exec(db->handle, memory ? SCRATCH : db->mode == DB_READ ? READER : WRITER, NULL, NULL, NULL);
}

Status db_open(Context *cx, const char *target, DbMode mode, Db **ret_db) {
  static const int FLAGS[] = {SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
  CLEANUP(db_closep) Db *db = calloc(1, sizeof *db);
  if (db) db->slots = calloc(FIRST_SLOTS, sizeof(DbQuery *));
  if (!db || !db->slots) return fail(cx, FAILED, "内存不足，不能打开数据库“%s”。", target);
  db->slot_count = FIRST_SLOTS;
  db->mode = mode;
  bool memory = strcmp(target, ":memory:") == 0;
  if (mode == DB_CREATE && !memory) { /* only for the owner; the -wal and -shm files take the mode over */
    int file = open(target, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file >= 0) close(file);
  }
  int code = sqlite3_open_v2(target, &db->handle, FLAGS[mode] | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
  if (code == SQLITE_OK) code = configure(db, memory);
  if (code == SQLITE_CANTOPEN && mode != DB_CREATE) {
    int error = sqlite3_system_errno(db->handle);
    if (error == ENOENT || error == 0) return fail(cx, NOT_FOUND, "没有数据库“%s”。", target);
  }
  if (mode == DB_READ && sqlite3_extended_errcode(db->handle) == SQLITE_READONLY_ROLLBACK)
    return fail(cx, NOT_FOUND, "数据库“%s”还没有建好（建立时被中断）。", target); /* later it is in WAL mode */
  if (code != SQLITE_OK) return db_fail(cx, db, code, target);
  *ret_db = db;
  db = NULL;
  return OK;
}

void db_close(Db *db) {
  if (!db) return;
  for (size_t i = 0; i < db->slot_count; i++)
    for (DbQuery *query = db->slots[i], *next; query; query = next) {
      next = query->next;
      sqlite3_finalize(query->stmt);
      free(query);
    }
  free(db->slots);
  sqlite3_close_v2(db->handle);
  free(db);
}

void db_closep(Db **db) {
  db_close(*db);
  *db = NULL;
}

/* ---- statements ---- */
static DbQuery **slot_of(DbQuery **slots, size_t slot_count, const DbStatement *statement) {
  size_t at = (size_t)(((uint64_t)(uintptr_t)statement * 0x9e3779b97f4a7c15u) >> 32) & (slot_count - 1);
  while (slots[at] && slots[at]->statement != statement) at = (at + 1) & (slot_count - 1);
  return &slots[at];
}

static bool grow(Db *db) {
  if ((db->used + 1) * 4 <= db->slot_count * 3) return true;
  size_t slot_count = db->slot_count * 2;
  DbQuery **slots = calloc(slot_count, sizeof *slots);
  if (!slots) return false;
  for (size_t i = 0; i < db->slot_count; i++)
    if (db->slots[i]) *slot_of(slots, slot_count, db->slots[i]->statement) = db->slots[i];
  free(db->slots);
  db->slots = slots;
  db->slot_count = slot_count;
  return true;
}

static Status prepare(Context *cx, Db *db, const char *name, Str sql, unsigned flags, DbQuery **ret_query) {
  DbQuery *query = calloc(1, sizeof *query);
  if (!query) return fail(cx, FAILED, "内存不足，不能执行“%s”。", name);
  const char *tail = NULL;
  int code = sqlite3_prepare_v3(db->handle, sql.data, (int)sql.size, flags, &query->stmt, &tail);
  if (code != SQLITE_OK || !query->stmt) {
    free(query);
    return db_fail(cx, db, code, name);
  }
  query->db = db;
  *ret_query = query;
  return OK;
}

/* A prepared statement that is not running, from the cache or new. */
static Status take(Context *cx, Db *db, const DbStatement *statement, DbQuery **ret_query) {
  DbQuery **slot = slot_of(db->slots, db->slot_count, statement);
  for (DbQuery *query = *slot; query; query = query->next)
    if (!query->running) return *ret_query = query, OK;
  if (!*slot) {
    if (!grow(db)) return fail(cx, FAILED, "内存不足，不能执行“%s”。", statement->name);
    slot = slot_of(db->slots, db->slot_count, statement);
    db->used++;
  }
  DbQuery *query;
  TRY(prepare(cx, db, statement->name, str_from(statement->sqlite), SQLITE_PREPARE_PERSISTENT, &query));
  query->statement = statement;
  query->next = *slot;
  *slot = query;
  *ret_query = query;
  return OK;
}

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

static Status bind_all(Context *cx, DbQuery *query, const char *name, const DbValue *values, size_t count,
                       sqlite3_destructor_type keep) {
  int wanted = sqlite3_bind_parameter_count(query->stmt);
  if (wanted != (int)count)
    return fail(cx, FAILED, "程序错误：语句“%s”需要 %d 个参数，给了 %zu 个。", name, wanted, count);
  for (int i = 0; i < wanted; i++) {
    int code = bind(query->stmt, i + 1, &values[i], keep);
    if (code != SQLITE_OK) return db_fail(cx, query->db, code, name);
  }
  return OK;
}

static const char *name_of(const DbQuery *query) { return query->statement ? query->statement->name : "查询"; }

static void release(DbQuery *query) {
  query->running = false;
  if (query->statement) {
    sqlite3_reset(query->stmt);
  } else {
    sqlite3_finalize(query->stmt);
    free(query);
  }
}

Status db_run_values(Context *cx, Db *db, const DbStatement *statement, const DbValue *values, size_t count) {
  DbQuery *query;
  TRY(take(cx, db, statement, &query));
  TRY(bind_all(cx, query, statement->name, values, count, SQLITE_STATIC));
  int code;
  while ((code = sqlite3_step(query->stmt)) == SQLITE_ROW) { /* rows of a `returning` are not wanted */
  }
  Status status = code == SQLITE_DONE ? OK : db_fail(cx, db, code, statement->name);
  sqlite3_reset(query->stmt);
  return status;
}

Status db_start_values(Context *cx, Db *db, DbQuery **ret_query, const DbStatement *statement, const DbValue *values,
                       size_t count) {
  DbQuery *query;
  TRY(take(cx, db, statement, &query));
  TRY(bind_all(cx, query, statement->name, values, count, SQLITE_TRANSIENT));
  query->running = true;
  *ret_query = query;
  return OK;
}

Status db_start_text(Context *cx, Db *db, DbQuery **ret_query, Str sql, const DbValue *values, size_t count) {
  DbQuery *query;
  TRY(prepare(cx, db, "查询", sql, 0, &query));
  Status status = bind_all(cx, query, "查询", values, count, SQLITE_TRANSIENT);
  if (status != OK) return release(query), status;
  query->running = true;
  *ret_query = query;
  return OK;
}

Status db_check(Context *cx, Db *db, const DbStatement *statement) {
  DbQuery *query;
  return take(cx, db, statement, &query);
}

Status db_next(Context *cx, DbQuery *query, bool *ret_more) {
  if (!query->running) return fail(cx, FAILED, "程序错误：查询“%s”已经结束。", name_of(query));
  int code = sqlite3_step(query->stmt);
  if (code == SQLITE_ROW) return *ret_more = true, OK;
  Status status = code == SQLITE_DONE ? OK : db_fail(cx, query->db, code, name_of(query));
  if (query->statement) /* others are freed by db_stop, so that their variable stays valid until then */
    release(query);
  else
    sqlite3_reset(query->stmt);
  if (status == OK) *ret_more = false;
  return status;
}

void db_stop(DbQuery **query) {
  if (!*query) return;
  if ((*query)->running || !(*query)->statement) release(*query);
  *query = NULL;
}

bool db_is_null(DbQuery *query, int column) { return sqlite3_column_type(query->stmt, column) == SQLITE_NULL; }
int64_t db_int(DbQuery *query, int column) { return sqlite3_column_int64(query->stmt, column); }
int db_column_count(DbQuery *query) { return sqlite3_column_count(query->stmt); }

Str db_text(DbQuery *query, int column) {
  const unsigned char *text = sqlite3_column_text(query->stmt, column);
  return text ? (Str){(const char *)text, (size_t)sqlite3_column_bytes(query->stmt, column)} : STR_EMPTY;
}

Str db_blob(DbQuery *query, int column) {
  const void *bytes = sqlite3_column_blob(query->stmt, column);
  return bytes ? (Str){bytes, (size_t)sqlite3_column_bytes(query->stmt, column)} : STR_EMPTY;
}

DbKind db_kind(DbQuery *query, int column) {
  switch (sqlite3_column_type(query->stmt, column)) {
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

Status db_int_of_values(Context *cx, Db *db, int64_t *ret_value, int64_t otherwise, const DbStatement *statement,
                        const DbValue *values, size_t count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start_values(cx, db, &query, statement, values, count));
  TRY(db_next(cx, query, &more));
  *ret_value = more && !db_is_null(query, 0) ? db_int(query, 0) : otherwise;
  return OK;
}

/* ---- transactions ---- */
static const DbStatement BEGIN_READ = {"begin", "begin", "begin"};
static const DbStatement BEGIN_WRITE = {"begin", "begin immediate", "begin"};
static const DbStatement COMMIT = {"commit", "commit", "commit"};
static const DbStatement ROLLBACK = {"rollback", "rollback", "rollback"};
static const DbStatement SAVE = {"savepoint", "savepoint s", "savepoint s"};
static const DbStatement SAVE_RELEASE = {"release", "release s", "release s"};
static const DbStatement SAVE_ROLLBACK = {"rollback to", "rollback to s", "rollback to s"};

Status db_begin(Context *cx, Db *db) {
  if (db_in_transaction(db)) return fail(cx, FAILED, "程序错误：事务已经开始。");
  return db_run(cx, db, db->mode == DB_READ ? &BEGIN_READ : &BEGIN_WRITE);
}

Status db_commit(Context *cx, Db *db) {
  if (!db_in_transaction(db)) return fail(cx, FAILED, "写入没有完成：事务已被数据库取消，请检查磁盘空间后重试。");
  return db_run(cx, db, &COMMIT);
}

static void run_quietly(Db *db, const DbStatement *statement) {
  Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Status ignored = db_run(&cx, db, statement);
  (void)ignored;
  arena_free(arena);
}

void db_rollback(Db *db) {
  if (db_in_transaction(db)) run_quietly(db, &ROLLBACK);
}

bool db_in_transaction(Db *db) { return !sqlite3_get_autocommit(db->handle); }

Status db_savepoint(Context *cx, Db *db) {
  if (!db_in_transaction(db)) return fail(cx, FAILED, "写入没有完成：事务已被数据库取消，请检查磁盘空间后重试。");
  return db_run(cx, db, &SAVE);
}

Status db_savepoint_release(Context *cx, Db *db) {
  if (!db_in_transaction(db)) return fail(cx, FAILED, "写入没有完成：事务已被数据库取消，请检查磁盘空间后重试。");
  return db_run(cx, db, &SAVE_RELEASE);
}

void db_savepoint_rollback(Db *db) {
  if (!db_in_transaction(db)) return;
  run_quietly(db, &SAVE_ROLLBACK);
  run_quietly(db, &SAVE_RELEASE);
}

Status db_script(Context *cx, Db *db, const char *sql) {
  int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? OK : db_fail(cx, db, code, "脚本");
}
