/* Persons, households, events and evidence, in the caller's numbering. */
#include "match/match_internal.h"

typedef struct Outcome {
  Engine *e;
  Clusters *c;
  MatchResult *result;
  uint32_t *house;   /* union-find over rows */
  uint32_t *hub_row; /* by cluster root: its first hub row, MATCH_NONE */
  Table hub_number;  /* household number -> hub row + 1 */
} Outcome;

static uint32_t house_root(Outcome *o, uint32_t row) {
  while (o->house[row] != row) row = o->house[row] = o->house[o->house[row]];
  return row;
}

static void house_unite(Outcome *o, uint32_t a, uint32_t b) {
  uint32_t x = house_root(o, a), y = house_root(o, b);
  if (x < y)
    o->house[y] = x;
  else
    o->house[x] = y;
}

static bool is_hub(const Engine *e, uint32_t row) { return e->rows[row].list == e->input->hub; }

/* Dense numbers in the order of the first record that belongs. */
static uint32_t number_densely(const Engine *e, Arena *arena, uint32_t (*root_of)(void *, uint32_t), void *context,
                               uint32_t *ret_number) {
  uint32_t *number = arena_array(arena, e->count, uint32_t), count = 0;
  for (uint32_t i = 0; i < e->count; i++) {
    uint32_t root = root_of(context, e->row[i]);
    if (!number[root]) number[root] = ++count;
    ret_number[i] = number[root] - 1;
  }
  return count;
}
static uint32_t person_root_of(void *context, uint32_t row) { return cluster_root(((Outcome *)context)->c, row); }
static uint32_t house_root_of(void *context, uint32_t row) { return house_root(context, row); }

/* ---- links ---- */

static bool order_pair(const Engine *e, const Verdict *v, uint32_t *ret_left, uint32_t *ret_right) {
  uint32_t a = e->record[v->left], b = e->record[v->right];
  *ret_left = a < b ? a : b, *ret_right = a < b ? b : a;
  return a < b;
}

static void take_link(MatchResult *result, bool *decided, uint32_t at, uint32_t other, const Verdict *v) {
  bool word = v->verdict == MATCH_DECIDED;
  bool better = result->partner[at] == MATCH_NONE || word > decided[at] ||
                (word == decided[at] &&
                 (v->bits > result->bits[at] || (v->bits == result->bits[at] && other < result->partner[at])));
  if (!better) return;
  result->partner[at] = other, result->bits[at] = v->bits, decided[at] = word;
}

static void write_links(Outcome *o) {
  const Engine *e = o->e;
  Arena *arena = e->cx->arena;
  MatchResult *result = o->result;
  uint64_t *keys = arena_array(e->scratch, o->c->verdict_count, uint64_t);
  uint32_t *order = arena_array(e->scratch, o->c->verdict_count, uint32_t), left, right;
  bool *decided = arena_array(e->scratch, e->count, bool);
  for (uint32_t i = 0; i < e->count; i++) result->partner[i] = MATCH_NONE;
  for (size_t i = 0; i < o->c->verdict_count; i++) {
    order_pair(e, &o->c->verdicts[i], &left, &right);
    keys[i] = (uint64_t)left << 32 | right, order[i] = (uint32_t)i;
  }
  sort_keys(keys, order, o->c->verdict_count);
  result->pairs = arena_array(arena, o->c->verdict_count, MatchPair);
  for (size_t i = 0; i < o->c->verdict_count; i++) {
    const Verdict *v = &o->c->verdicts[order[i]];
    if (i && keys[i] == keys[i - 1]) continue;
    MatchPair pair = row_score(e, v->left, v->right);
    order_pair(e, v, &pair.left, &pair.right);
    pair.margin = v->margin, pair.verdict = v->verdict;
    result->pairs[result->pair_count++] = pair;
    if (v->verdict == MATCH_VETO) continue;
    /* a household lent for review concerns the row that borrows it only */
    bool lent = result->person[pair.left] != result->person[pair.right];
    if (!lent || !is_hub(e, e->row[pair.left])) take_link(result, decided, pair.left, pair.right, v);
    if (!lent || !is_hub(e, e->row[pair.right])) take_link(result, decided, pair.right, pair.left, v);
  }
}

/* ---- households ---- */

