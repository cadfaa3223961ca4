/* What db.c and the two engines share; nobody else includes it. db.c owns the cache of prepared statements and the
 * rules that hold for both; an engine owns its connection. A target that begins with postgresql:// or postgres:// is
 * PostgreSQL's, any other is SQLite's. */
#pragma once
#include "db/db.h"

typedef struct DbEngine DbEngine;
/* Prepared statements that share one DbStatement form a chain: normally one, more when it runs nested in itself. */
struct DbQuery {
  Db *db;
  const DbStatement *statement; /* NULL: not cached */
  DbQuery *next;
  bool running;
};
struct Db {
  const DbEngine *engine;
  DbMode mode;
  DbQuery **slots; /* open addressing by the statement's address, power of two */
  size_t slot_count, used;
};

typedef enum DbCommand {
  DB_BEGIN,
  DB_COMMIT,
  DB_ROLLBACK,
  DB_SAVE,
  DB_SAVE_RELEASE,
  DB_SAVE_ROLLBACK,
  DB_COMMAND_COUNT
} DbCommand;

/* Both structs above are the first member of the engine's own. `values` need only live during the call. */
struct DbEngine {
  Status (*open)(Context *cx, const char *target, DbMode mode, Db **ret_db); /* slots are db.c's */
  void (*close)(Db *db);
  Str (*text_of)(const DbStatement *statement);
  /* keep: it will be run again and again. Sets nothing of DbQuery but db. */
  Status (*prepare)(Context *cx, Db *db, const char *name, Str sql, bool keep, DbQuery **ret_query);
  void (*finalize)(DbQuery *query); /* frees it */
  int (*parameter_count)(DbQuery *query);
  Status (*run)(Context *cx, DbQuery *query, const DbValue *values, int count);
  /* one: only the first row will be asked for */
  Status (*start)(Context *cx, DbQuery *query, const DbValue *values, int count, bool one);
  Status (*next)(Context *cx, DbQuery *query, bool *ret_more);
  void (*reset)(DbQuery *query);
  DbKind (*kind)(DbQuery *query, int column);
  int64_t (*integer)(DbQuery *query, int column);
  Str (*text)(DbQuery *query, int column);
  Str (*blob)(DbQuery *query, int column);
  int (*column_count)(DbQuery *query);
  bool (*in_transaction)(Db *db);
  Status (*command)(Context *cx, Db *db, DbCommand command);
  Status (*script)(Context *cx, Db *db, const char *sql);
  Status (*lock_writer)(Context *cx, Db *db, int wait_ms);
};
extern const DbEngine SQLITE_ENGINE, POSTGRESQL_ENGINE;

const char *query_name(const DbQuery *query); /* for sentences */

/* dialect.c: what is written once, in SQLite's words, as PostgreSQL reads it. Outside of quotes and comments: ?1 is $1,
 * `blob` is bytea, `integer` is bigint, and `without rowid` is left out. NUL-terminated. */
Str dialect_postgresql(Arena *arena, Str sql);
