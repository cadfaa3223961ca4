#include "roster/import_internal.h"

void taking_begin(Taking *t) {
  for (uint32_t i = 0; i < t->catalogue->column_count; i++) {
    uint32_t at = i;
    for (;
         at > 0 && str_compare(t->catalogue->columns[t->column_order[at - 1]].code, t->catalogue->columns[i].code) > 0;
         at--)
      t->column_order[at] = t->column_order[at - 1];
    t->column_order[at] = i;
  }
}

static bool counts_for_key(const Catalogue *catalogue, uint32_t column) {
  const uint32_t *known = catalogue->known;
  return column != known[COL_SEQ] && column != known[COL_ANJU_ROW] && column != known[COL_ANJU_PROBLEM] &&
         column != known[COL_ANJU_ADVICE];
}

/* What makes a row the same row: its values, folded, whatever their order in the file. */
Digest taking_content(const Taking *t, const Str value[COLUMN_LIMIT]) {
  Buf buf = buf_new(t->scratch);
  for (uint32_t i = 0; i < t->catalogue->column_count; i++) {
    uint32_t column = t->column_order[i];
    if (!counts_for_key(t->catalogue, column) || value[column].size == 0) continue;
    buf_add(&buf, t->catalogue->columns[column].code);
    buf_add_byte(&buf, '\x1f');
    buf_add(&buf, text_fold(t->scratch, value[column]));
    buf_add_byte(&buf, '\x1e');
  }
  return digest_of(buf_str(&buf));
}

static Str whole_id(Arena *arena, Str raw) {
  IdNumber id = id_read(raw);
  if (id.state != ID_VALID && id.state != ID_INVALID) return STR_EMPTY;
  return str_copy(arena, (Str){id.text, id.size});
}

void taking_identity(Taking *t, const Str value[COLUMN_LIMIT], Str *ret_id, Str *ret_name, Str *ret_hh_no) {
  RowPerson person = row_person(t->catalogue, value);
  Arena *arena = t->cx->arena;
  *ret_id = person.id_column == NO_INDEX ? STR_EMPTY : whole_id(arena, value[person.id_column]);
  *ret_name =
      person.name_column == NO_INDEX ? STR_EMPTY : str_copy(arena, text_fold(t->scratch, value[person.name_column]));
  *ret_hh_no = str_copy(arena, text_fold(t->scratch, value[t->catalogue->known[COL_HH_NO]]));
}

static NewRow *new_row(Taking *t) {
  if (t->new_count == t->new_capacity) {
    uint32_t capacity = t->new_capacity ? t->new_capacity * 2 : 1024;
    t->new_rows = arena_grow(t->cx->arena, t->new_rows, t->new_capacity * sizeof(NewRow), capacity * sizeof(NewRow));
    t->new_capacity = capacity;
  }
  NewRow *row = &t->new_rows[t->new_count++];
  *row = (NewRow){0};
  return row;
}

static void write_cells(Buf *buf, const SheetRow *row) {
  buf_add(buf, STR("{\"cells\":["));
  for (uint32_t i = 0; i < row->count; i++) {
    if (i) buf_add_byte(buf, ',');
    json_write_string(buf, row->cells[i].text);
  }
  buf_add_byte(buf, ']');
}

static void write_flags(const Taking *t, Buf *buf, const DecodedRow *row) {
  buf_add(buf, STR(",\"flags\":["));
  for (uint32_t i = 0; i < row->flag_count; i++) {
    const RowFlag *flag = &row->flags[i];
    if (i) buf_add_byte(buf, ',');
    buf_addf(buf, "{\"code\":\"%s\"", flag_code(flag->kind));
    if (flag->column != NO_INDEX) {
      buf_addf(buf, ",\"column\":\"" STR_FMT "\",\"header\":", STR_ARG(sheet_column_name(t->scratch, flag->column)));
      json_write_string(buf, flag->column < t->layout->column_count ? t->layout->header[flag->column] : STR_EMPTY);
    }
    if (flag->value.size) {
      buf_add(buf, STR(",\"value\":"));
      json_write_string(buf, flag->value);
    }
    buf_add_byte(buf, '}');
  }
  buf_add_byte(buf, ']');
}

static size_t write_hole(Buf *buf, const char *key) {
  static const Str zeros = STR("00000000000000000000000000000000");
  buf_addf(buf, ",\"%s\":\"", key);
  size_t at = buf->size;
  buf_add(buf, zeros);
  buf_add_byte(buf, '"');
  return at;
}

