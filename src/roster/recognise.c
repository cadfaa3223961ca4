#include "roster/recognise_internal.h"

static const Cell NO_CELL = {{"", 0}, CELL_EMPTY, 0};

const Cell *row_cell(const SheetRow *row, uint32_t column) {
  return column < row->count ? &row->cells[column] : &NO_CELL;
}

Str trimmed_cell(const SheetRow *row, uint32_t column) { return str_trim(row_cell(row, column)->text); }

bool row_is_empty(const SheetRow *row) {
  for (uint32_t i = 0; i < row->count; i++)
    if (str_trim(row->cells[i].text).size) return false;
  return true;
}

Str cell_value(Arena *arena, const Cell *cell) {
  Str text = str_trim(cell->text);
  if (!(cell->flags & CELL_PRECISION) || text.size < 16) return text;
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] < '0' || text.data[i] > '9') return text;
  return str_format(arena, "%c." STR_FMT "E+%zu", text.data[0], STR_ARG(str_sub(text, 1, 15)), text.size - 1);
}

/* The one township whose name stands in a text. */
static Str town_in_text(const Catalogue *catalogue, Str text, Str *ret_code) {
  const Str *codes, *names;
  Str found = STR_EMPTY;
  size_t count = place_towns(catalogue->places, &codes, &names);
  for (size_t i = 0; i < count; i++)
    if (str_find(text, names[i]) >= 0) {
      if (found.size) return STR_EMPTY;
      found = names[i];
      *ret_code = codes[i];
    }
  return found;
}

static void find_single_town(const Finder *f, Layout *layout) {
  const Sheet *sheet = f->sheet;
  const uint32_t *known = f->catalogue->known;
  uint32_t town = NO_INDEX, village = NO_INDEX, address = NO_INDEX, seen = 0;
  for (uint32_t i = 0; i < layout->column_count; i++) {
    if (layout->column[i] == known[COL_TOWN]) town = i;
    if (layout->column[i] == known[COL_VILLAGE]) village = i;
    if (layout->column[i] == known[COL_ADDRESS]) address = i;
  }
  uint32_t rows = sheet->row_count - layout->first_data, step = rows > SAMPLE ? rows / SAMPLE : 1;
  Str code = STR_EMPTY;
  layout->title_town = town_in_text(
      f->catalogue, str_format(f->cx->arena, STR_FMT " " STR_FMT, STR_ARG(layout->title), STR_ARG(sheet->name)), &code);
  if (layout->title_town.size) seen = 3, layout->town_code = code;
  layout->single_town = true;
  for (uint32_t r = layout->first_data; r < sheet->row_count && layout->single_town; r += step) {
    const SheetRow *row = &sheet->rows[r];
    Place place = place_find(f->catalogue->places, trimmed_cell(row, town), trimmed_cell(row, village),
                             trimmed_cell(row, address));
    if (place.town_code.size == 0) continue;
    if (seen++ == 0) layout->town_code = place.town_code;
    if (!str_equal(place.town_code, layout->town_code)) layout->single_town = false;
  }
  if (seen < 3) layout->single_town = false;
  if (!layout->single_town) layout->town_code = STR_EMPTY;
}

/* ---- a person's mapping ---- */
static uint32_t mapping_column(const Layout *layout, Arena *arena, Str key) {
  for (uint32_t i = 0; i < layout->column_count; i++)
    if (str_equal(layout->header[i], key) ||
        str_equal(header_normalise(arena, layout->header[i]), header_normalise(arena, key)))
      return i;
  for (uint32_t i = 0; i < layout->column_count; i++)
    if (str_equal(sheet_column_name(arena, i), key)) return i;
  return NO_INDEX;
}

static Status apply_mapping(const Finder *f, const Json *mapping, Layout *layout) {
  Context *cx = f->cx;
  JSON_EACH(item, json_get(mapping, "columns")) {
    uint32_t at = mapping_column(layout, cx->arena, item->key);
    if (at == NO_INDEX)
      return fail(cx, BAD_VALUE, "对应关系里的列“" STR_FMT "”在工作表“" STR_FMT "”中没有；请用列标（如 A）或表头文字。",
                  STR_ARG(item->key), STR_ARG(f->sheet->name));
    uint32_t column = item->text.size ? catalogue_column(f->catalogue, item->text) : NO_INDEX;
    if (item->text.size && column == NO_INDEX)
      return fail(cx, BAD_VALUE, "对应关系里“" STR_FMT "”的含义“" STR_FMT "”不认识；可用的含义见 docs/formats.md。",
                  STR_ARG(item->key), STR_ARG(item->text));
    for (uint32_t i = 0; i < layout->column_count && column != NO_INDEX; i++)
      if (layout->column[i] == column) layout->column[i] = NO_INDEX;
    layout->column[at] = column;
    layout->from_content[at] = false;
    layout->tick[at] = STR_EMPTY;
    layout->tick_column[at] = NO_INDEX;
  }
  return OK;
}

