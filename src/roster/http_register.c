#include "roster/roster_http.h"
#include "roster/roster_sql.h"

/* ---- shapes ---- */
static const Field MEMBER_FIELD[] = {TEXT("household", "户"),
                                     TEXT("person", "人"),
                                     TEXT("household_no", "户编号"),
                                     TEXT("town_code", "乡镇代码"),
                                     TEXT("town", "乡镇"),
                                     TEXT("village_code", "村代码"),
                                     TEXT("village", "村"),
                                     TEXT("head_name", "户主"),
                                     TEXT("name", "姓名"),
                                     TEXT("id_no", "身份证号码（遮去中间）"),
                                     TEXT("sex", "性别"),
                                     TEXT("birth", "出生日期"),
                                     TEXT("relation", "与户主关系"),
                                     TEXT("size", "家庭人数"),
                                     TEXT("phone", "电话（遮去中间）"),
                                     TEXT("mode", "住房保障方式代码"),
                                     BOOL("head", "是户主"),
                                     BOOL("open", "还有未处理的差异")};
static const Shape MEMBER = SHAPE("Member", MEMBER_FIELD);
static const Field REGISTER_FIELD[] = {INT("total", "符合条件的人数"), INT("households", "涉及的户数"),
                                       LIST_OF("members", &MEMBER, "这一页")};
const Shape SHAPE_REGISTER = SHAPE("RegisterPage", REGISTER_FIELD);
static const Field HOLDING_CELL_FIELD[] = {TEXT("column", "列代码"), TEXT("title", "列名"), TEXT("value", "内容")};
static const Shape HOLDING_CELL = SHAPE("HouseholdCell", HOLDING_CELL_FIELD);
static const Field HOLDING_FIELD[] = {TEXT("list", "名单"),
                                      TEXT("list_title", "名单名称"),
                                      TEXT("file", "文件名"),
                                      TEXT("sheet", "工作表"),
                                      INT("row", "行号"),
                                      TEXT("person", "认定为哪个人"),
                                      TEXT("state", "auto 自动、decided 人工认定、review 待认定、alone 只此一行"),
                                      LIST_OF("cells", &HOLDING_CELL, "各列内容")};
static const Shape HOLDING = SHAPE("HouseholdRow", HOLDING_FIELD);
static const Field EVENT_FIELD[] = {INT("seq", "顺序号"), TEXT("made_at", "时间（UTC）"), TEXT("entry", "记录号"),
                                    TEXT("kind", "种类"), TEXT("author", "由谁"),         TEXT("sentence", "一句话")};
static const Shape EVENT = SHAPE("HouseholdEvent", EVENT_FIELD);
static const Field HOUSEHOLD_FIELD[] = {
    TEXT("household", "户"), TEXT("town_code", "乡镇代码"), LIST_OF("members", &MEMBER, "成员，户主在先"),
    LIST_OF("rows", &HOLDING, "各名单中的行"), LIST_OF("history", &EVENT, "来历，按先后")};
const Shape SHAPE_HOUSEHOLD = SHAPE("Household", HOUSEHOLD_FIELD);

static Json *member_json(Arena *a, const AgreedRow *r, bool masked) {
  const struct {
    const char *key;
    Str value;
  } texts[] = {
      {"household", r->household},
      {"person", r->person},
      {"household_no", r->hh_no},
      {"town_code", r->town_code},
      {"town", r->town},
      {"village_code", r->village_code},
      {"village", r->village},
      {"head_name", r->head_name},
      {"name", r->name},
      {"id_no", masked ? mask_numbers(a, r->id_no) : r->id_no},
      {"sex", r->sex},
      {"birth", masked && r->birth.size ? str_format(a, STR_FMT "-**-**", STR_ARG(str_sub(r->birth, 0, 4))) : r->birth},
      {"relation", r->relation},
      {"size", r->size},
      {"phone", masked ? mask_numbers(a, r->phone) : r->phone},
      {"mode", r->mode}};
  Json *json = json_new_object(a);
  for (size_t i = 0; i < COUNT_OF(texts); i++)
    json_set_text(a, json, texts[i].key, texts[i].value.data ? str_copy(a, texts[i].value) : STR_EMPTY);
  json_set(a, json, "head", json_new_bool(a, r->head));
  json_set(a, json, "open", json_new_bool(a, r->open));
  return json;
}

