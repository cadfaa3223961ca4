/* The weights. u: how often unrelated rows reach a level, from random pairs, then frozen. m: how often rows of one
 * thing do, by EM on histograms of level patterns, one session for each block without the fields of its key, averaged.
 * Sums run in a fixed order, and only + - * / are used, so that the result is the same on every machine. */
#include "match/table_internal.h"

enum { RANDOM_PAIRS = 50000, ROUNDS = 30, SESSION_PAIRS = 1 << 18, SAMPLE_UNITS = 32 };
static const double LEAST_SESSION = 15, PRIOR_ROWS = 8, SESSION_MOST = 2000;

/* What is assumed where nothing can be estimated: of 1000 true pairs with both values given. */
static const uint16_t SHIPPED[TABLE_KIND_COUNT][LEVEL_COUNT] = {
    /*                 -  equal slip close sound part far differ swapped covered learnt */
    [TABLE_NAME] = {0, 820, 70, 20, 15, 15, 10, 30, 15, 0, 5},
    [TABLE_TEXT] = {0, 780, 90, 30, 15, 25, 15, 40, 1, 0, 4},
    [TABLE_EXACT] = {0, 920, 1, 1, 1, 1, 1, 74, 1, 0, 0},
    [TABLE_DATE] = {0, 870, 50, 20, 1, 10, 10, 29, 10, 0, 0},
    [TABLE_ID] = {0, 900, 60, 15, 1, 1, 3, 19, 1, 0, 0},
    [TABLE_CODE] = {0, 830, 80, 10, 1, 20, 4, 54, 1, 0, 0},
    [TABLE_NUMBER] = {0, 800, 1, 40, 40, 30, 20, 68, 1, 0, 0},
    [TABLE_CN_NAME] = {0, 930, 10, 15, 15, 10, 8, 11, 1, 0, 0},
    [TABLE_CN_ID] = {0, 920, 40, 15, 1, 1, 5, 18, 1, 0, 0},
    [TABLE_ADDRESS] = {0, 600, 100, 50, 20, 120, 40, 69, 1, 0, 0},
};

/* ---- u ---- */
typedef struct Sampler {
  TableEngine *t;
  uint64_t *levels;
  uint32_t count;
} Sampler;

static void sample_unit(void *data, uint32_t unit) {
  Sampler *s = data;
  Arena *own CLEANUP(arena_freep) = arena_new();
  Memo *memo = memo_new(own);
  uint32_t from = (uint32_t)((uint64_t)s->count * unit / SAMPLE_UNITS);
  uint32_t to = (uint32_t)((uint64_t)s->count * (unit + 1) / SAMPLE_UNITS);
  for (uint32_t i = from; i < to; i++) {
    uint64_t random = hash_mix(0x616E6A75 + (uint64_t)i);
    uint32_t left = (uint32_t)((random >> 32) * s->t->rows[0] >> 32),
             right = (uint32_t)((random & UINT32_MAX) * s->t->rows[1] >> 32);
    if (s->t->dedupe && left == right) right = (right + 1) % s->t->rows[1];
    s->levels[i] = pair_compare(s->t, memo, left, right);
  }
}

/* Pairs of rows with the same value, among pairs with both values given. */
static double share_equal(const TableEngine *t, const Column *c) {
  double same = 0, filled[2] = {0};
  uint32_t *counts = arena_array(t->scratch, c->value_count * 2ULL, uint32_t);
  for (int side = 0; side < (int)t->sides; side++)
    for (uint32_t row = 0; row < t->rows[side]; row++) counts[c->rows[side][row] * 2 + (uint32_t)side]++;
  for (uint32_t v = 1; v < c->value_count; v++) {
    double left = counts[v * 2], right = t->dedupe ? left - 1 : counts[v * 2 + 1];
    same += left * right;
    filled[0] += counts[v * 2], filled[1] += counts[v * 2 + 1];
  }
  double all = t->dedupe ? filled[0] * (filled[0] - 1) : filled[0] * filled[1];
  return all > 0 ? same / all : 0;
}

