/* The interface's rules that hold for both databases, and the cache of prepared statements. */
#include <stdlib.h>
#include "db/engine.h"

enum { FIRST_SLOTS = 256 };
static const char GIVEN_UP[] = "写入没有完成：事务已被数据库取消，请检查磁盘空间后重试。";

const char *query_name(const DbQuery *query) { return query->statement ? query->statement->name : "查询"; }

bool db_is_postgresql(const char *target) {
  return str_starts(str_from(target), STR("postgresql://")) || str_starts(str_from(target), STR("postgres://"));
}

/* ---- connections ---- */
Status db_open(Context *cx, const char *target, DbMode mode, Db **ret_db) {
  const DbEngine *engine = db_is_postgresql(target) ? &POSTGRESQL_ENGINE : &SQLITE_ENGINE;
  Db *db;
  TRY(engine->open(cx, target, mode, &db));
  db->slots = calloc(FIRST_SLOTS, sizeof(DbQuery *));
  if (!db->slots) {
    engine->close(db);
    return fail(cx, FAILED, "内存不足，不能打开数据库。");
  }
  db->slot_count = FIRST_SLOTS;
  *ret_db = db;
  return OK;
}

void db_close(Db *db) {
  if (!db) return;
  for (size_t i = 0; i < db->slot_count; i++)
    for (DbQuery *query = db->slots[i], *next; query; query = next) {
      next = query->next;
      db->engine->finalize(query);
    }
  free(db->slots);
  db->engine->close(db);
}

void db_closep(Db **db) {
  db_close(*db);
  *db = NULL;
}

Status db_lock_writer(Context *cx, Db *db, int wait_ms) { return db->engine->lock_writer(cx, db, wait_ms); }

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

/* A prepared statement that is not running, from the cache or new. */
static Status take(Context *cx, Db *db, const DbStatement *statement, DbQuery **ret_query) {
  DbQuery **slot = slot_of(db->slots, db->slot_count, statement);
  for (DbQuery *query = *slot; query; query = query->next)
    if (!query->running) return *ret_query = query, OK;
  DbQuery *query;
  TRY(db->engine->prepare(cx, db, statement->name, db->engine->text_of(statement), true, &query));
  query->statement = statement;
  if (!*slot) {
    if (!grow(db)) {
      db->engine->finalize(query);
      return fail(cx, FAILED, "内存不足，不能执行“%s”。", statement->name);
    }
    slot = slot_of(db->slots, db->slot_count, statement);
    db->used++;
  }
  query->next = *slot;
  *slot = query;
  *ret_query = query;
  return OK;
}

static Status check_count(Context *cx, DbQuery *query, size_t count) {
  int wanted = query->db->engine->parameter_count(query);
  if (wanted == (int)count) return OK;
  return fail(cx, FAILED, "程序错误：语句“%s”需要 %d 个参数，给了 %zu 个。", query_name(query), wanted, count);
}

static void release(DbQuery *query) {
  query->running = false;
  query->db->engine->reset(query);
  if (!query->statement) query->db->engine->finalize(query);
}

Status db_run_values(Context *cx, Db *db, const DbStatement *statement, const DbValue *values, size_t count) {
  DbQuery *query;
  TRY(take(cx, db, statement, &query));
  TRY(check_count(cx, query, count));
  return db->engine->run(cx, query, values, (int)count);
}

static Status start(Context *cx, Db *db, DbQuery **ret_query, const DbStatement *statement, const DbValue *values,
                    size_t count, bool one) {
  DbQuery *query;
  TRY(take(cx, db, statement, &query));
  TRY(check_count(cx, query, count));
  Status status = db->engine->start(cx, query, values, (int)count, one);
  if (status != OK) return release(query), status;
  query->running = true;
  *ret_query = query;
  return OK;
}

Status db_start_values(Context *cx, Db *db, DbQuery **ret_query, const DbStatement *statement, const DbValue *values,
                       size_t count) {
  return start(cx, db, ret_query, statement, values, count, false);
}

Status db_start_text(Context *cx, Db *db, DbQuery **ret_query, Str sql, const DbValue *values, size_t count) {
  DbQuery *query;
  TRY(db->engine->prepare(cx, db, "查询", sql, false, &query));
  Status status = check_count(cx, query, count);
  if (status == OK) status = db->engine->start(cx, query, values, (int)count, false);
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
  if (!query->running) return fail(cx, FAILED, "程序错误：查询“%s”已经结束。", query_name(query));
  bool more;
  Status status = query->db->engine->next(cx, query, &more);
  if (status == OK && more) return *ret_more = true, OK;
  query->db->engine->reset(query);
  query->running = false; /* one without a DbStatement is freed by db_stop: its variable stays valid until then */
  if (status == OK) *ret_more = false;
  return status;
}

void db_stop(DbQuery **query) {
  if (!*query) return;
  if ((*query)->running || !(*query)->statement) release(*query);
  *query = NULL;
}

DbKind db_kind(DbQuery *query, int column) { return query->db->engine->kind(query, column); }
bool db_is_null(DbQuery *query, int column) { return db_kind(query, column) == DB_NULL; }
int64_t db_int(DbQuery *query, int column) { return query->db->engine->integer(query, column); }
Str db_text(DbQuery *query, int column) { return query->db->engine->text(query, column); }
Str db_blob(DbQuery *query, int column) { return query->db->engine->blob(query, column); }
int db_column_count(DbQuery *query) { return query->db->engine->column_count(query); }

Status db_int_of_values(Context *cx, Db *db, int64_t *ret_value, int64_t otherwise, const DbStatement *statement,
                        const DbValue *values, size_t count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(start(cx, db, &query, statement, values, count, true));
  TRY(db_next(cx, query, &more));
  *ret_value = more && !db_is_null(query, 0) ? db_int(query, 0) : otherwise;
  return OK;
}

/* ---- transactions ---- */
static void command_quietly(Db *db, DbCommand command) {
  Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Status ignored = db->engine->command(&cx, db, command);
  (void)ignored;
  arena_free(arena);
}

static Status command_inside(Context *cx, Db *db, DbCommand command) {
  if (!db_in_transaction(db)) return fail(cx, FAILED, "%s", GIVEN_UP);
  return db->engine->command(cx, db, command);
}

bool db_in_transaction(Db *db) { return db->engine->in_transaction(db); }

Status db_begin(Context *cx, Db *db) {
  if (db_in_transaction(db)) return fail(cx, FAILED, "程序错误：事务已经开始。");
  return db->engine->command(cx, db, DB_BEGIN);
}

Status db_commit(Context *cx, Db *db) { return command_inside(cx, db, DB_COMMIT); }
Status db_savepoint(Context *cx, Db *db) { return command_inside(cx, db, DB_SAVE); }
Status db_savepoint_release(Context *cx, Db *db) { return command_inside(cx, db, DB_SAVE_RELEASE); }

void db_rollback(Db *db) {
  if (db_in_transaction(db)) command_quietly(db, DB_ROLLBACK);
}

void db_savepoint_rollback(Db *db) {
  if (db_in_transaction(db)) command_quietly(db, DB_SAVE_ROLLBACK);
}

Status db_script(Context *cx, Db *db, const char *sql) { return db->engine->script(cx, db, sql); }
