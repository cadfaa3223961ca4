#include "test.h"
#include "match/match_internal.h"

enum { REGISTER, FEEDBACK, APPRAISED, CIVIL, DISABLED, LISTS };

static const MatchSource SOURCES[LISTS] = {{STR("register"), true, false},
                                           {STR("feedback"), true, true},
                                           {STR("appraised"), true, true},
                                           {STR("civil"), true, false},
                                           {STR("disabled"), true, false}};

typedef struct Case {
  Context *cx;
  MatchRecord records[600];
  uint32_t count;
  MatchConstraint constraints[8];
  uint32_t constraint_count;
  MatchResult result;
} Case;

static Str pick(Context *cx, uint32_t i, const char *const *from, uint32_t count) {
  (void)cx;
  return str_from(from[i % count]);
}

/* A valid number of region 450399 from birth date and sequence. */
static Str id_of(Context *cx, uint32_t birth, uint32_t sequence) {
  Str text = str_format(cx->arena, "450399%08u%03u", birth, sequence);
  char digit = id_check_digit(text.data);
  return str_format(cx->arena, "%.*s%c", STR_ARG(text), digit);
}

static MatchRecord *add(Case *c, uint32_t list, const char *name, Str id, const char *village) {
  MatchRecord *r = &c->records[c->count++];
  *r = (MatchRecord){.list = list, .group = MATCH_NONE, .name = str_from(name), .id = id};
  r->town = STR("450328102");
  r->village = str_from(village);
  r->place_text = STR_EMPTY;
  r->head = r->household_row = list == FEEDBACK || list == APPRAISED;
  return r;
}

static MatchRecord *member(Case *c, uint32_t group, const char *relation, const char *name, Str id,
                           const char *village) {
  MatchRecord *r = add(c, REGISTER, name, id, village);
  r->group = group;
  r->household_no = str_format(c->cx->arena, "100020%05u", group * 7);
  r->relation = str_from(relation);
  r->head = str_equal(r->relation, STR("户主"));
  return r;
}

#define VILLAGE_A "450328102200"
#define VILLAGE_B "450328102201"

/* A county around the case: 150 households of two in other villages, all in civil with equal numbers,
 * so that rarities and the odds of being listed are those of a real list. */
static Case *case_new(Context *cx) {
  static const char *const SURNAMES[] = {"吴", "潘", "杨", "石", "粟", "蒙", "韦", "侯", "廖", "黄", "李", "陆"};
  static const char *const GIVEN[] = {"明", "军", "国", "志", "英", "秀", "兰", "花", "德", "胜", "才", "玉", "林"};
  Case *c = arena_one(cx->arena, Case);
  c->cx = cx;
  for (uint32_t i = 0; i < 150; i++) {
    Str village = str_format(cx->arena, "4503281032%02u", i % 30);
    for (uint32_t k = 0; k < 2; k++) {
      uint32_t n = i * 2 + k;
      Str name = str_format(cx->arena, "%.*s%.*s%.*s", STR_ARG(pick(cx, n, SURNAMES, 12)),
                            STR_ARG(pick(cx, n / 12, GIVEN, 13)), STR_ARG(pick(cx, n / 5 + k, GIVEN, 13)));
      Str id = id_of(cx, 19500101 + n % 28 + n % 12 * 100 + n % 50 * 10000, 100 + n);
      member(c, 1000 + i, k ? "配偶" : "户主", str_c(cx->arena, name), id, str_c(cx->arena, village));
      if (k == 0 && i % 2) add(c, CIVIL, str_c(cx->arena, name), id, str_c(cx->arena, village));
      if (k == 0 && i % 2 == 0) add(c, APPRAISED, str_c(cx->arena, name), id, str_c(cx->arena, village));
    }
  }
  return c;
}

static uint32_t last(const Case *c) { return c->count - 1; }

static void run_case(Case *c) {
  Context *cx = c->cx;
  MatchInput input = {.records = c->records,
                      .record_count = c->count,
                      .sources = SOURCES,
                      .source_count = LISTS,
                      .hub = REGISTER,
                      .constraints = c->constraints,
                      .constraint_count = c->constraint_count};
  CHECK_OK(match_run(cx, &input, &c->result));
}

static const MatchPair *pair_of(const Case *c, uint32_t a, uint32_t b) {
  for (uint32_t i = 0; i < c->result.pair_count; i++)
    if (c->result.pairs[i].left == (a < b ? a : b) && c->result.pairs[i].right == (a < b ? b : a))
      return &c->result.pairs[i];
  return NULL;
}

static bool same_person(const Case *c, uint32_t a, uint32_t b) { return c->result.person[a] == c->result.person[b]; }
static bool automatic(const Case *c, uint32_t a, uint32_t b) {
  return same_person(c, a, b) && c->result.state[a] == STATE_AUTO && c->result.state[b] == STATE_AUTO;
}

#define ID_A id_of(cx, 19620305, 113)

TEST(match_same_number_and_name_is_linked_automatically) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "龙 胜 才", ID_A, VILLAGE_A);
  run_case(c);
  CHECK(automatic(c, a, last(c)));
  CHECK_INT(c->result.household[a], c->result.household[last(c)]);
  CHECK_INT(c->result.partner[last(c)], a);
}

