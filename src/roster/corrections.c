#include "roster/roster_internal.h"
#include "roster/roster_sql.h"

/* The workbook that goes back to a list's owner: their own titles, headers and columns, only the rows with something
 * to correct, changed cells marked, and three columns of ours at the end. It can be filled in and imported again:
 * 安居行号 names the row, so only these rows change (import_patch.c). */
enum { FIELD_LIMIT = 10 };
typedef struct Remark {
  Str origin; /* of the row */
  Buf problem, advice;
  struct CellRemark {
    const struct FieldColumns *field;
    Str value; /* "" = to be checked, no value known */
  } cells[FIELD_LIMIT];
  uint32_t cell_count;
} Remark;

/* What was settled for a household whose rows each repeat it (the village, the number of members). */
typedef struct Spread {
  const Difference *difference;
  Str own, settled;
  uint32_t next; /* of the same household */
} Spread;

typedef struct Writing {
  Context *cx;
  Journal *journal;
  Catalogue *catalogue;
  Str list;
  const Difference *differences;
  size_t difference_count;
  StrMap index; /* row key -> remark */
  Remark *remarks;
  uint32_t remark_count, remark_capacity;
  Spread *spreads;
  uint32_t spread_count;
  StrMap spread_of;  /* household -> its first spread */
  StrMap shared_row; /* key of one of its rows in the list -> the same */
  const Difference **missing;
  uint32_t missing_count;
  WorkbookWriter *writer;
  int64_t rows;
} Writing;

static Remark *remark_of(Writing *w, Str key) {
  uint32_t at = strmap_get(&w->index, key);
  if (at != STRMAP_NONE) return &w->remarks[at];
  if (w->remark_count == w->remark_capacity) {
    uint32_t larger = w->remark_capacity ? w->remark_capacity * 2 : 64;
    w->remarks = arena_grow(w->cx->arena, w->remarks, w->remark_capacity * sizeof(Remark), larger * sizeof(Remark));
    w->remark_capacity = larger;
  }
  strmap_put(&w->index, key, w->remark_count, NULL);
  Remark *remark = &w->remarks[w->remark_count++];
  memset(remark, 0, sizeof *remark);
  remark->problem = buf_new(w->cx->arena);
  remark->advice = buf_new(w->cx->arena);
  return remark;
}

/* The columns that may hold a field, the likeliest first; at most one of them is corrected. */
typedef struct FieldColumns {
  const char *field;
  KnownColumn columns[3];
  size_t count;
} FieldColumns;
static const FieldColumns FIELDS[FIELD_LIMIT] = {{"id_no", {COL_ID_NO, COL_DISABILITY_NO, COL_HEAD_ID}, 3},
                                                 {"name", {COL_NAME, COL_HEAD_NAME}, 2},
                                                 {"head_name", {COL_HEAD_NAME, COL_NAME}, 2},
                                                 {"village", {COL_VILLAGE, COL_ADDRESS}, 2},
                                                 {"size", {COL_SIZE}, 1},
                                                 {"mode", {COL_MODE}, 1},
                                                 {"grade", {COL_GRADE}, 1},
                                                 {"hh_no", {COL_HH_NO}, 1},
                                                 {"sex", {COL_SEX}, 1},
                                                 {"birth", {COL_BIRTH}, 1}};
static void add_text(Buf *buf, Str text) {
  if (text.size == 0 || str_find(buf_str(buf), text) >= 0) return;
  if (buf->size) buf_add(buf, STR("；"));
  buf_add(buf, text);
}

/* What is settled wins over what is only to be checked. */
static void set_cell(Remark *remark, Str field, Str value) {
  uint32_t i = 0;
  while (i < remark->cell_count && !str_equal(field, str_from(remark->cells[i].field->field))) i++;
  if (i < remark->cell_count) {
    if (value.size) remark->cells[i].value = value;
    return;
  }
  for (size_t k = 0; k < COUNT_OF(FIELDS); k++)
    if (str_equal(field, str_from(FIELDS[k].field)))
      remark->cells[remark->cell_count++] = (struct CellRemark){&FIELDS[k], value};
}

