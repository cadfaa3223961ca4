/* From weights to scored candidates, and the whole run in order. */
#include "match/table_internal.h"

enum { FLOOR_BITS = -7000, FIELD_BITS_MOST = 30000, UNIT_PAIRS = 20000, KEEP_MOST = 10000000, SAMPLE_MOST = 4000000 };

/* 2^(bits/1000) from a table of fractions, made by plain multiplication: the same on every machine. */
typedef struct Powers {
  double fraction[1000];
} Powers;
static void powers_make(Powers *ret_powers) {
  double value = 1;
  for (int i = 0; i < 1000; i++, value *= 1.0006933874625807) ret_powers->fraction[i] = value;
}

static double odds_of(const Powers *powers, int32_t bits) {
  int32_t whole = bits >= 0 ? bits / 1000 : -((999 - bits) / 1000);
  double value = powers->fraction[bits - whole * 1000];
  if (whole > 500) whole = 500;
  if (whole < -500) return 0;
  uint64_t word; /* times 2^whole: added to the exponent */
  memcpy(&word, &value, sizeof word);
  word += (uint64_t)(int64_t)whole << 52;
  memcpy(&value, &word, sizeof word);
  return value;
}

uint32_t table_millionths(int32_t bits) {
  static const double POWER[10] = {1.0006933874625807, 1.0013872557113346, 1.0027764359010778, 1.0055605803984682,
                                   1.0111520808513041, 1.0224285306099223, 1.045360100205165,  1.0927777391009525,
                                   1.1941631870745895, 1.4260257173641409};
  int32_t whole = bits >= 0 ? bits / 1000 : -((999 - bits) / 1000), fraction = bits - whole * 1000;
  double odds = 1;
  if (whole > 60) return 1000000;
  if (whole < -60) return 0;
  for (int i = 0; i < 10; i++)
    if (fraction >> i & 1) odds *= POWER[i];
  for (; whole > 0; whole--) odds *= 2;
  for (; whole < 0; whole++) odds /= 2;
  double share = odds / (1 + odds);
  return (uint32_t)(share * 1000000 + 0.5);
}

int32_t table_bits(uint32_t parts_per_million) {
  if (parts_per_million == 0) return -1000000;
  if (parts_per_million >= 1000000) return 1000000;
  return log2_of((double)parts_per_million / (double)(1000000 - parts_per_million));
}

void table_note(TableEngine *t, Str note) {
  if (t->note_count == t->note_capacity) {
    uint32_t capacity = t->note_capacity ? t->note_capacity * 2 : 8;
    t->notes = arena_grow(t->cx->arena, t->notes, t->note_capacity * sizeof(Str), capacity * sizeof(Str));
    t->note_capacity = capacity;
  }
  t->notes[t->note_count++] = note;
}

/* ---- weights of a candidate ---- */
/* How much rarer (or more usual) this value is than two equal values on average. */
static int32_t frequency_bits(const TableEngine *t, const Field *field, uint32_t value) {
  const Column *c = &t->columns[field->column];
  double others = (double)c->values[value].count - 2, filled = c->filled;
  double share = (others + 1) / filled;
  int32_t bits = log2_of(field->u[LEVEL_EQUAL] / share);
  return bits;
}

int32_t candidate_bits(const TableEngine *t, const Candidate *c, int16_t *ret_fields) {
  int32_t sum = t->prior;
  for (uint32_t f = 0; f < t->field_count; f++) {
    const Field *field = &t->fields[f];
    uint8_t level = level_of(c->levels, f);
    int32_t bits = field->bits[level];
    if (level == LEVEL_EQUAL && field->frequency)
      bits += t->columns[field->column].values[value_at(t, field->column, 0, c->left)].extra_bits;
    if (ret_fields) ret_fields[f] = (int16_t)bits;
    sum += bits;
  }
  return sum;
}

static void prepare_frequencies(TableEngine *t) {
  for (uint32_t f = 0; f < t->field_count; f++) {
    const Field *field = &t->fields[f];
    Column *c = &t->columns[field->column];
    int32_t known[256], least = -field->bits[LEVEL_EQUAL], most = FIELD_BITS_MOST - field->bits[LEVEL_EQUAL];
    for (int i = 0; i < 256; i++) known[i] = INT32_MIN;
    for (uint32_t v = 1; field->frequency && v < c->value_count; v++) {
      uint32_t count = c->values[v].count;
      int32_t bits = count < 256 && known[count] != INT32_MIN ? known[count] : frequency_bits(t, field, v);
      if (count < 256) known[count] = bits;
      c->values[v].extra_bits = (int16_t)(bits < least ? least : bits > most ? most : bits);
    }
  }
}

