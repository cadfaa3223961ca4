#include "base/file.h"
#include "roster/recognise.h"
#include "roster/roster_http.h"
#include "roster/roster_sql.h"

/* A file before and after it comes in: how its columns would be understood, with values to judge by; and what a version
 * changed against what it replaced. */

/* ---- columns and samples ---- */
enum { SAMPLES = 3 };
static const Field SAMPLE_FIELD[] = {
    TEXT("letter", "列，A、B……"),
    TEXT("header", "表头"),
    TEXT("code", "认作哪一列，空为不认识"),
    {.name = "samples", .type = FIELD_TEXTS, .required = true, .what = "前几个内容（号码遮去中间）"}};
static const Shape SAMPLE = SHAPE("SampleColumn", SAMPLE_FIELD);
static const Field SHEET_FIELD[] = {TEXT("sheet", "工作表"), TEXT("list", "像是哪种名单，空为认不出"),
                                    INT("header_row", "表头在第几行，0 为没有"), INT("header_rows", "表头有几行"),
                                    LIST_OF("columns", &SAMPLE, "各列")};
static const Shape SHEET_SHAPE = SHAPE("SheetLayout", SHEET_FIELD);
static const Field CHOICE_FIELD[] = {TEXT("code", "列代码"), TEXT("title", "列名")};
static const Shape CHOICE = SHAPE("ColumnTitle", CHOICE_FIELD);
static const Field LAYOUT_FIELD[] = {LIST_OF("sheets", &SHEET_SHAPE, "有内容的工作表"),
                                     LIST_OF("choices", &CHOICE, "可以认作的列")};
const Shape SHAPE_LAYOUT = SHAPE("FileLayout", LAYOUT_FIELD);

static Json *samples_json(Context *cx, const Catalogue *c, const Sheet *sheet, const Layout *layout, uint32_t column) {
  Json *samples = json_new_array(cx->arena);
  for (uint32_t i = layout->first_data; i < sheet->row_count && samples->count < SAMPLES; i++) {
    Str value = str_trim(cell_value(cx->arena, row_cell(&sheet->rows[i], column)));
    if (value.size == 0) continue;
    Str masked = layout->column[column] == NO_INDEX ? mask_numbers(cx->arena, value)
                                                    : mask_cell(cx->arena, c, layout->column[column], value);
    json_add(samples, json_new_string(cx->arena, masked));
  }
  return samples;
}

static Json *sheet_json(Context *cx, const Catalogue *c, const Sheet *sheet, const Layout *layout, Str file_name) {
  Arena *a = cx->arena;
  Json *json = json_new_object(a), *columns = json_new_array(a);
  uint32_t list = layout->mapped ? layout_guess_list(cx, c, layout, sheet->name, file_name).list : NO_INDEX;
  for (uint32_t i = 0; i < layout->column_count; i++) {
    Json *samples = samples_json(cx, c, sheet, layout, i), *column = json_new_object(a);
    if (samples->count == 0 && layout->header[i].size == 0) continue;
    json_set_text(a, column, "letter", sheet_column_name(a, i));
    json_set_text(a, column, "header", str_copy(a, layout->header[i]));
    json_set_text(a, column, "code", layout->column[i] == NO_INDEX ? STR_EMPTY : c->columns[layout->column[i]].code);
    json_set(a, column, "samples", samples);
    json_add(columns, column);
  }
  json_set_text(a, json, "sheet", sheet->name);
  json_set_text(a, json, "list", list == NO_INDEX ? STR_EMPTY : c->lists[list].code);
  json_set_int(a, json, "header_row", layout->header_rows ? sheet->rows[layout->first_header].number : 0);
  json_set_int(a, json, "header_rows", layout->header_rows);
  json_set(a, json, "columns", columns);
  return json;
}

/* Nothing is kept of the file. */
Status http_layout(Context *cx, Request *rq, Response *response) {
  Arena *a = cx->arena;
  Catalogue *c;
  Workbook workbook;
  Str bytes, name = json_text(rq->query, "name");
  Json *sheets = json_new_array(a), *choices = json_new_array(a);
  TRY(roster_catalogue(cx, rq->worker, &c));
  TRY(file_read(cx, rq->upload, SHEET_LIMITS.file_size, &bytes));
  TRY(workbook_read(cx, bytes, name, &SHEET_LIMITS, &workbook));
  for (uint32_t i = 0; i < workbook.sheet_count; i++) {
    Layout layout;
    const Sheet *sheet = &workbook.sheets[i];
    if (sheet->row_count == 0 || (sheet->hidden && workbook.sheet_count > 1)) continue;
    TRY(layout_recognise(cx, c, &workbook, i, NULL, &layout));
    json_add(sheets, sheet_json(cx, c, sheet, &layout, name));
  }
  for (uint32_t i = 0; i < c->column_count; i++) {
    Json *choice = json_new_object(a);
    json_set_text(a, choice, "code", c->columns[i].code);
    json_set_text(a, choice, "title", c->columns[i].title);
    json_add(choices, choice);
  }
  response->json = json_new_object(a);
  json_set(a, response->json, "sheets", sheets);
  json_set(a, response->json, "choices", choices);
  return OK;
}

