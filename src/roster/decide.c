#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* ---- differences as stored ---- */
Status roster_row_place(Context *cx, Journal *journal, const FileNames *names, Str key, Str *ret_file, Str *ret_sheet,
                        int64_t *ret_row) {
  if (key.size == 0) return OK;
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_ROW_GET, DB_T(key)));
  TRY(db_next(cx, query, &more));
  if (!more) return OK;
  *ret_file = file_name(names, db_text(query, 1));
  if (ret_sheet) *ret_sheet = str_copy(cx->arena, db_text(query, 3));
  *ret_row = db_int(query, 4);
  return OK;
}

Status roster_difference_read(Context *cx, Journal *journal, DbQuery *q, bool content_too, Difference *d) {
  Arena *a = cx->arena;
  Str text;
  Json *content;
  *d = (Difference){.id = str_copy(a, db_text(q, 0)),
                    .class_code = str_copy(a, db_text(q, 1)),
                    .left = str_copy(a, db_text(q, 2)),
                    .right = str_copy(a, db_text(q, 3)),
                    .person_unit = str_equal(db_text(q, 4), STR("person")),
                    .town = str_copy(a, db_text(q, 5)),
                    .subject = str_copy(a, db_text(q, 6)),
                    .field = str_copy(a, db_text(q, 7)),
                    .list = str_copy(a, db_text(q, 8)),
                    .row_key = str_copy(a, db_text(q, 9)),
                    .other_list = str_copy(a, db_text(q, 10)),
                    .other_key = str_copy(a, db_text(q, 11)),
                    .household = str_copy(a, db_text(q, 12)),
                    .person = str_copy(a, db_text(q, 13)),
                    .owner = str_copy(a, db_text(q, 14))};
  d->file = d->sheet = d->other_file = d->decision = STR_EMPTY;
  d->evidence = d->other_value = d->proposed = d->reason = d->value = STR_EMPTY;
  if (!content_too) return OK;
  TRY(roster_unseal(cx, journal, "difference.content", d->id, db_blob(q, 16), &text));
  TRY(json_parse(cx, text, &content));
  d->evidence = json_text(content, "evidence");
  d->other_value = json_text(content, "other_value");
  d->proposed = json_text(content, "proposed");
  d->reason = json_text(content, "reason");
  d->value = json_text(content, "value");
  return OK;
}

static void set_state(Difference *d, Str action) {
  d->decision = action;
  d->state = action.size == 0                   ? DIFFERENCE_OPEN
             : str_equal(action, STR("return")) ? DIFFERENCE_RETURNED
                                                : DIFFERENCE_DECIDED;
}

static Status load_differences(Context *cx, Journal *journal, bool whole, Difference **ret_differences,
                               size_t *ret_count) {
  FileNames names;
  Settled settled;
  TRY(file_names_load(cx, journal, &names));
  TRY(settled_load(cx, journal, &settled));
  CLEANUP(db_stop) DbQuery *query = NULL;
  Difference *items = NULL;
  size_t count = 0, capacity = 0;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DIFFERENCES_ALL));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    if (count == capacity) {
      size_t larger = capacity ? capacity * 2 : 512;
      items = arena_grow(cx->arena, items, capacity * sizeof *items, larger * sizeof *items);
      capacity = larger;
    }
    Difference *d = &items[count++];
    TRY(roster_difference_read(cx, journal, query, whole || settled.count > 0, d));
    if (whole) TRY(roster_row_place(cx, journal, &names, d->row_key, &d->file, &d->sheet, &d->row));
    if (whole) TRY(roster_row_place(cx, journal, &names, d->other_key, &d->other_file, NULL, &d->other_row));
    const SettledItem *item = settled_difference(&settled, cx->arena, d);
    set_state(d, item ? item->action : STR_EMPTY);
    d->settled = item ? item->settled : STR_EMPTY;
  }
  *ret_differences = items;
  *ret_count = count;
  return OK;
}

Status roster_differences(Context *cx, Journal *journal, Difference **ret_differences, size_t *ret_count) {
  return load_differences(cx, journal, true, ret_differences, ret_count);
}

