/* .xlsx in: shared strings, cell styles (only what makes a number a date), worksheets. */
#include "sheet/xlsx_internal.h"
#include <stdlib.h>

/* ---- text ---- */
static int hex4(const char *at) {
  int value = 0;
  for (int i = 0; i < 4; i++) {
    int c = at[i], digit = c >= '0' && c <= '9'                     ? c - '0'
                           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                                    : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/* "_x000D_" stands for a character that XML cannot hold; control characters are dropped. In place. */
static Str unescape(char *data, size_t size) {
  if (size < 7 || str_find((Str){data, size}, STR("_x")) < 0) return (Str){data, size};
  size_t to = 0;
  for (size_t at = 0; at < size;) {
    int code =
        size - at >= 7 && data[at] == '_' && data[at + 1] == 'x' && data[at + 6] == '_' ? hex4(data + at + 2) : -1;
    if (code < 0 || (code >= 0xD800 && code <= 0xDFFF)) {
      data[to++] = data[at++];
      continue;
    }
    at += 7;
    if (code >= 0x20 || code == '\t' || code == '\n') to += rune_encode((uint32_t)code, data + to);
  }
  return (Str){data, to};
}

static Str keep_text(Arena *arena, const Buf *buf) {
  if (buf->size == 0) return STR_EMPTY;
  Str copy = str_copy(arena, buf_str(buf));
  return unescape((char *)(uintptr_t)copy.data, copy.size);
}

/* Text of a string item or inline string: its t elements, but not those of phonetic runs. */
typedef struct RichText {
  uint32_t phonetic; /* depth of rPh, 0 outside */
  bool in_text;
  Buf text;
} RichText;

static void rich_start(RichText *rich, const Part *part, const char *name) {
  if (strcmp(name, "rPh") == 0 && rich->phonetic == 0) rich->phonetic = part->depth;
  rich->in_text = strcmp(name, "t") == 0 && rich->phonetic == 0;
}
static void rich_end(RichText *rich, const Part *part) {
  rich->in_text = false;
  if (rich->phonetic == part->depth) rich->phonetic = 0;
}

/* ---- shared strings ---- */
static void string_start(Part *part, const char *name, const char **attributes) {
  (void)attributes;
  rich_start(part->state, part, name);
}
static void string_end(Part *part, const char *name) {
  RichText *rich = part->state;
  Xlsx *xlsx = part->xlsx;
  rich_end(rich, part);
  if (part->depth != 2 || strcmp(name, "si") != 0) return;
  if (xlsx->string_count >= CELLS_PER_FILE) {
    part_stop(part, fail(xlsx->reader->cx, TOO_LARGE, "“" STR_FMT "”的内容太多；请拆成几个文件再导入。",
                         STR_ARG(xlsx->reader->name)));
    return;
  }
  Arena *arena = xlsx->reader->cx->arena;
  xlsx->strings = array_room(arena, xlsx->strings, xlsx->string_count, &xlsx->string_capacity, sizeof(Str));
  xlsx->strings[xlsx->string_count++] = keep_text(arena, &rich->text);
  rich->text.size = 0;
}
static void string_text(Part *part, const char *data, size_t size) {
  RichText *rich = part->state;
  if (rich->in_text) buf_add(&rich->text, (Str){data, size});
}

Status xlsx_read_strings(Xlsx *xlsx, Str path) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  RichText rich = {.text = buf_new(scratch)};
  Part part = {.xlsx = xlsx, .start = string_start, .end = string_end, .text = string_text, .state = &rich};
  bool found;
  return part_parse(&part, path, &found);
}

/* ---- styles ---- */
typedef struct CustomFormat {
  uint32_t id;
  uint8_t kind;
} CustomFormat;
typedef struct Styles {
  CustomFormat *customs;
  uint32_t count, capacity;
  bool in_cell_formats;
} Styles;

static void style_start(Part *part, const char *name, const char **attributes) {
  Styles *styles = part->state;
  Xlsx *xlsx = part->xlsx;
  Arena *arena = xlsx->reader->cx->arena;
  const char *id = part_attribute(attributes, "numFmtId");
  uint32_t number = id ? (uint32_t)strtoul(id, NULL, 10) : 0;
  if (part->depth == 2) styles->in_cell_formats = strcmp(name, "cellXfs") == 0;
  if (part->depth != 3) return;
  if (strcmp(name, "numFmt") == 0) {
    styles->customs = array_room(arena, styles->customs, styles->count, &styles->capacity, sizeof(CustomFormat));
    styles->customs[styles->count++] =
        (CustomFormat){number, number_format_kind(str_from(part_attribute(attributes, "formatCode")))};
  } else if (styles->in_cell_formats && strcmp(name, "xf") == 0 && xlsx->format_count < 1u << 20) {
    uint8_t kind = number_format_builtin(number);
    for (uint32_t i = 0; i < styles->count && i < 4096; i++)
      if (styles->customs[i].id == number) kind = styles->customs[i].kind;
    xlsx->formats = array_room(arena, xlsx->formats, xlsx->format_count, &xlsx->format_capacity, 1);
    xlsx->formats[xlsx->format_count++] = kind;
  }
}

Status xlsx_read_styles(Xlsx *xlsx, Str path) {
  Styles styles = {0};
  Part part = {.xlsx = xlsx, .start = style_start, .state = &styles};
  bool found;
  return part_parse(&part, path, &found);
}

/* ---- worksheets ---- */
typedef enum CellType { TYPE_NUMBER, TYPE_SHARED, TYPE_STRING, TYPE_INLINE, TYPE_BOOL, TYPE_ERROR, TYPE_DATE } CellType;
typedef struct SheetState {
  Grid grid;
  RichText rich;        /* the present cell's value or inline text */
  uint64_t row, column; /* row from 1; column from 0, of the present cell */
  uint64_t next_column;
  CellType type;
  uint32_t style;
  bool in_data, in_cell, in_value, formula, in_merges;
  uint32_t empty_formulas;
} SheetState;

/* "AB12" -> column 27, row 12; false if it is no reference. Values beyond any sheet stay large. */
static bool parse_reference(const char **at, uint64_t *ret_row, uint64_t *ret_column) {
  const char *c = *at;
  uint64_t column = 0, row = 0;
  while (*c == '$') c++;
  for (; (*c | 0x20) >= 'a' && (*c | 0x20) <= 'z'; c++)
    if (column < 1u << 24) column = column * 26 + (uint64_t)((*c | 0x20) - 'a' + 1);
  while (*c == '$') c++;
  for (; *c >= '0' && *c <= '9'; c++)
    if (row < 1u << 30) row = row * 10 + (uint64_t)(*c - '0');
  *at = c;
  if (column == 0 || row == 0) return false;
  *ret_row = row;
  *ret_column = column - 1;
  return true;
}

static CellType cell_type(const char *t) {
  static const struct {
    const char *name;
    CellType type;
  } types[] = {{"s", TYPE_SHARED}, {"str", TYPE_STRING}, {"inlineStr", TYPE_INLINE},
               {"b", TYPE_BOOL},   {"e", TYPE_ERROR},    {"d", TYPE_DATE}};
  for (size_t i = 0; t && i < COUNT_OF(types); i++)
    if (strcmp(types[i].name, t) == 0) return types[i].type;
  return TYPE_NUMBER;
}

static void start_row(SheetState *state, const char **attributes) {
  const char *r = part_attribute(attributes, "r");
  uint64_t number = 0;
  for (; r && *r >= '0' && *r <= '9' && number < 1u << 30; r++) number = number * 10 + (uint64_t)(*r - '0');
  state->row = number ? number : state->row + 1;
  state->next_column = 0;
}

static void start_cell(SheetState *state, const char **attributes) {
  const char *r = NULL, *t = NULL, *s = NULL;
  for (; attributes[0]; attributes += 2) {
    if (attributes[0][1] != 0) continue;
    if (attributes[0][0] == 'r') r = attributes[1];
    if (attributes[0][0] == 't') t = attributes[1];
    if (attributes[0][0] == 's') s = attributes[1];
  }
  uint64_t row = 0, column = 0;
  state->column = r && parse_reference(&r, &row, &column) ? column : state->next_column;
  if (row) state->row = row;
  state->next_column = state->column + 1;
  state->type = cell_type(t);
  state->style = s ? (uint32_t)strtoul(s, NULL, 10) : 0;
  state->in_cell = true;
  state->formula = false;
  state->rich.text.size = 0;
}

static void merge_start(SheetState *state, const char **attributes) {
  const char *at = part_attribute(attributes, "ref");
  uint64_t row, column, last_row, last_column;
  if (!at || !parse_reference(&at, &row, &column) || *at != ':') return;
  at++;
  if (!parse_reference(&at, &last_row, &last_column)) return;
  grid_merge(&state->grid, (MergedRange){(uint32_t)row, (uint32_t)last_row, (uint32_t)column, (uint32_t)last_column});
}

static void sheet_start(Part *part, const char *name, const char **attributes) {
  SheetState *state = part->state;
  if (state->in_cell) {
    if (strcmp(name, "v") == 0)
      state->in_value = true;
    else if (strcmp(name, "f") == 0)
      state->formula = true;
    else if (state->type == TYPE_INLINE)
      rich_start(&state->rich, part, name);
  } else if (part->depth == 2) {
    state->in_data = strcmp(name, "sheetData") == 0;
    state->in_merges = strcmp(name, "mergeCells") == 0;
  } else if (state->in_data && part->depth == 3 && strcmp(name, "row") == 0) {
    start_row(state, attributes);
  } else if (state->in_data && part->depth == 4 && strcmp(name, "c") == 0) {
    start_cell(state, attributes);
  } else if (state->in_merges && part->depth == 3 && strcmp(name, "mergeCell") == 0) {
    merge_start(state, attributes);
  }
}

/* Digits that are already the shortest decimal; most numbers of a list are. */
static bool plain_integer(Str text) {
  if (text.size == 0 || text.size > 15 || (text.size > 1 && text.data[0] == '0')) return false;
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] < '0' || text.data[i] > '9') return false;
  return true;
}

