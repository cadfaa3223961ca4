/* Any bytes as a CSV file (whatever sniffing makes of them, the text reader is called directly too). */
#include "fuzz.h"
#include "fuzz_sheet.h"
#include "sheet/sheet_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  Workbook workbook = {.encoding = STR_EMPTY};
  SheetLimits limits = SHEET_LIMITS;
  limits.cell_size = 64; /* reach the cutting */
  Reader reader = {
      .cx = &cx, .bytes = {(const char *)data, size}, .name = STR("f.csv"), .limits = &limits, .workbook = &workbook};
  if (csv_read(&reader) == OK) {
    check_workbook(&workbook, &limits);
    check_round_trip(&cx, &workbook.sheets[0]);
  } else {
    FUZZ_HOLDS(cx.error.sentence.size > 0);
  }
  return 0;
}
