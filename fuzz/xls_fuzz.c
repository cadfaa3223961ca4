/* Any bytes as an .xls file, in-process: container and records, then the parent's half on what came
 * out; and the parent's half on the bytes themselves, as a hostile child would send them. */
#include "fuzz.h"
#include "fuzz_sheet.h"
#include "sheet/xls_internal.h"
#include <iconv.h>

static void decode(Str message) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Workbook workbook = {.encoding = STR_EMPTY};
  Reader reader = {.cx = &cx, .name = STR("f.xls"), .limits = &SHEET_LIMITS, .workbook = &workbook};
  XlsDecoder decoder = {.reader = &reader};
  size_t used;
  if (xls_decode(&decoder, message, &used) != OK) {
    FUZZ_HOLDS(cx.error.sentence.size > 0);
    return;
  }
  FUZZ_HOLDS(used <= message.size);
  check_workbook(&workbook, &SHEET_LIMITS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static iconv_t gb18030;
  if (!gb18030) gb18030 = iconv_open("UTF-8", "GB18030");
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Str bytes = {(const char *)data, size};
  XlsSink sink = {buf_new(arena), -1};
  xls_parse(arena, bytes, &SHEET_LIMITS, gb18030, &sink);
  Str message = buf_str(&sink.buf);
  FUZZ_HOLDS(message.size >= 2 && message.data[message.size - 2] == 'Z');
  decode(message);
  decode(bytes);
  return 0;
}