/* The share of matches is taken out of what was counted: in small tables they are most of the agreements. */
static void u_of_field(TableEngine *t, uint32_t f, const uint64_t *sample, uint32_t count, double matches) {
  Field *field = &t->fields[f];
  double seen[LEVEL_COUNT] = {0}, total = 0, least = 2 / (t->all_pairs + 1), lambda = matches / t->all_pairs;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t level = level_of(sample[i], f);
    if (level != LEVEL_MISSING && level != LEVEL_COVERED) seen[level]++, total++;
  }
  if (least < 1e-7) least = 1e-7;
  double equal = share_equal(t, &t->columns[field->column]), sum = 0;
  for (int l = LEVEL_EQUAL; l < LEVEL_COUNT; l++) {
    double share = l == LEVEL_EQUAL ? equal : total > 0 ? seen[l] / total : 0, floor = least;
    if (l == LEVEL_SWAPPED) floor = 1e-5;
    if (l == LEVEL_LEARNT) floor = t->learnt[f].count ? t->learnt[f].chance / 4 : 1e-5;
    if (l > LEVEL_EQUAL && l < LEVEL_SWAPPED && total > 0) floor = 0.5 / total > least ? 0.5 / total : least;
    if (l == LEVEL_LEARNT) share = t->learnt[f].chance;
    share -= lambda * field->m[l];
    field->u[l] = share > floor ? share : floor;
    if (l == LEVEL_COVERED) field->u[l] = 0;
    sum += field->u[l];
  }
  for (int l = LEVEL_EQUAL; l < LEVEL_COUNT; l++) field->u[l] /= sum;
}

/* ---- sessions ---- */
typedef struct Session {
  uint64_t *patterns; /* distinct */
  double *counts;
  uint32_t size;
  double pairs, most; /* most matches that one-to-one allows */
  double matches;
  double m[TABLE_FIELDS_MAX][LEVEL_COUNT], weight[TABLE_FIELDS_MAX];
} Session;

typedef struct Members { /* the candidates of a block */
  uint32_t *candidates;
  size_t count;
} Members;

typedef struct Sessions {
  TableEngine *t;
  Session *sessions;
  const Members *members;
} Sessions;

static Members *list_members(TableEngine *t) {
  Members *members = arena_array(t->scratch, t->block_count, Members);
  for (size_t i = 0; i < t->candidate_count; i++)
    for (uint32_t blocks = t->candidates[i].blocks; blocks; blocks &= blocks - 1)
      members[__builtin_ctz(blocks)].count++;
  for (uint32_t b = 0; b < t->block_count; b++) {
    members[b].candidates = arena_array(t->scratch, members[b].count, uint32_t);
    members[b].count = 0;
  }
  for (size_t i = 0; i < t->candidate_count; i++)
    for (uint32_t blocks = t->candidates[i].blocks; blocks; blocks &= blocks - 1) {
      Members *of = &members[__builtin_ctz(blocks)];
      of->candidates[of->count++] = (uint32_t)i;
    }
  return members;
}

static void session_fill(const Sessions *all, uint32_t b, Session *s, Arena *arena) {
  const TableEngine *t = all->t;
  uint64_t mask = 0;
  const Members *members = &all->members[b];
  size_t stride = 1, kept = 0;
  for (uint32_t f = 0; f < t->field_count; f++)
    if (!(t->blocks[b].fields >> f & 1)) mask |= 15ULL << (f * 4);
  while (members->count / stride > SESSION_PAIRS) stride++;
  uint64_t *patterns = arena_array(arena, members->count / stride + 1, uint64_t);
  for (size_t i = 0; i < members->count; i += stride)
    patterns[kept++] = t->candidates[members->candidates[i]].levels & mask;
  sort_keys(patterns, NULL, kept);
  s->patterns = patterns;
  s->counts = arena_array(arena, kept + 1, double);
  for (size_t i = 0; i < kept; i++) {
    if (s->size && patterns[s->size - 1] == patterns[i]) {
      s->counts[s->size - 1]++;
      continue;
    }
    s->patterns[s->size] = patterns[i];
    s->counts[s->size++] = 1;
  }
  s->pairs = (double)kept;
  uint32_t fewer = t->dedupe || t->rows[0] < t->rows[1] ? t->rows[0] : t->rows[1];
  s->most = (double)fewer / (double)stride * (t->dedupe ? 4 : 1);
}

