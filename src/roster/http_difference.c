#include "roster/roster_http.h"
#include "roster/roster_sql.h"

/* ---- shapes ---- */
#define DIFFERENCE_FIELDS                                                                                            \
  TEXT("id", "编号"), TEXT("class", "类别代码"), TEXT("state", "open 未处理、returned 已退回、decided 已处理"),      \
      TEXT("decision", "最后的处理方式，空为没有"),                                                                  \
      INT("decision_seq", "该处理的顺序号，0 为没有；处理时作为 seen 送回"), TEXT("decision_author", "由谁处理"),    \
      TEXT("decision_entry", "该处理的记录号，撤销用"), TEXT("left", "名单对的左边"), TEXT("right", "名单对的右边"), \
      TEXT("list", "有问题的名单"), TEXT("file", "文件名"), TEXT("sheet", "工作表"),                                 \
      INT("row", "行号，0 为没有这一行"), TEXT("household", "户"), TEXT("person", "人"), TEXT("town", "乡镇代码"),   \
      TEXT("field", "哪一项"), TEXT("value", "这边的内容（号码遮去中间）"), TEXT("other_list", "对照的名单"),        \
      TEXT("other_file", "对照的文件"), INT("other_row", "对照的行号"), TEXT("other_value", "对照的内容"),           \
      TEXT("proposed", "建议的处理方式；照办时送 proposed"), TEXT("reason", "建议的理由"),                           \
      TEXT("owner", "由哪个单位处理"), BOOL("may_decide", "当前账号可以处理")
static const Field DIFFERENCE_FIELD[] = {DIFFERENCE_FIELDS};
static const Shape DIFFERENCE = SHAPE("Difference", DIFFERENCE_FIELD);
static const Field PAGE_FIELD[] = {INT("total", "符合条件的总数"), LIST_OF("differences", &DIFFERENCE, "这一页")};
const Shape SHAPE_DIFFERENCES = SHAPE("DifferencePage", PAGE_FIELD);
static const Field CELL_FIELD[] = {TEXT("column", "列代码"), TEXT("title", "列名"), TEXT("value", "内容")};
static const Shape CELL = SHAPE("RowCell", CELL_FIELD);
static const Field ROW_FIELD[] = {TEXT("list", "名单"),   TEXT("list_title", "名单名称"),
                                  TEXT("file", "文件名"), TEXT("sheet", "工作表"),
                                  INT("row", "行号"),     LIST_OF("cells", &CELL, "各列内容")};
static const Shape ROW = SHAPE("ListRow", ROW_FIELD);
static const Field WEIGHT_FIELD[] = {TEXT("what", "比较的内容和结果"), INT("tenths", "证据，十分之一比特，可为负")};
static const Shape WEIGHT = SHAPE("Weight", WEIGHT_FIELD);
static const Field MARK_FIELD[] = {INT("from", "从第几个字（含，从0数）"), INT("to", "到第几个字（不含）"),
                                   INT("other_from", "对照的内容从第几个字"), INT("other_to", "对照的内容到第几个字")};
static const Shape MARK = SHAPE("Mark", MARK_FIELD);
static const Field PAST_FIELD[] = {INT("seq", "顺序号"), TEXT("entry", "记录号"), TEXT("action", "处理方式"),
                                   TEXT("author", "由谁"), BOOL("undone", "已撤销")};
static const Shape PAST = SHAPE("PastDecision", PAST_FIELD);
static const Field DETAIL_FIELD[] = {
    ONE_OF("difference", &DIFFERENCE, "差异"),           TEXT("evidence", "证据的一句话"),
    LIST_OF("weights", &WEIGHT, "疑似同一人的各项证据"), ONE_OF("mark", &MARK, "两边内容不同的那一段"),
    LIST_OF("rows", &ROW, "涉及的行，先这边后对照"),     LIST_OF("decisions", &PAST, "历次处理")};
const Shape SHAPE_DIFFERENCE_DETAIL = SHAPE("DifferenceDetail", DETAIL_FIELD);
static const Field DECIDED_FIELD[] = {
    TEXT("entry", "记录号，撤销用；试算时为空"),
    INT("decided", "处理了几处"),
    INT("also", "同一内容随之解决的几处"),
    {.name = "actions", .type = FIELD_COUNTS, .required = true, .what = "每种处理方式几处"}};
