/* Decisions: constraints, duplicates, one-to-one choice per pair of lists, and clusters over all lists.
 * A cluster holds one person: at most one row (or set of duplicates) of a list that is unique per
 * person, no two rows that are vetoed or that a person has told apart. */
#include "match/match_internal.h"

enum { MARGIN_ALONE = -30000 }; /* the runner-up where there is none */

uint32_t cluster_root(Clusters *c, uint32_t row) {
  while (c->parent[row] != row) row = c->parent[row] = c->parent[c->parent[row]];
  return row;
}

static void keep_verdict(Engine *e, Clusters *c, uint32_t a, uint32_t b, int32_t bits, int32_t margin,
                         uint8_t verdict) {
  if (c->verdict_count == c->verdict_capacity) {
    size_t capacity = c->verdict_capacity ? c->verdict_capacity * 2 : 4096;
    c->verdicts =
        arena_grow(e->scratch, c->verdicts, c->verdict_capacity * sizeof(Verdict), capacity * sizeof(Verdict));
    c->verdict_capacity = capacity;
  }
  c->verdicts[c->verdict_count++] = (Verdict){a < b ? a : b, a < b ? b : a, bits, margin, verdict};
}

static bool conflicting(Clusters *c, uint32_t a, uint32_t b) {
  if (!c->conflict_start) return false;
  uint32_t root_a = cluster_root(c, a), root_b = cluster_root(c, b);
  uint32_t small = c->size[root_a] <= c->size[root_b] ? root_a : root_b, other = small == root_a ? root_b : root_a;
  uint32_t at = small;
  do {
    for (uint32_t i = c->conflict_start[at]; i < c->conflict_start[at + 1]; i++)
      if (cluster_root(c, c->conflict_row[i]) == other) return true;
    at = c->next[at];
  } while (at != small);
  return false;
}

static void unite(Clusters *c, uint32_t a, uint32_t b) {
  uint32_t x = cluster_root(c, a), y = cluster_root(c, b);
  if (x == y) return;
  if (c->size[x] < c->size[y] || (c->size[x] == c->size[y] && y < x)) {
    uint32_t swap = x;
    x = y, y = swap;
  }
  c->parent[y] = x;
  c->size[x] += c->size[y];
  c->lists[x] |= c->lists[y];
  if (!c->id[x]) c->id[x] = c->id[y];
  uint32_t next = c->next[x];
  c->next[x] = c->next[y], c->next[y] = next;
}

/* Cautious: also keeps two valid numbers apart that nobody has compared. */
static bool may_unite(const Engine *e, Clusters *c, uint32_t a, uint32_t b, bool cautious) {
  uint32_t x = cluster_root(c, a), y = cluster_root(c, b);
  if (x == y) return true;
  if (c->lists[x] & c->lists[y]) return false;
  bool ids_differ = cautious && c->id[x] && c->id[y] && c->id[x] != c->id[y];
  if (ids_differ && !(e->rows[a].id && e->rows[b].id)) return false;
  return !conflicting(c, x, y);
}

/* ---- what must not join ---- */

static void count_conflict(uint32_t *start, uint32_t a, uint32_t b) { start[a + 2]++, start[b + 2]++; }

static void put_conflict(Clusters *c, uint32_t a, uint32_t b) {
  c->conflict_row[c->conflict_start[a + 1]++] = b;
  c->conflict_row[c->conflict_start[b + 1]++] = a;
}

static bool constraint_rows(const Engine *e, uint32_t i, uint32_t *ret_left, uint32_t *ret_right) {
  const MatchConstraint *constraint = &e->input->constraints[i];
  if (constraint->left >= e->count || constraint->right >= e->count || constraint->left == constraint->right)
    return false;
  *ret_left = e->row[constraint->left], *ret_right = e->row[constraint->right];
  return true;
}

static uint32_t spelling_root(uint32_t *parent, uint32_t row) {
  while (parent[row] != row) row = parent[row] = parent[parent[row]];
  return row;
}

/* Two spellings of a name that look incompatible are no conflict when other rows with the same valid
 * ID lead from one to the other: 罗健家, 罗建家, 罗建蒙. */
static void bridge_vetoes(Engine *e, Edge *edges, size_t edge_count) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t *parent = arena_array(own, e->count, uint32_t);
  for (uint32_t i = 0; i < e->count; i++) parent[i] = i;
  for (size_t i = 0; i < edge_count; i++)
    if (edges[i].same_id) parent[spelling_root(parent, edges[i].left)] = spelling_root(parent, edges[i].right);
  for (size_t i = 0; i < edge_count; i++)
    if (edges[i].kind == EDGE_VETO && e->rows[edges[i].left].list != e->rows[edges[i].right].list &&
        spelling_root(parent, edges[i].left) == spelling_root(parent, edges[i].right))
      edges[i].kind = EDGE_BRIDGED;
}