static void index_hub(Outcome *o) {
  const Engine *e = o->e;
  o->hub_row = arena_array(e->scratch, e->count, uint32_t);
  o->hub_number = table_new(e->scratch, e->input->hub < e->list_count ? e->list_size[e->input->hub] : 0);
  for (uint32_t i = 0; i < e->count; i++) o->hub_row[i] = MATCH_NONE;
  for (uint32_t i = 0; i < e->count; i++) {
    if (!is_hub(e, i)) continue;
    uint32_t root = cluster_root(o->c, i);
    if (o->hub_row[root] == MATCH_NONE) o->hub_row[root] = i;
    if (!e->rows[i].household_no) continue;
    uint32_t *slot = table_at(&o->hub_number, e->rows[i].household_no);
    if (!*slot || (e->rows[i].flags & ROW_HEAD && !(e->rows[*slot - 1].flags & ROW_HEAD))) *slot = i + 1;
  }
}

/* The hub's row that stands for the person of `row`; of a person twice in the hub, the one in the
 * household whose number the row names. */
static uint32_t anchor_of(Outcome *o, uint32_t row) {
  const Engine *e = o->e;
  uint32_t anchor = o->hub_row[cluster_root(o->c, row)];
  if (anchor == MATCH_NONE || !e->rows[row].household_no) return anchor;
  uint32_t at = anchor;
  for (uint32_t steps = 0; steps < 16; steps++, at = o->c->next[at])
    if (is_hub(e, at) && e->rows[at].household_no == e->rows[row].household_no) return at;
  return anchor;
}

static void lend_household(Outcome *o, uint32_t row, uint32_t hub_row) {
  Clusters *c = o->c;
  Engine *e = o->e;
  house_unite(o, row, hub_row);
  if (c->state[row] != STATE_ALONE) return;
  c->state[row] = STATE_REVIEW;
  if (c->verdict_count == c->verdict_capacity) return; /* room was reserved */
  uint32_t left = row < hub_row ? row : hub_row, right = row < hub_row ? hub_row : row;
  c->verdicts[c->verdict_count++] = (Verdict){left, right, row_score(e, left, right).bits, 0, MATCH_REVIEW};
}

static void reserve_verdicts(Engine *e, Clusters *c, size_t more) {
  c->verdicts = arena_grow(e->scratch, c->verdicts, c->verdict_capacity * sizeof(Verdict),
                           (c->verdict_count + more) * sizeof(Verdict));
  c->verdict_capacity = c->verdict_count + more;
}

static void join_hub_households(Outcome *o) {
  const Engine *e = o->e;
  for (uint32_t i = 0; i < e->count; i++) {
    const Row *row = &e->rows[i];
    if (is_hub(e, i)) {
      uint32_t number = row->household_no ? table_get(&o->hub_number, row->household_no) : 0;
      if (row->group != MATCH_NONE)
        house_unite(o, i, e->group_rows[e->group_start[row->group]]);
      else if (number)
        house_unite(o, i, number - 1);
      continue;
    }
    uint32_t anchor = anchor_of(o, i);
    if (anchor != MATCH_NONE) house_unite(o, i, anchor);
  }
}

/* Rows whose person is not in the hub: by their number, by the other members of their household,
 * by what their own list and cluster say. */
static void join_other_households(Outcome *o) {
  Engine *e = o->e;
  Table numbers = table_new(e->scratch, e->count);
  uint32_t *group_anchor = arena_array(e->scratch, (size_t)e->group_count + 1, uint32_t);
  for (uint32_t i = 0; i < e->count; i++) {
    uint32_t group = e->rows[i].group;
    if (group == MATCH_NONE || is_hub(e, i) || group_anchor[group]) continue;
    uint32_t anchor = o->hub_row[cluster_root(o->c, i)];
    if (anchor != MATCH_NONE) group_anchor[group] = anchor + 1;
  }
  for (uint32_t i = 0; i < e->count; i++) {
    const Row *row = &e->rows[i];
    uint32_t root = cluster_root(o->c, i);
    if (is_hub(e, i) || o->hub_row[root] != MATCH_NONE) continue;
    uint32_t hub_number = row->household_no ? table_get(&o->hub_number, row->household_no) : 0;
    if (hub_number) {
      lend_household(o, i, hub_number - 1);
    } else if (row->group != MATCH_NONE && group_anchor[row->group]) {
      house_unite(o, i, group_anchor[row->group] - 1);
    } else if (row->group != MATCH_NONE) {
      house_unite(o, i, e->group_rows[e->group_start[row->group]]);
    } else if (row->household_no) {
      uint32_t *slot = table_at(&numbers, row->household_no);
      if (!*slot) *slot = i + 1;
      house_unite(o, i, *slot - 1);
    }
  }
}

