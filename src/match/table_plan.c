/* Which blocks to use when the specification names none: conjunctions of what the kinds promise, best first, as long as
 * each keeps to its share of pairs. And the names of transforms and blocks. */
#include "match/table_internal.h"

enum { PLAN_MAX = 96, CHOSEN_MAX = 22, SHARE_PER_ROW = 6, SHARE_FREE = 20000, ALL_PAIRS = 120000 };

static const struct {
  const char *name;
  uint8_t transform;
} TRANSFORMS[] = {
    {"whole", TRANSFORM_WHOLE},
    {"sound", TRANSFORM_SOUND},
    {"soundex", TRANSFORM_SOUND},
    {"metaphone", TRANSFORM_SOUND},
    {"pinyin", TRANSFORM_SOUND},
    {"year", TRANSFORM_YEAR},
    {"month-day", TRANSFORM_MONTH_DAY},
    {"month_day", TRANSFORM_MONTH_DAY},
    {"year-month", TRANSFORM_YEAR_MONTH},
    {"year_month", TRANSFORM_YEAR_MONTH},
    {"day", TRANSFORM_DAY},
    {"digits", TRANSFORM_DIGITS},
    {"sorted", TRANSFORM_SORTED},
    {"word", TRANSFORM_WORD},
    {"rare", TRANSFORM_RARE},
    {"initial", TRANSFORM_FIRST},
    {"exact", TRANSFORM_WHOLE},
};

bool table_transform_find(Str name, TableKey *ret_key) {
  for (size_t i = 0; i < COUNT_OF(TRANSFORMS); i++)
    if (str_equal(name, str_from(TRANSFORMS[i].name))) {
      ret_key->transform = TRANSFORMS[i].transform, ret_key->size = 1;
      return true;
    }
  static const struct {
    Str head;
    uint8_t transform;
  } SIZED[] = {{{"first", 5}, TRANSFORM_FIRST}, {{"last", 4}, TRANSFORM_LAST}, {{"", 0}, TRANSFORM_FIRST}};
  for (size_t i = 0; i < COUNT_OF(SIZED); i++) {
    int64_t size;
    if (!str_starts(name, SIZED[i].head) || !str_int64(str_sub(name, SIZED[i].head.size, name.size), &size)) continue;
    if (size < 1 || size > VALUE_RUNES) return false;
    ret_key->transform = SIZED[i].transform, ret_key->size = (uint8_t)size;
    return true;
  }
  return false;
}

static void add_transform(Buf *buf, TableKey key) {
  if (key.transform == TRANSFORM_WHOLE) return;
  buf_add_byte(buf, ':');
  if (key.transform == TRANSFORM_FIRST || key.transform == TRANSFORM_LAST) {
    buf_addf(buf, "%s%d", key.transform == TRANSFORM_FIRST ? "first" : "last", key.size);
    return;
  }
  for (size_t i = 0; i < COUNT_OF(TRANSFORMS); i++)
    if (TRANSFORMS[i].transform == key.transform) {
      buf_add_c(buf, TRANSFORMS[i].name);
      return;
    }
}

Str table_block_text(Arena *arena, const TableInput *input, const TableBlock *block) {
  Buf buf = buf_new(arena);
  if (block->key_count == 0) return STR("全部行");
  for (int i = 0; i < block->key_count; i++) {
    if (i) buf_add(&buf, STR(" + "));
    buf_add(&buf, input->columns[block->keys[i].column].name);
    add_transform(&buf, block->keys[i]);
  }
  return buf_str(&buf);
}