/* ---- what a version changed ---- */
static const Field CHANGED_CELL_FIELD[] = {TEXT("title", "列名"), TEXT("before", "原来"), TEXT("after", "现在")};
static const Shape CHANGED_CELL = SHAPE("ChangedCell", CHANGED_CELL_FIELD);
static const Field CHANGED_ROW_FIELD[] = {TEXT("kind", "added 新增、changed 改动、removed 不再有"), INT("row", "行号"),
                                          TEXT("name", "姓名"), LIST_OF("cells", &CHANGED_CELL, "不同的各列")};
static const Shape CHANGED_ROW = SHAPE("ChangedRow", CHANGED_ROW_FIELD);
static const Field FILE_CHANGES_FIELD[] = {TEXT("file", "文件名"),
                                           TEXT("list", "名单"),
                                           INT("added", "新增的行"),
                                           INT("changed", "有改动的行"),
                                           INT("removed", "不再有的行"),
                                           INT("total", "以上合计"),
                                           LIST_OF("rows", &CHANGED_ROW, "这一页")};
const Shape SHAPE_FILE_CHANGES = SHAPE("FileChanges", FILE_CHANGES_FIELD);

typedef struct VersionRow {
  Str key, origin;
  const Json *values;
  int64_t number;
  bool kept;
} VersionRow;
typedef struct Version {
  Arena *arena; /* of the rows */
  VersionRow *rows;
  uint32_t count, capacity;
  StrMap origins;
} Version;

static Status add_version_row(Context *cx, void *user, int64_t number, Str line) {
  Version *version = user;
  Context own = {version->arena, {OK, STR_EMPTY}};
  Json *json;
  (void)number;
  if (json_parse(&own, str_copy(version->arena, line), &json) != OK)
    return fail(cx, TAMPERED, "存档的名单读不出来：" STR_FMT, STR_ARG(own.error.sentence));
  if (json_text(json, "key").size == 0) return OK; /* titles, headers, notes */
  if (version->count == version->capacity) {
    uint32_t larger = version->capacity ? version->capacity * 2 : 1024;
    version->rows =
        arena_grow(version->arena, version->rows, version->capacity * sizeof(VersionRow), larger * sizeof(VersionRow));
    version->capacity = larger;
  }
  version->rows[version->count] = (VersionRow){.key = json_text(json, "key"),
                                               .origin = json_text(json, "origin"),
                                               .values = json_get(json, "values"),
                                               .number = json_int(json, "row", 0)};
  strmap_put(&version->origins, json_text(json, "origin"), version->count++, NULL);
  return OK;
}

static Status read_version(Context *cx, Journal *journal, Str rows_file, Version *version) {
  Digest digest;
  Str rows;
  if (!digest_from_hex(rows_file, &digest)) return fail(cx, TAMPERED, "导入记录没有 rows_file。");
  TRY(store_get(cx, journal_store(journal), &digest, &rows));
  return roster_each_line(cx, rows, add_version_row, version);
}

typedef struct Changing {
  Context *cx;
  const Catalogue *catalogue;
  int64_t offset, limit, total;
  Json *rows;
} Changing;

static void add_cell(Changing *g, Json *cells, Str code, Str before, Str after) {
  Arena *a = g->cx->arena;
  uint32_t column = catalogue_column(g->catalogue, code);
  Json *cell = json_new_object(a);
  bool known = column != NO_INDEX;
  json_set_text(a, cell, "title", known ? g->catalogue->columns[column].title : code);
  json_set_text(a, cell, "before", known ? mask_cell(a, g->catalogue, column, before) : mask_numbers(a, before));
  json_set_text(a, cell, "after", known ? mask_cell(a, g->catalogue, column, after) : mask_numbers(a, after));
  json_add(cells, cell);
}

