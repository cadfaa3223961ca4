#include "db/db.h"

static const DbStatement HIGHEST = {"migration_highest",
                                    "select coalesce(max(number), 0) from migration where module = ?1",
                                    "select coalesce(max(number), 0) from migration where module = $1"};
static const DbStatement RECORD = {"migration_record", "insert into migration(module, number) values (?1, ?2)",
                                   "insert into migration(module, number) values ($1, $2)"};
static const char TABLE[] =
    "create table if not exists migration(module text not null, number bigint not null, primary key(module, number))";

static Status too_new(Context *cx, const char *module, int64_t done, size_t count) {
  return fail(cx, FAILED, "数据由更新版本的程序写成（%s：数据 %lld，本程序 %zu），请升级本程序。", module,
              (long long)done, count);
}

static Status migrate_one(Context *cx, Db *db, const char *module, const char *sql, int64_t number) {
  TRY(db_begin(cx, db));
  Status status = db_script(cx, db, sql);
  if (status == OK) status = db_run(cx, db, &RECORD, DB_T(str_from(module)), DB_I(number));
  if (status == OK) status = db_commit(cx, db);
  if (status != OK) db_rollback(db);
  return status;
}

Status db_migrate(Context *cx, Db *db, const char *module, const char *const *migrations, size_t count) {
  int64_t done;
  TRY(db_script(cx, db, TABLE));
  TRY(db_int_of(cx, db, &done, 0, &HIGHEST, DB_T(str_from(module))));
  if (done > (int64_t)count) return too_new(cx, module, done, count);
  for (; done < (int64_t)count; done++) TRY(migrate_one(cx, db, module, migrations[done], done + 1));
  return OK;
}

Status db_migrated(Context *cx, Db *db, const char *module, size_t count) {
  int64_t done;
  TRY(db_int_of(cx, db, &done, 0, &HIGHEST, DB_T(str_from(module))));
  if (done > (int64_t)count) return too_new(cx, module, done, count);
  if (done < (int64_t)count)
    return fail(cx, FAILED,
                "数据还是旧版本的格式（%s：数据 %lld，本程序 %zu）；请先运行一次会写入的命令，它会自动升级。", module,
                (long long)done, count);
  return OK;
}
