/* Differences, class by class: a small county in which all lists agree (written as differently as they may be), and one
 * change at a time. */
#include "identity/identity.h"
#include "roster/roster.h"
#include "tests/folder.h"

static const JournalModule *const MODULES[] = {&ROSTER_MODULE};

enum { HOUSEHOLDS = 12, MEMBERS = 3, ROWS = 64, COLUMNS = 10 };
typedef enum { REGISTER, CIVIL, RELOCATED, RENOVATED, APPRAISED, TOWN, UPPER, LISTS } ListIndex;
static const struct {
  const char *code, *file, *header[COLUMNS];
} FORMS[LISTS] = {
    {"register",
     "register.csv",
     {"乡镇", "行政村", "户编号", "姓名", "身份证号码", "与户主关系", "性别", "家庭人口", "出生日期"}},
    {"civil", "civil.csv", {"姓名", "身份证号", "乡镇", "村", "低保证号"}},
    {"relocated", "relocated.csv", {"户主姓名", "身份证号", "乡镇", "村", "安置点名称", "搬迁人口"}},
    {"renovated", "renovated.csv", {"户主姓名", "身份证号", "乡镇", "村", "危改年度", "家庭人口"}},
    {"appraised", "appraised.csv", {"户主姓名", "身份证号", "乡镇", "村", "鉴定等级", "鉴定报告编号"}},
    {"town_feedback", "town.csv", {"户主姓名", "身份证号", "户编号", "村", "住房保障方式", "房屋等级", "家庭人口"}},
    {"feedback", "上级反馈.csv", {"户主姓名", "身份证号", "户编号", "村", "住房保障方式", "家庭人口", "乡镇"}},
};

typedef struct Table {
  Str cell[ROWS][COLUMNS];
  uint32_t rows;
} Table;
typedef struct County {
  Context *cx;
  Table table[LISTS];
  Str id[HOUSEHOLDS][MEMBERS], name[HOUSEHOLDS][MEMBERS];
} County;

static Str make_id(Context *cx, uint32_t household, uint32_t member, bool male) {
  static const uint32_t years[] = {1952, 1957, 1985};
  char digits[18];
  snprintf(digits, sizeof digits, "450399%04u%02u%02u%03u", years[member] + household, household % 12 + 1,
           (household * 7 + member * 3) % 28 + 1, 101 + household * 14 + member * 2 * 3 + (male ? 0 : 1));
  return str_format(cx->arena, "%s%c", digits, id_check_digit(digits));
}

static Str *add_row(County *c, ListIndex list) { return c->table[list].cell[c->table[list].rows++]; }

static const char *const VILLAGES[] = {"花坪村", "大地村", "双朗村"};
static const char *const MODES[] = {"易地搬迁", "改造安全", "鉴定安全"};