/* ---- candidates ---- */
typedef struct Unit {
  uint32_t block, from, to, stride;
  Arena *arena;
  Candidate *found;
  size_t count, capacity, visited;
  Memo *memo;
  TableEngine *t;
  int32_t floor;
  bool scored;
} Unit;

static void unit_add(void *data, uint32_t left, uint32_t right, uint32_t blocks) {
  Unit *u = data;
  u->visited++;
  if (u->t->dedupe && left > right) {
    uint32_t swap = left;
    left = right, right = swap;
  }
  Candidate c = {.left = left, .right = right, .blocks = blocks, .levels = pair_compare(u->t, u->memo, left, right)};
  if (u->scored) {
    c.bits = candidate_bits(u->t, &c, NULL);
    if (c.bits < u->floor) return;
  }
  if (u->count == u->capacity) {
    size_t capacity = u->capacity ? u->capacity * 2 : 1024;
    u->found = arena_grow(u->arena, u->found, u->capacity * sizeof(Candidate), capacity * sizeof(Candidate));
    u->capacity = capacity;
  }
  u->found[u->count++] = c;
}

static void unit_run(void *data, uint32_t index) {
  Unit *u = (Unit *)data + index;
  Arena *own CLEANUP(arena_freep) = arena_new();
  u->arena = arena_new();
  u->memo = memo_new(own);
  block_visit(u->t, u->block, u->from, u->to, u->stride, unit_add, u);
  u->memo = NULL;
}

static uint64_t group_pairs(const TableEngine *t, const Run4 *run) {
  uint64_t left = run->at[1] - run->at[0], right = run->at[3] - run->at[2];
  return t->dedupe ? left * (left - 1) / 2 : left * right;
}

/* stride > 1: only every so manieth group, for the estimates. */
static Unit *make_units(TableEngine *t, Arena *arena, uint32_t stride, uint32_t *ret_count) {
  uint32_t count = 0, capacity = 64;
  Unit *units = arena_array(arena, capacity, Unit);
  for (uint32_t b = 0; b < t->block_count; b++) {
    const Block *block = &t->blocks[b];
    uint64_t pairs = 0;
    for (uint32_t g = 0, from = 0; g < block->group_count; g++) {
      pairs += group_pairs(t, &block->groups[g]);
      if (pairs / stride < UNIT_PAIRS && g + 1 < block->group_count) continue;
      if (count == capacity) {
        units = arena_grow(arena, units, capacity * sizeof(Unit), capacity * 2ULL * sizeof(Unit));
        capacity *= 2;
      }
      units[count++] = (Unit){.block = b, .from = from, .to = g + 1, .t = t, .stride = stride};
      from = g + 1, pairs = 0;
    }
  }
  *ret_count = count;
  return units;
}

static void collect(TableEngine *t, uint32_t stride, bool scored, int32_t floor) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint32_t count;
  Unit *units = make_units(t, own, stride, &count);
  for (uint32_t i = 0; i < count; i++) units[i].scored = scored, units[i].floor = floor;
  table_work(t->threads, count, unit_run, units);
  size_t total = 0, at = 0;
  t->compared = 0;
  for (uint32_t i = 0; i < count; i++) total += units[i].count, t->compared += units[i].visited;
  t->candidates = arena_array(t->scratch, total, Candidate); /* in the order of blocks and groups */
  for (uint32_t i = 0; i < count; i++) {
    if (units[i].count) memcpy(t->candidates + at, units[i].found, units[i].count * sizeof(Candidate));
    at += units[i].count;
    arena_free(units[i].arena);
  }
  t->candidate_count = total;
}

/* ---- prior ---- */
static void score_all(TableEngine *t) {
  for (size_t i = 0; i < t->candidate_count; i++) t->candidates[i].bits = candidate_bits(t, &t->candidates[i], NULL);
}

int32_t prior_of(const TableEngine *t, double matches) {
  double rest = t->all_pairs - matches;
  if (matches < 0.5) matches = 0.5;
  if (rest < t->all_pairs * 0.05) rest = t->all_pairs * 0.05;
  return log2_of(matches / (rest > 0.5 ? rest : 0.5));
}

