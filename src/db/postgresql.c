/* PostgreSQL 15 or newer, through libpq: statements and transactions. Values travel in binary, but for the integers of
 * parameters. A result comes whole if the statement gave few rows when it ran before, else through a cursor, a chunk at
 * a time: so a loop over any number of rows may run further statements on the same connection. Outside of a transaction
 * the cursor is WITH HOLD: the server keeps the result, as of when the statement began. */
#include "db/postgresql_internal.h"
#include <stdio.h> /* snprintf */
#include <stdlib.h>

enum { CHUNK = 512, PARAMETER_LIMIT = 64, NAME_SIZE = 24 };
enum { OID_BOOL = 16, OID_BYTEA = 17, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043 };

struct PgQuery {
  DbQuery base;
  PgQuery *next_cursor;
  char name[NAME_SIZE]; /* of the prepared statement; "" is the unnamed one */
  char *sql;
  PGresult *shape;           /* description: parameters and columns */
  Oid *types;                /* of the parameters */
  bool selects, large;       /* a cursor is possible; it gave more than a chunk when it ran before, or never ran */
  bool lost;                 /* the cursor ended with its transaction, before everything was read */
  unsigned long long cursor; /* 0: none is open */
  bool held;
  PGresult *rows; /* the chunk, or everything */
  int row;
  bool more; /* the cursor may have further rows */
  char digits[DIGITS];
};

static PgQuery *query_of(DbQuery *query) { return (PgQuery *)query; }

/* ---- preparing ---- */
static Str engine_text_of(const DbStatement *statement) { return str_from(statement->postgresql); }

static bool is_select(Str sql) {
  static const char SELECT[] = "select ";
  for (size_t i = 0; i < sizeof SELECT - 1; i++)
    if (i >= sql.size || (sql.data[i] | 0x20) != SELECT[i]) return false;
  return true;
}

static DbKind kind_of_type(Oid type) {
  switch (type) {
    case OID_BOOL:
    case OID_INT2:
    case OID_INT4:
    case OID_INT8:
      return DB_INT;
    case OID_BYTEA:
      return DB_BLOB;
    case OID_TEXT:
    case OID_VARCHAR:
      return DB_TEXT;
    default:
      return DB_NULL; /* not supported */
  }
}

static void engine_finalize(DbQuery *base) {
  PgQuery *query = query_of(base);
  PQclear(query->rows);
  PQclear(query->shape);
  free(query->types);
  free(query->sql);
  free(query);
}

static Status describe(Context *cx, PgDb *db, PgQuery *query, const char *name) {
  PGresult *result = PQprepare(db->conn, query->name, query->sql, 0, NULL);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) return pg_fail(cx, result, name);
  PQclear(result);
  result = PQdescribePrepared(db->conn, query->name);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) return pg_fail(cx, result, name);
  query->shape = result;
  int count = PQnparams(result);
  if (count > PARAMETER_LIMIT) return fail(cx, FAILED, "程序错误：语句“%s”的参数太多。", name);
  query->types = calloc((size_t)count + 1, sizeof *query->types);
  if (!query->types) return fail(cx, FAILED, "内存不足，不能执行“%s”。", name);
  for (int i = 0; i < count; i++) query->types[i] = PQparamtype(result, i);
  for (int i = 0; i < PQnfields(result); i++)
    if (kind_of_type(PQftype(result, i)) == DB_NULL)
      return fail(cx, FAILED, "程序错误：语句“%s”第 %d 列的类型（%u）不在整数、文本和字节之内。", name, i + 1,
                  PQftype(result, i));
  return OK;
}

static Status engine_prepare(Context *cx, Db *base, const char *name, Str sql, bool keep, DbQuery **ret_query) {
  PgDb *db = pg_of(base);
  PgQuery *query = calloc(1, sizeof *query);
  if (query) query->sql = strdup(keep ? str_c(cx->arena, sql) : dialect_postgresql(cx->arena, sql).data);
  if (!query || !query->sql) {
    free(query);
    return fail(cx, FAILED, "内存不足，不能执行“%s”。", name);
  }
  query->base.db = base;
  query->selects = query->large = is_select(sql);
  if (keep) snprintf(query->name, sizeof query->name, "s%llu", ++db->serial);
  Status status = describe(cx, db, query, name);
  if (status != OK) return engine_finalize(&query->base), status;
  *ret_query = &query->base;
  return OK;
}

static int engine_parameter_count(DbQuery *query) { return PQnparams(query_of(query)->shape); }

/* ---- running ---- */
typedef struct Parameters {
  const char *values[PARAMETER_LIMIT];
  int lengths[PARAMETER_LIMIT], formats[PARAMETER_LIMIT];
  char digits[PARAMETER_LIMIT][DIGITS];
} Parameters;

