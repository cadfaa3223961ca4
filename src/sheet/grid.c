/* One sheet being filled: limits, row order, merged ranges. */
#include "sheet/sheet_internal.h"
#include <stdlib.h>

void *array_room(Arena *arena, void *array, uint32_t count, uint32_t *capacity, size_t size) {
  if (count < *capacity) return array;
  uint32_t wanted = *capacity ? *capacity * 2 : 16;
  void *grown = arena_grow(arena, array, *capacity * size, wanted * size);
  *capacity = wanted;
  return grown;
}

void grid_start(Grid *grid, Reader *reader, Str name, bool hidden) {
  *grid = (Grid){.reader = reader};
  grid->sheet = (Sheet){.name = name, .hidden = hidden};
  grid->scratch = arena_array(reader->cx->arena, reader->limits->columns, Cell);
}

static const char *sheet_label(const Grid *grid) {
  if (grid->sheet.name.size == 0) return "";
  return str_c(grid->reader->cx->arena,
               str_format(grid->reader->cx->arena, "工作表“" STR_FMT "”", STR_ARG(grid->sheet.name)));
}

static Status count_cells(Reader *reader, uint64_t more) {
  reader->cell_count += more;
  if (reader->cell_count > CELLS_PER_FILE)
    return fail(reader->cx, TOO_LARGE, "“" STR_FMT "”的单元格超过 %d 万个，太大了；请按乡镇拆成几个文件再导入。",
                STR_ARG(reader->name), CELLS_PER_FILE / 10000);
  return OK;
}

static Status flush_row(Grid *grid) {
  if (grid->scratch_count == 0) return OK;
  Arena *arena = grid->reader->cx->arena;
  Sheet *sheet = &grid->sheet;
  TRY(count_cells(grid->reader, grid->scratch_count));
  sheet->rows = array_room(arena, sheet->rows, sheet->row_count, &grid->row_capacity, sizeof *sheet->rows);
  SheetRow *row = &sheet->rows[sheet->row_count++];
  *row = (SheetRow){grid->scratch_row, grid->scratch_count, arena_array(arena, grid->scratch_count, Cell)};
  size_t size = grid->scratch_count * sizeof(Cell);
  memcpy(row->cells, grid->scratch, size);
  memset(grid->scratch, 0, size);
  if (sheet->column_count < grid->scratch_count) sheet->column_count = grid->scratch_count;
  if (sheet->row_count > 1 && row[-1].number >= row->number) grid->unordered = true;
  grid->scratch_count = 0;
  return OK;
}

/* Cuts at a character's boundary. */
static void cut_text(Cell *cell, uint32_t limit) {
  if (cell->text.size <= limit) return;
  size_t size = limit;
  while (size > 0 && ((unsigned char)cell->text.data[size] & 0xC0) == 0x80) size--;
  cell->text.size = size;
  cell->flags |= CELL_TRUNCATED;
}

Status grid_cell(Grid *grid, uint64_t row, uint64_t column, Cell cell) {
  if (cell.text.size == 0 || cell.kind == CELL_EMPTY) return OK;
  Reader *reader = grid->reader;
  const SheetLimits *limits = reader->limits;
  if (row > limits->rows)
    return fail(reader->cx, TOO_LARGE, "“" STR_FMT "”%s超过 %u 行；请拆成几个文件，或删去表尾多余的内容后再导入。",
                STR_ARG(reader->name), sheet_label(grid), limits->rows);
  if (column >= limits->columns) {
    Str name = sheet_column_name(reader->cx->arena, column < UINT32_MAX ? (uint32_t)column : UINT32_MAX - 1);
    return fail(reader->cx, TOO_LARGE,
                "“" STR_FMT "”%s第 %llu 行的 " STR_FMT " 列有内容，超过 %u 列；请删去右边多余的列后再导入。",
                STR_ARG(reader->name), sheet_label(grid), (unsigned long long)row, STR_ARG(name), limits->columns);
  }
  if (row != grid->scratch_row) TRY(flush_row(grid));
  grid->scratch_row = (uint32_t)row;
  cut_text(&cell, limits->cell_size);
  if (cell.kind == CELL_TEXT && text_is_scientific(cell.text)) cell.flags |= CELL_SCIENTIFIC;
  grid->scratch[column] = cell;
  if (grid->scratch_count <= column) grid->scratch_count = (uint32_t)column + 1;
  return OK;
}

void grid_merge(Grid *grid, MergedRange range) {
  if (range.first_row == 0 || range.last_row < range.first_row || range.last_column < range.first_column) return;
  if (range.first_row == range.last_row && range.first_column == range.last_column) return;
  Sheet *sheet = &grid->sheet;
  sheet->merges = array_room(grid->reader->cx->arena, sheet->merges, sheet->merge_count, &grid->merge_capacity,
                             sizeof *sheet->merges);
  sheet->merges[sheet->merge_count++] = range;
}