/* ---- searching ---- */
typedef struct Search {
  Str text, town, village, mode, list;
  bool open_only, letters, digits;
  Str id; /* a whole number, normalised */
} Search;

static Search search_of(Context *cx, const Request *rq) {
  Search s = {.text = text_fold(cx->arena, json_text(rq->query, "text")),
              .town = json_text(rq->query, "town"),
              .village = json_text(rq->query, "village"),
              .mode = json_text(rq->query, "mode"),
              .list = json_text(rq->query, "list"),
              .open_only = json_bool(rq->query, "open", false),
              .letters = true,
              .id = STR_EMPTY};
  IdNumber id = id_read(s.text);
  if (id.state == ID_VALID) s.id = str_copy(cx->arena, (Str){id.text, id.size});
  for (size_t i = 0; i < s.text.size; i++) {
    s.letters &= s.text.data[i] >= 'a' && s.text.data[i] <= 'z';
    s.digits |= s.text.data[i] >= '0' && s.text.data[i] <= '9';
  }
  return s;
}

/* Numbers of persons only whole; household numbers, which everybody may see, by their beginning. */
static bool text_found(const Search *s, const Register *r, size_t i) {
  const AgreedRow *row = &r->rows[i];
  if (s->text.size == 0) return true;
  if (s->id.size) return str_equal(row->id_no, s->id);
  if (str_equal(row->household, s->text) || str_equal(row->person, s->text)) return true;
  if (s->digits) return str_starts(row->hh_no, s->text);
  return str_find(row->name, s->text) >= 0 || str_find(row->head_name, s->text) >= 0 ||
         str_find(row->village, s->text) >= 0 || (s->letters && str_starts(r->initials[i], s->text));
}

static bool found(const Search *s, const Register *r, size_t i) {
  const AgreedRow *row = &r->rows[i];
  if (s->town.size && !str_equal(s->town, row->town_code)) return false;
  if (s->village.size && !str_equal(s->village, row->village_code)) return false;
  if (s->mode.size && !str_equal(s->mode, row->mode)) return false;
  if (s->open_only && !row->open) return false;
  if (s->list.size) {
    uint32_t list = catalogue_list(r->catalogue, s->list);
    if (list == NO_INDEX || !(r->lists[i] >> list & 1)) return false;
  }
  return text_found(s, r, i);
}

Status http_register(Context *cx, Request *rq, Response *response) {
  CLEANUP(register_close) Register *r = NULL;
  int64_t total = 0, offset = json_int(rq->query, "offset", 0), limit = json_int(rq->query, "limit", 50);
  Scope scope = request_scope(rq);
  Search search = search_of(cx, rq);
  StrMap households = strmap_new(cx->arena);
  Json *members = json_new_array(cx->arena);
  TRY(register_open(cx, rq->worker, &r));
  for (size_t i = 0; i < r->count; i++) {
    if (!found(&search, r, i) || !scope_sees_household(&scope, r->catalogue, r->rows[i].town_code, r->lists[i]))
      continue;
    strmap_put(&households, r->rows[i].household, 0, NULL);
    if (total >= offset && total < offset + limit) json_add(members, member_json(cx->arena, &r->rows[i], true));
    total++;
  }
  response->json = json_new_object(cx->arena);
  json_set_int(cx->arena, response->json, "total", total);
  json_set_int(cx->arena, response->json, "households", households.count);
  json_set(cx->arena, response->json, "members", members);
  return OK;
}

