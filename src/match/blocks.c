/* Which pairs are worth scoring. A pair qualifies when a block key is shared and neither row already
 * has an exact link (same valid ID, compatible name) into the other's list. Every block is cut at a
 * fixed size, so that the number of pairs stays proportional to the number of rows. */
#include "match/match_internal.h"

enum {
  EXACT_RUN_LIMIT = 24, /* rows with one valid ID among which all pairs are made */
  RUN_LIMIT = 256,      /* rows with one key among which all pairs are made */
  REPAIR_LIMIT = 24,    /* rows looked at for one damaged number */
  WINDOW = 4,           /* beyond that: the next few rows */
  PAIRS_PER_ROW = 4,    /* of one kind of block, on average */
  MEMBER_LIMIT = 12     /* members of a household compared with each other */
};

typedef enum BlockKind {
  BLOCK_ID_TEXT,
  BLOCK_FIRST15,
  BLOCK_BIRTH,
  BLOCK_HOUSEHOLD,
  BLOCK_NAME_TOWN,
  BLOCK_NAME_ONLY,
  BLOCK_NAME_VILLAGE,
  BLOCK_SURNAME_VILLAGE,
  BLOCK_PHONE,
  BLOCK_GROUP,
  BLOCK_KIND_COUNT
} BlockKind;

static const char *const KIND_TEXTS[BLOCK_KIND_COUNT] = {
    "写错的证件号码相同", "证件号码前 15 位相同", "出生日期相同", "户编号相同",   "同一乡镇姓名同音",
    "姓名同音",           "同一个村姓名两字同音", "同一个村同姓", "电话号码相同", "同一户"};

typedef struct RowBrief { /* of a row, what nearly every pair is asked about first */
  uint64_t linked;
  uint32_t list;
  bool weak;
} RowBrief;

typedef struct Cut {
  uint32_t runs, largest;
} Cut;

typedef struct Blocks { /* of one kind */
  const Engine *e;
  Pairs *pairs;
  uint64_t *keys;
  uint32_t *rows;
  size_t size, capacity;
  Cut cut;
} Blocks;

static uint64_t list_bit(uint32_t list) { return list < 63 ? (uint64_t)1 << list : 0; }

/* ---- exact pass ---- */

static void link_rows(Engine *e, uint32_t a, uint32_t b) {
  e->rows[a].linked |= list_bit(e->rows[b].list);
  e->rows[b].linked |= list_bit(e->rows[a].list);
}

static void pair_with_household(Engine *e, Pairs *pairs, uint32_t row, uint32_t member) {
  uint32_t group = e->rows[member].group;
  if (group == MATCH_NONE || e->rows[row].list == e->rows[member].list) return;
  uint32_t from = e->group_start[group], to = e->group_start[group + 1];
  for (uint32_t i = from; i < to && i < from + MEMBER_LIMIT; i++)
    if (e->group_rows[i] != member) pairs_add(pairs, row, e->group_rows[i]);
}

static void exact_pair(Engine *e, Pairs *pairs, uint32_t a, uint32_t b) {
  int32_t bits;
  NameLevel level = name_compare(e, e->rows[a].name, e->rows[b].name, &bits);
  pairs_add(pairs, a, b);
  if (level == NAME_LEVEL_NONE || name_compatible(level)) {
    link_rows(e, a, b);
  } else {
    if (e->rows[a].list == e->input->hub) e->rows[b].flags |= ROW_ID_DISPUTED;
    if (e->rows[b].list == e->input->hub) e->rows[a].flags |= ROW_ID_DISPUTED;
    /* whose name does the number's bearer's household know? */
    pair_with_household(e, pairs, a, b);
    pair_with_household(e, pairs, b, a);
  }
}

/* Very many rows with one ID (a number copied down a column): neighbours by name only. */
static void exact_large_run(Engine *e, Pairs *pairs, const uint32_t *rows, uint32_t count) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *keys = arena_array(own, count, uint64_t);
  uint32_t *sorted = arena_array(own, count, uint32_t);
  for (uint32_t i = 0; i < count; i++) {
    keys[i] = (uint64_t)e->names[e->rows[rows[i]].name].key << 32 | rows[i];
    sorted[i] = rows[i];
  }
  sort_keys(keys, sorted, count);
  for (uint32_t i = 0; i < count; i++)
    for (uint32_t k = i + 1; k < count && k <= i + WINDOW; k++) exact_pair(e, pairs, sorted[i], sorted[k]);
  e->copied_ids++;
  if (count > e->copied_most) e->copied_most = count;
}

