/* What the levels are called in front of people. */
#include "match/match_internal.h"

enum { LEVEL_LIMIT = 16 };
static const char *const LEVEL_TEXTS[MATCH_FIELD_COUNT][LEVEL_LIMIT] = {
    [MATCH_ID] = {"没有可比的证件号码", "证件号码完全一致", "证件号码写法相同（但不合规则）",
                  "证件号码错一位，校验位可修复", "证件号码相邻两位颠倒", "证件号码少一位或多一位",
                  "证件号码前 15 位一致（后几位被表格软件抹掉）", "证件号码有两处出入",
                  "证件号码有三处以上出入，但大体相同", "号码不同，但其中一个是别人的证件号码",
                  "填的是同户另一人的证件号码", "两个号码都有效，只差两位（可能是兄弟姐妹）", "两个号码都有效，但不同",
                  "证件号码不同，其中一个有错"},
    [MATCH_NAME] = {"没有可比的姓名", "姓名完全一致", "繁简字或异体字", "音形都相近的字", "同音字", "形近字", "近音字",
                    "有一个字缺失，其余一致", "字序颠倒", "少一个字", "少一个字，另有一个字相近", "有一个字不同",
                    "姓名不同"},
    [MATCH_BIRTH] = {"没有可比的出生日期", "已含在证件号码里", "出生日期一致", "出生日期错一位", "月和日颠倒",
                     "出生年份相差一年", "只有年份，年份一致", "出生日期不同"},
    [MATCH_SEX] = {"没有可比的性别", "性别一致", "性别不同", "已含在证件号码里"},
    [MATCH_RELATION] = {"没有可比的与户主关系", "都是户主", "一方是户主，另一方不是", "与户主关系一致",
                        "与户主关系不同"},
    [MATCH_PLACE] = {"没有可比的住址", "同一个村", "同一个村（村名不同，由其他人员印证）", "村名写法一致",
                     "村名互相包含", "同一个乡镇，有一方的村名认不出", "同一个乡镇，村不同", "乡镇不同"},
    [MATCH_HOUSEHOLD] = {"没有可比的户信息", "户编号一致", "户编号只差一位", "两户还有其他成员对得上", "家庭人口数一致",
                         "家庭人口数不同", "户编号不同"},
    [MATCH_PHONE] = {"没有可比的电话", "电话一致", "电话不同"},
};

const char *match_level_text(MatchField field, uint8_t level) {
  if ((unsigned)field >= MATCH_FIELD_COUNT || level >= LEVEL_LIMIT || !LEVEL_TEXTS[field][level]) return "";
  return LEVEL_TEXTS[field][level];
}

const char *match_field_text(MatchField field) {
  static const char *const TEXTS[MATCH_FIELD_COUNT] = {"证件号码",   "姓名", "出生日期", "性别",
                                                       "与户主关系", "住址", "户",       "电话"};
  return (unsigned)field < MATCH_FIELD_COUNT ? TEXTS[field] : "";
}