static Str class_title(const Writing *w, const Difference *d) {
  uint32_t at = catalogue_class(w->catalogue, d->class_code);
  return at == NO_INDEX ? d->class_code : w->catalogue->classes[at].title;
}

static bool says_the_same(const Writing *w, const Difference *d, Str own, Str settled) {
  Arena *a = w->cx->arena;
  if (str_equal(text_fold(a, own), text_fold(a, settled))) return true;
  if (!str_equal(d->field, STR("id_no"))) return false;
  IdNumber number = id_read(own); /* a certificate's number says the same, one of 15 digits is to be written anew */
  return number.state == ID_VALID && !(number.flags & ID_WAS_15) && str_equal((Str){number.text, number.size}, settled);
}

static Str other_side(const Writing *w, const Difference *d, Str others) {
  Arena *a = w->cx->arena;
  uint32_t list = catalogue_list(w->catalogue, d->other_list);
  if (str_starts(d->proposed, STR("value:")))
    return str_format(a, "建议改为“" STR_FMT "”", STR_ARG(str_sub(d->proposed, 6, d->proposed.size)));
  if (others.size == 0) return STR_EMPTY;
  return list == NO_INDEX ? str_format(a, "应为“" STR_FMT "”", STR_ARG(others))
                          : str_format(a, "“" STR_FMT "”写的是“" STR_FMT "”", STR_ARG(w->catalogue->lists[list].title),
                                       STR_ARG(others));
}

static void add_spread(Writing *w, const Difference *d, Str own, Str settled) {
  static const Str fields[] = {STR("village"), STR("size"), STR("hh_no")};
  bool shared = false;
  for (size_t i = 0; i < COUNT_OF(fields); i++) shared |= str_equal(d->field, fields[i]);
  if (!shared || own.size == 0 || settled.size == 0) return;
  uint32_t first = strmap_get(&w->spread_of, d->household);
  strmap_set(&w->spread_of, d->household, w->spread_count);
  w->spreads[w->spread_count++] = (Spread){d, own, settled, first};
}

/* What one difference means for one row of this list. */
static void remark_row(Writing *w, const Difference *d, Str key, Str own, Str others) {
  Str settled = d->settled;
  bool has_settled = d->state == DIFFERENCE_DECIDED;
  if (has_settled && str_equal(d->decision, STR("exception"))) return;
  bool link = str_equal(d->field, STR("link")), row = str_equal(d->field, STR("row"));
  if (link && d->state == DIFFERENCE_DECIDED &&
      !(str_equal(d->class_code, STR("duplicate_in_list")) && str_equal(d->decision, STR("link"))))
    return;
  if (has_settled && !link && !row && (settled.size == 0 || says_the_same(w, d, own, settled))) return;
  bool wrong_side = str_equal(key, d->row_key);
  if (d->state != DIFFERENCE_DECIDED && !wrong_side) return; /* the other row is the one to look at */
  bool head =
      str_equal(d->field, STR("head_name")); /* another person: a new name beside the old number would be wrong */
  Remark *remark = remark_of(w, key);
  Arena *a = w->cx->arena;
  add_text(&remark->problem, str_format(a, STR_FMT "%s" STR_FMT "%s", STR_ARG(class_title(w, d)),
                                        own.size ? "：本表写“" : "", STR_ARG(own), own.size ? "”" : ""));
  if (link && has_settled)
    add_text(&remark->advice, STR("与另一行是同一人，请删去多余的一行"));
  else if (has_settled && settled.size)
    add_text(&remark->advice,
             str_format(a, "已商定为“" STR_FMT "”%s", STR_ARG(settled), head ? "，请连同身份证号码一起更改" : ""));
  else
    add_text(&remark->advice, d->reason.size ? d->reason : STR("请核对"));
  if (!has_settled) add_text(&remark->advice, other_side(w, d, others));
  if (!link && !row) set_cell(remark, d->field, has_settled && !head ? settled : STR_EMPTY);
  if (has_settled) add_spread(w, d, own, settled);
}