static Status set_parameters(Context *cx, DbQuery *query, const DbValue *values, int count, Parameters *out) {
  for (int i = 0; i < count; i++) {
    const DbValue *value = &values[i];
    out->values[i] = NULL;
    out->lengths[i] = 0;
    out->formats[i] = value->kind != DB_INT;
    if (value->kind == DB_NULL) continue;
    if (value->kind == DB_INT) { /* as digits: they fit whatever whole number the column holds */
      snprintf(out->digits[i], DIGITS, "%lld", (long long)value->integer);
      out->values[i] = out->digits[i];
      continue;
    }
    if (value->text.size > INT32_MAX) return fail(cx, TOO_LARGE, "语句“%s”的内容太大。", query_name(query));
    out->values[i] = value->text.data ? value->text.data : "";
    out->lengths[i] = (int)value->text.size;
  }
  return OK;
}

static Status run_whole(Context *cx, PgQuery *query, const Parameters *parameters, int count, PGresult **ret_result) {
  PGresult *result = PQexecPrepared(pg_of(query->base.db)->conn, query->name, count, parameters->values,
                                    parameters->lengths, parameters->formats, 1);
  ExecStatusType got = PQresultStatus(result);
  if (got != PGRES_TUPLES_OK && got != PGRES_COMMAND_OK) return pg_fail(cx, result, query_name(&query->base));
  *ret_result = result;
  return OK;
}

static Status engine_run(Context *cx, DbQuery *query, const DbValue *values, int count) {
  Parameters parameters;
  PGresult *result;
  TRY(set_parameters(cx, query, values, count, &parameters));
  TRY(run_whole(cx, query_of(query), &parameters, count, &result));
  PQclear(result);
  return OK;
}

static void forget_cursor(PgDb *db, PgQuery *query) {
  for (PgQuery **at = &db->cursors; *at; at = &(*at)->next_cursor)
    if (*at == query) {
      *at = query->next_cursor;
      break;
    }
  query->cursor = 0;
  query->more = false;
}

static Status fetch(Context *cx, PgQuery *query) {
  PgDb *db = pg_of(query->base.db);
  char text[64];
  snprintf(text, sizeof text, "fetch %d from c%llu", (int)CHUNK, query->cursor);
  PQclear(query->rows);
  query->rows = NULL;
  PGresult *result = PQexecParams(db->conn, text, 0, NULL, NULL, NULL, NULL, 1);
  if (PQresultStatus(result) != PGRES_TUPLES_OK) return pg_fail(cx, result, query_name(&query->base));
  query->rows = result;
  query->row = -1;
  query->more = PQntuples(result) == CHUNK;
  return OK;
}

static Status open_cursor(Context *cx, PgQuery *query, const Parameters *parameters, int count) {
  PgDb *db = pg_of(query->base.db);
  unsigned long long number = ++db->serial;
  bool held = PQtransactionStatus(db->conn) == PQTRANS_IDLE;
  Str text = str_format(cx->arena, "declare c%llu no scroll cursor %s hold for %s", number, held ? "with" : "without",
                        query->sql);
  PGresult *result = PQexecParams(db->conn, str_c(cx->arena, text), count, query->types, parameters->values,
                                  parameters->lengths, parameters->formats, 1);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) return pg_fail(cx, result, query_name(&query->base));
  PQclear(result);
  query->cursor = number;
  query->held = held;
  query->next_cursor = db->cursors;
  db->cursors = query;
  TRY(fetch(cx, query));
  query->large = query->more;
  return OK;
}

static Status engine_start(Context *cx, DbQuery *base, const DbValue *values, int count, bool one) {
  PgQuery *query = query_of(base);
  Parameters parameters;
  TRY(set_parameters(cx, base, values, count, &parameters));
  if (query->large && !one) return open_cursor(cx, query, &parameters, count);
  TRY(run_whole(cx, query, &parameters, count, &query->rows));
  query->row = -1;
  query->more = false;
  if (!one) query->large = query->selects && PQntuples(query->rows) > CHUNK;
  return OK;
}

static Status engine_next(Context *cx, DbQuery *base, bool *ret_more) {
  PgQuery *query = query_of(base);
  if (query->row + 1 >= PQntuples(query->rows)) {
    if (query->lost) return fail(cx, FAILED, "程序错误：查询“%s”还没有读完，它的事务就结束了。", query_name(base));
    if (query->more) TRY(fetch(cx, query));
  }
  bool more = query->row + 1 < PQntuples(query->rows);
  if (more) query->row++;
  *ret_more = more;
  return OK;
}

