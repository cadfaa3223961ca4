/* One-to-one assignment of greatest total weight, exact per connected component up to a size. */
#include "match/match_internal.h"

enum { EXACT_SIZE = 16 };

/* Hungarian method with potentials on an n x n matrix of costs (rows to columns), n <= EXACT_SIZE. */
static void hungarian(int64_t cost[EXACT_SIZE][EXACT_SIZE], int n, int ret_column_of[EXACT_SIZE]) {
  int64_t u[EXACT_SIZE + 1] = {0}, v[EXACT_SIZE + 1] = {0};
  int row_of[EXACT_SIZE + 1] = {0}, way[EXACT_SIZE + 1] = {0};
  for (int i = 1; i <= n; i++) {
    int64_t least[EXACT_SIZE + 1];
    bool used[EXACT_SIZE + 1] = {false};
    int column = 0;
    row_of[0] = i;
    for (int j = 0; j <= n; j++) least[j] = INT64_MAX;
    do {
      int row = row_of[column], next = 0;
      int64_t delta = INT64_MAX;
      used[column] = true;
      for (int j = 1; j <= n; j++) {
        if (used[j]) continue;
        int64_t reduced = cost[row - 1][j - 1] - u[row] - v[j];
        if (reduced < least[j]) least[j] = reduced, way[j] = column;
        if (least[j] < delta) delta = least[j], next = j;
      }
      for (int j = 0; j <= n; j++)
        if (used[j])
          u[row_of[j]] += delta, v[j] -= delta;
        else if (least[j] != INT64_MAX)
          least[j] -= delta;
      column = next;
    } while (row_of[column]);
    while (column) row_of[column] = row_of[way[column]], column = way[column];
  }
  for (int j = 1; j <= n; j++) ret_column_of[row_of[j] - 1] = j - 1;
}

typedef struct Assigner {
  const AssignEdge *edges;
  bool *chosen;
  uint32_t left_count;
  uint32_t *local; /* node -> index within its component */
  uint32_t *parent;
} Assigner;

static uint32_t root_of(uint32_t *parent, uint32_t node) {
  while (parent[node] != node) node = parent[node] = parent[parent[node]];
  return node;
}

static void assign_exact(Assigner *a, const uint32_t *component, size_t count, int n) {
  int64_t cost[EXACT_SIZE][EXACT_SIZE] = {{0}}; /* not assigned costs nothing; weights are made positive */
  int column_of[EXACT_SIZE] = {0};
  for (size_t i = 0; i < count; i++) {
    const AssignEdge *edge = &a->edges[component[i]];
    int64_t value = -((int64_t)edge->bits + 4000) * 4096 + (int64_t)i; /* stable among equals */
    cost[a->local[edge->left]][a->local[a->left_count + edge->right]] = value;
  }
  hungarian(cost, n, column_of);
  for (size_t i = 0; i < count; i++) {
    const AssignEdge *edge = &a->edges[component[i]];
    a->chosen[component[i]] =
        column_of[a->local[edge->left]] == (int)a->local[a->left_count + edge->right] && edge->bits > -4000;
  }
}

static void assign_greedy(Assigner *a, Arena *arena, const uint32_t *component, size_t count) {
  uint64_t *keys = arena_array(arena, count, uint64_t);
  uint32_t *order = arena_array(arena, count, uint32_t);
  for (size_t i = 0; i < count; i++) {
    keys[i] = (uint64_t)(uint32_t)(INT32_MAX - a->edges[component[i]].bits);
    order[i] = component[i];
    a->local[a->edges[component[i]].left] = a->local[a->left_count + a->edges[component[i]].right] = 0;
  }
  sort_keys(keys, order, count);
  for (size_t i = 0; i < count; i++) {
    const AssignEdge *edge = &a->edges[order[i]];
    uint32_t *left = &a->local[edge->left], *right = &a->local[a->left_count + edge->right];
    if (*left || *right) continue;
    *left = *right = 1;
    a->chosen[order[i]] = true;
  }
}

static void assign_component(Assigner *a, Arena *arena, const uint32_t *component, size_t count) {
  if (count == 1) {
    a->chosen[component[0]] = true;
    return;
  }
  uint32_t lefts = 0, rights = 0;
  for (size_t i = 0; i < count; i++)
    a->local[a->edges[component[i]].left] = a->local[a->left_count + a->edges[component[i]].right] = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    uint32_t *left = &a->local[a->edges[component[i]].left];
    uint32_t *right = &a->local[a->left_count + a->edges[component[i]].right];
    if (*left == UINT32_MAX) *left = lefts++;
    if (*right == UINT32_MAX) *right = rights++;
  }
  uint32_t n = lefts > rights ? lefts : rights;
  if (n <= EXACT_SIZE)
    assign_exact(a, component, count, (int)n);
  else
    assign_greedy(a, arena, component, count);
}

void assign(Arena *arena, const AssignEdge *edges, size_t edge_count, uint32_t left_count, uint32_t right_count,
            bool *ret_chosen) {
  uint32_t nodes = left_count + right_count;
  Assigner a = {edges, ret_chosen, left_count, arena_array(arena, nodes, uint32_t),
                arena_array(arena, nodes, uint32_t)};
  for (uint32_t i = 0; i < nodes; i++) a.parent[i] = i;
  for (size_t i = 0; i < edge_count; i++) {
    uint32_t left = root_of(a.parent, edges[i].left), right = root_of(a.parent, left_count + edges[i].right);
    if (left < right)
      a.parent[right] = left;
    else
      a.parent[left] = right;
  }
  uint64_t *keys = arena_array(arena, edge_count, uint64_t);
  uint32_t *order = arena_array(arena, edge_count, uint32_t);
  for (size_t i = 0; i < edge_count; i++) keys[i] = root_of(a.parent, edges[i].left), order[i] = (uint32_t)i;
  sort_keys(keys, order, edge_count);
  for (size_t from = 0, to; from < edge_count; from = to) {
    for (to = from + 1; to < edge_count && keys[to] == keys[from];) to++;
    assign_component(&a, arena, order + from, to - from);
  }
}
