#include "roster/import_internal.h"
#include "roster/roster_http.h"
#include "roster/roster_sql.h"

/* ---- the campaign, for titles ---- */
static const Field CODE_FIELD[] = {TEXT("code", "代码"), TEXT("title", "名称"),
                                   TEXT("owner", "所属单位的代码，没有时为空")};
static const Shape CODE = SHAPE("CodeTitle", CODE_FIELD);
static const Field STAGE_FIELD[] = {TEXT("code", "代码"), TEXT("title", "名称"), TEXT("due", "期限，没有时为空")};
static const Shape STAGE = SHAPE("Stage", STAGE_FIELD);
static const Field CAMPAIGN_FIELD[] = {TEXT("name", "活动"),
                                       TEXT("title", "标题"),
                                       TEXT("division", "县的代码"),
                                       TEXT("division_name", "县名"),
                                       INT("expected_households", "应有户数"),
                                       INT("expected_persons", "应有人数"),
                                       LIST_OF("stages", &STAGE, "阶段，按先后"),
                                       LIST_OF("roles", &CODE, "单位"),
                                       LIST_OF("lists", &CODE, "名单"),
                                       LIST_OF("classes", &CODE, "差异类别"),
                                       LIST_OF("towns", &CODE, "乡镇"),
                                       LIST_OF("modes", &CODE, "住房保障方式")};
const Shape SHAPE_CAMPAIGN = SHAPE("Campaign", CAMPAIGN_FIELD);

static void add_code(Arena *a, Json *array, Str code, Str title, Str owner) {
  Json *json = json_new_object(a);
  json_set_text(a, json, "code", code);
  json_set_text(a, json, "title", title);
  json_set_text(a, json, "owner", owner);
  json_add(array, json);
}

/* The title of that index, if it is one of a mode. */
static void add_mode(Arena *a, const Catalogue *c, uint32_t index, Json *modes) {
  Str key;
  uint32_t value;
  for (uint32_t i = 0; i < c->titles.capacity; i++)
    if (strmap_at(&c->titles, i, &key, &value) && value == index && str_starts(key, STR("mode:")))
      add_code(a, modes, str_sub(key, strlen("mode:"), key.size), c->value_titles[index], STR_EMPTY);
}

Status http_campaign(Context *cx, Request *rq, Response *response) {
  Arena *a = cx->arena;
  Catalogue *c;
  const Str *codes, *names;
  TRY(roster_catalogue(cx, rq->worker, &c));
  Json *json = response->json = json_new_object(a), *stages = json_new_array(a), *roles = json_new_array(a),
       *lists = json_new_array(a), *classes = json_new_array(a), *towns = json_new_array(a),
       *mode_titles = json_new_array(a);
  const Json *division = json_get(c->campaign, "division");
  json_set_text(a, json, "name", json_text(c->campaign, "name"));
  json_set_text(a, json, "title", json_text(c->campaign, "title"));
  json_set_text(a, json, "division", json_text(division, "code"));
  json_set_text(a, json, "division_name", json_text(division, "name"));
  json_set_int(a, json, "expected_households", c->expected_households);
  json_set_int(a, json, "expected_persons", c->expected_persons);
  JSON_EACH(stage, json_get(c->campaign, "stages")) {
    Json *one = json_new_object(a);
    json_set_text(a, one, "code", json_text(stage, "code"));
    json_set_text(a, one, "title", json_text(stage, "title"));
    json_set_text(a, one, "due", json_text(stage, "due"));
    json_add(stages, one);
  }
  JSON_EACH(role, json_get(c->campaign, "roles"))
  add_code(a, roles, json_text(role, "code"), json_text(role, "title"), STR_EMPTY);
  for (uint32_t i = 0; i < c->list_count; i++)
    add_code(a, lists, c->lists[i].code, c->lists[i].title, c->lists[i].owner);
  for (uint32_t i = 0; i < c->class_count; i++)
    add_code(a, classes, c->classes[i].code, c->classes[i].title, c->classes[i].owner);
  size_t count = place_towns(c->places, &codes, &names);
  for (size_t i = 0; i < count; i++) add_code(a, towns, codes[i], names[i], STR_EMPTY);
  for (uint32_t index = 0; index < c->title_count; index++) add_mode(a, c, index, mode_titles);
  json_set(a, json, "stages", stages);
  json_set(a, json, "roles", roles);
  json_set(a, json, "lists", lists);
  json_set(a, json, "classes", classes);
  json_set(a, json, "towns", towns);
  json_set(a, json, "modes", mode_titles);
  return OK;
}