/* One round: expected counts of levels among matches. */
static double session_round(const TableEngine *t, Session *s, double lambda, double expected[][LEVEL_COUNT]) {
  double ratio[TABLE_FIELDS_MAX][16], matches = 0;
  for (uint32_t f = 0; f < t->field_count; f++)
    for (int l = 0; l < 16; l++)
      ratio[f][l] = l == LEVEL_MISSING || l == LEVEL_COVERED || l >= LEVEL_COUNT || t->fields[f].u[l] <= 0
                        ? 1
                        : s->m[f][l] / t->fields[f].u[l];
  for (uint32_t i = 0; i < s->size; i++) {
    uint64_t levels = s->patterns[i];
    double odds = lambda / (1 - lambda);
    for (uint32_t f = 0; f < t->field_count; f++) odds *= ratio[f][levels >> (f * 4) & 15];
    double share = odds / (1 + odds) * s->counts[i];
    matches += share;
    if (share > 1e-9)
      for (uint32_t f = 0; f < t->field_count; f++) expected[f][levels >> (f * 4) & 15] += share;
  }
  return matches;
}

static void session_run(void *data, uint32_t b) {
  Sessions *all = data;
  TableEngine *t = all->t;
  Session *s = &all->sessions[b];
  if (t->blocks[b].spec.key_count == 0) return; /* without a key the sessions of the others say more */
  Arena *own CLEANUP(arena_freep) = arena_new();
  session_fill(all, b, s, own);
  if (s->pairs < LEAST_SESSION) return;
  for (uint32_t f = 0; f < t->field_count; f++) memcpy(s->m[f], t->fields[f].m, sizeof s->m[f]);
  double lambda = s->most / s->pairs < 0.5 ? s->most / s->pairs * 0.5 : 0.25,
         most = s->most / s->pairs < 0.95 ? s->most / s->pairs : 0.95;
  for (int round = 0; round < ROUNDS; round++) {
    double levels[TABLE_FIELDS_MAX][LEVEL_COUNT] = {{0}};
    double matches = session_round(t, s, lambda, levels), before = lambda;
    s->matches = matches;
    for (uint32_t f = 0; f < t->field_count; f++) {
      double sum = PRIOR_ROWS;
      for (int l = LEVEL_EQUAL; l < LEVEL_COUNT; l++) sum += l == LEVEL_COVERED ? 0 : levels[f][l];
      for (int l = LEVEL_EQUAL; l < LEVEL_COUNT; l++)
        s->m[f][l] = l == LEVEL_COVERED ? 0 : (levels[f][l] + PRIOR_ROWS * SHIPPED[t->fields[f].kind][l] / 1000) / sum;
      s->weight[f] = t->blocks[b].fields >> f & 1 ? 0 : sum - PRIOR_ROWS;
    }
    lambda = matches / s->pairs;
    if (lambda > most) lambda = most;
    if (lambda < 1e-9) lambda = 1e-9;
    double change = lambda - before;
    if (change < 0) change = -change;
    if (round > 4 && change < lambda * 1e-4) break;
  }
  s->patterns = NULL, s->counts = NULL;
}

static void average_sessions(TableEngine *t, const Session *sessions) {
  for (uint32_t f = 0; f < t->field_count; f++) {
    Field *field = &t->fields[f];
    double sum = PRIOR_ROWS, m[LEVEL_COUNT];
    for (int l = 0; l < LEVEL_COUNT; l++) m[l] = PRIOR_ROWS * SHIPPED[field->kind][l] / 1000;
    for (uint32_t b = 0; b < t->block_count; b++) {
      double weight = sessions[b].weight[f] < SESSION_MOST ? sessions[b].weight[f] : SESSION_MOST;
      if (sessions[b].matches < LEAST_SESSION || weight <= 0) continue;
      for (int l = 0; l < LEVEL_COUNT; l++) m[l] += weight * sessions[b].m[f][l];
      sum += weight;
      field->estimated = true;
    }
    for (int l = 0; l < LEVEL_COUNT; l++) field->m[l] = m[l] / sum;
    /* bounds: a field that disagrees for most true pairs is no evidence of a match elsewhere */
    if (field->m[LEVEL_DIFFER] > 0.6) field->m[LEVEL_DIFFER] = 0.6;
    if (field->m[LEVEL_DIFFER] < 1e-3) field->m[LEVEL_DIFFER] = 1e-3;
  }
}

