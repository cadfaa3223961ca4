/* Names of kinds, and what a level is called. */
#include "match/table_internal.h"

static const char *const KINDS[TABLE_KIND_COUNT] = {
    [TABLE_NAME] = "name",   [TABLE_TEXT] = "text",      [TABLE_EXACT] = "exact",   [TABLE_DATE] = "date",
    [TABLE_ID] = "id",       [TABLE_CODE] = "code",      [TABLE_NUMBER] = "number", [TABLE_CN_NAME] = "cn_name",
    [TABLE_CN_ID] = "cn_id", [TABLE_ADDRESS] = "address"};

int table_kind_find(Str name) {
  for (int i = 0; i < TABLE_KIND_COUNT; i++)
    if (str_equal(name, str_from(KINDS[i]))) return i;
  return TABLE_NONE;
}

static const char *const WORDS[LEVEL_COUNT] = {"缺失",   "相同", "错一处", "很相近",     "同音",          "部分相同",
                                               "略相近", "不同", "互换",   "随另一字段", "常见的另一写法"};
static const char *const DATE_WORDS[LEVEL_COUNT] = {[LEVEL_SLIP] = "错一位数字",
                                                    [LEVEL_CLOSE] = "年月日中两项相同",
                                                    [LEVEL_PART] = "年份相同",
                                                    [LEVEL_FAR] = "年份相近",
                                                    [LEVEL_SWAPPED] = "日月颠倒"};
static const char *const CN_NAME_WORDS[LEVEL_COUNT] = {[LEVEL_SLIP] = "音形皆近的字",
                                                       [LEVEL_CLOSE] = "形近字",
                                                       [LEVEL_SOUND] = "同音字",
                                                       [LEVEL_PART] = "少一字",
                                                       [LEVEL_FAR] = "一字不同"};
static const char *const NUMBER_WORDS[LEVEL_COUNT] = {[LEVEL_CLOSE] = "相差不到 1%",
                                                      [LEVEL_SOUND] = "错一位数字",
                                                      [LEVEL_PART] = "相差不到 5%",
                                                      [LEVEL_FAR] = "相差不到 20%"};

const char *table_level_text(TableKind kind, uint8_t level) {
  const char *const *own = kind == TABLE_DATE      ? DATE_WORDS
                           : kind == TABLE_CN_NAME ? CN_NAME_WORDS
                           : kind == TABLE_NUMBER  ? NUMBER_WORDS
                                                   : WORDS;
  if (level >= LEVEL_COUNT) return "";
  return own[level] ? own[level] : WORDS[level];
}