const Shape SHAPE_DECIDED = SHAPE("Decided", DECIDED_FIELD);
static const Field UNDONE_FIELD[] = {INT("undone", "撤销了几项")};
const Shape SHAPE_UNDONE = SHAPE("Undone", UNDONE_FIELD);

/* ---- as JSON ---- */
typedef struct Showing {
  Context *cx;
  const Catalogue *catalogue;
  Scope decides; /* of deciding */
  bool masked;
} Showing;

static Str shown(const Showing *s, Str text) { return s->masked ? mask_numbers(s->cx->arena, text) : text; }

/* A difference's own value: household numbers are no secret. */
static Str shown_value(const Showing *s, const Difference *d, Str text) {
  return str_equal(d->field, STR("hh_no")) ? text : shown(s, text);
}

static Showing showing(Context *cx, const Request *rq, const Catalogue *catalogue) {
  return (Showing){cx, catalogue, request_scope_of(rq, DIFFERENCE_DECIDE), true};
}

static Json *difference_json(const Showing *s, const Difference *d) {
  Arena *a = s->cx->arena;
  Json *json = json_new_object(a);
  const struct {
    const char *key;
    Str value;
  } texts[] = {{"id", d->id},
               {"class", d->class_code},
               {"state", difference_state_code(d->state)},
               {"decision", d->decision},
               {"decision_author", d->decision_author},
               {"decision_entry", d->decision_entry},
               {"left", d->left},
               {"right", d->right},
               {"list", d->list},
               {"file", d->file},
               {"sheet", d->sheet},
               {"household", d->household},
               {"person", d->person},
               {"town", d->town},
               {"field", d->field},
               {"value", shown_value(s, d, d->value)},
               {"other_list", d->other_list},
               {"other_file", d->other_file},
               {"other_value", shown_value(s, d, d->other_value)},
               {"proposed", shown(s, d->proposed)},
               {"reason", shown(s, d->reason)},
               {"owner", d->owner}};
  for (size_t i = 0; i < COUNT_OF(texts); i++) json_set_text(a, json, texts[i].key, texts[i].value);
  json_set_int(a, json, "row", d->row);
  json_set_int(a, json, "other_row", d->other_row);
  json_set_int(a, json, "decision_seq", d->decision_seq);
  json_set(a, json, "may_decide", json_new_bool(a, scope_decides_difference(&s->decides, s->catalogue, d)));
  return json;
}

static DifferenceFilter filter_of(const Request *rq) {
  const Json *q = rq->query;
  return (DifferenceFilter){.class_code = json_text(q, "class"),
                            .list = json_text(q, "list"),
                            .left = json_text(q, "left"),
                            .right = json_text(q, "right"),
                            .town = json_text(q, "town"),
                            .household = json_text(q, "household"),
                            .owner = json_text(q, "owner"),
                            .state = json_text(q, "state"),
                            .text = str_trim(json_text(q, "text")),
                            .offset = json_int(q, "offset", 0),
                            .limit = json_int(q, "limit", 50)};
}

Status http_differences(Context *cx, Request *rq, Response *response) {
  Catalogue *catalogue;
  Difference *items;
  size_t count;
  int64_t total;
  Scope scope = request_scope(rq);
  DifferenceFilter filter = filter_of(rq);
  TRY(roster_catalogue(cx, rq->worker, &catalogue));
  TRY(roster_difference_page(cx, rq->worker, catalogue, &scope, &filter, &items, &count, &total));
  Showing s = showing(cx, rq, catalogue);
  Json *array = json_new_array(cx->arena);
  for (size_t i = 0; i < count; i++) json_add(array, difference_json(&s, &items[i]));
  response->json = json_new_object(cx->arena);
  json_set_int(cx->arena, response->json, "total", total);
  json_set(cx->arena, response->json, "differences", array);
  return OK;
}

