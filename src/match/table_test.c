/* Linking and de-duplicating any two tables: what is found, what a level is called, and input that tries to break it.
 */
#include "match/match_table.h"
#include "test.h"

enum { COLUMNS = 5 };
static const TableColumn PEOPLE[COLUMNS] = {
    {.name = {"given", 5}, .kind = TABLE_NAME, .compared = true, .frequency = true},
    {.name = {"family", 6}, .kind = TABLE_NAME, .compared = true, .frequency = true},
    {.name = {"birth", 5}, .kind = TABLE_DATE, .compared = true},
    {.name = {"town", 4}, .kind = TABLE_TEXT, .compared = true, .frequency = true},
    {.name = {"post", 4}, .kind = TABLE_CODE, .compared = true},
};

typedef struct Made {
  Str *cells[COLUMNS];
  uint32_t rows;
} Made;

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return *state >> 33;
}

static Str syllables(Arena *arena, uint64_t *state, int count) {
  static const char *const PARTS[] = {"an", "bel", "cor", "dan", "el",  "fra", "gus", "hen",
                                      "il", "jo",  "ka",  "lo",  "mar", "ni",  "or",  "pe"};
  Buf buf = buf_new(arena);
  for (int i = 0; i < count; i++) buf_add_c(&buf, PARTS[next_random(state) % COUNT_OF(PARTS)]);
  return buf_str(&buf);
}

static Made made_people(Arena *arena, uint32_t rows, uint64_t seed) {
  Made made = {.rows = rows};
  for (int c = 0; c < COLUMNS; c++) made.cells[c] = arena_array(arena, rows, Str);
  for (uint32_t row = 0; row < rows; row++) {
    made.cells[0][row] = syllables(arena, &seed, 2), made.cells[1][row] = syllables(arena, &seed, 3);
    made.cells[2][row] = str_format(arena, "%u-%02u-%02u", (unsigned)(1930 + next_random(&seed) % 80),
                                    (unsigned)(1 + next_random(&seed) % 12), (unsigned)(1 + next_random(&seed) % 28));
    made.cells[3][row] = syllables(arena, &seed, 2);
    made.cells[4][row] = str_format(arena, "%u", (unsigned)(1000 + next_random(&seed) % 500));
  }
  return made;
}

/* The same people in the same order, a slip in some cells, some left out. */
static Made damaged_copy(Arena *arena, const Made *from, uint64_t seed) {
  Made copy = {.rows = from->rows};
  for (int c = 0; c < COLUMNS; c++) {
    copy.cells[c] = arena_array(arena, from->rows, Str);
    for (uint32_t row = 0; row < from->rows; row++) {
      Str text = copy.cells[c][row] = from->cells[c][row];
      uint64_t luck = next_random(&seed) % 10;
      if (luck == 0) copy.cells[c][row] = STR_EMPTY;
      if (luck == 1)
        copy.cells[c][row] =
            str_format(arena, STR_FMT "e" STR_FMT, STR_ARG(str_sub(text, 0, 2)), STR_ARG(str_sub(text, 3, text.size)));
    }
  }
  return copy;
}

static TableInput input_of(const Made *left, const Made *right) {
  TableInput input = {
      .columns = PEOPLE, .column_count = COLUMNS, .left = {left->rows, (const Str *const *)left->cells}, .threads = 1};
  if (right)
    input.right = (TableSide){right->rows, (const Str *const *)right->cells};
  else
    input.dedupe = true;
  return input;
}

static uint32_t count_right(const TableResult *result) {
  uint32_t right = 0;
  for (size_t i = 0; i < result->pair_count; i++) right += result->pairs[i].left == result->pairs[i].right;
  return right;
}

TEST(people_with_slips_and_gaps_are_found_again) {
  Made left = made_people(cx->arena, 1500, 1), right = damaged_copy(cx->arena, &left, 2);
  TableInput input = input_of(&left, &right);
  TableResult result;
  CHECK_OK(table_run(cx, &input, &result));
  CHECK(count_right(&result) >= 1490);
  CHECK(result.pair_count - count_right(&result) <= 3);
  CHECK(result.expected_matches >= 1480 && result.expected_matches <= 1510);
  input.one_to_one = true;
  CHECK_OK(table_run(cx, &input, &result));
  CHECK(count_right(&result) >= 1490);
  for (size_t i = 1; i < result.pair_count; i++) CHECK(result.pairs[i].left > result.pairs[i - 1].left);
}

