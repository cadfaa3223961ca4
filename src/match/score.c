/* The weight of a pair of rows, field by field, and what the pair may become. */
#include "match/match_internal.h"

/* Weights from principle: log2(m/u). u from the sizes of the value spaces (a birth date is one of
 * some 25,000 days, a household number one of the county's households ...), m from the usual rates of
 * slips in hand-kept lists (one to three in a hundred per field). */
const MatchModel MATCH_SHIPPED = {
    .id = {[ID_LEVEL_EQUAL] = 31000,
           [ID_LEVEL_SAME_TEXT] = 24000,
           [ID_LEVEL_TYPO] = 20000,
           [ID_LEVEL_TRANSPOSED] = 20500,
           [ID_LEVEL_LENGTH] = 19500,
           [ID_LEVEL_FIRST15] = 15500,
           [ID_LEVEL_TWO_EDITS] = 12500,
           [ID_LEVEL_THREE_EDITS] = 5000,
           [ID_LEVEL_DISPUTED] = -4000,
           [ID_LEVEL_HOUSEMATE] = 4000,
           [ID_LEVEL_DIFFER_NEAR] = -11000,
           [ID_LEVEL_DIFFER] = -12000,
           [ID_LEVEL_DIFFER_DAMAGED] = -5000},
    .birth = {[BIRTH_LEVEL_EQUAL] = 12500,
              [BIRTH_LEVEL_ONE_DIGIT] = 3500,
              [BIRTH_LEVEL_SWAPPED] = 5000,
              [BIRTH_LEVEL_YEAR_NEAR] = 3000,
              [BIRTH_LEVEL_YEAR] = 4000,
              [BIRTH_LEVEL_DIFFER] = -7000},
    .sex = {[SEX_LEVEL_SAME] = 900, [SEX_LEVEL_DIFFER] = -4500, [SEX_LEVEL_IN_ID] = 0},
    .relation = {[RELATION_LEVEL_BOTH_HEAD] = 1800,
                 [RELATION_LEVEL_ONE_HEAD] = -3300,
                 [RELATION_LEVEL_SAME] = 1500,
                 [RELATION_LEVEL_DIFFER] = -800},
    .place = {[PLACE_LEVEL_VILLAGE] = 6800,
              [PLACE_LEVEL_ALIAS] = 6300,
              [PLACE_LEVEL_TEXT] = 6300,
              [PLACE_LEVEL_TEXT_PART] = 5500,
              [PLACE_LEVEL_TOWN] = 1800,
              [PLACE_LEVEL_VILLAGE_DIFFERS] = -3000,
              [PLACE_LEVEL_TOWN_DIFFERS] = -6500},
    .household = {[HOUSEHOLD_LEVEL_NUMBER] = 11500,
                  [HOUSEHOLD_LEVEL_NUMBER_NEAR] = 4000,
                  [HOUSEHOLD_LEVEL_MEMBERS] = 9000,
                  [HOUSEHOLD_LEVEL_SIZE] = 1200,
                  [HOUSEHOLD_LEVEL_SIZE_DIFFERS] = -1000,
                  [HOUSEHOLD_LEVEL_NUMBER_DIFFERS] = -3500},
    .phone = {[PHONE_LEVEL_SAME] = 11000, [PHONE_LEVEL_DIFFER] = -300},
    .rune = {[RUNE_VARIANT] = 4500,
             [RUNE_SOUND_SHAPE] = 3000,
             [RUNE_SOUND] = 1500,
             [RUNE_SHAPE] = 2300,
             [RUNE_FUZZY_SOUND] = -1500,
             [RUNE_OTHER] = -8000,
             [RUNE_WILDCARD] = 0},
    .name_variant = -300,
    .name_swapped = -5000,
    .name_dropped = -4500,
    .name_surname_dropped = -7000,
    .name_one_other_limit = -2500,
    .name_differ_limit = -7000,
    .name_floor = -10000,
    .name_limit = 17000,
    .automatic = 10000,
    .margin = 4000,
    .review = -3000,
    .certain_limit = 5500,
    .elimination_limit = 2500,
};