TEST(match_numbers_with_one_slip_are_repaired_when_the_name_agrees) {
  static const uint8_t LEVELS[] = {ID_LEVEL_TYPO, ID_LEVEL_TRANSPOSED, ID_LEVEL_LENGTH, ID_LEVEL_LENGTH};
  for (size_t k = 0; k < COUNT_OF(LEVELS); k++) {
    Case *c = case_new(cx);
    member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
    uint32_t a = last(c);
    char text[24] = {0};
    Str id = ID_A;
    memcpy(text, id.data, 18);
    if (k == 0) text[12] = text[12] == '9' ? '8' : (char)(text[12] + 1);
    if (k == 1) text[8] = id.data[9], text[9] = id.data[8];
    if (k == 2) memmove(text + 10, text + 11, 8);
    if (k == 3) memmove(text + 11, text + 10, 8);
    add(c, CIVIL, "龙胜才", str_from(text), VILLAGE_A);
    run_case(c);
    CHECK(automatic(c, a, last(c)));
    const MatchPair *pair = pair_of(c, a, last(c));
    CHECK(pair && pair->level[MATCH_ID] == LEVELS[k]);
  }
}

TEST(match_a_repaired_number_with_another_name_is_not_linked_automatically) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  Str id = ID_A;
  char text[19] = {0};
  memcpy(text, id.data, 18);
  text[16] = text[16] == '9' ? '8' : (char)(text[16] + 1);
  add(c, CIVIL, "陈玉莲", str_from(text), VILLAGE_A);
  run_case(c);
  CHECK(!automatic(c, a, last(c)));
}

TEST(match_same_number_with_incompatible_names_is_vetoed) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "陈玉莲", ID_A, VILLAGE_A);
  run_case(c);
  CHECK(!same_person(c, a, last(c)));
  CHECK_INT(c->result.state[last(c)], STATE_ALONE);
  const MatchPair *pair = pair_of(c, a, last(c));
  CHECK(pair && pair->verdict == MATCH_VETO);
}

TEST(match_a_row_with_the_number_of_a_housemate_goes_to_the_named_member_for_review) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  member(c, 1, "配偶", "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_A);
  uint32_t wife = last(c);
  add(c, CIVIL, "陈玉莲", ID_A, VILLAGE_A);
  run_case(c);
  CHECK(same_person(c, wife, last(c)));
  CHECK_INT(c->result.state[last(c)], STATE_REVIEW);
  CHECK_INT(c->result.state[wife], STATE_REVIEW); /* both ends */
  CHECK(pair_of(c, wife, last(c)) && pair_of(c, wife, last(c))->level[MATCH_ID] == ID_LEVEL_HOUSEMATE);
}

TEST(match_a_row_with_a_strangers_number_is_proposed_to_its_namesake) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  member(c, 2, "户主", "覃玉莲", id_of(cx, 19650811, 224), VILLAGE_B);
  add(c, APPRAISED, "龙胜才", id_of(cx, 19650811, 224), VILLAGE_A);
  run_case(c);
  CHECK(same_person(c, a, last(c)));
  CHECK_INT(c->result.state[last(c)], STATE_REVIEW);
}

TEST(match_household_number_and_name_outweigh_a_wrong_number) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t head = last(c);
  Str number = c->records[head].household_no;
  member(c, 1, "配偶", "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_A);
  add(c, FEEDBACK, "龙胜才", id_of(cx, 19650811, 224), VILLAGE_A)->household_no = number;
  run_case(c);
  CHECK(same_person(c, head, last(c)));
  CHECK_INT(c->result.household[head], c->result.household[last(c)]);
}

TEST(match_twins_with_neighbouring_numbers_stay_apart) {
  Case *c = case_new(cx);
  Str first = id_of(cx, 20050607, 115), second = id_of(cx, 20050607, 117);
  member(c, 1, "之子", "龙家明", first, VILLAGE_A);
  uint32_t a = last(c);
  member(c, 1, "之子", "龙家亮", second, VILLAGE_A);
  uint32_t b = last(c);
  add(c, CIVIL, "龙家亮", second, VILLAGE_A);
  uint32_t x = last(c);
  char text[19] = {0};
  memcpy(text, first.data, 18);
  text[16] = '7'; /* the twin's sequence number, the own check digit */
  add(c, CIVIL, "龙家明", str_from(text), VILLAGE_A);
  run_case(c);
  CHECK(automatic(c, b, x));
  CHECK(!same_person(c, a, b));
  CHECK(automatic(c, a, last(c)));
}

TEST(match_a_namesake_outside_the_register_stays_alone) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "龙胜才", id_of(cx, 19880130, 711), VILLAGE_A);
  run_case(c);
  CHECK(!same_person(c, a, last(c)));
  CHECK_INT(c->result.state[last(c)], STATE_ALONE);
  CHECK(c->result.household[a] != c->result.household[last(c)]);
}

TEST(match_rows_outside_the_register_find_each_other) {
  Case *c = case_new(cx);
  add(c, CIVIL, "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, DISABLED, "龙胜才", str_format(cx->arena, "%.*s43", STR_ARG(ID_A)), VILLAGE_A);
  run_case(c);
  CHECK(automatic(c, a, last(c)));
  CHECK_INT(c->result.household[a], c->result.household[last(c)]);
}

TEST(match_two_namesakes_of_a_village_without_number_are_left_to_a_person) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  member(c, 2, "户主", "龙胜才", id_of(cx, 19710919, 331), VILLAGE_A);
  add(c, CIVIL, "龙胜才", STR("无"), VILLAGE_A);
  run_case(c);
  CHECK(c->result.state[last(c)] != STATE_AUTO);
}

