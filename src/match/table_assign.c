/* One to one: the choice of greatest total weight. */
#include "match/table_internal.h"

void table_assign(TableEngine *t, bool *ret_chosen) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  size_t count = 0;
  AssignEdge *edges = arena_array(own, t->candidate_count, AssignEdge);
  uint32_t *index = arena_array(own, t->candidate_count, uint32_t);
  bool *chosen = arena_array(own, t->candidate_count, bool);
  for (size_t i = 0; i < t->candidate_count; i++) {
    if (t->candidates[i].bits < -4000) continue;
    edges[count] = (AssignEdge){t->candidates[i].left, t->candidates[i].right, t->candidates[i].bits};
    index[count++] = (uint32_t)i;
  }
  assign(own, edges, count, t->rows[0], t->rows[1], chosen);
  for (size_t i = 0; i < count; i++) ret_chosen[index[i]] = chosen[i];
}
