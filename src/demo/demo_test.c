#include "demo/demo.h"
#include "folder.h"
#include "identity/identity.h"
#include "sheet/sheet.h"

static Str places(Context *cx) {
  Str csv = STR_EMPTY;
  CHECK_OK(file_read(cx, SOURCE_ROOT "/campaign/longsheng-2020/places.csv", 1 << 20, &csv));
  return csv;
}

static Str file_in(Context *cx, const char *folder, Str name) {
  Str bytes = STR_EMPTY;
  CHECK_OK(file_read(cx, path_join(cx->arena, folder, str_c(cx->arena, name)), SHEET_LIMITS.file_size, &bytes));
  return bytes;
}

/* A ledger (truth.csv, errors.csv) or a list as rows of cells. */
static Sheet sheet_in(Context *cx, const char *folder, Str name) {
  Workbook workbook = {0};
  CHECK_OK(workbook_read(cx, file_in(cx, folder, name), name, &SHEET_LIMITS, &workbook));
  CHECK_INT(workbook.sheet_count, 1);
  return workbook.sheet_count ? workbook.sheets[0] : (Sheet){0};
}

static Str cell_at(const SheetRow *row, uint32_t column) {
  return row && column < row->count ? row->cells[column].text : STR_EMPTY;
}

static const SheetRow *row_number(const Sheet *sheet, uint32_t number) {
  uint32_t low = 0, high = sheet->row_count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (sheet->rows[middle].number < number)
      low = middle + 1;
    else
      high = middle;
  }
  return low < sheet->row_count && sheet->rows[low].number == number ? &sheet->rows[low] : NULL;
}

static const struct Shape { /* columns of the name, the number and the 户编号 (or -1), and what is not data */
  const char *prefix;
  int name, id, code;
  uint32_t header_rows, last_rows;
} SHAPES[] = {{"register.", 4, 5, 0, 3, 1},   {"relocated.", 3, 4, -1, 3, 0},   {"renovated.", 2, 3, -1, 1, 0},
              {"appraised.", 1, 2, -1, 2, 0}, {"civil.", 1, 2, -1, 1, 0},       {"disabled.", 0, 1, -1, 1, 0},
              {"feedback.", 3, 4, 0, 1, 0},   {"town_feedback_", 3, 4, 0, 1, 0}};

static const struct Shape *shape_of(Str file) {
  for (size_t i = 0; i < COUNT_OF(SHAPES); i++)
    if (str_starts(file, str_from(SHAPES[i].prefix))) return &SHAPES[i];
  return NULL;
}

typedef struct Made { /* a county, read back */
  const char *folder;
  DemoSummary summary;
  Sheet truth, errors;
  StrMap file_index, wrong; /* "file:row" -> 1 where errors.csv says something */
  Sheet files[32];
  Str names[32];
  uint32_t file_count;
} Made;

static Made make(Context *cx, int64_t households, uint64_t seed, uint32_t error_percent) {
  Made made = {.folder = test_folder(cx), .file_index = strmap_new(cx->arena), .wrong = strmap_new(cx->arena)};
  DemoOptions options = {places(cx), households, seed, error_percent};
  CHECK_OK(demo_write(cx, made.folder, &options, &made.summary));
  made.truth = sheet_in(cx, made.folder, STR("truth.csv"));
  made.errors = sheet_in(cx, made.folder, STR("errors.csv"));
  for (uint32_t i = 1; i < made.truth.row_count && made.file_count < COUNT_OF(made.files); i++) {
    Str name = cell_at(&made.truth.rows[i], 4);
    bool added;
    strmap_put(&made.file_index, name, made.file_count, &added);
    if (!added) continue;
    made.names[made.file_count] = name;
    made.files[made.file_count++] = sheet_in(cx, made.folder, name);
  }
  for (uint32_t i = 1; i < made.errors.row_count; i++) {
    const SheetRow *row = &made.errors.rows[i];
    Str key = str_format(cx->arena, STR_FMT ":" STR_FMT, STR_ARG(cell_at(row, 3)), STR_ARG(cell_at(row, 1)));
    strmap_put(&made.wrong, key, 1, NULL);
  }
  return made;
}

/* The list's row that the i-th row of truth.csv speaks of. */
static const SheetRow *row_of(const Made *made, uint32_t i, const struct Shape **ret_shape, bool *ret_wrong,
                              Arena *arena) {
  const SheetRow *truth = &made->truth.rows[i];
  int64_t number = 0;
  Str file = cell_at(truth, 4);
  str_int64(cell_at(truth, 1), &number);
  *ret_shape = shape_of(file);
  Str key = str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(file), STR_ARG(cell_at(truth, 1)));
  *ret_wrong = strmap_get(&made->wrong, key) != STRMAP_NONE;
  return row_number(&made->files[strmap_get(&made->file_index, file)], (uint32_t)number);
}