/* ---- the matrix ---- */
static const Field LIST_COUNT_FIELD[] = {TEXT("list", "名单"),           TEXT("title", "名称"),
                                         INT("files", "文件数"),         INT("rows", "行数"),
                                         INT("flags", "需核对的单元格"), INT("own_open", "名单自身未处理的差异")};
static const Shape LIST_COUNT = SHAPE("ListCount", LIST_COUNT_FIELD);
static const Field PAIR_FIELD[] = {TEXT("left", "左"),
                                   TEXT("right", "右"),
                                   TEXT("unit", "person 人、household 户"),
                                   TEXT("town", "乡镇代码或 unknown"),
                                   INT("agreed", "一致"),
                                   INT("differing", "不一致"),
                                   INT("expected_missing", "应有而无"),
                                   INT("left_only", "仅在左"),
                                   INT("right_only", "仅在右")};
static const Shape PAIR = SHAPE("PairCount", PAIR_FIELD);
static const Field CLASS_FIELD[] = {TEXT("code", "类别代码"), TEXT("title", "类别名称"), INT("total", "共"),
                                    INT("open", "未处理（含退回）"), INT("returned", "其中退回")};
static const Shape CLASS = SHAPE("ClassCount", CLASS_FIELD);
static const Field TOWN_CLASS_FIELD[] = {TEXT("town", "乡镇代码或 unknown"), TEXT("code", "类别代码"),
                                         INT("total", "共"), INT("open", "未处理（含退回）")};
static const Shape TOWN_CLASS = SHAPE("TownClassCount", TOWN_CLASS_FIELD);
static const Field OVERVIEW_FIELD[] = {BOOL("compared", "比对结果是最新的"),
                                       INT("open", "未处理的差异（含退回）"),
                                       INT("decided", "已处理"),
                                       INT("mine", "由当前账号处理的未处理差异"),
                                       LIST_OF("lists", &LIST_COUNT, "名单"),
                                       LIST_OF("pairs", &PAIR, "两两一致情况，按乡镇"),
                                       LIST_OF("classes", &CLASS, "类别"),
                                       LIST_OF("town_classes", &TOWN_CLASS, "乡镇 × 类别"),
                                       TEXT("pending", "上次没有做完的导入")};
const Shape SHAPE_OVERVIEW = SHAPE("Overview", OVERVIEW_FIELD);

static Json *pairs_json(Arena *a, const Overview *o, const Scope *scope, const Catalogue *c) {
  Json *pairs = json_new_array(a);
  for (size_t i = 0; i < o->pair_count; i++) {
    const PairCount *p = &o->pairs[i];
    if (!scope_sees_pair(scope, c, p->left, p->right, p->town)) continue;
    Json *json = json_new_object(a);
    json_set_text(a, json, "left", p->left);
    json_set_text(a, json, "right", p->right);
    json_set_text(a, json, "unit", p->person_unit ? STR("person") : STR("household"));
    json_set_text(a, json, "town", p->town);
    json_set_int(a, json, "agreed", p->agreed);
    json_set_int(a, json, "differing", p->differing);
    json_set_int(a, json, "expected_missing", p->expected_missing);
    json_set_int(a, json, "left_only", p->left_only);
    json_set_int(a, json, "right_only", p->right_only);
    json_add(pairs, json);
  }
  return pairs;
}

typedef struct Counting { /* differences that the caller sees */
  int64_t open, decided, mine, class_total[CLASS_LIMIT], class_open[CLASS_LIMIT], class_returned[CLASS_LIMIT],
      own_open[LIST_LIMIT];
  StrMap towns;
  Str town_codes[64];
  int64_t town_total[64][CLASS_LIMIT], town_open[64][CLASS_LIMIT];
} Counting;

