#include "roster/recognise.h"

enum { HEADER_SEARCH = 40 /* rows looked through for a header */, SAMPLE = 240 /* data rows looked at per column */ };
static const Cell NO_CELL = {{"", 0}, CELL_EMPTY, 0};

const Cell *row_cell(const SheetRow *row, uint32_t column) {
  return column < row->count ? &row->cells[column] : &NO_CELL;
}

static Str cell_text(const SheetRow *row, uint32_t column) { return str_trim(row_cell(row, column)->text); }

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

/* ---- is a cell data, and of which kind? ---- */
static bool looks_like_number(Str text) {
  size_t digits = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] >= '0' && text.data[i] <= '9')
      digits++;
    else if (!strchr(".-+Ee:/", text.data[i]) || (unsigned char)text.data[i] >= 0x80)
      return false;
  }
  return digits > 0;
}

static bool looks_like_id(Str text) {
  if (text.size < 15) return false;
  IdNumber id = id_read(text);
  return id.state == ID_VALID || (id.state == ID_INVALID && id.birth) || (id.state == ID_PREFIX && id.certain >= 6) ||
         (id.flags & ID_WAS_15);
}

/* Two to four Han characters, perhaps with a dot or a lost character. */
static bool looks_like_name(Str text) {
  size_t han = 0, other = 0;
  for (size_t at = 0; at < text.size;) {
    uint32_t rune = str_next_rune(text, &at);
    if ((rune >= 0x3400 && rune <= 0x9FFF) || rune >= 0x20000)
      han++;
    else if (rune != 0xB7 && rune != 0x2022 && rune != 0x3000 && rune != ' ' && rune != 0x25A1 && rune != '?')
      other++;
  }
  return han >= 1 && han <= 6 && other == 0;
}

static bool looks_like_phone(Str text) {
  return text.size == 11 && text.data[0] == '1' && text.data[1] >= '3' && looks_like_number(text);
}

static bool has_digits(Str text, size_t run) {
  size_t have = 0;
  for (size_t i = 0; i < text.size; i++) {
    have = text.data[i] >= '0' && text.data[i] <= '9' ? have + 1 : 0;
    if (have >= run) return true;
  }
  return false;
}

/* ---- the header ---- */
typedef struct Finder {
  Context *cx;
  const Catalogue *catalogue;
  const Sheet *sheet;
} Finder;

static bool data_like(const SheetRow *row) {
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = cell_text(row, i);
    if (text.size && (looks_like_number(text) || has_digits(text, 8))) return true;
  }
  return false;
}

static uint32_t header_at(const Finder *f, const SheetRow *row, uint32_t column) {
  return catalogue_header(f->catalogue, f->cx->arena, cell_text(row, column));
}

/* Known headers in a row, a merged title counted once. */
static uint32_t known_headers(const Finder *f, const SheetRow *row) {
  uint32_t count = 0, previous = NO_INDEX;
  for (uint32_t i = 0; i < row->count; i++) {
    if (cell_text(row, i).size == 0) continue;
    uint32_t column = header_at(f, row, i);
    if (column != NO_INDEX && column != previous) count++;
    previous = column;
  }
  return count;
}

/* Is `row` a second level under `above`? Then no cell is data, and it names columns that the first level does not. */
static bool is_sub_header(const Finder *f, const SheetRow *above, const SheetRow *row) {
  if (data_like(row)) return false;
  uint32_t named = 0, filled = 0;
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = cell_text(row, i), top = cell_text(above, i);
    if (text.size == 0) continue;
    bool own = !str_equal(text, top);
    if (own) filled++;
    if (own && header_at(f, row, i) != NO_INDEX &&
        (top.size == 0 || header_at(f, above, i) == NO_INDEX || (row_cell(above, i)->flags & CELL_MERGED) ||
         i + 1 >= above->count || cell_text(above, i + 1).size == 0 || str_equal(cell_text(above, i + 1), top)))
      named++;
  }
  return named >= 1 && named * 2 >= filled;
}

