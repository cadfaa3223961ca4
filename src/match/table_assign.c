/* One to one. Among the pairs that are likelier than not, the choice of greatest total weight, exact for each connected
 * component; then, of what is left over, best first. Rows that remain on both sides when nearly all have found their
 * partner are likelier to belong together than any two rows at random: their prior is raised accordingly. */
#include "match/table_internal.h"

enum { EXACT_NODES = 160, LEFT_OVER_MOST = 6000, LEFT_OVER_LEAST_BITS = -8000 };
static const uint64_t EXACT_WORK = 4000000000ULL; /* steps of all components together; then best first */

typedef struct Assigner {
  TableEngine *t;
  Arena *arena;
  bool *chosen;
  uint32_t *parent;      /* nodes: left rows, then right rows */
  uint32_t *local;       /* node -> row or column of the matrix */
  bool *taken;           /* node */
  int64_t *cost;         /* EXACT_NODES x EXACT_NODES */
  uint64_t work, greedy; /* greedy: components that were too large */
} Assigner;

static uint32_t root_of(uint32_t *parent, uint32_t node) {
  while (parent[node] != node) node = parent[node] = parent[parent[node]];
  return node;
}

static uint32_t left_node(const Candidate *c) { return c->left; }
static uint32_t right_node(const Assigner *a, const Candidate *c) { return a->t->rows[0] + c->right; }

static void take(Assigner *a, uint32_t index) {
  const Candidate *c = &a->t->candidates[index];
  a->chosen[index] = a->taken[left_node(c)] = a->taken[right_node(a, c)] = true;
}

/* Hungarian method with potentials, rows <= columns; 0 is "no pair". */
static void hungarian(const int64_t *cost, int rows, int columns, int *ret_row_of) {
  int64_t u[EXACT_NODES + 1] = {0}, v[EXACT_NODES + 1] = {0}, least[EXACT_NODES + 1];
  int way[EXACT_NODES + 1] = {0}, *row_of = ret_row_of;
  bool used[EXACT_NODES + 1];
  for (int j = 0; j <= columns; j++) row_of[j] = 0;
  for (int i = 1; i <= rows; i++) {
    int column = 0;
    row_of[0] = i;
    for (int j = 0; j <= columns; j++) least[j] = INT64_MAX, used[j] = false;
    do {
      int row = row_of[column], next = 0;
      int64_t delta = INT64_MAX;
      used[column] = true;
      for (int j = 1; j <= columns; j++) {
        if (used[j]) continue;
        int64_t reduced = cost[(row - 1) * EXACT_NODES + j - 1] - u[row] - v[j];
        if (reduced < least[j]) least[j] = reduced, way[j] = column;
        if (least[j] < delta) delta = least[j], next = j;
      }
      for (int j = 0; j <= columns; j++)
        if (used[j])
          u[row_of[j]] += delta, v[j] -= delta;
        else if (least[j] != INT64_MAX)
          least[j] -= delta;
      column = next;
    } while (row_of[column]);
    while (column) row_of[column] = row_of[way[column]], column = way[column];
  }
}

static void component_greedy(Assigner *a, const uint32_t *edges, size_t count) {
  uint64_t *keys = arena_array(a->arena, count, uint64_t);
  uint32_t *order = arena_array(a->arena, count, uint32_t);
  for (size_t i = 0; i < count; i++)
    keys[i] = (uint64_t)((int64_t)INT32_MAX - a->t->candidates[edges[i]].bits), order[i] = edges[i];
  sort_keys(keys, order, count);
  for (size_t i = 0; i < count; i++) {
    const Candidate *c = &a->t->candidates[order[i]];
    if (!a->taken[left_node(c)] && !a->taken[right_node(a, c)]) take(a, order[i]);
  }
}

static void component_exact(Assigner *a, const uint32_t *edges, size_t count, int lefts, int rights) {
  bool turned = lefts > rights;
  int rows = turned ? rights : lefts, columns = turned ? lefts : rights, row_of[EXACT_NODES + 1];
  for (int i = 0; i < rows; i++) memset(a->cost + i * EXACT_NODES, 0, (size_t)columns * sizeof *a->cost);
  for (size_t i = 0; i < count; i++) {
    const Candidate *c = &a->t->candidates[edges[i]];
    uint32_t row = a->local[left_node(c)], column = a->local[right_node(a, c)];
    a->cost[turned ? column * EXACT_NODES + row : row * EXACT_NODES + column] = -(int64_t)c->bits;
  }
  hungarian(a->cost, rows, columns, row_of);
  for (size_t i = 0; i < count; i++) {
    const Candidate *c = &a->t->candidates[edges[i]];
    uint32_t row = a->local[left_node(c)], column = a->local[right_node(a, c)];
    if (row_of[(turned ? row : column) + 1] == (int)(turned ? column : row) + 1) take(a, edges[i]);
  }
}