static uint8_t compare_dates(uint32_t a, uint32_t b) {
  if (!a || !b) return BIRTH_LEVEL_NONE;
  uint32_t year_a = a / 10000, year_b = b / 10000, rest_a = a % 10000, rest_b = b % 10000;
  uint32_t years = year_a > year_b ? year_a - year_b : year_b - year_a;
  if (!(rest_a / 100) || !(rest_b / 100)) return years == 0 ? BIRTH_LEVEL_YEAR : BIRTH_LEVEL_DIFFER;
  if (!(rest_a % 100) || !(rest_b % 100))
    return years == 0 && rest_a / 100 == rest_b / 100 ? BIRTH_LEVEL_YEAR : BIRTH_LEVEL_DIFFER;
  if (a == b) return BIRTH_LEVEL_EQUAL;
  if (years == 0 && rest_a / 100 == rest_b % 100 && rest_a % 100 == rest_b / 100) return BIRTH_LEVEL_SWAPPED;
  if (rest_a == rest_b && years == 1) return BIRTH_LEVEL_YEAR_NEAR;
  int wrong = 0;
  for (uint32_t scale = 1, i = 0; i < 8; i++, scale *= 10) wrong += a / scale % 10 != b / scale % 10;
  return wrong == 1 ? BIRTH_LEVEL_ONE_DIGIT : BIRTH_LEVEL_DIFFER;
}

static uint8_t birth_compare(const MatchModel *model, const Row *a, const Row *b) {
  const uint32_t left[] = {a->birth, a->birth_declared}, right[] = {b->birth, b->birth_declared};
  uint8_t best = BIRTH_LEVEL_NONE;
  for (int i = 0; i < 2; i++)
    for (int k = 0; k < 2; k++) {
      uint8_t level = compare_dates(left[i], right[k]);
      if (level != BIRTH_LEVEL_NONE && (best == BIRTH_LEVEL_NONE || model->birth[level] > model->birth[best]))
        best = level;
    }
  return best;
}

static uint8_t place_compare(const Engine *e, const Row *a, const Row *b) {
  bool towns_differ = a->town && b->town && a->town != b->town;
  if (a->village && b->village) {
    if (a->village == b->village) return (a->flags | b->flags) & ROW_ALIAS ? PLACE_LEVEL_ALIAS : PLACE_LEVEL_VILLAGE;
    return towns_differ ? PLACE_LEVEL_TOWN_DIFFERS : PLACE_LEVEL_VILLAGE_DIFFERS;
  }
  if (towns_differ) return PLACE_LEVEL_TOWN_DIFFERS;
  if (a->place && b->place) {
    Str left = e->places[a->place], right = e->places[b->place];
    if (str_equal(left, right)) return PLACE_LEVEL_TEXT;
    if (left.size > right.size ? right.size >= 6 && str_find(left, right) >= 0
                               : left.size >= 6 && str_find(right, left) >= 0)
      return PLACE_LEVEL_TEXT_PART;
  }
  return a->town && b->town ? PLACE_LEVEL_TOWN : PLACE_LEVEL_NONE;
}

/* A place says at most what its rarity says. */
static int16_t place_bits(const Engine *e, uint8_t level, const Row *row) {
  int16_t bits = e->model->place[level], limit = bits;
  if (level == PLACE_LEVEL_VILLAGE || level == PLACE_LEVEL_ALIAS) limit = e->village_bits[row->village];
  if (level == PLACE_LEVEL_TOWN) limit = e->town_bits[row->town];
  return bits < limit ? bits : limit;
}

static uint8_t relation_compare(const Row *a, const Row *b) {
  uint8_t a_role = a->flags & (ROW_HEAD | ROW_NOT_HEAD), b_role = b->flags & (ROW_HEAD | ROW_NOT_HEAD);
  if (!a_role || !b_role) return RELATION_LEVEL_NONE;
  if (a_role != b_role) return RELATION_LEVEL_ONE_HEAD;
  if (a_role == ROW_HEAD) return RELATION_LEVEL_BOTH_HEAD;
  return a->relation == b->relation ? RELATION_LEVEL_SAME : RELATION_LEVEL_DIFFER;
}

static bool numbers_near(Str a, Str b) {
  size_t wrong = 0, first = 0, last = 0;
  if (a.size != b.size || a.size < 6) return false;
  for (size_t i = 0; i < a.size; i++)
    if (a.data[i] != b.data[i]) {
      if (!wrong) first = i;
      last = i;
      wrong++;
    }
  return wrong == 1 ||
         (wrong == 2 && last == first + 1 && a.data[first] == b.data[last] && a.data[last] == b.data[first]);
}