/* A worse level must not weigh more than a better one: neighbours that do are pooled. */
static void pool_levels(Field *field) {
  for (bool again = true; again;) {
    again = false;
    for (int l = LEVEL_EQUAL; l < LEVEL_DIFFER; l++) {
      if (field->u[l] <= 0 || field->u[l + 1] <= 0) continue;
      if (field->m[l] / field->u[l] >= field->m[l + 1] / field->u[l + 1] * 0.999999) continue;
      double m = field->m[l] + field->m[l + 1], u = field->u[l] + field->u[l + 1];
      double ratio = m / u;
      field->m[l] = ratio * field->u[l], field->m[l + 1] = ratio * field->u[l + 1];
      again = true;
    }
  }
}

/* By repeated squaring, ten digits after the point are far more than the result keeps. */
int32_t log2_of(double value) {
  int32_t whole = 0;
  if (value <= 0) return INT32_MIN / 4;
  while (value >= 2 && whole < 4000) value /= 2, whole++;
  while (value < 1 && whole > -4000) value *= 2, whole--;
  int32_t fraction = 0;
  for (int i = 0; i < 16; i++) {
    value *= value;
    fraction *= 2;
    if (value >= 2) value /= 2, fraction++;
  }
  return whole * 1000 + (int32_t)(((int64_t)fraction * 1000 + 32768) >> 16);
}

void quantise(TableEngine *t) {
  for (uint32_t f = 0; f < t->field_count; f++) {
    Field *field = &t->fields[f];
    pool_levels(field);
    for (int l = LEVEL_EQUAL; l < LEVEL_COUNT; l++)
      field->bits[l] =
          l == LEVEL_COVERED || field->u[l] <= 0 || field->m[l] <= 0 ? 0 : log2_of(field->m[l] / field->u[l]);
    field->bits[LEVEL_MISSING] = 0;
  }
}

void estimate(TableEngine *t) {
  uint32_t count = t->all_pairs < RANDOM_PAIRS ? (uint32_t)t->all_pairs : RANDOM_PAIRS;
  Sampler sampler = {t, arena_array(t->scratch, count, uint64_t), count};
  table_work(t->threads, count ? SAMPLE_UNITS : 0, sample_unit, &sampler);
  uint32_t fewer = t->dedupe || t->rows[0] < t->rows[1] ? t->rows[0] : t->rows[1];
  double matches = 0.3 * (double)fewer;
  const Members *members = list_members(t);
  for (uint32_t f = 0; f < t->field_count; f++)
    for (int l = 0; l < LEVEL_COUNT; l++) t->fields[f].m[l] = SHIPPED[t->fields[f].kind][l] / 1000.0;
  for (int pass = 0; pass < 2; pass++) {
    for (uint32_t f = 0; f < t->field_count; f++) u_of_field(t, f, sampler.levels, count, matches);
    Session *sessions = arena_array(t->scratch, t->block_count, Session);
    Sessions all = {t, sessions, members};
    table_work(t->threads, t->block_count, session_run, &all);
    average_sessions(t, sessions);
    double most = 0;
    for (uint32_t b = 0; b < t->block_count; b++) most = sessions[b].matches > most ? sessions[b].matches : most;
    t->expected = most > 0 ? most : matches;
    if (pass > 0) break;
    quantise(t);
    if (most <= 0) settle_prior(t); /* too few rows for any session */
    matches = t->expected;
    t->prior = prior_of(t, matches);
    learn_variants(t);
  }
  for (uint32_t f = 0; f < t->field_count; f++)
    if (!t->fields[f].estimated)
      table_note(t, str_format(t->cx->arena, "字段“" STR_FMT "”的权重无法从数据估计，使用了默认值。",
                               STR_ARG(t->input->columns[t->fields[f].column].name)));
  quantise(t);
}
