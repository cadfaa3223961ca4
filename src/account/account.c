#include "account/account.h"
#include "account/account_sql.h"
#include "base/file.h"

static const char *const MIGRATIONS[] = {
    "CREATE TABLE account (name text PRIMARY KEY, role text NOT NULL, division text NOT NULL, expires text NOT NULL,"
    " password bytea NOT NULL, seq bigint NOT NULL, disabled bigint NOT NULL);"};
static const JournalTable TABLES[] = {
    {"account", "name", "name,role,division,expires,sealed:password:account.password,seq,disabled"}};

static Str sealed_password(Context *cx, Journal *journal, Str name, Str hash) {
  return seal(cx->arena, journal_keys(journal), journal_aad(cx->arena, "account.password", name), hash);
}

static Status apply_added(Context *cx, Journal *journal, const Entry *entry) {
  const Json *b = entry->body;
  Str name = json_text(b, "name");
  return db_run(cx, journal_db(journal), &ACCOUNT_INSERT, DB_T(name), DB_T(json_text(b, "role")),
                DB_T(json_text(b, "division")), DB_T(json_text(b, "expires")),
                DB_B(sealed_password(cx, journal, name, json_text(b, "password_hash"))), DB_I(entry->seq));
}
static Status apply_disabled(Context *cx, Journal *journal, const Entry *entry) {
  return db_run(cx, journal_db(journal), &ACCOUNT_SET_DISABLED, DB_T(json_text(entry->body, "name")), DB_I(1));
}
static Status apply_enabled(Context *cx, Journal *journal, const Entry *entry) {
  return db_run(cx, journal_db(journal), &ACCOUNT_SET_DISABLED, DB_T(json_text(entry->body, "name")), DB_I(0));
}
static Status apply_password(Context *cx, Journal *journal, const Entry *entry) {
  Str name = json_text(entry->body, "name");
  return db_run(cx, journal_db(journal), &ACCOUNT_SET_PASSWORD, DB_T(name),
                DB_B(sealed_password(cx, journal, name, json_text(entry->body, "password_hash"))));
}
static const JournalKind KINDS[] = {{"account_added", apply_added},
                                    {"account_disabled", apply_disabled},
                                    {"account_enabled", apply_enabled},
                                    {"password_changed", apply_password}};
const JournalModule ACCOUNT_MODULE = {.name = "account",
                                      .migrations = MIGRATIONS,
                                      .migration_count = COUNT_OF(MIGRATIONS),
                                      .tables = TABLES,
                                      .table_count = COUNT_OF(TABLES),
                                      .kinds = KINDS,
                                      .kind_count = COUNT_OF(KINDS),
                                      .statements = ACCOUNT_STATEMENTS,
                                      .statement_count = ACCOUNT_STATEMENT_COUNT};

static Status read_account(Context *cx, Journal *journal, DbQuery *query, Account *ret_account) {
  Arena *a = cx->arena;
  Account account = {.name = str_copy(a, db_text(query, 0)),
                     .role = str_copy(a, db_text(query, 1)),
                     .division = str_copy(a, db_text(query, 2)),
                     .expires = str_copy(a, db_text(query, 3)),
                     .disabled = db_int(query, 5) != 0};
  TRY(unseal(cx, journal_keys(journal), journal_aad(a, "account.password", account.name), db_blob(query, 4),
             &account.password));
  *ret_account = account;
  return OK;
}

Status account_get(Context *cx, Journal *journal, Str name, Account *ret_account) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, journal_db(journal), &query, &ACCOUNT_GET, DB_T(name)));
  TRY(db_next(cx, query, &more));
  if (!more) return fail(cx, NOT_FOUND, "没有名为“" STR_FMT "”的账号。", STR_ARG(name));
  return read_account(cx, journal, query, ret_account);
}

Status account_list(Context *cx, Journal *journal, Account **ret_accounts, size_t *ret_count) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Account *accounts = NULL;
  size_t count = 0, capacity = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ACCOUNT_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    if (count == capacity) {
      size_t larger = capacity ? capacity * 2 : 32;
      accounts = arena_grow(cx->arena, accounts, capacity * sizeof *accounts, larger * sizeof *accounts);
      capacity = larger;
    }
    TRY(read_account(cx, journal, query, &accounts[count++]));
  }
  *ret_accounts = accounts;
  *ret_count = count;
  return OK;
}