static void count_difference(Context *cx, Counting *n, const Catalogue *c, const Difference *d, const Scope *decides) {
  uint32_t class_index = catalogue_class(c, d->class_code), list = catalogue_list(c, d->list);
  bool open = d->state != DIFFERENCE_DECIDED;
  open ? n->open++ : n->decided++;
  n->mine += open && scope_decides_difference(decides, c, d);
  if (open && list != NO_INDEX && str_equal(d->left, d->right)) n->own_open[list]++;
  if (class_index == NO_INDEX) return;
  n->class_total[class_index]++;
  n->class_open[class_index] += open;
  n->class_returned[class_index] += d->state == DIFFERENCE_RETURNED;
  Str town = d->town.size ? d->town : STR("unknown");
  uint32_t at = strmap_get(&n->towns, town);
  if (at == STRMAP_NONE && n->towns.count < COUNT_OF(n->town_codes)) {
    at = n->towns.count;
    n->town_codes[at] = str_copy(cx->arena, town);
    strmap_put(&n->towns, n->town_codes[at], at, NULL);
  }
  if (at == STRMAP_NONE) return;
  n->town_total[at][class_index]++;
  n->town_open[at][class_index] += open;
}

static void counts_json(Arena *a, const Counting *n, const Catalogue *c, Json *json) {
  Json *classes = json_new_array(a), *town_classes = json_new_array(a);
  for (uint32_t i = 0; i < c->class_count; i++) {
    if (n->class_total[i] == 0) continue;
    Json *one = json_new_object(a);
    json_set_text(a, one, "code", c->classes[i].code);
    json_set_text(a, one, "title", c->classes[i].title);
    json_set_int(a, one, "total", n->class_total[i]);
    json_set_int(a, one, "open", n->class_open[i]);
    json_set_int(a, one, "returned", n->class_returned[i]);
    json_add(classes, one);
  }
  for (uint32_t t = 0; t < n->towns.count; t++)
    for (uint32_t i = 0; i < c->class_count; i++) {
      if (n->town_total[t][i] == 0) continue;
      Json *one = json_new_object(a);
      json_set_text(a, one, "town", n->town_codes[t]);
      json_set_text(a, one, "code", c->classes[i].code);
      json_set_int(a, one, "total", n->town_total[t][i]);
      json_set_int(a, one, "open", n->town_open[t][i]);
      json_add(town_classes, one);
    }
  json_set_int(a, json, "open", n->open);
  json_set_int(a, json, "decided", n->decided);
  json_set_int(a, json, "mine", n->mine);
  json_set(a, json, "classes", classes);
  json_set(a, json, "town_classes", town_classes);
}

static Status overview(Context *cx, const Request *rq, Journal *journal, Response *response) {
  Arena *a = cx->arena;
  Catalogue *c;
  Overview o;
  Difference *all;
  size_t count;
  bool current;
  Scope scope = request_scope_of(rq, OVERVIEW_READ), sees = request_scope_of(rq, DIFFERENCE_READ),
        decides = request_scope_of(rq, DIFFERENCE_DECIDE);
  TRY(roster_catalogue(cx, journal, &c));
  TRY(roster_overview(cx, journal, &o));
  TRY(roster_difference_states(cx, journal, &all, &count));
  TRY(roster_is_current(cx, journal, &current));
  Counting *n = arena_one(a, Counting);
  n->towns = strmap_new(a);
  for (size_t i = 0; i < count; i++)
    if (scope_sees_difference(&sees, c, &all[i])) count_difference(cx, n, c, &all[i], &decides);
  Json *json = response->json = json_new_object(a), *lists = json_new_array(a);
  for (size_t i = 0; i < o.list_count; i++) {
    if (!scope_sees_list(&scope, &c->lists[i]) || (scope.kind == SCOPE_TOWN)) continue;
    Json *one = json_new_object(a);
    json_set_text(a, one, "list", o.lists[i].list);
    json_set_text(a, one, "title", o.lists[i].title);
    json_set_int(a, one, "files", o.lists[i].files);
    json_set_int(a, one, "rows", o.lists[i].rows);
    json_set_int(a, one, "flags", o.lists[i].flags);
    json_set_int(a, one, "own_open", n->own_open[i]);
    json_add(lists, one);
  }
  json_set(a, json, "compared", json_new_bool(a, current));
  counts_json(a, n, c, json);
  json_set(a, json, "lists", lists);
  json_set(a, json, "pairs", pairs_json(a, &o, &scope, c));
  json_set_text(a, json, "pending", roster_pending(cx, journal));
  return OK;
}
Status http_overview(Context *cx, Request *rq, Response *response) { return overview(cx, rq, rq->worker, response); }

