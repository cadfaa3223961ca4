#include "roster/roster_http.h"
#include "roster/roster_sql.h"

/* ---- locks and the arithmetic ---- */
static const Field LOCKED_FIELD[] = {TEXT("name", "baseline 基数、agreed 比对结果"),
                                     TEXT("entry", "记录号"),
                                     TEXT("digest", "名册指纹"),
                                     INT("households", "户"),
                                     INT("persons", "人"),
                                     TEXT("made_at", "时间（UTC）"),
                                     TEXT("author", "由谁"),
                                     TEXT("reason", "理由")};
static const Shape LOCKED_SHAPE = SHAPE("Locked", LOCKED_FIELD);
static const Field SUM_FIELD[] = {INT("baseline", "基数"), INT("verified", "已核实"), INT("unverified", "未核实"),
                                  INT("removed", "有理由核减")};
static const Shape SUM = SHAPE("Arithmetic", SUM_FIELD);
static const Field LOCKS_FIELD[] = {LIST_OF("locks", &LOCKED_SHAPE, "已有的锁"),
                                    BOOL("locked", "基数已锁定"),
                                    ONE_OF("households", &SUM, "户：基数 = 已核实 + 未核实 + 核减"),
                                    ONE_OF("persons", &SUM, "人：基数 = 已核实 + 未核实 + 核减"),
                                    INT("expected_households", "应有户数"),
                                    INT("expected_persons", "应有人数")};
const Shape SHAPE_LOCKS = SHAPE("Locks", LOCKS_FIELD);
static const Field LOCK_FIELD[] = {TEXT("entry", "记录号"), TEXT("digest", "名册指纹"), INT("households", "户"),
                                   INT("persons", "人")};
const Shape SHAPE_LOCK = SHAPE("LockReport", LOCK_FIELD);
static const Field ENTRY_FIELD[] = {TEXT("entry", "记录号，撤销用")};
const Shape SHAPE_ENTRY = SHAPE("EntryMade", ENTRY_FIELD);

static Json *sum_json(Arena *a, const Arithmetic *n, int unit) {
  Json *json = json_new_object(a);
  json_set_int(a, json, "baseline", n->baseline[unit]);
  json_set_int(a, json, "verified", n->verified[unit]);
  json_set_int(a, json, "unverified", n->unverified[unit]);
  json_set_int(a, json, "removed", n->removed[unit]);
  return json;
}

Status http_locks(Context *cx, Request *rq, Response *response) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Arena *a = cx->arena;
  Arithmetic n;
  Catalogue *c;
  Json *locks = json_new_array(a);
  TRY(roster_catalogue(cx, rq->worker, &c));
  TRY(roster_arithmetic(cx, rq->worker, &n));
  TRY(db_start(cx, journal_db(rq->worker), &query, &ROSTER_LOCKS_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    Json *lock = json_new_object(a);
    json_set_text(a, lock, "name", str_copy(a, db_text(query, 0)));
    json_set_text(a, lock, "entry", str_copy(a, db_text(query, 2)));
    json_set_int(a, lock, "households", db_int(query, 3));
    json_set_int(a, lock, "persons", db_int(query, 4));
    json_set_text(a, lock, "digest", str_copy(a, db_text(query, 5)));
    json_set_text(a, lock, "made_at", stamp_format(a, db_int(query, 6)));
    json_set_text(a, lock, "author", str_copy(a, db_text(query, 7)));
    json_set_text(a, lock, "reason", str_copy(a, db_text(query, 8)));
    json_add(locks, lock);
  }
  response->json = json_new_object(a);
  json_set(a, response->json, "locks", locks);
  json_set(a, response->json, "locked", json_new_bool(a, n.locked));
  json_set(a, response->json, "households", sum_json(a, &n, 0));
  json_set(a, response->json, "persons", sum_json(a, &n, 1));
  json_set_int(a, response->json, "expected_households", c->expected_households);
  json_set_int(a, response->json, "expected_persons", c->expected_persons);
  return OK;
}

Status http_lock(Context *cx, Request *rq, Response *response) {
  CompareReport compared;
  LockReport r;
  TRY(roster_compare(cx, rq->worker, false, request_author(rq), &compared));
  TRY(roster_lock(cx, rq->worker, rq->params[0], json_bool(rq->body, "force", false), json_text(rq->body, "reason"),
                  request_author(rq), &r));
  response->json = json_new_object(cx->arena);
  json_set_text(cx->arena, response->json, "entry", r.entry);
  json_set_text(cx->arena, response->json, "digest", r.digest);
  json_set_int(cx->arena, response->json, "households", r.households);
  json_set_int(cx->arena, response->json, "persons", r.persons);
  return OK;
}

Status http_removal(Context *cx, Request *rq, Response *response) {
  Str entry;
  TRY(roster_remove(cx, rq->worker, json_text(rq->body, "household"), json_text(rq->body, "person"),
                    json_text(rq->body, "reason"), request_author(rq), &entry));
  response->json = json_new_object(cx->arena);
  json_set_text(cx->arena, response->json, "entry", entry);
  return OK;
}

/* ---- checking the journal ---- */
static const Field FINDING_FIELD[] = {TEXT("what", "entry、file、table、tree"), TEXT("which", "哪一个"),
                                      TEXT("sentence", "一句话")};