static void index_conflicts(Engine *e, Clusters *c, const Edge *edges, size_t edge_count) {
  uint32_t a, b;
  uint32_t *start = arena_array(e->scratch, (size_t)e->count + 3, uint32_t);
  for (size_t i = 0; i < edge_count; i++)
    if (edges[i].kind == EDGE_VETO) count_conflict(start, edges[i].left, edges[i].right);
  for (uint32_t i = 0; i < e->input->constraint_count; i++)
    if (!e->input->constraints[i].link && constraint_rows(e, i, &a, &b)) count_conflict(start, a, b);
  for (uint32_t i = 0; i <= e->count; i++) start[i + 1] += start[i];
  if (!start[e->count + 1]) return;
  c->conflict_start = start;
  c->conflict_row = arena_array(e->scratch, start[e->count + 1], uint32_t);
  for (size_t i = 0; i < edge_count; i++)
    if (edges[i].kind == EDGE_VETO) put_conflict(c, edges[i].left, edges[i].right);
  for (uint32_t i = 0; i < e->input->constraint_count; i++)
    if (!e->input->constraints[i].link && constraint_rows(e, i, &a, &b)) put_conflict(c, a, b);
}

/* ---- constraints and duplicates ---- */

static void told_apart_twice(Engine *e, uint32_t a, uint32_t b) {
  uint32_t left = e->record[a], right = e->record[b];
  engine_note(e, str_format(e->cx->arena,
                            "人工认定有矛盾：第 %u 条与第 %u 条记录既被认定为同一人，又被认定为不同的人；请重新核对。",
                            (left < right ? left : right) + 1, (left < right ? right : left) + 1));
}

/* A person's word outweighs vetoes of the engine, but not another person's word. */
static bool told_apart(const Engine *e, Clusters *c, uint32_t a, uint32_t b) {
  uint32_t x, y, root_a = cluster_root(c, a), root_b = cluster_root(c, b);
  for (uint32_t i = 0; i < e->input->constraint_count; i++) {
    if (e->input->constraints[i].link || !constraint_rows(e, i, &x, &y)) continue;
    uint32_t root_x = cluster_root(c, x), root_y = cluster_root(c, y);
    if ((root_x == root_a && root_y == root_b) || (root_x == root_b && root_y == root_a)) return true;
  }
  return false;
}

static void apply_constraints(Engine *e, Clusters *c) {
  uint32_t a, b;
  for (uint32_t i = 0; i < e->input->constraint_count; i++) {
    if (!e->input->constraints[i].link || !constraint_rows(e, i, &a, &b)) continue;
    if (conflicting(c, a, b) && told_apart(e, c, a, b)) {
      told_apart_twice(e, a, b);
      continue;
    }
    unite(c, a, b);
    keep_verdict(e, c, a, b, row_score(e, a < b ? a : b, a < b ? b : a).bits, 0, MATCH_DECIDED);
  }
  for (uint32_t i = 0; i < e->input->constraint_count; i++)
    if (!e->input->constraints[i].link && constraint_rows(e, i, &a, &b) && cluster_root(c, a) == cluster_root(c, b) &&
        a != b)
      told_apart_twice(e, a, b);
}

static void apply_duplicates(Engine *e, Clusters *c, const Edge *edges, size_t edge_count) {
  for (size_t i = 0; i < edge_count; i++) {
    const Edge *edge = &edges[i];
    if (edge->kind == EDGE_VETO) keep_verdict(e, c, edge->left, edge->right, edge->bits, 0, MATCH_VETO);
    if (edge->kind != EDGE_DUPLICATE || conflicting(c, edge->left, edge->right)) continue;
    unite(c, edge->left, edge->right);
    uint8_t verdict = list_unique(e, e->rows[edge->left].list) ? MATCH_DUPLICATE : MATCH_AUTO;
    keep_verdict(e, c, edge->left, edge->right, edge->bits, 0, verdict);
  }
}

/* ---- one pair of lists ---- */

typedef struct Segment { /* the edges of one pair of lists, between units (rows or sets of duplicates) */
  const Edge **edges;    /* best edge of each pair of units */
  AssignEdge *units;
  bool *chosen;
  size_t count;
  uint32_t left_count, right_count;
  int32_t *left_bits, *right_bits; /* of the edge each unit is assigned by; INT32_MIN none */
  int32_t *left_best, *right_best; /* strongest rival edge at each unit */
} Segment;