Status roster_difference_states(Context *cx, Journal *journal, Difference **ret_differences, size_t *ret_count) {
  return load_differences(cx, journal, false, ret_differences, ret_count);
}

Str difference_state_code(DifferenceState state) {
  static const Str codes[] = {STR("open"), STR("returned"), STR("decided")};
  return codes[state];
}

/* ---- one decision ---- */
typedef enum ActionKind {
  ACTION_TAKE,
  ACTION_VALUE,
  ACTION_LINK,
  ACTION_NOLINK,
  ACTION_RETURN,
  ACTION_EXCEPTION
} ActionKind;
typedef struct Action {
  ActionKind kind;
  Str argument;
} Action;

static Status parse_action(Context *cx, Str text, Action *ret_action) {
  static const struct {
    Str word;
    ActionKind kind;
    bool argument;
  } words[] = {{STR("take:"), ACTION_TAKE, true},     {STR("value:"), ACTION_VALUE, true},
               {STR("link"), ACTION_LINK, false},     {STR("nolink"), ACTION_NOLINK, false},
               {STR("return"), ACTION_RETURN, false}, {STR("exception"), ACTION_EXCEPTION, false}};
  for (size_t i = 0; i < COUNT_OF(words); i++) {
    if (words[i].argument ? !str_starts(text, words[i].word) : !str_equal(text, words[i].word)) continue;
    Str argument = words[i].argument ? str_trim(str_sub(text, words[i].word.size, text.size)) : STR_EMPTY;
    if (words[i].argument && argument.size == 0) break;
    *ret_action = (Action){words[i].kind, argument};
    return OK;
  }
  return fail(cx, BAD_USAGE,
              "处理方式“" STR_FMT "”不认识；可用 take:名单、value:内容、link、nolink、return、exception。",
              STR_ARG(text));
}

static bool is_link_question(const Difference *d) { return str_equal(d->field, STR("link")); }
static bool has_value(const Difference *d) { return !is_link_question(d) && !str_equal(d->field, STR("row")); }

/* A number as it should be written: 18 characters, half width, also of a certificate's or a 15-digit one. */
static Str id_as_written(Arena *arena, Str raw) {
  IdNumber id = id_read(raw);
  return id.state == ID_VALID ? str_copy(arena, (Str){id.text, id.size}) : raw;
}

/* The value that a decision settles on; "" for decisions without one. */
static Status settled_value(Context *cx, const Difference *d, const Action *action, Str *ret_value) {
  *ret_value = STR_EMPTY;
  if (action->kind == ACTION_LINK || action->kind == ACTION_NOLINK) {
    if (!is_link_question(d))
      return fail(cx, BAD_USAGE, "差异 " STR_FMT " 不是“是否同一人”的问题，不能用 link 或 nolink。", STR_ARG(d->id));
    return OK;
  }
  if (action->kind == ACTION_RETURN || action->kind == ACTION_EXCEPTION) return OK;
  if (!has_value(d))
    return fail(cx, BAD_USAGE, "差异 " STR_FMT " 没有可取的内容，请用 %s、return 或 exception。", STR_ARG(d->id),
                is_link_question(d) ? "link、nolink" : "exception");
  if (action->kind == ACTION_TAKE) {
    bool own = str_equal(action->argument, d->list), others = str_equal(action->argument, d->other_list);
    if (!own && !others)
      return fail(cx, BAD_USAGE, "差异 " STR_FMT " 涉及的名单是 " STR_FMT " 和 " STR_FMT "，不能取“" STR_FMT "”。",
                  STR_ARG(d->id), STR_ARG(d->list), STR_ARG(d->other_list), STR_ARG(action->argument));
    Str taken = others ? d->other_value : d->value; /* both rows in one list: the row it is measured by */
    if (taken.size == 0)
      return fail(cx, BAD_USAGE, "差异 " STR_FMT " 中名单 " STR_FMT " 没有内容可取，请用 value:、return 或 exception。",
                  STR_ARG(d->id), STR_ARG(action->argument));
    *ret_value = str_equal(d->field, STR("id_no")) ? id_as_written(cx->arena, taken) : taken;
    return OK;
  }
  if (str_equal(d->field, STR("id_no")) && id_read(action->argument).state != ID_VALID)
    return fail(cx, BAD_VALUE, "“" STR_FMT "”不是正确的身份证号码（18位、日期真实、校验位相符）。",
                STR_ARG(action->argument));
  *ret_value = str_equal(d->field, STR("id_no")) ? id_as_written(cx->arena, action->argument) : action->argument;
  return OK;
}

