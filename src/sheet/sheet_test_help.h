/* Shared by the room's tests: small containers built in memory, short ways to a cell. */
#pragma once
#include "sheet/sheet.h"
#include "test.h"

#define TEXT(literal) \
  { literal, sizeof(literal) - 1 } /* a Str in a table */

typedef struct PartFile {
  const char *path;
  Str bytes;
} PartFile;
/* A zip of these files. */
Str test_zip(Arena *arena, const PartFile *files, size_t count);
/* An .xlsx whose first sheet's <worksheet> holds `body` ("<sheetData>...") and whose shared strings and styles are
 * given (may be empty). */
Str test_xlsx(Arena *arena, Str body, Str strings, Str styles);
/* A compound file with one stream. */
Str test_ole(Arena *arena, const char *stream, Str bytes);
Str test_ole_mini(Arena *arena, const char *stream, Str bytes); /* small streams live inside the root's */
Str test_file(Arena *arena, const char *path);                  /* below tests/data; fails the test when missing */
/* Text of the cell at row (from 1) and column (from 0) of a sheet; "" when absent. */
Str cell_text(const Sheet *sheet, uint32_t row, uint32_t column);
Cell cell_of(const Sheet *sheet, uint32_t row, uint32_t column);
/* Reads; the error's sentence must hold every one of the words, separated by '|'. */
void check_refused(Context *cx, Str bytes, const char *name, Status status, const char *words);
bool has_note(const Workbook *workbook, const char *words);
#define READ(bytes, name)                                                    \
  Workbook workbook = {0};                                                   \
  CHECK_OK(workbook_read(cx, (bytes), STR(name), &SHEET_LIMITS, &workbook)); \
  if (workbook.sheet_count == 0) return;                                     \
  const Sheet *sheet = &workbook.sheets[0];                                  \
  (void)sheet
