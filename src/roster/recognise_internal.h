/* Private to the recognise files: header.c finds the header and reads its levels, content.c judges columns by what
 * they hold, recognise.c puts both together, applies a person's mapping and guesses the list. */
#pragma once
#include "roster/recognise.h"

enum { HEADER_LEVELS = 3, SAMPLE = 240 /* data rows looked at per column */ };

typedef struct Finder {
  Context *cx;
  const Catalogue *catalogue;
  const Sheet *sheet;
} Finder;

Str trimmed_cell(const SheetRow *row, uint32_t column); /* trimmed */
bool row_looks_like_data(const SheetRow *row);          /* a number, or eight digits in a row, in some cell */
bool looks_like_number(Str text);
bool looks_like_id(Str text);
bool looks_like_phone(Str text);

void header_find(const Finder *f, Layout *layout);
void header_skip_numbering(const Finder *f, Layout *layout); /* rows 1 2 3 … or field codes under the header */
void header_columns(const Finder *f, Layout *layout);        /* what the header says about each column */
void content_drop_doubles(const Finder *f, Layout *layout);
void content_judge(const Finder *f, Layout *layout);
bool column_taken(const Layout *layout, uint32_t wanted);