Status http_register_export(Context *cx, Request *rq, Response *response) {
  static const Str titles[] = {STR("户"),         STR("户编号"),   STR("乡镇"),         STR("村"),
                               STR("户主"),       STR("姓名"),     STR("身份证号码"),   STR("性别"),
                               STR("与户主关系"), STR("家庭人数"), STR("住房保障方式"), STR("状态")};
  CLEANUP(register_close) Register *r = NULL;
  Scope scope = request_scope(rq);
  Search search = search_of(cx, rq);
  TRY(db_begin(cx, journal_db(rq->worker)));
  TRY(register_open(cx, rq->worker, &r));
  CLEANUP(table_end) Table table = {.csv = -1};
  TRY(table_begin(cx, rq->worker, json_text(rq->query, "format"), STR("名册"), titles, COUNT_OF(titles), &table));
  for (size_t i = 0; i < r->count; i++) {
    const AgreedRow *row = &r->rows[i];
    if (!found(&search, r, i) || !scope_sees_household(&scope, r->catalogue, row->town_code, r->lists[i])) continue;
    const Str cells[] = {row->household,
                         row->hh_no,
                         row->town,
                         row->village,
                         row->head_name,
                         row->name,
                         mask_numbers(cx->arena, row->id_no),
                         row->sex,
                         row->relation,
                         row->size,
                         catalogue_title(r->catalogue, "mode", row->mode),
                         row->open ? STR("有未处理的差异") : STR("一致")};
    TRY(table_row(cx, &table, cells, COUNT_OF(cells)));
  }
  return table_send(cx, &table, STR("名册"), response);
}

/* ---- one household ---- */
typedef struct Page {
  Context *cx;
  const Register *r;
  Scope scope;
  bool masked;
  Str household, town;
  Json *members, *rows, *events;
  uint32_t lists; /* bit mask */
} Page;

static Status page_rows(Page *p, Journal *journal) {
  static const Str states[] = {STR("auto"), STR("decided"), STR("review"), STR("alone")};
  CLEANUP(db_stop) DbQuery *query = NULL;
  Context *cx = p->cx;
  Arena *a = cx->arena;
  FileNames names;
  TRY(file_names_load(cx, journal, &names));
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_LINKS_OF_HOUSEHOLD, DB_T(p->household)));
  for (bool more;;) {
    Str text;
    Json *content;
    TRY(db_next(cx, query, &more));
    if (!more) return OK;
    uint32_t list = catalogue_list(p->r->catalogue, db_text(query, 1));
    if (list == NO_INDEX) continue;
    p->lists |= 1u << list;
    if (p->scope.kind == SCOPE_OWN_LIST && !scope_sees_list(&p->scope, &p->r->catalogue->lists[list])) continue;
    TRY(roster_unseal(cx, journal, "list_row.content", db_text(query, 0), db_blob(query, 9), &text));
    TRY(json_parse(cx, text, &content));
    Json *row = json_new_object(a), *cells = json_new_array(a);
    json_set_text(a, row, "list", str_copy(a, db_text(query, 1)));
    json_set_text(a, row, "list_title", str_copy(a, p->r->catalogue->lists[list].title));
    json_set_text(a, row, "file", file_name(&names, db_text(query, 2)));
    json_set_text(a, row, "sheet", str_copy(a, db_text(query, 3)));
    json_set_int(a, row, "row", db_int(query, 4));
    json_set_text(a, row, "person", str_copy(a, db_text(query, 5)));
    json_set_text(a, row, "state", states[db_int(query, 6) & 3]);
    JSON_EACH(value, json_get(content, "values")) {
      uint32_t column = catalogue_column(p->r->catalogue, value->key);
      Json *cell = json_new_object(a);
      json_set_text(a, cell, "column", value->key);
      json_set_text(a, cell, "title",
                    column == NO_INDEX ? value->key : str_copy(a, p->r->catalogue->columns[column].title));
      json_set_text(a, cell, "value", p->masked ? mask_cell(a, p->r->catalogue, column, value->text) : value->text);
      json_add(cells, cell);
    }
    json_set(a, row, "cells", cells);
    json_add(p->rows, row);
  }
}

