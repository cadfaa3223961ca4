/* Duplicates gathered into clusters, best pairs first. A pair joins two clusters only if their rows, on the whole, do
 * not contradict each other: one good link between two groups of rows that otherwise disagree is a coincidence. */
#include <stdlib.h>
#include "match/table_internal.h"

enum {
  CLAMP_LEAST = -8000, /* one pair's say in whether two clusters may join */
  CLAMP_MOST = 8000,
  JOIN_LEAST = -2250,   /* mean over the pairs looked at */
  LOOK_MOST = 8,        /* rows of each cluster that are looked at */
  GIVE_MOST = 250,      /* rows of a cluster whose indirect pairs are given */
  INDIRECT_MOST = 4000, /* an indirect pair is never surer than this */
  REJECTED = -1000,
};

typedef struct Found {
  uint32_t left, right;
  int32_t bits;
  uint64_t levels;
  bool indirect;
} Found;

typedef struct Clusterer {
  TableEngine *t;
  Arena *arena;
  Memo *memo;
  uint32_t *parent, *size, *next; /* members of a cluster in a ring */
  Table rejected;                 /* roots and sizes of pairs of clusters that may not join */
  Found *found;
  size_t count, capacity;
  uint32_t refused, large;
} Clusterer;

static uint32_t root_of(Clusterer *c, uint32_t row) {
  while (c->parent[row] != row) row = c->parent[row] = c->parent[c->parent[row]];
  return row;
}

static int32_t bits_of(Clusterer *c, uint32_t a, uint32_t b, uint64_t *ret_levels) {
  Candidate pair = {.left = a < b ? a : b, .right = a < b ? b : a};
  pair.levels = pair_compare(c->t, c->memo, pair.left, pair.right);
  *ret_levels = pair.levels;
  return candidate_bits(c->t, &pair, NULL);
}

static void add_found(Clusterer *c, Found found) {
  if (c->count == c->capacity) {
    size_t capacity = c->capacity ? c->capacity * 2 : 4096;
    c->found = arena_grow(c->arena, c->found, c->capacity * sizeof(Found), capacity * sizeof(Found));
    c->capacity = capacity;
  }
  if (found.left > found.right) {
    uint32_t swap = found.left;
    found.left = found.right, found.right = swap;
  }
  c->found[c->count++] = found;
}

/* Rows of a cluster that speak for it: all, or evenly spread over the ring. */
static uint32_t speakers(const Clusterer *c, uint32_t root, uint32_t *ret_rows) {
  uint32_t size = c->size[root], step = (size + LOOK_MOST - 1) / LOOK_MOST, count = 0, row = root;
  for (uint32_t i = 0; i < size; i++, row = c->next[row])
    if (i % step == 0) ret_rows[count++] = row;
  return count;
}

static bool may_join(Clusterer *c, uint32_t a, uint32_t b) {
  if (c->size[a] == 1 && c->size[b] == 1) return true;
  uint32_t left[LOOK_MOST], right[LOOK_MOST], left_count = speakers(c, a, left), right_count = speakers(c, b, right);
  int64_t sum = 0;
  for (uint32_t i = 0; i < left_count; i++)
    for (uint32_t j = 0; j < right_count; j++) {
      uint64_t levels;
      int32_t bits = bits_of(c, left[i], right[j], &levels);
      sum += bits < CLAMP_LEAST ? CLAMP_LEAST : bits > CLAMP_MOST ? CLAMP_MOST : bits;
    }
  return sum >= (int64_t)JOIN_LEAST * left_count * right_count;
}

static void give_cross_pairs(Clusterer *c, uint32_t a, uint32_t b, int32_t link) {
  if (c->size[a] + c->size[b] > GIVE_MOST) {
    c->large++;
    return;
  }
  uint32_t left = a, right = b;
  for (uint32_t i = 0; i < c->size[a]; i++, left = c->next[left])
    for (uint32_t j = 0; j < c->size[b]; j++, right = c->next[right]) {
      uint64_t levels;
      int32_t bits = bits_of(c, left, right, &levels), least = link < INDIRECT_MOST ? link : INDIRECT_MOST;
      add_found(c, (Found){left, right, bits < least ? least : bits, levels, bits < least});
    }
}

static void join(Clusterer *c, uint32_t a, uint32_t b) {
  uint32_t next = c->next[a];
  if (c->size[a] < c->size[b]) {
    uint32_t swap = a;
    a = b, b = swap;
    next = c->next[a];
  }
  c->next[a] = c->next[b], c->next[b] = next;
  c->parent[b] = a, c->size[a] += c->size[b];
}