/* Digits of a number however it is written: full width, blanks, quotes, 4.50399E+17. */
static Str plain_digits(Arena *arena, Str text) {
  Buf buf = buf_new(arena);
  for (size_t at = 0; at < text.size;) {
    uint32_t rune = str_next_rune(text, &at);
    if (rune >= 0xFF01 && rune <= 0xFF5E) rune -= 0xFEE0;
    if ((rune >= '0' && rune <= '9') || rune == 'X' || rune == 'x') buf_add_rune(&buf, rune);
  }
  return buf_str(&buf);
}

TEST(the_usual_county_has_exactly_its_households_and_persons) {
  Made made = make(cx, 0, 1, 100);
  CHECK_INT(made.summary.households, 11502);
  CHECK_INT(made.summary.persons, 45148);
  CHECK_INT(made.summary.files, 17);
  CHECK_INT(made.file_count, 17);
  CHECK_INT(made.truth.row_count, made.summary.rows + 1);
  CHECK_INT(made.errors.row_count, made.summary.errors + 1);
  StrMap households = strmap_new(cx->arena), persons = strmap_new(cx->arena), classes = strmap_new(cx->arena);
  long strangers = 0, missing = 0;
  for (uint32_t i = 1; i < made.truth.row_count; i++) {
    const struct Shape *shape;
    bool wrong;
    const SheetRow *row = row_of(&made, i, &shape, &wrong, cx->arena);
    missing += row == NULL;
    Str id = plain_digits(cx->arena, cell_at(row, (uint32_t)shape->id));
    strangers += id.size > 0 && !str_starts(id, STR("450399"));
    if (shape != &SHAPES[0]) continue;
    strmap_put(&households, cell_at(row, 0), 0, NULL);
    strmap_put(&persons, cell_at(&made.truth.rows[i], 3), 0, NULL);
  }
  CHECK_INT(households.count, 11502);
  CHECK_INT(persons.count, 45148);
  CHECK_INT(missing, 0);
  CHECK_INT(strangers, 0);
  for (uint32_t i = 1; i < made.errors.row_count; i++) strmap_put(&classes, cell_at(&made.errors.rows[i], 2), 0, NULL);
  static const char *const CLASSES[] = {
      "id_typo",          "id_transposed",     "id_missing",      "id_15",        "id_short",       "id_rounded",
      "id_copied",        "id_format",         "name_homophone",  "name_shape",   "name_lost_char", "name_dropped_char",
      "name_variant",     "name_blank",        "village_renamed", "village_form", "town_renamed",   "hh_no_short",
      "phone_format",     "duplicate_in_list", "head_differs",    "size_differs", "status_differs", "household_split",
      "household_merged", "not_in_register"};
  CHECK_INT(classes.count, COUNT_OF(CLASSES));
  for (size_t i = 0; i < COUNT_OF(CLASSES); i++) CHECK(strmap_get(&classes, str_from(CLASSES[i])) != STRMAP_NONE);
  test_folder_remove(cx, made.folder);
}

TEST(every_row_of_a_made_list_stands_in_the_truth_once) {
  Made made = make(cx, 300, 7, 100);
  for (uint32_t f = 0; f < made.file_count; f++) {
    const struct Shape *shape = shape_of(made.names[f]);
    uint32_t expected = 0, first = UINT32_MAX, last = 0;
    for (uint32_t i = 1; i < made.truth.row_count; i++) {
      if (!str_equal(cell_at(&made.truth.rows[i], 4), made.names[f])) continue;
      int64_t number = 0;
      CHECK(str_int64(cell_at(&made.truth.rows[i], 1), &number));
      CHECK(expected == 0 || number == last + 1); /* without holes, ascending */
      if (expected++ == 0) first = (uint32_t)number;
      last = (uint32_t)number;
    }
    bool titled = str_ends(made.names[f], STR(".xlsx")) && shape == &SHAPES[7] && first == 3;
    CHECK_INT(first, shape->header_rows + 1 + titled);
    CHECK_INT(made.files[f].rows[made.files[f].row_count - 1].number, last + shape->last_rows);
  }
  test_folder_remove(cx, made.folder);
}

TEST(rows_that_nothing_happened_to_carry_the_persons_name_and_number) {
  Made made = make(cx, 300, 7, 100);
  StrMap known = strmap_new(cx->arena);
  Str seen[4096][2];
  uint32_t seen_count = 0;
  long compared = 0, different = 0;
  for (uint32_t i = 1; i < made.truth.row_count; i++) {
    const struct Shape *shape;
    bool wrong, added;
    const SheetRow *row = row_of(&made, i, &shape, &wrong, cx->arena);
    if (wrong || seen_count == COUNT_OF(seen)) continue;
    Str name = cell_at(row, (uint32_t)shape->name), id = str_sub(cell_at(row, (uint32_t)shape->id), 0, 18);
    CHECK(id_check(id));
    uint32_t at = strmap_put(&known, cell_at(&made.truth.rows[i], 3), seen_count, &added);
    if (added) {
      seen[seen_count][0] = name;
      seen[seen_count++][1] = id;
    } else {
      compared++;
      different += !str_equal(seen[at][0], name) || !str_equal(seen[at][1], id);
    }
  }
  CHECK(compared > 500);
  CHECK_INT(different, 0);
  test_folder_remove(cx, made.folder);
}

