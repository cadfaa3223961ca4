/* Any bytes as a list: read as a CSV, recognised, guessed, decoded. Nothing may be lost or come twice. */
#include "base/file.h"
#include "fuzz.h"
#include "roster/decode.h"

static const Catalogue *campaign(void) {
  static Catalogue *catalogue;
  if (catalogue) return catalogue;
  static Arena *arena; /* lives as long as the process */
  arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  FUZZ_HOLDS(catalogue_load(&cx, SOURCE_ROOT "/campaign/longsheng-2020", &catalogue) == OK);
  return catalogue;
}

typedef struct Seen {
  const Catalogue *catalogue;
  const Layout *layout;
  const Sheet *sheet;
  uint32_t next; /* index of the row that has to come next */
} Seen;

static Status see_row(Context *cx, void *user, const DecodedRow *row) {
  (void)cx;
  Seen *seen = user;
  while (seen->next < seen->sheet->row_count && row_is_empty(&seen->sheet->rows[seen->next])) seen->next++;
  FUZZ_HOLDS(seen->next < seen->sheet->row_count && row->raw == &seen->sheet->rows[seen->next]);
  seen->next++;
  FUZZ_HOLDS(row->role != ROW_EMPTY && row_role_code(row->role)[0]);
  bool above = row->raw < &seen->sheet->rows[seen->layout->first_data];
  FUZZ_HOLDS(!above || row->role == ROW_TITLE || row->role == ROW_HEADER);
  FUZZ_HOLDS(row->flag_count <= FLAG_LIMIT);
  for (uint32_t i = 0; i < row->flag_count; i++) {
    FUZZ_HOLDS(row->flags[i].kind < flag_kinds());
    FUZZ_HOLDS(row->flags[i].column == NO_INDEX || row->flags[i].column < seen->layout->column_count);
  }
  if (row->role != ROW_DATA) return OK;
  RowPerson person = row_person(seen->catalogue, row->value);
  FUZZ_HOLDS(person.name_column == NO_INDEX || row->value[person.name_column].size);
  FUZZ_HOLDS(person.id_column == NO_INDEX || row->value[person.id_column].size);
  return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Context cx = {arena, {OK, STR_EMPTY}};
  const Catalogue *catalogue = campaign();
  Workbook workbook;
  SheetLimits limits = SHEET_LIMITS;
  limits.rows = 2000;
  if (workbook_read(&cx, (Str){(const char *)data, size}, STR("f.csv"), &limits, &workbook) != OK) return 0;
  for (uint32_t s = 0; s < workbook.sheet_count; s++) {
    Layout layout;
    FUZZ_HOLDS(layout_recognise(&cx, catalogue, &workbook, s, NULL, &layout) == OK);
    const Sheet *sheet = &workbook.sheets[s];
    FUZZ_HOLDS(layout.column_count == sheet->column_count && layout.first_data <= sheet->row_count);
    uint32_t mapped = 0, times[COLUMN_LIMIT] = {0};
    for (uint32_t i = 0; i < layout.column_count; i++) {
      if (layout.column[i] == NO_INDEX) continue;
      FUZZ_HOLDS(layout.column[i] < catalogue->column_count && ++times[layout.column[i]] == 1);
      mapped++;
    }
    FUZZ_HOLDS(mapped == layout.mapped);
    Guess guess = layout_guess_list(&cx, catalogue, &layout, sheet->name, STR("f.csv"));
    FUZZ_HOLDS(guess.list == NO_INDEX || (guess.list < catalogue->list_count && guess.score >= guess.runner_up));
    FUZZ_HOLDS(layout_signature(arena, sheet, &layout).size >= layout.column_count);
    uint32_t list = guess.list == NO_INDEX ? catalogue->hub : guess.list;
    Seen seen = {catalogue, &layout, sheet, 0};
    FUZZ_HOLDS(decode_sheet(&cx, catalogue, &catalogue->lists[list], &workbook, &layout, see_row, &seen) == OK);
    while (seen.next < sheet->row_count && row_is_empty(&sheet->rows[seen.next])) seen.next++;
    FUZZ_HOLDS(seen.next == sheet->row_count);
  }
  return 0;
}
