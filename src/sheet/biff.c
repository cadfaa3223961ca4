/* BIFF5 and BIFF8 records of .xls (MS-XLS): the workbook's globals, then each worksheet's cells and
 * merged ranges into the sink. Bounded by the stream's bytes. */
#include "sheet/xls_internal.h"
#include <iconv.h>

enum {
  REC_FORMULA = 0x06,
  REC_EOF = 0x0A,
  REC_DATEMODE = 0x22,
  REC_FILEPASS = 0x2F,
  REC_CONTINUE = 0x3C,
  REC_CODEPAGE = 0x42,
  REC_BOUNDSHEET = 0x85,
  REC_MULRK = 0xBD,
  REC_RSTRING = 0xD6,
  REC_XF = 0xE0,
  REC_MERGEDCELLS = 0xE5,
  REC_SST = 0xFC,
  REC_LABELSST = 0xFD,
  REC_NUMBER = 0x203,
  REC_LABEL = 0x204,
  REC_BOOLERR = 0x205,
  REC_STRING = 0x207,
  REC_RK = 0x27E,
  REC_FORMULA3 = 0x206,
  REC_FORMULA4 = 0x406,
  REC_FORMAT = 0x41E,
  REC_BOF = 0x809,
  BIFF8 = 0x600,
  SUBSTREAM_GLOBALS = 5,
  SUBSTREAM_SHEET = 0x10,
};

typedef struct BoundSheet {
  uint32_t offset;
  bool hidden, worksheet;
  Str name;
} BoundSheet;
typedef struct Format {
  uint16_t id;
  uint8_t kind;
} Format;
typedef struct Biff {
  Arena *arena, *scratch; /* scratch: one number's text */
  Str stream;
  const SheetLimits *limits;
  XlsSink *sink;
  iconv_t gb18030;
  bool wide; /* BIFF8: strings are Unicode */
  bool date1904, password, codepage;
  Str *strings;
  uint32_t string_count, string_capacity;
  Format *formats;
  uint32_t format_count, format_capacity;
  uint16_t *styles; /* format id of each XF */
  uint32_t style_count, style_capacity;
  BoundSheet *sheets;
  uint32_t sheet_count, sheet_capacity;
  /* a formula whose text comes in a STRING record */
  bool awaits_string;
  uint32_t formula_row, formula_column;
} Biff;

typedef struct Record {
  uint16_t id;
  Str data;
  size_t next; /* offset of the record after it */
} Record;

static bool record_at(const Biff *biff, size_t at, Record *ret_record) {
  if (at > biff->stream.size || biff->stream.size - at < 4) return false;
  uint16_t size = le16(biff->stream.data + at + 2);
  if (biff->stream.size - at - 4 < size) return false;
  *ret_record = (Record){le16(biff->stream.data + at), {biff->stream.data + at + 4, size}, at + 4 + size};
  return true;
}

/* ---- strings ---- */
/* A place inside a record that goes on in CONTINUE records. */
typedef struct Cursor {
  const Biff *biff;
  Str left;
  size_t next;
  bool failed;
} Cursor;

static bool cursor_refill(Cursor *cursor) {
  Record record;
  while (cursor->left.size == 0) {
    if (!record_at(cursor->biff, cursor->next, &record) || record.id != REC_CONTINUE) {
      cursor->failed = true;
      return false;
    }
    cursor->left = record.data;
    cursor->next = record.next;
  }
  return true;
}
static uint8_t take8(Cursor *cursor) {
  if (!cursor_refill(cursor)) return 0;
  uint8_t value = (uint8_t)cursor->left.data[0];
  cursor->left = str_sub(cursor->left, 1, cursor->left.size);
  return value;
}
static uint16_t take16(Cursor *cursor) {
  uint8_t low = take8(cursor);
  return (uint16_t)(low | take8(cursor) << 8);
}
static uint32_t take32(Cursor *cursor) {
  uint16_t low = take16(cursor);
  return low | (uint32_t)take16(cursor) << 16;
}
static void skip(Cursor *cursor, uint64_t count) {
  while (count > 0 && cursor_refill(cursor)) {
    size_t step = count < cursor->left.size ? (size_t)count : cursor->left.size;
    cursor->left = str_sub(cursor->left, step, cursor->left.size);
    count -= step;
  }
}

