/* The run: rows, exact links, blocks, scores, households, decisions, outcome. */
#include "match/match_internal.h"

typedef struct EdgeList {
  Arena *arena;
  Edge *data;
  size_t size, capacity;
} EdgeList;

static void edge_add(EdgeList *list, Edge edge) {
  if (list->size == list->capacity) {
    Arena *arena = arena_new();
    size_t capacity = list->capacity ? list->capacity * 2 : CHUNK;
    Edge *data = arena_array(arena, capacity, Edge);
    if (list->size) memcpy(data, list->data, list->size * sizeof *data);
    if (list->arena) arena_free(list->arena);
    list->arena = arena, list->data = data, list->capacity = capacity;
  }
  list->data[list->size++] = edge;
}

typedef struct Scoring {
  const Engine *e;
  const Pairs *pairs;
  EdgeList *edges; /* by chunk */
} Scoring;

/* Pairs are scored one by one, each from its two rows only. */
static void score_chunk(void *of_scoring, uint32_t chunk) {
  const Scoring *s = of_scoring;
  for (size_t i = (size_t)chunk * CHUNK, end = chunk_end(chunk, s->pairs->size); i < end; i++) {
    uint32_t left = (uint32_t)(s->pairs->data[i] >> 32), right = (uint32_t)s->pairs->data[i];
    MatchPair pair = row_score(s->e, left, right);
    uint8_t kind;
    if (edge_classify(s->e, &pair, &kind))
      edge_add(&s->edges[chunk], (Edge){left, right, pair.bits, kind, edge_bridges(&pair, kind)});
  }
}

static void score_pairs(Engine *e, const Pairs *pairs, EdgeList *edges) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t chunks = chunks_of(pairs->size);
  Scoring scoring = {e, pairs, arena_array(own, chunks, EdgeList)};
  parallel(e->input->threads, chunks, score_chunk, &scoring);
  edges->size = 0;
  for (uint32_t i = 0; i < chunks; i++) {
    const EdgeList *list = &scoring.edges[i];
    for (size_t k = 0; k < list->size; k++) edge_add(edges, list->data[k]);
    if (list->arena) arena_free(list->arena);
  }
  e->compared += pairs->size;
}

/* Links that vouch for their households: strong in themselves. */
static size_t strong_links(const Engine *e, const EdgeList *edges, Edge *ret_links) {
  size_t count = 0;
  for (size_t i = 0; i < edges->size; i++)
    if (edges->data[i].kind == EDGE_FREE && edges->data[i].bits >= e->model->automatic + e->model->margin)
      ret_links[count++] = edges->data[i];
  return count;
}

static void household_round(Engine *e, Pairs *pairs, EdgeList *edges) {
  Edge *links = arena_array(e->scratch, edges->size, Edge);
  size_t count = strong_links(e, edges, links);
  household_pass(e, links, count, pairs);
  if (!e->member_links.keys) return;
  pairs_sort(pairs);
  score_pairs(e, pairs, edges);
}

static void run(Engine *e, MatchResult *result) {
  Pairs pairs = {0};
  EdgeList edges = {0};
  Clusters clusters;
  engine_prepare(e);
  exact_pass(e, &pairs);
  learn_aliases(e, pairs.data, pairs.size);
  block_pass(e, &pairs);
  score_pairs(e, &pairs, &edges);
  household_round(e, &pairs, &edges);
  pairs_free(&pairs);
  decide(e, edges.data, edges.size, &clusters);
  if (edges.arena) arena_free(edges.arena);
  outcome(e, &clusters, result);
}

static Engine engine_new(Context *cx, Arena *scratch, const MatchInput *input) {
  return (Engine){.cx = cx,
                  .scratch = scratch,
                  .input = input,
                  .model = input->model ? input->model : &MATCH_SHIPPED,
                  .count = input->record_count};
}

Status match_run(Context *cx, const MatchInput *input, MatchResult *ret_result) {
  Arena *scratch CLEANUP(arena_freep) = arena_new();
  Engine engine = engine_new(cx, scratch, input);
  MatchResult result = {0};
  run(&engine, &result);
  *ret_result = result;
  return OK;
}

MatchPair match_score(Context *cx, const MatchInput *input, uint32_t left, uint32_t right) {
  if (left > right) {
    uint32_t swap = left;
    left = right, right = swap;
  }
  if (right >= input->record_count || left == right) return (MatchPair){.left = left, .right = right};
  Arena *scratch CLEANUP(arena_freep) = arena_new();
  Context inner = {.arena = scratch}; /* nothing of the run is kept but the pair */
  (void)cx;
  Engine engine = engine_new(&inner, scratch, input);
  MatchResult result = {0};
  run(&engine, &result);
  for (uint32_t i = 0; i < result.pair_count; i++)
    if (result.pairs[i].left == left && result.pairs[i].right == right) return result.pairs[i];
  uint32_t a = engine.row[left], b = engine.row[right];
  MatchPair pair = row_score(&engine, a < b ? a : b, a < b ? b : a);
  uint8_t kind;
  pair.left = left, pair.right = right,
  pair.verdict = result.person[left] == result.person[right] ? MATCH_AUTO : MATCH_REVIEW;
  bool kept = edge_classify(&engine, &pair, &kind);
  if (kept && kind == EDGE_VETO) pair.verdict = MATCH_VETO;
  return pair;
}
