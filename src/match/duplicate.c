/* A person entered twice in one list: what two rows of the same list are to each other. Two valid numbers
 * that differ are two persons (namesakes, father and son, twins); so are two names that only differ in a
 * character of their own when a number was copied from one brother's row to the other's. */
#include "match/match_internal.h"

typedef struct Likeness {
  NameLevel name;
  uint8_t id;
  bool same_name, same_household, same_relation;
  bool slip; /* the names differ by one character that may be a slip of the pen */
} Likeness;

/* One character differs, and not as between brothers (郑浩宇, 郑阳宇): another surname with the same given name
 * (马雅婷, 冯雅婷), or a character that resembles the other one (廖样鹏, 廖祥鹏). */
static bool pen_slip(const Engine *e, const NameEntry *a, const NameEntry *b) {
  if (a->size != b->size || a->size < 3) return false;
  for (uint32_t i = 0; i < a->size; i++) {
    uint32_t x = e->runes[a->at + i], y = e->runes[b->at + i];
    if (x != y) return i == 0 || rune_resembles(x, y);
  }
  return false;
}

static Likeness likeness(const Engine *e, const MatchPair *pair) {
  const Row *a = &e->rows[pair->left], *b = &e->rows[pair->right];
  Likeness l = {.name = pair->level[MATCH_NAME], .id = pair->level[MATCH_ID]};
  l.same_name = l.name == NAME_LEVEL_EXACT || l.name == NAME_LEVEL_VARIANT;
  l.same_household =
      (a->group != MATCH_NONE && a->group == b->group) || pair->level[MATCH_HOUSEHOLD] == HOUSEHOLD_LEVEL_NUMBER;
  l.same_relation = pair->level[MATCH_RELATION] == RELATION_LEVEL_NONE || a->relation == b->relation;
  bool one_head = pair->level[MATCH_RELATION] == RELATION_LEVEL_BOTH_HEAD && e->names[a->name].size >= 3;
  l.slip = l.name == NAME_LEVEL_ONE_OTHER && (one_head || pen_slip(e, &e->names[a->name], &e->names[b->name]));
  return l;
}

/* The same valid number: the same person when the names fit, otherwise a number written twice. */
static uint8_t with_equal_ids(const Engine *e, const MatchPair *pair, const Likeness *l) {
  const Row *a = &e->rows[pair->left], *b = &e->rows[pair->right];
  bool two_houses = pair->level[MATCH_HOUSEHOLD] == HOUSEHOLD_LEVEL_NUMBER_DIFFERS && a->flags & b->flags & ROW_HEAD;
  if (l->same_name || l->name == NAME_LEVEL_NONE) return EDGE_DUPLICATE;
  if (l->name == NAME_LEVEL_DROPPED && two_houses) return EDGE_VETO; /* 蒙国飞, 蒙国: a copied number */
  if (name_compatible(l->name)) return l->same_relation || a->group != b->group ? EDGE_DUPLICATE : EDGE_VETO;
  if (!l->same_household || !l->same_relation) return EDGE_VETO;
  if (l->slip) return EDGE_DUPLICATE;
  return l->name == NAME_LEVEL_DROPPED_ALIKE ? EDGE_DOUBTFUL : EDGE_VETO;
}

/* The damaged number may be that of a twin: it leaves the date of birth alone. */
static bool perhaps_twin(const Engine *e, const MatchPair *pair, const Likeness *l) {
  const Row *a = &e->rows[pair->left], *b = &e->rows[pair->right];
  return l->same_household && !l->same_name && a->birth == b->birth && a->birth_declared == b->birth_declared;
}

static uint8_t with_close_ids(const Engine *e, const MatchPair *pair, const Likeness *l) {
  if (name_compatible(l->name) && !perhaps_twin(e, pair, l)) return EDGE_DUPLICATE;
  if (name_compatible(l->name)) return EDGE_DOUBTFUL;
  if (l->name != NAME_LEVEL_ONE_OTHER || !l->same_household || !l->same_relation) return EDGE_VETO;
  return l->slip && !perhaps_twin(e, pair, l) ? EDGE_DUPLICATE : EDGE_DOUBTFUL;
}