/* The number of matches that the candidates themselves support; when linking, the candidates of a row compete. */
static double count_matches(const TableEngine *t, const Powers *powers, const Candidate *const *likely, size_t count,
                            double *left, double *right) {
  double matches = 0;
  memset(left, 0, t->rows[0] * sizeof *left);
  if (!t->dedupe) memset(right, 0, t->rows[1] * sizeof *right);
  for (size_t i = 0; i < count; i++) {
    double odds = odds_of(powers, likely[i]->bits + t->prior);
    left[likely[i]->left] += odds, right[likely[i]->right] += odds;
  }
  for (size_t i = 0; i < count; i++) {
    double odds = odds_of(powers, likely[i]->bits + t->prior);
    double rivals = t->dedupe ? 0 : left[likely[i]->left] + right[likely[i]->right] - 2 * odds;
    matches += odds / (1 + odds + (rivals > 0 ? rivals : 0));
  }
  return matches;
}

/* Settles prior and expected matches; the candidates' bits are left without the prior. */
void settle_prior(TableEngine *t) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  double *left = arena_array(own, t->rows[0], double), *right = t->dedupe ? left : arena_array(own, t->rows[1], double);
  const Candidate **likely = arena_array(own, t->candidate_count, const Candidate *);
  size_t count = 0;
  Powers powers;
  powers_make(&powers);
  t->prior = 0;
  score_all(t);
  for (size_t i = 0; i < t->candidate_count; i++)
    if (t->candidates[i].bits > -4000) likely[count++] = &t->candidates[i];
  for (int round = 0; round < 12; round++) {
    t->prior = prior_of(t, t->expected);
    double matches = count_matches(t, &powers, likely, count, left, right), change = matches - t->expected;
    t->expected = matches;
    if (change < 0) change = -change;
    if (change < 0.001 * matches + 0.01) break;
  }
  t->prior = prior_of(t, t->expected);
}

/* ---- the run ---- */
static void prepare_one(void *data, uint32_t unit) {
  TableEngine *t = data;
  column_prepare(&t->columns[unit], t->input, unit);
}

static void make_fields(TableEngine *t) {
  uint32_t names = 0;
  t->name_field[0] = t->name_field[1] = TABLE_NONE;
  for (uint32_t c = 0; c < t->column_count; c++) {
    const TableColumn *spec = &t->input->columns[c];
    if (!spec->compared) continue;
    if (spec->kind == TABLE_NAME && names < 2) t->name_field[names++] = (int)t->field_count;
    t->fields[t->field_count++] = (Field){.column = c, .kind = spec->kind, .frequency = spec->frequency};
  }
}

static void make_cells(TableEngine *t) {
  for (int side = 0; side < (int)t->sides; side++) {
    t->cells[side] = arena_array(t->scratch, (uint64_t)t->rows[side] * t->field_count, uint32_t);
    for (uint32_t f = 0; f < t->field_count; f++)
      for (uint32_t row = 0; row < t->rows[side]; row++)
        t->cells[side][(uint64_t)row * t->field_count + f] = value_at(t, t->fields[f].column, side, row);
  }
  if (t->dedupe) t->cells[1] = t->cells[0];
}

static void make_blocks(TableEngine *t) {
  if (t->input->block_count == 0) {
    blocks_choose(t);
    return;
  }
  for (uint32_t b = 0; b < t->input->block_count; b++) {
    Block *block = &t->blocks[t->block_count++];
    *block = (Block){.spec = t->input->blocks[b]};
    block_make(t, block);
    block_finish(t, block);
  }
}

static Status check_input(Context *cx, const TableInput *input) {
  uint32_t compared = 0;
  for (uint32_t c = 0; c < input->column_count; c++) compared += input->columns[c].compared;
  if (compared == 0) return fail(cx, BAD_USAGE, "比对规格没有给出要比较的字段（fields）。");
  if (compared > TABLE_FIELDS_MAX)
    return fail(cx, BAD_USAGE, "比对规格的字段太多：最多 %d 个，现有 %u 个。", TABLE_FIELDS_MAX, compared);
  if (input->column_count > TABLE_COLUMNS_MAX)
    return fail(cx, BAD_USAGE, "比对规格用到的列太多：最多 %d 列，现有 %u 列。", TABLE_COLUMNS_MAX,
                input->column_count);
  if (input->block_count > TABLE_BLOCKS_MAX)
    return fail(cx, BAD_USAGE, "比对规格的分块太多：最多 %d 个，现有 %u 个。", TABLE_BLOCKS_MAX, input->block_count);
  return OK;
}