/* The rows of a person outside the hub share a household, unless they were lent different ones. */
static void join_cluster_households(Outcome *o) {
  const Engine *e = o->e;
  bool *hub_house = arena_array(e->scratch, e->count, bool);
  for (uint32_t i = 0; i < e->count; i++)
    if (is_hub(e, i)) hub_house[house_root(o, i)] = true;
  for (uint32_t i = 0; i < e->count; i++) {
    uint32_t root = cluster_root(o->c, i);
    if (root == i || o->hub_row[root] != MATCH_NONE) continue;
    uint32_t x = house_root(o, i), y = house_root(o, root);
    if (x == y || (hub_house[x] && hub_house[y])) continue;
    bool hub = hub_house[x] || hub_house[y];
    house_unite(o, x, y);
    hub_house[house_root(o, x)] = hub;
  }
}

/* ---- events ---- */

static void add_event(Outcome *o, uint32_t *capacity, MatchEventKind kind, uint32_t row, uint32_t other) {
  const Engine *e = o->e;
  MatchResult *result = o->result;
  if (result->event_count == *capacity) {
    uint32_t larger = *capacity ? *capacity * 2 : 256;
    result->events =
        arena_grow(e->cx->arena, result->events, *capacity * sizeof(MatchEvent), larger * sizeof(MatchEvent));
    *capacity = larger;
  }
  uint32_t record = e->record[row], other_record = e->record[other];
  result->events[result->event_count++] = (MatchEvent){
      kind, e->rows[row].list, result->household[record], result->household[other_record], record, other_record};
}

static void find_events(Outcome *o) {
  const Engine *e = o->e;
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t capacity = 0;
  Table first = table_new(own, e->count), heads = table_new(own, e->count);
  for (uint32_t i = 0; i < e->count; i++)
    if (is_hub(e, i) && e->rows[i].flags & ROW_HEAD) {
      uint32_t *slot = table_at(&heads, o->result->household[e->record[i]]);
      if (!*slot) *slot = i + 1;
    }
  for (uint32_t record = 0; record < e->count; record++) {
    uint32_t i = e->row[record];
    const Row *row = &e->rows[i];
    if (is_hub(e, i) || !(row->flags & ROW_HOUSEHOLD)) continue;
    uint32_t household = o->result->household[record];
    uint32_t *slot = table_at(&first, (uint64_t)row->list << 32 | household);
    if (!*slot)
      *slot = i + 1;
    else if (o->result->person[e->record[*slot - 1]] != o->result->person[record])
      add_event(o, &capacity, MATCH_EVENT_SPLIT, *slot - 1, i);
    uint32_t anchor = o->hub_row[cluster_root(o->c, i)], head = table_get(&heads, household);
    if (anchor == MATCH_NONE) continue;
    if (row->flags & ROW_HEAD && head && o->result->person[e->record[head - 1]] != o->result->person[record])
      add_event(o, &capacity, MATCH_EVENT_HEAD_CHANGED, i, head - 1);
    uint32_t number = row->household_no ? table_get(&o->hub_number, row->household_no) : 0;
    if (number && o->result->household[e->record[number - 1]] != household)
      add_event(o, &capacity, MATCH_EVENT_MERGED, i, number - 1);
  }
}

void outcome(Engine *e, Clusters *c, MatchResult *result) {
  Arena *arena = e->cx->arena;
  Outcome o = {.e = e, .c = c, .result = result, .house = arena_array(e->scratch, e->count, uint32_t)};
  result->person = arena_array(arena, e->count, uint32_t);
  result->household = arena_array(arena, e->count, uint32_t);
  result->partner = arena_array(arena, e->count, uint32_t);
  result->bits = arena_array(arena, e->count, int32_t);
  result->state = arena_array(arena, e->count, uint8_t);
  for (uint32_t i = 0; i < e->count; i++) o.house[i] = i;
  index_hub(&o);
  reserve_verdicts(e, c, e->count);
  join_hub_households(&o);
  join_other_households(&o);
  join_cluster_households(&o);
  result->person_count = number_densely(e, e->scratch, person_root_of, &o, result->person);
  result->household_count = number_densely(e, e->scratch, house_root_of, &o, result->household);
  write_links(&o);
  for (uint32_t i = 0; i < e->count; i++) result->state[i] = c->state[e->row[i]];
  find_events(&o);
  result->compared = e->compared;
  result->truncated_blocks = e->truncated;
  result->notes = e->notes, result->note_count = e->note_count;
}