TEST(match_numbers_of_fifteen_digits_and_rounded_ones_are_used) {
  Case *c = case_new(cx);
  Str id = ID_A;
  member(c, 1, "户主", "龙胜才", id, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "龙胜才", str_format(cx->arena, "%.*s%.*s", 6, id.data, 9, id.data + 8), VILLAGE_A);
  uint32_t old = last(c);
  add(c, APPRAISED, "龙胜才", str_format(cx->arena, "%.*s000", 15, id.data), VILLAGE_A);
  uint32_t rounded = last(c);
  run_case(c);
  CHECK(automatic(c, a, old));
  CHECK(automatic(c, a, rounded));
}

TEST(match_a_number_in_scientific_notation_is_no_evidence) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  add(c, DISABLED, "龙胜才", STR("4.50399E+17"), VILLAGE_A);
  run_case(c);
  const MatchPair *pair = pair_of(c, last(c) - 1, last(c));
  CHECK(pair && pair->level[MATCH_ID] == ID_LEVEL_NONE && pair->field_bits[MATCH_ID] == 0);
}

TEST(match_variants_of_a_name_with_the_same_number_are_linked) {
  static const char *const NAMES[] = {"龍勝才", "龙胜", "龙胜□", "龙才胜", "龙　胜　才", "龙胜才（已故）", "龙胜财"};
  for (size_t k = 0; k < COUNT_OF(NAMES); k++) {
    Case *c = case_new(cx);
    member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
    uint32_t a = last(c);
    add(c, CIVIL, NAMES[k], ID_A, VILLAGE_A);
    run_case(c);
    CHECK(automatic(c, a, last(c)));
  }
}

TEST(match_a_renamed_village_counts_by_its_text) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A)->place_text = STR("大柳村");
  uint32_t a = last(c);
  MatchRecord *r = add(c, CIVIL, "龙胜才", STR(""), "");
  r->place_text = STR("新大柳村委会");
  run_case(c);
  MatchInput input = {
      .records = c->records, .record_count = c->count, .sources = SOURCES, .source_count = LISTS, .hub = REGISTER};
  MatchPair pair = match_score(cx, &input, last(c), a);
  CHECK_INT(pair.level[MATCH_PLACE], PLACE_LEVEL_TEXT_PART);
  CHECK(same_person(c, a, last(c)));
}

TEST(match_a_row_that_names_another_member_gets_this_members_person_and_household) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t head = last(c);
  member(c, 1, "配偶", "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_A);
  uint32_t wife = last(c);
  add(c, APPRAISED, "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_A);
  run_case(c);
  CHECK(automatic(c, wife, last(c)));
  CHECK_INT(c->result.household[head], c->result.household[last(c)]);
  bool told = false;
  for (uint32_t i = 0; i < c->result.event_count; i++)
    told |= c->result.events[i].kind == MATCH_EVENT_HEAD_CHANGED && c->result.events[i].record == last(c);
  CHECK(told);
}

TEST(match_an_unknown_person_with_a_known_household_number_gets_the_household_for_review) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t head = last(c);
  Str number = c->records[head].household_no;
  add(c, FEEDBACK, "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_A)->household_no = number;
  run_case(c);
  CHECK(!same_person(c, head, last(c)));
  CHECK_INT(c->result.household[head], c->result.household[last(c)]);
  CHECK_INT(c->result.state[last(c)], STATE_REVIEW);
}

TEST(match_duplicates_of_a_list_share_one_person) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "龙胜才", ID_A, VILLAGE_A);
  uint32_t x = last(c);
  add(c, CIVIL, "龙胜财", ID_A, VILLAGE_A);
  run_case(c);
  CHECK(same_person(c, x, last(c)) && same_person(c, a, x));
  CHECK(pair_of(c, x, last(c)) && pair_of(c, x, last(c))->verdict == MATCH_DUPLICATE);
}

static uint8_t verdict_of(const Case *c, uint32_t a, uint32_t b) {
  const MatchPair *pair = pair_of(c, a, b);
  return pair ? pair->verdict : UINT8_MAX;
}

/* Two rows of the register; of the same household when the groups are equal. */
typedef struct Twice {
  const char *relation[2], *name[2], *id[2];
  uint32_t group[2];
  uint8_t verdict; /* UINT8_MAX: nothing kept */
} Twice;

static void check_twice(Context *cx, const Twice *cases, size_t count) {
  for (size_t i = 0; i < count; i++) {
    Case *c = case_new(cx);
    uint32_t row[2];
    for (int k = 0; k < 2; k++) {
      member(c, cases[i].group[k], cases[i].relation[k], cases[i].name[k], str_from(cases[i].id[k]), VILLAGE_A);
      row[k] = last(c);
    }
    run_case(c);
    bool together = cases[i].verdict == MATCH_DUPLICATE || cases[i].verdict == MATCH_REVIEW;
    CHECK_INT(verdict_of(c, row[0], row[1]), cases[i].verdict);
    CHECK_INT(same_person(c, row[0], row[1]), together);
    CHECK_INT(c->result.state[row[0]] == STATE_REVIEW, cases[i].verdict == MATCH_REVIEW);
  }
}

