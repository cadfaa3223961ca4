#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

static Status find_lock(Context *cx, Journal *journal, Str name, bool *ret_locked, int64_t *ret_households,
                        int64_t *ret_persons) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LOCK_GET, DB_T(name)));
  TRY(db_next(cx, query, ret_locked));
  if (*ret_locked) {
    *ret_households = db_int(query, 2);
    *ret_persons = db_int(query, 3);
  }
  return OK;
}

Status roster_require_reason(Context *cx, Journal *journal, Str reason) {
  bool locked;
  int64_t households, persons;
  if (reason.size) return OK;
  TRY(find_lock(cx, journal, STR("agreed"), &locked, &households, &persons));
  if (locked) return fail(cx, LOCKED, "比对结果已锁定（agreed），之后的改动须写明理由：请加 --reason。");
  return OK;
}

/* The set as canonical lines, sorted: what the lock's hash is over. baseline: who is in it. agreed: also who they are.
 */
static Str set_lines(Context *cx, const AgreedRow *rows, size_t count, bool agreed) {
  Str *lines = arena_array(cx->arena, count + 1, Str);
  for (size_t i = 0; i < count; i++) {
    Buf buf = buf_new(cx->arena);
    const AgreedRow *r = &rows[i];
    const struct {
      const char *key;
      Str value;
    } parts[] = {{"household", r->household}, {"household_no", r->hh_no}, {"id_no", r->id_no},
                 {"mode", r->mode},           {"name", r->name},          {"person", r->person},
                 {"village", r->village_code}};
    bool first = true;
    for (size_t p = 0; p < COUNT_OF(parts); p++) {
      bool identity =
          str_equal(str_from(parts[p].key), STR("household")) || str_equal(str_from(parts[p].key), STR("person"));
      if (!agreed && !identity) continue;
      buf_addf(&buf, "%s\"%s\":", first ? "{" : ",", parts[p].key);
      json_write_string(&buf, parts[p].value);
      first = false;
    }
    buf_add(&buf, STR("}\n"));
    lines[i] = buf_str(&buf);
  }
  for (size_t width = 1; width < count; width *= 2) { /* merge sort, bytewise */
    Str *merged = arena_array(cx->arena, count + 1, Str);
    for (size_t from = 0; from < count; from += 2 * width) {
      size_t middle = from + width < count ? from + width : count,
             end = from + 2 * width < count ? from + 2 * width : count, a = from, b = middle;
      for (size_t at = from; at < end; at++)
        merged[at] = b >= end || (a < middle && str_compare(lines[a], lines[b]) <= 0) ? lines[a++] : lines[b++];
    }
    lines = merged;
  }
  Buf all = buf_new(cx->arena);
  for (size_t i = 0; i < count; i++) buf_add(&all, lines[i]);
  return buf_str(&all);
}

static int64_t count_households(Context *cx, const AgreedRow *rows, size_t count) {
  StrMap seen = strmap_new(cx->arena);
  for (size_t i = 0; i < count; i++) strmap_put(&seen, rows[i].household, 0, NULL);
  return seen.count;
}

static Status check_agreed(Context *cx, Journal *journal, bool force) {
  Overview overview;
  TRY(roster_overview(cx, journal, &overview));
  if (overview.open && !force)
    return fail(cx, OPEN_DIFFERENCES,
                "还有 %lld 处差异没有处理，不能锁定；请先处理到 0，或用 --force --reason 写明理由。",
                (long long)overview.open);
  return OK;
}

Status roster_lock(Context *cx, Journal *journal, Str name, bool force, Str reason, Str author,
                   LockReport *ret_report) {
  bool baseline = str_equal(name, STR("baseline")), locked;
  int64_t before[2];
  if (!baseline && !str_equal(name, STR("agreed")))
    return fail(cx, BAD_USAGE, "只有 baseline 和 agreed 两道锁，没有“" STR_FMT "”。", STR_ARG(name));
  if (force && reason.size == 0) return fail(cx, BAD_USAGE, "--force 必须同时用 --reason 写明理由。");
  TRY(find_lock(cx, journal, name, &locked, &before[0], &before[1]));
  if (locked)
    return fail(cx, LOCKED, "“" STR_FMT "”已经锁定（%lld 户 %lld 人），锁定后不能再改。", STR_ARG(name),
                (long long)before[0], (long long)before[1]);
  AgreedRow *rows;
  size_t count;
  Catalogue *catalogue;
  TRY(roster_catalogue(cx, journal, &catalogue));
  TRY(roster_agreed(cx, journal, &rows, &count));
  if (count == 0) return fail(cx, NOT_FOUND, "登记名册（register）还没有导入，没有可锁定的户和人。");
  LockReport report = {.households = count_households(cx, rows, count),
                       .persons = (int64_t)count,
                       .expected_households = catalogue->expected_households,
                       .expected_persons = catalogue->expected_persons};
  if (!baseline) TRY(check_agreed(cx, journal, force));
  if (baseline && !force &&
      (report.households != report.expected_households || report.persons != report.expected_persons))
    return fail(cx, CONFLICT,
                "登记名册有 %lld 户 %lld 人，与应有的 %lld 户 %lld 人不符，不能锁定；请核对名册，或用 --force --reason "
                "写明理由。",
                (long long)report.households, (long long)report.persons, (long long)report.expected_households,
                (long long)report.expected_persons);
  Digest digest;
  TRY(store_put(cx, journal_store(journal), set_lines(cx, rows, count, !baseline), &digest));
  report.digest = digest_hex(cx->arena, &digest);
  Json *body = json_new_object(cx->arena);
  json_set_int(cx->arena, body, "expected_households", report.expected_households);
  json_set_int(cx->arena, body, "expected_persons", report.expected_persons);
  json_set(cx->arena, body, "forced", json_new_bool(cx->arena, force));
  json_set_int(cx->arena, body, "households", report.households);
  json_set_text(cx->arena, body, "name", name);
  json_set_int(cx->arena, body, "persons", report.persons);
  if (reason.size) json_set_text(cx->arena, body, "reason", reason);
  json_set_text(cx->arena, body, "set_file", report.digest);
  Entry draft = {.kind = STR("register_lock"), .author = author, .body = body};
  Receipt receipt;
  TRY(journal_append(cx, journal, &draft, &receipt));
  report.entry = receipt.id;
  *ret_report = report;
  return OK;
}