/* ---- choosing ---- */
enum Role { ROLE_NAME, ROLE_DATE, ROLE_ID, ROLE_CODE, ROLE_TEXT, ROLE_COUNT };
static const uint8_t ROLE_OF[TABLE_KIND_COUNT] = {
    [TABLE_NAME] = ROLE_NAME,  [TABLE_CN_NAME] = ROLE_NAME, [TABLE_TEXT] = ROLE_TEXT,   [TABLE_ADDRESS] = ROLE_TEXT,
    [TABLE_EXACT] = ROLE_CODE, [TABLE_CODE] = ROLE_CODE,    [TABLE_NUMBER] = ROLE_CODE, [TABLE_DATE] = ROLE_DATE,
    [TABLE_ID] = ROLE_ID,      [TABLE_CN_ID] = ROLE_ID};

typedef struct Part {
  uint8_t role, transform, size;
} Part;
#define NOTHING \
  { ROLE_COUNT, 0, 0 }
/* Every choice of different columns for the roles is one conjunction; at most so many of a line are taken, columns with
 * many values first, so that the blocks lean on different columns: what one of them loses another one finds. */
static const struct {
  Part parts[3];
  uint8_t most;
} PLANS[] = {
    {{{ROLE_ID, TRANSFORM_WHOLE, 0}, NOTHING, NOTHING}, 3},
    {{{ROLE_DATE, TRANSFORM_WHOLE, 0}, NOTHING, NOTHING}, 2},
    {{{ROLE_NAME, TRANSFORM_SOUND, 0}, {ROLE_NAME, TRANSFORM_SOUND, 0}, NOTHING}, 3},
    {{{ROLE_TEXT, TRANSFORM_WHOLE, 0}, {ROLE_CODE, TRANSFORM_WHOLE, 0}, NOTHING}, 4},
    {{{ROLE_NAME, TRANSFORM_SOUND, 0}, {ROLE_DATE, TRANSFORM_YEAR, 0}, NOTHING}, 2},
    {{{ROLE_NAME, TRANSFORM_SOUND, 0}, {ROLE_DATE, TRANSFORM_MONTH_DAY, 0}, NOTHING}, 2},
    {{{ROLE_TEXT, TRANSFORM_WHOLE, 0}, {ROLE_TEXT, TRANSFORM_WHOLE, 0}, NOTHING}, 2},
    {{{ROLE_ID, TRANSFORM_LAST, 6}, {ROLE_TEXT, TRANSFORM_WHOLE, 0}, NOTHING}, 1},
    {{{ROLE_ID, TRANSFORM_FIRST, 14}, {ROLE_NAME, TRANSFORM_FIRST, 1}, NOTHING}, 1},
    {{{ROLE_NAME, TRANSFORM_SOUND, 0}, {ROLE_CODE, TRANSFORM_WHOLE, 0}, NOTHING}, 3},
    {{{ROLE_NAME, TRANSFORM_SOUND, 0}, {ROLE_TEXT, TRANSFORM_WHOLE, 0}, NOTHING}, 3},
    {{{ROLE_DATE, TRANSFORM_WHOLE, 0}, {ROLE_NAME, TRANSFORM_FIRST, 1}, NOTHING}, 2},
    {{{ROLE_NAME, TRANSFORM_WHOLE, 0}, NOTHING, NOTHING}, 2},
    {{{ROLE_DATE, TRANSFORM_MONTH_DAY, 0}, {ROLE_CODE, TRANSFORM_WHOLE, 0}, NOTHING}, 2},
    {{{ROLE_DATE, TRANSFORM_YEAR_MONTH, 0}, {ROLE_TEXT, TRANSFORM_WORD, 0}, NOTHING}, 1},
    {{{ROLE_TEXT, TRANSFORM_WHOLE, 0}, NOTHING, NOTHING}, 2},
    {{{ROLE_TEXT, TRANSFORM_RARE, 0}, NOTHING, NOTHING}, 2},
    {{{ROLE_CODE, TRANSFORM_WHOLE, 0}, {ROLE_CODE, TRANSFORM_WHOLE, 0}, {ROLE_NAME, TRANSFORM_FIRST, 1}}, 2},
    {{{ROLE_CODE, TRANSFORM_WHOLE, 0}, NOTHING, NOTHING}, 2},
    {{{ROLE_CODE, TRANSFORM_WHOLE, 0}, {ROLE_CODE, TRANSFORM_WHOLE, 0}, NOTHING}, 2},
    {{{ROLE_TEXT, TRANSFORM_FIRST, 4}, NOTHING, NOTHING}, 1},
};