static int32_t higher(int32_t a, int32_t b) { return a > b ? a : b; }

/* A rival counts unless its other end is clearly better placed elsewhere. */
static int32_t rival_bits(const Engine *e, const Segment *s, size_t i, bool at_left) {
  const AssignEdge *edge = &s->units[i];
  int32_t placed = at_left ? s->right_bits[edge->right] : s->left_bits[edge->left];
  return placed >= e->model->automatic && placed - edge->bits >= e->model->margin ? MARGIN_ALONE : edge->bits;
}

static void find_margins(Engine *e, Arena *arena, Segment *s) {
  s->left_bits = arena_array(arena, s->left_count, int32_t), s->left_best = arena_array(arena, s->left_count, int32_t);
  s->right_bits = arena_array(arena, s->right_count, int32_t),
  s->right_best = arena_array(arena, s->right_count, int32_t);
  for (uint32_t i = 0; i < s->left_count; i++) s->left_bits[i] = INT32_MIN / 2, s->left_best[i] = MARGIN_ALONE;
  for (uint32_t i = 0; i < s->right_count; i++) s->right_bits[i] = INT32_MIN / 2, s->right_best[i] = MARGIN_ALONE;
  for (size_t i = 0; i < s->count; i++)
    if (s->chosen[i]) {
      const AssignEdge *edge = &s->units[i];
      s->left_bits[edge->left] = higher(s->left_bits[edge->left], edge->bits);
      s->right_bits[edge->right] = higher(s->right_bits[edge->right], edge->bits);
    }
  for (size_t i = 0; i < s->count; i++)
    if (!s->chosen[i]) {
      const AssignEdge *edge = &s->units[i];
      s->left_best[edge->left] = higher(s->left_best[edge->left], rival_bits(e, s, i, true));
      s->right_best[edge->right] = higher(s->right_best[edge->right], rival_bits(e, s, i, false));
    }
}

/* Where a list may hold several rows of a person, each of its rows simply takes its best. */
static void choose_best(Segment *s, Arena *arena, bool left_unique, bool right_unique) {
  size_t *left = arena_array(arena, s->left_count, size_t), *right = arena_array(arena, s->right_count, size_t);
  for (size_t i = 0; i < s->count; i++) {
    size_t *a = &left[s->units[i].left], *b = &right[s->units[i].right];
    if (!*a || s->units[i].bits > s->units[*a - 1].bits) *a = i + 1;
    if (!*b || s->units[i].bits > s->units[*b - 1].bits) *b = i + 1;
  }
  for (size_t i = 0; i < s->count; i++)
    s->chosen[i] =
        (!left_unique && left[s->units[i].left] == i + 1) || (!right_unique && right[s->units[i].right] == i + 1);
}

static void build_segment(Clusters *c, Arena *arena, const Edge **edges, size_t count, Segment *ret_segment) {
  Segment s = {.edges = arena_array(arena, count, const Edge *), .units = arena_array(arena, count, AssignEdge)};
  Table lefts = table_new(arena, count), rights = table_new(arena, count), known = table_new(arena, count);
  for (size_t i = 0; i < count; i++) {
    uint32_t *left = table_at(&lefts, cluster_root(c, edges[i]->left));
    uint32_t *right = table_at(&rights, cluster_root(c, edges[i]->right));
    if (!*left) *left = ++s.left_count;
    if (!*right) *right = ++s.right_count;
    uint32_t *slot = table_at(&known, (uint64_t)*left << 32 | *right);
    if (!*slot) {
      *slot = (uint32_t)++s.count;
    } else if (edges[i]->bits <= s.units[*slot - 1].bits) {
      continue;
    }
    s.edges[*slot - 1] = edges[i];
    s.units[*slot - 1] = (AssignEdge){*left - 1, *right - 1, edges[i]->bits};
  }
  s.chosen = arena_array(arena, s.count, bool);
  *ret_segment = s;
}

typedef struct Choice { /* an edge chosen one-to-one, with its margin */
  const Edge *edge;
  int32_t margin;
  bool automatic;
} Choice;

typedef struct Choices {
  Choice *data;
  size_t count;
} Choices;