Status roster_apply_lock(Context *cx, Journal *journal, const Entry *entry) {
  const Json *b = entry->body;
  return db_run(cx, journal_db(journal), &ROSTER_LOCK_INSERT, DB_T(json_text(b, "name")), DB_I(entry->seq),
                DB_T(entry->id), DB_I(json_int(b, "households", 0)), DB_I(json_int(b, "persons", 0)),
                DB_T(json_text(b, "set_file")), DB_T(json_text(b, "set_file")), DB_T(json_text(b, "reason")),
                DB_T(entry->author), DB_I(entry->made_at));
}

/* ---- the arithmetic that must always hold (campaign.md §3) ---- */
Status roster_arithmetic(Context *cx, Journal *journal, Arithmetic *ret_arithmetic) {
  Arithmetic a = {0};
  TRY(find_lock(cx, journal, STR("baseline"), &a.locked, &a.baseline[0], &a.baseline[1]));
  TRY(find_lock(cx, journal, STR("agreed"), &a.agreed_locked, &a.agreed[0], &a.agreed[1]));
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_REMOVAL_SUMS));
  TRY(db_next(cx, query, &more));
  if (more) a.removed[0] = db_int(query, 0), a.removed[1] = db_int(query, 1);
  for (int i = 0; i < 2; i++) a.unverified[i] = a.baseline[i] - a.verified[i] - a.removed[i];
  *ret_arithmetic = a;
  return OK;
}

/* ---- removal with a recorded reason ---- */
typedef struct LockedSet {
  Str household, person;
  int64_t persons; /* of the household, in the set */
  bool found;
  StrMap removed;
} LockedSet;

static Status visit_locked(Context *cx, void *user, int64_t number, Str text) {
  (void)number;
  LockedSet *set = user;
  Json *line;
  TRY(json_parse(cx, text, &line));
  if (!str_equal(json_text(line, "household"), set->household)) return OK;
  Str person = json_text(line, "person");
  if (set->person.size == 0 || str_equal(person, set->person)) set->found = true;
  if (strmap_get(&set->removed, person) == STRMAP_NONE) set->persons++;
  return OK;
}

static Status load_removed(Context *cx, Journal *journal, LockedSet *set) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  set->removed = strmap_new(cx->arena);
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_REMOVALS_ACTIVE));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    if (!str_equal(db_text(query, 0), set->household)) continue;
    if (db_text(query, 1).size == 0) return fail(cx, CONFLICT, "该户已经核减过。");
    if (set->person.size && str_equal(db_text(query, 1), set->person)) return fail(cx, CONFLICT, "此人已经核减过。");
    strmap_put(&set->removed, str_copy(cx->arena, db_text(query, 1)), 0, NULL);
  }
}

Status roster_remove(Context *cx, Journal *journal, Str household, Str person, Str reason, Str author, Str *ret_entry) {
  if (reason.size == 0) return fail(cx, BAD_USAGE, "核减必须用 --reason 写明理由。");
  Str set_file;
  {
    CLEANUP(db_stop) DbQuery *query = NULL;
    bool locked;
    TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LOCK_GET, DB_T(STR("baseline"))));
    TRY(db_next(cx, query, &locked));
    if (!locked) return fail(cx, CONFLICT, "基数（baseline）还没有锁定，不能核减；请先运行 anju lock DIR baseline。");
    set_file = str_copy(cx->arena, db_text(query, 5));
  }
  LockedSet set = {.household = household, .person = person};
  TRY(load_removed(cx, journal, &set));
  Digest digest;
  Str lines;
  if (!digest_from_hex(set_file, &digest)) return fail(cx, TAMPERED, "锁定记录没有名册的哈希值。");
  TRY(store_get(cx, journal_store(journal), &digest, &lines));
  TRY(roster_each_line(cx, lines, visit_locked, &set));
  if (!set.found)
    return fail(cx, NOT_FOUND, "锁定的基数里没有%s“" STR_FMT "”。", person.size ? "此户此人" : "此户",
                STR_ARG(person.size ? person : household));
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "household", household);
  if (person.size) json_set_text(cx->arena, body, "person", person);
  json_set_int(cx->arena, body, "persons", person.size ? 1 : set.persons);
  json_set_text(cx->arena, body, "reason", reason);
  Entry draft = {.kind = STR("removal"), .household = household, .author = author, .body = body};
  Receipt receipt;
  TRY(journal_append(cx, journal, &draft, &receipt));
  *ret_entry = receipt.id;
  return OK;
}

Status roster_apply_removal(Context *cx, Journal *journal, const Entry *entry) {
  const Json *b = entry->body;
  return db_run(cx, journal_db(journal), &ROSTER_REMOVAL_INSERT, DB_T(json_text(b, "household")),
                DB_T(json_text(b, "person")), DB_I(entry->seq), DB_T(entry->id), DB_I(json_int(b, "persons", 0)),
                DB_T(json_text(b, "reason")));
}