/* Titles ("…花名册", "填报单位：… 数据日期：…", "2019年") stand above headers; a first level of two names groups of
 * columns. */
static bool may_begin_header(const Finder *f, const SheetRow *row) {
  if (known_headers(f, row)) return true;
  uint32_t texts = 0;
  Str previous = STR_EMPTY;
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = cell_text(row, i);
    if (text.size == 0) continue;
    if (str_find(text, STR("：")) >= 0 || str_find(text, STR(":")) >= 0 || has_digits(text, 1)) return false;
    texts += !str_equal(text, previous);
    previous = text;
  }
  return texts >= 2;
}

static void find_header(const Finder *f, Layout *layout) {
  const Sheet *sheet = f->sheet;
  uint32_t limit = sheet->row_count < HEADER_SEARCH ? sheet->row_count : HEADER_SEARCH, best = 0;
  for (uint32_t r = 0; r < limit; r++) {
    const SheetRow *row = &sheet->rows[r];
    if (row_is_empty(row) || data_like(row) || !may_begin_header(f, row)) continue;
    uint32_t rows = 1, known = known_headers(f, row);
    while (rows < 3 && r + rows < sheet->row_count &&
           is_sub_header(f, &sheet->rows[r + rows - 1], &sheet->rows[r + rows])) {
      known += known_headers(f, &sheet->rows[r + rows]);
      rows++;
    }
    if (known >= 2 && known > best) {
      best = known;
      layout->first_header = r;
      layout->header_rows = rows;
    }
    if (best && r > layout->first_header + 3) break;
  }
  layout->first_data = layout->header_rows ? layout->first_header + layout->header_rows : 0;
}

/* Header text of a column with its levels; the deepest known level decides, then the joined levels, then the upper
 * ones. */
static uint32_t resolve_header(const Finder *f, Layout *layout, uint32_t column, Str carried[3]) {
  const Sheet *sheet = f->sheet;
  Buf joined = buf_new(f->cx->arena);
  Str levels[3];
  uint32_t count = 0;
  for (uint32_t level = 0; level < layout->header_rows; level++) {
    const SheetRow *row = &sheet->rows[layout->first_header + level];
    Str text = cell_text(row, column);
    if (text.size) {
      carried[level] = text;
      for (uint32_t below = level + 1; below < 3; below++) carried[below] = STR_EMPTY;
    } else if (level + 1 < layout->header_rows && carried[level].size &&
               cell_text(&sheet->rows[layout->first_header + level + 1], column).size) {
      text = carried[level]; /* an upper level that spans columns without being merged */
    }
    if (text.size == 0 || (count && str_equal(levels[count - 1], text))) continue;
    levels[count++] = text;
    if (joined.size) buf_add_byte(&joined, '/');
    buf_add(&joined, text);
  }
  layout->header[column] = buf_str(&joined);
  for (uint32_t level = count; level-- > 0;) {
    uint32_t found = catalogue_header(f->catalogue, f->cx->arena, levels[level]);
    if (found != NO_INDEX) return found;
  }
  return catalogue_header(f->catalogue, f->cx->arena, layout->header[column]);
}

/* ---- content ---- */
typedef struct Tally {
  uint32_t filled, id, name, relation, sex, phone, grade, mode, town, village, distinct_adjacent, long_number;
} Tally;