static void add_household(County *c, uint32_t h) {
  static const char *const names[HOUSEHOLDS][MEMBERS] = {
      {"粟昌盛", "石玉兰", "粟海明"}, {"杨正光", "吴秀英", "杨建国"}, {"蒙胜强", "潘桂花", "蒙志军"},
      {"韦世林", "侯凤姣", "韦文武"}, {"廖永福", "罗春翠", "廖小燕"}, {"陈德贵", "唐银珍", "陈国庆"},
      {"蒋先觉", "余冬梅", "蒋才华"}, {"黄显忠", "李翠娥", "黄子豪"}, {"周百顺", "谭满秀", "周俊杰"},
      {"伍定邦", "贲水仙", "伍克勤"}, {"覃守业", "龙金凤", "覃思源"}, {"邓开泰", "赵雪芬", "邓继光"}};
  static const char *const relations[] = {"户主", "配偶", "之子"};
  Arena *arena = c->cx->arena;
  Str village = str_from(VILLAGES[h % 3]), number = str_format(arena, "100030%05u", h);
  for (uint32_t m = 0; m < MEMBERS; m++) {
    bool male = m != 1;
    c->id[h][m] = make_id(c->cx, h, m, male);
    c->name[h][m] = str_from(names[h][m]);
    Str *row = add_row(c, REGISTER);
    const Str values[] = {STR("三门镇"),
                          village,
                          number,
                          c->name[h][m],
                          c->id[h][m],
                          str_from(relations[m]),
                          male ? STR("男") : STR("女"),
                          STR("3")};
    memcpy(row, values, sizeof values);
  }
  Str name = c->name[h][0], id = c->id[h][0], mode = str_from(MODES[h % 3]);
  Str bare = str_sub(village, 0, village.size - STR("村").size), code = str_format(arena, "N%u", h);
  if (h < 6) memcpy(add_row(c, CIVIL), (const Str[]){name, id, STR("三门"), bare, code}, 5 * sizeof(Str));
  if (h % 3 == 0)
    memcpy(add_row(c, RELOCATED), (const Str[]){name, id, STR("三门镇"), village, STR("城北"), STR("3人")},
           6 * sizeof(Str));
  if (h % 3 == 1)
    memcpy(add_row(c, RENOVATED), (const Str[]){name, id, STR("三门镇"), village, STR("2018"), STR("3")},
           6 * sizeof(Str));
  if (h % 3 != 0) /* who was relocated need not be appraised */
    memcpy(add_row(c, APPRAISED), (const Str[]){name, id, STR("三门镇"), bare, STR("B级"), code}, 6 * sizeof(Str));
  memcpy(add_row(c, TOWN), (const Str[]){name, id, number, village, mode, h % 3 ? STR("AB级") : STR_EMPTY, STR("3")},
         7 * sizeof(Str));
  memcpy(add_row(c, UPPER), (const Str[]){name, id, number, village, mode, STR("3"), STR("三门镇")}, 7 * sizeof(Str));
}

static County *agreeing_county(Context *cx) {
  County *c = arena_one(cx->arena, County);
  c->cx = cx;
  for (uint32_t h = 0; h < HOUSEHOLDS; h++) add_household(c, h);
  return c;
}

/* Imports all lists of the county, compares, and returns the differences. */
static Difference *differences(County *c, size_t *ret_count) {
  Context *cx = c->cx;
  Difference *found = NULL;
  *ret_count = 0;
  const char *folder = test_folder(cx), *county = path_join(cx->arena, folder, "county");
  Journal *journal = NULL;
  CHECK_OK(journal_init(cx, county, SOURCE_ROOT "/campaign/longsheng-2020", MODULES, 1));
  CHECK_OK(journal_open(cx, county, JOURNAL_WRITE, 0, MODULES, 1, &journal));
  for (uint32_t list = 0; list < LISTS && journal; list++) {
    const Table *table = &c->table[list];
    Buf csv = buf_new(cx->arena);
    uint32_t columns = 0;
    while (columns < COLUMNS && FORMS[list].header[columns]) columns++;
    for (uint32_t i = 0; i < columns; i++) buf_addf(&csv, "%s%s", i ? "," : "", FORMS[list].header[i]);
    buf_add_byte(&csv, '\n');
    for (uint32_t r = 0; r < table->rows; r++) csv_add_row(&csv, table->cell[r], columns, false);
    const char *path = path_join(cx->arena, folder, FORMS[list].file);
    CHECK_OK(file_write(cx, path, buf_str(&csv), FILE_ADVISORY));
    ImportRequest request = {
        .path = path, .list = STR_EMPTY, .sender = STR_EMPTY, .author = STR("test"), .reason = STR_EMPTY};
    ImportReport *reports = NULL;
    size_t count = 0;
    CHECK_OK(roster_import(cx, journal, &request, &reports, &count));
    CHECK_INT(count, 1);
    if (count) CHECK_STR(reports[0].list, str_from(FORMS[list].code));
    if (count) CHECK_INT(reports[0].rows, table->rows);
  }
  CompareReport report;
  if (journal) CHECK_OK(roster_compare(cx, journal, false, STR("test"), &report));
  if (journal) CHECK_OK(roster_differences(cx, journal, &found, ret_count));
  journal_close(journal);
  test_folder_remove(cx, folder);
  return found;
}

