/* What postgresql.c (statements, transactions) and postgresql_session.c (connecting, the writer's lock, errors) share.
 */
#pragma once
#include <libpq-fe.h>
#include "db/engine.h"

enum { DIGITS = 24 };
typedef struct PgQuery PgQuery;
typedef struct PgDb {
  Db base;
  PGconn *conn;
  char key[DIGITS];          /* of the advisory lock of whoever writes: one for each schema of a database */
  unsigned long long serial; /* names of prepared statements and cursors */
  unsigned long long saved;  /* serial at the savepoint */
  PgQuery *cursors;          /* queries with an open cursor */
} PgDb;
static inline PgDb *pg_of(Db *db) { return (PgDb *)db; }

/* Status and sentence of a failed result, which is cleared; NULL if the connection is gone. `what` was run. The
 * sentence holds no values. */
Status pg_fail(Context *cx, PGresult *result, const char *what);
/* Several statements, without parameters. */
Status pg_execute(Context *cx, PgDb *db, const char *sql, const char *what);

Status pg_open(Context *cx, const char *target, DbMode mode, Db **ret_db);
void pg_close(Db *db);
Status pg_lock_writer(Context *cx, Db *db, int wait_ms);