/* `count` UTF-16 units, one or two bytes each; a CONTINUE in between begins with a new width byte. */
static void take_units(Cursor *cursor, uint32_t count, bool wide, Buf *buf) {
  uint32_t high = 0;
  while (count > 0 && !cursor->failed) {
    if (cursor->left.size == 0) {
      if (!cursor_refill(cursor)) return;
      wide = take8(cursor) & 1;
      continue;
    }
    uint32_t unit = wide ? take16(cursor) : take8(cursor);
    count--;
    if (high && unit >= 0xDC00 && unit <= 0xDFFF) {
      buf_add_rune(buf, 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00));
      high = 0;
      continue;
    }
    if (high) buf_add_rune(buf, 0xFFFD);
    high = unit >= 0xD800 && unit <= 0xDBFF ? unit : 0;
    if (high || (unit < 0x20 && unit != '\t' && unit != '\n')) continue;
    buf_add_rune(buf, unit >= 0xDC00 && unit <= 0xDFFF ? 0xFFFD : unit);
  }
  if (high) buf_add_rune(buf, 0xFFFD);
}

/* Flags, optional run and extension sizes, text, runs, extension. */
static Str take_unicode(Cursor *cursor, uint32_t count) {
  uint8_t flags = take8(cursor);
  uint64_t tail = flags & 8 ? (uint64_t)take16(cursor) * 4 : 0;
  if (flags & 4) tail += take32(cursor);
  Buf buf = buf_new(cursor->biff->arena);
  if (cursor->left.size || count == 0)
    take_units(cursor, count, flags & 1, &buf);
  else if (cursor_refill(cursor))
    take_units(cursor, count, take8(cursor) & 1, &buf);
  skip(cursor, tail);
  return buf_str(&buf);
}

/* Bytes of the file's code page: GBK here; exports of web programs also put UTF-8 there without saying so. */
static Str eight_bit(const Biff *biff, Str bytes) {
  bool ascii = true;
  for (size_t i = 0; i < bytes.size; i++) ascii &= (unsigned char)bytes.data[i] < 0x80;
  if (ascii || !biff->gb18030 || (!biff->codepage && str_utf8_valid(bytes))) {
    if (str_utf8_valid(bytes)) return bytes;
    Buf plain = buf_new(biff->arena);
    for (size_t at = 0; at < bytes.size;) buf_add_rune(&plain, str_next_rune(bytes, &at));
    return buf_str(&plain);
  }
  Buf buf = buf_new(biff->arena);
  char *in = (char *)(uintptr_t)bytes.data;
  size_t left = bytes.size;
  while (left > 0) {
    char out[1024], *to = out;
    size_t room = sizeof out, before = left;
    size_t result = iconv(biff->gb18030, &in, &left, &to, &room);
    buf_add(&buf, (Str){out, sizeof out - room});
    if (result == (size_t)-1 && left == before && room == sizeof out) {
      buf_add_c(&buf, "\xEF\xBF\xBD");
      in++, left--;
    }
  }
  iconv(biff->gb18030, NULL, NULL, NULL, NULL);
  return buf_str(&buf);
}

/* A string with its length in one or two bytes at the front, at `at` of the record. */
static Str record_string(const Biff *biff, const Record *record, size_t at, bool short_length) {
  Cursor cursor = {biff, str_sub(record->data, at, record->data.size), record->next, false};
  uint32_t count = short_length ? take8(&cursor) : take16(&cursor);
  if (biff->wide) return take_unicode(&cursor, count);
  return eight_bit(biff, str_sub(cursor.left, 0, count));
}

static void read_strings(Biff *biff, const Record *record) {
  Cursor cursor = {biff, record->data, record->next, false};
  skip(&cursor, 4);
  uint32_t count = take32(&cursor);
  for (uint32_t i = 0; i < count && !cursor.failed; i++) {
    uint16_t units = take16(&cursor);
    Str text = take_unicode(&cursor, units);
    if (cursor.failed) return;
    biff->strings =
        array_room(biff->arena, biff->strings, biff->string_count, &biff->string_capacity, sizeof *biff->strings);
    biff->strings[biff->string_count++] = text;
  }
}

/* ---- globals ---- */
static void read_bound_sheet(Biff *biff, const Record *record) {
  if (record->data.size < 8) return;
  biff->sheets = array_room(biff->arena, biff->sheets, biff->sheet_count, &biff->sheet_capacity, sizeof *biff->sheets);
  biff->sheets[biff->sheet_count++] = (BoundSheet){le32(record->data.data), (record->data.data[4] & 3) != 0,
                                                   record->data.data[5] == 0, record_string(biff, record, 6, true)};
}

static void read_format(Biff *biff, const Record *record) {
  if (record->data.size < 4) return;
  Str code = record_string(biff, record, 2, !biff->wide);
  biff->formats =
      array_room(biff->arena, biff->formats, biff->format_count, &biff->format_capacity, sizeof *biff->formats);
  biff->formats[biff->format_count++] = (Format){le16(record->data.data), number_format_kind(code)};
}

