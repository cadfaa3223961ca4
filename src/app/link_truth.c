/* Comparing pairs with a truth: precision, recall, F1 (at the threshold and at its best), calibration error, B-cubed.
 */
#include <stdio.h>
#include <stdlib.h>
#include "app/link.h"
#include "base/file.h"

enum { NO_CLASS = UINT32_MAX, BINS = 20 };

typedef struct Truth {
  const LinkTable *tables[2];
  bool one; /* the two tables are the same */
  uint32_t rows, class_count;
  uint32_t *class_of; /* by row, the right table's rows after the left's */
  double pairs;       /* true pairs */
} Truth;

static uint32_t root_of(uint32_t *parent, uint32_t i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

static void join(uint32_t *parent, uint32_t a, uint32_t b) {
  a = root_of(parent, a), b = root_of(parent, b);
  if (a < b)
    parent[b] = a;
  else
    parent[a] = b;
}

static void classes_from_text(Context *cx, Truth *t, const Str *const values[2]) {
  StrMap map = strmap_new(cx->arena);
  for (int side = 0; side < (t->one ? 1 : 2); side++)
    for (uint32_t row = 0; row < t->tables[side]->rows; row++) {
      Str value = str_trim(values[side][row]);
      uint32_t index = row + (side ? t->tables[0]->rows : 0);
      t->class_of[index] = value.size ? strmap_put(&map, value, t->class_count, NULL) : t->class_count;
      if (t->class_of[index] == t->class_count) t->class_count++;
    }
}

static StrMap rows_by_id(Context *cx, const LinkTable *table) {
  StrMap map = strmap_new(cx->arena);
  for (uint32_t row = 0; row < table->rows; row++) strmap_put(&map, table->ids[row], row, NULL);
  return map;
}

/* Two columns: ids of a true pair; or, when the second is called cluster or class, id and cluster. */
static Status classes_from_file(Context *cx, Truth *t, const char *path) {
  Str bytes, names[2];
  CsvTable table;
  TRY(file_read(cx, path, (size_t)4 << 30, &bytes));
  TRY(csv_table_read(cx, bytes, str_from(path), NULL, 0, &table));
  if (table.field_count < 2) return fail(cx, BAD_VALUE, "答案文件 %s 应有两列：left_id,right_id 或 id,cluster。", path);
  names[0] = table.names[0], names[1] = table.names[1];
  TRY(csv_table_read(cx, bytes, str_from(path), names, 2, &table));
  StrMap ids[2] = {rows_by_id(cx, t->tables[0]), t->one ? (StrMap){0} : rows_by_id(cx, t->tables[1])};
  if (t->one) ids[1] = ids[0];
  uint32_t shift = t->one ? 0 : t->tables[0]->rows, unknown = 0;
  bool cluster = str_equal(names[1], STR("cluster")) || str_equal(names[1], STR("class"));
  StrMap clusters = strmap_new(cx->arena);
  for (uint32_t i = 0; i < t->rows; i++) t->class_of[i] = i;
  for (uint32_t i = 0; i < table.rows; i++) {
    uint32_t left = strmap_get(&ids[0], str_trim(table.cells[0][i]));
    uint32_t right = strmap_get(&ids[1], str_trim(table.cells[cluster ? 0 : 1][i]));
    if (cluster) {
      uint32_t rows[2] = {left, right == STRMAP_NONE || t->one ? STRMAP_NONE : right + shift};
      unknown += left == STRMAP_NONE && right == STRMAP_NONE;
      for (int k = 0; k < 2; k++)
        if (rows[k] != STRMAP_NONE) join(t->class_of, strmap_put(&clusters, table.cells[1][i], rows[k], NULL), rows[k]);
    } else if (left == STRMAP_NONE || right == STRMAP_NONE) {
      unknown++;
    } else {
      join(t->class_of, left, right + shift);
    }
  }
  if (unknown) fprintf(stderr, "%s：%u 行的编号在表中找不到。\n", path, unknown);
  for (uint32_t i = 0; i < t->rows; i++) t->class_of[i] = root_of(t->class_of, i);
  t->class_count = t->rows;
  return OK;
}

static void count_true_pairs(Context *cx, Truth *t) {
  uint32_t *sizes[2] = {arena_array(cx->arena, t->class_count + 1ULL, uint32_t),
                        arena_array(cx->arena, t->class_count + 1ULL, uint32_t)};
  for (uint32_t i = 0; i < t->rows; i++) sizes[i >= t->tables[0]->rows][t->class_of[i]]++;
  for (uint32_t c = 0; c < t->class_count; c++)
    t->pairs += t->one ? (double)sizes[0][c] * ((double)sizes[0][c] - 1) / 2 : (double)sizes[0][c] * sizes[1][c];
}

static bool is_true(const Truth *t, const TablePair *pair) {
  return t->class_of[pair->left] == t->class_of[pair->right + (t->one ? 0 : t->tables[0]->rows)];
}

typedef struct Score {
  double found, right, precision, recall, f1;
} Score;

static Score score_of(const Truth *t, double found, double right) {
  Score s = {found, right, found > 0 ? right / found : 1, t->pairs > 0 ? right / t->pairs : 1, 0};
  s.f1 = s.precision + s.recall > 0 ? 2 * s.precision * s.recall / (s.precision + s.recall) : 0;
  return s;
}

static int by_bits(const void *a, const void *b) {
  const TablePair *x = *(const TablePair *const *)a, *y = *(const TablePair *const *)b;
  return (x->bits < y->bits) - (x->bits > y->bits);
}

static Score best_score(Context *cx, const Truth *t, const TableResult *result, int32_t *ret_bits) {
  const TablePair **order = arena_array(cx->arena, result->pair_count, const TablePair *);
  for (size_t i = 0; i < result->pair_count; i++) order[i] = &result->pairs[i];
  qsort(order, result->pair_count, sizeof *order, by_bits);
  Score best = {0};
  double right = 0;
  for (size_t i = 0; i < result->pair_count; i++) {
    right += is_true(t, order[i]);
    if (i + 1 < result->pair_count && order[i + 1]->bits == order[i]->bits) continue;
    Score s = score_of(t, (double)(i + 1), right);
    if (s.f1 > best.f1) best = s, *ret_bits = order[i]->bits;
  }
  return best;
}

/* Mean distance between the probability and the share of true pairs, over bins of probability. */
static double calibration_error(const Truth *t, const TableResult *result) {
  double count[BINS] = {0}, sum[BINS] = {0}, right[BINS] = {0}, error = 0;
  for (size_t i = 0; i < result->pair_count; i++) {
    uint32_t share = table_millionths(result->pairs[i].bits), bin = share * BINS / 1000001;
    count[bin]++, sum[bin] += share / 1e6, right[bin] += is_true(t, &result->pairs[i]);
  }
  for (int b = 0; b < BINS; b++) error += sum[b] > right[b] ? sum[b] - right[b] : right[b] - sum[b];
  return result->pair_count ? error / (double)result->pair_count : 0;
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static Score b_cubed(Context *cx, const Truth *t, const TableResult *result, int32_t threshold) {
  uint32_t *parent = arena_array(cx->arena, t->rows, uint32_t), *cluster = arena_array(cx->arena, t->rows, uint32_t);
  uint32_t *class = arena_array(cx->arena, t->class_count + 1ULL, uint32_t);
  uint64_t *both = arena_array(cx->arena, t->rows, uint64_t);
  for (uint32_t i = 0; i < t->rows; i++) parent[i] = i;
  for (size_t i = 0; i < result->pair_count; i++)
    if (result->pairs[i].bits >= threshold)
      join(parent, result->pairs[i].left, result->pairs[i].right + (t->one ? 0 : t->tables[0]->rows));
  for (uint32_t i = 0; i < t->rows; i++) {
    uint32_t root = root_of(parent, i);
    cluster[root]++, class[t->class_of[i]]++;
    both[i] = (uint64_t)root << 32 | t->class_of[i];
  }
  qsort(both, t->rows, sizeof *both, by_value);
  double precision = 0, recall = 0;
  for (uint32_t from = 0, to; from < t->rows; from = to) {
    for (to = from; to < t->rows && both[to] == both[from];) to++;
    double n = to - from;
    precision += n * n / cluster[both[from] >> 32], recall += n * n / class[both[from] & UINT32_MAX];
  }
  Score s = {.precision = t->rows ? precision / t->rows : 1, .recall = t->rows ? recall / t->rows : 1};
  s.f1 = 2 * s.precision * s.recall / (s.precision + s.recall);
  return s;
}

Status link_truth_print(Context *cx, const LinkTable *const tables[2], const char *file, const TableResult *result,
                        int32_t threshold, bool json) {
  Truth t = {.tables = {tables[0], tables[1]}, .one = tables[0] == tables[1]};
  t.rows = tables[0]->rows + (t.one ? 0 : tables[1]->rows);
  t.class_of = arena_array(cx->arena, t.rows, uint32_t);
  if (file)
    TRY(classes_from_file(cx, &t, file));
  else
    classes_from_text(cx, &t, (const Str *const[2]){tables[0]->truth, tables[1]->truth});
  count_true_pairs(cx, &t);
  double found = 0, right = 0;
  for (size_t i = 0; i < result->pair_count; i++)
    if (result->pairs[i].bits >= threshold) found++, right += is_true(&t, &result->pairs[i]);
  int32_t best_bits = 0;
  Score at = score_of(&t, found, right), best = best_score(cx, &t, result, &best_bits),
        cubed = b_cubed(cx, &t, result, threshold);
  double calibration = calibration_error(&t, result);
  uint32_t best_share = table_millionths(best_bits);
  if (json)
    printf(
        "{\"true_pairs\":%.0f,\"pairs\":%.0f,\"precision\":%.6f,\"recall\":%.6f,\"f1\":%.6f,\"best_f1\":%.6f,"
        "\"best_threshold\":%.6f,\"calibration_error\":%.6f,\"bcubed_precision\":%.6f,\"bcubed_recall\":%.6f,\"bcubed_"
        "f1\":%.6f}\n",
        t.pairs, found, at.precision, at.recall, at.f1, best.f1, best_share / 1e6, calibration, cubed.precision,
        cubed.recall, cubed.f1);
  else
    printf(
        "真配对 %.0f，写出 %.0f\nprecision %.6f\nrecall %.6f\nF1 %.6f\nbest F1 %.6f (p >= %.6f)\ncalibration error "
        "%.6f\n"
        "B-cubed precision %.6f recall %.6f F1 %.6f\n",
        t.pairs, found, at.precision, at.recall, at.f1, best.f1, best_share / 1e6, calibration, cubed.precision,
        cubed.recall, cubed.f1);
  return OK;
}
