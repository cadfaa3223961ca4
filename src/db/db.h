/* db: one interface, SQLite or PostgreSQL behind it, with the same statements. Owns: connections, prepared statements,
 * transactions, migrations. May include: base.
 *
 * SQL lives in named statements: a module's `x.sql` holds lines `-- name: member_move  in: id, to` above
 * each statement with parameters $1, $2 ...; tools/sql_embed writes `x_sql.h` with one
 * `static const DbStatement X_MEMBER_MOVE` each ($n already rewritten to ?n for SQLite). */
#pragma once
#include "base/base.h"

typedef struct DbStatement {
  const char *name;
  const char *sqlite;
  const char *postgresql;
} DbStatement;
typedef struct Db Db;
typedef struct DbQuery DbQuery; /* a prepared statement being run; cached per connection */
typedef enum DbMode { DB_READ, DB_WRITE, DB_CREATE } DbMode;

/* target: a file's path, or ":memory:" with DB_CREATE: SQLite. Or postgresql://account@host:port/name, whose database
 * must be there, in UTF8 and with collation C (else FAILED, the sentence says how to make one); the tables are in its
 * current schema. DB_READ never writes and never checkpoints (SQLite before 3.51.3 has the WAL-reset bug: exactly one
 * connection of one process may write and checkpoint). One thread at a time. No sentence holds the target's password.
 *
 * Both give the same Status: CONFLICT (constraint), BUSY (locks), NO_SPACE, TAMPERED (damaged), INPUT_OUTPUT (files;
 * the server, the network). What differs: after a failed statement inside a transaction PostgreSQL does nothing more
 * until the savepoint or the transaction is rolled back (db_commit then fails); a loop over rows that began inside a
 * transaction must end before it does; text must hold no NUL byte; a column of a result must be a whole number, text or
 * bytes (cast sums: they are numeric). db_check tells about the last. */
MUST_CHECK Status db_open(Context *cx, const char *target, DbMode mode, Db **ret_db);
void db_close(Db *db);
void db_closep(Db **db);
bool db_is_postgresql(const char *target);
/* WAL, synchronous=FULL, foreign_keys, bytewise collation are set by db_open. */
/* PostgreSQL: takes the advisory lock of whoever writes into this schema until the connection ends, waiting up to
 * wait_ms, else BUSY; db_begin takes it for its transaction. SQLite: nothing, DIR/lock serves. */
MUST_CHECK Status db_lock_writer(Context *cx, Db *db, int wait_ms);

typedef enum DbKind { DB_NULL, DB_INT, DB_TEXT, DB_BLOB } DbKind;
typedef struct DbValue {
  DbKind kind;
  int64_t integer;
  Str text;
} DbValue;
#define DB_I(v) ((DbValue){DB_INT, (v), {0}})
#define DB_T(s) ((DbValue){DB_TEXT, 0, (s)})
#define DB_B(s) ((DbValue){DB_BLOB, 0, (s)})
#define DB_N ((DbValue){DB_NULL, 0, {0}})

/* Runs a statement that returns no rows: db_run(cx, db, &X_MEMBER_MOVE, DB_I(id), DB_T(to)) */
#define db_run(cx, db, statement, ...)                                                       \
  db_run_values((cx), (db), (statement), (const DbValue[]){__VA_ARGS__ __VA_OPT__(, ) DB_N}, \
                sizeof((const DbValue[]){__VA_ARGS__ __VA_OPT__(, ) DB_N}) / sizeof(DbValue) - 1)
MUST_CHECK Status db_run_values(Context *cx, Db *db, const DbStatement *statement, const DbValue *values, size_t count);

/* Text and blobs are bound without a copy by db_run, with a copy by db_start; all parameters must be given.
 * A DbQuery * variable serves one run; the same statement may run several times at once (nested loops).
 * Rows: for (query started) while (db_next(cx, query, &more) == OK && more) { db_int(query, 0) ... } */
#define db_start(cx, db, ret_query, statement, ...)                                                         \
  db_start_values((cx), (db), (ret_query), (statement), (const DbValue[]){__VA_ARGS__ __VA_OPT__(, ) DB_N}, \
                  sizeof((const DbValue[]){__VA_ARGS__ __VA_OPT__(, ) DB_N}) / sizeof(DbValue) - 1)
MUST_CHECK Status db_start_values(Context *cx, Db *db, DbQuery **ret_query, const DbStatement *statement,
                                  const DbValue *values, size_t count);
MUST_CHECK Status db_next(Context *cx, DbQuery *query, bool *ret_more); /* false ends and releases the query */
void db_stop(DbQuery **query);                                          /* for CLEANUP: releases early; NULL is fine */
bool db_is_null(DbQuery *query, int column);
int64_t db_int(DbQuery *query, int column);
Str db_text(DbQuery *query, int column); /* valid until the next db_next; copy to keep */
Str db_blob(DbQuery *query, int column);
/* One value of the first row; `otherwise` when there is no row. */
#define db_int_of(cx, db, ret_value, otherwise, statement, ...)        \
  db_int_of_values((cx), (db), (ret_value), (otherwise), (statement),  \
                   (const DbValue[]){__VA_ARGS__ __VA_OPT__(, ) DB_N}, \
                   sizeof((const DbValue[]){__VA_ARGS__ __VA_OPT__(, ) DB_N}) / sizeof(DbValue) - 1)
MUST_CHECK Status db_int_of_values(Context *cx, Db *db, int64_t *ret_value, int64_t otherwise,
                                   const DbStatement *statement, const DbValue *values, size_t count);

/* DB_READ: a consistent view until commit or rollback. Otherwise the write lock is taken at once. */
MUST_CHECK Status db_begin(Context *cx, Db *db);
MUST_CHECK Status db_commit(Context *cx, Db *db);
void db_rollback(Db *db);       /* harmless outside a transaction */
bool db_in_transaction(Db *db); /* false also after SQLite gave a transaction up by itself (disk full) */
/* Inside a transaction: what follows can be undone alone. One at a time, not nested. */
MUST_CHECK Status db_savepoint(Context *cx, Db *db);
MUST_CHECK Status db_savepoint_release(Context *cx, Db *db);
void db_savepoint_rollback(Db *db);

/* A statement whose text is made at run time (digests over tables); prepared anew, not cached. Parameters ?1 ... */
MUST_CHECK Status db_start_text(Context *cx, Db *db, DbQuery **ret_query, Str sql, const DbValue *values, size_t count);
DbKind db_kind(DbQuery *query, int column); /* of this row's value; a floating-point value counts as DB_TEXT */
int db_column_count(DbQuery *query);
MUST_CHECK Status db_check(Context *cx, Db *db, const DbStatement *statement); /* prepares it: for tests */

/* Migrations are numbered from 1, forward only, each in its own transaction, recorded in table `migration`. They are
 * written once: for PostgreSQL db_script reads `integer` as bigint and `blob` as bytea, and leaves out `without rowid`.
 * FAILED if the database has more of them than this program knows. */
MUST_CHECK Status db_migrate(Context *cx, Db *db, const char *module, const char *const *migrations, size_t count);
/* For readers: fails with a sentence unless exactly `count` migrations of the module were made. */
MUST_CHECK Status db_migrated(Context *cx, Db *db, const char *module, size_t count);
/* For migrations and tests only: several statements in one text. */
MUST_CHECK Status db_script(Context *cx, Db *db, const char *sql);
const char *db_version(void); /* "3.40.1" */
bool db_version_safe(
    void); /* false: has the WAL-reset bug; then exactly one connection may write and checkpoint (we do) */