TEST(prior_and_fields_add_up_to_the_bits) {
  Made left = made_people(cx->arena, 300, 5), right = damaged_copy(cx->arena, &left, 6);
  TableInput input = input_of(&left, &right);
  TableResult result;
  CHECK_OK(table_run(cx, &input, &result));
  CHECK(result.pair_count > 0);
  for (size_t i = 0; i < result.pair_count; i++) {
    int32_t sum = result.prior;
    for (uint32_t f = 0; f < result.field_count; f++) {
      sum += result.pairs[i].field_bits[f];
      if (result.pairs[i].level[f] == LEVEL_MISSING) CHECK_INT(result.pairs[i].field_bits[f], 0);
    }
    CHECK_INT(sum, result.pairs[i].bits);
  }
}

static void check_same(const TableResult *a, const TableResult *b) {
  CHECK_INT((int64_t)a->pair_count, (int64_t)b->pair_count);
  if (a->pair_count != b->pair_count) return;
  CHECK(a->prior == b->prior && a->compared == b->compared);
  CHECK(memcmp(a->fields, b->fields, sizeof a->fields) == 0);
  for (size_t i = 0; i < a->pair_count; i++) {
    const TablePair *x = &a->pairs[i], *y = &b->pairs[i];
    CHECK(x->left == y->left && x->right == y->right && x->bits == y->bits);
    CHECK(memcmp(x->field_bits, y->field_bits, sizeof x->field_bits) == 0);
  }
}

TEST(any_number_of_threads_gives_the_same_bits) {
  Made left = made_people(cx->arena, 1200, 11), right = damaged_copy(cx->arena, &left, 12);
  for (int dedupe = 0; dedupe < 2; dedupe++) {
    TableResult one, other;
    TableInput input = input_of(&left, dedupe ? NULL : &right);
    CHECK_OK(table_run(cx, &input, &one));
    for (uint32_t threads = 2; threads <= 7; threads += 5) {
      input.threads = threads;
      CHECK_OK(table_run(cx, &input, &other));
      check_same(&one, &other);
    }
  }
}

TEST(duplicates_are_gathered_into_clusters) {
  Made people = made_people(cx->arena, 400, 21), again = damaged_copy(cx->arena, &people, 22),
       more = damaged_copy(cx->arena, &people, 23), all = {.rows = 1200};
  for (int c = 0; c < COLUMNS; c++) {
    all.cells[c] = arena_array(cx->arena, 1200, Str);
    memcpy(all.cells[c], people.cells[c], 400 * sizeof(Str));
    memcpy(all.cells[c] + 400, again.cells[c], 400 * sizeof(Str));
    memcpy(all.cells[c] + 800, more.cells[c], 400 * sizeof(Str));
  }
  TableInput input = input_of(&all, NULL);
  TableResult result;
  CHECK_OK(table_run(cx, &input, &result));
  uint32_t whole = 0;
  for (uint32_t i = 0; i < 400; i++)
    whole += result.cluster[i] == i && result.cluster[i + 400] == i && result.cluster[i + 800] == i;
  CHECK(whole >= 395);
  for (size_t i = 0; i < result.pair_count; i++) {
    CHECK(result.pairs[i].left < result.pairs[i].right);
    CHECK(result.cluster[result.pairs[i].left] == result.cluster[result.pairs[i].right]);
  }
}

/* The levels of one pair among many others. */
static TablePair pair_of(Context *cx, const Str left[COLUMNS], const Str right[COLUMNS]) {
  Made a = made_people(cx->arena, 400, 31), b = damaged_copy(cx->arena, &a, 32);
  for (int c = 0; c < COLUMNS; c++) a.cells[c][7] = left[c], b.cells[c][7] = right[c];
  TableInput input = input_of(&a, &b);
  input.threshold = -30000;
  TableResult result;
  CHECK_OK(table_run(cx, &input, &result));
  for (size_t i = 0; i < result.pair_count; i++)
    if (result.pairs[i].left == 7 && result.pairs[i].right == 7) return result.pairs[i];
  CHECK(!"the pair is a candidate");
  return (TablePair){0};
}

