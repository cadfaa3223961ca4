#include "database.h"
#include "db/db_test_sql.h"
#include "db/engine.h"
#include "folder.h"
#include <sys/stat.h>

static const char *const MIGRATIONS[] = {
    "create table thing(id integer primary key, name text, photo blob) without rowid",
    "create table other(id bigint primary key references thing(id)); create index thing_name on thing(name);"};

static Db *open_db(Context *cx, const char *target) {
  Db *db = NULL;
  CHECK_OK(db_open(cx, target, DB_CREATE, &db));
  CHECK_OK(db_migrate(cx, db, "db_test", MIGRATIONS, COUNT_OF(MIGRATIONS)));
  return db;
}

static int64_t count_of(Context *cx, Db *db) {
  int64_t count = -1;
  CHECK_OK(db_int_of(cx, db, &count, -1, &DB_TEST_COUNT));
  return count;
}

TEST_BOTH(every_statement_of_db_test_prepares) {
  CLEANUP(db_closep) Db *db = open_db(cx, target);
  CHECK_INT(DB_TEST_STATEMENT_COUNT, 6);
  for (size_t i = 0; i < DB_TEST_STATEMENT_COUNT; i++) CHECK_OK(db_check(cx, db, DB_TEST_STATEMENTS[i]));
  CHECK_STR(str_from(DB_TEST_RENAME.sqlite), STR("update thing set name = ?1 where id = ?2"));
  CHECK_STR(str_from(DB_TEST_RENAME.postgresql), STR("update thing set name = $1 where id = $2"));
  CHECK_STR(str_from(DB_TEST_NAMED.sqlite), STR("select id from thing where name = ?1 and name <> '$1'"));
  CHECK_STR(str_from(DB_TEST_PUT.postgresql), STR("insert into thing(id) values ($1) on conflict do nothing"));
}

TEST_BOTH(values_come_back_as_they_were_bound) {
  CLEANUP(db_closep) Db *db = open_db(cx, target);
  Str odd = db_is_postgresql(target) ? STR("a?1 '龙") : (Str){"a\0b龙", 6}, bytes = (Str){"a\0b\xff", 4};
  CHECK_OK(db_run(cx, db, &DB_TEST_ADD, DB_I(INT64_MAX), DB_T(odd), DB_B(bytes)));
  CHECK_OK(db_run(cx, db, &DB_TEST_ADD, DB_I(INT64_MIN), DB_N, DB_B(STR_EMPTY)));
  CHECK_OK(db_run(cx, db, &DB_TEST_RENAME, DB_T(STR_EMPTY), DB_I(INT64_MIN)));
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more = false;
  CHECK_OK(db_start(cx, db, &query, &DB_TEST_LIST, DB_I(INT64_MIN)));
  CHECK_OK(db_next(cx, query, &more));
  CHECK(more && db_int(query, 0) == INT64_MIN && !db_is_null(query, 1) && db_text(query, 1).size == 0);
  CHECK(db_kind(query, 2) == DB_BLOB && db_blob(query, 2).size == 0);
  CHECK_OK(db_next(cx, query, &more));
  CHECK(more && db_int(query, 0) == INT64_MAX);
  CHECK_STR(db_text(query, 1), odd);
  CHECK_STR(db_blob(query, 2), bytes);
  CHECK_STR(db_text(query, 0), STR("9223372036854775807"));
  CHECK_OK(db_next(cx, query, &more));
  CHECK(!more);
  CHECK_FAILS(FAILED, db_next(cx, query, &more));
  CHECK_FAILS(FAILED, db_run(cx, db, &DB_TEST_RENAME, DB_I(1)));
}

TEST_BOTH(a_statement_may_run_inside_itself) {
  CLEANUP(db_closep) Db *db = open_db(cx, target);
  for (int i = 0; i < 10; i++) CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(i)));
  int pairs = 0;
  bool more, inner_more;
  CLEANUP(db_stop) DbQuery *outer = NULL;
  CHECK_OK(db_start(cx, db, &outer, &DB_TEST_LIST, DB_I(0)));
  while (db_next(cx, outer, &more) == OK && more) {
    CLEANUP(db_stop) DbQuery *inner = NULL;
    CHECK_OK(db_start(cx, db, &inner, &DB_TEST_LIST, DB_I(db_int(outer, 0))));
    while (db_next(cx, inner, &inner_more) == OK && inner_more) pairs++;
  }
  CHECK_INT(pairs, 55);
}

