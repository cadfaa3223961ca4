/* CSV in: separator, quotes after RFC 4180 with recovery, records into the grid. */
#include "sheet/sheet_internal.h"

enum {
  SAMPLE_LINES = 64,
  QUOTED_LINES = 1000, /* a quoted field of more lines than this is taken for a lost quote */
  CSV_FIELDS_MOST = 1 << 16,
  LOST_MOST = 100, /* after so many lost quotes none is looked for on later lines: the work stays bounded */
};

typedef struct Separator {
  Str text;      /* UTF-8 */
  char reported; /* in Workbook.separator */
} Separator;
static const Separator SEPARATORS[] = {
    {{",", 1}, ','}, {{"\t", 1}, '\t'}, {{";", 1}, ';'}, {{"\xEF\xBC\x8C", 3}, ','}, {{"\xEF\xBC\x9B", 3}, ';'},
};

typedef struct Csv {
  Reader *reader;
  char *data; /* the decoded text; quoted fields are unescaped in place */
  size_t size, at;
  Str separator;
  uint32_t record;
  uint32_t lost_quotes, first_lost; /* records whose quote never closed */
  bool replaced;                    /* the file holds U+FFFD */
} Csv;

static size_t separator_at(const Csv *csv, size_t at) {
  const Str *s = &csv->separator;
  if (at >= csv->size || csv->data[at] != s->data[0]) return 0;
  return s->size <= csv->size - at && memcmp(csv->data + at, s->data, s->size) == 0 ? s->size : 0;
}

static bool line_ends_at(const Csv *csv, size_t at) {
  return at >= csv->size || csv->data[at] == '\n' || csv->data[at] == '\r';
}

/* Moves past CR, LF or CRLF. */
static void skip_line_end(Csv *csv) {
  if (csv->at < csv->size && csv->data[csv->at] == '\r')
    csv->at++;
  else if (csv->at < csv->size) {
    csv->at++;
    return;
  }
  if (csv->at < csv->size && csv->data[csv->at] == '\n') csv->at++;
}

/* How often the separator stands in the most common line, and in how many lines: 1000 * lines + count. */
static uint32_t separator_score(Str text, Str separator, uint32_t *ret_lines) {
  uint32_t counts[SAMPLE_LINES] = {0}, lines = 0, count = 0;
  bool quoted = false, any = false;
  for (size_t at = 0; at <= text.size && lines < SAMPLE_LINES; at++) {
    bool end = at == text.size || (!quoted && (text.data[at] == '\n' || text.data[at] == '\r'));
    if (end) {
      if (any) counts[lines++] = count;
      count = 0;
      any = false;
      continue;
    }
    any = true;
    if (text.data[at] == '"') quoted = !quoted;
    if (!quoted && str_starts(str_sub(text, at, text.size), separator)) count++;
  }
  uint32_t best = 0;
  for (uint32_t i = 0; i < lines; i++) {
    uint32_t same = 0;
    for (uint32_t j = 0; j < lines; j++) same += counts[j] == counts[i];
    uint32_t score = same * 1000 + (counts[i] < 999 ? counts[i] : 999);
    if (counts[i] > 0 && score > best) best = score;
  }
  *ret_lines = lines;
  return best;
}

static const Separator *find_separator(Str text) {
  const Separator *found = &SEPARATORS[0];
  uint32_t best = 0;
  Str sample = str_sub(text, 0, 256 * 1024);
  for (size_t i = 0; i < COUNT_OF(SEPARATORS); i++) {
    uint32_t lines, score = separator_score(sample, SEPARATORS[i].text, &lines);
    if (SEPARATORS[i].text.size > 1 && score / 1000 * 5 < lines * 3)
      continue; /* full-width marks also stand in prose */
    if (score > best) best = score, found = &SEPARATORS[i];
  }
  return found;
}

/* "sep=;" as the first line, as Excel writes and reads it. */
static const Separator *declared_separator(Csv *csv) {
  if (csv->size < 5 || memcmp(csv->data, "sep=", 4) != 0) return NULL;
  for (size_t i = 0; i < COUNT_OF(SEPARATORS); i++) {
    csv->separator = SEPARATORS[i].text;
    size_t size = separator_at(csv, 4);
    if (size == 0 || !line_ends_at(csv, 4 + size)) continue;
    csv->at = 4 + size;
    skip_line_end(csv);
    return &SEPARATORS[i];
  }
  return NULL;
}

/* Offset of the quote that closes a field opened before `at`; SIZE_MAX when none does so properly. */
static size_t closing_quote(const Csv *csv, size_t at) {
  size_t lines = 0, limit = (size_t)csv->reader->limits->cell_size * 4, from = at;
  for (; at < csv->size && at - from <= limit; at++) {
    if (csv->data[at] == '\n' && ++lines > (csv->lost_quotes < LOST_MOST ? QUOTED_LINES : 0)) return SIZE_MAX;
    if (csv->data[at] != '"') continue;
    if (at + 1 < csv->size && csv->data[at + 1] == '"') {
      at++;
      continue;
    }
    if (line_ends_at(csv, at + 1) || separator_at(csv, at + 1)) return at;
    /* "甲"乙 on one line: what follows the quote belongs to the field; over lines a quote was lost */
    return lines == 0 ? at : SIZE_MAX;
  }
  return SIZE_MAX;
}