TEST(match_a_person_entered_twice_in_a_list_is_found_in_spite_of_slips) {
  static const Twice CASES[] = {
      /* the same number, one character mistaken for one that resembles it */
      {{"之孙子", "之孙子"},
       {"廖样鹏", "廖祥鹏"},
       {"450399199903080375", "450399199903080375"},
       {1, 1},
       MATCH_DUPLICATE},
      {{"之女", "之女"}, {"马雅婷", "冯雅婷"}, {"450399200508071386", "450399200508071386"}, {1, 1}, MATCH_DUPLICATE},
      {{"户主", "户主"}, {"石先生", "石德生"}, {"450399195911200076", "450399195911200076"}, {1, 1}, MATCH_DUPLICATE},
      /* a slip in the number and one in the name */
      {{"之孙女", "之孙女"},
       {"黄诗雨", "黄待雨"},
       {"450399200104180302", "450399201104180302"},
       {1, 1},
       MATCH_DUPLICATE},
      /* married out, still with the parents */
      {{"之女", "配偶"}, {"王丹雪", "王丹雪"}, {"450399199303120821", "450399199303120871"}, {1, 2}, MATCH_DUPLICATE},
      /* slips on both sides */
      {{"之女", "之女"}, {"唐涵婷", "唐涵婷"}, {"450399210405150844", "450399201405050444"}, {1, 1}, MATCH_DUPLICATE},
      {{"之女", "之儿媳"}, {"潘娜雯", "潘娜雯"}, {"450399199710210620", "450399179710219620"}, {1, 2}, MATCH_REVIEW},
      /* one number is missing */
      {{"配偶", "配偶"}, {"余群英", "余群英"}, {"450399195801250427", ""}, {1, 1}, MATCH_DUPLICATE},
      {{"配偶", "配偶"}, {"余群英", "余裙英"}, {"450399195801250427", ""}, {1, 1}, MATCH_REVIEW},
  };
  check_twice(cx, CASES, COUNT_OF(CASES));
}

TEST(match_two_persons_of_a_list_are_not_taken_for_one) {
  char number[4][24] = {"", "", "", ""};
  for (uint32_t i = 0; i < 4; i++) { /* neighbours of one day; the last one of another year */
    Str id = id_of(cx, i < 3 ? 20010418 : 19720418, 30 + i);
    memcpy(number[i], id.data, id.size);
  }
  const Twice cases[] = {
      /* twins with neighbouring numbers, also with names that sound alike */
      {{"之女", "之女"}, {"黄诗雨", "黄诗云"}, {number[0], number[1]}, {1, 1}, UINT8_MAX},
      {{"之女", "之女"}, {"黄诗雨", "黄诗语"}, {number[0], number[1]}, {1, 1}, UINT8_MAX},
      {{"之女", "之女"}, {"黄诗雨", "黄诗语"}, {number[0], number[2]}, {1, 1}, UINT8_MAX},
      /* namesakes, neighbours and others, with their own numbers */
      {{"之女", "之女"}, {"黄诗雨", "黄诗雨"}, {number[0], number[1]}, {1, 2}, UINT8_MAX},
      {{"之女", "配偶"}, {"黄诗雨", "黄诗雨"}, {number[0], number[3]}, {1, 2}, UINT8_MAX},
      {{"之女", "配偶"}, {"黄诗雨", "黄诗雨"}, {number[0], ""}, {1, 2}, UINT8_MAX},
      {{"之女", "配偶"}, {"黄诗雨", "黄诗雨"}, {"", ""}, {1, 2}, UINT8_MAX},
      /* father and son of one name */
      {{"户主", "之子"}, {"傅军", "傅军"}, {number[3], number[0]}, {1, 1}, UINT8_MAX},
      {{"户主", "之子"}, {"傅军", "傅军"}, {number[3], ""}, {1, 1}, UINT8_MAX},
      {{"户主", "之子"}, {"傅军", "傅军"}, {"", ""}, {1, 1}, UINT8_MAX},
      /* sisters, one of them without a number */
      {{"之侄女", "之侄女"}, {"凤雪", "凤雪燕"}, {"", number[0]}, {1, 1}, UINT8_MAX},
      /* a brother's number copied down */
      {{"之子", "之子"}, {"郑浩宇", "郑阳宇"}, {number[0], number[0]}, {1, 1}, MATCH_VETO},
      {{"之子", "之子"}, {"蒙平", "蒙强"}, {number[0], number[0]}, {1, 1}, MATCH_VETO},
      {{"之子", "之女"}, {"郑样宇", "郑祥宇"}, {number[0], number[0]}, {1, 1}, MATCH_VETO},
      /* heads of two households */
      {{"户主", "户主"}, {"蒙国飞", "蒙国"}, {number[0], number[0]}, {1, 2}, MATCH_VETO},
  };
  check_twice(cx, cases, COUNT_OF(cases));
}

TEST(match_a_twin_with_a_damaged_number_and_a_name_that_sounds_alike_is_left_to_a_person) {
  Case *c = case_new(cx);
  Str id = id_of(cx, 20010418, 30);
  char damaged[24] = {0};
  memcpy(damaged, id.data, 18);
  damaged[16] = '1'; /* 031, and the check digit of 030 */
  member(c, 1, "之女", "黄诗雨", id, VILLAGE_A);
  uint32_t a = last(c);
  member(c, 1, "之女", "黄诗语", str_from(damaged), VILLAGE_A);
  run_case(c);
  CHECK_INT(verdict_of(c, a, last(c)), MATCH_REVIEW);
}