static Cell stored_number(const Xlsx *xlsx, Str text, uint32_t style) {
  Arena *arena = xlsx->reader->cx->arena;
  uint8_t format = style < xlsx->format_count ? xlsx->formats[style] : 0;
  if (!format && plain_integer(text)) return (Cell){str_copy(arena, text), CELL_NUMBER, 0};
  const char *c = str_c(arena, str_trim(text));
  char *end;
  double value = strtod(c, &end);
  if (end == c || *end) return (Cell){str_copy(arena, text), CELL_TEXT, 0};
  Cell cell = number_cell(arena, value, format, xlsx->date1904);
  if (cell.text.size == 0) cell = (Cell){str_copy(arena, text), CELL_TEXT, 0};
  return cell;
}

/* "2019-09-17T08:30:00.000" -> "2019-09-17 08:30:00", midnight left out. */
static Str iso_date(Arena *arena, Str text) {
  Str copy = str_copy(arena, str_sub(text, 0, 19));
  if (copy.size < 11 || copy.data[10] != 'T') return copy.size > 10 ? str_copy(arena, text) : copy;
  ((char *)(uintptr_t)copy.data)[10] = ' ';
  return str_equal(str_sub(copy, 10, 19), STR(" 00:00:00")) ? str_sub(copy, 0, 10) : copy;
}