/* ---- lists and their files ---- */
static const Field FILE_FIELD[] = {TEXT("entry", "记录号"),        INT("seq", "顺序号"),
                                   TEXT("list", "名单"),           TEXT("sender", "来源"),
                                   TEXT("file", "文件名"),         INT("rows", "行数"),
                                   INT("flags", "需核对的单元格"), TEXT("replaced_by", "被哪条记录取代，空为现行")};
static const Shape FILE_SHAPE = SHAPE("ListFile", FILE_FIELD);
static const Field LISTS_FIELD[] = {LIST_OF("files", &FILE_SHAPE, "来过的全部文件，按先后")};
const Shape SHAPE_LISTS = SHAPE("Lists", LISTS_FIELD);
static const Field FLAG_FIELD[] = {TEXT("list", "名单"),
                                   TEXT("file", "文件名"),
                                   TEXT("sheet", "工作表"),
                                   INT("row", "行号"),
                                   TEXT("column", "列"),
                                   TEXT("header", "表头"),
                                   TEXT("value", "内容（号码遮去中间）"),
                                   TEXT("code", "种类"),
                                   TEXT("sentence", "一句话")};
static const Shape FLAG = SHAPE("Flag", FLAG_FIELD);
static const Field FLAGS_FIELD[] = {INT("total", "总数"), LIST_OF("flags", &FLAG, "这一页")};
const Shape SHAPE_FLAGS = SHAPE("FlagPage", FLAGS_FIELD);

Status http_lists(Context *cx, Request *rq, Response *response) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  Arena *a = cx->arena;
  Catalogue *c;
  Scope scope = request_scope(rq);
  Json *files = json_new_array(a);
  TRY(roster_catalogue(cx, rq->worker, &c));
  TRY(db_start(cx, journal_db(rq->worker), &query, &ROSTER_FILES_WITH_SENDER));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more) break;
    uint32_t list = catalogue_list(c, db_text(query, 1));
    if (list == NO_INDEX || !scope_sees_file(&scope, &c->lists[list], db_text(query, 7))) continue;
    Json *file = json_new_object(a);
    json_set_text(a, file, "entry", str_copy(a, db_text(query, 0)));
    json_set_text(a, file, "list", str_copy(a, db_text(query, 1)));
    json_set_text(a, file, "file", str_copy(a, db_text(query, 2)));
    json_set_int(a, file, "rows", db_int(query, 3));
    json_set_int(a, file, "flags", db_int(query, 4));
    json_set_int(a, file, "seq", db_int(query, 5));
    json_set_text(a, file, "replaced_by", str_copy(a, db_text(query, 6)));
    json_set_text(a, file, "sender", str_copy(a, db_text(query, 7)));
    json_add(files, file);
  }
  response->json = json_new_object(a);
  json_set(a, response->json, "files", files);
  return OK;
}

/* A list that the caller sees, else NOT_FOUND. */
static Status seen_list(Context *cx, const Request *rq, Str code) {
  Catalogue *c;
  Scope scope = request_scope(rq);
  TRY(roster_catalogue(cx, rq->worker, &c));
  uint32_t list = catalogue_list(c, code);
  if (list == NO_INDEX || !scope_sees_list(&scope, &c->lists[list]))
    return fail(cx, NOT_FOUND, "没有名为“" STR_FMT "”的名单。", STR_ARG(code));
  return OK;
}

typedef struct FlagPage {
  Arena *arena;
  Json *flags;
  int64_t total, offset, limit;
} FlagPage;