/* The numbers say little: none, rounded, or with slips on both sides. */
static uint8_t with_weak_ids(const Engine *e, const MatchPair *pair, const Likeness *l) {
  bool speaks = l->id == ID_LEVEL_FIRST15 || l->id == ID_LEVEL_TWO_EDITS || l->id == ID_LEVEL_THREE_EDITS;
  if (!speaks && l->id != ID_LEVEL_NONE) return EDGE_VETO;
  if (!l->same_household) /* three slips: a namesake born close by */
    return l->same_name && speaks && l->id != ID_LEVEL_THREE_EDITS && pair->bits >= 0 ? EDGE_DOUBTFUL : EDGE_VETO;
  if (!l->same_relation || pair->bits < e->model->automatic) return EDGE_VETO; /* grandfather and grandson */
  if (!name_compatible(l->name) || (l->name == NAME_LEVEL_DROPPED && !speaks)) return EDGE_VETO; /* 银雅, 银雅涵 */
  return l->same_name ? EDGE_DUPLICATE : EDGE_DOUBTFUL;
}

/* Without the same number, a veto only means: nothing to keep. */
bool duplicate_classify(const Engine *e, const MatchPair *pair, uint8_t *ret_kind) {
  const Row *a = &e->rows[pair->left], *b = &e->rows[pair->right];
  const Likeness l = likeness(e, pair);
  if (l.id == ID_LEVEL_EQUAL) {
    *ret_kind = with_equal_ids(e, pair, &l);
    return true;
  }
  *ret_kind = id_close(l.id) ? with_close_ids(e, pair, &l) : with_weak_ids(e, pair, &l);
  if (*ret_kind == EDGE_VETO || pair->level[MATCH_BIRTH] == BIRTH_LEVEL_DIFFER) return false;
  if (pair->bits < e->model->automatic || (a->id && b->id)) *ret_kind = EDGE_DOUBTFUL;
  return pair->bits >= e->model->review;
}

/* ---- rivals ---- */

enum { RIVAL_LIMIT = 32 }; /* edges of a row looked at */

typedef struct Rivals {
  uint64_t *rows; /* sorted: both ends of every kept pair of one list */
  uint32_t *edge;
  size_t count;
  Table known; /* the pairs */
} Rivals;

static bool within_list(const Edge *edge) { return edge->kind == EDGE_DUPLICATE || edge->kind == EDGE_DOUBTFUL; }

static Rivals rivals_new(Arena *arena, const Edge *edges, size_t edge_count) {
  Rivals r = {.count = 0};
  size_t pairs = 0;
  for (size_t i = 0; i < edge_count; i++) pairs += within_list(&edges[i]);
  r.rows = arena_array(arena, 2 * pairs, uint64_t), r.edge = arena_array(arena, 2 * pairs, uint32_t);
  r.known = table_new(arena, pairs);
  for (size_t i = 0; i < edge_count; i++) {
    if (!within_list(&edges[i])) continue;
    *table_at(&r.known, (uint64_t)edges[i].left << 32 | edges[i].right) = 1;
    for (int end = 0; end < 2; end++, r.count++)
      r.rows[r.count] = end ? edges[i].right : edges[i].left, r.edge[r.count] = (uint32_t)i;
  }
  sort_keys(r.rows, r.edge, r.count);
  return r;
}

/* Somebody who is as near to `row` as `other` is, and not the same person as `other`. */
static bool has_rival(const Rivals *r, const Edge *edges, uint32_t row, uint32_t other, int32_t least) {
  size_t low = 0, high = r->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (r->rows[middle] < row)
      low = middle + 1;
    else
      high = middle;
  }
  for (size_t i = low; i < r->count && r->rows[i] == row && i < low + RIVAL_LIMIT; i++) {
    const Edge *edge = &edges[r->edge[i]];
    uint32_t third = edge->left == row ? edge->right : edge->left;
    if (third == other || edge->bits <= least) continue;
    uint64_t pair = third < other ? (uint64_t)third << 32 | other : (uint64_t)other << 32 | third;
    if (!table_get(&r->known, pair)) return true;
  }
  return false;
}

void duplicate_margins(const Engine *e, Edge *edges, size_t edge_count) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  Rivals rivals = rivals_new(own, edges, edge_count);
  bool *doubtful = arena_array(own, edge_count, bool);
  for (size_t i = 0; i < edge_count; i++) {
    const Edge *edge = &edges[i];
    const Row *a = &e->rows[edge->left], *b = &e->rows[edge->right];
    if (edge->kind != EDGE_DUPLICATE || (a->id && a->id == b->id)) continue;
    int32_t least = edge->bits - e->model->margin;
    doubtful[i] = has_rival(&rivals, edges, edge->left, edge->right, least) ||
                  has_rival(&rivals, edges, edge->right, edge->left, least);
  }
  for (size_t i = 0; i < edge_count; i++)
    if (doubtful[i]) edges[i].kind = EDGE_DOUBTFUL;
}