static void try_join(Clusterer *c, const Candidate *pair) {
  uint32_t a = root_of(c, pair->left), b = root_of(c, pair->right);
  if (a == b) return;
  if (a > b) {
    uint32_t swap = a;
    a = b, b = swap;
  }
  uint32_t *before = table_at(&c->rejected, (uint64_t)a << 32 | b), sizes = c->size[a] + c->size[b];
  if (*before == sizes) return;
  if (!may_join(c, a, b)) {
    *before = sizes, c->refused++;
    return;
  }
  give_cross_pairs(c, a, b, pair->bits);
  join(c, a, b);
}

static void gather(Clusterer *c) {
  TableEngine *t = c->t;
  size_t count = 0;
  uint64_t *keys = arena_array(c->arena, t->candidate_count, uint64_t);
  uint32_t *order = arena_array(c->arena, t->candidate_count, uint32_t);
  for (size_t i = 0; i < t->candidate_count; i++)
    if (t->candidates[i].bits >= 0)
      keys[count] = (uint64_t)(INT32_MAX - t->candidates[i].bits), order[count++] = (uint32_t)i;
  sort_keys(keys, order, count);
  c->rejected = table_new(c->arena, count);
  for (size_t i = 0; i < count; i++) try_join(c, &t->candidates[order[i]]);
}

/* Pairs between clusters, and those of clusters too large to give all pairs. */
static void give_rest(Clusterer *c) {
  TableEngine *t = c->t;
  for (size_t i = 0; i < t->candidate_count; i++) {
    const Candidate *pair = &t->candidates[i];
    if (pair->bits < t->input->threshold) continue;
    uint32_t a = root_of(c, pair->left), b = root_of(c, pair->right);
    if (a == b && c->size[a] <= GIVE_MOST) continue;
    add_found(c, (Found){pair->left, pair->right, a != b && pair->bits > REJECTED ? REJECTED : pair->bits, pair->levels,
                         a != b});
  }
}

static void give_result(Clusterer *c, TableResult *result) {
  TableEngine *t = c->t;
  uint64_t *keys = arena_array(c->arena, c->count, uint64_t);
  uint32_t *order = arena_array(c->arena, c->count, uint32_t);
  size_t count = 0;
  for (size_t i = 0; i < c->count; i++)
    if (c->found[i].bits >= t->input->threshold)
      keys[count] = (uint64_t)c->found[i].left << 32 | c->found[i].right, order[count++] = (uint32_t)i;
  sort_keys(keys, order, count);
  result->pairs = arena_array(t->cx->arena, count, TablePair);
  for (size_t i = 0; i < count; i++) {
    const Found *found = &c->found[order[i]];
    if (i && keys[i] == keys[i - 1]) continue;
    TablePair *pair = &result->pairs[result->pair_count++];
    *pair = (TablePair){.left = found->left, .right = found->right, .bits = found->bits, .adjusted = found->indirect};
    Candidate candidate = {.left = found->left, .right = found->right, .levels = found->levels};
    candidate_bits(t, &candidate, pair->field_bits);
    for (uint32_t f = 0; f < t->field_count; f++) pair->level[f] = level_of(found->levels, f);
  }
  result->cluster = arena_array(t->cx->arena, t->rows[0], uint32_t);
  uint32_t *first = arena_array(c->arena, t->rows[0], uint32_t);
  for (uint32_t row = t->rows[0]; row-- > 0;) first[root_of(c, row)] = row;
  for (uint32_t row = 0; row < t->rows[0]; row++) result->cluster[row] = first[root_of(c, row)];
}

void table_cluster(TableEngine *t, TableResult *result) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t rows = t->rows[0];
  Clusterer c = {.t = t,
                 .arena = own,
                 .memo = memo_new(own),
                 .parent = arena_array(own, rows, uint32_t),
                 .size = arena_array(own, rows, uint32_t),
                 .next = arena_array(own, rows, uint32_t)};
  for (uint32_t i = 0; i < rows; i++) c.parent[i] = c.next[i] = i, c.size[i] = 1;
  gather(&c);
  give_rest(&c);
  give_result(&c, result);
  if (c.large) table_note(t, str_format(t->cx->arena, "有的组超过 %d 行，只写出直接比较过的配对。", GIVE_MOST));
}