static void count_exact(Engine *e, uint32_t *hits, const uint32_t *rows, uint32_t count) {
  if (!hits) return;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t list = e->rows[rows[i]].list;
    for (uint32_t k = 0; k < count; k++) {
      uint32_t other = e->rows[rows[k]].list;
      if (k && other == e->rows[rows[k - 1]].list) continue; /* rows are ordered by list: once per list */
      if (other != list) hits[list * e->list_count + other]++;
    }
    if (count > EXACT_RUN_LIMIT) break;
  }
}

/* Log-odds of a random pair: one in the other list's size, times the odds that the row is in that
 * list at all, which the valid ID numbers tell. */
static void estimate_priors(Engine *e, const uint32_t *hits, const uint32_t *valid) {
  uint32_t n = e->list_count, hub = e->input->hub;
  for (uint32_t a = 0; a < n; a++)
    for (uint32_t b = 0; b < n; b++) {
      uint32_t from = e->list_size[a] <= e->list_size[b] ? a : b, to = from == a ? b : a;
      if (b == hub) from = a, to = b;
      if (a == hub) from = b, to = a;
      uint32_t hit = hits ? hits[from * n + to] : 0, all = valid[from];
      int32_t odds = log2_milli((uint64_t)hit * 4 + 4) - log2_milli((uint64_t)(all > hit ? all - hit : 0) * 4 + 2);
      int32_t limit = e->model->certain_limit;
      odds = odds > limit ? limit : odds < -limit ? -limit : odds;
      if (a == b || all < 8) odds = 0;
      e->prior[a * n + b] = odds - log2_milli(e->list_size[to] ? e->list_size[to] : 1);
    }
}

static void estimate_elimination(Engine *e) {
  uint32_t n = e->list_count, total[3] = {0};
  uint32_t *linked = arena_array(e->scratch, (size_t)n * 3, uint32_t);
  e->elimination = arena_array(e->scratch, (size_t)n * 3, int32_t);
  for (uint32_t i = 0; i < e->count; i++) {
    const Row *row = &e->rows[i];
    if (row->list != e->input->hub) continue;
    total[row_role(row)]++;
    for (uint64_t lists = row->linked; lists; lists &= lists - 1)
      linked[(uint32_t)__builtin_ctzll(lists) * 3 + row_role(row)]++;
  }
  for (uint32_t list = 0; list < n; list++)
    for (uint32_t role = 0; role < 3; role++) {
      uint32_t open = total[role] - linked[list * 3 + role];
      int32_t bits = log2_milli(total[role] + 1u) - log2_milli(open + 1u);
      bool one_each = list_unique(e, list) && total[role] >= 8;
      e->elimination[list * 3 + role] = !one_each                            ? 0
                                        : bits < e->model->elimination_limit ? bits
                                                                             : e->model->elimination_limit;
    }
}

void exact_pass(Engine *e, Pairs *pairs) {
  uint32_t n = e->list_count, *valid = arena_array(e->scratch, n, uint32_t);
  uint32_t *hits = n <= 256 ? arena_array(e->scratch, (size_t)n * n, uint32_t) : NULL;
  e->prior = arena_array(e->scratch, (size_t)n * n, int32_t);
  e->by_id = arena_array(e->scratch, e->count, uint64_t);
  e->by_id_row = arena_array(e->scratch, e->count, uint32_t);
  for (uint32_t i = 0; i < e->count; i++)
    if (e->rows[i].id) {
      e->by_id[e->by_id_count] = e->rows[i].id;
      e->by_id_row[e->by_id_count++] = i;
      valid[e->rows[i].list]++;
    }
  sort_keys(e->by_id, e->by_id_row, e->by_id_count);
  for (uint32_t from = 0, to; from < e->by_id_count; from = to) {
    for (to = from + 1; to < e->by_id_count && e->by_id[to] == e->by_id[from];) to++;
    const uint32_t *rows = e->by_id_row + from;
    if (to - from > EXACT_RUN_LIMIT)
      exact_large_run(e, pairs, rows, to - from);
    else
      for (uint32_t i = 0; i < to - from; i++)
        for (uint32_t k = i + 1; k < to - from; k++) exact_pair(e, pairs, rows[i], rows[k]);
    count_exact(e, hits, rows, to - from);
  }
  estimate_priors(e, hits, valid);
  estimate_elimination(e);
  if (!e->copied_ids) return;
  e->truncated += e->copied_ids;
  engine_note(
      e, str_format(e->cx->arena,
                    "有 %u 个证件号码各被很多行填写（最多 %u 行），只比较了其中姓名相近的行；请检查这一列是否被误填。",
                    e->copied_ids, e->copied_most));
}