/* ---- one, with its evidence ---- */
static Status add_row(const Showing *s, Journal *journal, const FileNames *names, Str key, Json *rows) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Context *cx = s->cx;
  Arena *a = cx->arena;
  Str text;
  Json *content;
  bool more;
  if (key.size == 0) return OK;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_ROW_GET, DB_T(key)));
  TRY(db_next(cx, query, &more));
  if (!more) return OK; /* a newer version of the list is in and not compared yet */
  TRY(roster_unseal(cx, journal, "list_row.content", key, db_blob(query, 6), &text));
  TRY(json_parse(cx, text, &content));
  uint32_t list = catalogue_list(s->catalogue, db_text(query, 0));
  Json *row = json_new_object(a), *cells = json_new_array(a);
  json_set_text(a, row, "list", str_copy(a, db_text(query, 0)));
  json_set_text(a, row, "list_title", list == NO_INDEX ? STR_EMPTY : s->catalogue->lists[list].title);
  json_set_text(a, row, "file", file_name(names, db_text(query, 1)));
  json_set_text(a, row, "sheet", str_copy(a, db_text(query, 3)));
  json_set_int(a, row, "row", db_int(query, 4));
  JSON_EACH(value, json_get(content, "values")) {
    uint32_t column = catalogue_column(s->catalogue, value->key);
    Json *cell = json_new_object(a);
    json_set_text(a, cell, "column", value->key);
    json_set_text(a, cell, "title", column == NO_INDEX ? value->key : s->catalogue->columns[column].title);
    json_set_text(a, cell, "value", s->masked ? mask_cell(a, s->catalogue, column, value->text) : value->text);
    json_add(cells, cell);
  }
  json_set(a, row, "cells", cells);
  json_add(rows, row);
  return OK;
}

/* "姓名：相同 +9.8；村：不同 -1.2；合计 8.6 比特": each part ends with its weight. */
static Json *weights_json(Arena *a, Str evidence) {
  Json *array = json_new_array(a);
  for (Str rest = evidence; rest.size;) {
    ptrdiff_t end = str_find(rest, STR("；"));
    Str part = end < 0 ? rest : str_sub(rest, 0, (size_t)end);
    rest = end < 0 ? STR_EMPTY : str_sub(rest, (size_t)end + strlen("；"), rest.size);
    size_t blank = part.size;
    while (blank > 0 && part.data[blank - 1] != ' ') blank--;
    Str number = str_sub(part, blank, part.size);
    ptrdiff_t dot = str_find(number, STR("."));
    int64_t whole, tenth;
    if (blank == 0 || dot < 2 || (number.data[0] != '+' && number.data[0] != '-')) continue;
    if (!str_int64(str_sub(number, 1, (size_t)dot), &whole) ||
        !str_int64(str_sub(number, (size_t)dot + 1, number.size), &tenth))
      continue;
    Json *weight = json_new_object(a);
    json_set_text(a, weight, "what", str_trim(str_sub(part, 0, blank)));
    json_set_int(a, weight, "tenths", (number.data[0] == '-' ? -1 : 1) * (whole * 10 + tenth));
    json_add(array, weight);
  }
  return array;
}

static Status past_json(Context *cx, Journal *journal, Str id, Json **ret_past) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Arena *a = cx->arena;
  Json *array = json_new_array(a);
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_DECISIONS_OF_DIFFERENCE, DB_T(id)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    Json *past = json_new_object(a);
    json_set_int(a, past, "seq", db_int(query, 0));
    json_set_text(a, past, "entry", str_copy(a, db_text(query, 2)));
    json_set_text(a, past, "action", str_copy(a, db_text(query, 3)));
    json_set_text(a, past, "author", str_copy(a, db_text(query, 4)));
    json_set(a, past, "undone", json_new_bool(a, db_text(query, 5).size > 0));
    json_add(array, past);
  }
  *ret_past = array;
  return OK;
}

static Json *mark_json(Arena *a, const Difference *d) {
  Marked marked = mark_differing(d->value, d->other_value);
  Json *json = json_new_object(a);
  json_set_int(a, json, "from", marked.from[0]);
  json_set_int(a, json, "to", marked.to[0]);
  json_set_int(a, json, "other_from", marked.from[1]);
  json_set_int(a, json, "other_to", marked.to[1]);
  return json;
}

