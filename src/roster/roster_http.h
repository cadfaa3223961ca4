/* What the files of roster's routes share: shapes of answers, masking, small builders. Private to roster/. */
#pragma once
#include "http/http.h"
#include "roster/roster_internal.h"

Handler http_campaign, http_overview, http_lists, http_flags, http_import, http_compare, http_corrections, http_locks,
    http_lock, http_removal, http_verify, http_changes;
Handler http_layout, http_file_changes;
Handler http_differences, http_difference, http_difference_unmask, http_decide, http_decide_class, http_undo,
    http_differences_export;
Handler http_register, http_household, http_household_unmask, http_register_export;
extern const Shape SHAPE_LAYOUT, SHAPE_FILE_CHANGES;
extern const Shape SHAPE_CAMPAIGN, SHAPE_OVERVIEW, SHAPE_LISTS, SHAPE_FLAGS, SHAPE_IMPORT, SHAPE_COMPARE, SHAPE_LOCKS,
    SHAPE_LOCK, SHAPE_ENTRY, SHAPE_VERIFY, SHAPE_CHANGES, SHAPE_DIFFERENCES, SHAPE_DIFFERENCE_DETAIL, SHAPE_DECIDED,
    SHAPE_UNDONE, SHAPE_REGISTER, SHAPE_HOUSEHOLD;

/* Runs of 12 or more digits (blanks and full-width digits included, an X at the end) and mobile numbers lose their
 * middle: identity numbers, certificates, phones. The number of characters stays. */
Str mask_numbers(Arena *arena, Str text);
/* A column's value: household numbers stay, birth dates keep their year, phones and numbers are masked however short.
 */
Str mask_cell(Arena *arena, const Catalogue *catalogue, uint32_t column, Str value);
/* Positions (characters, from 0) at which two texts differ when they are laid side by side from both ends: what a page
 * marks. [from, to) in each. */
typedef struct Marked {
  uint32_t from[2], to[2];
} Marked;
Marked mark_differing(Str left, Str right);

/* An entry `unmasked` (what: "household", "difference" or "corrections"), before anything is shown. */
MUST_CHECK Status journal_unmasked(Context *cx, const Request *rq, const char *what, Str which, Str household,
                                   Str purpose);
/* An answer that is a file: written by path, sent, gone. */
typedef struct OutFile {
  const char *path;
} OutFile;
MUST_CHECK Status out_file_make(Context *cx, Journal *journal, OutFile *ret_file);
MUST_CHECK Status out_file_send(Context *cx, const OutFile *file, const char *type, Str name, Response *response);
void out_file_remove(OutFile *file); /* for CLEANUP */
/* Rows of text as .xlsx or .csv with formulas escaped. */
typedef struct Table {
  WorkbookWriter *writer; /* or */
  int csv;
  Buf buf;
  uint32_t row;
  OutFile file;
} Table;
MUST_CHECK Status table_begin(Context *cx, Journal *journal, Str format, Str sheet, const Str *titles, uint32_t count,
                              Table *ret_table);
MUST_CHECK Status table_row(Context *cx, Table *table, const Str *cells, uint32_t count);
MUST_CHECK Status table_send(Context *cx, Table *table, Str name, Response *response);
void table_end(Table *table); /* for CLEANUP */

#define TEXT(n, w) \
  { .name = n, .required = true, .what = w }
#define INT(n, w) \
  { .name = n, .type = FIELD_INT, .required = true, .what = w }
#define BOOL(n, w) \
  { .name = n, .type = FIELD_BOOL, .required = true, .what = w }
#define LIST_OF(n, s, w) \
  { .name = n, .type = FIELD_ARRAY, .required = true, .shape = s, .what = w }
#define ONE_OF(n, s, w) \
  { .name = n, .type = FIELD_OBJECT, .required = true, .shape = s, .what = w }