static Status add_flag(Context *cx, void *user, const FlagView *f) {
  (void)cx;
  FlagPage *p = user;
  Arena *a = p->arena;
  int64_t at = p->total++;
  if (at < p->offset || at >= p->offset + p->limit) return OK;
  Json *flag = json_new_object(a);
  json_set_text(a, flag, "list", str_copy(a, f->list));
  json_set_text(a, flag, "file", str_copy(a, f->file));
  json_set_text(a, flag, "sheet", str_copy(a, f->sheet));
  json_set_int(a, flag, "row", f->row);
  json_set_text(a, flag, "column", str_copy(a, f->column));
  json_set_text(a, flag, "header", str_copy(a, f->header));
  json_set_text(a, flag, "value", mask_numbers(a, f->value));
  json_set_text(a, flag, "code", str_copy(a, f->code));
  json_set_text(a, flag, "sentence", mask_numbers(a, f->sentence));
  json_add(p->flags, flag);
  return OK;
}

Status http_flags(Context *cx, Request *rq, Response *response) {
  Scope scope = request_scope(rq);
  FlagPage p = {.arena = cx->arena,
                .flags = json_new_array(cx->arena),
                .offset = json_int(rq->query, "offset", 0),
                .limit = json_int(rq->query, "limit", 50)};
  TRY(seen_list(cx, rq, rq->params[0]));
  TRY(roster_flags_of(cx, rq->worker, rq->params[0], scope.kind == SCOPE_TOWN ? scope.town : STR_EMPTY, add_flag, &p));
  response->json = json_new_object(cx->arena);
  json_set_int(cx->arena, response->json, "total", p.total);
  json_set(cx->arena, response->json, "flags", p.flags);
  return OK;
}

/* ---- bringing a file ---- */
static const Field REPORT_FIELD[] = {
    TEXT("file", "文件名"),
    TEXT("list", "认出的名单"),
    TEXT("list_title", "名单名称"),
    TEXT("sheets", "工作表"),
    TEXT("sender", "来源"),
    TEXT("entry", "记录号，撤销用"),
    BOOL("repeated", "同一文件已经在内，没有变化"),
    INT("rows", "数据行"),
    INT("flags", "需核对的单元格"),
    INT("other_rows", "标题、合计、备注等行"),
    INT("changed_rows", "与所取代的相比新的或有改动的行"),
    TEXT("replaces", "取代了哪些文件"),
    {.name = "flag_counts", .type = FIELD_COUNTS, .required = true, .what = "每种需核对几处"},
    {.name = "notes", .type = FIELD_TEXTS, .required = true, .what = "提示"}};
static const Shape REPORT = SHAPE("ImportReport", REPORT_FIELD);
static const Field IMPORT_FIELD[] = {LIST_OF("imported", &REPORT, "一个文件里的每种名单一份")};
const Shape SHAPE_IMPORT = SHAPE("Imported", IMPORT_FIELD);

static Json *report_json(Arena *a, const ImportReport *r) {
  Json *json = json_new_object(a), *counts = json_new_object(a), *notes = json_new_array(a);
  json_set_text(a, json, "file", r->file);
  json_set_text(a, json, "list", r->list);
  json_set_text(a, json, "list_title", r->list_title);
  json_set_text(a, json, "sheets", r->sheets.data ? r->sheets : STR_EMPTY);
  json_set_text(a, json, "sender", r->sender);
  json_set_text(a, json, "entry", r->entry);
  json_set(a, json, "repeated", json_new_bool(a, r->repeated));
  json_set_int(a, json, "rows", r->rows);
  json_set_int(a, json, "flags", r->flags);
  json_set_int(a, json, "other_rows", r->other_rows);
  json_set_int(a, json, "changed_rows", r->changed_rows);
  json_set_text(a, json, "replaces", r->replaces);
  for (size_t i = 0; i < r->flag_count_size; i++)
    json_set_int(a, counts, str_c(a, r->flag_counts[i].code), r->flag_counts[i].count);
  for (size_t i = 0; i < r->note_count; i++) json_add(notes, json_new_string(a, mask_numbers(a, r->notes[i])));
  json_set(a, json, "flag_counts", counts);
  json_set(a, json, "notes", notes);
  return json;
}

typedef struct Taken {
  Reading *reading;
  Str reason;
  ImportReport *reports;
  size_t count;
} Taken;