TEST(match_a_damaged_number_between_two_persons_of_a_list_is_left_to_a_person) {
  Case *c = case_new(cx);
  /* namesakes born on one day; the third row has the number of one and the check digit of the other */
  Str left = id_of(cx, 19930312, 82), right = id_of(cx, 19930312, 84);
  char middle[24] = {0};
  memcpy(middle, left.data, 18);
  middle[17] = right.data[17];
  CHECK(left.data[17] != right.data[17]);
  member(c, 1, "之女", "王丹雪", left, VILLAGE_A);
  uint32_t a = last(c);
  member(c, 2, "之女", "王丹雪", right, VILLAGE_A);
  uint32_t b = last(c);
  member(c, 3, "之女", "王丹雪", str_from(middle), VILLAGE_A);
  run_case(c);
  CHECK(!same_person(c, a, b));
  CHECK(c->result.state[last(c)] == STATE_REVIEW);
  CHECK(verdict_of(c, a, last(c)) != MATCH_DUPLICATE && verdict_of(c, b, last(c)) != MATCH_DUPLICATE);
}

TEST(match_a_doubtful_duplicate_is_none_when_another_list_has_both) {
  Case *c = case_new(cx);
  member(c, 1, "之女", "潘娜雯", STR("450399199710210620"), VILLAGE_A);
  uint32_t a = last(c);
  member(c, 2, "之儿媳", "潘娜雯", STR("450399179710219620"), VILLAGE_A);
  uint32_t b = last(c);
  add(c, CIVIL, "潘娜雯", STR("450399199710210620"), VILLAGE_A);
  MatchRecord *second = add(c, CIVIL, "潘娜雯", STR("450399179710219620"), VILLAGE_A);
  second->household_no = c->records[b].household_no;
  run_case(c);
  CHECK(same_person(c, b, last(c)));
  CHECK(!same_person(c, a, b));
}

TEST(match_a_persons_word_holds_for_two_rows_of_a_list) {
  for (int link = 0; link < 2; link++) {
    Case *c = case_new(cx);
    member(c, 1, "之女", "潘娜雯", STR("450399199710210620"), VILLAGE_A);
    uint32_t a = last(c);
    member(c, 2, "之儿媳", "潘娜雯", STR("450399179710219620"), VILLAGE_A);
    c->constraints[c->constraint_count++] = (MatchConstraint){a, last(c), link == 1};
    run_case(c);
    CHECK_INT(same_person(c, a, last(c)), link);
    CHECK(c->result.state[a] != STATE_REVIEW);
  }
}

TEST(match_a_persons_word_outweighs_the_engine) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "龙胜才", ID_A, VILLAGE_A);
  uint32_t x = last(c);
  add(c, DISABLED, "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_B);
  uint32_t y = last(c);
  c->constraints[c->constraint_count++] = (MatchConstraint){a, x, false};
  c->constraints[c->constraint_count++] = (MatchConstraint){y, a, true};
  run_case(c);
  CHECK(!same_person(c, a, x));
  CHECK(same_person(c, a, y));
  CHECK_INT(c->result.state[y], STATE_DECIDED);
  CHECK_INT(c->result.partner[y], a);
  CHECK(pair_of(c, a, y) && pair_of(c, a, y)->verdict == MATCH_DECIDED);
}

TEST(match_words_hold_across_a_whole_person) {
  Case *c = case_new(cx);
  Str wrong = id_of(cx, 19650811, 224);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "陈玉莲", wrong, VILLAGE_B);
  uint32_t b = last(c);
  add(c, DISABLED, "陈玉莲", wrong, VILLAGE_B); /* linked to b by its number, but told apart from a */
  uint32_t d = last(c);
  c->constraints[c->constraint_count++] = (MatchConstraint){a, b, true};
  c->constraints[c->constraint_count++] = (MatchConstraint){d, a, false};
  run_case(c);
  CHECK(same_person(c, a, b));
  CHECK(!same_person(c, a, d) && !same_person(c, b, d));
}

TEST(match_members_of_linked_households_vouch_for_each_other) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t head = last(c);
  member(c, 1, "配偶", "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_A);
  uint32_t wife = last(c);
  add(c, DISABLED, "龙胜才", ID_A, VILLAGE_B)->group = 9;
  uint32_t x = last(c);
  add(c, DISABLED, "陈玉怜", STR("无"), VILLAGE_B)->group = 9; /* other village, no number, a similar name */
  run_case(c);
  CHECK(automatic(c, head, x));
  const MatchPair *pair = pair_of(c, wife, last(c));
  CHECK(pair && pair->level[MATCH_HOUSEHOLD] == HOUSEHOLD_LEVEL_MEMBERS);
  CHECK(same_person(c, wife, last(c)));
  MatchInput input = {
      .records = c->records, .record_count = c->count, .sources = SOURCES, .source_count = LISTS, .hub = REGISTER};
  CHECK(pair && match_score(cx, &input, wife, last(c)).bits == pair->bits);
}

TEST(match_spellings_bridge_names_that_look_incompatible) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "罗建家", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, APPRAISED, "罗建蒙", ID_A, VILLAGE_A);
  uint32_t b = last(c);
  add(c, CIVIL, "罗健家", ID_A, VILLAGE_A);
  run_case(c);
  CHECK(automatic(c, a, b));
  CHECK(automatic(c, a, last(c)));
}