/* ---- blocks ---- */

static bool weak_id(const Row *row) { return !row->id || row->flags & (ROW_ID_FROM_15 | ROW_ID_ZEROED); }

/* Rows of one list are compared to find a person entered twice: never two numbers that are both valid. */
static bool same_list_wanted(const Engine *e, BlockKind kind, uint32_t left, uint32_t right) {
  const Row *a = &e->rows[left], *b = &e->rows[right];
  bool same_name = e->names[a->name].key == e->names[b->name].key;
  switch (kind) {
    case BLOCK_ID_TEXT:
    case BLOCK_HOUSEHOLD:
    case BLOCK_GROUP:
      return true;
    case BLOCK_FIRST15:
    case BLOCK_BIRTH:
      return same_name;
    case BLOCK_NAME_TOWN:
      return same_name && (a->id || a->damaged) && (b->id || b->damaged);
    default:
      return false;
  }
}

static bool short_name(const NameEntry *name) { return name->size <= 2 || name->flags & NAME_HAS_WILDCARD; }

static bool brief_wanted(const Engine *e, BlockKind kind, const RowBrief *a, const RowBrief *b) {
  static const bool NEEDS_WEAK[BLOCK_KIND_COUNT] = {
      [BLOCK_FIRST15] = true, [BLOCK_BIRTH] = true, [BLOCK_SURNAME_VILLAGE] = true};
  if (!a->weak && !b->weak && (NEEDS_WEAK[kind] || a->list == b->list)) return false;
  if (a->list == b->list) return true;
  if ((a->linked & list_bit(b->list)) || (b->linked & list_bit(a->list))) return false;
  return !(e->input->hub < 63 && (a->linked & b->linked & list_bit(e->input->hub)));
}

static bool wanted(const Engine *e, BlockKind kind, uint32_t left, uint32_t right) {
  if (!brief_wanted(e, kind, &e->brief[left], &e->brief[right])) return false;
  const Row *a = &e->rows[left], *b = &e->rows[right];
  if (a->list == b->list) return same_list_wanted(e, kind, left, right);
  if (kind == BLOCK_NAME_ONLY) return !a->town || !b->town;
  if (kind == BLOCK_SURNAME_VILLAGE) return short_name(&e->names[a->name]) || short_name(&e->names[b->name]);
  return true;
}

static void block_key(Blocks *blocks, uint64_t key, uint32_t row) {
  if (blocks->size == blocks->capacity) return;
  blocks->keys[blocks->size] = key;
  blocks->rows[blocks->size++] = row;
}

static uint64_t key_of(uint64_t a, uint64_t b) { return hash_mix(hash_mix(a + 0x9e3779b97f4a7c15ULL) ^ b); }

static uint64_t first15(const Engine *e, const Row *row) {
  if (row->id) return row->id / 1100;
  if (!row->damaged) return 0;
  const DamagedId *damaged = &e->damaged[row->damaged];
  if (damaged->size < 15) return 0;
  uint64_t number = 0;
  for (int i = 0; i < 15; i++) {
    if (damaged->text[i] < '0' || damaged->text[i] > '9') return 0;
    number = number * 10 + (uint64_t)(damaged->text[i] - '0');
  }
  return number;
}