static Str set(County *c, ListIndex list, uint32_t row, const char *column, Str value) {
  for (uint32_t i = 0; i < COLUMNS && FORMS[list].header[i]; i++)
    if (str_equal(str_from(FORMS[list].header[i]), str_from(column))) {
      Str before = c->table[list].cell[row][i];
      c->table[list].cell[row][i] = value;
      return before;
    }
  CHECK(!"no such column");
  return STR_EMPTY;
}

static void copy_row(County *c, ListIndex list, uint32_t row) {
  memcpy(add_row(c, list), c->table[list].cell[row], sizeof c->table[list].cell[row]);
}

typedef struct Expected {
  const char *class_code, *list; /* list: whose row or whose lack it is */
  const char *value, *other_value, *proposed;
} Expected;

/* At least one difference as expected, and no other class than it and `also`. */
static void check(County *c, Expected expected, const char *also) {
  size_t count, hits = 0;
  Difference *found = differences(c, &count);
  for (size_t i = 0; i < count; i++) {
    const Difference *d = &found[i];
    bool wanted = str_equal(d->class_code, str_from(expected.class_code));
    if (!wanted && !(also && str_equal(d->class_code, str_from(also)))) {
      CHECK(!"no other class");
      printf("#   " STR_FMT ": " STR_FMT " / " STR_FMT "\n", STR_ARG(d->class_code), STR_ARG(d->value),
             STR_ARG(d->other_value));
    }
    if (!wanted || (expected.list && !str_equal(d->list, str_from(expected.list)))) continue;
    hits++;
    CHECK(d->reason.size > 0 && d->owner.size > 0 && d->id.size > 0);
    if (expected.value) CHECK_STR(d->value, str_from(expected.value));
    if (expected.other_value) CHECK_STR(d->other_value, str_from(expected.other_value));
    if (expected.proposed) CHECK_STR(d->proposed, str_from(expected.proposed));
  }
  CHECK_INT(hits, 1);
}

TEST(lists_that_agree_in_other_words_have_no_difference) {
  County *c = agreeing_county(cx);
  set(c, CIVIL, 1, "姓名", STR(" 杨 正 光"));
  Str id = c->id[4][0];
  set(c, CIVIL, 4, "身份证号",
      str_format(cx->arena, "'" STR_FMT " " STR_FMT, STR_ARG(str_sub(id, 0, 6)), STR_ARG(str_sub(id, 6, 18))));
  set(c, UPPER, 3, "住房保障方式", STR("易地扶贫搬迁"));
  set(c, TOWN, 2, "房屋等级", STR("B"));
  set(c, REGISTER, 5, "与户主关系", STR("儿子"));
  set(c, APPRAISED, 0, "村", STR("大地村民委员会"));
  size_t count;
  Difference *found = differences(c, &count);
  CHECK_INT(count, 0);
  for (size_t i = 0; i < count; i++)
    printf("#   " STR_FMT " " STR_FMT ": " STR_FMT " / " STR_FMT "\n", STR_ARG(found[i].class_code),
           STR_ARG(found[i].list), STR_ARG(found[i].value), STR_ARG(found[i].other_value));
}

TEST(a_household_that_a_covering_list_lacks_is_missing_there) {
  County *c = agreeing_county(cx);
  c->table[APPRAISED].rows--;
  check(c, (Expected){"missing_here", "appraised", NULL, NULL, "return"}, NULL);
}

TEST(somebody_whom_the_register_does_not_know_is_extra) {
  County *c = agreeing_county(cx);
  copy_row(c, CIVIL, 0);
  set(c, CIVIL, 6, "姓名", STR("欧阳若愚"));
  set(c, CIVIL, 6, "身份证号", STR("450399197203040017"));
  set(c, CIVIL, 6, "低保证号", STR("N99"));
  check(c, (Expected){"extra_here", "civil", NULL, NULL, "exception"}, NULL);
}

TEST(a_number_that_fails_its_check_is_a_typing_error_in_the_list_that_has_it) {
  County *c = agreeing_county(cx);
  Str id = str_copy(cx->arena, c->id[1][0]);
  ((char *)id.data)[16] = id.data[16] == '5' ? '7' : '5';
  set(c, CIVIL, 1, "身份证号", id);
  check(c, (Expected){"id_typo", "civil", NULL, NULL, "take:register"}, NULL);
}