typedef struct Deciding {
  Context *cx;
  Journal *journal;
  const DecideRequest *request;
  Catalogue *catalogue;
  Json *items;
  int64_t decided, also;
  struct {
    Str action;
    int64_t count;
  } counts[LIST_LIMIT + 8];
  size_t count_size;
  StrMap done; /* differences that already have an item */
} Deciding;

/* By word: the contents of value: are personal, and each its own. */
static void count_action(Deciding *g, Str action) {
  if (str_starts(action, STR("value:"))) action = STR("value");
  size_t i = 0;
  while (i < g->count_size && !str_equal(g->counts[i].action, action)) i++;
  if (i == COUNT_OF(g->counts)) return; /* five words and take: with each list: never */
  if (i == g->count_size) g->counts[g->count_size++].action = action;
  g->counts[i].count++;
}

static Status add_item(Deciding *g, const Difference *d, Str action_text, Str value, bool also) {
  Arena *a = g->cx->arena;
  bool added;
  strmap_put(&g->done, d->id, 0, &added);
  if (!added) return OK;
  Json *item = json_new_object(a);
  json_set_text(a, item, "action", action_text);
  json_set_text(a, item, "class", d->class_code);
  json_set_text(a, item, "difference", d->id);
  json_set_text(a, item, "field", d->field);
  json_set_text(a, item, "household", d->household);
  json_set_text(a, item, "list", d->list);
  json_set_text(a, item, "other_list", d->other_list);
  json_set_text(a, item, "other_value", d->other_value);
  json_set_text(a, item, "person", d->person);
  json_set_text(a, item, "subject", d->subject);
  if (value.size) json_set_text(a, item, "settled", value);
  json_set_text(a, item, "value", d->value);
  if (is_link_question(d) && !also) {
    Fact left, right;
    TRY(facts_one(g->cx, g->journal, g->catalogue, d->row_key, &left));
    TRY(facts_one(g->cx, g->journal, g->catalogue, d->other_key, &right));
    json_set_text(a, item, "left_identity", fact_identity(a, &left));
    json_set_text(a, item, "left_origin", left.origin);
    json_set_text(a, item, "right_identity", fact_identity(a, &right));
    json_set_text(a, item, "right_origin", right.origin);
  }
  json_add(g->items, item);
  if (also) {
    g->also++;
  } else {
    count_action(g, action_text);
    g->decided++;
  }
  return OK;
}

static Status find_difference(Context *cx, Journal *journal, Str id, Difference *ret_difference) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool more;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DIFFERENCE_GET, DB_T(id)));
  TRY(db_next(cx, query, &more));
  if (!more)
    return fail(cx, NOT_FOUND, "没有编号为“" STR_FMT "”的差异；请先运行 anju differences 查看现有编号。", STR_ARG(id));
  return roster_difference_read(cx, journal, query, true, ret_difference);
}

static Status resolve_id(Context *cx, Journal *journal, Str prefix, Str *ret_id) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  uint32_t hits = 0;
  if (prefix.size < 4) return fail(cx, BAD_USAGE, "差异编号“" STR_FMT "”太短，至少写前4位。", STR_ARG(prefix));
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DIFFERENCE_IDS_LIKE, DB_T(prefix)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    hits++;
    *ret_id = str_copy(cx->arena, db_text(query, 0));
  }
  if (hits == 0)
    return fail(cx, NOT_FOUND, "没有编号为“" STR_FMT "”的差异；请先运行 anju differences 查看现有编号。",
                STR_ARG(prefix));
  if (hits > 1 && (*ret_id).size != prefix.size)
    return fail(cx, BAD_USAGE, "编号“" STR_FMT "”不止一处差异，请写全。", STR_ARG(prefix));
  return OK;
}