static void collect(Writing *w) {
  w->missing = arena_array(w->cx->arena, w->difference_count + 1, const Difference *);
  w->spreads = arena_array(w->cx->arena, 2 * w->difference_count + 1, Spread);
  w->spread_of = strmap_new(w->cx->arena);
  w->shared_row = strmap_new(w->cx->arena);
  for (size_t i = 0; i < w->difference_count; i++) {
    const Difference *d = &w->differences[i];
    if (str_equal(d->list, w->list) && d->row_key.size) remark_row(w, d, d->row_key, d->value, d->other_value);
    if (str_equal(d->other_list, w->list) && d->other_key.size && d->row_key.size)
      remark_row(w, d, d->other_key, d->other_value, d->value);
    if (str_equal(d->list, w->list) && str_equal(d->class_code, STR("missing_here")) && d->state != DIFFERENCE_DECIDED)
      w->missing[w->missing_count++] = d;
  }
}

static Status visit_shared(Context *cx, void *user, const LinkView *link) {
  (void)cx;
  Writing *w = user;
  if (!str_equal(link->list, w->list)) return OK;
  uint32_t spread = strmap_get(&w->spread_of, link->household);
  if (spread != STRMAP_NONE) strmap_put(&w->shared_row, str_copy(w->cx->arena, link->key), spread, NULL);
  return OK;
}

static bool row_says(const Writing *w, const Json *row, Str field, Str text) {
  Arena *a = w->cx->arena;
  for (size_t f = 0; f < COUNT_OF(FIELDS); f++)
    for (size_t i = 0; i < FIELDS[f].count && str_equal(field, str_from(FIELDS[f].field)); i++) {
      Str code = w->catalogue->columns[w->catalogue->known[FIELDS[f].columns[i]]].code;
      Str value = json_text(json_get(row, "values"), str_c(a, code));
      if (value.size) return str_equal(text_fold(a, value), text_fold(a, text));
    }
  return false;
}

/* A household's other rows that say the same wrong thing are corrected with the one that the difference names. */
static void spread_row(Writing *w, const Json *row) {
  Str key = json_text(row, "key");
  Arena *a = w->cx->arena;
  for (uint32_t at = strmap_get(&w->shared_row, key); at != STRMAP_NONE; at = w->spreads[at].next) {
    const Spread *spread = &w->spreads[at];
    const Difference *d = spread->difference;
    if (str_equal(key, d->row_key) || !row_says(w, row, d->field, spread->own)) continue;
    Remark *remark = remark_of(w, key);
    set_cell(remark, d->field, spread->settled);
    add_text(&remark->problem,
             str_format(a, STR_FMT "：本表写“" STR_FMT "”", STR_ARG(class_title(w, d)), STR_ARG(spread->own)));
    add_text(&remark->advice, str_format(a, "已商定为“" STR_FMT "”", STR_ARG(spread->settled)));
  }
}

/* ---- one file of the list, as a sheet ---- */
enum { ABOVE_LIMIT = 64 }; /* titles and header rows kept */
typedef struct SheetWriting {
  Writing *w;
  Json *layout; /* of the sheet being written */
  uint32_t columns, row;
  uint32_t column[512];
  Str name;
  uint32_t number;    /* of the sheet in the workbook */
  bool started;       /* the sheet exists in the workbook */
  const Json **above; /* title and header lines, held until the sheet has a row */
  uint32_t above_count;
} SheetWriting;

