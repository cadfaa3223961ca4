#include "identity/han.h"
#include "identity/identity.h"
#include "test.h"

static Str sounds(Arena *arena, const Name *name) {
  Buf buf = buf_new(arena);
  for (uint8_t i = 0; i < name->size; i++) {
    if (i) buf_add_byte(&buf, ' ');
    buf_add(&buf, pinyin_text(name->sound[i]));
  }
  return buf_str(&buf);
}

TEST(names_lose_what_is_not_the_name) {
  static const struct {
    const char *raw, *text;
    int flags;
  } CASES[] = {
      {"张三", "张三", 0},
      {"张　三", "张三", NAME_HAD_BLANKS},
      {" 伍  仁\t", "伍仁", NAME_HAD_BLANKS},
      {"张三（已故）", "张三", NAME_HAD_NOTE},
      {"(户主)张三", "张三", NAME_HAD_NOTE},
      {"张三【五保】", "张三", NAME_HAD_NOTE},
      {"张三（已故", "张三", NAME_HAD_NOTE},
      {"（张三）", "张三", NAME_HAD_NOTE},
      {"张三2", "张三", NAME_HAD_NOTE},
      {"龍勝", "龙胜", NAME_WAS_FOLDED},
      {"吴？", "吴?", NAME_HAS_WILDCARD},
      {"吴*鹏", "吴?鹏", NAME_HAS_WILDCARD},
      {"吴□", "吴?", NAME_HAS_WILDCARD},
      {"吴\xEF\xBF\xBD", "吴?", NAME_HAS_WILDCARD},
      {"吴\xE4\xBA鹏", "吴?鹏", NAME_HAS_WILDCARD},
      {"\xEE\xA0\x80三", "?三", NAME_HAS_WILDCARD},
      {"何〇", "何〇", 0},
      {"阿依•古丽", "阿依·古丽", 0},
      {"阿依．古丽", "阿依·古丽", 0},
      {"阿依・古丽．", "阿依·古丽", 0},
      {"阿依‧古丽", "阿依·古丽", 0},
      {"Ｌi Ming", "LIMING", NAME_HAS_LATIN | NAME_HAD_BLANKS},
      {"\xEF\xA4\x8A", "金", NAME_WAS_FOLDED},
      {"\xE2\xBE\xA6", "金", NAME_WAS_FOLDED},
      {"𠮷田", "𠮷田", 0},
      {"", "", NAME_IS_EMPTY},
      {" 　", "", NAME_IS_EMPTY | NAME_HAD_BLANKS},
      {"（）", "", NAME_IS_EMPTY | NAME_HAD_NOTE},
      {"''", "", NAME_IS_EMPTY},
  };
  for (size_t i = 0; i < COUNT_OF(CASES); i++) {
    Name name = name_read(str_from(CASES[i].raw));
    CHECK_STR(name_text(cx->arena, &name), str_from(CASES[i].text));
    CHECK_INT(name.flags, CASES[i].flags);
  }
}

TEST(the_unfolded_character_stays_beside_the_folded_one) {
  Name name = name_read(STR("陳 產峯"));
  CHECK_STR(name_text(cx->arena, &name), STR("陈产峰"));
  CHECK_INT(name.raw_rune[0], 0x9673);
  CHECK_INT(name.raw_rune[1], 0x7522);
  CHECK_INT(name.raw_rune[2], 0x5CEF);
  CHECK_INT(name.size, 3);
}

TEST(two_standard_characters_are_never_folded_into_one) {
  CHECK_INT(rune_fold(0x6607), 0x6607); /* 昇 is not 升 */
  CHECK_INT(rune_fold(0x4E7E), 0x4E7E); /* 乾 */
  CHECK_INT(rune_fold(0x9F8D), 0x9F99); /* 龍 */
  CHECK_INT(rune_fold(0x5433), 0x5434); /* 吳 */
  CHECK_INT(rune_fold(0x9EC3), 0x9EC4); /* 黃 */
  CHECK_INT(rune_fold('A'), 'A');
  CHECK_INT(rune_fold(0), 0);
  CHECK_INT(rune_fold(UINT32_MAX), UINT32_MAX);
  for (uint32_t rune = 0; rune < 0x32400; rune++) {
    uint32_t folded = rune_fold(rune);
    if (rune_fold(folded) != folded) CHECK(!"folding is not idempotent");
  }
}

TEST(surnames_have_their_own_sizes_and_sounds) {
  static const struct {
    const char *raw, *sounds;
    int surname_size;
  } CASES[] = {
      {"张三", "zhang san", 1},      {"单雄信", "shan xiong xin", 1},
      {"仇才波", "qiu cai bo", 1},   {"覃桂英", "qin gui ying", 1},
      {"曾国", "zeng guo", 1},       {"解放", "xie fang", 1},
      {"吕布", "lv bu", 1},          {"欧阳明", "ou yang ming", 2},
      {"欧阳", "ou yang", 1},        {"尉迟恭", "yu chi gong", 2},
      {"万俟卨", "mo qi xie", 2},    {"长孙无", "zhang sun wu", 2},
      {"諸葛亮", "zhu ge liang", 2}, {"令狐冲", "ling hu chong", 2},
      {"区明", "ou ming", 1},        {"翟让", "zhai rang", 1},
      {"朴树", "piao shu", 1},       {"乐仁", "yue ren", 1},
      {"粟土", "su tu", 1},          {"韦?", "wei ", 1},
      {"略女", "lve nv", 1},
  };
  for (size_t i = 0; i < COUNT_OF(CASES); i++) {
    Name name = name_read(str_from(CASES[i].raw));
    CHECK_STR(sounds(cx->arena, &name), str_from(CASES[i].sounds));
    CHECK_INT(name.surname_size, CASES[i].surname_size);
  }
}