static void engine_reset(DbQuery *base) {
  PgQuery *query = query_of(base);
  PgDb *db = pg_of(base->db);
  if (query->cursor) {
    char text[64];
    snprintf(text, sizeof text, "close c%llu", query->cursor);
    if (PQtransactionStatus(db->conn) != PQTRANS_INERROR) PQclear(PQexec(db->conn, text));
    forget_cursor(db, query);
  }
  PQclear(query->rows);
  query->rows = NULL;
  query->lost = false;
}

/* ---- columns ---- */
static int engine_column_count(DbQuery *query) { return PQnfields(query_of(query)->shape); }

static DbKind engine_kind(DbQuery *base, int column) {
  PgQuery *query = query_of(base);
  if (PQgetisnull(query->rows, query->row, column)) return DB_NULL;
  return kind_of_type(PQftype(query->shape, column));
}

static Str bytes_of(PgQuery *query, int column) {
  if (PQgetisnull(query->rows, query->row, column)) return STR_EMPTY;
  return (Str){PQgetvalue(query->rows, query->row, column), (size_t)PQgetlength(query->rows, query->row, column)};
}

/* Big endian, of 1, 2, 4 or 8 bytes. */
static int64_t engine_integer(DbQuery *base, int column) {
  PgQuery *query = query_of(base);
  Str bytes = bytes_of(query, column);
  int64_t value = 0;
  if (kind_of_type(PQftype(query->shape, column)) != DB_INT) return str_int64(bytes, &value) ? value : 0;
  uint64_t bits = bytes.size && (bytes.data[0] & 0x80) ? UINT64_MAX : 0;
  for (size_t i = 0; i < bytes.size; i++) bits = bits << 8 | (unsigned char)bytes.data[i];
  memcpy(&value, &bits, sizeof value);
  return value;
}

static Str engine_blob(DbQuery *query, int column) { return bytes_of(query_of(query), column); }

static Str engine_text(DbQuery *base, int column) {
  PgQuery *query = query_of(base);
  if (engine_kind(base, column) != DB_INT) return bytes_of(query, column);
  int size = snprintf(query->digits, DIGITS, "%lld", (long long)engine_integer(base, column));
  return (Str){query->digits, (size_t)size};
}

/* ---- transactions ---- */
static bool engine_in_transaction(Db *db) {
  PGTransactionStatusType status = PQtransactionStatus(pg_of(db)->conn);
  return status != PQTRANS_IDLE && status != PQTRANS_UNKNOWN;
}

/* Cursors that end with the transaction, or with what was undone since the savepoint. */
static void forget_cursors(PgDb *db, unsigned long long from) {
  for (PgQuery *query = db->cursors, *next; query; query = next) {
    next = query->next_cursor;
    if (query->held || query->cursor <= from) continue;
    query->lost = query->more;
    forget_cursor(db, query);
  }
}

static Status begin(Context *cx, PgDb *db) {
  if (db->base.mode == DB_READ) return pg_execute(cx, db, "begin isolation level repeatable read read only", "begin");
  Str text = str_format(cx->arena, "begin; select pg_advisory_xact_lock('%s'::bigint)", db->key);
  Status status = pg_execute(cx, db, str_c(cx->arena, text), "begin");
  if (status != OK) PQclear(PQexec(db->conn, "rollback"));
  return status;
}

static Status engine_command(Context *cx, Db *base, DbCommand command) {
  static const char *const TEXTS[DB_COMMAND_COUNT] = {[DB_COMMIT] = "commit",
                                                      [DB_ROLLBACK] = "rollback",
                                                      [DB_SAVE] = "savepoint s",
                                                      [DB_SAVE_RELEASE] = "release s",
                                                      [DB_SAVE_ROLLBACK] = "rollback to s; release s"};
  PgDb *db = pg_of(base);
  if (command == DB_BEGIN) return begin(cx, db);
  if (command == DB_COMMIT && PQtransactionStatus(db->conn) == PQTRANS_INERROR) /* it would only roll back */
    return fail(cx, FAILED, "写入没有完成：事务中有一步失败，已不能提交。");
  if (command == DB_SAVE) db->saved = db->serial;
  Status status = pg_execute(cx, db, TEXTS[command], TEXTS[command]);
  if (command == DB_COMMIT || command == DB_ROLLBACK) forget_cursors(db, 0);
  if (command == DB_SAVE_ROLLBACK) forget_cursors(db, db->saved);
  return status;
}

static Status engine_script(Context *cx, Db *db, const char *sql) {
  return pg_execute(cx, pg_of(db), dialect_postgresql(cx->arena, str_from(sql)).data, "脚本");
}

const DbEngine POSTGRESQL_ENGINE = {.open = pg_open,
                                    .close = pg_close,
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
                                    .lock_writer = pg_lock_writer};