static void give_pairs(TableEngine *t, const bool *chosen, TableResult *result) {
  Arena *own CLEANUP(arena_freep) = arena_new();
  uint64_t *keys = arena_array(own, t->candidate_count, uint64_t);
  uint32_t *order = arena_array(own, t->candidate_count, uint32_t);
  size_t count = 0;
  for (size_t i = 0; i < t->candidate_count; i++) {
    if (!chosen[i]) continue;
    keys[count] = (uint64_t)t->candidates[i].left << 32 | t->candidates[i].right;
    order[count++] = (uint32_t)i;
  }
  sort_keys(keys, order, count);
  result->pairs = arena_array(t->cx->arena, count, TablePair);
  for (size_t i = 0; i < count; i++) {
    const Candidate *c = &t->candidates[order[i]];
    TablePair *pair = &result->pairs[result->pair_count++];
    *pair = (TablePair){.left = c->left, .right = c->right, .bits = c->bits, .adjusted = c->raised};
    candidate_bits(t, c, pair->field_bits);
    for (uint32_t f = 0; f < t->field_count; f++) pair->level[f] = level_of(c->levels, f);
  }
}

static void choose(TableEngine *t, TableResult *result) {
  if (t->dedupe) {
    table_cluster(t, result);
    return;
  }
  bool *chosen = arena_array(t->scratch, t->candidate_count, bool);
  if (t->input->one_to_one)
    table_assign(t, chosen);
  else
    for (size_t i = 0; i < t->candidate_count; i++) chosen[i] = true;
  for (size_t i = 0; i < t->candidate_count; i++) chosen[i] = chosen[i] && t->candidates[i].bits >= t->input->threshold;
  give_pairs(t, chosen, result);
}

static void give_model(TableEngine *t, TableResult *result) {
  result->prior = t->prior;
  result->compared = t->compared;
  result->field_count = t->field_count;
  result->expected_matches = (uint64_t)(t->expected + 0.5);
  for (uint32_t f = 0; f < t->field_count; f++) {
    result->fields[f] = (TableFieldModel){.column = t->fields[f].column, .estimated = t->fields[f].estimated};
    memcpy(result->fields[f].bits, t->fields[f].bits, sizeof t->fields[f].bits);
  }
  result->blocks = arena_array(t->cx->arena, t->block_count, TableBlock);
  for (uint32_t b = 0; b < t->block_count; b++) result->blocks[b] = t->blocks[b].spec;
  result->block_count = t->block_count;
  result->notes = t->notes, result->note_count = t->note_count;
}

static void run_engine(TableEngine *t, TableResult *result) {
  table_work(t->threads, t->column_count, prepare_one, t);
  make_fields(t);
  make_cells(t);
  make_blocks(t);
  blocks_ready(t);
  uint64_t pairs = 0;
  for (uint32_t b = 0; b < t->block_count; b++) pairs += t->blocks[b].pairs;
  bool large = pairs > KEEP_MOST;
  collect(t, large ? (uint32_t)(pairs / SAMPLE_MOST) : 1, false, 0);
  estimate(t);
  prepare_frequencies(t);
  if (large) {
    t->prior = prior_of(t, t->expected);
    collect(t, 1, true, FLOOR_BITS - 4000);
  }
  settle_prior(t);
  for (size_t i = 0; i < t->candidate_count; i++) t->candidates[i].bits += t->prior;
  choose(t, result);
  give_model(t, result);
}

Status table_run(Context *cx, const TableInput *input, TableResult *ret_result) {
  TRY(check_input(cx, input));
  Arena *scratch CLEANUP(arena_freep) = arena_new();
  TableEngine *t = arena_one(scratch, TableEngine);
  *t = (TableEngine){.cx = cx,
                     .scratch = scratch,
                     .input = input,
                     .dedupe = input->dedupe,
                     .sides = input->dedupe ? 1 : 2,
                     .threads = input->threads,
                     .column_count = input->column_count};
  t->rows[0] = input->left.rows, t->rows[1] = input->dedupe ? input->left.rows : input->right.rows;
  t->all_pairs = input->dedupe ? (double)t->rows[0] * ((double)t->rows[0] - 1) / 2 : (double)t->rows[0] * t->rows[1];
  TableResult result = {0};
  for (uint32_t c = 0; c < t->column_count; c++) t->columns[c].arena = arena_new();
  if (t->all_pairs > 0) run_engine(t, &result);
  for (uint32_t c = 0; c < t->column_count; c++) arena_free(t->columns[c].arena);
  if (input->dedupe && !result.cluster)
    result.cluster = arena_array(cx->arena, t->rows[0], uint32_t); /* one row at most */
  *ret_result = result;
  return OK;
}
