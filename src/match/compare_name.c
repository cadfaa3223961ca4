/* How two names relate: character by character, rare characters saying more. */
#include "match/match_internal.h"

bool name_compatible(NameLevel level) { return level >= NAME_LEVEL_EXACT && level <= NAME_LEVEL_DROPPED; }

typedef struct Tally {
  int32_t bits;
  int count[RUNE_WILDCARD + 1];
} Tally;

static RuneRelation relation_of(uint32_t a, uint32_t b) {
  if (a == '?' || b == '?') return RUNE_WILDCARD;
  return a == b ? RUNE_SAME : rune_relation(a, b);
}

static void tally_rune(const Engine *e, Tally *tally, const NameEntry *a, int i, const NameEntry *b, int k) {
  RuneRelation relation = relation_of(e->runes[a->at + (uint32_t)i], e->runes[b->at + (uint32_t)k]);
  tally->count[relation]++;
  if (relation == RUNE_SAME)
    tally->bits += e->rune_bits[a->at + (uint32_t)i];
  else
    tally->bits += e->model->rune[relation];
}

static void tally_more(const Engine *e, Tally *tally, const NameEntry *a, int from_a, const NameEntry *b, int from_b,
                       int count) {
  for (int i = 0; i < count; i++) tally_rune(e, tally, a, from_a + i, b, from_b + i);
}

static Tally tally_aligned(const Engine *e, const NameEntry *a, int from_a, const NameEntry *b, int from_b, int count) {
  Tally tally = {0};
  tally_more(e, &tally, a, from_a, b, from_b, count);
  return tally;
}

static NameLevel level_of(const Tally *tally, int size) {
  if (tally->count[RUNE_SAME] + tally->count[RUNE_WILDCARD] == size)
    return tally->count[RUNE_SAME] ? NAME_LEVEL_WILDCARD : NAME_LEVEL_NONE;
  if (tally->count[RUNE_OTHER] == 0) {
    if (tally->count[RUNE_WILDCARD] > 1) return NAME_LEVEL_DIFFER;
    if (tally->count[RUNE_FUZZY_SOUND]) return NAME_LEVEL_FUZZY;
    if (tally->count[RUNE_SHAPE]) return NAME_LEVEL_SHAPE;
    if (tally->count[RUNE_SOUND]) return NAME_LEVEL_SOUND;
    if (tally->count[RUNE_SOUND_SHAPE]) return NAME_LEVEL_SOUND_SHAPE;
    return NAME_LEVEL_VARIANT;
  }
  if (tally->count[RUNE_OTHER] == 1 && tally->count[RUNE_SAME] == size - 1 && size >= 2) return NAME_LEVEL_ONE_OTHER;
  return NAME_LEVEL_DIFFER;
}

/* 小明王 for 王小明, 王明小: the same characters in another order, at most one of them only alike.
 * Returns how many are only alike, or -1. */
static int reordered(const Engine *e, const NameEntry *a, const NameEntry *b) {
  bool used[NAME_LIMIT] = {false};
  int rest = -1, alike = 0;
  for (int i = 0; i < a->size; i++) {
    uint32_t rune = e->runes[a->at + (uint32_t)i];
    int k = 0;
    while (k < b->size && (used[k] || rune != e->runes[b->at + (uint32_t)k])) k++;
    if (rune == '?' || (k == b->size && rest >= 0)) return -1;
    if (k == b->size)
      rest = i;
    else
      used[k] = true;
  }
  for (int k = 0; k < b->size && rest >= 0; k++) {
    if (used[k]) continue;
    RuneRelation relation = relation_of(e->runes[a->at + (uint32_t)rest], e->runes[b->at + (uint32_t)k]);
    if (relation > RUNE_SHAPE || a->size < 3) return -1;
    alike = 1;
  }
  return alike;
}

static NameLevel compare_same_size(const Engine *e, const NameEntry *a, const NameEntry *b, int32_t *ret_bits) {
  Tally tally = tally_aligned(e, a, 0, b, 0, a->size);
  NameLevel level = level_of(&tally, a->size);
  *ret_bits = tally.bits;
  if (level < NAME_LEVEL_ONE_OTHER) return level;
  int alike = reordered(e, a, b);
  if (alike >= 0) {
    *ret_bits = (a->bits < b->bits ? a->bits : b->bits) + e->model->name_swapped * (alike + 1);
    return NAME_LEVEL_SWAPPED;
  }
  return level;
}

/* `longer` has some characters more: they may be missing at one place of `shorter`. */
static NameLevel compare_dropped(const Engine *e, const NameEntry *longer, const NameEntry *shorter,
                                 int32_t *ret_bits) {
  int extra = longer->size - shorter->size;
  int32_t best = INT32_MIN;
  NameLevel level = NAME_LEVEL_DIFFER;
  for (int at = 0; at <= shorter->size; at++) {
    Tally tally = tally_aligned(e, longer, 0, shorter, 0, at);
    tally_more(e, &tally, longer, at + extra, shorter, at, shorter->size - at);
    int same = tally.count[RUNE_SAME], unlike = tally.count[RUNE_OTHER] + tally.count[RUNE_FUZZY_SOUND];
    if (same + 1 < shorter->size || same == 0 || unlike) continue;
    bool close = same == shorter->size || (same >= 2 && !tally.count[RUNE_SHAPE] && !tally.count[RUNE_WILDCARD]);
    int32_t bits = tally.bits + (at == 0 ? e->model->name_surname_dropped : e->model->name_dropped);
    if (bits <= best) continue;
    best = bits;
    level = close ? NAME_LEVEL_DROPPED : NAME_LEVEL_DROPPED_ALIKE;
  }
  if (level != NAME_LEVEL_DIFFER) *ret_bits = best;
  return level;
}

NameLevel name_compare(const Engine *e, uint32_t left, uint32_t right, int32_t *ret_bits) {
  const NameEntry *a = &e->names[left], *b = &e->names[right];
  const MatchModel *model = e->model;
  *ret_bits = 0;
  if (!a->size || !b->size) return NAME_LEVEL_NONE;
  if (a->key == b->key && !((a->flags | b->flags) & NAME_HAS_WILDCARD)) {
    bool written_alike = left == right || !((a->flags ^ b->flags) & NAME_WAS_FOLDED);
    *ret_bits = a->bits + (written_alike ? 0 : model->name_variant);
    return written_alike ? NAME_LEVEL_EXACT : NAME_LEVEL_VARIANT;
  }
  NameLevel level = NAME_LEVEL_DIFFER;
  int difference = a->size - b->size;
  *ret_bits = model->name_floor;
  if (difference == 0)
    level = compare_same_size(e, a, b, ret_bits);
  else if (difference >= -2 && difference <= 2)
    level = difference > 0 ? compare_dropped(e, a, b, ret_bits) : compare_dropped(e, b, a, ret_bits);
  int32_t limit = level == NAME_LEVEL_ONE_OTHER ? model->name_one_other_limit
                  : level == NAME_LEVEL_DIFFER  ? model->name_differ_limit
                                                : (a->bits > b->bits ? a->bits : b->bits);
  if (*ret_bits > limit) *ret_bits = limit;
  if (*ret_bits < model->name_floor) *ret_bits = model->name_floor;
  return level;
}