TEST_BOTH(a_transaction_is_all_or_nothing_and_a_savepoint_undoes_its_part) {
  CLEANUP(db_closep) Db *db = open_db(cx, target);
  CHECK_OK(db_begin(cx, db));
  CHECK(db_in_transaction(db));
  CHECK_FAILS(FAILED, db_begin(cx, db));
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(1)));
  CHECK_OK(db_savepoint(cx, db));
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(2)));
  db_savepoint_rollback(db);
  CHECK_OK(db_savepoint(cx, db));
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(3)));
  CHECK_OK(db_savepoint_release(cx, db));
  CHECK_OK(db_commit(cx, db));
  CHECK_INT(count_of(cx, db), 2);
  CHECK_OK(db_begin(cx, db));
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(4)));
  db_rollback(db);
  db_rollback(db);
  CHECK_INT(count_of(cx, db), 2);
  CHECK_FAILS(FAILED, db_commit(cx, db));
  CHECK_FAILS(FAILED, db_savepoint(cx, db));
  CHECK_FAILS(CONFLICT, db_run(cx, db, &DB_TEST_ADD, DB_I(1), DB_N, DB_N));
  CHECK_FAILS(CONFLICT, db_script(cx, db, "insert into other(id) values (99)")); /* foreign keys are on */
  CHECK_OK(db_begin(cx, db)); /* a failure is undone with its savepoint, what was before and comes after stays */
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(5)));
  CHECK_OK(db_savepoint(cx, db));
  CHECK_FAILS(CONFLICT, db_run(cx, db, &DB_TEST_ADD, DB_I(1), DB_N, DB_N));
  db_savepoint_rollback(db);
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(6)));
  CHECK_OK(db_commit(cx, db));
  CHECK_INT(count_of(cx, db), 4);
}

/* More rows than fit into one chunk, and statements that run between them, inside and outside of a transaction. */
static int64_t walk(Context *cx, Db *db, int64_t *ret_sum) {
  CLEANUP(db_stop) DbQuery *outer = NULL;
  int64_t rows = 0, sum = 0;
  bool more = false;
  CHECK_OK(db_start(cx, db, &outer, &DB_TEST_LIST, DB_I(1)));
  while (db_next(cx, outer, &more) == OK && more) {
    CLEANUP(db_stop) DbQuery *inner = NULL;
    CHECK_OK(db_start(cx, db, &inner, &DB_TEST_LIST, DB_I(db_int(outer, 0) % 3 ? 2990 : 2000)));
    for (int i = 0; i < 5 && db_next(cx, inner, &more) == OK && more; i++) sum += db_int(inner, 0); /* stopped early */
    if (db_int(outer, 0) % 100 == 0) /* a row that was passed */
      CHECK_OK(db_run(cx, db, &DB_TEST_RENAME, DB_T(STR("甲")), DB_I(db_int(outer, 0) - 50)));
    rows++;
  }
  *ret_sum = sum;
  return rows;
}

TEST_BOTH(a_loop_over_many_rows_runs_other_statements_between) {
  CLEANUP(db_closep) Db *db = open_db(cx, target);
  int64_t sums[3];
  CHECK_OK(db_begin(cx, db));
  for (int i = 1; i <= 3000; i++) CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(i)));
  for (int i = 0; i < 2; i++) CHECK_INT(walk(cx, db, &sums[i]), 3000);
  CHECK_OK(db_savepoint(cx, db));
  CHECK_INT(walk(cx, db, &sums[2]), 3000);
  db_savepoint_rollback(db);
  CHECK_OK(db_commit(cx, db));
  CHECK(sums[0] == 1000 * 5 * 2002 + 2000 * 5 * 2992 && sums[1] == sums[0] && sums[2] == sums[0]);
  CHECK_INT(walk(cx, db, &sums[0]), 3000);
  CHECK_INT(sums[0], sums[1]);
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more = false;
  int64_t rows = 0;
  CHECK_OK(db_start_text(cx, db, &query, STR("select id, name from thing where id > ?1 order by id"), &DB_I(1000), 1));
  while (db_next(cx, query, &more) == OK && more) rows++;
  CHECK_INT(rows, 2000);
}