TEST(a_number_that_a_spreadsheet_rounded_is_called_rounded) {
  County *c = agreeing_county(cx);
  Str id = c->id[1][0];
  set(c, CIVIL, 1, "身份证号", str_format(cx->arena, STR_FMT "000", STR_ARG(str_sub(id, 0, 15))));
  check(c, (Expected){"id_rounded", "civil", NULL, NULL, "take:register"}, NULL);
}

TEST(an_old_number_of_15_digits_is_the_same_person_s) {
  County *c = agreeing_county(cx);
  Str id = c->id[1][0];
  set(c, CIVIL, 1, "身份证号",
      str_format(cx->arena, STR_FMT STR_FMT, STR_ARG(str_sub(id, 0, 6)), STR_ARG(str_sub(id, 8, 17))));
  check(c, (Expected){"id_15", "civil", NULL, NULL, "take:register"}, NULL);
}

TEST(a_number_left_out_is_missing) {
  County *c = agreeing_county(cx);
  set(c, UPPER, 1, "身份证号", STR_EMPTY);
  check(c, (Expected){"id_missing", "feedback", NULL, NULL, "take:register"}, NULL);
}

TEST(one_number_with_two_names_is_asked_back) {
  County *c = agreeing_county(cx);
  set(c, CIVIL, 1, "姓名", STR("欧阳若愚"));
  check(c, (Expected){"same_id_two_names", "civil", NULL, NULL, "return"}, "extra_here");
}

TEST(one_person_with_two_sound_numbers_is_measured_by_how_many_lists_say_it) {
  County *c = agreeing_county(cx);
  Str id = c->id[2][0];
  char other[18];
  snprintf(other, sizeof other, "%.17s", id.data);
  other[15] = other[15] == '1' ? '2' : '1';
  set(c, UPPER, 2, "身份证号", str_format(cx->arena, "%s%c", other, id_check_digit(other)));
  check(c, (Expected){"same_person_two_ids", "feedback", NULL, NULL, "take:register"}, NULL);
}

TEST(another_writing_of_a_name_is_a_variant) {
  County *c = agreeing_county(cx);
  set(c, CIVIL, 1, "姓名", STR("楊正光"));
  check(c, (Expected){"name_variant", "civil", "楊正光", "杨正光", "take:register"}, NULL);
}

TEST(a_sex_that_the_number_contradicts_is_a_conflict_in_the_list_alone) {
  County *c = agreeing_county(cx);
  set(c, REGISTER, 4, "性别", STR("男"));
  check(c, (Expected){"birth_or_sex_conflict", "register", "男", "女", "value:女"}, NULL);
}

TEST(a_birth_date_that_the_number_contradicts_is_a_conflict) {
  County *c = agreeing_county(cx);
  set(c, REGISTER, 4, "出生日期", STR("1999年1月1日"));
  check(c, (Expected){"birth_or_sex_conflict", "register", "1999年1月1日", NULL, NULL}, NULL);
}

TEST(another_member_as_householder_is_head_changed) {
  County *c = agreeing_county(cx);
  set(c, UPPER, 1, "户主姓名", c->name[1][1]);
  set(c, UPPER, 1, "身份证号", c->id[1][1]);
  check(c, (Expected){"head_changed", "feedback", "吴秀英", "杨正光", "take:register"}, NULL);
}

TEST(one_household_listed_as_two_is_a_split) {
  County *c = agreeing_county(cx);
  copy_row(c, APPRAISED, 0);
  uint32_t row = c->table[APPRAISED].rows - 1;
  set(c, APPRAISED, row, "户主姓名", c->name[1][2]);
  set(c, APPRAISED, row, "身份证号", c->id[1][2]);
  set(c, APPRAISED, row, "鉴定报告编号", STR("N98"));
  check(c, (Expected){"split", "appraised", NULL, NULL, "return"}, "head_changed");
}

