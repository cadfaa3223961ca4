/* recognise: where a sheet's header is, what its columns mean and which list it is, from header
 * *and* content (spec: lists-and-ledgers, "Lists and header variants"). Private to roster/.
 * Reads nothing and writes nothing; every guess can be overruled by a mapping (docs/formats.md). */
#pragma once
#include "roster/catalogue.h"
#include "sheet/sheet.h"

typedef struct Layout {
  uint32_t sheet;        /* index in the workbook */
  uint32_t first_header; /* index into sheet->rows */
  uint32_t header_rows;  /* 0: no header was found, columns guessed from content */
  uint32_t first_data;   /* index into sheet->rows */
  uint32_t column_count;
  uint32_t *column;      /* per sheet column: catalogue column, NO_INDEX unknown */
  bool *from_content;    /* per sheet column: the guess rests on content, not on the header */
  Str *header;           /* per sheet column: header text, levels joined by "/" */
  uint32_t *tick_column; /* per sheet column: the catalogue column of which a tick here gives `tick`, else NO_INDEX */
  Str *tick;
  Str title;        /* text above the header, for people and for recognising the list */
  uint32_t mapped;  /* columns known */
  bool single_town; /* all places of the rows lie in one township */
  Str town_code;    /* that township */
  Str title_town;   /* name of the one township that the title or the sheet's name speaks of, "" none or several */
} Layout;

/* mapping: what a person corrected, NULL if none: {"list","sheet","header_row","header_rows",
 * "columns":{"A" or header text: column code or ""}}. Fails BAD_VALUE when the mapping names a
 * column or a row that is not there. *ret_layout->mapped = 0 when the sheet holds no table. */
MUST_CHECK Status layout_recognise(Context *cx, const Catalogue *catalogue, const Workbook *workbook, uint32_t sheet,
                                   const Json *mapping, Layout *ret_layout);

typedef struct Guess {
  uint32_t list; /* NO_INDEX: cannot tell */
  int score, runner_up;
} Guess;
/* Which list a sheet is. hints: file name and sender, for words such as 残联. */
Guess layout_guess_list(Context *cx, const Catalogue *catalogue, const Layout *layout, Str sheet_name, Str hints);

/* Text that stays the same for one sender's form: columns and their headers, or, where no header was found, the words
 * of the first row. A mapping is remembered under it. */
Str layout_signature(Arena *arena, const Sheet *sheet, const Layout *layout);

/* "4.50399196004131E+17" for a number whose digits after the 15th are lost; else the trimmed text. */
Str cell_value(Arena *arena, const Cell *cell);
bool row_is_empty(const SheetRow *row);
bool looks_like_name(Str text);                             /* one to six Han characters */
const Cell *row_cell(const SheetRow *row, uint32_t column); /* an empty cell when there is none */