uint64_t row_place(Str sheet, uint32_t number) { return str_hash(sheet) * 0x9e3779b97f4a7c15u + number; }

/* {"cells","flags","key","origin","row","sheet","values"}: keys in canonical order, so that the line is canonical. */
static void write_data_row(Taking *t, const DecodedRow *row) {
  NewRow *new = new_row(t);
  Buf *buf = &t->rows;
  write_cells(buf, row->raw);
  write_flags(t, buf, row);
  new->key_at = write_hole(buf, "key");
  new->origin_at = write_hole(buf, "origin");
  buf_addf(buf, ",\"row\":%u,\"sheet\":", row->raw->number);
  json_write_string(buf, t->workbook->sheets[t->layout->sheet].name);
  buf_add(buf, STR(",\"values\":{"));
  bool first = true;
  for (uint32_t i = 0; i < t->catalogue->column_count; i++) {
    uint32_t column = t->column_order[i];
    if (row->value[column].size == 0) continue;
    if (!first) buf_add_byte(buf, ',');
    first = false;
    json_write_string(buf, t->catalogue->columns[column].code);
    buf_add_byte(buf, ':');
    json_write_string(buf, row->value[column]);
  }
  buf_add(buf, STR("}}\n"));
  new->content = taking_content(t, row->value);
  taking_identity(t, row->value, &new->id, &new->name, &new->hh_no);
  new->place = row_place(t->workbook->sheets[t->layout->sheet].name, row->raw->number);
}

static Status take_row(Context *cx, void *user, const DecodedRow *row) {
  (void)cx;
  Taking *t = user;
  if (arena_used(t->scratch) > 512 * 1024) arena_reset(t->scratch);
  if (row->role == ROW_DATA) {
    for (uint32_t i = 0; i < row->flag_count; i++) {
      t->flag_counts[row->flags[i].kind]++;
      t->flags += !flag_is_information(row->flags[i].kind);
    }
    write_data_row(t, row);
    return OK;
  }
  t->other_rows++;
  write_cells(&t->rows, row->raw);
  buf_addf(&t->rows, ",\"role\":\"%s\",\"row\":%u,\"sheet\":", row_role_code(row->role), row->raw->number);
  json_write_string(&t->rows, t->workbook->sheets[t->layout->sheet].name);
  buf_add(&t->rows, STR("}\n"));
  return OK;
}

/* The sheet's form, so that corrections can be written in it:
 * {"columns","header_row","header_rows","headers","merges","role","sheet"}. */
static void write_layout(Taking *t) {
  const Sheet *sheet = &t->workbook->sheets[t->layout->sheet];
  Buf *buf = &t->rows;
  buf_add(buf, STR("{\"columns\":["));
  for (uint32_t i = 0; i < t->layout->column_count; i++) {
    if (i) buf_add_byte(buf, ',');
    json_write_string(buf,
                      t->layout->column[i] == NO_INDEX ? STR_EMPTY : t->catalogue->columns[t->layout->column[i]].code);
  }
  uint32_t header_row = t->layout->header_rows ? sheet->rows[t->layout->first_header].number : 0;
  buf_addf(buf, "],\"header_row\":%u,\"header_rows\":%u,\"headers\":[", header_row, t->layout->header_rows);
  for (uint32_t i = 0; i < t->layout->column_count; i++) {
    if (i) buf_add_byte(buf, ',');
    json_write_string(buf, t->layout->header[i]);
  }
  buf_add(buf, STR("],\"merges\":["));
  bool first = true;
  for (uint32_t i = 0; i < sheet->merge_count; i++) {
    MergedRange m = sheet->merges[i];
    if (m.last_row >= header_row + t->layout->header_rows || header_row == 0) continue;
    buf_addf(buf, "%s[%u,%u,%u,%u]", first ? "" : ",", m.first_row, m.last_row, m.first_column, m.last_column);
    first = false;
  }
  buf_add(buf, STR("],\"role\":\"layout\",\"sheet\":"));
  json_write_string(buf, sheet->name);
  buf_add(buf, STR("}\n"));
}

Status taking_decode(Taking *t, const Layout *layout) {
  t->layout = layout;
  write_layout(t);
  return decode_sheet(t->cx, t->catalogue, t->list, t->workbook, layout, take_row, t);
}