static Status add_event(Context *cx, void *user, const HistoryView *h) {
  Page *p = user;
  Arena *a = cx->arena;
  if (p->scope.kind == SCOPE_OWN_LIST && str_equal(h->kind, STR("decision")))
    return OK; /* may speak of others' lists */
  Json *event = json_new_object(a);
  json_set_int(a, event, "seq", h->seq);
  json_set_text(a, event, "made_at", stamp_format(a, h->made_at));
  json_set_text(a, event, "entry", str_copy(a, h->entry));
  json_set_text(a, event, "kind", str_copy(a, h->kind));
  json_set_text(a, event, "author", str_copy(a, h->author));
  json_set_text(a, event, "sentence", p->masked ? mask_numbers(a, h->sentence) : h->sentence);
  json_add(p->events, event);
  return OK;
}

static Status find_town(Page *p, Journal *journal) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Context *cx = p->cx;
  bool more;
  for (size_t i = 0; i < p->r->count; i++)
    if (str_equal(p->r->rows[i].household, p->household)) p->town = p->r->rows[i].town_code;
  if (p->town.size) return OK;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_HOUSEHOLD_GET, DB_T(p->household)));
  TRY(db_next(cx, query, &more));
  if (more) p->town = str_copy(cx->arena, db_text(query, 0));
  return OK;
}

/* Members with the householder first; everything about the household that the caller sees, else NOT_FOUND. */
static Status load_page(Page *p, Journal *journal) {
  Context *cx = p->cx;
  p->members = json_new_array(cx->arena), p->rows = json_new_array(cx->arena), p->events = json_new_array(cx->arena);
  TRY(find_town(p, journal));
  TRY(page_rows(p, journal));
  if (p->lists == 0 || !scope_sees_household(&p->scope, p->r->catalogue, p->town, p->lists))
    return fail(cx, NOT_FOUND, "没有编号为“" STR_FMT "”的户。", STR_ARG(p->household));
  for (int head = 1; head >= 0; head--)
    for (size_t i = 0; i < p->r->count; i++)
      if (p->r->rows[i].head == (head == 1) && str_equal(p->r->rows[i].household, p->household))
        json_add(p->members, member_json(cx->arena, &p->r->rows[i], p->masked));
  return roster_history(cx, journal, p->household, add_event, p);
}

static Status household(Context *cx, const Request *rq, bool masked, Response *response) {
  CLEANUP(register_close) Register *r = NULL;
  TRY(register_open(cx, rq->worker, &r));
  Page p = {.cx = cx,
            .r = r,
            .scope = request_scope_of(rq, REGISTER_READ),
            .masked = masked,
            .household = rq->params[0],
            .town = STR_EMPTY};
  TRY(load_page(&p, rq->worker));
  response->json = json_new_object(cx->arena);
  json_set_text(cx->arena, response->json, "household", p.household);
  json_set_text(cx->arena, response->json, "town_code", str_copy(cx->arena, p.town));
  json_set(cx->arena, response->json, "members", p.members);
  json_set(cx->arena, response->json, "rows", p.rows);
  json_set(cx->arena, response->json, "history", p.events);
  return OK;
}

Status http_household(Context *cx, Request *rq, Response *response) { return household(cx, rq, true, response); }

Status http_household_unmask(Context *cx, Request *rq, Response *response) {
  TRY(household(cx, rq, true, response)); /* that it is there, and theirs to see */
  TRY(journal_unmasked(cx, rq, "household", rq->params[0], rq->params[0], json_text(rq->body, "purpose")));
  return household(cx, rq, false, response);
}
