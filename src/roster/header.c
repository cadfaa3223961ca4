#include "roster/recognise_internal.h"

enum { HEADER_SEARCH = 40 /* rows looked through for a header */ };

static bool has_digits(Str text, size_t run) {
  size_t have = 0;
  for (size_t i = 0; i < text.size; i++) {
    have = text.data[i] >= '0' && text.data[i] <= '9' ? have + 1 : 0;
    if (have >= run) return true;
  }
  return false;
}

bool row_looks_like_data(const SheetRow *row) {
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = trimmed_cell(row, i);
    if (text.size && (looks_like_number(text) || has_digits(text, 8))) return true;
  }
  return false;
}

/* 填报单位：县扶贫办, or a title: one text in the whole row. No header begins here. */
static bool is_title_or_form_line(const Finder *f, const SheetRow *row) {
  Str first = STR_EMPTY;
  uint32_t distinct = 0;
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = trimmed_cell(row, i);
    if (text.size == 0 || str_equal(text, first)) continue;
    if (distinct++ == 0) first = text;
  }
  if (distinct < 2 && f->sheet->column_count > 1) return true;
  Str folded = text_fold(f->cx->arena, first);
  int64_t colon = str_find(folded, STR(":"));
  return colon > 0 && (size_t)colon + 1 < folded.size && memchr(folded.data, '(', (size_t)colon) == NULL;
}

static uint32_t header_at(const Finder *f, const SheetRow *row, uint32_t column) {
  return catalogue_header(f->catalogue, f->cx->arena, trimmed_cell(row, column));
}

/* Known headers in a row, a merged title counted once. */
static uint32_t known_headers(const Finder *f, const SheetRow *row) {
  uint32_t count = 0, previous = NO_INDEX;
  for (uint32_t i = 0; i < row->count; i++) {
    if (trimmed_cell(row, i).size == 0) continue;
    uint32_t column = header_at(f, row, i);
    if (column != NO_INDEX && column != previous) count++;
    previous = column;
  }
  return count;
}

/* Does the header above column `i` span several columns, so that `row` can divide it? */
static bool is_spanned(const SheetRow *above, const SheetRow *row, uint32_t i) {
  Str top = trimmed_cell(above, i);
  if (top.size == 0) {
    for (uint32_t left = i; left-- > 0;)
      if (trimmed_cell(above, left).size) return true;
    return false;
  }
  if (i > 0 && (row_cell(above, i)->flags & CELL_MERGED) && str_equal(trimmed_cell(above, i - 1), top)) return true;
  Str next = trimmed_cell(above, i + 1);
  if (next.size) return (row_cell(above, i + 1)->flags & CELL_MERGED) && str_equal(next, top);
  return trimmed_cell(row, i + 1).size > 0;
}

/* A second level by its form: it divides headers that span columns and leaves all others alone. */
static bool divides_spans(const SheetRow *above, const SheetRow *row) {
  uint32_t own = 0, left_alone = 0;
  uint32_t count = above->count > row->count ? above->count : row->count;
  for (uint32_t i = 0; i < count; i++) {
    Str text = trimmed_cell(row, i), top = trimmed_cell(above, i);
    if (text.size == 0 || str_equal(text, top)) {
      left_alone += top.size > 0;
      continue;
    }
    if (!is_spanned(above, row, i)) return false;
    own++;
  }
  return own >= 2 && left_alone >= 1;
}

/* A second level by its words: it names columns that the first level does not. */
static bool names_columns(const Finder *f, const SheetRow *above, const SheetRow *row) {
  uint32_t named = 0, filled = 0;
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = trimmed_cell(row, i), top = trimmed_cell(above, i);
    if (text.size == 0 || str_equal(text, top)) continue;
    filled++;
    if (header_at(f, row, i) != NO_INDEX &&
        (top.size == 0 || header_at(f, above, i) == NO_INDEX || is_spanned(above, row, i)))
      named++;
  }
  return named >= 1 && named * 2 >= filled;
}

static bool is_sub_header(const Finder *f, const SheetRow *above, const SheetRow *row) {
  if (above->number + 1 != row->number || row_looks_like_data(row)) return false;
  return names_columns(f, above, row) || divides_spans(above, row);
}

