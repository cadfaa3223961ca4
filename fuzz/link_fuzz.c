/* Two small CSV files and the choice of kinds and blocks from the bytes: the table engine must end, and what it says
 * must hold together. Layout: flags, kinds of four columns, blocks, then the two files parted by a line "====". */
#include "fuzz.h"
#include "match/match_table.h"
#include "sheet/sheet.h"

enum { FIELDS = 4, HEAD = 8 };

static void check_result(const TableInput *input, const TableResult *result) {
  for (size_t i = 0; i < result->pair_count; i++) {
    const TablePair *pair = &result->pairs[i];
    int32_t sum = result->prior;
    FUZZ_HOLDS(pair->left < input->left.rows && pair->right < (input->dedupe ? input->left.rows : input->right.rows));
    FUZZ_HOLDS(!input->dedupe || pair->left < pair->right);
    FUZZ_HOLDS(pair->bits >= input->threshold);
    for (uint32_t f = 0; f < result->field_count; f++) {
      sum += pair->field_bits[f];
      FUZZ_HOLDS(pair->level[f] < LEVEL_COUNT);
    }
    FUZZ_HOLDS(pair->adjusted || sum == pair->bits);
    if (i == 0) continue;
    const TablePair *before = pair - 1;
    FUZZ_HOLDS(before->left < pair->left || (before->left == pair->left && before->right < pair->right));
    FUZZ_HOLDS(!input->one_to_one || before->left < pair->left);
  }
  for (uint32_t row = 0; input->dedupe && row < input->left.rows; row++) FUZZ_HOLDS(result->cluster[row] <= row);
}

static void check_same(const TableResult *a, const TableResult *b) {
  FUZZ_HOLDS(a->pair_count == b->pair_count && a->prior == b->prior);
  for (size_t i = 0; i < a->pair_count; i++)
    FUZZ_HOLDS(a->pairs[i].left == b->pairs[i].left && a->pairs[i].right == b->pairs[i].right &&
               a->pairs[i].bits == b->pairs[i].bits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Str WANTED[FIELDS] = {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}};
  if (size < HEAD || size > 1 << 16) return 0;
  Arena *arena CLEANUP(arena_freep) = arena_new();
  Context cx = {.arena = arena};
  Str text = {(const char *)data + HEAD, size - HEAD};
  ptrdiff_t cut = str_find(text, STR("\n====\n"));
  CsvTable tables[2];
  for (int side = 0; side < 2; side++) {
    Str part = cut < 0 ? text : side ? str_sub(text, (size_t)cut + 6, text.size) : str_sub(text, 0, (size_t)cut + 1);
    if (csv_table_read(&cx, part, STR("fuzz.csv"), WANTED, FIELDS, &tables[side]) != OK) return 0;
  }
  TableColumn columns[FIELDS];
  for (int i = 0; i < FIELDS; i++)
    columns[i] = (TableColumn){.name = WANTED[i],
                               .kind = (TableKind)(data[1 + i] % TABLE_KIND_COUNT),
                               .compared = i == 0 || data[1 + i] < 200,
                               .frequency = data[1 + i] & 16,
                               .format = data[0] & 8 ? STR("DD/MM/YYYY") : STR_EMPTY};
  TableBlock blocks[2] = {
      {{{data[5] % FIELDS, data[6] % TRANSFORM_COUNT, 1 + data[7] % 5}}, 1},
      {{{data[6] % FIELDS, data[7] % TRANSFORM_COUNT, 2}, {data[7] % FIELDS, data[5] % TRANSFORM_COUNT, 3}}, 2}};
  TableInput input = {.columns = columns,
                      .column_count = FIELDS,
                      .blocks = blocks,
                      .block_count = data[0] & 4 ? 2 : 0,
                      .left = {tables[0].rows, (const Str *const *)tables[0].cells},
                      .right = {tables[1].rows, (const Str *const *)tables[1].cells},
                      .dedupe = data[0] & 1,
                      .one_to_one = !(data[0] & 1) && data[0] & 2,
                      .threshold = -5000,
                      .threads = 1};
  TableResult one, two;
  FUZZ_HOLDS(table_run(&cx, &input, &one) == OK);
  check_result(&input, &one);
  if (data[0] & 16) {
    input.threads = 3;
    FUZZ_HOLDS(table_run(&cx, &input, &two) == OK);
    check_same(&one, &two);
  }
  return 0;
}
