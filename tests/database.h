/* Tests that run on both databases. TEST_BOTH(name) { ... target ... } makes two tests, name_on_sqlite and
 * name_on_postgresql; the second has a schema of its own in the database that ANJU_TEST_DB names
 * (tests/with_postgresql.py sets it), and is skipped without it. */
#pragma once
#include <stdlib.h>
#include <unistd.h>
#include "db/db.h"
#include "test.h"

#define TEST_BOTH(name)                                     \
  static void both_##name(Context *cx, const char *target); \
  TEST(name##_on_sqlite) { both_##name(cx, ":memory:"); }   \
  TEST(name##_on_postgresql) {                              \
    const char *schema = test_schema(cx);                   \
    if (schema) both_##name(cx, schema);                    \
  }                                                         \
  static void both_##name(__attribute__((unused)) Context *cx, const char *target)

/* A new schema's address; NULL (and the test is skipped) without a server. */
static inline const char *test_schema(Context *cx) {
  const char *base = getenv("ANJU_TEST_DB");
  if (!base || !*base) {
    test_skipped = "ANJU_TEST_DB is not set: run it through tests/with_postgresql.py";
    return NULL;
  }
  CLEANUP(db_closep) Db *db = NULL;
  Str name = str_format(cx->arena, "t%d_%lld", (int)getpid(), (long long)stamp_monotonic());
  CHECK_OK(db_open(cx, base, DB_CREATE, &db));
  if (!db) return NULL;
  CHECK_OK(db_script(cx, db, str_c(cx->arena, str_format(cx->arena, "create schema " STR_FMT, STR_ARG(name)))));
  return str_c(cx->arena, str_format(cx->arena, "%s%coptions=-csearch_path%%3D" STR_FMT, base,
                                     strchr(base, '?') ? '&' : '?', STR_ARG(name)));
}