static bool members_linked(const Engine *e, uint32_t left, uint32_t right) {
  const Row *a = &e->rows[left], *b = &e->rows[right];
  if (a->group == MATCH_NONE || b->group == MATCH_NONE || !e->member_links.keys) return false;
  uint32_t count = table_get(&e->member_links, (uint64_t)a->group << 32 | b->group);
  if (count == 0) return false;
  uint64_t own = (uint64_t)left << 32 | right; /* this pair's own link must not vouch for itself */
  uint32_t low = 0, high = e->member_pair_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (e->member_pairs[middle] < own)
      low = middle + 1;
    else
      high = middle;
  }
  return count > (low < e->member_pair_count && e->member_pairs[low] == own);
}

static uint8_t household_compare(const Engine *e, uint32_t left, uint32_t right) {
  const Row *a = &e->rows[left], *b = &e->rows[right];
  if (a->household_no && a->household_no == b->household_no) return HOUSEHOLD_LEVEL_NUMBER;
  if (members_linked(e, left, right)) return HOUSEHOLD_LEVEL_MEMBERS;
  if (a->household_no && b->household_no) {
    const MatchRecord *records = e->input->records;
    bool near =
        numbers_near(str_trim(records[e->record[left]].household_no), str_trim(records[e->record[right]].household_no));
    return near ? HOUSEHOLD_LEVEL_NUMBER_NEAR : HOUSEHOLD_LEVEL_NUMBER_DIFFERS;
  }
  if (a->member_count && b->member_count)
    return a->member_count == b->member_count ? HOUSEHOLD_LEVEL_SIZE : HOUSEHOLD_LEVEL_SIZE_DIFFERS;
  return HOUSEHOLD_LEVEL_NONE;
}

static bool housemate_has(const Engine *e, uint32_t row, uint64_t id) {
  uint32_t group = e->rows[row].group;
  if (group == MATCH_NONE) return false;
  uint32_t from = e->group_start[group], to = e->group_start[group + 1];
  for (uint32_t i = from; i < to && i < from + 32; i++)
    if (e->rows[e->group_rows[i]].id == id && e->group_rows[i] != row) return true;
  return false;
}

static bool disputed(const Row *row) { return row->flags & ROW_ID_DISPUTED && !row->linked; }

/* ID number and birth date are one piece of evidence: the better one counts. */
static void score_id_and_birth(const Engine *e, MatchPair *pair, const Row *a, const Row *b) {
  const MatchModel *model = e->model;
  uint8_t id = id_compare(e, a, b), birth = birth_compare(model, a, b);
  bool both_valid = a->id && b->id;
  if (both_valid && id >= ID_LEVEL_DIFFER_NEAR &&
      (housemate_has(e, pair->left, b->id) || housemate_has(e, pair->right, a->id)))
    id = ID_LEVEL_HOUSEMATE;
  else if (id >= ID_LEVEL_DIFFER_NEAR && id <= ID_LEVEL_DIFFER && (disputed(a) || disputed(b)))
    id = ID_LEVEL_DISPUTED;
  int32_t id_bits = model->id[id], birth_bits = both_valid ? 0 : model->birth[birth];
  if (id_bits > 0 || (both_valid && id_bits < 0)) {
    if (birth != BIRTH_LEVEL_NONE && (id_bits >= birth_bits || both_valid)) birth = BIRTH_LEVEL_IN_ID, birth_bits = 0;
    if (birth_bits > 0) id_bits = 0;
  }
  if (id == ID_LEVEL_DIFFER_DAMAGED && birth_bits < 0) birth = BIRTH_LEVEL_IN_ID, birth_bits = 0; /* said once */
  pair->level[MATCH_ID] = id, pair->level[MATCH_BIRTH] = birth;
  pair->field_bits[MATCH_ID] = (int16_t)id_bits, pair->field_bits[MATCH_BIRTH] = (int16_t)birth_bits;
}

static void score_sex(const MatchModel *model, MatchPair *pair, const Row *a, const Row *b) {
  uint8_t level = SEX_LEVEL_NONE;
  if (a->sex && b->sex) level = a->sex == b->sex ? SEX_LEVEL_SAME : SEX_LEVEL_DIFFER;
  if (level == SEX_LEVEL_SAME && model->id[pair->level[MATCH_ID]] > 0) level = SEX_LEVEL_IN_ID;
  pair->level[MATCH_SEX] = level, pair->field_bits[MATCH_SEX] = model->sex[level];
}