static uint64_t name_sounds(const Engine *e, const NameEntry *name) {
  uint64_t hash = name->size;
  for (uint8_t i = 0; i < name->size; i++) {
    uint32_t at = name->at + i;
    hash = hash_mix(hash ^ (e->sounds[at] ? e->sounds[at] : (uint64_t)e->runes[at] << 16));
  }
  return hash;
}

static uint64_t sound_of(const Engine *e, const NameEntry *name, int i) {
  uint32_t at = name->at + (uint32_t)i;
  if (e->runes[at] == '?') return 0;
  return e->sounds[at] ? e->sounds[at] : (uint64_t)e->runes[at] << 16;
}

static void add_name_village_keys(Blocks *blocks, const Engine *e, uint32_t at) {
  const Row *row = &e->rows[at];
  const NameEntry *name = &e->names[row->name];
  if (!row->village) return;
  int size = name->size < 5 ? name->size : 5;
  for (int i = 0; i < size; i++)
    for (int k = i + 1; k < size; k++) {
      uint64_t a = sound_of(e, name, i), b = sound_of(e, name, k);
      if (a && b) block_key(blocks, key_of(row->village, a < b ? key_of(a, b) : key_of(b, a)), at);
    }
}

static void add_keys(Blocks *blocks, BlockKind kind, uint32_t at) {
  const Engine *e = blocks->e;
  const Row *row = &e->rows[at];
  const NameEntry *name = &e->names[row->name];
  switch (kind) {
    case BLOCK_ID_TEXT:
      if (row->damaged)
        block_key(blocks, str_hash((Str){e->damaged[row->damaged].text, e->damaged[row->damaged].size}), at);
      break;
    case BLOCK_FIRST15:
      if (first15(e, row)) block_key(blocks, hash_mix(first15(e, row)), at);
      break;
    case BLOCK_BIRTH:
      if (row->birth % 100) block_key(blocks, row->birth, at);
      if (row->birth_declared % 100 && row->birth_declared != row->birth) block_key(blocks, row->birth_declared, at);
      break;
    case BLOCK_HOUSEHOLD:
      if (row->household_no) block_key(blocks, row->household_no, at);
      break;
    case BLOCK_NAME_TOWN:
      if (row->town && name->size) block_key(blocks, key_of(row->town, name_sounds(e, name)), at);
      break;
    case BLOCK_NAME_ONLY:
      if (name->size) block_key(blocks, name_sounds(e, name), at);
      break;
    case BLOCK_NAME_VILLAGE:
      add_name_village_keys(blocks, e, at);
      break;
    case BLOCK_SURNAME_VILLAGE:
      if (row->village && name->size && sound_of(e, name, 0))
        block_key(blocks, key_of(row->village, sound_of(e, name, 0)), at);
      break;
    case BLOCK_PHONE:
      if (row->phone) block_key(blocks, hash_mix(row->phone), at);
      break;
    case BLOCK_GROUP:
      if (row->group != MATCH_NONE) block_key(blocks, row->group, at);
      break;
    case BLOCK_KIND_COUNT:
      break;
  }
}

static void pair_run(Blocks *blocks, BlockKind kind, const uint32_t *rows, size_t count, size_t window) {
  const Engine *e = blocks->e;
  RowBrief near[RUN_LIMIT]; /* gathered once for all pairs */
  bool gathered = count <= RUN_LIMIT;
  if (count < 2) return;
  for (size_t i = 0; i < count && gathered; i++) near[i] = e->brief[rows[i]];
  for (size_t i = 0; i < count; i++)
    for (size_t k = i + 1; k < count && k - i <= window; k++) {
      if (gathered && !brief_wanted(e, kind, &near[i], &near[k])) continue;
      if (wanted(e, kind, rows[i], rows[k])) pairs_add(blocks->pairs, rows[i], rows[k]);
    }
}

static size_t pairs_budget(const Engine *e) { return (size_t)e->count * PAIRS_PER_ROW + 4096; }

