/* sheet: spreadsheets in (.xlsx, .xls BIFF8, .csv in any of the encodings met in China) and out.
 * Owns: file format detection, decoding, limits. May include: base. Knows nothing of lists,
 * headers or households; what a row means is decided in roster.
 *
 * Foreign bytes: .xls (BIFF5, BIFF8; our own reader) is parsed in a child process with seccomp and
 * rlimits; a dead child is a sentence. .xlsx: DOCTYPE refused; entries, unpacked size and ratio
 * capped before unpacking. Memory lives in cx->arena. */
#pragma once
#include "base/base.h"

typedef enum CellKind { CELL_EMPTY, CELL_TEXT, CELL_NUMBER, CELL_DATE, CELL_BOOL, CELL_ERROR } CellKind;

enum CellFlag {
  CELL_MERGED = 1,     /* copied from the first cell of its merged range */
  CELL_PRECISION = 2,  /* stored as a number of more than 15 digits: the digits after the 15th are lost */
  CELL_SCIENTIFIC = 4, /* the text itself is in scientific notation ("4.50399E+17" in a CSV) */
  CELL_FORMULA = 8,    /* a formula's cached value */
  CELL_REPLACED = 16,  /* held bytes that its encoding does not know; U+FFFD stands for them */
  CELL_TRUNCATED = 32, /* longer than the limit; cut */
};

typedef struct Cell {
  Str text;      /* UTF-8, as stored, not trimmed. Numbers: shortest decimal without exponent
                    ("450399196004131000", "45.5"); dates: "2019-09-17" or "2019-09-17 08:30:00";
                    booleans: "TRUE"/"FALSE"; errors: "#N/A" */
  uint8_t kind;  /* CellKind */
  uint8_t flags; /* CellFlag bits */
} Cell;

typedef struct SheetRow {
  uint32_t number; /* the row number a person sees, from 1 (a CSV record that spans lines counts as in a spreadsheet:
                      records, not lines) */
  uint32_t count;  /* cells; trailing empty ones are left out */
  Cell *cells;
} SheetRow;

/* Inclusive, from 1 (rows) and 0 (columns). */
typedef struct MergedRange {
  uint32_t first_row, last_row, first_column, last_column;
} MergedRange;

typedef struct Sheet {
  Str name; /* "" for CSV */
  bool hidden;
  uint32_t row_count;    /* rows that hold anything, ascending by number */
  uint32_t column_count; /* 1 + the largest column that holds anything, whatever <dimension> says */
  SheetRow *rows;
  uint32_t merge_count;
  MergedRange *merges;
} Sheet;

typedef struct Workbook {
  Str format;     /* "xlsx", "xls", "csv" */
  Str encoding;   /* CSV: "utf-8", "utf-8-bom", "gb18030", "gbk", "utf-16le", "utf-16be"; else "" */
  char separator; /* CSV: ',', ';' or '\t' */
  uint32_t sheet_count;
  Sheet *sheets;
  uint32_t note_count;
  Str *notes; /* sentences about the file that a person should see (wrong extension, lost bytes, hidden sheets) */
} Workbook;

typedef struct SheetLimits {
  size_t file_size, unpacked_size; /* bytes */
  uint32_t rows, columns, sheets;  /* per sheet, per sheet, per file */
  uint32_t cell_size;              /* bytes of one cell's text */
} SheetLimits;
extern const SheetLimits SHEET_LIMITS; /* 200 MB, 1 GB, 1,048,576 rows, 512 columns, 64 sheets, 32 KiB */

/* Reads a whole file's bytes as a workbook. The format is taken from the content; `name` (file
 * name, for messages) only helps. Fails BAD_FILE or TOO_LARGE with a sentence that says what the
 * file really is and what to do. An empty sheet is no failure here, a file without any cell is. */
MUST_CHECK Status workbook_read(Context *cx, Str bytes, Str name, const SheetLimits *limits, Workbook *ret_workbook);

/* A CSV file read straight into columns, for tables of millions of rows: no limit on rows or on cells, only the columns
 * that are wanted. The first record is the header. Strings point into one decoded copy of the file, in cx->arena. */
typedef struct CsvTable {
  uint32_t field_count; /* of the file */
  Str *names;           /* trimmed */
  uint32_t column_count, rows;
  Str **cells;                    /* [wanted column][row]; "" where the row or the file lacks it */
  bool *found;                    /* of each wanted column: the file has it (the first one of that name counts) */
  uint32_t *numbers;              /* the row number that a person sees, by row */
  uint32_t short_rows, long_rows; /* rows with fewer or more cells than the header; kept */
  Str encoding;
  uint32_t note_count;
  Str *notes; /* lost quotes, unknown bytes, the first odd rows */
} CsvTable;
MUST_CHECK Status csv_table_read(Context *cx, Str bytes, Str name, const Str *wanted, uint32_t wanted_count,
                                 CsvTable *ret_table);

/* "A", "Z", "AA" ... for a column index from 0. */
Str sheet_column_name(Arena *arena, uint32_t column);

/* ---- out ---- */
typedef enum CellStyle { STYLE_PLAIN, STYLE_TITLE, STYLE_HEADER, STYLE_CHANGED, STYLE_ASKED, STYLE_NOTE } CellStyle;
typedef struct OutCell {
  Str text;
  CellStyle style;
  bool number;
} OutCell; /* number: written as a number if text is one of <= 15 digits */

typedef struct WorkbookWriter WorkbookWriter;
#define workbook_close sheet_workbook_close /* libxlsxwriter's symbol has the same name */
/* Writes beside `path` and renames at close, so that a reader never sees half a file. */
MUST_CHECK Status workbook_create(Context *cx, const char *path, WorkbookWriter **ret_writer);
/* widths in characters, may be NULL; freeze_rows: rows that stay visible. Sheet names are made legal. */
MUST_CHECK Status workbook_add_sheet(Context *cx, WorkbookWriter *writer, Str name, const double *widths,
                                     uint32_t width_count, uint32_t freeze_rows);
/* Rows must come in ascending order (the last one may be given again: its cells are added). `row` from 1. Text stays
 * text: never a formula, leading zeros kept; control characters are dropped, text is cut at 32,767 characters. */
MUST_CHECK Status workbook_add_row(Context *cx, WorkbookWriter *writer, uint32_t row, const OutCell *cells,
                                   uint32_t count);
/* Before or after the row that it begins in, but before any later row; the range may not overlap another one. Covered
 * cells that rows give later keep only their style. A range of one cell is just that cell. */
MUST_CHECK Status workbook_merge(Context *cx, WorkbookWriter *writer, MergedRange range, OutCell cell);
/* The same rows give the same bytes. The file is readable for its owner only. The writer is gone afterwards. */
MUST_CHECK Status workbook_close(Context *cx, WorkbookWriter *writer);
void workbook_abandon(WorkbookWriter *writer);

/* One CSV field, quoted where RFC 4180 needs it. `escape_formulas` puts ' before = + - @ tab CR
 * (for files that people open in a spreadsheet; contract CSVs for scripts do not). */
void csv_add_field(Buf *buf, Str text, bool escape_formulas);
void csv_add_row(Buf *buf, const Str *fields, uint32_t count, bool escape_formulas); /* ends in \n */