/* Other differences about the same value of the same person or household are settled by the same decision. */
static Status add_siblings(Deciding *g, const Difference *d, Str value) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Context *cx = g->cx;
  TRY(db_start(cx, journal_db(g->journal), &query, &ROSTER_DIFFERENCES_OF_SUBJECT, DB_T(d->subject), DB_T(d->field)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    if (str_equal(db_text(query, 0), d->id)) continue;
    Difference other;
    TRY(find_difference(cx, g->journal, str_copy(cx->arena, db_text(query, 0)), &other));
    int64_t decided;
    CLEANUP(db_stop) DbQuery *last = NULL;
    TRY(db_start(cx, journal_db(g->journal), &last, &ROSTER_DECISION_LAST, DB_T(other.id)));
    bool any;
    TRY(db_next(cx, last, &any));
    decided = any && !str_equal(db_text(last, 1), STR("return"));
    if (decided) continue;
    if (g->request->scope && !scope_decides_difference(g->request->scope, g->catalogue, &other)) continue;
    TRY(add_item(g, &other, str_format(cx->arena, "value:" STR_FMT, STR_ARG(value)), value, true));
  }
}

/* Lists may have changed since the comparison; a decision about a row that is gone would say nothing. */
static Status require_row(Deciding *g, const Difference *d, Str key) {
  Context *cx = g->cx;
  CLEANUP(db_stop) DbQuery *query = NULL;
  bool there = true;
  if (key.size == 0) return OK;
  TRY(db_start(cx, journal_db(g->journal), &query, &ROSTER_ROW_GET, DB_T(key)));
  TRY(db_next(cx, query, &there));
  if (!there)
    return fail(cx, CONFLICT, "差异 " STR_FMT " 所说的行已不在现有名单中（名单有了新版本），请先运行 anju compare。",
                STR_ARG(d->id));
  return OK;
}

/* What was decided since the caller looked. */
static Status check_seen(Deciding *g, const Difference *d) {
  Context *cx = g->cx;
  if (!g->request->check_seen) return OK;
  Settled settled;
  TRY(settled_load(cx, g->journal, &settled));
  const SettledItem *item = settled_difference(&settled, cx->arena, d);
  if ((item ? item->seq : 0) == g->request->seen) return OK;
  if (!item) return fail(cx, STALE, "这处差异的处理刚被撤销，请看过后再定。");
  return fail(cx, STALE, "这处差异刚由“" STR_FMT "”处理（" STR_FMT "），请看过后再定。", STR_ARG(item->author),
              STR_ARG(item->action));
}

static Status check_scope(Deciding *g, const Difference *d) {
  const Scope *scope = g->request->scope;
  if (!scope || scope_decides_difference(scope, g->catalogue, d)) return OK;
  if (scope_sees_difference(scope, g->catalogue, d))
    return fail(g->cx, FORBIDDEN, "这处差异由“" STR_FMT "”处理，您的账号只能查看。",
                STR_ARG(catalogue_role(g->catalogue, d->owner)));
  return fail(g->cx, NOT_FOUND, "没有编号为“" STR_FMT "”的差异。", STR_ARG(d->id));
}

static Status decide_one(Deciding *g, const Difference *d, Str action_text, bool siblings) {
  Action action = {0};
  Str value;
  TRY(require_row(g, d, d->row_key));
  TRY(require_row(g, d, d->other_key));
  TRY(parse_action(g->cx, action_text, &action));
  TRY(settled_value(g->cx, d, &action, &value));
  TRY(add_item(g, d, action_text, value, false));
  if (siblings && value.size) TRY(add_siblings(g, d, value));
  return OK;
}

static bool chosen(const Deciding *g, const Difference *d) {
  const DecideRequest *r = g->request;
  Str town = d->town.size ? d->town : STR("unknown");
  if (r->scope && !scope_decides_difference(r->scope, g->catalogue, d)) return false;
  if (r->town.size && !str_equal(r->town, town)) return false;
  return r->list.size == 0 || str_equal(r->list, d->list) || str_equal(r->list, d->other_list);
}