static void component_assign(Assigner *a, const uint32_t *edges, size_t count) {
  if (count == 1) {
    take(a, edges[0]);
    return;
  }
  uint32_t lefts = 0, rights = 0;
  for (size_t i = 0; i < count; i++) {
    const Candidate *c = &a->t->candidates[edges[i]];
    a->local[left_node(c)] = a->local[right_node(a, c)] = UINT32_MAX;
  }
  for (size_t i = 0; i < count; i++) {
    const Candidate *c = &a->t->candidates[edges[i]];
    uint32_t *left = &a->local[left_node(c)], *right = &a->local[right_node(a, c)];
    if (*left == UINT32_MAX) *left = lefts++;
    if (*right == UINT32_MAX) *right = rights++;
  }
  uint64_t fewer = lefts < rights ? lefts : rights, work = fewer * fewer * (lefts + rights - fewer);
  if (lefts > EXACT_NODES || rights > EXACT_NODES || a->work + work > EXACT_WORK) {
    a->greedy++;
    component_greedy(a, edges, count);
    return;
  }
  a->work += work;
  component_exact(a, edges, count, (int)lefts, (int)rights);
}

static void assign_likely(Assigner *a) {
  TableEngine *t = a->t;
  uint64_t *keys = arena_array(a->arena, t->candidate_count, uint64_t);
  uint32_t *order = arena_array(a->arena, t->candidate_count, uint32_t);
  size_t count = 0;
  for (size_t i = 0; i < t->candidate_count; i++) {
    if (t->candidates[i].bits <= 0) continue;
    uint32_t left = root_of(a->parent, left_node(&t->candidates[i])),
             right = root_of(a->parent, right_node(a, &t->candidates[i]));
    a->parent[left < right ? right : left] = left < right ? left : right;
    order[count++] = (uint32_t)i;
  }
  for (size_t i = 0; i < count; i++) keys[i] = root_of(a->parent, left_node(&t->candidates[order[i]]));
  sort_keys(keys, order, count);
  for (size_t from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && keys[to] == keys[from];) to++;
    component_assign(a, order + from, to - from);
  }
}

/* How much likelier two left-over rows are than two rows at random, in milli-bits. */
static int32_t left_over_bits(const Assigner *a) {
  const TableEngine *t = a->t;
  double matches = 0;
  for (size_t i = 0; i < t->candidate_count; i++)
    if (a->chosen[i]) matches += table_millionths(t->candidates[i].bits) / 1e6;
  double left = t->rows[0] - matches, right = t->rows[1] - matches, rest = t->expected - matches;
  if (left < 1) left = 1;
  if (right < 1) right = 1;
  if (rest < 0.25) rest = 0.25; /* one more is always possible */
  double ratio = rest / (left * right) * t->all_pairs / (matches > 1 ? matches : 1);
  int32_t bits = ratio > 1 ? log2_of(ratio) : 0;
  return bits > LEFT_OVER_MOST ? LEFT_OVER_MOST : bits;
}

static void assign_rest(Assigner *a) {
  TableEngine *t = a->t;
  int32_t more = left_over_bits(a);
  uint32_t *rest = arena_array(a->arena, t->candidate_count, uint32_t);
  size_t count = 0;
  for (size_t i = 0; i < t->candidate_count; i++) {
    Candidate *c = &t->candidates[i];
    if (c->bits > 0 || c->bits < LEFT_OVER_LEAST_BITS || a->taken[left_node(c)] || a->taken[right_node(a, c)]) continue;
    c->bits += more, c->raised = more > 0;
    rest[count++] = (uint32_t)i;
  }
  component_greedy(a, rest, count);
}

void table_assign(TableEngine *t, bool *ret_chosen) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t nodes = t->rows[0] + t->rows[1];
  Assigner a = {.t = t,
                .arena = own,
                .chosen = ret_chosen,
                .parent = arena_array(own, nodes, uint32_t),
                .local = arena_array(own, nodes, uint32_t),
                .taken = arena_array(own, nodes, bool),
                .cost = arena_array(own, (size_t)EXACT_NODES * EXACT_NODES, int64_t)};
  for (uint32_t i = 0; i < nodes; i++) a.parent[i] = i;
  assign_likely(&a);
  assign_rest(&a);
  if (a.greedy)
    table_note(t, str_format(t->cx->arena, "%llu 组相连的候选太大，一对一时按概率从高到低选取。",
                             (unsigned long long)a.greedy));
}
