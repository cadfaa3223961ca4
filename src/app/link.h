/* link: `anju link` and `anju dedupe`: the specification, the tables, the comparison with a truth. */
#pragma once
#include "app/app.h"
#include "match/match_table.h"
#include "sheet/sheet.h"

typedef struct LinkColumn { /* a column of the engine and what the files call it */
  Str left, right;
} LinkColumn;

typedef struct LinkSpec {
  Str id[2]; /* the column that names a row, left and right */
  TableColumn columns[TABLE_COLUMNS_MAX];
  LinkColumn names[TABLE_COLUMNS_MAX];
  uint32_t column_count;
  TableBlock blocks[TABLE_BLOCKS_MAX];
  uint32_t block_count;
} LinkSpec;
MUST_CHECK Status link_spec_read(Context *cx, Str text, LinkSpec *ret_spec);

typedef struct LinkTable {
  Str path;
  uint32_t rows;
  Str *ids;
  Str **cells; /* [column of the spec][row] */
  Str *truth;  /* the truth column, NULL */
  uint32_t *numbers;
} LinkTable;
/* side 0 left, 1 right. truth: a column to read as well, "" none. Notes go to stderr. */
MUST_CHECK Status link_table_read(Context *cx, const char *path, const LinkSpec *spec, int side, Str truth,
                                  LinkTable *ret_table);

/* Prints precision, recall, F1, calibration error and B-cubed of the result's pairs. tables[1] is tables[0] when one
 * file is de-duplicated. file: CSV of true pairs (two columns of ids), or id and cluster; NULL: the truth columns. */
MUST_CHECK Status link_truth_print(Context *cx, const LinkTable *const tables[2], const char *file,
                                   const TableResult *result, int32_t threshold, bool json);