static Status decide_class(Deciding *g) {
  Context *cx = g->cx;
  Difference *all;
  size_t count;
  if (catalogue_class(g->catalogue, g->request->class_code) == NO_INDEX) {
    Buf codes = buf_new(cx->arena);
    for (uint32_t i = 0; i < g->catalogue->class_count; i++)
      buf_addf(&codes, "%s" STR_FMT, i ? "、" : "", STR_ARG(g->catalogue->classes[i].code));
    return fail(cx, BAD_USAGE, "没有名为“" STR_FMT "”的差异类别；可用：" STR_FMT "。", STR_ARG(g->request->class_code),
                STR_ARG(buf_str(&codes)));
  }
  TRY(roster_differences(cx, g->journal, &all, &count));
  for (size_t i = 0; i < count; i++) {
    if (!str_equal(all[i].class_code, g->request->class_code) || all[i].state != DIFFERENCE_OPEN) continue;
    if (strmap_get(&g->done, all[i].id) != STRMAP_NONE || !chosen(g, &all[i])) continue;
    TRY(decide_one(g, &all[i], all[i].proposed, true));
  }
  return OK;
}

static void fill_report(Deciding *g, DecideReport *report) {
  report->decided = g->decided;
  report->also = g->also;
  report->by_action = arena_array(g->cx->arena, g->count_size + 1, ClassCount);
  for (size_t i = 0; i < g->count_size; i++)
    report->by_action[report->by_action_count++] =
        (ClassCount){g->counts[i].action, STR_EMPTY, g->counts[i].count, 0, 0};
}

Status roster_decide(Context *cx, Journal *journal, const DecideRequest *request, DecideReport *ret_report) {
  Deciding *g = arena_one(cx->arena, Deciding);
  *g = (Deciding){.cx = cx,
                  .journal = journal,
                  .request = request,
                  .items = json_new_array(cx->arena),
                  .done = strmap_new(cx->arena)};
  TRY(roster_require_reason(cx, journal, request->reason));
  TRY(roster_catalogue(cx, journal, &g->catalogue));
  if (request->class_code.size) {
    TRY(decide_class(g));
  } else {
    Difference d;
    Str id;
    TRY(resolve_id(cx, journal, request->id, &id));
    TRY(find_difference(cx, journal, id, &d));
    TRY(check_scope(g, &d));
    TRY(check_seen(g, &d));
    TRY(decide_one(g, &d, str_equal(request->action, STR("proposed")) ? d.proposed : request->action, true));
  }
  if (request->expected && !request->dry_run && g->decided != request->expected)
    return fail(cx, STALE, "预览时有 %lld 处，现在有 %lld 处，请重新预览。", (long long)request->expected,
                (long long)g->decided);
  DecideReport report = {.entry = STR_EMPTY};
  fill_report(g, &report);
  if (!request->dry_run && g->items->count) {
    Json *body = json_new_object(cx->arena);
    if (request->class_code.size) json_set_text(cx->arena, body, "class", request->class_code);
    json_set(cx->arena, body, "items", g->items);
    if (request->reason.size) json_set_text(cx->arena, body, "reason", request->reason);
    Entry draft = {.kind = STR("decision"), .author = request->author, .body = body};
    Receipt receipt;
    TRY(journal_append(cx, journal, &draft, &receipt));
    report.entry = receipt.id;
  }
  *ret_report = report;
  return OK;
}

