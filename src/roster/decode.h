/* decode: the rows of a recognised sheet as canonical values with flags. Private to roster/.
 * Nothing is refused: what cannot be understood is kept and flagged with place, value and advice. */
#pragma once
#include "roster/recognise.h"

typedef enum RowRole { ROW_EMPTY, ROW_TITLE, ROW_HEADER, ROW_DATA, ROW_SECTION, ROW_TOTAL, ROW_NOTE } RowRole;
const char *row_role_code(RowRole role);

enum { FLAG_LIMIT = 24 };
typedef struct RowFlag {
  uint8_t kind;    /* index into the flag table */
  uint32_t column; /* sheet column, NO_INDEX: the row as a whole */
  Str value;
} RowFlag;
const char *flag_code(uint8_t kind);
uint32_t flag_kinds(void);
uint8_t flag_find(Str code);            /* UINT8_MAX when unknown */
const char *flag_what(uint8_t kind);    /* what is wrong, Chinese */
const char *flag_advice(uint8_t kind);  /* what to do, Chinese */
bool flag_is_information(uint8_t kind); /* nothing to correct */
/* "《civil.csv》第 71 行 C 列（身份证号）“4503…”：位数不对；请核对身份证原件。" */
Str flag_sentence(Arena *arena, Str file, Str sheet, uint32_t row, Str column_name, Str header, Str value,
                  uint8_t kind);

typedef struct DecodedRow {
  RowRole role;
  const SheetRow *raw;
  Str value[COLUMN_LIMIT]; /* by catalogue column; "" when not given */
  RowFlag flags[FLAG_LIMIT];
  uint32_t flag_count;
} DecodedRow;

/* What a row below the header is, by its values (raw and value[] are set). */
RowRole row_role(const Catalogue *catalogue, const Layout *layout, const DecodedRow *row, Arena *scratch);

typedef Status DecodeVisitor(Context *cx, void *user, const DecodedRow *row);
/* Calls back for every row of the sheet that holds anything, in order. `row` is valid during the call.
 * cx->arena gains little: values are slices of the workbook or live in an arena of the walk. */
MUST_CHECK Status decode_sheet(Context *cx, const Catalogue *catalogue, const List *list, const Workbook *workbook,
                               const Layout *layout, DecodeVisitor *visit, void *user);

/* Whom a row names: the member if it has a member's name, else the householder; and that person's number. */
typedef struct RowPerson {
  uint32_t name_column, id_column; /* catalogue columns, NO_INDEX when the list has none */
} RowPerson;
RowPerson row_person(const Catalogue *catalogue, const Str value[COLUMN_LIMIT]);