static void decide_segment(Engine *e, Clusters *c, const Edge **edges, size_t count, Choices *choices) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  Segment s;
  bool left_unique = list_unique(e, e->rows[edges[0]->left].list),
       right_unique = list_unique(e, e->rows[edges[0]->right].list);
  build_segment(c, own, edges, count, &s);
  if (left_unique && right_unique)
    assign(own, s.units, s.count, s.left_count, s.right_count, s.chosen);
  else
    choose_best(&s, own, left_unique, right_unique);
  find_margins(e, own, &s);
  for (size_t i = 0; i < s.count; i++) {
    if (!s.chosen[i]) continue;
    const AssignEdge *unit = &s.units[i];
    int32_t margin = unit->bits - higher(s.left_best[unit->left], s.right_best[unit->right]);
    bool automatic = s.edges[i]->kind == EDGE_FREE && unit->bits >= e->model->automatic && margin >= e->model->margin;
    choices->data[choices->count++] = (Choice){s.edges[i], margin, automatic};
  }
}

static void decide_lists(Engine *e, Clusters *c, const Edge *edges, size_t edge_count, Choices *choices) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *keys = arena_array(own, edge_count, uint64_t);
  uint32_t *order = arena_array(own, edge_count, uint32_t);
  size_t count = 0;
  for (size_t i = 0; i < edge_count; i++) {
    const Edge *edge = &edges[i];
    if (edge->kind != EDGE_FREE && edge->kind != EDGE_CAPPED) continue;
    if (cluster_root(c, edge->left) == cluster_root(c, edge->right) || conflicting(c, edge->left, edge->right))
      continue;
    keys[count] = (uint64_t)e->rows[edge->left].list << 32 | e->rows[edge->right].list;
    order[count++] = (uint32_t)i;
  }
  sort_keys(keys, order, count);
  const Edge **sorted = arena_array(own, count, const Edge *);
  for (size_t i = 0; i < count; i++) sorted[i] = &edges[order[i]];
  choices->data = arena_array(e->scratch, count, Choice);
  for (size_t from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && keys[to] == keys[from];) to++;
    decide_segment(e, c, sorted + from, to - from, choices);
  }
}

/* ---- clusters ---- */

static void raise_state(Clusters *c, uint32_t row, MatchState state) {
  static const uint8_t RANK[] = {[STATE_AUTO] = 1, [STATE_DECIDED] = 3, [STATE_REVIEW] = 2, [STATE_ALONE] = 0};
  if (RANK[state] > RANK[c->state[row]]) c->state[row] = (uint8_t)state;
}

/* Strongest first; hub links before others of the same weight, since keys follow the rows' order. */
static void order_choices(const Choices *choices, Arena *arena, uint32_t *ret_order) {
  uint64_t *keys = arena_array(arena, choices->count, uint64_t);
  for (size_t i = 0; i < choices->count; i++) {
    keys[i] = (uint64_t)choices->data[i].edge->left << 32 | choices->data[i].edge->right;
    ret_order[i] = (uint32_t)i;
  }
  sort_keys(keys, ret_order, choices->count);
  for (size_t i = 0; i < choices->count; i++)
    keys[i] = (uint64_t)(INT32_MAX - (int64_t)choices->data[ret_order[i]].edge->bits);
  sort_keys(keys, ret_order, choices->count);
}

static bool has_hub(const Engine *e, const Clusters *c, uint32_t root) {
  return e->input->hub < 63 && c->lists[root] >> e->input->hub & 1;
}

static void mark_cluster(Clusters *c, uint32_t root, MatchState state) {
  uint32_t at = root;
  do {
    raise_state(c, at, state);
    at = c->next[at];
  } while (at != root);
}

/* A link for review lends the person's number to the side that is not anchored in the hub; all of
 * that side becomes review, so that nothing is linked automatically through it. */
static void review_link(Engine *e, Clusters *c, const Choice *choice) {
  uint32_t a = choice->edge->left, b = choice->edge->right;
  uint32_t x = cluster_root(c, a), y = cluster_root(c, b);
  bool weak = choice->edge->bits < e->model->automatic;
  if (x == y || !may_unite(e, c, a, b, weak)) return;
  bool hub_x = has_hub(e, c, x), hub_y = has_hub(e, c, y);
  if (hub_x && hub_y) return;
  if (!hub_x && (hub_y || c->size[x] <= c->size[y] || e->input->hub == MATCH_NONE)) mark_cluster(c, x, STATE_REVIEW);
  if (!hub_y && (hub_x || c->size[y] < c->size[x] || e->input->hub == MATCH_NONE)) mark_cluster(c, y, STATE_REVIEW);
  raise_state(c, a, STATE_REVIEW);
  raise_state(c, b, STATE_REVIEW);
  unite(c, a, b);
  keep_verdict(e, c, a, b, choice->edge->bits, choice->margin, MATCH_REVIEW);
}

/* Two rows of one list that may be one person: unless another list has a row of each, one of them is lent
 * the other's person. */