TEST_BOTH(text_is_ordered_by_its_bytes) {
  static const char *const NAMES[] = {"", "A", "B", "Z", "a", "é", "一", "丁", "乙", "\xf0\xa0\x80\x80"};
  CLEANUP(db_closep) Db *db = open_db(cx, target);
  for (int i = (int)COUNT_OF(NAMES); i-- > 0;)
    CHECK_OK(db_run(cx, db, &DB_TEST_ADD, DB_I(i), DB_T(str_from(NAMES[i])), DB_N));
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more = false;
  int at = 0;
  CHECK_OK(db_start_text(cx, db, &query, STR("select id from thing order by name"), NULL, 0));
  while (db_next(cx, query, &more) == OK && more) CHECK_INT(db_int(query, 0), at++);
  CHECK_INT(at, COUNT_OF(NAMES));
}

TEST(a_reader_sees_the_last_commit_and_cannot_write) {
  const char *folder = test_folder(cx), *path = path_join(cx->arena, folder, "a.db");
  Db *reader = NULL;
  CHECK_FAILS(NOT_FOUND, db_open(cx, path, DB_READ, &reader));
  CHECK_FAILS(NOT_FOUND, db_open(cx, path, DB_WRITE, &reader));
  Db *writer = open_db(cx, path);
  CHECK_OK(db_run(cx, writer, &DB_TEST_PUT, DB_I(1)));
  struct stat info;
  CHECK(stat(str_format(cx->arena, "%s-wal%c", path, 0).data, &info) == 0 && (info.st_mode & 0777) == 0600);
  CHECK_OK(db_open(cx, path, DB_READ, &reader));
  CHECK_OK(db_begin(cx, reader));
  CHECK_INT(count_of(cx, reader), 1);
  CHECK_OK(db_run(cx, writer, &DB_TEST_PUT, DB_I(2)));
  CHECK_INT(count_of(cx, reader), 1);
  CHECK_OK(db_commit(cx, reader));
  CHECK_INT(count_of(cx, reader), 2);
  CHECK(db_run(cx, reader, &DB_TEST_PUT, DB_I(3)) != OK);
  CHECK_OK(db_migrated(cx, reader, "db_test", 2));
  CHECK_FAILS(FAILED, db_migrated(cx, reader, "db_test", 3));
  CHECK_FAILS(FAILED, db_migrated(cx, reader, "db_test", 1));
  db_close(writer);
  CHECK(file_exists(path_join(cx->arena, folder, "a.db-wal"))); /* the reader is still there */
  db_close(reader);
  CHECK(file_exists(path_join(cx->arena, folder, "a.db-wal"))); /* and does not checkpoint when it leaves */
  CHECK_OK(db_open(cx, path, DB_READ, &reader));
  CHECK_INT(count_of(cx, reader), 2);
  db_close(reader);
  test_folder_remove(cx, folder);
}

TEST(a_second_writer_is_told_that_the_database_is_busy) {
  const char *folder = test_folder(cx), *path = path_join(cx->arena, folder, "a.db");
  Db *a = open_db(cx, path), *b = NULL;
  CHECK_OK(db_open(cx, path, DB_WRITE, &b));
  CHECK_OK(db_script(cx, b, "pragma busy_timeout=10"));
  CHECK_OK(db_begin(cx, a));
  CHECK_FAILS(BUSY, db_begin(cx, b));
  db_rollback(a);
  CHECK_OK(db_begin(cx, b));
  db_close(b);
  db_close(a);
  CHECK_OK(file_write(cx, path_join(cx->arena, folder, "b.db"), str_format(cx->arena, "%0999d", 7), FILE_ADVISORY));
  CHECK_FAILS(TAMPERED, db_open(cx, path_join(cx->arena, folder, "b.db"), DB_WRITE, &b));
  test_folder_remove(cx, folder);
}

TEST_BOTH(a_failing_migration_leaves_nothing_behind_and_a_newer_database_is_refused) {
  static const char *const bad[] = {"create table a(x bigint)", "create table b(x bigint); create table a(x bigint);"};
  CLEANUP(db_closep) Db *db = NULL;
  CHECK_OK(db_open(cx, target, DB_CREATE, &db));
  CHECK_FAILS(FAILED, db_migrate(cx, db, "m", bad, 2));
  CHECK_OK(db_migrated(cx, db, "m", 1));
  CHECK_FAILS(FAILED, db_script(cx, db, "select * from b"));
  CHECK_OK(db_migrate(cx, db, "m", bad, 1));
  CHECK_FAILS(FAILED, db_migrate(cx, db, "m", bad, 0));
}

TEST(the_version_rule_of_the_wal_reset_bug_is_known) {
  CHECK(strchr(db_version(), '.') != NULL);
  if (strcmp(db_version(), "3.40.1") == 0) CHECK(!db_version_safe());
}
