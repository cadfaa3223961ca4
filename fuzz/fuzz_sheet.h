/* Properties that every workbook read must have. */
#pragma once
#include "fuzz.h"
#include "sheet/sheet.h"

static inline void check_workbook(const Workbook *workbook, const SheetLimits *limits) {
  for (uint32_t s = 0; s < workbook->sheet_count; s++) {
    const Sheet *sheet = &workbook->sheets[s];
    FUZZ_HOLDS(sheet->column_count <= limits->columns);
    for (uint32_t r = 0; r < sheet->row_count; r++) {
      const SheetRow *row = &sheet->rows[r];
      FUZZ_HOLDS(row->number >= 1 && row->number <= limits->rows && row->count <= sheet->column_count);
      FUZZ_HOLDS(r == 0 || row[-1].number < row->number);
      FUZZ_HOLDS(row->count > 0 && row->cells[row->count - 1].kind != CELL_EMPTY);
      for (uint32_t c = 0; c < row->count; c++) {
        FUZZ_HOLDS(str_utf8_valid(row->cells[c].text) && row->cells[c].text.size <= limits->cell_size);
        FUZZ_HOLDS((row->cells[c].kind == CELL_EMPTY) == (row->cells[c].text.size == 0));
      }
    }
  }
  for (uint32_t i = 0; i < workbook->note_count; i++) FUZZ_HOLDS(workbook->notes[i].size > 0);
}

/* What csv_add_row writes reads back as the same cells. */
static inline void check_round_trip(Context *cx, const Sheet *sheet) {
  Buf buf = buf_new(cx->arena);
  buf_add_c(&buf, "\xEF\xBB\xBFsep=,\r\n");
  uint32_t record = 1;
  for (uint32_t r = 0; r < sheet->row_count && r < 100; r++) {
    for (; record < sheet->rows[r].number && record < 200; record++) buf_add_byte(&buf, '\n');
    if (record != sheet->rows[r].number) break;
    Str *fields = arena_array(cx->arena, sheet->rows[r].count, Str);
    for (uint32_t c = 0; c < sheet->rows[r].count; c++) fields[c] = sheet->rows[r].cells[c].text;
    csv_add_row(&buf, fields, sheet->rows[r].count, false);
    record++;
  }
  Workbook again;
  if (workbook_read(cx, buf_str(&buf), STR("r.csv"), &SHEET_LIMITS, &again) != OK) return;
  const Sheet *back = &again.sheets[0];
  for (uint32_t r = 0; r < back->row_count && r < sheet->row_count; r++) {
    FUZZ_HOLDS(back->rows[r].number == sheet->rows[r].number);
    if (again.note_count) return; /* quotes that look lost are read as they stand */
    FUZZ_HOLDS(back->rows[r].count == sheet->rows[r].count);
    for (uint32_t c = 0; c < back->rows[r].count; c++) {
      Str text = sheet->rows[r].cells[c].text;
      if (str_starts(text, STR("=\""))) continue; /* ="..." is unwrapped */
      FUZZ_HOLDS(str_equal(back->rows[r].cells[c].text, text));
    }
  }
}