static void add_changed(Changing *g, const char *kind, const VersionRow *before, const VersionRow *after) {
  Arena *a = g->cx->arena;
  const VersionRow *row = after ? after : before;
  if (g->total++ < g->offset || g->total > g->offset + g->limit) return;
  Json *json = json_new_object(a), *cells = json_new_array(a);
  Str name = json_text(row->values, "name");
  if (before && after) {
    JSON_EACH(value, after->values) {
      Str old = json_text(before->values, str_c(a, value->key));
      if (!str_equal(old, value->text)) add_cell(g, cells, value->key, old, value->text);
    }
    JSON_EACH(value, before->values)
    if (!json_get(after->values, str_c(a, value->key))) add_cell(g, cells, value->key, value->text, STR_EMPTY);
  }
  json_set_text(a, json, "kind", str_from(kind));
  json_set_int(a, json, "row", row->number);
  json_set_text(a, json, "name", str_copy(a, name.size ? name : json_text(row->values, "head_name")));
  json_set(a, json, "cells", cells);
  json_add(g->rows, json);
}

static void compare_versions(Changing *g, Version *old, const Version *new, Json *answer) {
  Arena *a = g->cx->arena;
  int64_t counts[3] = {0};
  for (uint32_t i = 0; i < new->count; i++) {
    uint32_t before = strmap_get(&old->origins, new->rows[i].origin);
    if (before == STRMAP_NONE) {
      counts[0]++;
      add_changed(g, "added", NULL, &new->rows[i]);
      continue;
    }
    old->rows[before].kept = true;
    if (str_equal(old->rows[before].key, new->rows[i].key)) continue;
    counts[1]++;
    add_changed(g, "changed", &old->rows[before], &new->rows[i]);
  }
  for (uint32_t i = 0; i < old->count; i++) {
    if (old->rows[i].kept) continue;
    counts[2]++;
    add_changed(g, "removed", &old->rows[i], NULL);
  }
  json_set_int(a, answer, "added", counts[0]);
  json_set_int(a, answer, "changed", counts[1]);
  json_set_int(a, answer, "removed", counts[2]);
  json_set_int(a, answer, "total", g->total);
  json_set(a, answer, "rows", g->rows);
}

typedef struct OldVersions {
  Str rows_files[256];
  uint32_t count;
} OldVersions;

static Status find_old_versions(Context *cx, Journal *journal, Str entry, OldVersions *old) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  TRY(db_start(cx, journal_db(journal), &query, &ROSTER_FILES_REPLACED_BY, DB_T(entry)));
  for (bool more;;) {
    TRY(db_next(cx, query, &more));
    if (!more || old->count == COUNT_OF(old->rows_files)) return OK;
    old->rows_files[old->count++] = str_copy(cx->arena, db_text(query, 2));
  }
}

/* A version in no place of its own: NOT_FOUND also for what the scope does not see. */
Status http_file_changes(Context *cx, Request *rq, Response *response) {
  CLEANUP(db_stop) DbQuery *query = NULL;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Catalogue *c;
  Scope scope = request_scope(rq);
  OldVersions replaced = {.count = 0};
  bool more;
  TRY(roster_catalogue(cx, rq->worker, &c));
  TRY(db_start(cx, journal_db(rq->worker), &query, &ROSTER_FILE_GET, DB_T(rq->params[0])));
  TRY(db_next(cx, query, &more));
  uint32_t list = more ? catalogue_list(c, db_text(query, 0)) : NO_INDEX;
  if (list == NO_INDEX || !scope_sees_file(&scope, &c->lists[list], db_text(query, 1)))
    return fail(cx, NOT_FOUND, "没有这个名单文件。");
  Json *answer = json_new_object(cx->arena);
  json_set_text(cx->arena, answer, "file", str_copy(cx->arena, db_text(query, 2)));
  json_set_text(cx->arena, answer, "list", c->lists[list].code);
  Version old = {.arena = arena, .origins = strmap_new(arena)}, new = {.arena = arena, .origins = strmap_new(arena)};
  TRY(read_version(cx, rq->worker, str_copy(cx->arena, db_text(query, 3)), &new));
  TRY(find_old_versions(cx, rq->worker, rq->params[0], &replaced));
  for (uint32_t i = 0; i < replaced.count; i++) TRY(read_version(cx, rq->worker, replaced.rows_files[i], &old));
  Changing g = {.cx = cx,
                .catalogue = c,
                .offset = json_int(rq->query, "offset", 0),
                .limit = json_int(rq->query, "limit", 50),
                .rows = json_new_array(cx->arena)};
  compare_versions(&g, &old, &new, answer);
  response->json = answer;
  return OK;
}
