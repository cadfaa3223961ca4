#include "journal/test_module.h"
#include "journal/test_module_sql.h"

static const char *const MIGRATIONS[] = {
    "create table thing(id text primary key, name text not null, secret blob not null, rev bigint not null)",
    "create table mark(thing text not null references thing(id), number bigint not null, note text,"
    " primary key(thing, number))"};
static const JournalTable TABLES[] = {{"thing", "id", "id, name, sealed:secret:thing.secret, rev"},
                                      {"mark", "thing, number", "thing, number, note"}};

static Status apply_added(Context *cx, Journal *journal, const Entry *entry) {
  Str id = json_text(entry->body, "thing");
  Str secret = seal(cx->arena, journal_keys(journal), journal_aad(cx->arena, "thing.secret", id),
                    json_text(entry->body, "secret"));
  TRY(db_run(cx, journal_db(journal), &TEST_MODULE_THING_ADD, DB_T(id), DB_T(json_text(entry->body, "name")),
             DB_B(secret), DB_I(1)));
  for (int i = 0; i < 3; i++)
    TRY(db_run(cx, journal_db(journal), &TEST_MODULE_MARK_ADD, DB_T(id), DB_I(i * 7),
               i == 1 ? DB_N : DB_T(json_text(entry->body, "name"))));
  return OK;
}

static Status apply_renamed(Context *cx, Journal *journal, const Entry *entry) {
  int64_t rev;
  Str id = json_text(entry->body, "thing");
  TRY(db_int_of(cx, journal_db(journal), &rev, 0, &TEST_MODULE_THING_REV, DB_T(id)));
  if (rev == 0) return fail(cx, NOT_FOUND, "没有这件东西。");
  return db_run(cx, journal_db(journal), &TEST_MODULE_THING_RENAME, DB_T(id), DB_T(json_text(entry->body, "name")),
                DB_I(rev + 1));
}

/* Writes something and then fails. */
static Status apply_broken(Context *cx, Journal *journal, const Entry *entry) {
  TRY(apply_added(cx, journal, entry));
  return fail(cx, BAD_VALUE, "这一条故意失败。");
}

static Status apply_recursive(Context *cx, Journal *journal, const Entry *entry) {
  Receipt receipt;
  return journal_append(cx, journal, &(Entry){.kind = STR("thing_noted"), .author = STR("t"), .body = entry->body},
                        &receipt);
}

static const JournalKind KINDS[] = {{"thing_added", apply_added},
                                    {"thing_renamed", apply_renamed},
                                    {"thing_broken", apply_broken},
                                    {"thing_recursive", apply_recursive},
                                    {"thing_noted", NULL}};
const JournalModule TEST_MODULE = {.name = "test_module",
                                   .migrations = MIGRATIONS,
                                   .migration_count = COUNT_OF(MIGRATIONS),
                                   .tables = TABLES,
                                   .table_count = COUNT_OF(TABLES),
                                   .kinds = KINDS,
                                   .kind_count = COUNT_OF(KINDS),
                                   .statements = TEST_MODULE_STATEMENTS,
                                   .statement_count = TEST_MODULE_STATEMENT_COUNT};
const JournalModule *const TEST_MODULES[1] = {&TEST_MODULE};

const char *test_database;

const char *county_make(Context *cx, const char *folder) {
  const char *plan = path_join(cx->arena, folder, "plan"), *county = path_join(cx->arena, folder, "county");
  CHECK_OK(folder_make(cx, plan));
  CHECK_OK(folder_make(cx, path_join(cx->arena, plan, "forms")));
  CHECK_OK(file_write(cx, path_join(cx->arena, plan, "places.csv"), STR("code,name\n"), FILE_ADVISORY));
  CHECK_OK(file_write(cx, path_join(cx->arena, plan, "forms/visit.json"), STR("{}"), FILE_ADVISORY));
  CHECK_OK(journal_init_on(cx, county, plan, test_database, TEST_MODULES, 1));
  return county;
}

Journal *county_open(Context *cx, const char *county, JournalMode mode) {
  Journal *journal = NULL;
  CHECK_OK(journal_open(cx, county, mode, 0, TEST_MODULES, 1, &journal));
  return journal;
}

Entry thing_added(Context *cx, int number) {
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "thing", str_format(cx->arena, "t%06d", number));
  json_set_text(cx->arena, body, "name", STR("水井"));
  json_set_text(cx->arena, body, "secret", STR("450399199001010012"));
  return (Entry){.kind = STR("thing_added"), .author = STR("tester"), .division = STR("450328100001"), .body = body};
}

Receipt append(Context *cx, Journal *journal, Entry draft) {
  Receipt receipt = {0};
  CHECK_OK(journal_append(cx, journal, &draft, &receipt));
  return receipt;
}

int64_t thing_count(Context *cx, Journal *journal) {
  int64_t count = -1;
  CHECK_OK(db_int_of(cx, journal_db(journal), &count, -1, &TEST_MODULE_THING_COUNT));
  return count;
}

Str digests_text(Context *cx, Journal *journal) {
  TableDigest *digests = NULL;
  size_t count = 0;
  Buf buf = buf_new(cx->arena);
  CHECK_OK(journal_digest(cx, journal, &digests, &count));
  for (size_t i = 0; i < count; i++)
    buf_addf(&buf, STR_FMT " %lld " STR_FMT "\n", STR_ARG(digests[i].table), (long long)digests[i].rows,
             STR_ARG(digest_hex(cx->arena, &digests[i].digest)));
  return buf_str(&buf);
}