/* ---- apply ---- */
Status roster_apply_decision(Context *cx, Journal *journal, const Entry *entry) {
  Db *db = journal_db(journal);
  int64_t number = 0;
  JSON_EACH(item, json_get(entry->body, "items")) {
    Str difference = json_text(item, "difference"), action = json_text(item, "action");
    Buf content = buf_new(cx->arena);
    TRY(json_write_canonical(cx, item, &content));
    /* action "value:..." may hold personal data: the column keeps the word, the sealed content the rest */
    Str word = str_starts(action, STR("value:")) ? STR("value") : action;
    Str key =
        str_format(cx->arena, STR_FMT "|%lld|%lld", STR_ARG(difference), (long long)entry->seq, (long long)number);
    TRY(db_run(cx, db, &ROSTER_DECISION_INSERT, DB_T(difference), DB_I(entry->seq), DB_I(number), DB_T(entry->id),
               DB_T(word), DB_T(entry->author),
               DB_B(roster_seal(cx->arena, journal, "decision.content", key, buf_str(&content)))));
    if (json_text(item, "left_origin").size && (str_equal(action, STR("link")) || str_equal(action, STR("nolink"))))
      TRY(db_run(cx, db, &ROSTER_CONSTRAINT_INSERT, DB_T(entry->id), DB_I(number), DB_T(json_text(item, "left_origin")),
                 DB_T(json_text(item, "right_origin")), DB_I(str_equal(action, STR("link"))),
                 DB_T(json_text(item, "left_identity")), DB_T(json_text(item, "right_identity")), DB_I(entry->seq)));
    number++;
  }
  return OK;
}

/* ---- undo: a correcting entry ---- */
/* A person's removal stays while the household is removed: the household was counted without that person. */
static Status household_stays(Context *cx, Journal *journal, const Entry *removal) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Str household = json_text(removal->body, "household");
  if (json_text(removal->body, "person").size == 0) return OK;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_REMOVALS_ACTIVE));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    if (str_equal(db_text(query, 0), household) && db_text(query, 1).size == 0)
      return fail(cx, CONFLICT, "该户已整户核减，请先撤销整户的核减，再撤销这一人的核减。");
  }
}

Status roster_undo(Context *cx, Journal *journal, Str entry_id, Str reason, Str author, int64_t *ret_undone) {
  Entry entry;
  TRY(roster_require_reason(cx, journal, reason));
  TRY(journal_get(cx, journal, entry_id, &entry));
  static const Str kinds[] = {STR("decision"), STR("removal"), STR("list_imported")};
  bool allowed = false;
  for (size_t i = 0; i < COUNT_OF(kinds); i++) allowed |= str_equal(entry.kind, kinds[i]);
  if (!allowed)
    return fail(cx, BAD_USAGE, "记录 " STR_FMT "（" STR_FMT "）不能撤销；可以撤销处理决定、核减和名单导入。",
                STR_ARG(entry_id), STR_ARG(entry.kind));
  int64_t active = 0;
  TRY(db_int_of(cx, journal_db(journal), &active, 0, &ROSTER_UNDOABLE, DB_T(entry.id)));
  if (active == 0) return fail(cx, CONFLICT, "记录 " STR_FMT " 已经撤销过，或已被后来的版本取代。", STR_ARG(entry_id));
  if (str_equal(entry.kind, STR("removal"))) TRY(household_stays(cx, journal, &entry));
  Json *body = json_new_object(cx->arena);
  json_set_text(cx->arena, body, "kind", entry.kind);
  if (reason.size) json_set_text(cx->arena, body, "reason", reason);
  json_set_text(cx->arena, body, "undoes", entry.id);
  Entry draft = {.kind = STR("undo"), .author = author, .supersedes = entry.id, .body = body};
  Receipt receipt;
  TRY(journal_append(cx, journal, &draft, &receipt));
  *ret_undone = active;
  return OK;
}

Status roster_apply_undo(Context *cx, Journal *journal, const Entry *entry) {
  Db *db = journal_db(journal);
  Str undone = json_text(entry->body, "undoes");
  TRY(db_run(cx, db, &ROSTER_DECISION_UNDO, DB_T(undone), DB_T(entry->id)));
  TRY(db_run(cx, db, &ROSTER_CONSTRAINT_UNDO, DB_T(undone), DB_T(entry->id)));
  TRY(db_run(cx, db, &ROSTER_REMOVAL_UNDO, DB_T(undone), DB_T(entry->id)));
  if (str_equal(json_text(entry->body, "kind"), STR("list_imported")))
    TRY(roster_apply_import_undo(cx, journal, undone, entry));
  return OK;
}