static Status detail(Context *cx, const Request *rq, bool masked, Response *response) {
  Arena *a = cx->arena;
  Catalogue *catalogue;
  Difference d;
  FileNames names;
  Json *past, *rows = json_new_array(a);
  Scope scope = request_scope_of(rq, DIFFERENCE_READ);
  TRY(roster_catalogue(cx, rq->worker, &catalogue));
  TRY(roster_difference_one(cx, rq->worker, catalogue, &scope, rq->params[0], &d));
  Showing s = showing(cx, rq, catalogue);
  s.masked = masked;
  TRY(file_names_load(cx, rq->worker, &names));
  TRY(add_row(&s, rq->worker, &names, d.row_key, rows));
  TRY(add_row(&s, rq->worker, &names, d.other_key, rows));
  TRY(past_json(cx, rq->worker, d.id, &past));
  response->json = json_new_object(a);
  json_set(a, response->json, "difference", difference_json(&s, &d));
  json_set_text(a, response->json, "evidence", shown(&s, d.evidence));
  json_set(a, response->json, "weights", weights_json(a, d.evidence));
  json_set(a, response->json, "mark", mark_json(a, &d));
  json_set(a, response->json, "rows", rows);
  json_set(a, response->json, "decisions", past);
  return OK;
}

Status http_difference(Context *cx, Request *rq, Response *response) { return detail(cx, rq, true, response); }

Status http_difference_unmask(Context *cx, Request *rq, Response *response) {
  Catalogue *catalogue;
  Difference d;
  Scope scope = request_scope(rq);
  TRY(roster_catalogue(cx, rq->worker, &catalogue));
  TRY(roster_difference_one(cx, rq->worker, catalogue, &scope, rq->params[0], &d));
  TRY(journal_unmasked(cx, rq, "difference", d.id, d.household, json_text(rq->body, "purpose")));
  return detail(cx, rq, false, response);
}

/* ---- deciding ---- */
static void decided_json(Context *cx, const DecideReport *report, Response *response) {
  Json *counts = json_new_object(cx->arena);
  for (size_t i = 0; i < report->by_action_count; i++)
    json_set_int(cx->arena, counts, str_c(cx->arena, report->by_action[i].code), report->by_action[i].total);
  response->json = json_new_object(cx->arena);
  json_set_text(cx->arena, response->json, "entry", report->entry);
  json_set_int(cx->arena, response->json, "decided", report->decided);
  json_set_int(cx->arena, response->json, "also", report->also);
  json_set(cx->arena, response->json, "actions", counts);
}

/* What there is now, beside the refusal: the page shows it. */
static void add_present(Context *cx, const Request *rq, const Scope *scope, Response *response) {
  Context inner = {cx->arena, {OK, STR_EMPTY}};
  Catalogue *catalogue;
  Difference d;
  if (roster_catalogue(&inner, rq->worker, &catalogue) != OK ||
      roster_difference_one(&inner, rq->worker, catalogue, scope, rq->params[0], &d) != OK)
    return;
  Showing s = showing(&inner, rq, catalogue);
  response->extra = difference_json(&s, &d);
}

Status http_decide(Context *cx, Request *rq, Response *response) {
  Scope scope = request_scope(rq);
  DecideReport report;
  DecideRequest request = {.id = rq->params[0],
                           .action = json_text(rq->body, "action"),
                           .reason = json_text(rq->body, "reason"),
                           .author = request_author(rq),
                           .scope = &scope,
                           .check_seen = true,
                           .seen = json_int(rq->body, "seen", 0)};
  Status status = roster_decide(cx, rq->worker, &request, &report);
  if (status == STALE) add_present(cx, rq, &scope, response);
  TRY(status);
  decided_json(cx, &report, response);
  return OK;
}