static Tally tally_column(const Finder *f, const Layout *layout, uint32_t column) {
  Tally t = {0};
  const Sheet *sheet = f->sheet;
  uint32_t rows = sheet->row_count - layout->first_data, step = rows > SAMPLE ? rows / SAMPLE : 1;
  Str previous = STR_EMPTY;
  Arena *arena = f->cx->arena;
  for (uint32_t r = layout->first_data; r < sheet->row_count; r += step) {
    const Cell *cell = row_cell(&sheet->rows[r], column);
    Str text = cell_value(arena, cell);
    if (text.size == 0 || text.size > 120) continue;
    t.filled++;
    t.id += looks_like_id(text);
    bool relation = catalogue_value(f->catalogue, arena, "relation", text).size > 0 && !looks_like_number(text);
    bool sex = catalogue_value(f->catalogue, arena, "sex", text).size > 0 && !looks_like_number(text);
    t.relation += relation;
    t.sex += sex;
    t.phone += looks_like_phone(text);
    t.grade += catalogue_value(f->catalogue, arena, "grade", text).size > 0;
    t.mode += catalogue_value(f->catalogue, arena, "mode", text).size > 0;
    Place place = place_find(f->catalogue->places, STR_EMPTY, STR_EMPTY, text);
    bool village = place.village_code.size > 0 || place.how == PLACE_AMBIGUOUS,
         town = !village && place.town_code.size > 0;
    t.village += village;
    t.town += town;
    t.name += looks_like_name(text) && !relation && !sex && !village && !town;
    t.distinct_adjacent += !str_equal(text, previous);
    t.long_number += text.size >= 8 && looks_like_number(text);
    previous = text;
  }
  return t;
}

static bool most(uint32_t part, uint32_t whole) {
  return whole >= 3 ? part * 10 >= whole * 6 : whole > 0 && part == whole;
}

static bool column_taken(const Layout *layout, uint32_t wanted) {
  for (uint32_t i = 0; i < layout->column_count; i++)
    if (layout->column[i] == wanted) return true;
  return false;
}

/* Headers lie: a column headed 姓名 that holds ID numbers is the ID column. A column without a known header is taken by
 * what it holds. Returns what the column should be. */
static uint32_t meaning_by_content(const Finder *f, const Layout *layout, uint32_t column) {
  const uint32_t *known = f->catalogue->known;
  uint32_t now = layout->column[column];
  Content content = now == NO_INDEX ? CONTENT_ANY : f->catalogue->columns[now].content;
  bool unknown = now == NO_INDEX && (layout->header_rows == 0 || layout->header[column].size == 0);
  if (!unknown && content != CONTENT_NAME && content != CONTENT_ID && content != CONTENT_TOWN &&
      content != CONTENT_VILLAGE)
    return now;
  Tally t = tally_column(f, layout, column);
  if (t.filled == 0) return now;
  if (content == CONTENT_NAME && most(t.id, t.filled)) return known[COL_ID_NO];
  if (content == CONTENT_ID && most(t.name, t.filled) && t.id == 0) return known[COL_NAME];
  if (content == CONTENT_TOWN && most(t.village, t.filled) && t.town == 0) return known[COL_VILLAGE];
  if (content == CONTENT_VILLAGE && most(t.town, t.filled) && t.village == 0) return known[COL_TOWN];
  const struct {
    uint32_t hits, column;
  } guesses[] = {{t.id, known[COL_ID_NO]},        {t.relation, known[COL_RELATION]}, {t.sex, known[COL_SEX]},
                 {t.phone, known[COL_PHONE]},     {t.mode, known[COL_MODE]},         {t.grade, known[COL_GRADE]},
                 {t.village, known[COL_VILLAGE]}, {t.town, known[COL_TOWN]},         {t.name, known[COL_NAME]}};
  for (uint32_t g = 0; g < COUNT_OF(guesses) && unknown; g++)
    if (most(guesses[g].hits, t.filled) && !column_taken(layout, guesses[g].column)) return guesses[g].column;
  return now;
}

static void take_meaning(Layout *layout, uint32_t column, uint32_t meaning) {
  layout->column[column] = meaning;
  layout->from_content[column] = true;
}

/* A meaning that another column claims is taken from it only if that one holds what this column is headed: two headers
 * that were exchanged. */
static void judge_content(const Finder *f, Layout *layout) {
  for (uint32_t i = 0; i < layout->column_count; i++) {
    uint32_t now = layout->column[i], then = meaning_by_content(f, layout, i), holder = 0;
    if (then == now) continue;
    while (holder < layout->column_count && layout->column[holder] != then) holder++;
    if (holder < layout->column_count) {
      if (now == NO_INDEX || meaning_by_content(f, layout, holder) != now) continue;
      take_meaning(layout, holder, now);
    }
    take_meaning(layout, i, then);
  }
}