static Status take_file(Context *cx, void *worker, void *user) {
  Taken *taken = user;
  TRY(roster_require_reason(cx, worker, taken->reason));
  return import_take(taken->reading, worker, &taken->reports, &taken->count);
}

/* A file's name as people wrote it: no folders, no control characters. */
static Status file_name_of(Context *cx, Str given, Str *ret_name) {
  for (size_t i = 0; i < given.size; i++)
    if ((unsigned char)given.data[i] < 0x20 || given.data[i] == '/' || given.data[i] == '\\' || given.data[i] == 0x7F)
      return fail(cx, BAD_VALUE, "文件名里有不能用的字符。");
  *ret_name = given;
  return OK;
}

/* Read here, taken in by the writing thread: who decides meanwhile does not wait for a spreadsheet to be parsed. */
Status http_import(Context *cx, Request *rq, Response *response) {
  Scope scope = request_scope(rq);
  ImportKnown known;
  ImportRequest request = {.path = rq->upload,
                           .list = json_text(rq->query, "list"),
                           .sender = json_text(rq->query, "sender"),
                           .reason = json_text(rq->query, "reason"),
                           .mapping = json_text(rq->query, "mapping"),
                           .author = request_author(rq),
                           .scope = &scope};
  TRY(file_name_of(cx, json_text(rq->query, "name"), &request.name));
  if (scope.kind == SCOPE_TOWN) request.sender = scope.town, request.list = STR("town_feedback");
  if (scope.kind == SCOPE_OWN_LIST) request.sender = STR_EMPTY; /* the list's owner: who asks */
  if (request.list.size && scope.kind != SCOPE_TOWN) TRY(seen_list(cx, rq, request.list));
  TRY(import_known(cx, rq->worker, &known));
  Taken taken = {.reason = request.reason};
  Status status = import_read(cx, &known, &request, &taken.reading);
  if (status == OK) status = server_write(cx, false, take_file, &taken);
  import_release(taken.reading);
  TRY(status);
  Json *reports = json_new_array(cx->arena);
  for (size_t i = 0; i < taken.count; i++) json_add(reports, report_json(cx->arena, &taken.reports[i]));
  response->json = json_new_object(cx->arena);
  json_set(cx->arena, response->json, "imported", reports);
  return OK;
}

/* ---- comparing, corrections ---- */
static const Field COMPARE_FIELD[] = {BOOL("unchanged", "名单和决定都没有变化"),
                                      INT("differences", "差异总数，没有变化时为 0"),
                                      INT("engine_ms", "比对用时（毫秒）"), INT("total_ms", "总用时（毫秒）")};
const Shape SHAPE_COMPARE = SHAPE("Compared", COMPARE_FIELD);

Status http_compare(Context *cx, Request *rq, Response *response) {
  CompareReport report;
  TRY(roster_compare(cx, rq->worker, false, request_author(rq), &report));
  response->json = json_new_object(cx->arena);
  json_set(cx->arena, response->json, "unchanged", json_new_bool(cx->arena, report.unchanged));
  json_set_int(cx->arena, response->json, "differences", report.differences);
  json_set_int(cx->arena, response->json, "engine_ms", report.engine_us / 1000);
  json_set_int(cx->arena, response->json, "total_ms", report.total_us / 1000);
  return OK;
}

/* The department's own rows, with whole numbers, because they are to be corrected: so that is journaled. */
Status http_corrections(Context *cx, Request *rq, Response *response) {
  CLEANUP(out_file_remove) OutFile file = {0};
  int64_t rows;
  TRY(seen_list(cx, rq, rq->params[0]));
  TRY(journal_unmasked(cx, rq, "corrections", rq->params[0], STR_EMPTY, STR("退回更正")));
  TRY(db_begin(cx, journal_db(rq->worker)));
  TRY(out_file_make(cx, rq->worker, &file));
  TRY(roster_corrections(cx, rq->worker, rq->params[0], file.path, &rows));
  return out_file_send(cx, &file, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                       str_format(cx->arena, "更正-" STR_FMT ".xlsx", STR_ARG(rq->params[0])), response);
}