static Str unquote(Csv *csv, size_t from, size_t end) {
  size_t to = from;
  for (size_t at = from; at < end; at++) {
    csv->data[to++] = csv->data[at];
    if (csv->data[at] == '"') at++;
  }
  return (Str){csv->data + from, to - from};
}

static Str plain_field(Csv *csv) {
  size_t from = csv->at;
  if (csv->separator.size == 1) {
    char separator = csv->separator.data[0];
    size_t at = from;
    while (at < csv->size && csv->data[at] != separator && csv->data[at] != '\n' && csv->data[at] != '\r') at++;
    csv->at = at;
    return (Str){csv->data + from, at - from};
  }
  while (!line_ends_at(csv, csv->at) && !separator_at(csv, csv->at)) csv->at++;
  return (Str){csv->data + from, csv->at - from};
}

static Str next_field(Csv *csv) {
  if (csv->at >= csv->size || csv->data[csv->at] != '"') return plain_field(csv);
  size_t from = csv->at + 1, end = closing_quote(csv, from);
  if (end == SIZE_MAX) {
    if (csv->lost_quotes++ == 0) csv->first_lost = csv->record;
    return plain_field(csv);
  }
  Str text = unquote(csv, from, end);
  csv->at = end + 1;
  Str rest = plain_field(csv);
  if (rest.size) {
    memmove(csv->data + from + text.size, rest.data, rest.size);
    text.size += rest.size;
  }
  return text;
}

/* ="450399..." is how exports keep Excel from reading digits as a number. */
static Cell field_cell(const Csv *csv, Str text) {
  Cell cell = {.text = text, .kind = text.size ? CELL_TEXT : CELL_EMPTY};
  if (text.size >= 3 && text.data[0] == '=' && text.data[1] == '"' && text.data[text.size - 1] == '"' &&
      !memchr(text.data + 2, '"', text.size - 3)) {
    cell.text = str_sub(text, 2, text.size - 1);
    cell.flags |= CELL_FORMULA;
  }
  if (csv->replaced && str_find(cell.text, STR("\xEF\xBF\xBD")) >= 0) cell.flags |= CELL_REPLACED;
  return cell;
}

static Status read_record(Csv *csv, Grid *grid) {
  csv->record++;
  for (uint64_t column = 0;; column++) {
    TRY(grid_cell(grid, csv->record, column, field_cell(csv, next_field(csv))));
    size_t size = separator_at(csv, csv->at);
    if (size == 0) break;
    csv->at += size;
  }
  skip_line_end(csv);
  return OK;
}

/* Decodes, and settles the separator. */
static Status csv_open(Reader *reader, Csv *ret_csv, Decoded *ret_decoded) {
  Decoded decoded = text_decode(reader->cx->arena, reader->bytes);
  if (text_looks_binary(&decoded))
    return fail(reader->cx, BAD_FILE,
                "“" STR_FMT "”不是表格文件，内容无法识别，可能已损坏；请让对方重新发送 .xlsx 文件。",
                STR_ARG(reader->name));
  Str text = decoded.text;
  while (text.size && text.data[text.size - 1] == 0x1A) text.size--; /* the end mark of DOS programs */
  Csv csv = {.reader = reader, .data = (char *)(uintptr_t)text.data, .size = text.size};
  csv.replaced = decoded.replaced || str_find(text, STR("\xEF\xBF\xBD")) >= 0;
  const Separator *separator = declared_separator(&csv);
  if (!separator) separator = find_separator(text);
  csv.separator = separator->text;
  reader->workbook->encoding = decoded.encoding;
  reader->workbook->separator = separator->reported;
  *ret_csv = csv;
  *ret_decoded = decoded;
  return OK;
}

static void csv_report(Reader *reader, const Csv *csv, const Decoded *decoded) {
  if (decoded->replaced)
    reader_note(reader, "有 %zu 处字节无法识别，已用“\xEF\xBF\xBD”代替；请对照原件补正这些字，或另存为 .xlsx 再导入。",
                decoded->replaced);
  if (csv->lost_quotes)
    reader_note(reader, "第 %u 行有引号没有配对%s，已按普通文字读取；请检查。", csv->first_lost,
                csv->lost_quotes > 1 ? "（后面还有同样的行）" : "");
}

Status csv_read(Reader *reader) {
  Csv csv;
  Decoded decoded;
  TRY(csv_open(reader, &csv, &decoded));
  Grid grid;
  grid_start(&grid, reader, STR_EMPTY, false);
  while (csv.at < csv.size) TRY(read_record(&csv, &grid));
  csv_report(reader, &csv, &decoded);
  return grid_finish(&grid);
}