TEST(match_brothers_of_two_characters_with_one_number_are_left_to_a_person) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "龙明", ID_A, VILLAGE_A);
  run_case(c);
  CHECK(!automatic(c, a, last(c)));
}

TEST(match_unknown_village_names_are_learnt_from_equal_numbers) {
  Case *c = case_new(cx);
  for (uint32_t i = 0; i < 4; i++) {
    Str id = id_of(cx, 19700101 + i * 10000, 200 + i);
    member(c, 10 + i, "户主", (const char *[]){"龙一心", "龙二妹", "龙三保", "龙四清"}[i], id, VILLAGE_A);
    add(c, CIVIL, (const char *[]){"龙一心", "龙二妹", "龙三保", "龙四清"}[i], id, "")->place_text = STR("团结村");
  }
  member(c, 1, "户主", "覃胜才", STR("无"), VILLAGE_A);
  uint32_t a = last(c);
  add(c, DISABLED, "覃胜才", STR("无"), "")->place_text = STR("团结村委会");
  run_case(c);
  const MatchPair *pair = pair_of(c, a, last(c));
  CHECK(pair && pair->level[MATCH_PLACE] == PLACE_LEVEL_ALIAS);
}

TEST(match_a_split_household_is_told) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  Str number = c->records[last(c)].household_no;
  member(c, 1, "之子", "龙家明", id_of(cx, 19890607, 115), VILLAGE_A);
  add(c, FEEDBACK, "龙胜才", ID_A, VILLAGE_A)->household_no = number;
  uint32_t x = last(c);
  add(c, FEEDBACK, "龙家明", id_of(cx, 19890607, 115), VILLAGE_A)->household_no = STR("19999999999");
  run_case(c);
  CHECK_INT(c->result.household[x], c->result.household[last(c)]);
  bool told = false;
  for (uint32_t i = 0; i < c->result.event_count; i++) told |= c->result.events[i].kind == MATCH_EVENT_SPLIT;
  CHECK(told);
}

TEST(match_contradicting_words_are_noted) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  uint32_t a = last(c);
  add(c, CIVIL, "陈玉莲", id_of(cx, 19650811, 224), VILLAGE_B);
  c->constraints[c->constraint_count++] = (MatchConstraint){a, last(c), false};
  c->constraints[c->constraint_count++] = (MatchConstraint){a, last(c), true};
  c->constraints[c->constraint_count++] = (MatchConstraint){a, 99999, true}; /* no such record: passed over */
  run_case(c);
  CHECK_INT(c->result.note_count, 1);
  CHECK(str_find(c->result.notes[0], STR("矛盾")) >= 0);
}

TEST(match_evidence_adds_up_and_equals_a_single_score) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  add(c, FEEDBACK, "龙圣才", ID_A, VILLAGE_B);
  run_case(c);
  MatchInput input = {
      .records = c->records, .record_count = c->count, .sources = SOURCES, .source_count = LISTS, .hub = REGISTER};
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < c->result.pair_count; i++) {
    const MatchPair *pair = &c->result.pairs[i];
    int32_t sum = pair->prior;
    for (int f = 0; f < MATCH_FIELD_COUNT; f++)
      sum += pair->field_bits[f], wrong += !*match_level_text((MatchField)f, pair->level[f]);
    wrong += sum != pair->bits || pair->left >= pair->right;
    if (i > c->result.pair_count - 4) {
      MatchPair alone = match_score(cx, &input, pair->right, pair->left);
      wrong += alone.bits != pair->bits || memcmp(alone.level, pair->level, sizeof alone.level) != 0;
    }
  }
  CHECK(c->result.pair_count > 100);
  CHECK_INT(wrong, 0);
}

static uint64_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
  return *state >> 33;
}

TEST(match_the_order_of_rows_and_the_number_of_threads_do_not_matter) {
  Case *c = case_new(cx);
  member(c, 1, "户主", "龙胜才", ID_A, VILLAGE_A);
  add(c, CIVIL, "龙胜才", STR(""), VILLAGE_A);
  add(c, DISABLED, "龙圣才", STR("450399196203051131"), VILLAGE_A);
  add(c, APPRAISED, "龙胜", STR(""), VILLAGE_A);
  run_case(c);
  uint64_t random = 7;
  uint32_t *order = arena_array(cx->arena, c->count, uint32_t);
  Case *d = arena_one(cx->arena, Case);
  for (uint32_t i = 0; i < c->count; i++) order[i] = i;
  for (uint32_t i = c->count - 1; i > 0; i--) {
    uint32_t k = (uint32_t)(next_random(&random) % (i + 1)), swap = order[i];
    order[i] = order[k], order[k] = swap;
  }
  for (uint32_t i = 0; i < c->count; i++) d->records[i] = c->records[order[i]];
  MatchInput input = {.records = d->records,
                      .record_count = c->count,
                      .sources = SOURCES,
                      .source_count = LISTS,
                      .hub = REGISTER,
                      .threads = 4};
  CHECK_OK(match_run(cx, &input, &d->result));
  CHECK_INT(d->result.person_count, c->result.person_count);
  CHECK_INT(d->result.household_count, c->result.household_count);
  uint32_t wrong = 0;
  for (uint32_t i = 0; i < c->count; i++) {
    wrong += d->result.state[i] != c->result.state[order[i]] || d->result.bits[i] != c->result.bits[order[i]];
    for (uint32_t k = 0; k < c->count; k++) {
      wrong +=
          (d->result.person[i] == d->result.person[k]) != (c->result.person[order[i]] == c->result.person[order[k]]);
      wrong += (d->result.household[i] == d->result.household[k]) !=
               (c->result.household[order[i]] == c->result.household[order[k]]);
    }
  }
  CHECK_INT(wrong, 0);
}