/* By number; equal numbers in the order they came (rows lie in one array before sorting by pointer order of cells). */
static int compare_rows(const void *a, const void *b) {
  const SheetRow *left = *(SheetRow *const *)a, *right = *(SheetRow *const *)b;
  if (left->number != right->number) return left->number < right->number ? -1 : 1;
  return left < right ? -1 : left > right;
}

/* Rows that came out of order are sorted; of two rows with one number the later one's cells win. */
static void order_rows(Grid *grid) {
  if (!grid->unordered) return;
  Arena *arena = grid->reader->cx->arena;
  Sheet *sheet = &grid->sheet;
  SheetRow **order = arena_array(arena, sheet->row_count, SheetRow *);
  for (uint32_t i = 0; i < sheet->row_count; i++) order[i] = &sheet->rows[i];
  qsort(order, sheet->row_count, sizeof *order, compare_rows);
  SheetRow *rows = arena_array(arena, sheet->row_count, SheetRow);
  uint32_t count = 0;
  for (uint32_t i = 0; i < sheet->row_count; i++) {
    if (count == 0 || rows[count - 1].number != order[i]->number) {
      rows[count++] = *order[i];
      continue;
    }
    SheetRow *into = &rows[count - 1];
    const SheetRow *from = order[i];
    if (into->count < from->count) {
      into->cells = arena_grow(arena, into->cells, into->count * sizeof(Cell), from->count * sizeof(Cell));
      into->count = from->count;
    }
    for (uint32_t c = 0; c < from->count; c++)
      if (from->cells[c].kind != CELL_EMPTY) into->cells[c] = from->cells[c];
  }
  sheet->rows = rows;
  sheet->row_count = count;
}

/* Index of the first row whose number is >= number. */
static uint32_t row_at(const Sheet *sheet, uint32_t number) {
  uint32_t low = 0, high = sheet->row_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (sheet->rows[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static Status fill_range(Grid *grid, const MergedRange *range, uint64_t *work) {
  Sheet *sheet = &grid->sheet;
  uint32_t at = row_at(sheet, range->first_row);
  if (at == sheet->row_count || sheet->rows[at].number != range->first_row) return OK;
  if (range->first_column >= sheet->rows[at].count) return OK;
  Cell source = sheet->rows[at].cells[range->first_column];
  if (source.kind == CELL_EMPTY) return OK;
  source.flags |= CELL_MERGED;
  uint32_t end = range->last_column < sheet->column_count ? range->last_column + 1 : sheet->column_count;
  for (uint32_t i = at; i < sheet->row_count && sheet->rows[i].number <= range->last_row; i++) {
    SheetRow *row = &sheet->rows[i];
    if ((*work += end - range->first_column) > MERGE_WORK) return OK;
    if (row->count < end) {
      TRY(count_cells(grid->reader, end - row->count));
      row->cells = arena_grow(grid->reader->cx->arena, row->cells, row->count * sizeof(Cell), end * sizeof(Cell));
      row->count = end;
    }
    for (uint32_t c = range->first_column; c < end; c++)
      if (i != at || c != range->first_column) row->cells[c] = source;
  }
  return OK;
}

Status grid_finish(Grid *grid) {
  Reader *reader = grid->reader;
  TRY(flush_row(grid));
  order_rows(grid);
  uint64_t work = 0;
  for (uint32_t i = 0; i < grid->sheet.merge_count; i++) TRY(fill_range(grid, &grid->sheet.merges[i], &work));
  if (work > MERGE_WORK)
    reader_note(reader, "%s的合并单元格太多，有一部分没有展开；请取消合并后再导入。", sheet_label(grid));
  if (grid->sheet.hidden && grid->sheet.row_count > 0)
    reader_note(reader, "%s是隐藏的；如果不该导入，请在表格软件里取消隐藏后核对。", sheet_label(grid));
  Workbook *workbook = reader->workbook;
  if (workbook->sheet_count >= reader->limits->sheets)
    return fail(reader->cx, TOO_LARGE, "“" STR_FMT "”的工作表超过 %u 张；请只留下要导入的工作表。",
                STR_ARG(reader->name), reader->limits->sheets);
  workbook->sheets = array_room(reader->cx->arena, workbook->sheets, workbook->sheet_count, &reader->sheet_capacity,
                                sizeof *workbook->sheets);
  workbook->sheets[workbook->sheet_count++] = grid->sheet;
  return OK;
}