TEST(the_number_of_another_household_is_a_merger_and_an_unknown_one_a_difference) {
  County *merged = agreeing_county(cx), *unknown = agreeing_county(cx);
  set(merged, UPPER, 1, "户编号", merged->table[REGISTER].cell[6][2]);
  check(merged, (Expected){"merged", "feedback", NULL, NULL, NULL}, NULL);
  set(unknown, UPPER, 1, "户编号", STR("99999999999"));
  check(unknown, (Expected){"household_no_differs", "feedback", NULL, NULL, NULL}, NULL);
}

TEST(a_village_that_is_in_no_table_was_renamed_and_another_one_differs) {
  County *renamed = agreeing_county(cx), *other = agreeing_county(cx);
  County *unlike = agreeing_county(cx);
  set(renamed, CIVIL, 1, "村", STR("新大地村"));
  check(renamed, (Expected){"village_renamed", "civil", "新大地村", "大地村", "take:register"}, NULL);
  set(unlike, CIVIL, 1, "村", STR("红旗大队")); /* no character in common: perhaps another village */
  check(unlike, (Expected){"village_renamed", "civil", "红旗大队", "大地村", "return"}, NULL);
  set(other, CIVIL, 1, "村", STR("花坪村"));
  check(other, (Expected){"village_differs", "civil", "花坪村", "大地村", "return"}, NULL);
}

TEST(an_unlike_village_name_that_many_households_of_one_village_give_was_renamed) {
  County *c = agreeing_county(cx);
  for (uint32_t row = 0; row < 8; row += 2) set(c, APPRAISED, row, "村", STR("红旗大队"));
  size_t count;
  Difference *found = differences(c, &count);
  CHECK_INT(count, 4);
  for (size_t i = 0; i < count; i++) {
    CHECK_STR(found[i].class_code, STR("village_renamed"));
    CHECK_STR(found[i].proposed, STR("take:register"));
  }
}

TEST(a_row_that_is_there_twice_is_a_duplicate) {
  County *c = agreeing_county(cx);
  copy_row(c, CIVIL, 1);
  check(c, (Expected){"duplicate_in_list", "civil", NULL, NULL, "link"}, NULL);
}

TEST(another_household_size_is_a_member_count) {
  County *c = agreeing_county(cx);
  set(c, UPPER, 1, "家庭人口", STR("4"));
  check(c, (Expected){"member_count", "feedback", "4", "3", NULL}, NULL);
}

TEST(another_way_of_housing_in_a_township_s_list_is_a_disagreement_of_status) {
  County *c = agreeing_county(cx);
  set(c, TOWN, 2, "住房保障方式", STR("租住借住"));
  set(c, UPPER, 2, "住房保障方式", STR("租住"));
  set(c, TOWN, 4, "房屋等级", STR("D级"));
  check(c, (Expected){"status_disagrees", "town_feedback", "D级", "B级", "take:appraised"}, NULL);
}

TEST(what_the_upper_level_believes_otherwise_is_a_class_of_its_own) {
  County *c = agreeing_county(cx);
  set(c, UPPER, 2, "住房保障方式", STR("租住借住"));
  check(c, (Expected){"upper_disagrees", NULL, NULL, NULL, NULL}, NULL);
}

TEST(a_household_that_is_both_relocated_and_renovated_is_a_conflict) {
  County *c = agreeing_county(cx);
  copy_row(c, RENOVATED, 0);
  uint32_t row = c->table[RENOVATED].rows - 1;
  set(c, RENOVATED, row, "户主姓名", c->name[0][0]);
  set(c, RENOVATED, row, "身份证号", c->id[0][0]);
  set(c, RENOVATED, row, "村", STR("花坪村"));
  size_t count, conflicts = 0;
  Difference *found = differences(c, &count);
  for (size_t i = 0; i < count; i++) conflicts += str_equal(found[i].class_code, STR("status_disagrees"));
  CHECK(conflicts >= 1);
}

TEST(somebody_like_a_registered_person_is_left_to_a_person) {
  County *c = agreeing_county(cx);
  set(c, CIVIL, 1, "身份证号", STR_EMPTY);
  set(c, CIVIL, 1, "姓名", STR("杨光"));
  check(c, (Expected){"possible_match", "civil", NULL, NULL, NULL}, NULL);
}