static void read_style(Biff *biff, const Record *record) {
  if (record->data.size < 4) return;
  biff->styles = array_room(biff->arena, biff->styles, biff->style_count, &biff->style_capacity, sizeof *biff->styles);
  biff->styles[biff->style_count++] = le16(record->data.data + 2);
}

static void global_record(Biff *biff, const Record *record) {
  switch (record->id) {
    case REC_FILEPASS:
      biff->password = true;
      break;
    case REC_CODEPAGE:
      biff->codepage = true;
      break;
    case REC_DATEMODE:
      biff->date1904 = record->data.size >= 2 && le16(record->data.data) == 1;
      break;
    case REC_FORMAT:
      read_format(biff, record);
      break;
    case REC_XF:
      read_style(biff, record);
      break;
    case REC_BOUNDSHEET:
      read_bound_sheet(biff, record);
      break;
    case REC_SST:
      read_strings(biff, record);
      break;
    default:
      break;
  }
}

/* ---- cells ---- */
static uint8_t style_format(const Biff *biff, uint16_t style) {
  if (style >= biff->style_count) return 0;
  uint16_t id = biff->styles[style];
  for (uint32_t i = biff->format_count; i > 0; i--)
    if (biff->formats[i - 1].id == id) return biff->formats[i - 1].kind;
  return number_format_builtin(id);
}

static double rk_value(uint32_t rk) {
  double value;
  if (rk & 2) {
    value = (double)((int32_t)rk >> 2);
  } else {
    uint64_t bits = (uint64_t)(rk & ~3u) << 32;
    memcpy(&value, &bits, sizeof value);
  }
  return rk & 1 ? value / 100 : value;
}

static Cell bool_or_error(uint8_t value, bool error) {
  static const struct {
    uint8_t code;
    Str text;
  } errors[] = {{0, {"#NULL!", 6}},    {7, {"#DIV/0!", 7}},  {0x0F, {"#VALUE!", 7}}, {0x17, {"#REF!", 5}},
                {0x1D, {"#NAME?", 6}}, {0x24, {"#NUM!", 5}}, {0x2A, {"#N/A", 4}}};
  if (!error) return (Cell){value ? STR("TRUE") : STR("FALSE"), CELL_BOOL, 0};
  for (size_t i = 0; i < COUNT_OF(errors); i++)
    if (errors[i].code == value) return (Cell){errors[i].text, CELL_ERROR, 0};
  return (Cell){STR("#N/A"), CELL_ERROR, 0};
}

static void put(Biff *biff, uint32_t row, uint32_t column, Cell cell) {
  sink_cell(biff->sink, biff->limits, row + 1, column, cell);
}
static void put_number(Biff *biff, uint32_t row, uint32_t column, uint16_t style, double value, uint8_t flags) {
  arena_reset(biff->scratch);
  Cell cell = number_cell(biff->scratch, value, style_format(biff, style), biff->date1904);
  cell.flags |= flags;
  put(biff, row, column, cell);
}

static void formula_cell(Biff *biff, const char *data) {
  uint16_t row = le16(data), column = le16(data + 2), style = le16(data + 4);
  const unsigned char *result = (const unsigned char *)data + 6;
  Cell cell = {.kind = CELL_EMPTY};
  if (result[6] != 0xFF || result[7] != 0xFF) {
    double value;
    memcpy(&value, result, sizeof value);
    put_number(biff, row, column, style, value, CELL_FORMULA);
    return;
  }
  if (result[0] == 0) {
    biff->awaits_string = true;
    biff->formula_row = row;
    biff->formula_column = column;
  }
  if (result[0] == 1 || result[0] == 2) cell = bool_or_error(result[2], result[0] == 2);
  cell.flags |= CELL_FORMULA;
  put(biff, row, column, cell);
}

static void multiple_numbers(Biff *biff, Str data) {
  uint16_t row = le16(data.data), column = le16(data.data + 2);
  for (size_t at = 4; at + 8 <= data.size; at += 6, column++)
    put_number(biff, row, column, le16(data.data + at), rk_value(le32(data.data + at + 2)), 0);
}

static void merged_cells(Biff *biff, Str data) {
  for (size_t at = 2; at + 8 <= data.size; at += 8)
    sink_merge(biff->sink, (MergedRange){le16(data.data + at) + 1u, le16(data.data + at + 2) + 1u,
                                         le16(data.data + at + 4), le16(data.data + at + 6)});
}

