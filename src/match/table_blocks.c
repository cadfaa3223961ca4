/* Blocks: rows that agree on a key are candidates. Keys are 32-bit hashes; a group with too many pairs is parted by
 * further columns and at last cut into pieces in an order of the rows' content, by giving its rows new keys. So a pair
 * is a candidate of a block if and only if the keys agree, and is visited by the first such block only. */
#include "match/table_internal.h"

enum { PARTINGS = 4, PAIRS_FREE = 2000000, PAIRS_PER_ROW = 60, PIECE = 12 };

/* ---- keys ---- */
static uint64_t hash_units(const uint16_t *text, int from, int to) {
  uint64_t hash = 7;
  for (int i = from; i < to; i++) hash = (hash ^ text[i]) * 0x9E3779B97F4A7C15ULL, hash ^= hash >> 31;
  return hash_mix(hash) | 1;
}

static uint64_t hash_some(const Value *v, bool digits_only) {
  uint16_t kept[VALUE_RUNES];
  int size = 0;
  for (int i = 0; i < v->size; i++) {
    uint16_t c = v->text[i];
    if (c == ' ' || (digits_only && !(c >= '0' && c <= '9'))) continue;
    int at = size++;
    if (!digits_only)
      for (; at > 0 && kept[at - 1] > c; at--) kept[at] = kept[at - 1];
    kept[at] = c;
  }
  return size ? hash_units(kept, 0, size) : 0;
}

static uint64_t date_part(const Value *v, uint8_t transform) {
  if (!(v->flags & VALUE_IS_NUMBER) && v->number == 0) return 0;
  uint64_t date = (uint64_t)v->number, part = transform == TRANSFORM_YEAR         ? date / 10000
                                              : transform == TRANSFORM_YEAR_MONTH ? date / 100
                                              : transform == TRANSFORM_MONTH_DAY  ? date % 10000
                                                                                  : date % 100;
  if (transform == TRANSFORM_MONTH_DAY && date % 100 == 0) return 0;
  return part ? hash_mix(part + ((uint64_t)transform << 40)) | 1 : 0;
}

/* 0 when the transform finds nothing. */
static uint64_t value_key(const Value *v, TableKey key) {
  int size = v->size, part = key.size < size ? key.size : size;
  switch (key.transform) {
    case TRANSFORM_FIRST:
      return hash_units(v->text, 0, part);
    case TRANSFORM_LAST:
      return hash_units(v->text, size - part, size);
    case TRANSFORM_SOUND:
      return v->sound ? hash_mix(v->sound) | 1 : v->hash | 1;
    case TRANSFORM_YEAR:
    case TRANSFORM_MONTH_DAY:
    case TRANSFORM_YEAR_MONTH:
    case TRANSFORM_DAY:
      return date_part(v, key.transform);
    case TRANSFORM_DIGITS:
      return hash_some(v, true);
    case TRANSFORM_SORTED:
      return hash_some(v, false);
    case TRANSFORM_WORD: {
      int end = 0;
      while (end < size && v->text[end] != ' ') end++;
      return hash_units(v->text, 0, end);
    }
    case TRANSFORM_RARE:
      return v->rare;
    default:
      return v->hash | 1;
  }
}

uint64_t key_of(const TableEngine *t, const TableBlock *block, int side, uint32_t row) {
  uint64_t hash = 0, names = 0;
  int name_transform = TABLE_NONE;
  for (int i = 0; i < block->key_count; i++) {
    TableKey key = block->keys[i];
    const Column *column = &t->columns[key.column];
    uint32_t value = value_at(t, key.column, side, row);
    uint64_t part = value ? value_key(&column->values[value], key) : 0;
    if (!part) return 0;
    bool name = column->spec->kind == TABLE_NAME && (name_transform == TABLE_NONE || name_transform == key.transform);
    if (name)
      name_transform = key.transform, names += hash_mix(part); /* in either order */
    else
      hash = hash_mix(hash + part + (uint64_t)i);
  }
  return hash_mix(hash ^ names) | 1;
}