/* Records with all kinds of slips, several of most persons, some households. */
static MatchRecord *random_records(Context *cx, uint32_t count) {
  static const char *const RUNES[] = {"吴", "潘", "杨", "石", "明", "军", "国",
                                      "志", "英", "诗", "语", "雨", "祥", "样"};
  MatchRecord *records = arena_array(cx->arena, count, MatchRecord);
  uint64_t random = 11;
  for (uint32_t i = 0; i < count; i++) {
    uint32_t person = (uint32_t)(next_random(&random) % (count / 3)), slip = (uint32_t)(next_random(&random) % 12);
    const char *given = RUNES[slip == 1 ? slip + person % 9 : 4 + person / 7 % 10];
    Str id = id_of(cx, 19500101 + person % 28 + person % 12 * 100 + person % 60 * 10000, person % 999);
    char text[24] = {0};
    memcpy(text, id.data, 18);
    if (slip == 2) text[6 + person % 11] = '7';
    if (slip == 3) text[17] = 0;
    if (slip == 4) text[0] = 0;
    records[i] =
        (MatchRecord){.list = i % LISTS,
                      .group = i % LISTS == REGISTER ? person / 4 : MATCH_NONE,
                      .name = str_format(cx->arena, "%s%s%s", RUNES[person % 4], given, RUNES[4 + person % 10]),
                      .id = str_copy(cx->arena, str_from(text)),
                      .town = STR("450328102"),
                      .village = str_format(cx->arena, "4503281022%02u", person % 40),
                      .relation = slip == 5 ? STR("之子") : STR_EMPTY};
    if (slip % 3) records[i].household_no = str_format(cx->arena, "10002%06u", person / 4);
  }
  return records;
}

TEST(match_any_number_of_threads_gives_the_same_result_to_the_bit) {
  static const uint32_t THREADS[] = {0, 1, 2, 3, 8, 1000};
  const uint32_t count = 9000;
  MatchInput input = {.records = random_records(cx, count),
                      .record_count = count,
                      .sources = SOURCES,
                      .source_count = LISTS,
                      .hub = REGISTER};
  MatchResult first;
  for (size_t t = 0; t < COUNT_OF(THREADS); t++) {
    MatchResult r;
    input.threads = THREADS[t];
    CHECK_OK(match_run(cx, &input, &r));
    if (t == 0) first = r;
    CHECK_INT(r.person_count, first.person_count);
    CHECK_INT(r.household_count, first.household_count);
    CHECK_INT(r.pair_count, first.pair_count);
    CHECK_INT(r.event_count, first.event_count);
    CHECK_INT(r.note_count, first.note_count);
    CHECK_INT((int64_t)r.compared, (int64_t)first.compared);
    CHECK_INT(r.truncated_blocks, first.truncated_blocks);
    CHECK(memcmp(r.person, first.person, count * sizeof *r.person) == 0);
    CHECK(memcmp(r.household, first.household, count * sizeof *r.household) == 0);
    CHECK(memcmp(r.state, first.state, count * sizeof *r.state) == 0);
    CHECK(memcmp(r.bits, first.bits, count * sizeof *r.bits) == 0);
    CHECK(memcmp(r.partner, first.partner, count * sizeof *r.partner) == 0);
    if (r.pair_count == first.pair_count) CHECK(memcmp(r.pairs, first.pairs, r.pair_count * sizeof *r.pairs) == 0);
    for (uint32_t i = 0; i < r.note_count && i < first.note_count; i++) CHECK(str_equal(r.notes[i], first.notes[i]));
  }
  CHECK(first.pair_count > count / 4 && first.person_count > count / 10);
}

TEST(match_numbers_are_dense_in_the_order_of_records) {
  Case *c = case_new(cx);
  run_case(c);
  uint32_t persons = 0, households = 0, wrong = 0;
  for (uint32_t i = 0; i < c->count; i++) {
    wrong += c->result.person[i] > persons || c->result.household[i] > households;
    if (c->result.person[i] == persons) persons++;
    if (c->result.household[i] == households) households++;
  }
  CHECK_INT(wrong, 0);
  CHECK_INT(c->result.person_count, persons);
  CHECK_INT(c->result.household_count, households);
}

TEST(match_nothing_and_one_row_are_fine) {
  MatchResult result;
  MatchInput input = {.sources = SOURCES, .source_count = LISTS, .hub = REGISTER};
  CHECK_OK(match_run(cx, &input, &result));
  CHECK_INT(result.person_count + result.household_count + result.pair_count, 0);
  MatchRecord record = {.list = 77, .group = MATCH_NONE, .name = STR(""), .id = STR("")};
  input = (MatchInput){.records = &record, .record_count = 1, .hub = MATCH_NONE};
  CHECK_OK(match_run(cx, &input, &result));
  CHECK_INT(result.person_count, 1);
  CHECK_INT(result.household[0], 0);
  CHECK_INT(result.state[0], STATE_ALONE);
  CHECK_INT(result.partner[0], MATCH_NONE);
}