static void review_duplicate(Engine *e, Clusters *c, const Edge *edge) {
  uint32_t a = edge->left, b = edge->right, list = e->rows[a].list;
  uint32_t x = cluster_root(c, a), y = cluster_root(c, b);
  uint64_t own = (uint64_t)1 << (list < 63 ? list : 63), shared = c->lists[x] & c->lists[y];
  bool ids_differ = c->id[x] && c->id[y] && c->id[x] != c->id[y];
  if (x == y || shared & ~own || ids_differ || conflicting(c, a, b)) return;
  mark_cluster(c, c->size[x] < c->size[y] ? x : y, STATE_REVIEW);
  raise_state(c, a, STATE_REVIEW);
  raise_state(c, b, STATE_REVIEW);
  unite(c, a, b);
  keep_verdict(e, c, a, b, edge->bits, 0, MATCH_REVIEW);
}

static void review_duplicates(Engine *e, Clusters *c, const Edge *edges, size_t edge_count) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *keys = arena_array(own, edge_count, uint64_t);
  uint32_t *order = arena_array(own, edge_count, uint32_t);
  size_t count = 0;
  for (size_t i = 0; i < edge_count; i++) {
    if (edges[i].kind != EDGE_DOUBTFUL) continue;
    keys[count] = (uint64_t)(INT32_MAX - (int64_t)edges[i].bits), order[count++] = (uint32_t)i; /* strongest first */
  }
  sort_keys(keys, order, count);
  for (size_t i = 0; i < count; i++) review_duplicate(e, c, &edges[order[i]]);
}

static bool touches_hub(const Engine *e, const Choice *choice) {
  return e->rows[choice->edge->left].list == e->input->hub || e->rows[choice->edge->right].list == e->input->hub;
}

static void build_clusters(Engine *e, Clusters *c, const Choices *choices, const Edge *edges, size_t edge_count) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t *order = arena_array(own, choices->count, uint32_t);
  order_choices(choices, own, order);
  bool *left_over = arena_array(own, choices->count, bool);
  for (size_t i = 0; i < choices->count; i++) {
    const Choice *choice = &choices->data[order[i]];
    uint32_t a = choice->edge->left, b = choice->edge->right;
    left_over[i] = true;
    if (!choice->automatic || !may_unite(e, c, a, b, true)) continue;
    left_over[i] = false;
    if (cluster_root(c, a) == cluster_root(c, b)) continue;
    unite(c, a, b);
    keep_verdict(e, c, a, b, choice->edge->bits, choice->margin, MATCH_AUTO);
  }
  for (size_t i = 0; i < c->verdict_count; i++) {
    const Verdict *v = &c->verdicts[i];
    if (v->verdict == MATCH_VETO) continue;
    MatchState state = v->verdict == MATCH_DECIDED ? STATE_DECIDED : STATE_AUTO;
    raise_state(c, v->left, state), raise_state(c, v->right, state);
  }
  review_duplicates(e, c, edges, edge_count);
  for (int hub = 1; hub >= 0; hub--) /* the reference's rows first */
    for (size_t i = 0; i < choices->count; i++)
      if (left_over[i] && touches_hub(e, &choices->data[order[i]]) == (hub == 1))
        review_link(e, c, &choices->data[order[i]]);
}

void decide(Engine *e, Edge *edges, size_t edge_count, Clusters *c) {
  uint32_t n = e->count;
  *c = (Clusters){.parent = arena_array(e->scratch, n, uint32_t),
                  .size = arena_array(e->scratch, n, uint32_t),
                  .next = arena_array(e->scratch, n, uint32_t),
                  .lists = arena_array(e->scratch, n, uint64_t),
                  .id = arena_array(e->scratch, n, uint64_t),
                  .state = arena_array(e->scratch, n, uint8_t)};
  for (uint32_t i = 0; i < n; i++) {
    uint32_t list = e->rows[i].list;
    c->parent[i] = c->next[i] = i, c->size[i] = 1;
    c->lists[i] = list_unique(e, list) || list == e->input->hub ? (uint64_t)1 << (list < 63 ? list : 63) : 0;
    c->id[i] = e->rows[i].id;
    c->state[i] = STATE_ALONE;
  }
  duplicate_margins(e, edges, edge_count);
  bridge_vetoes(e, edges, edge_count);
  index_conflicts(e, c, edges, edge_count);
  apply_constraints(e, c);
  apply_duplicates(e, c, edges, edge_count);
  Choices choices = {0};
  decide_lists(e, c, edges, edge_count, &choices);
  build_clusters(e, c, &choices, edges, edge_count);
}
