#include "database.h"
#include "db/db_test_sql.h"
#include "db/engine.h"

static const char *const MIGRATIONS[] = {
    "create table thing(id integer primary key, name text, photo blob) without rowid"};

static Db *open_mode(Context *cx, const char *target, DbMode mode) {
  Db *db = NULL;
  CHECK_OK(db_open(cx, target, mode, &db));
  return db;
}

static int64_t count_of(Context *cx, Db *db) {
  int64_t count = -1;
  CHECK_OK(db_int_of(cx, db, &count, -1, &DB_TEST_COUNT));
  return count;
}

TEST(a_migration_is_read_in_the_words_of_postgresql) {
  static const char *const TEXTS[][2] = {
      {"create table a(b Integer, c BLOB, d bigint) WITHOUT ROWID;", "create table a(b bigint, c bytea, d bigint) ;"},
      {"without  rowid", ""},
      {"without time", "without time"},
      {"select 'integer ?1 it''s blob', \"blob\" -- blob ?2", "select 'integer ?1 it''s blob', \"blob\" -- blob ?2"},
      {"x = ?1 and y2blob = ?12", "x = $1 and y2blob = $12"},
      {"", ""},
      {"'open", "'open"}};
  for (size_t i = 0; i < COUNT_OF(TEXTS); i++)
    CHECK_STR(dialect_postgresql(cx->arena, str_from(TEXTS[i][0])), str_from(TEXTS[i][1]));
}

TEST(postgresql_readers_see_the_last_commit_and_cannot_write) {
  const char *target = test_schema(cx);
  if (!target) return;
  Db *writer = open_mode(cx, target, DB_CREATE), *reader = open_mode(cx, target, DB_READ);
  CHECK_OK(db_migrate(cx, writer, "m", MIGRATIONS, 1));
  CHECK_OK(db_migrated(cx, reader, "m", 1));
  CHECK_OK(db_begin(cx, reader));
  CHECK_INT(count_of(cx, reader), 0);
  CHECK_OK(db_run(cx, writer, &DB_TEST_PUT, DB_I(2)));
  CHECK_INT(count_of(cx, reader), 0);
  CHECK_OK(db_commit(cx, reader));
  CHECK_INT(count_of(cx, reader), 1);
  CHECK_FAILS(INPUT_OUTPUT, db_run(cx, reader, &DB_TEST_PUT, DB_I(3)));
  db_close(reader);
  db_close(writer);
}

TEST(postgresql_has_one_writer_at_a_time) {
  const char *target = test_schema(cx);
  if (!target) return;
  Db *a = open_mode(cx, target, DB_CREATE), *b = open_mode(cx, target, DB_WRITE);
  CHECK_OK(db_script(cx, b, "set lock_timeout = '20ms'"));
  CHECK_OK(db_begin(cx, a));
  CHECK_FAILS(BUSY, db_begin(cx, b));
  CHECK(!db_in_transaction(b));
  db_rollback(a);
  CHECK_OK(db_begin(cx, b));
  db_rollback(b);
  CHECK_OK(db_lock_writer(cx, a, 0));
  CHECK_FAILS(BUSY, db_lock_writer(cx, b, 30));
  CHECK_FAILS(BUSY, db_begin(cx, b));
  CHECK_OK(db_begin(cx, a)); /* its own lock is none to itself */
  db_rollback(a);
  db_close(a); /* gives it back */
  CHECK_OK(db_lock_writer(cx, b, 5000));
  db_close(b);
}

TEST(postgresql_commits_nothing_after_a_failure_and_loops_end_with_their_transaction) {
  const char *target = test_schema(cx);
  if (!target) return;
  CLEANUP(db_closep) Db *db = open_mode(cx, target, DB_CREATE);
  CHECK_OK(db_migrate(cx, db, "m", MIGRATIONS, 1));
  CHECK_OK(db_begin(cx, db));
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(1)));
  CHECK_FAILS(CONFLICT, db_run(cx, db, &DB_TEST_ADD, DB_I(1), DB_N, DB_N));
  CHECK(db_in_transaction(db));
  CHECK_FAILS(FAILED, db_run(cx, db, &DB_TEST_PUT, DB_I(2)));
  CHECK_FAILS(FAILED, db_commit(cx, db));
  db_rollback(db);
  CHECK(!db_in_transaction(db));
  CHECK_INT(count_of(cx, db), 0);
  CHECK_OK(db_begin(cx, db));
  for (int i = 0; i < 2000; i++) CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(i)));
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more = false;
  Status status = OK;
  CHECK_OK(db_start(cx, db, &query, &DB_TEST_LIST, DB_I(0)));
  CHECK_OK(db_next(cx, query, &more));
  CHECK_OK(db_commit(cx, db));
  while (more && (status = db_next(cx, query, &more)) == OK) {}
  CHECK(status == FAILED && more); /* said, not taken for the end */
  db_stop(&query);
  CHECK_OK(db_start(cx, db, &query, &DB_TEST_LIST, DB_I(0)));
  CHECK_OK(db_next(cx, query, &more));
}