static Status mapping_header(const Finder *f, const Json *mapping, Layout *layout) {
  int64_t row = json_int(mapping, "header_row", 0), rows = json_int(mapping, "header_rows", 1);
  if (row == 0) return OK;
  if (rows < 1 || rows > 3) return fail(f->cx, BAD_VALUE, "对应关系里的 header_rows 应为 1 到 3。");
  for (uint32_t r = 0; r < f->sheet->row_count; r++)
    if (f->sheet->rows[r].number == (uint64_t)row && r + (uint64_t)rows <= f->sheet->row_count) {
      layout->first_header = r;
      layout->header_rows = (uint32_t)rows;
      layout->first_data = r + (uint32_t)rows;
      return OK;
    }
  return fail(f->cx, BAD_VALUE, "对应关系里的表头行 %lld 在工作表“" STR_FMT "”中没有。", (long long)row,
              STR_ARG(f->sheet->name));
}

static Str text_above(const Finder *f, const Layout *layout) {
  Buf buf = buf_new(f->cx->arena);
  for (uint32_t r = 0; r < layout->first_header; r++) {
    Str previous = STR_EMPTY;
    for (uint32_t i = 0; i < f->sheet->rows[r].count; i++) {
      Str text = trimmed_cell(&f->sheet->rows[r], i);
      if (text.size == 0 || str_equal(text, previous) || buf.size > 2000) continue;
      if (buf.size) buf_add_byte(&buf, ' ');
      buf_add(&buf, text);
      previous = text;
    }
  }
  return buf_str(&buf);
}

Status layout_recognise(Context *cx, const Catalogue *catalogue, const Workbook *workbook, uint32_t sheet_index,
                        const Json *mapping, Layout *ret_layout) {
  const Sheet *sheet = &workbook->sheets[sheet_index];
  Finder f = {cx, catalogue, sheet};
  Layout layout = {.sheet = sheet_index, .column_count = sheet->column_count};
  layout.column = arena_array(cx->arena, sheet->column_count + 1, uint32_t);
  layout.from_content = arena_array(cx->arena, sheet->column_count + 1, bool);
  layout.header = arena_array(cx->arena, sheet->column_count + 1, Str);
  layout.tick = arena_array(cx->arena, sheet->column_count + 1, Str);
  layout.tick_column = arena_array(cx->arena, sheet->column_count + 1, uint32_t);
  for (uint32_t i = 0; i < sheet->column_count; i++) {
    layout.column[i] = layout.tick_column[i] = NO_INDEX;
    layout.header[i] = layout.tick[i] = STR_EMPTY;
  }
  layout.town_code = layout.title_town = STR_EMPTY;
  header_find(&f, &layout);
  if (mapping) TRY(mapping_header(&f, mapping, &layout));
  header_skip_numbering(&f, &layout);
  header_columns(&f, &layout);
  content_drop_doubles(&f, &layout);
  content_judge(&f, &layout);
  if (mapping) TRY(apply_mapping(&f, mapping, &layout));
  layout.title = layout.header_rows ? text_above(&f, &layout) : STR_EMPTY;
  for (uint32_t i = 0; i < sheet->column_count; i++) layout.mapped += layout.column[i] != NO_INDEX;
  if (layout.mapped) find_single_town(&f, &layout);
  *ret_layout = layout;
  return OK;
}

/* ---- which list ---- */
static int score_list(const Layout *layout, const List *list, Str text) {
  int score = 0;
  for (uint32_t s = 0; s < list->signal_count; s++) {
    const Signal *signal = &list->signals[s];
    if (signal->column != NO_INDEX ? column_taken(layout, signal->column) : str_find(text, signal->word) >= 0)
      score += signal->weight;
  }
  /* all rows in one township says who sends it only if it is about what townships report */
  if (layout->single_town && score >= 3) score += list->single_town;
  return score;
}

Guess layout_guess_list(Context *cx, const Catalogue *catalogue, const Layout *layout, Str sheet_name, Str hints) {
  Str text = str_format(cx->arena, STR_FMT " " STR_FMT " " STR_FMT, STR_ARG(layout->title), STR_ARG(sheet_name),
                        STR_ARG(hints));
  Guess guess = {NO_INDEX, 0, 0};
  for (uint32_t i = 0; i < catalogue->list_count; i++) {
    int score = score_list(layout, &catalogue->lists[i], text);
    if (score > guess.score) {
      guess.runner_up = guess.score;
      guess.score = score;
      guess.list = i;
    } else if (score > guess.runner_up) {
      guess.runner_up = score;
    }
  }
  bool has_person =
      column_taken(layout, catalogue->known[COL_NAME]) || column_taken(layout, catalogue->known[COL_HEAD_NAME]) ||
      column_taken(layout, catalogue->known[COL_ID_NO]) || column_taken(layout, catalogue->known[COL_HEAD_ID]) ||
      column_taken(layout, catalogue->known[COL_DISABILITY_NO]);
  if (guess.score < 3 || !has_person) guess.list = NO_INDEX;
  return guess;
}

Str layout_signature(Arena *arena, const Sheet *sheet, const Layout *layout) {
  Buf buf = buf_new(arena);
  const SheetRow *first =
      layout->header_rows || sheet->row_count == 0 ? NULL : &sheet->rows[0]; /* a header nobody knows */
  for (uint32_t i = 0; first && i < first->count && !row_looks_like_data(first); i++) {
    buf_add(&buf, header_normalise(arena, trimmed_cell(first, i)));
    buf_add_byte(&buf, '|');
  }
  for (uint32_t i = 0; i < layout->column_count; i++) {
    buf_add(&buf, header_normalise(arena, layout->header[i]));
    buf_add_byte(&buf, '|');
  }
  return buf_str(&buf);
}