static uint64_t compared_of_equal_rows(Context *cx, uint32_t count, MatchRecord row, bool varied_ids) {
  MatchRecord *records = arena_array(cx->arena, count, MatchRecord);
  MatchResult result;
  for (uint32_t i = 0; i < count; i++) {
    records[i] = row;
    records[i].list = i % LISTS;
    if (varied_ids) records[i].id = id_of(cx, 19500101 + i / 1000 % 60 * 10000, i % 1000);
  }
  MatchInput input = {
      .records = records, .record_count = count, .sources = SOURCES, .source_count = LISTS, .hub = REGISTER};
  CHECK_OK(match_run(cx, &input, &result));
  return result.compared;
}

TEST(match_hostile_sizes_stay_linear) {
  uint32_t count = 40000;
  MatchRecord row = {.group = 5,
                     .household_no = STR("10002000001"),
                     .name = STR("吴明"),
                     .id = ID_A,
                     .phone = STR("13800000000"),
                     .town = STR("450328102"),
                     .village = STR(VILLAGE_A),
                     .head = true,
                     .household_row = true};
  CHECK(compared_of_equal_rows(cx, count, row, false) < 64 * (uint64_t)count);
  row.id = STR("450399196203051130"); /* damaged, the same for all */
  CHECK(compared_of_equal_rows(cx, 200000, row, false) < 64 * (uint64_t)200000);
  row.id = STR("");
  CHECK(compared_of_equal_rows(cx, count, row, false) < 64 * (uint64_t)count);
  CHECK(compared_of_equal_rows(cx, count, row, true) < 64 * (uint64_t)count);
  row.name = STR("");
  row.group = MATCH_NONE;
  CHECK(compared_of_equal_rows(cx, count, row, false) < 64 * (uint64_t)count);
}

TEST(match_assignment_finds_the_greatest_total) {
  /* greedy would take 20 and be left with nothing */
  const AssignEdge edges[] = {{0, 0, 20000}, {0, 1, 15000}, {1, 0, 15000}, {2, 2, 1000}, {2, 3, 2000}};
  bool chosen[COUNT_OF(edges)] = {false};
  assign(cx->arena, edges, COUNT_OF(edges), 3, 4, chosen);
  CHECK(!chosen[0] && chosen[1] && chosen[2] && !chosen[3] && chosen[4]);
}

TEST(match_assignment_agrees_with_trying_everything) {
  uint64_t random = 3;
  for (int round = 0; round < 300; round++) {
    AssignEdge edges[16];
    bool chosen[16] = {false};
    size_t count = 0;
    for (uint32_t l = 0; l < 4; l++)
      for (uint32_t r = 0; r < 4; r++)
        if (next_random(&random) % 3)
          edges[count++] = (AssignEdge){l, r, (int32_t)(next_random(&random) % 30000) - 3000};
    assign(cx->arena, edges, count, 4, 4, chosen);
    int64_t best = 0, got = 0;
    for (uint32_t set = 0; set < 1u << count; set++) {
      uint32_t lefts = 0, rights = 0;
      int64_t sum = 0;
      bool fits = true;
      for (size_t i = 0; i < count && fits; i++)
        if (set >> i & 1) {
          fits = !(lefts >> edges[i].left & 1) && !(rights >> edges[i].right & 1);
          lefts |= 1u << edges[i].left, rights |= 1u << edges[i].right, sum += edges[i].bits + 4000;
        }
      if (fits && sum > best) best = sum;
    }
    for (size_t i = 0; i < count; i++)
      if (chosen[i]) got += edges[i].bits + 4000;
    if (got != best) CHECK(got == best);
  }
  CHECK(random != 3);
}

TEST(match_logarithms_are_exact_enough_and_monotone) {
  CHECK_INT(log2_milli(1), 0);
  CHECK_INT(log2_milli(2), 1000);
  CHECK_INT(log2_milli(1024), 10000);
  CHECK(log2_milli(3) >= 1583 && log2_milli(3) <= 1585);
  CHECK(log2_milli(46000) >= 15488 && log2_milli(46000) <= 15490);
  uint32_t wrong = 0;
  for (uint64_t i = 1; i < 5000; i++) wrong += log2_milli(i + 1) < log2_milli(i);
  CHECK_INT(wrong, 0);
}

TEST(match_words_exist_for_every_level) {
  CHECK_STR(str_from(match_field_text(MATCH_ID)), STR("证件号码"));
  CHECK_STR(str_from(match_level_text(MATCH_ID, ID_LEVEL_TYPO)), STR("证件号码错一位，校验位可修复"));
  CHECK_STR(str_from(match_level_text(MATCH_NAME, NAME_LEVEL_SHAPE)), STR("形近字"));
  CHECK_STR(str_from(match_level_text(MATCH_NAME, 200)), STR(""));
  static const uint8_t COUNTS[MATCH_FIELD_COUNT] = {ID_LEVEL_COUNT,        NAME_LEVEL_COUNT,     BIRTH_LEVEL_COUNT,
                                                    SEX_LEVEL_COUNT,       RELATION_LEVEL_COUNT, PLACE_LEVEL_COUNT,
                                                    HOUSEHOLD_LEVEL_COUNT, PHONE_LEVEL_COUNT};
  for (int f = 0; f < MATCH_FIELD_COUNT; f++)
    for (uint8_t level = 0; level < COUNTS[f]; level++) CHECK(*match_level_text((MatchField)f, level));
}