static const Shape FINDING = SHAPE("Finding", FINDING_FIELD);
static const Field VERIFY_FIELD[] = {BOOL("ok", "没有发现改动"), INT("entries", "记录数"), TEXT("root", "日志指纹"),
                                     LIST_OF("findings", &FINDING, "发现的问题")};
const Shape SHAPE_VERIFY = SHAPE("Verified", VERIFY_FIELD);

Status http_verify(Context *cx, Request *rq, Response *response) {
  Arena *a = cx->arena;
  Finding *found;
  size_t count;
  int64_t size;
  Digest root;
  Json *findings = json_new_array(a);
  TRY(journal_verify(cx, rq->worker, &found, &count));
  TRY(journal_head(cx, rq->worker, &size, &root));
  for (size_t i = 0; i < count; i++) {
    Json *finding = json_new_object(a);
    json_set_text(a, finding, "what", found[i].what);
    json_set_text(a, finding, "which", found[i].which);
    json_set_text(a, finding, "sentence", mask_numbers(a, found[i].sentence));
    json_add(findings, finding);
  }
  response->json = json_new_object(a);
  json_set(a, response->json, "ok", json_new_bool(a, count == 0));
  json_set_int(a, response->json, "entries", size);
  json_set_text(a, response->json, "root", digest_hex(a, &root));
  json_set(a, response->json, "findings", findings);
  return OK;
}

/* ---- what others did meanwhile ---- */
static const Field CHANGE_FIELD[] = {
    INT("seq", "顺序号"),
    TEXT("kind", "种类"),
    TEXT("author", "由谁"),
    TEXT("made_at", "时间（UTC）"),
    TEXT("entry", "记录号"),
    {.name = "differences", .type = FIELD_TEXTS, .required = true, .what = "涉及的差异编号，最多 200 个"}};
static const Shape CHANGE = SHAPE("Change", CHANGE_FIELD);
static const Field CHANGES_FIELD[] = {INT("seq", "到哪一条为止，下次从这里接着问"), BOOL("more", "还有，请接着问"),
                                      LIST_OF("changes", &CHANGE, "看得到的变化")};
const Shape SHAPE_CHANGES = SHAPE("Changes", CHANGES_FIELD);

/* Differences of a decision that the caller sees; *ret_any is false if there are none. */
static Status visible_differences(Context *cx, const Request *rq, const Catalogue *c, const Scope *scope, Str entry,
                                  Json *ids, bool *ret_any) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  TRY(db_start(cx, journal_db(rq->worker), &query, &ROSTER_DIFFERENCES_OF_ENTRY, DB_T(entry)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    Str id = str_copy(cx->arena, db_text(query, 0));
    if (scope->kind != SCOPE_COUNTY) {
      CLEANUP(arena_freep) Arena *arena = arena_new();
      Context inner = {arena, {OK, STR_EMPTY}};
      Difference d;
      if (roster_difference_one(&inner, rq->worker, c, scope, id, &d) != OK) continue;
    }
    json_add(ids, json_new_string(cx->arena, id));
  }
  *ret_any = ids->count > 0;
  return OK;
}

static bool kind_is(Str kind, const char *wanted) { return str_equal(kind, str_from(wanted)); }

Status http_changes(Context *cx, Request *rq, Response *response) {
  enum { MOST = 100 };
  Arena *a = cx->arena;
  Catalogue *c;
  Entry *entries;
  size_t count;
  Scope scope = request_scope(rq), sees = request_scope_of(rq, DIFFERENCE_READ);
  Json *changes = json_new_array(a);
  int64_t since = json_int(rq->query, "since", 0), size;
  Digest root;
  TRY(journal_head(cx, rq->worker, &size, &root));
  if (!json_get(rq->query, "since")) since = size;
  TRY(journal_since(cx, rq->worker, since, MOST, &entries, &count));
  if (count) TRY(roster_catalogue(cx, rq->worker, &c));
  for (size_t i = 0; i < count; i++) {
    const Entry *e = &entries[i];
    Json *ids = json_new_array(a);
    bool any = false, decision = kind_is(e->kind, "decision"),
         shared = kind_is(e->kind, "compare_run") || kind_is(e->kind, "register_lock");
    since = e->seq;
    if (decision) TRY(visible_differences(cx, rq, c, &sees, e->id, ids, &any));
    if (!any && !shared && scope.kind != SCOPE_COUNTY) continue;
    if (str_starts(e->kind, STR("account_")) || kind_is(e->kind, "password_changed") || kind_is(e->kind, "unmasked"))
      continue;
    Json *change = json_new_object(a);
    json_set_int(a, change, "seq", e->seq);
    json_set_text(a, change, "kind", e->kind);
    json_set_text(a, change, "author", e->author);
    json_set_text(a, change, "made_at", stamp_format(a, e->made_at));
    json_set_text(a, change, "entry", e->id);
    json_set(a, change, "differences", ids);
    json_add(changes, change);
  }
  response->json = json_new_object(a);
  json_set_int(a, response->json, "seq", since);
  json_set(a, response->json, "more", json_new_bool(a, count == MOST));
  json_set(a, response->json, "changes", changes);
  return OK;
}