TEST(levels_say_what_became_of_two_values) {
  TablePair pair =
      pair_of(cx, (Str[COLUMNS]){STR("Katherine"), STR("O'Brien"), STR("1962-03-04"), STR("São Paulo"), STR("4711")},
              (Str[COLUMNS]){STR("catherine"), STR("OBRIEN"), STR("04/03/1962"), STR("sao  paulo"), STR("4712")});
  CHECK_INT(pair.level[0], LEVEL_SLIP);
  CHECK_INT(pair.level[1], LEVEL_EQUAL);
  CHECK_INT(pair.level[2], LEVEL_EQUAL);
  CHECK_INT(pair.level[3], LEVEL_EQUAL);
  CHECK_INT(pair.level[4], LEVEL_SLIP);
  pair = pair_of(cx, (Str[COLUMNS]){STR("philip"), STR("warrender"), STR("19620304"), STR("harbour view"), STR("")},
                 (Str[COLUMNS]){STR("warrender"), STR("phillip"), STR("1962年4月3日"), STR("harbour"), STR("4712")});
  CHECK_INT(pair.level[0], LEVEL_SWAPPED);
  CHECK_INT(pair.level[1], LEVEL_COVERED);
  CHECK_INT(pair.level[2], LEVEL_SWAPPED);
  CHECK_INT(pair.level[3], LEVEL_PART);
  CHECK_INT(pair.level[4], LEVEL_MISSING);
  CHECK_STR(str_from(table_level_text(TABLE_DATE, LEVEL_SWAPPED)), STR("日月颠倒"));
  CHECK_STR(str_from(table_level_text(TABLE_NAME, LEVEL_SWAPPED)), STR("互换"));
}

TEST(rows_that_are_all_equal_end_in_bounded_time) {
  enum { ROWS = 60000 };
  Made same = {.rows = ROWS};
  for (int c = 0; c < COLUMNS; c++) {
    same.cells[c] = arena_array(cx->arena, ROWS, Str);
    for (uint32_t row = 0; row < ROWS; row++) same.cells[c][row] = STR("1999-09-09");
  }
  TableInput input = input_of(&same, NULL);
  TableBlock block = {{{1, TRANSFORM_WHOLE, 0}}, 1};
  TableResult result;
  CHECK_OK(table_run(cx, &input, &result));
  CHECK(result.compared <= 20ULL * ROWS);
  input.blocks = &block, input.block_count = 1;
  CHECK_OK(table_run(cx, &input, &result));
  CHECK(result.compared <= 20ULL * ROWS && result.note_count > 0);
}

TEST(empty_tables_and_single_rows_are_fine) {
  Made one = made_people(cx->arena, 1, 41), none = {0};
  TableResult result;
  for (int i = 0; i < 4; i++) {
    const Made *left = i & 1 ? &one : &none, *right = i & 2 ? &one : &none;
    TableInput input = input_of(left, right);
    CHECK_OK(table_run(cx, &input, &result));
    CHECK(result.pair_count <= 1);
    input = input_of(left, NULL);
    CHECK_OK(table_run(cx, &input, &result));
    CHECK_INT((int64_t)result.pair_count, 0);
  }
}

TEST(cells_of_any_bytes_and_any_size_are_compared) {
  Made left = made_people(cx->arena, 50, 51), right = damaged_copy(cx->arena, &left, 52);
  char *large = arena_alloc(cx->arena, 10 << 20);
  memset(large, 'x', 10 << 20);
  left.cells[0][3] = right.cells[0][3] = (Str){large, 10 << 20};
  left.cells[0][4] = (Str){large, (10 << 20) - 1};
  left.cells[1][5] = right.cells[1][5] = (Str){"a\0b\0", 4};
  left.cells[3][6] = (Str){"\xE4\xBD", 2}, right.cells[3][6] = (Str){"\xE4", 1};
  left.cells[2][7] = STR("99999999999999999999"), right.cells[2][7] = STR("----");
  left.cells[4][8] = STR("\xF0\x9F\x98\x80\xFF"), right.cells[4][8] = STR("\xC0\x80");
  for (int kind = 0; kind < TABLE_KIND_COUNT; kind++) {
    TableColumn columns[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) columns[c] = PEOPLE[c], columns[c].kind = (TableKind)kind;
    TableInput input = input_of(&left, &right);
    input.columns = columns;
    TableResult result;
    CHECK_OK(table_run(cx, &input, &result));
  }
}