/* ---- groups ---- */
typedef struct Run {
  uint32_t from[2], to[2];
} Run;

static uint64_t run_pairs(const TableEngine *t, const Run *run) {
  uint64_t left = run->to[0] - run->from[0], right = run->to[1] - run->from[1];
  return t->dedupe ? left * (left - 1) / 2 : left * right;
}

static void sort_rows(TableEngine *t, Block *block, int side) {
  uint32_t rows = t->rows[side], kept = 0;
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *sorted = arena_array(own, rows, uint64_t);
  for (uint32_t row = 0; row < rows; row++)
    if (block->keys[side][row]) sorted[kept++] = (uint64_t)block->keys[side][row] << 32 | row;
  sort_keys(sorted, NULL, kept);
  for (uint32_t i = 0; i < kept; i++) block->order[side][i] = (uint32_t)sorted[i];
  block->sorted[side] = kept;
}

/* Next group of rows that have a partner; false at the end. */
static bool next_run(const TableEngine *t, const Block *block, Run *run) {
  int other = t->dedupe ? 0 : 1;
  uint32_t at[2] = {run->to[0], run->to[1]};
  while (at[0] < block->sorted[0] && (t->dedupe || at[1] < block->sorted[1])) {
    uint32_t key = block->keys[0][block->order[0][at[0]]];
    if (!t->dedupe) {
      uint32_t right = block->keys[1][block->order[1][at[1]]];
      if (right < key) {
        at[1]++;
        continue;
      }
      if (right > key) {
        at[0]++;
        continue;
      }
    }
    for (int side = 0; side <= other; side++) {
      run->from[side] = at[side];
      while (at[side] < block->sorted[side] && block->keys[side][block->order[side][at[side]]] == key) at[side]++;
      run->to[side] = at[side];
    }
    if (run_pairs(t, run)) return true;
  }
  return false;
}

/* The columns in the order in which they part large groups: many distinct values and few gaps first. */
static uint32_t parting_columns(const TableEngine *t, uint8_t *ret_order) {
  for (uint32_t i = 0; i < t->column_count; i++) {
    ret_order[i] = (uint8_t)i;
    for (uint32_t j = i; j > 0; j--) {
      const Column *a = &t->columns[ret_order[j - 1]], *b = &t->columns[ret_order[j]];
      if ((uint64_t)a->filled * 8 + a->value_count >= (uint64_t)b->filled * 8 + b->value_count) break;
      uint8_t swap = ret_order[j];
      ret_order[j] = ret_order[j - 1], ret_order[j - 1] = swap;
    }
  }
  return t->column_count;
}

static uint64_t row_hash(const TableEngine *t, int side, uint32_t row) {
  uint64_t hash = 3;
  for (uint32_t c = 0; c < t->column_count; c++)
    hash = hash_mix(hash + t->columns[c].values[value_at(t, c, side, row)].hash);
  return hash;
}

static uint32_t new_key(uint32_t key, uint64_t salt) {
  return (uint32_t)hash_mix(((uint64_t)key << 32) ^ hash_mix(salt)) | 1;
}

static void part_group(TableEngine *t, Block *block, const Run *run, uint8_t column) {
  for (int side = 0; side < (int)t->sides; side++)
    for (uint32_t i = run->from[side]; i < run->to[side]; i++) {
      uint32_t row = block->order[side][i], value = value_at(t, column, side, row);
      uint64_t part = value ? t->columns[column].values[value].hash : 1;
      block->keys[side][row] = new_key(block->keys[side][row], part + column);
    }
}

