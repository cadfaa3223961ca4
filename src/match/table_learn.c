/* Values that stand for each other in these very tables: bill and william, a maiden and a married name, two names of
 * one place. A pair of values is learnt when the rest of the fields is sure that the rows are one, in several things
 * apart, and much more often than the two values would meet by chance. */
#include "match/table_internal.h"

enum { SURE_BITS = 5000, JOINED_BITS = 6000, THINGS_LEAST = 3, TIMES_CHANCE = 10, LEARNT_MOST = 1 << 20 };

typedef struct Learner {
  TableEngine *t;
  Arena *arena;
  uint32_t *parent; /* rows, the right table's after the left's */
  uint32_t shift;
  int32_t *bits; /* of each candidate */
} Learner;

static uint32_t root_of(uint32_t *parent, uint32_t row) {
  while (parent[row] != row) row = parent[row] = parent[parent[row]];
  return row;
}

static void find_things(Learner *l) {
  TableEngine *t = l->t;
  uint32_t rows = t->rows[0] + (t->dedupe ? 0 : t->rows[1]);
  l->parent = arena_array(l->arena, rows, uint32_t);
  l->bits = arena_array(l->arena, t->candidate_count, int32_t);
  for (uint32_t i = 0; i < rows; i++) l->parent[i] = i;
  for (size_t i = 0; i < t->candidate_count; i++) {
    const Candidate *c = &t->candidates[i];
    l->bits[i] = candidate_bits(t, c, NULL);
    if (l->bits[i] < JOINED_BITS) continue;
    uint32_t a = root_of(l->parent, c->left), b = root_of(l->parent, c->right + l->shift);
    if (a < b)
      l->parent[b] = a;
    else
      l->parent[a] = b;
  }
}

static bool may_learn(uint8_t level) { return level >= LEVEL_SOUND && level <= LEVEL_DIFFER; }

static uint64_t value_pair(const TableEngine *t, uint32_t column, const Candidate *c) {
  uint64_t a = value_at(t, column, 0, c->left), b = value_at(t, column, 1, c->right);
  return a < b ? a << 32 | b : b << 32 | a;
}

static void keep(Learner *l, uint32_t f, const uint64_t *pairs, size_t from, size_t things, double sure) {
  TableEngine *t = l->t;
  const Column *column = &t->columns[t->fields[f].column];
  uint32_t a = (uint32_t)(pairs[from] >> 32), b = (uint32_t)pairs[from];
  double chance = sure * column->values[a].count / column->filled * column->values[b].count / column->filled * 2;
  if ((double)things < TIMES_CHANCE * chance || t->learnt[f].count == LEARNT_MOST) return;
  *table_at(&t->learnt[f].table, pairs[from]) = 1;
  t->learnt[f].count++;
  t->learnt[f].chance += 2.0 * column->values[a].count / column->filled * column->values[b].count / column->filled;
}

static void learn_field(Learner *l, uint32_t f) {
  TableEngine *t = l->t;
  uint32_t column = t->fields[f].column;
  size_t count = 0;
  double sure = 0;
  for (size_t i = 0; i < t->candidate_count; i++) {
    uint8_t level = level_of(t->candidates[i].levels, f);
    count += may_learn(level) && l->bits[i] - t->fields[f].bits[level] >= SURE_BITS;
  }
  uint64_t *pairs = arena_array(l->arena, count, uint64_t);
  uint32_t *things = arena_array(l->arena, count, uint32_t);
  count = 0;
  for (size_t i = 0; i < t->candidate_count; i++) {
    const Candidate *c = &t->candidates[i];
    uint8_t level = level_of(c->levels, f);
    if (level == LEVEL_MISSING || l->bits[i] - t->fields[f].bits[level] < SURE_BITS) continue;
    sure++;
    if (!may_learn(level)) continue;
    pairs[count] = value_pair(t, column, c), things[count++] = root_of(l->parent, c->left);
  }
  uint64_t *keys = arena_array(l->arena, count, uint64_t); /* stable sorts: by thing, then by pair of values */
  uint32_t *order = arena_array(l->arena, count, uint32_t);
  for (size_t i = 0; i < count; i++) keys[i] = things[i], order[i] = (uint32_t)i;
  sort_keys(keys, order, count);
  for (size_t i = 0; i < count; i++) keys[i] = pairs[order[i]];
  sort_keys(keys, order, count);
  t->learnt[f].table = table_new(t->scratch, count / THINGS_LEAST + 1);
  for (size_t from = 0, to; from < count; from = to) {
    size_t apart = 0;
    for (to = from; to < count && keys[to] == keys[from]; to++)
      apart += to == from || things[order[to]] != things[order[to - 1]];
    if (apart >= THINGS_LEAST) keep(l, f, keys, from, apart, sure);
  }
}

static void mark_candidates(TableEngine *t, uint32_t f) {
  for (size_t i = 0; i < t->candidate_count; i++) {
    Candidate *c = &t->candidates[i];
    if (!may_learn(level_of(c->levels, f)) || !table_get(&t->learnt[f].table, value_pair(t, t->fields[f].column, c)))
      continue;
    c->levels = (c->levels & ~(15ULL << (f * 4))) | (uint64_t)LEVEL_LEARNT << (f * 4);
  }
}

uint32_t learn_variants(TableEngine *t) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  Learner l = {.t = t, .arena = own, .shift = t->dedupe ? 0 : t->rows[0]};
  uint32_t learnt = 0;
  find_things(&l);
  for (uint32_t f = 0; f < t->field_count; f++) {
    TableKind kind = t->fields[f].kind;
    if (kind != TABLE_NAME && kind != TABLE_TEXT && kind != TABLE_ADDRESS && kind != TABLE_CN_NAME &&
        kind != TABLE_EXACT)
      continue;
    learn_field(&l, f);
    if (t->learnt[f].count) mark_candidates(t, f);
    learnt += t->learnt[f].count;
  }
  return learnt;
}