TEST(every_surname_with_its_own_sound_is_found) { /* the table is searched by halves */
  static const char *const ALL[] = {"单 shan",  "仇 qiu",  "解 xie",   "曾 zeng", "覃 qin", "朴 piao", "区 ou",
                                    "查 zha",   "翟 zhai", "盖 ge",    "乐 yue",  "员 yun", "缪 miao", "宓 mi",
                                    "冼 xian",  "繁 po",   "种 chong", "召 shao", "黑 he",  "折 she",  "秘 bi",
                                    "重 chong", "炅 gui",  "会 gui",   "句 gou",  "阚 kan", "隗 wei",  "逢 pang",
                                    "祭 zhai",  "乜 nie",  "颉 xie",   "薄 bo",   "卜 bu",  "粘 nian", "都 du"};
  for (size_t i = 0; i < COUNT_OF(ALL); i++) {
    Name name = name_read(str_sub(str_from(ALL[i]), 0, 3));
    CHECK_STR(pinyin_text(name.sound[0]), str_from(ALL[i] + 4));
    HanSounds all = han_sounds(name.rune[0]);
    bool found = false;
    for (uint8_t k = 0; k < all.count; k++) found |= all.id[k] == name.sound[0];
    CHECK(found);
  }
}

TEST(initials_serve_search) {
  Name name = name_read(STR("张三"));
  CHECK_STR(name_initials(cx->arena, &name), STR("zs"));
  name = name_read(STR("单?"));
  CHECK_STR(name_initials(cx->arena, &name), STR("s?"));
  name = name_read(STR("阿依·古丽"));
  CHECK_STR(name_initials(cx->arena, &name), STR("aygl"));
  name = name_read(STR("Li明"));
  CHECK_STR(name_initials(cx->arena, &name), STR("lim"));
}

TEST(every_syllable_is_found_by_its_text) {
  for (uint16_t sound = 1; pinyin_text(sound).size; sound++) CHECK_INT(han_syllable_number(pinyin_text(sound)), sound);
  CHECK_INT(han_syllable_number(STR("zhangg")), 0);
  CHECK_INT(han_syllable_number(STR_EMPTY), 0);
  CHECK_STR(pinyin_text(0), STR_EMPTY);
  CHECK_STR(pinyin_text(UINT16_MAX), STR_EMPTY);
}

static uint32_t first_rune(const char *text) {
  size_t at = 0;
  return str_next_rune(str_from(text), &at);
}

TEST(two_characters_relate_by_the_strongest_link) {
  static const struct {
    const char *a, *b;
    RuneRelation relation;
  } CASES[] = {
      {"张", "张", RUNE_SAME},        {"龍", "龙", RUNE_VARIANT},     {"峯", "峰", RUNE_VARIANT},
      {"昇", "升", RUNE_VARIANT},     {"喆", "哲", RUNE_VARIANT},     {"産", "產", RUNE_VARIANT},
      {"诚", "成", RUNE_SOUND},       {"莲", "连", RUNE_SOUND_SHAPE}, {"锦", "金", RUNE_SOUND},
      {"芳", "方", RUNE_SOUND_SHAPE}, {"仇", "邱", RUNE_SOUND},       {"军", "君", RUNE_SOUND},
      {"未", "末", RUNE_SHAPE},       {"士", "土", RUNE_SHAPE},       {"粟", "栗", RUNE_SHAPE},
      {"林", "凌", RUNE_FUZZY_SOUND}, {"张", "臧", RUNE_FUZZY_SOUND}, {"李", "倪", RUNE_FUZZY_SOUND},
      {"张", "王", RUNE_OTHER},       {"A", "张", RUNE_OTHER},        {"A", "B", RUNE_OTHER},
      {"?", "张", RUNE_WILDCARD},     {"?", "?", RUNE_WILDCARD},      {"□", "张", RUNE_WILDCARD},
      {"𠮷", "张", RUNE_OTHER},
  };
  for (size_t i = 0; i < COUNT_OF(CASES); i++) {
    int before = test_failures;
    CHECK_INT(rune_relation(first_rune(CASES[i].a), first_rune(CASES[i].b)), CASES[i].relation);
    CHECK_INT(rune_relation(first_rune(CASES[i].b), first_rune(CASES[i].a)), CASES[i].relation);
    if (test_failures != before) printf("# %s %s\n", CASES[i].a, CASES[i].b);
  }
  CHECK_INT(rune_relation(0, UINT32_MAX), RUNE_OTHER);
}

TEST(long_and_hostile_names_stay_in_bounds) {
  char text[400];
  memset(text, 0xE5, sizeof text);
  Name name = name_read((Str){text, sizeof text});
  CHECK_INT(name.size, 1); /* ill-formed bytes in a row are one lost character */
  memset(text, 'z', sizeof text);
  name = name_read((Str){text, sizeof text});
  CHECK_INT(name.size, NAME_LIMIT);
  memset(text, '(', sizeof text);
  name = name_read((Str){text, sizeof text});
  CHECK_INT(name.size, 0);
}

TEST(identity_characters_that_resemble_each_other_are_told_from_others) {
  CHECK(rune_resembles(0x6837, 0x7965));  /* 样 祥 */
  CHECK(rune_resembles(0x5148, 0x5149));  /* 先 光 */
  CHECK(rune_resembles(0x9732, 0x971E));  /* 露 霞 */
  CHECK(!rune_resembles(0x6D69, 0x9633)); /* 浩 阳 */
  CHECK(!rune_resembles(0x80DC, 0x534E)); /* 胜 华 */
  CHECK(!rune_resembles('A', 'B'));
}
