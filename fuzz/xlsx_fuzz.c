/* .xlsx: bytes that begin with "PK" are a whole file; others are the XML of its parts, separated by
 * 0xFF bytes (worksheet, shared strings, styles, workbook, workbook relations), put into a zip of
 * stored entries, so that mutations reach the XML handlers past the check sums. */
#include "fuzz.h"
#include "fuzz_sheet.h"
#include <zlib.h>

typedef struct Entry {
  Str name, bytes;
  uint32_t offset, crc;
} Entry;

static void add16(Buf *buf, uint32_t value) {
  buf_add_byte(buf, (char)value);
  buf_add_byte(buf, (char)(value >> 8));
}
static void add32(Buf *buf, uint32_t value) {
  add16(buf, value);
  add16(buf, value >> 16);
}
/* The fields that the local and the central header share. */
static void add_common(Buf *buf, const Entry *entry) {
  add16(buf, 20), add16(buf, 0), add16(buf, 0), add16(buf, 0), add16(buf, 0x21);
  add32(buf, entry->crc), add32(buf, (uint32_t)entry->bytes.size), add32(buf, (uint32_t)entry->bytes.size);
  add16(buf, (uint32_t)entry->name.size), add16(buf, 0);
}

static Str stored_zip(Arena *arena, Entry *entries, size_t count) {
  Buf buf = buf_new(arena);
  for (size_t i = 0; i < count; i++) {
    Entry *entry = &entries[i];
    entry->offset = (uint32_t)buf.size;
    entry->crc = (uint32_t)crc32(0, (const Bytef *)entry->bytes.data, (uInt)entry->bytes.size);
    add32(&buf, 0x04034b50);
    add_common(&buf, entry);
    buf_add(&buf, entry->name);
    buf_add(&buf, entry->bytes);
  }
  uint32_t start = (uint32_t)buf.size;
  for (size_t i = 0; i < count; i++) {
    add32(&buf, 0x02014b50), add16(&buf, 20);
    add_common(&buf, &entries[i]);
    add16(&buf, 0), add16(&buf, 0), add16(&buf, 0), add32(&buf, 0), add32(&buf, entries[i].offset);
    buf_add(&buf, entries[i].name);
  }
  uint32_t size = (uint32_t)buf.size - start;
  add32(&buf, 0x06054b50), add32(&buf, 0), add16(&buf, (uint32_t)count), add16(&buf, (uint32_t)count);
  add32(&buf, size), add32(&buf, start), add16(&buf, 0);
  return buf_str(&buf);
}

static Str assemble(Arena *arena, Str bytes) {
  Entry entries[] = {
      {STR("xl/worksheets/sheet1.xml"), STR("<worksheet/>"), 0, 0},
      {STR("xl/sharedStrings.xml"), STR("<sst><si><t>a</t></si></sst>"), 0, 0},
      {STR("xl/styles.xml"), STR("<styleSheet><cellXfs><xf numFmtId=\"14\"/></cellXfs></styleSheet>"), 0, 0},
      {STR("xl/workbook.xml"), STR("<workbook><sheets><sheet name=\"s\"/></sheets></workbook>"), 0, 0},
      {STR("xl/_rels/workbook.xml.rels"), STR("<Relationships/>"), 0, 0},
  };
  for (size_t i = 0; i < COUNT_OF(entries) && bytes.size > 0; i++) {
    ptrdiff_t end = str_find(bytes, STR("\xFF"));
    Str part = end < 0 ? bytes : str_sub(bytes, 0, (size_t)end);
    bytes = end < 0 ? STR_EMPTY : str_sub(bytes, (size_t)end + 1, bytes.size);
    if (part.size) entries[i].bytes = part;
  }
  return stored_zip(arena, entries, COUNT_OF(entries));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Str bytes = {(const char *)data, size};
  if (!str_starts(bytes, STR("PK"))) bytes = assemble(arena, bytes);
  SheetLimits limits = SHEET_LIMITS;
  limits.unpacked_size = 8 << 20; /* keep one run short */
  Workbook workbook;
  if (workbook_read(&cx, bytes, STR("f.xlsx"), &limits, &workbook) == OK)
    check_workbook(&workbook, &limits);
  else
    FUZZ_HOLDS(cx.error.sentence.size > 0);
  return 0;
}