TEST(without_damage_all_numbers_are_valid_of_the_unassigned_region_and_differ) {
  Made made = make(cx, 800, 3, 0);
  StrMap numbers = strmap_new(cx->arena);
  long bad = 0;
  for (uint32_t i = 1; i < made.truth.row_count; i++) {
    const struct Shape *shape;
    bool wrong;
    const SheetRow *row = row_of(&made, i, &shape, &wrong, cx->arena);
    Str id = str_sub(cell_at(row, (uint32_t)shape->id), 0, 18);
    bad += !id_check(id) || !str_starts(id, STR("450399"));
    if (shape == &SHAPES[0]) strmap_put(&numbers, id, 0, NULL);
  }
  CHECK_INT(bad, 0);
  CHECK_INT(numbers.count, made.summary.persons);
  CHECK_INT(made.summary.rows_of[DEMO_REGISTER], made.summary.persons); /* nobody twice */
  for (uint32_t i = 1; i < made.errors.row_count; i++) {
    Str what = cell_at(&made.errors.rows[i], 2);
    CHECK(!str_starts(what, STR("id_")) && !str_starts(what, STR("name_")) && !str_starts(what, STR("village_")));
    CHECK(!str_equal(what, STR("duplicate_in_list")) && !str_equal(what, STR("phone_format")));
  }
  test_folder_remove(cx, made.folder);
}

TEST(the_same_seed_gives_the_same_bytes_and_another_seed_others) {
  Made one = make(cx, 60, 11, 100), two = make(cx, 60, 11, 100), three = make(cx, 60, 12, 100);
  FolderItem *items;
  size_t count;
  CHECK_OK(folder_list(cx, one.folder, &items, &count, NULL));
  CHECK_INT(count, one.summary.files + 2);
  for (size_t i = 0; i < count; i++) {
    Str name = str_from(items[i].name);
    CHECK(str_equal(file_in(cx, one.folder, name), file_in(cx, two.folder, name)));
  }
  CHECK(!str_equal(file_in(cx, one.folder, STR("feedback.csv")), file_in(cx, three.folder, STR("feedback.csv"))));
  test_folder_remove(cx, one.folder);
  test_folder_remove(cx, two.folder);
  test_folder_remove(cx, three.folder);
}

TEST(small_counties_have_persons_in_proportion) {
  static const int64_t SIZES[][2] = {{1, 4}, {2, 8}, {5, 20}, {12, 47}, {100, 393}};
  const char *folder = test_folder(cx);
  for (size_t i = 0; i < COUNT_OF(SIZES); i++)
    for (uint64_t seed = 1; seed <= 4; seed++) {
      DemoOptions options = {places(cx), SIZES[i][0], seed, 300};
      DemoSummary summary = {0};
      CHECK_OK(demo_write(cx, folder, &options, &summary));
      CHECK_INT(summary.households, SIZES[i][0]);
      CHECK_INT(summary.persons, SIZES[i][1]);
    }
  test_folder_remove(cx, folder);
}

TEST(impossible_counties_are_refused_with_a_sentence) {
  const char *folder = test_folder(cx);
  DemoSummary summary;
  Str csv = places(cx);
  CHECK_FAILS(BAD_USAGE, demo_write(cx, folder, &(DemoOptions){csv, -1, 1, 100}, &summary));
  CHECK_FAILS(BAD_USAGE, demo_write(cx, folder, &(DemoOptions){csv, DEMO_HOUSEHOLDS_LIMIT + 1, 1, 100}, &summary));
  CHECK_FAILS(BAD_USAGE, demo_write(cx, folder, &(DemoOptions){csv, 10, 1, 1001}, &summary));
  CHECK_FAILS(BAD_FILE, demo_write(cx, folder, &(DemoOptions){STR(""), 10, 1, 100}, &summary));
  CHECK_FAILS(BAD_FILE, demo_write(cx, folder, &(DemoOptions){STR("a,b,c,d\n1,花坪村委会\n"), 10, 1, 100}, &summary));
  CHECK(str_find(cx->error.sentence, STR("第 2 行")) >= 0);
  const char *nowhere = path_join(cx->arena, folder, "a/b");
  CHECK(demo_write(cx, nowhere, &(DemoOptions){csv, 10, 1, 100}, &summary) != OK);
  test_folder_remove(cx, folder);
}