/* Two columns of one meaning: the fuller stays, the other is only carried along. */
static void drop_doubles(const Finder *f, Layout *layout) {
  for (uint32_t i = 0; i < layout->column_count; i++)
    for (uint32_t j = i + 1; j < layout->column_count; j++) {
      if (layout->column[i] == NO_INDEX || layout->column[i] != layout->column[j]) continue;
      Tally a = tally_column(f, layout, i), b = tally_column(f, layout, j);
      layout->column[b.filled > a.filled ? i : j] = NO_INDEX;
    }
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
  layout->single_town = true;
  for (uint32_t r = layout->first_data; r < sheet->row_count && layout->single_town; r += step) {
    const SheetRow *row = &sheet->rows[r];
    Place place =
        place_find(f->catalogue->places, cell_text(row, town), cell_text(row, village), cell_text(row, address));
    if (place.town_code.size == 0) continue;
    if (seen++ == 0) layout->town_code = place.town_code;
    if (!str_equal(place.town_code, layout->town_code)) layout->single_town = false;
  }
  Place named = place_find(f->catalogue->places, STR_EMPTY, STR_EMPTY, layout->title);
  bool by_title = seen > 0 && str_equal(named.town_code, layout->town_code);
  if (seen < 3 && !by_title) layout->single_town = false;
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
  }
  return OK;
}

static bool is_column_name(Str text) {
  for (size_t i = 0; i < text.size; i++)
    if (text.data[i] < 'A' || text.data[i] > 'Z') return false;
  return text.size > 0 && text.size <= 3;
}

/* Where no header was found, the row that has every text the mapping names is one. */
static void header_by_mapping(const Finder *f, const Json *mapping, Layout *layout) {
  uint32_t limit = f->sheet->row_count < HEADER_SEARCH ? f->sheet->row_count : HEADER_SEARCH;
  for (uint32_t r = 0; r < limit && !layout->header_rows; r++) {
    const SheetRow *row = &f->sheet->rows[r];
    uint32_t wanted = 0, found = 0;
    JSON_EACH(item, json_get(mapping, "columns")) {
      if (is_column_name(item->key)) continue;
      wanted++;
      Str key = header_normalise(f->cx->arena, item->key);
      bool here = false;
      for (uint32_t i = 0; i < row->count && !here; i++)
        here = str_equal(header_normalise(f->cx->arena, cell_text(row, i)), key);
      found += here;
    }
    if (wanted == 0 || found < wanted) continue;
    layout->first_header = r;
    layout->header_rows = 1;
    layout->first_data = r + 1;
  }
}

static Status mapping_header(const Finder *f, const Json *mapping, Layout *layout) {
  if (!layout->header_rows) header_by_mapping(f, mapping, layout);
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
      Str text = cell_text(&f->sheet->rows[r], i);
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
  for (uint32_t i = 0; i < sheet->column_count; i++) layout.column[i] = NO_INDEX, layout.header[i] = STR_EMPTY;
  layout.town_code = STR_EMPTY;
  find_header(&f, &layout);
  if (mapping) TRY(mapping_header(&f, mapping, &layout));
  Str carried[3] = {STR_EMPTY, STR_EMPTY, STR_EMPTY};
  for (uint32_t i = 0; i < sheet->column_count && layout.header_rows; i++)
    layout.column[i] = resolve_header(&f, &layout, i, carried);
  drop_doubles(&f, &layout);
  judge_content(&f, &layout);
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
  if (layout->single_town) score += list->single_town;
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
  const SheetRow *first = layout->header_rows || sheet->row_count == 0 ? NULL : &sheet->rows[0];
  for (uint32_t i = 0; first && i < first->count && !data_like(first); i++) {
    buf_add(&buf, header_normalise(arena, cell_text(first, i)));
    buf_add_byte(&buf, '|');
  }
  for (uint32_t i = 0; i < layout->column_count; i++) {
    buf_add(&buf, header_normalise(arena, layout->header[i]));
    buf_add_byte(&buf, '|');
  }
  return buf_str(&buf);
}