static void cut_group(TableEngine *t, Block *block, const Run *run, uint32_t piece) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  for (int side = 0; side < (int)t->sides; side++) {
    uint32_t count = run->to[side] - run->from[side];
    uint64_t *hashes = arena_array(own, count, uint64_t);
    uint32_t *rows = arena_array(own, count, uint32_t);
    for (uint32_t i = 0; i < count; i++)
      rows[i] = block->order[side][run->from[side] + i], hashes[i] = row_hash(t, side, rows[i]);
    sort_keys(hashes, rows, count);
    uint32_t larger = count;
    if (!t->dedupe) {
      uint32_t other = run->to[1 - side] - run->from[1 - side];
      if (other > larger) larger = other;
    }
    uint32_t pieces = (larger + piece - 1) / piece;
    for (uint32_t i = 0; i < count; i++)
      block->keys[side][rows[i]] = new_key(block->keys[side][rows[i]], 1000 + (uint64_t)i * pieces / count);
  }
}

static uint64_t count_pairs(const TableEngine *t, const Block *block, uint32_t *ret_groups, uint64_t *ret_largest) {
  uint64_t pairs = 0, largest = 0;
  uint32_t groups = 0;
  for (Run run = {{0}, {0}}; next_run(t, block, &run); groups++) {
    uint64_t size = run_pairs(t, &run);
    pairs += size;
    if (size > largest) largest = size;
  }
  *ret_groups = groups, *ret_largest = largest;
  return pairs;
}

/* Parts or cuts what exceeds the limit for one group. Returns how many groups that were. */
static uint32_t bound_groups(TableEngine *t, Block *block, uint64_t limit, int column, uint32_t piece) {
  uint32_t touched = 0;
  for (Run run = {{0}, {0}}, next; next = run, next_run(t, block, &next); run = next) {
    if (run_pairs(t, &next) <= limit) continue;
    touched++;
    if (column >= 0)
      part_group(t, block, &next, (uint8_t)column);
    else
      cut_group(t, block, &next, piece);
  }
  for (int side = 0; touched && side < (int)t->sides; side++) sort_rows(t, block, side);
  return touched;
}

static bool in_key(const TableBlock *block, uint8_t column) {
  for (int i = 0; i < block->key_count; i++)
    if (block->keys[i].column == column && block->keys[i].transform == TRANSFORM_WHOLE) return true;
  return false;
}

static void block_bound(TableEngine *t, Block *block) {
  uint64_t all_rows = t->rows[0] + (t->dedupe ? 0 : t->rows[1]), budget = PAIRS_FREE + PAIRS_PER_ROW * all_rows;
  uint64_t largest, limit = budget;
  uint32_t groups, parted = 0, cut = 0;
  uint8_t order[TABLE_COLUMNS_MAX];
  uint32_t columns = parting_columns(t, order), used = 0;
  block->pairs = count_pairs(t, block, &groups, &largest);
  if (block->pairs <= budget) return;
  /* the largest groups give way first: the limit falls until the rest fits */
  for (limit = largest / 2; limit > 4096; limit /= 2) {
    uint64_t kept = 0;
    for (Run run = {{0}, {0}}; next_run(t, block, &run);) kept += run_pairs(t, &run) <= limit ? run_pairs(t, &run) : 0;
    if (kept <= budget / 2) break;
  }
  for (uint32_t i = 0; i < columns && used < PARTINGS && block->pairs > budget; i++) {
    if (in_key(&block->spec, order[i])) continue;
    uint32_t touched = bound_groups(t, block, limit, order[i], 0);
    if (!touched) break;
    used++, parted += touched;
    block->pairs = count_pairs(t, block, &groups, &largest);
  }
  if (block->pairs > budget) {
    cut = bound_groups(t, block, limit, -1, PIECE);
    block->pairs = count_pairs(t, block, &groups, &largest);
  }
  if (parted)
    table_note(t, str_format(t->cx->arena, "分块“" STR_FMT "”中 %u 组过大，已按其他列细分。",
                             STR_ARG(table_block_text(t->scratch, t->input, &block->spec)), parted));
  if (cut)
    table_note(t, str_format(t->cx->arena,
                             "分块“" STR_FMT "”中 %u 组有太多相同的行，只比较了内容相近的部分；可在 blocks 里增加列。",
                             STR_ARG(table_block_text(t->scratch, t->input, &block->spec)), cut));
}