/* Titles and headers stay in the rows they had; 0: no such row is among them. */
static uint32_t above_row(const SheetWriting *s, int64_t number) {
  for (uint32_t i = 0; i < s->above_count; i++)
    if (json_int(s->above[i], "row", 0) == number) return (uint32_t)number;
  return 0;
}

static const Json *cell_at(const Json *cells, uint32_t column) {
  const Json *cell = cells ? cells->first : NULL;
  while (cell && column--) cell = cell->next;
  return cell;
}

typedef struct AboveMerge {
  MergedRange range; /* in the corrections workbook */
  int64_t first_row; /* in the sender's file */
} AboveMerge;

/* The sender's merged titles and headers. false: the range is not among them. */
static bool above_merge(const SheetWriting *s, const Json *range, AboveMerge *ret_merge) {
  int64_t part[4] = {0}, n = 0;
  JSON_EACH(number, range) if (n < 4) part[n++] = number->integer;
  uint32_t first = above_row(s, part[0]), last = above_row(s, part[1]);
  if (first == 0 || last < first || part[2] >= s->columns || (first == last && part[2] == part[3])) return false;
  *ret_merge = (AboveMerge){{first, last, (uint32_t)part[2], part[3] < s->columns ? (uint32_t)part[3] : s->columns - 1},
                            part[0]};
  return true;
}

static bool covered(const SheetWriting *s, uint32_t row, uint32_t column) {
  AboveMerge m;
  JSON_EACH(range, json_get(s->layout, "merges"))
  if (above_merge(s, range, &m) && row >= m.range.first_row && row <= m.range.last_row &&
      column >= m.range.first_column && column <= m.range.last_column &&
      (row != m.range.first_row || column != m.range.first_column))
    return true;
  return false;
}

static Status merge_from(SheetWriting *s, const Json *line, uint32_t row) {
  AboveMerge m;
  JSON_EACH(range, json_get(s->layout, "merges")) {
    if (!above_merge(s, range, &m) || m.range.first_row != row) continue;
    const Json *cell = cell_at(json_get(line, "cells"), m.range.first_column);
    bool header = str_equal(json_text(line, "role"), STR("header"));
    TRY(workbook_merge(s->w->cx, s->w->writer, m.range,
                       (OutCell){cell ? cell->text : STR_EMPTY, header ? STYLE_HEADER : STYLE_TITLE, false}));
  }
  return OK;
}

/* Which column of the sheet holds the field in this row: the first that is filled, else the first that is there. */
static uint32_t field_column(const SheetWriting *s, const FieldColumns *field, const OutCell *row) {
  uint32_t found = NO_INDEX;
  for (size_t k = 0; k < field->count; k++)
    for (uint32_t i = 0; i < s->columns; i++) {
      if (s->column[i] != s->w->catalogue->known[field->columns[k]]) continue;
      if (str_trim(row[i].text).size) return i;
      if (found == NO_INDEX) found = i;
    }
  return found;
}

/* A certificate's number keeps its last digits (kind and grade); an address is more than a village: only marked. */
static Str settled_cell(const SheetWriting *s, uint32_t column, Str before, Str value) {
  const uint32_t *known = s->w->catalogue->known;
  if (s->column[column] == known[COL_ADDRESS]) return STR_EMPTY;
  Str folded = text_fold(s->w->cx->arena, before);
  if (s->column[column] != known[COL_DISABILITY_NO] || folded.size < 20) return value;
  return str_format(s->w->cx->arena, STR_FMT STR_FMT, STR_ARG(value), STR_ARG(str_sub(folded, 18, folded.size)));
}

static void correct_cells(const SheetWriting *s, const Remark *remark, OutCell *row) {
  for (uint32_t k = 0; k < remark->cell_count; k++) {
    uint32_t at = field_column(s, remark->cells[k].field, row);
    if (at == NO_INDEX) continue;
    Str value = remark->cells[k].value.size ? settled_cell(s, at, row[at].text, remark->cells[k].value) : STR_EMPTY;
    if (value.size) row[at].text = value;
    row[at].style = value.size ? STYLE_CHANGED : STYLE_ASKED;
  }
}