/* An oversized block is divided by name, village and birth year, and cut when that does not help. */
static void pair_large_run(Blocks *blocks, BlockKind kind, uint32_t *rows, size_t count) {
  const Engine *e = blocks->e;
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *keys = arena_array(own, count, uint64_t);
  for (size_t i = 0; i < count; i++) {
    const Row *row = &e->rows[rows[i]];
    keys[i] = key_of(name_sounds(e, &e->names[row->name]), (uint64_t)row->village << 32 | row->birth / 10000);
  }
  sort_keys(keys, rows, count);
  for (size_t from = 0, to; from < count; from = to) {
    for (to = from + 1; to < count && keys[to] == keys[from];) to++;
    bool whole = to - from <= RUN_LIMIT && blocks->pairs->size < pairs_budget(e);
    pair_run(blocks, kind, rows + from, to - from, whole ? RUN_LIMIT : WINDOW);
  }
  pair_run(blocks, kind, rows, count, WINDOW);
  blocks->cut.runs++;
  if (count > blocks->cut.largest) blocks->cut.largest = (uint32_t)count;
}

static void block_kind(Blocks *blocks, BlockKind kind) {
  const Engine *e = blocks->e;
  for (uint32_t i = 0; i < e->count; i++) add_keys(blocks, kind, i);
  sort_keys(blocks->keys, blocks->rows, blocks->size);
  for (size_t from = 0, to; from < blocks->size; from = to) {
    for (to = from + 1; to < blocks->size && blocks->keys[to] == blocks->keys[from];) to++;
    if (to - from > RUN_LIMIT || (to - from > 2 * WINDOW && blocks->pairs->size > pairs_budget(e)))
      pair_large_run(blocks, kind, blocks->rows + from, to - from);
    else
      pair_run(blocks, kind, blocks->rows + from, to - from, RUN_LIMIT);
  }
}

/* Damaged numbers against valid ones: every number that one slip could have come from is looked up. */
static void repair_row(const Engine *e, Pairs *pairs, uint32_t at) {
  uint64_t candidates[256];
  IdNumber id = id_read(e->input->records[e->record[at]].id);
  size_t count = id_repairs(&id, candidates, COUNT_OF(candidates)), found = 0;
  for (size_t i = 0; i < count; i++) {
    uint32_t low = 0, high = e->by_id_count;
    while (low < high) {
      uint32_t middle = low + (high - low) / 2;
      if (e->by_id[middle] < candidates[i])
        low = middle + 1;
      else
        high = middle;
    }
    for (uint32_t k = low; k < e->by_id_count && e->by_id[k] == candidates[i] && k < low + EXACT_RUN_LIMIT; k++)
      if (found < REPAIR_LIMIT && wanted(e, BLOCK_ID_TEXT, at, e->by_id_row[k]))
        pairs_add(pairs, at, e->by_id_row[k]), found++;
  }
}

typedef struct BlockJobs { /* every kind for itself, repairs last */
  const Engine *e;
  Pairs pairs[BLOCK_KIND_COUNT + 1];
  Cut cuts[BLOCK_KIND_COUNT];
} BlockJobs;

static void repair_rows(const Engine *e, Pairs *pairs) {
  for (uint32_t i = 0; i < e->count; i++)
    if (e->rows[i].damaged && !e->damaged[e->rows[i].damaged].certain) repair_row(e, pairs, i);
}

static size_t most_keys(const Engine *e, BlockKind kind) {
  size_t by_name = 0;
  if (kind != BLOCK_NAME_VILLAGE) return (size_t)e->count * (kind == BLOCK_BIRTH ? 2 : 1);
  for (uint32_t i = 0; i < e->count; i++) { /* any two of the first five characters */
    size_t size = e->names[e->rows[i].name].size < 5 ? e->names[e->rows[i].name].size : 5;
    by_name += size * (size ? size - 1 : 0) / 2;
  }
  return by_name;
}