TEST(a_column_of_another_type_is_refused_when_it_is_prepared) {
  static const DbStatement SUM = {"sum", "", "select sum(id) from thing"};
  const char *target = test_schema(cx);
  if (!target) return;
  CLEANUP(db_closep) Db *db = open_mode(cx, target, DB_CREATE);
  CHECK_OK(db_migrate(cx, db, "m", MIGRATIONS, 1));
  CHECK_FAILS(FAILED, db_check(cx, db, &SUM));
}

/* With the address's parts changed: no server, no such account, not an address at all. */
TEST(sentences_hold_neither_password_nor_data) {
  static const char *const BAD[] = {"postgresql://anju:hemlig@127.0.0.1:1/anju",
                                    "postgresql://anju:hemlig@127.0.0.1:x/anju", "postgresql://anju:hemlig@[::1/anju",
                                    "postgresql://anju:hemlig@/anju?host=/nowhere&bad"};
  Db *db = NULL;
  for (size_t i = 0; i < COUNT_OF(BAD); i++) {
    CHECK(db_open(cx, BAD[i], DB_WRITE, &db) != OK);
    CHECK(cx->error.sentence.size > 10 && str_find(cx->error.sentence, STR("hemlig")) < 0);
  }
  const char *target = test_schema(cx);
  if (!target) return;
  Str wrong = str_from(target);
  ptrdiff_t at = str_find(wrong, STR("@"));
  wrong = str_format(cx->arena, STR_FMT "hemlig" STR_FMT, STR_ARG(str_sub(wrong, 0, (size_t)at)),
                     STR_ARG(str_sub(wrong, (size_t)at, wrong.size)));
  CHECK_FAILS(INPUT_OUTPUT, db_open(cx, str_c(cx->arena, wrong), DB_WRITE, &db));
  CHECK(str_find(cx->error.sentence, STR("hemlig")) < 0);
  db = open_mode(cx, target, DB_CREATE);
  CHECK_OK(db_script(cx, db,
                     "create table person(id text primary key, born bigint not null check (born < 9));"
                     "insert into person values ('450399199001010012', 1)"));
  static const char *const SCRIPTS[] = {
      "insert into person values ('450399199001010012', 2)", "insert into person values ('张三', '45039919900101001X')",
      "insert into person values ('450399199001010012', 10)", "insert into person values ('450399199001010012', null)"};
  static const Status STATUSES[] = {CONFLICT, FAILED, CONFLICT, CONFLICT};
  for (size_t i = 0; i < COUNT_OF(SCRIPTS); i++) {
    CHECK_FAILS(STATUSES[i], db_script(cx, db, SCRIPTS[i]));
    CHECK(str_find(cx->error.sentence, STR("45039919900101001")) < 0);
  }
  CHECK_FAILS(FAILED, db_script(cx, db, "select nothing from nowhere"));
  CHECK(str_find(cx->error.sentence, STR("nowhere")) >= 0);
  db_close(db);
}

TEST(a_database_that_orders_text_otherwise_is_refused) {
  const char *target = test_schema(cx);
  if (!target) return;
  Str base = str_from(getenv("ANJU_TEST_DB"));
  ptrdiff_t name = str_find(base, STR("/anju?"));
  CHECK(name > 0);
  CLEANUP(db_closep) Db *db = open_mode(cx, target, DB_CREATE), *other = NULL;
  CHECK_OK(db_script(cx, db, "create database icu template template0 locale_provider icu icu_locale 'zh' locale 'C'"));
  Str address = str_format(cx->arena, STR_FMT "/icu" STR_FMT, STR_ARG(str_sub(base, 0, (size_t)name)),
                           STR_ARG(str_sub(base, (size_t)name + 5, base.size)));
  CHECK_FAILS(FAILED, db_open(cx, str_c(cx->arena, address), DB_CREATE, &other));
  CHECK(str_find(cx->error.sentence, STR("createdb")) >= 0);
  CHECK_OK(db_script(cx, db, "drop database icu"));
  address = str_format(cx->arena, STR_FMT "/none" STR_FMT, STR_ARG(str_sub(base, 0, (size_t)name)),
                       STR_ARG(str_sub(base, (size_t)name + 5, base.size)));
  CHECK_FAILS(NOT_FOUND, db_open(cx, str_c(cx->arena, address), DB_CREATE, &other));
}

TEST(a_connection_that_breaks_is_said) {
  const char *target = test_schema(cx);
  if (!target) return;
  CLEANUP(db_closep) Db *db = open_mode(cx, target, DB_CREATE), *other = open_mode(cx, target, DB_CREATE);
  CHECK_OK(db_migrate(cx, db, "m", MIGRATIONS, 1));
  CHECK_OK(db_begin(cx, db));
  CHECK_OK(db_run(cx, db, &DB_TEST_PUT, DB_I(1)));
  static const char KILL[] =
      "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and state like 'idle in%'"
      " and datname = current_database()";
  CHECK_OK(db_script(cx, other, KILL));
  CHECK_FAILS(INPUT_OUTPUT, db_run(cx, db, &DB_TEST_PUT, DB_I(2)));
  CHECK_FAILS(INPUT_OUTPUT, db_run(cx, db, &DB_TEST_PUT, DB_I(2)));
  CHECK(!db_in_transaction(db));
  CHECK_FAILS(FAILED, db_commit(cx, db));
  db_rollback(db);
  CHECK_INT(count_of(cx, other), 0);
}