void block_make(TableEngine *t, Block *block) {
  for (int side = 0; side < (int)t->sides; side++) {
    block->keys[side] = arena_array(t->scratch, t->rows[side], uint32_t);
    block->order[side] = arena_array(t->scratch, t->rows[side], uint32_t);
    for (uint32_t row = 0; row < t->rows[side]; row++) {
      uint64_t hash = key_of(t, &block->spec, side, row);
      block->keys[side][row] = hash ? (uint32_t)(hash >> 32) | 1 : 0;
    }
    sort_rows(t, block, side);
  }
  if (t->dedupe)
    block->keys[1] = block->keys[0], block->order[1] = block->order[0], block->sorted[1] = block->sorted[0];
  block->fields = 0;
  for (uint32_t f = 0; f < t->field_count; f++)
    for (int i = 0; i < block->spec.key_count; i++)
      if (block->spec.keys[i].column == t->fields[f].column) block->fields |= 1u << f;
}

/* Bounds the groups and lists them. */
void block_finish(TableEngine *t, Block *block) {
  block_bound(t, block);
  if (t->dedupe) block->sorted[1] = block->sorted[0];
  uint64_t largest;
  block->pairs = count_pairs(t, block, &block->group_count, &largest);
  block->groups = arena_array(t->scratch, block->group_count, Run4);
  uint32_t i = 0;
  for (Run run = {{0}, {0}}; next_run(t, block, &run); i++)
    block->groups[i] = (Run4){{run.from[0], run.to[0], run.from[1], run.to[1]}};
}

uint64_t block_count_pairs(const TableEngine *t, const Block *block) {
  uint32_t groups;
  uint64_t largest;
  return count_pairs(t, block, &groups, &largest);
}

/* All keys of a row side by side. */
void blocks_ready(TableEngine *t) {
  for (int side = 0; side < (int)t->sides; side++) {
    t->keys[side] = arena_array(t->scratch, (uint64_t)t->rows[side] * t->block_count, uint32_t);
    for (uint32_t b = 0; b < t->block_count; b++)
      for (uint32_t row = 0; row < t->rows[side]; row++)
        t->keys[side][(uint64_t)row * t->block_count + b] = t->blocks[b].keys[side][row];
  }
  if (t->dedupe) t->keys[1] = t->keys[0];
}

static uint32_t pair_blocks(const TableEngine *t, uint32_t left, uint32_t right) {
  const uint32_t *a = t->keys[0] + (uint64_t)left * t->block_count, *b = t->keys[1] + (uint64_t)right * t->block_count;
  uint32_t blocks = 0;
  for (uint32_t i = 0; i < t->block_count; i++) blocks |= (uint32_t)(a[i] == b[i] && a[i]) << i;
  return blocks;
}

void block_visit(const TableEngine *t, uint32_t index, uint32_t from, uint32_t to, uint32_t stride, PairVisit visit,
                 void *data) {
  const Block *block = &t->blocks[index];
  for (uint32_t g = from; g < to; g++) {
    if (stride > 1 && hash_mix(g + ((uint64_t)index << 32)) % stride) continue;
    Run4 run = block->groups[g];
    for (uint32_t i = run.at[0]; i < run.at[1]; i++)
      for (uint32_t j = t->dedupe ? i + 1 : run.at[2]; j < (t->dedupe ? run.at[1] : run.at[3]); j++) {
        uint32_t left = block->order[0][i], right = block->order[1][j], blocks = pair_blocks(t, left, right);
        if (blocks & ((1u << index) - 1)) continue; /* an earlier block has it */
        visit(data, left, right, blocks);
      }
  }
}