bool account_usable(const Account *account, Str today) {
  return !account->disabled && (account->expires.size == 0 || str_compare(today, account->expires) <= 0);
}

/* ---- checks ---- */
static bool plain_name(Str name) {
  for (size_t i = 0; i < name.size; i++) {
    char c = name.data[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'), mark = c == '-' || c == '_' || c == '.';
    if (!letter && !(mark && i > 0)) return false;
  }
  return name.size >= 2 && name.size <= ACCOUNT_NAME_MOST;
}

static bool is_date(Str text) {
  if (text.size != 10 || text.data[4] != '-' || text.data[7] != '-') return false;
  for (size_t i = 0; i < 10; i++)
    if (i != 4 && i != 7 && (text.data[i] < '0' || text.data[i] > '9')) return false;
  return true;
}

static Status check_division(Context *cx, Journal *journal, const Role *role, Str division) {
  if (!role->in_town) return division.size ? fail(cx, BAD_VALUE, "“%s”的账号管全县，不写乡镇。", role->title) : OK;
  Str places;
  TRY(file_read(cx, path_join(cx->arena, path_join(cx->arena, journal_folder(journal), "campaign"), "places.csv"),
                64 << 20, &places));
  if (division.size == 9 && str_find(places, str_format(cx->arena, "," STR_FMT ",", STR_ARG(division))) >= 0) return OK;
  return fail(cx, BAD_VALUE, "“%s”的账号必须写明本县一个乡镇的9位代码（--division），“" STR_FMT "”不是。", role->title,
              STR_ARG(division));
}

Status account_check(Context *cx, Journal *journal, const Account *account) {
  const Role *role = role_find(account->role);
  if (!plain_name(account->name))
    return fail(cx, BAD_VALUE, "账号名应有 2 到 %d 个小写字母、数字或 . - _，以字母或数字开头。", ACCOUNT_NAME_MOST);
  if (!role) {
    Buf codes = buf_new(cx->arena);
    for (size_t i = 0; i < ROLE_COUNT; i++)
      buf_addf(&codes, "%s%s（%s）", i ? "、" : "", ROLES[i].code, ROLES[i].title);
    return fail(cx, BAD_VALUE, "没有“" STR_FMT "”这种角色；可用：" STR_FMT "。", STR_ARG(account->role),
                STR_ARG(buf_str(&codes)));
  }
  if (account->expires.size && !is_date(account->expires))
    return fail(cx, BAD_VALUE, "到期日应写成 2020-06-30 的样子。");
  return check_division(cx, journal, role, account->division);
}

/* ---- changing ---- */
static Status append(Context *cx, Journal *journal, const char *kind, Json *body, Str author) {
  Entry draft = {.kind = str_from(kind), .author = author, .body = body};
  Receipt receipt;
  return journal_append(cx, journal, &draft, &receipt);
}

Status account_add(Context *cx, Journal *journal, const Account *account, Str author) {
  Account existing;
  TRY(account_check(cx, journal, account));
  Error error = cx->error;
  Status found = account_get(cx, journal, account->name, &existing);
  if (found == OK) return fail(cx, EXISTS, "已经有名为“" STR_FMT "”的账号。", STR_ARG(account->name));
  if (found != NOT_FOUND) return found;
  cx->error = error;
  Json *body = json_new_object(cx->arena);
  if (account->division.size) json_set_text(cx->arena, body, "division", account->division);
  if (account->expires.size) json_set_text(cx->arena, body, "expires", account->expires);
  json_set_text(cx->arena, body, "name", account->name);
  json_set_text(cx->arena, body, "password_hash", account->password);
  json_set_text(cx->arena, body, "role", account->role);
  return append(cx, journal, "account_added", body, author);
}

Status account_enable(Context *cx, Journal *journal, Str name, bool enable, Str author) {
  Account account;
  TRY(account_get(cx, journal, name, &account));
  if (account.disabled != enable)
    return fail(cx, CONFLICT, "账号“" STR_FMT "”本来就是%s的。", STR_ARG(name), enable ? "可用" : "停用");
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "name", name);
  return append(cx, journal, enable ? "account_enabled" : "account_disabled", body, author);
}

Status account_set_password(Context *cx, Journal *journal, Str name, Str hash, Str author) {
  Account account;
  TRY(account_get(cx, journal, name, &account));
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "name", name);
  json_set_text(cx->arena, body, "password_hash", hash);
  return append(cx, journal, "password_changed", body, author);
}