static bool holds_place(const Finder *f, const SheetRow *row) {
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = trimmed_cell(row, i);
    if (text.size && text.size <= 60 &&
        place_find(f->catalogue->places, STR_EMPTY, STR_EMPTY, text).how != PLACE_UNKNOWN)
      return true;
  }
  return false;
}

static bool holds_id(const SheetRow *row) {
  for (uint32_t i = 0; i < row->count; i++)
    if (looks_like_id(trimmed_cell(row, i))) return true;
  return false;
}

/* A row of words nobody has taught us, right above somebody's row. */
static void find_unknown_header(const Finder *f, Layout *layout) {
  const Sheet *sheet = f->sheet;
  for (uint32_t r = 0; r + 1 < sheet->row_count && r < HEADER_SEARCH; r++) {
    const SheetRow *row = &sheet->rows[r];
    if (holds_id(row)) return;
    if (!holds_id(&sheet->rows[r + 1]) || row_looks_like_data(row) || is_title_or_form_line(f, row) ||
        holds_place(f, row))
      continue;
    layout->first_header = r;
    layout->header_rows = 1;
    return;
  }
}

void header_find(const Finder *f, Layout *layout) {
  const Sheet *sheet = f->sheet;
  uint32_t limit = sheet->row_count < HEADER_SEARCH ? sheet->row_count : HEADER_SEARCH, best = 0;
  for (uint32_t r = 0; r < limit; r++) {
    const SheetRow *row = &sheet->rows[r];
    if (row_is_empty(row) || row_looks_like_data(row) || is_title_or_form_line(f, row)) continue;
    uint32_t rows = 1, known = known_headers(f, row);
    while (rows < HEADER_LEVELS && r + rows < sheet->row_count &&
           is_sub_header(f, &sheet->rows[r + rows - 1], &sheet->rows[r + rows])) {
      known += known_headers(f, &sheet->rows[r + rows]);
      rows++;
    }
    /* a first level that names nothing is left to the title */
    bool inside = r < layout->first_header + layout->header_rows;
    if (known >= 2 && (known > best || (known == best && inside))) {
      best = known;
      layout->first_header = r;
      layout->header_rows = rows;
    }
    if (best && r > layout->first_header + 3) break;
  }
  if (layout->header_rows == 0) find_unknown_header(f, layout);
  layout->first_data = layout->header_rows ? layout->first_header + layout->header_rows : 0;
}

/* 1 2 3 (4)=(2)+(3), 甲 乙 丙: the numbers of the columns. */
static bool is_numbering(const Finder *f, const SheetRow *row) {
  static const char marks[] = "0123456789()=+-*/%.";
  static const Str ordinals = STR("甲乙丙丁戊己庚辛壬癸一二三四五六七八九十栏次行①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯×÷");
  uint32_t filled = 0;
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = text_fold(f->cx->arena, trimmed_cell(row, i));
    if (text.size == 0) continue;
    filled++;
    for (size_t at = 0; at < text.size;) {
      size_t start = at;
      uint32_t rune = str_next_rune(text, &at);
      if (rune < 0x80 ? !strchr(marks, (int)rune) : str_find(ordinals, str_sub(text, start, at)) < 0) return false;
    }
    if (has_digits(text, 3) || (text.size > 6 && str_find(text, STR("=")) < 0)) return false;
  }
  return filled >= 3;
}

/* aac001 aac002: what the columns are called in the system that the list was taken from. */
static bool is_field_codes(const SheetRow *row) {
  uint32_t filled = 0;
  for (uint32_t i = 0; i < row->count; i++) {
    Str text = trimmed_cell(row, i);
    if (text.size == 0) continue;
    filled++;
    for (size_t k = 0; k < text.size; k++) {
      char c = text.data[k];
      bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      if (!letter && (k == 0 || !(c >= '0' && c <= '9'))) return false;
    }
  }
  return filled >= 3;
}