static void score_name_and_place(const Engine *e, MatchPair *pair, const Row *a, const Row *b) {
  int32_t bits;
  uint8_t name = (uint8_t)name_compare(e, a->name, b->name, &bits), place = place_compare(e, a, b);
  if (bits > 0 && (place == PLACE_LEVEL_VILLAGE || place == PLACE_LEVEL_ALIAS)) { /* a clan's own village */
    int32_t clan = a->clan > b->clan ? a->clan : b->clan;
    bits -= clan < bits ? clan : bits;
  }
  pair->level[MATCH_NAME] = name, pair->field_bits[MATCH_NAME] = (int16_t)bits;
  pair->level[MATCH_PLACE] = place, pair->field_bits[MATCH_PLACE] = place_bits(e, place, a);
}

/* Where most of the reference's persons are already linked into a list by their numbers, one that is
 * still open is the likelier candidate for a row that is still open. */
static int32_t elimination(const Engine *e, const Row *a, const Row *b) {
  const Row *hub = a->list == e->input->hub ? a : b, *other = hub == a ? b : a;
  if (hub->list != e->input->hub || other->list == e->input->hub || other->list >= 63) return 0;
  if (hub->linked >> other->list & 1 || (e->input->hub < 63 && other->linked >> e->input->hub & 1)) return 0;
  return e->elimination[other->list * 3 + row_role(hub)];
}

MatchPair row_score(const Engine *e, uint32_t left, uint32_t right) {
  const Row *a = &e->rows[left], *b = &e->rows[right];
  const MatchModel *model = e->model;
  MatchPair pair = {.left = left, .right = right, .prior = e->prior[a->list * e->list_count + b->list]};
  pair.prior += elimination(e, a, b);
  score_id_and_birth(e, &pair, a, b);
  score_sex(model, &pair, a, b);
  score_name_and_place(e, &pair, a, b);
  pair.level[MATCH_RELATION] = relation_compare(a, b);
  pair.field_bits[MATCH_RELATION] = model->relation[pair.level[MATCH_RELATION]];
  pair.level[MATCH_HOUSEHOLD] = household_compare(e, left, right);
  pair.field_bits[MATCH_HOUSEHOLD] = model->household[pair.level[MATCH_HOUSEHOLD]];
  if (a->phone && b->phone) pair.level[MATCH_PHONE] = a->phone == b->phone ? PHONE_LEVEL_SAME : PHONE_LEVEL_DIFFER;
  pair.field_bits[MATCH_PHONE] = model->phone[pair.level[MATCH_PHONE]];
  if (pair.level[MATCH_PHONE] == PHONE_LEVEL_SAME && pair.level[MATCH_HOUSEHOLD] == HOUSEHOLD_LEVEL_NUMBER)
    pair.field_bits[MATCH_PHONE] = 0; /* a household's telephone says no more than its number */
  pair.bits = pair.prior;
  for (int i = 0; i < MATCH_FIELD_COUNT; i++) pair.bits += pair.field_bits[i];
  return pair;
}

/* ---- what a pair may become ---- */

bool list_unique(const Engine *e, uint32_t list) {
  return list < e->input->source_count &&
         (e->input->sources[list].person_unique || e->input->sources[list].household_unique);
}

/* The household of `row` holds somebody else who fits this name. */
static bool housemate_bears(const Engine *e, uint32_t row, uint32_t name) {
  uint32_t group = e->rows[row].group;
  if (group == MATCH_NONE) return false;
  uint32_t from = e->group_start[group], to = e->group_start[group + 1];
  for (uint32_t i = from; i < to && i < from + 32; i++) {
    int32_t bits;
    if (e->group_rows[i] == row) continue;
    NameLevel level = name_compare(e, e->rows[e->group_rows[i]].name, name, &bits);
    if (level >= NAME_LEVEL_EXACT && level <= NAME_LEVEL_SHAPE && bits > 0) return true;
  }
  return false;
}

static bool same_surname(const Engine *e, const Row *a, const Row *b) {
  const NameEntry *x = &e->names[a->name], *y = &e->names[b->name];
  return x->size && y->size && e->runes[x->at] == e->runes[y->at];
}

/* Same valid ID and one character quite different: a slip of the pen, unless a member of the household
 * bears that name, or nothing else agrees. 李明 and 李强 may also be brothers: a person must say. */
