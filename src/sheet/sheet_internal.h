/* What the files of this room share: the reader's state, the grid that every format fills, number
 * and date texts, decoding of bytes to UTF-8. Not for other rooms (fuzz/ and the room's tests may). */
#pragma once
#include "sheet/sheet.h"

enum {
  CELLS_PER_FILE = 8 * 1024 * 1024, /* a bound on memory, beside SheetLimits */
  MERGE_WORK = 64 * 1024 * 1024,    /* cells visited while merged ranges are filled */
  NOTES_PER_FILE = 64,
};

typedef struct Reader {
  Context *cx;
  Str bytes, name; /* name: what sentences call the file */
  const SheetLimits *limits;
  Workbook *workbook; /* being built */
  uint32_t sheet_capacity, note_capacity;
  uint64_t cell_count; /* of the whole file, merged copies included */
} Reader;

void reader_note(Reader *reader, const char *format, ...) PRINTF(2, 3);
/* Room for one more element; capacity doubles. */
void *array_room(Arena *arena, void *array, uint32_t count, uint32_t *capacity, size_t size);

/* ---- readers, one per format; each adds its sheets to reader->workbook ---- */
MUST_CHECK Status csv_read(Reader *reader);
MUST_CHECK Status xlsx_read(Reader *reader);
MUST_CHECK Status xls_read(Reader *reader);

/* ---- grid.c: one sheet being filled ---- */
typedef struct Grid {
  Reader *reader;
  Sheet sheet;
  uint32_t row_capacity, merge_capacity;
  Cell *scratch; /* the row being filled, limits->columns wide */
  uint32_t scratch_count, scratch_row;
  bool unordered;
} Grid;
void grid_start(Grid *grid, Reader *reader, Str name, bool hidden);
/* row from 1, column from 0. The text must live in the arena; it is cut to the limit here. Empty
 * cells are ignored. Fails TOO_LARGE beyond the limits. */
MUST_CHECK Status grid_cell(Grid *grid, uint64_t row, uint64_t column, Cell cell);
void grid_merge(Grid *grid, MergedRange range);
/* Orders rows, fills merged ranges, adds the sheet to the workbook. */
MUST_CHECK Status grid_finish(Grid *grid);

/* ---- number.c ---- */
enum { FORMAT_DATE = 1, FORMAT_TIME = 2 };
uint8_t number_format_builtin(uint32_t id); /* FORMAT_ bits */
uint8_t number_format_kind(Str code);       /* "yyyy\"年\"m\"月\"" -> FORMAT_DATE */
/* The shortest decimal that reads back as `value`, without exponent. Adds CELL_PRECISION. */
Str number_text(Arena *arena, double value, uint8_t *flags);
/* A number cell, or a date cell where the format says so and the serial is one. */
Cell number_cell(Arena *arena, double value, uint8_t format, bool date1904);
bool text_is_scientific(Str text);

/* ---- encoding.c ---- */
typedef struct Decoded {
  Str text;        /* UTF-8, NUL-terminated, in the arena, writable */
  Str encoding;    /* as in Workbook.encoding */
  size_t replaced; /* U+FFFD put in */
} Decoded;
Decoded text_decode(Arena *arena, Str bytes);
bool text_looks_binary(const Decoded *decoded);