/* A village written only where it changes: among a few rows of many, a blank would be taken for the row above. */
static void fill_cells(const SheetWriting *s, const Json *values, OutCell *row) {
  JSON_EACH(value, values) {
    uint32_t column = catalogue_column(s->w->catalogue, value->key);
    for (uint32_t i = 0; i < s->columns && column != NO_INDEX; i++)
      if (s->column[i] == column && row[i].text.size == 0) row[i].text = value->text;
  }
}

static Status add_cells(SheetWriting *s, const Json *cells, const Json *values, const Remark *remark, Str origin,
                        CellStyle style, bool header) {
  Writing *w = s->w;
  OutCell *out = arena_array(w->cx->arena, s->columns + 4, OutCell);
  uint32_t i = 0;
  for (; i < s->columns + 3; i++) out[i] = (OutCell){STR_EMPTY, style, false};
  i = 0;
  JSON_EACH(cell, cells) {
    if (i == s->columns) break;
    out[i].text = !remark && covered(s, s->row + 1, i) ? STR_EMPTY : cell->text;
    i++;
  }
  if (remark) fill_cells(s, values, out);
  if (remark) correct_cells(s, remark, out);
  if (header) {
    static const Str own[] = {STR("安居行号"), STR("安居提示：存在问题"), STR("安居提示：建议改为")};
    for (uint32_t k = 0; k < 3; k++) out[s->columns + k] = (OutCell){own[k], STYLE_HEADER, false};
  } else if (remark) {
    out[s->columns] = (OutCell){origin, STYLE_NOTE, false};
    out[s->columns + 1] = (OutCell){buf_str(&remark->problem), STYLE_NOTE, false};
    out[s->columns + 2] = (OutCell){buf_str(&remark->advice), STYLE_NOTE, false};
  }
  return workbook_add_row(w->cx, w->writer, ++s->row, out, header || remark ? s->columns + 3 : s->columns);
}

static Status start_sheet(SheetWriting *s) {
  Writing *w = s->w;
  double *widths = arena_array(w->cx->arena, s->columns + 3, double);
  for (uint32_t i = 0; i < s->columns; i++) widths[i] = 14;
  widths[s->columns] = 20, widths[s->columns + 1] = 44, widths[s->columns + 2] = 44;
  uint32_t frozen = s->above_count ? (uint32_t)json_int(s->above[s->above_count - 1], "row", 0) : 1;
  TRY(workbook_add_sheet(w->cx, w->writer, s->name, widths, s->columns + 3, frozen));
  s->started = true;
  s->row = 0;
  int64_t first_header = json_int(s->layout, "header_row", 0), own_header = first_header; /* the last of its rows */
  for (uint32_t i = 0; i < s->above_count; i++)
    if (str_equal(json_text(s->above[i], "role"), STR("header")) && json_int(s->above[i], "row", 0) == own_header + 1)
      own_header++;
  for (uint32_t i = 0; i < s->above_count; i++) {
    int64_t number = json_int(s->above[i], "row", 0);
    bool header = str_equal(json_text(s->above[i], "role"), STR("header"));
    if (number > s->row) s->row = (uint32_t)number - 1;
    TRY(merge_from(s, s->above[i], s->row + 1));
    TRY(add_cells(s, json_get(s->above[i], "cells"), NULL, NULL, STR_EMPTY, header ? STYLE_HEADER : STYLE_TITLE,
                  header && number == own_header));
  }
  if (first_header == 0) { /* a list without a header: ours says what the columns are */
    Json *titles = json_new_array(w->cx->arena);
    for (uint32_t i = 0; i < s->columns; i++)
      json_add(titles,
               json_new_string(w->cx->arena,
                               s->column[i] == NO_INDEX ? STR_EMPTY : w->catalogue->columns[s->column[i]].title));
    TRY(add_cells(s, titles, NULL, NULL, STR_EMPTY, STYLE_HEADER, true));
  }
  return OK;
}