static uint8_t equal_id_one_other(const Engine *e, const MatchPair *pair) {
  const Row *a = &e->rows[pair->left], *b = &e->rows[pair->right];
  if (housemate_bears(e, pair->left, b->name) || housemate_bears(e, pair->right, a->name)) return EDGE_VETO;
  uint8_t place = pair->level[MATCH_PLACE];
  bool agrees = (place >= PLACE_LEVEL_VILLAGE && place <= PLACE_LEVEL_TEXT_PART) ||
                pair->level[MATCH_HOUSEHOLD] == HOUSEHOLD_LEVEL_NUMBER;
  bool brothers = e->names[a->name].size == 2 && e->names[b->name].size == 2 && same_surname(e, a, b);
  return agrees && !brothers ? EDGE_FREE : EDGE_CAPPED;
}

/* Two valid numbers that differ are two persons, unless something ties the households together. */
static bool same_household_evidence(const MatchPair *pair) {
  uint8_t household = pair->level[MATCH_HOUSEHOLD];
  bool near = (pair->level[MATCH_ID] == ID_LEVEL_DIFFER_NEAR || pair->level[MATCH_ID] == ID_LEVEL_DISPUTED) &&
              pair->level[MATCH_NAME] == NAME_LEVEL_EXACT && pair->level[MATCH_PLACE] >= PLACE_LEVEL_VILLAGE &&
              pair->level[MATCH_PLACE] <= PLACE_LEVEL_TEXT_PART;
  return near || pair->level[MATCH_ID] == ID_LEVEL_HOUSEMATE || pair->level[MATCH_PHONE] == PHONE_LEVEL_SAME ||
         (household >= HOUSEHOLD_LEVEL_NUMBER && household <= HOUSEHOLD_LEVEL_MEMBERS);
}

bool edge_classify(const Engine *e, const MatchPair *pair, uint8_t *ret_kind) {
  const Row *a = &e->rows[pair->left], *b = &e->rows[pair->right];
  NameLevel name = pair->level[MATCH_NAME];
  uint8_t id = pair->level[MATCH_ID];
  if (a->list == b->list) return duplicate_classify(e, pair, ret_kind);
  *ret_kind = EDGE_FREE;
  if (id == ID_LEVEL_EQUAL) {
    if (name == NAME_LEVEL_ONE_OTHER || name == NAME_LEVEL_DROPPED_ALIKE) *ret_kind = equal_id_one_other(e, pair);
    if (name == NAME_LEVEL_DIFFER) *ret_kind = EDGE_VETO;
    return true;
  }
  bool two_ids = id >= ID_LEVEL_DISPUTED && id <= ID_LEVEL_DIFFER;
  bool same_name = name == NAME_LEVEL_EXACT || name == NAME_LEVEL_VARIANT;
  bool near_name = name >= NAME_LEVEL_EXACT && name <= NAME_LEVEL_SHAPE;
  if (!name_compatible(name)) *ret_kind = EDGE_CAPPED;
  if (id == ID_LEVEL_TWO_EDITS && !near_name) *ret_kind = EDGE_CAPPED;
  if ((id == ID_LEVEL_THREE_EDITS || id == ID_LEVEL_DIFFER_DAMAGED) && !same_name) *ret_kind = EDGE_CAPPED;
  if (two_ids && !(same_name && pair->level[MATCH_HOUSEHOLD] == HOUSEHOLD_LEVEL_NUMBER)) *ret_kind = EDGE_CAPPED;
  if (two_ids && !(name_compatible(name) && same_household_evidence(pair)))
    return false; /* a namesake, or a successor */
  if (pair->bits < 0 && (id == ID_LEVEL_DIFFER_DAMAGED || !near_name)) return false;
  return pair->bits >= e->model->review;
}

bool edge_bridges(const MatchPair *pair, uint8_t kind) {
  uint8_t name = pair->level[MATCH_NAME];
  return pair->level[MATCH_ID] == ID_LEVEL_EQUAL && (kind == EDGE_FREE || kind == EDGE_DUPLICATE) &&
         ((name >= NAME_LEVEL_EXACT && name <= NAME_LEVEL_SHAPE) || name == NAME_LEVEL_DROPPED ||
          name == NAME_LEVEL_SWAPPED || name == NAME_LEVEL_ONE_OTHER);
}