/* ---- straight into columns ---- */
typedef struct Columns {
  Csv *csv;
  CsvTable *table;
  uint32_t *of_field; /* column of the table for each field of the file; UINT32_MAX: not wanted */
  uint32_t fields, capacity, odd_shown;
} Columns;

static void read_header(Columns *c, const Str *wanted, uint32_t wanted_count) {
  Arena *arena = c->csv->reader->cx->arena;
  uint32_t capacity = 0, size;
  for (bool more = true; more && c->fields < CSV_FIELDS_MOST;) {
    Str name = str_trim(field_cell(c->csv, next_field(c->csv)).text);
    if (c->fields == capacity) {
      size = capacity ? capacity * 2 : 16;
      c->table->names = arena_grow(arena, c->table->names, capacity * sizeof(Str), size * sizeof(Str));
      capacity = size;
    }
    c->table->names[c->fields++] = name;
    size_t step = separator_at(c->csv, c->csv->at);
    c->csv->at += step, more = step > 0;
  }
  c->table->field_count = c->fields;
  c->of_field = arena_array(arena, c->fields, uint32_t);
  for (uint32_t i = 0; i < c->fields; i++) c->of_field[i] = UINT32_MAX;
  for (uint32_t w = 0; w < wanted_count; w++)
    for (uint32_t i = c->fields; i-- > 0;)
      if (str_equal(c->table->names[i], wanted[w])) c->of_field[i] = w;
  skip_line_end(c->csv);
}

static void note_odd_row(Columns *c, uint32_t fields) {
  CsvTable *table = c->table;
  if (fields < c->fields)
    table->short_rows++;
  else
    table->long_rows++;
  if (c->odd_shown >= 5) return;
  c->odd_shown++;
  reader_note(c->csv->reader, "第 %u 行有 %u 格，标题有 %u 格：%s。", c->csv->record, fields, c->fields,
              fields < c->fields ? "缺的格按空白处理" : "多出的格没有用到");
}

static void read_columns_row(Columns *c) {
  CsvTable *table = c->table;
  Arena *arena = c->csv->reader->cx->arena;
  c->csv->record++;
  if (line_ends_at(c->csv, c->csv->at)) { /* an empty line is no row */
    skip_line_end(c->csv);
    return;
  }
  if (table->rows == c->capacity) {
    uint32_t capacity = c->capacity ? c->capacity * 2 : 4096;
    for (uint32_t w = 0; w < table->column_count; w++)
      table->cells[w] = arena_grow(arena, table->cells[w], c->capacity * sizeof(Str), capacity * sizeof(Str));
    table->numbers = arena_grow(arena, table->numbers, c->capacity * sizeof(uint32_t), capacity * sizeof(uint32_t));
    c->capacity = capacity;
  }
  uint32_t field = 0, row = table->rows++;
  for (bool more = true; more; field++) {
    Str text = next_field(c->csv);
    uint32_t column = field < c->fields ? c->of_field[field] : UINT32_MAX;
    if (column != UINT32_MAX)
      table->cells[column][row] = text.size && text.data[0] == '=' ? field_cell(c->csv, text).text : text;
    size_t step = separator_at(c->csv, c->csv->at);
    c->csv->at += step, more = step > 0;
  }
  table->numbers[row] = c->csv->record;
  if (field != c->fields) note_odd_row(c, field);
  skip_line_end(c->csv);
}

Status csv_table_read(Context *cx, Str bytes, Str name, const Str *wanted, uint32_t wanted_count, CsvTable *ret_table) {
  static const SheetLimits LIMITS = {SIZE_MAX / 2, SIZE_MAX / 2, UINT32_MAX - 2, UINT32_MAX, 1, 256 << 20};
  Workbook workbook = {0};
  Reader reader = {.cx = cx, .bytes = bytes, .name = name, .limits = &LIMITS, .workbook = &workbook};
  Csv csv;
  Decoded decoded;
  CsvTable table = {.column_count = wanted_count, .cells = arena_array(cx->arena, wanted_count, Str *)};
  TRY(csv_open(&reader, &csv, &decoded));
  Columns columns = {.csv = &csv, .table = &table};
  csv.record = 1;
  if (csv.at < csv.size) read_header(&columns, wanted, wanted_count);
  while (csv.at < csv.size && table.rows < UINT32_MAX / 2) read_columns_row(&columns);
  csv_report(&reader, &csv, &decoded);
  table.found = arena_array(cx->arena, wanted_count, bool);
  for (uint32_t i = 0; i < columns.fields; i++)
    if (columns.of_field[i] != UINT32_MAX) table.found[columns.of_field[i]] = true;
  for (uint32_t w = 0; w < wanted_count; w++)
    if (!table.cells[w]) table.cells[w] = arena_array(cx->arena, 1, Str);
  table.encoding = decoded.encoding;
  table.notes = workbook.notes, table.note_count = workbook.note_count;
  *ret_table = table;
  return OK;
}