TEST(a_column_that_one_side_lacks_says_nothing) {
  Made left = made_people(cx->arena, 500, 61), right = damaged_copy(cx->arena, &left, 62);
  for (uint32_t row = 0; row < 500; row++) right.cells[3][row] = STR_EMPTY;
  TableInput input = input_of(&left, &right);
  TableResult result;
  CHECK_OK(table_run(cx, &input, &result));
  CHECK(count_right(&result) >= 480);
  for (size_t i = 0; i < result.pair_count; i++) CHECK_INT(result.pairs[i].field_bits[3], 0);
}

TEST(a_specification_without_fields_is_refused) {
  Made one = made_people(cx->arena, 1, 71);
  TableColumn columns[COLUMNS];
  for (int c = 0; c < COLUMNS; c++) columns[c] = PEOPLE[c], columns[c].compared = false;
  TableInput input = input_of(&one, &one);
  input.columns = columns;
  TableResult result;
  CHECK_FAILS(BAD_USAGE, table_run(cx, &input, &result));
}

TEST(transforms_have_names_and_blocks_a_text) {
  TableKey key;
  CHECK(table_transform_find(STR("first3"), &key) && key.transform == TRANSFORM_FIRST && key.size == 3);
  CHECK(table_transform_find(STR("4"), &key) && key.transform == TRANSFORM_FIRST && key.size == 4);
  CHECK(table_transform_find(STR("last2"), &key) && key.transform == TRANSFORM_LAST);
  CHECK(table_transform_find(STR("soundex"), &key) && key.transform == TRANSFORM_SOUND);
  CHECK(!table_transform_find(STR("first0"), &key) && !table_transform_find(STR("nonsense"), &key) &&
        !table_transform_find(STR("first999"), &key));
  TableInput input = {.columns = PEOPLE, .column_count = COLUMNS};
  TableBlock block = {{{1, TRANSFORM_SOUND, 0}, {2, TRANSFORM_YEAR, 0}}, 2};
  CHECK_STR(table_block_text(cx->arena, &input, &block), STR("family:sound + birth:year"));
  CHECK_INT(table_kind_find(STR("cn_id")), TABLE_CN_ID);
  CHECK_INT(table_kind_find(STR("")), TABLE_NONE);
}

TEST(probability_and_bits_are_each_others_inverse) {
  CHECK_INT(table_bits(500000), 0);
  CHECK_INT((int64_t)table_millionths(0), 500000);
  CHECK_INT((int64_t)table_millionths(1000), 666667);
  CHECK(table_millionths(200000) == 1000000 && table_millionths(-200000) == 0);
  for (uint32_t share = 1000; share < 1000000; share += 37001) {
    int64_t back = table_millionths(table_bits(share));
    CHECK(back - share < 400 && share - back < 400);
  }
}

TEST(values_that_stand_for_each_other_are_learnt) {
  Made left = made_people(cx->arena, 900, 81), right = damaged_copy(cx->arena, &left, 82);
  for (uint32_t row = 0; row < 900; row += 9)
    left.cells[0][row] = STR("wilhelmina"), right.cells[0][row] = row % 2 ? STR("wilhelmina") : STR("zuzu");
  TableInput input = input_of(&left, &right);
  TableResult result;
  CHECK_OK(table_run(cx, &input, &result));
  uint32_t learnt = 0;
  for (size_t i = 0; i < result.pair_count; i++) learnt += result.pairs[i].level[0] == LEVEL_LEARNT;
  CHECK(learnt >= 30);
  CHECK(result.fields[0].bits[LEVEL_LEARNT] > 1000);
}