void header_skip_numbering(const Finder *f, Layout *layout) {
  for (uint32_t n = 0; n < 2 && layout->header_rows && layout->first_data < f->sheet->row_count; n++) {
    const SheetRow *row = &f->sheet->rows[layout->first_data];
    if (!is_numbering(f, row) && !is_field_codes(row)) return;
    layout->first_data++;
  }
}

/* The levels of a column's header, from the top; `carried` holds the upper levels further left. */
static uint32_t read_levels(const Finder *f, const Layout *layout, uint32_t column, Str carried[HEADER_LEVELS],
                            Str ret_levels[HEADER_LEVELS]) {
  uint32_t count = 0;
  for (uint32_t level = 0; level < layout->header_rows; level++) {
    const SheetRow *row = &f->sheet->rows[layout->first_header + level];
    Str text = trimmed_cell(row, column);
    if (text.size) {
      carried[level] = text;
      for (uint32_t below = level + 1; below < HEADER_LEVELS; below++) carried[below] = STR_EMPTY;
    } else if (level + 1 < layout->header_rows && carried[level].size &&
               trimmed_cell(&f->sheet->rows[layout->first_header + level + 1], column).size) {
      text = carried[level]; /* an upper level that spans columns without being merged */
    }
    if (text.size == 0 || (count && str_equal(ret_levels[count - 1], text))) continue;
    ret_levels[count++] = text;
  }
  return count;
}

static Str join(Arena *arena, const Str *levels, uint32_t count, bool slash) {
  Buf buf = buf_new(arena);
  for (uint32_t i = 0; i < count; i++) {
    if (i && slash) buf_add_byte(&buf, '/');
    buf_add(&buf, levels[i]);
  }
  return buf_str(&buf);
}

/* Levels read together say most (户主/姓名, 证件/号码), then the deepest known one decides. */
static uint32_t meaning(const Finder *f, const Str *levels, uint32_t count) {
  Arena *arena = f->cx->arena;
  for (uint32_t from = 0; from + 1 < count; from++) {
    uint32_t found = catalogue_header(f->catalogue, arena, join(arena, levels + from, count - from, false));
    if (found != NO_INDEX) return found;
  }
  for (uint32_t level = count; level-- > 0;) {
    uint32_t found = catalogue_header(f->catalogue, arena, levels[level]);
    if (found != NO_INDEX) return found;
  }
  return NO_INDEX;
}

/* Columns headed by the values themselves, to be ticked: 住房保障方式 / 改造安全 | 鉴定安全 | 易地搬迁. */
static void find_ticks(const Finder *f, Layout *layout, const Str *last) {
  static const struct {
    const char *vocabulary;
    KnownColumn column;
  } ticked[] = {{"mode", COL_MODE}, {"grade", COL_GRADE}};
  for (uint32_t k = 0; k < COUNT_OF(ticked); k++) {
    uint32_t wanted = f->catalogue->known[ticked[k].column], count = 0;
    for (uint32_t pass = 0; pass < 2 && (pass == 0 || count >= 2); pass++)
      for (uint32_t i = 0; i < layout->column_count; i++) {
        bool own = layout->column[i] == NO_INDEX || layout->column[i] == wanted;
        if (!own || catalogue_value(f->catalogue, f->cx->arena, ticked[k].vocabulary, last[i]).size == 0) continue;
        count += pass == 0;
        if (pass == 0) continue;
        layout->column[i] = NO_INDEX;
        layout->tick_column[i] = wanted;
        layout->tick[i] = last[i];
      }
  }
}

void header_columns(const Finder *f, Layout *layout) {
  Str carried[HEADER_LEVELS] = {STR_EMPTY, STR_EMPTY, STR_EMPTY};
  Str *last = arena_array(f->cx->arena, layout->column_count + 1, Str);
  for (uint32_t i = 0; i < layout->column_count; i++) {
    Str levels[HEADER_LEVELS];
    uint32_t count = layout->header_rows ? read_levels(f, layout, i, carried, levels) : 0;
    last[i] = count ? levels[count - 1] : STR_EMPTY;
    if (count == 0) continue;
    layout->header[i] = join(f->cx->arena, levels, count, true);
    layout->column[i] = meaning(f, levels, count);
  }
  find_ticks(f, layout, last);
}