typedef struct Planner {
  TableEngine *t;
  TableBlock plan;
  TableBlock seen[PLAN_MAX];
  uint32_t seen_count, taken, most; /* of this line */
  uint32_t led[TABLE_COLUMNS_MAX];  /* of this line, by their first column */
  uint8_t order[TABLE_COLUMNS_MAX]; /* columns, many values first */
} Planner;

static bool plan_seen(const Planner *p) {
  for (uint32_t i = 0; i < p->seen_count; i++)
    if (memcmp(&p->seen[i], &p->plan, sizeof p->plan) == 0) return true;
  return false;
}

static void plan_try(Planner *p) {
  TableEngine *t = p->t;
  uint64_t rows = (uint64_t)t->rows[0] + (t->dedupe ? 0 : t->rows[1]);
  if (t->block_count >= CHOSEN_MAX || p->taken >= p->most || p->led[p->plan.keys[0].column] * 2 > p->most ||
      p->seen_count == PLAN_MAX || plan_seen(p))
    return;
  p->seen[p->seen_count++] = p->plan;
  Block *block = &t->blocks[t->block_count];
  *block = (Block){.spec = p->plan};
  block_make(t, block);
  uint64_t pairs = block_count_pairs(t, block);
  if (pairs == 0 || pairs > SHARE_FREE + SHARE_PER_ROW * rows) return;
  block_finish(t, block);
  t->block_count++, p->taken++, p->led[p->plan.keys[0].column]++;
}

static void plan_fill(Planner *p, const Part *parts, int at, uint32_t from) {
  if (at == 3 || parts[at].role == ROLE_COUNT) {
    plan_try(p);
    return;
  }
  bool again = at > 0 && memcmp(&parts[at], &parts[at - 1], sizeof *parts) == 0;
  for (uint32_t i = again ? from : 0; i < p->t->column_count; i++) {
    uint32_t c = p->order[i];
    if (ROLE_OF[p->t->columns[c].spec->kind] != parts[at].role) continue;
    bool used = false;
    for (int k = 0; k < at; k++) used = used || p->plan.keys[k].column == c;
    if (used) continue;
    p->plan.keys[at] = (TableKey){(uint8_t)c, parts[at].transform, parts[at].size};
    p->plan.key_count = (uint8_t)(at + 1);
    plan_fill(p, parts, at + 1, i + 1);
    p->plan.keys[at] = (TableKey){0};
    p->plan.key_count = (uint8_t)at;
  }
}

static void order_columns(Planner *p) {
  for (uint32_t i = 0; i < p->t->column_count; i++) {
    p->order[i] = (uint8_t)i;
    for (uint32_t j = i; j > 0; j--) {
      uint8_t above = p->order[j - 1], own = p->order[j];
      if (p->t->columns[above].value_count >= p->t->columns[own].value_count) break;
      p->order[j - 1] = own, p->order[j] = above;
    }
  }
}

void blocks_choose(TableEngine *t) {
  Planner p = {.t = t};
  order_columns(&p);
  for (size_t i = 0; i < COUNT_OF(PLANS); i++) {
    p.taken = 0, p.most = PLANS[i].most;
    memset(p.led, 0, sizeof p.led);
    plan_fill(&p, PLANS[i].parts, 0, 0);
  }
  if (t->block_count && t->all_pairs > ALL_PAIRS) return;
  Block *block = &t->blocks[t->block_count]; /* few rows: all of them; no better idea: all of them, in pieces */
  *block = (Block){.spec = {.key_count = 0}};
  block_make(t, block);
  block_finish(t, block);
  t->block_count++;
}