static Cell stored_cell(const Xlsx *xlsx, const SheetState *state) {
  Arena *arena = xlsx->reader->cx->arena;
  Str text = buf_str(&state->rich.text);
  Cell cell = {.kind = CELL_TEXT};
  int64_t index;
  switch (state->type) {
    case TYPE_SHARED:
      if (str_int64(str_trim(text), &index) && index >= 0 && index < xlsx->string_count)
        cell.text = xlsx->strings[index];
      break;
    case TYPE_STRING:
    case TYPE_INLINE:
      cell.text = keep_text(arena, &state->rich.text);
      break;
    case TYPE_BOOL:
      cell =
          (Cell){str_equal(text, STR("0")) || str_equal(text, STR("false")) ? STR("FALSE") : STR("TRUE"), CELL_BOOL, 0};
      break;
    case TYPE_ERROR:
      cell = (Cell){str_copy(arena, text), CELL_ERROR, 0};
      break;
    case TYPE_DATE:
      cell = (Cell){iso_date(arena, text), CELL_DATE, 0};
      break;
    case TYPE_NUMBER:
      cell = stored_number(xlsx, text, state->style);
      break;
  }
  if (state->formula) cell.flags |= CELL_FORMULA;
  return cell;
}

static void sheet_end(Part *part, const char *name) {
  SheetState *state = part->state;
  if (!state->in_cell) return;
  rich_end(&state->rich, part);
  state->in_value = false;
  if (part->depth != 4 || strcmp(name, "c") != 0) return;
  state->in_cell = false;
  if (state->rich.text.size == 0) {
    state->empty_formulas += state->formula && state->type != TYPE_STRING;
    return;
  }
  Status status = grid_cell(&state->grid, state->row, state->column, stored_cell(part->xlsx, state));
  if (status != OK) part_stop(part, status);
}

static void sheet_text(Part *part, const char *data, size_t size) {
  SheetState *state = part->state;
  if (state->in_cell && (state->in_value || state->rich.in_text)) buf_add(&state->rich.text, (Str){data, size});
}

Status xlsx_read_sheet(Xlsx *xlsx, Str path, Str name, bool hidden) {
  Reader *reader = xlsx->reader;
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  SheetState state = {.rich = {.text = buf_new(scratch)}};
  grid_start(&state.grid, reader, name, hidden);
  Part part = {.xlsx = xlsx, .start = sheet_start, .end = sheet_end, .text = sheet_text, .state = &state};
  bool found;
  TRY(part_parse(&part, path, &found));
  if (!found)
    return fail(reader->cx, BAD_FILE,
                "“" STR_FMT "”已损坏，缺少工作表“" STR_FMT "”的内容；请用 WPS 或 Excel 打开修复后另存。",
                STR_ARG(reader->name), STR_ARG(name));
  if (state.empty_formulas)
    reader_note(reader,
                "工作表“" STR_FMT "”有 %u 个公式没有保存计算结果，读成了空白；请用 WPS 或 Excel 打开后保存一次再导入。",
                STR_ARG(name), state.empty_formulas);
  return grid_finish(&state.grid);
}
