/* table_internal: what the files table_*.c share. */
#pragma once
#include "match/match_internal.h"
#include "match/match_table.h"

enum { VALUE_RUNES = 64, VALUE_WORDS = 8, VALUE_MISSING = 0, HISTOGRAM_MAX = 1 << 18 };

/* One distinct value of one column, both sides together. Number 0 is the missing value. */
typedef struct Value {   /* 64 bytes: one line of the cache */
  const uint16_t *text;  /* folded; the first VALUE_RUNES */
  const uint32_t *words; /* hashes, ascending */
  uint64_t bag;          /* which letters, counted up to two */
  uint64_t hash;         /* of the whole */
  int64_t number;        /* dates: YYYYMMDD; numbers: thousandths; CN IDs: packed */
  uint32_t squeezed;     /* hash of the whole without blanks */
  uint32_t sound;        /* 0 none */
  uint32_t count;        /* rows, both sides */
  uint32_t rare;         /* hash of its rarest word */
  int16_t extra_bits;    /* of two equal ones, above the average: by frequency */
  uint8_t size, word_count, surname_size, flags;
} Value;
enum { VALUE_IS_NUMBER = 1, VALUE_WAS_CUT = 2 };

typedef struct Column {
  const TableColumn *spec;
  Value *values;
  uint32_t value_count, filled; /* filled: rows with a value, both sides */
  uint32_t *rows[2];            /* value numbers by row */
  Arena *arena;
} Column;

typedef struct Field { /* a compared column */
  uint32_t column;
  TableKind kind;
  bool frequency;
  double m[LEVEL_COUNT], u[LEVEL_COUNT];
  int32_t bits[LEVEL_COUNT];
  bool estimated;
} Field;

typedef struct Candidate {
  uint32_t left, right;
  uint64_t levels; /* four bits a field */
  uint32_t blocks; /* which blocks hold it */
  int32_t bits;
  bool raised; /* left over by one-to-one: its prior is higher */
} Candidate;

typedef struct Run4 {
  uint32_t at[4]; /* from, to in order[0]; from, to in order[1] */
} Run4;
typedef struct Block {
  TableBlock spec;
  uint32_t *keys[2];  /* by row; 0 = none. A pair is a candidate if and only if these agree */
  uint32_t *order[2]; /* rows with a key, by key */
  uint32_t sorted[2]; /* how many */
  Run4 *groups;
  uint32_t group_count;
  uint64_t pairs;
  uint32_t fields; /* bit set of compared fields in its key */
} Block;

typedef struct Learnt { /* pairs of values of one field that stand for each other */
  Table table;
  uint32_t count;
  double chance; /* that two unrelated rows hold such a pair */
} Learnt;

typedef struct TableEngine {
  Context *cx;
  Arena *scratch;
  const TableInput *input;
  bool dedupe;
  uint32_t sides, rows[2], threads;
  Column columns[TABLE_COLUMNS_MAX];
  uint32_t column_count;
  Field fields[TABLE_FIELDS_MAX];
  uint32_t field_count;
  int name_field[2]; /* fields that may be swapped; TABLE_NONE */
  Block blocks[TABLE_BLOCKS_MAX];
  uint32_t block_count;
  uint32_t *keys[2];  /* [row][block] */
  uint32_t *cells[2]; /* [row][field]: value numbers, those of a row side by side */
  Learnt learnt[TABLE_FIELDS_MAX];
  Candidate *candidates;
  size_t candidate_count;
  uint64_t compared;
  double all_pairs;
  double expected;
  int32_t prior;
  Str *notes;
  uint32_t note_count, note_capacity;
} TableEngine;

static inline uint8_t level_of(uint64_t levels, uint32_t field) { return (uint8_t)(levels >> (field * 4) & 15); }
static inline uint32_t value_at(const TableEngine *t, uint32_t column, int side, uint32_t row) {
  return t->columns[column].rows[t->dedupe ? 0 : side][row];
}
void table_note(TableEngine *t, Str note);

/* table_work.c: runs work(data, unit) for every unit below count, on the threads of the run. Units must not depend on
 * each other. */
void table_work(uint32_t threads, uint32_t count, void (*work)(void *data, uint32_t unit), void *data);

/* table_text.c: texts and how near they are */
typedef struct Folded {
  uint16_t text[VALUE_RUNES];
  uint32_t words[VALUE_WORDS];
  uint64_t hash, squeezed;
  uint8_t size, word_count;
  bool cut;
} Folded;
enum { FOLD_WORDS, FOLD_CODE, FOLD_EXACT };
void fold_text(Str raw, int how, Folded *ret_folded);
uint64_t text_bag(const uint16_t *text, size_t size);
uint32_t text_sound(const uint16_t *text, size_t size);
int text_edits(const uint16_t *a, int a_size, const uint16_t *b, int b_size, int most); /* most + 1 when more */
int text_likeness(const uint16_t *a, int a_size, const uint16_t *b, int b_size);        /* Jaro-Winkler, thousandths */
static inline int bits_set(uint64_t x) { /* without a call where the processor's own instruction may not be used */
  x -= x >> 1 & 0x5555555555555555ULL;
  x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
  return (int)(((x + (x >> 4)) & 0x0F0F0F0F0F0F0F0FULL) * 0x0101010101010101ULL >> 56);
}
static inline int bag_least_edits(uint64_t a, uint64_t b) {
  int x = bits_set(a & ~b), y = bits_set(b & ~a);
  return x > y ? x : y;
}

/* table_fields.c */
void column_prepare(Column *column, const TableInput *input, uint32_t index);
uint8_t value_compare(TableKind kind, const Value *a, const Value *b);
/* Values compared lately, so that a frequent pair of values is not compared again. One for each thread. */
typedef struct Memo Memo;
Memo *memo_new(Arena *arena);
uint64_t pair_compare(const TableEngine *t, Memo *memo, uint32_t left, uint32_t right);

/* table_blocks.c; table_plan.c chooses them */
uint64_t key_of(const TableEngine *t, const TableBlock *block, int side, uint32_t row);
void block_make(TableEngine *t, Block *block);
void block_finish(TableEngine *t, Block *block);
void blocks_ready(TableEngine *t);
uint64_t block_count_pairs(const TableEngine *t, const Block *block); /* after block_make, before any bound */
void blocks_choose(TableEngine *t);
/* Calls visit for every candidate of the block's groups [from, to) that no earlier block holds; stride > 1 looks at
 * every so manieth group only. */
typedef void (*PairVisit)(void *data, uint32_t left, uint32_t right, uint32_t blocks);
void block_visit(const TableEngine *t, uint32_t block, uint32_t from, uint32_t to, uint32_t stride, PairVisit visit,
                 void *data);

/* table_em.c */
void estimate(TableEngine *t);
void quantise(TableEngine *t);
int32_t log2_of(double value); /* milli-bits, the same on every machine */

/* table_learn.c: how many pairs of values were learnt; marks the candidates. */
uint32_t learn_variants(TableEngine *t);

/* table_score.c */
void settle_prior(TableEngine *t);
int32_t prior_of(const TableEngine *t, double matches);
int32_t candidate_bits(const TableEngine *t, const Candidate *c, int16_t *ret_fields);

/* table_assign.c */
void table_assign(TableEngine *t, bool *ret_chosen);
void table_cluster(TableEngine *t, TableResult *result);