static Status take_layout(SheetWriting *s, const Json *line, Str file) {
  Writing *w = s->w;
  s->layout = (Json *)(uintptr_t)line;
  s->columns = 0;
  s->started = false;
  s->above_count = 0;
  JSON_EACH(code, json_get(line, "columns")) {
    if (s->columns == COUNT_OF(s->column)) break;
    s->column[s->columns++] = code->text.size ? catalogue_column(w->catalogue, code->text) : NO_INDEX;
  }
  Str sheet = json_text(line, "sheet");
  s->name = sheet.size ? str_format(w->cx->arena, STR_FMT "_" STR_FMT, STR_ARG(file), STR_ARG(sheet)) : file;
  return OK;
}

/* A household that the list should have: one row with what the register says. */
static Status add_missing(SheetWriting *s, const Difference *d, Str mark) {
  Writing *w = s->w;
  Fact fact;
  TRY(facts_one(w->cx, w->journal, w->catalogue, d->other_key, &fact));
  Remark remark = {.problem = buf_new(w->cx->arena), .advice = buf_new(w->cx->arena)};
  add_text(&remark.problem, class_title(w, d));
  add_text(&remark.advice, d->reason);
  Json *cells = json_new_array(w->cx->arena);
  const uint32_t *known = w->catalogue->known;
  const struct {
    uint32_t column;
    Str value;
  } facts[] = {{known[COL_NAME], fact.name},
               {known[COL_HEAD_NAME], fact.name},
               {known[COL_ID_NO], fact.id},
               {known[COL_HEAD_ID], fact.id},
               {known[COL_HH_NO], fact.hh_no},
               {known[COL_TOWN], fact.town_text},
               {known[COL_VILLAGE], fact.village_text},
               {known[COL_SIZE], fact.size_text},
               {known[COL_ADDRESS],
                str_format(w->cx->arena, STR_FMT STR_FMT, STR_ARG(fact.town_text), STR_ARG(fact.village_text))}};
  for (uint32_t i = 0; i < s->columns; i++) {
    Str value = STR_EMPTY;
    for (size_t k = 0; k < COUNT_OF(facts); k++)
      if (s->column[i] == facts[k].column) value = facts[k].value;
    json_add(cells, json_new_string(w->cx->arena, value));
  }
  w->rows++;
  return add_cells(s, cells, NULL, &remark, mark, STYLE_ASKED, false);
}

/* Households that are missing go to the file of their township; without one, to the last file. */
static bool belongs_to(const CurrentFile *files, uint32_t count, uint32_t file, Str town) {
  for (uint32_t i = 0; i < count; i++)
    if (str_equal(files[i].sender, town)) return i == file;
  return file + 1 == count;
}

static Status write_missing(SheetWriting *s, const CurrentFile *files, uint32_t count, uint32_t file) {
  Writing *w = s->w;
  Str mark =
      str_format(w->cx->arena, STR_FMT STR_FMT, STR_ARG(CORRECTION_NEW), STR_ARG(str_sub(files[file].raw_file, 0, 16)));
  for (uint32_t i = 0; i < w->missing_count; i++) {
    if (!belongs_to(files, count, file, w->missing[i]->town)) continue;
    if (!s->started) TRY(start_sheet(s));
    TRY(add_missing(s, w->missing[i], mark));
  }
  return OK;
}