/* Shortest payloads that the cell records may have. */
static size_t least_size(uint16_t id) {
  static const uint16_t sizes[][2] = {{REC_LABELSST, 10}, {REC_LABEL, 8},    {REC_RSTRING, 8}, {REC_NUMBER, 14},
                                      {REC_RK, 10},       {REC_MULRK, 12},   {REC_BOOLERR, 8}, {REC_FORMULA, 14},
                                      {REC_FORMULA3, 14}, {REC_FORMULA4, 14}};
  for (size_t i = 0; i < COUNT_OF(sizes); i++)
    if (sizes[i][0] == id) return sizes[i][1];
  return 0;
}

static bool cell_record(Biff *biff, const Record *record) {
  Str data = record->data;
  if (data.size < least_size(record->id)) return false;
  const char *d = data.data;
  switch (record->id) {
    case REC_LABELSST:
      if (le32(d + 6) >= biff->string_count) return false;
      put(biff, le16(d), le16(d + 2), (Cell){biff->strings[le32(d + 6)], CELL_TEXT, 0});
      break;
    case REC_LABEL:
    case REC_RSTRING:
      put(biff, le16(d), le16(d + 2), (Cell){record_string(biff, record, 6, false), CELL_TEXT, 0});
      break;
    case REC_NUMBER: {
      double value;
      memcpy(&value, d + 6, sizeof value);
      put_number(biff, le16(d), le16(d + 2), le16(d + 4), value, 0);
      break;
    }
    case REC_RK:
      put_number(biff, le16(d), le16(d + 2), le16(d + 4), rk_value(le32(d + 6)), 0);
      break;
    case REC_MULRK:
      multiple_numbers(biff, data);
      break;
    case REC_BOOLERR:
      put(biff, le16(d), le16(d + 2), bool_or_error((uint8_t)d[6], d[7] != 0));
      break;
    case REC_FORMULA:
    case REC_FORMULA3:
    case REC_FORMULA4:
      formula_cell(biff, d);
      break;
    case REC_STRING:
      if (biff->awaits_string)
        put(biff, biff->formula_row, biff->formula_column,
            (Cell){record_string(biff, record, 0, false), CELL_TEXT, CELL_FORMULA});
      biff->awaits_string = false;
      break;
    case REC_MERGEDCELLS:
      merged_cells(biff, data);
      break;
    default:
      break;
  }
  return true;
}

/* ---- substreams ---- */
/* Runs `each` over a substream's own records (charts embedded in it are passed over). False where
 * it breaks off. */
static bool each_record(Biff *biff, size_t at, bool (*each)(Biff *biff, const Record *record)) {
  Record record;
  uint32_t depth = 0;
  for (;; at = record.next) {
    if (!record_at(biff, at, &record)) return false;
    if (record.id == REC_BOF) depth++;
    if (depth == 0) return false; /* no BOF where one should be */
    if (record.id == REC_EOF && --depth == 0) return true;
    if (depth == 1 && !each(biff, &record)) return false;
    if (biff->password) return true;
  }
}

static bool each_global(Biff *biff, const Record *record) {
  global_record(biff, record);
  return true;
}

XlsVerdict biff_parse(Arena *arena, Str stream, const SheetLimits *limits, void *gb18030, XlsSink *sink) {
  CLEANUP(arena_freep) Arena *scratch = arena_new();
  Biff biff = {
      .arena = arena, .scratch = scratch, .stream = stream, .limits = limits, .sink = sink, .gb18030 = gb18030};
  Record first;
  if (!record_at(&biff, 0, &first)) return XLS_BROKEN;
  if (first.id != REC_BOF) return (first.id & 0xFF) == 0x09 ? XLS_OLD : XLS_BROKEN;
  if (first.data.size < 4) return XLS_BROKEN;
  biff.wide = le16(first.data.data) == BIFF8;
  if (le16(first.data.data + 2) == SUBSTREAM_SHEET) { /* a bare worksheet, as small export programs write it */
    sink_sheet(sink, false, STR("Sheet1"));
    return each_record(&biff, 0, cell_record) ? XLS_OK : XLS_BROKEN;
  }
  if (!each_record(&biff, 0, each_global)) return XLS_BROKEN;
  if (biff.password) return XLS_PASSWORD;
  if (biff.sheet_count > limits->sheets) return XLS_MANY_SHEETS;
  for (uint32_t i = 0; i < biff.sheet_count; i++) {
    const BoundSheet *sheet = &biff.sheets[i];
    if (!sheet->worksheet) continue;
    sink_sheet(sink, sheet->hidden, sheet->name);
    biff.awaits_string = false;
    if (!each_record(&biff, sheet->offset, cell_record)) return XLS_BROKEN;
  }
  return XLS_OK;
}