Status http_decide_class(Context *cx, Request *rq, Response *response) {
  Scope scope = request_scope(rq);
  DecideReport report;
  DecideRequest request = {.class_code = json_text(rq->body, "class"),
                           .reason = json_text(rq->body, "reason"),
                           .list = json_text(rq->body, "list"),
                           .town = json_text(rq->body, "town"),
                           .author = request_author(rq),
                           .scope = &scope,
                           .dry_run = json_bool(rq->body, "dry_run", false),
                           .expected = json_int(rq->body, "expected", 0)};
  TRY(roster_decide(cx, rq->worker, &request, &report));
  decided_json(cx, &report, response);
  return OK;
}

/* Whoever could have written the entry may take it back; decisions of others only who decides for the county. */
Status http_undo(Context *cx, Request *rq, Response *response) {
  static const struct {
    Str kind;
    Permission permission;
  } needed[] = {
      {STR("decision"), DIFFERENCE_DECIDE}, {STR("removal"), REMOVAL_WRITE}, {STR("list_imported"), LIST_IMPORT}};
  Entry entry;
  int64_t undone;
  bool allowed = false;
  TRY(journal_get(cx, rq->worker, rq->params[0], &entry));
  for (size_t i = 0; i < COUNT_OF(needed); i++) {
    Scope scope = request_scope_of(rq, needed[i].permission);
    bool own = scope.kind != SCOPE_NONE && str_equal(entry.author, request_author(rq));
    if (str_equal(entry.kind, needed[i].kind)) allowed = own || scope.kind == SCOPE_COUNTY;
  }
  if (!allowed) return fail(cx, FORBIDDEN, "只能撤销自己所作的处理或导入。");
  TRY(roster_undo(cx, rq->worker, entry.id, json_text(rq->body, "reason"), request_author(rq), &undone));
  response->json = json_new_object(cx->arena);
  json_set_int(cx->arena, response->json, "undone", undone);
  return OK;
}

/* ---- the same list as a file ---- */
Status http_differences_export(Context *cx, Request *rq, Response *response) {
  enum { MOST = 200000 };
  static const Str titles[] = {STR("编号"),     STR("类别"),     STR("状态"),   STR("名单"),     STR("文件"),
                               STR("工作表"),   STR("行"),       STR("户"),     STR("项目"),     STR("内容"),
                               STR("对照名单"), STR("对照文件"), STR("对照行"), STR("对照内容"), STR("建议"),
                               STR("理由"),     STR("处理单位")};
  static const Str states[] = {STR("未处理"), STR("已退回"), STR("已处理")};
  Catalogue *catalogue;
  Difference *items;
  size_t count;
  int64_t total;
  Scope scope = request_scope(rq);
  DifferenceFilter filter = filter_of(rq);
  filter.offset = 0, filter.limit = MOST;
  TRY(db_begin(cx, journal_db(rq->worker)));
  TRY(roster_catalogue(cx, rq->worker, &catalogue));
  TRY(roster_difference_page(cx, rq->worker, catalogue, &scope, &filter, &items, &count, &total));
  Showing s = showing(cx, rq, catalogue);
  CLEANUP(table_end) Table table = {.csv = -1};
  TRY(table_begin(cx, rq->worker, json_text(rq->query, "format"), STR("差异"), titles, COUNT_OF(titles), &table));
  for (size_t i = 0; i < count; i++) {
    const Difference *d = &items[i];
    uint32_t class_index = catalogue_class(catalogue, d->class_code);
    Str row = d->row ? str_format(cx->arena, "%lld", (long long)d->row) : STR_EMPTY;
    Str other_row = d->other_row ? str_format(cx->arena, "%lld", (long long)d->other_row) : STR_EMPTY;
    const Str cells[] = {d->id,
                         class_index == NO_INDEX ? d->class_code : catalogue->classes[class_index].title,
                         states[d->state],
                         d->list,
                         d->file,
                         d->sheet,
                         row,
                         d->household,
                         d->field,
                         shown(&s, d->value),
                         d->other_list,
                         d->other_file,
                         other_row,
                         shown(&s, d->other_value),
                         shown(&s, d->proposed),
                         shown(&s, d->reason),
                         catalogue_role(catalogue, d->owner)};
    TRY(table_row(cx, &table, cells, COUNT_OF(cells)));
  }
  return table_send(cx, &table, STR("差异"), response);
}