static Status write_file(Writing *w, const CurrentFile *files, uint32_t count, uint32_t file) {
  Context *cx = w->cx;
  Digest digest;
  Str rows;
  if (!digest_from_hex(files[file].rows_file, &digest)) return fail(cx, TAMPERED, "导入记录没有 rows_file。");
  TRY(store_get(cx, journal_store(w->journal), &digest, &rows));
  SheetWriting *s = arena_one(cx->arena, SheetWriting);
  s->w = w;
  s->above = arena_array(cx->arena, ABOVE_LIMIT, const Json *);
  for (size_t at = 0; at < rows.size;) {
    const char *end = memchr(rows.data + at, '\n', rows.size - at);
    size_t next = end ? (size_t)(end - rows.data) : rows.size;
    Str line = str_sub(rows, at, next);
    at = next + 1;
    bool plain = str_find(line, STR(",\"key\":\"")) >= 0;
    if (plain) { /* most rows are right: look before parsing */
      ptrdiff_t key_at = str_find(line, STR("\",\"origin\":\""));
      Str key = key_at >= 32 ? str_sub(line, (size_t)key_at - 32, (size_t)key_at) : STR_EMPTY;
      if (key.size && strmap_get(&w->index, key) == STRMAP_NONE && strmap_get(&w->shared_row, key) == STRMAP_NONE)
        continue;
    }
    Json *json;
    TRY(json_parse(cx, line, &json));
    Str role = json_text(json, "role");
    if (str_equal(role, STR("layout"))) {
      TRY(take_layout(s, json, files[file].name));
    } else if (str_equal(role, STR("title")) || str_equal(role, STR("header"))) {
      if (!s->started && s->above_count < ABOVE_LIMIT) s->above[s->above_count++] = json;
    } else if (role.size == 0) {
      spread_row(w, json);
      uint32_t remark = strmap_get(&w->index, json_text(json, "key"));
      if (remark == STRMAP_NONE) continue;
      if (!s->started) TRY(start_sheet(s));
      add_text(&w->remarks[remark].problem,
               str_format(cx->arena, "原表第 %lld 行", (long long)json_int(json, "row", 0)));
      TRY(add_cells(s, json_get(json, "cells"), json_get(json, "values"), &w->remarks[remark],
                    json_text(json, "origin"), STYLE_PLAIN, false));
      w->rows++;
    }
  }
  if (s->layout) TRY(write_missing(s, files, count, file));
  return OK;
}

static Status write_files(Writing *w) {
  Context *cx = w->cx;
  CurrentFile *files;
  uint32_t count;
  TRY(current_files_load(cx, w->journal, w->list, &files, &count));
  if (count == 0) return fail(cx, NOT_FOUND, "名单“" STR_FMT "”还没有导入，没有可更正的。", STR_ARG(w->list));
  for (uint32_t i = 0; i < count; i++) TRY(write_file(w, files, count, i));
  if (w->rows == 0) {
    TRY(workbook_add_sheet(cx, w->writer, STR("更正"), NULL, 0, 0));
    TRY(workbook_add_row(cx, w->writer, 1, &(OutCell){STR("本名单没有需要更正的内容。"), STYLE_PLAIN, false}, 1));
  }
  return OK;
}

Status roster_corrections(Context *cx, Journal *journal, Str list, const char *path, int64_t *ret_rows) {
  Writing *w = arena_one(cx->arena, Writing);
  *w = (Writing){.cx = cx, .journal = journal, .list = list};
  TRY(roster_catalogue(cx, journal, &w->catalogue));
  if (catalogue_list(w->catalogue, list) == NO_INDEX)
    return fail(cx, BAD_USAGE, "没有名为“" STR_FMT "”的名单种类。", STR_ARG(list));
  Difference *all;
  TRY(roster_differences(cx, journal, &all, &w->difference_count));
  w->differences = all;
  w->index = strmap_new(cx->arena);
  collect(w);
  if (w->spread_count) TRY(roster_links(cx, journal, visit_shared, w));
  TRY(workbook_create(cx, path, &w->writer));
  Status status = write_files(w);
  if (status != OK) {
    workbook_abandon(w->writer);
    return status;
  }
  TRY(workbook_close(cx, w->writer));
  *ret_rows = w->rows;
  return OK;
}