static void block_job(void *of_jobs, uint32_t index) {
  static const uint8_t ORDER[BLOCK_KIND_COUNT + 1] = {
      /* long ones first */
      BLOCK_NAME_VILLAGE, BLOCK_KIND_COUNT, BLOCK_SURNAME_VILLAGE, BLOCK_BIRTH, BLOCK_NAME_TOWN, BLOCK_FIRST15,
      BLOCK_HOUSEHOLD,    BLOCK_GROUP,      BLOCK_NAME_ONLY,       BLOCK_PHONE, BLOCK_ID_TEXT};
  BlockJobs *jobs = of_jobs;
  uint8_t kind = ORDER[index];
  if (kind == BLOCK_KIND_COUNT) {
    repair_rows(jobs->e, &jobs->pairs[kind]);
    return;
  }
  Arena *own CLEANUP(arena_freep) = arena_new();
  size_t capacity = most_keys(jobs->e, kind);
  Blocks blocks = {.e = jobs->e,
                   .pairs = &jobs->pairs[kind],
                   .keys = arena_array(own, capacity, uint64_t),
                   .rows = arena_array(own, capacity, uint32_t),
                   .capacity = capacity};
  block_kind(&blocks, kind);
  if (blocks.pairs->size > 1u << 20) pairs_sort(blocks.pairs); /* repeats are dropped before they pile up */
  jobs->cuts[kind] = blocks.cut;
}

static void note_cut(Engine *e, BlockKind kind, const Cut *cut) {
  if (!cut->runs) return;
  e->truncated += cut->runs;
  engine_note(
      e, str_format(e->cx->arena, "“%s”的行太多（%u 组，最大一组 %u 行），已按姓名、村和出生年细分，只比较相近的行。",
                    KIND_TEXTS[kind], cut->runs, cut->largest));
}

void block_pass(Engine *e, Pairs *pairs) {
  e->brief = arena_array(e->scratch, e->count, RowBrief);
  for (uint32_t i = 0; i < e->count; i++)
    e->brief[i] = (RowBrief){e->rows[i].linked, e->rows[i].list, weak_id(&e->rows[i])};
  BlockJobs jobs = {.e = e};
  parallel(e->input->threads, BLOCK_KIND_COUNT + 1, block_job, &jobs);
  for (BlockKind kind = 0; kind < BLOCK_KIND_COUNT; kind++) note_cut(e, kind, &jobs.cuts[kind]);
  for (int i = 0; i <= BLOCK_KIND_COUNT; i++) {
    pairs_append(pairs, &jobs.pairs[i]);
    pairs_free(&jobs.pairs[i]);
  }
  pairs_sort(pairs);
}

/* ---- household expansion ---- */

static void pair_members(Engine *e, Pairs *pairs, uint32_t group_a, uint32_t group_b) {
  uint32_t a_from = e->group_start[group_a], a_to = e->group_start[group_a + 1];
  uint32_t b_from = e->group_start[group_b], b_to = e->group_start[group_b + 1];
  if (a_to > a_from + MEMBER_LIMIT) a_to = a_from + MEMBER_LIMIT;
  if (b_to > b_from + MEMBER_LIMIT) b_to = b_from + MEMBER_LIMIT;
  for (uint32_t i = a_from; i < a_to; i++)
    for (uint32_t k = b_from; k < b_to; k++)
      if (wanted(e, BLOCK_GROUP, e->group_rows[i], e->group_rows[k]))
        pairs_add(pairs, e->group_rows[i], e->group_rows[k]);
}

/* Households of which members are linked: all members are compared, and the links count as evidence. */
void household_pass(Engine *e, const Edge *links, size_t link_count, Pairs *pairs) {
  size_t useful = 0;
  for (size_t i = 0; i < link_count; i++)
    useful += e->rows[links[i].left].group != MATCH_NONE && e->rows[links[i].right].group != MATCH_NONE &&
              e->rows[links[i].left].list != e->rows[links[i].right].list;
  if (!useful) return;
  e->member_links = table_new(e->scratch, useful);
  e->member_pairs = arena_array(e->scratch, useful, uint64_t);
  for (size_t i = 0; i < link_count; i++) {
    const Row *a = &e->rows[links[i].left], *b = &e->rows[links[i].right];
    if (a->group == MATCH_NONE || b->group == MATCH_NONE || a->list == b->list) continue;
    uint32_t *count = table_at(&e->member_links, (uint64_t)a->group << 32 | b->group);
    if (++*count == 1) pair_members(e, pairs, a->group, b->group);
    e->member_pairs[e->member_pair_count++] = (uint64_t)links[i].left << 32 | links[i].right;
  }
  sort_keys(e->member_pairs, NULL, e->member_pair_count);
}
