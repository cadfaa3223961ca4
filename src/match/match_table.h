/* match_table: linking or de-duplicating any two tables by a list of fields. The same principles as match.h: pure (no
 * I/O, no clock), integer weights in milli-bits, the same result for any number of threads. Floating point is used
 * while the weights are estimated only, in a fixed order, and rounded before anything is decided.
 *
 * The method, in order: values are normalised and numbered; random pairs say how often unrelated rows agree (u,
 * frozen); blocks name the candidates; one EM session for each block, with the fields of its key left out, says how
 * often rows of one thing agree (m); prior from the candidates themselves; levels are pooled until they fall; then
 * every candidate is scored, and chosen one to one or gathered into clusters. docs/linkage.md has the reasons. */
#pragma once
#include "base/base.h"

enum { TABLE_FIELDS_MAX = 16, TABLE_COLUMNS_MAX = 32, TABLE_BLOCKS_MAX = 24, TABLE_KEYS_MAX = 6, TABLE_NONE = -1 };

typedef enum TableKind {
  TABLE_NAME, /* one name of a person: edits, sound, initials, swapped with the next name field */
  TABLE_TEXT, /* words */
  TABLE_EXACT,
  TABLE_DATE,
  TABLE_ID,   /* a number that only one thing should have */
  TABLE_CODE, /* a post code, a house number: many may share it */
  TABLE_NUMBER,
  TABLE_CN_NAME,
  TABLE_CN_ID, /* GB 11643 */
  TABLE_ADDRESS,
  TABLE_KIND_COUNT
} TableKind;

/* What became of two values. The meaning depends a little on the kind: table_level_text. */
typedef enum TableLevel {
  LEVEL_MISSING, /* of one or both: says nothing */
  LEVEL_EQUAL,
  LEVEL_SLIP,  /* one edit */
  LEVEL_CLOSE, /* two edits, or much alike */
  LEVEL_SOUND,
  LEVEL_PART, /* one holds the other, or an initial */
  LEVEL_FAR,
  LEVEL_DIFFER,
  LEVEL_SWAPPED, /* two name fields, or day and month */
  LEVEL_COVERED, /* the other name field already speaks for this one */
  LEVEL_LEARNT,  /* two values that stand for each other often in these very tables */
  LEVEL_COUNT
} TableLevel;

typedef struct TableColumn {
  Str name;
  TableKind kind;
  bool compared;  /* else it serves blocks only */
  bool frequency; /* rare values that agree weigh more */
  Str format;     /* of dates: a pattern of YYYY MM DD such as DD/MM/YYYY; empty = recognised */
} TableColumn;

typedef enum TableTransform {
  TRANSFORM_WHOLE,
  TRANSFORM_FIRST, /* the first `size` characters */
  TRANSFORM_LAST,
  TRANSFORM_SOUND,
  TRANSFORM_YEAR,
  TRANSFORM_MONTH_DAY,
  TRANSFORM_YEAR_MONTH,
  TRANSFORM_DAY,
  TRANSFORM_DIGITS,
  TRANSFORM_SORTED, /* the letters, sorted: blind to transpositions */
  TRANSFORM_WORD,   /* the first word */
  TRANSFORM_RARE,   /* the rarest word that occurs at least twice */
  TRANSFORM_COUNT
} TableTransform;

typedef struct TableKey {
  uint8_t column, transform, size;
} TableKey;
/* Rows that agree on all keys are candidates. Names under the same transform may be in either order. */
typedef struct TableBlock {
  TableKey keys[TABLE_KEYS_MAX];
  uint8_t key_count;
} TableBlock;

typedef struct TableSide {
  uint32_t rows;
  const Str *const *cells; /* cells[column][row]; must outlive the call */
} TableSide;

typedef struct TableInput {
  const TableColumn *columns;
  uint32_t column_count;
  const TableBlock *blocks; /* none: chosen from the kinds */
  uint32_t block_count;
  TableSide left, right;
  bool dedupe;       /* `left` against itself; `right` is not looked at */
  bool one_to_one;   /* each row at most once */
  int32_t threshold; /* milli-bits: pairs below are left out of the result (0 = even odds) */
  uint32_t threads;
} TableInput;

typedef struct TablePair {
  uint32_t left, right; /* rows; in a dedupe left < right */
  int32_t bits;         /* log2 of the odds, milli-bits; prior and fields add up to it, unless `adjusted` */
  int16_t field_bits[TABLE_FIELDS_MAX];
  uint8_t level[TABLE_FIELDS_MAX];
  bool adjusted; /* other rows changed its bits: those between the two join them (dedupe), or all others are taken */
} TablePair;

typedef struct TableFieldModel {
  uint32_t column;
  int32_t bits[LEVEL_COUNT]; /* milli-bits per level, before the frequency of a value is looked at */
  bool estimated;            /* else the shipped weights stand */
} TableFieldModel;

typedef struct TableResult {
  TablePair *pairs; /* ordered by (left, right) */
  size_t pair_count;
  int32_t prior;
  uint32_t field_count;
  TableFieldModel fields[TABLE_FIELDS_MAX];
  uint32_t *cluster;         /* dedupe: of each row, the first row of its cluster */
  uint64_t compared;         /* candidates */
  uint64_t expected_matches; /* of the model, among all candidates */
  TableBlock *blocks;        /* used */
  uint32_t block_count;
  Str *notes; /* sentences: what was cut, what could not be estimated */
  uint32_t note_count;
} TableResult;

/* Fails BAD_USAGE only for what a specification may get wrong (no field, too many). In cx->arena. */
MUST_CHECK Status table_run(Context *cx, const TableInput *input, TableResult *ret_result);

int table_kind_find(Str name);                               /* TABLE_NONE when unknown */
bool table_transform_find(Str name, TableKey *ret_key);      /* "year", "first3", "3" ... */
const char *table_level_text(TableKind kind, uint8_t level); /* "相同", "错一个字符" ... */
Str table_block_text(Arena *arena, const TableInput *input, const TableBlock *block); /* "surname:sound + birth:year" */
int32_t table_bits(uint32_t parts_per_million); /* probability to milli-bits of odds */
uint32_t table_millionths(int32_t bits);        /* and back */
